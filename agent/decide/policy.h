/* decide: policy files (YAML, docs/policy-guide.md) as checked values with their place in the file.
 * One table of keys (policy_keys.def) makes the parser, the merging of defaults, the JSON Schema,
 * the manual's table and `explain`. Not here: verdicts (verdict.h), tz data (zone.h). */
#pragma once

#include "agent/base/yaml.h"
#include "agent/decide/hours.h"
#include "agent/model/verdict.h"

#define RV_POLICIES_MAX	     1000
#define RV_POLICY_FILES_MAX  256
#define RV_POLICY_FILE_BYTES (1U << 20)
#define RV_POLICY_ITEMS_MAX  256 /* of one list */
#define RV_ZONEINFO_DIR	     "/usr/share/zoneinfo"

enum rv_mode { RV_MODE_OBSERVE = 1, RV_MODE_SUGGEST = 2, RV_MODE_ENFORCE = 3 };
enum rv_layout { RV_LAYOUT_AUTO = 1, RV_LAYOUT_COMBINED = 2, RV_LAYOUT_PAIR = 3 };

enum rv_policy_type {
	RV_PT_TEXT,	/* a string */
	RV_PT_TEXTS,	/* a string or a list of strings */
	RV_PT_GLOBS,	/* a glob or a list; anchored; quoted where YAML wants it */
	RV_PT_KINDS,	/* a kind or a list */
	RV_PT_DURATION, /* "90d" */
	RV_PT_DURATIONS,
	RV_PT_LEFT,	/* a duration, or "33%" of the lifetime */
	RV_PT_FRACTION, /* 0.8: kept as percent */
	RV_PT_OCTAL,	/* "0600" */
	RV_PT_COUNT,	/* 0 .. 1000000 */
	RV_PT_PRIORITY, /* -1000 .. 1000 */
	RV_PT_BOOL,
	RV_PT_MODE,
	RV_PT_LAYOUT,
	RV_PT_WINDOWS, /* a window or a list */
	RV_PT_TARGETS, /* "tls://host:port" or a list */
	RV_PT__COUNT
};

enum rv_policy_key {
#define RV_POLICY_KEY(symbol, path, type, flags, doc) RV_PK_##symbol,
#include "agent/decide/policy_keys.def"
#undef RV_POLICY_KEY
	RV_PK__COUNT
};

/* Flags of a key. */
#define RV_PKF_DEFAULT 1U  /* may stand in `defaults` */
#define RV_PKF_ACTS    2U  /* makes the policy an acting one */
#define RV_PKF_MATCH   4U  /* narrows what the policy is about */
#define RV_PKF_NOT     8U  /* excludes */
#define RV_PKF_NEEDED  16U /* every policy must have it */

struct rv_policy_key_desc {
	const char *path; /* "require.max_age" */
	enum rv_policy_type type;
	unsigned flags;
	const char *doc;
};
/* RV_PK__COUNT rows. */
const struct rv_policy_key_desc *rv_policy_keys(void);

/* One value: by type in `number` (microseconds, percent, mode bits, count, enum) or in `items`. */
struct rv_policy_value {
	bool is_set;
	bool is_percent;   /* RV_PT_LEFT */
	bool from_default; /* of the file's `defaults`, or built in (src.file "") */
	int64_t number;	   /* RV_PT_DURATIONS: unused, see numbers */
	const char **items;
	int64_t *numbers;	   /* RV_PT_KINDS, RV_PT_DURATIONS: beside items */
	struct rv_hours **windows; /* RV_PT_WINDOWS: beside items */
	size_t count;
	struct rv_src src;
};

struct rv_policy {
	struct rv_policy_value values[RV_PK__COUNT];
	struct rv_src src; /* of the list item */
};

struct rv_policy_set;

/* Where to look. dirs: read in order, *.yaml in byte order of the file name; a file in a later
 * directory replaces one of the same name in an earlier one. A missing directory is empty. */
struct rv_policy_sources {
	const char *const *dirs; /* NULL-ended */
	const char *zone_dir;	 /* NULL: RV_ZONEINFO_DIR */
};

/* Loads all files or none: on any error *out is untouched (the caller keeps its last good set) and
 * diag says "file:line:column: ..." of the first one. *gives*. */
RV_NODISCARD rv_status rv_policy_load(const struct rv_policy_sources *sources,
				      struct rv_policy_set **out, struct rv_diag *diag);
/* The same from text in memory, one file. */
RV_NODISCARD rv_status rv_policy_load_text(struct rv_str text, const char *file,
					   const char *zone_dir, struct rv_policy_set **out,
					   struct rv_diag *diag);
void rv_policy_set_free(struct rv_policy_set *set);
void rv_policy_set_freep(struct rv_policy_set **set);
/* Policies ordered by name: the order of files and lines never matters. */
size_t rv_policy_count(const struct rv_policy_set *set);
const struct rv_policy *rv_policy_at(const struct rv_policy_set *set, size_t i);
const struct rv_policy *rv_policy_named(const struct rv_policy_set *set, const char *name);
/* "ps1:" + 32 hex over names and bytes of all files: which set decided. */
const char *rv_policy_set_id(const struct rv_policy_set *set);
size_t rv_policy_file_count(const struct rv_policy_set *set);
const char *rv_policy_file_at(const struct rv_policy_set *set, size_t i);

static inline const char *rv_policy_name(const struct rv_policy *p)
{
	return p->values[RV_PK_NAME].items[0];
}
/* Has a key that acts (rotate.with, deploy, retire). */
bool rv_policy_acts(const struct rv_policy *p);
/* A value as a person would write it: "90d", "33%", "[a, b]". Cut to fit. */
void rv_policy_value_text(const struct rv_policy_value *v, enum rv_policy_key key, char *out,
			  size_t size);
const char *rv_mode_name(unsigned n);
const char *rv_layout_name(unsigned n);

/* --- lint ------------------------------------------------------------------------------------ */
enum rv_lint_level { RV_LINT_NOTE = 1, RV_LINT_WARNING = 2, RV_LINT_ERROR = 3 };

struct rv_lint_finding {
	enum rv_lint_level level;
	const char *code; /* "tie", "unreachable", "unknown-instance", "not-granted", ... */
	char text[512];
	struct rv_src src;
};

struct rv_lint {
	struct rv_lint_finding *items;
	size_t count;
	size_t dropped; /* past 1000 */
};

/* What lies outside the set. NULL members are not checked. */
struct rv_lint_world {
	const char *const *instances; /* plugin instances of plugins.d, NULL-ended */
	const char *grants;	      /* canonical text of the grants, lines */
};

/* Findings ordered by file, line. *gives* the items (rv_lint_done). */
RV_NODISCARD rv_status rv_policy_lint(const struct rv_policy_set *set,
				      const struct rv_lint_world *world, struct rv_lint *out);
void rv_lint_done(struct rv_lint *lint);
const char *rv_lint_level_name(enum rv_lint_level level);

/* --- schema, diff ------------------------------------------------------------------------------
 */
/* The JSON Schema (2020-12) of a policy file, from the key table. *gives*. */
RV_NODISCARD rv_status rv_policy_schema(json_t **out);
/* What changed between two sets: {"added":[..],"removed":[..],"changed":[{policy,field,old,new}]}
 */
RV_NODISCARD rv_status rv_policy_diff(const struct rv_policy_set *before,
				      const struct rv_policy_set *after, json_t **out);
