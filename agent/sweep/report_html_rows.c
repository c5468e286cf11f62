/* sweep: the findings of the HTML report, grouped by file. Not here: the page (report_html.c). */
#include "agent/sweep/report_html.h"

#include "agent/base/clock.h"

#define OPEN_MAX     300 /* rows told; with more, the groups are folded */
#define COMMIT_SHOWN 12

void rv_html_link(struct rv_report *r, const struct rv_rule *rule)
{
	const char *link = rv_report_link(rule);
	struct rv_emit *e = &r->emit;

	if (!link) {
		rv_emit_raw(e, "where it is used or issued");
		return;
	}
	rv_emit_raw(e, "<a rel=\"noreferrer noopener\" href=\"");
	rv_emit_text(e, RV_AS_XML, link);
	rv_emit_raw(e, "\">");
	rv_emit_text(e, RV_AS_XML, link);
	rv_emit_raw(e, "</a>");
}

static const char *tag_of(const struct rv_leak *leak)
{
	switch ((enum rv_leak_state)leak->state) {
	case RV_LEAK_OPEN:
		return rv_report_level(leak) == RV_LEVEL_ERROR ? "to settle" : "to settle, unsure";
	case RV_LEAK_NEW_RULE:
		return "new rule: only warns";
	case RV_LEAK_BASELINE:
		return "known";
	case RV_LEAK_ALLOWED:
		return "allowed";
	case RV_LEAK_WEAK:
		return "weak";
	case RV_LEAK__COUNT:
		break;
	}
	return "";
}

static void put_row_head(struct rv_report *r, const struct rv_leak *leak)
{
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, "<p class=\"head\"><span class=\"tag ");
	rv_emit_raw(e, rv_report_level_name(rv_report_level(leak)));
	rv_emit_raw(e, "\">");
	rv_emit_raw(e, tag_of(leak));
	rv_emit_raw(e, "</span> <span class=\"name\">");
	rv_emit_text(e, RV_AS_XML, leak->rule->name);
	rv_emit_raw(e, "</span> <code>");
	rv_emit_text(e, RV_AS_XML, leak->rule->id);
	rv_emit_raw(e, "</code> <span class=\"where\">");
	if (leak->line)
		rv_emit_fmt(e, "line %u, column %llu", leak->line,
			    (unsigned long long)leak->column);
	else
		rv_emit_fmt(e, "byte %llu", (unsigned long long)leak->offset);
	rv_emit_fmt(e, "</span> <span>%u%% sure</span></p>\n", leak->confidence);
}

/* The line, with the value marked where it is found in it. */
static void put_context(struct rv_report *r, const struct rv_leak *leak)
{
	struct rv_str rest = rv_str_of(*leak->context ? leak->context : leak->masked);
	struct rv_str mark = *leak->context ? rv_report_mark(leak) : rest;
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, "<pre><code>");
	if (mark.data) {
		size_t before = (size_t)(mark.data - rest.data);

		rv_emit_bytes(e, RV_AS_XML, (struct rv_str){rest.data, before});
		rv_emit_raw(e, "<mark>");
		rv_emit_bytes(e, RV_AS_XML, mark);
		rv_emit_raw(e, "</mark>");
		rest.data += before + mark.len;
		rest.len -= before + mark.len;
	}
	rv_emit_bytes(e, RV_AS_XML, rest);
	rv_emit_raw(e, "</code></pre>\n");
}

static void put_item(struct rv_emit *e, const char *label, const char *text)
{
	if (!text)
		return;
	rv_emit_raw(e, "<li><span class=\"quiet\">");
	rv_emit_raw(e, label);
	rv_emit_raw(e, "</span> ");
	rv_emit_text(e, RV_AS_XML, text);
	rv_emit_raw(e, "</li>\n");
}

