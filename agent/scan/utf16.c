/* scan: UTF-16 and UTF-32: is it, and one character of it. Also what a decoded head must look like.
 * Not here: the loop over a run (decode.c). */
#include "agent/scan/utf16.h"

#include "agent/base/path.h"
#include "agent/scan/decode_private.h"

static uint32_t pair_at(const uint8_t *at, bool is_big)
{
	return is_big ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
}

/* A code point of UTF-16; where the next one begins. */
static size_t pair_step(struct rv_str bytes, size_t at, size_t end, bool is_big, uint32_t *out)
{
	uint32_t low;

	*out = pair_at(bytes.data + at, is_big);
	if (*out < 0xd800 || *out > 0xdbff || end - at < 4)
		return at + 2;
	low = pair_at(bytes.data + at + 2, is_big);
	if (low < 0xdc00 || low > 0xdfff)
		return at + 2;
	*out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
	return at + 4;
}

void rv_utf_step(struct rv_str bytes, enum rv_decode_kind kind, size_t at, size_t end,
		 struct rv_decode_unit *out)
{
	bool is_wide = kind == RV_DECODE_UTF32LE || kind == RV_DECODE_UTF32BE;
	bool is_big = kind == RV_DECODE_UTF16BE || kind == RV_DECODE_UTF32BE;
	uint32_t code;

	*out = (struct rv_decode_unit){.at = at, .next = end};
	if (end - at < (is_wide ? 4U : 2U))
		return; /* half a character at the end */
	if (is_wide) {
		uint32_t a = pair_at(bytes.data + at, is_big);
		uint32_t b = pair_at(bytes.data + at + 2, is_big);

		code = is_big ? a << 16 | b : b << 16 | a;
		out->next = at + 4;
	} else {
		out->next = pair_step(bytes, at, end, is_big, &code);
	}
	out->len = rv_utf8_put(code, out->out);
	for (unsigned i = 0; i < out->len; i++)
		out->to[i] = (uint32_t)(out->next - at);
}

static bool is_printable(uint8_t byte)
{
	return (byte >= 0x20 && byte < 0x7f) || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Of each pair, is the byte at `low` printable and the other NUL, nine times of ten? */
static bool is_paired(struct rv_str bytes, size_t low)
{
	size_t pairs = (bytes.len < RV_UTF16_LOOK ? bytes.len : RV_UTF16_LOOK) / 2;
	size_t good = 0;

	for (size_t i = 0; i < pairs; i++)
		good += is_printable(bytes.data[2 * i + low]) && !bytes.data[2 * i + 1 - low];
	return pairs >= 4 && good * 10 >= pairs * 9;
}

bool rv_utf16_find(struct rv_str bytes, struct rv_decode_run *out_run)
{
	static const struct {
		uint8_t mark[4];
		uint8_t len;
		uint8_t kind;
	} marks[] = {
		{{0xff, 0xfe, 0, 0},
		 4,
		 RV_DECODE_UTF32LE}, /* before UTF-16's, which it begins with */
		{{0, 0, 0xfe, 0xff}, 4, RV_DECODE_UTF32BE},
		{{0xff, 0xfe}, 2, RV_DECODE_UTF16LE},
		{{0xfe, 0xff}, 2, RV_DECODE_UTF16BE},
	};

	for (size_t i = 0; i < RV_LEN(marks); i++) {
		if (bytes.len <= marks[i].len ||
		    memcmp(bytes.data, marks[i].mark, marks[i].len) != 0)
			continue;
		*out_run = (struct rv_decode_run){
			.at = marks[i].len, .len = bytes.len - marks[i].len, .kind = marks[i].kind};
		return true;
	}
	if (bytes.len < 2 || (bytes.data[0] && bytes.data[1]))
		return false; /* nearly every file */
	if (!is_paired(bytes, 0) && !is_paired(bytes, 1))
		return false;
	*out_run = (struct rv_decode_run){.len = bytes.len,
					  .kind = is_paired(bytes, 0) ? RV_DECODE_UTF16LE
								      : RV_DECODE_UTF16BE};
	return true;
}

/* Bytes that follow a lead byte of UTF-8, or -1. */
static int utf8_tail(uint8_t lead)
{
	if (lead >= 0xc2 && lead <= 0xdf)
		return 1;
	if (lead >= 0xe0 && lead <= 0xef)
		return 2;
	return lead >= 0xf0 && lead <= 0xf4 ? 3 : -1;
}

static bool is_text(const uint8_t *bytes, size_t len)
{
	int tail = 0;

	for (size_t i = 0; i < len; i++) {
		if (tail) {
			if ((bytes[i] & 0xc0U) != 0x80)
				return false;
			tail--;
		} else if (!is_printable(bytes[i])) {
			tail = utf8_tail(bytes[i]);
			if (tail < 0)
				return false;
		}
	}
	return true;
}

static bool is_utf16_ascii(const uint8_t *bytes, size_t len)
{
	bool is_little = !bytes[1];

	for (size_t i = 0; i + 1 < len; i += 2) {
		if (bytes[i + is_little] || !is_printable(bytes[i + 1 - is_little]))
			return false;
	}
	return true;
}

/* DER of fewer than 256 bytes, as a key on a curve is: the version, or what it is locked with. */
static bool is_short_der(const uint8_t *bytes, size_t len)
{
	if (len < 4 || bytes[0] != 0x30)
		return false;
	if (bytes[1] == 0x81)
		return bytes[3] == 0x02 || bytes[3] == 0x30;
	return bytes[1] < 0x80 && bytes[2] == 0x02 && bytes[3] == 0x01;
}

bool rv_decode_is_promising(const uint8_t *bytes, size_t len)
{
	static const struct {
		uint8_t magic[4];
		uint8_t len;
	} magics[] = {
		{{0x1f, 0x8b, 0x08}, 3},       /* gzip */
		{{'P', 'K', 3, 4}, 4},	       /* zip */
		{{0x30, 0x82}, 2},	       /* DER: keys, PKCS#12 */
		{{0x28, 0xb5, 0x2f, 0xfd}, 4}, /* zstd */
		{{0xfd, '7', 'z', 'X'}, 4},    /* xz */
		{{'7', 'z', 0xbc, 0xaf}, 4},   /* 7z */
		{{'B', 'Z', 'h', '9'}, 4},     /* bzip2 */
		{{'S', 'Q', 'L', 'i'}, 4},     /* SQLite 3 */
		{{0xfe, 0xed, 0xfe, 0xed}, 4}, /* JKS */
		{{0xff, 0xfe}, 2},	       /* UTF-16 and UTF-32 */
		{{0xfe, 0xff}, 2},
	};

	if (is_text(bytes, len))
		return true;
	for (size_t i = 0; i < RV_LEN(magics); i++) {
		size_t shown = len < magics[i].len ? len : magics[i].len;

		if (bytes[0] == magics[i].magic[0] && memcmp(bytes, magics[i].magic, shown) == 0)
			return true;
	}
	if (is_short_der(bytes, len))
		return true;
	return len > 1 && (!bytes[0] || !bytes[1]) && is_utf16_ascii(bytes, len);
}
