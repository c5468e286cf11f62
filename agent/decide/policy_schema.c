/* decide: the JSON Schema of a policy file, from the key table. Not here: the checks themselves. */
#include "agent/decide/policy_private.h"

#define DURATION_PATTERN "^[0-9]+(s|min|h|d|w)$"

/* json_pack's failure is memory. */
static json_t *string_like(const char *pattern)
{
	return pattern == NULL ? json_pack("{s:s,s:i,s:i}", "type", "string", "minLength", 1,
					   "maxLength", 512)
			       : json_pack("{s:s,s:s}", "type", "string", "pattern", pattern);
}

static json_t *one_or_many(json_t *item)
{
	return item == NULL
		       ? NULL
		       : json_pack("{s:[O,{s:s,s:o,s:i,s:i}]}", "anyOf", item, "type", "array",
				   "items", item, "minItems", 1, "maxItems", RV_POLICY_ITEMS_MAX);
}

static json_t *words(const char *const *list)
{
	json_t *out = json_array();
	for (size_t i = 0; out != NULL && list[i] != NULL; i++) {
		if (json_array_append_new(out, json_string(list[i])) != 0) {
			json_decref(out);
			return NULL;
		}
	}
	return json_pack("{s:o}", "enum", out);
}

static json_t *type_schema(enum rv_policy_type type)
{
#define RV_WORD_(s, n, t) t,
	static const char *const kinds[] = {RV_KINDS(RV_WORD_) NULL};
#undef RV_WORD_
	static const char *const modes[] = {"observe", "suggest", "enforce", NULL};
	static const char *const layouts[] = {"auto", "combined", "pair", NULL};
	switch (type) {
	case RV_PT_TEXT:
		return string_like(NULL);
	case RV_PT_TEXTS:
	case RV_PT_GLOBS:
	case RV_PT_WINDOWS:
		return one_or_many(string_like(NULL));
	case RV_PT_KINDS:
		return one_or_many(words(kinds));
	case RV_PT_DURATION:
		return string_like(DURATION_PATTERN);
	case RV_PT_DURATIONS:
		return one_or_many(string_like(DURATION_PATTERN));
	case RV_PT_LEFT:
		return string_like("^([0-9]+(s|min|h|d|w)|[1-9][0-9]?%)$");
	case RV_PT_FRACTION:
		return json_pack("{s:[s,s],s:i,s:i,s:s}", "type", "number", "string", "minimum", 0,
				 "maximum", 1, "pattern", "^(0\\.[0-9]{1,2}|1\\.00?)$");
	case RV_PT_OCTAL:
		return string_like("^0?[0-7]{3}$");
	case RV_PT_COUNT:
		return json_pack("{s:s,s:i,s:i}", "type", "integer", "minimum", 0, "maximum",
				 1000000);
	case RV_PT_PRIORITY:
		return json_pack("{s:s,s:i,s:i}", "type", "integer", "minimum", -1000, "maximum",
				 1000);
	case RV_PT_BOOL:
		return json_pack("{s:s}", "type", "boolean");
	case RV_PT_MODE:
		return words(modes);
	case RV_PT_LAYOUT:
		return words(layouts);
	case RV_PT_TARGETS:
		return one_or_many(string_like("^tls://.+:[0-9]+$"));
	case RV_PT__COUNT:
		break;
	}
	return NULL;
}

/* The object under `path`'s last dot, made where missing. NULL for no memory. */
static json_t *place_of(json_t *properties, const char *path, const char **out_name)
{
	const char *dot = NULL;
	while ((dot = strchr(path, '.')) != NULL) {
		char name[32] = {0};
		RV_BUG_ON((size_t)(dot - path) >= sizeof(name));
		memcpy(name, path, (size_t)(dot - path));
		json_t *section = json_object_get(properties, name);
		if (section == NULL) {
			section = json_pack("{s:[s,s],s:b,s:{}}", "type", "object", "null",
					    "additionalProperties", 0, "properties");
			if (json_object_set_new(properties, name, section) != 0)
				return NULL;
		}
		properties = json_object_get(section, "properties");
		path = dot + 1;
	}
	*out_name = path;
	return properties;
}

/* All keys whose flags hold one of `flags` (or every key when 0). */
static json_t *object_schema(unsigned flags)
{
	json_t *properties = json_object();
	for (unsigned i = 0; properties != NULL && i < RV_PK__COUNT; i++) {
		const struct rv_policy_key_desc *key = &rv_policy_keys()[i];
		if (flags != 0 && (key->flags & flags) == 0)
			continue;
		json_t *schema = type_schema(key->type);
		if ((key->flags & RV_PKF_NEEDED) == 0)
			schema = json_pack("{s:[o,{s:s}]}", "anyOf", schema, "type", "null");
		const char *name = "";
		json_t *place = place_of(properties, key->path, &name);
		int failed = json_object_set_new(schema, "description", json_string(key->doc));
		if (json_object_set_new(place, name, schema) != 0 || failed != 0) {
			json_decref(properties);
			return NULL;
		}
	}
	return json_pack("{s:s,s:b,s:o}", "type", "object", "additionalProperties", 0, "properties",
			 properties);
}

rv_status rv_policy_schema(json_t **out)
{
	json_t *policy = object_schema(0);
	if (json_object_set_new(policy, "required", json_pack("[s,s,s]", "name", "why", "match"))) {
		json_decref(policy);
		return rv_fail_nomem(NULL);
	}
	json_t *schema = json_pack(
		"{s:s,s:s,s:s,s:b,s:[s],s:{s:{s:i},s:o,s:{s:s,s:i,s:o}}}", "$schema",
		"https://json-schema.org/draft/2020-12/schema", "title", "Reeve policy file",
		"type", "object", "additionalProperties", 0, "required", "version", "properties",
		"version", "const", 1, "defaults", object_schema(RV_PKF_DEFAULT), "policies",
		"type", "array", "maxItems", RV_POLICIES_MAX, "items", policy);
	if (schema == NULL)
		return rv_fail_nomem(NULL);
	*out = schema;
	return RV_OK;
}
