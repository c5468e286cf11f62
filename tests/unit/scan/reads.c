/* tests: which long words read like names. */
#include "agent/scan/reads.h"

#include "tests/support/unit.h"

#include <ctype.h>
#include <string.h>

#define VALUES 100000

static bool is_name(const char *word)
{
	return rv_reads_like_name((const uint8_t *)word, strlen(word));
}

static void names_of_code_and_paths_are_names(void **state)
{
	(void)state;
	assert_true(is_name("get_all_related_objects_with_model"));
	assert_true(is_name("DisallowedModelAdminToField"));
	assert_true(is_name("NonHTMLResponseExceptionReporterFilter"));
	assert_true(is_name("AZURE_SUBSCRIPTION_ID_OF_TENANT"));
	assert_true(is_name("com/weblog/2019/aug/01/security-releases"));
	assert_true(is_name("test_q_expression_annotation_v2_aggregation"));
	assert_true(is_name("select2-selection--multiple"));
}

static void what_mixes_letters_and_digits_is_none(void **state)
{
	(void)state;
	assert_false(is_name("0123456789abcdef0123456789abcdef"));
	assert_false(is_name("550e8400-e29b-41d4-a716-446655440000"));
	assert_false(is_name("a1b2c3d4e5f6g7h8i9j0k1l2"));
	assert_false(is_name("123456789012345678901234"));
	assert_false(is_name("service-account/qT7zK2mX9wB4nR6v"));
}

static void a_word_without_end_is_none(void **state)
{
	static uint8_t word[20000];

	(void)state;
	memset(word, 'a', sizeof(word));
	assert_true(rv_reads_like_name(word, 16384));
	assert_false(rv_reads_like_name(word, sizeof(word)));
}

/* How many of VALUES random words of `len` characters are taken for names. */
static unsigned lost(const char *alphabet, size_t len)
{
	uint64_t seed = 1;
	size_t size = strlen(alphabet);
	unsigned count = 0;

	for (unsigned i = 0; i < VALUES; i++) {
		uint8_t word[64];

		for (size_t k = 0; k < len; k++) {
			seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			word[k] = (uint8_t)alphabet[(seed >> 33) % size];
		}
		count += rv_reads_like_name(word, len);
	}
	return count;
}

static void random_values_are_no_names(void **state)
{
	static const char hex[] = "0123456789abcdef";
	static const char small[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	(void)state;
	assert_true(lost(hex, 24) == 0);
	assert_true(lost(small, 24) < VALUES / 1000);
	assert_true(lost(all, 24) < VALUES / 1000);
	assert_true(lost(small, 32) < VALUES / 5000);
	assert_true(lost(all, 32) < VALUES / 10000);
}

/* As reads.h says it, byte by byte. */
static bool reads_so(const char *word, size_t len)
{
	unsigned turns = 0, digits = 0, lower = 0, upper = 0;

	for (size_t i = 0; i < len; i++) {
		char c = word[i];
		char before = i > 0 ? word[i - 1] : '-';
		bool was_letter = isalpha((unsigned char)before);

		lower += islower((unsigned char)c) != 0;
		upper += isupper((unsigned char)c) != 0;
		digits += isdigit((unsigned char)c) != 0;
		if ((isdigit((unsigned char)c) && was_letter) ||
		    (isalpha((unsigned char)c) && isdigit((unsigned char)before)))
			turns += 2;
		else if (isupper((unsigned char)c) && islower((unsigned char)before))
			turns++;
		else if (islower((unsigned char)c) && isupper((unsigned char)before) && i > 1 &&
			 isupper((unsigned char)word[i - 2]))
			turns++;
	}
	return lower && upper ? turns < 6 && digits < 5 : turns < (lower ? 4U : 1U) && digits < 12;
}

/* Of few kinds of bytes each, so that turns stand at the edges of what is looked at at once. */
static void reads_words_of_any_length_byte_by_byte(void **state)
{
	static const char *const alphabets[] = {
		"ab",  "AAAAAAAAb", "aaaaaaaaaaaaaaaB",
		"ab-", "AB_",	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1",
		"A1",  "aB1-"};
	char word[200];
	uint64_t seed = 7;
	unsigned names = 0;

	(void)state;
	for (unsigned n = 0; n < VALUES; n++) {
		const char *alphabet = alphabets[n % RV_LEN(alphabets)];
		size_t len = 1 + n % (sizeof(word) - 1);

		for (size_t i = 0; i < len; i++) {
			seed = seed * 6364136223846793005U + 1442695040888963407U;
			word[i] = alphabet[(seed >> 33) % strlen(alphabet)];
		}
		bool is_one = rv_reads_like_name((const uint8_t *)word, len);
		if (is_one != reads_so(word, len))
			fail_msg("%.*s", (int)len, word);
		names += is_one;
	}
	assert_true(names > VALUES / 10 && names < VALUES - VALUES / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_code_and_paths_are_names),
		cmocka_unit_test(what_mixes_letters_and_digits_is_none),
		cmocka_unit_test(a_word_without_end_is_none),
		cmocka_unit_test(random_values_are_no_names),
		cmocka_unit_test(reads_words_of_any_length_byte_by_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
