/* scan: one rule's keys into a row, each linted. Not here: validate (rules_request.c). */
#include "agent/scan/rules_row.h"

#include "agent/base/clock.h"
#include "agent/model/kinds.h"
#include "agent/scan/rules_compose.h"
#include "agent/scan/rules_word.h"

#include <ctype.h>

#define TEXT_LEN_MAX   512
#define ID_LEN_MAX     64
#define ALIAS_LEN_MAX  96
#define ANCHOR_LEN_MIN 3
#define LIST_MAX       256
#define AHEAD_DEFAULT  256
#define WITHIN_DEFAULT 512
#define TEMPLATE_SHOWN 40
#define CONFIDENCE_OWN 75 /* of a rule of one's own that names none */

static const char *const rule_keys[] = {
	"id",	       "name",	    "provider",	   "kind",	 "matcher",  "anchors",
	"anchor_case", "regex",	    "behind",	   "ahead",	 "keywords", "format",
	"boundary",    "check",	    "min_entropy", "near",	 "within",   "needs_near",
	"companion",   "text_only", "fingerprint", "confidence", "since",    "aliases",
	"docs",	       "roll",	    "validate",	   "samples",	 NULL};

bool rv_rules_is_id(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > ID_LEN_MAX || text[0] == '-' || text[len - 1] == '-')
		return false;
	for (; *text; text++) {
		if (!islower((unsigned char)*text) && !isdigit((unsigned char)*text) &&
		    *text != '-')
			return false;
	}
	return true;
}

rv_status rv_rules_check_keys(const struct rv_rules_reader *r, const json_t *object,
			      const char *const *keys)
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

/* NULL in out for a missing key. */
static rv_status read_text(const struct rv_rules_reader *r, const json_t *rule, const char *key,
			   size_t max, const char **out)
{
	const json_t *value = json_object_get(rule, key);
	size_t len = json_string_length(value);

	*out = NULL;
	if (!value)
		return RV_OK;
	if (!json_is_string(value) || len == 0 || len > max)
		return rv_yaml_fail(r->y, rule, key, r->diag, "%s is text of 1 to %zu bytes", key,
				    max);
	*out = rv_arena_text(r->arena, rv_str_of(json_string_value(value)));
	return *out ? RV_OK : rv_fail_nomem(r->diag);
}

static rv_status read_number(const struct rv_rules_reader *r, const json_t *rule, const char *key,
			     json_int_t min, json_int_t max, uint16_t *in_out)
{
	const json_t *value = json_object_get(rule, key);

	if (!value)
		return RV_OK;
	json_int_t n = json_integer_value(value);
	if (!json_is_integer(value) || n < min || n > max)
		return rv_yaml_fail(r->y, rule, key, r->diag, "%s is a number of %lld to %lld", key,
				    (long long)min, (long long)max);
	*in_out = (uint16_t)n;
	return RV_OK;
}

static rv_status read_flag(const struct rv_rules_reader *r, const json_t *rule, const char *key,
			   uint32_t flag, uint32_t *flags)
{
	const json_t *value = json_object_get(rule, key);

	if (value && !json_is_boolean(value))
		return rv_yaml_fail(r->y, rule, key, r->diag, "%s is true or false", key);
	if (json_is_true(value))
		*flags |= flag;
	return RV_OK;
}

/* The number of the word in the list; 0 (the first) for a missing key. */
static rv_status read_word(const struct rv_rules_reader *r, const json_t *rule, const char *key,
			   const char *const *words, unsigned *out)
{
	const json_t *value = json_object_get(rule, key);
	const char *text = json_string_value(value);

	*out = 0;
	if (!value)
		return RV_OK;
	for (unsigned i = 0; text && words[i]; i++) {
		*out = i;
		if (strcmp(words[i], text) == 0)
			return RV_OK;
	}
	return rv_yaml_fail(r->y, rule, key, r->diag, "%s is %s%s%s%s%s", key, words[0], " or ",
			    words[1], words[2] ? " or " : "", words[2] ? words[2] : "");
}

