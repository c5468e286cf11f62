/* bind: reading owners.yaml. Everything is checked before anything is used. */
#include "agent/bind/owners.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/path.h"

#include <stdio.h>

struct rv_owners {
	struct rv_yaml *yaml; /* the texts */
	char *file;
	struct rv_owner *owners;
	size_t owner_count;
	struct rv_owner_rule *rules;
	size_t rule_count;
	char **keys; /* made texts */
	size_t key_count;
};

void rv_owners_free(struct rv_owners *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->key_count; i++)
		free(o->keys[i]);
	free(o->keys);
	free(o->owners);
	free(o->rules);
	free(o->file);
	rv_yaml_free(o->yaml);
	free(o);
}

void rv_owners_freep(struct rv_owners **o)
{
	rv_owners_free(*o);
	*o = NULL;
}

/* --- checks --------------------------------------------------------------------------------------
 */
/* Every key of obj is one of `words`; else an error with a suggestion. */
static rv_status only_keys(const struct rv_yaml *y, json_t *obj, const char *const *words,
			   struct rv_diag *diag)
{
	const char *key;
	json_t *value;

	json_object_foreach (obj, key, value) {
		bool known = false;
		for (const char *const *w = words; *w; w++)
			known = known || strcmp(*w, key) == 0;
		if (known)
			continue;
		const char *near = rv_suggest(key, words);
		return rv_yaml_fail(y, obj, key, diag, "unknown key \"%s\"%s%s%s", key,
				    near ? " (did you mean \"" : "", near ? near : "",
				    near ? "\"?)" : "");
	}
	return RV_OK;
}

static rv_status text_of(const struct rv_yaml *y, json_t *obj, const char *key, const char **out,
			 struct rv_diag *diag)
{
	json_t *value = json_object_get(obj, key);

	if (!value)
		return RV_OK;
	if (!json_is_string(value) || json_string_length(value) == 0 ||
	    json_string_length(value) > 256)
		return rv_yaml_fail(y, obj, key, diag, "\"%s\" is a text of 1 to 256 bytes", key);
	*out = json_string_value(value);
	return RV_OK;
}

/* team: X or person: X of an object as "team:X". */
static rv_status key_of(struct rv_owners *o, json_t *obj, const char **out, struct rv_diag *diag)
{
	const char *team = NULL;
	const char *person = NULL;
	char *key = NULL;

	RV_TRY(text_of(o->yaml, obj, "team", &team, diag));
	RV_TRY(text_of(o->yaml, obj, "person", &person, diag));
	if (!team == !person)
		return rv_yaml_fail(o->yaml, obj, NULL, diag,
				    "an owner is either \"team\" or \"person\"");
	char **more = reallocarray(o->keys, o->key_count + 1, sizeof(*more));
	if (!more)
		return rv_fail_nomem(diag);
	o->keys = more;
	if (asprintf(&key, "%s:%s", team ? "team" : "person", team ? team : person) < 0)
		return rv_fail_nomem(diag);
	o->keys[o->key_count++] = key;
	*out = key;
	return RV_OK;
}

static rv_status read_members(struct rv_owners *o, json_t *obj, struct rv_owner *owner,
			      struct rv_diag *diag)
{
	size_t at;
	json_t *item;
	json_t *members = json_object_get(obj, "members");

	if (!members)
		return RV_OK;
	if (!json_is_array(members))
		return rv_yaml_fail(o->yaml, obj, "members", diag,
				    "\"members\" is a list of account names");
	json_array_foreach (members, at, item)
		if (!json_is_string(item))
			return rv_yaml_fail(o->yaml, item, NULL, diag,
					    "a member is the name of an account");
	owner->members = members;
	return RV_OK;
}

static rv_status read_owner(struct rv_owners *o, json_t *obj, struct rv_diag *diag)
{
	static const char *const words[] = {"team",	  "person", "mail", "members",
					    "revocation", "left",   NULL};
	struct rv_owner owner = {.mail = "", .revocation = "", .left_us = RV_TIME_NONE};
	const char *left = NULL;

	if (!json_is_object(obj))
		return rv_yaml_fail(o->yaml, obj, NULL, diag, "an owner is a mapping");
	RV_TRY(only_keys(o->yaml, obj, words, diag));
	RV_TRY(key_of(o, obj, &owner.key, diag));
	RV_TRY(text_of(o->yaml, obj, "mail", &owner.mail, diag));
	RV_TRY(text_of(o->yaml, obj, "revocation", &owner.revocation, diag));
	RV_TRY(text_of(o->yaml, obj, "left", &left, diag));
	RV_TRY(read_members(o, obj, &owner, diag));
	if (left && !rv_is_ok(rv_time_parse(rv_str_of(left), &owner.left_us, NULL)))
		return rv_yaml_fail(o->yaml, obj, "left", diag, "\"left\" is a date: 2026-10-01");
	if (rv_owners_find(o, owner.key))
		return rv_yaml_fail(o->yaml, obj, NULL, diag, "%s stands here twice", owner.key);
	o->owners[o->owner_count++] = owner;
	return RV_OK;
}

