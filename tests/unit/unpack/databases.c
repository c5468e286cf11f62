#include "tests/support/unit.h"

#include "agent/unpack/sqlite_pages.h"
#include "tests/support/dir.h"
#include "tests/unit/unpack/packs.h"

#include <sqlite3.h>
#include <stdio.h>

/* A database in memory, made by these statements. */
static struct rv_buf make(const char *sql)
{
	sqlite3 *db = NULL;
	char *error = NULL;
	sqlite3_int64 len = 0;
	unsigned char *bytes;
	struct rv_buf out;

	if (sqlite3_open(":memory:", &db) != SQLITE_OK ||
	    sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		rvt_die("sqlite: %s", error ? error : "open");
	bytes = sqlite3_serialize(db, "main", &len, 0);
	rv_buf_init(&out, PACKS_MAX);
	if (!bytes || !rv_is_ok(rv_buf_put(&out, bytes, (size_t)len)))
		rvt_die("sqlite: no bytes");
	sqlite3_free(bytes);
	sqlite3_close(db);
	return out;
}

static bool says(const struct pack_walk *walk, const char *path, const char *text)
{
	size_t i = packs_find(walk, path);

	return i != SIZE_MAX &&
	       memmem(walk->seen[i].bytes.data, walk->seen[i].bytes.len, text, strlen(text));
}

static void refuses_what_is_no_database(void **state)
{
	uint8_t bytes[512] = "SQLite format 3";
	struct pack_walk *walk;

	(void)state;
	walk = packs_walk((struct rv_str){bytes, sizeof(bytes)}, NULL);
	assert_ok(walk->status);
	assert_true(packs_has_trouble(walk, RV_UNPACK_DAMAGED));
	packs_done(walk);
}

static void reads_rows_of_every_table(void **state)
{
	struct rv_buf db = make(
		"CREATE TABLE users(id INTEGER, name TEXT, word TEXT);"
		"CREATE TABLE other(x);"
		"INSERT INTO users VALUES(1,'ann','hunter2'),(2,NULL,'swordfish'),(3,NULL,NULL);"
		"INSERT INTO other VALUES(x'776f7264'),(3.5),('last')");
	struct pack_walk *walk = packs_walk(rv_buf_view(&db), NULL);

	(void)state;
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	assert_true(packs_has(walk, "a!users", "ann\thunter2\nswordfish\n"));
	assert_true(packs_has(walk, "a!other", "word\nlast\n"));
	assert_true(says(walk, "a!sqlite_schema", "CREATE TABLE users"));
	packs_done(walk);
	rv_buf_done(&db);
}

static void reads_trees_of_many_pages_and_long_values(void **state)
{
	struct rv_buf db =
		make("PRAGMA page_size=512; CREATE TABLE t(x);"
		     "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM c WHERE i<5000)"
		     "INSERT INTO t SELECT 'row' || i FROM c;"
		     "INSERT INTO t VALUES(hex(zeroblob(50000)) || 'hunter2')");
	struct pack_walk *walk = packs_walk(rv_buf_view(&db), NULL);

	(void)state;
	assert_int_equal(walk->trouble_count, 0);
	for (int i = 1; i <= 5000; i += 7) {
		char text[32];

		(void)snprintf(text, sizeof(text), "row%d\n", i);
		assert_true(says(walk, "a!t", text));
	}
	assert_true(says(walk, "a!t", "0000000000hunter2\n"));
	packs_done(walk);
	rv_buf_done(&db);
}

static void reads_text_in_utf16(void **state)
{
	static const char *const kinds[] = {"UTF-16le", "UTF-16be"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(kinds); i++) {
		char sql[256];
		struct rv_buf db;
		struct pack_walk *walk;

		(void)snprintf(sql, sizeof(sql),
			       "PRAGMA encoding='%s'; CREATE TABLE t(x); "
			       "INSERT INTO t VALUES('hunter2 na\xc3\xafve \xf0\x9f\x98\x80')",
			       kinds[i]);
		db = make(sql);
		walk = packs_walk(rv_buf_view(&db), NULL);
		assert_int_equal(walk->trouble_count, 0);
		assert_true(packs_has(walk, "a!t", "hunter2 na\xc3\xafve \xf0\x9f\x98\x80\n"));
		packs_done(walk);
		rv_buf_done(&db);
	}
}

static void reads_deleted_rows_and_free_pages(void **state)
{
	struct rv_buf db = make("PRAGMA secure_delete=0; CREATE TABLE t(x); CREATE TABLE gone(x);"
				"INSERT INTO t VALUES('keep one'),('hunter2 deleted'),('keep two');"
				"INSERT INTO gone VALUES('swordfish dropped');"
				"CREATE TABLE w(k PRIMARY KEY, v) WITHOUT ROWID;"
				"INSERT INTO w VALUES('key','value of no rowid');"
				"DELETE FROM t WHERE x LIKE 'hunter2%'; DROP TABLE gone");
	struct pack_walk *walk = packs_walk(rv_buf_view(&db), NULL);

	(void)state;
	assert_ok(walk->status);
	assert_true(packs_has(walk, "a!t", "keep one\nkeep two\n"));
	assert_true(says(walk, "a!(free)", "hunter2 deleted"));
	assert_true(says(walk, "a!(free)", "swordfish dropped"));
	assert_true(says(walk, "a!(free)", "value of no rowid"));
	packs_done(walk);
	rv_buf_done(&db);
}

static void enters_blobs_that_are_containers(void **state)
{
	struct rv_buf zip = packs_one("zip", "none", "c.env", RV_STR_LIT("word=hunter2\n"));
	char *sql = malloc(zip.len * 2 + 256);
	size_t at;
	struct rv_buf db;
	struct pack_walk *walk;

	(void)state;
	assert_non_null(sql);
	at = (size_t)snprintf(sql, 256, "CREATE TABLE t(x); INSERT INTO t VALUES(x'");
	for (size_t i = 0; i < zip.len; i++)
		at += (size_t)snprintf(sql + at, 3, "%02x", zip.data[i]);
	(void)snprintf(sql + at, 4, "')");
	db = make(sql);
	walk = packs_walk(rv_buf_view(&db), NULL);
	assert_ok(walk->status);
	assert_int_equal(walk->trouble_count, 0);
	assert_true(packs_has(walk, "a!t!blob1!c.env", "word=hunter2\n"));
	packs_done(walk);
	rv_buf_done(&db);
	rv_buf_done(&zip);
	free(sql);
}

/* Every byte of a small database turned over, and every length: no crash, and no endless reading.
 */
static void survives_damaged_databases(void **state)
{
	struct rv_buf db = make(
		"PRAGMA page_size=512; CREATE TABLE t(x);"
		"INSERT INTO t VALUES('a'),(hex(zeroblob(900))),('b'); CREATE INDEX i ON t(x)");

	(void)state;
	for (size_t at = 0; at < db.len; at++) {
		struct pack_walk *walk;
		uint8_t was = db.data[at];

		if (at > 600 && at % 5)
			continue;
		db.data[at] = at % 3 ? 0xff : 0;
		walk = packs_walk(rv_buf_view(&db), NULL);
		assert_true(walk->total < 100 * db.len);
		packs_done(walk);
		db.data[at] = was;
	}
	for (size_t len = 0; len < db.len; len += 61) {
		uint8_t *copy = malloc(len + 1);

		assert_non_null(copy);
		memcpy(copy, db.data, len);
		packs_done(packs_walk((struct rv_str){copy, len}, NULL));
		free(copy);
	}
	rv_buf_done(&db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_what_is_no_database),
		cmocka_unit_test(reads_rows_of_every_table),
		cmocka_unit_test(reads_trees_of_many_pages_and_long_values),
		cmocka_unit_test(reads_text_in_utf16),
		cmocka_unit_test(reads_deleted_rows_and_free_pages),
		cmocka_unit_test(enters_blobs_that_are_containers),
		cmocka_unit_test(survives_damaged_databases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
