/* inventory: host rows and the certificates given to them. */
#include "agent/inventory/host.h"

#include "agent/base/uuid.h"
#include "agent/inventory/token.h"

#include <stdio.h>

rv_status rv_event_add(struct rv_invdb *db, int64_t now_us, const char *what, const char *subject,
		       const char *detail)
{
	char id[RV_UUID_TEXT];

	rv_uuid7(id);
	return rv_invdb_run(db, NULL,
			    "INSERT INTO event(id,at,what,subject,detail) VALUES(?1,?2,?3,?4,?5)",
			    "tittt", id, now_us, what, subject, detail);
}

void rv_host_grant_done(struct rv_host_grant *grant)
{
	free(grant->cert_pem);
	grant->cert_pem = NULL;
}

rv_status rv_host_by_key(struct rv_invdb *db, const struct rv_digest *key_fp, struct rv_host *out)
{
	rv_status status;
	sqlite3_stmt *stmt = rv_invdb_bind(db,
					   "SELECT h.id,h.denied_at FROM host_key k JOIN host h ON "
					   "h.id=k.host WHERE k.fp=?1",
					   "b", key_fp->bytes, sizeof(key_fp->bytes));

	if (!rv_invdb_step(db, stmt, &status, NULL))
		return rv_is_ok(status) ? rv_fail(RV_CLASS_NOT_FOUND, NULL, "no such host")
					: status;
	snprintf(out->id, sizeof(out->id), "%s", rv_invdb_text(stmt, 0));
	out->is_denied = sqlite3_column_type(stmt, 1) != SQLITE_NULL;
	sqlite3_reset(stmt);
	return RV_OK;
}

static rv_status refuse(enum rv_problem problem, enum rv_problem *out_problem, struct rv_diag *diag)
{
	*out_problem = problem;
	return rv_fail(RV_CLASS_DENIED, diag, "%s", rv_problem_title(problem));
}

static rv_status sign(const struct rv_ca *ca, const char *csr_pem, struct rv_host_grant *out,
		      enum rv_problem *out_problem, struct rv_diag *diag)
{
	*out_problem = RV_PROBLEM_UNPROCESSABLE;
	return rv_ca_sign(ca, rv_str_of(csr_pem), out->id, &out->cert_pem, &out->not_after_us,
			  diag);
}

static rv_status host_token(struct rv_invdb *db, const char *host, char out[RV_TOKEN_ID_TEXT])
{
	rv_status status;
	sqlite3_stmt *stmt = rv_invdb_bind(db, "SELECT token FROM host WHERE id=?1", "t", host);

	out[0] = '\0';
	if (rv_invdb_step(db, stmt, &status, NULL)) {
		snprintf(out, RV_TOKEN_ID_TEXT, "%s", rv_invdb_text(stmt, 0));
		sqlite3_reset(stmt);
	}
	return status;
}

static rv_status spend(struct rv_invdb *db, const struct rv_token_row *token, int64_t now_us,
		       enum rv_problem *out_problem, struct rv_diag *diag)
{
	if (token->is_revoked)
		return refuse(RV_PROBLEM_TOKEN_UNKNOWN, out_problem, diag);
	if (token->expires_at_us <= now_us)
		return refuse(RV_PROBLEM_TOKEN_EXPIRED, out_problem, diag);
	if (token->uses_left <= 0)
		return refuse(RV_PROBLEM_TOKEN_USED, out_problem, diag);
	*out_problem = RV_PROBLEM_INTERNAL;
	return rv_invdb_run(db, diag, "UPDATE token SET uses_left=uses_left-1 WHERE id=?1", "t",
			    token->id);
}

static rv_status note_clones(struct rv_invdb *db, const struct rv_doc_enrol *doc, const char *id,
			     int64_t now_us)
{
	rv_status status;
	sqlite3_stmt *stmt =
		doc->machine[0]
			? rv_invdb_bind(db,
					"SELECT id FROM host WHERE machine=?1 AND id<>?2 AND "
					"denied_at IS NULL LIMIT 1",
					"tt", doc->machine, id)
			: NULL;
	char other[RV_HOST_ID_TEXT];

	if (!stmt || !rv_invdb_step(db, stmt, &status, NULL))
		return RV_OK;
	snprintf(other, sizeof(other), "%s", rv_invdb_text(stmt, 0));
	sqlite3_reset(stmt);
	return rv_event_add(db, now_us, "clone_suspected", id, other);
}

static rv_status insert_host(struct rv_invdb *db, const struct rv_doc_enrol *doc,
			     const char *token_id, const struct rv_digest *key_fp, int64_t now_us,
			     const struct rv_host_grant *grant)
{
	RV_TRY(rv_invdb_run(
		db, NULL,
		"INSERT INTO host(id,hostname,machine,agent,token,enrolled_at,cert_pem,"
		"cert_not_after,seen_at,seq,digest,batch,answer,credentials,orphans,"
		"quarantined,not_looked) VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?6,0,'','','',0,0,0,0)",
		"tttttiti", grant->id, doc->hostname, doc->machine, doc->agent, token_id, now_us,
		grant->cert_pem, grant->not_after_us));
	RV_TRY(rv_invdb_run(db, NULL, "INSERT INTO host_key(fp,host,added_at) VALUES(?1,?2,?3)",
			    "bti", key_fp->bytes, sizeof(key_fp->bytes), grant->id, now_us));
	RV_TRY(rv_invdb_run(db, NULL, "UPDATE counter SET value=value+1 WHERE name='hosts'", ""));
	RV_TRY(note_clones(db, doc, grant->id, now_us));
	return rv_event_add(db, now_us, "enrolled", grant->id, token_id);
}

