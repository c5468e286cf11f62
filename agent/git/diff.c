/* git: compares trees, name by name. No recursion: folders are frames. */
#include "agent/git/diff.h"

#include "agent/git/inflate.h"

/* One side of a folder. */
struct side {
	struct rv_git_scratch buf;
	struct rv_git_tree tree;
	struct rv_git_tree_entry entry;
	bool has; /* an entry that was not passed yet */
};

struct frame {
	size_t path_len; /* of the folder, with its '/' */
	struct side now;
	struct side *olds;
};

struct diffing {
	const struct rv_git_differ *differ;
	size_t old_count;
	rv_git_change_fn *each;
	void *user;
	struct rv_buf path;
	struct frame *frames;
	size_t depth, cap;
};

static void diffing_done(struct diffing *d)
{
	for (size_t i = 0; i < d->cap; i++) {
		rv_git_scratch_done(&d->frames[i].now.buf);
		for (size_t j = 0; d->frames[i].olds && j < d->old_count; j++)
			rv_git_scratch_done(&d->frames[i].olds[j].buf);
		free(d->frames[i].olds);
	}
	free(d->frames);
	rv_buf_done(&d->path);
}

static void tell(const struct diffing *d, enum rv_git_trouble_kind kind,
		 const struct rv_git_oid *oid)
{
	const struct rv_git_trouble trouble = {.kind = kind, .oid = oid};

	if (d->differ->on_trouble)
		d->differ->on_trouble(d->differ->trouble_user, &trouble);
}

static void step(struct diffing *d, struct side *side)
{
	enum rv_git_tree_step step = rv_git_tree_next(&side->tree, &side->entry);

	side->has = step == RV_GIT_TREE_ENTRY;
	if (step == RV_GIT_TREE_BROKEN)
		tell(d, RV_GIT_TROUBLE_BROKEN, NULL);
}

/* Reads a tree and stands on its first entry. NULL, missing or broken: empty. */
static rv_status load(struct diffing *d, struct side *side, const struct rv_git_oid *oid)
{
	enum rv_git_type type = RV_GIT_TYPE_NONE;
	struct rv_str bytes = RV_STR_NONE;
	rv_status status;

	side->has = false;
	if (!oid)
		return RV_OK;
	status = rv_git_read(d->differ->reader, oid, &type, &bytes);
	if (!rv_is_ok(status) || type != RV_GIT_TREE) {
		enum rv_git_trouble_kind kind =
			rv_is_ok(status) ? RV_GIT_TROUBLE_BROKEN : rv_git_trouble_of(status);

		tell(d, kind == RV_GIT_TROUBLE_MISSING ? RV_GIT_TROUBLE_MISSING_TREE : kind, oid);
		return RV_OK;
	}
	if (!rv_git_scratch_need(&side->buf, bytes.len))
		return rv_fail_nomem(NULL);
	if (bytes.len)
		memcpy(side->buf.data, bytes.data, bytes.len);
	side->tree =
		rv_git_tree_begin((struct rv_str){side->buf.data, bytes.len}, d->differ->oid_len);
	step(d, side);
	return RV_OK;
}

static rv_status need_frame(struct diffing *d)
{
	struct frame *frames;
	size_t cap = d->cap ? d->cap * 2 : 16;

	if (d->depth < d->cap)
		return RV_OK;
	frames = reallocarray(d->frames, cap, sizeof(*frames));
	if (!frames)
		return rv_fail_nomem(NULL);
	memset(frames + d->cap, 0, (cap - d->cap) * sizeof(*frames));
	d->frames = frames;
	for (; d->cap < cap; d->cap++) {
		frames[d->cap].olds = calloc(d->old_count + 1, sizeof(*frames[d->cap].olds));
		if (!frames[d->cap].olds) {
			d->cap++; /* so that it is freed */
			return rv_fail_nomem(NULL);
		}
	}
	return RV_OK;
}

/* Goes into a folder whose path stands in d->path. NULL ids: not there on that side. */
static rv_status enter(struct diffing *d, const struct rv_git_oid *now,
		       const struct rv_git_oid *const *olds)
{
	struct frame *frame;

	if (d->depth == RV_GIT_DEPTH_MAX) {
		tell(d, RV_GIT_TROUBLE_LIMIT, now);
		return RV_OK;
	}
	RV_TRY(need_frame(d));
	frame = &d->frames[d->depth];
	frame->path_len = d->path.len;
	RV_TRY(load(d, &frame->now, now));
	for (size_t i = 0; i < d->old_count; i++)
		RV_TRY(load(d, &frame->olds[i], olds[i]));
	d->depth++;
	return RV_OK;
}

static bool is_dir(const struct rv_git_tree_entry *entry)
{
	return rv_git_mode_is(entry->mode, RV_GIT_MODE_DIR);
}

