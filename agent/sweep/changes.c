/* sweep: what a change brings: staged against HEAD, or HEAD (and the work tree) against a base. Not
 * here: comparing (git/), which values of a file those are (added.h). */
#include "agent/git/changes.h"
#include "agent/base/fd.h"
#include "agent/git/lines.h"
#include "agent/git/renames.h"
#include "agent/sweep/added.h"
#include "agent/sweep/blame.h"
#include "agent/sweep/named.h"
#include "agent/sweep/suppress.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct looking {
	struct rv_run *run;
	struct rv_sweeper *w;
	struct rv_repo_view *view;
	struct rv_git_reader *old_reader; /* bytes of both sides are needed at once */
	struct rv_named named;		  /* by the configuration of both sides */
	int work_tree;			  /* directory, or -1: new sides are blobs */
	struct rv_buf file;		  /* of the work tree, for who compares files */
	struct rv_blame blame;
	uint32_t fork, head;
	uint32_t named_commit; /* whose texts are these */
	struct rv_leak_commit named_texts;
	uint8_t reach;
};

static rv_status read_blob(struct rv_git_reader *reader, const struct rv_git_oid *oid,
			   struct rv_str *out)
{
	enum rv_git_type type = RV_GIT_TYPE_NONE;

	return rv_git_read(reader, oid, &type, out);
}

static rv_status read_file(const struct looking *l, const struct rv_git_change *c,
			   struct rv_buf *out)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;

	if (rv_git_mode_is(c->new_mode, RV_GIT_MODE_LINK))
		return rv_git_link_in(l->work_tree, c->path, out);
	RV_TRY(rv_git_open_in(l->work_tree, c->path, &fd));
	return rv_fd_read_all(fd, out, NULL);
}

static void gap_of(struct looking *l, struct rv_str path, rv_status status)
{
	bool is_large = rv_class_of(status) == RV_CLASS_EXHAUSTED;

	rv_leaks_gap(&l->w->leaks, path, NULL,
		     is_large					 ? "too-large"
		     : rv_class_of(status) == RV_CLASS_NOT_FOUND ? "missing-object"
								 : "damaged",
		     "its new content could not be read");
}

static struct rv_suppress_file suppress_file(const struct looking *l, struct rv_str path)
{
	return (struct rv_suppress_file){path, rv_named_has(&l->named, path)};
}

/* A gate lists what the change adds to be let pass. What becomes settings under another name is new
 * there whole. */
static rv_status list_suppressions(struct looking *l, const struct rv_git_change *c,
				   struct rv_str old_text, struct rv_str text,
				   const struct rv_git_lines *lines)
{
	const struct rv_suppress_file file = suppress_file(l, c->path);

	if (l->run->options->source != RV_SWEEP_DIFF)
		return RV_OK;
	if (c->old_path.len > 0 && rv_suppress_is_settings(&file))
		lines = NULL;
	return rv_suppress_look(&l->w->leaks, &file, old_text, text, lines);
}

/* What was settings has another name now, and counts no more. */
static rv_status list_moved(struct looking *l, const struct rv_git_change *c)
{
	const struct rv_suppress_file file = suppress_file(l, c->old_path);

	if (l->run->options->source != RV_SWEEP_DIFF || c->old_path.len == 0)
		return RV_OK;
	return rv_suppress_removed(&l->w->leaks, &file);
}

/* Anchors are looked for everywhere: a value may be added under an old name. */
static rv_status scan_added(struct looking *l, const struct rv_git_change *c,
			    struct rv_str old_text, struct rv_str new_text, bool is_wanted)
{
	RV_CLEANUP(rv_git_lines_done) struct rv_git_lines lines = {0};
	struct rv_added_ask ask = {.path = c->path,
				   .text = new_text,
				   .old_path = c->old_path,
				   .old_text = old_text,
				   .reach = l->reach};

	if (old_text.len > 0) {
		RV_TRY(rv_git_lines_added(old_text, new_text, &lines));
		ask.lines = &lines;
	}
	RV_TRY(list_suppressions(l, c, old_text, new_text, ask.lines));
	return is_wanted ? rv_added_scan(l->run, l->w, &ask) : RV_OK;
}

/* Texts of a commit, which is often the same as the last time. */
static rv_status name_commit(struct looking *l, uint32_t commit, struct rv_leak *leak)
{
	if (l->named_commit != commit) {
		rv_lane_set_path(l->w->lane, RV_STR_NONE); /* a message is no line of the file */
		RV_TRY(rv_repo_commit(l->view, commit, l->w, &l->named_texts));
		l->named_commit = commit;
	}
	leak->first = l->named_texts;
	leak->owner_hint = leak->first.author;
	return RV_OK;
}

