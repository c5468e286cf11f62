/* sweep: see carry.h. */
#include "agent/sweep/carry.h"

#include "agent/scan/decode_around.h"
#include "agent/sweep/secrets.h"
#include "agent/sweep/span.h"

#include <stdlib.h>

#define CUT_LOOK   4096 /* bytes of a match that was cut that are looked at again */
#define LINEAR_MAX 64	/* items that are gone through one by one */
#define RUN_EDGE   32	/* bytes beside a run: an escape, padding, a last line; groups stay whole */

void rv_carry_done(struct rv_carry *carry)
{
	free(carry->items);
	*carry = (struct rv_carry){0};
}

rv_status rv_carry_add(struct rv_carry *carry, const struct rv_carried *item)
{
	if (carry->count == carry->room) {
		size_t room = carry->room ? carry->room * 2 : 4;
		struct rv_carried *more = realloc(carry->items, room * sizeof(*more));

		if (!more)
			return rv_fail_nomem(NULL);
		carry->items = more;
		carry->room = room;
	}
	carry->items[carry->count++] = *item;
	return RV_OK;
}

void rv_carry_index_done(struct rv_carry_index *index)
{
	free(index->slots);
	*index = (struct rv_carry_index){0};
}

static bool is_same(const struct rv_carried *a, const struct rv_carried *b)
{
	return a->start == b->start && a->hash == b->hash;
}

/* Where it is, or the free slot that it belongs in; hashes are keyed. */
static uint32_t *slot_of(const struct rv_carry *carry, const struct rv_carry_index *index,
			 const struct rv_carried *item)
{
	uint64_t mixed = (item->hash ^ item->start) * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(mixed >> 32) & (index->room - 1);

	while (index->slots[at] && !is_same(&carry->items[index->slots[at] - 1], item))
		at = (at + 1) & (index->room - 1);
	return &index->slots[at];
}

/* Brings all items into it. */
static rv_status fill(struct rv_carry_index *index, const struct rv_carry *carry)
{
	size_t room = index->room ? index->room : 4 * LINEAR_MAX;

	while (room < 2 * (carry->count + 1))
		room *= 2;
	if (room > index->room) {
		uint32_t *slots = reallocarray(index->slots, room, sizeof(*slots));

		if (!slots)
			return rv_fail_nomem(NULL);
		index->slots = slots;
		index->room = room;
		index->count = 0;
	}
	if (index->count == 0)
		memset(index->slots, 0, index->room * sizeof(*index->slots));
	for (; index->count < carry->count; index->count++)
		*slot_of(carry, index, &carry->items[index->count]) = (uint32_t)index->count + 1;
	return RV_OK;
}

rv_status rv_carry_join(struct rv_carry *carry, struct rv_carry_index *index,
			const struct rv_carried *item)
{
	size_t at = 0;

	if (carry->count > LINEAR_MAX) {
		RV_TRY(fill(index, carry));
		uint32_t number = *slot_of(carry, index, item);
		at = number ? number - 1 : carry->count;
	} else {
		while (at < carry->count && !is_same(&carry->items[at], item))
			at++;
	}
	if (at == carry->count)
		return rv_carry_add(carry, item);
	carry->items[at].forms = rv_forms_join(carry->items[at].forms, item->forms);
	return RV_OK;
}

void rv_parts_done(struct rv_parts *parts)
{
	free(parts->items);
	*parts = (struct rv_parts){0};
}

static rv_status put_part(struct rv_parts *parts, size_t start, size_t end)
{
	if (parts->count == parts->room) {
		size_t room = parts->room ? parts->room * 2 : 16;
		struct rv_span *more = realloc(parts->items, room * sizeof(*more));

		if (!more)
			return rv_fail_nomem(NULL);
		parts->items = more;
		parts->room = room;
	}
	parts->items[parts->count++] = (struct rv_span){start, end};
	return RV_OK;
}

static bool continues(const struct rv_git_segment *before, const struct rv_git_segment *s)
{
	return before->base_at != RV_GIT_INSERTED && before->base_at + before->len == s->base_at;
}

/* Most lie beside the last. */
static inline rv_status add_part(struct rv_parts *parts, size_t start, size_t end, size_t len)
{
	struct rv_span *last = parts->count > 0 ? &parts->items[parts->count - 1] : NULL;

	start = start > RV_CARRY_REACH ? start - RV_CARRY_REACH : 0;
	end = end < len && len - end > RV_CARRY_ON ? end + RV_CARRY_ON : len;
	if (!last || start < last->start || start > last->end)
		return put_part(parts, start, end);
	if (end > last->end)
		last->end = end;
	return RV_OK;
}

