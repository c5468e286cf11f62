/* inventory: the reads behind pages and API: keyset pages, never OFFSET, never a count over items.
 */
#pragma once

#include "agent/base/json.h"
#include "agent/inventory/db.h"

#define RV_PAGE_MAX 1000

enum rv_list { RV_LIST_CREDENTIALS, RV_LIST_ORPHANS, RV_LIST_EXPIRING };

struct rv_query {
	const char *after; /* a cursor, or NULL */
	const char *host;  /* credentials of one host, or NULL */
	int64_t limit;
	int64_t now_us;
	int64_t until_us;  /* expiring: not after this */
	int64_t silent_us; /* hosts: longer without a word is silent */
};

/* {"v":1,"items":[..],"next":cursor|null}. MALFORMED for a bad cursor. *gives* in out. */
RV_NODISCARD rv_status rv_query_hosts(struct rv_invdb *db, const struct rv_query *q, json_t **out,
				      struct rv_diag *diag);
/* The hosts that have been silent longest, at most q->limit, oldest first; no cursor. */
RV_NODISCARD rv_status rv_query_silent(struct rv_invdb *db, const struct rv_query *q, json_t **out);
RV_NODISCARD rv_status rv_query_items(struct rv_invdb *db, enum rv_list list,
				      const struct rv_query *q, json_t **out, struct rv_diag *diag);
/* One host as in rv_query_hosts; NOT_FOUND. */
RV_NODISCARD rv_status rv_query_host(struct rv_invdb *db, const char *id, const struct rv_query *q,
				     json_t **out);
/* [{id, why}] set aside for a host. */
RV_NODISCARD rv_status rv_query_quarantine(struct rv_invdb *db, const char *host, json_t **out);
int64_t rv_query_counter(struct rv_invdb *db, const char *name);
