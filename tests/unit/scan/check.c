/* Tests: the offline checks. Values are made here; known answers are of published test vectors. */
#include "tests/support/unit.h"

#include "agent/scan/check_bytes.h"

#include <math.h>
#include <stdio.h>

#define TEXT_MAX	 512
#define BASE62_OF_DIGITS "3jZRME" /* 0xcbf43926, the CRC-32 of "123456789" */

struct text {
	char data[TEXT_MAX];
	size_t len;
};

static struct rv_str view(const struct text *t)
{
	return (struct rv_str){(const uint8_t *)t->data, t->len};
}

static void put(struct text *t, const char *z)
{
	size_t len = strlen(z);

	assert_true(t->len + len < TEXT_MAX);
	memcpy(t->data + t->len, z, len);
	t->len += len;
}

static void put_run(struct text *t, char c, size_t count)
{
	for (size_t i = 0; i < count; i++)
		t->data[t->len++] = c;
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * UINT32_C(1664525) + UINT32_C(1013904223);
	return *seed >> 8;
}

static void put_random(struct text *t, const char *chars, size_t count, uint32_t *seed)
{
	for (size_t i = 0; i < count; i++)
		t->data[t->len++] = chars[next(seed) % strlen(chars)];
}

/* Completes the value by the check's own maker. */
static void finish(struct text *t, const char *check)
{
	const struct rv_check_row *row = rv_check_find(check);
	size_t made = row->make(view(t), t->data + t->len, TEXT_MAX - t->len);

	assert_int_not_equal(made, 0);
	t->len += made;
}

static bool passes(const struct text *t, const char *check)
{
	return rv_check_find(check)->fn(view(t));
}

static const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567";
static const char bech32[] = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

/* What a maker completes: text before, random text, text after. */
static const struct sample {
	const char *check;
	const char *before;
	const char *chars;
	size_t count;
	const char *after;
} samples[] = {
	{"azure-client-secret", "abc8Q~", alnum, 31, ""},
	{"azure-devops", "", base32, 44, ""},
	{"azure-key", "", base64, 76, "+ASt"},
	{"azure-key", "", base64, 76, "ACDb"},
	{"azure-key", "", base64, 76, "APIM"},
	{"azure-key", "", base64, 33, "+ASb"},
	{"azure-key", "", base64, 33, "AIoT"},
	{"azure-key", "", alnum, 42, "AzSe"},
	{"azure-key", "", base64, 42, "+ACR"},
	{"azure-key", "", alnum, 44, "AzFu"},
	{"bech32", "AGE-SECRET-KEY-1", bech32, 51, "Q"},
	{"crc32-base36", "glpat-", base64url, 27, ".01.0r"},
	{"crc32-base36", "glrt-t1_", base64url, 27, ".01.0r"},
	{"crc32-base62", "ghp_", alnum, 30, ""},
	{"crc32-base62", "vcp_", alnum, 50, ""},
	{"crc32-hex", "ATATT3xFfGF0", base64url, 171, "="},
	{"crc32-hex-le", "glsa_", alnum, 32, "_"},
	{"curve25519", "oA", base64, 38, ""},
	{"macaroon", "pypi-AgEIcHlwaS5vcmcCJD", base64url, 47, ""},
	{"xor-base62", "cio_tp_", alnum, 31, ""},
};

static void make_sample(const struct sample *s, uint32_t *seed, struct text *t)
{
	*t = (struct text){0};
	put(t, s->before);
	put_random(t, s->chars, s->count, seed);
	put(t, s->after);
	finish(t, s->check);
}

static void no_check_passes_nothing_or_a_short_value(void **state)
{
	(void)state;
	size_t count = 0;
	const struct rv_check_row *rows = rv_check_rows(&count);
	const char *const shorts[] = {
		"",   "a",   "_",     "=",   "==",  "1",	 ".",
		"..", "eyJ", "pypi-", "8Q~", "a_b", "ghp_12345", "\xff\xfe\xff"};

	for (size_t i = 0; i < count; i++) {
		if (!rows[i].identifies)
			continue;
		assert_false(rows[i].fn(RV_STR_NONE));
		for (size_t k = 0; k < RV_LEN(shorts); k++)
			assert_false(rows[i].fn(rv_str_of(shorts[k])));
	}
}

