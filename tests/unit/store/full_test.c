/* store: no space and no right to write, at every size the log may have reached: what was committed
 * stays, what failed left nothing, the message says what to do, and with space again it goes on. */
#include "support/dir.h"
#include "support/unit.h"

#include "agent/store/db.h"
#include "agent/store/meta.h"
#include "agent/store/sealed.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS 24

/* One step: two rows that must stand or fall together. */
static rv_status step(struct rv_db *db, int n, struct rv_diag *diag)
{
	uint8_t blob[3000];
	char purpose[32];
	RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};

	memset(blob, n, sizeof(blob));
	(void)snprintf(purpose, sizeof(purpose), "step:%d", n);
	RV_TRY(rv_txn_begin(db, &txn, diag));
	RV_TRY(rv_sealed_put(db, purpose, "run", (struct rv_str){blob, sizeof(blob)}, diag));
	RV_TRY(rv_meta_set_int(db, "last", n, diag));
	return rv_txn_commit(&txn, diag);
}

static bool has_step(struct rv_db *db, int n)
{
	char purpose[32];
	RV_CLEANUP(rv_buf_done) struct rv_buf buf;

	rv_buf_init(&buf, 4096);
	(void)snprintf(purpose, sizeof(purpose), "step:%d", n);
	return rv_is_ok(rv_sealed_get(db, purpose, &buf, NULL)) && buf.len == 3000 &&
	       buf.data[2999] == (uint8_t)n;
}

/* In a child, for the limit is for good: exit 0 clean, 10 no limit reached, 20 + k what broke. */
static int under_limit(const char *path, rlim_t bytes)
{
	int done = 0;
	struct rv_db *db = NULL;
	struct rv_diag diag = {0};
	const struct rv_db_opts opts = {.path = path};
	struct rlimit limit = {bytes, RLIM_INFINITY};
	const struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};

	signal(SIGXFSZ, SIG_IGN);
	if (!rv_is_ok(rv_db_open(&opts, &db, &diag)))
		return 21;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 22;
	rv_status s = RV_OK;
	while (done < STEPS && rv_is_ok(s)) {
		s = step(db, done + 1, &diag);
		done += rv_is_ok(s);
	}
	if (rv_is_ok(s))
		return 10;
	if (rv_class_of(s) != RV_CLASS_EXHAUSTED || !diag.text[0] || !diag.next[0])
		return 23;
	if (rv_db_in_transaction(db) || rv_meta_int(db, "last", 0) != done)
		return 24;
	/* Space again: the same connection goes on with the step that failed. */
	if (setrlimit(RLIMIT_FSIZE, &none) != 0)
		return 25;
	if (!rv_is_ok(step(db, done + 1, NULL)) || rv_meta_int(db, "last", 0) != done + 1)
		return 26;
	rv_db_close(db);
	if (!rv_is_ok(rv_db_open(&opts, &db, NULL)) || !rv_is_ok(rv_db_check(db, NULL)))
		return 27;
	for (int n = 1; n <= done + 1; n++)
		if (!has_step(db, n))
			return 28;
	if (has_step(db, done + 2))
		return 29;
	rv_db_close(db);
	return 0;
}

static int in_child(const char *path, rlim_t bytes)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(under_limit(path, bytes));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_full_disk_at_any_write_loses_nothing(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (rlim_t bytes = 0; bytes < 200 * 1024; bytes += 4096) {
		char path[RVT_PATH];
		struct rvt_dir dir;

		rvt_dir_init(&dir);
		rvt_dir_path(&dir, "a.db", path);
		int code = in_child(path, bytes);
		if (code != 0 && code != 10)
			print_error("limit %lu: %d\n", (unsigned long)bytes, code);
		assert_true(code == 0 || code == 10);
		failed += code == 0;
		rvt_dir_done(&dir);
	}
	assert_true(failed >= 12); /* else the limits were not where the writes are */
}

/* Readable, not writable: as root only a file system or an immutable bit says no, so a database
 * opened read-only stands in for both. */
static void without_the_right_to_write_the_message_says_so(void **state)
{
	char path[RVT_PATH];
	struct rvt_dir dir;
	struct rv_db *db = NULL;
	struct rv_diag diag = {0};

	(void)state;
	rvt_dir_init(&dir);
	rvt_dir_path(&dir, "a.db", path);
	const struct rv_db_opts opts = {.path = path};
	assert_ok(rv_db_open(&opts, &db, NULL));
	assert_ok(step(db, 1, NULL));
	assert_ok(rv_db_exec(db, "PRAGMA query_only = ON", NULL));
	assert_class(step(db, 2, &diag), RV_CLASS_DENIED);
	assert_non_null(strstr(diag.next, "writable"));
	assert_int_equal(rv_meta_int(db, "last", 0), 1);
	assert_ok(rv_db_exec(db, "PRAGMA query_only = OFF", NULL));
	assert_ok(step(db, 2, NULL));
	rv_db_close(db);
	rvt_dir_done(&dir);
}

static void a_directory_one_may_not_write_is_refused_with_a_way_out(void **state)
{
	char path[RVT_PATH];
	struct rvt_dir dir;
	struct rv_db *db = NULL;
	struct rv_diag diag = {0};

	(void)state;
	if (geteuid() == 0)
		skip(); /* root writes anywhere; the test above stands in */
	rvt_dir_init(&dir);
	rvt_dir_make(&dir, "closed", 0500);
	rvt_dir_path(&dir, "closed/a.db", path);
	const struct rv_db_opts opts = {.path = path};
	assert_false(rv_is_ok(rv_db_open(&opts, &db, &diag)));
	assert_true(diag.text[0] && diag.next[0]);
	rvt_dir_done(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_at_any_write_loses_nothing),
		cmocka_unit_test(without_the_right_to_write_the_message_says_so),
		cmocka_unit_test(a_directory_one_may_not_write_is_refused_with_a_way_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
