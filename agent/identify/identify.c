/* identify: one finding at a time. Keys and CA certificates wait for the end of the pass (join.c):
 * what they are depends on what else lies on the host. */
#include "agent/identify/identify.h"

#include "agent/base/digest.h"
#include "agent/base/path.h"
#include "agent/identify/ids.h"
#include "agent/identify/names.h"

#include <stdio.h>

#define HEX_TEXT    (2 * RV_SHA256_LEN + 1)
#define ANCHORS_MAX (8U << 20)

static rv_status hex_of(struct rv_str bytes, char out[HEX_TEXT], struct rv_diag *diag)
{
	if (bytes.len > RV_SHA256_LEN)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a digest of %zu bytes", bytes.len);
	out[0] = '\0';
	if (bytes.len > 0)
		rv_hex(bytes.data, bytes.len, out);
	return RV_OK;
}

/* The members every file finding has. */
#define PLACE(f)                                                                            \
	.path = (f)->path, .is_masked = (f)->masked != 0, .dev = (f)->dev, .ino = (f)->ino, \
	.uid = (uint32_t)(f)->uid, .gid = (uint32_t)(f)->gid, .mode = (uint32_t)(f)->mode,  \
	.mtime_us = (f)->mtime_us

void rv_identify_init(struct rv_identify *i, struct rv_db *db, const char *host, int64_t pass,
		      int64_t now_us)
{
	*i = (struct rv_identify){.db = db, .host = host, .pass = pass, .now_us = now_us};
	rv_buf_init(&i->anchors, ANCHORS_MAX);
}

void rv_identify_done(struct rv_identify *i)
{
	rv_buf_done(&i->anchors);
}

static bool is_served(struct rv_str path)
{
	return rv_str_starts_with(path, "tls://");
}

/* --- certificates ------------------------------------------------------------------------------
 */
struct certificate {
	const struct rv_rec_found_certificate *f;
	char cert[HEX_TEXT];
	char spki[HEX_TEXT];
	char serial[2 * 64 + 1];
	struct rv_buf name, subject, issuer, names; /* texts */
};

static void certificate_done(struct certificate *c)
{
	rv_buf_done(&c->name);
	rv_buf_done(&c->subject);
	rv_buf_done(&c->issuer);
	rv_buf_done(&c->names);
}

static rv_status read_certificate(const struct rv_rec_found_certificate *f, struct certificate *c,
				  struct rv_diag *diag)
{
	c->f = f;
	rv_buf_init(&c->name, 4 * RV_DN_MAX);
	rv_buf_init(&c->subject, 4 * RV_DN_MAX);
	rv_buf_init(&c->issuer, 4 * RV_DN_MAX);
	rv_buf_init(&c->names, 8 * RV_SANS_MAX);
	RV_TRY(hex_of(f->cert_sha256, c->cert, diag));
	RV_TRY(hex_of(f->spki_sha256, c->spki, diag));
	if (!*c->cert || !*c->spki || f->serial.len > 64)
		return rv_fail(RV_CLASS_MALFORMED, diag, "found_certificate without its digests");
	rv_hex(f->serial.data, f->serial.len, c->serial);
	RV_TRY(rv_path_escape(f->subject, &c->subject));
	RV_TRY(rv_path_escape(f->issuer, &c->issuer));
	RV_TRY(rv_names_json(f->names, &c->names, diag));
	return rv_names_title(f->subject, f->names, &c->name);
}

static void sighting_of(const struct rv_identify *i, const struct certificate *c,
			struct rv_sighting *s, char *locator, size_t locator_size)
{
	const struct rv_rec_found_certificate *f = c->f;

	if (is_served(f->path))
		(void)snprintf(locator, locator_size, "leaf");
	else
		(void)snprintf(locator, locator_size, "cert:%u", (unsigned)f->ordinal);
	*s = (struct rv_sighting){
		PLACE(f),
		.locator = locator,
		.role = is_served(f->path) ? RV_SIGHTED_SERVED : RV_SIGHTED_CERT,
		.ordinal = (unsigned)f->ordinal,
		.in_bundle = (unsigned)f->in_bundle,
		.cert_sha256 = c->cert,
		.spki = c->spki,
		.is_ca = f->is_ca != 0,
		.last_seen_us = i->now_us,
	};
	rv_sighting_id(i->host, f->path, locator, s->id);
}

