/* decide: one policy file's tree into policies: keys checked against the table, defaults merged.
 * Not here: single values (policy_value.c), folders (policy_set.c). */
#include "agent/decide/policy_private.h"

#include "agent/base/clock.h"

#include <stdio.h>

#define PREFIX_MAX   48
#define SECTIONS_MAX 16

static const struct rv_policy_key_desc key_table[RV_PK__COUNT + 1] = {
#define RV_POLICY_KEY(symbol, path, type, flags, doc) {path, type, flags, doc},
#include "agent/decide/policy_keys.def"
#undef RV_POLICY_KEY
	{NULL, RV_PT__COUNT, 0, NULL}};

const struct rv_policy_key_desc *rv_policy_keys(void)
{
	return key_table;
}

/* One mapping still to be read, and where in the table it stands: "" or "match.not.". */
struct section {
	const json_t *object;
	char prefix[PREFIX_MAX];
};

struct walk {
	struct rv_policy_parser *p;
	struct rv_policy_value *values;
	bool in_defaults;
	struct section todo[SECTIONS_MAX];
	size_t count;
};

static enum rv_policy_key key_at(const char *path)
{
	unsigned i = 0;
	while (i < RV_PK__COUNT && strcmp(key_table[i].path, path) != 0)
		i++;
	return (enum rv_policy_key)i;
}

static bool is_section(const char *path)
{
	size_t len = strlen(path);
	for (size_t i = 0; i < RV_PK__COUNT; i++)
		if (strncmp(key_table[i].path, path, len) == 0 && key_table[i].path[len] == '.')
			return true;
	return false;
}

/* The names that may stand at this level: NULL-ended, in words[]; text in store. */
static void siblings(const char *prefix, char store[][PREFIX_MAX], const char **words)
{
	size_t len = strlen(prefix);
	size_t n = 0;
	for (size_t i = 0; i < RV_PK__COUNT; i++) {
		if (strncmp(key_table[i].path, prefix, len) != 0)
			continue;
		size_t word = strcspn(key_table[i].path + len, ".");
		RV_BUG_ON(word >= PREFIX_MAX);
		memcpy(store[n], key_table[i].path + len, word);
		store[n][word] = 0;
		words[n] = store[n];
		n++;
	}
	words[n] = NULL;
}

static rv_status unknown_key(const struct walk *w, const struct section *s, const char *name)
{
	char store[RV_PK__COUNT][PREFIX_MAX];
	const char *words[RV_PK__COUNT + 1];
	siblings(s->prefix, store, words);
	const char *near = rv_suggest(name, words);
	const char *prefix = near != NULL ? s->prefix : "";
	for (size_t i = 0; near == NULL && i < RV_PK__COUNT; i++) {
		const char *dot = strrchr(key_table[i].path, '.');
		if (dot != NULL && strcmp(dot + 1, name) == 0)
			near = key_table[i].path;
	}
	return rv_yaml_fail(w->p->yaml, s->object, name, w->p->diag, "unknown key \"%s%s\"%s%s%s%s",
			    s->prefix, name, near ? "; did you mean " : "", near ? prefix : "",
			    near ? near : "", near ? "?" : "");
}

/* `section: null` unsets all below it. */
static void unset_below(struct walk *w, const struct section *s, const char *name, const char *path)
{
	size_t len = strlen(path);
	for (unsigned i = 0; i < RV_PK__COUNT; i++) {
		if (strncmp(key_table[i].path, path, len) != 0 || key_table[i].path[len] != '.')
			continue;
		rv_policy_value_done(&w->values[i]);
		w->values[i].src = rv_policy_src(w->p->yaml, s->object, name);
	}
}

static rv_status read_section(struct walk *w, const struct section *s, const char *name,
			      const json_t *node, const char *path)
{
	if (json_is_null(node)) {
		unset_below(w, s, name, path);
		return RV_OK;
	}
	if (!json_is_object(node))
		return rv_yaml_fail(w->p->yaml, s->object, name, w->p->diag,
				    "%s must hold keys: %s: {..}", path, name);
	if (w->count == SECTIONS_MAX)
		return (rv_status){RV_CLASS_BUG, 0};
	struct section *next = &w->todo[w->count++];
	next->object = node;
	snprintf(next->prefix, sizeof(next->prefix), "%.*s.", PREFIX_MAX - 2, path);
	return RV_OK;
}

static rv_status read_member(struct walk *w, const struct section *s, const char *name,
			     const json_t *node)
{
	char path[2 * PREFIX_MAX];
	snprintf(path, sizeof(path), "%s%.*s", s->prefix, PREFIX_MAX - 1, name);
	if (strchr(name, '.') != NULL)
		return unknown_key(w, s, name);
	if (is_section(path)) {
		if (w->in_defaults && strncmp(path, "match", 5) == 0)
			return rv_yaml_fail(w->p->yaml, s->object, name, w->p->diag,
					    "\"match\" cannot stand in defaults: each policy says "
					    "what it is about");
		return read_section(w, s, name, node, path);
	}
	enum rv_policy_key key = key_at(path);
	if (key == RV_PK__COUNT)
		return unknown_key(w, s, name);
	if (w->in_defaults && (key_table[key].flags & RV_PKF_DEFAULT) == 0)
		return rv_yaml_fail(w->p->yaml, s->object, name, w->p->diag,
				    "\"%s\" cannot stand in defaults", path);
	return rv_policy_value_parse(w->p, key, s->object, name, node, &w->values[key]);
}

