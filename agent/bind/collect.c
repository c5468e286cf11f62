/* bind: looking for evidence. Weights are stated here, one by one, and shown in the receipt. */
#include "agent/bind/collect.h"

#include "agent/base/clock.h"
#include "agent/base/path.h"
#include "agent/bind/known.h"
#include "agent/store/listeners.h"

#include <stdio.h>

enum weight {
	W_PACKAGE_SHIPS = 92, /* the package's file list names it */
	W_PACKAGE_MAKES = 90, /* made at the package's installation */
	W_HOST = 95,	      /* root's own account */
	W_UNIT_NAMES = 80,    /* a unit names the file (EnvironmentFile=, ExecStart=) */
	W_UNIT_RUNS_AS = 80,  /* for an account: a unit runs as it */
	W_UNIT_LISTENS = 75,  /* the unit's process presents it */
	W_UNIT_DIR = 70,      /* lies below a unit's WorkingDirectory */
	W_EXE_LISTENS = 60,   /* a process outside any unit presents it */
	W_LIBRARY = 60,	      /* part of a library a language's package manager installed */
	W_PERSON_FILE = 70,   /* a person's account owns the file */
	W_MEMBER_FILE = 80,   /* .. and the registry knows whose team that is */
	W_SERVICE_FILE = 60,  /* a service's account owns the file */
	W_ACCOUNT_HOME = 60,  /* a package ships the account's home */
	W_SUBJECT_MAIL = 60,  /* the subject names an owner's mail */
};

const struct rv_account *rv_estate_account(const struct rv_estate *e, uint32_t uid)
{
	for (size_t n = 0; n < e->account_count; n++)
		if (e->accounts[n].uid == uid)
			return &e->accounts[n];
	return NULL;
}

static bool is_expired(const struct rv_account *a, int64_t now_us)
{
	return a->expires_us != RV_TIME_NONE && a->expires_us <= now_us;
}

static const struct rv_unit *unit_running_as(const struct rv_estate *e, const char *account)
{
	for (size_t n = 0; n < e->unit_count; n++)
		if (*account && strcmp(e->units[n].user, account) == 0)
			return &e->units[n];
	return NULL;
}

/* --- units
 * ----------------------------------------------------------------------------------------- */
static bool has_line(const char *lines, const char *text)
{
	size_t len = strlen(text);

	for (const char *p = lines; (p = strstr(p, text)) != NULL; p += len)
		if ((p == lines || p[-1] == '\n') && (p[len] == '\n' || p[len] == '\0'))
			return true;
	return false;
}

/* Names it as a whole word of the command line. */
static bool has_word(const char *command, const char *text)
{
	size_t len = strlen(text);

	for (const char *p = command; (p = strstr(p, text)) != NULL; p += len) {
		bool starts = p == command || strchr(" =:\"'@", p[-1]) != NULL;
		bool ends = p[len] == '\0' || strchr(" \"';:", p[len]) != NULL;
		if (starts && ends)
			return true;
	}
	return false;
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	/* "/" and first-level directories say nothing about whose a file is. */
	return len > 1 && strchr(dir + 1, '/') && strncmp(path, dir, len) == 0 && path[len] == '/';
}

static unsigned unit_uses(const struct rv_unit *u, const char *path)
{
	if (has_line(u->files, path) || has_word(u->exec, path))
		return W_UNIT_NAMES;
	return is_below(path, u->working_dir) ? W_UNIT_DIR : 0;
}

static void add_unit(struct rv_collect *k, const char *unit, unsigned weight, const char *fmt,
		     const char *what)
{
	char owner[RV_BIND_OWNER_TEXT];
	char text[400];

	(void)snprintf(owner, sizeof(owner), "service:%.150s", unit);
	/* fmt is one of three literals below with one %s for the path or account */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	(void)snprintf(text, sizeof(text), fmt, what);
#pragma GCC diagnostic pop
	rv_receipt_add(k->receipt, "unit", owner, weight, "%s %s", unit, text);
}

/* The unit that uses a file; *out_unit borrows from the estate, "" when none. */
static void units_of_file(struct rv_collect *k, const char *path, const char **out_unit)
{
	for (size_t n = 0; n < k->estate->unit_count; n++) {
		const struct rv_unit *u = &k->estate->units[n];
		unsigned weight = unit_uses(u, path);
		if (weight == 0)
			continue;
		if (!**out_unit)
			*out_unit = u->unit;
		add_unit(k, u->unit, weight,
			 weight == W_UNIT_NAMES ? "names %s" : "works in the directory of %s",
			 path);
	}
}

/* --- files
 * ------------------------------------------------------------------------------------------ */
