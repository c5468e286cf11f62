/* cli: see args.h. */
#include "agent/cli/args.h"

#include "agent/base/fd.h"
#include "agent/base/path.h"
#include "agent/base/yaml.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#define OPTIONS_MAX 96 /* of one verb, for suggestions */

/* Of every verb; main.c takes them. */
static const char *const global_options[] = {"json",	 "jsonl", "quiet",   "socket", "libexec",
					     "no-color", "help",  "version", NULL};

void rv_verb_args_done(struct rv_verb_args *args)
{
	json_decref(args->json);
	json_decref(args->local);
	free(args->paths);
	args->paths = NULL;
	args->json = NULL;
	args->local = NULL;
	rv_fd_closep(&args->fd);
}

static rv_status set_new(json_t *object, const char *key, json_t *value)
{
	if (!value)
		return rv_fail(RV_CLASS_MISCONFIGURED, NULL, "a value that is not UTF-8");
	return json_object_set_new(object, key, value) == 0 ? RV_OK : rv_fail_nomem(NULL);
}

static void key_of(const char *name, char out[64])
{
	size_t i = 0;
	for (; i < 63 && name[i]; i++)
		out[i] = name[i] == '-' ? '_' : name[i];
	out[i] = '\0';
}

static const struct rv_opt *find_option(const struct rv_verb *verb, const char *name, size_t len)
{
	const struct rv_opt *option;
	for (size_t i = 0; (option = rv_verb_option(verb, i)); i++)
		if (strlen(option->name) == len && strncmp(option->name, name, len) == 0)
			return option;
	return NULL;
}

static const struct rv_opt *find_letter(const struct rv_verb *verb, char letter)
{
	const struct rv_opt *option;
	for (size_t i = 0; (option = rv_verb_option(verb, i)); i++)
		if (option->letter == letter)
			return option;
	return NULL;
}

static rv_status unknown_option(const struct rv_verb *verb, const char *name, struct rv_diag *diag)
{
	const char *known[OPTIONS_MAX + RV_LEN(global_options)];
	size_t count = 0;
	char alone[64] = {0};
	size_t len = strcspn(name, "=");
	memcpy(alone, name, len < sizeof(alone) ? len : sizeof(alone) - 1); /* cut: not near any */
	for (; count < OPTIONS_MAX && rv_verb_option(verb, count); count++)
		known[count] = rv_verb_option(verb, count)->name;
	for (size_t i = 0; global_options[i]; i++)
		known[count++] = global_options[i];
	known[count] = NULL;
	const char *near = rv_suggest(alone, known);
	rv_diag_next(diag, "reeve %s --help", verb->name);
	if (near)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "reeve %s: unknown option --%s: did you mean --%s?", verb->name,
			       name, near);
	return rv_fail(RV_CLASS_MISCONFIGURED, diag, "reeve %s: unknown option --%s", verb->name,
		       name);
}

const char *rv_verb_suggest_global(const char *name)
{
	return rv_suggest(name + strspn(name, "-"), global_options);
}

static rv_status open_for_agent(const char *path, struct rv_verb_args *args, struct rv_diag *diag)
{
	rv_fd_closep(&args->fd);
	args->fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
					  : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return args->fd < 0 ? rv_fail_errno(diag, "cannot open %s", path) : RV_OK;
}

static rv_status take_value(const struct rv_opt *option, const char *value,
			    struct rv_verb_args *args, struct rv_diag *diag)
{
	char key[64];
	key_of(option->same ? option->same : option->name, key);
	switch (option->type) {
	case RV_OPT_FLAG:
		return set_new(args->json, key, json_true());
	case RV_OPT_MAYBE:
		return set_new(args->json, key, value ? json_string(value) : json_true());
	case RV_OPT_TEXT:
		return set_new(args->json, key, json_string(value));
	case RV_OPT_LOCAL:
		return set_new(args->local, key, json_string(value));
	case RV_OPT_FD:
		return open_for_agent(value, args, diag);
	case RV_OPT_LIST:
		break;
	}
	json_t *list = json_object_get(args->json, key);
	if (!list) {
		list = json_array();
		RV_TRY(set_new(args->json, key, list));
	}
	return json_array_append_new(list, json_string(value)) == 0 ? RV_OK : rv_fail_nomem(diag);
}

