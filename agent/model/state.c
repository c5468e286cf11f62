/* model: the tables of the three axes and the one way to move. Not here: docs/states.md's text
 * (state_document.c). */
#include "agent/model/state.h"

#define ANY_OWNERSHIP 0xffff
#define ANY_LIFE      0xffff
#define ANY_HOLD      0xffff

#define O(x) RV_STATE_BIT(RV_OWNERSHIP_##x)
#define L(x) RV_STATE_BIT(RV_LIFE_##x)
#define H(x) RV_STATE_BIT(RV_HOLD_##x)

/* Work in flight is only started for something nobody disputes and nothing holds. */
#define MAY_ROTATE (O(UNKNOWN) | O(OWNED))
/* A revocation may answer a leak: only a pause stops it. */
#define MAY_REVOKE (H(NONE) | H(APPROVAL) | H(EXCEPTED) | H(STUCK))
#define ALIVE	   (L(SEEN) | L(ACTIVE) | L(DUE) | L(ROTATING) | L(GRACE) | L(REVOKING))

#define OWNERSHIP_EDGE(from, to, event, text)                                              \
	{                                                                                  \
		RV_AXIS_OWNERSHIP, RV_OWNERSHIP_##from, RV_OWNERSHIP_##to, event, text, 0, \
			ANY_LIFE, ANY_HOLD                                                 \
	}
#define LIFE_EDGE(from, to, event, text, ownerships, holds)                                   \
	{                                                                                     \
		RV_AXIS_LIFE, RV_LIFE_##from, RV_LIFE_##to, event, text, ownerships, 0, holds \
	}
#define HOLD_EDGE(from, to, event, text, lives)                                                  \
	{                                                                                        \
		RV_AXIS_HOLD, RV_HOLD_##from, RV_HOLD_##to, event, text, ANY_OWNERSHIP, lives, 0 \
	}

