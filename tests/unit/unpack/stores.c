#include "tests/support/unit.h"

#include "agent/unpack/keystore.h"
#include "tests/support/dir.h"
#include "tests/support/pems.h"
#include "tests/support/run.h"

#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <stdio.h>

#define ENOUGH UINT64_MAX

/* A PKCS#12 with a key and its certificate. Algorithms 0: the defaults; -1: none. */
static struct rv_buf make_p12(const char *password, int key_nid, int cert_nid, int mac_rounds)
{
	EVP_PKEY *key = pems_key("EC");
	X509 *cert = pems_cert(key, "store.example.org", NULL);
	PKCS12 *p12 = PKCS12_create(password, "the alias\n", key, cert, NULL, key_nid, cert_nid,
				    100, mac_rounds, 0);
	unsigned char *der = NULL;
	int len = p12 ? i2d_PKCS12(p12, &der) : -1;
	struct rv_buf out;

	if (len < 0)
		rvt_die("no PKCS#12");
	rv_buf_init(&out, 1 << 20);
	assert_ok(rv_buf_put(&out, der, (size_t)len));
	OPENSSL_free(der);
	PKCS12_free(p12);
	X509_free(cert);
	EVP_PKEY_free(key);
	return out;
}

static struct rv_keystore look(const struct rv_buf *bytes)
{
	struct rv_keystore store;
	enum rv_unpack_kind kind = rv_unpack_kind(rv_buf_view(bytes));

	assert_ok(rv_keystore_look(rv_buf_view(bytes), kind, ENOUGH, &store));
	assert_int_equal(store.format, kind);
	return store;
}

static void refuses_what_is_no_key_store(void **state)
{
	struct rv_keystore store;

	(void)state;
	assert_class(rv_keystore_look(RV_STR_NONE, RV_UNPACK_PKCS12, ENOUGH, &store),
		     RV_CLASS_MALFORMED);
	assert_class(rv_keystore_look(RV_STR_NONE, RV_UNPACK_JKS, ENOUGH, &store),
		     RV_CLASS_MALFORMED);
	assert_class(rv_keystore_look(RV_STR_LIT("PK\3\4"), RV_UNPACK_ZIP, ENOUGH, &store),
		     RV_CLASS_MALFORMED);
}

static void tells_which_known_password_opens_a_pkcs12(void **state)
{
	static const struct {
		const char *password;
		enum rv_keystore_lock lock;
	} cases[] = {{"changeit", RV_KEYSTORE_OPEN_KNOWN},
		     {"", RV_KEYSTORE_OPEN_EMPTY},
		     {"something else", RV_KEYSTORE_LOCKED}};

	(void)state;
	for (size_t i = 0; i < RV_LEN(cases); i++) {
		struct rv_buf p12 = make_p12(cases[i].password, 0, 0, 100);
		struct rv_keystore store = look(&p12);

		assert_int_equal(rv_unpack_kind(rv_buf_view(&p12)), RV_UNPACK_PKCS12);
		assert_int_equal(store.lock, cases[i].lock);
		assert_int_equal(store.counts[RV_KEYSTORE_PRIVATE_KEY], 1);
		assert_int_equal(store.entry_count, 1);
		assert_string_equal(store.entries[0].alias, "the alias ");
		assert_true(store.entries[0].is_encrypted);
		assert_true(store.is_partial); /* the certificates are encrypted */
		assert_false(store.has_plain_key);
		rv_buf_done(&p12);
	}
}

static void tells_a_key_that_no_password_protects(void **state)
{
	struct rv_buf p12 = make_p12("something else", -1, -1, -1);
	struct rv_keystore store = look(&p12);

	(void)state;
	assert_true(store.has_plain_key);
	assert_int_equal(store.lock, RV_KEYSTORE_NO_MAC);
	assert_int_equal(store.counts[RV_KEYSTORE_CERTIFICATE], 1);
	rv_buf_done(&p12);
}

