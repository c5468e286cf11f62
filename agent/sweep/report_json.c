/* sweep: the report as JSON and as JSON lines, schema reeve.scan/1 (docs/scan-report.md,
 * policies/scan-report.schema.json). A key that is absent is unknown or does not apply. */
#include "agent/sweep/report_parts.h"

#include "agent/model/kinds.h"

#define SCHEMA "reeve.scan/1"

static void put_tool(struct rv_report *r)
{
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, "tool", '{');
	rv_emit_str(e, "name", "reeve");
	rv_emit_str(e, "version", r->facts->version);
	rv_emit_uint(e, "rules", r->facts->rules);
	rv_emit_close(e, '}');
}

static void put_scan(struct rv_report *r)
{
	const struct rv_report_facts *facts = r->facts;
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, "scan", '{');
	rv_emit_str(e, "command", facts->command);
	rv_emit_str(e, "target", facts->target);
	rv_emit_str(e, "repository", facts->repository);
	rv_emit_str(e, "revision", facts->revision);
	rv_emit_time(e, "started", facts->started_utc_us);
	rv_emit_int(e, "took_us", facts->took_us);
	rv_emit_uint(e, "files", facts->files);
	rv_emit_uint(e, "bytes", facts->bytes);
	rv_emit_uint(e, "blobs", facts->blobs);
	rv_emit_uint(e, "commits", facts->commits);
	if (facts->excluded > 0)
		rv_emit_uint(e, "excluded", facts->excluded);
	rv_emit_close(e, '}');
}

static void put_summary(struct rv_report *r)
{
	const struct rv_tally *tally = &r->tally;
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, "summary", '{');
	rv_emit_str(e, "result",
		    tally->of_state[RV_LEAK_OPEN]	? "found"
		    : rv_report_is_incomplete(r->facts) ? "incomplete"
							: "clean");
	for (unsigned i = 0; i < RV_LEAK__COUNT; i++)
		rv_emit_uint(e, rv_leak_state_name((enum rv_leak_state)i), tally->of_state[i]);
	rv_emit_uint(e, "told", tally->told);
	rv_emit_uint(e, "gaps", rv_report_gap_total(r->facts));
	rv_emit_uint(e, "suppressions", rv_report_suppression_total(r->facts));
	rv_emit_int(e, "exit_code", r->facts->exit_code);
	rv_emit_close(e, '}');
}

static void put_commit(struct rv_emit *e, const char *key, const struct rv_leak_commit *commit)
{
	if (!commit->id)
		return;
	rv_emit_open(e, key, '{');
	rv_emit_str(e, "id", commit->id);
	rv_emit_str(e, "author", commit->author);
	rv_emit_str(e, "email", commit->email);
	rv_emit_time(e, "at", commit->at_utc_us);
	rv_emit_str(e, "message", commit->message);
	rv_emit_close(e, '}');
}

static void put_rule(struct rv_emit *e, const struct rv_leak *leak)
{
	const struct rv_rule *rule = leak->rule;

	rv_emit_str(e, "rule", rule->id);
	rv_emit_str(e, "name", rule->name);
	rv_emit_str(e, "provider", rule->provider);
	rv_emit_str(e, "kind", rv_kind_name(rule->kind));
	rv_emit_str(e, "state", rv_leak_state_name((enum rv_leak_state)leak->state));
	rv_emit_str(e, "level", rv_report_level_name(rv_report_level(leak)));
	rv_emit_uint(e, "confidence", leak->confidence);
	rv_emit_bool(e, "identified", leak->is_identified);
}

static void put_place(struct rv_emit *e, const struct rv_leak *leak)
{
	rv_emit_str_path(e, "path", leak->path);
	if (leak->inside)
		rv_emit_str_path(e, "inside", rv_str_of(leak->inside));
	if (leak->line) {
		rv_emit_uint(e, "line", leak->line);
		rv_emit_uint(e, "column", leak->column);
		rv_emit_uint(e, "end_line", leak->end_line);
		rv_emit_uint(e, "end_column", leak->end_column);
	}
	rv_emit_uint(e, "offset", leak->offset);
	rv_emit_str(e, "layers", leak->layers);
	rv_emit_uint(e, "more_places", leak->places);
}

static void put_history(struct rv_emit *e, const struct rv_leak *leak)
{
	if (leak->reach == RV_REACH_NONE && !leak->first.id)
		return;
	rv_emit_open(e, "history", '{');
	rv_emit_str(e, "reach", rv_leak_reach_name((enum rv_leak_reach)leak->reach));
	put_commit(e, "first", &leak->first);
	put_commit(e, "last", &leak->last);
	if (leak->commit_count)
		rv_emit_uint(e, "commits", leak->commit_count);
	rv_emit_close(e, '}');
}

/* NULL: --validate had nothing to do with it. */
static const char *validity_of(const struct rv_leak *leak)
{
	switch (leak->alive) {
	case RV_ALIVE_LIVES:
		return "valid";
	case RV_ALIVE_REFUSED:
		return "refused";
	case RV_ALIVE_UNKNOWN:
		return "unknown";
	case RV_ALIVE_NO_CONSENT:
		return "not-asked";
	default:
		return NULL;
	}
}

