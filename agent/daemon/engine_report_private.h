/* daemon: between engine_report.c (verbs, hooks) and engine_report_send.c (outbox, posts). */
#pragma once

#include "agent/daemon/engine_report.h"

#define RV_REPORT_CALL_MS 90000 /* longer than reeve-report's own 60 s: it answers first */

/* Names in meta. */
#define RV_REPORT_HOST	   "inventory.host_id"
#define RV_REPORT_URL	   "inventory.url"
#define RV_REPORT_EXPIRES  "inventory.expires_us"
#define RV_REPORT_LAST_OK  "inventory.last_ok_us"
#define RV_REPORT_NEXT	   "inventory.next_us"
#define RV_REPORT_FAILURES "inventory.failures"
#define RV_REPORT_ERROR	   "inventory.error"
#define RV_REPORT_MARK	   "inventory.mark"

/* The resident role: started when first needed, again when it died. */
RV_NODISCARD rv_status rv_report_peer(struct rv_engine *e, struct rv_peer **out,
				      struct rv_diag *diag);
void rv_report_peer_stop(struct rv_engine *e);
/* A text of meta; "" when there is none or it does not fit. */
void rv_report_text(struct rv_engine *e, const char *key, char *out, size_t size);
/* False when this host is not enrolled. */
bool rv_report_host(struct rv_engine *e, char out[64]);
void rv_report_copy(struct rv_str from, char *out, size_t size);
/* Brings the outbox to what the database says now, in one transaction. */
RV_NODISCARD rv_status rv_report_fill(struct rv_engine *e, struct rv_diag *diag);
/* Queues the job that empties the outbox, or checks in when there is nothing to say. */
void rv_report_submit(struct rv_engine *e);
/* What that job does, here and now; called from a job only. */
void rv_report_now(struct rv_engine *e);
