/* cli: the agent itself: status, doctor, policy, plugins, enrolment, fleet. */
#include "agent/cli/render.h"

#include <stdio.h>

static void join_walls(const json_t *role, char *text, size_t size)
{
	size_t at = 0;
	size_t index;
	const json_t *wall;
	text[0] = '\0';
	json_array_foreach (json_object_get(role, "walls"), index, wall) {
		int wrote = snprintf(text + at, size - at, "%s%s", index ? " " : "",
				     rv_out_safe(json_string_value(wall)));
		if (wrote < 0 || (size_t)wrote >= size - at)
			return;
		at += (size_t)wrote;
	}
}

static void print_roles(const struct rv_out *out, const json_t *roles)
{
	size_t index;
	const json_t *role;
	json_array_foreach (roles, index, role) {
		char walls[256];
		join_walls(role, walls, sizeof(walls));
		rv_out_line(out, "  %-10s pid %-7s %s", rv_render_text(role, "role"),
			    rv_render_text(role, "pid"), walls);
	}
}

static void print_evidence(const struct rv_out *out, const json_t *evidence)
{
	if (rv_json_text(evidence, "key", NULL))
		rv_out_line(out, "evidence    signed by %s", rv_render_text(evidence, "key"));
}

static void print_inventory(const struct rv_out *out, const json_t *inventory)
{
	if (!rv_json_text(inventory, "url", NULL)) {
		rv_out_line(out, "inventory   not enrolled");
		return;
	}
	rv_out_line(out, "inventory   %s as %s, last answer %s, %s waiting",
		    rv_render_text(inventory, "url"), rv_render_text(inventory, "host_id"),
		    rv_render_text(inventory, "last_ok"), rv_render_text(inventory, "outbox"));
}

void rv_render_status(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	const json_t *counts = json_object_get(data, "counts");
	const json_t *policy = json_object_get(data, "policy");
	rv_out_line(out, "%sreeve %s%s is up, pid %s, as %s", rv_out_ink(out, RV_INK_BOLD),
		    rv_render_text(data, "version"), rv_out_ink(out, RV_INK_PLAIN),
		    rv_render_text(data, "pid"),
		    rv_json_bool(data, "root", false) ? "root"
						      : "an ordinary user (own files only)");
	print_roles(out, json_object_get(data, "roles"));
	rv_out_line(out, "last pass   %s", rv_render_text(data, "last_pass"));
	rv_out_line(out, "credentials %s: %s owned, %s orphans, %s due, %s stuck",
		    rv_render_text(counts, "credentials"), rv_render_text(counts, "owned"),
		    rv_render_text(counts, "orphans"), rv_render_text(counts, "due"),
		    rv_render_text(counts, "stuck"));
	rv_out_line(out, "not looked  %s places", rv_render_text(counts, "not_looked"));
	rv_out_line(out, "policy      set %.12s", rv_render_text(policy, "set"));
	if (rv_json_text(policy, "error", NULL))
		rv_out_line(out, "  %srefused%s   %s (the last good set stays in force)",
			    rv_out_ink(out, RV_INK_RED), rv_out_ink(out, RV_INK_PLAIN),
			    rv_render_text(policy, "error"));
	print_evidence(out, json_object_get(data, "evidence"));
	print_inventory(out, json_object_get(data, "inventory"));
	if (json_is_object(json_object_get(data, "paused")))
		rv_render_paused(out, data, args);
	size_t index;
	const json_t *run;
	json_array_foreach (json_object_get(data, "running"), index, run)
		rv_out_line(out, "running     %s %s: %s", rv_render_text(run, "run"),
			    rv_render_text(run, "id"), rv_render_text(run, "step"));
	if (rv_json_int(counts, "orphans", 0) > 0)
		rv_out_hint(out, "next: reeve list --orphans");
	else if (rv_json_int(counts, "due", 0) > 0)
		rv_out_hint(out, "next: reeve list --due 1d");
	else
		rv_out_hint(out, "next: reeve list");
}

void rv_render_doctor(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* none */
	size_t bad = 0;
	size_t index;
	const json_t *check;
	json_array_foreach (json_object_get(data, "checks"), index, check) {
		bool is_ok = rv_json_bool(check, "ok", false);
		bad += !is_ok;
		rv_out_line(out, "%s%-4s%s %-22s %s",
			    rv_out_ink(out, is_ok ? RV_INK_GREEN : RV_INK_RED),
			    is_ok ? "ok" : "BAD", rv_out_ink(out, RV_INK_PLAIN),
			    rv_render_text(check, "name"), rv_render_text(check, "text"));
		if (!is_ok && rv_json_text(check, "next", NULL))
			rv_out_line(out, "     next: %s", rv_render_text(check, "next"));
	}
	if (bad > 0)
		rv_out_hint(out, "%zu to look at", bad);
}

void rv_render_policy_lint(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* none */
	size_t index;
	const json_t *item;
	rv_out_line(out, "policy set %.12s", rv_render_text(data, "set"));
	json_array_foreach (json_object_get(data, "findings"), index, item)
		rv_out_line(out, "  %-8s %s:%s:%s: %s", rv_render_text(item, "level"),
			    rv_render_text(item, "file"), rv_render_text(item, "line"),
			    rv_render_text(item, "column"), rv_render_text(item, "text"));
	if (rv_json_text(data, "error", NULL))
		rv_out_line(out, "  %serror%s    %s", rv_out_ink(out, RV_INK_RED),
			    rv_out_ink(out, RV_INK_PLAIN), rv_render_text(data, "error"));
	else if (json_array_size(json_object_get(data, "findings")) == 0)
		rv_out_line(out, "  nothing to say against it");
}

