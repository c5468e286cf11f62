/* git: parses the index. Not here: what is staged (changes.c). */
#include "agent/git/index.h"

#include "agent/git/file.h"

#include <limits.h>
#include <sys/stat.h>

#define MALFORMED  ((rv_status){RV_CLASS_MALFORMED, 0})
#define HEADER_LEN 12
#define STAT_LEN   40
#define EXTENDED   0x4000u
#define INTENDED   0x2000u /* of the extended flags */
#define SKIPPED	   0x4000u

struct parse {
	struct rv_str bytes; /* without the sum at the end */
	size_t oid_len;
	size_t at;
	struct rv_git_index *index;
	size_t path_at; /* in index->paths, of version 4 */
	size_t path_cap;
};

void rv_git_index_done(struct rv_git_index *index)
{
	if (!index)
		return;
	free(index->entries);
	free(index->paths);
	free(index->shared_paths);
	rv_git_unmap(index->map, index->map_len);
	rv_git_unmap(index->shared_map, index->shared_len);
	*index = (struct rv_git_index){0};
}

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

/* How many bytes of the path before are not taken over: as in OFS deltas. */
static bool read_strip(struct parse *p, size_t *out)
{
	uint64_t value = 0;

	for (unsigned i = 0; p->at < p->bytes.len && i < 5; i++) {
		uint8_t byte = p->bytes.data[p->at++];

		value = (value << 7) | (byte & 0x7f);
		if (!(byte & 0x80)) {
			*out = (size_t)value;
			return true;
		}
		value++;
	}
	return false;
}

static rv_status grow_paths(struct parse *p, size_t needed)
{
	size_t cap = p->path_cap ? p->path_cap * 2 : 65536;
	uint8_t *paths;

	if (needed > RV_GIT_INDEX_PATHS_MAX)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	if (needed <= p->path_cap)
		return RV_OK;
	while (cap < needed)
		cap *= 2;
	paths = realloc(p->index->paths, cap);
	if (!paths)
		return rv_fail_nomem(NULL);
	p->index->paths = paths;
	p->path_cap = cap;
	return RV_OK;
}

/* The beginning of the path before, and a new end. Paths are offsets until all are known. */
static rv_status read_short_path(struct parse *p, size_t last_len, struct rv_git_index_entry *entry)
{
	const uint8_t *nul, *end;
	size_t strip = 0, kept, added;

	if (!read_strip(p, &strip) || strip > last_len || p->at >= p->bytes.len)
		return MALFORMED;
	end = p->bytes.data + p->at;
	nul = memchr(end, 0, p->bytes.len - p->at);
	if (!nul)
		return MALFORMED;
	added = (size_t)(nul - end);
	kept = last_len - strip;
	if (kept + added > RV_GIT_PATH_BYTES_MAX)
		return MALFORMED;
	RV_TRY(grow_paths(p, p->path_at + kept + added));
	if (kept > 0)
		memcpy(p->index->paths + p->path_at, p->index->paths + p->path_at - last_len, kept);
	if (added > 0)
		memcpy(p->index->paths + p->path_at + kept, end, added);
	p->path_at += kept + added;
	p->at += added + 1;
	entry->path = (struct rv_str){NULL, kept + added};
	return RV_OK;
}

/* Ended by one to eight NULs, so that entries begin at multiples of eight. */
static rv_status read_full_path(struct parse *p, size_t start, struct rv_git_index_entry *entry)
{
	const uint8_t *path = p->bytes.data + p->at;
	const uint8_t *nul = p->at < p->bytes.len ? memchr(path, 0, p->bytes.len - p->at) : NULL;
	size_t len;

	if (!nul || (size_t)(nul - path) > RV_GIT_PATH_BYTES_MAX)
		return MALFORMED;
	len = (size_t)(nul - path);
	entry->path = (struct rv_str){path, len};
	p->at = start + ((p->at - start + len + 8) & ~(size_t)7);
	return p->at <= p->bytes.len ? RV_OK : MALFORMED;
}

