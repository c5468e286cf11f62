/* discover: what a systemd service unit says about who runs what with which files. Pure. Not here:
 * merging drop-ins (the engine has both), other unit types. */
#pragma once

#include "agent/model/finding.h"

#define RV_UNIT_FILES 32

struct rv_unit {
	char user[RV_NAME_MAX + 1];
	char exec[RV_PATH_MAX + 1]; /* the program of the first ExecStart=, no arguments */
	char working_dir[RV_PATH_MAX + 1];
	char files[16384]; /* NUL-ended texts, one after the other */
	uint16_t file_at[RV_UNIT_FILES];
	size_t file_count;
	bool is_dynamic_user;
};

/* Reads [Service]; unknown keys and sections are passed over, as systemd does. Values longer than
 * their field are left out. Wants a zeroed *out. */
void rv_unit_parse(struct rv_str text, struct rv_unit *out);
/* "x.service" for a unit file, also for its drop-ins ("x.service.d/y.conf"); empty when the path is
 * no service unit. Borrows from path. */
struct rv_str rv_unit_name(struct rv_str path);
