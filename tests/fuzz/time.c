/* tests: fuzz target: a time that is read is written, and read again, as the same second. */
#include "agent/base/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_str input = {data, size};
	char text[RV_TIME_TEXT];
	int64_t us, again;

	if (rv_is_ok(rv_duration_parse(input, &us, NULL))) {
		if (us < 0)
			abort();
		rv_duration_text(us, text);
	}
	if (!rv_is_ok(rv_time_parse(input, &us, NULL)))
		return 0;
	rv_time_text(us, text);
	if (!rv_is_ok(rv_time_parse(rv_str_of(text), &again, NULL)))
		abort();
	/* A zone may lead out of the years that can be written; those are clamped. */
	if (again > us && us > INT64_C(-62167219200000000))
		abort();
	if (us - again >= RV_US_PER_S && us < INT64_C(253402300800000000))
		abort();
	return 0;
}