static rv_status glob_of(struct rv_owners *o, json_t *match, const char *key, const char **out,
			 struct rv_diag *diag)
{
	struct rv_diag why = {0};

	RV_TRY(text_of(o->yaml, match, key, out, diag));
	if (*out && !rv_glob_is_valid(rv_str_of(*out), &why))
		return rv_yaml_fail(o->yaml, match, key, diag, "%s", why.text);
	return RV_OK;
}

static rv_status read_match(struct rv_owners *o, json_t *match, struct rv_owner_rule *rule,
			    struct rv_diag *diag)
{
	static const char *const words[] = {"path",    "name", "unit", "account",
					    "package", "kind", NULL};
	const char *kind = NULL;

	if (!json_is_object(match) || json_object_size(match) == 0)
		return rv_yaml_fail(o->yaml, match, NULL, diag,
				    "\"match\" is a mapping with at least one key");
	RV_TRY(only_keys(o->yaml, match, words, diag));
	RV_TRY(glob_of(o, match, "path", &rule->path, diag));
	RV_TRY(glob_of(o, match, "name", &rule->name, diag));
	RV_TRY(glob_of(o, match, "unit", &rule->unit, diag));
	RV_TRY(glob_of(o, match, "account", &rule->account, diag));
	RV_TRY(glob_of(o, match, "package", &rule->package, diag));
	RV_TRY(text_of(o->yaml, match, "kind", &kind, diag));
	rule->kind = kind ? rv_kind_of(rv_str_of(kind)) : 0;
	if (kind && rule->kind == 0)
		return rv_yaml_fail(o->yaml, match, "kind", diag, "no kind \"%s\"", kind);
	return RV_OK;
}

static rv_status read_rule(struct rv_owners *o, json_t *obj, struct rv_diag *diag)
{
	static const char *const words[] = {"match", "owner", NULL};
	static const char *const owner_words[] = {"team", "person", NULL};
	struct rv_owner_rule rule = {0};
	unsigned column = 0;

	if (!json_is_object(obj))
		return rv_yaml_fail(o->yaml, obj, NULL, diag, "a rule is a mapping");
	RV_TRY(only_keys(o->yaml, obj, words, diag));
	json_t *match = json_object_get(obj, "match");
	json_t *owner = json_object_get(obj, "owner");
	if (!match || !json_is_object(owner))
		return rv_yaml_fail(o->yaml, obj, NULL, diag,
				    "a rule needs \"match\" and \"owner: {team: ..}\"");
	RV_TRY(read_match(o, match, &rule, diag));
	RV_TRY(only_keys(o->yaml, owner, owner_words, diag));
	RV_TRY(key_of(o, owner, &rule.owner, diag));
	if (!rv_owners_find(o, rule.owner))
		return rv_yaml_fail(o->yaml, obj, "owner", diag, "%s is not listed in \"owners\"",
				    rule.owner);
	rv_yaml_mark(o->yaml, obj, NULL, &rule.line, &column);
	o->rules[o->rule_count++] = rule;
	return RV_OK;
}

static rv_status list_of(const struct rv_yaml *y, json_t *root, const char *key, size_t max,
			 json_t **out, struct rv_diag *diag)
{
	*out = json_object_get(root, key);
	if (*out && !json_is_array(*out))
		return rv_yaml_fail(y, root, key, diag, "\"%s\" is a list", key);
	if (json_array_size(*out) > max)
		return rv_yaml_fail(y, root, key, diag, "\"%s\" has more than %zu items", key, max);
	return RV_OK;
}

