/* discover: a set of paths. */
#include "agent/discover/paths.h"

#include <stdlib.h>

/* "/usr/lib/x" as "/lib/x". */
static struct rv_str plain(struct rv_str path)
{
	static const char *const merged[] = {"/usr/bin/", "/usr/sbin/", "/usr/lib"};

	for (size_t i = 0; i < RV_LEN(merged); i++) {
		if (rv_str_starts_with(path, merged[i]))
			return (struct rv_str){path.data + 4, path.len - 4};
	}
	return path;
}

static uint64_t hash_of(struct rv_str path)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < path.len; i++)
		h = (h ^ path.data[i]) * UINT64_C(0x100000001b3);
	return h;
}

/* The slot of the path, or the free one where it belongs. */
static size_t slot_of(const struct rv_paths *set, struct rv_str path)
{
	struct rv_str key = plain(path);
	size_t at = hash_of(key) & (set->size - 1);

	while (set->slots[at] && !rv_str_equal(plain(rv_str_of(set->slots[at])), key))
		at = (at + 1) & (set->size - 1);
	return at;
}

static bool grow(struct rv_paths *set)
{
	struct rv_paths bigger = {.size = set->size ? set->size * 2 : 1024, .count = set->count};

	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return false;
	for (size_t i = 0; i < set->size; i++) {
		if (set->slots[i])
			bigger.slots[slot_of(&bigger, rv_str_of(set->slots[i]))] = set->slots[i];
	}
	free(set->slots);
	*set = bigger;
	return true;
}

bool rv_paths_add(struct rv_paths *set, struct rv_str path)
{
	if (rv_paths_find(set, path))
		return true;
	if (set->count == RV_PATHS_MAX || (set->count * 2 >= set->size && !grow(set)))
		return false;
	char *copy = rv_str_dup(path);
	if (!copy)
		return false;
	set->slots[slot_of(set, path)] = copy;
	set->count++;
	return true;
}

const char *rv_paths_find(const struct rv_paths *set, struct rv_str path)
{
	return set->size == 0 ? NULL : set->slots[slot_of(set, path)];
}

void rv_paths_done(struct rv_paths *set)
{
	for (size_t i = 0; i < set->size; i++)
		free(set->slots[i]);
	free(set->slots);
	*set = (struct rv_paths){0};
}
