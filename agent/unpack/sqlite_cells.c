/* unpack: see sqlite_cells.h. */
#include "agent/unpack/sqlite_cells.h"

#include "agent/base/path.h"

#define DAMAGED	  "a page of the database is damaged"
#define GUESS_MAX 128 /* bytes of a text that say how it is encoded */

void rv_sqlite_cells_init(struct rv_sqlite_cells *r, size_t payload_max)
{
	r->payload_max = payload_max;
	r->status = RV_OK;
	rv_buf_init(&r->row, payload_max + 1);
	rv_buf_init(&r->text, 2 * payload_max + 4);
}

void rv_sqlite_cells_done(struct rv_sqlite_cells *r)
{
	rv_buf_done(&r->row);
	rv_buf_done(&r->text);
}

size_t rv_sqlite_page_size(uint32_t told)
{
	uint32_t size = told == 1 ? 65536 : told;

	return size < 512 || size > 65536 || size & (size - 1) ? 0 : size;
}

void rv_sqlite_damage(struct rv_sqlite_cells *r)
{
	if (!r->is_damaged && !r->may_be_cut)
		r->events->on_damage(DAMAGED, r->user);
	r->is_damaged = true;
}

void rv_sqlite_check(struct rv_sqlite_cells *r, rv_status status)
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

