/* tests: private keys as text. The bodies are made up and are no keys. Negatives first. */
#include "agent/scan/pem_key.h"
#include "tests/unit/scan/assign_look.h"

/* In two parts, so that no scanner takes this file for a key. */
#define BEGIN(label) "-----BEGIN " label "-----"
#define END(label)   "-----END " label "-----"
#define RSA        \
	"RSA PRIV" \
	"ATE KEY"
#define PLAIN  \
	"PRIV" \
	"ATE KEY"
#define LOCKED           \
	"ENCRYPTED PRIV" \
	"ATE KEY"
#define OPENSSH        \
	"OPENSSH PRIV" \
	"ATE KEY"
#define LINES	 6
#define TEXT_MAX 2048

/* LINES lines of 64 base64 characters that begin as DER does, `join` between them. */
static const char *make_body(const char *join, char out[TEXT_MAX])
{
	size_t at = 0;
	char line[MADE_MAX];

	for (unsigned i = 0; i < LINES; i++) {
		make_value(MADE_ALNUM "+/", 64, 100 + i, line);
		if (i == 0)
			memcpy(line, "MIIE", 4);
		int n = snprintf(out + at, TEXT_MAX - at, "%s%s", i ? join : "", line);

		assert_true(n > 0);
		at += (size_t)n;
	}
	return out;
}

static bool read_key(const char *text, struct rv_pem_key *key)
{
	size_t len = strlen(text);
	uint8_t *copy = malloc(len ? len : 1);
	const char *begin = strstr(text, RV_PEM_ANCHOR);

	assert_non_null(copy);
	memcpy(copy, text, len);
	bool found = rv_pem_private_at((struct rv_str){copy, len},
				       begin ? (size_t)(begin - text) : 0, key);

	free(copy);
	if (found)
		assert_true(key->start + key->len <= len && key->end <= len);
	return found;
}

static void passes_over_public_keys_and_certificates(void **state)
{
	(void)state;
	char body[TEXT_MAX];
	char text[TEXT_MAX * 2];
	struct rv_pem_key key;
	static const char *const labels[] = {"PUBLIC KEY",    "RSA PUBLIC KEY",
					     "CERTIFICATE",   "CERTIFICATE REQUEST",
					     "EC PARAMETERS", "PGP PUBLIC KEY BLOCK"};

	make_body("\n", body);
	for (size_t i = 0; i < RV_LEN(labels); i++) {
		(void)snprintf(text, sizeof(text), "-----BEGIN %s-----\n%s\n-----END %s-----\n",
			       labels[i], body, labels[i]);
		assert_false(read_key(text, &key));
	}
}

static void passes_over_dummies(void **state)
{
	(void)state;
	struct rv_pem_key key;

	assert_false(read_key(BEGIN(RSA) "\n" END(RSA), &key));
	assert_false(read_key(BEGIN(RSA) "\n...\n" END(RSA), &key));
	assert_false(read_key(BEGIN(RSA) "\nMIIE...\n" END(RSA), &key));
	assert_false(read_key(BEGIN(RSA) "\\nMIIEpAIBAAKCAQ...\\n" END(RSA), &key));
	assert_false(read_key(BEGIN(PLAIN) "\nyour private key goes here\n" END(PLAIN), &key));
	assert_false(read_key(BEGIN(PLAIN) "\n<key>\n" END(PLAIN), &key));
	assert_false(read_key(BEGIN(PLAIN) "\nXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
					   "XXXXXXXXXXXXXXX"
					   "XXXXXXXX\n" END(PLAIN),
			      &key));
	assert_false(read_key(
		"if (strstr(text, \"" BEGIN(PLAIN) "\")) return read_the_private_key_of(text);",
		&key));
	assert_false(read_key("-----BEGIN ", &key));
	assert_false(read_key("-----BEGIN RSA PRIV", &key));
	assert_false(read_key("", &key));
}

/* `format`: label, body, label as three %s. */
static struct rv_pem_key read_made(const char *begin, const char *join, const char *end)
{
	char body[TEXT_MAX];
	char text[TEXT_MAX * 2];
	struct rv_pem_key key = {0};

