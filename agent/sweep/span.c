/* sweep: see span.h. */
#include "agent/sweep/span.h"

#include <stdlib.h>

static int by_start(const void *a, const void *b)
{
	const struct rv_span *x = a;
	const struct rv_span *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/* Most come so. */
static bool are_in_order(const struct rv_span *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (by_start(&items[i - 1], &items[i]) > 0)
			return false;
	}
	return true;
}

size_t rv_spans_settle(struct rv_span *items, size_t count, bool joins_touching)
{
	size_t kept = 0;

	if (!are_in_order(items, count))
		qsort(items, count, sizeof(*items), by_start);
	for (size_t i = 0; i < count; i++) {
		struct rv_span *last = kept > 0 ? &items[kept - 1] : NULL;

		if (!last || items[i].start > last->end ||
		    (items[i].start == last->end && !joins_touching))
			items[kept++] = items[i];
		else if (items[i].end > last->end)
			last->end = items[i].end;
	}
	return kept;
}
