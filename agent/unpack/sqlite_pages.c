/* unpack: pages, cells and records of the SQLite 3 file format (sqlite.org/fileformat2.html). Not
 * here: how rows become members (sqlite_walk.c). */
#include "agent/unpack/sqlite_pages.h"

#include "agent/unpack/sqlite_cells.h"

#include <stdlib.h>

#define INNER_TABLE 0x05
#define STACK_MAX   4096 /* pages of one tree waiting to be read */

struct table {
	uint8_t name[RV_SQLITE_NAME_MAX];
	uint8_t name_len;
	uint32_t root;
};

struct reader {
	struct rv_sqlite_cells cells; /* the first: its hooks are given no other */
	const struct rv_flow *flow;
	uint8_t *room[2]; /* of a file: a page of a tree, and one on which a row goes on */
	uint32_t pages;
	uint8_t *seen;	      /* a bit per page */
	struct rv_buf tables; /* of struct table */
	struct table table;   /* of the row of the schema at hand */
};

/* Page n (from 1), until the next is asked for by the same room; NULL: it cannot be read. */
static const uint8_t *page_at(const struct reader *r, uint32_t n, unsigned room)
{
	size_t size = r->cells.page_size;
	uint64_t at = (uint64_t)(n - 1) * size;

	if (r->flow->is_memory)
		return r->flow->bytes.data + at;
	return rv_flow_peek(r->flow, at, r->room[room], size) == size ? r->room[room] : NULL;
}

/* One that was not taken before. The last may be cut short: not read. */
static const uint8_t *take(struct reader *r, uint32_t n, unsigned room)
{
	if (!n || n > r->pages || r->seen[n / 8] & 1U << n % 8)
		return NULL;
	r->seen[n / 8] = (uint8_t)(r->seen[n / 8] | 1U << n % 8);
	return page_at(r, n, room);
}

static const uint8_t *take_next(struct rv_sqlite_cells *cells, uint32_t n)
{
	return take((struct reader *)cells, n, 1);
}

/* A row of the schema: its second value is a name, its fourth the root page. */
static void note_table(struct rv_sqlite_cells *cells, unsigned column, uint64_t serial,
		       struct rv_str value)
{
	struct reader *r = (struct reader *)cells;
	struct table *table = &r->table;

	if (column == 0)
		*table = (struct table){0};
	if (column == 1) {
		size_t len = value.len < RV_SQLITE_NAME_MAX ? value.len : RV_SQLITE_NAME_MAX;

		table->name_len = (uint8_t)len;
		if (len)
			memcpy(table->name, value.data, len);
	}
	if (column != 3 || serial < 1 || serial > 4)
		return;
	table->root = 0;
	for (size_t i = 0; i < value.len; i++)
		table->root = table->root << 8 | value.data[i];
	if (table->root > 1 && r->tables.len < r->tables.max)
		rv_sqlite_check(cells, rv_buf_put(&r->tables, table, sizeof(*table)));
}

/* Below an inner page; false: there is no room to remember all. */
static bool push_children(struct reader *r, const uint8_t *page, size_t header, uint32_t *stack,
			  size_t *depth)
{
	size_t cells = rv_sqlite_big16(page + header + 3);

	for (size_t i = 0; i <= cells; i++) {
		size_t pointer = header + 12 + 2 * i;
		size_t at = header + 8; /* the right-most */

		if (i < cells)
			at = pointer + 2 <= r->cells.usable ? rv_sqlite_big16(page + pointer)
							    : SIZE_MAX;
		if (at > r->cells.usable - 4 || *depth == STACK_MAX)
			return false;
		stack[(*depth)++] = rv_sqlite_big32(page + at);
	}
	return true;
}

/* The tree of one table. Pages are taken once, so that no cycle is followed. */
static void read_tree(struct reader *r, uint32_t root)
{
	static const uint32_t none = 0;
	RV_CLEANUP(rv_freep) uint32_t *stack = calloc(STACK_MAX, sizeof(none));
	size_t depth = 0;

	if (!stack) {
		rv_sqlite_check(&r->cells, rv_fail_nomem(NULL));
		return;
	}
	r->cells.is_damaged = false;
	stack[depth++] = root;
	while (depth && !r->cells.is_stopped) {
		uint32_t n = stack[--depth];
		const uint8_t *page = take(r, n, 0);
		size_t header = n == 1 ? RV_SQLITE_HEADER : 0;

		if (!page)
			rv_sqlite_damage(&r->cells);
		else if (page[header] == RV_SQLITE_LEAF_TABLE)
			rv_sqlite_read_leaf(&r->cells, page, header);
		else if (page[header] != INNER_TABLE ||
			 !push_children(r, page, header, stack, &depth))
			rv_sqlite_damage(&r->cells);
	}
}

