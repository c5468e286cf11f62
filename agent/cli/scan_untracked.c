/* cli: see scan_untracked.h. */
#include "agent/cli/scan_untracked.h"

#include "agent/git/index.h"

#include <fts.h>
#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 200 /* bytes of a path */

/* Where the path is, or would be. */
static uint32_t place_of(const struct rv_git_index *index, struct rv_str path)
{
	uint32_t low = 0;
	uint32_t high = index->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct rv_str at = index->entries[middle].path;
		size_t len = at.len < path.len ? at.len : path.len;
		int order = memcmp(at.data, path.data, len);

		if (order < 0 || (order == 0 && at.len < path.len))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* As a file, a link, or the repository of a submodule. */
static bool has(const struct rv_git_index *index, struct rv_str path)
{
	uint32_t at = place_of(index, path);

	return at < index->count && rv_str_equal(index->entries[at].path, path);
}

/* The first such path below the top, in the order of the file system; false: there is none. */
static bool find(FTS *walk, size_t top_len, const struct rv_git_index *index, char out[SHOWN_MAX])
{
	const FTSENT *entry;

	while ((entry = fts_read(walk))) {
		struct rv_str path = rv_str_of(entry->fts_path);

		if (entry->fts_level < 1 || path.len <= top_len + 1)
			continue;
		path = (struct rv_str){path.data + top_len + 1, path.len - top_len - 1};
		if (strcmp(entry->fts_name, ".git") == 0 ||
		    (entry->fts_info == FTS_D && has(index, path)))
			(void)fts_set(walk, (FTSENT *)(uintptr_t)entry, FTS_SKIP); /* cannot fail */
		else if ((entry->fts_info == FTS_NSOK || entry->fts_info == FTS_F ||
			  entry->fts_info == FTS_SL) &&
			 !has(index, path)) {
			(void)snprintf(out, SHOWN_MAX, "%s", (const char *)path.data); /* cut */
			return true;
		}
	}
	return false;
}

void rv_scan_note_untracked(const struct rv_git *git, struct rv_scan_config *config)
{
	RV_CLEANUP(rv_git_index_done) struct rv_git_index index = {0};
	char *const tops[] = {(char *)(uintptr_t)git->work_tree, NULL};
	char path[SHOWN_MAX], note[2 * SHOWN_MAX];

	if (!git->work_tree || !rv_is_ok(rv_git_index_load(git, &index, NULL)) || index.is_split)
		return; /* the scan itself tells it */
	FTS *walk = fts_open(tops, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL);
	if (!walk)
		return;
	if (find(walk, strlen(git->work_tree), &index, path)) {
		(void)snprintf(note, sizeof(note), /* fits */
			       "--worktree: files that git does not track are not looked at, such "
			       "as %s: reeve scan . has them",
			       path);
		rv_scan_config_note(config, note);
	}
	(void)fts_close(walk); /* it was only read */
}
