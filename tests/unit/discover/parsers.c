/* tests: PEM, certificates, keys, account lines, units, package paths: whole, cut short, hostile.
 */
#include "agent/discover/account.h"
#include "agent/discover/cert.h"
#include "agent/discover/key.h"
#include "agent/discover/paths.h"
#include "agent/discover/pem.h"
#include "agent/discover/unit.h"
#include "agent/model/kinds.h"
#include "tests/support/pems.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first */
#include <cmocka.h>

static size_t decode_first(const char *text, struct rv_pem *pem, uint8_t *out, size_t size)
{
	size_t cursor = 0;
	size_t len = 0;

	if (!rv_pem_next(rv_str_of(text), &cursor, pem) || !pem->is_whole ||
	    !rv_pem_decode(pem, out, size, &len))
		return 0;
	return len;
}

static void certificate_is_read_from_text(void **state)
{
	uint8_t der[4096];
	unsigned char spki[32];
	struct rv_pem pem = {0};
	EVP_PKEY *key = pems_key("EC");
	X509 *x = pems_cert(key, "shop", "DNS:shop.example.org,IP:10.0.0.7,email:ops@example.org");
	char *text = pems_cert_text(x);
	struct rv_cert *cert = calloc(1, sizeof(*cert));

	(void)state; /* none needed */
	assert_non_null(cert);
	size_t len = decode_first(text, &pem, der, sizeof(der));
	assert_true(len > 0);
	assert_int_equal(pem.label, RV_PEM_CERTIFICATE);
	assert_true(rv_is_ok(rv_cert_parse((struct rv_str){der, len}, false, cert)));
	pems_spki(key, spki);
	assert_memory_equal(cert->spki_sha256.bytes, spki, 32);
	assert_string_equal(cert->subject, "CN=shop");
	assert_true(cert->is_self_issued);
	assert_false(cert->is_ca);
	assert_int_equal(cert->alg, RV_ALG_EC_P256);
	assert_int_equal(cert->bits, 256);
	assert_int_equal(cert->name_count, 3);
	assert_string_equal(cert->names + cert->name_at[0], "shop.example.org");
	assert_string_equal(cert->names + cert->name_at[1], "10.0.0.7");
	assert_int_equal(cert->serial_len, 2);
	assert_true(cert->not_after_us - cert->not_before_us > INT64_C(89) * 86400 * 1000000);
	for (size_t cut = 0; cut < len; cut += 7)
		assert_false(rv_is_ok(rv_cert_parse((struct rv_str){der, cut}, false, cert)));
	free(cert);
	free(text);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void every_key_form_gives_its_public_part(void **state)
{
	static const char *const types[] = {"EC", "P-384", "RSA", "ED25519"};
	uint8_t der[4096];
	unsigned char spki[32];

	(void)state; /* none needed */
	for (size_t i = 0; i < RV_LEN(types); i++) {
		EVP_PKEY *pkey = pems_key(types[i]);
		char *texts[] = {pems_key_text(pkey, NULL),
				 i < 3 ? pems_old_key_text(pkey, NULL) : pems_ssh_text(pkey, 0),
				 i < 3 ? NULL : pems_ssh_text(pkey, 1)};

		pems_spki(pkey, spki);
		for (size_t t = 0; t < RV_LEN(texts) && texts[t]; t++) {
			struct rv_pem pem = {0};
			struct rv_key key = {0};
			size_t len = decode_first(texts[t], &pem, der, sizeof(der));

			assert_true(len > 0);
			assert_true(rv_is_ok(rv_key_parse(pem.label, pem.is_encrypted,
							  (struct rv_str){der, len}, &key)));
			assert_true(key.has_spki);
			assert_memory_equal(key.spki_sha256.bytes, spki, 32);
			assert_int_equal(key.is_encrypted, t == 2);
			assert_int_equal(key.is_openssh, i == 3 && t > 0);
			free(texts[t]);
		}
		EVP_PKEY_free(pkey);
	}
}

static void encrypted_keys_are_known_as_such(void **state)
{
	uint8_t der[4096];
	EVP_PKEY *pkey = pems_key("EC");
	char *texts[] = {pems_key_text(pkey, "correct horse"),
			 pems_old_key_text(pkey, "correct horse")};

	(void)state; /* none needed */
	for (size_t t = 0; t < RV_LEN(texts); t++) {
		struct rv_pem pem = {0};
		struct rv_key key = {0};
		size_t len = decode_first(texts[t], &pem, der, sizeof(der));

		assert_true(len > 0);
		assert_true(rv_is_ok(rv_key_parse(pem.label, pem.is_encrypted,
						  (struct rv_str){der, len}, &key)));
		assert_true(key.is_encrypted);
		assert_false(key.has_spki);
		free(texts[t]);
	}
	EVP_PKEY_free(pkey);
}

static void cut_pem_is_not_whole_at_any_length(void **state)
{
	EVP_PKEY *key = pems_key("EC");
	X509 *x = pems_cert(key, "cut", NULL);
	char *text = pems_cert_text(x);
	size_t len = strlen(text);

	(void)state; /* none needed */
	/* Up to the last byte of the END line, which is not its newline. */
	for (size_t cut = 0; cut + 1 < len; cut++) {
		struct rv_pem pem = {0};
		size_t cursor = 0;

		if (rv_pem_next((struct rv_str){(uint8_t *)text, cut}, &cursor, &pem))
			assert_false(pem.is_whole);
		assert_true(cursor <= cut);
	}
	free(text);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void mention_of_pem_is_no_block(void **state)
{
	static const char *const texts[] = {
		"grep -- '-----BEGIN CERTIFICATE-----' file\n",
		"-----BEGIN CERTIFICATE-----\n... your certificate here ...\n",
		"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n",
		"-----BEGIN ",
	};

	(void)state; /* none needed */
	for (size_t i = 0; i < RV_LEN(texts); i++) {
		struct rv_pem pem = {0};
		size_t cursor = 0;

		assert_false(rv_pem_next(rv_str_of(texts[i]), &cursor, &pem));
	}
}

static void written_out_line_ends_are_read(void **state)
{
	uint8_t der[4096];
	EVP_PKEY *key = pems_key("EC");
	char *text = pems_key_text(key, NULL);
	struct rv_pem pem = {0};
	struct rv_buf json;

	(void)state; /* none needed */
	rv_buf_init(&json, 65536);
	assert_true(rv_is_ok(rv_buf_put_str(&json, "{\"private_key\": \"")));
	for (const char *p = text; *p; p++) {
		rv_status s = *p == '\n' ? rv_buf_put_str(&json, "\\n")
					 : rv_buf_put_byte(&json, (uint8_t)*p);
		assert_true(rv_is_ok(s));
	}
	assert_true(rv_is_ok(rv_buf_put_str(&json, "\"}")));
	assert_true(decode_first(rv_buf_cstr(&json), &pem, der, sizeof(der)) > 0);
	rv_buf_done(&json);
	free(text);
	EVP_PKEY_free(key);
}

static void accounts_are_read_and_bad_lines_counted(void **state)
{
	struct rv_str text = RV_STR_LIT("root:x:0:0:root:/root:/bin/bash\n"
					"# comment\n+::::::\nbroken:x:1\n"
					"big:x:99999999999:1::/:/bin/sh\n"
					"www-data:x:33:33:w:/var/www:/usr/sbin/nologin\n"
					"open::1001:1001::/home/open:");
	struct rv_passwd p = {0};
	size_t bad = 0;

	(void)state; /* none needed */
	assert_true(rv_passwd_next(&text, &p, &bad));
	assert_true(rv_str_is(p.name, "root") && p.can_login && p.password == 0);
	assert_true(rv_passwd_next(&text, &p, &bad));
	assert_true(rv_str_is(p.name, "www-data") && !p.can_login && p.uid == 33);
	assert_true(rv_passwd_next(&text, &p, &bad));
	assert_true(rv_str_is(p.name, "open") && p.can_login && p.password == 2);
	assert_false(rv_passwd_next(&text, &p, &bad));
	assert_int_equal(bad, 2);
}

static void shadow_keeps_state_and_days_only(void **state)
{
	struct rv_str text = RV_STR_LIT("root:*:19000:0:99999:7:::\n"
					"app:$y$j9T$x:19500:0:90:7::20000:\n"
					"open::19000:0::7:::\nshort:*:1\n");
	struct rv_shadow s = {0};
	size_t bad = 0;

	(void)state; /* none needed */
	assert_true(rv_shadow_next(&text, &s, &bad));
	assert_true(s.password == 1 && s.changed_day == 19000 && s.expire_day == -1);
	assert_true(rv_shadow_next(&text, &s, &bad));
	assert_true(s.password == 3 && s.max_days == 90 && s.expire_day == 20000);
	assert_true(rv_shadow_next(&text, &s, &bad));
	assert_true(s.password == 2 && s.max_days == -1);
	assert_false(rv_shadow_next(&text, &s, &bad));
	assert_int_equal(bad, 1);
}

static void login_defs_gives_the_human_range(void **state)
{
	struct rv_login_defs d = {1000, 60000};

	(void)state; /* none needed */
	rv_login_defs_read(RV_STR_LIT("#UID_MIN 1\nUID_MIN\t\t 2000\nUID_MAX x\nSYS_UID_MIN 5\n"),
			   &d);
	assert_int_equal(d.uid_min, 2000);
	assert_int_equal(d.uid_max, 60000);
}

static void unit_says_who_runs_what_with_which_files(void **state)
{
	struct rv_unit *u = calloc(1, sizeof(*u));

	(void)state; /* none needed */
	assert_non_null(u);
	rv_unit_parse(RV_STR_LIT("[Unit]\nUser=nobody\n[Service]\nUser = app\n"
				 "ExecStart=-@/usr/bin/app --port 1 \\\n  # note\n  --token x\n"
				 "ExecStart=/bin/second\nEnvironmentFile=-/etc/default/app\n"
				 "LoadCredential=key:/etc/app/key.pem\nDynamicUser=yes\n"
				 "WorkingDirectory=/srv/app\n[Install]\nUser=x\n"),
		      u);
	assert_string_equal(u->user, "app");
	assert_string_equal(u->exec, "/usr/bin/app");
	assert_string_equal(u->working_dir, "/srv/app");
	assert_int_equal(u->file_count, 2);
	assert_string_equal(u->files + u->file_at[0], "/etc/default/app");
	assert_string_equal(u->files + u->file_at[1], "/etc/app/key.pem");
	assert_true(u->is_dynamic_user);
	memset(u, 0, sizeof(*u));
	rv_unit_parse(
		RV_STR_LIT(
			"[Service]\nExecStart=/bin/a\nExecStart=\nExecStart=\"/opt/my app/b\" x"),
		u);
	assert_string_equal(u->exec, "/opt/my app/b");
	free(u);
	assert_true(
		rv_str_is(rv_unit_name(rv_str_of("/etc/systemd/system/a.service")), "a.service"));
	assert_true(rv_str_is(rv_unit_name(rv_str_of("/etc/systemd/system/a.service.d/o.conf")),
			      "a.service"));
	assert_int_equal(rv_unit_name(rv_str_of("/etc/systemd/system/a.timer")).len, 0);
}

static void paths_of_a_merged_usr_are_one(void **state)
{
	struct rv_paths set = {0};
	char path[64];

	(void)state; /* none needed */
	assert_null(rv_paths_find(&set, rv_str_of("/x")));
	for (int i = 0; i < 3000; i++) {
		(void)snprintf(path, sizeof(path), "/usr/lib/x/%d", i); /* fits */
		assert_true(rv_paths_add(&set, rv_str_of(path)));
	}
	assert_int_equal(set.count, 3000);
	assert_string_equal(rv_paths_find(&set, rv_str_of("/lib/x/77")), "/usr/lib/x/77");
	assert_null(rv_paths_find(&set, rv_str_of("/lib/x/3000")));
	rv_paths_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificate_is_read_from_text),
		cmocka_unit_test(every_key_form_gives_its_public_part),
		cmocka_unit_test(encrypted_keys_are_known_as_such),
		cmocka_unit_test(cut_pem_is_not_whole_at_any_length),
		cmocka_unit_test(mention_of_pem_is_no_block),
		cmocka_unit_test(written_out_line_ends_are_read),
		cmocka_unit_test(accounts_are_read_and_bad_lines_counted),
		cmocka_unit_test(shadow_keeps_state_and_days_only),
		cmocka_unit_test(login_defs_gives_the_human_range),
		cmocka_unit_test(unit_says_who_runs_what_with_which_files),
		cmocka_unit_test(paths_of_a_merged_usr_are_one),
	};

	return cmocka_run_group_tests_name("parsers", tests, NULL, NULL);
}
