/* tests: which new certificate may replace which old one. */
#include "agent/verify/gate.h"

#include "agent/base/clock.h"
#include "agent/model/leaf.h"

#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* What a certificate of these tests is like. */
struct like {
	EVP_PKEY *key, *signer;
	X509 *issuer; /* NULL: self-signed */
	const char *names, *usage, *constraints;
	long from_s, until_s; /* from now */
};

static struct {
	EVP_PKEY *root_key, *old_key, *new_key, *rsa_key;
	X509 *root, *old_one;
	struct rv_leaf new_leaf;
} t;

static void add(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	if (!value)
		return;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer ? issuer : x, x, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

static X509 *make(const struct like *like)
{
	static long serial = 1;
	X509 *x = X509_new();
	X509_NAME *name = X509_NAME_new();

	assert_true(x && name);
	assert_int_equal(
		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
					   (const unsigned char *)(like->issuer ? "site" : "root"),
					   -1, -1, 0),
		1);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	X509_gmtime_adj(X509_getm_notBefore(x), like->from_s);
	X509_gmtime_adj(X509_getm_notAfter(x), like->until_s);
	X509_set_subject_name(x, name);
	X509_set_issuer_name(x, like->issuer ? X509_get_subject_name(like->issuer) : name);
	X509_set_pubkey(x, like->key);
	add(x, like->issuer, NID_basic_constraints, like->constraints);
	add(x, like->issuer, NID_subject_alt_name, like->names);
	add(x, like->issuer, NID_ext_key_usage, like->usage);
	assert_true(X509_sign(x, like->signer, EVP_sha256()) > 0);
	X509_NAME_free(name);
	return x;
}

static struct rv_str der_of(X509 *x, uint8_t **out)
{
	*out = NULL;
	int len = i2d_X509(x, out);
	assert_true(len > 0);
	return (struct rv_str){*out, (size_t)len};
}

static struct like good(void)
{
	return (struct like){.key = t.new_key,
			     .signer = t.root_key,
			     .issuer = t.root,
			     .names = "DNS:a.test,DNS:b.test,IP:127.0.0.1",
			     .usage = "serverAuth,clientAuth",
			     .constraints = "CA:FALSE",
			     .from_s = -60,
			     .until_s = 86400};
}

/* Through the gate with a new certificate like that; minted: the key we made. */
static enum rv_class pass(const struct like *like, EVP_PKEY *minted, X509 *issuer)
{
	struct like own = {.key = minted, .signer = minted, .until_s = 60};
	X509 *new_one = make(like), *with_key = make(&own);
	uint8_t *bytes[4];
	struct rv_leaf leaf;

	struct rv_str chain[] = {der_of(issuer, &bytes[2])};
	assert_true(rv_is_ok(rv_leaf_of(der_of(with_key, &bytes[3]), &leaf, NULL)));
	struct rv_gate gate = {.old_der = der_of(t.old_one, &bytes[0]),
			       .new_der = der_of(new_one, &bytes[1]),
			       .chain = chain,
			       .chain_count = 1,
			       .spki_sha256 = {leaf.spki_sha256, 32},
			       .now_us = rv_now_utc_us(),
			       .skew_us = 60 * RV_US_PER_S};
	struct rv_diag diag = {0};
	enum rv_class c = rv_class_of(rv_gate_certificate(&gate, &diag));
	for (size_t i = 0; i < 4; i++)
		OPENSSL_free(bytes[i]);
	X509_free(new_one);
	X509_free(with_key);
	return c;
}

static void lets_a_fit_one_pass(void **state)
{
	struct like like = good();

	(void)state;
	assert_int_equal(pass(&like, t.new_key, t.root), RV_CLASS_OK);
	like.names = "DNS:a.test,DNS:b.test,IP:127.0.0.1,DNS:more.test";
	assert_int_equal(pass(&like, t.new_key, t.root), RV_CLASS_OK);
}

