/* inventory: `doctor`: what is wrong with these files and what mends it. */
#include "agent/inventory/admin.h"

#include "agent/base/clock.h"
#include "agent/inventory/ca.h"
#include "agent/inventory/db.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct tally {
	unsigned red;
};

static void say(struct tally *t, bool ok, const char *what, const char *detail, const char *next)
{
	printf("%s  %s%s%s\n", ok ? "ok  " : "red ", what, detail && *detail ? ": " : "",
	       detail ? detail : "");
	if (ok)
		return;
	t->red++;
	if (next)
		printf("      next: %s\n", next);
}

static void check_private(struct tally *t, const char *dir, const char *name)
{
	char path[1024];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (stat(path, &st) < 0)
		say(t, false, path, "is not there", "restore it from your backup");
	else
		say(t, (st.st_mode & 077) == 0, path,
		    (st.st_mode & 077) == 0 ? "private" : "others may read it", "chmod 600 it");
}

static void check_ca(struct tally *t, const char *dir)
{
	RV_CLEANUP(rv_ca_freep) struct rv_ca *ca = NULL;
	struct rv_diag diag = {0};
	const bool ok = rv_is_ok(rv_ca_open(dir, NULL, &ca, &diag));

	say(t, ok, "authority", ok ? rv_ca_pin(ca) : diag.text,
	    "restore ca.key and ca.pem from your backup");
}

static void check_db(struct tally *t, const char *dir)
{
	RV_CLEANUP(rv_invdb_freep) struct rv_invdb *db = NULL;
	struct rv_diag diag = {0};
	rv_status status = rv_invdb_open(dir, &db, &diag);

	if (rv_is_ok(status))
		status = rv_invdb_check(db, &diag);
	say(t, rv_is_ok(status), "database", rv_is_ok(status) ? "whole" : diag.text,
	    "reeve-inventory restore FILE");
	if (!rv_is_ok(status))
		return;
	/* The counters move with the rows; if they ever differ, that is a defect worth hearing of.
	 */
	sqlite3_stmt *row = rv_invdb_bind(
		db,
		"SELECT (SELECT count(*) FROM item WHERE live=1)=(SELECT value FROM counter WHERE "
		"name='credentials') AND (SELECT count(*) FROM item WHERE orphan=1)=(SELECT value "
		"FROM counter WHERE name='orphans')",
		"");
	const bool agree = rv_invdb_step(db, row, &status, NULL) && sqlite3_column_int(row, 0) == 1;
	say(t, agree, "counters", agree ? "agree with the rows" : "differ from the rows",
	    "report this as a defect");
	if (row)
		sqlite3_reset(row);
}

rv_status rv_admin_doctor(const struct rv_admin_args *a, struct rv_diag *diag)
{
	struct tally t = {0};

	check_private(&t, a->dir, "ca.key");
	check_private(&t, a->dir, "server.key");
	check_private(&t, a->dir, RV_INVDB_NAME);
	check_ca(&t, a->dir);
	check_db(&t, a->dir);
	if (t.red > 0)
		return rv_fail(RV_CLASS_CONFLICT, diag, "%u checks are red", t.red);
	return RV_OK;
}
