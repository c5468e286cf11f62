/* base: an arena as a list of blocks. Not here: what lies in it. */
#include "agent/base/arena.h"

#include <stddef.h>

#define BLOCK_BYTES ((size_t)16 << 10)
#define ALIGNMENT   _Alignof(max_align_t)

struct rv_arena_block {
	struct rv_arena_block *next;
	size_t used;
	size_t room;
	_Alignas(max_align_t) uint8_t bytes[];
};

void rv_arena_init(struct rv_arena *arena, size_t max_bytes)
{
	*arena = (struct rv_arena){.max_bytes = max_bytes};
}

void rv_arena_done(struct rv_arena *arena)
{
	struct rv_arena_block *block = arena->blocks;

	while (block) {
		struct rv_arena_block *next = block->next;

		free(block);
		block = next;
	}
	*arena = (struct rv_arena){.max_bytes = arena->max_bytes};
}

/* What is larger than a block gets one of its own, behind the one being filled. */
static struct rv_arena_block *add_block(struct rv_arena *arena, size_t size)
{
	size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
	struct rv_arena_block *block = calloc(1, sizeof(*block) + room);

	if (!block)
		return NULL;
	block->room = room;
	if (arena->blocks && size > BLOCK_BYTES) {
		block->next = arena->blocks->next;
		arena->blocks->next = block;
	} else {
		block->next = arena->blocks;
		arena->blocks = block;
	}
	return block;
}

void *rv_arena_alloc(struct rv_arena *arena, size_t size)
{
	struct rv_arena_block *block = arena->blocks;
	size_t want;

	if (size > arena->max_bytes || arena->used_bytes > arena->max_bytes - size)
		return NULL;
	if (__builtin_add_overflow(size ? size : 1, ALIGNMENT - 1, &want))
		return NULL;
	want -= want % ALIGNMENT;
	if (!block || block->room - block->used < want)
		block = add_block(arena, want);
	if (!block)
		return NULL;
	void *at = block->bytes + block->used;
	block->used += want;
	arena->used_bytes += size;
	return at;
}

void *rv_arena_array(struct rv_arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return rv_arena_alloc(arena, bytes);
}

char *rv_arena_text(struct rv_arena *arena, struct rv_str text)
{
	char *copy = text.len < SIZE_MAX ? rv_arena_alloc(arena, text.len + 1) : NULL;

	if (copy && text.len)
		memcpy(copy, text.data, text.len);
	return copy;
}