/* Reads a mapping and all below it; no recursion on the input's depth. */
static rv_status read_mapping(struct walk *w, const json_t *object)
{
	w->todo[0] = (struct section){.object = object};
	w->count = 1;
	while (w->count > 0) {
		struct section s = w->todo[--w->count];
		const char *name = NULL;
		json_t *node = NULL;
		json_t *members = NULL;
		memcpy(&members, &s.object, sizeof(members)); /* jansson iterates non-const only */
		json_object_foreach (members, name, node)
			RV_TRY(read_member(w, &s, name, node));
	}
	return RV_OK;
}

static void built_in(struct rv_policy_value values[RV_PK__COUNT])
{
	static const struct {
		enum rv_policy_key key;
		int64_t number;
	} rows[] = {{RV_PK_PRIORITY, 0},
		    {RV_PK_MODE, RV_MODE_OBSERVE},
		    {RV_PK_DEPLOY_LAYOUT, RV_LAYOUT_AUTO},
		    {RV_PK_GRACE, RV_US_PER_DAY}};
	for (size_t i = 0; i < RV_LEN(rows); i++)
		values[rows[i].key] = (struct rv_policy_value){.is_set = true,
							       .from_default = true,
							       .number = rows[i].number,
							       .src = {"", 0, 0}};
}

static rv_status name_check(struct rv_policy_parser *p, const struct rv_policy *policy,
			    const json_t *object)
{
	const char *name = rv_policy_name(policy);
	size_t len =
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
	if (name[len] != 0 || len > 64)
		return rv_yaml_fail(
			p->yaml, object, "name", p->diag,
			"name \"%s\" may hold letters, digits, - and _ only, at most 64", name);
	for (size_t i = 0; i < p->set->count; i++) {
		const struct rv_policy *other = p->set->policies[i];
		if (strcmp(rv_policy_name(other), name) == 0)
			return rv_yaml_fail(p->yaml, object, "name", p->diag,
					    "policy \"%s\" stands already at %s:%u", name,
					    other->src.file, other->src.line);
	}
	return RV_OK;
}

/* What one key cannot see. */
static rv_status together_check(struct rv_policy_parser *p, const struct rv_policy *policy,
				const json_t *object)
{
	const struct rv_policy_value *v = policy->values;
	bool has_match = false;
	for (unsigned i = 0; i < RV_PK__COUNT; i++)
		has_match |= v[i].is_set && (key_table[i].flags & RV_PKF_MATCH) != 0;
	if (!has_match)
		return rv_yaml_fail(p->yaml, object, "name", p->diag,
				    "policy \"%s\" does not say what it is about; add "
				    "match: {kind: [..]}",
				    rv_policy_name(policy));
	bool names_owner = v[RV_PK_OWNER_TEAM].is_set || v[RV_PK_OWNER_PERSON].is_set;
	bool matches_owner = v[RV_PK_MATCH_OWNER].is_set || v[RV_PK_NOT_OWNER].is_set;
	if (names_owner && matches_owner)
		return rv_yaml_fail(p->yaml, object, "owner", p->diag,
				    "a policy that matches by owner cannot name the owner too");
	bool infers = v[RV_PK_OWNER_INFER].is_set && v[RV_PK_OWNER_INFER].number != 0;
	if (names_owner && infers)
		return rv_yaml_fail(p->yaml, object, "owner", p->diag,
				    "owner: either a team or person, or infer: true");
	if (!infers && v[RV_PK_OWNER_AT_LEAST].is_set && !v[RV_PK_OWNER_AT_LEAST].from_default)
		return rv_yaml_fail(p->yaml, object, "owner", p->diag,
				    "owner.at_least needs owner.infer: true");
	return RV_OK;
}

static rv_status read_policy(struct rv_policy_parser *p, const struct rv_policy_value *defaults,
			     const json_t *object, struct rv_policy *out)
{
	for (unsigned i = 0; i < RV_PK__COUNT; i++)
		RV_TRY(rv_policy_value_copy(&defaults[i], &out->values[i]));
	struct walk w = {.p = p, .values = out->values};
	RV_TRY(read_mapping(&w, object));
	for (unsigned i = 0; i < RV_PK__COUNT; i++)
		if ((key_table[i].flags & RV_PKF_NEEDED) != 0 && !out->values[i].is_set)
			return rv_yaml_fail(p->yaml, object, NULL, p->diag,
					    "the policy has no \"%s\"", key_table[i].path);
	out->src = rv_policy_src(p->yaml, object, "name");
	RV_TRY(name_check(p, out, object));
	return together_check(p, out, object);
}

