/* scan: what a file is, by its path alone: how its values are written, and how much a value in it
 * means. Not here: what is in the file. */
#pragma once

#include "agent/base/buf.h"

enum rv_form {
	RV_FORM_TEXT = 0, /* unknown or without an extension: values may stand bare */
	RV_FORM_CODE,	  /* a bare value is an expression, not a value */
	RV_FORM_CONFIG,	  /* ini, env, properties, toml, conf */
	RV_FORM_YAML,
	RV_FORM_JSON,
	RV_FORM_XML, /* and HTML */
	RV_FORM_SHELL,
	RV_FORM_SQL,
	RV_FORM_DOC, /* for people: Markdown and its like */
};

/* As sets. */
#define RV_FORM_BIT(form) (1U << RV_FORM_##form)
#define RV_FORMS_LISTED	  (1U << 9) /* none of them: a list by its name (assign.h), whatever else */
#define RV_FORMS_IN_USE	  (RV_FORM_BIT(CONFIG) | RV_FORM_BIT(YAML) | RV_FORM_BIT(SHELL))

struct rv_context {
	struct rv_str path; /* until it is_whole */
	uint8_t form;	    /* enum rv_form */
	uint16_t alike;	    /* forms with which a value would have been looked for in the same way,
			     * of those that were set before */
	bool is_lock;	    /* digests of packages */
	bool is_dump;	    /* a copy of what a database holds */
	/* of the whole path, once is_whole; few files need it */
	bool is_whole;
	/* Tests, fixtures, examples, mocks, stubs, samples, demos, specs, expected output: one of
	 * these words begins in the path, behind no letter ("a/tests/", "foo_test.c", "e2e-test")
	 * or with a hump ("FooTest", "unitTest"), or is written as one with a word of a list
	 * ("unittest"). "latest/", "attestation/" and "contest/" are none. */
	bool is_test;
	bool is_doc;	/* for people: by its form, or in a directory of such */
	bool is_locale; /* sentences for people, in many languages */
};

/* What the file's name tells; borrows path until the context is whole. Directories are split at
 * '/'. */
struct rv_context rv_context_begin(struct rv_str path);
/* The rest, if it is not there yet. */
void rv_context_complete(struct rv_context *context);
/* Both; borrows path for the call. */
struct rv_context rv_context_of(struct rv_str path);
/* A configuration, environment or YAML file or a script, of no tests and not for people: what it
 * holds is likely used. Completes the context. */
bool rv_context_is_in_use(struct rv_context *context);
