/* sweep: see ledger.h. The file: "rvledg1\n", the key, the count, the digests ascending; all u64
 * little-endian. */
#include "agent/sweep/ledger.h"

#include "agent/base/fd.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define HEADER 24

static const char magic[8] = "rvledg1\n";

struct rv_ledger {
	char *path;
	uint64_t key;
	uint64_t *items; /* ascending */
	size_t count;
};

/* A mix of 64 bits (the finaliser of MurmurHash3, public domain by its author's word). */
static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v;
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

static uint64_t digest(const struct rv_ledger *ledger, const struct rv_walk_stat *s)
{
	uint64_t h = mix(ledger->key, s->dev);

	h = mix(h, s->ino);
	h = mix(h, s->size);
	h = mix(h, (uint64_t)s->mtime_ns);
	return mix(h, (uint64_t)s->ctime_ns);
}

static rv_status take(struct rv_ledger *ledger, struct rv_str text)
{
	if (text.len < HEADER || memcmp(text.data, magic, sizeof(magic)) != 0 ||
	    rv_get_u64(text.data + 8) != ledger->key)
		return RV_OK;
	uint64_t count = rv_get_u64(text.data + 16);
	if (count > RV_LEDGER_ENTRIES_MAX || count != (text.len - HEADER) / 8)
		return RV_OK;
	ledger->items = calloc(count + 1, sizeof(*ledger->items));
	if (!ledger->items)
		return rv_fail_nomem(NULL);
	for (size_t i = 0; i < count; i++) {
		ledger->items[i] = rv_get_u64(text.data + HEADER + 8 * i);
		if (i > 0 && ledger->items[i] < ledger->items[i - 1])
			return RV_OK; /* not as we write it: none of it counts */
	}
	ledger->count = count;
	return RV_OK;
}

rv_status rv_ledger_open(const char *path, uint64_t key, struct rv_ledger **out,
			 struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	struct rv_ledger *ledger = calloc(1, sizeof(*ledger));

	if (!ledger)
		return rv_fail_nomem(diag);
	ledger->key = key;
	ledger->path = strdup(path);
	rv_buf_init(&text, HEADER + 8 * (size_t)RV_LEDGER_ENTRIES_MAX);
	rv_status status = ledger->path ? RV_OK : rv_fail_nomem(diag);
	if (rv_is_ok(status) && access(path, F_OK) == 0)
		status = rv_file_read(path, text.max, &text, diag);
	if (rv_is_ok(status))
		status = take(ledger, rv_buf_view(&text));
	if (!rv_is_ok(status)) {
		rv_ledger_free(ledger);
		return status;
	}
	*out = ledger;
	return RV_OK;
}

void rv_ledger_free(struct rv_ledger *ledger)
{
	if (!ledger)
		return;
	free(ledger->path);
	free(ledger->items);
	free(ledger);
}

bool rv_ledger_has(const struct rv_ledger *ledger, const struct rv_walk_stat *stat)
{
	uint64_t wanted = digest(ledger, stat);
	size_t low = 0;
	size_t high = ledger->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ledger->items[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ledger->count && ledger->items[low] == wanted;
}

void rv_ledger_add(const struct rv_ledger *ledger, struct rv_ledger_list *list,
		   const struct rv_walk_stat *stat)
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 1024;
		uint64_t *more = room <= RV_LEDGER_ENTRIES_MAX
					 ? realloc(list->items, room * sizeof(*more))
					 : NULL;

		if (!more)
			return;
		list->items = more;
		list->room = room;
	}
	list->items[list->count++] = digest(ledger, stat);
}

void rv_ledger_list_done(struct rv_ledger_list *list)
{
	free(list->items);
	*list = (struct rv_ledger_list){0};
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static rv_status print(const struct rv_ledger *ledger, const uint64_t *items, size_t count,
		       struct rv_buf *out)
{
	RV_TRY(rv_buf_put(out, magic, sizeof(magic)));
	RV_TRY(rv_buf_put_u64(out, ledger->key));
	RV_TRY(rv_buf_put_u64(out, count));
	for (size_t i = 0; i < count; i++)
		RV_TRY(rv_buf_put_u64(out, items[i]));
	return RV_OK;
}

rv_status rv_ledger_save(const struct rv_ledger *ledger, const struct rv_ledger_list *lists,
			 size_t count, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	size_t total = 0;
	size_t at = 0;

	for (size_t i = 0; i < count; i++)
		total += lists[i].count;
	if (total > RV_LEDGER_ENTRIES_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "more files than a ledger holds");
	RV_CLEANUP(rv_freep) uint64_t *all = calloc(total + 1, sizeof(*all));
	if (!all)
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < count; i++) {
		if (lists[i].count > 0)
			memcpy(all + at, lists[i].items, lists[i].count * sizeof(*all));
		at += lists[i].count;
	}
	qsort(all, total, sizeof(*all), by_value);
	rv_buf_init(&text, HEADER + 8 * (size_t)RV_LEDGER_ENTRIES_MAX);
	RV_TRY(print(ledger, all, total, &text));
	return rv_file_replace(ledger->path, text.data, text.len, 0600, diag);
}
