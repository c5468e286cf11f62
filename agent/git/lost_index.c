/* git: what is staged and lost. Not here: what trees name (lost.c), parsing an index (index.c). */
#include "agent/git/file.h"
#include "agent/git/index.h"
#include "agent/git/lost.h"
#include "agent/git/tree.h"

#include <dirent.h>
#include <limits.h>

static void tell_index(const struct rv_git_graph *graph, const char *git_dir,
		       enum rv_git_trouble_kind kind)
{
	char path[PATH_MAX];
	const struct rv_git_trouble trouble = {.kind = kind, .where = path};

	(void)rv_git_path(path, sizeof(path), "%s/index", git_dir); /* it fitted before */
	graph->on_trouble(graph->user, &trouble);
}

/* What has content of its own: no folder of a sparse index, no submodule, no `git add -N`. */
static bool has_blob(const struct rv_git_index_entry *entry)
{
	return rv_git_mode_is_blob(entry->mode) && !entry->is_intended;
}

static rv_status look_at(const struct rv_git_graph *graph, const struct rv_git_index *index,
			 struct rv_git_oidmap *told)
{
	for (uint32_t i = 0; i < index->count; i++) {
		const struct rv_git_index_entry *entry = &index->entries[i];

		if (has_blob(entry) && !rv_git_odb_has(&graph->git->odb, &entry->oid))
			RV_TRY(rv_git_lost_tell_one(graph, &entry->oid, entry->path, told));
	}
	return RV_OK;
}

static rv_status look_into(const struct rv_git_graph *graph, char *git_dir,
			   struct rv_git_oidmap *told)
{
	RV_CLEANUP(rv_git_index_done) struct rv_git_index index = {0};
	const struct rv_git git = {.git_dir = git_dir, .oid_len = graph->git->oid_len};
	rv_status status = rv_git_index_load(&git, &index, NULL);

	if (rv_class_of(status) == RV_CLASS_EXHAUSTED && status.errno_was)
		return status;
	if (!rv_is_ok(status)) {
		tell_index(graph, git_dir, RV_GIT_TROUBLE_STAGE);
		return RV_OK;
	}
	if (index.is_split)
		tell_index(graph, git_dir, RV_GIT_TROUBLE_UNSUPPORTED);
	return look_at(graph, &index, told);
}

rv_status rv_git_lost_tell_staged(const struct rv_git_graph *graph, struct rv_git_oidmap *told)
{
	RV_CLEANUP(rv_git_dir_closep) DIR *list = NULL;
	const struct rv_git *git = graph->git;
	char path[PATH_MAX];
	struct dirent *entry;

	RV_TRY(look_into(graph, git->common_dir, told));
	if (strcmp(git->git_dir, git->common_dir) != 0)
		RV_TRY(look_into(graph, git->git_dir, told));
	if (!rv_git_path(path, sizeof(path), "%s/worktrees", git->common_dir))
		return RV_OK;
	list = opendir(path);
	while (list && (entry = readdir(list))) {
		if (entry->d_name[0] != '.' && rv_git_path(path, sizeof(path), "%s/worktrees/%s",
							   git->common_dir, entry->d_name))
			RV_TRY(look_into(graph, path, told));
	}
	return RV_OK;
}
