/* daemon: what reeve-discover says, into the database, many findings a transaction. */
#pragma once

#include "agent/daemon/engine.h"
#include "agent/identify/identify.h"

struct rv_ingest {
	struct rv_engine *e;
	struct rv_identify identify;
	struct rv_buf waiting; /* {u16 type, u32 len, body}.. not yet in the database */
	uint64_t findings, malformed;
	uint64_t min_confidence; /* a weaker match is counted in `weak` and not kept */
	uint64_t weak;
};

void rv_ingest_init(struct rv_ingest *in, struct rv_engine *e, int64_t pass);
void rv_ingest_done(struct rv_ingest *in);
/* Takes one found_* or not_looked frame; writes when enough wait. */
RV_NODISCARD rv_status rv_ingest_frame(struct rv_ingest *in, const struct rv_frame *frame,
				       struct rv_diag *diag);
/* Writes what waits, in one transaction. */
RV_NODISCARD rv_status rv_ingest_flush(struct rv_ingest *in, struct rv_diag *diag);
/* The event port of identify/ and bind/: an audit event with a sentence. user is the engine. */
rv_status rv_ingest_event(void *user, const char *type, const char *cred, const char *text);
