/* tests: what on a host belongs to a key that was found. The host is a directory made here. */
#include "agent/sweep/facts_pair.h"

#include "agent/scan/rule.h"
#include "agent/sweep/fixture.h"
#include "tests/support/dir.h"
#include "tests/support/pems.h"
#include "tests/support/unit.h"

#include <openssl/core_names.h>
#include <stdio.h>
#include <sys/stat.h>

static const struct rv_rule pem_rule = {.id = "private-key", .matcher = RV_MATCHER_PEM};

struct host {
	struct rvt_dir dir;
	char root[RVT_PATH], home[RVT_PATH];
	struct rv_leaks leaks;
	EVP_PKEY *key;
	char spki[RV_SPKI_TEXT];
};

static int set_up(void **state)
{
	struct host *h = calloc(1, sizeof(*h));
	unsigned char digest[32];

	assert_non_null(h);
	rvt_dir_init(&h->dir);
	rvt_dir_path(&h->dir, "root", h->root);
	rvt_dir_path(&h->dir, "home/ann", h->home);
	h->key = pems_key("RSA");
	pems_spki(h->key, digest);
	memcpy(h->spki, "spki:", 5);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(h->spki + 5 + 2 * i, 3, "%02x", digest[i]);
	*state = h;
	return 0;
}

static int tear_down(void **state)
{
	struct host *h = *state;

	rv_leaks_done(&h->leaks);
	EVP_PKEY_free(h->key);
	rvt_dir_done(&h->dir);
	free(h);
	return 0;
}

static size_t add_leak(struct host *h, const char *name, const char *inside, const char *id)
{
	char path[RVT_PATH];
	struct rv_leak *leak = rv_leaks_add(&h->leaks);

	assert_non_null(leak);
	rvt_dir_path(&h->dir, name, path);
	const char *copy = rv_leaks_cstr(&h->leaks, path);
	leak->rule = &pem_rule;
	leak->path = rv_str_of(copy);
	leak->inside = inside;
	leak->public_id = rv_leaks_cstr(&h->leaks, id);
	leak->facts = "RSA 2048";
	return h->leaks.count - 1;
}

/* What is added to the facts of a leak. */
static const char *pair(struct host *h, size_t leak)
{
	const struct rv_pair_host on = {h->root, h->home, INT64_C(1795824000000000)};

	assert_ok(rv_facts_pair(&h->leaks, &on));
	assert_int_equal(strncmp(h->leaks.items[leak].facts, "RSA 2048", 8), 0);
	return h->leaks.items[leak].facts + 8;
}

static void write_certificate(struct host *h, const char *file, const char *cn, const char *names)
{
	X509 *cert = pems_cert(h->key, cn, names);
	char *text = pems_cert_text(cert);

	rvt_dir_write_text(&h->dir, file, text);
	free(text);
	X509_free(cert);
}

static size_t put_field(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, (uint8_t[]){0, 0, (uint8_t)(len >> 8), (uint8_t)len}, 4);
	memcpy(at + 4, bytes, len);
	return len + 4;
}

static size_t put_number(uint8_t *at, EVP_PKEY *key, const char *name)
{
	BIGNUM *n = NULL;
	uint8_t bytes[520] = {0};

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &n), 1);
	int len = BN_num_bytes(n);
	assert_true(len < 512);
	(void)BN_bn2bin(n, bytes + 1); /* len */
	BN_free(n);
	size_t lead = bytes[1] & 0x80 ? 0 : 1;
	return put_field(at, bytes + lead, (size_t)len + 1 - lead);
}

/* "ssh-rsa AAAA.." of the key. */
static void ssh_line(struct host *h, char out[2048])
{
	uint8_t blob[1024];
	size_t n = put_field(blob, "ssh-rsa", 7);

	n += put_number(blob + n, h->key, OSSL_PKEY_PARAM_RSA_E);
	n += put_number(blob + n, h->key, OSSL_PKEY_PARAM_RSA_N);
	memcpy(out, "ssh-rsa ", 8);
	(void)EVP_EncodeBlock((uint8_t *)out + 8, blob, (int)n); /* its length is not needed */
}

static void says_nothing_where_nothing_fits(void **state)
{
	struct host *h = *state;
	EVP_PKEY *mine = h->key;
	size_t leak = add_leak(h, "etc/server.key", NULL, h->spki);

	rvt_dir_write_text(&h->dir, "etc/server.key", "x");
	rvt_dir_write_text(&h->dir, "etc/empty.pem", "");
	rvt_dir_write_text(&h->dir, "etc/bad.pem",
			   "-----BEGIN CERTIFICATE-----\nMIIB\n-----BEGIN PUBLIC KEY-----\n!");
	rvt_dir_write_text(&h->dir, "etc/bad.pub", "ssh-rsa AAAA\nssh-rsa  AAAAB3\n AAAA AAAA");
	h->key = pems_key("RSA");
	write_certificate(h, "etc/other.pem", "other.example.org", NULL);
	EVP_PKEY_free(h->key);
	h->key = mine;
	assert_string_equal(pair(h, leak), "");
}

