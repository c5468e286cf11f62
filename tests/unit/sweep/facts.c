/* tests: what values prove by themselves. Keys, tokens and certificates are made here. */
#include "agent/sweep/facts.h"

#include "agent/scan/check.h"
#include "agent/scan/pem_key.h"
#include "tests/support/dir.h"
#include "tests/support/pems.h"
#include "tests/support/run.h"
#include "tests/support/unit.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <unistd.h>

#define NOW_US	 INT64_C(1795824000000000) /* 2026-11-28 */
#define TEXT_MAX 16384

static const struct rv_rule pem_rule = {
	.id = "private-key", .provider = "generic", .matcher = RV_MATCHER_PEM};
static const struct rv_rule jwt_rule = {.id = "jwt", .provider = "generic"};

/* The facts of what stands at [start, start+len), in a block of exactly its size. */
static struct rv_fact look(const struct rv_rule *rule, const char *text, size_t match_start,
			   size_t start, size_t len, const char *public_id)
{
	size_t size = strlen(text);
	uint8_t *copy = malloc(size ? size : 1);
	struct rv_fact fact;

	assert_non_null(copy);
	memcpy(copy, text, size);
	assert_true(match_start <= start && start + len <= size);
	struct rv_fact_about about = {.rule = rule,
				      .bytes = {copy, size},
				      .start = start,
				      .len = len,
				      .match_start = match_start,
				      .match_len = start + len - match_start,
				      .public_id = public_id,
				      .now_utc_us = NOW_US};
	assert_ok(rv_fact_of(&about, &fact));
	free(copy);
	return fact;
}

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

static struct rv_fact look_at_token(const struct rv_rule *rule, const char *text)
{
	return look(rule, text, 0, 0, strlen(text), NULL);
}

static void base64url(const void *bytes, size_t len, char *out)
{
	size_t n = (size_t)EVP_EncodeBlock((uint8_t *)out, bytes, (int)len);

	while (n > 0 && out[n - 1] == '=')
		n--;
	out[n] = '\0';
	for (size_t i = 0; i < n; i++)
		out[i] = (char)(out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i]);
}

static struct rv_fact look_at_jwt(const char *prefix, const char *header, const char *claims)
{
	char h[256], c[2048], token[4096];

	assert_true(strlen(header) < 128 && strlen(claims) < 1024 && strlen(prefix) < 16);
	base64url(header, strlen(header), h);
	base64url(claims, strlen(claims), c);
	(void)snprintf(token, sizeof(token), "%.15s%s.%s.%s", prefix, h, c, "c2lnbmF0dXJlLW9mLWl0");
	return look_at_token(&jwt_rule, token);
}

#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

static void says_nothing_of_what_is_no_token(void **state)
{
	static const char *const texts[] = {
		"eyJ",
		"eyJ.",
		"eyJ..",
		"eyJhIjoxfQ.eyJhIjoxfQ",
		"eyJhIjoxfQ.eyJhIjoxfQ.",
		"eyJhIjoxfQ.eyJhIjoxfQ.a.b.c",
		"eyJhIjox.eyJhIjox.abc",
		"eyJ%.eyJ%.%",
		"....",
		"eyJhIjoxfQ.W10.abc",
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(texts); i++) {
		struct rv_fact fact = look_at_token(&jwt_rule, texts[i]);

		if (fact.text[0] || fact.public_id[0] || fact.is_proven || fact.is_damaged)
			fail_msg("%s: %s", texts[i], fact.text);
	}
	assert_string_equal(look_at_jwt("", HS256, "[1]").text, "");
	assert_string_equal(look_at_jwt("", "[]", "{}").text, "");
}

static void says_nothing_of_what_is_too_long(void **state)
{
	char *text = malloc(RV_FACT_VALUE_MAX + 2);

	(void)state;
	assert_non_null(text);
	memset(text, 'A', RV_FACT_VALUE_MAX + 1);
	text[RV_FACT_VALUE_MAX + 1] = '\0';
	assert_string_equal(look_at_token(&jwt_rule, text).text, "");
	memcpy(text, "eyJ.eyJ.", 8);
	assert_string_equal(look_at_token(&jwt_rule, text).text, "");
	free(text);
}

