/* bind: from the receipt to the owner, by precedence. */
#include "agent/bind/bind.h"

#include "agent/base/clock.h"
#include "agent/bind/collect.h"
#include "agent/model/state.h"

#include <stdio.h>

/* What came out for one credential. */
struct answer {
	unsigned ownership;
	char owner[RV_BIND_OWNER_TEXT];
	const char *source;
	unsigned percent;
	char reason[300]; /* of an orphan */
	char why[400];	  /* of the event */
};

static void name_owner(struct answer *a, const char *owner, const char *source, unsigned percent)
{
	a->ownership = RV_OWNERSHIP_OWNED;
	(void)snprintf(a->owner, sizeof(a->owner), "%s", owner);
	a->source = source;
	a->percent = percent;
	(void)snprintf(a->why, sizeof(a->why), "%s by %s, %u%%", owner, source, percent);
}

static void make_orphan(struct answer *a, const char *reason)
{
	a->ownership = RV_OWNERSHIP_ORPHANED;
	a->owner[0] = '\0';
	a->source = "";
	a->percent = 0;
	(void)snprintf(a->reason, sizeof(a->reason), "%s", reason);
	(void)snprintf(a->why, sizeof(a->why), "%s", reason);
}

/* A person's word: set, claim and confirm name an owner; a dispute takes the named one away. */
static rv_status by_word(struct rv_bind *b, const struct rv_credential *c, struct rv_receipt *r,
			 struct answer *a, struct rv_diag *diag)
{
	char when[RV_TIME_TEXT];
	RV_CLEANUP(rv_owner_mark_row_done) struct rv_owner_mark_row row = {0};
	rv_status s = rv_owner_mark_load(b->db, c->id, &row, diag);

	if (rv_class_of(s) == RV_CLASS_NOT_FOUND)
		return RV_OK;
	RV_TRY(s);
	rv_time_text(row.mark.at_us, when);
	bool disputes = strcmp(row.mark.verb, "dispute") == 0;
	rv_receipt_add(r, "claim", row.mark.owner, disputes ? 0 : 100, "uid %s said \"%s\" at %s",
		       row.mark.by, row.mark.verb, when);
	if (!disputes) {
		name_owner(a, row.mark.owner, "registry", 100);
		return RV_OK;
	}
	a->ownership = RV_OWNERSHIP_DISPUTED;
	(void)snprintf(a->owner, sizeof(a->owner), "%s", row.mark.owner);
	a->source = "registry";
	(void)snprintf(a->why, sizeof(a->why), "disputed by uid %s", row.mark.by);
	return RV_OK;
}

static rv_status by_policy(struct rv_bind *b, const struct rv_credential *c, struct rv_receipt *r,
			   struct answer *a)
{
	char owner[RV_BIND_OWNER_TEXT] = "";
	char text[256] = "";

	if (!b->policy_owner)
		return RV_OK;
	RV_TRY(b->policy_owner(b->user, c, owner, text));
	if (!owner[0])
		return RV_OK;
	rv_receipt_add(r, "policy", owner, 100, "%s names %s", text, owner);
	name_owner(a, owner, "policy", 100);
	return RV_OK;
}

static void by_inference(const struct rv_credential *c, const struct rv_receipt *r,
			 struct answer *a)
{
	unsigned percent = 0;
	char reason[300];
	const char *winner = rv_receipt_winner(r, &percent);

	if (percent >= RV_BIND_ENOUGH) {
		name_owner(a, winner, "inferred", percent);
		return;
	}
	for (size_t i = 0; i < r->count; i++)
		if (!r->lines[i].owner[0] && strcmp(r->lines[i].source, "file") == 0) {
			make_orphan(a, r->lines[i].text);
			return;
		}
	if (strncmp(c->owner, "service:", 8) == 0) {
		(void)snprintf(reason, sizeof(reason), "%s, which used it, is gone", c->owner);
		make_orphan(a, reason);
		return;
	}
	make_orphan(a, c->kind == RV_KIND_ACCOUNT
			       ? "no unit runs as it, no package makes it, nobody is named for it"
			       : "no unit, package, account or rule names it");
}

/* Whoever came out must still be there. */
static void check_alive(const struct rv_bind *b, struct rv_receipt *r, struct answer *a)
{
	char reason[300];
	char when[RV_TIME_TEXT];
	const struct rv_owner *known = rv_owners_find(b->owners, a->owner);

	if (a->ownership != RV_OWNERSHIP_OWNED || !known || known->left_us == RV_TIME_NONE ||
	    known->left_us > b->now_us)
		return;
	rv_time_text(known->left_us, when);
	(void)snprintf(reason, sizeof(reason), "%s left on %.10s", a->owner, when);
	rv_receipt_add(r, "registry", "", 100, "%s", reason);
	make_orphan(a, reason);
}

