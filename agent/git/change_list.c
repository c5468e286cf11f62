/* git: keeps changes and finds renames by equal ids. Not here: finding the changes. */
#include "agent/git/changes.h"

#define PATHS_MAX ((size_t)1 << 30)

void rv_git_changes_init(struct rv_git_changes *changes)
{
	*changes = (struct rv_git_changes){.count = 0};
	rv_buf_init(&changes->paths, PATHS_MAX);
}

void rv_git_changes_done(struct rv_git_changes *changes)
{
	if (!changes)
		return;
	free(changes->items);
	rv_buf_done(&changes->paths);
	*changes = (struct rv_git_changes){.count = 0};
}

rv_status rv_git_changes_put(void *user, const struct rv_git_change *change)
{
	struct rv_git_changes *changes = user;

	if (changes->count == RV_GIT_CHANGES_MAX)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	if (changes->count == changes->cap) {
		size_t cap = changes->cap ? changes->cap * 2 : 64;
		struct rv_git_change *items = reallocarray(changes->items, cap, sizeof(*items));

		if (!items)
			return rv_fail_nomem(NULL);
		changes->items = items;
		changes->cap = cap;
	}
	RV_TRY(rv_buf_put(&changes->paths, change->path.data, change->path.len));
	changes->items[changes->count] = *change;
	changes->items[changes->count++].path.data = NULL;
	return RV_OK;
}

/* The deletions by id; several of one id: the first. */
static rv_status find_gone(const struct rv_git_changes *changes, struct rv_git_oidmap *gone,
			   uint32_t **out_where)
{
	RV_CLEANUP(rv_freep) uint32_t *where = calloc(changes->count + 1, sizeof(*where));

	if (!where)
		return rv_fail_nomem(NULL);
	for (size_t i = 0; i < changes->count; i++) {
		bool is_new = false;
		uint32_t n = 0;

		if (changes->items[i].new_mode != 0 || changes->items[i].old_mode == 0)
			continue;
		RV_TRY(rv_git_oidmap_put(gone, &changes->items[i].old_oid, &n, &is_new));
		if (is_new)
			where[n] = (uint32_t)i;
	}
	*out_where = RV_TAKE(where);
	return RV_OK;
}

rv_status rv_git_changes_settle(struct rv_git_changes *changes)
{
	RV_CLEANUP(rv_git_oidmap_done) struct rv_git_oidmap gone = {0};
	RV_CLEANUP(rv_freep) uint32_t *where = NULL;
	size_t at = 0, kept = 0;

	rv_git_oidmap_init(&gone);
	RV_TRY(find_gone(changes, &gone, &where));
	for (size_t i = 0; i < changes->count; i++) {
		changes->items[i].path.data = changes->paths.data + at;
		at += changes->items[i].path.len;
	}
	for (size_t i = 0; i < changes->count; i++) {
		struct rv_git_change *change = &changes->items[i];
		struct rv_git_change *source;
		uint32_t n;

		if (change->old_mode != 0 || change->new_mode == 0)
			continue;
		n = rv_git_oidmap_get(&gone, &change->new_oid);
		if (n == RV_GIT_NONE || where[n] == RV_GIT_NONE)
			continue;
		source = &changes->items[where[n]];
		change->old_path = source->path;
		change->old_oid = source->old_oid;
		change->old_mode = source->old_mode;
		source->old_mode = source->new_mode = 0; /* leaves the list */
		where[n] = RV_GIT_NONE;
	}
	for (size_t i = 0; i < changes->count; i++) {
		if (changes->items[i].old_mode != 0 || changes->items[i].new_mode != 0)
			changes->items[kept++] = changes->items[i];
	}
	changes->count = kept;
	return RV_OK;
}
