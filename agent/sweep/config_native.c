/* sweep: .reeve.yaml, the key scan. docs/scan-config.md and policies/scan.schema.json say the same.
 * Not here: rule files themselves (scan/rules_load.h). */
#include "agent/scan/check.h"
#include "agent/scan/decode.h"
#include "agent/sweep/config_private.h"
#include "agent/sweep/fields.h"

#include <ctype.h>
#include <strings.h>

#define TEXT_MAX       1024
#define REGEX_MAX      8192
#define LIST_MAX       1000
#define FILE_BYTES_MAX (INT64_C(1) << 30)

static const char *const root_keys[] = {"scan", NULL};
static const char *const scan_keys[] = {"rules",	 "disable",  "allow",	  "min_confidence",
					"strict",	 "baseline", "exclude",	  "decode_depth",
					"archive_depth", "max_file", "rules_day", "allow_validate",
					"never_ask",	 NULL};
static const char *const allow_keys[] = {"paths", "rules", "values", "reason", "until", NULL};

struct reader {
	struct rv_scan_config *config;
	const struct rv_yaml *y;
	struct rv_diag *diag;
};

static rv_status check_keys(const struct reader *r, const json_t *object, const char *const *keys)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
		bool is_known = false;

		for (const char *const *k = keys; *k && !is_known; k++)
			is_known = strcmp(*k, key) == 0;
		if (is_known)
			continue;
		const char *near = rv_suggest(key, keys);
		return rv_yaml_fail(r->y, object, key, r->diag,
				    near ? "unknown key %s: did you mean %s?" : "unknown key %s",
				    rv_yaml_quoted(key), near);
	}
	return RV_OK;
}

/* The texts of a list, or a text alone; NULL-ended, NULL for a missing key. */
static rv_status read_texts(const struct reader *r, const json_t *from, const char *key,
			    const char *const **out)
{
	const json_t *value = json_object_get(from, key);
	size_t count = json_is_array(value) ? json_array_size(value) : 1;

	*out = NULL;
	if (!value)
		return RV_OK;
	if ((!json_is_array(value) && !json_is_string(value)) || count > LIST_MAX)
		return rv_yaml_fail(r->y, from, key, r->diag, "%s is a list of at most %d texts",
				    key, LIST_MAX);
	const char **list = rv_arena_array(&r->config->arena, count + 1, sizeof(*list));
	if (!list)
		return rv_fail_nomem(r->diag);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_is_array(value) ? json_array_get(value, i) : value;
		size_t len = json_string_length(item);

		if (!json_is_string(item) || len == 0 || len > REGEX_MAX)
			return rv_yaml_fail(r->y, from, key, r->diag,
					    "each of %s is text of 1 to %d bytes", key, REGEX_MAX);
		list[i] = rv_arena_text(&r->config->arena, rv_str_of(json_string_value(item)));
		if (!list[i])
			return rv_fail_nomem(r->diag);
	}
	*out = list;
	return RV_OK;
}

static rv_status read_number(const struct reader *r, const json_t *scan, const char *key,
			     unsigned max, unsigned *in_out)
{
	const json_t *value = json_object_get(scan, key);

	if (!value)
		return RV_OK;
	json_int_t n = json_integer_value(value);
	if (!json_is_integer(value) || n < 0 || n > (json_int_t)max)
		return rv_yaml_fail(r->y, scan, key, r->diag, "%s is a number of 0 to %u", key,
				    max);
	*in_out = (unsigned)n;
	return RV_OK;
}

/* 64M, 1G, 500K, or bytes. */
static bool parse_size(const json_t *value, uint64_t *out)
{
	const char *text = json_string_value(value);
	int64_t n = json_integer_value(value);

	if (text) {
		size_t digits = strspn(text, "0123456789");
		const char *unit = strchr("KMG", text[digits]);

		if (digits == 0 || digits > 10 || text[digits] == '\0' || !unit ||
		    text[digits + 1] != '\0')
			return false;
		int64_t factor = *unit == 'K'	? INT64_C(1) << 10
				 : *unit == 'M' ? INT64_C(1) << 20
						: INT64_C(1) << 30;
		if (__builtin_mul_overflow(strtoll(text, NULL, 10), factor, &n))
			return false;
	}
	*out = (uint64_t)n;
	return n > 0 && n <= FILE_BYTES_MAX;
}