/* How much of a payload of that length stands in the leaf page itself. */
static size_t local_len(const struct rv_sqlite_cells *r, uint64_t payload)
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
static bool put_together(struct rv_sqlite_cells *r, struct rv_str local, uint64_t payload,
			 uint32_t next)
{
	rv_buf_reset(&r->row);
	rv_sqlite_check(r, rv_buf_put(&r->row, local.data, local.len));
	while (r->row.len < payload && !r->is_stopped) {
		const uint8_t *page = r->page(r, next);
		uint64_t left = payload - r->row.len;

		if (!page)
			return false; /* what there is of it is still read */
		rv_sqlite_check(r, rv_buf_put(&r->row, page + 4,
					      left < r->usable - 4 ? (size_t)left : r->usable - 4));
		next = rv_sqlite_big32(page);
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

/* Most of what is written has a zero in each pair of its UTF-16, and none in UTF-8. */
static uint32_t encoding_of(struct rv_str text)
{
	size_t len = text.len < GUESS_MAX ? text.len & ~(size_t)1 : GUESS_MAX;
	size_t zeros[2] = {0, 0};

	for (size_t i = 0; i < len; i++)
		zeros[i % 2] += text.data[i] == 0;
	if (text.len % 2 || zeros[0] + zeros[1] == 0 || zeros[0] == zeros[1])
		return RV_SQLITE_UTF8;
	return zeros[1] > zeros[0] ? RV_SQLITE_UTF16LE : RV_SQLITE_UTF16BE;
}

/* Surrogates are put together, what does not fit together is '?'. */
static struct rv_str as_utf8(struct rv_sqlite_cells *r, struct rv_str text)
{
	uint32_t encoding =
		r->encoding == RV_SQLITE_ENCODING_UNKNOWN ? encoding_of(text) : r->encoding;
	bool is_big = encoding == RV_SQLITE_UTF16BE;

	if (encoding == RV_SQLITE_UTF8)
		return text;
	rv_buf_reset(&r->text);
	for (size_t i = 0; i + 2 <= text.len && !r->is_stopped; i += 2) {
		uint8_t out[4];
		uint32_t code = is_big ? rv_sqlite_big16(text.data + i) : rv_get_u16(text.data + i);
		uint32_t low = 0;

		if (code >= 0xd800 && code <= 0xdfff && i + 4 <= text.len)
			low = is_big ? rv_sqlite_big16(text.data + i + 2)
				     : rv_get_u16(text.data + i + 2);
		if (code >= 0xd800 && code <= 0xdbff && low >= 0xdc00 && low <= 0xdfff) {
			code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (code >= 0xd800 && code <= 0xdfff) {
			code = '?';
		}
		rv_sqlite_check(r, rv_buf_put(&r->text, out, rv_utf8_put(code, out)));
	}
	return rv_buf_view(&r->text);
}

/* What no header describes: nobody else hands it over. */
static bool tell_raw(struct rv_sqlite_cells *r, struct rv_str bytes)
{
	if (!bytes.len || r->is_stopped)
		return false;
	r->is_stopped = !r->events->on_value(bytes, false, r->user);
	return true;
}

/* A record: a header of types, then the values. */
static void read_record(struct rv_sqlite_cells *r, struct rv_str record)
{
	const uint8_t *end = record.data + record.len;
	uint64_t header_len;
	const uint8_t *type = varint(record.data, end, &header_len);
	const uint8_t *value;
	bool has_value = false;

	if (!type || header_len > record.len) {
		rv_sqlite_damage(r);
		if (tell_raw(r, record) && !r->is_stopped)
			r->is_stopped = !r->events->on_row(r->user);
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
		if (r->on_column)
			r->on_column(r, column, serial, bytes);
		if (serial < 12 || !bytes.len || r->is_stopped)
			continue;
		r->is_stopped = !r->events->on_value(bytes, serial % 2 == 0, r->user);
		has_value = true;
	}
	has_value |= tell_raw(r, (struct rv_str){value, (size_t)(end - value)});
	if (has_value && !r->is_stopped)
		r->is_stopped = !r->events->on_row(r->user);
}

/* A cell of a leaf; what it takes of the page, or 0: damaged. */
static size_t read_cell(struct rv_sqlite_cells *r, const uint8_t *page, size_t at)
{
	const uint8_t *end = page + r->usable;
	uint64_t payload;
	uint64_t rowid;
	const uint8_t *p = varint(page + at, end, &payload);
	size_t local;

	p = p ? varint(p, end, &rowid) : NULL;
	if (!p || payload > r->payload_max)
		return 0;
	local = local_len(r, payload);
	if (local + (payload > local ? 4 : 0) > (size_t)(end - p))
		return 0;
	struct rv_str part = {p, local};
	uint32_t next = payload > local ? rv_sqlite_big32(p + local) : 0;
	size_t len = (size_t)(p - page) - at + local + (payload > local ? 4 : 0);
	if (r->is_known && r->is_known(r, part, next))
		return len;
	if (payload > local) {
		if (!put_together(r, part, payload, next))
			rv_sqlite_damage(r);
		part = rv_buf_view(&r->row);
	}
	if (!r->is_stopped)
		read_record(r, part);
	return len;
}

void rv_sqlite_read_leaf(struct rv_sqlite_cells *r, const uint8_t *page, size_t header)
{
	size_t cells = rv_sqlite_big16(page + header + 3);
	size_t left =
		r->usable; /* cells do not overlap: together they are no longer than the page */

	for (size_t i = 0; i < cells && !r->is_stopped; i++) {
		size_t pointer = header + 8 + 2 * i;
		size_t at = pointer + 2 <= r->usable ? rv_sqlite_big16(page + pointer) : 0;
		size_t len = at > header && at < r->usable ? read_cell(r, page, at) : 0;

		if (!len || len > left) {
			rv_sqlite_damage(r);
			return;
		}
		left -= len;
	}
}

void rv_sqlite_tell_rest(struct rv_sqlite_cells *r, const uint8_t *bytes, size_t len)
{
	while (len && !*bytes) { /* most of it is zero */
		bytes++;
		len--;
	}
	if (!len || r->is_stopped ||
	    (r->is_known_rest && r->is_known_rest(r, (struct rv_str){bytes, len})))
		return;
	r->is_stopped = !r->events->on_rest((struct rv_str){bytes, len}, r->user);
}

/* Deleted rows of a leaf: between the pointers and the cells, and in the chain of free blocks. */
void rv_sqlite_read_free_space(struct rv_sqlite_cells *r, const uint8_t *page, size_t header)
{
	size_t start = header + 8 + 2 * (size_t)rv_sqlite_big16(page + header + 3);
	size_t content = rv_sqlite_big16(page + header + 5);
	size_t block = rv_sqlite_big16(page + header + 1);

	content = content ? content : 65536;
	if (start < content && content <= r->usable)
		rv_sqlite_tell_rest(r, page + start, content - start);
	while (block && block <= r->usable - 4 && !r->is_stopped) {
		size_t next = rv_sqlite_big16(page + block);
		size_t len = rv_sqlite_big16(page + block + 2);

		if (len >= 4 && len <= r->usable - block)
			rv_sqlite_tell_rest(r, page + block + 4, len - 4);
		if (next <= block)
			return; /* they stand in order */
		block = next;
	}
}
