/* scan: decodes a run and remembers where its bytes came from. Not here: finding (decode_find.c),
 * the units of escapes (decode_escape.c) and of UTF-16 (utf16.c, wide.c). */
#include "agent/scan/decode_private.h"
#include "agent/scan/wide.h"

#define QUADS_AT_ONCE 256
#define PAIRS_AT_ONCE 1024

const char *rv_decode_kind_name(enum rv_decode_kind kind)
{
	static const char *const names[RV_DECODE__COUNT] = {
		[RV_DECODE_BASE64] = "base64",	  [RV_DECODE_HEX] = "hex",
		[RV_DECODE_PERCENT] = "percent",  [RV_DECODE_ESCAPE] = "escape",
		[RV_DECODE_ENTITY] = "entity",	  [RV_DECODE_QUOTED] = "quoted-printable",
		[RV_DECODE_SLASH] = "escape",	  [RV_DECODE_COLOUR] = "colour",
		[RV_DECODE_UTF16LE] = "utf-16le", [RV_DECODE_UTF16BE] = "utf-16be",
		[RV_DECODE_UTF32LE] = "utf-32le", [RV_DECODE_UTF32BE] = "utf-32be",
		[RV_DECODE_WIDE] = "utf-16le",
	};

	return kind < RV_DECODE__COUNT ? names[kind] : "none";
}

static void base64_step(struct rv_str bytes, size_t at, size_t end, struct rv_decode_unit *out)
{
	uint32_t value = 0;
	size_t count = 0;
	size_t place[4] = {0};
	size_t next = at;

	*out = (struct rv_decode_unit){.at = at};
	while (count < 4 && next < end) {
		uint8_t byte = bytes.data[next];
		bool is_line_end = byte == '\\' && next + 1 < end &&
				   (bytes.data[next + 1] == 'n' || bytes.data[next + 1] == 'r');

		if (byte == '=') {
			next++;
			break;
		}
		if (rv_char_base64[byte] < 64) {
			value = value << 6 | rv_char_base64[byte];
			place[count++] = next;
		}
		next += is_line_end ? 2 : 1;
	}
	value <<= 6 * (4 - count);
	out->next = next;
	out->len = count ? (uint8_t)(count - 1) : 0;
	for (size_t i = 0; i < out->len; i++) {
		out->out[i] = (uint8_t)(value >> (16 - 8 * i));
		out->from[i] = (uint32_t)(place[i] - at);
		out->to[i] = (uint32_t)(place[i + 1] + 1 - at);
	}
}

/* Two digits; between pairs stands what ends lines, or what separates and begins numbers. */
static void hex_step(struct rv_str bytes, size_t at, size_t end, struct rv_decode_unit *out)
{
	size_t from = at;

	while (from < end && !rv_char_is(bytes.data[from], RV_CHAR_HEX))
		from++;
	if (end - from > 2 && bytes.data[from] == '0' && (bytes.data[from + 1] | 0x20U) == 'x')
		from += 2;
	*out = (struct rv_decode_unit){.at = at, .next = end};
	if (end - from < 2)
		return;
	out->next = from + 2;
	if (!rv_char_is(bytes.data[from + 1], RV_CHAR_HEX))
		return;
	out->out[0] =
		(uint8_t)(rv_hex_value(bytes.data[from]) << 4 | rv_hex_value(bytes.data[from + 1]));
	out->len = 1;
	out->from[0] = (uint32_t)(from - at);
	out->to[0] = (uint32_t)(from + 2 - at);
}

void rv_decode_step(struct rv_str bytes, enum rv_decode_kind kind, size_t at, size_t end,
		    struct rv_decode_unit *out)
{
	if (kind == RV_DECODE_BASE64)
		base64_step(bytes, at, end, out);
	else if (kind == RV_DECODE_HEX)
		hex_step(bytes, at, end, out);
	else if (kind == RV_DECODE_WIDE)
		rv_wide_step(bytes, at, end, out);
	else if (kind >= RV_DECODE_UTF16LE)
		rv_utf_step(bytes, kind, at, end, out);
	else if (kind >= RV_DECODE_SLASH)
		rv_mark_step(bytes, kind, at, end, out);
	else
		rv_escape_step(bytes, kind, at, end, out);
}

