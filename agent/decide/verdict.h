/* decide: facts about one credential + a policy set + now = a verdict. A pure function: the same
 * input gives the same bytes on every host and day. Not here: the facts' making (identify/, bind/,
 * store/), the acting (act/). */
#pragma once

#include "agent/decide/policy.h"
#include "agent/model/state.h"

struct rv_place_facts {
	struct rv_str path; /* bytes; "tls://ADDR:PORT" for a served one */
	bool is_file;	    /* mode counts */
	unsigned mode;
	struct rv_str unit;    /* a unit that uses it here; may be empty */
	struct rv_str package; /* owner of the path; may be empty */
};

enum rv_owner_source {
	RV_OWNER_NONE = 0,
	RV_OWNER_INFERRED = 1,
	RV_OWNER_POLICY = 2,
	RV_OWNER_TAG = 3,
	RV_OWNER_REGISTRY = 4
};

struct rv_facts {
	const char *id;	     /* lineage: phase and texts */
	const char *host_id; /* phase: this host's share of the day; any stable text */
	unsigned kind;	     /* enum rv_kind */
	struct rv_str name;
	struct rv_str issuer;
	struct rv_str provider;
	const struct rv_place_facts *places;
	size_t place_count;
	struct rv_str owner; /* as known before policies: registry, tag or inferred */
	enum rv_owner_source owner_source;
	unsigned owner_confidence; /* percent */
	int64_t orphaned_since_us; /* RV_AT_UNKNOWN: it is not */
	int64_t issued_us;	   /* not-before, creation; RV_AT_UNKNOWN */
	int64_t known_since_us;	   /* it is at least this old; RV_AT_UNKNOWN */
	int64_t expires_us;	   /* RV_AT_UNKNOWN, RV_AT_NEVER */
	unsigned hosts;		   /* how many hold it, as the inventory says; 0: unknown */
	struct rv_state state;
};

/* The verdict; its strings borrow from `set`. Never fails: everything has a bound. */
void rv_verdict_make(const struct rv_policy_set *set, const struct rv_facts *facts, int64_t now_us,
		     struct rv_verdict *out);

/* Does it match, and if not, which key said no ("match.path"; a string of the key table)? */
bool rv_policy_matches(const struct rv_policy *p, const struct rv_facts *facts,
		       const char **out_why_not);
/* The acting policy's value of a key (NULL: none acts, or not set). For plans. */
const struct rv_policy_value *rv_verdict_acting_value(const struct rv_policy_set *set,
						      const struct rv_verdict *v,
						      enum rv_policy_key key);

/* Everything about it as JSON: {verdict, matched, not_matched, effective:[{field,value,policy,
 * file,line,column}], ...}. *gives*. */
RV_NODISCARD rv_status rv_verdict_explain(const struct rv_policy_set *set,
					  const struct rv_facts *facts, int64_t now_us,
					  json_t **out);
/* The protocol's `verdict` object (docs/protocol.md, `why`). *gives*. */
RV_NODISCARD rv_status rv_verdict_json(const struct rv_verdict *v, json_t **out);
/* The same for people, as `reeve policy explain` prints it. */
RV_NODISCARD rv_status rv_verdict_explain_text(const json_t *explain, struct rv_buf *out);
/* Facts from JSON (fixtures, tests): the members of struct rv_facts by name, times as RFC 3339,
 * "unknown" or "never". Everything borrows from `j`, the places from *out_places (*gives*). */
RV_NODISCARD rv_status rv_facts_parse(const json_t *j, struct rv_facts *out,
				      struct rv_place_facts **out_places, struct rv_diag *diag);
