/* unpack: leaf pages of SQLite tables, and the records in them: shared by databases
 * (sqlite_pages.c) and their write-ahead logs (sqlite_wal.c), which differ in where a page is
 * found. Inside of this room. */
#pragma once

#include "agent/unpack/sqlite_pages.h"

#define RV_SQLITE_HEADER     100 /* bytes of page 1 before its tree */
#define RV_SQLITE_LEAF_TABLE 0x0d

/* As the header has them. */
#define RV_SQLITE_ENCODING_UNKNOWN 0 /* each text is looked at */
#define RV_SQLITE_UTF8		   1
#define RV_SQLITE_UTF16LE	   2
#define RV_SQLITE_UTF16BE	   3

struct rv_sqlite_cells {
	const struct rv_sqlite_events *events;
	void *user;
	size_t payload_max; /* no row is longer */
	size_t page_size;
	size_t usable;
	uint32_t encoding;
	/* The page on which a payload goes on; NULL: there is none. */
	const uint8_t *(*page)(struct rv_sqlite_cells *cells, uint32_t n);
	/* Each value of a row; or NULL. */
	void (*on_column)(struct rv_sqlite_cells *cells, unsigned column, uint64_t serial,
			  struct rv_str value);
	/* Was this payload, which goes on at page `next` (0: nowhere), handed over before? or NULL.
	 */
	bool (*is_known)(struct rv_sqlite_cells *cells, struct rv_str local, uint32_t next);
	/* Was this free space? or NULL. */
	bool (*is_known_rest)(struct rv_sqlite_cells *cells, struct rv_str rest);
	struct rv_buf row;  /* a payload put together */
	struct rv_buf text; /* UTF-8 of UTF-16 */
	bool may_be_cut;    /* a row may lack its end, and a page its sense: not told */
	bool is_stopped;
	bool is_damaged; /* told, or would have been, since it was set false */
	rv_status status;
};

void rv_sqlite_cells_init(struct rv_sqlite_cells *r, size_t payload_max);
void rv_sqlite_cells_done(struct rv_sqlite_cells *r);
/* The page size of a header, where 1 stands for 65536; 0: it is none. */
size_t rv_sqlite_page_size(uint32_t told);
void rv_sqlite_damage(struct rv_sqlite_cells *r);
/* A failure is kept, and stops. */
void rv_sqlite_check(struct rv_sqlite_cells *r, rv_status status);
/* The rows of a leaf; `header` is where its tree begins. */
void rv_sqlite_read_leaf(struct rv_sqlite_cells *r, const uint8_t *page, size_t header);
/* What a leaf holds beside its rows: deleted ones. */
void rv_sqlite_read_free_space(struct rv_sqlite_cells *r, const uint8_t *page, size_t header);
void rv_sqlite_tell_rest(struct rv_sqlite_cells *r, const uint8_t *bytes, size_t len);

static inline uint32_t rv_sqlite_big16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static inline uint32_t rv_sqlite_big32(const uint8_t *at)
{
	return rv_sqlite_big16(at) << 16 | rv_sqlite_big16(at + 2);
}
