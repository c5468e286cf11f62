/* git: reads a multi-pack-index. Everything in it is checked before it is used. */
#include "agent/git/midx.h"

#include "agent/git/file.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>

#define MALFORMED  ((rv_status){RV_CLASS_MALFORMED, 0})
#define HEADER_LEN 12
#define CHUNK_LEN  12
#define FANOUT_LEN ((size_t)1024)

struct chunk {
	const uint8_t *data;
	size_t len;
};

void rv_git_midx_init(struct rv_git_midx *midx, const char *pack_dir, size_t oid_len)
{
	*midx = (struct rv_git_midx){.oid_len = oid_len};
	if (asprintf(&midx->path, "%s/multi-pack-index", pack_dir) < 0)
		midx->path = NULL;
}

void rv_git_midx_done(struct rv_git_midx *midx)
{
	if (!midx)
		return;
	free(midx->path);
	rv_git_unmap(midx->data, midx->len);
	*midx = (struct rv_git_midx){0};
}

/* The chunk of that name; the table was checked to lie inside. */
static struct chunk find(const uint8_t *bytes, size_t len, uint8_t chunks, const char *name)
{
	for (size_t i = 0; i < chunks; i++) {
		const uint8_t *row = bytes + HEADER_LEN + i * CHUNK_LEN;
		uint64_t from = rv_git_be64(row + 4), to = rv_git_be64(row + CHUNK_LEN + 4);

		if (memcmp(row, name, 4) == 0 && from <= to && to <= len)
			return (struct chunk){bytes + from, (size_t)(to - from)};
	}
	return (struct chunk){NULL, 0};
}

rv_status rv_git_midx_bytes(struct rv_git_midx *midx, const uint8_t *bytes, size_t len)
{
	struct chunk names, fanout, oids, places, longs;
	uint32_t count;
	uint8_t chunks;

	if (len < HEADER_LEN || memcmp(bytes, "MIDX", 4) != 0 || bytes[4] != 1 ||
	    bytes[5] != (midx->oid_len == RV_GIT_SHA1_LEN ? 1 : 2))
		return MALFORMED;
	chunks = bytes[6];
	if (((size_t)chunks + 1) * CHUNK_LEN > len - HEADER_LEN)
		return MALFORMED;
	names = find(bytes, len, chunks, "PNAM");
	fanout = find(bytes, len, chunks, "OIDF");
	oids = find(bytes, len, chunks, "OIDL");
	places = find(bytes, len, chunks, "OOFF");
	longs = find(bytes, len, chunks, "LOFF");
	if (!names.data || !fanout.data || fanout.len != FANOUT_LEN || !oids.data || !places.data)
		return MALFORMED;
	count = rv_git_be32(fanout.data + 4 * 255);
	if (oids.len / midx->oid_len != count || places.len / 8 != count)
		return MALFORMED;
	midx->pack_count = rv_git_be32(bytes + 8);
	midx->count = count;
	midx->names = names.data;
	midx->names_len = names.len;
	midx->oids = oids.data;
	midx->places = places.data;
	midx->longs = longs.data;
	midx->long_count = longs.len / 8;
	return RV_OK;
}

/* The number of a pack by the name of its index, or RV_GIT_NONE. */
static uint32_t number_of(const struct rv_git_midx *midx, const char *name)
{
	size_t at = 0;

	for (uint32_t i = 0; i < midx->pack_count && at < midx->names_len; i++) {
		const uint8_t *start = midx->names + at;
		const uint8_t *end = memchr(start, 0, midx->names_len - at);

		if (!end)
			return RV_GIT_NONE;
		if (rv_str_is((struct rv_str){start, (size_t)(end - start)}, name))
			return i;
		at += (size_t)(end - start) + 1;
	}
	return RV_GIT_NONE;
}

static uint64_t offset_of(const struct rv_git_midx *midx, uint32_t n)
{
	uint64_t offset = rv_git_be32(midx->places + (size_t)n * 8 + 4);

	if (!midx->longs || !(offset & 0x80000000U))
		return offset;
	offset &= 0x7fffffffU;
	return offset < midx->long_count ? rv_git_be64(midx->longs + (size_t)offset * 8) : 0;
}

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* Writes an index of version 2 for one pack: all offsets as long ones, sums left at zero. */
static void write_index(const struct rv_git_midx *midx, uint32_t pack, uint32_t count, uint8_t *out)
{
	const size_t oid_len = midx->oid_len;
	uint8_t *fanout = out + 8, *oids = fanout + FANOUT_LEN;
	uint8_t *offsets = oids + (size_t)count * (oid_len + 4);
	uint8_t *longs = offsets + (size_t)count * 4;
	uint32_t seen = 0, folder = 0;

	memcpy(out, "\377tOc\0\0\0\2", 8);
	for (uint32_t n = 0; n < midx->count; n++) {
		const uint8_t *oid = midx->oids + (size_t)n * oid_len;
		uint64_t offset = offset_of(midx, n);

		if (rv_git_be32(midx->places + (size_t)n * 8) != pack)
			continue;
		for (; folder < oid[0]; folder++)
			put32(fanout + (size_t)folder * 4, seen);
		memcpy(oids + (size_t)seen * oid_len, oid, oid_len);
		put32(offsets + (size_t)seen * 4, 0x80000000U | seen);
		put32(longs + (size_t)seen * 8, (uint32_t)(offset >> 32));
		put32(longs + (size_t)seen * 8 + 4, (uint32_t)offset);
		seen++;
	}
	for (; folder < 256; folder++)
		put32(fanout + (size_t)folder * 4, seen);
}

