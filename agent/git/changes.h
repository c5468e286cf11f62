/* git: what the index or the work tree has that a commit has not, and lists of changes. Not here:
 * lines (lines.h). */
#pragma once

#include "agent/git/diff.h"

#define RV_GIT_CHANGES_MAX ((size_t)64 << 20) /* in one list */

enum rv_git_against {
	RV_GIT_AGAINST_INDEX,	  /* what a commit would take: staged */
	RV_GIT_AGAINST_WORK_TREE, /* the files of the index as they lie in the work tree */
};

/* Tells each path of the index that differs from `base` (NULL: an empty tree), and each path of
 * base that is gone, in order. Against the index new_oid is a blob in the store; of a conflict,
 * ours and theirs are told one after the other; `git add -N` is left out. Against the work tree a
 * file is read only when its times or size are not those of the index; new_oid is the id its bytes
 * have (no filter is run: a file that git would convert counts as changed), zero when it is over
 * odb->max_object or cannot be read (told): read git->work_tree/path yourself, rv_git_open_in.
 * Files outside of the index are not told. A path that would leave the work tree, by ".." or
 * through a symbolic link, is told as trouble (UNREADABLE) and not looked at. */
RV_NODISCARD rv_status rv_git_changes_since(const struct rv_git_differ *differ,
					    const struct rv_git *git, const struct rv_git_oid *base,
					    const struct rv_git_index *index,
					    enum rv_git_against against, rv_git_change_fn *each,
					    void *user);

/* Opens a path below the directory dir_fd for reading, following no symbolic link at all: *gives*.
 * MALFORMED: the path is not a clean relative one. CONFLICT: a link, or not a regular file. */
RV_NODISCARD rv_status rv_git_open_in(int dir_fd, struct rv_str path, int *out_fd);
/* The target of a symbolic link below dir_fd; what leads to it is no link. MALFORMED: as above.
 * CONFLICT: it is no link. */
RV_NODISCARD rv_status rv_git_link_in(int dir_fd, struct rv_str path, struct rv_buf *out);

/* A list that keeps what it is told. */
struct rv_git_changes {
	struct rv_git_change *items; /* paths are owned by the list */
	size_t count, cap;
	struct rv_buf paths; /* while it grows, paths are offsets into this */
};
void rv_git_changes_init(struct rv_git_changes *changes);
void rv_git_changes_done(struct rv_git_changes *changes);
/* A rv_git_change_fn: user is the list. */
rv_status rv_git_changes_put(void *user, const struct rv_git_change *change);
/* To be called once, when all are put: only then are the paths readable. Pairs what is gone with
 * what is new under an equal id: old_path is set and the deletion leaves the list. */
RV_NODISCARD rv_status rv_git_changes_settle(struct rv_git_changes *changes);
