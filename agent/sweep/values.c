/* sweep: see values.h. */
#include "agent/sweep/values.h"

#include <ctype.h>
#include <stdlib.h>

#define SLOTS_FIRST 256
/* Beginnings and ends are kept of two lengths: RV_VALUES_LEAST, and this, which tells those apart
 * that begin or end alike ("https:"). */
#define PIECE 24
#define WHOLE UINT64_C(0x9e3779b97f4a7c15) /* set whole values, beginnings and ends apart */
#define TAIL  UINT64_C(0xc2b2ae3d27d4eb4f)

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

static uint64_t of_end(uint64_t hash)
{
	return (hash * TAIL) | 1;
}

static uint64_t hash_of(const struct rv_values *values, const uint8_t *bytes, size_t len)
{
	uint64_t hash = values->seed;

	for (size_t i = 0; i < len; i++)
		hash = step(hash, bytes[i]);
	return hash;
}

void rv_values_done(struct rv_values *values)
{
	free(values->slots);
	*values = (struct rv_values){0};
}

void rv_values_forget(struct rv_values *values)
{
	uint64_t seed = values->seed;

	if (!values->slots)
		return;
	rv_values_done(values);
	values->seed = seed;
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

/* Full by how many there are, not by who came when: lists that are joined in any order agree. */
static rv_status put(struct rv_values *values, uint64_t hash)
{
	if (values->is_full)
		return RV_OK;
	if (!values->slots || values->count >= values->mask / 2)
		RV_TRY(grow(values));
	size_t at = slot_of(values, hash);
	values->count += values->slots[at] == 0;
	values->slots[at] = hash;
	values->is_full = values->count > RV_VALUES_MAX;
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
	static const size_t pieces[] = {RV_VALUES_LEAST, PIECE};

	if (value.len < RV_VALUES_LEAST || value.len > RV_VALUES_LONGEST)
		return RV_OK;
	for (size_t i = 0; i < RV_LEN(pieces) && pieces[i] <= value.len; i++) {
		const uint8_t *end = value.data + value.len - pieces[i];

		RV_TRY(put(values, of_beginning(hash_of(values, value.data, pieces[i]))));
		RV_TRY(put(values, of_end(hash_of(values, end, pieces[i]))));
	}
	RV_TRY(put(values, of_whole(hash_of(values, value.data, value.len))));
	note_len(values, value.len);
	return RV_OK;
}

rv_status rv_values_join(struct rv_values *values, const struct rv_values *from)
{
	values->seed = from->seed ? from->seed : values->seed;
	for (size_t i = 0; from->slots && i <= from->mask; i++) {
		if (from->slots[i] != 0)
			RV_TRY(put(values, from->slots[i]));
	}
	values->is_full |= from->is_full;
	for (size_t i = 0; i < RV_LEN(values->lens); i++)
		values->lens[i] |= from->lens[i];
	if (from->longest > values->longest)
		values->longest = from->longest;
	return RV_OK;
}

static bool is_len(const struct rv_values *values, size_t len)
{
	return ((values->lens[len / 64] >> (len % 64)) & 1) != 0;
}

/* Does the text go on to its end without a blank? */
static bool is_one_word(struct rv_str text, size_t from)
{
	while (from < text.len && !isspace(text.data[from]))
		from++;
	return from == text.len;
}

/* The longest value that begins here, or all that is left when it may begin one; 0: none. */
static size_t longest_at(const struct rv_values *values, struct rv_str text, unsigned cut,
			 size_t *steps)
{
	size_t most = text.len < values->longest ? text.len : values->longest;
	bool may_go_on = (cut & RV_CUT_BACK) && text.len < values->longest;
	uint64_t hash = values->seed;
	size_t found = 0;

	for (size_t i = 0; i < most; i++) {
		hash = step(hash, text.data[i]);
		size_t len = i + 1;

		if (len == RV_VALUES_LEAST && !has(values, of_beginning(hash)))
			return 0;
		if (len == PIECE && !has(values, of_beginning(hash)))
			may_go_on = false;
		if (is_len(values, len) && has(values, of_whole(hash)))
			found = len;
		++*steps;
	}
	/* One that is there is not all of another, unless nothing sets off what follows it. */
	if (may_go_on && text.len >= RV_VALUES_LEAST && (found == 0 || is_one_word(text, found)))
		return text.len;
	return found;
}

static bool ends_at(const struct rv_values *values, struct rv_str text, size_t end, size_t len)
{
	return has(values, of_end(hash_of(values, text.data + end - len, len)));
}

static bool is_whole_before(const struct rv_values *values, struct rv_str text, size_t end,
			    size_t *steps)
{
	for (size_t start = 0; start + RV_VALUES_LEAST <= end; start++) {
		if (!is_len(values, end - start))
			continue;
		*steps += end - start;
		if (has(values, of_whole(hash_of(values, text.data + start, end - start))))
			return true;
	}
	return false;
}

/* How much of the text may be the rest of a value that began before it; 0: nothing. */
static size_t rest_of_one(const struct rv_values *values, struct rv_str text, size_t *steps)
{
	size_t end = text.len < values->longest ? text.len : values->longest - 1;

	for (; end >= RV_VALUES_LEAST; end--) {
		*steps += RV_VALUES_LEAST;
		if (ends_at(values, text, end, RV_VALUES_LEAST) &&
		    (end < PIECE || ends_at(values, text, end, PIECE)) &&
		    !is_whole_before(values, text, end, steps))
			return end;
		if (*steps > RV_VALUES_STEPS)
			return 0; /* the caller sees it too */
	}
	return 0;
}

bool rv_values_find(const struct rv_values *values, struct rv_str text, unsigned cut,
		    void (*fn)(void *user, size_t start, size_t end), void *user)
{
	size_t steps = 0;

	if (values->is_full)
		return false;
	if (values->count == 0)
		return true;
	size_t rest = cut & RV_CUT_FRONT ? rest_of_one(values, text, &steps) : 0;
	if (rest > 0)
		fn(user, 0, rest);
	for (size_t at = 0; at + RV_VALUES_LEAST <= text.len; at++) {
		struct rv_str left = {text.data + at, text.len - at};
		size_t len = longest_at(values, left, cut, &steps);

		if (len > 0)
			fn(user, at, at + len);
		if (steps > RV_VALUES_STEPS)
			return false;
	}
	return true;
}
