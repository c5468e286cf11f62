/* tests: files are read whole and replaced whole, or left alone. */
#include "agent/base/fd.h"
#include "tests/support/dir.h"
#include "tests/support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct rvt_dir dir;
static char path[RVT_PATH];

static int setup(void **state)
{
	(void)state;
	rvt_dir_init(&dir);
	rvt_dir_path(&dir, "f", path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rvt_dir_done(&dir);
	return 0;
}

static void a_missing_file_is_not_found(void **state)
{
	struct rv_buf buf = {0};
	struct rv_diag diag = {0};

	(void)state;
	assert_class(rv_file_read(path, 10, &buf, &diag), RV_CLASS_NOT_FOUND);
	assert_non_null(strstr(diag.text, path));
}

static void a_file_over_the_limit_is_not_read(void **state)
{
	struct rv_buf buf = {0};

	(void)state;
	rvt_dir_write_text(&dir, "f", "12345678901");
	assert_class(rv_file_read(path, 10, &buf, NULL), RV_CLASS_EXHAUSTED);
	assert_int_equal(buf.len, 0);
	rv_buf_done(&buf);
}

static void a_fifo_or_directory_is_refused_at_once(void **state)
{
	struct rv_buf buf = {0};

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_class(rv_file_read(path, 10, &buf, NULL), RV_CLASS_MISCONFIGURED);
	assert_class(rv_file_read(dir.path, 10, &buf, NULL), RV_CLASS_MISCONFIGURED);
	assert_class(rv_file_read("/dev/zero", 10, &buf, NULL), RV_CLASS_MISCONFIGURED);
}

static void a_file_of_exactly_the_limit_is_read(void **state)
{
	struct rv_buf buf = {0};

	(void)state;
	rvt_dir_write_text(&dir, "f", "1234567890");
	assert_ok(rv_file_read(path, 10, &buf, NULL));
	assert_bytes(buf, "1234567890");
	rv_buf_done(&buf);
}

static void a_stream_longer_than_the_buffer_leaves_it(void **state)
{
	struct rv_buf buf;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_ok(rv_fd_write_all(fds[1], "12345678901", 11, NULL));
	rv_fd_closep(&fds[1]);
	rv_buf_init(&buf, 10);
	assert_class(rv_fd_read_all(fds[0], &buf, NULL), RV_CLASS_EXHAUSTED);
	assert_int_equal(buf.len, 0);
	rv_fd_closep(&fds[0]);
	rv_buf_done(&buf);
}

static void reading_a_closed_descriptor_says_so(void **state)
{
	struct rv_diag diag = {0};
	struct rv_buf buf;

	(void)state;
	rv_buf_init(&buf, 10);
	assert_false(rv_is_ok(rv_fd_read_all(-1, &buf, &diag)));
	assert_true(diag.text[0]);
	assert_false(rv_is_ok(rv_fd_write_all(-1, "a", 1, NULL)));
	rv_buf_done(&buf);
}

static void replacing_sets_content_and_exact_mode(void **state)
{
	struct rv_buf now;
	struct stat st;
	mode_t old = umask(0077);

	(void)state;
	assert_ok(rv_file_replace(path, "one", 3, 0644, NULL));
	assert_ok(rv_file_replace(path, "two!", 4, 0640, NULL));
	(void)umask(old);
	now = rvt_file_read(path);
	assert_bytes(now, "two!");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(rvt_dir_count(dir.path), 1);
	rv_buf_done(&now);
}

static void a_failed_replace_leaves_the_old_file_and_no_other(void **state)
{
	char *big = calloc(1, 100000);
	struct rlimit limit, small = {4096, RLIM_INFINITY};
	struct rv_diag diag = {0};
	struct rv_buf now;
	void (*old)(int) = signal(SIGXFSZ, SIG_IGN);

	(void)state;
	rvt_dir_write_text(&dir, "f", "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_false(rv_is_ok(rv_file_replace(path, big, 100000, 0600, &diag)));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	(void)signal(SIGXFSZ, old);
	assert_non_null(strstr(diag.text, path));
	now = rvt_file_read(path);
	assert_bytes(now, "old");
	assert_int_equal(rvt_dir_count(dir.path), 1);
	rv_buf_done(&now);
	free(big);
}

static void replacing_a_directory_or_in_a_missing_one_fails_cleanly(void **state)
{
	char missing[RVT_PATH], folder[RVT_PATH];

	(void)state;
	rvt_dir_path(&dir, "no/f", missing);
	rvt_dir_path(&dir, "folder", folder);
	rvt_dir_make(&dir, "folder/in", 0755);
	assert_class(rv_file_replace(missing, "a", 1, 0600, NULL), RV_CLASS_NOT_FOUND);
	assert_false(rv_is_ok(rv_file_replace(folder, "a", 1, 0600, NULL)));
	assert_false(rv_is_ok(rv_file_replace("/", "a", 1, 0600, NULL)));
	assert_false(rv_is_ok(rv_file_replace("..", "a", 1, 0600, NULL)));
	assert_int_equal(rvt_dir_count(dir.path), 1);
}

static void a_sealed_memfd_cannot_change(void **state)
{
	struct rv_buf buf;
	int fd = -1;

	(void)state;
	assert_ok(rv_memfd_sealed("test", "abc", 3, &fd));
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(ftruncate(fd, 10), -1);
	assert_true(mmap(NULL, 3, PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	rv_buf_init(&buf, 10);
	assert_ok(rv_fd_read_all(fd, &buf, NULL));
	assert_bytes(buf, "abc");
	rv_buf_done(&buf);
	rv_fd_closep(&fd);
	assert_int_equal(fd, -1);
}

static void closing_keeps_errno(void **state)
{
	int fd = -1;

	(void)state;
	errno = ENOTTY;
	rv_fd_closep(&fd);
	assert_int_equal(errno, ENOTTY);
}

static void reading_at_a_place_leaves_the_offset(void **state)
{
	uint8_t bytes[8];
	size_t len = 0;

	(void)state;
	rvt_dir_write_text(&dir, "f", "1234567890");
	RV_CLEANUP(rv_fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_ok(rv_fd_read_at(fd, bytes, 4, 3, &len, NULL));
	assert_int_equal(len, 4);
	assert_memory_equal(bytes, "4567", 4);
	assert_ok(rv_fd_read_at(fd, bytes, sizeof(bytes), 8, &len, NULL));
	assert_int_equal(len, 2);
	assert_ok(rv_fd_read_at(fd, bytes, sizeof(bytes), 99, &len, NULL));
	assert_int_equal(len, 0);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	assert_false(rv_is_ok(rv_fd_read_at(-1, bytes, 1, 0, &len, NULL)));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_missing_file_is_not_found),
		T(a_file_over_the_limit_is_not_read),
		T(a_fifo_or_directory_is_refused_at_once),
		T(a_file_of_exactly_the_limit_is_read),
		T(a_stream_longer_than_the_buffer_leaves_it),
		T(reading_a_closed_descriptor_says_so),
		T(replacing_sets_content_and_exact_mode),
		T(a_failed_replace_leaves_the_old_file_and_no_other),
		T(replacing_a_directory_or_in_a_missing_one_fails_cleanly),
		T(a_sealed_memfd_cannot_change),
		T(closing_keeps_errno),
		T(reading_at_a_place_leaves_the_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
