/* Minting: what a request takes over from the old certificate, and what it must not. */
#include "agent/act/broker_mint.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static const int64_t year_us[2] = {0, 365 * RV_US_PER_DAY};

static void add_ext(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* A self-signed server certificate as DER. */
static struct rv_buf template_of(EVP_PKEY *key, const char *key_usage, bool is_ca)
{
	X509 *cert = X509_new();
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
				   (const unsigned char *)"web.example.org", -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	ASN1_TIME_set(X509_getm_notBefore(cert), 0);
	ASN1_TIME_set(X509_getm_notAfter(cert), 2000000000);
	X509_set_pubkey(cert, key);
	add_ext(cert, NID_subject_alt_name, "DNS:web.example.org,DNS:www.example.org,IP:127.0.0.1");
	add_ext(cert, NID_ext_key_usage, "serverAuth");
	if (key_usage)
		add_ext(cert, NID_key_usage, key_usage);
	add_ext(cert, NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "CA:FALSE");
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	struct rv_buf out;
	rv_buf_init(&out, 65536);
	assert_true(rv_is_ok(rv_buf_put(&out, der, (size_t)len)));
	OPENSSL_free(der);
	X509_free(cert);
	return out;
}

static X509_REQ *request_of(const struct rv_broker_key *key)
{
	const unsigned char *p = key->public_der.data;
	X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)key->public_der.len);
	assert_non_null(req);
	assert_ptr_equal(p, key->public_der.data + key->public_der.len);
	assert_int_equal(X509_REQ_verify(req, X509_REQ_get0_pubkey(req)), 1);
	return req;
}

static EVP_PKEY *held_key(const struct rv_broker_key *key)
{
	const unsigned char *p = rv_secret_reveal(key->pkcs8);
	EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &p, (long)rv_secret_len(key->pkcs8));
	assert_non_null(pkey);
	return pkey;
}

static uint32_t key_usage_of(X509_REQ *req)
{
	STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
	ASN1_BIT_STRING *bits = X509V3_get_d2i(exts, NID_key_usage, NULL, NULL);
	uint32_t out = 0;
	for (int i = 0; bits && i < 9; i++)
		out |= ASN1_BIT_STRING_get_bit(bits, i) ? 1U << i : 0;
	ASN1_BIT_STRING_free(bits);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	return out;
}

static void a_request_carries_the_old_names_and_the_new_key(void **state)
{
	(void)state; /* unused */
	EVP_PKEY *old = EVP_EC_gen("P-256");
	struct rv_buf der = template_of(old, "critical,digitalSignature,keyEncipherment", false);
	struct rv_broker_key key;
	rv_broker_key_init(&key);
	assert_true(rv_is_ok(rv_broker_mint(0, rv_buf_view(&der), &key, NULL)));
	X509_REQ *req = request_of(&key);
	EVP_PKEY *held = held_key(&key);
	assert_int_equal(EVP_PKEY_eq(held, X509_REQ_get0_pubkey(req)), 1);
	assert_int_equal(EVP_PKEY_eq(old, held), 0);
	assert_true(EVP_PKEY_is_a(held, "EC"));

	unsigned char *spki = NULL;
	int len = i2d_PUBKEY(held, &spki);
	struct rv_digest digest = rv_sha256(spki, (size_t)len);
	assert_memory_equal(digest.bytes, key.spki_sha256, 32);
	OPENSSL_free(spki);

	STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
	GENERAL_NAMES *names = X509V3_get_d2i(exts, NID_subject_alt_name, NULL, NULL);
	assert_int_equal(sk_GENERAL_NAME_num(names), 3);
	assert_true(X509v3_get_ext_by_NID(exts, NID_ext_key_usage, -1) >= 0);
	assert_true(X509v3_get_ext_by_NID(exts, NID_basic_constraints, -1) < 0);
	GENERAL_NAMES_free(names);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	assert_int_equal(key_usage_of(req), 1); /* encipherment is nothing an EC key does */
	EVP_PKEY_free(held);
	EVP_PKEY_free(old);
	X509_REQ_free(req);
	rv_broker_key_done(&key);
	rv_buf_done(&der);
}

