/* tests: what private keys prove by themselves. They are made here. */
#include "agent/scan/pem_key.h"
#include "tests/support/dir.h"
#include "tests/support/pems.h"
#include "tests/support/run.h"
#include "tests/unit/sweep/facts_look.h"

#include <stdio.h>
#include <unistd.h>

#define TEXT_MAX 16384

static const struct rv_rule pem_rule = {
	.id = "private-key", .provider = "generic", .matcher = RV_MATCHER_PEM};

static struct rv_fact look_at_key(const char *text)
{
	const char *begin = strstr(text, RV_PEM_ANCHOR);
	struct rv_pem_key key;

	assert_non_null(begin);
	size_t at = (size_t)(begin - text);
	if (!rv_pem_private_at(rv_str_of(text), at, &key))
		fail_msg("no key: %s", text);
	return look(&pem_rule, text, at, key.start, key.len, NULL);
}

/* The name a PEM key must have. */
static void spki_text(EVP_PKEY *key, char out[80])
{
	unsigned char digest[32];

	pems_spki(key, digest);
	memcpy(out, "spki:", 5);
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(out + 5 + 2 * i, 3, "%02x", digest[i]);
}

/* Its text is freed. */
static void expect_key(char *text, const char *says, const char *id)
{
	struct rv_fact fact = look_at_key(text);

	assert_string_equal(fact.text, says);
	assert_string_equal(fact.public_id, id);
	assert_false(fact.is_damaged);
	assert_int_equal(fact.is_proven, id[0] != '\0');
	free(text);
}

static void names_keys_in_pem_with_type_and_size(void **state)
{
	static const struct {
		const char *type, *says;
	} kinds[] = {{"RSA", "RSA 2048"},    {"EC", "EC P-256"}, {"P-384", "EC P-384"},
		     {"ED25519", "Ed25519"}, {"ED448", "Ed448"}, {"X25519", "X25519"},
		     {"X448", "X448"}};
	char id[80];

	(void)state;
	for (size_t i = 0; i < RV_LEN(kinds); i++) {
		EVP_PKEY *key = pems_key(kinds[i].type);

		spki_text(key, id);
		expect_key(pems_key_text(key, NULL), kinds[i].says, id);
		if (i < 3)
			expect_key(pems_old_key_text(key, NULL), kinds[i].says, id);
		EVP_PKEY_free(key);
	}
}

static void says_that_a_short_rsa_key_is_weak(void **state)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
	char id[80];

	(void)state;
	assert_non_null(key);
	spki_text(key, id);
	expect_key(pems_old_key_text(key, NULL), "RSA 1024 (weak)", id);
	EVP_PKEY_free(key);
}

static void says_that_a_passphrase_guards_a_key(void **state)
{
	EVP_PKEY *key = pems_key("RSA");
	char id[1] = "";

	(void)state;
	expect_key(pems_key_text(key, "open sesame"), "passphrase-protected (aes-256-cbc)", id);
	expect_key(pems_old_key_text(key, "open sesame"), "RSA, passphrase-protected (aes-256-cbc)",
		   id);
	EVP_PKEY_free(key);
}

/* A copy with every `from` made `to`. */
static char *replaced(const char *text, const char *from, const char *to)
{
	char *out = malloc(TEXT_MAX);
	size_t len = 0;

	assert_non_null(out);
	while (*text) {
		bool is_here = strncmp(text, from, strlen(from)) == 0;
		const char *add = is_here ? to : text;
		size_t n = is_here ? strlen(to) : 1;

		assert_true(len + n < TEXT_MAX);
		memcpy(out + len, add, n);
		len += n;
		text += is_here ? strlen(from) : 1;
	}
	out[len] = '\0';
	return out;
}

static void reads_keys_inside_other_text(void **state)
{
	static const char *const joins[] = {"\\n",   "\\\\r\\\\n", "\n    ", "\\n\" +\n\t\"",
					    " ",     "%0A",	   "\n+",    "<br>",
					    "&#10;", "",	   "\r\n",   "'\n     '"};
	EVP_PKEY *key = pems_key("RSA");
	char *text = pems_old_key_text(key, NULL);
	char id[80];

	(void)state;
	spki_text(key, id);
	for (size_t i = 0; i < RV_LEN(joins); i++)
		expect_key(replaced(text, "\n", joins[i]), "RSA 2048", id);
	free(text);
	EVP_PKEY_free(key);
}

