/* daemon: `plugin list|check|init`. Asks each plugin in its own plughost what it is. Not here:
 * instances and their roots (engine_instances.h), the conformance suite (plughost/check_main.c). */
#include "agent/daemon/engine_plugin.h"

#include "agent/daemon/engine_instances.h"

#include <reeve/plugin.h>

#include <stdio.h>

#define OPEN_WAIT_MS 5000

/* A grant's line: plugin NAME PROFILE SHA256. */
struct granted {
	char name[65];
	char profile[17];
	char sha256[72];
};

static const char *const verb_names[] = {
	"",	 "describe", "discover", "status",  "preflight", "create",	  "read_back",
	"probe", "identify", "enable",	 "disable", "revoke",	 "list_versions", "cleanup",
};

static bool read_grant(const json_t *line, struct granted *out)
{
	const char *text = json_string_value(line);
	return text &&
	       sscanf(text, "plugin %64s %16s %71s", out->name, out->profile, out->sha256) == 3;
}

static json_t *verbs_json(uint64_t verbs)
{
	json_t *list = json_array();
	for (size_t i = 1; list && i < RV_LEN(verb_names); i++)
		if ((verbs >> i & 1) != 0)
			(void)json_array_append_new(list,
						    json_string(verb_names[i])); /* no memory */
	return list;
}

/* What a plugin said of itself; *out_text why it is not to be trusted. */
struct said {
	char version[33];
	uint64_t verbs;
	uint64_t kind;
	bool is_ok;
	struct rv_diag why;
};

/* Opened without settings: a plugin that lacks some says so after it was loaded and checked, which
 * is all that is asked here. */
static rv_status open_bare(struct rv_engine *e, struct rv_peer *host, struct said *out)
{
	const struct rv_rec_plug_open ask = {0};
	struct rv_rec_plug_ready ready;
	struct rv_frame frame = {0};
	RV_TRY(rv_engine_call(e, host, RV_MSG_plug_open, &ask, RV_MSG_plug_ready, OPEN_WAIT_MS,
			      &frame, &out->why));
	rv_status st = rv_frame_body(&frame, RV_MSG_plug_ready, &ready, &out->why);
	if (rv_is_ok(st)) {
		snprintf(out->version, sizeof(out->version), "%.*s", (int)ready.version.len,
			 ready.version.len ? (const char *)ready.version.data : "");
		out->verbs = ready.verbs;
		out->kind = ready.kind;
		out->is_ok = ready.name.len > 0;
		if (!out->is_ok)
			(void)rv_engine_outcome(ready.outcome, ready.text, &out->why); /* text */
	}
	rv_frame_done(&frame);
	return st;
}

static void ask_plugin(struct rv_engine *e, const char *name, struct said *out)
{
	const struct rv_spawn_opts opts = {
		.role = RV_ROLE_PLUGHOST, .plugin = name, .uid = UINT32_MAX, .gid = UINT32_MAX};
	struct rv_peer *host = NULL;
	*out = (struct said){0};
	rv_status st = rv_engine_spawn(e, &opts, &host, &out->why);
	if (rv_is_ok(st))
		st = open_bare(e, host, out);
	rv_engine_stop_job(e, host);
	if (!rv_is_ok(st) && !out->why.text[0])
		rv_diag_set(&out->why, "the plugin did not answer (%s)",
			    rv_class_name(rv_class_of(st)));
}

static json_t *plugin_json(struct rv_engine *e, const struct granted *granted, bool *out_ok)
{
	struct said said;
	ask_plugin(e, granted->name, &said);
	*out_ok = said.is_ok;
	return json_pack("{s:s, s:s, s:s, s:o, s:o, s:b, s:s}", "name", granted->name, "profile",
			 granted->profile, "sha256", granted->sha256, "version",
			 said.is_ok ? json_string(said.version) : json_null(), "verbs",
			 verbs_json(said.verbs), "ok", said.is_ok, "text",
			 said.is_ok ? "" : said.why.text);
}

/* name NULL: all. */
static rv_status list_plugins(struct rv_engine *e, struct rv_ctl *ctl, const char *name,
			      json_t **out_data, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *list = json_array();
	size_t index = 0;
	const json_t *line = NULL;
	RV_TRY(rv_engine_refresh_grants(e, diag));
	/* The engine's own array may be replaced while the loop turns. */
	RV_CLEANUP(rv_jsonp) json_t *grants = json_deep_copy(e->grants);
	json_array_foreach (grants, index, line) {
		struct granted granted;
		bool ok = false;
		if (!read_grant(line, &granted) || (name && strcmp(name, granted.name) != 0))
			continue;
		if (json_array_append_new(list, plugin_json(e, &granted, &ok)) != 0)
			return rv_fail_nomem(diag);
		if (!ok)
			ctl->exit_code = 1;
	}
	if (name && json_array_size(list) == 0) {
		rv_diag_next(diag, "add \"plugin %s PROFILE SHA256\" to the grants (as root)",
			     name);
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no plugin %s is granted", name);
	}
	*out_data = json_pack("{s:O}", "plugins", list);
	return *out_data ? RV_OK : rv_fail_nomem(diag);
}

static rv_status on_plugin(struct rv_engine *e, struct rv_ctl *ctl, json_t **out_data,
			   struct rv_diag *diag)
{
	const char *what = rv_json_text(ctl->args, "do", "");
	if (strcmp(what, "list") == 0)
		return list_plugins(e, ctl, NULL, out_data, diag);
	if (strcmp(what, "check") == 0) {
		const char *name = rv_json_text(ctl->args, "name", NULL);
		if (!name)
			return rv_fail(RV_CLASS_MALFORMED, diag, "plugin check needs a name");
		return list_plugins(e, ctl, name, out_data, diag);
	}
	if (strcmp(what, "init") == 0) {
		const char *instance = rv_json_text(ctl->args, "instance", NULL);
		RV_TRY(rv_ctl_need(ctl, RV_RIGHT_APPLY, diag));
		if (!instance)
			return rv_fail(RV_CLASS_MALFORMED, diag, "plugin init needs an instance");
		return rv_instance_init(e, instance, out_data, diag);
	}
	return rv_fail(RV_CLASS_MALFORMED, diag, "plugin does list, check and init");
}

static const struct rv_verb verbs[] = {
	{"plugin", RV_RIGHT_READ, RV_VERB_JOB, on_plugin},
	{.name = NULL},
};

const struct rv_module rv_module_plugin = {.name = "plugin", .verbs = verbs};
