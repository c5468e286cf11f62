/* cli: credentials: list, show, why, history, discover. */
#include "agent/cli/render.h"

#include <stdio.h>

static enum rv_ink ink_of(const json_t *credential)
{
	const char *ownership = rv_json_text(credential, "ownership", "");
	const char *hold = rv_json_text(credential, "hold", "");
	if (strcmp(hold, "stuck") == 0)
		return RV_INK_RED;
	if (strcmp(ownership, "orphaned") == 0)
		return RV_INK_YELLOW;
	return RV_INK_PLAIN;
}

/* One word that says what to look at first: stuck, orphan, due, or the life state. */
static const char *standing(const json_t *credential)
{
	const char *hold = rv_json_text(credential, "hold", "none");
	if (strcmp(hold, "none") != 0)
		return rv_out_safe(hold);
	if (strcmp(rv_json_text(credential, "ownership", ""), "orphaned") == 0)
		return "orphan";
	return rv_render_text(credential, "life");
}

static const char *place_of(const json_t *credential)
{
	const char *path = rv_json_text(credential, "path", NULL);
	if (path)
		return rv_out_safe(path);
	const json_t *where = json_array_get(json_object_get(credential, "where"), 0);
	if (json_is_string(where))
		return rv_out_safe(json_string_value(where));
	return rv_render_text(credential, "name");
}

static rv_status add_credential(struct rv_table *table, const json_t *credential)
{
	char id[32];
	char expiry[64];
	rv_render_short_id(credential, id);
	rv_render_when(rv_json_text(credential, "not_after", NULL), expiry);
	const char *owner = rv_json_text(credential, "owner", NULL);
	const char *cells[] = {id,
			       rv_render_text(credential, "kind"),
			       rv_render_text(credential, "name"),
			       place_of(credential),
			       owner ? owner : "nobody",
			       standing(credential),
			       expiry};
	return rv_table_row(table, ink_of(credential), cells);
}

void rv_render_list(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* same shape for every filter */
	const struct rv_table_column columns[] = {
		{"ID", false, false},	   {"KIND", false, false},  {"NAME", false, false},
		{"WHERE", false, true},	   {"OWNER", false, false}, {"STATE", false, false},
		{"EXPIRES", false, false},
	};
	RV_CLEANUP(rv_table_freep) struct rv_table *table = NULL;
	const json_t *items = json_object_get(data, "items");
	if (!rv_is_ok(rv_table_new(columns, RV_LEN(columns), &table)))
		return;
	size_t index;
	const json_t *item;
	json_array_foreach (items, index, item)
		if (!rv_is_ok(add_credential(table, item)))
			return;
	if (json_array_size(items) == 0) {
		rv_out_hint(out, "Nothing matches. All of them: reeve list");
		return;
	}
	rv_table_print(table, out);
	rv_out_hint(out, "%zu credentials. One of them: reeve show ID; whose and why: reeve why ID",
		    json_array_size(items));
}

static void print_pair(const struct rv_out *out, const char *label, const char *value)
{
	rv_out_line(out, "  %-12s %s", label, value);
}

static void print_head(const struct rv_out *out, const json_t *credential)
{
	char when[64];
	rv_out_line(out, "%s%s%s  %s", rv_out_ink(out, RV_INK_BOLD),
		    rv_render_text(credential, "id"), rv_out_ink(out, RV_INK_PLAIN),
		    rv_render_text(credential, "kind"));
	print_pair(out, "name", rv_render_text(credential, "name"));
	print_pair(out, "where", place_of(credential));
	rv_render_when(rv_json_text(credential, "not_after", NULL), when);
	print_pair(out, "expires", when);
	rv_out_line(out, "  %-12s ownership %s, life %s, hold %s", "state",
		    rv_render_text(credential, "ownership"), rv_render_text(credential, "life"),
		    rv_render_text(credential, "hold"));
	if (rv_json_text(credential, "why", NULL))
		print_pair(out, "because", rv_render_text(credential, "why"));
	print_pair(out, "policy", rv_render_text(credential, "policy"));
	rv_render_when(rv_json_text(credential, "due", NULL), when);
	print_pair(out, "due", when);
}

static void print_each(const struct rv_out *out, const char *title, const json_t *items)
{
	if (json_array_size(items) == 0)
		return;
	rv_out_line(out, "%s", title);
	size_t index;
	const json_t *item;
	json_array_foreach (items, index, item) {
		if (json_is_string(item)) {
			rv_out_line(out, "  %s", rv_out_safe(json_string_value(item)));
			continue;
		}
		/* An object: its own text, or its members in order. */
		const char *text = rv_json_text(item, "text", NULL);
		if (text) {
			rv_out_line(out, "  %s", rv_out_safe(text));
			continue;
		}
		fputs("  ", stdout);
		const char *key;
		json_t *value;
		json_object_foreach ((json_t *)(uintptr_t)item, key, value)
			if (!json_is_null(value) && !json_is_object(value) && !json_is_array(value))
				printf("%s=%s ", rv_out_safe(key), rv_render_text(item, key));
		putchar('\n');
	}
}

