/* git: builds twigs out of the list of trees, each tree's once. Not here: comparing (twig_diff.c).
 */
#include "agent/git/twig.h"

#include <limits.h>

struct rv_git_twig_frame {
	uint32_t tree; /* its number */
	uint32_t next; /* branch */
	uint32_t pending_at;
};

rv_status rv_git_twigs_init(struct rv_git_twigs *twigs, const struct rv_git_tree_list *list)
{
	*twigs = (struct rv_git_twigs){.list = list, .count = 1, .cap = 64, .mask = 127};
	rv_git_oidmap_init(&twigs->missing);
	twigs->twig_of = calloc((size_t)list->trees.count + 1, sizeof(*twigs->twig_of));
	twigs->twigs = calloc(twigs->cap, sizeof(*twigs->twigs));
	twigs->slots = calloc((size_t)twigs->mask + 1, sizeof(*twigs->slots));
	if (!twigs->twig_of || !twigs->twigs || !twigs->slots)
		return rv_fail_nomem(NULL);
	return RV_OK;
}

void rv_git_twigs_done(struct rv_git_twigs *twigs)
{
	if (!twigs)
		return;
	free(twigs->twig_of);
	rv_git_oidmap_done(&twigs->missing);
	free(twigs->twigs);
	free(twigs->branches);
	free(twigs->slots);
	free(twigs->pending);
	free(twigs->frames);
	*twigs = (struct rv_git_twigs){0};
}

static uint32_t hash_of(const struct rv_git_twigs *t, const struct rv_git_branch *branches,
			uint32_t count)
{
	uint64_t h = t->missing.seed[0];

	for (uint32_t i = 0; i < count; i++) {
		h = (h ^ branches[i].value ^ (uint64_t)branches[i].name << 32) *
		    0x9e3779b97f4a7c15U;
		h ^= h >> 29;
	}
	return (uint32_t)(h ^ h >> 32);
}

static bool is_equal(const struct rv_git_twigs *t, uint32_t twig,
		     const struct rv_git_branch *branches, uint32_t count)
{
	return t->twigs[twig].count == count &&
	       memcmp(t->branches + t->twigs[twig].at, branches, count * sizeof(*branches)) == 0;
}

static rv_status grow_twigs(struct rv_git_twigs *t)
{
	uint32_t cap = t->cap * 2;
	struct rv_git_twig *twigs;
	uint32_t *slots;

	if (t->count < t->cap)
		return RV_OK;
	if (cap > RV_GIT_TWIGS_MAX)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	twigs = reallocarray(t->twigs, cap, sizeof(*twigs));
	if (!twigs)
		return rv_fail_nomem(NULL);
	t->twigs = twigs;
	slots = calloc((size_t)cap * 2, sizeof(*slots));
	if (!slots)
		return rv_fail_nomem(NULL);
	free(t->slots);
	t->slots = slots;
	t->cap = cap;
	t->mask = cap * 2 - 1;
	for (uint32_t i = 1; i < t->count; i++) {
		uint32_t s = hash_of(t, t->branches + t->twigs[i].at, t->twigs[i].count) & t->mask;

		while (t->slots[s])
			s = (s + 1) & t->mask;
		t->slots[s] = i;
	}
	return RV_OK;
}

/* Room for `count` more. */
static rv_status need(struct rv_git_branch **items, uint32_t used, uint32_t *cap, uint32_t count)
{
	while (*cap - used < count) {
		uint32_t more = *cap ? *cap * 2 : 256;
		struct rv_git_branch *grown;

		if (more > RV_GIT_TWIGS_MAX)
			return (rv_status){RV_CLASS_EXHAUSTED, 0};
		grown = reallocarray(*items, more, sizeof(*grown));
		if (!grown)
			return rv_fail_nomem(NULL);
		*items = grown;
		*cap = more;
	}
	return RV_OK;
}

/* The one twig with these branches. */
static rv_status intern(struct rv_git_twigs *t, const struct rv_git_branch *branches,
			uint32_t count, uint32_t *out)
{
	uint32_t s;

	*out = 0;
	if (count == 0)
		return RV_OK;
	RV_TRY(grow_twigs(t));
	for (s = hash_of(t, branches, count) & t->mask; t->slots[s]; s = (s + 1) & t->mask) {
		if (is_equal(t, t->slots[s], branches, count)) {
			*out = t->slots[s];
			return RV_OK;
		}
	}
	RV_TRY(need(&t->branches, t->branch_count, &t->branch_cap, count));
	memcpy(t->branches + t->branch_count, branches, count * sizeof(*branches));
	t->twigs[t->count] = (struct rv_git_twig){t->branch_count, count};
	t->branch_count += count;
	t->slots[s] = t->count;
	*out = t->count++;
	return RV_OK;
}

