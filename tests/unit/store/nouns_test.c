/* store: credentials, versions, sightings, evidence, ledgers, sealed blobs. */
#include "support/unit.h"

#include "agent/store/credentials.h"
#include "agent/store/evidence.h"
#include "agent/store/ledger.h"
#include "agent/store/sealed.h"
#include "agent/store/sightings.h"

#include <stdio.h>

#define A "caaaa00000000000000000001"
#define B "caaaa00000000000000000002"

static int setup(void **state)
{
	struct rv_db *db = NULL;
	const struct rv_db_opts opts = {.path = ":memory:"};

	assert_ok(rv_db_open(&opts, &db, NULL));
	*state = db;
	return 0;
}

static int teardown(void **state)
{
	rv_db_close(*state);
	return 0;
}

static bool put(struct rv_db *db, const char *id, const char *name, int64_t at)
{
	bool is_new = false;
	struct rv_credential c = {.kind = RV_KIND_CERTIFICATE,
				  .name = name,
				  .fingerprint = "sha256:00",
				  .spki = "00",
				  .not_before_us = 1,
				  .not_after_us = RV_TIME_NONE,
				  .changed_us = RV_TIME_NONE,
				  .last_seen_us = at};

	(void)snprintf(c.id, sizeof(c.id), "%s", id);
	assert_ok(rv_credential_put(db, &c, &is_new, NULL));
	return is_new;
}

static int64_t rev(struct rv_db *db)
{
	int64_t r = 0;

	assert_ok(rv_credentials_rev(db, &r, NULL));
	return r;
}

static void rev_grows_with_changes_and_only_then(void **state)
{
	struct rv_db *db = *state;
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};

	assert_true(put(db, A, "one", 10));
	int64_t first = rev(db);
	assert_false(put(db, A, "one", 20)); /* seen again: no change to report */
	assert_int_equal(rev(db), first);
	assert_false(put(db, A, "two", 30));
	assert_true(rev(db) > first);
	int64_t second = rev(db);
	assert_ok(rv_credential_set_owner(db, A, RV_OWNERSHIP_OWNED, "team:x", "registry", 100, "",
					  NULL));
	assert_true(rev(db) > second);
	second = rev(db);
	assert_ok(rv_credential_set_owner(db, A, RV_OWNERSHIP_OWNED, "team:x", "registry", 100, "",
					  NULL));
	assert_int_equal(rev(db), second);
	assert_ok(rv_credential_load(db, A, &row, NULL));
	assert_int_equal(row.c.first_seen_us, 10);
	assert_int_equal(row.c.last_seen_us, 30);
	assert_string_equal(row.c.name, "two");
	assert_string_equal(row.c.owner, "team:x");
	assert_true(row.c.not_after_us == RV_TIME_NONE);
	assert_int_equal(row.c.compliant, -1);
}

static void a_state_of_an_unknown_credential_is_not_found(void **state)
{
	assert_class(rv_credential_set_state(*state, B, RV_LIFE_ACTIVE, RV_HOLD_NONE, "",
					     RV_TIME_NONE, NULL),
		     RV_CLASS_NOT_FOUND);
}

static void sight(struct rv_db *db, const char *id, const char *cred, const char *path,
		  int64_t pass)
{
	struct rv_sighting s = {.path = rv_str_of(path),
				.locator = "cert:0",
				.role = RV_SIGHTED_CERT,
				.cert_sha256 = "11",
				.spki = "00",
				.last_seen_us = pass};

	(void)snprintf(s.id, sizeof(s.id), "%s", id);
	(void)snprintf(s.credential, sizeof(s.credential), "%s", cred);
	assert_ok(rv_sighting_put(db, &s, pass, NULL));
}

