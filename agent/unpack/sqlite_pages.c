/* unpack: pages, cells and records of the SQLite 3 file format (sqlite.org/fileformat2.html). Not
 * here: how rows become members (sqlite_walk.c). */
#include "agent/unpack/sqlite_pages.h"

#include "agent/base/path.h"

#define HEADER	     100
#define LEAF_TABLE   0x0d
#define INNER_TABLE  0x05
#define STACK_MAX    4096 /* pages of one tree waiting to be read */
#define DAMAGED	     "a page of the database is damaged"
#define UTF8_ENCODED 1

struct table {
	uint8_t name[RV_SQLITE_NAME_MAX];
	uint8_t name_len;
	uint32_t root;
};

struct reader {
	struct rv_str bytes;
	const struct rv_sqlite_events *events;
	void *user;
	size_t page_size;
	size_t usable;
	uint32_t pages;
	uint32_t encoding;
	uint8_t *seen;	      /* a bit per page */
	struct rv_buf row;    /* a payload put together */
	struct rv_buf text;   /* UTF-8 of UTF-16 */
	struct rv_buf tables; /* of struct table */
	bool is_schema;
	bool is_stopped;
	bool is_damaged; /* told for this table */
	rv_status status;
};

static uint32_t big16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t big32(const uint8_t *at)
{
	return big16(at) << 16 | big16(at + 2);
}

static void damage(struct reader *r)
{
	if (!r->is_damaged)
		r->events->on_damage(DAMAGED, r->user);
	r->is_damaged = true;
}

static void check(struct reader *r, rv_status status)
{
	if (rv_is_ok(status))
		return;
	r->status = status;
	r->is_stopped = true;
}

/* A big-endian varint of 1..9 bytes; past it, or NULL. */
static const uint8_t *varint(const uint8_t *at, const uint8_t *end, uint64_t *out)
{
	uint64_t value = 0;

	for (int i = 0; at < end; i++, at++) {
		if (i == 8) {
			*out = value << 8 | *at;
			return at + 1;
		}
		value = value << 7 | (*at & 0x7fU);
		if (*at < 0x80) {
			*out = value;
			return at + 1;
		}
	}
	return NULL;
}

/* Page n (from 1), once; NULL: none such, or read before. The last may be cut short: not read. */
static const uint8_t *take_page(struct reader *r, uint32_t n)
{
	if (!n || n > r->pages || r->seen[n / 8] & 1U << n % 8)
		return NULL;
	r->seen[n / 8] = (uint8_t)(r->seen[n / 8] | 1U << n % 8);
	return r->bytes.data + (size_t)(n - 1) * r->page_size;
}

/* How much of a payload of that length stands in the leaf page itself. */
static size_t local_len(const struct reader *r, uint64_t payload)
{
	size_t most = r->usable - 35;
	size_t least = (r->usable - 12) * 32 / 255 - 23;
	size_t wanted;

	if (payload <= most)
		return (size_t)payload;
	wanted = least + (size_t)((payload - least) % (r->usable - 4));
	return wanted <= most ? wanted : least;
}

/* The payload whose first part is `local` and which goes on at page `next`. */
static bool put_together(struct reader *r, struct rv_str local, uint64_t payload, uint32_t next)
{
	rv_buf_reset(&r->row);
	check(r, rv_buf_put(&r->row, local.data, local.len));
	while (r->row.len < payload && !r->is_stopped) {
		const uint8_t *page = take_page(r, next);
		uint64_t left = payload - r->row.len;

		if (!page)
			return false; /* what there is of it is still read */
		check(r, rv_buf_put(&r->row, page + 4,
				    left < r->usable - 4 ? (size_t)left : r->usable - 4));
		next = big32(page);
	}
	return true;
}

static size_t serial_len(uint64_t serial)
{
	static const uint8_t lens[12] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};

	if (serial < 12)
		return lens[serial];
	return serial > SIZE_MAX ? SIZE_MAX : (size_t)((serial - 12) / 2);
}

/* Surrogates are put together, what does not fit together is '?'. */
static struct rv_str as_utf8(struct reader *r, struct rv_str text)
{
	bool is_big = r->encoding == 3;

