/* sweep: one run of `reeve scan`: what is looked at, with what limits, and what came of it. Not
 * here: the command line (cli/), what rules and allowlists are in force (config.h, filter.h). */
#pragma once

#include "agent/sweep/doc.h"
#include "agent/sweep/walk.h"

#include <signal.h>

enum rv_sweep_source {
	RV_SWEEP_PATHS, /* files and directories */
	RV_SWEEP_STDIN,
	RV_SWEEP_GIT,	 /* the whole store of a repository, or a range of its commits */
	RV_SWEEP_STAGED, /* what the index adds to HEAD */
	RV_SWEEP_DIFF,	 /* what HEAD, or the work tree, adds to a base */
};

/* How far a run is. Files, or the objects of a store: of those only what lies in packs is known
 * ahead. */
struct rv_progress {
	uint64_t done, total;		/* files or objects; total 0: not known */
	uint64_t bytes;			/* that were read */
	uint64_t passed, total_bytes;	/* of files: read or known from the ledger; 0: not known */
	bool is_of_objects, is_listing; /* is_listing: the totals still grow */
	bool is_telling;		/* all is looked at: where it lies is found out */
};

struct rv_named;

struct rv_sweep_options {
	enum rv_sweep_source source;
	const char *const *paths; /* PATHS: NULL-ended */
	const char *repo;	  /* GIT, STAGED, DIFF: a path in it; NULL: "." */
	const char *range;	  /* GIT: "A..B", revisions, --all; NULL: the whole store */
	const char *since;	  /* GIT: commits from then on, as git takes it; NULL: all */
	const char
		*index; /* STAGED: this file; relative: to the work tree's top; NULL: .git/index */
	bool index_may_lack; /* STAGED: no such file is an empty index, as git has it */
	const char *base;    /* DIFF */
	bool with_worktree;  /* DIFF: what is not committed too */
	const struct rv_named
		*given;		/* DIFF: files of it that the caller named as settings; NULL */
	unsigned threads;	/* 0: one per processor */
	uint64_t open_files;	/* descriptors the process may have; 0: not known */
	unsigned archive_depth; /* 0: archives are bytes, and gaps */
	uint64_t max_file;	/* bytes; 0: no limit */
	int64_t max_time_us;	/* 0: no limit */
	/* Not 0: stop as for a limit, the gaps being `stopped`. Looked at as often. NULL: never. */
	const volatile sig_atomic_t *stops;
	uint64_t max_rss; /* bytes of memory; 0: no limit */
	unsigned max_cpu; /* percent of one processor; 0: no limit */
	bool follows_links;
	/* May the path be looked at? Any thread. NULL: all. */
	bool (*wants)(void *user, struct rv_str path, bool is_dir);
	/* The same without a trace, for who only counts what will come. NULL: all. */
	bool (*expects)(void *user, struct rv_str path, bool is_dir);
	/* GIT: may what this commit (in hex) brings in be let pass for that? NULL: never. */
	bool (*passes)(void *user, const char *commit);
	/* GIT, of a part of the history: told paths that its commits bring in, until it says true.
	 * One thread. NULL: not. */
	bool (*brings)(void *user, struct rv_str path);
	void *wants_user;
	const char *ledger;  /* file of what was scanned whole before; NULL: none */
	uint64_t ledger_key; /* what the ledger is good for: rules, options, version */
	/* Called about five times a second from one thread. NULL: not. */
	void (*progress)(void *user, const struct rv_progress *now);
	void *progress_user;
	size_t cost_count; /* rules in force: count what each of them costs; 0: do not */
	const struct rv_sweep_shared *shared;
};

struct rv_sweep_result {
	struct rv_leaks leaks; /* sorted */
	uint64_t files, bytes, blobs, commits;
	struct rv_rule_cost
		*costs;	  /* options->cost_count rows, over all threads; else NULL; owned */
	uint64_t skipped; /* unchanged since the ledger was written */
};

void rv_sweep_result_done(struct rv_sweep_result *result);
/* A failure is one of the run as a whole (no memory, no such repository, an unknown revision); what
 * could not be read is a gap. */
RV_NODISCARD rv_status rv_sweep_run(const struct rv_sweep_options *options,
				    struct rv_sweep_result *result, struct rv_diag *diag);
