/* cli: what was asked of `reeve scan`, from its options. Not here: doing it (scan_verb.c). */
#pragma once

#include "agent/cli/args.h"
#include "agent/sweep/report.h"
#include "agent/sweep/sweep.h"

struct rv_scan_ask {
	struct rv_sweep_options sweep;
	const char *paths[2];	      /* used when one path was not given as a word */
	enum rv_report_format format; /* RV_REPORT__COUNT: the ending of output names none */
	const char *output;	      /* NULL: standard output, or error */
	const char *config;
	const char *baseline;
	const char *ignore_path;
	const char *policy_ref;
	const char *cache;   /* directory of compiled anchors, or NULL: the user's */
	const json_t *rules; /* lists of texts, or NULL */
	const json_t *enable_rules;
	const json_t *under; /* --log-opts "... -- PATH..": paths without "./" and "/" at the end;
				"": all; or NULL */
	const json_t *excludes;
	const json_t *allow_validate;
	const char *validate_ca; /* authorities in PEM, or NULL: the system's */
	uint32_t validate_max;
	unsigned min_confidence;
	bool has_min_confidence, has_decode_depth, has_archive_depth, has_max_file;
	unsigned decode_depth;
	int exit_code; /* of findings */
	bool is_strict, shows_all, is_verbose, validates, is_dry, may_be_open;
	bool is_to_stderr;	    /* --output /dev/stderr */
	bool has_no_cache;	    /* --no-cache */
	bool has_path;		    /* PATH, or --source: not where we are by default */
	bool makes_baseline;	    /* reeve baseline: a missing one is no error */
	bool ignores_foreign_marks; /* --ignore-gitleaks-allow */
	bool is_gitleaks;	    /* asked by one of gitleaks' names: json is its array */
};

/* MISCONFIGURED: which option is wrong, and what it takes. Borrows from args. */
RV_NODISCARD rv_status rv_scan_ask_of(const struct rv_out *out, const struct rv_verb_args *args,
				      enum rv_sweep_source source, bool is_gitleaks,
				      struct rv_scan_ask *ask, struct rv_diag *diag);
/* MISCONFIGURED: neither an option nor the ending of --output says which format. For who writes a
 * report: to others --output is something else. */
RV_NODISCARD rv_status rv_scan_ask_check_format(const struct rv_scan_ask *ask,
						struct rv_diag *diag);
