/* tests: which private keys are a test's own. Keys and certificates are made here. */
#include "agent/sweep/fixture.h"

#include "agent/base/clock.h"
#include "tests/support/pems.h"
#include "tests/support/unit.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define DAY 86400L

struct made {
	EVP_PKEY *key;
	char id[RV_SPKI_TEXT];
};

static int set_up(void **state)
{
	struct made *m = calloc(1, sizeof(*m));
	unsigned char digest[32];

	assert_non_null(m);
	m->key = pems_key("EC");
	pems_spki(m->key, digest);
	memcpy(m->id, "spki:", 5);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(m->id + 5 + 2 * i, 3, "%02x", digest[i]); /* has room */
	*state = m;
	return 0;
}

static int tear_down(void **state)
{
	struct made *m = *state;

	EVP_PKEY_free(m->key);
	free(m);
	return 0;
}

/* A certificate of the key, good for so many days from yesterday on. */
static char *certificate(const struct made *m, const char *issuer, long days)
{
	X509 *cert = pems_cert(m->key, "shop.example.org", NULL);
	X509_NAME *name = X509_NAME_new();

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
						    (const unsigned char *)issuer, -1, -1, 0),
			 1);
	assert_int_equal(X509_set_issuer_name(cert, name), 1);
	X509_NAME_free(name);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -DAY));
	assert_non_null(X509_time_adj_ex(X509_getm_notAfter(cert), (int)days - 1, 0, NULL));
	assert_true(X509_sign(cert, m->key, EVP_sha256()) > 0);
	char *text = pems_cert_text(cert);
	X509_free(cert);
	return text;
}

static bool is_pair(const struct made *m, const char *text)
{
	const struct rv_fixture_about about = {
		.bytes = rv_str_of(text), .public_id = m->id, .now_utc_us = rv_now_utc_us()};
	struct rv_fixture_halves halves = {0};
	bool is = false;
	bool is_again = false;

	assert_ok(rv_fixture_is_pair(&about, &halves, &is));
	assert_ok(rv_fixture_is_pair(&about, &halves, &is_again));
	assert_int_equal(is, is_again);
	return is;
}

static bool is_pair_with(const struct made *m, const char *issuer, long days)
{
	char *text = certificate(m, issuer, days);
	bool is = is_pair(m, text);

	free(text);
	return is;
}

static void a_key_alone_or_with_anothers_half_is_none(void **state)
{
	const struct made *m = *state;
	struct made other = *m;
	char *text = certificate(m, "shop.example.org", 90);

	memset(other.id + 5, '0', 8);
	assert_false(is_pair(m, ""));
	assert_false(is_pair(m, "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"));
	assert_false(is_pair(&other, text));
	free(text);
}

static void a_certificate_that_an_authority_may_have_issued_is_vouched_for(void **state)
{
	assert_false(is_pair_with(*state, "Some Authority", 90));
	assert_false(is_pair_with(*state, "Some Authority", 5 * 365));
}

static void a_certificate_that_nobody_vouches_for_makes_a_pair(void **state)
{
	const struct made *m = *state;

	assert_true(is_pair_with(m, "shop.example.org", 90)); /* its own issuer */
	assert_true(is_pair_with(m, "Some Authority", 1));    /* ended */
	assert_true(is_pair_with(m, "Some Authority", 5 * 366 + 1));
}

static void one_certificate_that_is_vouched_for_is_enough(void **state)
{
	const struct made *m = *state;
	char *own = certificate(m, "shop.example.org", 90);
	char *good = certificate(m, "Some Authority", 90);
	size_t own_len = strlen(own);
	size_t good_size = strlen(good) + 1;
	char *both = malloc(own_len + good_size);

	assert_non_null(both);
	memcpy(both, own, own_len);
	memcpy(both + own_len, good, good_size);
	assert_false(is_pair(m, both));
	free(both);
	free(good);
	free(own);
}

static void looks_into_no_large_file(void **state)
{
	const struct made *m = *state;
	char *own = certificate(m, "shop.example.org", 90);
	char *large = malloc(RV_FIXTURE_FILE_MAX + 8192);

	assert_non_null(large);
	memset(large, ' ', RV_FIXTURE_FILE_MAX + 8191);
	memcpy(large, own, strlen(own));
	large[RV_FIXTURE_FILE_MAX + 8191] = '\0';
	assert_false(is_pair(m, large));
	large[RV_FIXTURE_FILE_MAX] = '\0';
	assert_true(is_pair(m, large));
	free(large);
	free(own);
}

/* A block of one packet in base64: a tag, a length of two bytes, `len` bytes. */
static size_t pgp_packet(uint8_t tag, const uint8_t *body, size_t len, char out[2048])
{
	uint8_t packet[1024] = {tag, (uint8_t)(len >> 8), (uint8_t)len};

	assert_true(len < 1000);
	memcpy(packet + 3, body, len);
	return (size_t)EVP_EncodeBlock((unsigned char *)out, packet, (int)len + 3);
}

static bool is_pgp_pair(uint8_t secret_tag, const uint8_t *half, size_t half_len)
{
	static char text[8192];
	uint8_t body[400];
	char secret[2048];
	char public_half[2048];
	bool is = false;

	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)(i * 37 + 11);
	size_t len = pgp_packet(secret_tag, body, sizeof(body), secret);

	(void)pgp_packet(0x99, half ? half : body, half_len, public_half); /* ends with NUL */
	(void)snprintf(text, sizeof(text),				   /* has room */
		       "-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: 1\n\n%s\n"
		       "-----END PGP PUBLIC KEY BLOCK-----\n%s",
		       public_half, secret);
	struct rv_str all = rv_str_of(text);
	const struct rv_fixture_about about = {
		.bytes = all, .key = {all.data + all.len - len, len}, .public_id = NULL};

	static struct rv_fixture_halves halves; /* OpenPGP's are not kept */

	assert_ok(rv_fixture_is_pair(&about, &halves, &is));
	return is;
}

static void an_openpgp_key_begins_with_its_public_half(void **state)
{
	static const uint8_t other[200] = {4, 1, 2, 3};

	(void)state;
	assert_true(is_pgp_pair(0x95, NULL, 200));
	assert_false(is_pgp_pair(0x95, other, sizeof(other)));
	assert_false(is_pgp_pair(0x95, NULL, 20)); /* too short to be one */
	assert_false(is_pgp_pair(0x99, NULL, 200));
}

#define MADE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MADE_TEST(a_key_alone_or_with_anothers_half_is_none),
		MADE_TEST(a_certificate_that_an_authority_may_have_issued_is_vouched_for),
		MADE_TEST(a_certificate_that_nobody_vouches_for_makes_a_pair),
		MADE_TEST(one_certificate_that_is_vouched_for_is_enough),
		MADE_TEST(looks_into_no_large_file),
		cmocka_unit_test(an_openpgp_key_begins_with_its_public_half),
	};

	return cmocka_run_group_tests_name("sweep: keys of tests", tests, NULL, NULL);
}
