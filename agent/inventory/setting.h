/* inventory: what `init` decided, in the table `setting`. */
#pragma once

#include "agent/inventory/db.h"

RV_NODISCARD rv_status rv_setting_put(struct rv_invdb *db, const char *key, const char *value,
				      struct rv_diag *diag);
/* The server's names as given to init ("inv.example,10.0.0.5"). *gives* in out. */
RV_NODISCARD rv_status rv_setting_names(const char *dir, char **out, struct rv_diag *diag);
