/* identify: what can be said only when the whole pass is in: keys and their certificates, CA
 * certificates, service accounts, which version is current, what a listener holds. */
#include "agent/base/digest.h"
#include "agent/base/path.h"
#include "agent/identify/identify.h"
#include "agent/identify/ids.h"
#include "agent/identify/names.h"
#include "agent/model/state.h"
#include "agent/store/estate.h"

#include <stdio.h>

/* --- CA certificates whose key lies here ----------------------------------------------------- */
static rv_status has_key_here(struct rv_db *db, const char *spki, bool *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"SELECT 1 FROM sightings WHERE spki = ?1 AND role = 3 AND gone_us IS NULL "
		"LIMIT 1",
		diag));
	rv_stmt_bind_text(&st, 1, spki);
	return rv_stmt_step(&st, out, diag);
}

static rv_status join_anchor(struct rv_identify *i, const struct rv_rec_found_certificate *f,
			     struct rv_diag *diag)
{
	bool here = false;
	char id[RV_ID_TEXT];
	char spki[2 * RV_SHA256_LEN + 1];
	char cert[2 * RV_SHA256_LEN + 1];

	rv_hex(f->spki_sha256.data, f->spki_sha256.len, spki);
	RV_TRY(has_key_here(i->db, spki, &here, diag));
	if (!here) {
		i->trust_anchors++;
		return RV_OK;
	}
	RV_TRY(rv_identify_lineage(i, f, id, diag));
	rv_hex(f->cert_sha256.data, f->cert_sha256.len, cert);
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};
	RV_TRY(rv_stmt_open(&st, i->db,
			    "UPDATE sightings SET credential = ?2 WHERE cert_sha256 = ?1 AND "
			    "credential IS NOT ?2",
			    diag));
	rv_stmt_bind_text(&st, 1, cert);
	rv_stmt_bind_text(&st, 2, id);
	return rv_stmt_run(&st, diag);
}

static rv_status join_anchors(struct rv_identify *i, struct rv_diag *diag)
{
	bool ok = true;
	struct rv_rec_found_certificate f;
	struct rv_str cursor = rv_buf_view(&i->anchors);

	while (rv_list_next(&cursor, &rv_desc_found_certificate, &f, &ok))
		RV_TRY(join_anchor(i, &f, diag));
	RV_BUG_ON(!ok); /* our own encoding */
	return RV_OK;
}

/* --- keys ----------------------------------------------------------------------------------------
 */
struct joining {
	struct rv_identify *i;
	struct rv_diag *diag;
};

/* The certificate line one of whose versions has this key; "" when none. */
static rv_status line_with_key(struct rv_db *db, const char *spki, char out[RV_ID_TEXT],
			       struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	out[0] = '\0';
	RV_TRY(rv_stmt_open(
		&st, db,
		"SELECT v.credential FROM versions v JOIN credentials c ON c.id = "
		"v.credential WHERE v.spki = ?1 AND c.kind = 5 AND EXISTS (SELECT 1 FROM "
		"sightings s WHERE s.credential = c.id AND s.role IN (2, 4) AND s.gone_us "
		"IS NULL) ORDER BY v.last_seen_us DESC, v.credential LIMIT 1",
		diag));
	rv_stmt_bind_text(&st, 1, spki);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	if (row)
		(void)snprintf(out, RV_ID_TEXT, "%s", rv_stmt_text(&st, 0));
	return RV_OK;
}

/* A key no certificate here belongs to: a credential of its own. */
static rv_status own_line(struct rv_identify *i, const struct rv_sighting *s, char out[RV_ID_TEXT],
			  struct rv_diag *diag)
{
	char fingerprint[96] = "";
	RV_CLEANUP(rv_buf_done) struct rv_buf name = {0};
	unsigned kind = strncmp(s->locator, "ssh:", 4) == 0 ? RV_KIND_SSH_KEY : RV_KIND_PRIVATE_KEY;
	const struct rv_str by_key[] = {rv_str_of(s->spki)};
	const struct rv_str by_place[] = {rv_str_of(i->host), s->path, rv_str_of(s->locator)};

	rv_buf_init(&name, 4 * RV_PATH_MAX);
	RV_TRY(rv_path_escape(rv_path_base(s->path), &name));
	const char *title = rv_buf_cstr(&name);
	if (!title)
		return rv_fail_nomem(diag);
	if (*s->spki)
		(void)snprintf(fingerprint, sizeof(fingerprint), "sha256:%s", s->spki);
	struct rv_credential row = {
		.kind = kind,
		.name = title,
		.fingerprint = fingerprint,
		.spki = s->spki,
		.alg = s->alg,
		.bits = s->bits,
		.not_before_us = RV_TIME_NONE,
		.not_after_us = RV_TIME_NONE,
		.changed_us = s->mtime_us,
		.is_identified = *s->spki != '\0',
		.is_masked = s->is_masked,
		.has_key = true,
		.last_seen_us = i->now_us,
	};
	if (*s->spki)
		rv_lineage_id(kind, by_key, RV_LEN(by_key), row.id);
	else
		rv_lineage_id(kind, by_place, RV_LEN(by_place), row.id);
	memcpy(out, row.id, sizeof(row.id));
	return rv_identify_put(i, &row, diag);
}

