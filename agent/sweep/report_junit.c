/* sweep: the report as JUnit XML, which Jenkins and GitLab read: one suite, a failed case for each
 * finding, a skipped one for each that does not count, a passed one when nothing was found, and a
 * case for the ledger (an error under --strict). */
#include "agent/sweep/report_parts.h"

#include "agent/base/clock.h"

#define GAPS_NAMED 100

static size_t failures(const struct rv_report *r)
{
	return r->tally.of_state[RV_LEAK_OPEN];
}

static void put_counts(struct rv_report *r)
{
	bool is_incomplete = rv_report_is_incomplete(r->facts);
	size_t cases = r->tally.told + (failures(r) == 0) + is_incomplete;
	size_t errors = is_incomplete && !rv_report_succeeded(r);
	size_t skipped = r->tally.told - failures(r) + (is_incomplete && rv_report_succeeded(r));
	int64_t us = r->facts->took_us > 0 ? r->facts->took_us : 0;

	rv_emit_fmt(&r->emit, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
		    cases, failures(r), errors, skipped);
	rv_emit_fmt(&r->emit, " time=\"%lld.%03u\"", (long long)(us / RV_US_PER_S),
		    (unsigned)(us / 1000 % 1000));
}

static void put_body(struct rv_report *r, const struct rv_leak *leak)
{
	struct rv_emit *e = &r->emit;

	rv_report_where(r, RV_AS_XML, leak);
	rv_emit_raw(e, "\n");
	rv_emit_text(e, RV_AS_XML, leak->context);
	rv_emit_raw(e, "\n");
	if (leak->first.id) {
		rv_emit_raw(e, "added in ");
		rv_emit_text(e, RV_AS_XML, leak->first.id);
		rv_emit_raw(e, " by ");
		rv_emit_text(e, RV_AS_XML, leak->first.author);
		rv_emit_raw(e, "\n");
	}
	rv_report_advice(r, RV_AS_XML, leak->rule);
	rv_emit_raw(e, "\n");
}

static void put_case(struct rv_report *r, const struct rv_leak *leak)
{
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, "    <testcase classname=\"");
	rv_report_file(r, RV_AS_XML, leak);
	rv_emit_raw(e, "\" name=\"");
	rv_emit_text(e, RV_AS_XML, leak->rule->id);
	rv_emit_raw(e, " at ");
	rv_report_where(r, RV_AS_XML, leak);
	rv_emit_raw(e, "\" file=\"");
	rv_emit_path(e, RV_AS_XML, rv_report_bare(leak->path));
	rv_emit_raw(e, "\" time=\"0\">\n");
	if (leak->state == RV_LEAK_OPEN) {
		rv_emit_raw(e, "      <failure type=\"");
		rv_emit_text(e, RV_AS_XML, leak->rule->id);
		rv_emit_raw(e, "\" message=\"");
		rv_report_sentence(r, RV_AS_XML, leak);
		rv_emit_raw(e, "\">");
		put_body(r, leak);
		rv_emit_raw(e, "</failure>\n");
	} else {
		rv_emit_raw(e, "      <skipped message=\"");
		rv_emit_text(e, RV_AS_XML, rv_leak_state_name((enum rv_leak_state)leak->state));
		rv_emit_raw(e, ": ");
		rv_report_sentence(r, RV_AS_XML, leak);
		if (leak->note) {
			rv_emit_raw(e, ". ");
			rv_emit_text(e, RV_AS_XML, leak->note);
		}
		rv_emit_raw(e, "\"/>\n");
	}
	rv_emit_raw(e, "    </testcase>\n");
}

static void put_ledger(struct rv_report *r)
{
	const struct rv_report_facts *facts = r->facts;
	const char *element = rv_report_succeeded(r) ? "skipped" : "error";
	struct rv_emit *e = &r->emit;

	if (!rv_report_is_incomplete(facts))
		return;
	rv_emit_raw(e,
		    "    <testcase classname=\"reeve scan\" name=\"everything was scanned whole\" "
		    "time=\"0\">\n      <");
	rv_emit_raw(e, element);
	rv_emit_fmt(e, " message=\"%llu not scanned whole\">\n",
		    (unsigned long long)rv_report_gap_total(facts));
	for (size_t i = 0; i < facts->gap_count && i < GAPS_NAMED; i++) {
		rv_report_gap(r, RV_AS_XML, &facts->gaps[i]);
		rv_emit_raw(e, "\n");
	}
	rv_emit_raw(e, "</");
	rv_emit_raw(e, element);
	rv_emit_raw(e, ">\n    </testcase>\n");
}

void rv_report_junit(struct rv_report *r)
{
	struct rv_emit *e = &r->emit;
	char started[RV_TIME_TEXT] = "";

	rv_emit_raw(e, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"reeve\"");
	put_counts(r);
	rv_emit_raw(e, ">\n  <testsuite name=\"reeve scan\"");
	put_counts(r);
	if (r->facts->started_utc_us > 0) {
		/* Without the zone: the format's readers know no other. */
		rv_time_text(r->facts->started_utc_us, started);
		rv_emit_fmt(e, " timestamp=\"%.19s\"", started);
	}
	rv_emit_raw(e, ">\n");
	if (failures(r) == 0)
		rv_emit_raw(e, "    <testcase classname=\"reeve scan\" name=\"no secrets found\" "
			       "time=\"0\"/>\n");
	for (size_t i = 0; i < r->facts->leak_count; i++) {
		if (rv_report_tells(&r->look, &r->facts->leaks[i]))
			put_case(r, &r->facts->leaks[i]);
	}
	put_ledger(r);
	rv_emit_raw(e, "  </testsuite>\n</testsuites>\n");
}
