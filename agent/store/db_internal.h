/* store: what db.c and stmt.c share. */
#pragma once

#include "agent/store/db.h"

#include <sqlite3.h>

#define RV_STMT_CACHE 128

struct rv_db {
	sqlite3 *handle;
	char *path;
	void (*at_commit)(const char *where);
	unsigned depth; /* open transactions */
	bool is_lost;	/* SQLite ended the outer transaction by itself: nothing more goes in */
	struct {
		const char *sql; /* by address: a literal */
		sqlite3_stmt *handle;
		bool is_busy;
	} cache[RV_STMT_CACHE];
};

enum rv_class rv_db_class(int code);
rv_status rv_db_fail(struct rv_db *db, int code, struct rv_diag *diag, const char *doing);