static void policy_free(struct rv_policy *policy)
{
	for (unsigned i = 0; policy != NULL && i < RV_PK__COUNT; i++)
		rv_policy_value_done(&policy->values[i]);
	free(policy);
}

static rv_status add_policy(struct rv_policy_parser *p, const struct rv_policy_value *defaults,
			    const json_t *object)
{
	struct rv_policy_set *set = p->set;
	if (!json_is_object(object))
		return rv_yaml_fail(p->yaml, json_is_string(object) ? object : NULL, NULL, p->diag,
				    "each item of \"policies\" holds keys: - name: ..");
	if (set->count == RV_POLICIES_MAX)
		return rv_yaml_fail(p->yaml, object, NULL, p->diag, "more than %d policies",
				    RV_POLICIES_MAX);
	struct rv_policy **grown = reallocarray(set->policies, set->count + 1, sizeof(*grown));
	if (grown == NULL)
		return rv_fail_nomem(p->diag);
	set->policies = grown;
	struct rv_policy *policy = calloc(1, sizeof(*policy));
	if (policy == NULL)
		return rv_fail_nomem(p->diag);
	rv_status s = read_policy(p, defaults, object, policy);
	if (!rv_is_ok(s)) {
		policy_free(policy);
		return s;
	}
	set->policies[set->count++] = policy;
	return RV_OK;
}

static rv_status top_check(struct rv_policy_parser *p, json_t *root)
{
	static const char *const words[] = {"version", "defaults", "policies", NULL};
	if (!json_is_object(root))
		return rv_yaml_fail(p->yaml, root, NULL, p->diag,
				    "a policy file starts with version: 1");
	const char *name = NULL;
	json_t *node = NULL;
	json_object_foreach (root, name, node) {
		if (strcmp(name, "version") == 0 || strcmp(name, "defaults") == 0 ||
		    strcmp(name, "policies") == 0)
			continue;
		const char *near = rv_suggest(name, words);
		return rv_yaml_fail(p->yaml, root, name, p->diag, "unknown key \"%s\"%s%s%s", name,
				    near ? "; did you mean " : "", near ? near : "",
				    near ? "?" : "");
	}
	const json_t *version = json_object_get(root, "version");
	if (version == NULL)
		return rv_yaml_fail(p->yaml, root, NULL, p->diag, "the file has no \"version: 1\"");
	if (!json_is_integer(version) || json_integer_value(version) != 1)
		return rv_yaml_fail(p->yaml, root, "version", p->diag,
				    "this Reeve reads version: 1 only");
	const json_t *policies = json_object_get(root, "policies");
	if (policies != NULL && !json_is_array(policies))
		return rv_yaml_fail(p->yaml, root, "policies", p->diag, "\"policies\" is a list");
	const json_t *defaults = json_object_get(root, "defaults");
	if (defaults != NULL && !json_is_object(defaults))
		return rv_yaml_fail(p->yaml, root, "defaults", p->diag, "\"defaults\" holds keys");
	return RV_OK;
}

static rv_status read_file(struct rv_policy_parser *p, json_t *root,
			   struct rv_policy_value *defaults)
{
	built_in(defaults);
	const json_t *own = json_object_get(root, "defaults");
	if (own != NULL) {
		struct walk w = {.p = p, .values = defaults, .in_defaults = true};
		RV_TRY(read_mapping(&w, own));
	}
	for (unsigned i = 0; i < RV_PK__COUNT; i++)
		defaults[i].from_default = true;
	const json_t *policies = json_object_get(root, "policies");
	for (size_t i = 0; i < json_array_size(policies); i++)
		RV_TRY(add_policy(p, defaults, json_array_get(policies, i)));
	return RV_OK;
}

rv_status rv_policy_file_parse(struct rv_policy_parser *p)
{
	json_t *root = rv_yaml_root(p->yaml);
	RV_TRY(top_check(p, root));
	struct rv_policy_value *defaults = calloc(RV_PK__COUNT, sizeof(*defaults));
	if (defaults == NULL)
		return rv_fail_nomem(p->diag);
	rv_status s = read_file(p, root, defaults);
	for (unsigned i = 0; i < RV_PK__COUNT; i++)
		rv_policy_value_done(&defaults[i]);
	free(defaults);
	return s;
}

void rv_policy_set_free(struct rv_policy_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->count; i++)
		policy_free(set->policies[i]);
	free(set->policies);
	for (size_t i = 0; i < set->window_count; i++)
		rv_hours_free(set->windows[i]);
	free(set->windows);
	for (size_t i = 0; i < set->file_count; i++) {
		rv_yaml_free(set->files[i].yaml);
		free(set->files[i].path);
	}
	free(set->files);
	free(set);
}

void rv_policy_set_freep(struct rv_policy_set **set)
{
	rv_policy_set_free(*set);
	*set = NULL;
}
