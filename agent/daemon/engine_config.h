/* daemon: reeve.yaml, the agent's own configuration: what to look at and how often. Read anew for
 * each pass, so an edit needs no restart. Not here: policy (decide/), grants (reeved). */
#pragma once

#include "agent/base/json.h"

/* X(member, "key", type, default, least, most, "what it is") of the section `discover`.
 * PATHS: absolute paths; GLOBS: patterns; TIME: microseconds from a duration; BYTES, PERCENT. */
#define RV_CONFIG_DISCOVER(X)                                                                      \
	X(roots, "roots", PATHS, 0, 0, 256, "where to look; all of the host when absent")          \
	X(excludes, "excludes", GLOBS, 0, 0, 256, "what to leave out, as globs")                   \
	X(every_us, "every", TIME, INT64_C(3600000000), INT64_C(60000000), INT64_C(2592000000000), \
	  "time between two passes, 1min to 30d; 1h when absent")                                  \
	X(max_file_bytes, "max_file_mib", MIB, INT64_C(16777216), INT64_C(1048576),                \
	  INT64_C(1073741824), "larger files are listed, not read; 1 to 1024 MiB, 16 when absent") \
	X(min_confidence, "min_confidence", PERCENT, 50, 0, 100,                                   \
	  "weaker matches are counted, not kept as credentials; 50 when absent")

#define RV_CONFIG_TYPE_PATHS   json_t *
#define RV_CONFIG_TYPE_GLOBS   json_t *
#define RV_CONFIG_TYPE_TIME    int64_t
#define RV_CONFIG_TYPE_MIB     int64_t
#define RV_CONFIG_TYPE_PERCENT int64_t

struct rv_config {
#define RV_CONFIG_MEMBER(member, key, type, def, least, most, doc) RV_CONFIG_TYPE_##type member;
	RV_CONFIG_DISCOVER(RV_CONFIG_MEMBER)
#undef RV_CONFIG_MEMBER
};

/* The defaults where config_dir/reeve.yaml is absent. MALFORMED with file:line:column and a
 * suggestion for anything it does not know: nothing is guessed. *out is owned by the caller. */
RV_NODISCARD rv_status rv_config_load(const char *config_dir, struct rv_config *out,
				      struct rv_diag *diag);
void rv_config_done(struct rv_config *config);