static const struct rv_edge edges[] = {
	OWNERSHIP_EDGE(UNKNOWN, OWNED, "owner_found",
		       "evidence, policy or a person names an owner"),
	OWNERSHIP_EDGE(UNKNOWN, ORPHANED, "owner_missing", "no live owner and no workload"),
	OWNERSHIP_EDGE(OWNED, OWNED, "owner_changed", "handed to another owner"),
	OWNERSHIP_EDGE(OWNED, UNKNOWN, "owner_lost", "the evidence is gone"),
	OWNERSHIP_EDGE(OWNED, DISPUTED, "owner_disputed", "the owner says it is not theirs"),
	OWNERSHIP_EDGE(OWNED, ORPHANED, "owner_left", "the owner or the workload is gone"),
	OWNERSHIP_EDGE(DISPUTED, OWNED, "owner_confirmed", "the dispute is settled"),
	OWNERSHIP_EDGE(DISPUTED, ORPHANED, "owner_left", "settled: nobody's"),
	OWNERSHIP_EDGE(ORPHANED, OWNED, "owner_found", "somebody claims it"),
	OWNERSHIP_EDGE(ORPHANED, UNKNOWN, "workload_back", "its workload is seen again"),

	LIFE_EDGE(SEEN, ACTIVE, "life_active", "identified and bound", ANY_OWNERSHIP, ANY_HOLD),
	LIFE_EDGE(SEEN, REVOKING, "revoke_started", "revoked before it was bound", ANY_OWNERSHIP,
		  MAY_REVOKE),
	LIFE_EDGE(SEEN, GONE, "life_gone", "no longer at any place", ANY_OWNERSHIP, ANY_HOLD),
	LIFE_EDGE(ACTIVE, DUE, "life_due", "policy or expiry asks for a new one", ANY_OWNERSHIP,
		  ANY_HOLD),
	LIFE_EDGE(ACTIVE, ROTATING, "rotation_started", "asked for by hand", MAY_ROTATE, H(NONE)),
	LIFE_EDGE(ACTIVE, RETIRED, "life_retired", "taken out of use, nothing replaces it",
		  ANY_OWNERSHIP, H(NONE)),
	LIFE_EDGE(ACTIVE, REVOKING, "revoke_started", "revocation asked for", ANY_OWNERSHIP,
		  MAY_REVOKE),
	LIFE_EDGE(ACTIVE, GONE, "life_gone", "no longer at any place", ANY_OWNERSHIP, ANY_HOLD),
	LIFE_EDGE(DUE, ACTIVE, "life_active", "renewed elsewhere, or policy changed", ANY_OWNERSHIP,
		  ANY_HOLD),
	LIFE_EDGE(DUE, ROTATING, "rotation_started", "inside its window, owner known", MAY_ROTATE,
		  H(NONE)),
	LIFE_EDGE(DUE, RETIRED, "life_retired", "taken out of use, nothing replaces it",
		  ANY_OWNERSHIP, H(NONE)),
	LIFE_EDGE(DUE, REVOKING, "revoke_started", "revocation asked for", ANY_OWNERSHIP,
		  MAY_REVOKE),
	LIFE_EDGE(DUE, GONE, "life_gone", "no longer at any place", ANY_OWNERSHIP, ANY_HOLD),
	LIFE_EDGE(ROTATING, GRACE, "rotation_promoted", "every consumer is seen using the new one",
		  ANY_OWNERSHIP, H(NONE)),
	LIFE_EDGE(ROTATING, ACTIVE, "rotation_given_up",
		  "refused, or taken back; what was proven of the old one is in the run's steps",
		  ANY_OWNERSHIP, H(NONE) | H(STUCK)),
	LIFE_EDGE(GRACE, ACTIVE, "rotation_closed", "the old one is shown dead", ANY_OWNERSHIP,
		  H(NONE) | H(STUCK)),
	LIFE_EDGE(GRACE, ROTATING, "undo_started", "back to the old one while it still lives",
		  MAY_ROTATE, H(NONE)),
	LIFE_EDGE(GRACE, REVOKING, "revoke_started", "revocation asked for", ANY_OWNERSHIP,
		  MAY_REVOKE),
	LIFE_EDGE(RETIRED, ACTIVE, "life_active", "put back into use", ANY_OWNERSHIP, H(NONE)),
	LIFE_EDGE(RETIRED, REVOKING, "revoke_started", "revocation asked for", ANY_OWNERSHIP,
		  MAY_REVOKE),
	LIFE_EDGE(RETIRED, GONE, "life_gone", "no longer at any place", ANY_OWNERSHIP, ANY_HOLD),
	LIFE_EDGE(REVOKING, REVOKED, "revoke_done", "shown dead; the grade is stated",
		  ANY_OWNERSHIP, H(NONE) | H(STUCK)),
	LIFE_EDGE(REVOKING, ACTIVE, "revoke_refused", "the provider refused; it is still alive",
		  ANY_OWNERSHIP, H(NONE) | H(STUCK)),
	LIFE_EDGE(REVOKED, GONE, "life_gone", "no longer at any place", ANY_OWNERSHIP, ANY_HOLD),
	LIFE_EDGE(GONE, SEEN, "life_back", "seen again", ANY_OWNERSHIP, ANY_HOLD),

	HOLD_EDGE(NONE, APPROVAL, "hold_approval", "a person must agree first", L(ACTIVE) | L(DUE)),
	HOLD_EDGE(NONE, PAUSED, "hold_paused", "changes are paused",
		  L(SEEN) | L(ACTIVE) | L(DUE) | L(RETIRED)),
	HOLD_EDGE(NONE, EXCEPTED, "hold_excepted", "an exception with reason and end",
		  L(SEEN) | L(ACTIVE) | L(DUE)),
	HOLD_EDGE(NONE, STUCK, "hold_stuck", "a step failed and a person must look", ALIVE),
	HOLD_EDGE(APPROVAL, NONE, "hold_approved", "agreed", ANY_LIFE),
	HOLD_EDGE(APPROVAL, EXCEPTED, "hold_excepted", "an exception instead", L(ACTIVE) | L(DUE)),
	HOLD_EDGE(APPROVAL, PAUSED, "hold_paused", "changes are paused", L(ACTIVE) | L(DUE)),
	HOLD_EDGE(APPROVAL, STUCK, "hold_stuck", "a step failed and a person must look", ALIVE),
	HOLD_EDGE(PAUSED, NONE, "hold_resumed", "changes go on", ANY_LIFE),
	HOLD_EDGE(EXCEPTED, NONE, "hold_exception_ended", "its end came, or it was ended",
		  ANY_LIFE),
	HOLD_EDGE(EXCEPTED, STUCK, "hold_stuck", "a step failed and a person must look", ALIVE),
	HOLD_EDGE(STUCK, NONE, "hold_cleared", "the cause was mended", ANY_LIFE),
	HOLD_EDGE(STUCK, EXCEPTED, "hold_excepted", "an exception with reason and end",
		  L(ACTIVE) | L(DUE)),
};

