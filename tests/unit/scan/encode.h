/* tests: text in the encodings that scan/decode.h finds. Each returns a string that lives until the
 * same function is called again. */
#pragma once

#include "agent/base/buf.h"

#include <stdio.h>

#define ENCODE_MAX 65536

static inline const char *encode_base64(struct rv_str text, const char *tail_letters,
					bool is_padded, size_t width)
{
	static char out[ENCODE_MAX];
	char letters[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t len = 0;
	size_t column = 0;

	memcpy(letters + 62, tail_letters, 2);
	for (size_t i = 0; i < text.len; i += 3) {
		size_t left = text.len - i;
		uint32_t value = (uint32_t)text.data[i] << 16 |
				 (uint32_t)(left > 1 ? text.data[i + 1] : 0) << 8 |
				 (left > 2 ? text.data[i + 2] : 0);

		for (size_t k = 0; k < 4; k++) {
			if (k > left && !is_padded)
				continue;
			out[len++] = k > left ? '=' : letters[value >> (18 - 6 * k) & 63];
			if (width && ++column == width) {
				out[len++] = '\n';
				column = 0;
			}
		}
	}
	out[len] = '\0';
	return out;
}

/* Each byte by a printf form with one unsigned. */
static inline const char *encode_each(struct rv_str text, const char *form)
{
	static char out[ENCODE_MAX];
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		len += (size_t)snprintf(out + len, sizeof(out) - len, form, text.data[i]);
#pragma GCC diagnostic pop
	}
	return out;
}
