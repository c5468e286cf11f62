/* sandbox: the four steps behind rv_confine(). Private to this room. */
#pragma once

#include "agent/sandbox/confine.h"

/* Namespaces; only reported when the kernel refuses. Before the drop: it needs CAP_SYS_ADMIN. */
void rv_namespaces_raise(const struct rv_confine_spec *spec, uint64_t *walls);
/* uid, gid, groups, capabilities, no_new_privs, dumps, death with the parent. */
RV_NODISCARD rv_status rv_drop_raise(const struct rv_confine_spec *spec, uint64_t *walls,
				     struct rv_diag *diag);
RV_NODISCARD rv_status rv_landlock_raise(const struct rv_confine_spec *spec, uint64_t *walls,
					 struct rv_diag *diag);
RV_NODISCARD rv_status rv_seccomp_raise(const struct rv_confine_spec *spec, uint64_t *walls,
					struct rv_diag *diag);
/* What a call outside the list gets. One file per variant: strict kills; relaxed (sanitizers and
 * coverage, whose run-time makes calls of its own) refuses with EPERM. */
uint32_t rv_seccomp_default_action(void);

/* The lists: names, ended by NULL. */
extern const char *const rv_calls_common[];
extern const char *const rv_calls_files[];	/* engine, place: open, write, rename, sync */
extern const char *const rv_calls_looking[];	/* open, plughost, report: stat, list, readlink */
extern const char *const rv_calls_connected[];	/* sockets that are handed over */
extern const char *const rv_calls_networking[]; /* sockets of one's own; see seccomp.c */
extern const char *const rv_calls_attributes[]; /* place: owner, mode, ACL, label */
