/* discover (open side): the files that are a source of their own: accounts, units, package lists.
 */
#pragma once

#include "agent/discover/walk.h"

/* passwd, shadow, login.defs (in this order) and systemd's service units. Before the other files,
 * so that those handed over here are not looked at twice. */
RV_NODISCARD rv_status rv_sources_accounts(struct rv_walk *walk);
/* dpkg's lists of files. Last: the other side answers only for paths it has met. */
RV_NODISCARD rv_status rv_sources_packages(struct rv_walk *walk);
