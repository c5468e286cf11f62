/* sweep: gitleaks' allowlist tables. Not here: its rules and [extend] (config_gitleaks.c). */
#include "agent/sweep/config_private.h"
#include "agent/sweep/re2.h"

#include <ctype.h>
#include <strings.h>

#define TEXTS_MAX 20000 /* of one list: gitleaks' own stop words are 1500 */

static rv_status add_text(struct rv_scan_config *config, const char **list, size_t *count,
			  struct rv_str text, struct rv_diag *diag)
{
	list[*count] = rv_arena_text(&config->arena, text);
	return list[(*count)++] ? RV_OK : rv_fail_nomem(diag);
}

static rv_status split(struct rv_scan_config *config, const char *text, const char *const **out,
		       struct rv_diag *diag)
{
	size_t pieces = 1, count = 0;

	for (const char *p = text; *p; p++)
		pieces += *p == ',';
	const char **list = rv_arena_array(&config->arena, pieces + 1, sizeof(*list));
	if (!list)
		return rv_fail_nomem(diag);
	for (const char *p = text; *p;) {
		size_t len = strcspn(p, ",");

		RV_TRY(add_text(config, list, &count, (struct rv_str){(const uint8_t *)p, len},
				diag));
		p += len + (p[len] == ',');
	}
	*out = list;
	return RV_OK;
}

rv_status rv_config_read_texts(struct rv_scan_config *config, const struct rv_yaml *y,
			       const json_t *from, const char *key, const char *const **out,
			       struct rv_diag *diag)
{
	const char *name = key;
	const json_t *value = rv_config_get(from, key, &name);
	size_t count = 0;

	*out = NULL;
	if (!value)
		return RV_OK;
	if (json_is_string(value))
		return split(config, json_string_value(value), out, diag);
	if (!json_is_array(value) || json_array_size(value) > TEXTS_MAX)
		return rv_yaml_fail(y, from, name, diag, "%s is a list of at most %d texts", key,
				    TEXTS_MAX);
	const char **list =
		rv_arena_array(&config->arena, json_array_size(value) + 1, sizeof(*list));
	if (!list)
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);

		if (!json_is_string(item))
			return rv_yaml_fail(y, from, name, diag, "each of %s is text", key);
		RV_TRY(add_text(config, list, &count, rv_str_of(json_string_value(item)), diag));
	}
	*out = count ? list : NULL;
	return RV_OK;
}

/* Lower case, in place: the list is ours, in the arena. */
static void lower(const char *const *list)
{
	for (; list && *list; list++) {
		for (char *p = (char *)(uintptr_t)*list; *p; p++)
			*p = (char)tolower((unsigned char)*p);
	}
}

/* The list as one pattern; NULL for a missing key. */
static rv_status read_pattern(struct rv_scan_config *config, const struct rv_yaml *y,
			      const json_t *table, const char *key, struct rv_pattern **out,
			      struct rv_diag *diag)
{
	RV_CLEANUP(rv_pattern_freep) struct rv_pattern *pattern = NULL;
	const char *name = key;
	const char *const *texts;
	struct rv_re2_facts facts;

	RV_TRY(rv_config_read_texts(config, y, table, key, &texts, diag));
	const json_t *list = rv_config_get(table, key, &name);
	if (!texts)
		return RV_OK;
	if (!rv_is_ok(rv_pattern_new(&pattern)))
		return rv_fail_nomem(diag);
	for (size_t i = 0; texts[i]; i++) {
		struct rv_diag why = {0};
		struct rv_buf text;

		rv_buf_init(&text, RV_RE2_TEXT_MAX);
		rv_status status = rv_re2_translate(rv_str_of(texts[i]), &text, &facts, &why);
		const char *regex = rv_is_ok(status) ? rv_buf_cstr(&text) : "";
		if (rv_is_ok(status))
			status = regex ? rv_pattern_add(pattern, regex, &why) : rv_fail_nomem(&why);
		rv_buf_done(&text);
		if (rv_class_of(status) == RV_CLASS_MALFORMED)
			return json_is_array(list) ? rv_yaml_fail(y, json_array_get(list, i), NULL,
								  diag, "%s: %s", key, why.text)
						   : rv_yaml_fail(y, table, name, diag, "%s: %s",
								  key, why.text);
		if (!rv_is_ok(status))
			return rv_fail(rv_class_of(status), diag, "%s", why.text);
	}
	*out = RV_TAKE(pattern);
	return RV_OK;
}

