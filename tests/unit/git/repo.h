/* tests: real repositories, made by the git program at test time. Every helper that fails ends the
 * test program. */
#pragma once

#include "agent/git/visit.h"
#include "tests/support/dir.h"
#include "tests/support/run.h"

/* Skips the whole program when there is no git; makes git deaf to the user's configuration. */
void rvt_git_setup(void);
/* A temporary directory with an empty repository in `name` ("" for the directory itself). */
void rvt_git_init(const struct rvt_dir *dir, const char *name, const char *format);
/* sh -c in the directory; dies when it fails. Output (NUL-ended, without the last newline) is
 * malloc'ed. `fmt` may hold anything: no test gives outside text. */
char *rvt_git_sh(const struct rvt_dir *dir, const char *fmt, ...) RV_PRINTF(2, 3);
/* The same, for when nobody wants the output. */
void rvt_git_do(const struct rvt_dir *dir, const char *fmt, ...) RV_PRINTF(2, 3);
struct rv_git_oid rvt_git_oid(const char *hex);

/* What a visit told, checked as it came: each object's bytes give its id, each delta's segments
 * give its bytes, each base_state is what was returned for that base. */
struct rvt_seen {
	size_t oid_len;
	struct rv_git_oidmap told;
	size_t objects, deltas, states, bytes, planned;
	size_t troubles[RV_GIT_TROUBLE__COUNT];
	size_t wrong;
};
void rvt_seen_done(struct rvt_seen *seen);
/* Visits with 1 and with 3 threads and wants the same of both; *seen is of the last. */
void rvt_git_visit(const struct rv_git_odb *odb, unsigned types, const struct rv_git_oidmap *only,
		   struct rvt_seen *seen);
/* How many objects of these types `git cat-file --batch-all-objects` knows. */
size_t rvt_git_count(const struct rvt_dir *dir, const char *name, const char *types);
/* Every object that git knows there: read by id, with git's type and size, and bytes that give the
 * id. Returns how many. */
size_t rvt_git_compare(const struct rvt_dir *dir, const char *name, const struct rv_git_odb *odb);
/* A history of `commits` commits over several files and folders, one of them long, so that packs
 * have chains. */
void rvt_git_history(const struct rvt_dir *dir, const char *name, int commits);
