/* unpack: the pages in a write-ahead log of SQLite (sqlite.org/fileformat2.html, "The Write-Ahead
 * Log"): what was written last, until it is copied into the database, and what earlier rounds
 * left behind. The log is read alone, without its database: whatever is new in it is in it as a
 * whole. What it lacks is told by its database: pages that did not change. Checksums are not
 * computed: a frame that SQLite would not believe holds values as well. Pure. */
#pragma once

#include "agent/unpack/sqlite_pages.h"

/* Is it the header of one? */
bool rv_sqlite_is_wal(struct rv_str bytes);

/* Tables are "(rows)": the newest frame of each page, and "(older)": what there was before. Rows
 * and free space that another frame had byte for byte are told once. A frame that is no leaf of a
 * table comes as rest, as one that does not parse. Of long rows at most twice the log's length is
 * put together; the rest is told as damage. MALFORMED: no such header. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_sqlite_read_wal(struct rv_str bytes,
					  const struct rv_sqlite_events *events, void *user);
