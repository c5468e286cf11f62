/* model: grants, what root allows policy to touch (docs/protocol.md, section 4). The parser and the
 * look-ups; pure. Who may own the file is checked where it is opened (daemon/reeved_grants.c). */
#pragma once

#include "agent/base/buf.h"

#define RV_GRANT_WORDS	16  /* of one line */
#define RV_GRANTS_MAX	512 /* lines */
#define RV_GRANTS_BYTES 65536

enum rv_grant_kind { RV_GRANT_WRITE, RV_GRANT_HOOK, RV_GRANT_RELOAD, RV_GRANT_PLUGIN };

struct rv_grant {
	enum rv_grant_kind kind;
	unsigned line;
	const char *words[RV_GRANT_WORDS + 1]; /* as written, NULL-ended; words[0] is the kind */
	size_t word_count;
	uint32_t uid; /* hook */
};
/* write: the directory. reload: the unit. plugin: the name. */
static inline const char *rv_grant_subject(const struct rv_grant *g)
{
	return g->words[1];
}
/* hook: argv, NULL-ended, absolute path first. */
static inline const char *const *rv_grant_argv(const struct rv_grant *g)
{
	return g->words + 2;
}
/* reload: the pid file and executable of the signal form; NULL for systemd. */
const char *rv_grant_pidfile(const struct rv_grant *g);
const char *rv_grant_exe(const struct rv_grant *g);
/* plugin: "none", .. and the 64 hex digits of its file's SHA-256. */
static inline const char *rv_grant_profile(const struct rv_grant *g)
{
	return g->words[2];
}
static inline const char *rv_grant_sha256(const struct rv_grant *g)
{
	return g->words[3];
}

struct rv_grants {
	struct rv_grant *list;
	size_t count;
	char *text; /* owns the words */
};

/* All or nothing: the first bad line fails with MALFORMED and "NAME:LINE: ..." in diag, EXHAUSTED
 * past the limits. `name` is for that message. gives out; release with rv_grants_done. */
RV_NODISCARD rv_status rv_grants_parse(struct rv_str text, const char *name, struct rv_grants *out,
				       struct rv_diag *diag);
void rv_grants_done(struct rv_grants *grants); /* accepts a zeroed one */

/* The grant or NULL. */
const struct rv_grant *rv_grants_write(const struct rv_grants *grants, struct rv_str dir);
const struct rv_grant *rv_grants_reload(const struct rv_grants *grants, struct rv_str unit);
const struct rv_grant *rv_grants_plugin(const struct rv_grants *grants, struct rv_str name);
/* `command` as a policy writes it: words by spaces; the first is the granted program's base name
 * or whole path, the others equal the granted arguments. */
const struct rv_grant *rv_grants_hook(const struct rv_grants *grants, struct rv_str command);

/* The canonical line: the words with one space between. */
RV_NODISCARD rv_status rv_grant_line(const struct rv_grant *grant, struct rv_buf *out);
