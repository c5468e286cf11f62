/* daemon: reeved's command line (reeved(8)). */
#include "agent/daemon/reeved.h"

#include "agent/base/path.h"
#include "agent/ipc/role.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

static const char usage[] =
	"usage: reeved [--config DIR] [--state DIR] [--run DIR] [--root DIR] [--share DIR]\n"
	"              [--libexec DIR] [--plugins DIR] [--abi N] [--uids N] [--once-fd N]\n"
	"              [--foreground] [--fault ROLE:INSTANCE:EVENT[:all]]\n"
	"Supervises Reeve's roles on this host. See reeved(8).\n";

enum {
	OPT_CONFIG = 1,
	OPT_STATE,
	OPT_RUN,
	OPT_ROOT,
	OPT_SHARE,
	OPT_LIBEXEC,
	OPT_PLUGINS,
	OPT_ABI,
	OPT_UIDS,
	OPT_ONCE,
	OPT_FOREGROUND,
	OPT_FAULT,
	OPT_HELP,
	OPT_VERSION
};

static const struct option options[] = {
	{"config", required_argument, NULL, OPT_CONFIG},
	{"state", required_argument, NULL, OPT_STATE},
	{"run", required_argument, NULL, OPT_RUN},
	{"root", required_argument, NULL, OPT_ROOT},
	{"share", required_argument, NULL, OPT_SHARE},
	{"libexec", required_argument, NULL, OPT_LIBEXEC},
	{"plugins", required_argument, NULL, OPT_PLUGINS},
	{"abi", required_argument, NULL, OPT_ABI},
	{"uids", required_argument, NULL, OPT_UIDS},
	{"once-fd", required_argument, NULL, OPT_ONCE},
	{"foreground", no_argument, NULL, OPT_FOREGROUND},
	{"fault", required_argument, NULL, OPT_FAULT},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

static rv_status number(const char *text, unsigned long max, unsigned long *out,
			struct rv_diag *diag)
{
	char *end = NULL;

	errno = 0;
	unsigned long n = strtoul(text, &end, 10);

	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || n > max)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s is not a number up to %lu", text,
			       max);
	*out = n;
	return RV_OK;
}

/* Absolute, no "..": the roles start elsewhere. A trailing '/' is taken off. */
static rv_status directory(char *text, const char **out, struct rv_diag *diag)
{
	size_t len = strlen(text);

	while (len > 1 && text[len - 1] == '/')
		text[--len] = '\0';
	if (!rv_path_is_clean(rv_str_of(text)))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s is not a plain absolute path",
			       text);
	*out = text;
	return RV_OK;
}

static enum rv_role role_of(const char *name)
{
	for (unsigned r = RV_ROLE_REEVED; r <= RV_ROLE_REPORT; r++) {
		if (strcmp(name, rv_role_name(r)) == 0)
			return (enum rv_role)r;
	}
	return RV_ROLE_ANY;
}

/* ROLE:INSTANCE:EVENT[:all] */
static rv_status fault(struct sup_options *o, char *text, struct rv_diag *diag)
{
	char *save = NULL;
	unsigned long instance = 0, event = 0;
	const char *role = strtok_r(text, ":", &save);
	const char *nth = strtok_r(NULL, ":", &save);
	const char *k = strtok_r(NULL, ":", &save);
	const char *all = strtok_r(NULL, ":", &save);

	rv_fault_point("probe");
	if (rv_fault_count() == 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "built without crash points");
	if (!k || role_of(role) == RV_ROLE_ANY || (all && strcmp(all, "all") != 0))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "--fault takes ROLE:INSTANCE:EVENT[:all]");
	RV_TRY(number(nth, 1000000, &instance, diag));
	RV_TRY(number(k, 1000000000, &event, diag));
	o->fault.role = role_of(role);
	o->fault.instance = (unsigned)instance;
	o->fault.event = event;
	o->fault.takes_all = all != NULL;
	return RV_OK;
}

static rv_status numbers(struct sup_options *o, int opt, struct rv_diag *diag)
{
	unsigned long n = 0;

	RV_TRY(number(optarg, opt == OPT_UIDS ? 4000000000UL : 4095UL, &n, diag));
	if (opt == OPT_ABI)
		o->abi = (unsigned)n;
	else if (opt == OPT_UIDS)
		o->uid_base = (uint32_t)n;
	else
		o->once_fd = (int)n;
	return RV_OK;
}

static rv_status take(struct sup_options *o, int opt, struct rv_diag *diag)
{
	switch (opt) {
	case OPT_CONFIG:
		return directory(optarg, &o->config, diag);
	case OPT_STATE:
		return directory(optarg, &o->state, diag);
	case OPT_RUN:
		return directory(optarg, &o->run, diag);
	case OPT_ROOT:
		return optarg[0] == '\0' ? RV_OK : directory(optarg, &o->root, diag);
	case OPT_SHARE:
		return directory(optarg, &o->share, diag);
	case OPT_LIBEXEC:
		return directory(optarg, &o->libexec, diag);
	case OPT_PLUGINS:
		return directory(optarg, &o->plugins, diag);
	case OPT_ABI:
	case OPT_UIDS:
	case OPT_ONCE:
		return numbers(o, opt, diag);
	case OPT_FOREGROUND:
		return RV_OK; /* it never goes to the background */
	case OPT_FAULT:
		return fault(o, optarg, diag);
	default:
		rv_diag_next(diag, "reeved --help");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "unknown option");
	}
}

rv_status sup_options_parse(int argc, char **argv, struct sup_options *out, struct rv_diag *diag)
{
	struct sup_options o = {.config = "/etc/reeve",
				.state = "/var/lib/reeve",
				.run = "/run/reeve",
				.root = "",
				.share = RV_SHARE_DIR,
				.libexec = RV_LIBEXEC_DIR,
				.plugins = RV_PLUGIN_DIR,
				.once_fd = -1};
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == OPT_HELP || opt == OPT_VERSION) {
			(void)fputs(opt == OPT_HELP ? usage : "reeved " RV_VERSION "\n", stdout);
			exit(0);
		}
		RV_TRY(take(&o, opt, diag));
	}
	if (optind != argc)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: not an option", argv[optind]);
	*out = o;
	return RV_OK;
}
