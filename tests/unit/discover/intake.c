/* tests: the intake of one file: reading, changes under the hands, pieces, masking, fingerprints.
 */
#include "agent/discover/intake.h"
#include "agent/discover/mask.h"
#include "agent/model/kinds.h"
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

#define TOLD_MAX 64

struct fixture {
	struct rvt_dir dir;
	struct rv_scanner *scanner;
	struct rv_secret *fleet;
	struct rv_secret *host;
	struct rv_intake *in;
	struct rv_buf told; /* encoded records */
	uint16_t types[TOLD_MAX];
	size_t at[TOLD_MAX + 1];
	size_t count;
};

/* What happens before each read of a file, for tests that change it under our hands. */
static void (*before_read)(int fd);
static int reads;

/* NOLINTBEGIN(readability-identifier-naming): the linker gives these names */
ssize_t __real_pread(int fd, void *buf, size_t count, off_t offset);
ssize_t __wrap_pread(int fd, void *buf, size_t count, off_t offset);
ssize_t __wrap_pread(int fd, void *buf, size_t count, off_t offset)
{
	reads++;
	if (before_read)
		before_read(fd);
	return __real_pread(fd, buf, count, offset);
}
/* NOLINTEND(readability-identifier-naming) */

static rv_status remember(void *user, enum rv_msg type, const void *record)
{
	struct fixture *f = user;

	assert_true(f->count < TOLD_MAX);
	f->types[f->count++] = (uint16_t)type;
	rv_status s = rv_record_encode(rv_msg_desc((uint16_t)type)->body, record, &f->told);
	f->at[f->count] = f->told.len;
	return s;
}

static bool told(struct fixture *f, enum rv_msg type, size_t nth, void *rec)
{
	struct rv_diag diag = {0};

	for (size_t i = 0; i < f->count; i++) {
		if (f->types[i] != type || nth-- > 0)
			continue;
		struct rv_str body = {f->told.data + f->at[i], f->at[i + 1] - f->at[i]};
		assert_true(rv_is_ok(
			rv_record_decode(rv_msg_desc((uint16_t)type)->body, body, rec, &diag)));
		return true;
	}
	return false;
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	uint8_t key[32] = {1};

	assert_non_null(f);
	rvt_dir_init(&f->dir);
	assert_true(rv_is_ok(rv_scanner_new_builtin(&f->scanner, NULL)));
	assert_true(rv_is_ok(rv_secret_new(key, sizeof(key), &f->fleet)));
	key[0] = 2;
	assert_true(rv_is_ok(rv_secret_new(key, sizeof(key), &f->host)));
	assert_true(rv_is_ok(rv_intake_new(f->scanner, f->fleet, f->host,
					   (struct rv_sink){remember, f}, &f->in)));
	rv_buf_init(&f->told, 1 << 20);
	before_read = NULL;
	reads = 0;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rv_intake_free(f->in);
	rv_secret_free(f->fleet);
	rv_secret_free(f->host);
	rv_scanner_free(f->scanner);
	rv_buf_done(&f->told);
	rvt_dir_done(&f->dir);
	free(f);
	return 0;
}