	(void)snprintf(text, sizeof(text), "%s%s%s", begin, make_body(join, body), end);
	if (!read_key(text, &key))
		fail_msg("not found: %s", text);
	assert_memory_equal(text + key.start, "MIIE", 4);
	assert_int_equal(key.len, strlen(body));
	return key;
}

static void passes_over_keys_that_count(void **state)
{
	char body[TEXT_MAX];
	char text[TEXT_MAX + 128];
	struct rv_pem_key key;
	static const char *const counting[] = {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
					       "QAABAgMEBQYHCAkKCwwNDg8QERITFBUW",
					       "MCAAAQIDBAUGBwgJCgsMDQ4PEBESExQV"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(counting); i++) {
		(void)make_body("\n", body);
		(void)snprintf(text, sizeof(text), BEGIN(PLAIN) "\n%s\n" END(PLAIN), body);
		assert_true(read_key(text, &key));
		memcpy(strstr(text, body) + 2 * 65, counting[i], strlen(counting[i]));
		assert_false(read_key(text, &key));
	}
}

static void finds_a_key_in_a_file_of_its_own(void **state)
{
	(void)state;
	struct rv_pem_key key = read_made(BEGIN(RSA) "\n", "\n", "\n" END(RSA) "\n");

	assert_true(key.confidence >= 95);
	assert_false(key.is_encrypted);
	assert_false(key.is_truncated);
	(void)read_made(BEGIN(RSA) "\r\n", "\r\n", "\r\n" END(RSA) "\r\n"); /* read_made asserts */
}

static void finds_a_key_inside_other_text(void **state)
{
	(void)state;
	static const struct {
		const char *begin;
		const char *join;
		const char *end;
	} forms[] = {
		{"key: |\n    " BEGIN(RSA) "\n    ", "\n    ", "\n    " END(RSA) "\nnext: 1\n"},
		{"{\"key\": \"" BEGIN(PLAIN) "\\n", "\\n", "\\n" END(PLAIN) "\\n\"}"},
		{"\"{\\\"key\\\": \\\"" BEGIN(PLAIN) "\\\\n", "\\\\n",
		 "\\\\n" END(PLAIN) "\\\\n\\\"}\""},
		{"KEY=\"" BEGIN(PLAIN) " ", " ", " " END(PLAIN) "\"\n"},
		{"String k = \"" BEGIN(RSA) "\\n\" +\n\t\"", "\\n\" +\n\t\"",
		 "\\n\" +\n\t\"" END(RSA) "\";\n"},
		{"k = ('" BEGIN(RSA) "'\n     '", "'\n     '", "'\n     '" END(RSA) "')\n"},
		{"# " BEGIN(RSA) "\n# ", "\n# ", "\n# " END(RSA) "\n"},
		{"body=" BEGIN(PLAIN) "%0A", "%0A", "%0A" END(PLAIN) "&x=1"},
	};

	for (size_t i = 0; i < RV_LEN(forms); i++)
		(void)read_made(forms[i].begin, forms[i].join,
				forms[i].end); /* read_made asserts */
}

static void finds_a_key_on_one_line_without_breaks(void **state)
{
	(void)state;
	struct rv_pem_key key = read_made("K=" BEGIN(PLAIN), "", END(PLAIN));

	assert_false(key.is_truncated);
}

static void says_that_a_key_is_cut_off(void **state)
{
	(void)state;
	struct rv_pem_key key = read_made(BEGIN(RSA) "\n", "\n", "\n");

	assert_true(key.is_truncated);
	assert_true(key.confidence < 95);
}

static void says_that_a_passphrase_guards_it(void **state)
{
	(void)state;
	assert_true(read_made(BEGIN(LOCKED) "\n", "\n", "\n" END(LOCKED) "\n").is_encrypted);
	assert_true(
		read_made(BEGIN(RSA) "\nProc-Type: 4,ENCRYPTED\n"
				     "DEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF\n\n",
			  "\n", "\n" END(RSA) "\n")
			.is_encrypted);
}