static rv_status name_author(struct looking *l, const struct rv_git_change *c, struct rv_str text,
			     struct rv_leak *leak)
{
	const struct rv_blame_question question = {.path = c->path,
						   .old_path = c->old_path,
						   .text = text,
						   .oid = &c->new_oid,
						   .line = leak->inside ? 0 : leak->line,
						   .end_line = leak->end_line,
						   .is_of_work_tree = l->work_tree >= 0};
	struct rv_blame_answer answer;

	RV_TRY(rv_blame_ask(&l->blame, &question, &answer));
	if (answer.is_not_committed)
		leak->reach = RV_REACH_WORK_TREE;
	return answer.commit == RV_GIT_NONE ? RV_OK : name_commit(l, answer.commit, leak);
}

/* Who added what was found in one file, from the row `first` on. */
static rv_status name_authors(struct looking *l, const struct rv_git_change *c, struct rv_str text,
			      size_t first)
{
	if (l->run->options->source != RV_SWEEP_DIFF || first >= l->w->leaks.count)
		return RV_OK;
	if (!l->blame.view)
		RV_TRY(rv_blame_open(&l->blame, l->view, l->fork, l->head));
	for (size_t i = first; i < l->w->leaks.count; i++)
		RV_TRY(name_author(l, c, text, &l->w->leaks.items[i]));
	return RV_OK;
}

/* Is the old side to be compared with? What lay where the settings do not look comes in with its
 * new path, all of it. */
static bool has_old_side(const struct looking *l, const struct rv_git_change *c, bool is_wanted)
{
	const struct rv_sweep_options *o = l->run->options;

	if (c->old_mode == 0 || !rv_git_mode_is_blob(c->old_mode))
		return false;
	return c->old_path.len == 0 || !is_wanted || !o->expects ||
	       o->expects(o->wants_user, c->old_path, false);
}

static rv_status look_at(struct looking *l, const struct rv_git_change *c, bool is_wanted)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf file = {0};
	struct rv_str new_text = RV_STR_NONE;
	struct rv_str old_text = RV_STR_NONE;
	rv_status status;

	rv_buf_init(&file, l->run->options->max_file ? (size_t)l->run->options->max_file
						     : RV_GIT_OBJECT_MAX);
	if (l->work_tree >= 0) {
		status = read_file(l, c, &file);
		new_text = rv_buf_view(&file);
	} else {
		status = read_blob(l->view->reader, &c->new_oid, &new_text);
	}
	if (!rv_is_ok(status)) {
		gap_of(l, c->path, status);
		return RV_OK;
	}
	if (l->run->options->max_file > 0 && new_text.len > l->run->options->max_file) {
		rv_leaks_gap(&l->w->leaks, c->path, NULL, "too-large", "larger than --max-file");
		return RV_OK;
	}
	if (has_old_side(l, c, is_wanted) &&
	    !rv_is_ok(read_blob(l->old_reader, &c->old_oid, &old_text)))
		old_text = RV_STR_NONE; /* all of it counts as added */
	atomic_fetch_add(&l->run->files, is_wanted);
	atomic_fetch_add(&l->run->bytes, is_wanted ? new_text.len : 0);
	size_t first = l->w->leaks.count;
	RV_TRY(scan_added(l, c, old_text, new_text, is_wanted));
	return name_authors(l, c, new_text, first);
}

static rv_status on_change(void *user, const struct rv_git_change *c)
{
	struct looking *l = user;
	const struct rv_sweep_options *o = l->run->options;
	const struct rv_suppress_file file = suppress_file(l, c->path);
	bool is_settings = o->source == RV_SWEEP_DIFF && rv_suppress_is_settings(&file);

	RV_TRY(list_moved(l, c));
	/* A link's target is text that is committed like any other. */
	if (!rv_git_mode_is_blob(c->new_mode))
		return is_settings ? rv_suppress_removed(&l->w->leaks, &file) : RV_OK;
	bool is_wanted = !o->wants || o->wants(o->wants_user, c->path, false);
	if (!is_wanted && !is_settings)
		return RV_OK;
	if (atomic_load(&l->run->stop)) {
		rv_leaks_gap(&l->w->leaks, c->path, NULL, atomic_load(&l->run->stop_reason), NULL);
		return RV_OK;
	}
	return look_at(l, c, is_wanted);
}