static rv_status read_settings(const struct reader *r, const json_t *scan)
{
	struct rv_scan_settings *s = &r->config->settings;
	const json_t *value = json_object_get(scan, "strict");
	unsigned line, column;

	if (value && !json_is_boolean(value))
		return rv_yaml_fail(r->y, scan, "strict", r->diag, "strict is true or false");
	s->is_strict = value ? json_is_true(value) : s->is_strict;
	RV_TRY(read_number(r, scan, "min_confidence", 100, &s->min_confidence));
	RV_TRY(read_number(r, scan, "decode_depth", RV_DECODE_DEPTH_MAX, &s->decode_depth));
	RV_TRY(read_number(r, scan, "archive_depth", 8, &s->archive_depth));
	value = json_object_get(scan, "max_file");
	if (value && !parse_size(value, &s->max_file_bytes))
		return rv_yaml_fail(r->y, scan, "max_file", r->diag,
				    "max_file is a size of at most 1G, as 64M");
	value = json_object_get(scan, "rules_day");
	s->rules_day =
		value ? rv_fields_day_number(rv_str_of(json_string_value(value))) : s->rules_day;
	if (value && !s->rules_day)
		return rv_yaml_fail(r->y, scan, "rules_day", r->diag,
				    "rules_day is a day, as 2026-11-27");
	value = json_object_get(scan, "baseline");
	if (!value)
		return RV_OK;
	if (!json_is_string(value) || json_string_length(value) == 0 ||
	    json_string_length(value) > TEXT_MAX)
		return rv_yaml_fail(r->y, scan, "baseline", r->diag, "baseline is a path");
	rv_yaml_mark(r->y, scan, "baseline", &line, &column);
	s->baseline = rv_arena_text(&r->config->arena, rv_str_of(json_string_value(value)));
	s->baseline_at = rv_config_text(r->config, "%s:%u:%u", rv_yaml_file(r->y), line, column);
	return s->baseline && s->baseline_at ? RV_OK : rv_fail_nomem(r->diag);
}

static bool has_rule(const void *context, const char *id)
{
	const struct rv_scan_config *config = context;

	return rv_ruleset_find(config->ruleset, id) != NULL;
}

static bool has_check(const char *name)
{
	return rv_check_find(name) != NULL;
}

/* Where the file was named, before what is wrong with it. */
static rv_status rules_unread(const struct reader *r, const json_t *scan, rv_status status,
			      const struct rv_diag *why)
{
	const char *file = rv_yaml_file(r->y);
	unsigned line, column;

	if (strncmp(file, "--", 2) == 0) { /* an option, put into our form by who has read it */
		rv_diag_set(r->diag, "%s: %s", file, why->text);
		return status;
	}
	rv_yaml_mark(r->y, scan, "rules", &line, &column);
	rv_diag_next(r->diag,
		     "mend the name, relative to what is scanned, or take it out of rules");
	rv_diag_set(r->diag, "%s:%u:%u: %s", file, line, column,
		    why->text[0] ? why->text : rv_class_name(rv_class_of(status)));
	return status;
}

static rv_status read_rule_files(const struct reader *r, const json_t *scan)
{
	const struct rv_rules_words words = {has_check, has_rule, r->config, false};
	const char *const *files;

	RV_TRY(read_texts(r, scan, "rules", &files));
	if (files && !r->config->own && !rv_is_ok(rv_rules_new(&words, &r->config->own)))
		return rv_fail_nomem(r->diag);
	for (; files && *files; files++) {
		struct rv_buf text;

		struct rv_diag why = {0};

		rv_buf_init(&text, RV_RULES_FILE_MAX);
		rv_status status = rv_config_read(r->config, *files, &text, &why);
		if (!rv_is_ok(status))
			status = rules_unread(r, scan, status, &why);
		else
			status = rv_rules_add(r->config->own, rv_buf_view(&text), *files, r->diag);
		rv_buf_done(&text);
		RV_TRY(status);
	}
	return RV_OK;
}