static rv_status read_root(struct rv_owners *o, struct rv_diag *diag)
{
	static const char *const words[] = {"version", "owners", "assign", NULL};
	json_t *root = rv_yaml_root(o->yaml);
	json_t *owners = NULL;
	json_t *rules = NULL;
	json_t *item;
	size_t at;

	if (!json_is_object(root))
		return rv_yaml_fail(o->yaml, root, NULL, diag, "the file is a mapping");
	RV_TRY(only_keys(o->yaml, root, words, diag));
	if (rv_json_int(root, "version", 0) != 1)
		return rv_yaml_fail(o->yaml, root, "version", diag, "\"version: 1\" is needed");
	RV_TRY(list_of(o->yaml, root, "owners", RV_OWNERS_MAX, &owners, diag));
	RV_TRY(list_of(o->yaml, root, "assign", RV_OWNER_RULES_MAX, &rules, diag));
	o->owners = calloc(json_array_size(owners) + 1, sizeof(*o->owners));
	o->rules = calloc(json_array_size(rules) + 1, sizeof(*o->rules));
	if (!o->owners || !o->rules)
		return rv_fail_nomem(diag);
	json_array_foreach (owners, at, item)
		RV_TRY(read_owner(o, item, diag));
	json_array_foreach (rules, at, item)
		RV_TRY(read_rule(o, item, diag));
	return RV_OK;
}

rv_status rv_owners_parse(struct rv_str text, const char *file, struct rv_owners **out,
			  struct rv_diag *diag)
{
	RV_CLEANUP(rv_owners_freep) struct rv_owners *o = calloc(1, sizeof(*o));

	if (!o)
		return rv_fail_nomem(diag);
	o->file = strdup(file);
	if (!o->file)
		return rv_fail_nomem(diag);
	RV_TRY(rv_yaml_parse(text, o->file, &o->yaml, diag));
	RV_TRY(read_root(o, diag));
	*out = RV_TAKE(o);
	return RV_OK;
}

rv_status rv_owners_load(const char *path, struct rv_owners **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	rv_buf_init(&text, RV_OWNERS_FILE_MAX);
	rv_status s = rv_file_read(path, RV_OWNERS_FILE_MAX, &text, diag);
	if (rv_class_of(s) == RV_CLASS_NOT_FOUND) {
		if (diag)
			*diag = (struct rv_diag){0};
		return rv_owners_parse(RV_STR_LIT("version: 1\n"), path, out, diag);
	}
	RV_TRY(s);
	return rv_owners_parse(rv_buf_view(&text), path, out, diag);
}

/* --- lookups -------------------------------------------------------------------------------------
 */
const char *rv_owners_file(const struct rv_owners *o)
{
	return o->file;
}

size_t rv_owners_count(const struct rv_owners *o)
{
	return o->owner_count;
}

const struct rv_owner *rv_owners_find(const struct rv_owners *o, const char *key)
{
	for (size_t i = 0; i < o->owner_count; i++)
		if (strcmp(o->owners[i].key, key) == 0)
			return &o->owners[i];
	return NULL;
}

static bool has_member(const struct rv_owner *owner, const char *account)
{
	size_t at;
	const json_t *item;

	json_array_foreach (owner->members, at, item)
		if (strcmp(json_string_value(item), account) == 0)
			return true;
	return false;
}

const struct rv_owner *rv_owners_of_account(const struct rv_owners *o, const char *account)
{
	for (size_t i = 0; i < o->owner_count; i++)
		if (has_member(&o->owners[i], account))
			return &o->owners[i];
	for (size_t i = 0; i < o->owner_count; i++)
		if (strncmp(o->owners[i].key, "person:", 7) == 0 &&
		    strcmp(o->owners[i].key + 7, account) == 0)
			return &o->owners[i];
	return NULL;
}

const struct rv_owner *rv_owners_of_mail(const struct rv_owners *o, struct rv_str mail)
{
	for (size_t i = 0; mail.len > 0 && i < o->owner_count; i++)
		if (rv_str_is(mail, o->owners[i].mail))
			return &o->owners[i];
	return NULL;
}

static bool fits(const char *glob, struct rv_str text)
{
	return !glob || rv_glob_match(rv_str_of(glob), text);
}

const struct rv_owner_rule *rv_owners_match(const struct rv_owners *o, unsigned kind,
					    const char *name, const struct rv_owner_place *place)
{
	for (size_t i = 0; i < o->rule_count; i++) {
		const struct rv_owner_rule *r = &o->rules[i];
		if ((r->kind == 0 || r->kind == kind) && fits(r->path, place->path) &&
		    fits(r->name, rv_str_of(name)) && fits(r->unit, rv_str_of(place->unit)) &&
		    fits(r->account, rv_str_of(place->account)) &&
		    fits(r->package, rv_str_of(place->package)))
			return r;
	}
	return NULL;
}
