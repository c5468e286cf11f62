/* sweep: see leaks.h. */
#include "agent/sweep/leaks.h"

#include "agent/scan/rule.h"

#include <stdio.h>
#include <stdlib.h>

#define BLOCK_BYTES 32768

struct rv_leaks_block {
	struct rv_leaks_block *next;
	size_t used, room;
	char bytes[];
};

void rv_leaks_done(struct rv_leaks *list)
{
	while (list->blocks) {
		struct rv_leaks_block *next = list->blocks->next;

		free(list->blocks);
		list->blocks = next;
	}
	free(list->items);
	free(list->gaps);
	free(list->suppressions);
	rv_values_done(&list->values);
	*list = (struct rv_leaks){0};
}

/* Room for one more in an array of `size` bytes an item; false: no memory. */
static bool grow(void **items, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return true;
	size_t more = *room ? *room * 2 : 32;
	void *moved = realloc(*items, more * size);

	if (!moved)
		return false;
	*items = moved;
	*room = more;
	return true;
}

struct rv_leak *rv_leaks_add(struct rv_leaks *list)
{
	void *items = list->items;

	if (list->count >= RV_LEAKS_MAX ||
	    !grow(&items, &list->room, list->count, sizeof(*list->items))) {
		list->is_full = true;
		return NULL;
	}
	list->items = items;
	struct rv_leak *leak = &list->items[list->count++];
	*leak = (struct rv_leak){.masked = "", .context = "", .fingerprint = "", .alive = -2};
	return leak;
}

const char *rv_leaks_text(struct rv_leaks *list, struct rv_str bytes)
{
	struct rv_leaks_block *block = list->blocks;

	if (!block || block->room - block->used <= bytes.len) {
		size_t room = bytes.len + 1 > BLOCK_BYTES ? bytes.len + 1 : BLOCK_BYTES;

		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		*block = (struct rv_leaks_block){.next = list->blocks, .room = room};
		list->blocks = block;
	}
	char *copy = block->bytes + block->used;
	if (bytes.len > 0)
		memcpy(copy, bytes.data, bytes.len);
	copy[bytes.len] = '\0';
	block->used += bytes.len + 1;
	return copy;
}

const char *rv_leaks_cstr(struct rv_leaks *list, const char *z)
{
	return z ? rv_leaks_text(list, rv_str_of(z)) : NULL;
}

/* Which limit it was, and how to go on. */
static const char *explain(struct rv_leaks *list, const char *reason, const char *detail)
{
	bool is_time = strcmp(reason, "time") == 0;
	const char *note = is_time				      ? list->time_note
			   : !detail && strcmp(reason, "memory") == 0 ? list->memory_note
								      : NULL;
	char both[256];

	if (!note)
		return rv_leaks_cstr(list, detail);
	if (!detail)
		return note;
	(void)snprintf(both, sizeof(both), "%s: %s", detail, note); /* cut */
	return rv_leaks_cstr(list, both);
}

void rv_leaks_gap(struct rv_leaks *list, struct rv_str path, const char *inside, const char *reason,
		  const char *detail)
{
	void *gaps = list->gaps;

	list->gap_total++;
	if (list->gap_count >= RV_GAPS_MAX ||
	    !grow(&gaps, &list->gap_room, list->gap_count, sizeof(*list->gaps)))
		return;
	list->gaps = gaps;
	const char *copy = rv_leaks_text(list, path);
	if (!copy)
		return;
	list->gaps[list->gap_count++] = (struct rv_gap){
		.path = {(const uint8_t *)copy, path.len},
		.inside = rv_leaks_cstr(list, inside),
		.reason = reason,
		.detail = explain(list, reason, detail),
	};
}

rv_status rv_leaks_suppression(struct rv_leaks *list, struct rv_str path, uint32_t line,
			       const char *what)
{
	void *items = list->suppressions;

	list->suppression_total++;
	if (list->suppression_count >= RV_SUPPRESSIONS_MAX)
		return RV_OK;
	if (!grow(&items, &list->suppression_room, list->suppression_count,
		  sizeof(*list->suppressions)))
		return rv_fail_nomem(NULL);
	list->suppressions = items;
	const char *copy = rv_leaks_text(list, path);
	const char *sort = rv_leaks_cstr(list, what);
	if (!copy || !sort)
		return rv_fail_nomem(NULL);
	list->suppressions[list->suppression_count++] = (struct rv_suppression){
		.path = {(const uint8_t *)copy, path.len}, .line = line, .what = sort};
	return RV_OK;
}

