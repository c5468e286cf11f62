/* decide: one value of a policy, from YAML to its checked form. Not here: which keys exist
 * (policy_keys.def), how files become sets (policy_file.c, policy_set.c). */
#include "agent/decide/policy_private.h"

#include "agent/base/clock.h"
#include "agent/base/path.h"

#include <stdio.h>

#define TEXT_MAX 512
#define WHY_MAX	 2000

static const char *const mode_names[] = {"", "observe", "suggest", "enforce", NULL};
static const char *const layout_names[] = {"", "auto", "combined", "pair", NULL};

const char *rv_mode_name(unsigned n)
{
	return n >= 1 && n <= 3 ? mode_names[n] : "invalid";
}

const char *rv_layout_name(unsigned n)
{
	return n >= 1 && n <= 3 ? layout_names[n] : "invalid";
}

struct rv_src rv_policy_src(const struct rv_yaml *yaml, const json_t *node, const char *key)
{
	struct rv_src src = {.file = rv_yaml_file(yaml)};
	rv_yaml_mark(yaml, node, key, &src.line, &src.column);
	return src;
}

/* Where a complaint points: the item when it is one of its own, else the key. */
struct spot {
	struct rv_policy_parser *p;
	enum rv_policy_key key;
	const json_t *parent;
	const char *name;
	const json_t *item; /* NULL: the key itself */
};

#define COMPLAIN(at, ...)                                                                    \
	((at)->item != NULL                                                                  \
		 ? rv_yaml_fail((at)->p->yaml, (at)->item, NULL, (at)->p->diag, __VA_ARGS__) \
		 : rv_yaml_fail((at)->p->yaml, (at)->parent, (at)->name, (at)->p->diag,      \
				__VA_ARGS__))

static const char *key_path(const struct spot *at)
{
	return rv_policy_keys()[at->key].path;
}

static rv_status text_of(const struct spot *at, const json_t *node, const char **out)
{
	if (!json_is_string(node))
		return COMPLAIN(at, "%s must be text; put it in quotes", key_path(at));
	const char *text = json_string_value(node);
	size_t len = json_string_length(node);
	size_t max = at->key == RV_PK_WHY ? WHY_MAX : TEXT_MAX;
	if (len == 0 || len > max || strlen(text) != len)
		return COMPLAIN(at, "%s must have 1 to %zu characters", key_path(at), max);
	for (size_t i = 0; i < len; i++)
		if ((uint8_t)text[i] < 0x20 && !(at->key == RV_PK_WHY && text[i] == '\n'))
			return COMPLAIN(at, "%s holds a control character", key_path(at));
	*out = text;
	return RV_OK;
}

static rv_status duration_of(const struct spot *at, const json_t *node, int64_t *out)
{
	if (json_is_integer(node))
		return COMPLAIN(at, "%s needs a unit: write %lldd, %lldh ..", key_path(at),
				(long long)json_integer_value(node),
				(long long)json_integer_value(node));
	const char *text = NULL;
	RV_TRY(text_of(at, node, &text));
	struct rv_diag inner = {0};
	if (!rv_is_ok(rv_duration_parse(rv_str_of(text), out, &inner)))
		return COMPLAIN(at, "%s: \"%s\" is no duration: a number and one of s min h d w",
				key_path(at), text);
	return RV_OK;
}

static rv_status percent_of(const struct spot *at, const char *text, unsigned max, int64_t *out)
{
	int64_t value = 0;
	size_t n = 0;
	while (text[n] >= '0' && text[n] <= '9' && n < 4)
		value = value * 10 + (text[n++] - '0');
	if (n == 0 || strcmp(text + n, "%") != 0 || value < 1 || value > max)
		return COMPLAIN(at, "%s: \"%s\" is no percentage from 1%% to %u%%", key_path(at),
				text, max);
	*out = value;
	return RV_OK;
}

static rv_status left_of(const struct spot *at, const json_t *node, struct rv_policy_value *v)
{
	const char *text = json_string_value(node);
	if (text == NULL || strchr(text, '%') == NULL)
		return duration_of(at, node, &v->number);
	v->is_percent = true;
	return percent_of(at, text, 99, &v->number);
}

