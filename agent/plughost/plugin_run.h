/* plughost: one configured plugin and its calls: the host's callbacks, requests built from
 * records, results checked as a stranger's. Not here: loading (plugin_load.h), frames
 * (plughost_main.c). */
#pragma once

#include "agent/ipc/frame.h"
#include "agent/plughost/plugin_load.h"

#define RV_EMIT_MAX	49152 /* bytes of all fields of one result */
#define RV_CALL_FIELDS	256
#define RV_LEDGER_MAX	(4U << 20)	  /* a provider's ledger, passed as a sealed memfd */
#define RV_CALL_WAIT_US INT64_C(60000000) /* when the caller named no deadline */

struct rv_plugin_run {
	const struct rv_plugin *plugin; /* borrowed */
	void *handle;			/* the plugin's own; NULL: not open */
	struct reeve_host host;
	struct rv_buf fields; /* LIST of plug_field: what the running call emitted */
	size_t emitted_bytes; /* of values, without framing */
	int64_t deadline_us;  /* of the running call, UTC */
	bool is_calling;
};

/* open(). The run must not move afterwards: the plugin keeps its address. */
RV_NODISCARD rv_status rv_plugin_open(struct rv_plugin_run *run, const struct rv_plugin *plugin,
				      struct rv_diag *diag);
/* MISCONFIGURED: the plugin refuses the key or its value (the value is not quoted). */
RV_NODISCARD rv_status rv_plugin_set(struct rv_plugin_run *run, struct rv_str key,
				     struct rv_str value, struct rv_diag *diag);
RV_NODISCARD rv_status rv_plugin_give(struct rv_plugin_run *run, struct rv_str key,
				      struct rv_str bytes, struct rv_diag *diag);
RV_NODISCARD rv_status rv_plugin_complete(struct rv_plugin_run *run, struct rv_diag *diag);
void rv_plugin_close(struct rv_plugin_run *run); /* accepts a run that never opened */

/* What a result's strings point into, besides run->fields. */
struct rv_plugin_answer {
	struct reeve_result result;
	struct rv_rec_plug_result
		record; /* borrows from here and from the run until the next call */
};
/* One verb. `socket` -1 or borrowed; `ledger` is added as REEVE_F_LEDGER when not empty. Whatever
 * the plugin does short of crashing is an answer: a verb it does not offer is `unsupported`, a
 * nonzero return or an outcome outside the list is `unknown`. MALFORMED: the record itself. */
RV_NODISCARD rv_status rv_plugin_call(struct rv_plugin_run *run,
				      const struct rv_rec_plug_call *call, int socket,
				      struct rv_str ledger, struct rv_plugin_answer *out,
				      struct rv_diag *diag);
