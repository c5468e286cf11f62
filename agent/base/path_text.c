/* base: a path's escaped text, for people and JSON, and back. Not here: globs, joining. */
#include "agent/base/digest.h"
#include "agent/base/path.h"

size_t rv_utf8_at(struct rv_str s, uint32_t *out_point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = s.data[0];
	size_t len = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	uint32_t point = len == 1 ? first : first & (0x7fU >> len);

	if ((first >= 0x80 && first < 0xc2) || first > 0xf4 || len > s.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((s.data[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (s.data[i] & 0x3f);
	}
	if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*out_point = point;
	return len;
}

/* Control characters, and those that reorder or break a line on a terminal. */
static bool is_hidden(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) ||
	       (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

static rv_status put_hex(const uint8_t *bytes, size_t len, struct rv_buf *out)
{
	for (size_t i = 0; i < len; i++) {
		char hex[3];

		rv_hex(bytes + i, 1, hex);
		RV_TRY(rv_buf_put(out, "\\x", 2));
		RV_TRY(rv_buf_put(out, hex, 2));
	}
	return RV_OK;
}

static rv_status escape_all(struct rv_str path, struct rv_buf *out)
{
	while (path.len) {
		uint32_t point = 0;
		size_t len = rv_utf8_at(path, &point);

		if (len == 0)
			RV_TRY(put_hex(path.data, 1, out));
		else if (is_hidden(point))
			RV_TRY(put_hex(path.data, len, out));
		else if (point == '\\')
			RV_TRY(rv_buf_put(out, "\\\\", 2));
		else
			RV_TRY(rv_buf_put(out, path.data, len));
		len = len ? len : 1;
		path.data += len;
		path.len -= len;
	}
	return RV_OK;
}

rv_status rv_path_escape(struct rv_str path, struct rv_buf *out)
{
	size_t before = out->len;
	rv_status status = escape_all(path, out);

	if (!rv_is_ok(status))
		out->len = before;
	return status;
}

/* Takes one escape ("\\" or "\xHH") or one plain byte off *text. */
static rv_status take_byte(struct rv_str *text, uint8_t *out)
{
	size_t used = 1;

	*out = text->data[0];
	if (text->data[0] == '\\') {
		if (text->len >= 2 && text->data[1] == '\\') {
			used = 2;
		} else if (text->len >= 4 && text->data[1] == 'x') {
			RV_TRY(rv_unhex((struct rv_str){text->data + 2, 2}, out, 1));
			used = 4;
		} else {
			return (rv_status){RV_CLASS_MALFORMED, 0};
		}
	}
	text->data += used;
	text->len -= used;
	return RV_OK;
}

rv_status rv_path_unescape(struct rv_str text, struct rv_buf *out)
{
	size_t before = out->len;
	rv_status status = RV_OK;

	while (text.len && rv_is_ok(status)) {
		uint8_t byte;

		status = take_byte(&text, &byte);
		if (rv_is_ok(status))
			status = rv_buf_put_byte(out, byte);
	}
	if (!rv_is_ok(status))
		out->len = before;
	return status;
}

uint8_t rv_utf8_put(uint32_t code, uint8_t *out)
{
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		code = 0xfffd;
	if (code < 0x80) {
		out[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (uint8_t)(0xc0 | code >> 6);
		out[1] = (uint8_t)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (uint8_t)(0xe0 | code >> 12);
		out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | code >> 18);
	out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (code & 0x3f));
	return 4;
}
