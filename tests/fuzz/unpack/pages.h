/* tests: what the targets of SQLite's pages do with them: every byte is looked at. */
#pragma once

#include "agent/unpack/sqlite_wal.h"

static inline bool on_bytes(struct rv_str bytes, void *user)
{
	uint64_t *total = user;

	for (size_t i = 0; i < bytes.len; i++)
		*total += bytes.data[i] != 0xa5;
	return *total < ((uint64_t)64 << 20);
}

static inline bool on_value(struct rv_str bytes, bool is_blob, void *user)
{
	(void)is_blob;
	return on_bytes(bytes, user);
}

static inline bool on_row(void *user)
{
	(void)user;
	return true;
}

static inline void on_damage(const char *detail, void *user)
{
	(void)user;
	RV_BUG_ON(!detail);
}

static const struct rv_sqlite_events fuzz_events = {.on_table = on_bytes,
						    .on_value = on_value,
						    .on_row = on_row,
						    .on_rest = on_bytes,
						    .on_damage = on_damage};

/* A copy of the bytes that begins with these; NULL: no memory, or too few. */
static inline uint8_t *fuzz_copy(const uint8_t *data, size_t size, const void *head, size_t len)
{
	uint8_t *copy = size >= len ? malloc(size) : NULL;

	if (!copy)
		return NULL;
	memcpy(copy, data, size);
	memcpy(copy, head, len);
	return copy;
}
