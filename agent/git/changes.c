/* git: goes through a tree and the index in step. Not here: files of the work tree (work_file.c).
 */
#include "agent/git/changes.h"

#include "agent/base/fd.h"
#include "agent/git/file.h"
#include "agent/git/index_trees.h"
#include "agent/git/work_file.h"

#include <fcntl.h>

struct comparing {
	const struct rv_git_differ *differ;
	const struct rv_git *git;
	const struct rv_git_index *index;
	enum rv_git_against against;
	rv_git_change_fn *each;
	void *user;
	int dir_fd; /* of the work tree */
	uint32_t at;
	bool has_told_sparse;
	struct rv_git_index_trees trees;
	rv_status status; /* of what is_known had to tell */
};

static void tell(const struct comparing *c, enum rv_git_trouble_kind kind, const char *where)
{
	const struct rv_git_trouble trouble = {.kind = kind, .where = where};

	if (c->differ->on_trouble)
		c->differ->on_trouble(c->differ->trouble_user, &trouble);
}

static int compare(struct rv_str a, struct rv_str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.data, b.data, len) : 0;

	return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len;
}

/* What there is now at the path of an index entry. new_mode 0: nothing. */
static rv_status look(struct comparing *c, const struct rv_git_index_entry *entry,
		      struct rv_git_change *change)
{
	char where[256];
	rv_status status;

	change->new_mode = entry->mode;
	change->new_oid = entry->oid;
	if (entry->is_intended && c->against == RV_GIT_AGAINST_INDEX)
		change->new_mode = 0;
	if (c->against == RV_GIT_AGAINST_INDEX || entry->is_skipped ||
	    rv_git_mode_is(entry->mode, RV_GIT_MODE_COMMIT) ||
	    rv_git_mode_is(entry->mode, RV_GIT_MODE_DIR))
		return RV_OK;
	status = rv_git_work_file(c->dir_fd, c->git, c->index, entry, &change->new_mode,
				  &change->new_oid);
	if (rv_is_ok(status) || (rv_class_of(status) == RV_CLASS_EXHAUSTED && status.errno_was))
		return status;
	(void)rv_git_path(where, sizeof(where), "%.*s",
			  (int)(entry->path.len < 200 ? entry->path.len : 200),
			  (const char *)entry->path.data); /* fits */
	tell(c,
	     rv_class_of(status) == RV_CLASS_EXHAUSTED ? RV_GIT_TROUBLE_TOO_LARGE
						       : RV_GIT_TROUBLE_UNREADABLE,
	     where);
	change->new_mode = rv_class_of(status) == RV_CLASS_MALFORMED ? 0 : entry->mode;
	change->new_oid = (struct rv_git_oid){{0}};
	return RV_OK;
}

/* One entry of the index against what base has there (old_mode 0: nothing). */
static rv_status do_entry(struct comparing *c, const struct rv_git_index_entry *entry,
			  struct rv_git_change change)
{
	if (entry->stage == 1)
		return RV_OK;
	change.path = entry->path;
	RV_TRY(look(c, entry, &change));
	if (change.new_mode == 0 && change.old_mode == 0)
		return RV_OK;
	if (change.new_mode == change.old_mode &&
	    rv_git_oid_equal(&change.new_oid, &change.old_oid))
		return RV_OK;
	if (change.new_mode == 0)
		change.new_oid = (struct rv_git_oid){{0}};
	return c->each(c->user, &change);
}

/* A folder that a sparse index has as one entry stands for all below it. */
static bool stands_for(struct comparing *c, const struct rv_git_index_entry *entry,
		       struct rv_str path)
{
	if (!rv_git_mode_is(entry->mode, RV_GIT_MODE_DIR))
		return false;
	if (!c->has_told_sparse)
		tell(c, RV_GIT_TROUBLE_UNSUPPORTED, "sparse index");
	c->has_told_sparse = true;
	return path.len > entry->path.len &&
	       memcmp(path.data, entry->path.data, entry->path.len) == 0;
}

