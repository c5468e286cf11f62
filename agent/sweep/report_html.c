/* sweep: the report as one HTML page: no script, nothing from outside, WCAG 2.2 AA; light and dark.
 * Not here: a finding's row (report_html_rows.c), the style (report.css). */
#include "agent/sweep/report_html.h"

#include "agent/sweep/report_css.h"

#include "agent/base/clock.h"

static void put_head(struct rv_report *r)
{
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		       "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		       "style-src 'unsafe-inline'\">\n"
		       "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	rv_report_result(r);
	rv_emit_raw(e, " - reeve scan</title>\n<style>\n");
	rv_emit_raw(e, rv_report_css);
	rv_emit_raw(e, "</style>\n</head>\n<body>\n"
		       "<a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n<main>\n");
}

static void put_answer(struct rv_report *r)
{
	const struct rv_report_facts *facts = r->facts;
	uint64_t gaps = rv_report_gap_total(facts);
	bool is_warned = gaps || r->tally.of_state[RV_LEAK_NEW_RULE];
	struct rv_emit *e = &r->emit;
	char when[RV_TIME_TEXT];

	rv_emit_raw(e, "<div class=\"answer ");
	rv_emit_raw(e, r->tally.of_state[RV_LEAK_OPEN] ? "found"
		       : is_warned		       ? "incomplete"
						       : "clean");
	rv_emit_raw(e, "\">\n<h1>");
	if (gaps && r->tally.of_state[RV_LEAK_OPEN] == 0)
		rv_emit_raw(e, "Incomplete. ");
	rv_report_headline(r);
	rv_emit_raw(e, "</h1>\n");
	if (gaps)
		rv_emit_fmt(e,
			    "<p><strong>%llu not scanned whole</strong>: "
			    "<a href=\"#ledger\">the ledger</a>.</p>\n",
			    (unsigned long long)gaps);
	rv_emit_raw(e, "<p>Scanned <code>");
	rv_emit_text(e, RV_AS_XML, facts->target);
	rv_emit_raw(e, "</code> (");
	rv_emit_text(e, RV_AS_XML, facts->command);
	rv_emit_raw(e, "): ");
	rv_report_effort(r);
	if (facts->started_utc_us > 0) {
		rv_time_text(facts->started_utc_us, when);
		rv_emit_fmt(e, ", <time datetime=\"%s\">%.10s %.5s UTC</time>", when, when,
			    when + 11);
	}
	rv_emit_raw(e, ".</p>\n</div>\n");
}

static void put_count(struct rv_emit *e, uint64_t n, const char *label)
{
	rv_emit_fmt(e, "<div><dt>%s</dt><dd>%llu</dd></div>\n", label, (unsigned long long)n);
}

static void put_counts(struct rv_report *r)
{
	const size_t *of_state = r->tally.of_state;
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, "<dl class=\"counts\">\n");
	put_count(e, of_state[RV_LEAK_OPEN], "to settle");
	put_count(e, of_state[RV_LEAK_NEW_RULE], "by new rules");
	put_count(e, of_state[RV_LEAK_BASELINE], "known");
	put_count(e, of_state[RV_LEAK_ALLOWED], "allowed");
	put_count(e, of_state[RV_LEAK_WEAK], "weak");
	put_count(e, rv_report_gap_total(r->facts), "not scanned whole");
	rv_emit_raw(e, "</dl>\n");
}

static void put_nav(struct rv_report *r)
{
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, "<nav aria-label=\"On this page\"><ul>\n");
	if (r->tally.told)
		rv_emit_raw(e, "<li><a href=\"#next\">What to do</a></li>\n");
	rv_emit_raw(e, "<li><a href=\"#findings\">Findings</a></li>\n");
	if (r->tally.told)
		rv_emit_raw(e, "<li><a href=\"#rules\">Rules</a></li>\n");
	if (r->facts->suppression_count)
		rv_emit_raw(e, "<li><a href=\"#suppressions\">Suppressions</a></li>\n");
	rv_emit_raw(e, "<li><a href=\"#ledger\">Ledger</a></li>\n</ul></nav>\n");
}

static void put_next(struct rv_report *r)
{
	struct rv_emit *e = &r->emit;

	if (r->tally.told == 0)
		return;
	rv_emit_raw(e,
		    "<section id=\"next\" aria-labelledby=\"next-h\">\n"
		    "<h2 id=\"next-h\">What to do</h2>\n<ol class=\"steps\">\n"
		    "<li><strong>Roll the key first</strong>: removing it alone leaves it valid. "
		    "The <a href=\"#rules\">table of rules</a> has the page of each provider."
		    "</li>\n<li>Then take it out of the file, and read it from a store.</li>\n"
		    "<li>Only a test value? ");
	rv_report_excuse(r, "Say so on its line: <code>reeve:allow reason=\"…\"</code>");
	rv_emit_raw(e, "</li>\n<li>The same check on your machine: <code>");
	rv_report_again(r, RV_AS_XML);
	rv_emit_raw(e, "</code></li>\n</ol>\n</section>\n");
}