static void no_check_passes_more_than_a_value(void **state)
{
	(void)state;
	static uint8_t big[RV_CHECK_VALUE_MAX + 1];
	size_t count = 0;
	const struct rv_check_row *rows = rv_check_rows(&count);

	memset(big, 'A', sizeof(big));
	for (size_t i = 0; i < count; i++)
		assert_false(rows[i].fn((struct rv_str){big, sizeof(big)}));
}

static void no_maker_writes_past_its_room(void **state)
{
	(void)state;
	uint32_t seed = 7;

	for (size_t i = 0; i < RV_LEN(samples); i++) {
		const struct rv_check_row *row = rv_check_find(samples[i].check);
		struct text t = {0};
		char out[RV_CHECK_MADE_MAX + 1];

		put(&t, samples[i].before);
		put_random(&t, samples[i].chars, samples[i].count, &seed);
		put(&t, samples[i].after);
		size_t whole = row->make(view(&t), out, RV_CHECK_MADE_MAX);
		assert_int_not_equal(whole, 0);
		memset(out, '#', sizeof(out));
		assert_int_equal(row->make(view(&t), out, whole - 1), 0);
		assert_int_equal(row->make(view(&t), out, whole), whole);
		assert_int_equal(out[whole], '#');
	}
}

static void a_maker_refuses_a_body_it_cannot_complete(void **state)
{
	(void)state;
	char out[RV_CHECK_MADE_MAX];
	const struct {
		const char *check;
		const char *body;
	} bad[] = {
		{"azure-key", "AAAA"},	  {"azure-key", ""},	{"azure-key", "!!!!+ASt"},
		{"azure-devops", "abc"},  {"azure-devops", ""}, {"azure-client-secret", ""},
		{"bech32", "nodigit"},	  {"bech32", "aB1qq"},	{"bech32", "a1b"},
		{"crc32-base62", "ghp_"}, {"crc32-hex", ""},	{"crc32-hex-le", "_"},
		{"curve25519", "oA"},	  {"macaroon", "AgEI"}, {"macaroon", "pypi-\x01\x02"},
	};

	for (size_t i = 0; i < RV_LEN(bad); i++) {
		assert_int_equal(
			rv_check_find(bad[i].check)->make(rv_str_of(bad[i].body), out, sizeof(out)),
			0);
	}
}

static void every_made_value_passes_and_one_changed_byte_fails(void **state)
{
	(void)state;
	uint32_t seed = 1;

	for (size_t i = 0; i < RV_LEN(samples); i++) {
		for (int round = 0; round < 200; round++) {
			struct text t;

			make_sample(&samples[i], &seed, &t);
			assert_true(passes(&t, samples[i].check));
			if (!rv_check_find(samples[i].check)->identifies)
				continue;
			size_t at = strlen(samples[i].before) + next(&seed) % samples[i].count;
			t.data[at] = t.data[at] == 'a' ? 'b' : 'a';
			/* A macaroon's identifier is any bytes. */
			if (strcmp(samples[i].check, "macaroon") != 0)
				assert_false(passes(&t, samples[i].check));
		}
	}
}

static void finds_each_name_and_no_other(void **state)
{
	(void)state;
	size_t count = 0;
	const struct rv_check_row *rows = rv_check_rows(&count);

	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(rv_check_find(rows[i].name), &rows[i]);
		if (i > 0)
			assert_true(strcmp(rows[i - 1].name, rows[i].name) < 0);
	}
	assert_null(rv_check_find(""));
	assert_null(rv_check_find("crc32"));
	assert_null(rv_check_find("zzz"));
}