/* "0.8", "0.85", 1: as percent. */
static rv_status fraction_of(const struct spot *at, const json_t *node, int64_t *out)
{
	if (json_is_integer(node) && (json_integer_value(node) | 1) == 1) {
		*out = json_integer_value(node) * 100;
		return RV_OK;
	}
	const char *text = json_string_value(node);
	size_t len = text ? strlen(text) : 0;
	bool is_fine = len >= 3 && len <= 4 && (text[0] == '0' || text[0] == '1') && text[1] == '.';
	for (size_t i = 2; is_fine && i < len; i++)
		is_fine = text[i] >= '0' && text[i] <= '9';
	if (!is_fine)
		return COMPLAIN(at, "%s must be a number from 0 to 1 with at most two decimals",
				key_path(at));
	int64_t value =
		(text[0] - '0') * 100 + (text[2] - '0') * 10 + (len == 4 ? text[3] - '0' : 0);
	if (value > 100)
		return COMPLAIN(at, "%s must be a number from 0 to 1", key_path(at));
	*out = value;
	return RV_OK;
}

static rv_status octal_of(const struct spot *at, const json_t *node, int64_t *out)
{
	const char *text = json_string_value(node);
	size_t len = text ? strlen(text) : 0;
	int64_t value = 0;
	bool is_fine = len == 3 || (len == 4 && text[0] == '0');
	for (size_t i = 0; is_fine && i < len; i++) {
		is_fine = text[i] >= '0' && text[i] <= '7';
		value = value * 8 + (text[i] - '0');
	}
	if (!is_fine)
		return COMPLAIN(at, "%s must be a quoted file mode such as \"0600\"", key_path(at));
	*out = value;
	return RV_OK;
}

static rv_status integer_of(const struct spot *at, const json_t *node, int64_t min, int64_t max,
			    int64_t *out)
{
	if (!json_is_integer(node) || json_integer_value(node) < min ||
	    json_integer_value(node) > max)
		return COMPLAIN(at, "%s must be a whole number from %lld to %lld", key_path(at),
				(long long)min, (long long)max);
	*out = json_integer_value(node);
	return RV_OK;
}

