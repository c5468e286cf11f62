/* git: parses the cache tree of an index. No recursion: folders left to do are counted. */
#include "agent/git/index_trees.h"

#include "agent/git/diff.h"

#define MALFORMED ((rv_status){RV_CLASS_MALFORMED, 0})

struct open_folder {
	size_t path_len;
	uint64_t left; /* folders in it that are still to come */
};

struct parse {
	struct rv_str left;
	size_t oid_len;
	struct rv_git_index_trees *trees;
	struct rv_buf path;
	struct open_folder *open;
	size_t depth;
};

static void parse_done(struct parse *p)
{
	rv_buf_done(&p->path);
	free(p->open);
}

void rv_git_index_trees_done(struct rv_git_index_trees *trees)
{
	if (!trees)
		return;
	free(trees->items);
	rv_buf_done(&trees->paths);
	*trees = (struct rv_git_index_trees){.count = 0};
}

/* "NUMBER" up to `end`; -1 says that the folder is not remembered. */
static bool take_number(struct parse *p, uint8_t end, int64_t *out)
{
	bool is_negative = p->left.len > 0 && p->left.data[0] == '-';
	size_t i = is_negative ? 1 : 0, first = i;
	int64_t value = 0;

	for (; i < p->left.len && i < 12 && p->left.data[i] >= '0' && p->left.data[i] <= '9'; i++)
		value = value * 10 + (p->left.data[i] - '0');
	if (i == first || i >= p->left.len || p->left.data[i] != end)
		return false;
	p->left.data += i + 1;
	p->left.len -= i + 1;
	*out = is_negative ? -value : value;
	return true;
}

static rv_status put(struct parse *p, const struct rv_git_oid *oid)
{
	struct rv_git_index_trees *trees = p->trees;

	if (!trees->items || trees->count == trees->cap) {
		size_t cap = trees->cap ? trees->cap * 2 : 64;
		struct rv_git_index_tree *items = reallocarray(trees->items, cap, sizeof(*items));

		if (!items)
			return rv_fail_nomem(NULL);
		trees->items = items;
		trees->cap = cap;
	}
	RV_TRY(rv_buf_put(&trees->paths, p->path.data, p->path.len));
	trees->items[trees->count++] = (struct rv_git_index_tree){{NULL, p->path.len}, *oid};
	return RV_OK;
}

/* One folder; its name stands below the deepest open one. */
static rv_status take_folder(struct parse *p)
{
	const uint8_t *nul = memchr(p->left.data, 0, p->left.len);
	struct rv_str name = {p->left.data, nul ? (size_t)(nul - p->left.data) : 0};
	int64_t entries = 0, folders = 0;

	if (!nul || (name.len == 0) != (p->depth == 0) || p->depth == RV_GIT_DEPTH_MAX)
		return MALFORMED;
	p->left.data += name.len + 1;
	p->left.len -= name.len + 1;
	if (!take_number(p, ' ', &entries) || !take_number(p, '\n', &folders) || folders < 0)
		return MALFORMED;
	if (name.len > 0) {
		RV_TRY(rv_buf_put(&p->path, name.data, name.len));
		RV_TRY(rv_buf_put_byte(&p->path, '/'));
	}
	if (entries >= 0) {
		struct rv_git_oid oid;

		if (p->left.len < p->oid_len)
			return MALFORMED;
		oid = rv_git_oid_of(p->left.data, p->oid_len);
		p->left.data += p->oid_len;
		p->left.len -= p->oid_len;
		if (name.len > 0)
			RV_TRY(put(p, &oid));
	}
	p->open[p->depth++] = (struct open_folder){p->path.len, (uint64_t)folders};
	return RV_OK;
}

static int by_path(const void *a, const void *b)
{
	const struct rv_git_index_tree *x = a, *y = b;
	size_t len = x->path.len < y->path.len ? x->path.len : y->path.len;
	int order = memcmp(x->path.data, y->path.data, len);

	return order != 0 ? order : x->path.len < y->path.len ? -1 : x->path.len > y->path.len;
}

static rv_status parse_all(struct parse *p)
{
	RV_TRY(take_folder(p));
	while (p->depth > 0) {
		struct open_folder *open = &p->open[p->depth - 1];

		p->path.len = open->path_len;
		if (open->left == 0) {
			p->depth--;
			continue;
		}
		open->left--;
		if (p->left.len == 0)
			return MALFORMED;
		RV_TRY(take_folder(p));
	}
	return RV_OK;
}

rv_status rv_git_index_trees_parse(struct rv_str bytes, size_t oid_len,
				   struct rv_git_index_trees *out)
{
	RV_CLEANUP(rv_git_index_trees_done) struct rv_git_index_trees trees = {.count = 0};
	RV_CLEANUP(parse_done)
	struct parse p = {.left = bytes, .oid_len = oid_len, .trees = &trees};
	size_t at = 0;

	if (bytes.len == 0)
		return RV_OK;
	p.path.max = RV_GIT_PATH_BYTES_MAX;
	trees.paths.max = RV_GIT_INDEX_PATHS_MAX;
	p.open = calloc(RV_GIT_DEPTH_MAX + 1, sizeof(*p.open));
	if (!p.open)
		return rv_fail_nomem(NULL);
	RV_TRY(parse_all(&p));
	for (size_t i = 0; i < trees.count; i++) {
		trees.items[i].path.data = trees.paths.data + at;
		at += trees.items[i].path.len;
	}
	if (trees.count > 1)
		qsort(trees.items, trees.count, sizeof(*trees.items), by_path);
	*out = trees;
	trees = (struct rv_git_index_trees){.count = 0};
	return RV_OK;
}

bool rv_git_index_trees_has(const struct rv_git_index_trees *trees, struct rv_str path,
			    const struct rv_git_oid *oid)
{
	const struct rv_git_index_tree wanted = {.path = path};
	const struct rv_git_index_tree *found =
		trees->count ? bsearch(&wanted, trees->items, trees->count, sizeof(wanted), by_path)
			     : NULL;

	return found && rv_git_oid_equal(&found->oid, oid);
}
