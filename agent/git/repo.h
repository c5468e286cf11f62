/* git: opens a repository for reading. Not here: its objects (odb.h), refs (refs.h), index. */
#pragma once

#include "agent/git/odb.h"

/* No git program is run, no hook, no filter, no configured command; GIT_* variables are not looked
 * at; of the configuration only what says how to read the store (config.h). Who owns the files does
 * not matter: nothing of them is executed. */
struct rv_git {
	char *git_dir;	  /* of this work tree: HEAD, index */
	char *common_dir; /* of all of them: objects, refs, config; the same but for a linked one */
	char *work_tree;  /* NULL: bare, or not known */
	size_t oid_len;
	bool has_refs;	 /* false: a ref storage we cannot read (told as an extension) */
	bool has_tables; /* refs stand in reftables, not in files */
	bool is_partial;
	struct rv_git_odb odb;
	struct rv_git_oidmap shallow; /* commits whose parents were never fetched */
};

/* `path`: a work tree, a .git directory or file (submodule, linked work tree), or a bare
 * repository; *gives*. What is odd but readable is told and the open goes on: an unknown extension
 * or ref storage (EXTENSION), a config that does not parse (CONFIG), a partial or shallow
 * clone (PARTIAL, SHALLOW), a broken pack. NOT_FOUND: no repository at that path. MISCONFIGURED: an
 * object format or format version that we do not know. */
RV_NODISCARD rv_status rv_git_open(const char *path, rv_git_trouble_fn *on_trouble, void *user,
				   struct rv_git **out, struct rv_diag *diag);
/* The same for the repository that `path`, a file or directory, lies in: looks at it and at each
 * directory above, as far as the root. */
RV_NODISCARD rv_status rv_git_open_above(const char *path, rv_git_trouble_fn *on_trouble,
					 void *user, struct rv_git **out, struct rv_diag *diag);
void rv_git_close(struct rv_git *git);
static inline void rv_git_closep(struct rv_git **git)
{
	rv_git_close(*git);
}
/* Is there something at `path` that rv_git_open would try? Cheap: for walkers. */
bool rv_git_is_repository(const char *path);
/* Is the directory itself a store: a .git directory or a bare repository, and no work tree? */
bool rv_git_is_store(const char *path);