/* The value an option needs: what stands behind "=" (or the letter), else the next word. */
static rv_status value_for(const struct rv_verb *verb, const struct rv_opt *option, int argc,
			   char *const *argv, int *at, const char **io_value, struct rv_diag *diag)
{
	if (option->type == RV_OPT_FLAG && *io_value)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "reeve %s: --%s takes no value",
			       verb->name, option->name);
	if (option->type == RV_OPT_FLAG || option->type == RV_OPT_MAYBE || *io_value)
		return RV_OK;
	if (*at + 1 >= argc)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "reeve %s: --%s needs %s", verb->name,
			       option->name, option->value);
	*io_value = argv[++*at];
	return RV_OK;
}

/* "-v", "-c FILE", "-cFILE", "-c=FILE", "-vc FILE". */
static rv_status take_letters(const struct rv_verb *verb, int argc, char *const *argv, int *at,
			      struct rv_verb_args *args, struct rv_diag *diag)
{
	const char *word = argv[*at];
	for (const char *p = word + 1; *p; p++) {
		const struct rv_opt *option = find_letter(verb, *p);
		if (!option)
			return unknown_option(verb, p, diag);
		const char *value = NULL;
		bool takes_rest = option->type != RV_OPT_FLAG && option->type != RV_OPT_MAYBE;
		if (takes_rest && p[1])
			value = p[1] == '=' ? p + 2 : p + 1;
		RV_TRY(value_for(verb, option, argc, argv, at, &value, diag));
		RV_TRY(take_value(option, value, args, diag));
		if (takes_rest)
			return RV_OK;
	}
	return RV_OK;
}

/* One option, and its value from "=..." or the next word; *at moves past what was used. */
static rv_status take_option(const struct rv_verb *verb, int argc, char *const *argv, int *at,
			     struct rv_verb_args *args, struct rv_diag *diag)
{
	const char *word = argv[*at];
	bool is_long = strncmp(word, "--", 2) == 0;
	if (!is_long && verb->more)
		return take_letters(verb, argc, argv, at, args, diag);
	const char *name = word + (is_long ? 2 : 1);
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	if (!is_long && strcmp(name, "o") == 0) {
		name = "output";
		len = strlen(name);
	}
	const struct rv_opt *option = find_option(verb, name, len);
	if (!option)
		return unknown_option(verb, name, diag);
	const char *value = equals ? equals + 1 : NULL;
	RV_TRY(value_for(verb, option, argc, argv, at, &value, diag));
	return take_value(option, value, args, diag);
}

/* An id may be a path: make it absolute when such a file is there, and escape its bytes. */
static rv_status set_id(json_t *object, const char *key, const char *text, struct rv_diag *diag)
{
	char real[PATH_MAX];
	const char *shown = text;
	if (strchr(text, '/') && text[0] != '/' && strncmp(text, "tls:", 4) != 0 &&
	    realpath(text, real))
		shown = real;
	if (shown[0] != '/')
		return set_new(object, key, json_string(shown));
	RV_CLEANUP(rv_buf_done) struct rv_buf escaped = {0};
	rv_buf_init(&escaped, PATH_MAX * 4);
	RV_TRY(rv_path_escape(rv_str_of(shown), &escaped));
	const char *z = rv_buf_cstr(&escaped);
	return z ? set_new(object, key, json_string(z)) : rv_fail_nomem(diag);
}