static void refuses_another_key_and_another_kind_of_key(void **state)
{
	struct like like = good();

	(void)state;
	assert_int_equal(pass(&like, t.old_key, t.root), RV_CLASS_DENIED);
	like.key = t.rsa_key;
	assert_int_equal(pass(&like, t.rsa_key, t.root), RV_CLASS_DENIED);
}

static void refuses_fewer_names_and_usages(void **state)
{
	struct like like = good();

	(void)state;
	like.names = "DNS:a.test,IP:127.0.0.1";
	assert_int_equal(pass(&like, t.new_key, t.root), RV_CLASS_DENIED);
	like = good();
	like.names = NULL;
	assert_int_equal(pass(&like, t.new_key, t.root), RV_CLASS_DENIED);
	like = good();
	like.usage = "clientAuth";
	assert_int_equal(pass(&like, t.new_key, t.root), RV_CLASS_DENIED);
}

static void refuses_dates_that_are_not_now(void **state)
{
	struct like like = good();

	(void)state;
	like.from_s = 3600;
	assert_int_equal(pass(&like, t.new_key, t.root), RV_CLASS_DENIED);
	like = good();
	like.from_s = -7200;
	like.until_s = -3600;
	assert_int_equal(pass(&like, t.new_key, t.root), RV_CLASS_DENIED);
	like = good();
	like.from_s = 30; /* within the skew */
	assert_int_equal(pass(&like, t.new_key, t.root), RV_CLASS_OK);
}

static void refuses_a_ca_and_a_chain_that_does_not_lead_anywhere(void **state)
{
	struct like like = good();

	(void)state;
	like.constraints = "CA:TRUE";
	assert_int_equal(pass(&like, t.new_key, t.root), RV_CLASS_DENIED);
	like = good();
	assert_int_equal(pass(&like, t.new_key, t.old_one), RV_CLASS_DENIED);
	like.signer = t.old_key; /* names the root, was not signed by it */
	assert_int_equal(pass(&like, t.new_key, t.root), RV_CLASS_DENIED);
}

static void says_malformed_of_what_is_no_certificate(void **state)
{
	uint8_t *bytes;
	struct rv_gate gate = {.old_der = der_of(t.old_one, &bytes), .new_der = RV_STR_LIT("no")};
	struct rv_leaf leaf;

	(void)state;
	assert_int_equal(rv_class_of(rv_gate_certificate(&gate, NULL)), RV_CLASS_MALFORMED);
	gate.old_der.len--;
	assert_int_equal(rv_class_of(rv_leaf_of(gate.old_der, &leaf, NULL)), RV_CLASS_MALFORMED);
	OPENSSL_free(bytes);
}

static int start(void **state)
{
	(void)state;
	t.root_key = EVP_EC_gen("P-256");
	t.old_key = EVP_EC_gen("P-256");
	t.new_key = EVP_EC_gen("P-256");
	t.rsa_key = EVP_RSA_gen(2048);
	struct like root = {.key = t.root_key,
			    .signer = t.root_key,
			    .constraints = "critical,CA:TRUE",
			    .from_s = -60,
			    .until_s = 86400};
	t.root = make(&root);
	struct like old_one = good();
	old_one.key = t.old_key;
	old_one.usage = "serverAuth";
	t.old_one = make(&old_one);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	X509_free(t.root);
	X509_free(t.old_one);
	EVP_PKEY_free(t.root_key);
	EVP_PKEY_free(t.old_key);
	EVP_PKEY_free(t.new_key);
	EVP_PKEY_free(t.rsa_key);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_a_fit_one_pass),
		cmocka_unit_test(refuses_another_key_and_another_kind_of_key),
		cmocka_unit_test(refuses_fewer_names_and_usages),
		cmocka_unit_test(refuses_dates_that_are_not_now),
		cmocka_unit_test(refuses_a_ca_and_a_chain_that_does_not_lead_anywhere),
		cmocka_unit_test(says_malformed_of_what_is_no_certificate),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
