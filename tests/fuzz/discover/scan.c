/* tests: fuzz target of the secret scanner: hits lie in the buffer, in order, and do not overlap.
 */
#include "agent/scan/scan.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct order {
	struct rv_str bytes;
	size_t end;
};

static rv_status on_hit(const struct rv_hit *hit, void *user)
{
	struct order *order = user;

	RV_BUG_ON(hit->start < order->end || hit->len == 0);
	RV_BUG_ON(hit->len > order->bytes.len || hit->start > order->bytes.len - hit->len);
	order->end = hit->start + hit->len;
	return RV_OK;
}

/* Made once: the fuzzer calls a million times. Never freed, reached from here. */
static struct rv_lane *the_lane(void)
{
	static struct rv_lane *lane;
	struct rv_scanner *scanner = NULL;

	if (lane)
		return lane;
	RV_BUG_ON(!rv_is_ok(rv_scanner_new_builtin(&scanner, NULL)));
	RV_BUG_ON(!rv_is_ok(rv_lane_new(scanner, &lane)));
	return lane;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct order order = {.bytes = {data, size}};

	for (unsigned flags = 0; flags <= RV_SCAN_MASK; flags++) {
		order.end = 0;
		rv_status s = rv_scan_buffer(the_lane(), order.bytes, flags, on_hit, &order);

		RV_BUG_ON(!rv_is_ok(s) && rv_class_of(s) != RV_CLASS_EXHAUSTED);
	}
	return 0;
}