static void looks_at_no_file_that_may_hang_or_is_too_large(void **state)
{
	struct host *h = *state;
	char path[RVT_PATH];
	size_t leak = add_leak(h, "etc/server.key", NULL, h->spki);
	char *large = calloc(1, RV_PAIR_FILE_MAX + 1);

	assert_non_null(large);
	write_certificate(h, "etc/x", "a.example.org", NULL);
	rvt_dir_path(&h->dir, "etc/x", path);
	struct rv_buf text = rvt_file_read(path);
	memset(large, '\n', RV_PAIR_FILE_MAX + 1);
	memcpy(large, text.data, text.len);
	rvt_dir_write(&h->dir, "etc/large.pem", large, RV_PAIR_FILE_MAX + 1, 0600);
	rv_buf_done(&text);
	free(large);
	rvt_dir_path(&h->dir, "etc/pipe.pem", path);
	assert_int_equal(mkfifo(path, 0600), 0);
	rvt_dir_make(&h->dir, "etc/dir.pem", 0700);
	assert_string_equal(pair(h, leak), "");
}

static void finds_the_certificate_beside_a_key(void **state)
{
	struct host *h = *state;
	char says[RVT_PATH];
	size_t leak = add_leak(h, "etc/server.key", NULL, h->spki);
	size_t other = add_leak(h, "etc/other.key", NULL, "spki:00");
	size_t inside = add_leak(h, "etc/all.tar", "server.key", h->spki);

	write_certificate(h, "etc/fullchain.pem", "Ann",
			  "email:ann@example.org,DNS:shop.example.org");
	const char *told = pair(h, leak);
	assert_int_equal(strncmp(told, ", opens certificate shop.example.org, valid until 20", 52),
			 0);
	(void)snprintf(says, sizeof(says), "(%s/etc/fullchain.pem)", h->dir.path);
	assert_non_null(strstr(told, says));
	assert_string_equal(h->leaks.items[other].facts, "RSA 2048");
	assert_string_equal(h->leaks.items[inside].facts, "RSA 2048");
}

static void finds_the_certificate_in_the_keys_own_file(void **state)
{
	struct host *h = *state;
	size_t leak = add_leak(h, "etc/all.key", NULL, h->spki);

	write_certificate(h, "etc/all.key", "shop.example.org", NULL);
	assert_non_null(strstr(pair(h, leak), "certificate shop.example.org, valid"));
	assert_non_null(strstr(h->leaks.items[leak].facts, "(same file)"));
}

static void a_key_of_a_test_with_its_own_certificate_is_weak(void **state)
{
	struct host *h = *state;
	size_t leak = add_leak(h, "a/server.key", NULL, h->spki);
	size_t test = add_leak(h, "tests/server.key", NULL, h->spki);
	size_t alone = add_leak(h, "tests/alone/server.key", NULL, h->spki);

	h->leaks.items[test].is_in_tests = true;
	h->leaks.items[alone].is_in_tests = true;
	for (size_t i = 0; i < h->leaks.count; i++)
		h->leaks.items[i].confidence = 98;
	write_certificate(h, "a/cert", "shop.example.org", NULL);
	write_certificate(h, "tests/cert", "shop.example.org", NULL);
	(void)pair(h, leak); /* what it says is another test's */
	assert_int_equal(h->leaks.items[leak].confidence, 98);
	assert_int_equal(h->leaks.items[test].confidence, RV_FIXTURE_CONFIDENCE);
	assert_int_equal(h->leaks.items[alone].confidence, 98);
	rv_leaks_weaken(&h->leaks, 50, true);
	assert_int_equal(h->leaks.count, 3);
	assert_int_equal(h->leaks.items[test].state, RV_LEAK_WEAK);
	assert_int_equal(h->leaks.weak, 1);
	rv_leaks_weaken(&h->leaks, 50, false);
	assert_int_equal(h->leaks.weak, 1); /* counted once */
}

static void a_key_of_a_test_that_lets_in_here_is_none(void **state)
{
	struct host *h = *state;
	size_t leak = add_leak(h, "tests/server.key", NULL, h->spki);
	char line[2048];

	ssh_line(h, line);
	rvt_dir_write_text(&h->dir, "home/ann/.ssh/authorized_keys", line);
	write_certificate(h, "tests/cert", "shop.example.org", NULL);
	h->leaks.items[leak].is_in_tests = true;
	h->leaks.items[leak].confidence = 98;
	assert_non_null(strstr(pair(h, leak), "authorized in"));
	assert_int_equal(h->leaks.items[leak].confidence, 98);
}