static rv_status take_positional(const struct rv_verb *verb, size_t index, const char *word,
				 struct rv_verb_args *args, struct rv_diag *diag)
{
	size_t last = 0;
	while (last + 1 < RV_VERB_POSITIONALS && verb->positionals[last + 1])
		last++;
	const char *name = verb->positionals[index <= last ? index : last];
	bool is_list = name && strchr(name, '*');
	if (!name || (index > last && !is_list)) {
		rv_diag_next(diag, "reeve %s --help", verb->name);
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "reeve %s: unexpected word \"%s\"",
			       verb->name, rv_out_safe(word));
	}
	char key[64];
	key_of(name, key);
	key[strcspn(key, "?*")] = '\0';
	if (strcmp(key, "paths") == 0) { /* bytes, which JSON cannot hold */
		args->paths[args->path_count++] = word;
		return RV_OK;
	}
	if (!is_list)
		return strcmp(key, "id") == 0 ? set_id(args->json, key, word, diag)
					      : set_new(args->json, key, json_string(word));
	json_t *list = json_object_get(args->json, key);
	if (!list) {
		list = json_array();
		RV_TRY(set_new(args->json, key, list));
	}
	RV_CLEANUP(rv_jsonp) json_t *holder = json_object();
	RV_TRY(set_id(holder, "id", word, diag));
	return json_array_append(list, json_object_get(holder, "id")) == 0 ? RV_OK
									   : rv_fail_nomem(diag);
}

static rv_status check_enough(const struct rv_verb *verb, size_t given, struct rv_diag *diag)
{
	for (size_t i = given; i < RV_VERB_POSITIONALS && verb->positionals[i]; i++) {
		const char *name = verb->positionals[i];
		if (strpbrk(name, "?*"))
			return RV_OK;
		rv_diag_next(diag, "reeve %s --help", verb->name);
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "reeve %s: needs %s", verb->name,
			       strcmp(name, "id") == 0 ? "a credential (an id, a unique prefix, "
							 "or a path)"
						       : name);
	}
	return RV_OK;
}

rv_status rv_verb_args_parse(const struct rv_verb *verb, int argc, char *const *argv,
			     struct rv_verb_args *args, struct rv_diag *diag)
{
	args->fd = -1;
	args->json = json_object();
	args->local = json_object();
	args->paths = calloc((size_t)argc + 1, sizeof(*args->paths));
	if (!args->json || !args->local || !args->paths)
		return rv_fail_nomem(diag);
	if (verb->action)
		RV_TRY(set_new(args->json, "do", json_string(verb->action)));
	size_t given = 0;
	bool only_words = false;
	for (int at = 0; at < argc; at++) {
		const char *word = argv[at];
		if (!only_words && strcmp(word, "--") == 0)
			only_words = true;
		else if (!only_words && word[0] == '-' && word[1])
			RV_TRY(take_option(verb, argc, argv, &at, args, diag));
		else
			RV_TRY(take_positional(verb, given++, word, args, diag));
	}
	return check_enough(verb, given, diag);
}

/* How many words the option at argv[0] takes; 0: the verb has none of that name. */
static int words_of(const struct rv_verb *verb, char *const *argv)
{
	const char *word = argv[0];
	const struct rv_opt *option = NULL;
	bool has_value = false;

	if (strncmp(word, "--", 2) == 0) {
		size_t len = strcspn(word + 2, "=");

		option = find_option(verb, word + 2, len);
		has_value = word[2 + len] == '=';
	} else {
		for (const char *p = word + 1; *p && !has_value; p++) {
			option = find_letter(verb, *p);
			if (!option)
				return 0;
			has_value =
				option->type != RV_OPT_FLAG && option->type != RV_OPT_MAYBE && p[1];
		}
	}
	if (!option)
		return 0;
	bool is_flag = option->type == RV_OPT_FLAG || option->type == RV_OPT_MAYBE;
	return is_flag || has_value ? 1 : 2;
}

void rv_verb_args_turn(int argc, char **argv)
{
	static char scan[] = "scan";
	char *const name[] = {scan};
	int words = 0;
	int at = 0;
	const struct rv_verb *options = rv_verb_find(1, name, &words);

	while (at < argc && argv[at][0] == '-' && argv[at][1]) {
		int taken = words_of(options, argv + at);

		if (taken == 0)
			return;
		at += taken;
	}
	if (at == 0 || at >= argc)
		return;
	const struct rv_verb *verb = rv_verb_find(argc - at, argv + at, &words);
	if (!verb || verb->more != options->more)
		return;
	char *first = argv[at];
	memmove(argv + 1, argv, (size_t)at * sizeof(*argv));
	argv[0] = first;
}