static rv_status read_values(const struct reader *r, const json_t *entry, struct rv_allowlist *list)
{
	const char *const *values;
	struct rv_diag why = {0};

	RV_TRY(read_texts(r, entry, "values", &values));
	if (values && !rv_is_ok(rv_pattern_new(&list->regexes)))
		return rv_fail_nomem(r->diag);
	for (; values && *values; values++) {
		rv_status status = rv_pattern_add(list->regexes, *values, &why);

		if (rv_class_of(status) == RV_CLASS_MALFORMED)
			return rv_yaml_fail(r->y, entry, "values", r->diag, "%s", why.text);
		RV_TRY(status);
	}
	return RV_OK;
}

static rv_status read_paths(const struct reader *r, const json_t *entry, struct rv_allowlist *list)
{
	const char *const *paths;
	struct rv_diag why = {0};
	size_t count = 0, made = 0;

	RV_TRY(read_texts(r, entry, "paths", &paths));
	if (!paths)
		return RV_OK;
	while (paths[count])
		count++;
	const char **globs = rv_arena_array(&r->config->arena, 2 * count + 1, sizeof(*globs));
	if (!globs)
		return rv_fail_nomem(r->diag);
	for (; *paths; paths++) {
		const char *two[2];
		rv_status status = rv_config_expand_path(r->config, rv_str_of(*paths), two, &why);

		if (rv_class_of(status) == RV_CLASS_MALFORMED)
			return rv_yaml_fail(r->y, entry, "paths", r->diag, "%s", why.text);
		RV_TRY(status);
		globs[made++] = two[0];
		if (two[1])
			globs[made++] = two[1];
	}
	list->globs = globs;
	return RV_OK;
}

/* The reason, and whether the allowance has not ended. */
static rv_status read_reason(const struct reader *r, const json_t *entry, struct rv_allowlist *list,
			     bool *out_holds)
{
	const char *reason = json_string_value(json_object_get(entry, "reason"));
	const json_t *until = json_object_get(entry, "until");
	int64_t end = INT64_MAX;
	unsigned line, column;

	if (!reason || !*reason || strlen(reason) > RV_FIELDS_REASON_MAX)
		return rv_yaml_fail(r->y, entry, reason ? "reason" : NULL, r->diag,
				    "an allowance has a reason of 1 to %d bytes",
				    RV_FIELDS_REASON_MAX);
	if (until && !rv_fields_day_end(rv_str_of(json_string_value(until)), &end))
		return rv_yaml_fail(r->y, entry, "until", r->diag, "until is a day, as 2027-01-01");
	rv_yaml_mark(r->y, entry, NULL, &line, &column);
	list->note = rv_config_text(r->config, "%s:%u: %s", rv_yaml_file(r->y), line, reason);
	*out_holds = end > r->config->now_utc_us;
	if (!*out_holds)
		rv_config_note(r->config, "%s:%u: this allowance has ended", rv_yaml_file(r->y),
			       line);
	return list->note ? RV_OK : rv_fail_nomem(r->diag);
}

static rv_status read_allowance(const struct reader *r, const json_t *entry,
				struct rv_allowlist *list, bool *out_holds)
{
	if (!json_is_object(entry))
		return rv_yaml_fail(r->y, entry, NULL, r->diag,
				    "an allowance is a map: paths, rules, values, reason, until");
	RV_TRY(check_keys(r, entry, allow_keys));
	RV_TRY(read_paths(r, entry, list));
	RV_TRY(read_texts(r, entry, "rules", &list->rules));
	RV_TRY(read_values(r, entry, list));
	if (!list->globs && !list->regexes && !list->rules)
		return rv_yaml_fail(r->y, entry, NULL, r->diag,
				    "an allowance names paths, rules or values");
	return read_reason(r, entry, list, out_holds);
}