/* Trees of indexes are no tables: their roots are left for the rest. */
static bool is_table(const struct reader *r, uint32_t root)
{
	const uint8_t *page = root && root <= r->pages ? page_at(r, root, 0) : NULL;
	uint8_t type = page ? *page : 0;

	return type == RV_SQLITE_LEAF_TABLE || type == INNER_TABLE;
}

static void read_tables(struct reader *r)
{
	r->cells.on_column = note_table;
	r->cells.is_stopped = !r->cells.events->on_table(rv_str_of("sqlite_schema"), r->cells.user);
	read_tree(r, 1);
	r->cells.on_column = NULL;
	for (size_t at = 0; at < r->tables.len && !r->cells.is_stopped;
	     at += sizeof(struct table)) {
		struct table table;

		memcpy(&table, r->tables.data + at, sizeof(table));
		if (!is_table(r, table.root))
			continue;
		r->cells.is_stopped = !r->cells.events->on_table(
			(struct rv_str){table.name, table.name_len}, r->cells.user);
		if (!r->cells.is_stopped)
			read_tree(r, table.root);
	}
}

static void read_rest(struct reader *r)
{
	for (uint32_t n = 1; n <= r->pages && !r->cells.is_stopped; n++) {
		const uint8_t *page = page_at(r, n, 0);
		size_t header = n == 1 ? RV_SQLITE_HEADER : 0;

		if (!page)
			rv_sqlite_damage(&r->cells);
		else if (!(r->seen[n / 8] & 1U << n % 8))
			rv_sqlite_tell_rest(&r->cells, page, r->cells.page_size);
		else if (page[header] == RV_SQLITE_LEAF_TABLE)
			rv_sqlite_read_free_space(&r->cells, page, header);
	}
	/* The last page, cut short. */
	uint64_t end = (uint64_t)r->pages * r->cells.page_size;
	if (r->flow->is_memory)
		rv_sqlite_tell_rest(&r->cells, r->flow->bytes.data + end,
				    (size_t)(r->flow->bytes.len - end));
	else
		rv_sqlite_tell_rest(&r->cells, r->room[0],
				    rv_flow_peek(r->flow, end, r->room[0], r->cells.page_size));
}

/* What the header says, and memory for it. */
static rv_status open_up(struct reader *r)
{
	struct rv_sqlite_cells *cells = &r->cells;
	uint64_t len = rv_flow_len(r->flow);
	uint8_t head[RV_SQLITE_HEADER];

	if (rv_flow_peek(r->flow, 0, head, sizeof(head)) < sizeof(head) ||
	    memcmp(head, "SQLite format 3", 16) != 0)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "no SQLite 3 database");
	cells->page_size = rv_sqlite_page_size(rv_sqlite_big16(head + 16));
	if (!cells->page_size || head[20] > 32)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "no SQLite 3 database");
	cells->usable = cells->page_size - head[20];
	r->pages = len / cells->page_size > UINT32_MAX - 8 ? UINT32_MAX - 8
							   : (uint32_t)(len / cells->page_size);
	cells->encoding = rv_sqlite_big32(head + 56);
	if (cells->encoding != RV_SQLITE_UTF16LE && cells->encoding != RV_SQLITE_UTF16BE)
		cells->encoding = RV_SQLITE_UTF8;
	r->seen = calloc(r->pages / 8 + 1, 1);
	for (size_t i = 0; i < RV_LEN(r->room) && !r->flow->is_memory; i++)
		r->room[i] = malloc(cells->page_size);
	if (!r->seen || (!r->flow->is_memory && (!r->room[0] || !r->room[1])))
		return rv_fail_nomem(NULL);
	rv_sqlite_cells_init(cells, r->flow->is_memory ? (size_t)len : RV_SQLITE_ROW_MAX);
	return RV_OK;
}

rv_status rv_sqlite_read(const struct rv_flow *flow, const struct rv_sqlite_events *events,
			 void *user)
{
	struct reader r = {
		.flow = flow,
		.cells = {.events = events, .user = user, .page = take_next},
	};
	rv_status status;

	rv_buf_init(&r.tables, RV_SQLITE_TABLES_MAX * sizeof(struct table));
	status = open_up(&r);
	if (rv_is_ok(status)) {
		read_tables(&r);
		if (!r.cells.is_stopped)
			read_rest(&r);
		status = r.cells.status;
		rv_sqlite_cells_done(&r.cells);
	}
	free(r.seen);
	free(r.room[0]);
	free(r.room[1]);
	rv_buf_done(&r.tables);
	return status;
}
