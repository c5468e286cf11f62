/* cli: see scan_consent.h. */
#include "agent/cli/scan_consent.h"

#include "agent/base/fd.h"
#include "agent/base/path.h"
#include "agent/cli/ask_wire.h"
#include "agent/scan/check.h"
#include "agent/scan/rules_load.h"
#include "agent/sweep/fields.h"

#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

struct rv_consent {
	struct rv_rules *own; /* of --rules files; or NULL */
	const struct rv_rule **rows;
	size_t count;
	size_t own_count;	    /* the first of rows: from files */
	const char *const *allowed; /* the configuration's; NULL: none */
	bool has_options;	    /* --allow-validate was given: all of rows are consented to */
};

static bool has_check(const char *name)
{
	return rv_check_find(name) != NULL;
}

static bool is_builtin(const void *context, const char *id)
{
	size_t count;
	const struct rv_rule *rules = rv_rule_table(&count);

	(void)context; /* none */
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rules[i].id, id) == 0)
			return true;
	}
	return false;
}

/* --- rules of the command line's files --- */

static rv_status load_file(struct rv_rules *own, const char *path, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	rv_buf_init(&text, RV_RULES_FILE_MAX);
	RV_TRY(rv_file_read(path, RV_RULES_FILE_MAX, &text, diag));
	return rv_rules_add(own, rv_buf_view(&text), path, diag);
}

static rv_status load_own(struct rv_consent *c, const struct rv_scan_ask *ask, struct rv_diag *diag)
{
	const struct rv_rules_words words = {has_check, is_builtin, NULL, false};
	size_t index;
	const json_t *file;

	if (json_array_size(ask->rules) == 0)
		return RV_OK;
	RV_TRY(rv_rules_new(&words, &c->own));
	json_array_foreach (ask->rules, index, file)
		RV_TRY(load_file(c->own, json_string_value(file), diag));
	return rv_rules_seal(c->own, diag);
}

/* What a scan of `path` may take for its own: the work tree that holds it, else the path itself.
 * Real; NULL: there is none, or no memory. */
static char *ground_of(const char *path)
{
	static const char name[] = "/.git";
	RV_CLEANUP(rv_freep) char *real = realpath(path, NULL);
	const size_t len = real ? strlen(real) : 0;
	RV_CLEANUP(rv_freep) char *probe = malloc(len + sizeof(name));

	if (!real || !probe)
		return NULL;
	memcpy(probe, real, len + 1);
	for (char *end = probe + len; end; end = strrchr(probe, '/')) {
		memcpy(end, name, sizeof(name));
		const bool is_there = access(probe, F_OK) == 0;
		*end = '\0';
		if (!is_there)
			continue;
		real[end - probe] = '\0';
		break;
	}
	return RV_TAKE(real);
}

/* What is scanned must not say where secrets go: a file of it may be somebody else's. Of standard
 * input the working directory counts: its configuration holds. */
static rv_status check_places(const struct rv_scan_ask *ask, struct rv_diag *diag)
{
	size_t index;
	const json_t *file;

	json_array_foreach (ask->rules, index, file) {
		RV_CLEANUP(rv_freep) char *real = realpath(json_string_value(file), NULL);

		if (!real)
			return rv_fail_errno(diag, "cannot read %s", json_string_value(file));
		for (const char *const *p = ask->sweep.paths; *p; p++) {
			RV_CLEANUP(rv_freep) char *ground = ground_of(*p);

			if (ground && !rv_path_is_under(rv_str_of(real), rv_str_of(ground)))
				continue;
			rv_diag_next(diag, "keep the file outside of %s", ground ? ground : *p);
			return rv_fail(
				RV_CLASS_MISCONFIGURED, diag,
				"reeve scan: %s lies in what is scanned: its rules may find, "
				"but not say where secrets are sent",
				json_string_value(file));
		}
	}
	return RV_OK;
}

/* --- which ones --- */

static void add(struct rv_consent *c, const struct rv_rule *rule)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->rows[i]->id, rule->id) == 0)
			return; /* one of a file replaces a built-in one */
	}
	if (rule->request && c->count < RV_ASK_RULES_MAX)
		c->rows[c->count++] = rule;
}

static size_t add_named(struct rv_consent *c, const struct rv_rule *rules, size_t count,
			const char *name, bool *is_rule)
{
	const size_t before = c->count;
	bool is_again = false;

	for (size_t i = 0; i < count; i++) {
		if (!rv_fields_is_rule(&rules[i], rv_str_of(name)))
			continue;
		*is_rule = true;
		is_again |= rules[i].request != NULL;
		add(c, &rules[i]);
	}
	return c->count - before + is_again;
}