/* HEAD's tree; false: there is no commit yet. */
static rv_status head_tree(struct rv_repo_view *view, struct rv_git_oid *out, bool *out_has_one,
			   struct rv_diag *diag)
{
	*out_has_one = rv_git_refs_find(&view->refs, "HEAD") != NULL;
	return *out_has_one ? rv_repo_tree_of(view, "HEAD", out, diag) : RV_OK;
}

static struct rv_git_differ differ_of(struct looking *l)
{
	return (struct rv_git_differ){.reader = l->old_reader,
				      .oid_len = l->view->git->oid_len,
				      .on_trouble = rv_repo_trouble,
				      .trouble_user = &l->w->leaks};
}

/* For finding renames. What cannot be read is a gap when its turn comes. */
static rv_status read_side(void *user, const struct rv_git_change *c, bool is_old,
			   struct rv_str *out)
{
	struct looking *l = user;

	if (is_old)
		return read_blob(l->old_reader, &c->old_oid, out);
	if (l->work_tree < 0)
		return read_blob(l->view->reader, &c->new_oid, out);
	rv_buf_done(&l->file);
	rv_buf_init(&l->file, RV_GIT_RENAME_FILE_MAX);
	RV_TRY(read_file(l, c, &l->file));
	*out = rv_buf_view(&l->file);
	return RV_OK;
}

/* Changes are gathered first: reading a blob moves the reader that compares. */
static rv_status look_at_all(struct looking *l, struct rv_git_changes *changes)
{
	RV_TRY(rv_git_changes_settle(changes));
	RV_TRY(rv_git_renames_find(changes, read_side, l));
	for (size_t i = 0; i < changes->count; i++)
		RV_TRY(on_change(l, &changes->items[i]));
	return RV_OK;
}

/* The index that was named; `room` holds what its entries borrow. Not mapped: git replaces its own
 * index whole, who writes another is not known. */
static rv_status load_named_index(const struct looking *l, struct rv_buf *room,
				  struct rv_git_index *out, struct rv_diag *diag)
{
	const struct rv_sweep_options *o = l->run->options;
	const struct rv_git *git = l->view->git;
	const char *top = git->work_tree ? git->work_tree : git->git_dir;
	char path[PATH_MAX];
	int n = o->index[0] == '/' ? snprintf(path, sizeof(path), "%s", o->index)
				   : snprintf(path, sizeof(path), "%s/%s", top, o->index);

	if (n < 0 || (size_t)n >= sizeof(path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "the index's path is too long");
	rv_buf_init(room, RV_GIT_INDEX_MAX);
	rv_status status = rv_file_read(path, RV_GIT_INDEX_MAX, room, diag);
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND && o->index_may_lack) {
		*diag = (struct rv_diag){0};
		*out = (struct rv_git_index){.version = 2};
		return RV_OK;
	}
	RV_TRY(status);
	status = rv_git_index_parse(rv_buf_view(room), git->oid_len, out);
	if (!rv_is_ok(status))
		return rv_fail(rv_class_of(status), diag, "%s cannot be read as an index", path);
	status = rv_git_index_join(git, out);
	if (!rv_is_ok(status))
		rv_git_index_done(out);
	return status;
}

static rv_status run_staged(struct looking *l, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf room = {0};
	struct rv_git_index index = {0};
	struct rv_git_changes changes;
	struct rv_git_differ differ = differ_of(l);
	struct rv_git_oid tree;
	bool has_head = false;

	RV_TRY(head_tree(l->view, &tree, &has_head, diag));
	if (l->run->options->index)
		RV_TRY(load_named_index(l, &room, &index, diag));
	else
		RV_TRY(rv_git_index_load(l->view->git, &index, diag));
	if (index.is_split)
		rv_leaks_gap(&l->w->leaks, RV_STR_LIT(".git/index"), NULL, "unsupported",
			     "a split index without its shared part: some of what is staged is not "
			     "seen; git update-index --no-split-index joins them");
	rv_git_changes_init(&changes);
	rv_status status =
		rv_git_changes_since(&differ, l->view->git, has_head ? &tree : NULL, &index,
				     RV_GIT_AGAINST_INDEX, rv_git_changes_put, &changes);
	l->reach = RV_REACH_INDEX;
	if (rv_is_ok(status))
		status = look_at_all(l, &changes);
	rv_git_changes_done(&changes);
	rv_git_index_done(&index);
	return status;
}