static void says_when_a_token_ends_and_who_issued_it(void **state)
{
	static const struct {
		const char *claims, *says;
	} cases[] = {
		{"{}", "no expiry"},
		{"{\"exp\":1767225600}", "expired 2026-01-01"},
		{"{\"exp\":1798761600.5}", "expires 2027-01-01"},
		{"{\"exp\":\"1798761600\"}", ""},
		{"{\"exp\":-1}", ""},
		{"{\"exp\":1e300}", ""},
		{"{\"exp\":1767225600,\"iss\":\"https://u:p@login.example.org:8443/t?x#y\"}",
		 "expired 2026-01-01, issued by login.example.org"},
		{"{\"exp\":1767225600,\"iss\":\"ann@shop.example.org\"}",
		 "expired 2026-01-01, issued by shop.example.org"},
		{"{\"exp\":1767225600,\"iss\":\"kubernetes/serviceaccount\"}",
		 "expired 2026-01-01, issued by kubernetes"},
		{"{\"exp\":1767225600,\"iss\":\"Ann Other\"}", "expired 2026-01-01"},
		{"{\"exp\":1767225600,\"iss\":\"https://\\u001b[31m\"}", "expired 2026-01-01"},
		{"{\"exp\":1767225600,\"iss\":7}", "expired 2026-01-01"},
		{"{\"exp\":1767225600,\"iss\":\"supabase\",\"role\":\"anon\"}",
		 "expired 2026-01-01, issued by supabase, role anon"},
		{"{\"exp\":1767225600,\"iss\":\"x\",\"role\":\"anon\"}",
		 "expired 2026-01-01, issued by x"},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(cases); i++)
		assert_string_equal(look_at_jwt("", HS256, cases[i].claims).text, cases[i].says);
}

static void tells_no_claim_that_names_a_person(void **state)
{
	struct rv_fact fact = look_at_jwt("", HS256,
					  "{\"sub\":\"ann\",\"email\":\"ann@example.org\",\"name\":"
					  "\"Ann\",\"exp\":1767225600}");

	(void)state;
	assert_string_equal(fact.text, "expired 2026-01-01");
	assert_string_equal(fact.public_id, "");
}

static void leaves_out_an_issuer_of_more_than_80_bytes(void **state)
{
	char claims[256];

	(void)state;
	for (int len = 80; len <= 81; len++) {
		(void)snprintf(claims, sizeof(claims), "{\"iss\":\"%0*d\"}", len, 1);
		assert_int_equal(strstr(look_at_jwt("", HS256, claims).text, "issued") != NULL,
				 len == 80);
	}
}

static void says_that_a_token_is_unsigned(void **state)
{
	(void)state;
	assert_string_equal(look_at_jwt("", "{\"alg\":\"None\"}", "{\"exp\":1767225600}").text,
			    "expired 2026-01-01, unsigned (alg none)");
}

static void reads_a_token_behind_a_prefix(void **state)
{
	(void)state;
	assert_string_equal(look_at_jwt("glcbt-", HS256, "{\"exp\":1767225600}").text,
			    "expired 2026-01-01");
}

static void names_a_service_account(void **state)
{
	(void)state;
	assert_string_equal(
		look_at_jwt("", HS256, "{\"sub\":\"system:serviceaccount:ci:robot\"}").public_id,
		"system:serviceaccount:ci:robot");
}

static void says_the_account_of_an_access_key(void **state)
{
	static const struct rv_rule rule = {.id = "aws-secret-access-key", .provider = "aws"};
	char id[21];
	/* 40 bits of the account behind one that is set; five bits a character. */
	uint64_t bits = UINT64_C(1) << 49 | UINT64_C(123456789012) << 9;

	(void)state;
	for (int prefix = 0; prefix < 2; prefix++) {
		memcpy(id, prefix ? "ASIA" : "AKIA", 4);
		for (unsigned i = 0; i < 10; i++)
			id[4 + i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bits >> (45 - 5 * i) & 31];
		memcpy(id + 14, "ABCDEF", 7);
		struct rv_fact fact = look(&rule, "secret", 0, 0, 6, id);
		assert_string_equal(fact.text, prefix ? "account 123456789012, temporary"
						      : "account 123456789012");
		assert_true(fact.is_proven);
		assert_string_equal(look_at_token(&rule, id).text, fact.text);
	}
	assert_string_equal(look_at_token(&rule, "AKIAI23456723456723A").text, "");
}

static void says_the_account_and_end_of_a_presigned_key(void **state)
{
	static const struct rv_rule rule = {.id = "aws-bedrock-short-term-key", .provider = "aws"};
	static const char url[] = "bedrock.amazonaws.com/?Action=CallWithBearerToken&X-Amz-"
				  "Credential=ASIA&X-Amz-Date=20260101T120000Z&X-Amz-Expires=43200";
	char text[512] = "bedrock-api-key-";

	(void)state;
	base64url(url, sizeof(url) - 1, text + strlen(text));
	assert_string_equal(look_at_token(&rule, text).text, "expired 2026-01-02, temporary");
	assert_string_equal(look_at_token(&rule, "bedrock-api-key-").text, "");
	assert_string_equal(look_at_token(&rule, "bedrock-api-key-A").text, "");
}

