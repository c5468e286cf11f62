/* store: texts of a row copied into one allocation, so that a loaded row outlives its statement. */
#pragma once

#include "agent/store/db.h"

struct rv_row_text {
	int column;
	const char **slot;
};
/* Copies the texts of the current row and points the slots at them; *gives* the block. */
RV_NODISCARD rv_status rv_row_texts(struct rv_stmt *st, const struct rv_row_text *texts,
				    size_t count, char **out_memory, struct rv_diag *diag);

static inline const char *rv_text_or_empty(const char *z)
{
	return z ? z : "";
}