static void a_ca_template_asks_for_no_ca_bits(void **state)
{
	(void)state; /* unused */
	EVP_PKEY *old = EVP_RSA_gen(3072);
	struct rv_buf der = template_of(old, "keyEncipherment,keyCertSign,cRLSign", true);
	struct rv_broker_key key;
	rv_broker_key_init(&key);
	assert_true(rv_is_ok(rv_broker_mint(RV_ALG_RSA, rv_buf_view(&der), &key, NULL)));
	X509_REQ *req = request_of(&key);
	assert_int_equal(key_usage_of(req), 1U << 0 | 1U << 2);
	EVP_PKEY *held = held_key(&key);
	assert_int_equal(EVP_PKEY_get_bits(held), 3072);
	EVP_PKEY_free(held);
	EVP_PKEY_free(old);
	X509_REQ_free(req);
	rv_broker_key_done(&key);
	rv_buf_done(&der);
}

static void two_mints_never_share_a_key(void **state)
{
	(void)state; /* unused */
	EVP_PKEY *old = EVP_EC_gen("P-256");
	struct rv_buf der = template_of(old, NULL, false);
	struct rv_broker_key a;
	struct rv_broker_key b;
	rv_broker_key_init(&a);
	rv_broker_key_init(&b);
	assert_true(rv_is_ok(rv_broker_mint(RV_ALG_EC_P384, rv_buf_view(&der), &a, NULL)));
	assert_true(rv_is_ok(rv_broker_mint(RV_ALG_ED25519, rv_buf_view(&der), &b, NULL)));
	assert_memory_not_equal(a.spki_sha256, b.spki_sha256, 32);
	assert_false(rv_secret_equal(a.pkcs8, b.pkcs8));
	X509_REQ_free(request_of(&a));
	X509_REQ_free(request_of(&b));
	rv_broker_key_done(&a);
	rv_broker_key_done(&b);
	EVP_PKEY_free(old);
	rv_buf_done(&der);
}

static void hostile_templates_are_malformed(void **state)
{
	(void)state; /* unused */
	EVP_PKEY *old = EVP_EC_gen("P-256");
	struct rv_buf der = template_of(old, "digitalSignature", false);
	struct rv_broker_key key;
	rv_broker_key_init(&key);
	for (size_t cut = 0; cut < der.len; cut += 3) {
		rv_status st = rv_broker_mint(0, (struct rv_str){der.data, cut}, &key, NULL);
		assert_int_equal(rv_class_of(st), RV_CLASS_MALFORMED);
	}
	assert_true(rv_is_ok(rv_buf_put_byte(&der, 0)));
	rv_status st = rv_broker_mint(0, rv_buf_view(&der), &key, NULL);
	assert_int_equal(rv_class_of(st), RV_CLASS_MALFORMED);
	der.len--;
	/* Any single flipped bit either still parses as a certificate or is refused; never more. */
	for (size_t i = 0; i < der.len; i += 5) {
		der.data[i] ^= 0x10;
		struct rv_broker_key other;
		rv_broker_key_init(&other);
		st = rv_broker_mint(0, rv_buf_view(&der), &other, NULL);
		assert_true(rv_is_ok(st) || !other.pkcs8);
		rv_broker_key_done(&other);
		der.data[i] ^= 0x10;
	}
	st = rv_broker_mint(99, rv_buf_view(&der), &key, NULL);
	assert_int_equal(rv_class_of(st), RV_CLASS_MISCONFIGURED);
	assert_null(key.pkcs8);
	rv_broker_key_done(&key);
	EVP_PKEY_free(old);
	rv_buf_done(&der);
}

static void a_root_signs_itself_and_may_issue(void **state)
{
	(void)state; /* unused */
	struct rv_broker_key root;
	rv_broker_key_init(&root);
	assert_true(
		rv_is_ok(rv_broker_mint_root(0, RV_STR_LIT("test root"), year_us, &root, NULL)));
	const unsigned char *p = root.public_der.data;
	X509 *cert = d2i_X509(NULL, &p, (long)root.public_der.len);
	assert_non_null(cert);
	assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
	assert_int_equal(X509_check_ca(cert), 1);
	EVP_PKEY *held = held_key(&root);
	assert_int_equal(X509_check_private_key(cert, held), 1);
	assert_true(EVP_PKEY_is_a(held, "RSA"));
	EVP_PKEY_free(held);
	X509_free(cert);
	rv_broker_key_done(&root);
}