/* Whole groups of four in a row, some at a time. How many bytes came out; *at moves on. */
static size_t base64_quads(struct rv_str bytes, size_t *at, size_t end, uint8_t *out)
{
	const uint8_t *in = bytes.data + *at;
	size_t quads = (end - *at) / 4;
	size_t i;

	quads = quads < QUADS_AT_ONCE ? quads : QUADS_AT_ONCE;
	for (i = 0; i < quads; i++, in += 4, out += 3) {
		uint8_t a = rv_char_base64[in[0]];
		uint8_t b = rv_char_base64[in[1]];
		uint8_t c = rv_char_base64[in[2]];
		uint8_t d = rv_char_base64[in[3]];

		if ((a | b | c | d) & 64)
			break;
		out[0] = (uint8_t)(a << 2 | b >> 4);
		out[1] = (uint8_t)(b << 4 | c >> 2);
		out[2] = (uint8_t)(c << 6 | d);
	}
	*at += i * 4;
	return i * 3;
}

/* ASCII in UTF-16, some at a time. */
static size_t ascii_pairs(struct rv_str bytes, enum rv_decode_kind kind, size_t *at, size_t end,
			  uint8_t *out)
{
	size_t low = kind == RV_DECODE_UTF16LE ? 0 : 1;
	const uint8_t *in = bytes.data + *at;
	size_t pairs = (end - *at) / 2;
	size_t i;

	pairs = pairs < PAIRS_AT_ONCE ? pairs : PAIRS_AT_ONCE;
	for (i = 0; i < pairs && !in[2 * i + 1 - low] && in[2 * i + low] < 0x80; i++)
		out[i] = in[2 * i + low];
	*at += i * 2;
	return i;
}

/* The fast part of a run; 0: the next unit is not of it. */
static size_t decode_fast(struct rv_str bytes, enum rv_decode_kind kind, size_t *at, size_t end,
			  uint8_t *out)
{
	if (kind == RV_DECODE_BASE64)
		return base64_quads(bytes, at, end, out);
	if (kind == RV_DECODE_UTF16LE || kind == RV_DECODE_UTF16BE)
		return ascii_pairs(bytes, kind, at, end, out);
	if (kind == RV_DECODE_WIDE)
		return rv_wide_fast(bytes, at, end, out);
	if (kind == RV_DECODE_SLASH || kind == RV_DECODE_COLOUR)
		return rv_mark_fast(bytes, kind, at, end, out);
	return 0;
}

static rv_status map_add(struct rv_decode_map *map, size_t decoded, size_t source)
{
	RV_TRY(rv_buf_put_u64(&map->points, decoded));
	return rv_buf_put_u64(&map->points, source);
}

void rv_decode_map_done(struct rv_decode_map *map)
{
	rv_buf_done(&map->points);
	*map = (struct rv_decode_map){0};
}

/* Into `out`, which has room; the length, and points into the map. */
static rv_status decode_into(struct rv_decode_map *map, uint8_t *out, size_t *out_len)
{
	enum rv_decode_kind kind = (enum rv_decode_kind)map->run.kind;
	size_t at = map->run.at;
	size_t end = at + map->run.len;
	size_t len = 0;
	size_t mark = 0;
	size_t far = at;

	while (at < end) {
		struct rv_decode_unit unit;
		size_t fast;

		if (len >= mark || at >= far) {
			RV_TRY(map_add(map, len, at));
			mark = len + RV_DECODE_MAP_STEP;
			far = at + RV_DECODE_MAP_FAR;
		}
		fast = decode_fast(map->bytes, kind, &at, end, out + len);
		len += fast;
		if (fast)
			continue;
		rv_decode_step(map->bytes, kind, at, end, &unit);
		memcpy(out + len, unit.out, unit.len);
		len += unit.len;
		at = unit.next;
	}
	*out_len = len;
	return RV_OK;
}