void rv_render_policy_explain(struct rv_out *out, const json_t *data,
			      const struct rv_verb_args *args)
{
	(void)args; /* one credential */
	const char *lines = rv_json_text(data, "text", NULL);
	while (lines && *lines) { /* the agent's own lines: every value with file:line:column */
		size_t len = strcspn(lines, "\n");
		char line[512];
		snprintf(line, sizeof(line), "%.*s", (int)(len < 500 ? len : 500), lines);
		rv_out_line(out, "%s", rv_out_safe(line));
		lines += len + (lines[len] == '\n');
	}
	if (rv_json_text(data, "text", NULL))
		return;
	const json_t *verdict = json_object_get(data, "verdict");
	if (!json_is_object(verdict))
		verdict = data;
	rv_out_line(out, "%s", rv_render_text(verdict, "text"));
	const json_t *because = json_object_get(verdict, "because");
	if (!json_is_array(because))
		because = json_object_get(data, "because");
	size_t index;
	const json_t *item;
	json_array_foreach (because, index, item)
		rv_out_line(out, "  %-24s %-20s %s:%s", rv_render_text(item, "field"),
			    rv_render_text(item, "value"), rv_render_text(item, "file"),
			    rv_render_text(item, "line"));
	json_array_foreach (json_object_get(data, "policies"), index, item)
		rv_out_line(out, "  %-24s %-20s %s", rv_render_text(item, "name"),
			    rv_json_bool(item, "matches", false) ? "matches" : "does not match",
			    rv_render_text(item, "text"));
}

void rv_render_plugins(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* none */
	const struct rv_table_column columns[] = {
		{"PLUGIN", false, false}, {"PROFILE", false, false}, {"VERSION", false, false},
		{"OK", false, false},	  {"SHA256", false, false},  {"SAYS", false, true},
	};
	RV_CLEANUP(rv_table_freep) struct rv_table *table = NULL;
	if (!rv_is_ok(rv_table_new(columns, RV_LEN(columns), &table)))
		return;
	size_t index;
	const json_t *plugin;
	json_array_foreach (json_object_get(data, "plugins"), index, plugin) {
		char digest[20];
		snprintf(digest, sizeof(digest), "%.16s", rv_render_text(plugin, "sha256"));
		const char *cells[] = {rv_render_text(plugin, "name"),
				       rv_render_text(plugin, "profile"),
				       rv_render_text(plugin, "version"),
				       rv_render_text(plugin, "ok"),
				       digest,
				       rv_render_text(plugin, "text")};
		bool is_ok = rv_json_bool(plugin, "ok", false);
		if (!rv_is_ok(rv_table_row(table, is_ok ? RV_INK_PLAIN : RV_INK_RED, cells)))
			return;
	}
	rv_table_print(table, out);
}

void rv_render_plugin_init(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* the certificate is the result: it goes to stdout for a file */
	const char *pem = rv_json_text(data, "cert_pem", "");
	fputs(pem, stdout);
	rv_out_hint(out,
		    "The root of %s; its key never leaves the agent's sealed store. Give this "
		    "certificate to those who must trust it.",
		    rv_render_text(data, "instance"));
}

void rv_render_enrolled(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* the reply says it all */
	rv_out_line(out, "enrolled as %s; the certificate ends %s", rv_render_text(data, "host_id"),
		    rv_render_text(data, "expires_at"));
}

void rv_render_fleet_hosts(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* none */
	const struct rv_table_column columns[] = {
		{"HOST", false, false},	      {"ID", false, false},	{"LAST SEEN", false, false},
		{"CREDENTIALS", true, false}, {"ORPHANS", true, false}, {"STATE", false, true},
	};
	RV_CLEANUP(rv_table_freep) struct rv_table *table = NULL;
	if (!rv_is_ok(rv_table_new(columns, RV_LEN(columns), &table)))
		return;
	size_t index;
	const json_t *host;
	json_array_foreach (json_object_get(data, "hosts"), index, host) {
		const char *cells[] = {
			rv_render_text(host, "hostname"), rv_render_text(host, "id"),
			rv_render_text(host, "seen_at"),  rv_render_text(host, "credentials"),
			rv_render_text(host, "orphans"),  rv_render_text(host, "state")};
		if (!rv_is_ok(rv_table_row(table, RV_INK_PLAIN, cells)))
			return;
	}
	rv_table_print(table, out);
}

void rv_render_fleet_items(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* the filter was the server's */
	const struct rv_table_column columns[] = {
		{"HOST", false, false},	   {"ID", false, false},    {"KIND", false, false},
		{"NAME", false, true},	   {"OWNER", false, false}, {"WHY", false, false},
		{"EXPIRES", false, false},
	};
	RV_CLEANUP(rv_table_freep) struct rv_table *table = NULL;
	if (!rv_is_ok(rv_table_new(columns, RV_LEN(columns), &table)))
		return;
	size_t index;
	const json_t *item;
	json_array_foreach (json_object_get(data, "items"), index, item) {
		char id[32];
		char when[64];
		rv_render_short_id(item, id);
		rv_render_when(rv_json_text(item, "not_after", NULL), when);
		const char *owner = rv_json_text(item, "owner", NULL);
		const char *cells[] = {rv_render_text(item, "hostname"),
				       id,
				       rv_render_text(item, "kind"),
				       rv_render_text(item, "name"),
				       owner ? owner : "nobody",
				       rv_render_text(item, "orphan_reason"),
				       when};
		if (!rv_is_ok(rv_table_row(table, owner ? RV_INK_PLAIN : RV_INK_YELLOW, cells)))
			return;
	}
	rv_table_print(table, out);
}

void rv_render_report(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* none */
	const json_t *inventory = json_object_get(data, "inventory");
	print_inventory(out, json_is_object(inventory) ? inventory : data);
}
