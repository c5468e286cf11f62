/* inventory: a host's state as it reported it: check-in, full and delta, exactly once. Runs inside
 * the writer's transaction. Not here: HTTP. */
#pragma once

#include "agent/inventory/db.h"
#include "agent/inventory/document.h"

struct rv_items_answer {
	enum rv_problem problem; /* only when is_refused */
	bool is_refused;
	int64_t seq;	    /* with need_full: the last one seen */
	struct rv_buf body; /* of a 200; empty for a check-in */
};

/* What the answer tells the host about its next check-in. */
struct rv_items_pace {
	int64_t next_checkin_s, spread_s;
};

/* A refusal is an ordinary answer (RV_OK with is_refused); a failure is the database's. */
RV_NODISCARD rv_status rv_items_checkin(struct rv_invdb *db, const struct rv_doc_checkin *doc,
					int64_t now_us, struct rv_items_answer *out);
RV_NODISCARD rv_status rv_items_report(struct rv_invdb *db, const struct rv_doc_report *doc,
				       int64_t now_us, const struct rv_items_pace *pace,
				       struct rv_items_answer *out);