static rv_status unknown_name(const char *name, bool is_rule, struct rv_diag *diag)
{
	rv_diag_next(diag, "docs/validation.md says which rules can be asked about");
	if (strcasecmp(name, "all") == 0 || strcmp(name, "*") == 0)
		return rv_fail(
			RV_CLASS_MISCONFIGURED, diag,
			"reeve scan: there is no --allow-validate for all: a secret is sent to "
			"a provider only with consent for its rule; name each");
	if (is_rule)
		return rv_fail(
			RV_CLASS_MISCONFIGURED, diag,
			"reeve scan: --allow-validate %s: this rule has no request to ask with",
			rv_out_safe(name));
	return rv_fail(
		RV_CLASS_MISCONFIGURED, diag,
		"reeve scan: --allow-validate %s: no built-in rule and none of a --rules file",
		rv_out_safe(name));
}

/* Files first: a rule of theirs stands for a built-in one of the same id. */
static rv_status take_names(struct rv_consent *c, const struct rv_scan_ask *ask,
			    struct rv_diag *diag)
{
	size_t own_count = 0, builtin_count = 0, index;
	const struct rv_rule *own = c->own ? rv_rules_rows(c->own, &own_count) : NULL;
	const struct rv_rule *builtin = rv_rule_table(&builtin_count);
	const json_t *name;

	json_array_foreach (ask->allow_validate, index, name) {
		bool is_rule = false;

		(void)add_named(c, own, own_count, json_string_value(name), &is_rule); /* below */
	}
	c->own_count = c->count;
	if (c->own_count > 0)
		RV_TRY(check_places(ask, diag));
	json_array_foreach (ask->allow_validate, index, name) {
		const char *id = json_string_value(name);
		bool is_rule = false;
		size_t found = add_named(c, own, own_count, id, &is_rule);

		found += add_named(c, builtin, builtin_count, id, &is_rule);
		if (found == 0)
			return unknown_name(id, is_rule, diag);
	}
	return RV_OK;
}

static rv_status fill(struct rv_consent *c, const struct rv_scan_ask *ask, struct rv_diag *diag)
{
	size_t count;
	const struct rv_rule *builtin = rv_rule_table(&count);

	c->rows = calloc(RV_ASK_RULES_MAX, sizeof(*c->rows));
	if (!c->rows)
		return rv_fail_nomem(diag);
	c->has_options = json_array_size(ask->allow_validate) > 0;
	if (c->has_options) {
		RV_TRY(load_own(c, ask, diag));
		return take_names(c, ask, diag);
	}
	for (size_t i = 0; i < count; i++)
		add(c, &builtin[i]);
	return RV_OK;
}

rv_status rv_consent_new(const struct rv_scan_ask *ask, struct rv_consent **out,
			 struct rv_diag *diag)
{
	struct rv_consent *c = calloc(1, sizeof(*c));

	if (!c)
		return rv_fail_nomem(diag);
	rv_status status = fill(c, ask, diag);
	if (rv_is_ok(status))
		*out = c;
	else
		rv_consent_free(c);
	return status;
}

void rv_consent_free(struct rv_consent *consent)
{
	if (!consent)
		return;
	rv_rules_free(consent->own);
	free(consent->rows);
	free(consent);
}

size_t rv_consent_count(const struct rv_consent *consent)
{
	return consent->count;
}

const struct rv_rule *rv_consent_rule(const struct rv_consent *consent, size_t number)
{
	return consent->rows[number];
}

void rv_consent_settle(struct rv_consent *consent, const char *const *allowed)
{
	consent->allowed = allowed;
}

static bool is_allowed(const struct rv_consent *c, const struct rv_rule *rule)
{
	bool is_named = c->has_options;

	for (const char *const *name = c->allowed; !is_named && name && *name; name++)
		is_named = rv_fields_is_rule(rule, rv_str_of(*name));
	return is_named;
}

/* The rule in force is another row than ours: of a built-in one a copy may be in force (with
 * another name or threshold), but its request is the very same; of a file's rule a second reading.
 */
static bool is_same(const struct rv_consent *c, size_t number, const struct rv_rule *rule)
{
	const struct rv_rule *row = c->rows[number];

	if (strcmp(row->id, rule->id) != 0 || !rule->request)
		return false;
	if (number >= c->own_count)
		return row->request == rule->request;
	return strcmp(row->request->url, rule->request->url) == 0 &&
	       strcmp(row->regex ? row->regex : "", rule->regex ? rule->regex : "") == 0;
}

int rv_consent_of(const struct rv_consent *consent, const struct rv_rule *rule)
{
	for (size_t i = 0; i < consent->count; i++) {
		if (is_same(consent, i, rule))
			return is_allowed(consent, consent->rows[i]) ? (int)i : -1;
	}
	return -1;
}