static rv_status read_allow(const struct reader *r, const json_t *scan)
{
	const json_t *entries = json_object_get(scan, "allow");
	struct rv_scan_config *config = r->config;

	if (entries && !json_is_array(entries))
		return rv_yaml_fail(r->y, scan, "allow", r->diag, "allow is a list");
	for (size_t i = 0; i < json_array_size(entries); i++) {
		struct rv_allowlist list = {.is_and = true};
		bool holds = false;

		RV_TRY(rv_list_room(&config->allowlists.items, config->allowlists.count,
				    &config->allowlists.room, sizeof(list),
				    RV_SCAN_CONFIG_LISTS_MAX, r->diag));
		rv_status status = read_allowance(r, json_array_get(entries, i), &list, &holds);
		if (!rv_is_ok(status) || !holds)
			rv_pattern_free(list.regexes);
		RV_TRY(status);
		if (holds)
			config->allowlists.items[config->allowlists.count++] = list;
	}
	return RV_OK;
}

static rv_status read_disable(const struct reader *r, const json_t *scan)
{
	const char *const *ids;
	unsigned line, column;

	RV_TRY(read_texts(r, scan, "disable", &ids));
	rv_yaml_mark(r->y, scan, "disable", &line, &column);
	for (; ids && *ids; ids++) {
		const char *where =
			rv_config_text(r->config, "%s:%u:%u", rv_yaml_file(r->y), line, column);

		if (!where)
			return rv_fail_nomem(r->diag);
		RV_TRY(RV_LIST_ROOM(&r->config->forbidden, r->diag));
		r->config->forbidden.items[r->config->forbidden.count++] = *ids;
		RV_TRY(RV_LIST_ROOM(&r->config->forbidden, r->diag));
		r->config->forbidden.items[r->config->forbidden.count++] = where;
	}
	return RV_OK;
}

/* What is asked of providers: consent rule by rule, and what is left in peace. */
static rv_status read_asking(const struct reader *r, const json_t *scan)
{
	struct rv_scan_settings *s = &r->config->settings;
	const char *const *ids;
	const char *const *never;

	RV_TRY(read_texts(r, scan, "allow_validate", &ids));
	for (const char *const *id = ids; id && *id; id++) {
		if (strcasecmp(*id, "all") == 0 || strcmp(*id, "*") == 0)
			return rv_yaml_fail(r->y, scan, "allow_validate", r->diag,
					    "allow_validate names rules one by one: there is no "
					    "consent for all");
	}
	RV_TRY(read_texts(r, scan, "never_ask", &never));
	s->allow_validate = ids ? ids : s->allow_validate;
	s->never_ask = never ? never : s->never_ask;
	return RV_OK;
}

static rv_status read_exclude(const struct reader *r, const json_t *scan)
{
	const char *const *paths;

	RV_TRY(read_texts(r, scan, "exclude", &paths));
	for (; paths && *paths; paths++) {
		struct rv_diag why = {0};
		rv_status status = rv_config_add_path(r->config, rv_str_of(*paths), &why);

		if (rv_class_of(status) == RV_CLASS_MALFORMED)
			return rv_yaml_fail(r->y, scan, "exclude", r->diag, "%s", why.text);
		RV_TRY(status);
	}
	return RV_OK;
}

static rv_status read_root(const struct reader *r)
{
	const json_t *root = rv_yaml_root(r->y);
	const json_t *scan = json_object_get(root, "scan");

	if (json_is_null(root))
		return RV_OK;
	if (!json_is_object(root))
		return rv_yaml_fail(r->y, root, NULL, r->diag, "the key scan is wanted");
	RV_TRY(check_keys(r, root, root_keys));
	if (!scan || json_is_null(scan))
		return RV_OK;
	if (!json_is_object(scan))
		return rv_yaml_fail(r->y, root, "scan", r->diag, "scan is a map of keys");
	RV_TRY(check_keys(r, scan, scan_keys));
	RV_TRY(read_settings(r, scan));
	RV_TRY(read_rule_files(r, scan));
	RV_TRY(read_disable(r, scan));
	RV_TRY(read_exclude(r, scan));
	RV_TRY(read_asking(r, scan));
	return read_allow(r, scan);
}

rv_status rv_config_load_native(struct rv_scan_config *config, struct rv_str text, const char *name,
				struct rv_diag *diag)
{
	RV_CLEANUP(rv_yaml_freep) struct rv_yaml *y = NULL;

	RV_TRY(rv_yaml_parse(text, name, &y, diag));
	const struct reader r = {config, y, diag};
	return read_root(&r);
}
