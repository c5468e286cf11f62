/* inventory: the command line of reeve-inventory. */
#include "agent/inventory/admin.h"
#include "agent/inventory/serve.h"

#include "agent/base/log.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

struct command {
	const char *noun, *verb; /* verb NULL: the noun is all */
	const char *help;
	int operands;
	rv_status (*run)(const struct rv_admin_args *a, struct rv_diag *diag);
};

static const struct command commands[] = {
	{"init", NULL, "--dir DIR --name HOST[,ADDRESS..]", 0, rv_admin_init},
	{"serve", NULL, "--dir DIR --agents ADDR:PORT --enrol ADDR:PORT --people ADDR:PORT", 0,
	 NULL},
	{"token", "create", "--dir DIR [--role enrol|reader] [--ttl 1h] [--uses 1] [--url URL]", 0,
	 rv_admin_token_create},
	{"token", "list", "--dir DIR", 0, rv_admin_token_list},
	{"token", "revoke", "--dir DIR ID", 1, rv_admin_token_revoke},
	{"host", "list", "--dir DIR", 0, rv_admin_host_list},
	{"host", "deny", "--dir DIR [--why TEXT] ID", 1, rv_admin_host_deny},
	{"host", "allow", "--dir DIR ID", 1, rv_admin_host_allow},
	{"backup", NULL, "--dir DIR FILE", 1, rv_admin_backup},
	{"restore", NULL, "--dir DIR FILE", 1, rv_admin_restore},
	{"doctor", NULL, "--dir DIR", 0, rv_admin_doctor},
};

static void usage(FILE *out)
{
	fprintf(out, "reeve-inventory: the central record of what hosts report\n\n");
	for (size_t i = 0; i < RV_LEN(commands); i++)
		fprintf(out, "  reeve-inventory %s%s%s %s\n", commands[i].noun,
			commands[i].verb ? " " : "", commands[i].verb ? commands[i].verb : "",
			commands[i].help);
	fprintf(out, "\nExit: 0 done, 1 doctor is red, 2 could not do it, 4 refused.\n"
		     "See reeve-inventory(8).\n");
}

static int exit_code(rv_status status)
{
	switch (rv_class_of(status)) {
	case RV_CLASS_OK:
		return 0;
	case RV_CLASS_CONFLICT:
		return 1;
	case RV_CLASS_DENIED:
		return 4;
	case RV_CLASS_RETRY:
	case RV_CLASS_UNSURE:
		return 3;
	case RV_CLASS_MISCONFIGURED:
	case RV_CLASS_NOT_FOUND:
	case RV_CLASS_MALFORMED:
	case RV_CLASS_EXHAUSTED:
	case RV_CLASS_BUG:
	case RV_CLASS__COUNT:
		break;
	}
	return 2;
}

enum option_id {
	OPT_DIR = 256,
	OPT_NAME,
	OPT_URL,
	OPT_TTL,
	OPT_USES,
	OPT_ROLE,
	OPT_NOTE,
	OPT_WHY,
	OPT_AGENTS,
	OPT_ENROL,
	OPT_PEOPLE,
	OPT_NEXT,
	OPT_SPREAD,
	OPT_FAULT,
	OPT_HELP
};

static const struct option long_options[] = {
	{"dir", required_argument, NULL, OPT_DIR},
	{"name", required_argument, NULL, OPT_NAME},
	{"url", required_argument, NULL, OPT_URL},
	{"ttl", required_argument, NULL, OPT_TTL},
	{"uses", required_argument, NULL, OPT_USES},
	{"role", required_argument, NULL, OPT_ROLE},
	{"note", required_argument, NULL, OPT_NOTE},
	{"why", required_argument, NULL, OPT_WHY},
	{"agents", required_argument, NULL, OPT_AGENTS},
	{"enrol", required_argument, NULL, OPT_ENROL},
	{"people", required_argument, NULL, OPT_PEOPLE},
	{"next-checkin", required_argument, NULL, OPT_NEXT},
	{"spread", required_argument, NULL, OPT_SPREAD},
	{"fault", required_argument, NULL, OPT_FAULT},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static bool read_number(const char *text, long min, long max, long *out)
{
	char *end;
	const long n = strtol(text, &end, 10);

	if (!*text || *end || n < min || n > max)
		return false;
	*out = n;
	return true;
}

/* False for an option or value that is not known; getopt has said so already, or we do. */
static bool take_option(int id, const char *value, struct rv_admin_args *a,
			struct rv_serve_options *s)
{
	bool ok = true;

	switch (id) {
	case OPT_DIR:
		a->dir = s->dir = value;
		break;
	case OPT_NAME:
		a->name = value;
		break;
	case OPT_URL:
		a->url = value;
		break;
	case OPT_TTL:
		a->ttl = value;
		break;
	case OPT_USES:
		ok = read_number(value, 1, 100000, &a->uses);
		break;
	case OPT_ROLE:
		a->role = value;
		break;
	case OPT_NOTE:
		a->note = value;
		break;
	case OPT_WHY:
		a->why = value;
		break;
	case OPT_AGENTS:
		s->agents = value;
		break;
	case OPT_ENROL:
		s->enrol = value;
		break;
	case OPT_PEOPLE:
		s->people = value;
		break;
	case OPT_NEXT:
		ok = read_number(value, 1, 86400, &s->next_checkin_s);
		break;
	case OPT_SPREAD:
		ok = read_number(value, 0, 86400, &s->spread_s);
		break;
	case OPT_FAULT:
		s->fault = value;
		break;
	default:
		return false;
	}
	if (!ok)
		fprintf(stderr, "reeve-inventory: %s: not a number in range\n", value);
	return ok;
}

static const struct command *find_command(int *argc, char ***argv)
{
	for (size_t i = 0; i < RV_LEN(commands); i++) {
		const int words = commands[i].verb ? 2 : 1;
		if (*argc <= words || strcmp((*argv)[1], commands[i].noun) != 0)
			continue;
		if (commands[i].verb && strcmp((*argv)[2], commands[i].verb) != 0)
			continue;
		*argc -= words;
		*argv += words;
		return &commands[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct rv_admin_args a = {.role = "enrol", .uses = 1};
	struct rv_serve_options s = {.agents = "0.0.0.0:9443",
				     .enrol = "0.0.0.0:9444",
				     .people = "127.0.0.1:9445",
				     .next_checkin_s = 900,
				     .spread_s = 300};
	struct rv_diag diag = {0};

	rv_log_name("reeve-inventory");
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	const struct command *command = find_command(&argc, &argv);
	if (!command) {
		usage(stderr);
		return 2;
	}
	for (int id; (id = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
		if (id == OPT_HELP) {
			usage(stdout);
			return 0;
		}
		if (!take_option(id, optarg, &a, &s))
			return 2;
	}
	a.operand = optind < argc ? argv[optind] : NULL;
	if (!a.dir || argc - optind != command->operands) {
		fprintf(stderr, "reeve-inventory: usage: %s %s %s\n", command->noun,
			command->verb ? command->verb : "", command->help);
		return 2;
	}
	rv_status status = command->run ? command->run(&a, &diag) : rv_serve(&s, &diag);
	if (!rv_is_ok(status)) {
		fprintf(stderr, "reeve-inventory: %s\n", diag.text);
		if (diag.next[0])
			fprintf(stderr, "next: %s\n", diag.next);
	}
	return exit_code(status);
}
