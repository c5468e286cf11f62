/* scan: see sample.h. */
#include "agent/scan/sample.h"

#include "agent/scan/check.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define PIECE_MAX 192 /* bytes of a {uuid}, a {check} or a {jwt} */

static const struct {
	const char *name;
	const char *chars;
} classes[] = {
	{"alnum", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"},
	{"alpha", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"},
	{"upper", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
	{"lower", "abcdefghijklmnopqrstuvwxyz"},
	{"lalnum", "abcdefghijklmnopqrstuvwxyz0123456789"},
	{"ualnum", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"},
	{"digit", "0123456789"},
	{"hex", "0123456789abcdef"},
	{"HEX", "0123456789ABCDEF"},
	{"b32", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"},
	{"b64", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"},
	{"b64url", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"},
	{"pass", "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"},
	{"lb32", "abcdefghijklmnopqrstuvwxyz234567"},
	{"bech32", "qpzry9x8gf2tvdw0s3jn54khce6mua7l"},
	{"BECH32", "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"},
	{"zero", "0"},
};

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static size_t put_class(const char *name, size_t name_len, size_t n, uint64_t *seed, char *out)
{
	for (size_t i = 0; i < RV_LEN(classes); i++) {
		if (strlen(classes[i].name) != name_len ||
		    memcmp(classes[i].name, name, name_len) != 0)
			continue;
		size_t len = strlen(classes[i].chars);

		/* A password has a digit in every third place, so that it always looks like one. */
		bool has_digits = name_len == 4 && memcmp(name, "pass", 4) == 0;
		for (size_t k = 0; k < n; k++)
			out[k] = has_digits && k % 3 == 1 ? (char)('2' + next(seed) % 8)
							  : classes[i].chars[next(seed) % len];
		return n;
	}
	return 0;
}

static size_t base64url(const char *text, char *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t made = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	for (; *text; text++) {
		bits = bits << 8 | (unsigned char)*text;
		for (have += 8; have >= 6;) {
			have -= 6;
			out[made++] = digits[bits >> have & 63];
		}
	}
	if (have > 0)
		out[made++] = digits[bits << (6 - have) & 63];
	return made;
}

static size_t put_uuid(uint64_t *seed, char *out)
{
	static const char form[] = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx";

	for (size_t i = 0; i + 1 < sizeof(form); i++)
		out[i] = form[i] == 'x' ? "0123456789abcdef"[next(seed) % 16] : form[i];
	return sizeof(form) - 1;
}

bool rv_sample_render(const char *text, uint64_t seed, char *out, size_t size)
{
	return rv_sample_render_for(text, NULL, seed, out, size);
}

bool rv_sample_render_for(const char *text, const char *check, uint64_t seed, char *out,
			  size_t size)
{
	const struct rv_check_row *row = rv_check_find(check ? check : "crc32-base62");
	size_t at = 0;
	size_t start = 0;

	while (*text) {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;

		if (at + PIECE_MAX > size)
			return false;
		if (!end || !isalpha((unsigned char)text[1])) {
			out[at++] = *text++;
			continue;
		}
		const char *colon = memchr(text, ':', (size_t)(end - text));
		if (colon) {
			size_t n = strtoul(colon + 1, NULL, 10);

			if (n > size - at - 1)
				return false;
			size_t made =
				put_class(text + 1, (size_t)(colon - text - 1), n, &seed, out + at);

			if (made == 0)
				return false;
			at += made;
		} else if (strncmp(text, "{start}", 7) == 0) {
			start = at;
		} else if (strncmp(text, "{check}", 7) == 0) {
			size_t made = row && row->make
					      ? row->make((struct rv_str){(uint8_t *)out + start,
									  at - start},
							  out + at, size - at)
					      : 0;

			if (made == 0)
				return false;
			at += made;
		} else if (strncmp(text, "{uuid}", 6) == 0) {
			at += put_uuid(&seed, out + at);
		} else if (strncmp(text, "{jwt}", 5) == 0) {
			at += base64url("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", out + at);
			out[at++] = '.';
			at += base64url("{\"sub\":\"build\",\"iat\":1700000000}", out + at);
		} else { /* ${TOKEN}: no template */
			out[at++] = *text++;
			continue;
		}
		text = end + 1;
	}
	out[at] = '\0';
	return true;
}
