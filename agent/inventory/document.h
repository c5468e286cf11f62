/* inventory: what hosts send, read strictly: depth, size, types, unknown fields. Pure (fuzzed as
 * "ingest"). Not here: what is done with it (enrol.c, ingest.c). */
#pragma once

#include "agent/base/json.h"
#include "agent/inventory/problem.h"
#include "agent/model/item.h"

#define RV_DOC_DEPTH	 6
#define RV_DOC_ITEMS_MAX 20000
#define RV_DOC_VERSION	 1

/* True when no bracket nests deeper than `max`; strings are skipped. Before any tree is built. */
bool rv_doc_depth_is_ok(struct rv_str text, unsigned max);
/* Depth, then syntax. MALFORMED with a place. *gives* in out. */
RV_NODISCARD rv_status rv_doc_parse(struct rv_str text, json_t **out, struct rv_diag *diag);

struct rv_doc_checkin {
	json_t *root; /* owns the texts below */
	const char *host, *digest;
	int64_t seq;
};

struct rv_doc_item {
	struct rv_item_facts facts;
	size_t at, len; /* canonical text in rv_doc_report.canonical */
};

struct rv_doc_bad {
	char id[RV_ITEM_ID_MAX + 1]; /* "#3" when the item has none */
	char why[128];
};

struct rv_doc_report {
	json_t *root;
	const char *host, *batch_id, *base, *digest; /* base NULL for a full report */
	int64_t seq, at_us, not_looked;
	bool is_full;
	struct rv_doc_item *items; /* sorted by id, no id twice */
	size_t item_count;
	struct rv_doc_bad *bad; /* items that were refused one by one */
	size_t bad_count;
	const json_t *gone; /* array of valid ids */
	struct rv_buf canonical;
};

struct rv_doc_enrol {
	json_t *root;
	const char *token, *csr_pem, *hostname, *machine, *agent;
};

/* On failure *out_problem says which refusal it is and diag why. *out is zeroed by the callee; the
 * caller calls _done in every case. */
RV_NODISCARD rv_status rv_doc_checkin_parse(struct rv_str body, struct rv_doc_checkin *out,
					    enum rv_problem *out_problem, struct rv_diag *diag);
void rv_doc_checkin_done(struct rv_doc_checkin *doc);
RV_NODISCARD rv_status rv_doc_report_parse(struct rv_str body, struct rv_doc_report *out,
					   enum rv_problem *out_problem, struct rv_diag *diag);
void rv_doc_report_done(struct rv_doc_report *doc);
/* The canonical text of items[i]. */
struct rv_str rv_doc_item_text(const struct rv_doc_report *doc, size_t i);
RV_NODISCARD rv_status rv_doc_enrol_parse(struct rv_str body, struct rv_doc_enrol *out,
					  enum rv_problem *out_problem, struct rv_diag *diag);
void rv_doc_enrol_done(struct rv_doc_enrol *doc);
/* {csr_pem} of a renewal, in the same struct. */
RV_NODISCARD rv_status rv_doc_renew_parse(struct rv_str body, struct rv_doc_enrol *out,
					  enum rv_problem *out_problem, struct rv_diag *diag);
