/* scan: what a rule is, compiled in (policies/detectors/) or loaded (rules_load.h), and sets of
 * them. Rules are immutable. Not here: databases (scan_db.h), matching (scan.h). */
#pragma once

#include "agent/base/buf.h"

#define RV_RULE_FLEET	     (1U << 0) /* fingerprint by the fleet key; else by the host key */
#define RV_RULE_TEXT_ONLY    (1U << 1) /* not in a buffer with NUL bytes at its start */
#define RV_RULE_COMPANION    (1U << 2) /* names others; never a finding by itself */
#define RV_RULE_NEEDS_NEAR   (1U << 3) /* no finding without its companion */
#define RV_RULE_ANYWHERE     (1U << 4) /* letters and digits may touch the value */
#define RV_RULE_ANCHOR_FOLDS (1U << 5) /* anchors are compared without case */
#define RV_RULE_WHOLE	     (1U << 6) /* anchors only gate: the regex runs over the whole buffer */
#define RV_RULE_PATH_ONLY    (1U << 7) /* judged by the path alone; no content */
/* Anchors are looked for only in, and shortly before, runs of RV_RULE_WORD_MIN or more bytes of
 * base64's alphabets, since the value is one or part of one: most of a rule's cost is gone.
 * rules_word.h decides, of built-in rules alone: words that read like names are passed over. */
#define RV_RULE_WORD (1U << 8)

/* What finds the value once an anchor is seen. */
enum rv_matcher {
	RV_MATCHER_REGEX,
	RV_MATCHER_ASSIGNMENT, /* assign.h: a name, an assignment, a value that looks secret */
	RV_MATCHER_PEM,	       /* pem_key.h: BEGIN .. PRIVATE KEY */
};

#define RV_RULE_NEAR_MAX   4
#define RV_RULE_ANCHOR_MAX 32 /* bytes of an anchor */
#define RV_RULE_WORD_MIN   24
#define RV_RULE_WORD_BACK  160	/* bytes before such a run where a match may begin */
#define RV_RULE_AHEAD_MAX  4096 /* bytes a match may take; PEM blocks and WHOLE rules more */

/* The one harmless request that tells whether a value lives (validate.h). {secret} and {id} stand
 * for the value and its public id. */
struct rv_rule_request {
	const char *method;
	const char *url;
	const char *const *headers; /* "Name: value", NULL-ended; or NULL */
	const char *body;	    /* or NULL */
	const char *user;	    /* basic auth "{id}:{secret}", or NULL */
	uint16_t valid[4];	    /* status codes, 0-ended */
	uint16_t invalid[4];
};

struct rv_rule {
	const char *id;
	const char *name;
	const char *provider;
	const char *regex;	    /* PCRE2; NULL for the other matchers */
	const char *const *anchors; /* NULL-ended; empty only for WHOLE and PATH_ONLY rules */
	const char *const *near;    /* ids of companion rules, NULL-ended; or NULL */
	const char *const *aliases; /* other tools' ids, NULL-ended; or NULL */
	const char *check;	    /* a row of check.h, or NULL */
	const char *path_regex;	    /* loaded rules: only in paths that match, or NULL */
	const char *docs;	    /* the provider's page on the format, or NULL */
	const char *roll;	    /* where its owner rolls it, or NULL */
	const struct rv_rule_request *request; /* or NULL */
	uint32_t since;			       /* 20261127: the day it came in */
	uint32_t flags;			       /* RV_RULE_* */
	uint16_t behind;		       /* bytes before the anchor where a match may begin */
	uint16_t ahead;			       /* bytes from the anchor's start it may take */
	uint16_t within;		       /* bytes to a companion */
	uint16_t min_entropy;		       /* tenths of a bit per byte */
	uint16_t entropy_above; /* loaded rules: thousandths that it must exceed, or 0 */
	uint16_t group;		/* of the value; 0: "secret", else the first, else all */
	uint8_t kind;		/* enum rv_kind (model/kinds.h) */
	uint8_t matcher;	/* enum rv_matcher */
	uint8_t confidence;	/* 0..100 */
};

/* The compiled-in rules, in order of their ids. */
const struct rv_rule *rv_rule_table(size_t *out_count);
/* The day of the youngest compiled-in rule: 20261127. */
uint32_t rv_rule_table_day(void);

/* A set of rules in force: borrows its rows. Ids are unique; an added row replaces one of the same
 * id. At most RV_RULESET_MAX. */
#define RV_RULESET_MAX 4096
struct rv_ruleset;
RV_NODISCARD rv_status rv_ruleset_new(bool with_builtin, struct rv_ruleset **out);
void rv_ruleset_free(struct rv_ruleset *set);
void rv_ruleset_freep(struct rv_ruleset **set);
RV_NODISCARD rv_status rv_ruleset_add(struct rv_ruleset *set, const struct rv_rule *rule,
				      struct rv_diag *diag);
/* By id or alias; false: no such rule. */
bool rv_ruleset_remove(struct rv_ruleset *set, const char *id);
/* Leaves only these (ids or aliases, with their companions, and of a companion the rules that it
 * names); NOT_FOUND names an unknown one. */
RV_NODISCARD rv_status rv_ruleset_only(struct rv_ruleset *set, const char *const *ids,
				       struct rv_diag *diag);
/* By id, else by alias; NULL: none. */
const struct rv_rule *rv_ruleset_find(const struct rv_ruleset *set, const char *id);
/* Do the id or the alias mean companions alone, which are no findings by themselves? */
bool rv_ruleset_is_half(const struct rv_ruleset *set, const char *id);
/* Does a rule of the set look for one of this id or alias beside what it finds? */
bool rv_ruleset_needs(const struct rv_ruleset *set, const char *id);
const struct rv_rule *const *rv_ruleset_rows(const struct rv_ruleset *set, size_t *out_count);
