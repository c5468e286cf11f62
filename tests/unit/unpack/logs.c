/* tests: write-ahead logs of databases, made by SQLite when the tests run. */
#include "tests/support/unit.h"

#include "tests/support/dir.h"
#include "tests/unit/unpack/packs.h"

#include <sqlite3.h>
#include <stdio.h>

/* The log as it stands after these statements, none of it copied into the database. Without a
 * statement of its own a database begins before with a table t(x). */
static struct rv_buf make_log(const char *before, const char *sql)
{
	struct rvt_dir dir;
	struct rv_buf log;
	char path[RVT_PATH];
	sqlite3 *db = NULL;
	char *error = NULL;

	rvt_dir_init(&dir);
	rvt_dir_path(&dir, "db", path);
	if (sqlite3_open(path, &db) != SQLITE_OK ||
	    sqlite3_exec(db, before, NULL, NULL, &error) != SQLITE_OK ||
	    sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0", NULL, NULL,
			 &error) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		rvt_die("sqlite: %s", error ? error : "open");
	rvt_dir_path(&dir, "db-wal", path);
	log = rvt_file_read(path);
	sqlite3_close(db);
	rvt_dir_done(&dir);
	return log;
}

static bool says(const struct pack_walk *walk, const char *path, const char *text)
{
	size_t i = packs_find(walk, path);

	return i != SIZE_MAX &&
	       memmem(walk->seen[i].bytes.data, walk->seen[i].bytes.len, text, strlen(text));
}

static void what_only_begins_like_a_log_is_none(void **state)
{
	static const uint8_t versions[64] = {0x37, 0x7f, 6, 0x82, 0, 0, 0, 1, 0, 0, 16, 0};
	static const uint8_t sizes[64] = {0x37, 0x7f, 6, 0x82, 0, 0x2d, 0xe2, 0x18, 0, 0, 16, 1};

	(void)state;
	assert_int_equal(rv_unpack_kind((struct rv_str){versions, 64}), RV_UNPACK_NONE);
	assert_int_equal(rv_unpack_kind((struct rv_str){sizes, 64}), RV_UNPACK_NONE);
	assert_int_equal(rv_unpack_kind((struct rv_str){sizes, 31}), RV_UNPACK_NONE);
}

static void rows_that_only_the_log_has_are_read(void **state)
{
	struct rv_buf log = make_log("CREATE TABLE t(x, y); INSERT INTO t VALUES('old','in db')",
				     "INSERT INTO t VALUES('word','hunter2')");
	struct pack_walk *walk = packs_walk(rv_buf_view(&log), NULL);

	(void)state;
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	assert_true(packs_has(walk, "a!(rows)", "old\tin db\nword\thunter2\n"));
	packs_done(walk);
	rv_buf_done(&log);
}

static void long_rows_are_put_together(void **state)
{
	struct rv_buf log = make_log("PRAGMA page_size=512; CREATE TABLE t(x)",
				     "INSERT INTO t VALUES(hex(zeroblob(5000)) || 'hunter2')");
	struct pack_walk *walk = packs_walk(rv_buf_view(&log), NULL);

	(void)state;
	assert_int_equal(walk->trouble_count, 0);
	assert_true(says(walk, "a!(rows)", "0000000000hunter2\n"));
	packs_done(walk);
	rv_buf_done(&log);
}

/* SQLite writes only the pages that change: the row's beginning and its next page stay. */
static void a_row_that_changes_in_its_middle_is_read_in_both_forms(void **state)
{
	struct rv_buf log = make_log("PRAGMA page_size=512; CREATE TABLE t(x)",
				     "INSERT INTO t VALUES(hex(zeroblob(2500)) || 'hunter2');"
				     "UPDATE t SET x=hex(zeroblob(2500)) || 'swordie';"
				     "UPDATE t SET x=hex(zeroblob(2500)) || 'trustme'");
	struct pack_walk *walk = packs_walk(rv_buf_view(&log), NULL);

	(void)state;
	assert_int_equal(walk->trouble_count, 0);
	assert_true(says(walk, "a!(rows)", "0000000000trustme\n"));
	assert_true(says(walk, "a!(older)", "0000000000hunter2\n"));
	assert_true(says(walk, "a!(free)", "000000swordie"));
	packs_done(walk);
	rv_buf_done(&log);
}

static void what_was_overwritten_in_the_log_is_read_once(void **state)
{
	struct rv_buf log = make_log("CREATE TABLE t(x)", "INSERT INTO t VALUES('hunter2');"
							  "INSERT INTO t VALUES('b');"
							  "DELETE FROM t WHERE x='hunter2';"
							  "INSERT INTO t VALUES('c')");
	struct pack_walk *walk = packs_walk(rv_buf_view(&log), NULL);

	(void)state;
	assert_true(packs_has(walk, "a!(rows)", "b\nc\n"));
	assert_true(packs_has(walk, "a!(older)", "hunter2\n"));
	packs_done(walk);
	rv_buf_done(&log);
}