rv_status rv_rules_read_list(const struct rv_rules_reader *r, const json_t *from, const char *key,
			     size_t max, const char *const **out)
{
	const json_t *list = json_object_get(from, key);
	size_t count = json_array_size(list);

	*out = NULL;
	if (!list)
		return RV_OK;
	if (!json_is_array(list) || count > LIST_MAX)
		return rv_yaml_fail(r->y, from, key, r->diag, "%s is a list of at most %d texts",
				    key, LIST_MAX);
	const char **texts = rv_arena_array(r->arena, count + 1, sizeof(*texts));
	if (!texts)
		return rv_fail_nomem(r->diag);
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(list, i);
		size_t len = json_string_length(item);

		if (!json_is_string(item) || len == 0 || len > max)
			return rv_yaml_fail(r->y, json_is_string(item) ? item : from,
					    json_is_string(item) ? NULL : key, r->diag,
					    "each of %s is text of 1 to %zu bytes", key, max);
		texts[i] = rv_arena_text(r->arena, rv_str_of(json_string_value(item)));
		if (!texts[i])
			return rv_fail_nomem(r->diag);
	}
	*out = texts;
	return RV_OK;
}

static rv_status read_names(const struct rv_rules_reader *r, const json_t *rule,
			    struct rv_rule *row)
{
	const char *kind;

	if (!json_is_object(rule))
		return rv_yaml_fail(r->y, rule, NULL, r->diag, "a rule is a map of keys");
	RV_TRY(rv_rules_check_keys(r, rule, rule_keys));
	RV_TRY(read_text(r, rule, "id", ID_LEN_MAX, &row->id));
	if (!row->id)
		return rv_yaml_fail(r->y, rule, NULL, r->diag, "this rule has no id");
	if (!rv_rules_is_id(row->id))
		return rv_yaml_fail(r->y, rule, "id", r->diag, "an id is of [a-z0-9-]");
	RV_TRY(read_text(r, rule, "name", TEXT_LEN_MAX, &row->name));
	RV_TRY(read_text(r, rule, "provider", ID_LEN_MAX, &row->provider));
	RV_TRY(read_text(r, rule, "kind", ID_LEN_MAX, &kind));
	RV_TRY(read_text(r, rule, "docs", TEXT_LEN_MAX, &row->docs));
	RV_TRY(read_text(r, rule, "roll", TEXT_LEN_MAX, &row->roll));
	if (r->words->wants_samples && (!row->name || !row->provider))
		return rv_yaml_fail(r->y, rule, NULL, r->diag, "%s has no %s",
				    rv_yaml_quoted(row->id), row->name ? "provider" : "name");
	row->name = row->name ? row->name : row->id;
	row->provider = row->provider ? row->provider : "custom";
	if (!rv_rules_is_id(row->provider))
		return rv_yaml_fail(r->y, rule, "provider", r->diag, "a provider is of [a-z0-9-]");
	unsigned number = rv_kind_of(rv_str_of(kind ? kind : ""));
	if (number != RV_KIND_API_KEY && number != RV_KIND_TOKEN && number != RV_KIND_PASSWORD &&
	    number != RV_KIND_PRIVATE_KEY)
		return rv_yaml_fail(r->y, rule, "kind", r->diag,
				    "kind is api_key, token, password or private_key");
	row->kind = (uint8_t)number;
	return RV_OK;
}

static rv_status read_numbers(const struct rv_rules_reader *r, const json_t *rule,
			      struct rv_rule *row)
{
	uint16_t confidence = r->words->wants_samples ? 0 : CONFIDENCE_OWN;

	row->ahead = AHEAD_DEFAULT;
	row->within = WITHIN_DEFAULT;
	RV_TRY(read_number(r, rule, "behind", 0, 2048, &row->behind));
	RV_TRY(read_number(r, rule, "ahead", 1, RV_RULE_AHEAD_MAX, &row->ahead));
	RV_TRY(read_number(r, rule, "within", 1, RV_RULE_AHEAD_MAX, &row->within));
	RV_TRY(read_number(r, rule, "min_entropy", 0, 80, &row->min_entropy));
	RV_TRY(read_number(r, rule, "confidence", 0, 100, &confidence));
	if (r->words->wants_samples && !json_object_get(rule, "confidence"))
		return rv_yaml_fail(r->y, rule, NULL, r->diag, "%s has no confidence",
				    rv_yaml_quoted(row->id));
	row->confidence = (uint8_t)confidence;
	return RV_OK;
}

