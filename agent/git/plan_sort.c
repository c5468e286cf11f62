/* git: sorts the objects of a pack by offset, in linear time. Not here: their relations (plan.c).
 */
#include "agent/git/plan.h"

#define FEW 24 /* sorted by insertion */

struct place {
	uint64_t offset;
	uint32_t number;
};

static int by_offset(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static void sort_few(uint64_t *offsets, uint32_t *numbers, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		uint64_t offset = offsets[i];
		uint32_t number = numbers[i];
		size_t at = i;

		for (; at > 0 && offsets[at - 1] > offset; at--) {
			offsets[at] = offsets[at - 1];
			numbers[at] = numbers[at - 1];
		}
		offsets[at] = offset;
		numbers[at] = number;
	}
}

/* Only where somebody made an index for it. */
static rv_status sort_many(uint64_t *offsets, uint32_t *numbers, size_t count)
{
	RV_CLEANUP(rv_freep) struct place *places = calloc(count, sizeof(*places));

	if (!places)
		return rv_fail_nomem(NULL);
	for (size_t i = 0; i < count; i++)
		places[i] = (struct place){offsets[i], numbers[i]};
	qsort(places, count, sizeof(*places), by_offset);
	for (size_t i = 0; i < count; i++) {
		offsets[i] = places[i].offset;
		numbers[i] = places[i].number;
	}
	return RV_OK;
}

rv_status rv_git_plan_sort(struct rv_git_plan *plan)
{
	const struct rv_git_pack *pack = &plan->odb->packs[plan->pack];
	uint32_t at = 0;

	while (pack->len >> plan->shift > plan->count)
		plan->shift++;
	plan->bucket_count = (uint32_t)(pack->len >> plan->shift) + 1;
	plan->buckets = calloc((size_t)plan->bucket_count + 1, sizeof(*plan->buckets));
	if (!plan->buckets)
		return rv_fail_nomem(NULL);
	for (uint32_t n = 0; n < plan->count; n++)
		plan->buckets[rv_git_pack_offset(pack, n) >> plan->shift]++;
	for (uint32_t b = 0; b <= plan->bucket_count; b++) { /* counts become ends */
		at += plan->buckets[b];
		plan->buckets[b] = at;
	}
	for (uint32_t n = plan->count; n-- > 0;) { /* ends become beginnings */
		uint64_t offset = rv_git_pack_offset(pack, n);
		uint32_t rank = --plan->buckets[offset >> plan->shift];

		plan->offsets[rank] = offset;
		plan->numbers[rank] = n;
	}
	for (uint32_t b = 0; b < plan->bucket_count; b++) {
		uint32_t from = plan->buckets[b], count = plan->buckets[b + 1] - from;

		if (count <= FEW)
			sort_few(plan->offsets + from, plan->numbers + from, count);
		else
			RV_TRY(sort_many(plan->offsets + from, plan->numbers + from, count));
	}
	return RV_OK;
}

uint32_t rv_git_plan_rank(const struct rv_git_plan *plan, uint64_t offset)
{
	uint64_t bucket = offset >> plan->shift;
	uint32_t low, high;

	if (bucket >= plan->bucket_count)
		return RV_GIT_NONE;
	low = plan->buckets[bucket];
	high = plan->buckets[bucket + 1];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (plan->offsets[middle] < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < plan->count && plan->offsets[low] == offset ? low : RV_GIT_NONE;
}
