/* sweep: the history of a repository: the settings of git in it. They are in no commit, and often
 * hold a URL with its password or a header that logs in. Read as a document, as a directory's scan
 * does (walk.h); what git would make of them is not asked. Not here: what is stored. */
#include "agent/base/fd.h"
#include "agent/sweep/history.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define CONFIG_MAX ((size_t)8 << 20) /* bytes; more is a gap */

/* Nothing where there is no such file, or a link, which may lead anywhere. Never waits. */
static rv_status read_file(const char *path, struct rv_buf *out)
{
	RV_CLEANUP(rv_fd_closep)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT || errno == ELOOP ? RV_OK : rv_fail_errno(NULL, "%s", path);
	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? rv_fd_read_all(fd, out, NULL) : RV_OK;
}

static rv_status look_at(struct rv_run *run, const char *dir, const char *name, bool has_tree)
{
	const struct rv_sweep_options *o = run->options;
	RV_CLEANUP(rv_buf_done) struct rv_buf bytes = {0};
	char path[PATH_MAX], shown[64];
	struct rv_sweeper *w = &run->sweepers[0];
	int len = snprintf(path, sizeof(path), "%s/%s", dir, name);

	(void)snprintf(shown, sizeof(shown), "%s%s", has_tree ? ".git/" : "", name); /* fits */
	if (len < 0 || (size_t)len >= sizeof(path) ||
	    (o->wants && !o->wants(o->wants_user, rv_str_of(shown), false)))
		return RV_OK;
	rv_buf_init(&bytes, CONFIG_MAX);
	rv_status status = read_file(path, &bytes);
	if (rv_class_of(status) == RV_CLASS_EXHAUSTED && status.errno_was)
		return status;
	if (!rv_is_ok(status)) {
		bool is_large = rv_class_of(status) == RV_CLASS_EXHAUSTED;

		rv_leaks_gap(&w->leaks, rv_str_of(shown), NULL,
			     is_large ? "too-large" : "unreadable", "the settings of git");
		return RV_OK;
	}
	const struct rv_doc doc = {.path = rv_str_of(shown), .bytes = rv_buf_view(&bytes)};
	return rv_run_document(run, w, &doc, -1);
}

rv_status rv_history_look_at_config(struct rv_run *run, const struct rv_repo_view *view)
{
	const struct rv_git *git = view->git;

	RV_TRY(look_at(run, git->common_dir, "config", git->work_tree != NULL));
	return look_at(run, git->git_dir, "config.worktree", git->work_tree != NULL);
}
