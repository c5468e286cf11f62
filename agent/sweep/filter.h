/* sweep: one place that says what becomes of a finding, in this order; the first that holds
 * decides:
 *   1. allowlists of .reeve.yaml and .gitleaks.toml            allowed
 *   2. lines of .gitleaksignore and .betterleaksignore         allowed
 *   3. markers in the source (marker.h)                        allowed, is_marked
 *   4. confidence below min_confidence                         weak
 *   5. fingerprints of .reeveignore                            allowed
 *   6. the baseline, where it has not ended                    baseline
 *   7. a rule younger than the base's rule set                 new rule
 *   8. else                                                    open
 * What costs most (the fingerprint of a guessable value) is asked for last. Before a file is read
 * its path is judged alone. Not here: finding, reporting. */
#pragma once

#include "agent/sweep/baseline.h"
#include "agent/sweep/config.h"
#include "agent/sweep/leak.h"
#include "agent/sweep/marker.h"

#define RV_FILTER_NOTE_MAX 256 /* bytes with their end */

/* All borrowed; baseline and identity belong together (identity.h). */
struct rv_filter {
	const struct rv_scan_config *config;
	struct rv_baseline *baseline; /* or NULL */
	struct rv_identity *identity;
	unsigned min_confidence;
	uint32_t rules_day; /* of the base; 0: no rule is too young */
	int64_t now_utc_us;
	bool ignores_markers; /* --ignore-markers, --ignore-gitleaks-allow */
	bool is_gitleaks;     /* paths of its allowlists mean the path as it is shown, too */
};
/* From the sealed configuration and the baseline. */
void rv_filter_init(struct rv_filter *filter, const struct rv_scan_config *config,
		    struct rv_baseline *baseline, struct rv_identity *identity, int64_t now_utc_us);

/* Is the file not to be read at all? Says by what (borrowed from the configuration), may be NULL.
 * Only ignore files, `exclude` and gitleaks' global paths do that. The path is relative to what is
 * scanned. May be called by several threads. */
bool rv_filter_skips_path(const struct rv_scan_config *config, struct rv_str path,
			  const char **out_why);
/* The same by gitleaks' global paths alone: those may also mean the path as it is shown. */
bool rv_filter_skips_shown(const struct rv_scan_config *config, struct rv_str shown,
			   const char **out_why);

/* One finding; everything is borrowed for the call. The value is not kept. */
struct rv_filter_question {
	const struct rv_rule *rule;
	struct rv_str path;   /* relative to what is scanned */
	struct rv_str shown;  /* as it is shown: what is of gitleaks may mean that; empty: path */
	const char *inside;   /* archive member, or NULL */
	struct rv_str value;  /* of a rule of the path alone: empty, it is known by the path */
	struct rv_str match;  /* all that the rule matched; may be empty: the value */
	struct rv_str lines;  /* the value's lines whole; empty: none (binary) */
	size_t value_end;     /* in lines */
	struct rv_str before; /* the line above */
	const struct rv_marker_spot *spots; /* further lines, for markers alone (doc.h) */
	size_t spot_count;
	uint32_t line;
	uint32_t match_line; /* where the match begins, as gitleaks counts; 0: the same */
	const char *commit;  /* that brought it in, hex, or NULL */
	uint8_t confidence;
};

struct rv_filter_answer {
	uint8_t state;			    /* enum rv_leak_state */
	bool is_marked;			    /* by the source itself */
	bool is_stable;			    /* the fingerprint is the same in another run */
	bool has_ended;			    /* the baseline knew it; its `until` has passed */
	char fingerprint[RV_IDENTITY_TEXT]; /* "" for what is allowed by 1..3, or weak */
	char note[RV_FILTER_NOTE_MAX];	    /* by what and why, cut short at worst; "" */
	char problem[160];		    /* a marker that allows nothing; "" */
};
/* EXHAUSTED: no memory. May be called by several threads. */
RV_NODISCARD rv_status rv_filter_judge(const struct rv_filter *filter,
				       const struct rv_filter_question *question,
				       struct rv_filter_answer *out);

/* Does an allowlist name this commit, hex? */
bool rv_filter_names_commit(const struct rv_scan_config *config, const char *commit);
/* Does any name commits? */
bool rv_filter_has_commits(const struct rv_scan_config *config);

/* Does a rule that has a path (rule.h) hold at this one, relative to what is scanned? The path of a
 * member is "archive.zip!member". One without a path holds everywhere. After the configuration is
 * sealed; any thread. */
bool rv_filter_holds(const struct rv_scan_config *config, const struct rv_rule *rule,
		     struct rv_str path, const char *inside);
/* The rules in force that are judged by the path alone, NULL-ended; NULL: there are none. */
const struct rv_rule *const *rv_filter_path_rules(const struct rv_scan_config *config);

/* gitleaks' composite rules. A finding of one stands only when every rule it requires was found in
 * the same text, close enough. */
struct rv_filter_place {
	const struct rv_rule *rule;
	uint32_t line, column;
};
bool rv_filter_is_complete(const struct rv_scan_config *config, const struct rv_filter_place *place,
			   const struct rv_filter_place *others, size_t other_count);
/* Findings of this rule are parts of others' alone (skipReport). */
bool rv_filter_is_part(const struct rv_scan_config *config, const struct rv_rule *rule);
/* Are there rules of either sort? Without them the two above need not be asked. */
bool rv_filter_has_composites(const struct rv_scan_config *config);
