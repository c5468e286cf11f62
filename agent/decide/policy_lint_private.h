/* decide: what the files of the lint share. Nobody else includes this. */
#pragma once

#include "agent/decide/policy.h"

#define RV_LINT_MATCH_KEYS 8 /* match.kind .. match.package, and their `not` twins */

struct rv_lint_writer {
	const struct rv_lint_world *world;
	struct rv_lint *out;
};

RV_NODISCARD rv_status rv_lint_say(struct rv_lint_writer *w, enum rv_lint_level level,
				   const char *code, struct rv_src src, const char *fmt, ...)
	RV_PRINTF(5, 6);

/* May one credential be matched by both? */
enum rv_overlap { RV_OVERLAP_NONE, RV_OVERLAP_MAYBE, RV_OVERLAP_SURE };
enum rv_overlap rv_lint_overlap(const struct rv_policy *a, const struct rv_policy *b);
/* Is all that `narrow` matches surely matched by `wide`? */
bool rv_lint_covers(const struct rv_policy *wide, const struct rv_policy *narrow);

/* Canonical grants text: is there a line for it? */
bool rv_lint_hook_is_granted(const char *grants, const char *command);
bool rv_lint_reload_is_granted(const char *grants, const char *unit);