static void put_commit(struct rv_emit *e, const char *label, const struct rv_leak_commit *commit)
{
	char when[RV_TIME_TEXT];
	size_t len;

	if (!commit->id)
		return;
	len = strlen(commit->id);
	rv_emit_raw(e, "<li><span class=\"quiet\">");
	rv_emit_raw(e, label);
	rv_emit_raw(e, "</span> <code>");
	rv_emit_bytes(e, RV_AS_XML,
		      (struct rv_str){(const uint8_t *)commit->id,
				      len > COMMIT_SHOWN ? COMMIT_SHOWN : len});
	rv_emit_raw(e, "</code>");
	if (commit->author) {
		rv_emit_raw(e, " by ");
		rv_emit_text(e, RV_AS_XML, commit->author);
	}
	if (commit->at_utc_us > 0) {
		rv_time_text(commit->at_utc_us, when);
		rv_emit_fmt(e, ", <time datetime=\"%s\">%.10s</time>", when, when);
	}
	if (commit->message) {
		rv_emit_raw(e, ": ");
		rv_emit_text(e, RV_AS_XML, commit->message);
	}
	rv_emit_raw(e, "</li>\n");
}

static void put_row(struct rv_report *r, const struct rv_leak *leak)
{
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, "<li>\n");
	put_row_head(r, leak);
	put_context(r, leak);
	rv_emit_raw(e, "<ul class=\"more\">\n");
	if (leak->inside) {
		rv_emit_raw(e, "<li><span class=\"quiet\">inside</span> <code>");
		rv_emit_path(e, RV_AS_XML, rv_str_of(leak->inside));
		rv_emit_raw(e, "</code></li>\n");
	}
	put_item(e, "asked:", rv_report_alive(leak));
	put_item(e, "proof:", leak->is_identified ? "its own structure" : NULL);
	put_item(e, "public id:", leak->public_id);
	put_item(e, "known offline:", leak->facts);
	put_item(e, "encoded:", leak->layers);
	if (leak->places)
		rv_emit_fmt(e, "<li><span class=\"quiet\">also in</span> %u more place%s</li>\n",
			    leak->places, leak->places == 1 ? "" : "s");
	put_commit(e, "added in", &leak->first);
	put_commit(e, "last in", &leak->last);
	put_item(e, "history:", rv_report_reach(leak));
	if (!leak->first.author)
		put_item(e, "owner:", leak->owner_hint);
	put_item(e, "why:", leak->note);
	rv_emit_raw(e, "</ul>\n</li>\n");
}

/* How many rows of the same file are told from here on. */
static size_t group_size(const struct rv_report *r, size_t from)
{
	const struct rv_leak *leaks = r->facts->leaks;
	size_t count = 0;

	for (size_t i = from; i < r->facts->leak_count; i++) {
		if (!rv_report_same_file(&leaks[from], &leaks[i]))
			break;
		count += rv_report_tells(&r->look, &leaks[i]);
	}
	return count;
}

static void put_group_head(struct rv_report *r, size_t at)
{
	size_t count = group_size(r, at);
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, r->tally.told > OPEN_MAX ? "<details>" : "<details open>");
	rv_emit_raw(e, "<summary><code>");
	rv_emit_path(e, RV_AS_XML, rv_report_bare(r->facts->leaks[at].path));
	rv_emit_fmt(e, "</code> <span class=\"quiet\">%zu finding%s</span></summary>\n", count,
		    count == 1 ? "" : "s");
	rv_emit_raw(e, "<ol class=\"rows\">\n");
}

void rv_html_rows(struct rv_report *r)
{
	const struct rv_leak *last = NULL;
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, "<section id=\"findings\" class=\"files\" aria-labelledby=\"findings-h\">\n"
		       "<h2 id=\"findings-h\">Findings</h2>\n");
	if (r->tally.told == 0)
		rv_emit_raw(e, "<p>None.</p>\n");
	for (size_t i = 0; i < r->facts->leak_count; i++) {
		const struct rv_leak *leak = &r->facts->leaks[i];

		if (!rv_report_tells(&r->look, leak))
			continue;
		if (!last || !rv_report_same_file(last, leak)) {
			rv_emit_raw(e, last ? "</ol></details>\n" : "");
			put_group_head(r, i);
		}
		put_row(r, leak);
		last = leak;
	}
	rv_emit_raw(e, last ? "</ol></details>\n" : "");
	rv_emit_raw(e, "</section>\n");
}
