/* tests: fuzz target: a baseline either fails with a sentence or can be asked and, when it is ours,
 * written and read again to the same bytes. */
#include "agent/sweep/baseline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_again(struct rv_baseline *baseline)
{
	struct rv_baseline *again = NULL;
	struct rv_buf first, second;

	rv_buf_init(&first, RV_BASELINE_FILE_MAX);
	rv_buf_init(&second, RV_BASELINE_FILE_MAX);
	if (!rv_is_ok(rv_baseline_print(baseline, &first)) ||
	    !rv_is_ok(rv_baseline_parse(rv_buf_view(&first), "f", 0, &again, NULL)) ||
	    !rv_is_ok(rv_baseline_print(again, &second)) ||
	    !rv_str_equal(rv_buf_view(&first), rv_buf_view(&second)))
		abort();
	rv_buf_done(&first);
	rv_buf_done(&second);
	rv_baseline_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rv_rule rule = {.id = "acme-key"};
	const struct rv_baseline_question question = {
		.rule = &rule,
		.fingerprint = "rv1:0123456789abcdef0123456789abcdef",
		.path = RV_STR_LIT("a"),
		.value = RV_STR_LIT("b"),
		.line = 3};
	struct rv_baseline *baseline = NULL;
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_baseline_parse((struct rv_str){data, size}, "f", 0, &baseline, &diag))) {
		if (!diag.text[0] || baseline)
			abort();
		return 0;
	}
	(void)rv_baseline_match(baseline, &question, NULL); /* only that it ends */
	if (rv_baseline_salt(baseline))
		write_again(baseline);
	rv_baseline_free(baseline);
	return 0;
}
