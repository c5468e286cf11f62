/* sweep: inside of the ledger: what is in memory. For ledger.c and ledger_file.c. */
#pragma once

#include "agent/sweep/ledger.h"

#include <stdatomic.h>

#define RV_LEDGER_SALT 16

struct rv_ledger {
	char *path;
	uint64_t key;
	uint8_t salt[RV_LEDGER_SALT]; /* of this file, random */
	uint64_t sip[2];	      /* from both */
	uint64_t *items;	      /* ascending */
	size_t count;
	_Atomic uint8_t *seen; /* of each item: it was asked for */
	uint32_t *first; /* of each value of an item's upper bits: the first item; and an end */
	unsigned shift;
	struct rv_ledger_note *notes; /* by digest */
	size_t note_count;
	struct rv_buf text; /* of the notes */
};

/* The file. After a failure the ledger is to be freed. */
RV_NODISCARD rv_status rv_ledger_load(struct rv_ledger *ledger, struct rv_diag *diag);
/* As it stands in the file; false: it does not fit. */
bool rv_ledger_put_note(const struct rv_ledger_note *note, struct rv_buf *out);
/* The item, or SIZE_MAX. */
size_t rv_ledger_find(const struct rv_ledger *ledger, uint64_t wanted);