static rv_status read_since(const struct rv_rules_reader *r, const json_t *rule,
			    struct rv_rule *row)
{
	const char *text;
	unsigned year, month, day;
	int64_t at;

	RV_TRY(read_text(r, rule, "since", ID_LEN_MAX, &text));
	if (!text && !r->words->wants_samples)
		return RV_OK;
	if (!text || strlen(text) != 10 || !rv_is_ok(rv_time_parse(rv_str_of(text), &at, NULL)))
		return rv_yaml_fail(r->y, rule, text ? "since" : NULL, r->diag,
				    "since is a day, as 2026-11-27");
	year = (unsigned)strtoul(text, NULL, 10);
	month = (unsigned)strtoul(text + 5, NULL, 10);
	day = (unsigned)strtoul(text + 8, NULL, 10);
	row->since = year * 10000 + month * 100 + day;
	return RV_OK;
}

static rv_status read_words(const struct rv_rules_reader *r, const json_t *rule,
			    struct rv_rule *row)
{
	static const char *const prints[] = {"host", "fleet", NULL};
	static const char *const bounds[] = {"word", "none", NULL};
	static const char *const cases[] = {"exact", "any", NULL};
	static const char *const matchers[] = {"regex", "assignment", "pem", NULL};
	unsigned print, bound, folds, matcher;

	RV_TRY(read_word(r, rule, "fingerprint", prints, &print));
	RV_TRY(read_word(r, rule, "boundary", bounds, &bound));
	RV_TRY(read_word(r, rule, "anchor_case", cases, &folds));
	RV_TRY(read_word(r, rule, "matcher", matchers, &matcher));
	row->matcher = (uint8_t)matcher; /* the words stand in the order of enum rv_matcher */
	row->flags |= (print ? RV_RULE_FLEET : 0) | (bound ? RV_RULE_ANYWHERE : 0) |
		      (folds ? RV_RULE_ANCHOR_FOLDS : 0);
	RV_TRY(read_flag(r, rule, "needs_near", RV_RULE_NEEDS_NEAR, &row->flags));
	RV_TRY(read_flag(r, rule, "companion", RV_RULE_COMPANION, &row->flags));
	RV_TRY(read_flag(r, rule, "text_only", RV_RULE_TEXT_ONLY, &row->flags));
	RV_TRY(read_text(r, rule, "check", ID_LEN_MAX, &row->check));
	if (row->check && (!rv_rules_is_id(row->check) ||
			   (r->words->has_check && !r->words->has_check(row->check))))
		return rv_yaml_fail(r->y, rule, "check", r->diag, "there is no check %s",
				    rv_yaml_quoted(row->check));
	return RV_OK;
}

static rv_status read_lists(const struct rv_rules_reader *r, const json_t *rule,
			    struct rv_rule *row)
{
	size_t count = 0;

	RV_TRY(rv_rules_read_list(r, rule, "near", ID_LEN_MAX, &row->near));
	RV_TRY(rv_rules_read_list(r, rule, "aliases", ALIAS_LEN_MAX, &row->aliases));
	for (const char *const *near = row->near; near && *near; near++)
		count++;
	if (count > RV_RULE_NEAR_MAX)
		return rv_yaml_fail(r->y, rule, "near", r->diag, "near has at most %d rules",
				    RV_RULE_NEAR_MAX);
	if ((row->flags & RV_RULE_NEEDS_NEAR) && count == 0)
		return rv_yaml_fail(r->y, rule, "needs_near", r->diag,
				    "needs_near without near: which rule?");
	for (const char *const *alias = row->aliases; alias && *alias; alias++) {
		if (strpbrk(*alias, " \t\r\n,"))
			return rv_yaml_fail(r->y, rule, "aliases", r->diag, "an alias is one word");
	}
	return RV_OK;
}