static void account_of_file(struct rv_collect *k, const struct rv_sighting *s, const char *path)
{
	const struct rv_account *a = rv_estate_account(k->estate, s->uid);

	if (s->uid == 0)
		return; /* root owns files for everybody */
	if (!a) {
		rv_receipt_add(k->receipt, "file", "", 0, "uid %u, who owns %s, has no account",
			       s->uid, path);
		return;
	}
	if (a->is_human && is_expired(a, k->b->now_us)) {
		rv_receipt_add(k->receipt, "file", "", 0, "%s, who owns %s, has an expired account",
			       a->name, path);
		return;
	}
	const struct rv_owner *known = rv_owners_of_account(k->b->owners, a->name);
	if (known) {
		rv_receipt_add(k->receipt, "file", known->key, W_MEMBER_FILE, "%s, of %s, owns %s",
			       a->name, known->key, path);
		return;
	}
	const struct rv_unit *u = unit_running_as(k->estate, a->name);
	if (u) {
		add_unit(k, u->unit, W_SERVICE_FILE, "runs as the account that owns %s", path);
		return;
	}
	char owner[RV_BIND_OWNER_TEXT];
	bool is_person = a->is_human && a->can_login;
	(void)snprintf(owner, sizeof(owner), "%s:%.150s", is_person ? "person" : "account",
		       a->name);
	rv_receipt_add(k->receipt, "file", owner, is_person ? W_PERSON_FILE : W_SERVICE_FILE,
		       "%s owns %s", a->name, path);
}

static void library_of_file(struct rv_collect *k, const struct rv_sighting *s, const char *path)
{
	char library[128];
	char owner[RV_BIND_OWNER_TEXT];
	RV_CLEANUP(rv_buf_done) struct rv_buf shown;

	rv_known_library(s->path, library, sizeof(library));
	rv_buf_init(&shown, sizeof(library) * 4);
	if (!library[0] || !rv_is_ok(rv_path_escape(rv_str_of(library), &shown)))
		return;
	(void)snprintf(owner, sizeof(owner), "package:%.140s", rv_buf_cstr(&shown));
	rv_receipt_add(k->receipt, "library", owner, W_LIBRARY,
		       "%s is part of an installed library: a sample or test value, it seems",
		       path);
}

static rv_status package_of_file(struct rv_collect *k, const struct rv_sighting *s,
				 const char *path, struct rv_buf *package)
{
	const char *text = NULL;
	char owner[RV_BIND_OWNER_TEXT];
	rv_status found = rv_package_of(k->b->db, s->path, package, k->diag);

	if (rv_is_ok(found)) {
		const char *name = rv_buf_cstr(package);
		(void)snprintf(owner, sizeof(owner), "package:%.140s", name ? name : "");
		rv_receipt_add(k->receipt, "package", owner, W_PACKAGE_SHIPS,
			       "the package %s ships %s", name ? name : "", path);
		return RV_OK;
	}
	if (rv_class_of(found) != RV_CLASS_NOT_FOUND)
		return found;
	const char *maker = rv_known_file(s->path, &text);
	if (!maker) {
		library_of_file(k, s, path);
		return RV_OK;
	}
	(void)snprintf(owner, sizeof(owner), "package:%s", maker);
	rv_receipt_add(k->receipt, "package", owner, W_PACKAGE_MAKES, "%s: %s", path, text);
	return rv_buf_put_str(package, maker);
}

/* --- listeners
 * -------------------------------------------------------------------------------------- */
static rv_status add_holder(const struct rv_listener *l, void *user)
{
	struct rv_collect *k = user;
	char owner[RV_BIND_OWNER_TEXT];
	char where[64];

	(void)snprintf(where, sizeof(where), "port %u", l->port);
	if (*l->unit) {
		add_unit(k, l->unit, W_UNIT_LISTENS, "presents it on %s", where);
		return RV_OK;
	}
	if (!*l->exe)
		return RV_OK;
	(void)snprintf(owner, sizeof(owner), "service:%.150s", l->exe);
	rv_receipt_add(k->receipt, "listener", owner, W_EXE_LISTENS, "%s presents it on %s", l->exe,
		       where);
	return RV_OK;
}

static rv_status holders(struct rv_collect *k, const struct rv_sighting *s)
{
	unsigned port = rv_sighting_port(s);

	return port ? rv_listeners_each(k->b->db, port, add_holder, k, k->diag) : RV_OK;
}

/* --- accounts
 * ----------------------------------------------------------------------------------------- */