static void an_id_a_prefix_and_a_path_resolve(void **state)
{
	struct rv_db *db = *state;
	char id[RV_ID_TEXT];
	struct rv_diag diag = {0};

	put(db, A, "one", 1);
	put(db, B, "two", 1);
	sight(db, "s000000000000000000000001", A, "/etc/a\n.pem", 1);
	assert_ok(rv_credential_resolve(db, A, id, NULL));
	assert_string_equal(id, A);
	assert_ok(rv_credential_resolve(db, "aaaa00000000000000000002", id, NULL));
	assert_string_equal(id, B);
	assert_ok(rv_credential_resolve(db, "/etc/a\n.pem", id, NULL)); /* bytes */
	assert_string_equal(id, A);
	assert_ok(rv_credential_resolve(db, "/etc/a\\x0A.pem", id, NULL)); /* as shown */
	assert_class(rv_credential_resolve(db, "caaaa", id, &diag), RV_CLASS_CONFLICT);
	assert_non_null(strstr(diag.next, A));
	assert_class(rv_credential_resolve(db, "caa", id, NULL), RV_CLASS_NOT_FOUND); /* short */
	assert_class(rv_credential_resolve(db, "/etc/b.pem", id, NULL), RV_CLASS_NOT_FOUND);
	assert_class(rv_credential_resolve(db, "' OR 1=1 --", id, NULL), RV_CLASS_NOT_FOUND);
	assert_class(rv_credential_resolve(db, "", id, NULL), RV_CLASS_NOT_FOUND);
}

static rv_status count_one(const struct rv_sighting *s, void *user)
{
	(void)s;
	(*(unsigned *)user)++;
	return RV_OK;
}

static void what_a_pass_did_not_see_is_gone_and_may_come_back(void **state)
{
	struct rv_db *db = *state;
	int64_t gone = 0;
	unsigned live = 0;

	put(db, A, "one", 1);
	sight(db, "s000000000000000000000001", A, "/a", 1);
	sight(db, "s000000000000000000000002", A, "/b", 1);
	sight(db, "s000000000000000000000001", A, "/a", 2);
	assert_ok(rv_sightings_sweep(db, 2, 200, &gone, NULL));
	assert_int_equal(gone, 1);
	assert_ok(rv_sightings_each(db, A, false, count_one, &live, NULL));
	assert_int_equal(live, 1);
	live = 0;
	assert_ok(rv_sightings_each(db, A, true, count_one, &live, NULL));
	assert_int_equal(live, 2);
	sight(db, "s000000000000000000000002", A, "/b", 3);
	live = 0;
	assert_ok(rv_sightings_each(db, A, false, count_one, &live, NULL));
	assert_int_equal(live, 2);
}

static rv_status note_number(const struct rv_version *v, void *user)
{
	unsigned *numbers = user;

	numbers[0]++;
	numbers[numbers[0]] = v->number;
	return RV_OK;
}

static void versions_are_numbered_and_the_current_is_chosen(void **state)
{
	struct rv_db *db = *state;
	unsigned numbers[8] = {0};
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};
	struct rv_version v = {.credential = A,
			       .cert_sha256 = "aa",
			       .spki = "01",
			       .serial = "5",
			       .not_before_us = 5,
			       .not_after_us = 50};

	put(db, A, "one", 1);
	assert_ok(rv_version_add(db, &v, NULL));
	assert_ok(rv_version_add(db, &v, NULL)); /* the same: still one */
	v.cert_sha256 = "bb";
	v.spki = "02";
	v.not_after_us = 90;
	assert_ok(rv_version_add(db, &v, NULL));
	assert_ok(rv_versions_each(db, A, note_number, numbers, NULL));
	assert_int_equal(numbers[0], 2);
	assert_int_equal(numbers[2], 2);
	assert_ok(rv_version_make_current(db, A, "bb", NULL));
	assert_ok(rv_credential_load(db, A, &row, NULL));
	assert_string_equal(row.c.cert_sha256, "bb");
	assert_string_equal(row.c.fingerprint, "sha256:02");
	assert_int_equal(row.c.version, 2);
	assert_int_equal(row.c.not_after_us, 90);
	assert_class(rv_version_make_current(db, A, "cc", NULL), RV_CLASS_NOT_FOUND);
	assert_ok(rv_version_set_grade(db, A, "aa", "revoked", NULL));
}

static rv_status last_word(const struct rv_evidence *item, void *user)
{
	(void)snprintf(user, 64, "%s", item->text);
	return RV_OK;
}

