/* store: every allocation of ours fails once; each failure comes out as EXHAUSTED, and the database
 * goes on. */
#include "support/alloc_fail.h"
#include "support/unit.h"

#include "agent/store/credentials.h"
#include "agent/store/estate.h"
#include "agent/store/evidence.h"
#include "agent/store/sightings.h"

static rv_status open_and_close(void *user)
{
	struct rv_db *db = NULL;
	const struct rv_db_opts opts = {.path = ":memory:"};

	(void)user;
	RV_TRY(rv_db_open(&opts, &db, NULL));
	rv_db_close(db);
	return RV_OK;
}

static rv_status nothing(const struct rv_credential *c, void *user)
{
	(void)c;
	(void)user;
	return RV_OK;
}

static rv_status no_sighting(const struct rv_sighting *s, void *user)
{
	(void)s;
	(void)user;
	return RV_OK;
}

static rv_status use_everything(void *user)
{
	struct rv_db *db = user;
	bool is_new = false;
	char id[RV_ID_TEXT];
	const struct rv_credential c = {.id = "c00000000000000000000abcd",
					.kind = RV_KIND_TOKEN,
					.name = "n",
					.last_seen_us = 1};
	const struct rv_sighting s = {.id = "s00000000000000000000abcd",
				      .credential = "c00000000000000000000abcd",
				      .path = RV_STR_LIT("/x\ny"),
				      .locator = "l",
				      .role = RV_SIGHTED_VALUE};
	const struct rv_rec_found_account a = {.name = RV_STR_LIT("svc"), .home = RV_STR_LIT("/h")};
	const struct rv_rec_found_unit u = {.path = RV_STR_LIT("/u"),
					    .unit = RV_STR_LIT("u.service")};
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};
	RV_CLEANUP(rv_estate_done) struct rv_estate estate = {0};

	RV_TRY(rv_credential_put(db, &c, &is_new, NULL));
	RV_TRY(rv_sighting_put(db, &s, 1, NULL));
	RV_TRY(rv_credential_load(db, c.id, &row, NULL));
	RV_TRY(rv_credential_resolve(db, "/x\\x0Ay", id, NULL));
	RV_TRY(rv_credentials_each(db, NULL, nothing, NULL, NULL));
	RV_TRY(rv_sightings_each(db, c.id, false, no_sighting, NULL, NULL));
	RV_TRY(rv_account_put(db, &a, 1, NULL));
	RV_TRY(rv_unit_put(db, &u, 1, NULL));
	return rv_estate_load(db, &estate, NULL);
}

static void opening_survives_each_failed_allocation(void **state)
{
	(void)state;
	assert_true(rvt_alloc_loop("open", open_and_close, NULL) > 0);
}

static void the_nouns_survive_each_failed_allocation(void **state)
{
	struct rv_db *db = NULL;
	const struct rv_db_opts opts = {.path = ":memory:"};

	(void)state;
	assert_ok(rv_db_open(&opts, &db, NULL));
	assert_true(rvt_alloc_loop("nouns", use_everything, db) > 0);
	assert_ok(rv_db_check(db, NULL));
	rv_db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening_survives_each_failed_allocation),
		cmocka_unit_test(the_nouns_survive_each_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