static rv_status word_of(const struct spot *at, const json_t *node, const char *const *words,
			 int64_t *out)
{
	const char *text = json_string_value(node);
	for (int64_t i = 1; text != NULL && words[i] != NULL; i++) {
		if (strcmp(text, words[i]) == 0) {
			*out = i;
			return RV_OK;
		}
	}
	const char *near = text ? rv_suggest(text, words + 1) : NULL;
	return COMPLAIN(at, "%s must be %s, %s or %s%s%s%s", key_path(at), words[1], words[2],
			words[3], near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static rv_status kind_of(const struct spot *at, const char *text, int64_t *out)
{
#define RV_WORD_(s, n, t) t,
	static const char *const words[] = {RV_KINDS(RV_WORD_) NULL};
#undef RV_WORD_
	*out = rv_kind_of(rv_str_of(text));
	if (*out != 0)
		return RV_OK;
	const char *near = rv_suggest(text, words);
	return COMPLAIN(at, "\"%s\" is no kind of credential%s%s%s", text,
			near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static rv_status glob_check(const struct spot *at, const char *text)
{
	struct rv_diag inner = {0};
	if (!rv_glob_is_valid(rv_str_of(text), &inner))
		return COMPLAIN(at, "%s: \"%s\": %s", key_path(at), text, inner.text);
	bool is_path = at->key == RV_PK_MATCH_PATH || at->key == RV_PK_NOT_PATH;
	if (is_path && text[0] != '/' && strncmp(text, "**", 2) != 0 &&
	    strncmp(text, "tls:", 4) != 0)
		return COMPLAIN(at,
				"%s: \"%s\" can match no path: globs are anchored; write \"**/%s\"",
				key_path(at), text, text);
	return RV_OK;
}

static rv_status target_check(const struct spot *at, const char *text)
{
	const char *host = text + 6;
	const char *colon = strncmp(text, "tls://", 6) == 0 ? strrchr(host, ':') : NULL;
	char *end = NULL;
	long port = colon && colon[1] >= '0' && colon[1] <= '9' ? strtol(colon + 1, &end, 10) : 0;
	if (colon == NULL || colon == host || port < 1 || port > 65535 || *end != 0)
		return COMPLAIN(at, "%s: \"%s\" is no target: write tls://host:port", key_path(at),
				text);
	return RV_OK;
}

static rv_status window_of(const struct spot *at, const char *text, struct rv_hours **out)
{
	struct rv_policy_set *set = at->p->set;
	struct rv_diag inner = {0};
	struct rv_hours **grown = reallocarray(set->windows, set->window_count + 1, sizeof(*grown));
	if (grown == NULL)
		return rv_fail_nomem(at->p->diag);
	set->windows = grown;
	rv_status s = rv_hours_parse(rv_str_of(text), at->p->zone_dir, out, &inner);
	if (rv_class_of(s) == RV_CLASS_EXHAUSTED)
		return s;
	if (!rv_is_ok(s))
		return COMPLAIN(at, "%s: %s", key_path(at), inner.text);
	set->windows[set->window_count++] = *out;
	return RV_OK;
}

static rv_status item_of(const struct spot *at, const json_t *node, struct rv_policy_value *v,
			 size_t i)
{
	RV_TRY(text_of(at, node, &v->items[i]));
	switch (rv_policy_keys()[at->key].type) {
	case RV_PT_GLOBS:
		return glob_check(at, v->items[i]);
	case RV_PT_KINDS:
		return kind_of(at, v->items[i], &v->numbers[i]);
	case RV_PT_DURATIONS:
		return duration_of(at, node, &v->numbers[i]);
	case RV_PT_WINDOWS:
		return window_of(at, v->items[i], &v->windows[i]);
	case RV_PT_TARGETS:
		return target_check(at, v->items[i]);
	case RV_PT_TEXT:
	case RV_PT_TEXTS:
	case RV_PT_DURATION:
	case RV_PT_LEFT:
	case RV_PT_FRACTION:
	case RV_PT_OCTAL:
	case RV_PT_COUNT:
	case RV_PT_PRIORITY:
	case RV_PT_BOOL:
	case RV_PT_MODE:
	case RV_PT_LAYOUT:
	case RV_PT__COUNT:
		break;
	}
	return RV_OK;
}

/* A single string is a list of one. */
static rv_status list_of(struct spot *at, const json_t *node, struct rv_policy_value *v)
{
	size_t count = json_is_array(node) ? json_array_size(node) : 1;
	if (count == 0)
		return COMPLAIN(at, "%s is an empty list; leave it out or write null",
				key_path(at));
	if (count > RV_POLICY_ITEMS_MAX)
		return COMPLAIN(at, "%s has more than %d items", key_path(at), RV_POLICY_ITEMS_MAX);
	v->items = calloc(count, sizeof(*v->items));
	v->numbers = calloc(count, sizeof(*v->numbers));
	v->windows = calloc(count, sizeof(*v->windows));
	if (v->items == NULL || v->numbers == NULL || v->windows == NULL)
		return rv_fail_nomem(at->p->diag);
	v->count = count;
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_is_array(node) ? json_array_get(node, i) : node;
		/* true, false and null are shared nodes without a place of their own. */
		at->item = json_is_string(item) || json_is_integer(item) ? item : NULL;
		RV_TRY(item_of(at, item, v, i));
	}
	return RV_OK;
}

static rv_status parse_typed(struct spot *at, const json_t *node, struct rv_policy_value *v)
{
	switch (rv_policy_keys()[at->key].type) {
	case RV_PT_DURATION:
		return duration_of(at, node, &v->number);
	case RV_PT_LEFT:
		return left_of(at, node, v);
	case RV_PT_FRACTION:
		return fraction_of(at, node, &v->number);
	case RV_PT_OCTAL:
		return octal_of(at, node, &v->number);
	case RV_PT_COUNT:
		return integer_of(at, node, 0, 1000000, &v->number);
	case RV_PT_PRIORITY:
		return integer_of(at, node, -1000, 1000, &v->number);
	case RV_PT_BOOL:
		if (!json_is_boolean(node))
			return COMPLAIN(at, "%s must be true or false", key_path(at));
		v->number = json_is_true(node);
		return RV_OK;
	case RV_PT_MODE:
		return word_of(at, node, mode_names, &v->number);
	case RV_PT_LAYOUT:
		return word_of(at, node, layout_names, &v->number);
	case RV_PT_TEXT:
		if (!json_is_string(node))
			return COMPLAIN(at, "%s must be text; put it in quotes", key_path(at));
		return list_of(at, node, v);
	case RV_PT_TEXTS:
	case RV_PT_GLOBS:
	case RV_PT_KINDS:
	case RV_PT_DURATIONS:
	case RV_PT_WINDOWS:
	case RV_PT_TARGETS:
		return list_of(at, node, v);
	case RV_PT__COUNT:
		break;
	}
	return (rv_status){RV_CLASS_BUG, 0};
}

rv_status rv_policy_value_parse(struct rv_policy_parser *p, enum rv_policy_key key,
				const json_t *parent, const char *name, const json_t *node,
				struct rv_policy_value *out)
{
	struct spot at = {p, key, parent, name, NULL};
	struct rv_policy_value v = {.src = rv_policy_src(p->yaml, parent, name)};
	if (json_is_null(node)) {
		if ((rv_policy_keys()[key].flags & RV_PKF_NEEDED) != 0)
			return COMPLAIN(&at, "%s cannot be unset", key_path(&at));
	} else {
		rv_status s = parse_typed(&at, node, &v);
		if (!rv_is_ok(s)) {
			rv_policy_value_done(&v);
			return s;
		}
		v.is_set = true;
	}
	rv_policy_value_done(out);
	*out = v;
	return RV_OK;
}

rv_status rv_policy_value_copy(const struct rv_policy_value *from, struct rv_policy_value *out)
{
	struct rv_policy_value v = *from;
	v.items = NULL;
	v.numbers = NULL;
	v.windows = NULL;
	if (from->count > 0) {
		v.items = calloc(from->count, sizeof(*v.items));
		v.numbers = calloc(from->count, sizeof(*v.numbers));
		v.windows = calloc(from->count, sizeof(*v.windows));
		if (v.items == NULL || v.numbers == NULL || v.windows == NULL) {
			rv_policy_value_done(&v);
			return rv_fail_nomem(NULL);
		}
		for (size_t i = 0; i < from->count; i++) {
			v.items[i] = from->items[i];
			v.numbers[i] = from->numbers[i];
			v.windows[i] = from->windows[i];
		}
	}
	*out = v;
	return RV_OK;
}

void rv_policy_value_done(struct rv_policy_value *v)
{
	free(v->items);
	free(v->numbers);
	free(v->windows);
	*v = (struct rv_policy_value){0};
}

/* "90d" where whole, else the next smaller unit. */
static void duration_words(int64_t us, char *out, size_t size)
{
	static const struct {
		int64_t us;
		const char *unit;
	} units[] = {{RV_US_PER_DAY, "d"},
		     {3600 * RV_US_PER_S, "h"},
		     {60 * RV_US_PER_S, "min"},
		     {RV_US_PER_S, "s"}};
	size_t i = 0;
	while (i < 3 && us % units[i].us != 0)
		i++;
	snprintf(out, size, "%lld%s", (long long)(us / units[i].us), units[i].unit);
}

/* "[a, b]", or "[a, ..]" when it does not fit. */
static void list_words(const struct rv_policy_value *v, char *out, size_t size)
{
	size_t at = 0;
	for (size_t i = 0; i < v->count; i++) {
		size_t len = strlen(v->items[i]);
		if (at + len + 6 >= size) {
			snprintf(out + at, size - at, "%s..]", i == 0 ? "[" : "");
			return;
		}
		out[at] = i == 0 ? '[' : ' ';
		memcpy(out + at + 1, v->items[i], len);
		at += len + 1;
		out[at++] = i + 1 == v->count ? ']' : ',';
	}
	out[at] = 0;
}

void rv_policy_value_text(const struct rv_policy_value *v, enum rv_policy_key key, char *out,
			  size_t size)
{
	enum rv_policy_type type = rv_policy_keys()[key].type;
	if (!v->is_set) {
		snprintf(out, size, "unset");
	} else if (type == RV_PT_DURATION || (type == RV_PT_LEFT && !v->is_percent)) {
		duration_words(v->number, out, size);
	} else if (type == RV_PT_LEFT || type == RV_PT_FRACTION) {
		snprintf(out, size, "%lld%%", (long long)v->number);
	} else if (type == RV_PT_OCTAL) {
		snprintf(out, size, "%04llo", (unsigned long long)v->number);
	} else if (type == RV_PT_BOOL) {
		snprintf(out, size, "%s", v->number ? "true" : "false");
	} else if (type == RV_PT_MODE) {
		snprintf(out, size, "%s", rv_mode_name((unsigned)v->number));
	} else if (type == RV_PT_LAYOUT) {
		snprintf(out, size, "%s", rv_layout_name((unsigned)v->number));
	} else if (v->count == 1) {
		snprintf(out, size, "%s", v->items[0]);
	} else if (v->count > 1) {
		list_words(v, out, size);
	} else {
		snprintf(out, size, "%lld", (long long)v->number);
	}
}
