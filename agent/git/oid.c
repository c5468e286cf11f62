/* git: object ids as bytes, hex and keys of a hash map. Not here: reading objects. */
#include "agent/git/oid.h"

#include "agent/base/digest.h"

bool rv_git_oid_is_zero(const struct rv_git_oid *oid)
{
	const struct rv_git_oid zero = {{0}};

	return rv_git_oid_equal(oid, &zero);
}

bool rv_git_oid_parse(struct rv_str hex, size_t oid_len, struct rv_git_oid *out)
{
	struct rv_git_oid oid = {{0}};

	if (hex.len != 2 * oid_len || !rv_is_ok(rv_unhex(hex, oid.bytes, oid_len)))
		return false;
	*out = oid;
	return true;
}

void rv_git_oid_hex(const struct rv_git_oid *oid, size_t oid_len, char out[RV_GIT_HEX_MAX])
{
	rv_hex(oid->bytes, oid_len, out);
}

void rv_git_oidmap_init(struct rv_git_oidmap *map)
{
	*map = (struct rv_git_oidmap){0};
	rv_random(map->seed, sizeof(map->seed));
}

void rv_git_oidmap_done(struct rv_git_oidmap *map)
{
	if (!map)
		return;
	free(map->oids);
	free(map->slots);
	*map = (struct rv_git_oidmap){0};
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 wide = (unsigned __int128)a * b;

	return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

static uint32_t slot_of(const struct rv_git_oidmap *map, const struct rv_git_oid *oid)
{
	uint64_t word[4];

	memcpy(word, oid->bytes, sizeof(word));
	word[0] = fold(word[0] ^ map->seed[0], word[1] ^ map->seed[1]);
	word[2] = fold(word[2] ^ map->seed[1], word[3] ^ map->seed[0]);
	return (uint32_t)fold(word[0] ^ map->seed[1], word[2] ^ 0x9e3779b97f4a7c15U) & map->mask;
}

uint32_t rv_git_oidmap_get(const struct rv_git_oidmap *map, const struct rv_git_oid *oid)
{
	if (map->count == 0)
		return RV_GIT_NONE;
	for (uint32_t i = slot_of(map, oid);; i = (i + 1) & map->mask) {
		uint32_t number = map->slots[i];

		if (number == 0)
			return RV_GIT_NONE;
		if (rv_git_oid_equal(&map->oids[number - 1], oid))
			return number - 1;
	}
}

static void settle(struct rv_git_oidmap *map, uint32_t number)
{
	uint32_t i = slot_of(map, &map->oids[number]);

	while (map->slots[i] != 0)
		i = (i + 1) & map->mask;
	map->slots[i] = number + 1;
}

static rv_status grow(struct rv_git_oidmap *map)
{
	uint32_t cap = map->cap ? map->cap * 2 : 64;
	struct rv_git_oid *oids;
	uint32_t *slots;

	if (map->count < map->cap)
		return RV_OK;
	if (cap > RV_GIT_OIDMAP_MAX)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	slots = calloc((size_t)cap * 2, sizeof(*slots));
	if (!slots)
		return rv_fail_nomem(NULL);
	oids = reallocarray(map->oids, cap, sizeof(*oids));
	if (!oids) {
		free(slots);
		return rv_fail_nomem(NULL);
	}
	free(map->slots);
	map->oids = oids;
	map->slots = slots;
	map->cap = cap;
	map->mask = cap * 2 - 1;
	for (uint32_t i = 0; i < map->count; i++)
		settle(map, i);
	return RV_OK;
}

rv_status rv_git_oidmap_put(struct rv_git_oidmap *map, const struct rv_git_oid *oid,
			    uint32_t *out_number, bool *out_is_new)
{
	uint32_t number = rv_git_oidmap_get(map, oid);

	if (number == RV_GIT_NONE) {
		RV_TRY(grow(map));
		number = map->count++;
		map->oids[number] = *oid;
		settle(map, number);
		if (out_is_new)
			*out_is_new = true;
	} else if (out_is_new) {
		*out_is_new = false;
	}
	*out_number = number;
	return RV_OK;
}
