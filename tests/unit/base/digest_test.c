/* tests: digests against published vectors; hex; randomness from a given source. */
#include "agent/base/digest.h"
#include "tests/support/unit.h"

static void refuses_what_is_not_hex(void **state)
{
	static const char *const bad[] = {"", "0", "000", "0g", "g0", "0x", " 0", "00 ", "0000"};
	uint8_t out[1] = {42};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		assert_class(rv_unhex(rv_str_of(bad[i]), out, 1), RV_CLASS_MALFORMED);
		assert_int_equal(out[0], 42);
	}
	assert_class(rv_unhex(RV_STR_LIT("00"), out, SIZE_MAX), RV_CLASS_MALFORMED);
}

static void hex_goes_both_ways(void **state)
{
	uint8_t bytes[256], back[256];
	char text[513];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	rv_hex(bytes, sizeof(bytes), text);
	assert_int_equal(strlen(text), 512);
	assert_memory_equal(text, "000102", 6);
	assert_ok(rv_unhex(rv_str_of(text), back, sizeof(back)));
	assert_memory_equal(bytes, back, sizeof(back));
	assert_ok(rv_unhex(RV_STR_LIT("aBfF"), back, 2));
	assert_int_equal(back[0], 0xab);
}

/* FIPS 180-2, appendix B. */
static void sha256_matches_its_vectors(void **state)
{
	struct rv_digest d = rv_sha256("abc", 3);
	char text[65];

	(void)state;
	rv_hex(d.bytes, sizeof(d.bytes), text);
	assert_string_equal(text,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	d = rv_sha256(NULL, 0);
	rv_hex(d.bytes, sizeof(d.bytes), text);
	assert_string_equal(text,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

/* RFC 4231, test case 2, and the empty key. */
static void hmac_matches_its_vectors(void **state)
{
	struct rv_digest d = rv_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28);
	char text[65];

	(void)state;
	rv_hex(d.bytes, sizeof(d.bytes), text);
	assert_string_equal(text,
			    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	d = rv_hmac_sha256(NULL, 0, "", 0);
	rv_hex(d.bytes, sizeof(d.bytes), text);
	assert_string_equal(text,
			    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void pieces_hash_like_the_whole(void **state)
{
	struct rv_digest whole = rv_sha256("abcdef", 6), pieces;
	struct rv_hasher h;

	(void)state;
	assert_ok(rv_hasher_init(&h));
	assert_ok(rv_hasher_update(&h, "abc", 3));
	assert_ok(rv_hasher_update(&h, NULL, 0));
	assert_ok(rv_hasher_update(&h, "def", 3));
	assert_ok(rv_hasher_final(&h, &pieces));
	assert_true(rv_digest_equal(&whole, &pieces));
	pieces.bytes[31] ^= 1;
	assert_false(rv_digest_equal(&whole, &pieces));
	rv_hasher_done(&h);
	assert_class(rv_hasher_update(&h, "a", 1), RV_CLASS_BUG);
	rv_hasher_done(&h);
}

static void give_sevens(void *out, size_t len)
{
	memset(out, 7, len);
}

static void randomness_comes_from_the_given_source(void **state)
{
	uint8_t a[16], b[16];

	(void)state;
	rv_random_source(give_sevens);
	rv_random(a, sizeof(a));
	memset(b, 7, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
	rv_random_source(NULL);
	rv_random(a, sizeof(a));
	rv_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_not_hex),
		cmocka_unit_test(hex_goes_both_ways),
		cmocka_unit_test(sha256_matches_its_vectors),
		cmocka_unit_test(hmac_matches_its_vectors),
		cmocka_unit_test(pieces_hash_like_the_whole),
		cmocka_unit_test(randomness_comes_from_the_given_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
