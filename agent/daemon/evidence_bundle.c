/* daemon: bundles from the audit tables. Reads only. */
#include "agent/daemon/evidence_bundle.h"

#include "agent/verify/bundle.h"

struct builder {
	struct rv_db *db;
	struct rv_buf *out;
	struct rv_diag *diag;
};

static rv_status put_head(const struct rv_audit_signature *s, void *user)
{
	struct builder *b = user;
	struct rv_signed_head head = {.seq = s->head.seq, .hash = s->head.hash};
	memcpy(head.signature, s->signature, sizeof(head.signature));
	memcpy(head.public_key, s->public_key, sizeof(head.public_key));
	return rv_bundle_put_head(b->out, &head);
}

static rv_status put_event(uint64_t seq, struct rv_str canonical, const struct rv_digest *hash,
			   void *user)
{
	struct builder *b = user;
	RV_TRY(rv_bundle_put_event(b->out, canonical, hash));
	return rv_audit_sign_each(b->db, seq, seq, put_head, b, b->diag);
}

struct found {
	uint64_t seq; /* 0: none */
	struct rv_digest hash;
};

static rv_status take_first(uint64_t seq, struct rv_str canonical, const struct rv_digest *hash,
			    void *user)
{
	struct found *found = user;
	(void)canonical; /* the place and the hash are all that is wanted */
	if (found->seq == 0)
		*found = (struct found){.seq = seq, .hash = *hash};
	return RV_OK;
}

rv_status rv_evidence_first_of(struct rv_db *db, const char *cred, const char *run,
			       uint64_t *out_first, struct rv_diag *diag)
{
	struct found found = {0};
	RV_TRY(rv_audit_each_of(db, cred, run, take_first, &found, diag));
	if (found.seq == 0)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "nothing is recorded about it yet");
	*out_first = found.seq;
	return RV_OK;
}

rv_status rv_evidence_bundle(struct rv_db *db, uint64_t first, uint64_t last, struct rv_buf *out,
			     struct rv_diag *diag)
{
	struct builder b = {.db = db, .out = out, .diag = diag};
	struct rv_audit_head head;
	struct found before = {0};
	RV_TRY(rv_audit_last(db, &head, diag));
	if (last == 0)
		last = head.seq;
	if (first == 0 || first > last || last > head.seq)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "there are %llu events on record",
			       (unsigned long long)head.seq);
	if (first > 1)
		RV_TRY(rv_audit_each(db, first - 1, first - 1, take_first, &before, diag));
	rv_status st = rv_bundle_put_header(out, first, last, &before.hash);
	if (rv_is_ok(st))
		st = rv_audit_each(db, first, last, put_event, &b, diag);
	if (rv_class_of(st) == RV_CLASS_EXHAUSTED)
		return rv_fail(RV_CLASS_EXHAUSTED, diag,
			       "the bundle would be larger than %zu bytes", out->max);
	return st;
}
