/* identify: findings to lineages, versions, sightings: docs/identity.md, sentence by sentence. */
#include "support/unit.h"

#include "agent/identify/identify.h"
#include "agent/store/estate.h"

#include <stdio.h>

struct world {
	struct rv_db *db;
	struct rv_identify i;
	int64_t pass;
	unsigned events;
	char last_event[64];
};

static rv_status note_event(void *user, const char *type, const char *cred, const char *text)
{
	struct world *w = user;

	assert_true(cred[0] == 'c' && text[0]);
	w->events++;
	(void)snprintf(w->last_event, sizeof(w->last_event), "%s", type);
	return RV_OK;
}

static int setup(void **state)
{
	const struct rv_db_opts opts = {.path = ":memory:"};
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	assert_ok(rv_db_open(&opts, &w->db, NULL));
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	rv_identify_done(&w->i);
	rv_db_close(w->db);
	free(w);
	return 0;
}

static void begin(struct world *w)
{
	rv_identify_done(&w->i);
	w->pass++;
	rv_identify_init(&w->i, w->db, "host", w->pass, w->pass * 1000);
	w->i.event = note_event;
	w->i.user = w;
}

static void end(struct world *w)
{
	assert_ok(rv_identify_join(&w->i, NULL));
	assert_ok(rv_identify_sweep(&w->i, NULL));
}

/* A certificate whose digests are the byte `c` and `k` over and over. */
static struct rv_rec_found_certificate cert(const char *path, uint8_t c, uint8_t k,
					    const char *subject, int64_t not_before)
{
	static uint8_t bytes[4][32];
	static unsigned at;
	uint8_t *cd = bytes[at++ % 4];
	uint8_t *kd = bytes[at++ % 4];

	memset(cd, c, 32);
	memset(kd, k, 32);
	return (struct rv_rec_found_certificate){
		.path = rv_str_of(path),
		.cert_sha256 = {cd, 32},
		.spki_sha256 = {kd, 32},
		.serial = RV_STR_LIT("\x05"),
		.subject = rv_str_of(subject),
		.issuer = RV_STR_LIT("CN=Issuer"),
		.not_before_us = not_before,
		.not_after_us = not_before + 1000,
		.in_bundle = 1,
	};
}

static void see(struct world *w, const char *path, uint8_t c, uint8_t k, const char *subject,
		int64_t not_before)
{
	const struct rv_rec_found_certificate f = cert(path, c, k, subject, not_before);

	assert_ok(rv_identify_certificate(&w->i, &f, NULL));
}

static void see_key(struct world *w, const char *path, uint8_t k)
{
	uint8_t digest[32];
	struct rv_rec_found_key f = {.path = rv_str_of(path), .alg = RV_ALG_RSA, .bits = 2048};

	memset(digest, k, sizeof(digest));
	f.spki_sha256 = (struct rv_str){digest, k ? sizeof(digest) : 0};
	f.encrypted = k == 0;
	assert_ok(rv_identify_key(&w->i, &f, NULL));
}

static void id_at(struct world *w, const char *path, char out[RV_ID_TEXT])
{
	struct rv_diag diag = {0};
	rv_status s = rv_credential_resolve(w->db, path, out, &diag);

	if (!rv_is_ok(s))
		print_error("%s: %s\n", path, diag.text);
	assert_ok(s);
}

static unsigned count(struct world *w)
{
	struct rv_credential_counts c;

	assert_ok(rv_credentials_count(w->db, &c, NULL));
	return (unsigned)c.total;
}

static void the_same_certificate_at_two_places_is_one_credential(void **state)
{
	struct world *w = *state;
	char a[RV_ID_TEXT];
	char b[RV_ID_TEXT];

	begin(w);
	see(w, "/a.pem", 1, 1, "CN=a", 10);
	see(w, "/b.pem", 1, 1, "CN=a", 10);
	end(w);
	id_at(w, "/a.pem", a);
	id_at(w, "/b.pem", b);
	assert_string_equal(a, b);
	assert_int_equal(count(w), 1);
	assert_int_equal(w->events, 1); /* told once */
}