const struct rv_edge *rv_state_edges(size_t *out_count)
{
	*out_count = RV_LEN(edges);
	return edges;
}

const struct rv_edge *rv_state_edge(enum rv_axis axis, unsigned from, unsigned to)
{
	for (size_t i = 0; i < RV_LEN(edges); i++)
		if (edges[i].axis == axis && edges[i].from == from && edges[i].to == to)
			return &edges[i];
	return NULL;
}

const char *rv_axis_name(enum rv_axis axis)
{
	switch (axis) {
	case RV_AXIS_OWNERSHIP:
		return "ownership";
	case RV_AXIS_LIFE:
		return "life";
	case RV_AXIS_HOLD:
		return "hold";
	}
	return "invalid";
}

const char *rv_axis_value_name(enum rv_axis axis, unsigned value)
{
	switch (axis) {
	case RV_AXIS_OWNERSHIP:
		return rv_ownership_name(value);
	case RV_AXIS_LIFE:
		return rv_life_name(value);
	case RV_AXIS_HOLD:
		return rv_hold_name(value);
	}
	return "invalid";
}

bool rv_state_is_legal(struct rv_state s)
{
	if (s.ownership < RV_OWNERSHIP_UNKNOWN || s.ownership > RV_OWNERSHIP_ORPHANED ||
	    s.life < RV_LIFE_SEEN || s.life > RV_LIFE_GONE || s.hold < RV_HOLD_NONE ||
	    s.hold > RV_HOLD_STUCK)
		return false;
	unsigned life = RV_STATE_BIT(s.life);
	/* What runs is either free or stuck; a pause lets it end first. A revocation may run under
	 * an approval or an exception that it overrides. */
	if ((life & (L(ROTATING) | L(GRACE))) != 0)
		return s.hold == RV_HOLD_NONE || s.hold == RV_HOLD_STUCK;
	if ((life & L(REVOKING)) != 0)
		return s.hold != RV_HOLD_PAUSED;
	return true;
}

/* Which value of another axis stands in the way, or 0. */
static const char *refusing_axis(const struct rv_edge *e, const struct rv_state *s,
				 const char **out_value)
{
	if (e->ownerships != 0 && (e->ownerships & RV_STATE_BIT(s->ownership)) == 0) {
		*out_value = rv_ownership_name(s->ownership);
		return "ownership";
	}
	if (e->lives != 0 && (e->lives & RV_STATE_BIT(s->life)) == 0) {
		*out_value = rv_life_name(s->life);
		return "life";
	}
	if (e->holds != 0 && (e->holds & RV_STATE_BIT(s->hold)) == 0) {
		*out_value = rv_hold_name(s->hold);
		return "hold";
	}
	return NULL;
}

rv_status rv_state_move(struct rv_state *state, enum rv_axis axis, unsigned to,
			const char **out_event, struct rv_diag *diag)
{
	uint8_t *slot = axis == RV_AXIS_OWNERSHIP ? &state->ownership
			: axis == RV_AXIS_LIFE	  ? &state->life
						  : &state->hold;
	const struct rv_edge *e = rv_state_edge(axis, *slot, to);
	if (e == NULL)
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s cannot go from %s to %s",
			       rv_axis_name(axis), rv_axis_value_name(axis, *slot),
			       rv_axis_value_name(axis, to));
	const char *value = "";
	const char *other = refusing_axis(e, state, &value);
	struct rv_state next = *state;
	if (other != NULL)
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s cannot go from %s to %s while %s is %s",
			       rv_axis_name(axis), rv_axis_value_name(axis, *slot),
			       rv_axis_value_name(axis, to), other, value);
	if (axis == RV_AXIS_OWNERSHIP)
		next.ownership = (uint8_t)to;
	else if (axis == RV_AXIS_LIFE)
		next.life = (uint8_t)to;
	else
		next.hold = (uint8_t)to;
	if (!rv_state_is_legal(next))
		return rv_fail(RV_CLASS_CONFLICT, diag, "%s %s does not go with life %s",
			       rv_axis_name(axis), rv_axis_value_name(axis, to),
			       rv_life_name(next.life));
	*state = next;
	*out_event = e->event;
	return RV_OK;
}
