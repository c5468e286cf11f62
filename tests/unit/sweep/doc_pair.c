/* tests: a document's private keys beside their certificates: where they are a test's own, and how
 * often the halves are looked for. Keys and certificates are made here. */
#include "tests/support/pems.h"
#include "tests/unit/scan/encode.h"
#include "tests/unit/sweep/doc_look.h"

#include <stdlib.h>

#define KEYS 12

static void put_made(struct desk *d, char *text)
{
	desk_put(d, text);
	free(text);
}

/* A key and its own certificate. */
static void put_pair(struct desk *d)
{
	EVP_PKEY *key = pems_key("EC");
	X509 *cert = pems_cert(key, "shop.example.org", NULL);

	put_made(d, pems_key_text(key, NULL));
	put_made(d, pems_cert_text(cert));
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void put_keys(struct desk *d, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		EVP_PKEY *key = pems_key("EC");

		put_made(d, pems_key_text(key, NULL));
		EVP_PKEY_free(key);
	}
}

static void encode_all(struct desk *d)
{
	const struct rv_str text = {(const uint8_t *)d->text, d->len};
	const char *coded = encode_base64(text, "+/", true, 0);

	d->len = 0;
	desk_put(d, "bundle: ");
	desk_put(d, coded);
	desk_put(d, "\n");
}

static void scan_at(struct desk *d, const char *path)
{
	struct rv_doc doc = desk_doc(d);

	doc.path = rv_str_of(path);
	desk_scan_as(d, &doc);
}

static size_t fixtures(const struct desk *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->w.leaks.count; i++)
		n += d->w.leaks.items[i].confidence == RV_FIXTURE_CONFIDENCE;
	return n;
}

static void a_pair_is_weak_in_tests_alone(void **state)
{
	static const struct {
		const char *path;
		bool is_weak;
	} cases[] = {
		{"prod/key.pem", false},	{"releases/latest/key.pem", false},
		{"attestation/key.pem", false}, {"contest/key.pem", false},
		{"tests/key.pem", true},	{"src/test/key.pem", true},
		{"src/FooTest.java", true},
	};
	struct desk *d = *state;

	d->shared.shows_all = true;
	for (size_t i = 0; i < RV_LEN(cases); i++) {
		put_pair(d);
		scan_at(d, cases[i].path);
		uint8_t at = desk_only(d)->confidence;

		if (cases[i].is_weak ? at != RV_FIXTURE_CONFIDENCE : at < 90)
			fail_msg("%s: %u", cases[i].path, at);
	}
}

static void looks_for_halves_once_in_a_text(void **state)
{
	struct desk *d = *state;

	put_pair(d);
	put_keys(d, KEYS);
	scan_at(d, "tests/keys.pem");
	assert_int_equal(d->w.halves.looks, 1);
	assert_int_equal(d->w.leaks.count, KEYS + 1);
	assert_int_equal(fixtures(d), 1);
}

static void looks_for_halves_once_in_an_encoded_text(void **state)
{
	struct desk *d = *state;

	put_pair(d);
	put_keys(d, KEYS);
	encode_all(d);
	scan_at(d, "tests/keys.b64");
	assert_int_equal(d->w.halves.looks, 1);
	assert_int_equal(d->w.leaks.count, KEYS + 1);
	assert_int_equal(fixtures(d), 1);
}

static void takes_no_half_of_one_layer_for_anothers(void **state)
{
	struct desk *d = *state;
	EVP_PKEY *key = pems_key("EC");
	X509 *cert = pems_cert(key, "shop.example.org", NULL);

	put_made(d, pems_key_text(key, NULL));
	encode_all(d);
	put_made(d, pems_cert_text(cert));
	put_keys(d, 1); /* so that the text's halves are looked for */
	scan_at(d, "tests/keys.b64");
	assert_int_equal(d->w.halves.looks, 2);
	assert_int_equal(d->w.leaks.count, 2);
	assert_int_equal(fixtures(d), 0);
	X509_free(cert);
	EVP_PKEY_free(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(a_pair_is_weak_in_tests_alone),
		DESK_TEST(looks_for_halves_once_in_a_text),
		DESK_TEST(looks_for_halves_once_in_an_encoded_text),
		DESK_TEST(takes_no_half_of_one_layer_for_anothers),
	};

	return cmocka_run_group_tests_name("sweep: pairs in documents", tests, NULL, NULL);
}
