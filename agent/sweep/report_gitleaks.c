/* sweep: the report as gitleaks 8 writes its JSON: the same keys, types and order, for tools that
 * read it. Match and Secret are masked, always; Entropy is not computed and 0. Paths are as they
 * are, not escaped. */
#include "agent/sweep/report_parts.h"

static void put_raw_file(struct rv_emit *e, const struct rv_leak *leak)
{
	rv_emit_bytes(e, RV_AS_JSON, rv_report_bare(leak->path));
	if (leak->inside) {
		rv_emit_raw(e, "!");
		rv_emit_text(e, RV_AS_JSON, leak->inside);
	}
}

static void put_fingerprint(struct rv_emit *e, const struct rv_leak *leak)
{
	rv_emit_str_open(e, "Fingerprint");
	if (leak->first.id) {
		rv_emit_text(e, RV_AS_JSON, leak->first.id);
		rv_emit_raw(e, ":");
	}
	put_raw_file(e, leak);
	rv_emit_raw(e, ":");
	rv_emit_text(e, RV_AS_JSON, leak->rule->id);
	rv_emit_fmt(e, ":%u", leak->line);
	rv_emit_str_close(e);
}

/* Their texts are never absent. */
static const char *text_of(const char *text)
{
	return text ? text : "";
}

static void put_commit(struct rv_emit *e, const struct rv_leak_commit *commit)
{
	rv_emit_str(e, "Commit", text_of(commit->id));
	rv_emit_uint(e, "Entropy", 0);
	rv_emit_str(e, "Author", text_of(commit->author));
	rv_emit_str(e, "Email", text_of(commit->email));
	if (commit->at_utc_us > 0)
		rv_emit_time(e, "Date", commit->at_utc_us);
	else
		rv_emit_str(e, "Date", "");
	rv_emit_str(e, "Message", text_of(commit->message));
}

static void put_leak(struct rv_emit *e, const struct rv_leak *leak)
{
	rv_emit_open(e, NULL, '{');
	rv_emit_str(e, "RuleID", leak->rule->id);
	rv_emit_str(e, "Description", leak->rule->name);
	rv_emit_uint(e, "StartLine", leak->line);
	rv_emit_uint(e, "EndLine", leak->end_line);
	rv_emit_uint(e, "StartColumn", leak->column);
	rv_emit_uint(e, "EndColumn", leak->end_column ? leak->end_column - 1 : 0);
	rv_emit_str(e, "Match", leak->masked);
	rv_emit_str(e, "Secret", leak->masked);
	rv_emit_str_open(e, "File");
	put_raw_file(e, leak);
	rv_emit_str_close(e);
	rv_emit_str(e, "SymlinkFile", "");
	put_commit(e, &leak->first);
	rv_emit_open(e, "Tags", '[');
	rv_emit_close(e, ']');
	put_fingerprint(e, leak);
	rv_emit_close(e, '}');
}

void rv_report_gitleaks(struct rv_report *r)
{
	r->emit.spread = 2; /* as they indent it */
	rv_emit_open(&r->emit, NULL, '[');
	for (size_t i = 0; i < r->facts->leak_count; i++) {
		if (rv_report_tells(&r->look, &r->facts->leaks[i]))
			put_leak(&r->emit, &r->facts->leaks[i]);
	}
	rv_emit_close(&r->emit, ']');
	rv_emit_raw(&r->emit, "\n");
}
