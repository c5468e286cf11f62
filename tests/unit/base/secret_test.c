/* tests: secrets live in the secure heap, compare, seal and open only as they should. */
#include "agent/base/fd.h"
#include "agent/base/secret.h"
#include "tests/support/dir.h"
#include "tests/support/unit.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static struct rv_secret *key, *other_key;

static struct rv_secret *secret(const char *text, size_t len)
{
	struct rv_secret *s = NULL;

	assert_ok(rv_secret_new(text, len, &s));
	return s;
}

static int setup(void **state)
{
	uint8_t bytes[32];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	key = secret((char *)bytes, sizeof(bytes));
	bytes[31] ^= 1;
	other_key = secret((char *)bytes, sizeof(bytes));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rv_secret_freep(&key);
	rv_secret_freep(&other_key);
	return 0;
}

static void the_bytes_are_in_the_secure_heap(void **state)
{
	struct rlimit limit;

	(void)state;
	assert_true(CRYPTO_secure_allocated(rv_secret_reveal(key)));
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
	assert_int_equal(getrlimit(RLIMIT_CORE, &limit), 0);
	assert_int_equal(limit.rlim_cur, 0);
}

static void freeing_gives_the_room_back(void **state)
{
	size_t before = CRYPTO_secure_used();

	(void)state;
	for (int i = 0; i < 1000; i++)
		rv_secret_free(secret("abcdefgh", 8));
	rv_secret_free(NULL);
	assert_int_equal(CRYPTO_secure_used(), before);
}

static void too_large_a_secret_is_refused(void **state)
{
	struct rv_secret *s = NULL;
	char *big = calloc(1, ((size_t)256 << 10) + 1);

	(void)state;
	assert_class(rv_secret_new(big, ((size_t)256 << 10) + 1, &s), RV_CLASS_EXHAUSTED);
	assert_null(s);
	free(big);
}

static void reads_a_descriptor_to_its_end_or_refuses(void **state)
{
	struct rv_secret *s = NULL;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], "12345", 5), 5);
	rv_fd_closep(&fds[1]);
	assert_class(rv_secret_read_fd(fds[0], 4, &s), RV_CLASS_EXHAUSTED);
	assert_null(s);
	rv_fd_closep(&fds[0]);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], "12345", 5), 5);
	rv_fd_closep(&fds[1]);
	assert_ok(rv_secret_read_fd(fds[0], 5, &s));
	assert_int_equal(rv_secret_len(s), 5);
	assert_memory_equal(rv_secret_reveal(s), "12345", 5);
	rv_fd_closep(&fds[0]);
	rv_secret_free(s);
	s = NULL;
	assert_false(rv_is_ok(rv_secret_read_fd(-1, 5, &s)));
}

static void equal_means_every_byte(void **state)
{
	struct rv_secret *a = secret("abc", 3), *b = secret("abd", 3), *c = secret("ab", 2);
	struct rv_secret *d = NULL, *none = secret("", 0);

	(void)state;
	assert_ok(rv_secret_dup(a, &d));
	assert_false(rv_secret_equal(a, b));
	assert_false(rv_secret_equal(a, c));
	assert_false(rv_secret_equal(a, none));
	assert_true(rv_secret_equal(a, d));
	assert_true(rv_secret_equal(none, none));
	rv_secret_free(a);
	rv_secret_free(b);
	rv_secret_free(c);
	rv_secret_free(d);
	rv_secret_free(none);
}

static void a_sealed_secret_opens_only_as_it_was_sealed(void **state)
{
	struct rv_secret *plain = secret("the value", 9), *out = NULL;
	struct rv_buf blob;

	(void)state;
	rv_buf_init(&blob, 4096);
	assert_ok(rv_seal(key, RV_STR_LIT("aad"), plain, &blob));
	assert_int_equal(blob.len, 4 + 12 + 9 + 16);
	assert_null(memmem(blob.data, blob.len, "value", 5));
	for (size_t i = 0; i < blob.len; i++) {
		blob.data[i] ^= 1;
		assert_false(rv_is_ok(
			rv_unseal(key, RV_STR_LIT("aad"), rv_buf_view(&blob), &out, NULL)));
		blob.data[i] ^= 1;
	}
	for (size_t len = 0; len < blob.len; len++)
		assert_false(rv_is_ok(rv_unseal(key, RV_STR_LIT("aad"),
						(struct rv_str){blob.data, len}, &out, NULL)));
	assert_class(rv_unseal(key, RV_STR_LIT("aaD"), rv_buf_view(&blob), &out, NULL),
		     RV_CLASS_DENIED);
	assert_class(rv_unseal(other_key, RV_STR_LIT("aad"), rv_buf_view(&blob), &out, NULL),
		     RV_CLASS_DENIED);
	assert_null(out);
	assert_ok(rv_unseal(key, RV_STR_LIT("aad"), rv_buf_view(&blob), &out, NULL));
	assert_true(rv_secret_equal(plain, out));
	rv_secret_free(out);
	rv_secret_free(plain);
	rv_buf_done(&blob);
}

