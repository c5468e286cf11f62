/* unpack: the rows of an SQLite 3 database from its pages alone, and what else the pages hold. Pure
 * reading of bytes: hostile schemas, triggers and views are never run, no lock or journal is
 * touched, and deleted rows are seen too, which no SQL can show; that is why libsqlite3 is not
 * used. Not here: write-ahead logs (sqlite_wal.h), freshness of what is read. */
#pragma once

#include "agent/unpack/flow.h"

#define RV_SQLITE_TABLES_MAX 10000
#define RV_SQLITE_NAME_MAX   128 /* bytes of a table's name; a longer one is cut */

/* Each false stops the reading. Values come as they are stored, text as UTF-8. */
struct rv_sqlite_events {
	bool (*on_table)(struct rv_str name, void *user);		 /* its rows follow */
	bool (*on_value)(struct rv_str bytes, bool is_blob, void *user); /* text and blobs only */
	bool (*on_row)(void *user); /* a row with at least one such value ends */
	/* What no live row has: free pages, index pages, free space in pages of tables. */
	bool (*on_rest)(struct rv_str bytes, void *user);
	void (*on_damage)(const char *detail, void *user); /* at most once a table */
};

#define RV_SQLITE_ROW_MAX ((size_t)8 << 20) /* of a file: a longer row is told as damage */

/* The flow has places. Every page is looked at once for its rows, and once for what else it holds,
 * whatever the pages say; of a file two are in memory. MALFORMED: no SQLite 3 header. EXHAUSTED: no
 * memory (a row in pieces is put together: at most as long as what is in memory). */
RV_NODISCARD rv_status rv_sqlite_read(const struct rv_flow *flow,
				      const struct rv_sqlite_events *events, void *user);