static rv_status account_itself(struct rv_collect *k, const struct rv_sighting *s)
{
	const char *name = k->c->name;
	const struct rv_account *a = NULL;
	RV_CLEANUP(rv_buf_done) struct rv_buf package = {0};

	for (size_t n = 0; n < k->estate->account_count; n++)
		if (strcmp(k->estate->accounts[n].name, name) == 0)
			a = &k->estate->accounts[n];
	if (s->uid == 0) {
		rv_receipt_add(k->receipt, "account", "host", W_HOST,
			       "uid 0 is the host's own account");
		return RV_OK;
	}
	for (size_t n = 0; n < k->estate->unit_count; n++)
		if (strcmp(k->estate->units[n].user, name) == 0)
			add_unit(k, k->estate->units[n].unit, W_UNIT_RUNS_AS, "runs as %s", name);
	char owner[RV_BIND_OWNER_TEXT];
	const char *maker = rv_known_account(name, s->uid);
	if (maker) {
		(void)snprintf(owner, sizeof(owner), "package:%s", maker);
		rv_receipt_add(k->receipt, "package", owner, W_PACKAGE_MAKES,
			       "a system account the package %s makes", maker);
	}
	const struct rv_owner *known = rv_owners_of_account(k->b->owners, name);
	if (known)
		rv_receipt_add(k->receipt, "registry", known->key, W_MEMBER_FILE,
			       "%s lists the account as a member", known->key);
	if (!a || !a->home[0])
		return RV_OK;
	rv_buf_init(&package, RV_NAME_MAX * 4);
	rv_status found = rv_package_of(k->b->db, rv_str_of(a->home), &package, k->diag);
	if (rv_is_ok(found)) {
		const char *shipper = rv_buf_cstr(&package);
		(void)snprintf(owner, sizeof(owner), "package:%.140s", shipper ? shipper : "");
		rv_receipt_add(k->receipt, "package", owner, W_ACCOUNT_HOME,
			       "its home %s belongs to a package", a->home);
	}
	return rv_class_of(found) == RV_CLASS_NOT_FOUND ? RV_OK : found;
}

/* --- subjects
 * ------------------------------------------------------------------------------------------- */
static void subject_names(struct rv_collect *k)
{
	const char *key = "emailAddress";
	const char *at = strstr(k->c->subject, key);

	if (!at)
		return;
	at += strlen(key);
	at += strspn(at, " =");
	struct rv_str mail = {(const uint8_t *)at, strcspn(at, ",/+ ")};
	const struct rv_owner *known = rv_owners_of_mail(k->b->owners, mail);
	if (known)
		rv_receipt_add(k->receipt, "subject", known->key, W_SUBJECT_MAIL,
			       "its subject names %s's address", known->key);
}

/* --- one place
 * --------------------------------------------------------------------------------------- */
static void registry(struct rv_collect *k, const struct rv_sighting *s, const char *unit,
		     const char *package)
{
	const struct rv_account *a = rv_estate_account(k->estate, s->uid);
	const struct rv_owner_place place = {
		.path = s->path,
		.unit = unit,
		.package = package,
		.account = k->c->kind == RV_KIND_ACCOUNT ? k->c->name
			   : a				 ? a->name
							 : "",
	};

	if (k->rule)
		return;
	k->rule = rv_owners_match(k->b->owners, k->c->kind, k->c->name, &place);
	if (k->rule)
		(void)snprintf(k->rule_where, sizeof(k->rule_where), "%s:%u",
			       rv_owners_file(k->b->owners), k->rule->line);
}

static rv_status one_place(const struct rv_sighting *s, void *user)
{
	struct rv_collect *k = user;
	const char *unit = "";
	RV_CLEANUP(rv_buf_done) struct rv_buf shown = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf package = {0};

	rv_buf_init(&shown, 4 * RV_PATH_MAX + 16);
	rv_buf_init(&package, RV_NAME_MAX * 4);
	RV_TRY(rv_path_escape(s->path, &shown));
	const char *path = rv_buf_cstr(&shown);
	if (!path)
		return rv_fail_nomem(k->diag);
	if (k->c->kind == RV_KIND_ACCOUNT)
		RV_TRY(account_itself(k, s));
	else if (s->role == RV_SIGHTED_SERVED)
		RV_TRY(holders(k, s));
	else {
		RV_TRY(package_of_file(k, s, path, &package));
		units_of_file(k, path, &unit);
		account_of_file(k, s, path);
	}
	const char *shipped = package.len ? rv_buf_cstr(&package) : "";
	registry(k, s, unit, shipped ? shipped : "");
	return rv_sighting_set_evidence(k->b->db, s->id, unit, shipped, k->diag);
}

rv_status rv_collect(struct rv_collect *k)
{
	RV_TRY(rv_sightings_each(k->b->db, k->c->id, false, one_place, k, k->diag));
	if (k->c->kind == RV_KIND_CERTIFICATE)
		subject_names(k);
	return RV_OK;
}
