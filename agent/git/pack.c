/* git: maps packs and their indexes and finds objects in them. Everything read is checked. */
#include "agent/git/pack.h"

#include "agent/git/file.h"

#define MALFORMED  ((rv_status){RV_CLASS_MALFORMED, 0})
#define HEADER_LEN 12
#define FANOUT_LEN 1024

void rv_git_pack_close(struct rv_git_pack *pack)
{
	if (!pack)
		return;
	rv_git_unmap(pack->data, pack->len);
	rv_git_unmap(pack->index, pack->index_len);
	free(pack->made);
	free(pack->path);
	*pack = (struct rv_git_pack){0};
}

rv_status rv_git_pack_open(const char *path, size_t oid_len, struct rv_git_pack *out)
{
	struct rv_git_pack pack = {.oid_len = oid_len};
	rv_status status;
	uint32_t version;

	status = rv_git_map(path, &pack.data, &pack.len);
	if (!rv_is_ok(status))
		return status;
	pack.path = strdup(path);
	if (!pack.path) {
		rv_git_pack_close(&pack);
		return rv_fail_nomem(NULL);
	}
	if (pack.len < HEADER_LEN + oid_len || memcmp(pack.data, "PACK", 4) != 0) {
		rv_git_pack_close(&pack);
		return MALFORMED;
	}
	version = rv_git_be32(pack.data + 4);
	if (version != 2 && version != 3) {
		rv_git_pack_close(&pack);
		return MALFORMED;
	}
	*out = pack;
	return RV_OK;
}

/* Counts must not fall: everything that searches relies on it. */
static bool is_fanout(const uint8_t *fanout)
{
	uint32_t last = 0;

	for (size_t i = 0; i < 256; i++) {
		uint32_t count = rv_git_be32(fanout + 4 * i);

		if (count < last)
			return false;
		last = count;
	}
	return true;
}

rv_status rv_git_pack_index_bytes(struct rv_git_pack *pack, const uint8_t *bytes, size_t len)
{
	const size_t fixed = 8 + FANOUT_LEN + 2 * pack->oid_len;
	size_t each = pack->oid_len + 8, table, left;
	uint32_t count;

	if (len < fixed || memcmp(bytes, "\377tOc", 4) != 0 || rv_git_be32(bytes + 4) != 2 ||
	    !is_fanout(bytes + 8))
		return MALFORMED;
	count = rv_git_be32(bytes + 8 + 4 * 255);
	if (__builtin_mul_overflow((size_t)count, each, &table) || table > len - fixed ||
	    count == RV_GIT_NONE)
		return MALFORMED;
	left = len - fixed - table;
	if (left % 8 != 0)
		return MALFORMED;
	pack->count = count;
	pack->fanout = bytes + 8;
	pack->oids = pack->fanout + FANOUT_LEN;
	pack->offsets = pack->oids + (size_t)count * (pack->oid_len + 4);
	pack->longs = pack->offsets + (size_t)count * 4;
	pack->long_count = left / 8;
	return RV_OK;
}

rv_status rv_git_pack_index(struct rv_git_pack *pack, const char *path)
{
	const uint8_t *data = NULL;
	size_t len = 0;

	RV_TRY(rv_git_map(path, &data, &len));
	rv_git_unmap(pack->index, pack->index_len);
	pack->index = data;
	pack->index_len = len;
	RV_TRY(rv_git_pack_index_bytes(pack, data, len));
	/* The index names the pack it was made for by the pack's last bytes. */
	if (memcmp(data + len - 2 * pack->oid_len, pack->data + pack->len - pack->oid_len,
		   pack->oid_len) != 0)
		return (rv_status){RV_CLASS_CONFLICT, 0};
	return RV_OK;
}

uint64_t rv_git_pack_offset(const struct rv_git_pack *pack, uint32_t n)
{
	uint64_t offset = rv_git_be32(pack->offsets + (size_t)n * 4);

	if (offset & 0x80000000U) {
		offset &= 0x7fffffffU;
		if (offset >= pack->long_count)
			return 0;
		offset = rv_git_be64(pack->longs + (size_t)offset * 8);
	}
	return offset >= HEADER_LEN && offset < pack->len - pack->oid_len ? offset : 0;
}

static bool is_below(const struct rv_git_pack *pack, uint32_t n, const struct rv_git_oid *oid)
{
	return memcmp(rv_git_pack_oid(pack, n), oid->bytes, pack->oid_len) < 0;
}

