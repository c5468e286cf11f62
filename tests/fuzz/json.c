/* tests: fuzz target: the canonical form of the canonical form is itself. */
#include "agent/base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	RV_CLEANUP(rv_jsonp) json_t *j = NULL;
	RV_CLEANUP(rv_jsonp) json_t *again = NULL;
	struct rv_buf one, two;

	if (!rv_is_ok(rv_json_parse((struct rv_str){data, size}, &j, NULL)))
		return 0;
	rv_buf_init(&one, (size_t)64 << 20);
	rv_buf_init(&two, (size_t)64 << 20);
	if (rv_is_ok(rv_json_canonical(j, &one))) {
		if (!rv_is_ok(rv_json_parse(rv_buf_view(&one), &again, NULL)) ||
		    !rv_is_ok(rv_json_canonical(again, &two)) ||
		    !rv_str_equal(rv_buf_view(&one), rv_buf_view(&two)))
			abort();
	}
	rv_buf_done(&one);
	rv_buf_done(&two);
	return 0;
}