static void says_whose_account_file_a_key_stands_in(void **state)
{
	EVP_PKEY *key = pems_key("EC");
	char *text = pems_key_text(key, NULL);
	char *line = replaced(text, "\n", "\\n");
	char file[4096];
	char id[80];

	(void)state;
	spki_text(key, id);
	(void)snprintf(file, sizeof(file),
		       "{\"private_key\": \"%s\",\n \"client_email\": "
		       "\"ci@shop-1.iam.gserviceaccount.com\"}",
		       line);
	expect_key(strdup(file), "EC P-256, of ci@shop-1.iam.gserviceaccount.com", id);
	(void)snprintf(file, sizeof(file), "{\"client_email\": \"ann@example.org\", \"k\": \"%s\"}",
		       line);
	expect_key(strdup(file), "EC P-256", id);
	free(line);
	free(text);
	EVP_PKEY_free(key);
}

static void expect_damage(const char *text, const char *says, bool is_useless)
{
	struct rv_fact fact = look_at_key(text);

	assert_int_equal(fact.is_useless, is_useless);
	if (!fact.is_damaged || fact.is_proven || fact.public_id[0] || !strstr(fact.text, says))
		fail_msg("'%s' for %s", fact.text, text);
}

static void says_that_a_key_is_damaged(void **state)
{
	EVP_PKEY *key = pems_key("RSA");
	char *text = pems_old_key_text(key, NULL);
	char *body = strchr(text, '\n') + 1;
	char *cut = strdup(text);

	(void)state;
	assert_non_null(cut);
	strchr(strchr(cut, '\n') + 1100, '\n')[1] = '\0';
	expect_damage(cut, "damaged: cut short", false);
	strchr(strchr(cut, '\n') + 400, '\n')[1] = '\0';
	expect_damage(cut, "damaged: cut short", true);
	free(cut);
	char *middle = body + 65 * 2 + 10; /* in the modulus */
	*middle = *middle == 'A' ? 'B' : 'A';
	expect_damage(text, "damaged: its numbers do not belong together", false);
	body[0] = 'N';
	expect_damage(text, "damaged: does not parse", true);
	free(text);
	EVP_PKEY_free(key);
}

static void says_that_an_elliptic_key_is_damaged(void **state)
{
	EVP_PKEY *key = pems_key("EC");
	char *text = pems_old_key_text(key, NULL);
	char *at = strchr(text, '\n') + 1 + 20; /* in the number */

	(void)state;
	*at = *at == 'A' ? 'B' : 'A';
	expect_damage(text, "EC P-256, damaged: its numbers do not belong together", false);
	free(text);
	EVP_PKEY_free(key);
}

static size_t put_field(uint8_t *at, const void *bytes, size_t len)
{
	memcpy(at, (uint8_t[]){0, 0, (uint8_t)(len >> 8), (uint8_t)len}, 4);
	if (len > 0)
		memcpy(at + 4, bytes, len);
	return len + 4;
}

/* PROTOCOL.key with an Ed25519 key that no passphrase guards. */
static char *open_ssh_text(EVP_PKEY *key)
{
	uint8_t open[32], secret[64], blob[64], list[256], all[512];
	char base64[1024];
	size_t open_len = 32, secret_len = 32;
	size_t n = 0, b = 0, l = 8;
	char *text = malloc(TEXT_MAX);

	assert_non_null(text);
	assert_int_equal(EVP_PKEY_get_raw_public_key(key, open, &open_len), 1);
	assert_int_equal(EVP_PKEY_get_raw_private_key(key, secret, &secret_len), 1);
	memcpy(secret + 32, open, 32);
	b += put_field(blob + b, "ssh-ed25519", 11);
	b += put_field(blob + b, open, 32);
	memcpy(list, "12341234", 8);
	l += put_field(list + l, "ssh-ed25519", 11);
	l += put_field(list + l, open, 32);
	l += put_field(list + l, secret, 64);
	l += put_field(list + l, "", 0);
	memcpy(all, "openssh-key-v1", 15);
	n = 15;
	n += put_field(all + n, "none", 4);
	n += put_field(all + n, "none", 4);
	n += put_field(all + n, "", 0);
	memcpy(all + n, "\0\0\0\1", 4);
	n += 4;
	n += put_field(all + n, blob, b);
	n += put_field(all + n, list, l);
	(void)EVP_EncodeBlock((uint8_t *)base64, all, (int)n); /* its length is not needed */
	(void)snprintf(text, TEXT_MAX, RV_PEM_ANCHOR "OPENSSH PRIV%s KEY-----\n%s\n", "ATE",
		       base64);
	return text;
}

static void survives_every_cut_and_every_changed_byte(void **state)
{
	static const char *const types[] = {"RSA", "EC", "ED25519"};

	(void)state;
	for (size_t k = 0; k < RV_LEN(types); k++) {
		EVP_PKEY *key = pems_key(types[k]);
		char *text = k == 2 ? open_ssh_text(key) : pems_key_text(key, NULL);
		size_t start = (size_t)(strchr(text, '\n') - text) + 1;
		size_t len = strlen(text);

		for (size_t i = start + 1; i < len; i += k == 0 ? 7 : 1)
			(void)look(&pem_rule, text, 0, start, i - start, NULL); /* no crash */
		for (size_t i = start; i < len; i += k == 0 ? 7 : 1) {
			char was = text[i];

			text[i] = was == '/' ? 'A' : '/';
			(void)look(&pem_rule, text, 0, start, len - start, NULL); /* no crash */
			text[i] = was;
		}
		free(text);
		EVP_PKEY_free(key);
	}
}