static rv_status append(void **items, size_t *count, size_t *room, const void *from,
			size_t from_count, size_t size)
{
	if (from_count == 0)
		return RV_OK;
	if (*room - *count < from_count) {
		size_t more = *count + from_count;
		void *moved = realloc(*items, more * size);

		if (!moved)
			return rv_fail_nomem(NULL);
		*items = moved;
		*room = more;
	}
	memcpy((char *)*items + *count * size, from, from_count * size);
	*count += from_count;
	return RV_OK;
}

rv_status rv_leaks_join(struct rv_leaks *list, struct rv_leaks *from)
{
	void *items = list->items;
	void *gaps = list->gaps;
	rv_status s = append(&items, &list->count, &list->room, from->items, from->count,
			     sizeof(*list->items));

	list->items = items;
	if (rv_is_ok(s))
		s = append(&gaps, &list->gap_count, &list->gap_room, from->gaps, from->gap_count,
			   sizeof(*list->gaps));
	list->gaps = gaps;
	void *suppressions = list->suppressions;
	if (rv_is_ok(s))
		s = append(&suppressions, &list->suppression_count, &list->suppression_room,
			   from->suppressions, from->suppression_count,
			   sizeof(*list->suppressions));
	list->suppressions = suppressions;
	if (rv_is_ok(s))
		s = rv_values_join(&list->values, &from->values);
	list->suppression_total += from->suppression_total;
	list->gap_total += from->gap_total;
	list->weak += from->weak;
	list->allowed += from->allowed;
	list->known += from->known;
	list->is_full |= from->is_full;
	struct rv_leaks_block **last = &list->blocks;
	while (*last)
		last = &(*last)->next;
	*last = from->blocks;
	from->blocks = NULL; /* the texts have moved */
	rv_leaks_done(from);
	return s;
}

void rv_leaks_weaken(struct rv_leaks *list, unsigned least, bool shows_all)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct rv_leak *leak = &list->items[i];
		bool is_weak = (leak->state == RV_LEAK_OPEN || leak->state == RV_LEAK_NEW_RULE) &&
			       leak->confidence < least;

		if (is_weak) {
			leak->state = RV_LEAK_WEAK;
			list->weak++;
		}
		if (!is_weak || shows_all)
			list->items[kept++] = *leak;
	}
	list->count = kept;
}

int rv_leaks_compare(struct rv_str a, struct rv_str b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

static int by_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int by_leak(const void *a, const void *b)
{
	const struct rv_leak *x = a;
	const struct rv_leak *y = b;
	int order = rv_leaks_compare(x->path, y->path);

	if (order == 0)
		order = by_text(x->inside, y->inside);
	if (order == 0 && x->offset != y->offset)
		order = x->offset < y->offset ? -1 : 1;
	if (order == 0)
		order = strcmp(x->rule->id, y->rule->id);
	if (order == 0)
		order = by_text(x->first.id, y->first.id);
	return order ? order : by_text(x->fingerprint, y->fingerprint);
}

static int by_gap(const void *a, const void *b)
{
	const struct rv_gap *x = a;
	const struct rv_gap *y = b;
	int order = rv_leaks_compare(x->path, y->path);

	if (order == 0)
		order = by_text(x->inside, y->inside);
	if (order == 0)
		order = strcmp(x->reason, y->reason);
	return order ? order : by_text(x->detail, y->detail);
}

/* Moves the first of each group of equals forward; gives how many are left. */
static size_t keep_one_of_each(void *items, size_t count, size_t size,
			       int (*compare)(const void *, const void *))
{
	char *base = items;
	size_t kept = count > 0;

	for (size_t i = 1; i < count; i++) {
		if (compare(base + (kept - 1) * size, base + i * size) == 0)
			continue;
		if (kept != i)
			memcpy(base + kept * size, base + i * size, size);
		kept++;
	}
	return kept;
}

void rv_leaks_sort(struct rv_leaks *list)
{
	size_t gaps = list->gap_count;

	if (list->count > 1)
		qsort(list->items, list->count, sizeof(*list->items), by_leak);
	if (list->gap_count > 1)
		qsort(list->gaps, list->gap_count, sizeof(*list->gaps), by_gap);
	list->count = keep_one_of_each(list->items, list->count, sizeof(*list->items), by_leak);
	list->gap_count =
		keep_one_of_each(list->gaps, list->gap_count, sizeof(*list->gaps), by_gap);
	list->gap_total -= gaps - list->gap_count;
}
