/* git: see index_split.h. Not here: parsing either (index.c). */
#include "agent/git/index_split.h"

#include "agent/git/file.h"

#include <limits.h>

#define MALFORMED ((rv_status){RV_CLASS_MALFORMED, 0})

/* A bit for each entry of the shared index. */
struct bits {
	uint8_t *bytes; /* 0 or 1 */
	uint32_t count;
};

static void bits_done(struct bits *bits)
{
	free(bits->bytes);
}

/* One word of what stands in the bitmap, at bit `at`; what is past its end is 0. */
static bool put_word(struct bits *bits, uint64_t at, uint64_t word)
{
	for (unsigned i = 0; word; i++, word >>= 1) {
		if (!(word & 1))
			continue;
		if (at + i >= bits->count)
			return false;
		bits->bytes[at + i] = 1;
	}
	return true;
}

/* A group: a run of equal words, then literal ones. */
static bool put_group(struct bits *bits, uint64_t *at, const uint8_t **words, const uint8_t *end)
{
	uint64_t head = rv_git_be64(*words);
	uint64_t run = (head >> 1 & 0xffffffffU) * 64;
	uint64_t literals = head >> 33;

	*words += 8;
	if (head & 1) {
		for (uint64_t i = 0; i < run; i += 64) {
			if (!put_word(bits, *at + i, UINT64_MAX))
				return false; /* ends a long one too */
		}
	}
	*at += run;
	if (literals > (uint64_t)(end - *words) / 8)
		return false;
	for (; literals > 0; literals--, *words += 8, *at += 64) {
		if (!put_word(bits, *at, rv_git_be64(*words)))
			return false;
	}
	return true;
}

/* EWAH: bits, words, the words, where the last group stands. */
static rv_status read_bits(struct rv_str bytes, size_t *at, uint32_t count, struct bits *out)
{
	uint64_t bit = 0;

	if (bytes.len - *at < 8)
		return MALFORMED;
	uint64_t len = (uint64_t)rv_git_be32(bytes.data + *at + 4) * 8;
	if (rv_git_be32(bytes.data + *at) > count || bytes.len - *at - 8 < len + 4)
		return MALFORMED;
	out->count = count;
	out->bytes = calloc((size_t)count + 1, 1);
	if (!out->bytes)
		return rv_fail_nomem(NULL);
	const uint8_t *words = bytes.data + *at + 8;
	const uint8_t *end = words + len;
	while (words < end) {
		if (!put_group(out, &bit, &words, end))
			return MALFORMED;
	}
	*at += 8 + (size_t)len + 4;
	return RV_OK;
}

static int compare(const struct rv_git_index_entry *a, const struct rv_git_index_entry *b)
{
	size_t len = a->path.len < b->path.len ? a->path.len : b->path.len;
	int order = len ? memcmp(a->path.data, b->path.data, len) : 0;

	if (order == 0 && a->path.len != b->path.len)
		order = a->path.len < b->path.len ? -1 : 1;
	return order ? order : (int)a->stage - (int)b->stage;
}

struct merging {
	const struct rv_git_index *split;
	const struct rv_git_index *shared;
	struct bits removed, replaced;
	struct rv_git_index_entry *entries;
	uint32_t count;
};

static void merging_done(struct merging *m)
{
	bits_done(&m->removed);
	bits_done(&m->replaced);
	free(m->entries);
}

/* The replacements come first, in order; what is added behind them. */
static rv_status merge(struct merging *m)
{
	const struct rv_git_index_entry *own = m->split->entries;
	uint32_t added = 0, next = 0;

	for (uint32_t i = 0; i < m->shared->count; i++)
		added += m->replaced.bytes[i];
	if (added > m->split->count)
		return MALFORMED;
	for (uint32_t i = added; i < m->split->count; i++) {
		if (own[i].path.len == 0)
			return MALFORMED;
	}
	for (uint32_t i = 0; i < m->shared->count; i++) {
		struct rv_git_index_entry entry = m->shared->entries[i];

		if (m->replaced.bytes[i]) {
			const struct rv_str path = entry.path;

			entry = own[next++];
			entry.path = entry.path.len > 0 ? entry.path : path;
		}
		if (m->removed.bytes[i])
			continue;
		while (added < m->split->count && compare(&own[added], &entry) < 0)
			m->entries[m->count++] = own[added++];
		m->entries[m->count++] = entry;
	}
	while (added < m->split->count)
		m->entries[m->count++] = own[added++];
	return RV_OK;
}

