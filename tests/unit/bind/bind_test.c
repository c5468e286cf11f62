/* bind: who owns what, by precedence, with the reason when nobody does. */
#include "support/unit.h"

#include "agent/bind/bind.h"
#include "agent/identify/identify.h"
#include "agent/store/estate.h"
#include "agent/store/evidence.h"
#include "agent/store/sightings.h"

#include <stdio.h>

#define ID   "c00000000000000000000abcd"
#define YEAR (INT64_C(365) * 86400 * 1000000)
#define NOW  (INT64_C(57) * YEAR) /* 2026 or so */

struct world {
	struct rv_db *db;
	struct rv_owners *owners;
	char last_event[64];
	const char *by_policy;
};

static rv_status note_event(void *user, const char *type, const char *cred, const char *text)
{
	(void)cred;
	(void)text;
	(void)snprintf(((struct world *)user)->last_event, 64, "%s", type);
	return RV_OK;
}

static rv_status policy(void *user, const struct rv_credential *c, char owner[RV_BIND_OWNER_TEXT],
			char text[256])
{
	const struct world *w = user;

	(void)c;
	(void)snprintf(owner, RV_BIND_OWNER_TEXT, "%s", w->by_policy ? w->by_policy : "");
	(void)snprintf(text, 256, "p.yaml:3");
	return RV_OK;
}

static const char registry[] =
	"version: 1\nowners:\n  - team: web\n    members: [alice]\n"
	"  - person: carol\n    left: 2020-01-01\n"
	"assign:\n  - match: {path: \"/opt/ruled/**\"}\n    owner: {team: web}\n"
	"  - match: {path: \"/opt/carol/**\"}\n    owner: {person: carol}\n";

static void add_account(struct rv_db *db, const char *name, uint32_t uid, bool human, int64_t day)
{
	const struct rv_rec_found_account a = {.name = rv_str_of(name),
					       .uid = uid,
					       .home = RV_STR_LIT("/h"),
					       .can_login = human,
					       .human = human,
					       .changed_day = -1,
					       .expire_day = day};

	assert_ok(rv_account_put(db, &a, 1, NULL));
}

static int setup(void **state)
{
	const struct rv_db_opts opts = {.path = ":memory:"};
	struct world *w = calloc(1, sizeof(*w));
	const struct rv_rec_found_unit unit = {.path = RV_STR_LIT("/u/report.service"),
					       .unit = RV_STR_LIT("report.service"),
					       .user = RV_STR_LIT("svc"),
					       .exec = RV_STR_LIT("/srv/bin/run"),
					       .working_dir = RV_STR_LIT("/srv/report")};
	bool is_new = false;
	const struct rv_credential c = {.id = ID, .kind = RV_KIND_CERTIFICATE, .name = "n"};

	assert_non_null(w);
	assert_ok(rv_db_open(&opts, &w->db, NULL));
	assert_ok(rv_owners_parse(rv_str_of(registry), "owners.yaml", &w->owners, NULL));
	add_account(w->db, "alice", 1000, true, -1);
	add_account(w->db, "dave", 1001, true, -1);
	add_account(w->db, "gone", 1002, true, 1);
	add_account(w->db, "svc", 998, false, -1);
	assert_ok(rv_unit_put(w->db, &unit, 1, NULL));
	assert_ok(rv_credential_put(w->db, &c, &is_new, NULL));
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	rv_owners_free(w->owners);
	rv_db_close(w->db);
	free(w);
	return 0;
}

static void place(struct world *w, const char *path, uint32_t uid)
{
	struct rv_sighting s = {.id = "s00000000000000000000abcd",
				.credential = ID,
				.path = rv_str_of(path),
				.locator = "cert:0",
				.role = RV_SIGHTED_CERT,
				.uid = uid};

	assert_ok(rv_db_exec(w->db, "DELETE FROM sightings", NULL));
	assert_ok(rv_sighting_put(w->db, &s, 1, NULL));
}

static void expect(struct world *w, unsigned ownership, const char *owner)
{
	struct rv_diag diag = {0};
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};
	struct rv_bind b = {.db = w->db,
			    .owners = w->owners,
			    .now_us = NOW,
			    .policy_owner = policy,
			    .event = note_event,
			    .user = w};

	assert_ok(rv_bind_one(&b, ID, &diag));
	assert_ok(rv_credential_load(w->db, ID, &row, NULL));
	assert_string_equal(row.c.owner, owner);
	assert_int_equal(row.c.ownership, ownership);
	assert_true(ownership != RV_OWNERSHIP_ORPHANED || row.c.orphan_reason[0]);
	assert_int_equal(row.c.life, RV_LIFE_ACTIVE);
}