/* Runs a lookup of one id by one or two texts; "" when there is none. */
static rv_status lookup(struct rv_db *db, const char *sql, const char *key, char out[RV_ID_TEXT],
			struct rv_diag *diag)
{
	bool row = false;
	RV_CLEANUP(rv_stmt_done) struct rv_stmt st = {0};

	out[0] = '\0';
	RV_TRY(rv_stmt_open(&st, db, sql, diag));
	rv_stmt_bind_text(&st, 1, key);
	RV_TRY(rv_stmt_step(&st, &row, diag));
	if (row)
		(void)snprintf(out, RV_ID_TEXT, "%s", rv_stmt_text(&st, 0));
	return RV_OK;
}

static rv_status is_same_line(struct rv_db *db, const char *id, const struct certificate *c,
			      bool *out_same, struct rv_diag *diag)
{
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};

	RV_TRY(rv_credential_load(db, id, &row, diag));
	const char *subject = rv_buf_cstr((struct rv_buf *)(uintptr_t)&c->subject);
	const char *names = rv_buf_cstr((struct rv_buf *)(uintptr_t)&c->names);
	*out_same = row.c.kind == RV_KIND_CERTIFICATE && subject && names &&
		    (strcmp(row.c.subject, subject) == 0 || rv_names_overlap(row.c.names, names));
	return RV_OK;
}

/* docs/identity.md, "A certificate's lineage": the same certificate; the same key for the same
 * names; the same place for the same names; else a new line. */
static rv_status lineage_of(struct rv_identify *i, const struct certificate *c,
			    const char *sighting, char out[RV_ID_TEXT], struct rv_diag *diag)
{
	bool same = false;

	RV_TRY(lookup(i->db, "SELECT credential FROM versions WHERE cert_sha256 = ?1", c->cert, out,
		      diag));
	if (*out)
		return RV_OK;
	RV_TRY(lookup(i->db,
		      "SELECT credential FROM versions WHERE spki = ?1 ORDER BY last_seen_us DESC",
		      c->spki, out, diag));
	if (*out)
		RV_TRY(is_same_line(i->db, out, c, &same, diag));
	if (!same) {
		RV_TRY(lookup(
			i->db,
			"SELECT credential FROM sightings WHERE id = ?1 AND credential IS NOT "
			"NULL",
			sighting, out, diag));
		if (*out)
			RV_TRY(is_same_line(i->db, out, c, &same, diag));
	}
	if (same)
		return RV_OK;
	const struct rv_str parts[] = {rv_str_of(c->spki), rv_str_of(c->cert)};
	char taken[RV_ID_TEXT];
	rv_lineage_id(RV_KIND_CERTIFICATE, parts, 1, out);
	RV_TRY(lookup(i->db, "SELECT id FROM credentials WHERE id = ?1", out, taken, diag));
	if (*taken) /* one key for two names: the certificate tells the second apart */
		rv_lineage_id(RV_KIND_CERTIFICATE, parts, 2, out);
	return RV_OK;
}

static rv_status tell(struct rv_identify *i, const char *type, const char *cred, const char *text)
{
	return i->event ? i->event(i->user, type, cred, text) : RV_OK;
}

rv_status rv_identify_put(struct rv_identify *i, const struct rv_credential *c,
			  struct rv_diag *diag)
{
	bool is_new = false;
	char text[320];

	RV_TRY(rv_credential_put(i->db, c, &is_new, diag));
	if (!is_new)
		return RV_OK;
	i->credentials_new++;
	(void)snprintf(text, sizeof(text), "%s %s is seen for the first time",
		       rv_kind_name(c->kind), c->name ? c->name : "");
	return tell(i, "credential_seen", c->id, text);
}

static const char *text_of(struct rv_buf *buf)
{
	const char *z = rv_buf_cstr(buf);

	return z ? z : "";
}

