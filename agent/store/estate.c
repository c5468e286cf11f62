/* store: accounts, units and packages of the host. */
#include "agent/store/estate.h"

#include "agent/base/clock.h"
#include "agent/base/path.h"
#include "agent/store/row_text.h"
#include "agent/store/schema.h"

const char rv_ddl_estate[] =
	"CREATE TABLE accounts(name TEXT PRIMARY KEY, uid INTEGER NOT NULL, gid INTEGER NOT NULL, "
	"home TEXT NOT NULL, can_login INTEGER NOT NULL, human INTEGER NOT NULL, "
	"password INTEGER NOT NULL, changed_us INTEGER, expires_us INTEGER, "
	"pass INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE units(path TEXT PRIMARY KEY, unit TEXT NOT NULL, user TEXT NOT NULL, "
	"exec TEXT NOT NULL, files TEXT NOT NULL, working_dir TEXT NOT NULL, "
	"pass INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE packages(path BLOB PRIMARY KEY, package TEXT NOT NULL, manager TEXT NOT "
	"NULL, "
	"pass INTEGER NOT NULL) STRICT, WITHOUT ROWID;";

static rv_status escaped(struct rv_str bytes, struct rv_buf *out, const char **out_text)
{
	rv_buf_reset(out);
	RV_TRY(rv_path_escape(bytes, out));
	*out_text = rv_buf_cstr(out);
	return *out_text ? RV_OK : rv_fail_nomem(NULL);
}

static rv_status bind_escaped(struct rv_stmt *st, int at, struct rv_str bytes)
{
	const char *text = NULL;
	RV_CLEANUP(rv_buf_done) struct rv_buf buf = {0};

	rv_buf_init(&buf, 4 * RV_PATH_MAX + 16);
	RV_TRY(escaped(bytes, &buf, &text));
	rv_stmt_bind_text(st, at, text);
	return RV_OK;
}

/* shadow(5) counts days; -1 is an empty field. */
static int64_t day_us(int64_t day)
{
	int64_t us = 0;

	if (day < 0 || __builtin_mul_overflow(day, RV_US_PER_DAY, &us))
		return RV_TIME_NONE;
	return us;
}

rv_status rv_account_put(struct rv_db *db, const struct rv_rec_found_account *a, int64_t pass,
			 struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"INSERT OR REPLACE INTO accounts(name, uid, gid, home, can_login, human, "
		"password, changed_us, expires_us, pass) "
		"VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
		diag));
	RV_TRY(bind_escaped(&st, 1, a->name));
	rv_stmt_bind_int(&st, 2, (int64_t)a->uid);
	rv_stmt_bind_int(&st, 3, (int64_t)a->gid);
	RV_TRY(bind_escaped(&st, 4, a->home));
	rv_stmt_bind_int(&st, 5, (int64_t)a->can_login);
	rv_stmt_bind_int(&st, 6, (int64_t)a->human);
	rv_stmt_bind_int(&st, 7, (int64_t)a->password);
	rv_stmt_bind_time(&st, 8, a->changed_day > 0 ? day_us(a->changed_day) : RV_TIME_NONE);
	rv_stmt_bind_time(&st, 9, day_us(a->expire_day));
	rv_stmt_bind_int(&st, 10, pass);
	return rv_stmt_run(&st, diag);
}

/* The files of a unit as escaped lines: one per line, for the matcher of bind/. */
static rv_status file_lines(struct rv_str list, struct rv_buf *out, struct rv_diag *diag)
{
	bool ok = true;
	struct rv_rec_text_item item;

	while (rv_list_next(&list, &rv_desc_text_item, &item, &ok)) {
		RV_TRY(rv_path_escape(item.text, out));
		RV_TRY(rv_buf_put_byte(out, '\n'));
	}
	if (!ok)
		return rv_fail(RV_CLASS_MALFORMED, diag, "found_unit: the list of files is broken");
	return RV_OK;
}

rv_status rv_unit_put(struct rv_db *db, const struct rv_rec_found_unit *u, int64_t pass,
		      struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf files = {0};
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	rv_buf_init(&files, 128 * 1024);
	RV_TRY(file_lines(u->files, &files, diag));
	RV_TRY(rv_stmt_open(
		&st, db,
		"INSERT OR REPLACE INTO units(path, unit, user, exec, files, working_dir, "
		"pass) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		diag));
	RV_TRY(bind_escaped(&st, 1, u->path));
	RV_TRY(bind_escaped(&st, 2, u->unit));
	RV_TRY(bind_escaped(&st, 3, u->user));
	RV_TRY(bind_escaped(&st, 4, u->exec));
	rv_stmt_bind_str(&st, 5, rv_buf_view(&files));
	RV_TRY(bind_escaped(&st, 6, u->working_dir));
	rv_stmt_bind_int(&st, 7, pass);
	return rv_stmt_run(&st, diag);
}

rv_status rv_package_put(struct rv_db *db, const struct rv_rec_found_package *p, int64_t pass,
			 struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "INSERT OR REPLACE INTO packages(path, package, manager, pass) "
			    "VALUES(?1, ?2, ?3, ?4)",
			    diag));
	rv_stmt_bind_bytes(&st, 1, p->path);
	RV_TRY(bind_escaped(&st, 2, p->package));
	RV_TRY(bind_escaped(&st, 3, p->manager));
	rv_stmt_bind_int(&st, 4, pass);
	return rv_stmt_run(&st, diag);
}

