/* daemon: the verb policy (lint, explain, schema, reload, test, diff), and policies in status and
 * doctor. */
#include "agent/daemon/engine_policy_private.h"

#include "agent/base/clock.h"

#include <dirent.h>
#include <stdio.h>

static json_t *files_json(const struct rv_policy_set *set)
{
	json_t *out = json_array();
	for (size_t i = 0; out != NULL && i < rv_policy_file_count(set); i++) {
		if (json_array_append_new(out, json_string(rv_policy_file_at(set, i))) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return out;
}

static json_t *set_json(const struct rv_engine *e)
{
	const struct rv_policy_set *set = e->policy->set;
	return json_pack("{s:s,s:o,s:I,s:o}", "set", rv_policy_set_id(set), "files",
			 files_json(set), "policies", (json_int_t)rv_policy_count(set), "error",
			 e->policy->error[0] ? json_string(e->policy->error) : json_null());
}

rv_status rv_policy_status(struct rv_engine *e, json_t *data)
{
	return json_object_set_new(data, "policy", set_json(e)) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

rv_status rv_policy_doctor(struct rv_engine *e, json_t *checks)
{
	bool is_ok = e->policy->error[0] == 0;
	json_t *check = json_pack(
		"{s:s,s:b,s:s,s:o}", "name", "policy", "ok", is_ok, "text",
		is_ok ? rv_policy_set_id(e->policy->set) : e->policy->error, "next",
		is_ok ? json_null() : json_string("correct the file, then reeve policy reload"));
	return json_array_append_new(checks, check) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

/* --- lint
 * -----------------------------------------------------------------------------------------------
 */

#define INSTANCES_MAX 256

/* Names of CONFIG/plugins.d/NAME.yaml, NULL-ended; NULL when the folder cannot be read. */
static rv_status read_instances(const struct rv_engine *e, char ***out)
{
	char path[RV_PATH_MAX];
	snprintf(path, sizeof(path), "%s/plugins.d", e->config_dir);
	char **names = calloc(INSTANCES_MAX + 1, sizeof(*names));
	DIR *d = names ? opendir(path) : NULL;
	*out = names;
	if (d == NULL)
		return names ? RV_OK : rv_fail_nomem(NULL);
	const struct dirent *item = NULL;
	size_t n = 0;
	while (n < INSTANCES_MAX && (item = readdir(d)) != NULL) {
		struct rv_str name = rv_str_of(item->d_name);
		if (item->d_name[0] == '.' || !rv_str_ends_with(name, ".yaml"))
			continue;
		name.len -= strlen(".yaml");
		names[n] = rv_str_dup(name);
		n += names[n] != NULL;
	}
	closedir(d);
	return RV_OK;
}

static void free_instances(char ***names)
{
	for (size_t i = 0; *names != NULL && (*names)[i] != NULL; i++)
		free((*names)[i]);
	free(*names);
}

static rv_status grants_text(const struct rv_engine *e, struct rv_buf *out)
{
	size_t i = 0;
	json_t *line = NULL;
	json_array_foreach (e->grants, i, line)
		RV_TRY(rv_buf_printf(out, "%s\n", json_string_value(line)));
	return RV_OK;
}

static json_t *finding_json(const struct rv_lint_finding *f)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:I,s:I}", "level", rv_lint_level_name(f->level), "code",
			 f->code, "text", f->text, "file", f->src.file, "line",
			 (json_int_t)f->src.line, "column", (json_int_t)f->src.column);
}

static rv_status lint_set(struct rv_engine *e, const struct rv_policy_set *set, json_t *findings,
			  bool *out_is_red)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf grants = {0};
	RV_CLEANUP(free_instances) char **instances = NULL;
	rv_buf_init(&grants, 1 << 20);
	RV_TRY(grants_text(e, &grants));
	RV_TRY(read_instances(e, &instances));
	struct rv_lint_world world = {(const char *const *)instances, rv_buf_cstr(&grants)};
	struct rv_lint lint = {0};
	RV_TRY(rv_policy_lint(set, &world, &lint));
	rv_status s = RV_OK;
	for (size_t i = 0; rv_is_ok(s) && i < lint.count; i++) {
		*out_is_red |= lint.items[i].level == RV_LINT_ERROR;
		if (json_array_append_new(findings, finding_json(&lint.items[i])) != 0)
			s = rv_fail_nomem(NULL);
	}
	rv_lint_done(&lint);
	return s;
}