static rv_status join_key(const struct rv_sighting *s, void *user)
{
	struct joining *j = user;
	char id[RV_ID_TEXT] = "";

	if (*s->spki)
		RV_TRY(line_with_key(j->i->db, s->spki, id, j->diag));
	if (!*id)
		RV_TRY(own_line(j->i, s, id, j->diag));
	return rv_sighting_join(j->i->db, s->id, id, j->diag);
}

static rv_status note_keys(struct rv_db *db, struct rv_diag *diag)
{
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"UPDATE credentials SET has_key = NOT has_key, rev = (SELECT max(rev) + 1 FROM "
		"credentials) WHERE kind = 5 AND has_key <> EXISTS (SELECT 1 FROM sightings s "
		"WHERE "
		"s.credential = credentials.id AND s.role = 3 AND s.gone_us IS NULL)",
		diag));
	return rv_stmt_run(&st, diag);
}

/* --- accounts ------------------------------------------------------------------------------------
 */
static bool is_used_by_unit(const struct rv_estate *e, const char *name)
{
	for (size_t n = 0; n < e->unit_count; n++)
		if (strcmp(e->units[n].user, name) == 0)
			return true;
	return false;
}

/* A person's account is no credential of a machine: uid in the human range and a login shell,
 * unless a service runs as it. */
static bool is_service(const struct rv_estate *e, const struct rv_account *a)
{
	return !a->is_human || !a->can_login || is_used_by_unit(e, a->name);
}

static rv_status put_account(struct rv_identify *i, const struct rv_account *a,
			     struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf path = {0};
	const struct rv_str by[] = {rv_str_of(i->host), rv_str_of(a->name)};
	struct rv_credential row = {
		.kind = RV_KIND_ACCOUNT,
		.name = a->name,
		.not_before_us = RV_TIME_NONE,
		.not_after_us = a->expires_us,
		.changed_us = a->changed_us,
		.is_identified = true,
		.last_seen_us = i->now_us,
	};

	rv_lineage_id(RV_KIND_ACCOUNT, by, RV_LEN(by), row.id);
	RV_TRY(rv_identify_put(i, &row, diag));
	rv_buf_init(&path, 4 * RV_NAME_MAX + 16);
	RV_TRY(rv_buf_printf(&path, "account:%s", a->name));
	struct rv_sighting s = {
		.path = rv_buf_view(&path),
		.locator = "passwd",
		.role = RV_SIGHTED_VALUE,
		.uid = a->uid,
		.last_seen_us = i->now_us,
	};
	memcpy(s.credential, row.id, sizeof(s.credential));
	rv_sighting_id(i->host, s.path, s.locator, s.id);
	return rv_sighting_put(i->db, &s, i->pass, diag);
}

static rv_status join_accounts(struct rv_identify *i, struct rv_diag *diag)
{
	RV_CLEANUP(rv_estate_done) struct rv_estate e = {0};

	RV_TRY(rv_estate_load(i->db, &e, diag));
	for (size_t n = 0; n < e.account_count; n++)
		if (is_service(&e, &e.accounts[n]))
			RV_TRY(put_account(i, &e.accounts[n], diag));
	return RV_OK;
}

/* --- versions and listeners
 * ------------------------------------------------------------------------ */
/* The current version lies nowhere any more (an older one was put back): the newest that does. */
static rv_status next_displaced(struct rv_db *db, char id[RV_ID_TEXT], char cert[72],
				struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"SELECT c.id, v.cert_sha256 FROM credentials c JOIN versions v ON v.credential = "
		"c.id "
		"WHERE c.kind = 5 AND c.id > ?1 AND v.cert_sha256 IN (SELECT cert_sha256 FROM "
		"sightings s WHERE s.credential = c.id AND s.role = 2 AND s.gone_us IS NULL) AND "
		"NOT "
		"EXISTS (SELECT 1 FROM sightings s WHERE s.credential = c.id AND s.role = 2 AND "
		"s.gone_us IS NULL AND s.cert_sha256 = c.cert_sha256) "
		"ORDER BY c.id, v.not_before_us DESC LIMIT 1",
		diag));
	rv_stmt_bind_text(&st, 1, id);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	(void)snprintf(id, RV_ID_TEXT, "%s", row ? rv_stmt_text(&st, 0) : "");
	(void)snprintf(cert, 72, "%s", row ? rv_stmt_text(&st, 1) : "");
	return RV_OK;
}

static rv_status settle_versions(struct rv_db *db, struct rv_diag *diag)
{
	char id[RV_ID_TEXT] = "";
	char cert[72];

	for (;;) {
		RV_TRY(next_displaced(db, id, cert, diag));
		if (!*id)
			return RV_OK;
		RV_TRY(rv_version_make_current(db, id, cert, diag));
	}
}

