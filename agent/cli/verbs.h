/* cli: the one table of verbs. The parser, --help, the manual's list and the shell completions all
 * follow from it, so they cannot lag. Not here: what a verb prints (render_*.c). */
#pragma once

#include "agent/cli/out.h"

#define RV_VERB_POSITIONALS 3
#define RV_VERB_OPTIONS	    8

enum rv_opt_type {
	RV_OPT_FLAG,  /* present or not: true */
	RV_OPT_TEXT,  /* one value */
	RV_OPT_LIST,  /* may be repeated: array */
	RV_OPT_FD,    /* a file's path: opened here, its descriptor goes along unread */
	RV_OPT_LOCAL, /* one value, kept here (an output file); the agent never sees it */
	RV_OPT_MAYBE, /* a flag that may carry a value, by "=" alone: --redact, --redact=50 */
};

struct rv_opt {
	const char *name; /* without the dashes */
	enum rv_opt_type type;
	const char *value; /* shown in help: "D", "F"; NULL for a flag */
	const char *help;  /* NULL: known, and not shown (another tool's name for a shown one) */
	char letter;	   /* -x; 0: none */
	const char *same;  /* the option whose value this one sets; NULL: its own */
};

struct rv_verb_args; /* args.h */

struct rv_verb {
	const char *name;    /* "list", or with a space "owner set" */
	const char *wire;    /* the control verb; NULL: handled here, no agent needed */
	const char *action;  /* args.do, NULL none */
	const char *summary; /* one line, lower case */
	const char *positionals[RV_VERB_POSITIONALS]; /* "id", "id?", "ids*"; the JSON key */
	struct rv_opt options[RV_VERB_OPTIONS];
	const struct rv_opt *more; /* further options, ended by one without a name; or NULL */
	bool is_hidden;		   /* another tool's name for a verb: works, is not listed */
	const char *help;	   /* paragraphs below the usage; may be NULL */
	const char *examples;	   /* lines "  reeve ..." */
	/* Prints data for people; NULL prints the JSON. Returns nothing: exit code came with it. */
	void (*render)(struct rv_out *out, const json_t *data, const struct rv_verb_args *args);
	/* For wire == NULL: does it all and returns the exit code. */
	int (*run)(struct rv_out *out, const struct rv_verb_args *args);
};

const struct rv_verb *rv_verbs(size_t *out_count);
/* The verb that argv[0..] begins with (two words first); *out_words is 1 or 2. NULL: none. */
const struct rv_verb *rv_verb_find(int argc, char *const *argv, int *out_words);
/* The nearest verb to a mistyped one, or NULL. */
const char *rv_verb_suggest(const char *word);
/* Option number n of the verb, or NULL past the last. */
const struct rv_opt *rv_verb_option(const struct rv_verb *verb, size_t n);