/* Around insertions, and where two copies meet that did not. */
static rv_status add_changes(const struct rv_git_segment *segments, size_t count, size_t len,
			     size_t base_len, struct rv_parts *parts)
{
	for (size_t i = 0; i < count; i++) {
		const struct rv_git_segment *s = &segments[i];

		if (s->base_at == RV_GIT_INSERTED)
			RV_TRY(add_part(parts, s->at, (size_t)s->at + s->len, len));
		else if (i == 0 ? s->base_at != 0 : !continues(&segments[i - 1], s))
			RV_TRY(add_part(parts, s->at, s->at, len));
	}
	const struct rv_git_segment *last = count > 0 ? &segments[count - 1] : NULL;
	if (last && last->base_at != RV_GIT_INSERTED &&
	    (size_t)last->base_at + last->len != base_len)
		RV_TRY(add_part(parts, len, len, len));
	return RV_OK;
}

/* One value of the base and one copied run: carried whole, cut, or not of it. */
static rv_status carry_one(const struct rv_git_segment *s, const struct rv_carried *c, size_t len,
			   size_t base_len, struct rv_parts *parts, struct rv_carry *out)
{
	size_t from = c->match_start;
	size_t until = from + c->match_len;
	size_t value_end = (size_t)c->start + c->len;
	size_t s_end = (size_t)s->base_at + s->len;

	from = c->start < from ? c->start : from;
	until = value_end > until ? value_end : until;
	size_t wide_from = from > RV_CARRY_REACH ? from - RV_CARRY_REACH : 0;
	size_t wide_until = until + RV_CARRY_REACH < base_len ? until + RV_CARRY_REACH : base_len;
	if (wide_from >= s->base_at && wide_until <= s_end) {
		struct rv_carried moved = *c;

		moved.start = c->start - s->base_at + s->at;
		moved.match_start = c->match_start - s->base_at + s->at;
		return rv_carry_add(out, &moved);
	}
	if (until <= s->base_at || from >= s_end)
		return RV_OK;
	size_t cut_from = (from > s->base_at ? from : s->base_at) - s->base_at + s->at;
	size_t cut_until = (until < s_end ? until : s_end) - s->base_at + s->at;
	if (cut_until - cut_from > CUT_LOOK)
		cut_until = cut_from + CUT_LOOK;
	return add_part(parts, cut_from, cut_until, len);
}

/* Does a part that begins or ends at `at` cut what is encoded? Then from where to where it goes. */
static bool find_run(struct rv_decode_around *around, size_t at, struct rv_span *out)
{
	if (!rv_decode_may_cut(around->bytes, at))
		return false;
	*out = (struct rv_span){rv_decode_begin(around, at), rv_decode_end(around, at)};
	return out->end - out->start >= RV_DECODE_BASE64_MIN;
}

/* What is encoded is not decoded from its middle. True: a part has grown. */
static bool take_whole_runs(struct rv_parts *parts, struct rv_str bytes)
{
	struct rv_decode_around around = {.bytes = bytes};
	bool has_grown = false;
	struct rv_span run;

	for (size_t i = 0; i < parts->count; i++) {
		struct rv_span *part = &parts->items[i];

		if (find_run(&around, part->start, &run)) {
			part->start = run.start > RUN_EDGE ? run.start - RUN_EDGE : 0;
			has_grown = true;
		}
		if (find_run(&around, part->end, &run)) {
			size_t room = bytes.len - run.end;

			part->end = run.end + (room > RUN_EDGE ? RUN_EDGE : room);
			has_grown = true;
		}
	}
	return has_grown;
}

rv_status rv_carry_over(const struct rv_git_segment *segments, size_t segment_count,
			struct rv_str bytes, size_t base_len, const struct rv_carry *base,
			struct rv_parts *parts, struct rv_carry *out)
{
	size_t len = bytes.len;

	parts->count = 0;
	RV_TRY(add_changes(segments, segment_count, len, base_len, parts));
	for (size_t i = 0; base && base->count > 0 && i < segment_count; i++) {
		if (segments[i].base_at == RV_GIT_INSERTED)
			continue;
		for (size_t k = 0; k < base->count; k++)
			RV_TRY(carry_one(&segments[i], &base->items[k], len, base_len, parts, out));
	}
	parts->count = rv_spans_settle(parts->items, parts->count, true);
	if (take_whole_runs(parts, bytes))
		parts->count = rv_spans_settle(parts->items, parts->count, true);
	return RV_OK;
}