static void put_leak(struct rv_emit *e, const char *key, const struct rv_leak *leak)
{
	rv_emit_open(e, key, '{');
	put_rule(e, leak);
	put_place(e, leak);
	rv_emit_str(e, "masked", leak->masked);
	rv_emit_str(e, "context", leak->context);
	rv_emit_str(e, "fingerprint", rv_report_print(leak));
	rv_emit_str(e, "public_id", leak->public_id);
	rv_emit_str(e, "facts", leak->facts);
	rv_emit_str(e, "validity", validity_of(leak));
	rv_emit_str(e, "note", leak->note);
	rv_emit_str(e, "owner_hint", leak->owner_hint);
	put_history(e, leak);
	rv_emit_str(e, "docs", rv_report_url(leak->rule->docs));
	rv_emit_str(e, "roll", rv_report_url(leak->rule->roll));
	rv_emit_close(e, '}');
}

static void put_gap(struct rv_emit *e, const char *key, const struct rv_gap *gap)
{
	rv_emit_open(e, key, '{');
	rv_emit_str_path(e, "path", gap->path);
	if (gap->inside)
		rv_emit_str_path(e, "inside", rv_str_of(gap->inside));
	rv_emit_str(e, "reason", gap->reason);
	rv_emit_str(e, "detail", gap->detail);
	rv_emit_close(e, '}');
}

static void put_suppression(struct rv_emit *e, const char *key, const struct rv_suppression *item)
{
	rv_emit_open(e, key, '{');
	rv_emit_str_path(e, "path", item->path);
	rv_emit_uint(e, "line", item->line);
	rv_emit_str(e, "what", item->what);
	rv_emit_close(e, '}');
}

/* Where there are none, no member. */
static void put_notes(struct rv_report *r)
{
	struct rv_emit *e = &r->emit;

	if (r->facts->note_count == 0)
		return;
	rv_emit_open(e, "notes", '[');
	for (size_t i = 0; i < r->facts->note_count; i++)
		rv_emit_str(e, NULL, r->facts->notes[i]);
	rv_emit_close(e, ']');
}

void rv_report_json(struct rv_report *r)
{
	const struct rv_report_facts *facts = r->facts;
	struct rv_emit *e = &r->emit;

	e->spread = 2; /* a line for each member, and for each item of the lists */
	rv_emit_open(e, NULL, '{');
	rv_emit_str(e, "schema", SCHEMA);
	put_tool(r);
	put_scan(r);
	put_summary(r);
	rv_emit_open(e, "leaks", '[');
	for (size_t i = 0; i < facts->leak_count; i++) {
		if (rv_report_tells(&r->look, &facts->leaks[i]))
			put_leak(e, NULL, &facts->leaks[i]);
	}
	rv_emit_close(e, ']');
	rv_emit_open(e, "gaps", '[');
	for (size_t i = 0; i < facts->gap_count; i++)
		put_gap(e, NULL, &facts->gaps[i]);
	rv_emit_close(e, ']');
	rv_emit_open(e, "suppressions", '[');
	for (size_t i = 0; i < facts->suppression_count; i++)
		put_suppression(e, NULL, &facts->suppressions[i]);
	rv_emit_close(e, ']');
	put_notes(r);
	rv_emit_close(e, '}');
	rv_emit_raw(e, "\n");
}

/* Each line is an object with one member; the last one is the summary. */
void rv_report_jsonl(struct rv_report *r)
{
	const struct rv_report_facts *facts = r->facts;
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, NULL, '{');
	rv_emit_str(e, "schema", SCHEMA);
	put_tool(r);
	put_scan(r);
	rv_emit_close(e, '}');
	rv_emit_raw(e, "\n");
	for (size_t i = 0; i < facts->leak_count; i++) {
		if (!rv_report_tells(&r->look, &facts->leaks[i]))
			continue;
		rv_emit_open(e, NULL, '{');
		put_leak(e, "leak", &facts->leaks[i]);
		rv_emit_close(e, '}');
		rv_emit_raw(e, "\n");
	}
	for (size_t i = 0; i < facts->gap_count; i++) {
		rv_emit_open(e, NULL, '{');
		put_gap(e, "gap", &facts->gaps[i]);
		rv_emit_close(e, '}');
		rv_emit_raw(e, "\n");
	}
	for (size_t i = 0; i < facts->suppression_count; i++) {
		rv_emit_open(e, NULL, '{');
		put_suppression(e, "suppression", &facts->suppressions[i]);
		rv_emit_close(e, '}');
		rv_emit_raw(e, "\n");
	}
	for (size_t i = 0; i < facts->note_count; i++) {
		rv_emit_open(e, NULL, '{');
		rv_emit_str(e, "note", facts->notes[i]);
		rv_emit_close(e, '}');
		rv_emit_raw(e, "\n");
	}
	rv_emit_open(e, NULL, '{');
	put_summary(r);
	rv_emit_close(e, '}');
	rv_emit_raw(e, "\n");
}
