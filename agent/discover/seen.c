/* discover (open side): a bounded set of inodes. */
#include "agent/discover/seen.h"

#include <stdlib.h>

static size_t slot_of(const struct rv_seen *seen, dev_t dev, ino_t ino)
{
	uint64_t h = ((uint64_t)ino * UINT64_C(0x9e3779b97f4a7c15)) ^
		     ((uint64_t)dev * UINT64_C(0xc2b2ae3d27d4eb4f));
	size_t at = (size_t)(h >> 20) & (seen->size - 1);

	while (seen->slots[at].ino != 0 &&
	       (seen->slots[at].ino != ino || seen->slots[at].dev != dev))
		at = (at + 1) & (seen->size - 1);
	return at;
}

static bool grow(struct rv_seen *seen)
{
	struct rv_seen bigger = {.size = seen->size ? seen->size * 2 : 1024, .count = seen->count};

	if (bigger.size > RV_SEEN_MAX)
		return false;
	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < seen->size; i++) {
		if (seen->slots[i].ino != 0)
			bigger.slots[slot_of(&bigger, seen->slots[i].dev, seen->slots[i].ino)] =
				seen->slots[i];
	}
	free(seen->slots);
	*seen = bigger;
	return true;
}

bool rv_seen_first(struct rv_seen *seen, dev_t dev, ino_t ino)
{
	if (ino == 0 || (seen->count * 2 >= seen->size && !grow(seen)))
		return true;
	size_t at = slot_of(seen, dev, ino);
	if (seen->slots[at].ino != 0)
		return false;
	seen->slots[at] = (struct rv_seen_inode){dev, ino};
	seen->count++;
	return true;
}

bool rv_seen_has(const struct rv_seen *seen, dev_t dev, ino_t ino)
{
	return seen->size > 0 && ino != 0 && seen->slots[slot_of(seen, dev, ino)].ino != 0;
}

void rv_seen_done(struct rv_seen *seen)
{
	free(seen->slots);
	*seen = (struct rv_seen){0};
}
