/* tests: fuzz target: any lines; a reason lies inside of them. The first byte says where the value
 * ends, a NUL byte where the line above does. */
#include "agent/sweep/marker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rv_rule rule = {.id = "acme-key"};
	struct rv_marker_place place = {.rule = &rule};
	struct rv_marker marker;

	if (size == 0)
		return 0;
	const uint8_t *nul = memchr(data + 1, 0, size - 1);
	place.before = (struct rv_str){data + 1, nul ? (size_t)(nul - data) - 1 : 0};
	place.lines = nul ? (struct rv_str){nul + 1, (size_t)(data + size - nul) - 1}
			  : (struct rv_str){data + 1, size - 1};
	place.value_end = data[0];
	rv_marker_find(&place, &marker);
	if (marker.reason.len && (marker.reason.data < data || marker.reason.len > size ||
				  marker.reason.data + marker.reason.len > data + size))
		abort();
	if (marker.name && !rv_marker_in_line(place.lines) && !rv_marker_in_line(place.before))
		abort();
	return 0;
}