/* The key is known: the request was repeated, or the host was given a fresh token. */
static rv_status enrol_again(struct rv_invdb *db, const struct rv_ca *ca,
			     const struct rv_doc_enrol *doc, const struct rv_token_row *token,
			     const struct rv_host *host, int64_t now_us, struct rv_host_grant *out,
			     enum rv_problem *out_problem, struct rv_diag *diag)
{
	char first[RV_TOKEN_ID_TEXT];

	if (host->is_denied)
		return refuse(RV_PROBLEM_HOST_DENIED, out_problem, diag);
	RV_TRY(host_token(db, host->id, first));
	if (strcmp(first, token->id) != 0)
		RV_TRY(spend(db, token, now_us, out_problem, diag));
	memcpy(out->id, host->id, sizeof(out->id));
	RV_TRY(sign(ca, doc->csr_pem, out, out_problem, diag));
	*out_problem = RV_PROBLEM_INTERNAL;
	return rv_invdb_run(db, diag,
			    "UPDATE host SET cert_pem=?2,cert_not_after=?3,token=?4,hostname=?5 "
			    "WHERE id=?1",
			    "ttitt", out->id, out->cert_pem, out->not_after_us, token->id,
			    doc->hostname);
}

rv_status rv_host_enrol(struct rv_invdb *db, const struct rv_ca *ca, const struct rv_doc_enrol *doc,
			int64_t now_us, struct rv_host_grant *out, enum rv_problem *out_problem,
			struct rv_diag *diag)
{
	struct rv_token_row token;
	struct rv_digest key_fp;
	struct rv_host host;
	char id[RV_UUID_TEXT];

	*out = (struct rv_host_grant){0};
	*out_problem = RV_PROBLEM_UNPROCESSABLE;
	RV_TRY(rv_ca_read_csr(rv_str_of(doc->csr_pem), &key_fp, diag));
	rv_status found = rv_token_find(db, doc->token, "enrol", &token);
	if (rv_class_of(found) == RV_CLASS_NOT_FOUND)
		return refuse(RV_PROBLEM_TOKEN_UNKNOWN, out_problem, diag);
	*out_problem = RV_PROBLEM_INTERNAL;
	RV_TRY(found);
	found = rv_host_by_key(db, &key_fp, &host);
	if (rv_is_ok(found))
		return enrol_again(db, ca, doc, &token, &host, now_us, out, out_problem, diag);
	if (rv_class_of(found) != RV_CLASS_NOT_FOUND)
		return found;
	RV_TRY(spend(db, &token, now_us, out_problem, diag));
	rv_uuid7(id);
	snprintf(out->id, sizeof(out->id), "%s", id);
	RV_TRY(sign(ca, doc->csr_pem, out, out_problem, diag));
	*out_problem = RV_PROBLEM_INTERNAL;
	return insert_host(db, doc, token.id, &key_fp, now_us, out);
}

static rv_status add_key(struct rv_invdb *db, const char *host, const struct rv_digest *held,
			 const struct rv_digest *fresh, int64_t now_us)
{
	if (rv_digest_equal(held, fresh))
		return RV_OK;
	RV_TRY(rv_invdb_run(db, NULL, "DELETE FROM host_key WHERE host=?1 AND fp<>?2", "tb", host,
			    held->bytes, sizeof(held->bytes)));
	return rv_invdb_run(db, NULL, "INSERT INTO host_key(fp,host,added_at) VALUES(?1,?2,?3)",
			    "bti", fresh->bytes, sizeof(fresh->bytes), host, now_us);
}

rv_status rv_host_renew(struct rv_invdb *db, const struct rv_ca *ca, const char *host,
			const struct rv_digest *held, const char *csr_pem, int64_t now_us,
			struct rv_host_grant *out, enum rv_problem *out_problem,
			struct rv_diag *diag)
{
	struct rv_digest fresh;
	struct rv_host other;

	*out = (struct rv_host_grant){0};
	*out_problem = RV_PROBLEM_UNPROCESSABLE;
	RV_TRY(rv_ca_read_csr(rv_str_of(csr_pem), &fresh, diag));
	if (rv_is_ok(rv_host_by_key(db, &fresh, &other)) && strcmp(other.id, host) != 0)
		return rv_fail(RV_CLASS_DENIED, diag, "csr_pem: the key belongs to another host");
	snprintf(out->id, sizeof(out->id), "%s", host);
	RV_TRY(sign(ca, csr_pem, out, out_problem, diag));
	*out_problem = RV_PROBLEM_INTERNAL;
	RV_TRY(add_key(db, host, held, &fresh, now_us));
	return rv_invdb_run(db, diag, "UPDATE host SET cert_pem=?2,cert_not_after=?3 WHERE id=?1",
			    "tti", host, out->cert_pem, out->not_after_us);
}

rv_status rv_host_deny(struct rv_invdb *db, const char *id, const char *why, int64_t now_us,
		       struct rv_diag *diag)
{
	if (why)
		RV_TRY(rv_invdb_run(db, diag,
				    "UPDATE host SET denied_at=?2,denied_why=?3 WHERE id=?1", "tit",
				    id, now_us, why));
	else
		RV_TRY(rv_invdb_run(db, diag,
				    "UPDATE host SET denied_at=NULL,denied_why=NULL WHERE id=?1",
				    "t", id));
	if (sqlite3_changes(db->sql) == 0) {
		rv_diag_next(diag, "reeve-inventory host list");
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no host %s", id);
	}
	return rv_event_add(db, now_us, why ? "denied" : "allowed", id, why ? why : "");
}