static void crc32_is_the_one_of_zlib(void **state)
{
	(void)state;
	struct rv_str digits = RV_STR_LIT("123456789");

	assert_int_equal(rv_crc32(digits.data, digits.len), 0xcbf43926);
	assert_true(rv_check_crc32_hex(RV_STR_LIT("123456789CBF43926")));
	assert_true(rv_check_crc32_hex(RV_STR_LIT("123456789cbf43926")));
	assert_false(rv_check_crc32_hex(RV_STR_LIT("123456788CBF43926")));
	assert_true(rv_check_crc32_hex_le(RV_STR_LIT("123456789_2639f4cb")));
	assert_false(rv_check_crc32_hex_le(RV_STR_LIT("123456789_cbf43926")));
	assert_true(rv_check_crc32_base62(RV_STR_LIT("x_123456789" BASE62_OF_DIGITS)));
	assert_false(rv_check_crc32_base62(RV_STR_LIT("x_12345678" BASE62_OF_DIGITS)));
}

static void a_routable_token_needs_a_length_that_fits(void **state)
{
	(void)state;
	struct text t = {0};

	put(&t, "glpat-");
	put_run(&t, 'x', 27);
	put(&t, ".01.zz");
	finish(&t, "crc32-base36");
	assert_false(passes(&t, "crc32-base36"));
}

static void azure_keys_pass_the_published_examples(void **state)
{
	(void)state;
	const struct {
		size_t run;
		const char *end;
	} known[] = {{76, "+ASt5mnCaw=="},
		     {33, "+AEhG2s/8w="},
		     {33, "+ASbHpHeAI="},
		     {33, "AIoTOumzco="}};

	for (size_t i = 0; i < RV_LEN(known); i++) {
		struct text t = {0};

		put_run(&t, 'a', known[i].run);
		put(&t, known[i].end);
		assert_true(passes(&t, "azure-key"));
		t.data[1] = 'b';
		assert_false(passes(&t, "azure-key"));
	}
}

static void a_client_secret_passes_the_published_example(void **state)
{
	(void)state;
	struct text t = {0};

	put(&t, "zzz8Q~");
	put_run(&t, 'z', 31);
	put(&t, "blP");
	assert_true(passes(&t, "azure-client-secret"));
	t.data[4] = 'q';
	assert_false(passes(&t, "azure-client-secret"));
}

static void the_xor_digit_is_the_published_one(void **state)
{
	(void)state;
	struct text t = {0};

	put(&t, "cio_tp_");
	put_run(&t, '0', 31);
	put(&t, "w");
	assert_true(passes(&t, "xor-base62"));
	t.data[t.len - 1] = '0';
	assert_false(passes(&t, "xor-base62"));
}

static void bech32_passes_the_vectors_of_bip_173(void **state)
{
	(void)state;
	assert_true(rv_check_bech32(RV_STR_LIT("A12UEL5L")));
	assert_true(rv_check_bech32(RV_STR_LIT("a12uel5l")));
	assert_true(rv_check_bech32(RV_STR_LIT("?1ezyfcl")));
	assert_true(
		rv_check_bech32(RV_STR_LIT("split1checkupstagehandshakeupstreamerranterredcaperred2"
					   "y9e3w")));
	assert_false(rv_check_bech32(RV_STR_LIT("A12uEL5L")));
	assert_false(rv_check_bech32(RV_STR_LIT("a12uel5k")));
	assert_false(rv_check_bech32(RV_STR_LIT("pzry9x0s0muk")));
	assert_false(rv_check_bech32(RV_STR_LIT("1pzry9x0s0muk")));
}

static void a_macaroon_is_read_to_its_last_byte(void **state)
{
	(void)state;
	uint32_t seed = 3;
	struct text t;
	const struct sample *s = NULL;

	for (size_t i = 0; i < RV_LEN(samples); i++)
		s = strcmp(samples[i].check, "macaroon") == 0 ? &samples[i] : s;
	make_sample(s, &seed, &t);
	assert_true(passes(&t, "macaroon"));
	for (size_t cut = 0; cut < t.len; cut++) {
		struct text part = t;

		part.len = cut;
		assert_false(passes(&part, "macaroon"));
	}
	put(&t, "AAAA");
	assert_false(passes(&t, "macaroon"));
}

