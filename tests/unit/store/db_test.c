/* store: opening, migrating, transactions, statements. */
#include "support/dir.h"
#include "support/unit.h"

#include "agent/store/credentials.h"
#include "agent/store/db.h"
#include "agent/store/meta.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned commits;

static void count_commit(const char *where)
{
	commits += strcmp(where, "commit") == 0;
}

static struct rv_db *memory_db(void)
{
	struct rv_db *db = NULL;
	struct rv_diag diag = {0};
	const struct rv_db_opts opts = {.path = ":memory:", .at_commit = count_commit};

	assert_ok(rv_db_open(&opts, &db, &diag));
	return db;
}

static void a_rolled_back_transaction_leaves_nothing(void **state)
{
	struct rv_db *db = memory_db();

	(void)state;
	{
		RV_CLEANUP(rv_txn_done) struct rv_txn txn = {0};
		assert_ok(rv_txn_begin(db, &txn, NULL));
		assert_ok(rv_meta_set(db, "a", "1", NULL));
		assert_true(rv_db_in_transaction(db));
	}
	assert_false(rv_db_in_transaction(db));
	assert_int_equal(rv_meta_int(db, "a", -1), -1);
	rv_db_close(db);
}

static void an_inner_rollback_keeps_the_outer_work(void **state)
{
	struct rv_db *db = memory_db();

	(void)state;
	commits = 0;
	{
		RV_CLEANUP(rv_txn_done) struct rv_txn outer = {0};
		assert_ok(rv_txn_begin(db, &outer, NULL));
		assert_ok(rv_meta_set_int(db, "outer", 1, NULL));
		{
			RV_CLEANUP(rv_txn_done) struct rv_txn inner = {0};
			assert_ok(rv_txn_begin(db, &inner, NULL));
			assert_ok(rv_meta_set_int(db, "inner", 1, NULL));
		}
		{
			RV_CLEANUP(rv_txn_done) struct rv_txn inner = {0};
			assert_ok(rv_txn_begin(db, &inner, NULL));
			assert_ok(rv_meta_set_int(db, "kept", 1, NULL));
			assert_ok(rv_txn_commit(&inner, NULL));
		}
		assert_ok(rv_txn_commit(&outer, NULL));
	}
	assert_int_equal(rv_meta_int(db, "outer", -1), 1);
	assert_int_equal(rv_meta_int(db, "inner", -1), -1);
	assert_int_equal(rv_meta_int(db, "kept", -1), 1);
	assert_int_equal(commits, 1); /* only the outermost is a commit */
	rv_db_close(db);
}

static void the_same_statement_may_be_open_twice(void **state)
{
	static const char sql[] = "SELECT value FROM meta WHERE key = ?1";
	struct rv_db *db = memory_db();
	bool row = false;

	(void)state;
	assert_ok(rv_meta_set(db, "a", "one", NULL));
	assert_ok(rv_meta_set(db, "b", "two", NULL));
	for (unsigned round = 0; round < 3; round++) {
		RV_CLEANUP(rv_stmt_done) struct rv_stmt first = {0};
		RV_CLEANUP(rv_stmt_done) struct rv_stmt second = {0};
		assert_ok(rv_stmt_open(&first, db, sql, NULL));
		rv_stmt_bind_text(&first, 1, "a");
		assert_ok(rv_stmt_step(&first, &row, NULL));
		assert_ok(rv_stmt_open(&second, db, sql, NULL));
		rv_stmt_bind_text(&second, 1, "b");
		assert_ok(rv_stmt_step(&second, &row, NULL));
		assert_string_equal(rv_stmt_text(&first, 0), "one");
		assert_string_equal(rv_stmt_text(&second, 0), "two");
	}
	rv_db_close(db);
}