/* The row of a lineage: for a known one its current version stays what it was. */
static rv_status put_lineage(struct rv_identify *i, struct certificate *c, const char *id,
			     bool *out_is_next, struct rv_diag *diag)
{
	char fingerprint[HEX_TEXT + 8];
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row old = {0};
	rv_status s = rv_credential_load(i->db, id, &old, NULL);
	bool is_known = rv_is_ok(s);

	if (!is_known && rv_class_of(s) != RV_CLASS_NOT_FOUND)
		return s;
	bool is_newer = !is_known || c->f->not_before_us >= old.c.not_before_us;
	*out_is_next = is_known && is_newer && strcmp(old.c.cert_sha256, c->cert) != 0;
	(void)snprintf(fingerprint, sizeof(fingerprint), "sha256:%s", c->spki);
	struct rv_credential row = {
		.kind = RV_KIND_CERTIFICATE,
		.name = text_of(&c->name),
		.fingerprint = fingerprint,
		.cert_sha256 = c->cert,
		.spki = c->spki,
		.serial = c->serial,
		.subject = text_of(&c->subject),
		.issuer = text_of(&c->issuer),
		.names = text_of(&c->names),
		.alg = (unsigned)c->f->alg,
		.bits = (unsigned)c->f->bits,
		.not_before_us = c->f->not_before_us,
		.not_after_us = c->f->not_after_us,
		.changed_us = c->f->not_before_us,
		.is_identified = true,
		.is_masked = c->f->masked != 0,
		.has_key = is_known && old.c.has_key,
	};
	if (!is_newer) {
		row = old.c;
		row.is_masked = row.is_masked || c->f->masked != 0;
	}
	(void)snprintf(row.id, sizeof(row.id), "%s", id);
	row.last_seen_us = i->now_us;
	return rv_identify_put(i, &row, diag);
}

static rv_status add_version(struct rv_identify *i, const struct certificate *c, const char *id,
			     struct rv_diag *diag)
{
	struct rv_version v = {
		.cert_sha256 = c->cert,
		.spki = c->spki,
		.serial = c->serial,
		.not_before_us = c->f->not_before_us,
		.not_after_us = c->f->not_after_us,
		.first_seen_us = i->now_us,
		.last_seen_us = i->now_us,
	};

	(void)snprintf(v.credential, sizeof(v.credential), "%s", id);
	return rv_version_add(i->db, &v, diag);
}

rv_status rv_identify_lineage(struct rv_identify *i, const struct rv_rec_found_certificate *f,
			      char out[RV_ID_TEXT], struct rv_diag *diag)
{
	bool is_next = false;
	char locator[32];
	struct rv_sighting s;
	RV_CLEANUP(certificate_done) struct certificate c = {0};

	RV_TRY(read_certificate(f, &c, diag));
	sighting_of(i, &c, &s, locator, sizeof(locator));
	RV_TRY(lineage_of(i, &c, s.id, out, diag));
	RV_TRY(put_lineage(i, &c, out, &is_next, diag));
	RV_TRY(add_version(i, &c, out, diag));
	return is_next ? rv_version_make_current(i->db, out, c.cert, diag) : RV_OK;
}

/* Whether a CA certificate is a credential of this host shows only when all keys are known. They
 * are kept for then; past 8 MiB of them (thousands) a CA is taken for a trust anchor. */
static rv_status keep_anchor(struct rv_identify *i, const struct rv_rec_found_certificate *f)
{
	rv_status s = rv_list_add(&i->anchors, &rv_desc_found_certificate, f);

	return rv_class_of(s) == RV_CLASS_EXHAUSTED && i->anchors.len > 0 ? RV_OK : s;
}

rv_status rv_identify_certificate(struct rv_identify *i, const struct rv_rec_found_certificate *f,
				  struct rv_diag *diag)
{
	char locator[32];
	struct rv_sighting s;
	RV_CLEANUP(certificate_done) struct certificate c = {0};

	RV_TRY(read_certificate(f, &c, diag));
	sighting_of(i, &c, &s, locator, sizeof(locator));
	if (f->is_ca)
		RV_TRY(keep_anchor(i, f));
	else
		RV_TRY(rv_identify_lineage(i, f, s.credential, diag));
	return rv_sighting_put(i->db, &s, i->pass, diag);
}

/* --- keys, secrets
 * --------------------------------------------------------------------------------- */
rv_status rv_identify_key(struct rv_identify *i, const struct rv_rec_found_key *f,
			  struct rv_diag *diag)
{
	char locator[32];
	char spki[HEX_TEXT];