rv_status rv_git_index_merge(const struct rv_git_index *split, const struct rv_git_index *shared,
			     size_t oid_len, struct rv_git_index_entry **out_entries,
			     uint32_t *out_count)
{
	RV_CLEANUP(merging_done) struct merging m = {.split = split, .shared = shared};
	size_t at = oid_len;

	if (shared->is_split || split->link.len < oid_len)
		return MALFORMED;
	if (at < split->link.len) { /* git writes none of what is empty */
		RV_TRY(read_bits(split->link, &at, shared->count, &m.removed));
		RV_TRY(read_bits(split->link, &at, shared->count, &m.replaced));
	}
	if (!m.removed.bytes)
		m.removed.bytes = calloc((size_t)shared->count + 1, 1);
	if (!m.replaced.bytes)
		m.replaced.bytes = calloc((size_t)shared->count + 1, 1);
	m.entries = calloc((size_t)shared->count + split->count + 1, sizeof(*m.entries));
	if (!m.removed.bytes || !m.replaced.bytes || !m.entries)
		return rv_fail_nomem(NULL);
	RV_TRY(merge(&m));
	*out_entries = m.entries;
	*out_count = m.count;
	m.entries = NULL;
	return RV_OK;
}

static void drop_nameless(struct rv_git_index *index)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < index->count; i++) {
		if (index->entries[i].path.len > 0)
			index->entries[kept++] = index->entries[i];
	}
	index->count = kept;
}

/* What is mapped and parsed is the caller's, whatever comes back. */
static rv_status load_shared(const struct rv_git *git, const struct rv_git_index *index,
			     struct rv_git_index *out)
{
	char path[PATH_MAX], hex[RV_GIT_HEX_MAX];
	struct rv_str bytes = RV_STR_NONE;

	if (index->link.len < git->oid_len)
		return MALFORMED;
	const struct rv_git_oid oid = rv_git_oid_of(index->link.data, git->oid_len);
	rv_git_oid_hex(&oid, git->oid_len, hex);
	if (!rv_git_path(path, sizeof(path), "%s/sharedindex.%s", git->git_dir, hex))
		return MALFORMED;
	RV_TRY(rv_git_map(path, &bytes.data, &bytes.len));
	rv_status status = bytes.len > RV_GIT_INDEX_MAX
				   ? MALFORMED
				   : rv_git_index_parse(bytes, git->oid_len, out);
	out->map = bytes.data;
	out->map_len = bytes.len;
	return status;
}

/* An id of zeros: there is no shared one. */
static bool is_alone(const struct rv_git_index *index, size_t oid_len)
{
	size_t at = 0;

	while (at < oid_len && at < index->link.len && index->link.data[at] == 0)
		at++;
	return at == oid_len;
}

static rv_status join(const struct rv_git *git, struct rv_git_index *index)
{
	RV_CLEANUP(rv_git_index_done) struct rv_git_index shared = {0};
	struct rv_git_index_entry *entries = NULL;
	uint32_t count = 0;

	if (!is_alone(index, git->oid_len))
		RV_TRY(load_shared(git, index, &shared));
	RV_TRY(rv_git_index_merge(index, &shared, git->oid_len, &entries, &count));
	free(index->entries);
	index->entries = entries;
	index->count = count;
	index->is_split = false;
	index->shared_map = RV_TAKE(shared.map);
	index->shared_len = shared.map_len;
	index->shared_paths = RV_TAKE(shared.paths);
	return RV_OK;
}

rv_status rv_git_index_join(const struct rv_git *git, struct rv_git_index *index)
{
	if (!index->is_split)
		return RV_OK;
	rv_status status = join(git, index);
	if (rv_is_ok(status))
		return status;
	drop_nameless(index);
	return rv_class_of(status) == RV_CLASS_EXHAUSTED && status.errno_was ? status : RV_OK;
}