static rv_status sweep_one(struct rv_db *db, const char *sql, int64_t pass, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, sql, diag));
	rv_stmt_bind_int(&st, 1, pass);
	return rv_stmt_run(&st, diag);
}

rv_status rv_estate_sweep(struct rv_db *db, int64_t pass, struct rv_diag *diag)
{
	RV_TRY(sweep_one(db, "DELETE FROM accounts WHERE pass <> ?1", pass, diag));
	RV_TRY(sweep_one(db, "DELETE FROM units WHERE pass <> ?1", pass, diag));
	return sweep_one(db, "DELETE FROM packages WHERE pass <> ?1", pass, diag);
}

/* Texts of all rows are kept as a chain of blocks: {next, bytes}. */
struct block {
	struct block *next;
	char *texts;
};

static rv_status keep(struct rv_estate *e, char *texts, struct rv_diag *diag)
{
	struct block *b = calloc(1, sizeof(*b));

	if (!b) {
		free(texts);
		return rv_fail_nomem(diag);
	}
	b->texts = texts;
	b->next = e->memory;
	e->memory = b;
	return RV_OK;
}

static rv_status load_accounts(struct rv_db *db, struct rv_estate *e, struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT name, home, uid, can_login, human, password, changed_us, "
			    "expires_us FROM accounts "
			    "ORDER BY uid, name",
			    diag));
	for (;;) {
		struct rv_account a = {0};
		char *texts = NULL;
		const struct rv_row_text slots[] = {{0, &a.name}, {1, &a.home}};

		RV_TRY(rv_stmt_step(&st, &row, diag));
		if (!row)
			return RV_OK;
		RV_TRY(rv_row_texts(&st, slots, RV_LEN(slots), &texts, diag));
		RV_TRY(keep(e, texts, diag));
		a.uid = (uint32_t)rv_stmt_int(&st, 2);
		a.can_login = rv_stmt_int(&st, 3) != 0;
		a.is_human = rv_stmt_int(&st, 4) != 0;
		a.password = (unsigned)rv_stmt_int(&st, 5);
		a.changed_us = rv_stmt_time(&st, 6);
		a.expires_us = rv_stmt_time(&st, 7);
		struct rv_account *more =
			reallocarray(e->accounts, e->account_count + 1, sizeof(*more));
		if (!more)
			return rv_fail_nomem(diag);
		e->accounts = more;
		e->accounts[e->account_count++] = a;
	}
}

static rv_status load_units(struct rv_db *db, struct rv_estate *e, struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db,
			    "SELECT unit, user, exec, files, working_dir, path FROM units "
			    "ORDER BY unit, path",
			    diag));
	for (;;) {
		struct rv_unit u = {0};
		char *texts = NULL;
		const struct rv_row_text slots[] = {{0, &u.unit},	 {1, &u.user},
						    {2, &u.exec},	 {3, &u.files},
						    {4, &u.working_dir}, {5, &u.path}};

		RV_TRY(rv_stmt_step(&st, &row, diag));
		if (!row)
			return RV_OK;
		RV_TRY(rv_row_texts(&st, slots, RV_LEN(slots), &texts, diag));
		RV_TRY(keep(e, texts, diag));
		struct rv_unit *more = reallocarray(e->units, e->unit_count + 1, sizeof(*more));
		if (!more)
			return rv_fail_nomem(diag);
		e->units = more;
		e->units[e->unit_count++] = u;
	}
}

rv_status rv_estate_load(struct rv_db *db, struct rv_estate *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_estate_done) struct rv_estate e = {0};

	RV_TRY(load_accounts(db, &e, diag));
	RV_TRY(load_units(db, &e, diag));
	*out = e;
	e = (struct rv_estate){0};
	return RV_OK;
}

void rv_estate_done(struct rv_estate *e)
{
	struct block *b = e->memory;

	while (b) {
		struct block *next = b->next;
		free(b->texts);
		free(b);
		b = next;
	}
	free(e->accounts);
	free(e->units);
	*e = (struct rv_estate){0};
}

rv_status rv_package_of(struct rv_db *db, struct rv_str path, struct rv_buf *out,
			struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(&st, db, "SELECT package FROM packages WHERE path = ?1", diag));
	rv_stmt_bind_bytes(&st, 1, path);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	if (!row)
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "no package");
	return rv_buf_put_str(out, rv_stmt_text(&st, 0));
}
