/* unpack: the fast way through ordinary zip and gzip (.ZIP File Format Specification 6.3; RFC
 * 1952). Whatever is unusual goes the other way: unpack.c asks here first. */
#include "agent/unpack/zip.h"

#include <libdeflate.h>
#include <sys/stat.h>

#define CENTRAL_LEN 46
#define LOCAL_LEN   30
#define FLAGS_HARD  0x2041U /* encrypted, strongly, with a hidden directory */
#define DEFLATED    8
#define UNIX	    3 /* the system it was made on */
#define EXTRA_TIME  0x5455
#define GZIP_LEN    18 /* of an empty one, nearly */

struct entry {
	struct rv_str name;
	struct rv_str packed;
	struct rv_str extra;
	uint32_t size;
	uint32_t crc;
	uint32_t dos_time;
	uint32_t mode; /* 0: not known */
	uint16_t method;
};

struct directory {
	struct rv_str bytes;
	size_t at;
	size_t end;
	size_t base; /* what offsets count from: a program may stand before the archive */
};

static bool is_at(struct rv_str bytes, size_t at, const char *magic)
{
	return at <= bytes.len && bytes.len - at >= 4 && memcmp(bytes.data + at, magic, 4) == 0;
}

/* The bytes of an entry, by its local header. */
static bool find_packed(const struct directory *dir, uint32_t offset, uint32_t len,
			struct rv_str *out)
{
	size_t at = dir->base + offset;
	size_t start;

	if (dir->bytes.len < LOCAL_LEN || at > dir->bytes.len - LOCAL_LEN ||
	    !is_at(dir->bytes, at, "PK\3\4"))
		return false;
	start = at + LOCAL_LEN + rv_get_u16(dir->bytes.data + at + 26) +
		rv_get_u16(dir->bytes.data + at + 28);
	if (start > dir->bytes.len || len > dir->bytes.len - start)
		return false;
	*out = (struct rv_str){dir->bytes.data + start, len};
	return true;
}

/* The next entry; false: it is none that is read here. */
static bool next_entry(struct directory *dir, struct entry *out)
{
	const uint8_t *p = dir->bytes.data + dir->at;
	size_t name_len;
	size_t extra_len;
	size_t len;

	if (dir->end - dir->at < CENTRAL_LEN || !is_at(dir->bytes, dir->at, "PK\1\2"))
		return false;
	name_len = rv_get_u16(p + 28);
	extra_len = rv_get_u16(p + 30);
	len = CENTRAL_LEN + name_len + extra_len + rv_get_u16(p + 32);
	if (len > dir->end - dir->at || rv_get_u16(p + 8) & FLAGS_HARD || rv_get_u16(p + 34))
		return false;
	*out = (struct entry){.name = {p + CENTRAL_LEN, name_len},
			      .extra = {p + CENTRAL_LEN + name_len, extra_len},
			      .size = rv_get_u32(p + 24),
			      .crc = rv_get_u32(p + 16),
			      .dos_time = rv_get_u32(p + 12),
			      .mode = p[5] == UNIX ? rv_get_u32(p + 38) >> 16 : 0,
			      .method = rv_get_u16(p + 10)};
	dir->at += len;
	if ((out->method && out->method != DEFLATED) || out->size == UINT32_MAX ||
	    (!out->method && out->size != rv_get_u32(p + 20)))
		return false;
	return find_packed(dir, rv_get_u32(p + 42), rv_get_u32(p + 20), &out->packed);
}

/* All of them, and none overlaps the others: together they are no longer than the archive. */
static bool is_ordinary(struct directory dir, size_t max)
{
	struct entry entry;
	size_t total = 0;

	while (dir.at < dir.end) {
		if (!next_entry(&dir, &entry) || entry.size > max)
			return false;
		total += entry.packed.len + LOCAL_LEN;
		if (total > dir.bytes.len)
			return false;
	}
	return true;
}

/* Days from 1970 to a day of the civil calendar; not by the C library, which would look at
 * /etc/localtime. */
static int64_t days_to(int64_t year, int64_t month, int64_t day)
{
	int64_t shifted = month > 2 ? year : year - 1; /* years begin in March */
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year - 719468;
}

