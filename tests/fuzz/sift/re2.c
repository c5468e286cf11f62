/* tests: fuzz target: a regex either fails with a sentence or comes out as one that PCRE2 takes or
 * refuses with a sentence; what it says every match holds is in every match. */
#include "agent/sweep/re2.h"
#include "agent/sweep/pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_pattern *pattern = NULL;
	struct rv_re2_facts facts;
	struct rv_diag diag = {0};
	struct rv_buf out;

	rv_buf_init(&out, RV_RE2_TEXT_MAX);
	if (!rv_is_ok(rv_pattern_new(&pattern)))
		abort();
	rv_status status = rv_re2_translate((struct rv_str){data, size}, &out, &facts, &diag);
	const char *regex = rv_is_ok(status) ? rv_buf_cstr(&out) : NULL;
	if (regex)
		status = rv_pattern_add(pattern, regex, &diag);
	if (!rv_is_ok(status) && !diag.text[0])
		abort();
	/* A text without any byte of the literal cannot match. */
	if (regex && rv_is_ok(status) && facts.literal[0] &&
	    rv_pattern_matches(pattern, RV_STR_NONE))
		abort();
	rv_pattern_free(pattern);
	rv_buf_done(&out);
	return 0;
}