static void evidence_names_an_owner(void **state)
{
	struct world *w = *state;

	place(w, "/srv/report/tls.pem", 0);
	expect(w, RV_OWNERSHIP_OWNED, "service:report.service");
	place(w, "/opt/x.pem", 1001);
	expect(w, RV_OWNERSHIP_OWNED, "person:dave");
	place(w, "/opt/x.pem", 1000);
	expect(w, RV_OWNERSHIP_OWNED, "team:web"); /* a member's file is the team's */
	place(w, "/opt/x.pem", 998);
	expect(w, RV_OWNERSHIP_OWNED, "service:report.service"); /* the account's workload */
	place(w, "/etc/ssh/ssh_host_rsa_key", 0);
	expect(w, RV_OWNERSHIP_OWNED, "package:openssh-server");
}

static void nobody_is_an_orphan_with_a_reason(void **state)
{
	struct world *w = *state;

	place(w, "/opt/x.pem", 0);
	expect(w, RV_OWNERSHIP_ORPHANED, "");
	assert_string_equal(w->last_event, "life_active");
	place(w, "/opt/x.pem", 4711); /* no such account */
	expect(w, RV_OWNERSHIP_ORPHANED, "");
	place(w, "/opt/x.pem", 1002); /* expired account */
	expect(w, RV_OWNERSHIP_ORPHANED, "");
}

static void the_workload_is_gone(void **state)
{
	struct world *w = *state;
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};

	place(w, "/srv/report/tls.pem", 0);
	expect(w, RV_OWNERSHIP_OWNED, "service:report.service");
	assert_ok(rv_estate_sweep(w->db, 2, NULL)); /* the unit is no longer there */
	expect(w, RV_OWNERSHIP_ORPHANED, "");
	assert_string_equal(w->last_event, "owner_left");
	assert_ok(rv_credential_load(w->db, ID, &row, NULL));
	assert_non_null(strstr(row.c.orphan_reason, "report.service"));
	assert_non_null(strstr(row.c.orphan_reason, "is gone"));
}

static void registry_beats_policy_beats_inference(void **state)
{
	struct world *w = *state;
	const struct rv_owner_mark mark = {"set", "team:db", "0", 1};

	w->by_policy = "team:policy";
	place(w, "/srv/report/tls.pem", 0);
	expect(w, RV_OWNERSHIP_OWNED, "team:policy");
	place(w, "/opt/ruled/x.pem", 1001);
	expect(w, RV_OWNERSHIP_OWNED, "team:web");
	assert_ok(rv_owner_mark_put(w->db, ID, &mark, NULL));
	expect(w, RV_OWNERSHIP_OWNED, "team:db");
}

static void an_owner_who_left_owns_nothing(void **state)
{
	struct world *w = *state;

	place(w, "/opt/carol/x.pem", 0);
	expect(w, RV_OWNERSHIP_ORPHANED, "");
}

static void a_dispute_stands_until_somebody_says_otherwise(void **state)
{
	struct world *w = *state;
	const struct rv_owner_mark dispute = {"dispute", "person:dave", "1001", 2};
	const struct rv_owner_mark claim = {"claim", "person:alice", "1000", 3};

	place(w, "/opt/x.pem", 1001);
	expect(w, RV_OWNERSHIP_OWNED, "person:dave");
	assert_ok(rv_owner_mark_put(w->db, ID, &dispute, NULL));
	expect(w, RV_OWNERSHIP_DISPUTED, "person:dave");
	expect(w, RV_OWNERSHIP_DISPUTED, "person:dave"); /* a later pass changes nothing */
	assert_ok(rv_owner_mark_put(w->db, ID, &claim, NULL));
	expect(w, RV_OWNERSHIP_OWNED, "person:alice");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(evidence_names_an_owner),
		TEST(nobody_is_an_orphan_with_a_reason),
		TEST(the_workload_is_gone),
		TEST(registry_beats_policy_beats_inference),
		TEST(an_owner_who_left_owns_nothing),
		TEST(a_dispute_stands_until_somebody_says_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