static void roots_without_a_name_or_a_life_are_refused(void **state)
{
	(void)state; /* unused */
	struct rv_broker_key root;
	rv_broker_key_init(&root);
	const int64_t crossed[2] = {5, 5};
	rv_status st = rv_broker_mint_root(0, RV_STR_LIT("x"), crossed, &root, NULL);
	assert_int_equal(rv_class_of(st), RV_CLASS_MISCONFIGURED);
	st = rv_broker_mint_root(0, RV_STR_LIT(""), year_us, &root, NULL);
	assert_int_equal(rv_class_of(st), RV_CLASS_MISCONFIGURED);
	st = rv_broker_mint_root(0, RV_STR_LIT("a\nb"), year_us, &root, NULL);
	assert_int_equal(rv_class_of(st), RV_CLASS_MISCONFIGURED);
	rv_broker_key_done(&root);
}

static void pem_is_what_openssl_reads(void **state)
{
	(void)state; /* unused */
	struct rv_broker_key root;
	struct rv_secret *pem = NULL;
	rv_broker_key_init(&root);
	assert_true(rv_is_ok(
		rv_broker_mint_root(RV_ALG_EC_P256, RV_STR_LIT("pem"), year_us, &root, NULL)));
	assert_true(rv_is_ok(rv_broker_key_pem(root.pkcs8, &pem)));
	BIO *bio = BIO_new_mem_buf(rv_secret_reveal(pem), (int)rv_secret_len(pem));
	EVP_PKEY *read = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	EVP_PKEY *held = held_key(&root);
	assert_non_null(read);
	assert_int_equal(EVP_PKEY_eq(read, held), 1);
	EVP_PKEY_free(read);
	EVP_PKEY_free(held);
	BIO_free(bio);
	rv_secret_free(pem);
	rv_broker_key_done(&root);
}

static void a_head_signature_verifies_for_its_head_only(void **state)
{
	(void)state; /* unused */
	uint8_t seed_bytes[32];
	struct rv_digest head;
	uint8_t signature[64];
	uint8_t public_key[32];
	struct rv_secret *seed = NULL;
	rv_random(seed_bytes, sizeof(seed_bytes));
	rv_random(&head, sizeof(head));
	assert_true(rv_is_ok(rv_secret_new(seed_bytes, sizeof(seed_bytes), &seed)));
	assert_true(rv_is_ok(rv_broker_sign_head(seed, 9, &head, signature, public_key)));
	uint8_t message[RV_HEAD_MESSAGE_LEN] = "reeve-audit-v1";
	message[15] = 9;
	memcpy(message + 23, head.bytes, 32);
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestVerify(ctx, signature, 64, message, sizeof(message)), 1);
	message[15] = 10;
	assert_int_not_equal(EVP_DigestVerify(ctx, signature, 64, message, sizeof(message)), 1);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	rv_secret_free(seed);
	ERR_clear_error();
}

static int setup(void **state)
{
	(void)state; /* unused */
	if (!rv_broker_wiping_allocator())
		return -1;
	return rv_is_ok(rv_secret_heap_init(NULL)) && rv_is_ok(rv_broker_warm_up(NULL)) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_carries_the_old_names_and_the_new_key),
		cmocka_unit_test(a_ca_template_asks_for_no_ca_bits),
		cmocka_unit_test(two_mints_never_share_a_key),
		cmocka_unit_test(hostile_templates_are_malformed),
		cmocka_unit_test(a_root_signs_itself_and_may_issue),
		cmocka_unit_test(roots_without_a_name_or_a_life_are_refused),
		cmocka_unit_test(pem_is_what_openssl_reads),
		cmocka_unit_test(a_head_signature_verifies_for_its_head_only),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