static int compare(const struct rv_git_tree_entry *a, const struct rv_git_tree_entry *b)
{
	return rv_git_tree_compare(a->name, is_dir(a), b->name, is_dir(b));
}

/* d->path becomes the folder's path and this name; false: too long, told. */
static bool set_path(struct diffing *d, const struct frame *frame,
		     const struct rv_git_tree_entry *entry)
{
	d->path.len = frame->path_len;
	if (rv_is_ok(rv_buf_put(&d->path, entry->name.data, entry->name.len)) &&
	    (!is_dir(entry) || rv_is_ok(rv_buf_put_byte(&d->path, '/'))))
		return true;
	tell(d, RV_GIT_TROUBLE_LIMIT, NULL);
	return false;
}

/* Only the old tree has it. */
static rv_status gone(struct diffing *d, struct frame *frame)
{
	struct side *old = &frame->olds[0];
	const struct rv_git_tree_entry entry = old->entry;
	const struct rv_git_oid oid = rv_git_oid_of(entry.oid, d->differ->oid_len);
	const struct rv_git_oid *const ids[1] = {&oid};
	struct rv_git_change change = {.old_mode = entry.mode, .old_oid = oid};

	bool fits = set_path(d, frame, &entry);

	step(d, old);
	if (!fits)
		return RV_OK;
	if (is_dir(&entry))
		return enter(d, NULL, ids);
	change.path = rv_buf_view(&d->path);
	return d->each(d->user, &change);
}

/* Stands on one entry of the new tree: finds it in the old ones. */
static rv_status compare_entry(struct diffing *d, struct frame *frame)
{
	const struct rv_git_tree_entry entry = frame->now.entry;
	const struct rv_git_oid *ids[RV_GIT_PARENTS_MAX + 1] = {NULL};
	struct rv_git_oid old_oids[RV_GIT_PARENTS_MAX];
	const struct rv_git_oid oid = rv_git_oid_of(entry.oid, d->differ->oid_len);
	struct rv_git_change change = {.new_mode = entry.mode, .new_oid = oid};
	bool is_same = false, fits;

	for (size_t i = 0; i < d->old_count; i++) {
		struct side *old = &frame->olds[i];

		while (old->has && compare(&old->entry, &entry) < 0)
			step(d, old);
		if (!old->has || compare(&old->entry, &entry) != 0)
			continue;
		old_oids[i] = rv_git_oid_of(old->entry.oid, d->differ->oid_len);
		ids[i] = &old_oids[i];
		is_same |= rv_git_oid_equal(&oid, &old_oids[i]) && old->entry.mode == entry.mode;
		if (i == 0) {
			change.old_mode = old->entry.mode;
			change.old_oid = old_oids[i];
		}
		step(d, old);
	}
	fits = is_same || set_path(d, frame, &entry);
	step(d, &frame->now);
	if (is_same || !fits)
		return RV_OK;
	if (is_dir(&entry) && d->differ->is_known &&
	    d->differ->is_known(d->user, rv_buf_view(&d->path), &oid))
		return RV_OK;
	if (is_dir(&entry))
		return enter(d, &oid, ids);
	change.path = rv_buf_view(&d->path);
	return d->each(d->user, &change);
}

static rv_status run(struct diffing *d)
{
	while (d->depth > 0) {
		struct frame *frame = &d->frames[d->depth - 1];
		struct side *now = &frame->now;
		bool has_old = d->old_count == 1 && frame->olds[0].has;

		if (has_old && (!now->has || compare(&frame->olds[0].entry, &now->entry) < 0))
			RV_TRY(gone(d, frame));
		else if (now->has)
			RV_TRY(compare_entry(d, frame));
		else
			d->depth--;
	}
	return RV_OK;
}

rv_status rv_git_tree_diff(const struct rv_git_differ *differ, const struct rv_git_oid *olds,
			   size_t old_count, const struct rv_git_oid *new_tree,
			   rv_git_change_fn *each, void *user)
{
	RV_CLEANUP(diffing_done)
	struct diffing d = {.differ = differ, .each = each, .user = user};
	const struct rv_git_oid *ids[RV_GIT_PARENTS_MAX + 1] = {NULL};

	d.old_count = old_count < RV_GIT_PARENTS_MAX ? old_count : RV_GIT_PARENTS_MAX;
	d.path.max = RV_GIT_PATH_BYTES_MAX;
	for (size_t i = 0; i < d.old_count; i++) {
		if (new_tree && rv_git_oid_equal(&olds[i], new_tree))
			return RV_OK;
		ids[i] = &olds[i];
	}
	RV_TRY(enter(&d, new_tree, ids));
	return run(&d);
}