static rv_status next_stale(struct rv_db *db, char id[RV_ID_TEXT], char cred[RV_ID_TEXT],
			    bool *out_stale, struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db,
		"SELECT id, credential, stale FROM (SELECT id, credential, is_stale, EXISTS "
		"(SELECT 1 "
		"FROM sightings d WHERE d.credential = s.credential AND d.role = 2 AND d.gone_us "
		"IS "
		"NULL) AND NOT EXISTS (SELECT 1 FROM sightings d WHERE d.credential = s.credential "
		"AND d.role = 2 AND d.gone_us IS NULL AND d.cert_sha256 = s.cert_sha256) AS stale "
		"FROM sightings s WHERE role = 4 AND gone_us IS NULL AND credential IS NOT NULL) "
		"WHERE stale <> is_stale ORDER BY id LIMIT 1",
		diag));
	RV_TRY(rv_stmt_step(&st, &row, diag));
	(void)snprintf(id, RV_ID_TEXT, "%s", row ? rv_stmt_text(&st, 0) : "");
	(void)snprintf(cred, RV_ID_TEXT, "%s", row ? rv_stmt_text(&st, 1) : "");
	*out_stale = row && rv_stmt_int(&st, 2) != 0;
	return RV_OK;
}

/* A listener that holds another certificate than the file: read at its start, replaced since. */
static rv_status compare_served(struct rv_identify *i, struct rv_diag *diag)
{
	bool stale = false;
	char id[RV_ID_TEXT];
	char cred[RV_ID_TEXT];

	for (;;) {
		RV_TRY(next_stale(i->db, id, cred, &stale, diag));
		if (!*id)
			return RV_OK;
		RV_TRY(rv_sighting_set_stale(i->db, id, stale, diag));
		if (i->event)
			RV_TRY(i->event(
				i->user, stale ? "served_stale" : "served_fresh", cred,
				stale ? "a listener serves another version than the file holds"
				      : "the listener serves what the file holds"));
	}
}

rv_status rv_identify_join(struct rv_identify *i, struct rv_diag *diag)
{
	struct joining j = {.i = i, .diag = diag};

	RV_TRY(join_anchors(i, diag));
	RV_TRY(rv_sightings_by_role(i->db, RV_SIGHTED_KEY, join_key, &j, diag));
	RV_TRY(note_keys(i->db, diag));
	RV_TRY(join_accounts(i, diag));
	RV_TRY(settle_versions(i->db, diag));
	return compare_served(i, diag);
}

/* --- gone and back
 * --------------------------------------------------------------------------------- */
rv_status rv_identify_move(struct rv_identify *i, const struct rv_credential *c, unsigned life,
			   const char *text, struct rv_diag *diag)
{
	const char *event = NULL;
	struct rv_state state = {.ownership = (uint8_t)c->ownership,
				 .life = (uint8_t)c->life,
				 .hold = (uint8_t)c->hold};

	RV_TRY(rv_state_move(&state, RV_AXIS_LIFE, life, &event, diag));
	RV_TRY(rv_credential_set_state(i->db, c->id, state.life, state.hold, c->hold_why,
				       c->hold_until_us, diag));
	return i->event ? i->event(i->user, event, c->id, text) : RV_OK;
}

static rv_status count_places(struct rv_db *db, const char *id, int64_t *out, struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	RV_TRY(rv_stmt_open(
		&st, db, "SELECT count(*) FROM sightings WHERE credential = ?1 AND gone_us IS NULL",
		diag));
	rv_stmt_bind_text(&st, 1, id);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	*out = rv_stmt_int(&st, 0);
	return RV_OK;
}

static rv_status settle_life(const struct rv_credential *c, void *user)
{
	struct joining *j = user;
	int64_t places = 0;
	bool is_gone = c->life == RV_LIFE_GONE;

	RV_TRY(count_places(j->i->db, c->id, &places, j->diag));
	if (places > 0 && is_gone)
		return rv_identify_move(j->i, c, RV_LIFE_SEEN, "seen again", j->diag);
	if (places > 0 || is_gone || !rv_state_edge(RV_AXIS_LIFE, c->life, RV_LIFE_GONE))
		return RV_OK;
	/* Held by a run (rotating, grace, revoking): the run decides what becomes of it. */
	return rv_identify_move(j->i, c, RV_LIFE_GONE, "no longer at any place", j->diag);
}

rv_status rv_identify_sweep(struct rv_identify *i, struct rv_diag *diag)
{
	int64_t gone = 0;
	const struct rv_credential_filter all = {.with_gone = true};
	struct joining j = {.i = i, .diag = diag};

	RV_TRY(rv_sightings_sweep(i->db, i->pass, i->now_us, &gone, diag));
	RV_TRY(rv_estate_sweep(i->db, i->pass, diag));
	return rv_credentials_each(i->db, &all, settle_life, &j, diag);
}