/* The folders as they are now, which need not be what is in force. */
static rv_status do_lint(struct rv_engine *e, struct rv_ctl *ctl, json_t **out,
			 struct rv_diag *diag)
{
	RV_CLEANUP(rv_policy_set_freep) struct rv_policy_set *set = NULL;
	rv_diag_next(diag, "correct the file; the set in force is not touched");
	RV_TRY(rv_policies_read(e, &set, diag));
	RV_CLEANUP(rv_jsonp) json_t *findings = json_array();
	bool is_red = false;
	RV_TRY(lint_set(e, set, findings, &is_red));
	ctl->exit_code = is_red ? 1 : 0;
	*out = json_pack(
		"{s:s,s:o,s:I,s:O,s:b,s:n}", "set", rv_policy_set_id(set), "files", files_json(set),
		"policies", (json_int_t)rv_policy_count(set), "findings", findings, "in_force",
		strcmp(rv_policy_set_id(set), rv_policy_set_id(e->policy->set)) == 0, "error");
	return *out != NULL ? RV_OK : rv_fail_nomem(diag);
}

/* --- the others
 * ------------------------------------------------------------------------------------------- */

static rv_status do_explain(struct rv_engine *e, struct rv_ctl *ctl, json_t **out,
			    struct rv_diag *diag)
{
	char id[RV_ID_TEXT];
	RV_TRY(rv_ctl_id(e, ctl, id, diag));
	RV_CLEANUP(rv_engine_facts_done) struct rv_engine_facts f = {0};
	RV_TRY(rv_engine_facts_load(e, id, &f, diag));
	RV_CLEANUP(rv_jsonp) json_t *explain = NULL;
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	rv_buf_init(&text, 1 << 20);
	RV_TRY(rv_verdict_explain(e->policy->set, &f.facts, rv_now_utc_us(), &explain));
	RV_TRY(rv_verdict_explain_text(explain, &text));
	const char *lines = rv_buf_cstr(&text);
	if (lines == NULL || json_object_set_new(explain, "text", json_string(lines)) != 0)
		return rv_fail_nomem(diag);
	*out = RV_TAKE(explain);
	return RV_OK;
}

/* The schema itself, as it is published. */
static rv_status do_schema(struct rv_engine *e, struct rv_ctl *ctl, json_t **out,
			   struct rv_diag *diag)
{
	(void)e;
	(void)ctl;
	(void)diag;
	return rv_policy_schema(out);
}

static rv_status do_reload(struct rv_engine *e, struct rv_ctl *ctl, json_t **out,
			   struct rv_diag *diag)
{
	RV_TRY(rv_ctl_need(ctl, RV_RIGHT_APPLY, diag));
	RV_CLEANUP(rv_jsonp) json_t *changes = NULL;
	RV_CLEANUP(rv_policy_set_freep) struct rv_policy_set *fresh = NULL;
	struct rv_diag ignored = {0};
	if (rv_is_ok(rv_policies_read(e, &fresh, &ignored)))
		RV_TRY(rv_policy_diff(e->policy->set, fresh, &changes));
	RV_TRY(rv_engine_policies_load(e, diag));
	RV_TRY(rv_policies_judge_all(e, diag));
	RV_CLEANUP(rv_jsonp) json_t *doc = set_json(e);
	RV_CLEANUP(rv_jsonp) json_t *findings = json_array();
	bool is_red = false;
	RV_TRY(lint_set(e, e->policy->set, findings, &is_red));
	if (json_object_set(doc, "findings", findings) != 0 ||
	    json_object_set(doc, "changes", changes) != 0)
		return rv_fail_nomem(diag);
	ctl->exit_code = is_red ? 1 : 0;
	*out = RV_TAKE(doc);
	return RV_OK;
}

/* What a reload would change, and for which credentials the verdict. */
static rv_status do_diff(struct rv_engine *e, struct rv_ctl *ctl, json_t **out,
			 struct rv_diag *diag)
{
	RV_CLEANUP(rv_policy_set_freep) struct rv_policy_set *fresh = NULL;
	RV_TRY(rv_policies_read(e, &fresh, diag));
	RV_TRY(rv_policy_diff(e->policy->set, fresh, out));
	ctl->exit_code = strcmp(rv_policy_set_id(fresh), rv_policy_set_id(e->policy->set)) ? 1 : 0;
	return RV_OK;
}

static rv_status policy(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			struct rv_diag *diag)
{
	static const struct {
		const char *name;
		rv_status (*fn)(struct rv_engine *e, struct rv_ctl *ctl, json_t **out,
				struct rv_diag *diag);
	} rows[] = {{"lint", do_lint},
		    {"explain", do_explain},
		    {"schema", do_schema},
		    {"reload", do_reload},
		    {"diff", do_diff}};
	const char *wanted = rv_json_text(ctl->args, "do", "");
	for (size_t i = 0; i < RV_LEN(rows); i++)
		if (strcmp(rows[i].name, wanted) == 0)
			return rows[i].fn(e, ctl, out_data, diag);
	return rv_fail(RV_CLASS_MISCONFIGURED, diag,
		       "policy: say one of lint, explain, schema, reload, diff");
}

const struct rv_verb rv_policy_verbs[] = {
	{.name = "policy", .right = RV_RIGHT_READ, .handler = policy},
	{.name = NULL},
};