/* The first error of the regex, or of what it is to do. */
static rv_status lint_regex(const struct rv_rules_reader *r, const json_t *rule, const char *key,
			    const char *regex)
{
	struct rv_diag why = {0};
	bool has_secret, matches_empty;
	uint32_t groups;

	if (!rv_is_ok(rv_rules_regex_lint(regex, &why)))
		return rv_yaml_fail(r->y, rule, key, r->diag, "%s", why.text);
	if (!rv_rules_regex_facts(regex, &has_secret, &matches_empty, &groups))
		return rv_fail_nomem(r->diag);
	if (matches_empty)
		return rv_yaml_fail(r->y, rule, key, r->diag, "this regex matches nothing at all");
	if (strcmp(key, "format") == 0 && has_secret)
		return rv_yaml_fail(r->y, rule, key, r->diag,
				    "a format is the value alone: (?<secret>..) is put around it");
	return RV_OK;
}

/* Built-in rules only: of words those that read like names are passed over (reads.h), as a value of
 * somebody's own may. */
static bool is_of_words(const struct rv_rules_reader *r, const struct rv_rule *row)
{
	return r->words->wants_samples && row->behind == 0 && rv_rules_has_word(row->regex);
}

/* Form (b): keywords and a format become anchors and one regex. */
static rv_status read_keywords(const struct rv_rules_reader *r, const json_t *rule,
			       const char *const *keywords, struct rv_rule *row)
{
	const char *format;
	struct rv_buf text;

	if (json_object_get(rule, "anchors") || json_object_get(rule, "regex"))
		return rv_yaml_fail(r->y, rule, "keywords", r->diag,
				    "anchors and regex, or keywords and format: not both");
	RV_TRY(read_text(r, rule, "format", RV_RULES_REGEX_MAX, &format));
	if (!format)
		return rv_yaml_fail(r->y, rule, NULL, r->diag, "keywords without a format");
	RV_TRY(lint_regex(r, rule, "format", format));
	rv_buf_init(&text, RV_RULES_REGEX_MAX);
	if (!rv_buf_reserve(&text, RV_RULES_REGEX_MAX)) /* then only its length can be refused */
		return rv_fail_nomem(r->diag);
	rv_status status = rv_rules_compose(keywords, format, &text);
	if (rv_is_ok(status))
		row->regex = rv_arena_text(r->arena, rv_buf_view(&text));
	rv_buf_done(&text);
	if (!rv_is_ok(status))
		return rv_yaml_fail(r->y, rule, "format", r->diag,
				    "keywords and format come to more than %d bytes",
				    RV_RULES_REGEX_MAX);
	if (!row->regex)
		return rv_fail_nomem(r->diag);
	row->anchors = keywords;
	row->flags |= RV_RULE_ANCHOR_FOLDS;
	if (is_of_words(r, row))
		row->flags |= RV_RULE_WORD;
	return lint_regex(r, rule, "keywords", row->regex);
}

static rv_status read_matching(const struct rv_rules_reader *r, const json_t *rule,
			       struct rv_rule *row)
{
	const char *const *keywords;

	RV_TRY(rv_rules_read_list(r, rule, "keywords", RV_RULE_ANCHOR_MAX, &keywords));
	if (keywords && row->matcher == RV_MATCHER_REGEX) {
		RV_TRY(read_keywords(r, rule, keywords, row));
	} else if (keywords || json_object_get(rule, "format")) {
		return rv_yaml_fail(r->y, rule, keywords ? "keywords" : "format", r->diag,
				    "keywords and format go together, for the matcher regex");
	} else {
		RV_TRY(rv_rules_read_list(r, rule, "anchors", RV_RULE_ANCHOR_MAX, &row->anchors));
		RV_TRY(read_text(r, rule, "regex", RV_RULES_REGEX_MAX, &row->regex));
	}
	if (!row->anchors || !row->anchors[0])
		return rv_yaml_fail(r->y, rule, NULL, r->diag, "%s has no anchor",
				    rv_yaml_quoted(row->id));
	for (const char *const *anchor = row->anchors; *anchor; anchor++) {
		if (strlen(*anchor) < ANCHOR_LEN_MIN)
			return rv_yaml_fail(r->y, rule, keywords ? "keywords" : "anchors", r->diag,
					    "\"%s\" is too short: 3 to %d bytes", *anchor,
					    RV_RULE_ANCHOR_MAX);
	}
	if ((row->regex != NULL) != (row->matcher == RV_MATCHER_REGEX))
		return rv_yaml_fail(r->y, rule, row->regex ? "regex" : NULL, r->diag,
				    row->regex ? "only the matcher regex has a regex"
					       : "%s has no regex",
				    row->id);
	if (!row->regex || keywords)
		return RV_OK;
	RV_TRY(lint_regex(r, rule, "regex", row->regex));
	if (is_of_words(r, row))
		row->flags |= RV_RULE_WORD;
	return RV_OK;
}