static void names_no_person(void **state)
{
	struct host *h = *state;
	size_t leak = add_leak(h, "etc/server.key", NULL, h->spki);

	write_certificate(h, "etc/a.crt", "Ann Other", "email:ann@example.org");
	assert_non_null(strstr(pair(h, leak), ", opens certificate valid until 20"));
	assert_null(strstr(h->leaks.items[leak].facts, "Ann"));
	assert_null(strstr(h->leaks.items[leak].facts, "ann@"));
}

static void looks_into_certs_beside_private(void **state)
{
	struct host *h = *state;
	size_t leak = add_leak(h, "tls/private/server.key", NULL, h->spki);

	rvt_dir_write_text(&h->dir, "tls/private/server.key", "x");
	write_certificate(h, "tls/certs/server.crt", "shop.example.org", NULL);
	assert_non_null(strstr(pair(h, leak), "/tls/certs/server.crt)"));
}

static void looks_at_known_places(void **state)
{
	struct host *h = *state;
	size_t leak = add_leak(h, "backup/old.key", NULL, h->spki);
	size_t inside = add_leak(h, "backup/all.tar", "x.key", h->spki);

	write_certificate(h, "root/etc/letsencrypt/live/shop/cert.pem", "shop.example.org", NULL);
	assert_non_null(strstr(pair(h, leak), "/root/etc/letsencrypt/live/shop/cert.pem)"));
	assert_non_null(strstr(h->leaks.items[inside].facts, "opens certificate"));
}

static void finds_where_a_key_lets_in_though_it_is_in_pem(void **state)
{
	struct host *h = *state;
	char line[2048], text[4096], says[2 * RVT_PATH];
	size_t leak = add_leak(h, "home/ann/.ssh/id_rsa", NULL, h->spki);

	ssh_line(h, line);
	(void)snprintf(text, sizeof(text),
		       "# keys\n\ncommand=\"x y\",no-pty %s ann@example.org\r\n", line);
	rvt_dir_write_text(&h->dir, "home/ann/.ssh/authorized_keys", text);
	(void)snprintf(text, sizeof(text), "%s\n", line);
	rvt_dir_write_text(&h->dir, "home/ann/.ssh/id_rsa.pub", text);
	rvt_dir_write_text(&h->dir, "root/etc/ssh/ssh_host_rsa_key.pub", text);
	const char *told = pair(h, leak);
	(void)snprintf(says, sizeof(says), "authorized in %s/.ssh/authorized_keys line 3", h->home);
	assert_non_null(strstr(told, says));
	assert_non_null(strstr(told, "public half id_rsa.pub beside it"));
	assert_null(strstr(told, "ann@example.org"));
}

static void pairs_by_the_fingerprint_of_openssh(void **state)
{
	struct host *h = *state;
	char line[2048], id[RV_SSH_TEXT];
	uint8_t blob[2048];

	ssh_line(h, line);
	int len = EVP_DecodeBlock(blob, (const uint8_t *)line + 8, (int)strlen(line) - 8);
	assert_true(len > 0);
	size_t pad = (size_t)(line[strlen(line) - 1] == '=') + (line[strlen(line) - 2] == '=');
	rv_ssh_fingerprint((struct rv_str){blob, (size_t)len - pad}, id);
	size_t leak = add_leak(h, "k/id", NULL, id);
	rvt_dir_write_text(&h->dir, "k/id.pub", line);
	assert_string_equal(pair(h, leak), ", public half id.pub beside it");
}

static void tells_no_more_than_three(void **state)
{
	struct host *h = *state;
	size_t leak = add_leak(h, "etc/server.key", NULL, h->spki);
	size_t count = 0;

	for (unsigned i = 0; i < 6; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "etc/%u.pem", i);
		write_certificate(h, name, "shop.example.org", NULL);
	}
	for (const char *at = pair(h, leak); (at = strstr(at, "opens")); at++)
		count++;
	assert_int_equal(count, RV_PAIR_TOLD_MAX);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(says_nothing_where_nothing_fits),
		CASE(looks_at_no_file_that_may_hang_or_is_too_large),
		CASE(a_key_of_a_test_with_its_own_certificate_is_weak),
		CASE(a_key_of_a_test_that_lets_in_here_is_none),
		CASE(names_no_person),
		CASE(tells_no_more_than_three),
		CASE(finds_the_certificate_beside_a_key),
		CASE(finds_the_certificate_in_the_keys_own_file),
		CASE(looks_into_certs_beside_private),
		CASE(looks_at_known_places),
		CASE(finds_where_a_key_lets_in_though_it_is_in_pem),
		CASE(pairs_by_the_fingerprint_of_openssh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