static void says_whom_a_routable_token_belongs_to(void **state)
{
	static const struct rv_rule rule = {.id = "gitlab-pat-routable", .provider = "gitlab"};
	static const char lines[] = "c:1\no:a\nu:1z";
	char text[320] = "glpat-";

	(void)state;
	/* The lines, 16 bytes at random, their number. */
	uint8_t whole[12 + 17];
	memcpy(whole, lines, 12);
	memset(whole + 12, '9', 16);
	whole[28] = 16;
	base64url(whole, sizeof(whole), text + 6);
	size_t len = strlen(text);
	assert_int_equal(len, 6 + 39);
	memcpy(text + len, ".13", 4); /* 39 in base 36 */
	len += 3;
	len += rv_check_crc32_base36_make(rv_str_of(text), text + len, sizeof(text) - len);
	text[len] = '\0';
	assert_string_equal(look_at_token(&rule, text).text, "cell 1, organization 10, user 71");
	text[10] = text[10] == 'A' ? 'B' : 'A';
	assert_string_equal(look_at_token(&rule, text).text, "");
}

static void says_what_a_shared_access_signature_permits(void **state)
{
	static const struct rv_rule rule = {.id = "azure-sas-url", .provider = "azure"};
	static const char text[] = "u = https://shop.blob.core.windows.net/c?sv=2022-11-02&sp=rwl&"
				   "se=2027-01-01T10%3A00%3A00Z&sr=c&sig=SECRET%3D";
	static const char other[] =
		"see https://example.org/ \"?sv=2022-11-02&xse=2027-01-01&se=soon&sp=A&sig=S\"";
	const char *query = strchr(text, '?');
	const char *sig = strstr(text, "SECRET");

	(void)state;
	assert_string_equal(
		look(&rule, text, (size_t)(query - text), (size_t)(sig - text), 9, NULL).text,
		"expires 2027-01-01, permits rwl, at shop.blob.core.windows.net");
	query = strchr(other, '?');
	assert_string_equal(
		look(&rule, other, (size_t)(query - other), strlen(other) - 2, 1, NULL).text, "");
}

static void says_where_webhooks_and_keys_lead(void **state)
{
	static const struct rv_rule slack = {.id = "slack-webhook", .provider = "slack"};
	static const struct rv_rule stripe = {.id = "stripe-live-key", .provider = "stripe"};
	static const struct rv_rule discord = {.id = "discord-webhook", .provider = "discord"};

	(void)state;
	assert_string_equal(look(&slack, "/services/T0AB/B1/s", 0, 18, 1, NULL).text,
			    "workspace T0AB");
	assert_string_equal(look_at_token(&slack, "/services/T").text, "workspace T");
	assert_string_equal(look_at_token(&stripe, "rk_live_1").text, "live mode, restricted");
	assert_string_equal(look_at_token(&stripe, "sk_test_1").text, "test mode");
	assert_string_equal(look_at_token(&stripe, "sk_").text, "");
	assert_string_equal(look_at_token(&discord, "/webhooks/123/s").text, "webhook 123");
	assert_string_equal(look_at_token(&discord, "/webhooks/").text, "");
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
		cmocka_unit_test(says_nothing_of_what_is_no_token),
		cmocka_unit_test(says_nothing_of_what_is_too_long),
		cmocka_unit_test(says_nothing_of_web_keys_and_tells_openpgp),
		cmocka_unit_test(says_that_a_key_is_damaged),
		cmocka_unit_test(says_that_an_elliptic_key_is_damaged),
		cmocka_unit_test(survives_every_cut_and_every_changed_byte),
		cmocka_unit_test(tells_no_claim_that_names_a_person),
		cmocka_unit_test(leaves_out_an_issuer_of_more_than_80_bytes),
		cmocka_unit_test(says_when_a_token_ends_and_who_issued_it),
		cmocka_unit_test(says_that_a_token_is_unsigned),
		cmocka_unit_test(reads_a_token_behind_a_prefix),
		cmocka_unit_test(names_a_service_account),
		cmocka_unit_test(says_the_account_of_an_access_key),
		cmocka_unit_test(says_the_account_and_end_of_a_presigned_key),
		cmocka_unit_test(says_whom_a_routable_token_belongs_to),
		cmocka_unit_test(says_what_a_shared_access_signature_permits),
		cmocka_unit_test(says_where_webhooks_and_keys_lead),
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