static rv_status read_words(const struct rv_yaml *y, const json_t *table, struct rv_allowlist *list,
			    struct rv_diag *diag)
{
	const char *key = "condition";
	const json_t *value = rv_config_get(table, "condition", &key);
	const char *text = json_string_value(value);

	if (value && !text)
		return rv_yaml_fail(y, table, key, diag, "condition is AND or OR");
	if (text && (strcasecmp(text, "and") == 0 || strcmp(text, "&&") == 0))
		list->is_and = true;
	else if (text && *text && strcasecmp(text, "or") != 0 && strcmp(text, "||") != 0)
		return rv_yaml_fail(y, table, key, diag, "condition is AND or OR");
	key = "regexTarget";
	value = rv_config_get(table, "regexTarget", &key);
	text = json_string_value(value);
	if (text && strcmp(text, "match") == 0)
		list->target = RV_ALLOW_MATCH;
	else if (text && strcmp(text, "line") == 0)
		list->target = RV_ALLOW_LINE;
	else if (value && (!text || (*text && strcmp(text, "secret") != 0)))
		return rv_yaml_fail(y, table, key, diag, "regexTarget is secret, match or line");
	return RV_OK;
}

static void note_unknown_keys(struct rv_scan_config *config, const struct rv_yaml *y,
			      const json_t *table)
{
	static const char *const known[] = {"description", "condition",	  "commits",
					    "paths",	   "regexTarget", "regexes",
					    "stopwords",   "targetRules", NULL};
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)table, key, value) {
		bool is_known = false;
		unsigned line, column;

		for (const char *const *k = known; *k && !is_known; k++)
			is_known = strcasecmp(*k, key) == 0;
		if (is_known)
			continue;
		rv_yaml_mark(y, table, key, &line, &column);
		rv_config_note(config, "%s:%u:%u: %s is no key of an allowlist: it has no effect",
			       rv_yaml_file(y), line, column, key);
	}
}

static rv_status fill(struct rv_scan_config *config, const struct rv_yaml *y, const json_t *table,
		      struct rv_allowlist *list, struct rv_diag *diag)
{
	unsigned line, column;

	if (!json_is_object(table))
		return rv_yaml_fail(y, table, NULL, diag, "an allowlist is a table");
	note_unknown_keys(config, y, table);
	RV_TRY(read_words(y, table, list, diag));
	RV_TRY(rv_config_read_texts(config, y, table, "commits", &list->commits, diag));
	RV_TRY(rv_config_read_texts(config, y, table, "stopwords", &list->stop_words, diag));
	lower(list->commits);
	lower(list->stop_words);
	RV_TRY(read_pattern(config, y, table, "paths", &list->paths, diag));
	RV_TRY(read_pattern(config, y, table, "regexes", &list->regexes, diag));
	if (!list->commits && !list->stop_words && !list->paths && !list->regexes)
		return rv_yaml_fail(
			y, table, NULL, diag,
			"an allowlist has at least one of commits, paths, regexes and stopwords");
	const char *why = json_string_value(rv_config_get(table, "description", NULL));
	rv_yaml_mark(y, table, NULL, &line, &column);
	list->note = rv_config_text(config, "%s:%u%s%s", rv_yaml_file(y), line, why ? ": " : "",
				    why ? why : "");
	return list->note ? RV_OK : rv_fail_nomem(diag);
}

rv_status rv_config_read_allowlist(struct rv_scan_config *config, const struct rv_yaml *y,
				   const json_t *table, const char *const *rules,
				   struct rv_diag *diag)
{
	struct rv_allowlist list = {.rules = rules};

	RV_TRY(rv_list_room(&config->allowlists.items, config->allowlists.count,
			    &config->allowlists.room, sizeof(list), RV_SCAN_CONFIG_LISTS_MAX,
			    diag));
	rv_status status = fill(config, y, table, &list, diag);
	if (!rv_is_ok(status)) {
		rv_pattern_free(list.paths);
		rv_pattern_free(list.regexes);
		return status;
	}
	config->allowlists.items[config->allowlists.count++] = list;
	return RV_OK;
}
