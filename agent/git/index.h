/* git: the index (staging area), versions 2, 3 and 4. Not here: comparing it (changes.h). */
#pragma once

#include "agent/git/repo.h"

#define RV_GIT_INDEX_MAX       ((size_t)2 << 30)   /* bytes of the file */
#define RV_GIT_INDEX_PATHS_MAX ((size_t)512 << 20) /* of version 4, whose paths are shortened */
#define RV_GIT_PATH_BYTES_MAX  ((size_t)32 << 10)  /* of one path, here and in trees */

struct rv_git_index_entry {
	struct rv_str path; /* no NUL in it; otherwise any bytes. Empty only while is_split */
	struct rv_git_oid oid;
	uint32_t mode;	  /* see tree.h; RV_GIT_MODE_DIR in a sparse index: a whole tree, "dir/" */
	uint8_t stage;	  /* 0; 1 base, 2 ours, 3 theirs of a conflict */
	bool is_intended; /* git add -N: no content yet */
	bool is_skipped;  /* skip-worktree: not in the work tree by design */
	uint32_t mtime_s, mtime_ns, ctime_s, ctime_ns, size, inode;
};

struct rv_git_index {
	struct rv_git_index_entry *entries; /* by path, then stage, as git sorts them */
	uint32_t count;
	uint32_t version;
	struct rv_str trees; /* the extension that remembers the trees of folders; may be empty */
	bool is_split;	     /* part of it stands in a shared index, which was not joined */
	struct rv_str link;  /* the extension that says which and how; empty: not split */
	int64_t mtime_s,
		mtime_ns; /* of the file: entries as young as it cannot be trusted by stat */
	/* Where paths are. */
	const uint8_t *map;
	size_t map_len;
	uint8_t *paths;
	const uint8_t *shared_map;
	size_t shared_len;
	uint8_t *shared_paths;
};

/* git_dir's index, joined. No index: empty and OK. MALFORMED: it does not parse. */
RV_NODISCARD rv_status rv_git_index_load(const struct rv_git *git, struct rv_git_index *out,
					 struct rv_diag *diag);
/* The parser; entries borrow from bytes. The sum at the end is not computed. gitformat-index(5). */
RV_NODISCARD rv_status rv_git_index_parse(struct rv_str bytes, size_t oid_len,
					  struct rv_git_index *out);
/* Joins a split one with the shared index of git_dir. One that cannot be read, or does not fit, is
 * OK: it is split still, and the entries without a path are gone. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_git_index_join(const struct rv_git *git, struct rv_git_index *index);
void rv_git_index_done(struct rv_git_index *index); /* accepts a zeroed one */
