/* unpack: pages, cells and records of the SQLite 3 file format (sqlite.org/fileformat2.html). Not
 * here: how rows become members (sqlite_walk.c). */
#include "agent/unpack/sqlite_pages.h"

#include "agent/unpack/sqlite_cells.h"

#define INNER_TABLE 0x05
#define STACK_MAX   4096 /* pages of one tree waiting to be read */

struct table {
	uint8_t name[RV_SQLITE_NAME_MAX];
	uint8_t name_len;
	uint32_t root;
};

struct reader {
	struct rv_sqlite_cells cells; /* the first: its hooks are given no other */
	struct rv_str bytes;
	uint32_t pages;
	uint8_t *seen;	      /* a bit per page */
	struct rv_buf tables; /* of struct table */
	struct table table;   /* of the row of the schema at hand */
};

/* Page n (from 1), once; NULL: none such, or read before. The last may be cut short: not read. */
static const uint8_t *take_page(struct rv_sqlite_cells *cells, uint32_t n)
{
	struct reader *r = (struct reader *)cells;

	if (!n || n > r->pages || r->seen[n / 8] & 1U << n % 8)
		return NULL;
	r->seen[n / 8] = (uint8_t)(r->seen[n / 8] | 1U << n % 8);
	return r->bytes.data + (size_t)(n - 1) * cells->page_size;
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
		const uint8_t *page = take_page(&r->cells, n);
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
	uint8_t type = root && root <= r->pages
			       ? r->bytes.data[(size_t)(root - 1) * r->cells.page_size]
			       : 0;

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
		const uint8_t *page = r->bytes.data + (size_t)(n - 1) * r->cells.page_size;
		size_t header = n == 1 ? RV_SQLITE_HEADER : 0;

		if (!(r->seen[n / 8] & 1U << n % 8))
			rv_sqlite_tell_rest(&r->cells, page, r->cells.page_size);
		else if (page[header] == RV_SQLITE_LEAF_TABLE)
			rv_sqlite_read_free_space(&r->cells, page, header);
	}
	/* The last page, cut short. */
	rv_sqlite_tell_rest(&r->cells, r->bytes.data + (size_t)r->pages * r->cells.page_size,
			    r->bytes.len - (size_t)r->pages * r->cells.page_size);
}

rv_status rv_sqlite_read(struct rv_str bytes, const struct rv_sqlite_events *events, void *user)
{
	struct reader r = {
		.bytes = bytes,
		.cells = {.events = events, .user = user, .page = take_page},
	};
	struct rv_sqlite_cells *cells = &r.cells;

	if (bytes.len < RV_SQLITE_HEADER || memcmp(bytes.data, "SQLite format 3", 16) != 0)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "no SQLite 3 database");
	cells->page_size = rv_sqlite_page_size(rv_sqlite_big16(bytes.data + 16));
	if (!cells->page_size || bytes.data[20] > 32)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "no SQLite 3 database");
	cells->usable = cells->page_size - bytes.data[20];
	r.pages = bytes.len / cells->page_size > UINT32_MAX - 8
			  ? UINT32_MAX - 8
			  : (uint32_t)(bytes.len / cells->page_size);
	cells->encoding = rv_sqlite_big32(bytes.data + 56);
	if (cells->encoding != RV_SQLITE_UTF16LE && cells->encoding != RV_SQLITE_UTF16BE)
		cells->encoding = RV_SQLITE_UTF8;
	rv_buf_init(&r.tables, RV_SQLITE_TABLES_MAX * sizeof(struct table));
	r.seen = calloc(r.pages / 8 + 1, 1);
	if (!r.seen)
		return rv_fail_nomem(NULL);
	rv_sqlite_cells_init(cells, bytes.len);
	read_tables(&r);
	if (!cells->is_stopped)
		read_rest(&r);
	free(r.seen);
	rv_buf_done(&r.tables);
	rv_sqlite_cells_done(cells);
	return cells->status;
}
