/* tests: prints a sample as a report: report_sample FORMAT SAMPLE|NUMBER [WIDTH [color|told]]. */
#include "tests/support/dir.h"
#include "tests/unit/sweep/sample.h"

int main(int argc, char **argv)
{
	struct rv_report_look look = {.shows_all = true, .width = 80};
	struct rv_diag diag = {0};
	const struct rv_report_facts *facts;
	struct rv_report_facts many = {0};
	enum rv_report_format format;

	if (argc < 3)
		rvt_die("usage: report_sample FORMAT SAMPLE|NUMBER [WIDTH [color|told]]");
	format = rv_report_format_of(argv[1]);
	if (format == RV_REPORT__COUNT)
		rvt_die("no such format: %s", argv[1]);
	facts = sample_facts(argv[2]);
	if (!facts) {
		many = sample_many((size_t)strtoul(argv[2], NULL, 10));
		facts = &many;
	}
	if (argc > 3)
		look.width = (unsigned)strtoul(argv[3], NULL, 10);
	look.has_color = argc > 4 && strcmp(argv[4], "color") == 0;
	look.shows_all = !(argc > 4 && strcmp(argv[4], "told") == 0);
	if (!rv_is_ok(rv_report_write(format, facts, &look, stdout, &diag)))
		rvt_die("%s", diag.text);
	if (many.leaks)
		sample_many_done(&many);
	return 0;
}