rv_status rv_decode_run(struct rv_str bytes, const struct rv_decode_run *run, struct rv_buf *out,
			struct rv_decode_map *out_map)
{
	struct rv_decode_map map = {.bytes = bytes, .run = *run};
	size_t need = run->len;
	rv_status status;
	uint8_t *room;

	RV_BUG_ON(run->at > bytes.len || run->len > bytes.len - run->at ||
		  run->kind >= RV_DECODE__COUNT);
	if (run->kind == RV_DECODE_WIDE)
		need = rv_wide_len(bytes, run->at, run->at + run->len);
	else if (run->kind >= RV_DECODE_UTF16LE)
		need += need / 2;
	else if (run->kind == RV_DECODE_BASE64)
		need -= need / 4;
	else if (run->kind == RV_DECODE_HEX)
		need -= need / 2;
	rv_buf_init(&map.points,
		    (need / RV_DECODE_MAP_STEP + run->len / RV_DECODE_MAP_FAR) * 32 + 64);
	room = rv_buf_reserve(out, need + 4);
	if (!room)
		return rv_fail(RV_CLASS_EXHAUSTED, NULL, "no room to decode");
	status = decode_into(&map, room, &map.decoded_len);
	if (!rv_is_ok(status)) {
		rv_decode_map_done(&map);
		return status;
	}
	out->len += map.decoded_len;
	*out_map = map;
	return RV_OK;
}

/* The last point whose number (0: decoded, 1: source) is not behind `value`. */
static size_t point_before(const struct rv_decode_map *map, unsigned number, size_t value)
{
	size_t low = 0;
	size_t high = map->points.len / 16;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (rv_get_u64(map->points.data + middle * 16 + (size_t)number * 8) <= value)
			low = middle;
		else
			high = middle;
	}
	return low * 16;
}

bool rv_decode_unit_from(const struct rv_decode_map *map, size_t source, size_t *out_at,
			 size_t *out_decoded)
{
	size_t end = map->run.at + map->run.len;

	if (!map->points.len || source < map->run.at || source >= end)
		return false;
	size_t point = point_before(map, 1, source);
	size_t decoded = (size_t)rv_get_u64(map->points.data + point);
	size_t at = (size_t)rv_get_u64(map->points.data + point + 8);
	while (at < source) {
		struct rv_decode_unit unit;

		rv_decode_step(map->bytes, (enum rv_decode_kind)map->run.kind, at, end, &unit);
		decoded += unit.len;
		at = unit.next;
	}
	if (at >= end)
		return false;
	*out_at = at;
	*out_decoded = decoded;
	return true;
}

/* The unit that holds decoded byte `offset` < decoded_len, and which of its bytes that is. */
static unsigned unit_of(const struct rv_decode_map *map, size_t offset, struct rv_decode_unit *out)
{
	size_t end = map->run.at + map->run.len;
	size_t point = point_before(map, 0, offset);
	size_t decoded = (size_t)rv_get_u64(map->points.data + point);
	size_t at = (size_t)rv_get_u64(map->points.data + point + 8);

	for (;;) {
		rv_decode_step(map->bytes, (enum rv_decode_kind)map->run.kind, at, end, out);
		if (offset < decoded + out->len)
			return (unsigned)(offset - decoded);
		decoded += out->len;
		at = out->next;
	}
}

void rv_decode_source(const struct rv_decode_map *map, size_t from, size_t len, size_t *out_at,
		      size_t *out_len)
{
	struct rv_decode_unit unit;
	unsigned byte;
	size_t at;

	if (from >= map->decoded_len) {
		*out_at = map->run.at + map->run.len;
		*out_len = 0;
		return;
	}
	len = len < map->decoded_len - from ? len : map->decoded_len - from;
	byte = unit_of(map, from, &unit);
	at = unit.at + unit.from[byte];
	*out_at = at;
	*out_len = 0;
	if (!len)
		return;
	byte = unit_of(map, from + len - 1, &unit);
	*out_len = unit.at + unit.to[byte] - at;
}