/* Ids are spread evenly: of those that begin with one byte, `oid` stands near where its next bytes
 * point. From there in steps that double, and within the last of them by halves. */
static uint32_t search(const struct rv_git_pack *pack, const struct rv_git_oid *oid, uint32_t low,
		       uint32_t high)
{
	uint32_t near =
		low + (uint32_t)((uint64_t)rv_git_be32(oid->bytes + 1) * (high - low) >> 32);
	uint32_t step = 2;

	if (is_below(pack, near, oid)) {
		low = near + 1;
		while (high - low > step && is_below(pack, low + step, oid)) {
			low += step + 1;
			step *= 2;
		}
		high = high - low > step ? low + step : high;
	} else {
		high = near;
		while (high - low > step && !is_below(pack, high - step, oid)) {
			high -= step;
			step *= 2;
		}
		low = high - low > step ? high - step + 1 : low;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (is_below(pack, middle, oid))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The first number in the index whose id is not below `oid`. */
static uint32_t lower_bound(const struct rv_git_pack *pack, const struct rv_git_oid *oid)
{
	uint32_t first = oid->bytes[0];
	uint32_t low = first ? rv_git_be32(pack->fanout + 4 * (size_t)(first - 1)) : 0;
	uint32_t high = rv_git_be32(pack->fanout + 4 * (size_t)first);

	return low < high ? search(pack, oid, low, high) : low;
}

uint32_t rv_git_pack_find(const struct rv_git_pack *pack, const struct rv_git_oid *oid)
{
	uint32_t n = lower_bound(pack, oid);

	if (n < pack->count && memcmp(rv_git_pack_oid(pack, n), oid->bytes, pack->oid_len) == 0)
		return n;
	return RV_GIT_NONE;
}

uint32_t rv_git_pack_find_prefix(const struct rv_git_pack *pack, const struct rv_git_oid *low,
				 const struct rv_git_oid *high, uint32_t *out_first)
{
	uint32_t first = lower_bound(pack, low), n = first;

	while (n < pack->count && memcmp(rv_git_pack_oid(pack, n), high->bytes, pack->oid_len) <= 0)
		n++;
	*out_first = first;
	return n - first;
}

/* The distance back to the base: seven bits a byte, highest first, each step one more. */
static bool read_distance(const uint8_t *data, size_t end, size_t *at, uint64_t *out)
{
	uint64_t distance = 0;

	for (unsigned i = 0; *at < end && i < 9; i++) {
		uint8_t byte = data[(*at)++];

		distance = distance << 7 | (byte & 0x7f);
		if (!(byte & 0x80)) {
			*out = distance;
			return true;
		}
		distance++;
	}
	return false;
}

static rv_status read_base(const struct rv_git_pack *pack, uint64_t offset, size_t end,
			   struct rv_git_entry *entry)
{
	if (entry->type == RV_GIT_OFS_DELTA) {
		uint64_t distance = 0;

		if (!read_distance(pack->data, end, &entry->at, &distance) || distance == 0 ||
		    distance > offset - HEADER_LEN)
			return MALFORMED;
		entry->base_offset = offset - distance;
	} else if (entry->type == RV_GIT_REF_DELTA) {
		if (end - entry->at < pack->oid_len)
			return MALFORMED;
		entry->base_oid = rv_git_oid_of(pack->data + entry->at, pack->oid_len);
		entry->at += pack->oid_len;
	}
	return RV_OK;
}

rv_status rv_git_pack_entry(const struct rv_git_pack *pack, uint64_t offset,
			    struct rv_git_entry *out)
{
	size_t end = pack->len - pack->oid_len, at = (size_t)offset;
	struct rv_git_entry entry = {0};
	unsigned shift = 4;
	uint8_t byte;

	if (offset < HEADER_LEN || offset >= end)
		return MALFORMED;
	byte = pack->data[at++];
	entry.type = (enum rv_git_type)(byte >> 4 & 7);
	entry.size = byte & 15;
	while (byte & 0x80) {
		if (at >= end || shift > 56)
			return MALFORMED;
		byte = pack->data[at++];
		entry.size |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	}
	if (entry.type == RV_GIT_TYPE_NONE || (int)entry.type == 5)
		return MALFORMED;
	entry.at = at;
	RV_TRY(read_base(pack, offset, end, &entry));
	*out = entry;
	return RV_OK;
}