static void tries_no_password_for_too_many_rounds(void **state)
{
	/* INTEGER 77777 becomes 2,000,000,000 where it stands at the end of the MAC. */
	static const uint8_t few[] = {0x02, 0x03, 0x01, 0x2f, 0xd1};
	struct rv_buf p12 = make_p12("changeit", 0, 0, 77777);
	struct rv_keystore store;

	(void)state;
	assert_memory_equal(p12.data + p12.len - sizeof(few), few, sizeof(few));
	p12.data[p12.len - 3] = 0x7f; /* 8,335,313 */
	assert_ok(rv_keystore_look(rv_buf_view(&p12), RV_UNPACK_PKCS12, ENOUGH, &store));
	assert_int_equal(store.lock, RV_KEYSTORE_TOO_SLOW);
	assert_int_equal(store.rounds, 0);
	rv_buf_done(&p12);
}

/* What is tried is counted, and not begun when the worst would be too much. */
static void takes_no_more_rounds_than_it_may(void **state)
{
	struct rv_buf locked = make_p12("something else", 0, 0, 1000);
	struct rv_buf empty = make_p12("", 0, 0, 1000);
	struct rv_keystore store;

	(void)state;
	assert_ok(rv_keystore_look(rv_buf_view(&locked), RV_UNPACK_PKCS12, 2999, &store));
	assert_int_equal(store.lock, RV_KEYSTORE_SPENT); /* its own rounds are few */
	assert_int_equal(store.rounds, 0);
	assert_int_equal(store.counts[RV_KEYSTORE_PRIVATE_KEY], 1);
	assert_ok(rv_keystore_look(rv_buf_view(&locked), RV_UNPACK_PKCS12, 3000, &store));
	assert_int_equal(store.lock, RV_KEYSTORE_LOCKED);
	assert_int_equal(store.rounds, 3000);
	assert_ok(rv_keystore_look(rv_buf_view(&empty), RV_UNPACK_PKCS12, ENOUGH, &store));
	assert_int_equal(store.lock, RV_KEYSTORE_OPEN_EMPTY);
	assert_true(store.rounds <= 2000);
	rv_buf_done(&locked);
	rv_buf_done(&empty);
}

static void put_big(struct rv_buf *out, uint64_t number, size_t len)
{
	for (size_t i = len; i-- > 0;)
		assert_ok(rv_buf_put_byte(out, (uint8_t)(number >> (8 * i))));
}

static void put_name(struct rv_buf *out, const char *name)
{
	put_big(out, strlen(name), 2);
	assert_ok(rv_buf_put_str(out, name));
}

static void put_entry(struct rv_buf *out, unsigned tag, const char *alias)
{
	put_big(out, tag, 4);
	put_name(out, alias);
	put_big(out, 1700000000123, 8);
	if (tag == 1) {
		put_big(out, 5, 4);
		assert_ok(rv_buf_put_str(out, "xxxxx"));
		put_big(out, 1, 4);
	}
	if (tag == 3) {
		assert_ok(rv_buf_put_str(out, "\xac\xed what Java serialized"));
		return;
	}
	put_name(out, "X.509");
	put_big(out, 3, 4);
	assert_ok(rv_buf_put_str(out, "yyy"));
}

static void seal(struct rv_buf *out, const char *password)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t digest[EVP_MAX_MD_SIZE];

	assert_true(EVP_DigestInit_ex(ctx, EVP_sha1(), NULL));
	for (; *password; password++)
		assert_true(EVP_DigestUpdate(ctx, (const char[]){0, *password}, 2));
	assert_true(EVP_DigestUpdate(ctx, "Mighty Aphrodite", 16));
	assert_true(EVP_DigestUpdate(ctx, out->data, out->len));
	assert_true(EVP_DigestFinal_ex(ctx, digest, NULL));
	EVP_MD_CTX_free(ctx);
	assert_ok(rv_buf_put(out, digest, 20));
}

static struct rv_buf make_jks(const char *password, const unsigned *tags, size_t count)
{
	struct rv_buf out;

	rv_buf_init(&out, 1 << 20);
	put_big(&out, count && tags[count - 1] == 3 ? 0xcececece : 0xfeedfeed, 4);
	put_big(&out, 2, 4);
	put_big(&out, count, 4);
	for (size_t i = 0; i < count; i++)
		put_entry(&out, tags[i],
			  tags[i] == 1	 ? "server"
			  : tags[i] == 2 ? "root ca"
					 : "aes");
	seal(&out, password);
	return out;
}