/* A new round begins at the front; behind it the old one stays. */
static void what_an_earlier_round_left_is_read(void **state)
{
	struct rv_buf log = make_log("CREATE TABLE t(x); CREATE TABLE u(x)",
				     "INSERT INTO t VALUES('a'); INSERT INTO t VALUES('hunter2');"
				     "DELETE FROM t; PRAGMA wal_checkpoint;"
				     "INSERT INTO u VALUES('now')");
	struct pack_walk *walk = packs_walk(rv_buf_view(&log), NULL);

	(void)state;
	assert_true(packs_has(walk, "a!(rows)", "now\n"));
	assert_true(says(walk, "a!(older)", "hunter2\n"));
	packs_done(walk);
	rv_buf_done(&log);
}

static void text_in_utf16_is_read(void **state)
{
	static const char *const encodings[] = {"UTF-16le", "UTF-16be"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(encodings); i++) {
		char before[128];

		(void)snprintf(before, sizeof(before), "PRAGMA encoding='%s'; CREATE TABLE t(x)",
			       encodings[i]);
		struct rv_buf log =
			make_log(before, "INSERT INTO t VALUES('hunter2 na\xc3\xafve')");
		struct pack_walk *walk = packs_walk(rv_buf_view(&log), NULL);

		assert_true(packs_has(walk, "a!(rows)", "hunter2 na\xc3\xafve\n"));
		packs_done(walk);
		rv_buf_done(&log);
	}
}

static void a_log_cut_short_gives_what_there_is(void **state)
{
	struct rv_buf log = make_log("CREATE TABLE t(x)", "INSERT INTO t VALUES('hunter2 cut')");
	struct pack_walk *walk = packs_walk((struct rv_str){log.data, log.len - 1}, NULL);

	(void)state;
	assert_ok(walk->status);
	assert_true(says(walk, "a!(free)", "hunter2"));
	packs_done(walk);
	rv_buf_done(&log);
}

/* Each row of a leaf claims to go on in the one long chain that follows. */
static void rows_that_share_pages_are_bounded(void **state)
{
	struct rv_buf log =
		make_log("PRAGMA page_size=512; CREATE TABLE t(x)",
			 "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<40)"
			 "INSERT INTO t SELECT hex(zeroblob(20000)) || i FROM c");
	struct pack_walk *walk;

	(void)state;
	/* All chains begin at the page of the first. */
	for (size_t at = 32; at + 536 <= log.len; at += 536) {
		uint8_t *page = log.data + at + 24;

		if (page[0] == 0x0d)
			memcpy(page + 508, "\0\0\0\7", 4);
	}
	walk = packs_walk(rv_buf_view(&log), NULL);
	assert_ok(walk->status);
	assert_true(walk->total < 10 * log.len);
	packs_done(walk);
	rv_buf_done(&log);
}

/* A header that is longer than its record, and one that describes less than there is. */
static void a_row_with_a_damaged_header_is_told_as_it_stands(void **state)
{
	static const uint8_t headers[] = {0x7f, 2, 1};

	(void)state;
	for (size_t i = 0; i < RV_LEN(headers); i++) {
		struct rv_buf log =
			make_log("CREATE TABLE t(x)", "INSERT INTO t VALUES('hunter2')");
		uint8_t *value = memmem(log.data, log.len, "hunter2", 7);

		assert_non_null(value);
		value[-2] = headers[i];
		value[-1] = headers[i] == 2 ? 13 + 2 * 3 : value[-1];
		struct pack_walk *walk = packs_walk(rv_buf_view(&log), NULL);
		assert_true(says(walk, "a!(rows)", i == 1 ? "hun\tter2" : "hunter2"));
		packs_done(walk);
		rv_buf_done(&log);
	}
}

static void survives_damaged_logs(void **state)
{
	struct rv_buf log = make_log("PRAGMA page_size=512; CREATE TABLE t(x)",
				     "INSERT INTO t VALUES('a'),(hex(zeroblob(900))),('b');"
				     "CREATE INDEX i ON t(x)");

	(void)state;
	for (size_t at = 0; at < log.len; at++) {
		struct pack_walk *walk;
		uint8_t was = log.data[at];

		if (at > 700 && at % 5)
			continue;
		log.data[at] = at % 3 ? 0xff : 0;
		walk = packs_walk(rv_buf_view(&log), NULL);
		assert_true(walk->total < 100 * log.len);
		packs_done(walk);
		log.data[at] = was;
	}
	rv_buf_done(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_only_begins_like_a_log_is_none),
		cmocka_unit_test(a_log_cut_short_gives_what_there_is),
		cmocka_unit_test(rows_that_share_pages_are_bounded),
		cmocka_unit_test(a_row_with_a_damaged_header_is_told_as_it_stands),
		cmocka_unit_test(survives_damaged_logs),
		cmocka_unit_test(rows_that_only_the_log_has_are_read),
		cmocka_unit_test(long_rows_are_put_together),
		cmocka_unit_test(a_row_that_changes_in_its_middle_is_read_in_both_forms),
		cmocka_unit_test(what_was_overwritten_in_the_log_is_read_once),
		cmocka_unit_test(what_an_earlier_round_left_is_read),
		cmocka_unit_test(text_in_utf16_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