static void one_key_for_two_names_is_two_credentials(void **state)
{
	struct world *w = *state;
	char a[RV_ID_TEXT];
	char b[RV_ID_TEXT];

	begin(w);
	see(w, "/a.pem", 1, 9, "CN=a", 10);
	see(w, "/b.pem", 2, 9, "CN=b", 10);
	end(w);
	id_at(w, "/a.pem", a);
	id_at(w, "/b.pem", b);
	assert_string_not_equal(a, b);
}

static void a_renewal_by_another_hand_is_a_version(void **state)
{
	struct world *w = *state;
	char before[RV_ID_TEXT];
	char after[RV_ID_TEXT];
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};

	begin(w);
	see(w, "/a.pem", 1, 1, "CN=a", 10);
	end(w);
	id_at(w, "/a.pem", before);
	begin(w);
	see(w, "/a.pem", 2, 2, "CN=a", 20);
	end(w);
	id_at(w, "/a.pem", after);
	assert_string_equal(before, after);
	assert_ok(rv_credential_load(w->db, after, &row, NULL));
	assert_int_equal(row.c.version, 2);
	assert_int_equal(row.c.not_before_us, 20);
}

static void an_older_copy_does_not_become_current_while_the_newer_lies_there(void **state)
{
	struct world *w = *state;
	char id[RV_ID_TEXT];
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};

	begin(w);
	see(w, "/old.pem", 1, 1, "CN=a", 10);
	end(w);
	begin(w);
	see(w, "/old.pem", 2, 1, "CN=a", 20); /* the same key, renewed */
	see(w, "/backup.pem", 1, 1, "CN=a", 10);
	end(w);
	id_at(w, "/backup.pem", id);
	assert_ok(rv_credential_load(w->db, id, &row, NULL));
	assert_int_equal(row.c.not_before_us, 20);
	assert_int_equal(count(w), 1);
}

static void another_name_at_the_same_place_is_another_credential(void **state)
{
	struct world *w = *state;
	char before[RV_ID_TEXT];
	char after[RV_ID_TEXT];

	begin(w);
	see(w, "/a.pem", 1, 1, "CN=a", 10);
	end(w);
	id_at(w, "/a.pem", before);
	begin(w);
	see(w, "/a.pem", 2, 2, "CN=other", 20);
	end(w);
	id_at(w, "/a.pem", after);
	assert_string_not_equal(before, after);
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};
	assert_ok(rv_credential_load(w->db, before, &row, NULL));
	assert_int_equal(row.c.life, RV_LIFE_GONE);
}

static void a_key_joins_its_certificate_whichever_comes_first(void **state)
{
	struct world *w = *state;
	char a[RV_ID_TEXT];
	char k[RV_ID_TEXT];
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};

	begin(w);
	see_key(w, "/a.key", 1);
	see(w, "/a.pem", 1, 1, "CN=a", 10);
	see_key(w, "/lone.key", 7);
	see_key(w, "/locked.key", 0);
	end(w);
	id_at(w, "/a.pem", a);
	id_at(w, "/a.key", k);
	assert_string_equal(a, k);
	assert_ok(rv_credential_load(w->db, a, &row, NULL));
	assert_true(row.c.has_key);
	id_at(w, "/lone.key", k);
	rv_credential_row_done(&row);
	assert_ok(rv_credential_load(w->db, k, &row, NULL));
	assert_int_equal(row.c.kind, RV_KIND_PRIVATE_KEY);
	assert_true(row.c.is_identified);
	id_at(w, "/locked.key", k);
	rv_credential_row_done(&row);
	assert_ok(rv_credential_load(w->db, k, &row, NULL));
	assert_false(row.c.is_identified);
	assert_int_equal(count(w), 3);
}

static void an_authority_is_a_credential_only_where_its_key_lies(void **state)
{
	struct world *w = *state;
	char id[RV_ID_TEXT];
	struct rv_rec_found_certificate anchor = cert("/anchor.pem", 1, 1, "CN=Root", 1);
	struct rv_rec_found_certificate held;

	begin(w);
	anchor.is_ca = 1;
	assert_ok(rv_identify_certificate(&w->i, &anchor, NULL));
	held = cert("/held.pem", 2, 2, "CN=Held", 1);
	held.is_ca = 1;
	assert_ok(rv_identify_certificate(&w->i, &held, NULL));
	see_key(w, "/held.key", 2);
	end(w);
	assert_int_equal(count(w), 1);
	assert_int_equal(w->i.trust_anchors, 1);
	assert_class(rv_credential_resolve(w->db, "/anchor.pem", id, NULL), RV_CLASS_NOT_FOUND);
	id_at(w, "/held.pem", id);
	/* Seen again it stays what it is. */
	begin(w);
	assert_ok(rv_identify_certificate(&w->i, &held, NULL));
	see_key(w, "/held.key", 2);
	end(w);
	id_at(w, "/held.pem", id);
	assert_int_equal(count(w), 1);
}

