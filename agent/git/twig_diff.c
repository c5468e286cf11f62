/* git: compares twigs. Not here: building them (twig.c). */
#include "agent/git/twig.h"

struct step {
	uint32_t a, a_end, b, b_end; /* entries still to do on each side */
	size_t path_len;
};

struct walking {
	const struct rv_git_twigs *twigs;
	rv_git_twig_fn *each;
	void *user;
	struct step *steps;
	size_t depth;
	struct rv_buf path;
};

static void walking_done(struct walking *w)
{
	free(w->steps);
	rv_buf_done(&w->path);
}

static void enter(struct walking *w, uint32_t a, uint32_t b)
{
	const struct rv_git_twig *x = &w->twigs->twigs[a], *y = &w->twigs->twigs[b];

	if (a == b || w->depth == RV_GIT_DEPTH_MAX + 1)
		return;
	w->steps[w->depth++] =
		(struct step){x->at, x->at + x->count, y->at, y->at + y->count, w->path.len};
}

static bool is_dir(const struct rv_git_branch *branch)
{
	return branch->value & RV_GIT_BRANCH_DIR;
}

static struct rv_str name_of(const struct rv_git_twigs *t, const struct rv_git_branch *branch)
{
	return rv_git_tree_list_name(t->list, branch->name);
}

static int compare(const struct rv_git_twigs *t, const struct rv_git_branch *a,
		   const struct rv_git_branch *b)
{
	return rv_git_tree_compare(name_of(t, a), is_dir(a), name_of(t, b), is_dir(b));
}

/* The next entry of b, against a's of that name. */
static rv_status do_step(struct walking *w)
{
	const struct rv_git_twigs *t = w->twigs;
	struct step *step = &w->steps[w->depth - 1];
	const struct rv_git_branch *b = &t->branches[step->b++], *a = NULL;
	struct rv_str name = name_of(t, b);

	while (step->a < step->a_end && compare(t, &t->branches[step->a], b) < 0)
		step->a++;
	if (step->a < step->a_end && compare(t, &t->branches[step->a], b) == 0)
		a = &t->branches[step->a++];
	if (a && a->value == b->value)
		return RV_OK;
	w->path.len = step->path_len;
	RV_TRY(rv_buf_put(&w->path, name.data, name.len));
	if (!is_dir(b))
		return w->each(w->user, rv_buf_view(&w->path), b->value);
	RV_TRY(rv_buf_put_byte(&w->path, '/'));
	enter(w, a && is_dir(a) ? a->value & ~RV_GIT_BRANCH_DIR : 0, b->value & ~RV_GIT_BRANCH_DIR);
	return RV_OK;
}

rv_status rv_git_twigs_new(const struct rv_git_twigs *twigs, uint32_t a, uint32_t b,
			   rv_git_twig_fn *each, void *user)
{
	RV_CLEANUP(walking_done)
	struct walking w = {.twigs = twigs, .each = each, .user = user};

	if (a == b || b == 0)
		return RV_OK;
	w.path.max = RV_GIT_PATH_BYTES_MAX * 2;
	/* Each is written before it is read, and most walks need few. */
	w.steps = malloc((RV_GIT_DEPTH_MAX + 1) * sizeof(*w.steps));
	if (!w.steps)
		return rv_fail_nomem(NULL);
	enter(&w, a, b);
	while (w.depth > 0) {
		struct step *step = &w.steps[w.depth - 1];

		if (step->b == step->b_end) {
			w.depth--;
			continue;
		}
		rv_status status = do_step(&w);

		/* A path too long for us is left out: its blob is found by id all the same. */
		if (!rv_is_ok(status) && w.path.len < w.path.max - RV_GIT_PATH_BYTES_MAX)
			return status;
	}
	return RV_OK;
}

bool rv_git_twigs_has(const struct rv_git_twigs *t, uint32_t twig, struct rv_str path,
		      uint32_t blob)
{
	while (path.len > 0) {
		const uint8_t *slash = memchr(path.data, '/', path.len);
		struct rv_str part = {path.data, slash ? (size_t)(slash - path.data) : path.len};
		const struct rv_git_branch *found = NULL;

		for (uint32_t i = 0; i < t->twigs[twig].count && !found; i++) {
			const struct rv_git_branch *branch = &t->branches[t->twigs[twig].at + i];

			if (is_dir(branch) == (slash != NULL) &&
			    rv_str_equal(name_of(t, branch), part))
				found = branch;
		}
		if (!found || !slash)
			return found && found->value == blob;
		twig = found->value & ~RV_GIT_BRANCH_DIR;
		path.data += part.len + 1;
		path.len -= part.len + 1;
	}
	return false;
}