/* The format has local time without saying where: taken for UTC, unless the entry has better. */
static int64_t entry_time(const struct entry *entry)
{
	uint32_t date = entry->dos_time >> 16;
	uint32_t clock = entry->dos_time & 0xffff;
	struct rv_str extra = entry->extra;

	while (extra.len >= 4) {
		size_t len = rv_get_u16(extra.data + 2);

		if (len > extra.len - 4)
			break;
		if (rv_get_u16(extra.data) == EXTRA_TIME && len >= 5 && extra.data[4] & 1)
			return (int32_t)rv_get_u32(extra.data + 5);
		extra.data += 4 + len;
		extra.len -= 4 + len;
	}
	if (!date)
		return 0;
	return days_to((date >> 9) + 1980, date >> 5 & 15, date & 31) * 86400 +
	       (clock >> 11) * 3600 + (clock >> 5 & 63) * 60 + (clock & 31) * 2;
}

/* What comes out before the damage. */
static size_t inflate_part(const struct entry *entry, uint8_t *out)
{
	z_stream zlib = {.next_in = (Bytef *)(uintptr_t)entry->packed.data, /* it is only read */
			 .avail_in = (uInt)entry->packed.len,
			 .next_out = out,
			 .avail_out = entry->size};

	if (inflateInit2(&zlib, -15) != Z_OK)
		return 0;
	(void)inflate(&zlib, Z_FINISH); /* that it fails is known */
	(void)inflateEnd(&zlib);	/* only memory */
	return entry->size - zlib.avail_out;
}

static void read_entry(struct rv_level *level, const struct entry *entry,
		       struct libdeflate_decompressor *inflater)
{
	uint8_t *room = rv_buf_reserve(level->member, entry->size);
	size_t len = entry->size;
	bool is_good = true;
	enum rv_unpack_kind kind;

	if (!room) {
		level->walk->status = rv_fail_nomem(NULL);
		level->walk->is_stopped = true;
		return;
	}
	if (!entry->method && len)
		memcpy(room, entry->packed.data, len);
	else if (entry->method)
		is_good = libdeflate_deflate_decompress(inflater, entry->packed.data,
							entry->packed.len, room, len,
							NULL) == LIBDEFLATE_SUCCESS;
	if (!is_good)
		len = inflate_part(entry, room);
	if (!is_good || libdeflate_crc32(0, room, len) != entry->crc)
		rv_walk_trouble(level->walk, RV_UNPACK_DAMAGED, "damaged zip data");
	level->member->len = len;
	kind = rv_unpack_kind(rv_buf_view(level->member));
	rv_level_tell(level, kind, true);
	rv_level_descend(level, kind);
}

/* Whatever its name and mode make of it: what it holds can be read. */
static bool has_content(const struct entry *entry)
{
	return entry->size > 0;
}

bool rv_zip_walk(struct rv_level *level, struct rv_str bytes, const struct rv_zip_outline *outline)
{
	struct libdeflate_decompressor *inflater;
	struct directory dir = {.bytes = bytes,
				.at = (size_t)outline->directory,
				.end = (size_t)outline->directory_end,
				.base = (size_t)outline->base};
	struct entry entry;

	if (!is_ordinary(dir, level->member->max))
		return false;
	inflater = libdeflate_alloc_decompressor();
	if (!inflater)
		return false;
	while (dir.at < dir.end && !level->is_left && !level->walk->is_stopped &&
	       next_entry(&dir, &entry)) {
		bool is_begun = rv_level_begin(level, entry.name);

		level->mtime_s = entry_time(&entry);
		if (is_begun && has_content(&entry) && rv_level_spend(level, entry.size))
			read_entry(level, &entry, inflater);
		rv_level_end(level);
	}
	libdeflate_free_decompressor(inflater);
	return true;
}

uint32_t rv_gzip_told(struct rv_str bytes)
{
	return bytes.len > GZIP_LEN ? rv_get_u32(bytes.data + bytes.len - 4) : 0;
}

bool rv_gzip_whole(struct rv_str bytes, size_t told, struct rv_buf *out)
{
	struct libdeflate_decompressor *inflater;
	enum libdeflate_result result = LIBDEFLATE_BAD_DATA;
	size_t used = 0;
	size_t len = 0;
	uint8_t *room;

	inflater = libdeflate_alloc_decompressor();
	rv_buf_init(out, told + 1);
	room = inflater ? rv_buf_reserve(out, told) : NULL;
	if (room)
		result = libdeflate_gzip_decompress_ex(inflater, bytes.data, bytes.len, room, told,
						       &used, &len);
	libdeflate_free_decompressor(inflater);
	if (result == LIBDEFLATE_SUCCESS && used == bytes.len) {
		out->len = len;
		return true;
	}
	rv_buf_done(out);
	return false;
}
