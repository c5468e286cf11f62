/* cli: where the settings of a scan are read from: a directory, or a tree of a repository. Not
 * here: which settings there are (scan_policy.h). */
#pragma once

#include "agent/cli/scan_policy.h"
#include "agent/cli/scan_where.h"

/* Zeroed but for what is borrowed. */
struct rv_policy_source {
	const struct rv_scan_ask *ask;
	const struct rv_scan_policy_watch *watch;
	bool is_found; /* the rest says where */
	char dir[RV_SCAN_WHERE_MAX];
	bool is_top; /* of the work tree around what is scanned */
	struct rv_repo_view *opened;
	struct rv_repo_view *view; /* NULL: the directory */
	struct rv_git_oid tree;
	struct rv_leaks *gaps;
	struct rv_digest *read; /* of what a configuration names */
	struct rv_named *given;
	struct rv_scan_config *config; /* that is being loaded; for notes */
	bool is_trusted;	       /* what is read names files for the one who called us */
};

/* A change is judged by the rules of what it changes. Opened when it is first needed: the rules may
 * all come from elsewhere. */
RV_NODISCARD rv_status rv_policy_source_find(struct rv_policy_source *s, struct rv_diag *diag);
/* A file by its name in the source, which was found. NOT_FOUND when there is none. Of a ref its
 * links are followed within the tree (linked.h), and named in `given`; one that leads out is noted
 * and counts as none. */
RV_NODISCARD rv_status rv_policy_source_read(struct rv_policy_source *s, const char *name,
					     struct rv_buf *out, struct rv_diag *diag);
/* Does a file count that the caller named? One that only the change has does not, as one beside
 * what is scanned: that is noted. */
RV_NODISCARD rv_status rv_policy_source_counts(struct rv_policy_source *s,
					       struct rv_scan_config *config, const char *path,
					       bool *out, struct rv_diag *diag);
/* Such a file by its path. */
RV_NODISCARD rv_status rv_policy_source_given(struct rv_policy_source *s, const char *path,
					      struct rv_buf *out, struct rv_diag *diag);
/* For rv_scan_reader: a file that a configuration names, relative to where it is scanned. */
rv_status rv_policy_source_for_config(void *context, const char *path, struct rv_buf *out,
				      struct rv_diag *diag);
bool rv_policy_source_stays_below(const char *path);
/* Of a change that is judged: notes when the baseline `name` of its own cannot be read. The base's
 * counts here, but each scan after it is merged would end with that. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_policy_source_look_ahead(struct rv_policy_source *s, const char *name);
/* Adds bytes to what was read. */
void rv_policy_source_took(struct rv_digest *read, struct rv_str bytes);