static void reads_java_key_stores(void **state)
{
	static const unsigned tags[] = {1, 2, 3};
	struct rv_buf jks = make_jks("changeit", tags, 2);
	struct rv_keystore store = look(&jks);

	(void)state;
	assert_int_equal(store.lock, RV_KEYSTORE_OPEN_KNOWN);
	assert_int_equal(store.entry_count, 2);
	assert_string_equal(store.entries[0].alias, "server");
	assert_int_equal(store.entries[0].kind, RV_KEYSTORE_PRIVATE_KEY);
	assert_int_equal(store.entries[0].made_at_s, 1700000000);
	assert_int_equal(store.entries[1].kind, RV_KEYSTORE_CERTIFICATE);
	assert_false(store.is_partial);
	rv_buf_done(&jks);
	jks = make_jks("something else", tags, 3);
	store = look(&jks);
	assert_int_equal(store.lock, RV_KEYSTORE_LOCKED);
	assert_int_equal(store.counts[RV_KEYSTORE_SECRET_KEY], 1);
	assert_true(store.is_partial);
	rv_buf_done(&jks);
	jks = make_jks("", tags, 0);
	store = look(&jks);
	assert_int_equal(store.lock, RV_KEYSTORE_OPEN_EMPTY);
	rv_buf_done(&jks);
}

static void keytool_store(const struct rvt_dir *dir, const char *type, struct rv_buf *out)
{
	char path[RVT_PATH];
	struct rvt_result result;

	rvt_dir_path(dir, type, path);
	result = rvt_run((const char *const[]){"keytool", "-genkeypair", "-keyalg", "EC", "-alias",
					       "server", "-dname", "CN=x", "-storetype", type,
					       "-keystore", path, "-storepass", "changeit", NULL},
			 RV_STR_NONE, 60000);
	if (result.code != 0) {
		rvt_result_done(&result);
		print_message("SKIPPED: no keytool that works\n");
		skip();
	}
	rvt_result_done(&result);
	*out = rvt_file_read(path);
}

static void reads_what_keytool_makes(void **state)
{
	static const char *const types[] = {"JKS", "JCEKS", "PKCS12"};
	struct rvt_dir dir;

	(void)state;
	rvt_dir_init(&dir);
	for (size_t i = 0; i < RV_LEN(types); i++) {
		struct rv_buf bytes = {0};
		struct rv_keystore store;

		keytool_store(&dir, types[i], &bytes);
		store = look(&bytes);
		assert_int_equal(store.lock, RV_KEYSTORE_OPEN_KNOWN);
		assert_int_equal(store.counts[RV_KEYSTORE_PRIVATE_KEY], 1);
		assert_string_equal(store.entries[0].alias, "server");
		rv_buf_done(&bytes);
	}
	rvt_dir_done(&dir);
}

static void survives_damaged_key_stores(void **state)
{
	static const unsigned tags[] = {1, 2, 2};
	struct rv_buf stores[2] = {make_jks("changeit", tags, 3), make_p12("changeit", 0, 0, 10)};

	(void)state;
	for (size_t i = 0; i < RV_LEN(stores); i++) {
		enum rv_unpack_kind kind = i ? RV_UNPACK_PKCS12 : RV_UNPACK_JKS;
		struct rv_keystore store;

		for (size_t len = 0; len < stores[i].len; len++) {
			uint8_t *copy = malloc(len + 1);

			assert_non_null(copy);
			memcpy(copy, stores[i].data, len);
			assert_class(
				rv_keystore_look((struct rv_str){copy, len}, kind, ENOUGH, &store),
				RV_CLASS_MALFORMED);
			free(copy);
		}
		for (size_t at = 0; at < stores[i].len; at++) {
			stores[i].data[at] ^= 0xff;
			/* Either is right: only that it comes back counts. */
			(void)rv_is_ok(
				rv_keystore_look(rv_buf_view(&stores[i]), kind, ENOUGH, &store));
			stores[i].data[at] ^= 0xff;
		}
		rv_buf_done(&stores[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_no_key_store),
		cmocka_unit_test(tells_which_known_password_opens_a_pkcs12),
		cmocka_unit_test(tells_a_key_that_no_password_protects),
		cmocka_unit_test(tries_no_password_for_too_many_rounds),
		cmocka_unit_test(takes_no_more_rounds_than_it_may),
		cmocka_unit_test(reads_java_key_stores),
		cmocka_unit_test(reads_what_keytool_makes),
		cmocka_unit_test(survives_damaged_key_stores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
