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

/* What is being made, and where the part that is summed begins. */
struct making {
	char *out;
	size_t at, size, start;
	uint64_t seed;
	const struct rv_check_row *check;
};

static bool put_check(struct making *m)
{
	struct rv_str body = {(uint8_t *)m->out + m->start, m->at - m->start};
	size_t made = m->check && m->check->make
			      ? m->check->make(body, m->out + m->at, m->size - m->at)
			      : 0;

	m->at += made;
	return made > 0;
}

static bool put_counted(struct making *m, const char *name, const char *colon)
{
	size_t n = strtoul(colon + 1, NULL, 10);

	if (n > m->size - m->at - 1)
		return false;
	size_t made = put_class(name, (size_t)(colon - name), n, &m->seed, m->out + m->at);

	m->at += made;
	return made > 0;
}

/* One {template}; what is none, as ${TOKEN}, stands for itself. False: it cannot be made. */
static bool put_template(struct making *m, const char **text)
{
	const char *name = *text + 1;
	const char *end = strchr(name, '}');
	const char *colon = memchr(name, ':', (size_t)(end - name));
	bool is_made = true;

	if (colon) {
		is_made = put_counted(m, name, colon);
	} else if (strncmp(name, "start}", 6) == 0) {
		m->start = m->at;
	} else if (strncmp(name, "check}", 6) == 0) {
		is_made = put_check(m);
	} else if (strncmp(name, "uuid}", 5) == 0) {
		m->at += put_uuid(&m->seed, m->out + m->at);
	} else if (strncmp(name, "jwt}", 4) == 0) {
		m->at += base64url("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", m->out + m->at);
		m->out[m->at++] = '.';
		m->at += base64url("{\"sub\":\"build\",\"iat\":1700000000}", m->out + m->at);
	} else {
		m->out[m->at++] = *(*text)++;
		return true;
	}
	*text = end + 1;
	return is_made;
}

bool rv_sample_render_for(const char *text, const char *check, uint64_t seed, char *out,
			  size_t size)
{
	struct making m = {.out = out,
			   .size = size,
			   .seed = seed,
			   .check = rv_check_find(check ? check : "crc32-base62")};

	while (*text) {
		if (m.at + PIECE_MAX > size)
			return false;
		if (*text != '{' || !isalpha((unsigned char)text[1]) || !strchr(text, '}'))
			out[m.at++] = *text++;
		else if (!put_template(&m, &text))
			return false;
	}
	out[m.at] = '\0';
	return true;
}