static void reads_on_behind_a_second_begin_line_never(void **state)
{
	(void)state;
	char body[TEXT_MAX];
	char text[TEXT_MAX * 2];
	struct rv_pem_key key;

	(void)snprintf(text, sizeof(text), BEGIN(RSA) "\n-----BEGIN CERTIFICATE-----\n%s\n",
		       make_body("\n", body));
	assert_false(read_key(text, &key));
}

static void finds_the_private_lines_of_a_putty_key(void **state)
{
	(void)state;
	char body[TEXT_MAX];
	char text[TEXT_MAX * 2];
	struct rv_pem_key key;

	(void)snprintf(text, sizeof(text),
		       "PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nPrivate-Lines: "
		       "6\n%s\nPrivate-MAC: 0123\n",
		       make_body("\n", body));
	const char *at = strstr(text, RV_PPK_ANCHOR);

	assert_non_null(at);
	assert_true(rv_ppk_private_at(rv_str_of(text), (size_t)(at - text), &key));
	assert_false(key.is_encrypted);
	assert_int_equal(key.len, strlen(body));
	assert_false(rv_ppk_private_at(rv_str_of("Private-Lines: 2\n"), 0, &key));
	assert_false(rv_ppk_private_at(rv_str_of("Private-Lines: 2\nnot a key at all\n"), 0, &key));
}

static bool read_jwk(const char *format, const char *value, struct rv_pem_key *key,
		     char text[TEXT_MAX])
{
	const char *kty = strstr(fill_in(format, value, text, TEXT_MAX), RV_JWK_ANCHOR);

	assert_non_null(kty);
	return rv_jwk_private_at(rv_str_of(text), (size_t)(kty - text), key);
}

static void passes_over_public_json_web_keys(void **state)
{
	(void)state;
	char value[MADE_MAX];
	char text[TEXT_MAX];
	struct rv_pem_key key;

	make_value(MADE_ALNUM, 43, 31, value);
	assert_false(read_jwk("{\"kty\": \"EC\", \"x\": \"%s\"}", value, &key, text));
	assert_false(read_jwk("{\"kty\": \"EC\", \"kid\": \"%s\"}", value, &key, text));
	assert_false(read_jwk("{\"kty\": \"EC\"}, {\"d\": \"%s\"}", value, &key, text));
	assert_false(read_jwk("\"kty\": \"EC\", \"d\": \"%s\"", value, &key, text));
	assert_false(read_jwk("{\"kty\": \"oct\", \"k\": \"%s\"}", "theKeyGoesHereInBase64Form",
			      &key, text));
}

static void finds_the_private_member_of_a_json_web_key(void **state)
{
	(void)state;
	char value[MADE_MAX];
	char text[TEXT_MAX];
	struct rv_pem_key key;
	static const char *const forms[] = {
		"{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"%s\"}",
		"{\"d\": \"%s\", \"kty\": \"OKP\"}",
		"const jwk = {\n  kty: 'oct',\n  k: '%s',\n};",
		"\"{\\\"kty\\\":\\\"oct\\\",\\\"k\\\":\\\"%s\\\"}\"",
	};

	make_value(MADE_ALNUM, 43, 33, value);
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		if (!read_jwk(forms[i], value, &key, text))
			fail_msg("not found: %s", text);
		assert_int_equal(key.len, 43);
		assert_memory_equal(text + key.start, value, 43);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_over_public_keys_and_certificates),
		cmocka_unit_test(passes_over_dummies),
		cmocka_unit_test(passes_over_keys_that_count),
		cmocka_unit_test(reads_on_behind_a_second_begin_line_never),
		cmocka_unit_test(passes_over_public_json_web_keys),
		cmocka_unit_test(finds_a_key_in_a_file_of_its_own),
		cmocka_unit_test(finds_a_key_inside_other_text),
		cmocka_unit_test(finds_a_key_on_one_line_without_breaks),
		cmocka_unit_test(says_that_a_key_is_cut_off),
		cmocka_unit_test(says_that_a_passphrase_guards_it),
		cmocka_unit_test(finds_the_private_lines_of_a_putty_key),
		cmocka_unit_test(finds_the_private_member_of_a_json_web_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