static void an_empty_secret_can_be_sealed(void **state)
{
	struct rv_secret *plain = secret("", 0), *out = NULL;
	struct rv_buf blob;

	(void)state;
	rv_buf_init(&blob, 4096);
	assert_ok(rv_seal(key, RV_STR_NONE, plain, &blob));
	assert_class(rv_unseal(other_key, RV_STR_NONE, rv_buf_view(&blob), &out, NULL),
		     RV_CLASS_DENIED);
	assert_ok(rv_unseal(key, RV_STR_NONE, rv_buf_view(&blob), &out, NULL));
	assert_int_equal(rv_secret_len(out), 0);
	rv_secret_free(out);
	rv_secret_free(plain);
	rv_buf_done(&blob);
}

static void two_seals_of_one_secret_differ(void **state)
{
	struct rv_secret *plain = secret("same", 4);
	struct rv_buf a, b;

	(void)state;
	rv_buf_init(&a, 4096);
	rv_buf_init(&b, 4096);
	assert_ok(rv_seal(key, RV_STR_NONE, plain, &a));
	assert_ok(rv_seal(key, RV_STR_NONE, plain, &b));
	assert_memory_not_equal(a.data, b.data, a.len);
	rv_secret_free(plain);
	rv_buf_done(&a);
	rv_buf_done(&b);
}

static void a_key_of_another_size_is_refused(void **state)
{
	struct rv_secret *small = secret("abc", 3), *out = NULL;
	char text[RV_FINGERPRINT_TEXT];
	struct rv_buf blob;

	(void)state;
	rv_buf_init(&blob, 4096);
	assert_class(rv_seal(small, RV_STR_NONE, key, &blob), RV_CLASS_BUG);
	assert_class(rv_unseal(small, RV_STR_NONE, RV_STR_NONE, &out, NULL), RV_CLASS_BUG);
	assert_class(rv_fingerprint(small, "c", RV_STR_NONE, text), RV_CLASS_BUG);
	rv_secret_free(small);
	rv_buf_done(&blob);
}

static void fingerprints_join_only_by_key_class_and_value(void **state)
{
	char a[RV_FINGERPRINT_TEXT], b[RV_FINGERPRINT_TEXT];

	(void)state;
	assert_ok(rv_fingerprint(key, "token", RV_STR_LIT("v"), a));
	assert_int_equal(strlen(a), 45);
	assert_memory_equal(a, "hk1:", 4);
	assert_int_equal(a[12], ':');
	assert_ok(rv_fingerprint(key, "token", RV_STR_LIT("v"), b));
	assert_string_equal(a, b);
	assert_ok(rv_fingerprint(key, "tokem", RV_STR_LIT("v"), b));
	assert_string_not_equal(a, b);
	assert_memory_equal(a, b, 13);
	assert_ok(rv_fingerprint(key, "token", RV_STR_LIT("w"), b));
	assert_string_not_equal(a, b);
	assert_ok(rv_fingerprint(other_key, "token", RV_STR_LIT("v"), b));
	assert_memory_not_equal(a + 4, b + 4, 8);
	assert_memory_not_equal(a + 13, b + 13, 32);
}

static void nothing_is_made_before_the_heap_is_there(void)
{
	struct rv_secret *s = NULL;

	if (rv_class_of(rv_secret_new("a", 1, &s)) != RV_CLASS_BUG || s)
		rvt_die("a secret was made outside the secure heap");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_bytes_are_in_the_secure_heap),
		T(freeing_gives_the_room_back),
		T(too_large_a_secret_is_refused),
		T(reads_a_descriptor_to_its_end_or_refuses),
		T(equal_means_every_byte),
		T(a_sealed_secret_opens_only_as_it_was_sealed),
		T(an_empty_secret_can_be_sealed),
		T(two_seals_of_one_secret_differ),
		T(a_key_of_another_size_is_refused),
		T(fingerprints_join_only_by_key_class_and_value),
	};
	struct rv_diag diag = {0};

	nothing_is_made_before_the_heap_is_there();
	if (!rv_is_ok(rv_secret_heap_init(&diag)))
		rvt_skip("%s", diag.text);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