static void json_in_base64_is_found_behind_a_prefix(void **state)
{
	(void)state;
	uint32_t seed = 4;
	struct text t = {0};

	put(&t, "sntrys_");
	finish(&t, "base64-json");
	assert_true(passes(&t, "base64-json"));
	put(&t, "_");
	put_random(&t, alnum, 43, &seed);
	assert_true(passes(&t, "base64-json"));
	t.data[9] = 'x';
	assert_false(passes(&t, "base64-json"));
	struct text other = {0};
	put(&other, "sntrys_eyJ");
	put_random(&other, alnum, 60, &seed);
	assert_false(passes(&other, "base64-json"));
}

static void a_login_has_a_name_and_a_password(void **state)
{
	(void)state;
	struct text t = {0};

	assert_false(rv_check_base64_login(RV_STR_LIT("authenticationMethod")));
	assert_false(rv_check_base64_login(RV_STR_LIT("dXNlcg==")));	 /* user */
	assert_false(rv_check_base64_login(RV_STR_LIT("dXNlcjo=")));	 /* user: */
	assert_false(rv_check_base64_login(RV_STR_LIT("OnB3")));	 /* :pw */
	assert_true(rv_check_base64_login(RV_STR_LIT("dXNlcjpwdw==")));	 /* user:pw */
	assert_false(rv_check_base64_login(RV_STR_LIT("dXNlcjpwd*=="))); /* foreign */
	finish(&t, "base64-login");
	assert_true(passes(&t, "base64-login"));
}

static void a_reference_token_says_so_inside(void **state)
{
	(void)state;
	struct text t = {0};

	finish(&t, "jfrog-reference");
	assert_int_equal(t.len, 64);
	assert_true(passes(&t, "jfrog-reference"));
	t.data[2] = 'x';
	assert_false(passes(&t, "jfrog-reference"));
}

