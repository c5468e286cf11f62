/* scan: rule files (version 2; policies/detectors/README.md is their manual) into rows. Used by the
 * build for the compiled-in table and at run time for rules of one's own. Every rule is linted
 * here: a file that loads can be scanned with. Not here: sets of rules (rule.h), gitleaks' files
 * (sweep/). Its own library (rv_rules): the scanner itself links no YAML. */
#pragma once

#include "agent/scan/rule.h"

#define RV_RULES_FILE_MAX     ((size_t)4 << 20) /* bytes of one file */
#define RV_RULES_REGEX_MAX    8192		/* bytes of one regex, after composition */
#define RV_RULES_KEYWORD_LEAD 32		/* bytes between a keyword and its assignment */

struct rv_rules; /* rows and all their texts; at most RV_RULESET_MAX rows */

/* What the caller knows. All may be NULL: then any well-formed name will do. */
struct rv_rules_words {
	bool (*has_check)(const char *name);
	bool (*has_rule)(const void *context, const char *id); /* for `near`: rules elsewhere */
	const void *context;
	bool wants_samples; /* built-in rules: no rule without samples of both sorts */
};

/* The templates a rule is tested with; lists are NULL-ended, never NULL. */
struct rv_rule_samples {
	const char *id;
	const char *check; /* whose digits {check} stands for, or NULL */
	const char *const *positive;
	const char *const *negative;
};

/* Copies words. *gives* in out. */
RV_NODISCARD rv_status rv_rules_new(const struct rv_rules_words *words, struct rv_rules **out);
void rv_rules_free(struct rv_rules *rules); /* and every row and text handed out */
void rv_rules_freep(struct rv_rules **rules);
/* One file's rules more. `file` is for messages: MALFORMED says file:line:column, what is wrong and
 * what is wanted. An id is taken once over all files. After a failure only _free is allowed. */
RV_NODISCARD rv_status rv_rules_add(struct rv_rules *rules, struct rv_str text, const char *file,
				    struct rv_diag *diag);
/* After the last file: every `near` must name a rule of these files or of words->has_rule. Sorts
 * by id; rows do not move afterwards. */
RV_NODISCARD rv_status rv_rules_seal(struct rv_rules *rules, struct rv_diag *diag);
/* After the seal; borrowed, in order of id. The samples stand in the same order. */
const struct rv_rule *rv_rules_rows(const struct rv_rules *rules, size_t *out_count);
const struct rv_rule_samples *rv_rules_samples(const struct rv_rules *rules, size_t *out_count);