void rv_render_show(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* one credential */
	const json_t *credential = json_object_get(data, "credential");
	print_head(out, credential);
	rv_out_line(out, "  %-12s %s (confidence %s)", "owner",
		    rv_json_text(credential, "owner", NULL) ? rv_render_text(credential, "owner")
							    : "nobody",
		    rv_render_text(credential, "owner_confidence"));
	print_each(out, "seen at", json_object_get(data, "sightings"));
	print_each(out, "used by", json_object_get(data, "consumers"));
	print_each(out, "versions", json_object_get(data, "versions"));
	rv_out_hint(out, "next: reeve why %.12s", rv_render_text(credential, "id"));
}

static void print_receipt(const struct rv_out *out, const json_t *receipt)
{
	size_t index;
	const json_t *item;
	json_array_foreach (receipt, index, item)
		rv_out_line(out, "    %-10s %4s  %s", rv_render_text(item, "evidence"),
			    rv_render_text(item, "weight"), rv_render_text(item, "text"));
}

static void print_because(const struct rv_out *out, const json_t *because)
{
	size_t index;
	const json_t *item;
	json_array_foreach (because, index, item)
		rv_out_line(out, "    %-24s %-20s %s:%s", rv_render_text(item, "field"),
			    rv_render_text(item, "value"), rv_render_text(item, "file"),
			    rv_render_text(item, "line"));
}

static void print_violations(const struct rv_out *out, const json_t *violations)
{
	size_t index;
	const json_t *item;
	json_array_foreach (violations, index, item)
		rv_out_line(out, "  %-12s %s is %s, limit %s  %s:%s", index ? "" : "violates",
			    rv_render_text(item, "requirement"), rv_render_text(item, "value"),
			    rv_render_text(item, "limit"), rv_render_text(item, "file"),
			    rv_render_text(item, "line"));
}

void rv_render_why(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* one credential */
	const json_t *credential = json_object_get(data, "credential");
	const json_t *owner = json_object_get(data, "owner");
	const json_t *verdict = json_object_get(data, "verdict");
	print_head(out, credential);
	const char *name = rv_json_text(owner, "name", rv_json_text(credential, "owner", NULL));
	rv_out_line(out, "  %-12s %s (confidence %s)", "owner", name ? rv_out_safe(name) : "nobody",
		    rv_render_text(owner, "confidence"));
	if (rv_json_text(owner, "reason", NULL))
		rv_out_line(out, "    %s", rv_render_text(owner, "reason"));
	print_receipt(out, json_object_get(owner, "receipt"));
	if (!json_is_object(verdict))
		return;
	rv_out_line(out, "  %-12s %s", "verdict", rv_render_text(verdict, "text"));
	print_violations(out, json_object_get(verdict, "violations"));
	print_because(out, json_object_get(verdict, "because"));
	rv_out_hint(out,
		    "Not the owner? reeve owner dispute %.12s. The one? reeve owner confirm "
		    "%.12s",
		    rv_render_text(credential, "id"), rv_render_text(credential, "id"));
}

void rv_render_history(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* one credential */
	const struct rv_table_column columns[] = {
		{"SEQ", true, false},
		{"AT", false, false},
		{"EVENT", false, false},
		{"WHAT", false, true},
	};
	RV_CLEANUP(rv_table_freep) struct rv_table *table = NULL;
	if (!rv_is_ok(rv_table_new(columns, RV_LEN(columns), &table)))
		return;
	size_t index;
	const json_t *event;
	json_array_foreach (json_object_get(data, "events"), index, event) {
		const json_t *inner = json_object_get(event, "data");
		const char *text =
			rv_json_text(event, "text",
				     rv_json_text(inner, "text", rv_json_text(inner, "why", NULL)));
		char *dump = text ? NULL : json_dumps(inner, JSON_COMPACT | JSON_SORT_KEYS);
		const char *cells[] = {rv_render_text(event, "seq"), rv_render_text(event, "at"),
				       rv_render_text(event, "type"), text ? text : dump};
		rv_status status = rv_table_row(table, RV_INK_PLAIN, cells);
		free(dump);
		if (!rv_is_ok(status))
			return;
	}
	rv_table_print(table, out);
}

static void print_counts(const struct rv_out *out, const json_t *counts)
{
	rv_out_line(out,
		    "%s%s credentials%s: %s owned, %s orphans, %s due, %s stuck; %s places not "
		    "looked at",
		    rv_out_ink(out, RV_INK_BOLD), rv_render_text(counts, "credentials"),
		    rv_out_ink(out, RV_INK_PLAIN), rv_render_text(counts, "owned"),
		    rv_render_text(counts, "orphans"), rv_render_text(counts, "due"),
		    rv_render_text(counts, "stuck"), rv_render_text(counts, "not_looked"));
}

void rv_render_discover(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	if (json_array_size(json_object_get(data, "items")) > 0)
		rv_render_list(out, data, args);
	print_counts(out, json_object_get(data, "counts"));
	const json_t *skipped = json_object_get(data, "not_looked");
	size_t shown = 0;
	size_t index;
	const json_t *item;
	json_array_foreach (skipped, index, item) {
		if (out->out_is_tty && shown++ == 10) {
			rv_out_line(out, "  ... and %zu more: --json lists all",
				    json_array_size(skipped) - 10);
			break;
		}
		rv_out_line(out, "  not looked at: %s (%s)", rv_render_text(item, "path"),
			    rv_render_text(item, "reason"));
	}
}
