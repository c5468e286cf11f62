/* model: the three axes of a credential's life as tables with cross-guards. Pure. An edge that is
 * not in the table is refused; every edge names the audit event it writes. docs/states.md is
 * generated from these tables. Not here: when to move (decide/, act/). */
#pragma once

#include "agent/model/kinds.h"

enum rv_axis { RV_AXIS_OWNERSHIP = 1, RV_AXIS_LIFE = 2, RV_AXIS_HOLD = 3 };

struct rv_state {
	uint8_t ownership; /* enum rv_ownership */
	uint8_t life;	   /* enum rv_life */
	uint8_t hold;	   /* enum rv_hold */
};

/* What a credential is when it is first seen: unknown, seen, none. */
#define RV_STATE_FIRST ((struct rv_state){RV_OWNERSHIP_UNKNOWN, RV_LIFE_SEEN, RV_HOLD_NONE})

/* Bit of a value in a guard's mask. */
#define RV_STATE_BIT(value) (1U << (value))

struct rv_edge {
	uint8_t axis; /* enum rv_axis */
	uint8_t from;
	uint8_t to;
	const char *event; /* audit event type: "life_due" */
	const char *text;  /* when it happens, for people */
	/* The other two axes must hold one of these values (RV_STATE_BIT); the own axis is 0. */
	uint16_t ownerships;
	uint16_t lives;
	uint16_t holds;
};

/* The whole table, for documentation and tests. */
const struct rv_edge *rv_state_edges(size_t *out_count);
/* The edge, or NULL: no such move (also when from == to and the table has no self edge). */
const struct rv_edge *rv_state_edge(enum rv_axis axis, unsigned from, unsigned to);
/* Moves one axis. CONFLICT with a sentence (and nothing changed) when there is no such edge or a
 * guard refuses; *out_event is the audit event to write in the same transaction. */
RV_NODISCARD rv_status rv_state_move(struct rv_state *state, enum rv_axis axis, unsigned to,
				     const char **out_event, struct rv_diag *diag);
/* True when the combination may stand (a rotating credential is never paused, ...). */
bool rv_state_is_legal(struct rv_state state);
const char *rv_axis_name(enum rv_axis axis);
const char *rv_axis_value_name(enum rv_axis axis, unsigned value);
/* docs/states.md, whole. */
RV_NODISCARD rv_status rv_state_document(struct rv_buf *out);
