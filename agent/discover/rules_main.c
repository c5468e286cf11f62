/* discover: reeve-rules, a build tool: policies/detectors/ (YAML) into the C table of scan_db.c and
 * the sample templates of the tests. Not installed; not part of any role. */
#include "agent/base/fd.h"
#include "agent/base/json.h"
#include "agent/base/yaml.h"
#include "agent/model/kinds.h"

#include <ctype.h>
#include <stdio.h>

#define RULES_MAX      512
#define FILE_MAX_BYTES (1 << 20)

struct loaded {
	struct rv_yaml *files[RULES_MAX];
	size_t file_count;
	const json_t *rules[RULES_MAX];
	const struct rv_yaml *from[RULES_MAX];
	size_t count;
};

static const char *const keys[] = {
	"id",	       "provider",    "kind",	    "anchors",	  "regex",     "boundary",
	"tail",	       "value",	      "value_len",  "extend",	  "behind",    "ahead",
	"check",       "near",	      "within",	    "needs_near", "companion", "text_only",
	"min_entropy", "fingerprint", "confidence", "samples",	  NULL};

static bool is_known(const char *const *words, const char *word)
{
	for (; *words; words++) {
		if (strcmp(*words, word) == 0)
			return true;
	}
	return false;
}

static bool is_id(const char *text)
{
	if (*text == '\0')
		return false;
	for (; *text; text++) {
		if (!islower((unsigned char)*text) && !isdigit((unsigned char)*text) &&
		    *text != '-')
			return false;
	}
	return true;
}

static rv_status check_samples(const struct rv_yaml *y, const json_t *rule, struct rv_diag *diag)
{
	static const char *const sorts[] = {"positive", "negative"};
	const json_t *samples = json_object_get(rule, "samples");

	for (size_t i = 0; i < RV_LEN(sorts); i++) {
		if (json_array_size(json_object_get(samples, sorts[i])) == 0)
			return rv_yaml_fail(y, rule, NULL, diag, "no %s sample", sorts[i]);
	}
	return RV_OK;
}

static rv_status check_words(const struct rv_yaml *y, const json_t *rule, struct rv_diag *diag)
{
	static const char *const checks[] = {"",    "crc32-base62", "not-placeholder",
					     "jwt", "looks-random", NULL};
	static const char *const prints[] = {"fleet", "host", NULL};
	static const char *const bounds[] = {"word", "none", NULL};

	if (!is_known(checks, rv_json_text(rule, "check", "")))
		return rv_yaml_fail(y, rule, "check", diag, "unknown check");
	if (!is_known(prints, rv_json_text(rule, "fingerprint", "")))
		return rv_yaml_fail(y, rule, "fingerprint", diag, "fleet or host wanted");
	if (!is_known(bounds, rv_json_text(rule, "boundary", "word")))
		return rv_yaml_fail(y, rule, "boundary", diag, "word or none wanted");
	if (rv_kind_of(rv_str_of(rv_json_text(rule, "kind", ""))) == 0)
		return rv_yaml_fail(y, rule, "kind", diag, "unknown kind");
	return RV_OK;
}

static rv_status check_rule(const struct loaded *all, const struct rv_yaml *y, json_t *rule,
			    struct rv_diag *diag)
{
	const char *key;
	json_t *value;

	json_object_foreach (rule, key, value) {
		if (!is_known(keys, key))
			return rv_yaml_fail(y, rule, key, diag, "unknown key %s", key);
	}
	if (!is_id(rv_json_text(rule, "id", "")) || !is_id(rv_json_text(rule, "provider", "")))
		return rv_yaml_fail(y, rule, "id", diag, "id and provider are of [a-z0-9-]");
	for (size_t i = 0; i < all->count; i++) {
		if (strcmp(rv_json_text(all->rules[i], "id", ""), rv_json_text(rule, "id", "")) ==
		    0)
			return rv_yaml_fail(y, rule, "id", diag, "id is taken");
	}
	const json_t *anchors = json_object_get(rule, "anchors");
	if (json_array_size(anchors) == 0)
		return rv_yaml_fail(y, rule, NULL, diag, "no anchor");
	for (size_t i = 0; i < json_array_size(anchors); i++) {
		const char *anchor = json_string_value(json_array_get(anchors, i));
		size_t len = anchor ? strlen(anchor) : 0;

		if (len < 3 || len > 32)
			return rv_yaml_fail(y, rule, "anchors", diag, "anchors have 3..32 bytes");
	}
	if (*rv_json_text(rule, "regex", "") == '\0')
		return rv_yaml_fail(y, rule, NULL, diag, "no regex");
	RV_TRY(check_words(y, rule, diag));
	return check_samples(y, rule, diag);
}

