/* base: memory that lives and dies together: rows read from a file and their texts. Nothing in it
 * can be freed alone. Not here: secrets (secret.h). */
#pragma once

#include "agent/base/buf.h"

struct rv_arena_block;

struct rv_arena {
	struct rv_arena_block *blocks;
	size_t used_bytes; /* handed out so far */
	size_t max_bytes;  /* past it every call gives NULL */
};

void rv_arena_init(struct rv_arena *arena, size_t max_bytes);
void rv_arena_done(struct rv_arena *arena); /* accepts a zeroed arena */
/* Zeroed, aligned for any type, at least one byte; NULL: no memory, or past the maximum. */
void *rv_arena_alloc(struct rv_arena *arena, size_t size);
/* count * size, zeroed; NULL also when the product overflows. */
void *rv_arena_array(struct rv_arena *arena, size_t count, size_t size);
/* A NUL-terminated copy; bytes after an embedded NUL are kept but not seen by C. */
char *rv_arena_text(struct rv_arena *arena, struct rv_str text);