static void see_secret(struct world *w, const char *path, const char *fingerprint, bool identified)
{
	const struct rv_rec_found_secret f = {
		.path = rv_str_of(path),
		.line = 1,
		.rule = RV_STR_LIT("rule"),
		.provider = RV_STR_LIT("provider"),
		.kind = RV_KIND_API_KEY,
		.fingerprint = rv_str_of(fingerprint),
		.identified = identified,
	};

	assert_ok(rv_identify_secret(&w->i, &f, NULL));
}

static void only_identified_secrets_join(void **state)
{
	struct world *w = *state;
	char a[RV_ID_TEXT];
	char b[RV_ID_TEXT];

	begin(w);
	see_secret(w, "/a", "hk1:0:1", true);
	see_secret(w, "/b", "hk1:0:1", true);
	see_secret(w, "/c", "hk1:0:2", false);
	see_secret(w, "/d", "hk1:0:2", false);
	end(w);
	id_at(w, "/a", a);
	id_at(w, "/b", b);
	assert_string_equal(a, b);
	id_at(w, "/c", a);
	id_at(w, "/d", b);
	assert_string_not_equal(a, b);
	assert_int_equal(count(w), 3);
}

static void a_listener_with_another_version_than_the_file_is_stale(void **state)
{
	struct world *w = *state;
	char id[RV_ID_TEXT];

	begin(w);
	see(w, "/a.pem", 1, 1, "CN=a", 10);
	see(w, "tls://127.0.0.1:443", 1, 1, "CN=a", 10);
	end(w);
	assert_string_equal(w->last_event, "credential_seen");
	begin(w);
	see(w, "/a.pem", 2, 2, "CN=a", 20);
	see(w, "tls://127.0.0.1:443", 1, 1, "CN=a", 10);
	end(w);
	assert_string_equal(w->last_event, "served_stale");
	unsigned before = w->events;
	begin(w);
	see(w, "/a.pem", 2, 2, "CN=a", 20);
	see(w, "tls://127.0.0.1:443", 2, 2, "CN=a", 20);
	end(w);
	assert_string_equal(w->last_event, "served_fresh");
	assert_int_equal(w->events, before + 1);
	id_at(w, "tls://127.0.0.1:443", id);
	assert_int_equal(count(w), 1);
}

static void a_finding_without_digests_is_malformed(void **state)
{
	struct world *w = *state;
	struct rv_rec_found_certificate f = cert("/a.pem", 1, 1, "CN=a", 10);
	const struct rv_rec_found_secret odd = {.path = RV_STR_LIT("/x"), .kind = 99};

	begin(w);
	f.spki_sha256 = RV_STR_NONE;
	assert_class(rv_identify_certificate(&w->i, &f, NULL), RV_CLASS_MALFORMED);
	f = cert("/a.pem", 1, 1, "CN=a", 10);
	f.names = RV_STR_LIT("\xff\xff\xff\xff");
	assert_class(rv_identify_certificate(&w->i, &f, NULL), RV_CLASS_MALFORMED);
	assert_class(rv_identify_secret(&w->i, &odd, NULL), RV_CLASS_MALFORMED);
	end(w);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_certificate_at_two_places_is_one_credential),
		TEST(one_key_for_two_names_is_two_credentials),
		TEST(a_renewal_by_another_hand_is_a_version),
		TEST(an_older_copy_does_not_become_current_while_the_newer_lies_there),
		TEST(another_name_at_the_same_place_is_another_credential),
		TEST(a_key_joins_its_certificate_whichever_comes_first),
		TEST(an_authority_is_a_credential_only_where_its_key_lies),
		TEST(only_identified_secrets_join),
		TEST(a_listener_with_another_version_than_the_file_is_stale),
		TEST(a_finding_without_digests_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
