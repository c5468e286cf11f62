/* plughost: one plugin, loaded and checked against the ABI. The only place of the agent that calls
 * dlopen. Not here: confinement (role/start.h), what the plugin is asked (plugin_run.h). */
#pragma once

#include "agent/base/buf.h"

#include <reeve/plugin.h>

struct rv_plugin {
	void *library; /* from dlopen; NULL when the table was given */
	/* Ours: the first min(struct_size) bytes of the plugin's table, the rest zero. */
	struct reeve_plugin table;
};

/* Loads the shared object behind fd, a sealed memfd, through /proc/self/fd. Works after confinement
 * (docs/decisions/plugin-loading.md). fd is borrowed.
 * MALFORMED: no shared object, or no reeve_plugin_entry; else as rv_plugin_check(). */
RV_NODISCARD rv_status rv_plugin_load_fd(int fd, struct rv_plugin *out, struct rv_diag *diag);
/* Copies the table and checks it. MISCONFIGURED: another ABI, too small, a verb set that the rules
 * of the ABI refuse (CREATE needs REVOKE, PROBE and IDENTIFY), a missing function, a bad name. */
RV_NODISCARD rv_status rv_plugin_check(const struct reeve_plugin *table, struct rv_plugin *out,
				       struct rv_diag *diag);
/* Forgets it. The library stays mapped: its code may be on some exit list. */
void rv_plugin_done(struct rv_plugin *plugin);
bool rv_plugin_has(const struct rv_plugin *plugin, unsigned verb);
/* "create", ... or "invalid". */
const char *rv_verb_name(unsigned verb);
