/* model: a plan as a document: ordered steps, the world they were made for, and one hash over both.
 * Library rv_plan (it needs JSON; rv_model does not). Not here: what goes into it (decide/plan.h).
 *
 *   {"v":1, "made_at":"..", "host":"..", "set":"ps1:..", "verb":"rotate",
 *    "steps":[{"n":1,"cred":"..","step":"admit","on":"..","text":"..", ...}],
 *    "world":{"<cred>":{...}},
 *    "hash":"sha256:<64 hex over the canonical JSON of everything else>"} */
#pragma once

#include "agent/base/json.h"

#define RV_PLAN_VERSION	  1
#define RV_PLAN_HASH_TEXT 72 /* "sha256:" + 64 + NUL */

/* X(symbol, number, "text"): in the order of a rotation; append only. */
#define RV_STEPS(X)                   \
	X(ADMIT, 1, "admit")          \
	X(PREFLIGHT, 2, "preflight")  \
	X(MINT, 3, "mint")            \
	X(CREATE, 4, "create")        \
	X(GATE, 5, "gate")            \
	X(STAGE, 6, "stage")          \
	X(SWAP, 7, "swap")            \
	X(TEST, 8, "test")            \
	X(RELOAD, 9, "reload")        \
	X(PROVE, 10, "prove")         \
	X(PROMOTE, 11, "promote")     \
	X(GRACE, 12, "grace")         \
	X(REVOKE, 13, "revoke")       \
	X(SHOW_DEAD, 14, "show-dead") \
	X(CLOSE, 15, "close")

enum rv_step {
#define RV_ITEM_(s, n, t) RV_STEP_##s = n,
	RV_STEPS(RV_ITEM_)
#undef RV_ITEM_
};
const char *rv_step_name(unsigned n); /* "invalid" outside */
unsigned rv_step_of(struct rv_str name);

/* Sets "hash". The plan holds everything else already. */
RV_NODISCARD rv_status rv_plan_seal(json_t *plan);
/* MALFORMED: not a plan, another version, unknown step, or the hash does not match. */
RV_NODISCARD rv_status rv_plan_check(const json_t *plan, struct rv_diag *diag);
/* What differs in steps, world, set, host and verb: [{"field":"world.<cred>.paths[0].ino",
 * "planned":..,"now":..}], at most 64; empty when the plan still holds. *gives*. */
RV_NODISCARD rv_status rv_plan_compare(const json_t *planned, const json_t *now, json_t **out);
/* CONFLICT with the first differences in words, or OK when there are none. */
RV_NODISCARD rv_status rv_plan_refuse_stale(const json_t *differences, struct rv_diag *diag);