static void a_receipt_is_replaced_whole_and_the_last_word_counts(void **state)
{
	struct rv_db *db = *state;
	char text[64] = "";
	RV_CLEANUP(rv_owner_mark_row_done) struct rv_owner_mark_row mark = {0};
	const struct rv_evidence two[] = {{"file", "person:a", 70, "x"},
					  {"unit", "service:b", 80, "y"}};
	const struct rv_evidence one[] = {{"file", "person:a", 70, "z"}};
	const struct rv_owner_mark claim = {"claim", "person:a", "1000", 1};
	const struct rv_owner_mark dispute = {"dispute", "person:a", "1001", 2};

	put(db, A, "one", 1);
	assert_ok(rv_evidence_replace(db, A, two, 2, NULL));
	assert_ok(rv_evidence_replace(db, A, one, 1, NULL));
	assert_ok(rv_evidence_each(db, A, last_word, text, NULL));
	assert_string_equal(text, "z");
	assert_class(rv_owner_mark_load(db, A, &mark, NULL), RV_CLASS_NOT_FOUND);
	assert_ok(rv_owner_mark_put(db, A, &claim, NULL));
	assert_ok(rv_owner_mark_put(db, A, &dispute, NULL));
	assert_ok(rv_owner_mark_load(db, A, &mark, NULL));
	assert_string_equal(mark.mark.verb, "dispute");
}

static rv_status join_records(int64_t seq, struct rv_str record, void *user)
{
	char *out = user;
	size_t len = strlen(out);

	(void)snprintf(out + len, 64 - len, "%d=%c ", (int)seq, record.data[0]);
	return RV_OK;
}

static void a_ledger_keeps_its_order(void **state)
{
	struct rv_db *db = *state;
	char text[64] = "";

	assert_ok(rv_ledger_append(db, "ca", RV_STR_LIT("x"), NULL));
	assert_ok(rv_ledger_append(db, "other", RV_STR_LIT("o"), NULL));
	assert_ok(rv_ledger_append(db, "ca", RV_STR_LIT("y"), NULL));
	assert_ok(rv_ledger_each(db, "ca", join_records, text, NULL));
	assert_string_equal(text, "1=x 2=y ");
}

static void sealed_blobs_of_a_run_go_together(void **state)
{
	struct rv_db *db = *state;
	RV_CLEANUP(rv_buf_done) struct rv_buf buf;

	rv_buf_init(&buf, 64);
	assert_ok(rv_sealed_put(db, "key:1", "run1", RV_STR_LIT("one"), NULL));
	assert_ok(rv_sealed_put(db, "root", "", RV_STR_LIT("stays"), NULL));
	assert_ok(rv_sealed_erase_run(db, "run1", NULL));
	assert_class(rv_sealed_get(db, "key:1", &buf, NULL), RV_CLASS_NOT_FOUND);
	assert_ok(rv_sealed_get(db, "root", &buf, NULL));
	assert_bytes(buf, "stays");
}

static rv_status fail_second(const struct rv_credential *c, void *user)
{
	(void)c;
	return ++*(unsigned *)user == 2 ? rv_fail(RV_CLASS_RETRY, NULL, "enough") : RV_OK;
}

static void a_walk_filters_and_stops_at_the_first_failure(void **state)
{
	struct rv_db *db = *state;
	unsigned seen = 0;
	const struct rv_credential_filter orphans = {.ownership = RV_OWNERSHIP_ORPHANED};
	struct rv_credential_counts counts;

	put(db, A, "one", 1);
	put(db, B, "two", 1);
	put(db, "caaaa00000000000000000003", "three", 1);
	assert_class(rv_credentials_each(db, NULL, fail_second, &seen, NULL), RV_CLASS_RETRY);
	assert_int_equal(seen, 2);
	assert_ok(rv_credential_set_owner(db, B, RV_OWNERSHIP_ORPHANED, "", "", 0, "r", NULL));
	seen = 5;
	assert_ok(rv_credentials_each(db, &orphans, fail_second, &seen, NULL));
	assert_int_equal(seen, 6);
	assert_ok(rv_credentials_count(db, &counts, NULL));
	assert_int_equal(counts.total, 3);
	assert_int_equal(counts.orphans, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rev_grows_with_changes_and_only_then),
		TEST(a_state_of_an_unknown_credential_is_not_found),
		TEST(an_id_a_prefix_and_a_path_resolve),
		TEST(what_a_pass_did_not_see_is_gone_and_may_come_back),
		TEST(versions_are_numbered_and_the_current_is_chosen),
		TEST(a_receipt_is_replaced_whole_and_the_last_word_counts),
		TEST(a_ledger_keeps_its_order),
		TEST(sealed_blobs_of_a_run_go_together),
		TEST(a_walk_filters_and_stops_at_the_first_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
