/* sweep: see values.h. */
#include "agent/sweep/values.h"

#include <stdlib.h>

#define SLOTS_FIRST 256
#define WHOLE	    UINT64_C(0x9e3779b97f4a7c15) /* sets a whole value apart from a beginning */

static uint64_t step(uint64_t hash, uint8_t byte)
{
	hash = (hash ^ byte) * UINT64_C(0xff51afd7ed558ccd);
	return hash ^ (hash >> 32);
}

/* Never 0, which is a free slot. */
static uint64_t of_beginning(uint64_t hash)
{
	return hash | 1;
}

static uint64_t of_whole(uint64_t hash)
{
	return (hash * WHOLE) | 1;
}

void rv_values_done(struct rv_values *values)
{
	free(values->slots);
	*values = (struct rv_values){0};
}

static size_t slot_of(const struct rv_values *values, uint64_t hash)
{
	size_t at = (size_t)(hash >> 16) & values->mask;

	while (values->slots[at] != 0 && values->slots[at] != hash)
		at = (at + 1) & values->mask;
	return at;
}

static bool has(const struct rv_values *values, uint64_t hash)
{
	return values->slots[slot_of(values, hash)] == hash;
}

static rv_status grow(struct rv_values *values)
{
	size_t size = values->slots ? (values->mask + 1) * 2 : SLOTS_FIRST;
	uint64_t *old = values->slots;
	size_t old_size = old ? values->mask + 1 : 0;
	uint64_t *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return rv_fail_nomem(NULL);
	values->slots = slots;
	values->mask = size - 1;
	for (size_t i = 0; i < old_size; i++) {
		if (old[i] != 0)
			slots[slot_of(values, old[i])] = old[i];
	}
	free(old);
	return RV_OK;
}

static rv_status put(struct rv_values *values, uint64_t hash)
{
	if (!values->slots || values->count >= values->mask / 2)
		RV_TRY(grow(values));
	size_t at = slot_of(values, hash);
	values->count += values->slots[at] == 0;
	values->slots[at] = hash;
	return RV_OK;
}

static void note_len(struct rv_values *values, size_t len)
{
	values->lens[len / 64] |= UINT64_C(1) << (len % 64);
	if (len > values->longest)
		values->longest = len;
}

rv_status rv_values_add(struct rv_values *values, struct rv_str value)
{
	uint64_t hash = values->seed;

	if (value.len < RV_VALUES_LEAST || value.len > RV_VALUES_LONGEST)
		return RV_OK;
	values->is_full |= values->count / 2 >= RV_VALUES_MAX;
	if (values->is_full)
		return RV_OK;
	for (size_t i = 0; i < value.len; i++) {
		hash = step(hash, value.data[i]);
		if (i + 1 == RV_VALUES_LEAST)
			RV_TRY(put(values, of_beginning(hash)));
	}
	RV_TRY(put(values, of_whole(hash)));
	note_len(values, value.len);
	return RV_OK;
}

rv_status rv_values_join(struct rv_values *values, const struct rv_values *from)
{
	values->seed = from->seed ? from->seed : values->seed;
	for (size_t i = 0; from->slots && i <= from->mask; i++) {
		values->is_full |= values->count / 2 >= RV_VALUES_MAX;
		if (from->slots[i] != 0 && !values->is_full)
			RV_TRY(put(values, from->slots[i]));
	}
	values->is_full |= from->is_full;
	for (size_t i = 0; i < RV_LEN(values->lens); i++)
		values->lens[i] |= from->lens[i];
	if (from->longest > values->longest)
		values->longest = from->longest;
	return RV_OK;
}

/* The longest value that begins here; 0: none. */
static size_t longest_at(const struct rv_values *values, struct rv_str text, size_t *steps)
{
	size_t most = text.len < values->longest ? text.len : values->longest;
	uint64_t hash = values->seed;
	size_t found = 0;

	for (size_t i = 0; i < most; i++) {
		hash = step(hash, text.data[i]);
		size_t len = i + 1;

		if (len == RV_VALUES_LEAST && !has(values, of_beginning(hash)))
			return 0;
		if (((values->lens[len / 64] >> (len % 64)) & 1) && has(values, of_whole(hash)))
			found = len;
		++*steps;
	}
	return found;
}

bool rv_values_find(const struct rv_values *values, struct rv_str text,
		    void (*fn)(void *user, size_t start, size_t end), void *user)
{
	size_t steps = 0;

	if (values->is_full)
		return false;
	if (values->count == 0)
		return true;
	for (size_t at = 0; at + RV_VALUES_LEAST <= text.len; at++) {
		struct rv_str rest = {text.data + at, text.len - at};
		size_t len = longest_at(values, rest, &steps);

		if (len > 0)
			fn(user, at, at + len);
		if (steps > RV_VALUES_STEPS)
			return false;
	}
	return true;
}
