/* decide: what the files of the policy noun share. Nobody else includes this. */
#pragma once

#include "agent/decide/policy.h"

struct rv_policy_file {
	char *path;	      /* as shown in messages */
	struct rv_yaml *yaml; /* the values borrow its strings */
};

struct rv_policy_set {
	struct rv_policy_file *files;
	size_t file_count;
	struct rv_policy **policies; /* by name */
	size_t count;
	struct rv_hours **windows; /* owned here, borrowed by the values */
	size_t window_count;
	char id[40];
};

/* Parsing one file. */
struct rv_policy_parser {
	struct rv_policy_set *set;
	const struct rv_yaml *yaml;
	const char *zone_dir;
	struct rv_diag *diag;
};

/* Parses `node`, the member `name` of `parent`, as the key's type. JSON null unsets. */
RV_NODISCARD rv_status rv_policy_value_parse(struct rv_policy_parser *p, enum rv_policy_key key,
					     const json_t *parent, const char *name,
					     const json_t *node, struct rv_policy_value *out);
/* A copy with lists of its own. */
RV_NODISCARD rv_status rv_policy_value_copy(const struct rv_policy_value *from,
					    struct rv_policy_value *out);
void rv_policy_value_done(struct rv_policy_value *v);
/* Parses one file's tree into the set (policies appended, not yet ordered). */
RV_NODISCARD rv_status rv_policy_file_parse(struct rv_policy_parser *p);
struct rv_src rv_policy_src(const struct rv_yaml *yaml, const json_t *node, const char *key);