/* What base and HEAD have in common: what others added to base meanwhile is not this change's. */
static rv_status fork_tree(struct looking *l, const char *base, struct rv_git_oid *out,
			   struct rv_diag *diag)
{
	struct rv_repo_view *view = l->view;
	uint32_t b = 0, head = 0, fork = 0;

	rv_status status = rv_git_rev_commit(&view->names, rv_str_of(base), &b, diag);
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND)
		rv_repo_say_fetch(base, diag);
	RV_TRY(status);
	RV_TRY(rv_git_rev_commit(&view->names, RV_STR_LIT("HEAD"), &head, diag));
	status = rv_git_graph_merge_base(&view->graph, b, head, &fork);
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND)
		fork = b;
	else
		RV_TRY(status);
	RV_TRY(rv_git_graph_read(&view->graph, fork));
	if (view->graph.nodes[fork].state != RV_GIT_NODE_READ) {
		rv_diag_next(diag, "git fetch --unshallow, or fetch-depth: 0 in CI");
		return rv_fail(RV_CLASS_NOT_FOUND, diag,
			       "the commit that %s and HEAD share is missing", base);
	}
	*out = view->graph.nodes[fork].tree;
	l->fork = fork;
	l->head = head;
	return RV_OK;
}

static rv_status run_worktree(struct looking *l, const struct rv_git_oid *base,
			      struct rv_diag *diag)
{
	struct rv_git_index index = {0};
	struct rv_git_changes changes;
	struct rv_git_differ differ = differ_of(l);

	if (!l->view->git->work_tree)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "--worktree: the repository is bare");
	l->work_tree = open(l->view->git->work_tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->work_tree < 0)
		return rv_fail_errno(diag, "cannot open the work tree");
	RV_TRY(rv_named_of_work_tree(&l->named, l->work_tree));
	RV_TRY(rv_git_index_load(l->view->git, &index, diag));
	rv_git_changes_init(&changes);
	rv_status status =
		rv_git_changes_since(&differ, l->view->git, base, &index, RV_GIT_AGAINST_WORK_TREE,
				     rv_git_changes_put, &changes);
	if (rv_is_ok(status))
		status = look_at_all(l, &changes);
	rv_git_changes_done(&changes);
	rv_git_index_done(&index);
	return status;
}

static rv_status take_given(struct looking *l)
{
	const struct rv_named *given = l->run->options->given;

	for (size_t i = 0; given && i < given->count; i++)
		RV_TRY(rv_named_add(&l->named, given->paths[i]));
	return RV_OK;
}

static rv_status run_diff(struct looking *l, struct rv_diag *diag)
{
	struct rv_git_oid base, head;
	struct rv_git_differ differ = differ_of(l);
	struct rv_git_changes changes;

	RV_TRY(take_given(l));
	RV_TRY(fork_tree(l, l->run->options->base, &base, diag));
	RV_TRY(rv_repo_tree_of(l->view, l->run->options->base, &head, diag));
	RV_TRY(rv_named_of_tree(&l->named, l->view, &head));
	l->reach = RV_REACH_HEAD;
	if (l->run->options->with_worktree)
		return run_worktree(l, &base, diag);
	RV_TRY(rv_repo_tree_of(l->view, "HEAD", &head, diag));
	RV_TRY(rv_named_of_tree(&l->named, l->view, &head));
	rv_git_changes_init(&changes);
	rv_status status = rv_git_tree_diff(&differ, &base, 1, &head, rv_git_changes_put, &changes);
	if (rv_is_ok(status))
		status = look_at_all(l, &changes);
	rv_git_changes_done(&changes);
	return status;
}

rv_status rv_run_changes(struct rv_run *run, struct rv_diag *diag)
{
	struct rv_repo_view view = {0};
	struct looking l = {.run = run,
			    .w = &run->sweepers[0],
			    .view = &view,
			    .work_tree = -1,
			    .named_commit = RV_GIT_NONE};
	rv_status status = rv_repo_view_open(&view, run->options->repo, &l.w->leaks, diag);

	if (rv_is_ok(status))
		status = rv_git_reader_new(&view.git->odb, &l.old_reader);
	if (rv_is_ok(status))
		status = run->options->source == RV_SWEEP_STAGED ? run_staged(&l, diag)
								 : run_diff(&l, diag);
	rv_git_reader_free(l.old_reader);
	rv_blame_done(&l.blame);
	rv_named_done(&l.named);
	rv_fd_closep(&l.work_tree);
	rv_buf_done(&l.file);
	rv_repo_view_done(&view);
	return status;
}
