/* base: the bounded byte buffer and views. Not here: secrets (secret.c). */
#include "agent/base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

bool rv_str_equal(struct rv_str a, struct rv_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool rv_str_is(struct rv_str a, const char *z)
{
	return rv_str_equal(a, rv_str_of(z));
}

bool rv_str_starts_with(struct rv_str s, const char *z)
{
	size_t len = strlen(z);

	return len == 0 || (s.len >= len && memcmp(s.data, z, len) == 0);
}

bool rv_str_ends_with(struct rv_str s, const char *z)
{
	size_t len = strlen(z);

	return len == 0 || (s.len >= len && memcmp(s.data + s.len - len, z, len) == 0);
}

char *rv_str_dup(struct rv_str s)
{
	char *copy;

	if (s.len && memchr(s.data, 0, s.len))
		return NULL;
	if (s.len == SIZE_MAX)
		return NULL;
	copy = malloc(s.len + 1);
	if (!copy)
		return NULL;
	if (s.len)
		memcpy(copy, s.data, s.len);
	copy[s.len] = '\0';
	return copy;
}

void rv_buf_init(struct rv_buf *buf, size_t max)
{
	*buf = (struct rv_buf){.max = max};
}

void rv_buf_done(struct rv_buf *buf)
{
	if (!buf)
		return;
	if (buf->data) {
		explicit_bzero(buf->data, buf->cap);
		free(buf->data);
	}
	*buf = (struct rv_buf){.max = buf->max};
}

void rv_buf_reset(struct rv_buf *buf)
{
	buf->len = 0;
}

/* Not realloc(): it may leave a copy of the bytes behind in freed memory. */
static rv_status grow(struct rv_buf *buf, size_t needed)
{
	size_t cap = buf->cap ? buf->cap : 64;
	uint8_t *data;

	if (needed <= buf->cap)
		return RV_OK;
	while (cap < needed) {
		if (__builtin_mul_overflow(cap, (size_t)2, &cap))
			cap = needed;
	}
	if (cap > buf->max && needed <= buf->max)
		cap = buf->max;
	data = malloc(cap);
	if (!data)
		return rv_fail_nomem(NULL);
	if (buf->data) {
		memcpy(data, buf->data, buf->len);
		explicit_bzero(buf->data, buf->cap);
		free(buf->data);
	}
	buf->data = data;
	buf->cap = cap;
	return RV_OK;
}

static rv_status make_room(struct rv_buf *buf, size_t len)
{
	size_t needed;

	if (__builtin_add_overflow(buf->len, len, &needed) || needed > buf->max)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	return grow(buf, needed);
}

rv_status rv_buf_put(struct rv_buf *buf, const void *bytes, size_t len)
{
	if (len == 0)
		return RV_OK;
	RV_TRY(make_room(buf, len));
	memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	return RV_OK;
}

rv_status rv_buf_put_str(struct rv_buf *buf, const char *z)
{
	return rv_buf_put(buf, z, strlen(z));
}

rv_status rv_buf_put_byte(struct rv_buf *buf, uint8_t byte)
{
	return rv_buf_put(buf, &byte, 1);
}

rv_status rv_buf_printf(struct rv_buf *buf, const char *fmt, ...)
{
	va_list args;
	size_t size;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return (rv_status){RV_CLASS_BUG, (uint16_t)errno};
	size = (size_t)len;
	if (size == 0)
		return RV_OK;
	RV_TRY(make_room(buf, size));
	/* vsnprintf ends with a NUL that the content does not count. */
	RV_TRY(grow(buf, buf->len + size + 1));
	va_start(args, fmt);
	(void)vsnprintf((char *)buf->data + buf->len, size + 1, fmt, args); /* length known */
	va_end(args);
	buf->len += size;
	return RV_OK;
}

rv_status rv_buf_put_u16(struct rv_buf *buf, uint16_t v)
{
	const uint8_t bytes[2] = {(uint8_t)v, (uint8_t)(v >> 8)};

	return rv_buf_put(buf, bytes, sizeof(bytes));
}

rv_status rv_buf_put_u32(struct rv_buf *buf, uint32_t v)
{
	uint8_t bytes[4];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(v >> (8 * i));
	return rv_buf_put(buf, bytes, sizeof(bytes));
}

rv_status rv_buf_put_u64(struct rv_buf *buf, uint64_t v)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(v >> (8 * i));
	return rv_buf_put(buf, bytes, sizeof(bytes));
}

uint8_t *rv_buf_reserve(struct rv_buf *buf, size_t len)
{
	if (!rv_is_ok(make_room(buf, len)))
		return NULL;
	/* A place even for nothing, so that NULL only ever means failure. */
	if (!rv_is_ok(grow(buf, buf->len + (len ? len : 1))))
		return NULL;
	return buf->data + buf->len;
}

const char *rv_buf_cstr(struct rv_buf *buf)
{
	size_t needed;

	if (__builtin_add_overflow(buf->len, (size_t)1, &needed) || !rv_is_ok(grow(buf, needed)))
		return NULL;
	buf->data[buf->len] = '\0';
	return (const char *)buf->data;
}
