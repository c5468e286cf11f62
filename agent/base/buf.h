/* base: one bounded byte buffer and one borrowed view. Not here: secrets (secret.h). */
#pragma once

#include "agent/base/status.h"

#include <string.h>

/* A borrowed run of bytes; not NUL-terminated; may hold any byte (paths are bytes). */
struct rv_str {
	const uint8_t *data;
	size_t len;
};

#define RV_STR_LIT(s) ((struct rv_str){(const uint8_t *)(s), sizeof(s) - 1})
#define RV_STR_NONE   ((struct rv_str){NULL, 0})

static inline struct rv_str rv_str_of(const char *z)
{
	return (struct rv_str){(const uint8_t *)z, z ? strlen(z) : 0};
}

bool rv_str_equal(struct rv_str a, struct rv_str b);
bool rv_str_is(struct rv_str a, const char *z);
bool rv_str_starts_with(struct rv_str s, const char *z);
bool rv_str_ends_with(struct rv_str s, const char *z);
/* A NUL-terminated heap copy (*gives*), or NULL for no memory or an embedded NUL. */
char *rv_str_dup(struct rv_str s);

/* A growing buffer with a hard maximum: past it every put fails with EXHAUSTED and changes
 * nothing. `data` may be NULL while `len` is 0. Wiped before release. */
struct rv_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max;
};

void rv_buf_init(struct rv_buf *buf, size_t max);
void rv_buf_done(struct rv_buf *buf);  /* accepts a zeroed buffer */
void rv_buf_reset(struct rv_buf *buf); /* keeps the memory */
RV_NODISCARD rv_status rv_buf_put(struct rv_buf *buf, const void *bytes, size_t len);
RV_NODISCARD rv_status rv_buf_put_str(struct rv_buf *buf, const char *z);
RV_NODISCARD rv_status rv_buf_put_byte(struct rv_buf *buf, uint8_t byte);
RV_NODISCARD rv_status rv_buf_printf(struct rv_buf *buf, const char *fmt, ...) RV_PRINTF(2, 3);
/* Little-endian integers. */
RV_NODISCARD rv_status rv_buf_put_u16(struct rv_buf *buf, uint16_t v);
RV_NODISCARD rv_status rv_buf_put_u32(struct rv_buf *buf, uint32_t v);
RV_NODISCARD rv_status rv_buf_put_u64(struct rv_buf *buf, uint64_t v);
/* Room for `len` more bytes at the returned place, not yet counted in buf->len; NULL past max. */
uint8_t *rv_buf_reserve(struct rv_buf *buf, size_t len);
/* Ends the content with a NUL that len does not count and yields it as a C string, or NULL. */
const char *rv_buf_cstr(struct rv_buf *buf);

static inline struct rv_str rv_buf_view(const struct rv_buf *buf)
{
	return (struct rv_str){buf->data, buf->len};
}

static inline uint16_t rv_get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | (uint16_t)(p[1] << 8));
}

static inline uint32_t rv_get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t rv_get_u64(const uint8_t *p)
{
	return (uint64_t)rv_get_u32(p) | (uint64_t)rv_get_u32(p + 4) << 32;
}
