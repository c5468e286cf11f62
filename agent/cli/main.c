/* cli: the program reeve: global options, then the verb. Not here: what any verb does. */
#include "agent/base/clock.h"
#include "agent/cli/help.h"
#include "agent/cli/local_verbs.h"
#include "agent/cli/render.h"

#include <stdio.h>
#include <stdlib.h>

struct globals {
	bool want_color;
	const char *socket;
	const char *libexec;
	char *const *argv; /* as given */
};

/* The value of `--name VALUE` or `--name=VALUE`; NULL when argv[*at] is not that option. */
static const char *value_of(int argc, char **argv, int *at, const char *name)
{
	size_t len = strlen(name);
	if (strncmp(argv[*at], name, len) != 0)
		return NULL;
	if (argv[*at][len] == '=')
		return argv[*at] + len + 1;
	if (argv[*at][len] != '\0' || *at + 1 >= argc)
		return NULL;
	return argv[++*at];
}

static bool take_global(int argc, char **argv, int *at, struct rv_out *out, struct globals *globals)
{
	const char *word = argv[*at];
	const char *value;
	if (strcmp(word, "--json") == 0)
		out->is_json = true;
	else if (strcmp(word, "--jsonl") == 0)
		out->is_jsonl = true;
	else if (strcmp(word, "-q") == 0 || strcmp(word, "--quiet") == 0)
		out->is_quiet = true;
	else if (strcmp(word, "--no-color") == 0)
		globals->want_color = false;
	else if ((value = value_of(argc, argv, at, "--socket")))
		globals->socket = value;
	else if ((value = value_of(argc, argv, at, "--libexec")))
		globals->libexec = value;
	else
		return false;
	return true;
}

/* Global options may stand anywhere before "--": they are taken out of argv. */
static int take_globals(int argc, char **argv, struct rv_out *out, struct globals *globals)
{
	int kept = 0;
	bool only_words = false;
	for (int at = 1; at < argc; at++) {
		only_words = only_words || strcmp(argv[at], "--") == 0;
		if (only_words || !take_global(argc, argv, &at, out, globals))
			argv[kept++] = argv[at];
	}
	return kept;
}

static bool wants_help(int argc, char *const *argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int unknown_verb(int argc, char *const *argv)
{
	size_t count;
	const struct rv_verb *verbs = rv_verbs(&count);
	size_t len = strlen(argv[0]);
	bool is_group = false;
	for (size_t i = 0; i < count; i++)
		is_group = is_group ||
			   (strncmp(verbs[i].name, argv[0], len) == 0 && verbs[i].name[len] == ' ');
	if (is_group) {
		if (argc == 2 && wants_help(argc, argv))
			return rv_help_group(argv[0]) ? 0 : 2;
		fprintf(stderr, "reeve: %s needs one of:", argv[0]);
		for (size_t i = 0; i < count; i++)
			if (strncmp(verbs[i].name, argv[0], len) == 0 && verbs[i].name[len] == ' ')
				fprintf(stderr, " %s", verbs[i].name + len + 1);
		fprintf(stderr, "\nnext: reeve %s --help\n", rv_out_safe(argv[0]));
		return 2;
	}
	const char *global = argv[0][0] == '-' ? rv_verb_suggest_global(argv[0]) : NULL;
	const char *near = rv_verb_suggest(argv[0]);
	fprintf(stderr, "reeve: no such %s \"%s\"", global ? "option" : "verb",
		rv_out_safe(argv[0]));
	if (global)
		fprintf(stderr, ": did you mean --%s?", global);
	else if (near)
		fprintf(stderr, ": did you mean %s?", near);
	fputs("\nnext: reeve --help\n", stderr);
	return 2;
}

static int run_verb(struct rv_out *out, const struct rv_verb *verb, struct rv_verb_args *args)
{
	if (verb->run)
		return verb->run(out, args);
	RV_CLEANUP(rv_reply_done) struct rv_reply reply = RV_REPLY_NONE;
	int code = rv_ask_agent(out, args, verb->wire, args->json, &reply);
	return code >= 0 ? code : rv_show_reply(out, &reply, verb->render, args);
}

static int parse_and_run(struct rv_out *out, int argc, char **argv, const struct globals *globals)
{
	int words = 0;
	const struct rv_verb *verb = rv_verb_find(argc, argv, &words);
	if (!verb)
		return unknown_verb(argc, argv);
	if (wants_help(argc - words, argv + words)) {
		rv_help_verb(verb);
		return 0;
	}
	RV_CLEANUP(rv_verb_args_done)
	struct rv_verb_args args = {.fd = -1,
				    .argv = globals->argv,
				    .socket = globals->socket,
				    .libexec = globals->libexec};
	struct rv_diag diag = {0};
	rv_status status = rv_verb_args_parse(verb, argc - words, argv + words, &args, &diag);
	if (!rv_is_ok(status))
		return rv_show_failure(status, &diag);
	return run_verb(out, verb, &args);
}

/* Bare `reeve`: the agent's state, or which verbs need none. */
static int say_where_we_are(struct rv_out *out, const struct globals *globals)
{
	struct rv_diag diag = {0};
	int fd = -1;
	if (!rv_is_ok(rv_client_connect(globals->socket, &fd, &diag))) {
		fprintf(stderr,
			"reeve: %s\nWithout an agent: reeve discover --once, reeve evidence verify "
			"F, "
			"reeve fleet ..., reeve --help\n",
			diag.text);
		return 5;
	}
	struct rv_verb_args args = {.fd = -1, .socket = globals->socket};
	RV_CLEANUP(rv_jsonp) json_t *none = json_object();
	RV_CLEANUP(rv_reply_done) struct rv_reply reply = RV_REPLY_NONE;
	rv_status status = rv_client_call(fd, "status", none, -1, out, &reply, &diag);
	if (!rv_is_ok(status))
		return rv_show_failure(status, &diag);
	return rv_show_reply(out, &reply, rv_render_status, &args);
}

int main(int argc, char **argv)
{
	struct rv_out out = {0};
	const char *socket = getenv("REEVE_SOCKET");
	struct globals globals = {.want_color = true,
				  .socket = socket && *socket ? socket : RV_CONTROL_SOCKET,
				  .libexec = getenv("REEVE_LIBEXEC")};
	/* take_globals moves words about; reeve-fleet gets them as they came. */
	RV_CLEANUP(rv_freep) char **given = calloc((size_t)argc + 1, sizeof(*given));
	if (!given)
		return 2;
	memcpy(given, argv, (size_t)argc * sizeof(*given));
	globals.argv = given;
	int count = take_globals(argc, argv, &out, &globals);
	rv_out_init(&out, globals.want_color);
	if (count == 0)
		return say_where_we_are(&out, &globals);
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 ||
	    (strcmp(argv[0], "help") == 0 && count == 1)) {
		rv_help_top();
		return 0;
	}
	if (strcmp(argv[0], "--version") == 0) {
		printf("reeve %s\n", RV_VERSION);
		return 0;
	}
	if (strcmp(argv[0], "--scdoc") == 0) {
		rv_help_scdoc(count > 1 ? argv[1] : NULL);
		return 0;
	}
	if (strcmp(argv[0], "--completion") == 0 && count == 2 && rv_help_completion(argv[1]))
		return 0;
	rv_verb_args_turn(count, argv);
	int code = parse_and_run(&out, count, argv, &globals);
	return fflush(stdout) == 0 ? code : 2;
}