static rv_status pend(struct rv_git_twigs *t, uint32_t name, uint32_t value)
{
	RV_TRY(need(&t->pending, t->pending_count, &t->pending_cap, 1));
	t->pending[t->pending_count++] = (struct rv_git_branch){name, value};
	return RV_OK;
}

/* The folder that is being built and the one that is to be entered: "a/b/", as much as fits. */
static void folder_of(const struct rv_git_twigs *t, char *out, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < t->depth; i++) {
		const struct rv_git_twig_frame *frame = &t->frames[i];
		const struct rv_git_tree_record *record = &t->list->records[frame->tree];
		struct rv_str name = rv_git_tree_list_name(
			t->list, t->list->branches[record->at + frame->next].name);

		if (size - len < name.len + sizeof("/"))
			break;
		memcpy(out + len, name.data, name.len);
		len += name.len;
		out[len++] = '/';
	}
	out[len] = '\0';
}

static rv_status tell_missing(struct rv_git_twigs *t, enum rv_git_trouble_kind kind,
			      const struct rv_git_oid *oid)
{
	char where[PATH_MAX];
	const struct rv_git_trouble trouble = {
		.kind = kind, .oid = oid, .where = t->depth > 0 ? where : NULL};
	bool is_new = false;
	uint32_t number;

	if (t->is_quiet && kind == RV_GIT_TROUBLE_MISSING_TREE)
		return RV_OK;
	folder_of(t, where, sizeof(where));
	RV_TRY(rv_git_oidmap_put(&t->missing, oid, &number, &is_new));
	if (is_new && t->list->on_trouble)
		t->list->on_trouble(t->list->user, &trouble);
	return RV_OK;
}

/* Begins with a tree that was not built before. */
static rv_status enter(struct rv_git_twigs *t, uint32_t tree)
{
	if (t->list->records[tree].count == RV_GIT_NONE || t->depth == RV_GIT_DEPTH_MAX) {
		t->twig_of[tree] = 1; /* the empty one */
		return tell_missing(t,
				    t->depth == RV_GIT_DEPTH_MAX ? RV_GIT_TROUBLE_LIMIT
								 : RV_GIT_TROUBLE_MISSING_TREE,
				    &t->list->trees.oids[tree]);
	}
	if (t->depth == t->frame_cap) {
		size_t cap = t->frame_cap ? t->frame_cap * 2 : 16;
		struct rv_git_twig_frame *frames = reallocarray(t->frames, cap, sizeof(*frames));

		if (!frames)
			return rv_fail_nomem(NULL);
		t->frames = frames;
		t->frame_cap = cap;
	}
	t->twig_of[tree] = RV_GIT_NONE; /* a tree that contains itself finds this */
	t->frames[t->depth++] =
		(struct rv_git_twig_frame){.tree = tree, .pending_at = t->pending_count};
	return RV_OK;
}

static rv_status leave(struct rv_git_twigs *t)
{
	const struct rv_git_twig_frame *frame = &t->frames[--t->depth];
	uint32_t twig = 0;

	RV_TRY(intern(t, t->pending + frame->pending_at, t->pending_count - frame->pending_at,
		      &twig));
	t->pending_count = frame->pending_at;
	t->twig_of[frame->tree] = twig + 1;
	return RV_OK;
}

/* The next branch of the deepest frame; a folder that is not built yet comes first. */
static rv_status do_branch(struct rv_git_twigs *t)
{
	struct rv_git_twig_frame *frame = &t->frames[t->depth - 1];
	const struct rv_git_tree_record *record = &t->list->records[frame->tree];
	const struct rv_git_branch *branch;
	uint32_t tree;

	if (frame->next == record->count)
		return leave(t);
	branch = &t->list->branches[record->at + frame->next];
	tree = branch->value & ~RV_GIT_BRANCH_DIR;
	if (branch->value == tree) {
		frame->next++;
		return pend(t, branch->name, branch->value);
	}
	if (t->twig_of[tree] == 0)
		return enter(t, tree); /* and comes back to this branch */
	frame->next++;
	if (t->twig_of[tree] == 1 || t->twig_of[tree] == RV_GIT_NONE)
		return RV_OK;
	return pend(t, branch->name, (t->twig_of[tree] - 1) | RV_GIT_BRANCH_DIR);
}

rv_status rv_git_twigs_of(struct rv_git_twigs *t, const struct rv_git_oid *tree, uint32_t *out_twig)
{
	uint32_t number = rv_git_oidmap_get(&t->list->trees, tree);

	if (number == RV_GIT_NONE) {
		*out_twig = 0;
		return tell_missing(t, RV_GIT_TROUBLE_MISSING_TREE, tree);
	}
	if (t->twig_of[number] == 0)
		RV_TRY(enter(t, number));
	while (t->depth > 0)
		RV_TRY(do_branch(t));
	*out_twig = t->twig_of[number] - 1;
	return RV_OK;
}
