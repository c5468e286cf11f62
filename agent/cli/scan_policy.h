/* cli: what `reeve scan` tells and what not: configuration, ignore files and baseline, found by
 * their names beside what is scanned, or in a commit. Not here: judging one finding (filter.h). */
#pragma once

#include "agent/base/digest.h"
#include "agent/cli/scan_ask.h"
#include "agent/sweep/filter.h"
#include "agent/sweep/named.h"
#include "agent/sweep/repo_view.h"

#include <stdatomic.h>

#define RV_SCAN_UNDER_SEEN 64 /* paths that are told when there is nothing */

struct rv_scan_policy {
	struct rv_scan_config *config;
	struct rv_baseline *baseline; /* or NULL */
	char *baseline_path;	      /* from which, or where one would go; owned */
	struct rv_identity *identity;
	const char *const *roots; /* of what is scanned, NULL-ended; NULL: paths are as they are */
	char **below; /* where each root lies below the settings' directory, with '/' at its end;
		       * owned. NULL: they are those of a root. */
	bool has_no_paths; /* it is standard input */
	struct rv_filter filter;
	struct rv_named given;	   /* files of a ref that the caller or what he named names */
	uint32_t file_count;	   /* configuration files that were read */
	struct rv_digest read;	   /* of all bytes of configuration, in order */
	const json_t *under;	   /* of the history only these paths; borrowed, or NULL: all */
	uint64_t under_seen;	   /* by bit: of the first of them, there is something */
	_Atomic uint64_t excluded; /* files that the settings say to pass over */
};

/* Who wants to know where the rules come from. */
struct rv_scan_policy_watch {
	/* Before a file is read that the caller named, or one that such a file names by its whole
	 * path. NULL: before a byte of what is scanned, of its directory's files or of the
	 * repository is read. */
	void (*reading)(void *user, const char *path);
	/* The rules are settled, and whatever is read from here on brings none. Once. */
	rv_status (*ready)(void *user, const struct rv_ruleset *rules, struct rv_diag *diag);
	void *user;
};
/* Reads .reeve.yaml, .gitleaks.toml, .gitleaksignore, .betterleaksignore, .reeveignore and
 * .reeve-baseline.json of the directory that is scanned or of the work tree around it
 * (scan_where.h; noted), or those of ask->policy_ref (--diff: its base), or what the options name:
 * of a file of the repository the ref's, where there is one, and one that only the change has does
 * not count, which is noted. GITLEAKS_CONFIG names a file as
 * --config does, GITLEAKS_CONFIG_TOML has one's text. MALFORMED with file:line:column. Call
 * rv_scan_policy_done whatever comes. */
RV_NODISCARD rv_status rv_scan_policy_load(struct rv_scan_policy *policy,
					   const struct rv_scan_ask *ask,
					   const struct rv_scan_policy_watch *watch,
					   struct rv_diag *diag);
void rv_scan_policy_done(struct rv_scan_policy *policy);
/* For rv_sweep_shared.judge; user is struct rv_scan_policy. */
rv_status rv_scan_policy_judge(void *user, struct rv_leaks *leaks, struct rv_leak *leak,
			       const struct rv_judging *about);
/* For rv_sweep_shared.holds; likewise. What comes on standard input has no path. */
bool rv_scan_policy_holds(const struct rv_scan_policy *policy, const struct rv_rule *rule,
			  struct rv_str path, const char *inside);
/* For rv_sweep_options.wants; likewise. */
bool rv_scan_policy_wants(void *user, struct rv_str path, bool is_dir);
/* For rv_sweep_options.brings, when there are policy->under; likewise. */
bool rv_scan_policy_brings(void *user, struct rv_str path);
/* For rv_sweep_options.passes; likewise. */
bool rv_scan_policy_passes(void *user, const char *commit);
/* For rv_sweep_options.expects: the same of files, and counts nothing. */
bool rv_scan_policy_expects(void *user, struct rv_str path, bool is_dir);