static void put_rules(struct rv_report *r)
{
	struct rv_emit *e = &r->emit;

	if (r->tally.told == 0)
		return;
	rv_emit_raw(e, "<section id=\"rules\" aria-labelledby=\"rules-h\">\n"
		       "<h2 id=\"rules-h\">Rules</h2>\n<div class=\"scroll\" tabindex=\"0\" "
		       "role=\"group\" aria-labelledby=\"rules-h\">\n<table>\n"
		       "<caption>Rules that found something, and where to roll it</caption>\n"
		       "<thead><tr><th scope=\"col\">Rule</th><th scope=\"col\">Roll it at</th>"
		       "<th scope=\"col\">What</th><th scope=\"col\">Provider</th>"
		       "<th scope=\"col\" class=\"number\">To settle</th>"
		       "<th scope=\"col\" class=\"number\">Listed</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->tally.rule_count; i++) {
		const struct rv_tally_rule *row = &r->tally.rules[i];

		rv_emit_raw(e, "<tr><th scope=\"row\"><code>");
		rv_emit_text(e, RV_AS_XML, row->rule->id);
		rv_emit_raw(e, "</code></th><td class=\"link\">");
		rv_html_link(r, row->rule);
		rv_emit_raw(e, "</td><td class=\"what\">");
		rv_emit_text(e, RV_AS_XML, row->rule->name);
		rv_emit_raw(e, "</td><td>");
		rv_emit_text(e, RV_AS_XML, row->rule->provider);
		rv_emit_fmt(e, "</td><td class=\"number\">%zu</td><td class=\"number\">%zu",
			    row->open, row->told);
		rv_emit_raw(e, "</td></tr>\n");
	}
	rv_emit_raw(e, "</tbody>\n</table>\n</div>\n</section>\n");
}

static void put_suppressions(struct rv_report *r)
{
	const struct rv_report_facts *facts = r->facts;
	struct rv_emit *e = &r->emit;
	uint64_t total = rv_report_suppression_total(facts);

	if (facts->suppression_count == 0)
		return;
	rv_emit_raw(e, "<section id=\"suppressions\" aria-labelledby=\"suppressions-h\">\n"
		       "<h2 id=\"suppressions-h\">Suppressions this change adds</h2>\n"
		       "<p>They have no effect on the check of the change itself.</p>\n<ul>\n");
	for (size_t i = 0; i < facts->suppression_count; i++) {
		rv_emit_raw(e, "<li><code>");
		rv_emit_path(e, RV_AS_XML, rv_report_bare(facts->suppressions[i].path));
		rv_emit_fmt(e, ":%u</code> ", facts->suppressions[i].line);
		rv_emit_text(e, RV_AS_XML, facts->suppressions[i].what);
		rv_emit_raw(e, "</li>\n");
	}
	if (total > facts->suppression_count)
		rv_emit_fmt(e, "<li>and %llu more, which are not listed</li>\n",
			    (unsigned long long)(total - facts->suppression_count));
	rv_emit_raw(e, "</ul>\n</section>\n");
}

static void put_gap(struct rv_report *r, const struct rv_gap *gap)
{
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, "<tr><th scope=\"row\" class=\"path\"><code>");
	rv_emit_path(e, RV_AS_XML, rv_report_bare(gap->path));
	if (gap->inside) {
		rv_emit_raw(e, gap->path.len ? "!" : "");
		rv_emit_path(e, RV_AS_XML, rv_str_of(gap->inside));
	}
	rv_emit_raw(e, "</code></th><td class=\"word\">");
	rv_emit_text(e, RV_AS_XML, gap->reason);
	rv_emit_raw(e, "</td><td class=\"what\">");
	rv_emit_text(e, RV_AS_XML, gap->detail);
	rv_emit_raw(e, "</td></tr>\n");
}

static void put_ledger(struct rv_report *r)
{
	const struct rv_report_facts *facts = r->facts;
	uint64_t total = rv_report_gap_total(facts);
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, "<section id=\"ledger\" aria-labelledby=\"ledger-h\">\n"
		       "<h2 id=\"ledger-h\">Not scanned whole</h2>\n");
	if (total == 0)
		rv_emit_raw(e, "<p>Nothing: everything was scanned whole.</p>\n");
	if (total > facts->gap_count)
		rv_emit_fmt(e, "<p>%zu of %llu are listed.</p>\n", facts->gap_count,
			    (unsigned long long)total);
	if (facts->gap_count) {
		rv_emit_raw(e, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" "
			       "aria-labelledby=\"ledger-h\">\n<table>\n"
			       "<caption>A secret may be in any of these</caption>\n<thead><tr>"
			       "<th scope=\"col\">What</th><th scope=\"col\">Why</th>"
			       "<th scope=\"col\">Detail</th></tr></thead>\n<tbody>\n");
		for (size_t i = 0; i < facts->gap_count; i++)
			put_gap(r, &facts->gaps[i]);
		rv_emit_raw(e, "</tbody>\n</table>\n</div>\n");
	}
	rv_emit_raw(e, "</section>\n");
}

void rv_report_html(struct rv_report *r)
{
	put_head(r);
	put_answer(r);
	put_counts(r);
	put_nav(r);
	put_next(r);
	rv_html_rows(r);
	put_rules(r);
	put_suppressions(r);
	put_ledger(r);
	rv_emit_raw(&r->emit, "</main>\n<footer>reeve ");
	rv_emit_text(&r->emit, RV_AS_XML, r->facts->version);
	rv_emit_fmt(&r->emit, ", %llu rules. Values are masked; the page holds no secret.",
		    (unsigned long long)r->facts->rules);
	rv_emit_raw(&r->emit, "</footer>\n</body>\n</html>\n");
}
