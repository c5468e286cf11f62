/* model: the verdict on one credential: what decide/ says and everybody reads. Plain data; strings
 * borrow from the policy set that made it (decide/verdict.h). Not here: how it is reached. */
#pragma once

#include "agent/model/kinds.h"

/* Moments that are not moments. */
#define RV_AT_UNKNOWN INT64_MIN /* nobody knows */
#define RV_AT_NEVER   INT64_MAX /* known to have none (a key without expiry) */

/* X(symbol, number, "text"): append only. */
#define RV_COMPLIANCES(X)                                             \
	X(UNGOVERNED, 1, "ungoverned") /* no policy matches */        \
	X(COMPLIANT, 2, "compliant")                                  \
	X(UNKNOWN, 3, "unknown") /* a requirement cannot be judged */ \
	X(VIOLATING, 4, "violating")

/* What policy wants done now. */
#define RV_ACTIONS(X)                                                                   \
	X(NONE, 1, "none")	 /* nothing is due, or a hold stands */                 \
	X(REPORT, 2, "report")	 /* observe: say it */                                  \
	X(SUGGEST, 3, "suggest") /* mail the owner, prepare a plan */                   \
	X(ROTATE, 4, "rotate")	 /* enforce, inside the window: start */                \
	X(WAIT, 5, "wait")	 /* enforce, outside the window: act_at_us says when */ \
	X(RETIRE, 6, "retire")	 /* enforce: nobody has owned it for too long */

enum rv_compliance {
#define RV_ITEM_(s, n, t) RV_COMPLIANCE_##s = n,
	RV_COMPLIANCES(RV_ITEM_)
#undef RV_ITEM_
};
enum rv_action {
#define RV_ITEM_(s, n, t) RV_ACTION_##s = n,
	RV_ACTIONS(RV_ITEM_)
#undef RV_ITEM_
};
const char *rv_compliance_name(unsigned n);
const char *rv_action_name(unsigned n);

/* Where a value stands in a policy file; file "" is built in. Counts from 1. */
struct rv_src {
	const char *file;
	unsigned line;
	unsigned column;
};

/* One requirement that does not hold, or cannot be judged. */
struct rv_violation {
	const char *requirement; /* "require.max_age", "not_after" */
	const char *policy;	 /* name; "" when built in */
	bool is_unknown;	 /* the fact is missing: never counted as compliant */
	char value[96];		 /* what it is: "412d", "unknown", "0644 at /srv/app/.env" */
	char limit[48];		 /* what it may be: "90d" */
	struct rv_src src;
};

/* What moved the due time, one term each. */
struct rv_because {
	const char *field; /* "renew.when_left" */
	char value[48];
	struct rv_src src;
};

#define RV_VIOLATIONS_MAX 8
#define RV_BECAUSE_MAX	  6

struct rv_verdict {
	enum rv_compliance compliance;
	struct rv_violation violations[RV_VIOLATIONS_MAX];
	size_t violation_count;
	int64_t due_us; /* RV_AT_UNKNOWN when nothing makes it due */
	struct rv_because because[RV_BECAUSE_MAX];
	size_t because_count;
	const char *lead;   /* the policy that leads (mode, notify, grace); NULL: none */
	const char *acting; /* the policy that acts; NULL: none, or a conflict */
	bool has_conflict;  /* two policies of equal priority want to act */
	char conflict[256];
	enum rv_action action;
	int64_t act_at_us;	/* the first moment inside the window at or after due */
	char action_why[256];	/* why this action and not the next stronger one */
	const char *owner_team; /* the owner the policies name; NULL: none */
	const char *owner_person;
	const char *owner_else; /* team to ask when nobody is known; NULL */
	struct rv_src owner_src;
	unsigned owner_at_least; /* percent an inferred owner needs; 0: inference not allowed to act
				  */
	int64_t notify_at_us;	 /* the latest notice threshold crossed; RV_AT_UNKNOWN: none */
};
