/* tests: what tokens prove by themselves. They are made here. */
#include "agent/scan/check.h"
#include "tests/unit/sweep/facts_look.h"

#include <openssl/evp.h>
#include <stdio.h>

static const struct rv_rule jwt_rule = {.id = "jwt", .provider = "generic"};

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_nothing_of_what_is_no_token),
		cmocka_unit_test(says_nothing_of_what_is_too_long),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