static rv_status open_once(struct rv_git_midx *midx)
{
	if (!midx->path)
		return (rv_status){RV_CLASS_NOT_FOUND, 0};
	if (!midx->is_open) {
		midx->is_open = true;
		RV_TRY(rv_git_map(midx->path, &midx->data, &midx->len));
		RV_TRY(rv_git_midx_bytes(midx, midx->data, midx->len));
	}
	return midx->names ? RV_OK : (rv_status){RV_CLASS_NOT_FOUND, 0};
}

rv_status rv_git_midx_index(struct rv_git_midx *midx, struct rv_git_pack *pack,
			    const char *idx_path)
{
	const char *name = strrchr(idx_path, '/');
	uint32_t number, count = 0;
	size_t size;

	RV_TRY(open_once(midx));
	number = number_of(midx, name ? name + 1 : idx_path);
	if (number == RV_GIT_NONE)
		return (rv_status){RV_CLASS_NOT_FOUND, 0};
	for (uint32_t n = 0; n < midx->count; n++)
		count += rv_git_be32(midx->places + (size_t)n * 8) == number;
	if (count > 0x7fffffffU)
		return MALFORMED;
	size = 8 + FANOUT_LEN + (size_t)count * (midx->oid_len + 16) + 2 * midx->oid_len;
	free(pack->made);
	pack->made = calloc(1, size);
	if (!pack->made)
		return rv_fail_nomem(NULL);
	write_index(midx, number, count, pack->made);
	return rv_git_pack_index_bytes(pack, pack->made, size);
}

void rv_git_midxes_init(struct rv_git_midxes *all, const char *pack_dir, size_t oid_len)
{
	*all = (struct rv_git_midxes){.count = 0};
	rv_git_midx_init(&all->first, pack_dir, oid_len);
}

void rv_git_midxes_done(struct rv_git_midxes *all)
{
	rv_git_midx_done(&all->first);
	for (size_t i = 0; i < all->count; i++)
		rv_git_midx_done(&all->layers[i]);
	free(all->layers);
	*all = (struct rv_git_midxes){.count = 0};
}

/* multi-pack-index.d/multi-pack-index-ID.midx; gitformat-pack(5), "Incremental". */
static rv_status list_layers(struct rv_git_midxes *all)
{
	RV_CLEANUP(rv_git_dir_closep) DIR *list = NULL;
	char path[PATH_MAX];
	struct dirent *entry;

	all->is_listed = true;
	if (!all->first.path || !rv_git_path(path, sizeof(path), "%s.d", all->first.path))
		return RV_OK;
	list = opendir(path);
	all->layers = list ? calloc(RV_GIT_MIDX_LAYERS_MAX, sizeof(*all->layers)) : NULL;
	if (list && !all->layers)
		return rv_fail_nomem(NULL);
	while (list && all->count < RV_GIT_MIDX_LAYERS_MAX && (entry = readdir(list))) {
		struct rv_git_midx layer = {.oid_len = all->first.oid_len};

		if (!rv_str_ends_with(rv_str_of(entry->d_name), ".midx"))
			continue;
		if (asprintf(&layer.path, "%s/%s", path, entry->d_name) < 0)
			return rv_fail_nomem(NULL);
		all->layers[all->count++] = layer;
	}
	return RV_OK;
}

rv_status rv_git_midxes_index(struct rv_git_midxes *all, struct rv_git_pack *pack,
			      const char *idx_path)
{
	rv_status status = rv_git_midx_index(&all->first, pack, idx_path);

	if (rv_is_ok(status))
		return status;
	if (!all->is_listed)
		RV_TRY(list_layers(all));
	for (size_t i = 0; all->layers && i < all->count; i++) {
		if (rv_is_ok(status) || rv_class_of(status) == RV_CLASS_EXHAUSTED)
			break;
		status = rv_git_midx_index(&all->layers[i], pack, idx_path);
	}
	return status;
}