static void a_public_key_is_no_private_curve_key(void **state)
{
	(void)state;
	assert_false(
		rv_check_curve25519(RV_STR_LIT("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEA=")));
	assert_false(
		rv_check_curve25519(RV_STR_LIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")));
	assert_false(rv_check_curve25519(RV_STR_LIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE")));
	assert_true(
		rv_check_curve25519(RV_STR_LIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEA=")));
}

static void a_key_id_names_its_account(void **state)
{
	(void)state;
	char account[13] = "";
	struct text id = {0};

	put(&id, "ASIA");
	put(&id, "Y34FZKBOKMUTVV7A");
	assert_true(rv_aws_account_of(view(&id), account));
	assert_string_equal(account, "609629065308");
	assert_false(rv_aws_account_of(RV_STR_LIT("AKIAIOSFODNN7EXAMPLE"), account));
	assert_false(rv_aws_account_of(RV_STR_LIT("AKIA"), account));
	assert_false(rv_aws_account_of(RV_STR_LIT("AKIA0000000000000000"), account));
	assert_string_equal(account, "609629065308");
}

static void a_jwt_has_two_json_parts(void **state)
{
	(void)state;
	struct text t = {0};

	finish(&t, "base64-json");
	put(&t, ".");
	assert_false(passes(&t, "jwt"));
	struct text part = t;
	memcpy(t.data + t.len, part.data, part.len);
	t.len += part.len;
	put(&t, "c2ln");
	assert_true(passes(&t, "jwt"));
	t.data[0] = 'x';
	assert_false(passes(&t, "jwt"));
}

static void placeholders_are_told_from_values(void **state)
{
	(void)state;
	const char *const words[] = {"changeme", "password1", "pass",	    "your-key-here",
				     "aaaaaaaa", "xxxxxxxx",  "my-example", "1234567890"};

	for (size_t i = 0; i < RV_LEN(words); i++) {
		assert_false(rv_check_not_placeholder(rv_str_of(words[i])));
		assert_false(rv_check_looks_random(rv_str_of(words[i])));
	}
	assert_true(rv_check_not_placeholder(RV_STR_LIT("kq7Rz2mVw9Tn")));
	assert_true(rv_check_looks_random(RV_STR_LIT("kq7Rz2mVw9Tn")));
	assert_false(rv_check_looks_random(RV_STR_LIT("/etc/k7q2/m9")));
	assert_false(rv_check_looks_random(RV_STR_LIT("some_function_v2")));
}

static void a_word_in_random_text_is_chance(void **state)
{
	(void)state;
	static const char *const keys[] = {"AwwNDGjzydtoDojwdeKI20aq", "gDlYour3hCNpUbInVt9mRkaa",
					   "4b1GErRxXxXEgpnzf9Z1tnKw"};
	static const char *const written[] = {"yourKey0123ABCdefgh", "MyYourKey77x9Qm",
					      "ab-todo-X9", "a7B_YOUR_key", "Kq7Rz2mxxxxVw9Tn"};

	for (size_t i = 0; i < RV_LEN(keys); i++)
		assert_true(rv_check_not_placeholder(rv_str_of(keys[i])));
	for (size_t i = 0; i < RV_LEN(written); i++)
		assert_false(rv_check_not_placeholder(rv_str_of(written[i])));
	uint32_t seed = 11;
	unsigned refused = 0;

	for (int round = 0; round < 200000; round++) {
		struct text t = {0};

		put_random(&t, alnum, 40, &seed);
		refused += !rv_check_not_placeholder((struct rv_str){(uint8_t *)t.data, t.len});
	}
	assert_in_range(refused, 0, 3);
}

static void entropy_is_shannons(void **state)
{
	(void)state;
	uint32_t seed = 5;

	assert_int_equal(rv_entropy_tenths(RV_STR_NONE), 0);
	assert_int_equal(rv_entropy_tenths(RV_STR_LIT("aaaa")), 0);
	assert_int_equal(rv_entropy_tenths(RV_STR_LIT("abab")), 10);
	assert_int_equal(rv_entropy_tenths(RV_STR_LIT("0123456789abcdef")), 40);
	assert_int_equal(rv_entropy_tenths(RV_STR_LIT("aaabbbcccddd")), 20);
	assert_false(rv_entropy_is_above(RV_STR_LIT("aaabbbcccddd"), 2000));
	assert_true(rv_entropy_is_above(RV_STR_LIT("aaabbbcccddd"), 1999));
	assert_false(rv_entropy_is_above(RV_STR_NONE, 1));
	assert_false(rv_entropy_is_above(RV_STR_NONE, 0));
	for (int round = 0; round < 500; round++) {
		struct text t = {0};
		uint32_t counts[256] = {0};
		double sum = 0;

		put_random(&t, alnum, 1 + next(&seed) % 300, &seed);
		for (size_t i = 0; i < t.len; i++)
			counts[(uint8_t)t.data[i]]++;
		for (size_t i = 0; i < 256; i++) {
			double share = (double)counts[i] / (double)t.len;

			sum -= counts[i] ? share * log2(share) : 0;
		}
		double off = sum * 10 - rv_entropy_tenths(view(&t));
		assert_true(off > -0.01 && off < 1.01);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_check_passes_nothing_or_a_short_value),
		cmocka_unit_test(no_check_passes_more_than_a_value),
		cmocka_unit_test(no_maker_writes_past_its_room),
		cmocka_unit_test(a_maker_refuses_a_body_it_cannot_complete),
		cmocka_unit_test(every_made_value_passes_and_one_changed_byte_fails),
		cmocka_unit_test(finds_each_name_and_no_other),
		cmocka_unit_test(crc32_is_the_one_of_zlib),
		cmocka_unit_test(a_routable_token_needs_a_length_that_fits),
		cmocka_unit_test(azure_keys_pass_the_published_examples),
		cmocka_unit_test(a_client_secret_passes_the_published_example),
		cmocka_unit_test(the_xor_digit_is_the_published_one),
		cmocka_unit_test(bech32_passes_the_vectors_of_bip_173),
		cmocka_unit_test(a_macaroon_is_read_to_its_last_byte),
		cmocka_unit_test(json_in_base64_is_found_behind_a_prefix),
		cmocka_unit_test(a_login_has_a_name_and_a_password),
		cmocka_unit_test(a_reference_token_says_so_inside),
		cmocka_unit_test(a_public_key_is_no_private_curve_key),
		cmocka_unit_test(a_key_id_names_its_account),
		cmocka_unit_test(a_jwt_has_two_json_parts),
		cmocka_unit_test(placeholders_are_told_from_values),
		cmocka_unit_test(a_word_in_random_text_is_chance),
		cmocka_unit_test(entropy_is_shannons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
