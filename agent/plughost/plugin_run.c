/* plughost: calling a plugin. Nothing it hands back is trusted: lengths, text and outcome are
 * checked before they become a record. */
#include "agent/plughost/plugin_run.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"
#include "agent/base/log.h"

#define FIELDS_MAX 60000

/* --- what the host offers -------------------------------------------------------------------- */
static int64_t host_now(void *ctx)
{
	(void)ctx; /* one clock for all */
	return rv_now_utc_us();
}

static int32_t host_random(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx; /* one source for all */
	rv_random(out, len);
	return 0;
}

static int32_t host_emit(void *ctx, uint32_t tag, const uint8_t *data, size_t len)
{
	struct rv_plugin_run *run = ctx;
	if (!run->is_calling || tag == 0 || tag > 65535 || (len > 0 && !data) ||
	    len > RV_EMIT_MAX - run->emitted_bytes)
		return -1;
	struct rv_rec_plug_field field = {.tag = tag, .bytes = {data, len}};
	if (!rv_is_ok(rv_list_add(&run->fields, &rv_desc_plug_field, &field)))
		return -1;
	run->emitted_bytes += len;
	return 0;
}

static void host_log(void *ctx, int32_t level, const char *message)
{
	static const enum rv_level levels[] = {RV_ERROR, RV_WARNING, RV_INFO, RV_DEBUG};
	const struct rv_plugin_run *run = ctx;
	/* Nothing a plugin says is louder than a warning: it is its word, not ours. */
	enum rv_level at = level >= 0 && level <= 3 ? levels[level] : RV_DEBUG;
	if (at == RV_ERROR)
		at = RV_WARNING;
	rv_log(at, "plugin says", "plugin", run->plugin->table.name, "text", message ? message : "",
	       NULL);
}

static int32_t host_cancelled(void *ctx)
{
	const struct rv_plugin_run *run = ctx;
	return rv_now_utc_us() >= run->deadline_us ? 1 : 0;
}

/* --- life ------------------------------------------------------------------------------------- */
rv_status rv_plugin_open(struct rv_plugin_run *run, const struct rv_plugin *plugin,
			 struct rv_diag *diag)
{
	*run = (struct rv_plugin_run){.plugin = plugin};
	rv_buf_init(&run->fields, FIELDS_MAX);
	run->host = (struct reeve_host){
		.struct_size = sizeof(run->host),
		.abi = REEVE_PLUGIN_ABI,
		.ctx = run,
		.now_us = host_now,
		.random_bytes = host_random,
		.emit = host_emit,
		.log = host_log,
		.cancelled = host_cancelled,
	};
	run->deadline_us = rv_now_utc_us() + RV_CALL_WAIT_US;
	int32_t failed = plugin->table.open(&run->host, &run->handle);
	if (failed != 0 || !run->handle) {
		run->handle = NULL;
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "plugin %s did not open (%d)",
			       plugin->table.name, failed);
	}
	return RV_OK;
}

static struct reeve_view view_of(struct rv_str s)
{
	return (struct reeve_view){s.data, s.len};
}

rv_status rv_plugin_set(struct rv_plugin_run *run, struct rv_str key, struct rv_str value,
			struct rv_diag *diag)
{
	if (run->plugin->table.config(run->handle, view_of(key), view_of(value)) == 0)
		return RV_OK;
	rv_diag_next(diag, "correct the instance in plugins.d");
	return rv_fail(RV_CLASS_MISCONFIGURED, diag, "plugin %s refuses setting %.*s",
		       run->plugin->table.name, (int)key.len, (const char *)key.data);
}

rv_status rv_plugin_give(struct rv_plugin_run *run, struct rv_str key, struct rv_str bytes,
			 struct rv_diag *diag)
{
	if (run->plugin->table.secret(run->handle, view_of(key), view_of(bytes)) == 0)
		return RV_OK;
	return rv_fail(RV_CLASS_MISCONFIGURED, diag, "plugin %s refuses secret %.*s",
		       run->plugin->table.name, (int)key.len, (const char *)key.data);
}

/* A plugin's text as people may see it: to its NUL, control bytes masked. */
static struct rv_str tame(char *text, size_t size)
{
	size_t len = strnlen(text, size);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			text[i] = '?';
	return (struct rv_str){(const uint8_t *)text, len};
}