static rv_status against_base(void *user, const struct rv_git_change *base)
{
	struct comparing *c = user;
	struct rv_git_change change = {
		.path = base->path, .old_mode = base->new_mode, .old_oid = base->new_oid};
	bool is_found = false;

	for (; c->at < c->index->count; c->at++) {
		const struct rv_git_index_entry *entry = &c->index->entries[c->at];
		int order = compare(entry->path, base->path);

		if (order > 0)
			break;
		if (stands_for(c, entry, base->path))
			return RV_OK;
		is_found |= order == 0;
		if (order == 0)
			RV_TRY(do_entry(c, entry, change));
		else if (!rv_git_mode_is(entry->mode, RV_GIT_MODE_DIR))
			RV_TRY(do_entry(c, entry, (struct rv_git_change){.new_mode = 0}));
	}
	return is_found ? RV_OK : c->each(c->user, &change);
}

/* A folder that the index remembers as the very tree that base has there: nothing in it differs.
 * Git's own diff-index does the same. What the index has before it is new. */
static bool is_known(void *user, struct rv_str path, const struct rv_git_oid *tree)
{
	struct comparing *c = user;

	if (!rv_is_ok(c->status) || !rv_git_index_trees_has(&c->trees, path, tree))
		return false;
	for (; c->at < c->index->count; c->at++) {
		const struct rv_git_index_entry *entry = &c->index->entries[c->at];

		if (entry->path.len > path.len &&
		    memcmp(entry->path.data, path.data, path.len) == 0)
			continue;
		if (compare(entry->path, path) > 0)
			break;
		if (!rv_git_mode_is(entry->mode, RV_GIT_MODE_DIR))
			c->status = do_entry(c, entry, (struct rv_git_change){.new_mode = 0});
		if (!rv_is_ok(c->status))
			return false;
	}
	return true;
}

static rv_status walk_base(struct comparing *c, const struct rv_git_oid *base)
{
	struct rv_git_differ differ = *c->differ;
	rv_status status;

	if (c->against == RV_GIT_AGAINST_INDEX && !c->index->is_split) {
		status = rv_git_index_trees_parse(c->index->trees, differ.oid_len, &c->trees);
		if (rv_class_of(status) == RV_CLASS_EXHAUSTED)
			return status;
		differ.is_known = is_known;
	}
	status = rv_git_tree_diff(&differ, NULL, 0, base, against_base, c);
	rv_git_index_trees_done(&c->trees);
	return rv_is_ok(status) ? c->status : status;
}

rv_status rv_git_changes_since(const struct rv_git_differ *differ, const struct rv_git *git,
			       const struct rv_git_oid *base, const struct rv_git_index *index,
			       enum rv_git_against against, rv_git_change_fn *each, void *user)
{
	RV_CLEANUP(rv_fd_closep) int dir_fd = -1;
	struct comparing c = {.differ = differ,
			      .git = git,
			      .index = index,
			      .against = against,
			      .each = each,
			      .user = user,
			      .dir_fd = -1};

	if (against == RV_GIT_AGAINST_WORK_TREE) {
		if (!git->work_tree)
			return (rv_status){RV_CLASS_MISCONFIGURED, 0};
		dir_fd = open(git->work_tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir_fd < 0)
			return rv_fail_errno(NULL, "%s", git->work_tree);
		c.dir_fd = dir_fd;
	}
	if (index->is_split)
		tell(&c, RV_GIT_TROUBLE_UNSUPPORTED, "split index");
	if (base)
		RV_TRY(walk_base(&c, base));
	for (; c.at < index->count; c.at++) {
		if (!rv_git_mode_is(index->entries[c.at].mode, RV_GIT_MODE_DIR))
			RV_TRY(do_entry(&c, &index->entries[c.at],
					(struct rv_git_change){.new_mode = 0}));
	}
	return RV_OK;
}