static rv_status read_entry(struct parse *p, size_t last_len, struct rv_git_index_entry *entry)
{
	const uint8_t *b = p->bytes.data + p->at;
	size_t start = p->at, fixed = STAT_LEN + p->oid_len + 2;
	uint32_t flags;

	if (p->bytes.len - p->at < fixed)
		return MALFORMED;
	*entry = (struct rv_git_index_entry){
		.ctime_s = rv_git_be32(b),
		.ctime_ns = rv_git_be32(b + 4),
		.mtime_s = rv_git_be32(b + 8),
		.mtime_ns = rv_git_be32(b + 12),
		.inode = rv_git_be32(b + 20),
		.mode = rv_git_be32(b + 24),
		.size = rv_git_be32(b + 36),
		.oid = rv_git_oid_of(b + STAT_LEN, p->oid_len),
	};
	flags = be16(b + STAT_LEN + p->oid_len);
	entry->stage = (uint8_t)(flags >> 12 & 3);
	p->at += fixed;
	if (flags & EXTENDED) {
		if (p->index->version < 3 || p->bytes.len - p->at < 2)
			return MALFORMED;
		flags = be16(p->bytes.data + p->at);
		entry->is_intended = flags & INTENDED;
		entry->is_skipped = flags & SKIPPED;
		p->at += 2;
	}
	return p->index->version == 4 ? read_short_path(p, last_len, entry)
				      : read_full_path(p, start, entry);
}

/* Only the one that says that entries are missing here, and the folders' trees. */
static rv_status read_extensions(struct parse *p)
{
	while (p->bytes.len - p->at >= 8) {
		const uint8_t *b = p->bytes.data + p->at;
		size_t len = rv_git_be32(b + 4);

		if (len > p->bytes.len - p->at - 8)
			return MALFORMED;
		if (memcmp(b, "link", 4) == 0) {
			p->index->is_split = true;
			p->index->link = (struct rv_str){b + 8, len};
		}
		if (memcmp(b, "TREE", 4) == 0)
			p->index->trees = (struct rv_str){b + 8, len};
		p->at += 8 + len;
	}
	return RV_OK;
}

static rv_status parse_all(struct parse *p)
{
	struct rv_git_index *index = p->index;
	size_t last_len = 0, at = 0;

	for (uint32_t i = 0; i < index->count; i++) {
		RV_TRY(read_entry(p, last_len, &index->entries[i]));
		last_len = index->entries[i].path.len;
	}
	for (uint32_t i = 0; index->version == 4 && index->paths && i < index->count; i++) {
		index->entries[i].path.data = index->paths + at;
		at += index->entries[i].path.len;
	}
	RV_TRY(read_extensions(p));
	for (uint32_t i = 0; !index->is_split && i < index->count; i++) {
		if (index->entries[i].path.len == 0)
			return MALFORMED;
	}
	return RV_OK;
}

rv_status rv_git_index_parse(struct rv_str bytes, size_t oid_len, struct rv_git_index *out)
{
	RV_CLEANUP(rv_git_index_done) struct rv_git_index index = {0};
	struct parse p = {.oid_len = oid_len, .at = HEADER_LEN, .index = &index};

	if (bytes.len < HEADER_LEN + oid_len || memcmp(bytes.data, "DIRC", 4) != 0)
		return MALFORMED;
	p.bytes = (struct rv_str){bytes.data, bytes.len - oid_len};
	index.version = rv_git_be32(bytes.data + 4);
	index.count = rv_git_be32(bytes.data + 8);
	if (index.version < 2 || index.version > 4 ||
	    index.count > bytes.len / (STAT_LEN + oid_len + 4))
		return MALFORMED;
	index.entries = calloc((size_t)index.count + 1, sizeof(*index.entries));
	if (!index.entries)
		return rv_fail_nomem(NULL);
	RV_TRY(parse_all(&p));
	*out = index;
	index = (struct rv_git_index){0};
	return RV_OK;
}

rv_status rv_git_index_load(const struct rv_git *git, struct rv_git_index *out,
			    struct rv_diag *diag)
{
	struct rv_str bytes = RV_STR_NONE;
	char path[PATH_MAX];
	struct stat st;
	rv_status status;

	if (!rv_git_path(path, sizeof(path), "%s/index", git->git_dir))
		return rv_fail(RV_CLASS_MALFORMED, diag, "the path is too long: %s", git->git_dir);
	status = rv_git_map(path, &bytes.data, &bytes.len);
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND) {
		*out = (struct rv_git_index){.version = 2};
		return RV_OK;
	}
	if (rv_is_ok(status) && bytes.len <= RV_GIT_INDEX_MAX)
		status = rv_git_index_parse(bytes, git->oid_len, out);
	else if (rv_is_ok(status))
		status = (rv_status){RV_CLASS_EXHAUSTED, 0};
	if (!rv_is_ok(status)) {
		rv_git_unmap(bytes.data, bytes.len);
		return rv_fail(rv_class_of(status), diag, "%s cannot be read as an index", path);
	}
	out->map = bytes.data;
	out->map_len = bytes.len;
	if (stat(path, &st) == 0) {
		out->mtime_s = st.st_mtim.tv_sec;
		out->mtime_ns = st.st_mtim.tv_nsec;
	}
	status = rv_git_index_join(git, out);
	if (!rv_is_ok(status))
		rv_git_index_done(out);
	return status;
}