rv_status rv_plugin_complete(struct rv_plugin_run *run, struct rv_diag *diag)
{
	char text[256] = "";
	if (run->plugin->table.config_complete(run->handle, text, sizeof(text)) == 0)
		return RV_OK;
	struct rv_str why = tame(text, sizeof(text));
	rv_diag_next(diag, "correct the instance in plugins.d");
	return rv_fail(RV_CLASS_MISCONFIGURED, diag, "plugin %s: %.*s", run->plugin->table.name,
		       (int)why.len, (const char *)why.data);
}

void rv_plugin_close(struct rv_plugin_run *run)
{
	if (run->handle)
		run->plugin->table.close(run->handle);
	run->handle = NULL;
	rv_buf_done(&run->fields);
}

/* --- calls ------------------------------------------------------------------------------------ */
static rv_status read_fields(const struct rv_rec_plug_call *call, struct rv_str ledger,
			     struct reeve_field fields[RV_CALL_FIELDS], size_t *out_count,
			     struct rv_diag *diag)
{
	struct rv_str cursor = call->fields;
	struct rv_rec_plug_field field;
	bool ok = true;
	size_t count = 0;
	while (count < RV_CALL_FIELDS && rv_list_next(&cursor, &rv_desc_plug_field, &field, &ok))
		fields[count++] = (struct reeve_field){.tag = (uint32_t)field.tag,
						       .bytes = view_of(field.bytes)};
	if (!ok || cursor.len != 0 || (ledger.len > 0 && count == RV_CALL_FIELDS))
		return rv_fail(RV_CLASS_MALFORMED, diag, "the call's fields are malformed or many");
	if (ledger.len > 0)
		fields[count++] =
			(struct reeve_field){.tag = REEVE_F_LEDGER, .bytes = view_of(ledger)};
	*out_count = count;
	return RV_OK;
}

static void answer_from(struct rv_plugin_run *run, struct rv_plugin_answer *out)
{
	struct reeve_result *r = &out->result;
	out->record = (struct rv_rec_plug_result){
		.outcome = (uint64_t)r->outcome,
		.retry_after_ms = r->retry_after_ms,
		.cookie = {(const uint8_t *)r->cookie, strnlen(r->cookie, sizeof(r->cookie))},
		.version = tame(r->version, sizeof(r->version)),
		.not_before_us = r->not_before_us,
		.expires_at_us = r->expires_at_us,
		.text = tame(r->text, sizeof(r->text)),
		.fields = rv_buf_view(&run->fields),
	};
}

/* Everything else is void when the plugin itself says that it is defective. */
static void own_answer(struct rv_plugin_run *run, struct rv_plugin_answer *out, int32_t outcome,
		       const char *text)
{
	out->result = (struct reeve_result){.struct_size = sizeof(out->result), .outcome = outcome};
	memcpy(out->result.text, text, strnlen(text, sizeof(out->result.text) - 1));
	rv_buf_reset(&run->fields);
}

rv_status rv_plugin_call(struct rv_plugin_run *run, const struct rv_rec_plug_call *call, int socket,
			 struct rv_str ledger, struct rv_plugin_answer *out, struct rv_diag *diag)
{
	struct reeve_field fields[RV_CALL_FIELDS];
	size_t count = 0;
	RV_TRY(read_fields(call, ledger, fields, &count, diag));
	rv_buf_reset(&run->fields);
	run->emitted_bytes = 0;
	run->deadline_us =
		call->deadline_us != 0 ? call->deadline_us : rv_now_utc_us() + RV_CALL_WAIT_US;
	out->result = (struct reeve_result){.struct_size = sizeof(out->result)};
	struct reeve_request request = {
		.struct_size = sizeof(request),
		.verb = (uint32_t)call->verb,
		.rotation_id = view_of(call->rotation_id),
		.idempotency_key = view_of(call->idempotency_key),
		.expected_version = view_of(call->expected_version),
		.deadline_us = run->deadline_us,
		.dry_run = call->dry_run ? 1 : 0,
		.fd = socket,
		.fields = fields,
		.field_count = count,
	};
	if (!rv_plugin_has(run->plugin, (unsigned)call->verb)) {
		own_answer(run, out, REEVE_UNSUPPORTED, "the plugin does not offer this verb");
	} else {
		run->is_calling = true;
		int32_t defect = run->plugin->table.call(run->handle, &request, &out->result);
		run->is_calling = false;
		if (defect != 0)
			own_answer(run, out, REEVE_UNKNOWN,
				   "the plugin reports a defect of its own");
		else if (out->result.outcome < REEVE_DONE || out->result.outcome > REEVE_LIMIT)
			own_answer(run, out, REEVE_UNKNOWN, "the plugin gave no valid outcome");
	}
	answer_from(run, out);
	return RV_OK;
}