/* Hands a file over as reeve-open would. */
static void look_as(struct fixture *f, const char *name, const char *path, unsigned source)
{
	char real[RVT_PATH];
	struct stat st;

	rvt_dir_path(&f->dir, name, real);
	int fd = open(real, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	struct rv_rec_file_item item = {
		.path = rv_str_of(path), .dev = st.st_dev, .ino = st.st_ino, .source = source};
	assert_true(rv_is_ok(rv_intake_file(f->in, fd, &item)));
	assert_int_equal(close(fd), 0);
}

/* As much as lets a file that grows at each read reach the reader's limit soon. */
static void append(int fd)
{
	static char more[65536];
	char path[64];

	memset(more, 'x', sizeof(more));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* fits */
	int out = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_true(out >= 0);
	assert_int_equal(write(out, more, sizeof(more)), sizeof(more));
	assert_int_equal(close(out), 0);
}

static void append_once(int fd)
{
	if (reads == 1)
		append(fd);
}

static void file_that_goes_on_changing_is_said_and_nothing_told(void **state)
{
	struct fixture *f = *state;
	struct rv_rec_not_looked rec;
	char text[2048];

	assert_true(sample_render("T=ghp_{start}{alnum:30}{check}\n", 1, text, sizeof(text)));
	rvt_dir_write_text(&f->dir, "a.env", text);
	before_read = append;
	look_as(f, "a.env", "/a.env", RV_SOURCE_FILE);
	assert_int_equal(f->count, 1);
	assert_true(told(f, RV_MSG_not_looked, 0, &rec));
	assert_int_equal(rec.reason, RV_SKIP_CHANGED);
}

static void file_that_changed_once_is_read_again(void **state)
{
	struct fixture *f = *state;
	struct rv_rec_found_secret rec;
	char text[2048];

	assert_true(sample_render("T=ghp_{start}{alnum:30}{check}\n", 1, text, sizeof(text)));
	rvt_dir_write_text(&f->dir, "a.env", text);
	before_read = append_once;
	look_as(f, "a.env", "/a.env", RV_SOURCE_FILE);
	assert_int_equal(f->count, 1);
	assert_true(told(f, RV_MSG_found_secret, 0, &rec));
}

static void another_file_behind_the_descriptor_is_not_looked_at(void **state)
{
	struct fixture *f = *state;
	struct rv_rec_not_looked rec;
	char real[RVT_PATH];

	rvt_dir_write_text(&f->dir, "a", "x");
	rvt_dir_path(&f->dir, "a", real);
	int fd = open(real, O_RDONLY | O_CLOEXEC);
	struct rv_rec_file_item item = {.path = rv_str_of("/a"), .dev = 1, .ino = 1, .source = 1};
	assert_true(rv_is_ok(rv_intake_file(f->in, fd, &item)));
	assert_int_equal(close(fd), 0);
	assert_true(told(f, RV_MSG_not_looked, 0, &rec));
	assert_int_equal(rec.reason, RV_SKIP_CHANGED);
}

/* A file of several pieces: each value once, also at the seams, with its line. */
static void large_file_is_read_in_pieces(void **state)
{
	struct fixture *f = *state;
	const size_t step = RV_INTAKE_PIECE - RV_INTAKE_OVERLAP;
	const size_t places[] = {100, step - 20, step + 100, 2 * step - 1};
	size_t size = 2 * step + RV_INTAKE_OVERLAP;
	char text[2048];
	char *bytes = malloc(size);

	assert_non_null(bytes);
	memset(bytes, '.', size);
	for (size_t i = 0; i < size; i += 64)
		bytes[i] = '\n';
	for (size_t i = 0; i < RV_LEN(places); i++) {
		assert_true(sample_render(" ghp_{start}{alnum:30}{check} ", i, text, sizeof(text)));
		memcpy(bytes + places[i], text, strlen(text));
	}
	rvt_dir_write(&f->dir, "big", bytes, size, 0600);
	look_as(f, "big", "/big", RV_SOURCE_FILE);
	assert_int_equal(f->count, RV_LEN(places));
	for (size_t i = 0; i < RV_LEN(places); i++) {
		struct rv_rec_found_secret rec;
		size_t lines = 1;

		for (size_t k = 0; k <= places[i]; k++)
			lines += bytes[k] == '\n';
		assert_true(told(f, RV_MSG_found_secret, i, &rec));
		assert_int_equal(rec.line, lines);
	}
	free(bytes);
}

static void same_value_has_the_same_fingerprint_everywhere(void **state)
{
	struct fixture *f = *state;
	struct rv_rec_found_secret a = {0};
	struct rv_rec_found_secret b = {0};
	struct rv_rec_found_secret c = {0};
	char text[2048];

	assert_true(sample_render("A=glpat-{alnum:20} \npassword = {pass:16}\n", 1, text,
				  sizeof(text)));
	rvt_dir_write_text(&f->dir, "a", text);
	memcpy(text, "B:", 2);
	rvt_dir_write_text(&f->dir, "b", text);
	look_as(f, "a", "/a", RV_SOURCE_FILE);
	look_as(f, "b", "/b", RV_SOURCE_FILE);
	assert_true(told(f, RV_MSG_found_secret, 0, &a) && told(f, RV_MSG_found_secret, 1, &c) &&
		    told(f, RV_MSG_found_secret, 2, &b));
	assert_true(rv_str_equal(a.fingerprint, b.fingerprint));
	/* The password is under the host's key: another key id stands in front. */
	assert_in_range(c.confidence, 50, 100);
	assert_memory_not_equal(a.fingerprint.data, c.fingerprint.data, 12);
}

static void masked_text_has_the_fingerprint_and_not_the_value(void **state)
{
	struct fixture *f = *state;
	struct rv_rec_not_looked rec;
	char text[2048];

	assert_true(sample_render("/srv/glpat-{alnum:20}.pem", 1, text, sizeof(text)));
	struct rv_rec_skipped_file skipped = {.path = rv_str_of(text), .reason = RV_SKIP_FIFO};
	assert_true(rv_is_ok(rv_intake_skipped(f->in, &skipped)));
	assert_true(told(f, RV_MSG_not_looked, 0, &rec));
	assert_int_equal(rec.masked, 1);
	assert_true(rv_str_starts_with(rec.path, "/srv/{hk1:"));
	assert_null(memmem(rec.path.data, rec.path.len, text + 5, 12));
	/* A plain path stays as it is. */
	skipped.path = rv_str_of("/etc/nginx/nginx.conf");
	assert_true(rv_is_ok(rv_intake_skipped(f->in, &skipped)));
	assert_true(told(f, RV_MSG_not_looked, 1, &rec));
	assert_int_equal(rec.masked, 0);
	assert_true(rv_str_is(rec.path, "/etc/nginx/nginx.conf"));
}

static void long_masked_path_is_cut_and_no_fingerprint_in_two(void **state)
{
	struct fixture *f = *state;
	struct rv_rec_not_looked rec;
	char path[RV_PATH_MAX + 1];
	char text[2048];

	assert_true(sample_render("glpat-{alnum:20}", 1, text, sizeof(text)));
	memset(path, 'd', sizeof(path));
	memcpy(path + RV_PATH_MAX - 27, "/", 1);
	memcpy(path + RV_PATH_MAX - 26, text, 26);
	struct rv_rec_skipped_file skipped = {.path = {(uint8_t *)path, RV_PATH_MAX},
					      .reason = RV_SKIP_FIFO};
	assert_true(rv_is_ok(rv_intake_skipped(f->in, &skipped)));
	assert_true(told(f, RV_MSG_not_looked, 0, &rec));
	assert_int_equal(rec.masked, 1);
	assert_int_equal(rec.path.len, RV_PATH_MAX - 26);
}

static void served_certificate_is_parsed_by_the_same_parser(void **state)
{
	struct fixture *f = *state;
	struct rv_rec_found_certificate rec;
	struct rv_rec_not_looked skipped;
	EVP_PKEY *key = pems_key("EC");
	X509 *cert = pems_cert(key, "served", "DNS:a.example");
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	struct rv_rec_parse_served served = {.place = rv_str_of("tls://127.0.0.1:443"),
					     .der = {der, (size_t)len}};

	assert_true(rv_is_ok(rv_intake_served(f->in, &served)));
	assert_true(told(f, RV_MSG_found_certificate, 0, &rec));
	assert_true(rv_str_is(rec.path, "tls://127.0.0.1:443"));
	assert_true(rv_str_is(rec.subject, "CN=served"));
	assert_int_equal(rec.serial.len, 2);
	served.der.len--;
	assert_true(rv_is_ok(rv_intake_served(f->in, &served)));
	assert_true(told(f, RV_MSG_not_looked, 0, &skipped));
	assert_int_equal(skipped.reason, RV_SKIP_TRUNCATED);
	OPENSSL_free(der);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void account_without_shadow_is_unknown_and_end_forgets(void **state)
{
	struct fixture *f = *state;
	struct rv_rec_found_account rec;
	struct rv_rec_discovered done = {0};

	rvt_dir_write_text(&f->dir, "passwd", "app:x:990:990::/srv:/bin/sh\n");
	look_as(f, "passwd", "/etc/passwd", RV_SOURCE_PASSWD);
	assert_int_equal(f->count, 0);
	assert_true(rv_is_ok(rv_intake_end(f->in, &done)));
	assert_int_equal(done.findings, 1);
	assert_int_equal(done.files, 1);
	assert_true(rv_str_starts_with(done.fleet_key_id, "hk1:"));
	assert_false(rv_str_equal(done.fleet_key_id, done.host_key_id));
	assert_true(told(f, RV_MSG_found_account, 0, &rec));
	assert_int_equal(rec.password, 4);
	assert_true(rv_is_ok(rv_intake_end(f->in, &done)));
	assert_int_equal(done.findings, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
		CASE(file_that_goes_on_changing_is_said_and_nothing_told),
		CASE(file_that_changed_once_is_read_again),
		CASE(another_file_behind_the_descriptor_is_not_looked_at),
		CASE(large_file_is_read_in_pieces),
		CASE(same_value_has_the_same_fingerprint_everywhere),
		CASE(masked_text_has_the_fingerprint_and_not_the_value),
		CASE(long_masked_path_is_cut_and_no_fingerprint_in_two),
		CASE(served_certificate_is_parsed_by_the_same_parser),
		CASE(account_without_shadow_is_unknown_and_end_forgets),
	};

	if (!rv_is_ok(rv_secret_heap_init(NULL)))
		rvt_skip("memory cannot be locked here");
	return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
