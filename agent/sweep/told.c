/* sweep: see told.h. Not here: who asks (doc_leak.c). */
#include "agent/sweep/told.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64

void rv_told_reset(struct rv_told *told)
{
	if (told->count > 0)
		memset(told->slots, 0, told->room * sizeof(*told->slots));
	told->count = 0;
}

void rv_told_done(struct rv_told *told)
{
	free(told->slots);
	*told = (struct rv_told){0};
}

/* Its slot, or the free one that would be its own. At least one is free. */
static size_t slot_of(const uint64_t *slots, size_t room, uint64_t hash)
{
	size_t at = hash & (room - 1);

	while (slots[at] != 0 && slots[at] != hash)
		at = (at + 1) & (room - 1);
	return at;
}

static bool grow(struct rv_told *told)
{
	size_t room = told->room ? told->room * 2 : ROOM_MIN;
	uint64_t *slots = calloc(room, sizeof(*slots));

	if (!slots)
		return false;
	for (size_t i = 0; i < told->room; i++) {
		if (told->slots[i] != 0)
			slots[slot_of(slots, room, told->slots[i])] = told->slots[i];
	}
	free(told->slots);
	told->slots = slots;
	told->room = room;
	return true;
}

void rv_told_add(struct rv_told *told, uint64_t hash)
{
	hash += hash == 0;
	told->adds++;
	if (told->count >= RV_TOLD_MAX || (told->count * 2 >= told->room && !grow(told)))
		return;
	size_t at = slot_of(told->slots, told->room, hash);
	told->count += told->slots[at] == 0;
	told->slots[at] = hash;
}

bool rv_told_has(const struct rv_told *told, uint64_t hash)
{
	hash += hash == 0;
	return told->count > 0 && told->slots[slot_of(told->slots, told->room, hash)] != 0;
}
