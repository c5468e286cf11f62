/* plughost: what a provider must hold to: one intent makes one version, a rehearsal changes
 * nothing, only its own are revoked, and what is revoked is shown so. */
#include "agent/plughost/check_cases.h"

#include "agent/base/clock.h"

#include <string.h>

/* A session with one version created. */
struct created {
	struct check_session s;
	struct rv_buf csr;
	struct rv_buf cert;
	char version[129];
	int64_t dates[2];
};

#define KEY "intent-1"

static struct rv_str time_bytes(const int64_t *us)
{
	return (struct rv_str){(const uint8_t *)us, sizeof(*us)}; /* little-endian hosts only */
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the check writes times as they lie");

static bool ask_create(struct check_report *r, struct created *c, const char *name,
		       struct check_ask ask, struct check_answer *out)
{
	const struct check_field fields[] = {
		{REEVE_F_CSR_DER, rv_buf_view(&c->csr)},
		{REEVE_F_NOT_BEFORE, time_bytes(&c->dates[0])},
		{REEVE_F_NOT_AFTER, time_bytes(&c->dates[1])},
	};
	ask.verb = REEVE_VERB_CREATE;
	ask.fields = fields;
	ask.field_count = RV_LEN(fields);
	return check_ask(r, &c->s, name, &ask, out);
}

static bool ask_about(struct check_report *r, struct created *c, const char *name, unsigned verb,
		      bool dry_run, struct check_answer *out)
{
	const struct check_field fields[] = {{REEVE_F_CERT_DER, rv_buf_view(&c->cert)}};
	struct check_ask ask = {.verb = verb,
				.key = KEY,
				.dry_run = dry_run,
				.expected_version = c->version,
				.fields = fields,
				.field_count = 1};
	return check_ask(r, &c->s, name, &ask, out);
}

static void created_done(struct check_report *r, struct created *c, const char *name)
{
	check_end(r, &c->s, name);
	rv_buf_done(&c->csr);
	rv_buf_done(&c->cert);
}

static bool created_begin(struct check_report *r, struct created *c, const char *name)
{
	*c = (struct created){.csr = check_sample_csr()};
	rv_buf_init(&c->cert, 65536);
	c->dates[0] = rv_now_utc_us() / RV_US_PER_S * RV_US_PER_S - 3600 * RV_US_PER_S;
	c->dates[1] = c->dates[0] + 30 * RV_US_PER_DAY;
	if (check_begin(r, &c->s, name))
		return true;
	rv_buf_done(&c->csr);
	rv_buf_done(&c->cert);
	return false;
}

/* Creates and remembers; false when it could not. */
static bool create_one(struct check_report *r, struct created *c, const char *name)
{
	struct check_answer a;
	if (!ask_create(r, c, name, (struct check_ask){.key = KEY}, &a))
		return false;
	struct rv_str cert = check_field_of(&a, REEVE_F_CERT_DER);
	bool ok = a.outcome == REEVE_DONE && a.version[0] &&
		  rv_is_ok(rv_buf_put(&c->cert, cert.data, cert.len));
	memcpy(c->version, a.version, sizeof(c->version));
	if (!ok)
		check_ok(r, name, false, "create came to outcome %u: %s", a.outcome, a.text);
	check_answer_done(&a);
	return ok;
}

/* --- creating -----------------------------------------------------------------------------------
 */
static void a_rehearsal_changes_nothing(struct check_report *r)
{
	struct created c;
	struct check_answer a;
	const char *name = "a rehearsal (dry_run) creates nothing";
	if (!created_begin(r, &c, name))
		return;
	if (ask_create(r, &c, name, (struct check_ask){.key = KEY, .dry_run = true}, &a)) {
		bool clean = check_field_count(&a, REEVE_F_LEDGER_ADD) == 0 &&
			     check_field_count(&a, REEVE_F_CERT_DER) == 0;
		check_ok(r, name, clean && a.outcome == REEVE_DONE, "outcome %u, or it left traces",
			 a.outcome);
		check_answer_done(&a);
	}
	created_done(r, &c, name);
}

static void creates_what_was_asked(struct check_report *r)
{
	struct created c;
	struct check_answer a;
	const char *name = "creates a version with a name and an end";
	if (!created_begin(r, &c, name))
		return;
	if (ask_create(r, &c, name, (struct check_ask){.key = KEY}, &a)) {
		check_ok(r, name,
			 a.outcome == REEVE_DONE && a.version[0] &&
				 a.expires_at_us > rv_now_utc_us() && a.expires_at_us <= c.dates[1],
			 "outcome %u (%s), version \"%s\"", a.outcome, a.text, a.version);
		check_answer_done(&a);
	}
	created_done(r, &c, name);
}

/* without_ledger: the result of the first call was lost before it was committed. */
static void repeat(struct check_report *r, const char *name, bool after_crash)
{
	struct created c;
	struct check_answer a;
	if (!created_begin(r, &c, name))
		return;
	struct check_ask ask = {.key = KEY, .without_ledger = after_crash};
	if (create_one(r, &c, name) && ask_create(r, &c, name, ask, &a)) {
		bool same = strcmp(a.version, c.version) == 0 && a.outcome == REEVE_DONE;
		/* After a crash the provider may also say that it does not know. */
		bool honest = after_crash && a.outcome != REEVE_DONE;
		bool adds = !after_crash && check_field_count(&a, REEVE_F_LEDGER_ADD) > 0;
		check_ok(r, name, (same || honest) && !adds,
			 "outcome %u, version \"%s\" after \"%s\"", a.outcome, a.version,
			 c.version);
		check_answer_done(&a);
	}
	created_done(r, &c, name);
}

static void repeats_give_the_same(struct check_report *r)
{
	repeat(r, "the same intent gives the same version", false);
}

static void repeats_after_a_crash_make_no_second(struct check_report *r)
{
	repeat(r, "the same intent after a lost result makes no second version", true);
}

static void another_key_pair_needs_another_intent(struct check_report *r)
{
	struct created c;
	struct check_answer a;
	const char *name = "an intent cannot be used for another key pair";
	if (!created_begin(r, &c, name))
		return;
	if (create_one(r, &c, name)) {
		rv_buf_done(&c.csr);
		c.csr = check_sample_csr();
		if (ask_create(r, &c, name, (struct check_ask){.key = KEY}, &a)) {
			check_ok(r, name, a.outcome == REEVE_REJECTED, "outcome %u", a.outcome);
			check_answer_done(&a);
		}
	}
	created_done(r, &c, name);
}

static void reads_back(struct check_report *r)
{
	struct created c;
	struct check_answer before;
	struct check_answer after;
	const char *name = "reads back what exists, and only that";
	if (!created_begin(r, &c, name))
		return;
	if (!check_offers(&c.s, REEVE_VERB_READ_BACK)) {
		check_skip(r, name, "not offered");
	} else if (ask_about(r, &c, name, REEVE_VERB_READ_BACK, false, &before)) {
		if (create_one(r, &c, name) &&
		    ask_about(r, &c, name, REEVE_VERB_READ_BACK, false, &after)) {
			check_ok(r, name,
				 before.outcome == REEVE_REJECTED && after.outcome == REEVE_DONE &&
					 strcmp(after.version, c.version) == 0,
				 "before: %u, after: %u \"%s\"", before.outcome, after.outcome,
				 after.version);
			check_answer_done(&after);
		}
		check_answer_done(&before);
	}
	created_done(r, &c, name);
}

static void nothing_begins_after_the_deadline(struct check_report *r)
{
	struct created c;
	struct check_answer a;
	const char *name = "nothing begins after the deadline";
	if (!created_begin(r, &c, name))
		return;
	struct check_ask ask = {.key = KEY, .deadline_us = rv_now_utc_us() - RV_US_PER_S};
	if (ask_create(r, &c, name, ask, &a)) {
		check_ok(r, name,
			 (a.outcome == REEVE_UNREACHABLE || a.outcome == REEVE_UNKNOWN ||
			  a.outcome == REEVE_REJECTED) &&
				 check_field_count(&a, REEVE_F_LEDGER_ADD) == 0,
			 "outcome %u", a.outcome);
		check_answer_done(&a);
	}
	created_done(r, &c, name);
}

/* --- ending
 * --------------------------------------------------------------------------------------- */
static void identifies_its_own_only(struct check_report *r)
{
	struct created c;
	struct check_answer own;
	struct check_answer other;
	const char *name = "identifies its own and no other";
	if (!created_begin(r, &c, name))
		return;
	if (create_one(r, &c, name) && ask_about(r, &c, name, REEVE_VERB_IDENTIFY, false, &own)) {
		rv_buf_done(&c.cert);
		c.cert = check_sample_cert();
		c.version[0] = '\0';
		if (ask_about(r, &c, name, REEVE_VERB_IDENTIFY, false, &other)) {
			check_ok(r, name, own.outcome == REEVE_DONE && other.outcome != REEVE_DONE,
				 "own: %u, a stranger's: %u", own.outcome, other.outcome);
			check_answer_done(&other);
		}
		check_answer_done(&own);
	}
	created_done(r, &c, name);
}

static void revokes_no_stranger(struct check_report *r)
{
	struct created c;
	struct check_answer a;
	const char *name = "revokes nothing that it cannot identify";
	if (!created_begin(r, &c, name))
		return;
	rv_buf_done(&c.cert);
	c.cert = check_sample_cert();
	if (ask_about(r, &c, name, REEVE_VERB_REVOKE, false, &a)) {
		check_ok(r, name,
			 a.outcome != REEVE_DONE && check_field_count(&a, REEVE_F_LEDGER_ADD) == 0,
			 "outcome %u", a.outcome);
		check_answer_done(&a);
	}
	created_done(r, &c, name);
}

/* REVOKED_AT as the probe tells it, 0 for none, -1 when the suite is over. */
static int64_t revoked_at(struct check_report *r, struct created *c, const char *name,
			  unsigned verb, bool dry_run)
{
	struct check_answer a;
	int64_t at = 0;
	if (!ask_about(r, c, name, verb, dry_run, &a))
		return -1;
	struct rv_str bytes = check_field_of(&a, REEVE_F_REVOKED_AT);
	if (bytes.len == sizeof(at))
		memcpy(&at, bytes.data, sizeof(at));
	if (a.outcome != REEVE_DONE)
		at = -1;
	check_answer_done(&a);
	return at;
}

static void shows_the_revoked_dead(struct check_report *r)
{
	struct created c;
	const char *name = "revokes once, and shows it with its time";
	if (!created_begin(r, &c, name))
		return;
	if (create_one(r, &c, name)) {
		int64_t alive = revoked_at(r, &c, name, REEVE_VERB_PROBE, false);
		size_t had = c.s.ledger.len;
		int64_t rehearsed = revoked_at(r, &c, name, REEVE_VERB_REVOKE, true);
		bool left_traces = c.s.ledger.len != had;
		int64_t still = revoked_at(r, &c, name, REEVE_VERB_PROBE, false);
		int64_t first = revoked_at(r, &c, name, REEVE_VERB_REVOKE, false);
		size_t then = c.s.ledger.len;
		int64_t again = revoked_at(r, &c, name, REEVE_VERB_REVOKE, false);
		bool grew = c.s.ledger.len != then;
		int64_t shown = revoked_at(r, &c, name, REEVE_VERB_PROBE, false);
		if (!r->is_over)
			check_ok(r, name,
				 alive == 0 && rehearsed == 0 && !left_traces && still == 0 &&
					 first > 0 && again == first && shown == first && !grew,
				 "alive %lld, rehearsed %lld, first %lld, again %lld, shown %lld",
				 (long long)alive, (long long)rehearsed, (long long)first,
				 (long long)again, (long long)shown);
	}
	created_done(r, &c, name);
}

static bool lists(struct check_report *r, struct created *c, const char *name, bool *out_listed)
{
	struct check_answer a;
	if (!ask_about(r, c, name, REEVE_VERB_LIST_VERSIONS, false, &a))
		return false;
	struct rv_str cursor = rv_buf_view(&a.fields);
	struct rv_rec_plug_field field;
	bool ok = true;
	*out_listed = false;
	while (rv_list_next(&cursor, &rv_desc_plug_field, &field, &ok))
		if (field.tag == REEVE_F_VERSION && rv_str_is(field.bytes, c->version))
			*out_listed = true;
	check_answer_done(&a);
	return true;
}

static void cleanup_is_real(struct check_report *r)
{
	struct created c;
	bool before = false;
	bool after = true;
	const char *name = "after revoke and cleanup the version is listed no more";
	if (!created_begin(r, &c, name))
		return;
	if (!check_offers(&c.s, REEVE_VERB_LIST_VERSIONS)) {
		check_skip(r, name, "list_versions is not offered");
	} else if (create_one(r, &c, name) && lists(r, &c, name, &before)) {
		struct check_answer a = {0};
		bool went_on = revoked_at(r, &c, name, REEVE_VERB_REVOKE, false) > 0;
		if (went_on && check_offers(&c.s, REEVE_VERB_CLEANUP))
			went_on = ask_about(r, &c, name, REEVE_VERB_CLEANUP, false, &a);
		check_answer_done(&a);
		if (went_on && lists(r, &c, name, &after))
			check_ok(r, name, before && !after, "before: %d, after: %d", before, after);
	}
	created_done(r, &c, name);
}

void check_cases_provider(struct check_report *r)
{
	static void (*const cases[])(struct check_report *) = {
		a_rehearsal_changes_nothing,
		creates_what_was_asked,
		repeats_give_the_same,
		repeats_after_a_crash_make_no_second,
		another_key_pair_needs_another_intent,
		reads_back,
		nothing_begins_after_the_deadline,
		identifies_its_own_only,
		revokes_no_stranger,
		shows_the_revoked_dead,
		cleanup_is_real,
	};
	for (size_t i = 0; i < RV_LEN(cases) && !r->is_over; i++)
		cases[i](r);
}