static rv_status load_file(struct loaded *all, const char *path, struct rv_diag *diag)
{
	struct rv_buf text;

	rv_buf_init(&text, FILE_MAX_BYTES);
	rv_status status = rv_file_read(path, FILE_MAX_BYTES, &text, diag);
	struct rv_yaml *y = NULL;
	if (rv_is_ok(status))
		status = rv_yaml_parse(rv_buf_view(&text), path, &y, diag);
	rv_buf_done(&text);
	if (!rv_is_ok(status))
		return status;
	RV_BUG_ON(all->file_count == RULES_MAX);
	all->files[all->file_count++] = y;
	json_t *rules = json_object_get(rv_yaml_root(y), "rules");
	if (rv_json_int(rv_yaml_root(y), "version", 0) != 1 || !json_is_array(rules))
		return rv_yaml_fail(y, rv_yaml_root(y), NULL, diag, "version: 1 and rules wanted");
	for (size_t i = 0; i < json_array_size(rules); i++) {
		RV_TRY(check_rule(all, y, json_array_get(rules, i), diag));
		RV_BUG_ON(all->count == RULES_MAX);
		all->from[all->count] = y;
		all->rules[all->count++] = json_array_get(rules, i);
	}
	return RV_OK;
}

static void put_string(FILE *out, const char *text)
{
	if (!text) {
		(void)fputs("NULL", out); /* ferror is looked at once, at the end */
		return;
	}
	(void)fputc('"', out); /* as above */
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || strchr(" _-.,:;/+*^!&~=@<>(){}[]|#%$'", c))
			(void)fputc(c, out); /* as above */
		else
			(void)fprintf(out, "\\%03o", c); /* as above */
	}
	(void)fputc('"', out); /* as above */
}

static void put_list(FILE *out, const char *name, size_t rule, const json_t *list)
{
	(void)fprintf(out, "static const char *const %s_%zu[] = {", name, rule); /* as above */
	for (size_t i = 0; i < json_array_size(list); i++) {
		put_string(out, json_string_value(json_array_get(list, i)));
		(void)fputs(", ", out); /* as above */
	}
	(void)fputs("NULL};\n", out); /* as above */
}

static rv_status near_of(const struct loaded *all, size_t rule, long *out, struct rv_diag *diag)
{
	const char *near = rv_json_text(all->rules[rule], "near", NULL);

	*out = -1;
	if (!near)
		return RV_OK;
	for (size_t i = 0; i < all->count; i++) {
		if (strcmp(rv_json_text(all->rules[i], "id", ""), near) == 0)
			*out = (long)i;
	}
	if (*out < 0)
		return rv_yaml_fail(all->from[rule], all->rules[rule], "near", diag, "no rule %s",
				    near);
	return RV_OK;
}

static const char *check_symbol(const char *name)
{
	static const char *const pairs[][2] = {{"crc32-base62", "RV_CHECK_CRC32_BASE62"},
					       {"jwt", "RV_CHECK_JWT"},
					       {"not-placeholder", "RV_CHECK_NOT_PLACEHOLDER"},
					       {"looks-random", "RV_CHECK_LOOKS_RANDOM"}};

	for (size_t i = 0; i < RV_LEN(pairs); i++) {
		if (strcmp(pairs[i][0], name) == 0)
			return pairs[i][1];
	}
	return "RV_CHECK_NONE";
}

static void put_flags(FILE *out, const json_t *rule)
{
	(void)fputs("0", out); /* as above */
	if (strcmp(rv_json_text(rule, "fingerprint", ""), "fleet") == 0)
		(void)fputs(" | RV_RULE_FLEET", out); /* as above */
	if (rv_json_bool(rule, "text_only", false))
		(void)fputs(" | RV_RULE_TEXT_ONLY", out); /* as above */
	if (rv_json_bool(rule, "companion", false))
		(void)fputs(" | RV_RULE_COMPANION", out); /* as above */
	if (rv_json_bool(rule, "needs_near", false))
		(void)fputs(" | RV_RULE_NEEDS_NEAR", out); /* as above */
	if (strcmp(rv_json_text(rule, "boundary", "word"), "none") == 0)
		(void)fputs(" | RV_RULE_ANYWHERE", out); /* as above */
}