static rv_status decide(struct rv_collect *k, struct answer *a)
{
	struct rv_bind *b = k->b;

	RV_TRY(rv_collect(k));
	RV_TRY(by_word(b, k->c, k->receipt, a, k->diag));
	if (k->rule)
		rv_receipt_add(k->receipt, "registry", k->rule->owner, 100, "the rule at %s",
			       k->rule_where);
	if (!a->ownership && k->rule)
		name_owner(a, k->rule->owner, "registry", 100);
	if (!a->ownership)
		RV_TRY(by_policy(b, k->c, k->receipt, a));
	if (!a->ownership)
		by_inference(k->c, k->receipt, a);
	check_alive(b, k->receipt, a);
	return RV_OK;
}

/* --- storing
 * ---------------------------------------------------------------------------------------- */
static rv_status store_receipt(struct rv_bind *b, const char *id, const struct rv_receipt *r,
			       struct rv_diag *diag)
{
	struct rv_evidence items[RV_RECEIPT_MAX];

	for (size_t i = 0; i < r->count; i++)
		items[i] = (struct rv_evidence){.source = r->lines[i].source,
						.owner = r->lines[i].owner,
						.weight = r->lines[i].weight,
						.text = r->lines[i].text};
	return rv_evidence_replace(b->db, id, items, r->count, diag);
}

/* The ownership edges that lead there: an orphan cannot be disputed, it is nobody's. */
static rv_status move(struct rv_bind *b, const struct rv_credential *c, const struct answer *a,
		      struct rv_diag *diag)
{
	const char *event = NULL;
	struct rv_state state = {.ownership = (uint8_t)c->ownership,
				 .life = (uint8_t)c->life,
				 .hold = (uint8_t)c->hold};
	bool same = a->ownership == c->ownership && strcmp(a->owner, c->owner) == 0;

	if (!same)
		RV_TRY(rv_state_move(&state, RV_AXIS_OWNERSHIP, a->ownership, &event, diag));
	RV_TRY(rv_credential_set_owner(b->db, c->id, a->ownership, a->owner, a->source, a->percent,
				       a->reason, diag));
	if (event && b->event)
		RV_TRY(b->event(b->user, event, c->id, a->why));
	if (c->life != RV_LIFE_SEEN)
		return RV_OK;
	RV_TRY(rv_state_move(&state, RV_AXIS_LIFE, RV_LIFE_ACTIVE, &event, diag));
	RV_TRY(rv_credential_set_state(b->db, c->id, state.life, state.hold, c->hold_why,
				       c->hold_until_us, diag));
	return b->event ? b->event(b->user, event, c->id, "identified and bound") : RV_OK;
}

struct binding {
	struct rv_bind *b;
	struct rv_estate estate;
	struct rv_receipt receipt;
	struct rv_diag *diag;
};

static void binding_free(struct binding *x)
{
	if (x)
		rv_estate_done(&x->estate);
	free(x);
}

static void binding_freep(struct binding **x)
{
	binding_free(*x);
	*x = NULL;
}

static rv_status bind_credential(const struct rv_credential *c, void *user)
{
	struct binding *x = user;
	struct answer a = {.source = ""};
	struct rv_collect k = {
		.b = x->b, .estate = &x->estate, .c = c, .receipt = &x->receipt, .diag = x->diag};

	x->receipt.count = 0;
	RV_TRY(decide(&k, &a));
	if (a.ownership == RV_OWNERSHIP_DISPUTED && c->ownership == RV_OWNERSHIP_ORPHANED)
		make_orphan(&a, "disputed, and nobody else is named");
	RV_TRY(store_receipt(x->b, c->id, &x->receipt, x->diag));
	return move(x->b, c, &a, x->diag);
}

static rv_status prepare(struct rv_bind *b, struct binding **out, struct rv_diag *diag)
{
	RV_CLEANUP(binding_freep) struct binding *x = calloc(1, sizeof(*x));

	if (!x)
		return rv_fail_nomem(diag);
	x->b = b;
	x->diag = diag;
	RV_TRY(rv_estate_load(b->db, &x->estate, diag));
	*out = RV_TAKE(x);
	return RV_OK;
}

rv_status rv_bind_all(struct rv_bind *b, struct rv_diag *diag)
{
	RV_CLEANUP(binding_freep) struct binding *x = NULL;

	RV_TRY(prepare(b, &x, diag));
	return rv_credentials_each(b->db, NULL, bind_credential, x, diag);
}

rv_status rv_bind_one(struct rv_bind *b, const char *id, struct rv_diag *diag)
{
	RV_CLEANUP(binding_freep) struct binding *x = NULL;
	RV_CLEANUP(rv_credential_row_done) struct rv_credential_row row = {0};

	RV_TRY(prepare(b, &x, diag));
	RV_TRY(rv_credential_load(b->db, id, &row, diag));
	return bind_credential(&row.c, x);
}
