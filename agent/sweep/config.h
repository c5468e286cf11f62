/* sweep: what is in force in one run of `reeve scan`: rules, allowlists, ignores and settings, from
 * .reeve.yaml, .gitleaks.toml, .gitleaksignore, .betterleaksignore and .reeveignore. Every loader
 * takes bytes and a name, so that a gate can give those of the base ref; other files they name come
 * through a reader. Not here: what becomes of a finding (filter.h), the baseline (baseline.h). */
#pragma once

#include "agent/scan/rule.h"

#define RV_SCAN_CONFIG_FILE_MAX	  ((size_t)4 << 20) /* bytes of one file */
#define RV_SCAN_CONFIG_LISTS_MAX  4096		    /* allowlists, over all files */
#define RV_SCAN_CONFIG_EXTEND_MAX 2		    /* files that extend files, as gitleaks */
#define RV_SCAN_CONFIG_NOTES_MAX  100

enum rv_scan_source {
	RV_SCAN_SOURCE_NATIVE,	     /* .reeve.yaml: the key scan (docs/scan-config.md) */
	RV_SCAN_SOURCE_GITLEAKS,     /* .gitleaks.toml, version 8 */
	RV_SCAN_SOURCE_IGNORE,	     /* .reeveignore */
	RV_SCAN_SOURCE_FINGERPRINTS, /* .gitleaksignore, .betterleaksignore: one format */
};

/* Gives a file that a configuration names (rules, extend.path), as it is written there. */
struct rv_scan_reader {
	rv_status (*read)(void *context, const char *path, struct rv_buf *out,
			  struct rv_diag *diag);
	void *context;
};

struct rv_scan_settings {
	unsigned min_confidence; /* below: weak */
	bool is_strict;		 /* incomplete: exit 3 */
	const char *baseline;	 /* path, or NULL */
	const char *baseline_at; /* file:line:column that names it */
	unsigned decode_depth;
	unsigned archive_depth;
	uint64_t max_file_bytes; /* 0: no limit */
	uint32_t rules_day;	 /* rules younger than this day only warn; 0: none do */
	/* --validate; NULL-ended, or NULL. Names of rules (ids or aliases) whose findings may be
	 * asked for, and public ids and fingerprints that never are. */
	const char *const *allow_validate;
	const char *const *never_ask;
};
/* What holds without a file. */
extern const struct rv_scan_settings rv_scan_settings_default;

struct rv_scan_config;
/* reader may be NULL: then files that name others are refused. Times are UTC. *gives* in out. */
RV_NODISCARD rv_status rv_scan_config_new(const struct rv_scan_reader *reader, int64_t now_utc_us,
					  struct rv_scan_config **out);
void rv_scan_config_free(struct rv_scan_config *config);
void rv_scan_config_freep(struct rv_scan_config **config);
/* One file. `name` is for messages: MALFORMED says name:line:column, what, and what is wanted;
 * MISCONFIGURED what a file asks for and cannot be had. After a failure only _free is allowed. */
RV_NODISCARD rv_status rv_scan_config_load(struct rv_scan_config *config,
					   enum rv_scan_source source, struct rv_str text,
					   const char *name, struct rv_diag *diag);
/* After the last file that may bring rules: settles those in force. From here on only ignore files
 * and fingerprints are loaded. */
RV_NODISCARD rv_status rv_scan_config_settle(struct rv_scan_config *config, struct rv_diag *diag);
/* After the last file. Settles the rules if that was not done. */
RV_NODISCARD rv_status rv_scan_config_seal(struct rv_scan_config *config, struct rv_diag *diag);

/* After the rules are settled; all borrowed. */
const struct rv_ruleset *rv_scan_config_rules(const struct rv_scan_config *config);
/* The same to narrow down further (--only, --disable). */
struct rv_ruleset *rv_scan_config_rules_edit(struct rv_scan_config *config);
const struct rv_scan_settings *rv_scan_config_settings(const struct rv_scan_config *config);
/* What a person should know and nothing is refused for: keys without effect, unknown ids, ended
 * allowances. At most RV_SCAN_CONFIG_NOTES_MAX. */
void rv_scan_config_note(struct rv_scan_config *config, const char *text);
const char *const *rv_scan_config_notes(const struct rv_scan_config *config, size_t *out_count);