	RV_TRY(hex_of(f->spki_sha256, spki, diag));
	(void)snprintf(locator, sizeof(locator), "%s:%u", f->openssh ? "ssh" : "key",
		       (unsigned)f->ordinal);
	struct rv_sighting s = {
		PLACE(f),
		.locator = locator,
		.role = RV_SIGHTED_KEY,
		.ordinal = (unsigned)f->ordinal,
		.spki = spki,
		.alg = (unsigned)f->alg,
		.bits = (unsigned)f->bits,
		.last_seen_us = i->now_us,
	};
	rv_sighting_id(i->host, f->path, locator, s.id);
	return rv_sighting_put(i->db, &s, i->pass, diag);
}

/* An identified secret is one credential wherever it lies; any other is one per place, for two
 * equal values may be two credentials (the edge between them is their fingerprint). */
static void secret_lineage(const struct rv_identify *i, const struct rv_rec_found_secret *f,
			   char out[RV_ID_TEXT])
{
	if (f->identified) {
		const struct rv_str by[] = {f->provider,
					    f->public_id.len ? f->public_id : f->fingerprint};
		rv_lineage_id((unsigned)f->kind, by, RV_LEN(by), out);
		return;
	}
	const struct rv_str by[] = {rv_str_of(i->host), f->path, f->rule, f->fingerprint};
	rv_lineage_id((unsigned)f->kind, by, RV_LEN(by), out);
}

static rv_status secret_name(const struct rv_rec_found_secret *f, struct rv_buf *out)
{
	struct rv_str what = f->provider.len ? f->provider : f->rule;

	RV_TRY(rv_path_escape(what, out));
	if (f->public_id.len) {
		RV_TRY(rv_buf_put_byte(out, ' '));
		return rv_path_escape(f->public_id, out);
	}
	RV_TRY(rv_buf_put_str(out, " in "));
	return rv_path_escape(rv_path_base(f->path), out);
}

static rv_status escaped(struct rv_str bytes, struct rv_buf *out)
{
	rv_buf_init(out, 4 * RV_PATH_MAX + 64);
	return rv_path_escape(bytes, out);
}

rv_status rv_identify_secret(struct rv_identify *i, const struct rv_rec_found_secret *f,
			     struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf name = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf provider = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf public_id = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf fingerprint = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf locator = {0};

	if (strcmp(rv_kind_name((unsigned)f->kind), "invalid") == 0)
		return rv_fail(RV_CLASS_MALFORMED, diag, "found_secret of kind %u",
			       (unsigned)f->kind);
	rv_buf_init(&name, 4 * RV_PATH_MAX + 64);
	rv_buf_init(&locator, 4 * RV_NAME_MAX + 128);
	RV_TRY(secret_name(f, &name));
	RV_TRY(escaped(f->provider, &provider));
	RV_TRY(escaped(f->public_id, &public_id));
	RV_TRY(escaped(f->fingerprint, &fingerprint));
	RV_TRY(rv_path_escape(f->rule, &locator));
	RV_TRY(rv_buf_printf(&locator, ":%s", text_of(&fingerprint)));
	struct rv_credential row = {
		.kind = (unsigned)f->kind,
		.name = text_of(&name),
		.provider = text_of(&provider),
		.fingerprint = text_of(&fingerprint),
		.public_id = text_of(&public_id),
		.not_before_us = RV_TIME_NONE,
		.not_after_us = RV_TIME_NONE,
		.changed_us = RV_TIME_NONE,
		.is_identified = f->identified != 0,
		.is_masked = f->masked != 0,
		.last_seen_us = i->now_us,
	};
	secret_lineage(i, f, row.id);
	RV_TRY(rv_identify_put(i, &row, diag));
	struct rv_sighting s = {
		PLACE(f),
		.locator = text_of(&locator),
		.role = RV_SIGHTED_VALUE,
		.line = (unsigned)f->line,
		.column = (unsigned)f->column,
		.last_seen_us = i->now_us,
	};
	memcpy(s.credential, row.id, sizeof(s.credential));
	rv_sighting_id(i->host, f->path, s.locator, s.id);
	return rv_sighting_put(i->db, &s, i->pass, diag);
}
