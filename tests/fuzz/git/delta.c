/* tests: fuzzes deltas against a base of 256 bytes; segments must give what apply gives. */
#include "agent/git/delta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_git_segments segments = {0};
	struct rv_str delta = {data, size};
	uint64_t base_len = 0, len = 0;
	uint8_t base[256], *out;
	size_t at = 0, sum = 0;

	for (size_t i = 0; i < sizeof(base); i++)
		base[i] = (uint8_t)(i * 7);
	if (!rv_is_ok(rv_git_delta_sizes(delta, &base_len, &len, &at)) || len > 1 << 20)
		return 0;
	out = malloc(len ? (size_t)len : 1);
	if (!out)
		return 0;
	if (rv_is_ok(rv_git_delta_apply((struct rv_str){base, sizeof(base)}, delta, out,
					(size_t)len, &segments))) {
		for (size_t i = 0; i < segments.count; i++) {
			const struct rv_git_segment *s = &segments.items[i];

			if (s->at != sum || (s->base_at != RV_GIT_INSERTED &&
					     memcmp(base + s->base_at, out + s->at, s->len) != 0))
				abort();
			sum += s->len;
		}
		if (sum != len)
			abort();
	}
	rv_git_segments_done(&segments);
	free(out);
	return 0;
}
