/* tests: the intake with the 1st, 2nd, .. allocation failing: it says EXHAUSTED or goes on without
 * what it could not remember, and never crashes. Leaks are AddressSanitizer's to find. */
#include "agent/discover/intake.h"
#include "tests/support/alloc_fail.h"
#include "tests/support/dir.h"
#include "tests/support/pems.h"
#include "tests/support/sample.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants setjmp.h and stdarg.h first */
#include <cmocka.h>

#define FILES 3

struct world {
	struct rv_scanner *scanner;
	struct rv_secret *key;
	int fds[FILES];
	struct rv_rec_file_item items[FILES];
	size_t told;
};

static rv_status count(void *user, enum rv_msg type, const void *record)
{
	struct world *w = user;

	(void)type;   /* only how many */
	(void)record; /* as above */
	w->told++;
	return RV_OK;
}

static rv_status attempt(struct world *w)
{
	RV_CLEANUP(rv_intake_freep) struct rv_intake *in = NULL;
	struct rv_rec_discovered done;

	w->told = 0;
	RV_TRY(rv_intake_new(w->scanner, w->key, w->key, (struct rv_sink){count, w}, &in));
	for (size_t i = 0; i < FILES; i++)
		RV_TRY(rv_intake_file(in, w->fds[i], &w->items[i]));
	return rv_intake_end(in, &done);
}

static void add(struct world *w, size_t i, struct rvt_dir *dir, const char *path, unsigned source)
{
	char real[RVT_PATH];
	struct stat st;

	rvt_dir_path(dir, path + 1, real);
	w->fds[i] = open(real, O_RDONLY | O_CLOEXEC);
	assert_true(w->fds[i] >= 0);
	assert_int_equal(fstat(w->fds[i], &st), 0);
	w->items[i] = (struct rv_rec_file_item){
		.path = rv_str_of(path), .dev = st.st_dev, .ino = st.st_ino, .source = source};
}

static void plant(struct rvt_dir *dir)
{
	EVP_PKEY *key = pems_key("EC");
	X509 *cert = pems_cert(key, "a", "DNS:a.example");
	char *cert_text = pems_cert_text(cert);
	char *key_text = pems_key_text(key, NULL);
	char text[8192];

	(void)snprintf(text, sizeof(text), "%s%s", cert_text, key_text); /* fits */
	rvt_dir_write_text(dir, "a.pem", text);
	assert_true(sample_render("[Service]\nUser=a\nExecStart=/bin/a \\\n -x\n"
				  "EnvironmentFile=/a/glpat-{alnum:20}\n",
				  1, text, sizeof(text)));
	rvt_dir_write_text(dir, "a.service", text);
	rvt_dir_write_text(dir, "passwd", "a:x:1:1::/a:/bin/sh\nb:x:2:2::/b:/bin/sh\n");
	free(cert_text);
	free(key_text);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void every_failing_allocation_is_survived(void **state)
{
	struct world w = {0};
	struct rvt_dir dir;
	uint8_t key[32] = {1};
	size_t n = 1;

	(void)state; /* none needed */
	rvt_dir_init(&dir);
	plant(&dir);
	add(&w, 0, &dir, "/a.pem", RV_SOURCE_FILE);
	add(&w, 1, &dir, "/a.service", RV_SOURCE_UNIT);
	add(&w, 2, &dir, "/passwd", RV_SOURCE_PASSWD);
	assert_true(rv_is_ok(rv_scanner_new_builtin(&w.scanner, NULL)));
	assert_true(rv_is_ok(rv_secret_new(key, sizeof(key), &w.key)));
	for (;; n++) {
		rvt_alloc_fail_at(n);
		rv_status s = attempt(&w);
		bool has_failed = rvt_alloc_has_failed();

		rvt_alloc_fail_at(0);
		if (!has_failed) {
			assert_true(rv_is_ok(s));
			break;
		}
		if (!rv_is_ok(s) && rv_class_of(s) != RV_CLASS_EXHAUSTED)
			fail_msg("allocation %zu: %s", n, rv_class_name(rv_class_of(s)));
	}
	/* certificate, key, unit, the secret in it, two accounts */
	assert_int_equal(w.told, 6);
	assert_true(n > 15);
	for (size_t i = 0; i < FILES; i++)
		assert_int_equal(close(w.fds[i]), 0);
	rv_secret_free(w.key);
	rv_scanner_free(w.scanner);
	rvt_dir_done(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_failing_allocation_is_survived),
	};

	if (!rv_is_ok(rv_secret_heap_init(NULL)))
		rvt_skip("memory cannot be locked here");
	return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