	if (r->encoding == UTF8_ENCODED)
		return text;
	rv_buf_reset(&r->text);
	for (size_t i = 0; i + 2 <= text.len && !r->is_stopped; i += 2) {
		uint8_t out[4];
		uint32_t code = is_big ? big16(text.data + i) : rv_get_u16(text.data + i);
		uint32_t low = 0;

		if (code >= 0xd800 && code <= 0xdfff && i + 4 <= text.len)
			low = is_big ? big16(text.data + i + 2) : rv_get_u16(text.data + i + 2);
		if (code >= 0xd800 && code <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
			code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (code >= 0xd800 && code <= 0xdfff) {
			code = '?';
		}
		check(r, rv_buf_put(&r->text, out, rv_utf8_put(code, out)));
	}
	return rv_buf_view(&r->text);
}

/* A row of the schema: its second value is a name, its fourth the root page. */
static void note_table(struct reader *r, unsigned column, uint64_t serial, struct rv_str value,
		       struct table *table)
{
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
		check(r, rv_buf_put(&r->tables, table, sizeof(*table)));
}

/* A record: a header of types, then the values. */
static void read_record(struct reader *r, struct rv_str record)
{
	const uint8_t *end = record.data + record.len;
	uint64_t header_len;
	const uint8_t *type = varint(record.data, end, &header_len);
	const uint8_t *value;
	struct table table = {0};
	bool has_value = false;

	if (!type || header_len > record.len) {
		damage(r);
		return;
	}
	value = record.data + header_len;
	for (unsigned column = 0; type && type < record.data + header_len && !r->is_stopped;
	     column++) {
		struct rv_str bytes = {value, 0};
		uint64_t serial;

		type = varint(type, record.data + header_len, &serial);
		if (!type)
			break;
		bytes.len = serial_len(serial);
		if (bytes.len > (size_t)(end - value))
			bytes.len = (size_t)(end - value); /* the payload was cut short */
		value += bytes.len;
		if (serial >= 12 && serial % 2)
			bytes = as_utf8(r, bytes);
		if (r->is_schema)
			note_table(r, column, serial, bytes, &table);
		if (serial < 12 || !bytes.len || r->is_stopped)
			continue;
		r->is_stopped = !r->events->on_value(bytes, serial % 2 == 0, r->user);
		has_value = true;
	}
	if (has_value && !r->is_stopped)
		r->is_stopped = !r->events->on_row(r->user);
}

/* A cell of a leaf; what it takes of the page, or 0: damaged. */
static size_t read_cell(struct reader *r, const uint8_t *page, size_t at)
{
	const uint8_t *end = page + r->usable;
	uint64_t payload;
	uint64_t rowid;
	const uint8_t *p = varint(page + at, end, &payload);
	size_t local;

	p = p ? varint(p, end, &rowid) : NULL;
	if (!p || payload > r->bytes.len)
		return 0;
	local = local_len(r, payload);
	if (local + (payload > local ? 4 : 0) > (size_t)(end - p))
		return 0;
	if (payload == local) {
		read_record(r, (struct rv_str){p, local});
		return (size_t)(p - page) - at + local;
	}
	if (!put_together(r, (struct rv_str){p, local}, payload, big32(p + local)))
		damage(r);
	if (!r->is_stopped)
		read_record(r, rv_buf_view(&r->row));
	return (size_t)(p - page) - at + local + 4;
}

static void read_leaf(struct reader *r, const uint8_t *page, size_t header)
{
	size_t cells = big16(page + header + 3);
	size_t left =
		r->usable; /* cells do not overlap: together they are no longer than the page */

	for (size_t i = 0; i < cells && !r->is_stopped; i++) {
		size_t pointer = header + 8 + 2 * i;
		size_t at = pointer + 2 <= r->usable ? big16(page + pointer) : 0;
		size_t len = at > header && at < r->usable ? read_cell(r, page, at) : 0;

		if (!len || len > left) {
			damage(r);
			return;
		}
		left -= len;
	}
}

/* Below an inner page; false: there is no room to remember all. */
static bool push_children(struct reader *r, const uint8_t *page, size_t header, uint32_t *stack,
			  size_t *depth)
{
	size_t cells = big16(page + header + 3);

	for (size_t i = 0; i <= cells; i++) {
		size_t pointer = header + 12 + 2 * i;
		size_t at = header + 8; /* the right-most */

		if (i < cells)
			at = pointer + 2 <= r->usable ? big16(page + pointer) : SIZE_MAX;
		if (at > r->usable - 4 || *depth == STACK_MAX)
			return false;
		stack[(*depth)++] = big32(page + at);
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
		check(r, rv_fail_nomem(NULL));
		return;
	}
	r->is_damaged = false;
	stack[depth++] = root;
	while (depth && !r->is_stopped) {
		uint32_t n = stack[--depth];
		const uint8_t *page = take_page(r, n);
		size_t header = n == 1 ? HEADER : 0;

		if (!page)
			damage(r);
		else if (page[header] == LEAF_TABLE)
			read_leaf(r, page, header);
		else if (page[header] != INNER_TABLE ||
			 !push_children(r, page, header, stack, &depth))
			damage(r);
	}
}

/* Trees of indexes are no tables: their roots are left for the rest. */
static bool is_table(const struct reader *r, uint32_t root)
{
	uint8_t type =
		root && root <= r->pages ? r->bytes.data[(size_t)(root - 1) * r->page_size] : 0;

	return type == LEAF_TABLE || type == INNER_TABLE;
}

static void read_tables(struct reader *r)
{
	r->is_schema = true;
	r->is_stopped = !r->events->on_table(rv_str_of("sqlite_schema"), r->user);
	read_tree(r, 1);
	r->is_schema = false;
	for (size_t at = 0; at < r->tables.len && !r->is_stopped; at += sizeof(struct table)) {
		struct table table;

		memcpy(&table, r->tables.data + at, sizeof(table));
		if (!is_table(r, table.root))
			continue;
		r->is_stopped =
			!r->events->on_table((struct rv_str){table.name, table.name_len}, r->user);
		if (!r->is_stopped)
			read_tree(r, table.root);
	}
}

static void tell_rest(struct reader *r, const uint8_t *bytes, size_t len)
{
	while (len && !*bytes) { /* most of it is zero */
		bytes++;
		len--;
	}
	if (len && !r->is_stopped)
		r->is_stopped = !r->events->on_rest((struct rv_str){bytes, len}, r->user);
}

/* Deleted rows of a leaf: between the pointers and the cells, and in the chain of free blocks. */
static void read_free_space(struct reader *r, const uint8_t *page, size_t header)
{
	size_t start = header + 8 + 2 * (size_t)big16(page + header + 3);
	size_t content = big16(page + header + 5);
	size_t block = big16(page + header + 1);

	content = content ? content : 65536;
	if (start < content && content <= r->usable)
		tell_rest(r, page + start, content - start);
	while (block && block <= r->usable - 4 && !r->is_stopped) {
		size_t next = big16(page + block);
		size_t len = big16(page + block + 2);

		if (len >= 4 && len <= r->usable - block)
			tell_rest(r, page + block + 4, len - 4);
		if (next <= block)
			return; /* they stand in order */
		block = next;
	}
}

static void read_rest(struct reader *r)
{
	for (uint32_t n = 1; n <= r->pages && !r->is_stopped; n++) {
		const uint8_t *page = r->bytes.data + (size_t)(n - 1) * r->page_size;
		size_t header = n == 1 ? HEADER : 0;

		if (!(r->seen[n / 8] & 1U << n % 8))
			tell_rest(r, page, r->page_size);
		else if (page[header] == LEAF_TABLE)
			read_free_space(r, page, header);
	}
	/* The last page, cut short. */
	tell_rest(r, r->bytes.data + (size_t)r->pages * r->page_size,
		  r->bytes.len - (size_t)r->pages * r->page_size);
}

rv_status rv_sqlite_read(struct rv_str bytes, const struct rv_sqlite_events *events, void *user)
{
	struct reader r = {.bytes = bytes, .events = events, .user = user, .status = RV_OK};

	if (bytes.len < HEADER || memcmp(bytes.data, "SQLite format 3", 16) != 0)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "no SQLite 3 database");
	r.page_size = big16(bytes.data + 16) == 1 ? 65536 : big16(bytes.data + 16);
	if (r.page_size < 512 || r.page_size & (r.page_size - 1) || bytes.data[20] > 32)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "no SQLite 3 database");
	r.usable = r.page_size - bytes.data[20];
	r.pages = bytes.len / r.page_size > UINT32_MAX - 8 ? UINT32_MAX - 8
							   : (uint32_t)(bytes.len / r.page_size);
	r.encoding = big32(bytes.data + 56);
	r.encoding = r.encoding == 2 || r.encoding == 3 ? r.encoding : UTF8_ENCODED;
	rv_buf_init(&r.row, bytes.len + 1);
	rv_buf_init(&r.text, 2 * bytes.len + 4);
	rv_buf_init(&r.tables, RV_SQLITE_TABLES_MAX * sizeof(struct table));
	r.seen = calloc(r.pages / 8 + 1, 1);
	if (!r.seen)
		return rv_fail_nomem(NULL);
	read_tables(&r);
	if (!r.is_stopped)
		read_rest(&r);
	free(r.seen);
	rv_buf_done(&r.row);
	rv_buf_done(&r.text);
	rv_buf_done(&r.tables);
	return r.status;
}