static rv_status lint_template(const struct rv_rules_reader *r, const json_t *samples,
			       const char *key, const char *text)
{
	static const char *const names[] = {
		"alnum:", "upper:",  "lower:", "digit:", "hex:",    "HEX:",    "b32:",
		"b64:",	  "b64url:", "pass:",  "zero:",	 "uuid}",   "jwt}",    "start}",
		"check}", "lalnum:", "alpha:", "lb32:",	 "ualnum:", "bech32:", "BECH32:"};
	const char *at = text;

	while ((at = strchr(at, '{')) != NULL) {
		const char *end = strchr(++at, '}');
		bool is_known = false;

		for (size_t i = 0; i < RV_LEN(names); i++)
			is_known = is_known || strncmp(at, names[i], strlen(names[i])) == 0;
		/* Braces that are no template: ${TOKEN}, {"json": 1}. */
		if (is_known || !end || !islower((unsigned char)*at))
			continue;
		size_t len = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789:");
		if (at + len == end)
			return rv_yaml_fail(r->y, samples, key, r->diag,
					    "there is no template {%.*s}",
					    (int)(len < TEMPLATE_SHOWN ? len : TEMPLATE_SHOWN), at);
	}
	return RV_OK;
}

static rv_status read_samples(const struct rv_rules_reader *r, const json_t *rule,
			      const struct rv_rule *row, struct rv_rule_samples *out)
{
	static const char *const keys[] = {"positive", "negative", NULL};
	static const char *const none[] = {NULL};
	const json_t *samples = json_object_get(rule, "samples");
	const char *const *lists[2] = {NULL, NULL};

	if (samples && !json_is_object(samples))
		return rv_yaml_fail(r->y, rule, "samples", r->diag,
				    "samples has positive and negative");
	if (samples)
		RV_TRY(rv_rules_check_keys(r, samples, keys));
	for (size_t i = 0; i < RV_LEN(lists); i++) {
		RV_TRY(rv_rules_read_list(r, samples, keys[i], 2048, &lists[i]));
		if (r->words->wants_samples && (!lists[i] || !lists[i][0]))
			return rv_yaml_fail(r->y, rule, NULL, r->diag, "%s has no %s sample",
					    rv_yaml_quoted(row->id), keys[i]);
		lists[i] = lists[i] ? lists[i] : none;
		for (const char *const *text = lists[i]; *text; text++)
			RV_TRY(lint_template(r, samples, keys[i], *text));
	}
	*out = (struct rv_rule_samples){row->id, row->check, lists[0], lists[1]};
	return RV_OK;
}

rv_status rv_rules_read_row(const struct rv_rules_reader *r, const json_t *rule,
			    struct rv_rule *out_row, struct rv_rule_samples *out_samples)
{
	struct rv_rule row = {0};
	struct rv_rule_samples samples = {0};

	RV_TRY(read_names(r, rule, &row));
	RV_TRY(read_numbers(r, rule, &row));
	RV_TRY(read_since(r, rule, &row));
	RV_TRY(read_words(r, rule, &row));
	RV_TRY(read_lists(r, rule, &row));
	RV_TRY(read_matching(r, rule, &row));
	RV_TRY(rv_rules_read_request(r, rule, &row.request));
	RV_TRY(read_samples(r, rule, &row, &samples));
	*out_row = row;
	*out_samples = samples;
	return RV_OK;
}
