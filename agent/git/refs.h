/* git: where history can be entered: refs, HEADs, reflogs, the stash. Not here: names with ~ ^ or
 * .. (rev.h). */
#pragma once

#include "agent/git/repo.h"

#define RV_GIT_REFS_MAX	     ((uint32_t)4 << 20)
#define RV_GIT_REF_FILE_MAX  ((size_t)64 << 10) /* one loose ref or FETCH_HEAD */
#define RV_GIT_REF_DEPTH_MAX 32			/* folders under refs/, symbolic refs in a row */
#define RV_GIT_REFLOG_MAX    ((size_t)64 << 20) /* one reflog; of a longer one its end is read */

enum rv_git_ref_kind {
	RV_GIT_REF_HEAD,   /* HEAD of the work tree that was opened */
	RV_GIT_REF_NAMED,  /* refs/.. */
	RV_GIT_REF_STASH,  /* refs/stash */
	RV_GIT_REF_PSEUDO, /* HEADs of other work trees, FETCH_HEAD, ORIG_HEAD, MERGE_HEAD, .. */
};

struct rv_git_ref {
	char *name; /* "refs/heads/main", "HEAD", "ORIG_HEAD", "worktrees/x/HEAD" */
	enum rv_git_ref_kind kind;
	struct rv_git_oid oid; /* as written: a tag is not peeled */
	char *target;	       /* of a symbolic ref: the name it stands for; else NULL */
	uint32_t order;	       /* in which it was found */
};

struct rv_git_refs {
	struct rv_git_ref *items; /* by name; each name once, but FETCH_HEAD and such may repeat */
	uint32_t count, cap;
	struct rv_git_oidmap logged; /* every old and new id of every reflog, the stash's too */
	char *head; /* what HEAD stands for, "refs/heads/main", even unborn; NULL: detached */
};

/* Everything there is; what does not parse is told (REF) and left out. A loose ref wins over a
 * packed one. An unborn HEAD is not listed. Nothing when !git->has_refs. */
RV_NODISCARD rv_status rv_git_refs_load(const struct rv_git *git, rv_git_trouble_fn *on_trouble,
					void *user, struct rv_git_refs *out);
void rv_git_refs_done(struct rv_git_refs *refs); /* accepts a zeroed one */
/* By full name, or NULL. */
const struct rv_git_ref *rv_git_refs_find(const struct rv_git_refs *refs, const char *name);
/* As a person writes it: NAME, refs/NAME, refs/tags/NAME, refs/heads/NAME, refs/remotes/NAME,
 * refs/remotes/NAME/HEAD, the first there is; or NULL. gitrevisions(7). */
const struct rv_git_ref *rv_git_refs_lookup(const struct rv_git_refs *refs, struct rv_str name);

/* The parsers, for tests and fuzzing. "# pack-refs", "ID NAME", "^PEELED" lines. */
typedef rv_status rv_git_packed_ref_fn(void *user, const struct rv_git_oid *oid,
				       struct rv_str name);
/* *out_bad counts lines that do not parse. */
RV_NODISCARD rv_status rv_git_packed_refs_parse(struct rv_str text, size_t oid_len,
						rv_git_packed_ref_fn *each, void *user,
						size_t *out_bad);
/* The ids of a reflog's lines ("OLD NEW WHO\tWHAT") that are not zero, into ids. */
RV_NODISCARD rv_status rv_git_reflog_parse(struct rv_str text, size_t oid_len,
					   struct rv_git_oidmap *ids, size_t *out_bad);
