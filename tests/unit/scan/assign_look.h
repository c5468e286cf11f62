/* tests: the assignment detector over a text, and made values to put there. */
#pragma once

#include "agent/scan/assign.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

/* Characters of made values. */
#define MADE_HEX   "0123456789abcdef"
#define MADE_ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define MADE_LOWER "abcdefghijklmnopqrstuvwxyz"
#define MADE_SIGNS "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789!#%*"
#define MADE_MAX   128

/* len characters of the alphabet, the same for the same seed; opens nothing anywhere. */
static inline const char *make_value(const char *alphabet, size_t len, uint64_t seed,
				     char out[MADE_MAX])
{
	size_t size = strlen(alphabet);

	assert_true(len < MADE_MAX);
	for (size_t i = 0; i < len; i++) {
		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		out[i] = alphabet[(seed >> 33) % size];
	}
	out[len] = '\0';
	return out;
}

/* The format with its one %s replaced. */
static inline const char *fill_in(const char *format, const char *value, char *out, size_t size)
{
	const char *mark = strstr(format, "%s");

	assert_non_null(mark);
	size_t head = (size_t)(mark - format);
	size_t len = strlen(value);
	size_t tail = strlen(mark + 2);

	assert_true(head + len + tail < size);
	memcpy(out, format, head);
	memcpy(out + head, value, len);
	memcpy(out + head + len, mark + 2, tail + 1);
	return out;
}

struct look {
	struct rv_assign best; /* confidence 0: nothing at all */
	char value[512];
};

static inline bool look_is_at(struct rv_str b, size_t at, const struct rv_assign_anchor *a)
{
	if (b.len - at < a->len)
		return false;
	for (size_t i = 0; i < a->len; i++) {
		uint8_t c = b.data[at + i];

		if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (uint8_t)a->text[i])
			return false;
	}
	return true;
}

/* The surest value of the text, as a file of this name. The text is copied to a block of its own
 * size, so that a read past its end is seen. */
static inline struct look look_at(const char *path, const char *text)
{
	struct look look = {0};
	size_t len = strlen(text);
	uint8_t *copy = malloc(len ? len : 1);
	struct rv_context context = rv_context_of(rv_str_of(path));

	assert_non_null(copy);
	memcpy(copy, text, len);
	struct rv_str bytes = {copy, len};

	for (size_t at = 0; at < len; at++) {
		for (unsigned a = 0; a < rv_assign_anchor_count; a++) {
			struct rv_assign hit;

			if (!look_is_at(bytes, at, &rv_assign_anchors[a]) ||
			    !rv_assign_at(bytes, &context, a, at + rv_assign_anchors[a].len, &hit))
				continue;
			assert_true(hit.len > 0 && hit.start + hit.len <= len);
			if (hit.confidence <= look.best.confidence)
				continue;
			look.best = hit;
			assert_true(hit.len < sizeof(look.value));
			memcpy(look.value, copy + hit.start, hit.len);
			look.value[hit.len] = '\0';
		}
	}
	free(copy);
	return look;
}

static inline void assert_quiet(const char *path, const char *text)
{
	struct look look = look_at(path, text);

	if (look.best.confidence >= RV_ASSIGN_DEFAULT)
		fail_msg("%s: reported at %u: %s", path, look.best.confidence, text);
}

/* `format` has one %s, where the value goes; it is found, whole. */
static inline void assert_told(const char *path, const char *format, const char *value)
{
	char text[2048];
	struct look look = look_at(path, fill_in(format, value, text, sizeof(text)));

	if (look.best.confidence < RV_ASSIGN_DEFAULT)
		fail_msg("%s: only %u (%s): %s", path, look.best.confidence, look.value, text);
	assert_string_equal(look.value, value);
}
