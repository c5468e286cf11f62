/* sweep: the files that the configuration of a tree names: rules, a baseline, what .gitleaks.toml
 * extends; and of settings that are links where those lead. Not here: what is in force (config.h).
 */
#pragma once

#include "agent/sweep/repo_view.h"

#define RV_NAMED_MAX 2048 /* more are not known */

struct rv_named {
	char **paths; /* as git has them; owned */
	size_t count, room;
};

void rv_named_done(struct rv_named *named); /* accepts a zeroed one */
/* A path below the top. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_named_add(struct rv_named *named, const char *path);
bool rv_named_has(const struct rv_named *named, struct rv_str path);
/* Adds those that .reeve.yaml and .gitleaks.toml of a tree name, and for what of either or of the
 * other settings is a link each link and its target (linked.h); of a configuration that cannot be
 * read, those up to there. Moves view->reader. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_named_of_tree(struct rv_named *named, struct rv_repo_view *view,
					const struct rv_git_oid *tree);
/* The same of a work tree, a directory. */
RV_NODISCARD rv_status rv_named_of_work_tree(struct rv_named *named, int work_tree);
