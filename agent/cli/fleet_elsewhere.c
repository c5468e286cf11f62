/* cli: the verbs of fleet_verbs.h in the program `reeve` itself: it links no network, so another
 * program of the installation, reeve-fleet, does them. Not here: that program (fleet_verbs.c). */
#include "agent/cli/fleet_verbs.h"

#include "agent/cli/local_verbs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* Beside this program (a build), where --libexec says, or where it is installed. */
static void become(const struct rv_verb_args *args)
{
	char program[PATH_MAX + 32];
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (args->libexec) {
		snprintf(program, sizeof(program), "%s/reeve-fleet", args->libexec);
		execv(program, args->argv);
		return;
	}
	if (n > 0) {
		self[n] = '\0';
		snprintf(program, sizeof(program), "%s-fleet", self);
		execv(program, args->argv);
	}
	execv(RV_LIBEXEC_DIR "/reeve-fleet", args->argv);
}

static int elsewhere(const struct rv_verb_args *args)
{
	struct rv_diag diag = {0};

	become(args);
	rv_status status = rv_fail_errno(&diag, "cannot start reeve-fleet");
	rv_diag_next(&diag, "reeve --libexec DIR ..., where reeve-fleet is");
	(void)rv_show_failure(status, &diag); /* it could not be done: 2 */
	return 2;
}

int rv_run_login(struct rv_out *out, const struct rv_verb_args *args)
{
	(void)out; /* the other program prints */
	return elsewhere(args);
}

int rv_run_logout(struct rv_out *out, const struct rv_verb_args *args)
{
	(void)out; /* as above */
	return elsewhere(args);
}

int rv_run_fleet_hosts(struct rv_out *out, const struct rv_verb_args *args)
{
	(void)out; /* as above */
	return elsewhere(args);
}

int rv_run_fleet_list(struct rv_out *out, const struct rv_verb_args *args)
{
	(void)out; /* as above */
	return elsewhere(args);
}

int rv_run_fleet_orphans(struct rv_out *out, const struct rv_verb_args *args)
{
	(void)out; /* as above */
	return elsewhere(args);
}

int rv_run_fleet_expiring(struct rv_out *out, const struct rv_verb_args *args)
{
	(void)out; /* as above */
	return elsewhere(args);
}
