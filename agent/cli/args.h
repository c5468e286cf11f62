/* cli: a command line becomes the JSON args of its verb. Not here: the verbs (verbs.c). */
#pragma once

#include "agent/cli/verbs.h"

struct rv_verb_args {
	json_t *json;  /* what goes to the agent: {"id": .., "dry_run": true} */
	json_t *local; /* RV_OPT_LOCAL values: {"output": ..} */
	const char *
		*paths; /* the words of a positional "paths*?", as given; NULL-ended; owned list */
	size_t path_count;
	int fd;		     /* RV_OPT_FD, opened; -1 none */
	char *const *argv;   /* of the whole command line, as given; borrows */
	const char *socket;  /* of the agent; borrows argv or the environment */
	const char *libexec; /* where the roles are; NULL: the installed place */
};

/* Parses what follows the verb. Dashes in option names become underscores in JSON keys. A relative
 * path given as id becomes absolute when such a file exists. MISCONFIGURED with the usage line and
 * a suggestion otherwise. */
RV_NODISCARD rv_status rv_verb_args_parse(const struct rv_verb *verb, int argc, char *const *argv,
					  struct rv_verb_args *args, struct rv_diag *diag);
void rv_verb_args_done(struct rv_verb_args *args);
/* Options of `reeve scan` that stand before it, or before another name of it (dir, git, ..), go
 * behind, as gitleaks takes them. Any other command line is left as it is. */
void rv_verb_args_turn(int argc, char **argv);
/* The option of every verb (--json ..) that such a one, without its dashes, may have meant; or
 * NULL.
 */
const char *rv_verb_suggest_global(const char *name);