static void names_an_openssh_key_by_its_fingerprint(void **state)
{
	EVP_PKEY *key = pems_key("ED25519");
	char *text = open_ssh_text(key);
	struct rv_fact fact = look_at_key(text);

	(void)state;
	assert_string_equal(fact.text, "Ed25519");
	assert_int_equal(strncmp(fact.public_id, "SHA256:", 7), 0);
	assert_int_equal(strlen(fact.public_id), 7 + 43);
	assert_true(fact.is_proven);
	free(text);
	text = pems_ssh_text(key, 1);
	fact = look_at_key(text);
	assert_string_equal(fact.text, "Ed25519, passphrase-protected (aes256-ctr)");
	assert_int_equal(strncmp(fact.public_id, "SHA256:", 7), 0);
	assert_false(fact.is_proven);
	free(text);
	EVP_PKEY_free(key);
}

static const char *keygen(void)
{
	return access("/usr/bin/ssh-keygen", X_OK) == 0 ? "/usr/bin/ssh-keygen" : NULL;
}

static void agrees_with_ssh_keygen(void **state)
{
	static const struct {
		const char *type, *bits, *pass, *says;
	} kinds[] = {
		{"rsa", "2048", "", "RSA 2048"},
		{"rsa", "1024", "", "RSA 1024 (weak)"},
		{"ecdsa", "256", "", "EC P-256"},
		{"ecdsa", "521", "", "EC P-521"},
		{"ed25519", "256", "", "Ed25519"},
		{"ecdsa", "384", "open sesame", "EC P-384, passphrase-protected (aes256-ctr)"},
	};
	struct rvt_dir dir;

	(void)state;
	if (!keygen()) {
		print_message("SKIPPED: agrees_with_ssh_keygen: there is no ssh-keygen\n");
		skip();
	}
	for (size_t i = 0; i < RV_LEN(kinds); i++) {
		char path[RVT_PATH];

		rvt_dir_init(&dir);
		rvt_dir_path(&dir, "id", path);
		const char *make[] = {keygen(),	     "-q", "-t",	  kinds[i].type, "-b",
				      kinds[i].bits, "-N", kinds[i].pass, "-C",		 "ann@host",
				      "-f",	     path, NULL};
		const char *tell[] = {keygen(), "-l", "-f", path, NULL};
		struct rvt_result made = rvt_run(make, RV_STR_NONE, 60000);
		struct rvt_result told = rvt_run(tell, RV_STR_NONE, 60000);
		assert_int_equal(made.code, 0);
		assert_int_equal(told.code, 0);
		struct rv_buf text = rvt_file_read(path);
		struct rv_fact fact = look_at_key(rv_buf_cstr(&text));
		assert_string_equal(fact.text, kinds[i].says);
		assert_non_null(strstr(rvt_text(&told.out), fact.public_id));
		assert_true(strlen(fact.public_id) == 50);
		assert_int_equal(fact.is_proven, kinds[i].pass[0] == '\0');
		rv_buf_done(&text);
		rvt_result_done(&made);
		rvt_result_done(&told);
		rvt_dir_done(&dir);
	}
}

static void says_nothing_of_web_keys_and_tells_openpgp(void **state)
{
	struct rv_fact fact = look(&pem_rule, "\"kty\":\"EC\",\"d\":\"abc\"", 0, 16, 3, NULL);

	(void)state;
	assert_string_equal(fact.text, "");
	assert_string_equal(look(&pem_rule,
				 RV_PEM_ANCHOR "PGP PRIV"
					       "ATE KEY BLOCK-----\nlQVYBF",
				 0, 40, 4, NULL)
				    .text,
			    "OpenPGP");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_nothing_of_web_keys_and_tells_openpgp),
		cmocka_unit_test(says_that_a_key_is_damaged),
		cmocka_unit_test(says_that_an_elliptic_key_is_damaged),
		cmocka_unit_test(survives_every_cut_and_every_changed_byte),
		cmocka_unit_test(names_keys_in_pem_with_type_and_size),
		cmocka_unit_test(says_that_a_short_rsa_key_is_weak),
		cmocka_unit_test(says_that_a_passphrase_guards_a_key),
		cmocka_unit_test(reads_keys_inside_other_text),
		cmocka_unit_test(says_whose_account_file_a_key_stands_in),
		cmocka_unit_test(names_an_openssh_key_by_its_fingerprint),
		cmocka_unit_test(agrees_with_ssh_keygen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