static void a_broken_rule_of_the_tables_is_a_conflict(void **state)
{
	struct rv_db *db = memory_db();
	struct rv_diag diag = {0};

	(void)state;
	const struct rv_version v = {.credential = "c000000000000000000000000",
				     .cert_sha256 = "aa"};
	assert_class(rv_version_add(db, &v, &diag), RV_CLASS_CONFLICT); /* no such credential */
	assert_true(diag.text[0] != '\0');
	rv_db_close(db);
}

static void a_newer_schema_is_refused_and_untouched(void **state)
{
	char path[RVT_PATH];
	struct rvt_dir dir;
	struct rv_db *db = NULL;
	struct rv_diag diag = {0};

	(void)state;
	rvt_dir_init(&dir);
	rvt_dir_path(&dir, "a.db", path);
	const struct rv_db_opts opts = {.path = path};
	assert_ok(rv_db_open(&opts, &db, &diag));
	assert_ok(rv_db_exec(db, "PRAGMA user_version = 9999", &diag));
	rv_db_close(db);
	db = NULL;
	assert_class(rv_db_open(&opts, &db, &diag), RV_CLASS_MISCONFIGURED);
	assert_null(db);
	assert_non_null(strstr(diag.text, "newer reeve"));
	assert_true(diag.next[0] != '\0');
	rvt_dir_done(&dir);
}

static void bytes_that_are_no_database_are_refused(void **state)
{
	char path[RVT_PATH];
	struct rvt_dir dir;
	struct rv_db *db = NULL;
	struct rv_diag diag = {0};

	(void)state;
	rvt_dir_init(&dir);
	rvt_dir_write_text(
		&dir, "a.db",
		"this is a text file that is long enough to be looked at as a header, and "
		"it is not a database at all, as anybody can read ....................");
	rvt_dir_path(&dir, "a.db", path);
	const struct rv_db_opts opts = {.path = path};
	assert_class(rv_db_open(&opts, &db, &diag), RV_CLASS_MISCONFIGURED);
	assert_null(db);
	rvt_dir_done(&dir);
}

static void a_symbolic_link_is_not_opened_as_the_database(void **state)
{
	char path[RVT_PATH];
	char link[RVT_PATH];
	struct rvt_dir dir;
	struct rv_db *db = NULL;

	(void)state;
	rvt_dir_init(&dir);
	rvt_dir_path(&dir, "a.db", path);
	rvt_dir_path(&dir, "link.db", link);
	assert_int_equal(symlink(path, link), 0);
	const struct rv_db_opts opts = {.path = link};
	assert_false(rv_is_ok(rv_db_open(&opts, &db, NULL)));
	assert_false(rvt_file_exists(path));
	rvt_dir_done(&dir);
}

static void what_was_committed_is_there_after_a_reopen(void **state)
{
	char path[RVT_PATH];
	struct rvt_dir dir;
	struct rv_db *db = NULL;

	(void)state;
	rvt_dir_init(&dir);
	rvt_dir_path(&dir, "a.db", path);
	const struct rv_db_opts opts = {.path = path};
	assert_ok(rv_db_open(&opts, &db, NULL));
	assert_ok(rv_meta_set(db, "k", "42", NULL));
	rv_db_close(db);
	assert_ok(rv_db_open(&opts, &db, NULL));
	assert_int_equal(rv_meta_int(db, "k", 0), 42);
	assert_ok(rv_db_check(db, NULL));
	rv_db_close(db);
	rvt_dir_done(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rolled_back_transaction_leaves_nothing),
		cmocka_unit_test(an_inner_rollback_keeps_the_outer_work),
		cmocka_unit_test(the_same_statement_may_be_open_twice),
		cmocka_unit_test(a_broken_rule_of_the_tables_is_a_conflict),
		cmocka_unit_test(a_newer_schema_is_refused_and_untouched),
		cmocka_unit_test(bytes_that_are_no_database_are_refused),
		cmocka_unit_test(a_symbolic_link_is_not_opened_as_the_database),
		cmocka_unit_test(what_was_committed_is_there_after_a_reopen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