static rv_status put_rule(FILE *out, const struct loaded *all, size_t i, struct rv_diag *diag)
{
	static const char *const texts[] = {"id", "provider", "regex", "value", "extend", "tail"};
	static const char *const numbers[] = {"value_len", "behind",	  "ahead",
					      "within",	   "min_entropy", "confidence"};
	const json_t *rule = all->rules[i];
	long near = -1;

	RV_TRY(near_of(all, i, &near, diag));
	(void)fprintf(out, "\t{.anchors = anchors_%zu, .near = %ld,\n\t ", i, near); /* as above */
	for (size_t t = 0; t < RV_LEN(texts); t++) {
		(void)fprintf(out, ".%s = ", texts[t]); /* as above */
		put_string(out, rv_json_text(rule, texts[t], NULL));
		(void)fputs(", ", out); /* as above */
	}
	for (size_t n = 0; n < RV_LEN(numbers); n++)
		(void)fprintf(out, ".%s = %d, ", numbers[n], /* as above */
			      (int)rv_json_int(rule, numbers[n], 0));
	(void)fprintf(out, "\n\t .kind = %u, .check = %s, .flags = ", /* as above */
		      rv_kind_of(rv_str_of(rv_json_text(rule, "kind", ""))),
		      check_symbol(rv_json_text(rule, "check", "")));
	put_flags(out, rule);
	(void)fputs("},\n", out); /* as above */
	return RV_OK;
}

static rv_status write_table(const struct loaded *all, const char *path, struct rv_diag *diag)
{
	FILE *out = fopen(path, "we");

	if (!out)
		return rv_fail_errno(diag, "writing %s", path);
	(void)fputs("/* Made by reeve-rules from policies/detectors/. */\n", out); /* as above */
	for (size_t i = 0; i < all->count; i++)
		put_list(out, "anchors", i, json_object_get(all->rules[i], "anchors"));
	(void)fputs("static const struct rv_rule rules[] = {\n", out); /* as above */
	rv_status status = RV_OK;
	for (size_t i = 0; i < all->count && rv_is_ok(status); i++)
		status = put_rule(out, all, i, diag);
	(void)fputs("};\n", out); /* as above */
	bool has_failed = ferror(out) != 0;
	if (fclose(out) != 0 || has_failed)
		return rv_fail_errno(diag, "writing %s", path);
	return status;
}

static rv_status write_samples(const struct loaded *all, const char *path, struct rv_diag *diag)
{
	FILE *out = fopen(path, "we");

	if (!out)
		return rv_fail_errno(diag, "writing %s", path);
	for (size_t i = 0; i < all->count; i++) {
		const json_t *samples = json_object_get(all->rules[i], "samples");

		put_list(out, "positive", i, json_object_get(samples, "positive"));
		put_list(out, "negative", i, json_object_get(samples, "negative"));
	}
	(void)fputs("static const struct rule_samples {\n\tconst char *id;\n" /* as above */
		    "\tconst char *const *positive;\n\tconst char *const *negative;\n"
		    "} rule_samples[] = {\n",
		    out);
	for (size_t i = 0; i < all->count; i++)
		(void)fprintf(out, "\t{\"%s\", positive_%zu, negative_%zu},\n", /* as above */
			      rv_json_text(all->rules[i], "id", ""), i, i);
	(void)fputs("};\n", out); /* as above */
	bool has_failed = ferror(out) != 0;
	if (fclose(out) != 0 || has_failed)
		return rv_fail_errno(diag, "writing %s", path);
	return RV_OK;
}

int main(int argc, char **argv)
{
	RV_CLEANUP(rv_freep) struct loaded *all = calloc(1, sizeof(*all));
	struct rv_diag diag = {0};
	rv_status status = all ? RV_OK : rv_fail_nomem(&diag);

	if (argc < 4) {
		(void)fputs(
			"usage: reeve-rules TABLE.inc SAMPLES.inc RULES.yaml..\n", /* to stderr */
			stderr);
		return 2;
	}
	for (int i = 3; i < argc && rv_is_ok(status); i++)
		status = load_file(all, argv[i], &diag);
	if (rv_is_ok(status))
		status = write_table(all, argv[1], &diag);
	if (rv_is_ok(status))
		status = write_samples(all, argv[2], &diag);
	for (size_t i = 0; all && i < all->file_count; i++)
		rv_yaml_free(all->files[i]);
	if (!rv_is_ok(status))
		(void)fprintf(stderr, "reeve-rules: %s\n", diag.text); /* to stderr */
	return rv_is_ok(status) ? 0 : 2;
}
