/* discover: lines of passwd(5), shadow(5) and login.defs(5). Pure. Not here: joining them
 * (intake_account.c). */
#pragma once

#include "agent/base/buf.h"

struct rv_passwd {
	struct rv_str name;
	struct rv_str home;
	uint32_t uid;
	uint32_t gid;
	bool can_login;
	uint8_t password; /* 0: see shadow; else as found_account.password */
};

struct rv_shadow {
	struct rv_str name;
	uint8_t password;    /* as found_account.password: 1 locked, 2 none, 3 set */
	int64_t changed_day; /* -1: empty */
	int64_t max_days;
	int64_t expire_day;
};

struct rv_login_defs {
	uint64_t uid_min;
	uint64_t uid_max;
};

/* The next well-formed line; *cursor moves behind it; false at the end. Borrows from the text.
 * Comments, NIS lines (+ and -) and malformed lines are passed over and counted in *io_bad. */
bool rv_passwd_next(struct rv_str *cursor, struct rv_passwd *out, size_t *io_bad);
bool rv_shadow_next(struct rv_str *cursor, struct rv_shadow *out, size_t *io_bad);
/* UID_MIN and UID_MAX where the text gives them; else *io stays as it was. */
void rv_login_defs_read(struct rv_str text, struct rv_login_defs *io);
/* Takes one line without its newline off the text; false at the end. */
bool rv_line_next(struct rv_str *cursor, struct rv_str *out_line);
