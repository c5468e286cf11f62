/* sweep: the inside of struct rv_scan_config, for its loaders and the filter. */
#pragma once

#include "agent/base/arena.h"
#include "agent/base/yaml.h"
#include "agent/scan/rules_load.h"
#include "agent/sweep/config.h"
#include "agent/sweep/pattern.h"

enum rv_allow_target { RV_ALLOW_VALUE, RV_ALLOW_MATCH, RV_ALLOW_LINE };

/* One allowlist of either form. Lists are NULL-ended or NULL. */
struct rv_allowlist {
	const char *note;	       /* ".gitleaks.toml:12: why" */
	const char *const *rules;      /* ids or aliases; NULL: all */
	const char *const *commits;    /* lower case */
	const char *const *stop_words; /* lower case, in the value */
	const char *const *globs;      /* .reeve.yaml's paths */
	struct rv_pattern *paths;
	struct rv_pattern *regexes;
	enum rv_allow_target target;
	bool is_and; /* all that is given must hold; else any */
};

/* A rule of gitleaks' form before the rules in force are settled. */
struct rv_draft {
	const char *id;
	const char *description;
	const char *regex;   /* PCRE2, or NULL */
	const char *literal; /* what every match holds, or NULL */
	const char *path;    /* PCRE2, or NULL */
	const char *where;   /* "name:line:column" */
	const char *const *keywords;
	uint32_t groups;
	uint16_t group;
	uint16_t entropy; /* thousandths */
	bool is_hidden;	  /* skipReport */
};

/* `required` of gitleaks: a finding of `rule` stands only with one of `other` this close. */
struct rv_required {
	const char *rule;
	const char *other;
	int within_lines;   /* -1: anywhere in the file */
	int within_columns; /* -1: any */
	bool is_of_path;    /* the other is judged by the path alone: taken to be there */
};

struct rv_ignore_path {
	const char *glob; /* for rv_glob_match, over the whole path */
	bool is_negated;
};

struct rv_ignore_print {
	const char *print; /* "rv1:..", "path:rule:line" or "commit:path:rule:line" */
	const char *note;
};

struct rv_disabled {
	const char *id;
	const char *where; /* "name:line:column" */
};

/* The path of a rule, compiled. */
struct rv_rule_path {
	const struct rv_rule *rule;
	struct rv_pattern *pattern;
};

/* A growing list of one of the above. */
#define RV_LIST_OF(type)      \
	struct {              \
		type *items;  \
		size_t count; \
		size_t room;  \
	}

struct rv_scan_config {
	struct rv_arena arena;
	struct rv_scan_reader reader;
	int64_t now_utc_us;
	struct rv_scan_settings settings;
	struct rv_ruleset *ruleset;
	struct rv_rules *own; /* native rule files */
	RV_LIST_OF(struct rv_allowlist) allowlists;
	RV_LIST_OF(struct rv_draft) drafts;
	RV_LIST_OF(struct rv_required) required;
	RV_LIST_OF(struct rv_rule_path) rule_paths; /* by address of their rules */
	const struct rv_rule *const *path_rules;    /* judged by the path alone; NULL: none */
	RV_LIST_OF(struct rv_ignore_path) paths;
	RV_LIST_OF(struct rv_ignore_print) prints;
	RV_LIST_OF(const char *) hidden;	 /* ids whose findings are parts of others */
	RV_LIST_OF(struct rv_disabled) disabled; /* by extend.disabledRules */
	RV_LIST_OF(const char *) forbidden;	 /* by scan.disable; "name:l:c" follows each id */
	const char *notes[RV_SCAN_CONFIG_NOTES_MAX];
	size_t note_count;
	bool has_gitleaks; /* a .gitleaks.toml was read .. */
	bool has_default;  /* .. and one of its files extends the default */
	bool has_own;	   /* native rule files were named */
};

/* Room for one more in a list of `size`-byte items; at most `max`. */
RV_NODISCARD rv_status rv_list_room(void *items_slot, size_t count, size_t *room, size_t size,
				    size_t max, struct rv_diag *diag);
#define RV_LIST_ROOM(list, diag)                                                           \
	rv_list_room(&(list)->items, (list)->count, &(list)->room, sizeof(*(list)->items), \
		     RV_SCAN_CONFIG_ITEMS_MAX, diag)
#define RV_SCAN_CONFIG_ITEMS_MAX 100000

/* A text of the arena by printf; NULL for no memory. */
const char *rv_config_text(struct rv_scan_config *config, const char *fmt, ...) RV_PRINTF(2, 3);
/* Keeps a sentence; drops it when the list is full or memory is out. */
void rv_config_note(struct rv_scan_config *config, const char *fmt, ...) RV_PRINTF(2, 3);
/* The key's value without regard to case, and the key as written (may be NULL). */
json_t *rv_config_get(const json_t *object, const char *key, const char **out_key);

/* Reads another file whole by the reader; MISCONFIGURED without one. */
RV_NODISCARD rv_status rv_config_read(struct rv_scan_config *config, const char *path,
				      struct rv_buf *out, struct rv_diag *diag);

RV_NODISCARD rv_status rv_config_load_native(struct rv_scan_config *config, struct rv_str text,
					     const char *name, struct rv_diag *diag);
RV_NODISCARD rv_status rv_config_load_gitleaks(struct rv_scan_config *config, struct rv_str text,
					       const char *name, struct rv_diag *diag);
RV_NODISCARD rv_status rv_config_load_ignore(struct rv_scan_config *config, struct rv_str text,
					     const char *name, struct rv_diag *diag);
RV_NODISCARD rv_status rv_config_load_prints(struct rv_scan_config *config, struct rv_str text,
					     const char *name, struct rv_diag *diag);
/* config_seal.c: drafts and native rules over the built-in ones. */
RV_NODISCARD rv_status rv_config_settle_rules(struct rv_scan_config *config, struct rv_diag *diag);
/* rule_path.c: the paths of the rules, once they are settled. */
RV_NODISCARD rv_status rv_config_compile_paths(struct rv_scan_config *config, struct rv_diag *diag);
/* .. and the rules of the path alone that are in force at last. */
RV_NODISCARD rv_status rv_config_list_path_rules(struct rv_scan_config *config,
						 struct rv_diag *diag);
/* config_gitleaks_list.c: one allowlist table of gitleaks' form for these rules (NULL: all). */
RV_NODISCARD rv_status rv_config_read_allowlist(struct rv_scan_config *config,
						const struct rv_yaml *y, const json_t *table,
						const char *const *rules, struct rv_diag *diag);
/* A list of texts without regard to the key's case; a text alone is split at commas, as viper
 * does. NULL for a missing key. */
RV_NODISCARD rv_status rv_config_read_texts(struct rv_scan_config *config, const struct rv_yaml *y,
					    const json_t *from, const char *key,
					    const char *const **out, struct rv_diag *diag);
/* One pattern of .gitignore's form as one or two for rv_glob_match; the second may be NULL.
 * MALFORMED when it is none (ignore.c). */
RV_NODISCARD rv_status rv_config_expand_path(struct rv_scan_config *config, struct rv_str pattern,
					     const char *out_globs[2], struct rv_diag *diag);
/* Adds it, with a leading '!' as its opposite, to the paths that are not looked at. */
RV_NODISCARD rv_status rv_config_add_path(struct rv_scan_config *config, struct rv_str pattern,
					  struct rv_diag *diag);
