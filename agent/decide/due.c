/* decide: when a new one is due. Pure.
 *
 *   due = min(issued + max_age, expiry - when_left) - survive_outage, each term earlier by a share
 *         of its own span that depends on host and credential only
 *
 * The share (0 .. 1/20 of the span, at most 12 h) spreads hosts; it is a hash, so it survives
 * restarts. Each term falls when its policy gets stricter, so an added policy never makes a
 * credential due later. A term never reaches back before a tenth of its span after issue: a margin
 * longer than the life would else ask for a new one for ever. */
#include "agent/decide/verdict_private.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"

#include <stdio.h>

#define PHASE_MAX_US (12 * 3600 * RV_US_PER_S)

/* 0 .. 65535, the same for one credential on one host for ever. */
static int64_t phase_of(const struct rv_facts *f)
{
	char text[320];
	int len = snprintf(text, sizeof(text), "reeve-phase-v1\n%.128s\n%.128s", f->host_id, f->id);
	RV_BUG_ON(len < 0 || (size_t)len >= sizeof(text));
	struct rv_digest d = rv_sha256(text, (size_t)len);
	return rv_get_u16(d.bytes);
}

static int64_t share_of(const struct rv_facts *f, int64_t span_us)
{
	int64_t most = span_us / 20 < PHASE_MAX_US ? span_us / 20 : PHASE_MAX_US;
	return most <= 0 ? 0 : most / 65536 * phase_of(f);
}

static void say(struct rv_verdict *v, const struct rv_policy *p, enum rv_policy_key key)
{
	RV_BUG_ON(v->because_count == RV_BECAUSE_MAX);
	struct rv_because *b = &v->because[v->because_count++];
	b->field = rv_policy_keys()[key].path;
	b->src = p->values[key].src;
	rv_policy_value_text(&p->values[key], key, b->value, sizeof(b->value));
}

/* One term: the moment asked for, the span it was made of, and what the outage takes off. */
static int64_t term_of(const struct rv_facts *f, int64_t at_us, int64_t span_us, int64_t outage_us)
{
	int64_t at = rv_time_minus(rv_time_minus(at_us, share_of(f, span_us)), outage_us);
	int64_t floor = f->issued_us == RV_AT_UNKNOWN ? RV_AT_UNKNOWN + 1
						      : rv_time_plus(f->issued_us, span_us / 10);
	return at > floor ? at : floor;
}

/* The largest outage that a matching policy wants survived. */
static const struct rv_policy *outage_of(const struct rv_matches *m)
{
	const struct rv_policy *best = NULL;
	for (size_t i = 0; i < m->count; i++) {
		const struct rv_policy_value *v = &m->items[i]->values[RV_PK_RENEW_SURVIVE_OUTAGE];
		if (v->is_set &&
		    (best == NULL || v->number > best->values[RV_PK_RENEW_SURVIVE_OUTAGE].number))
			best = m->items[i];
	}
	return best;
}

/* What "33%" or "30d" leaves of this life; 0 when a percentage has no life to be one of. */
static int64_t left_of(const struct rv_policy_value *v, int64_t life_us)
{
	if (!v->is_percent)
		return v->number;
	return life_us > 0 ? life_us / 100 * v->number : 0;
}

static const struct rv_policy *earliest_renewal(const struct rv_matches *m, int64_t life_us)
{
	const struct rv_policy *best = NULL;
	int64_t most = -1;
	for (size_t i = 0; i < m->count; i++) {
		const struct rv_policy_value *v = &m->items[i]->values[RV_PK_RENEW_WHEN_LEFT];
		if (v->is_set && left_of(v, life_us) > most) {
			best = m->items[i];
			most = left_of(v, life_us);
		}
	}
	return best;
}

static const struct rv_policy *shortest_age(const struct rv_matches *m)
{
	const struct rv_policy *best = NULL;
	for (size_t i = 0; i < m->count; i++) {
		const struct rv_policy_value *v = &m->items[i]->values[RV_PK_REQUIRE_MAX_AGE];
		if (v->is_set &&
		    (best == NULL || v->number < best->values[RV_PK_REQUIRE_MAX_AGE].number))
			best = m->items[i];
	}
	return best;
}

void rv_due_find(const struct rv_matches *m, const struct rv_facts *f, struct rv_verdict *out)
{
	const struct rv_policy *outage = outage_of(m);
	int64_t outage_us = outage ? outage->values[RV_PK_RENEW_SURVIVE_OUTAGE].number : 0;
	bool expires = f->expires_us != RV_AT_UNKNOWN && f->expires_us != RV_AT_NEVER;
	bool has_life = expires && f->issued_us != RV_AT_UNKNOWN && f->expires_us > f->issued_us;
	int64_t life = has_life ? rv_span(f->issued_us, f->expires_us) : 0;
	const struct rv_policy *renew = expires ? earliest_renewal(m, life) : NULL;
	/* Of unknown age it is due by when it would be too old had it been new when first known. */
	int64_t since = f->issued_us != RV_AT_UNKNOWN ? f->issued_us : f->known_since_us;
	const struct rv_policy *age = since != RV_AT_UNKNOWN ? shortest_age(m) : NULL;
	int64_t by_expiry = RV_AT_NEVER;
	int64_t by_age = RV_AT_NEVER;
	if (renew != NULL) {
		int64_t left = left_of(&renew->values[RV_PK_RENEW_WHEN_LEFT], life);
		by_expiry = term_of(f, rv_time_minus(f->expires_us, left), life, outage_us);
	}
	if (age != NULL) {
		int64_t limit = age->values[RV_PK_REQUIRE_MAX_AGE].number;
		by_age = term_of(f, rv_time_plus(since, limit), limit, outage_us);
	}
	if (by_expiry == RV_AT_NEVER && by_age == RV_AT_NEVER)
		return;
	bool is_expiry = by_expiry <= by_age;
	out->due_us = is_expiry ? by_expiry : by_age;
	say(out, is_expiry ? renew : age,
	    is_expiry ? RV_PK_RENEW_WHEN_LEFT : RV_PK_REQUIRE_MAX_AGE);
	if (outage != NULL)
		say(out, outage, RV_PK_RENEW_SURVIVE_OUTAGE);
}
