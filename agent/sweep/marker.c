/* sweep: markers in the source. Not here: what else allows a finding (filter.c). */
#include "agent/sweep/marker.h"

#include "agent/base/yaml.h"
#include "agent/sweep/fields.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#define OURS	  "reeve:allow"
#define MEANT_MAX 9 /* letters of a misspelt word */
#define SIGNS_MAX 3 /* bytes between */

static struct rv_str part(struct rv_str s, size_t from, size_t to)
{
	return (struct rv_str){s.data + from, to - from};
}

/* Where the word stands in s at or after `from`; s.len: nowhere. */
static size_t find(struct rv_str s, size_t from, const char *word, bool folds)
{
	size_t len = strlen(word);

	for (size_t i = from; s.len >= len && i <= s.len - len; i++) {
		const char *at = (const char *)s.data + i;

		if (folds ? strncasecmp(at, word, len) == 0 : memcmp(at, word, len) == 0)
			return i;
	}
	return s.len;
}

static bool has(struct rv_str s, const char *word, bool folds)
{
	return find(s, 0, word, folds) < s.len;
}

static bool is_word(uint8_t c)
{
	return isalnum(c) || c == '_' || c == '-';
}

/* Only a comment's sign before it: the line is there for the marker. */
static bool is_alone(struct rv_str line, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (isalnum(line.data[i]) || line.data[i] >= 0x80)
			return false;
	}
	return true;
}

static struct rv_str line_from(struct rv_str lines, size_t at)
{
	if (at >= lines.len)
		return RV_STR_NONE;
	const uint8_t *end = memchr(lines.data + at, '\n', lines.len - at);

	return part(lines, at, end ? (size_t)(end - lines.data) : lines.len);
}

/* One reeve:allow whose fields begin at `fields`: does it allow this rule now? */
static bool allows(const struct rv_marker_place *place, struct rv_str fields_text,
		   struct rv_marker *out)
{
	struct rv_fields fields = {0};
	struct rv_diag why = {0};
	const char *problem = NULL;

	if (!rv_is_ok(rv_fields_parse(fields_text, &fields, &why)))
		problem = why.text;
	else if (fields.reason.len == 0)
		problem = "no reason=\"..\" is given";
	else if (fields.rule.len && !rv_fields_is_rule(place->rule, fields.rule))
		return false; /* it speaks of another rule */
	else if (fields.until_utc_us <= place->now_utc_us)
		problem = "its until has passed";
	if (!problem) {
		out->name = OURS;
		out->reason = fields.reason;
		return true;
	}
	(void)snprintf(out->problem, sizeof(out->problem), /* cut short at worst */
		       OURS " allows nothing: %.120s", problem);
	rv_text_tame(out->problem);
	return false;
}

static bool find_ours(const struct rv_marker_place *place, struct rv_str s, bool must_be_alone,
		      struct rv_marker *out)
{
	for (size_t at = find(s, 0, OURS, false); at < s.len; at = find(s, at + 1, OURS, false)) {
		size_t end = at + strlen(OURS);

		if ((end < s.len && is_word(s.data[end])) || (at > 0 && is_word(s.data[at - 1])))
			continue;
		if (must_be_alone && !is_alone(s, at))
			continue;
		if (allows(place, line_from(s, end), out))
			return true;
	}
	return false;
}

static size_t skip_back(struct rv_str line, size_t at, const char *set)
{
	while (at > 0 && strchr(set, line.data[at - 1]) && line.data[at - 1])
		at--;
	return at;
}

/* The comment's sign that ends at `at`, with what must close it; NULL: none. */
static const char *comment_before(struct rv_str line, size_t at, size_t *out_start,
				  const char **out_close)
{
	static const char *const signs[][2] = {{"<!--", "-->"}, {"/*", "*/"}, {"//", ""},
					       {"--", ""},	{"#", ""},    {"'", ""}};

	for (size_t i = 0; i < RV_LEN(signs); i++) {
		/* XML's may be followed by # and tabs, the others by spaces alone. */
		size_t end = skip_back(line, at, i == 0 ? "# \t" : " ");
		size_t len = strlen(signs[i][0]);

		if (end < len || memcmp(line.data + end - len, signs[i][0], len) != 0)
			continue;
		*out_start = end - len;
		*out_close = signs[i][1];
		return signs[i][0];
	}
	return NULL;
}

/* detect-secrets: a comment at the end of the line that says `pragma: WORDS`. */
static bool has_pragma(struct rv_str line, const char *const *words, bool must_be_alone)
{
	static const char pragma[] = "pragma:";
	size_t start;
	const char *close;

	while (line.len && isspace(line.data[line.len - 1]))
		line.len--;
	for (size_t at = find(line, 0, pragma, false); at < line.len;
	     at = find(line, at + 1, pragma, false)) {
		size_t after = at + sizeof(pragma) - 1;
		bool is_said = false;

		after += after < line.len && line.data[after] == ' ';
		for (; *words && !is_said; words++)
			is_said = rv_str_starts_with(part(line, after, line.len), *words);
		if (!is_said || !comment_before(line, at, &start, &close) ||
		    !rv_str_ends_with(line, close))
			return false;
		size_t before = skip_back(line, start, " \t");
		return must_be_alone ? before == 0 : before < start;
	}
	return false;
}

static const char *find_pragma(const struct rv_marker_place *place, struct rv_str last)
{
	static const char *const same[] = {"allowlist secret", "allowlist-secret",
					   "whitelist secret", "whitelist-secret", NULL};
	static const char *const next[] = {"allowlist nextline secret", "allowlist-nextline secret",
					   "allowlist nextline-secret", "allowlist-nextline-secret",
					   NULL};

	if (has_pragma(last, same, false))
		return "pragma: allowlist secret";
	return has_pragma(place->before, next, true) ? "pragma: allowlist nextline secret" : NULL;
}

static const char *find_foreign(const struct rv_marker_place *place)
{
	size_t end = place->value_end < place->lines.len ? place->value_end : place->lines.len;
	struct rv_str behind = line_from(place->lines, end);
	size_t start = end;

	while (start > 0 && place->lines.data[start - 1] != '\n')
		start--;
	if (has(place->lines, "gitleaks:allow", false))
		return "gitleaks:allow";
	if (has(place->lines, "betterleaks:allow", false))
		return "betterleaks:allow";
	if (has(behind, "trufflehog:ignore", false))
		return "trufflehog:ignore";
	if (has(place->lines, "kingfisher:ignore", true) ||
	    has(place->before, "kingfisher:ignore", true))
		return "kingfisher:ignore";
	if (has(place->lines, "kingfisher:allow", true) ||
	    has(place->before, "kingfisher:allow", true))
		return "kingfisher:allow";
	return find_pragma(place, line_from(place->lines, start));
}

/* "reeve:alow", "reeve: allow": what somebody meant, and what is wanted. */
static void find_misspelt(struct rv_str lines, struct rv_marker *out)
{
	static const char *const meant[] = {"allow",   "allowed", "allowlist", "ignore",
					    "ignored", "disable", "skip",      NULL};
	static const char name[] = "reeve";

	for (size_t at = find(lines, 0, name, true); at < lines.len;
	     at = find(lines, at + 1, name, true)) {
		char word[MEANT_MAX + 1] = {0};
		char shown[sizeof(name) + SIGNS_MAX + MEANT_MAX] = {0};
		size_t from = at + sizeof(name) - 1;
		size_t end = from, len = 0;

		while (end < lines.len && end - from < SIGNS_MAX && lines.data[end] &&
		       strchr(" \t:=-", lines.data[end]))
			end++;
		while (end + len < lines.len && len < MEANT_MAX && isalpha(lines.data[end + len])) {
			word[len] = (char)tolower(lines.data[end + len]);
			len++;
		}
		struct rv_str said = part(lines, at, end + len);
		bool is_whole = (at == 0 || !is_word(lines.data[at - 1])) &&
				(end + len == lines.len || !is_word(lines.data[end + len]));
		if (!is_whole || !memchr(lines.data + from, ':', end - from) ||
		    !rv_suggest(word, meant) || rv_str_is(said, OURS))
			continue;
		memcpy(shown, said.data, said.len);
		(void)snprintf(out->problem, sizeof(out->problem), /* fits */
			       "\"%s\" allows nothing: it is written " OURS " reason=\"..\"",
			       shown);
		rv_text_tame(out->problem);
		return;
	}
}

void rv_marker_find(const struct rv_marker_place *place, struct rv_marker *out)
{
	*out = (struct rv_marker){0};
	/* What is decoded may take all of its lines: then there is only the one above. */
	if (place->lines.len && find_ours(place, place->lines, false, out))
		return;
	if (place->before.len && find_ours(place, place->before, true, out))
		return;
	out->name = find_foreign(place);
	if (!out->name && !out->problem[0])
		find_misspelt(place->lines, out);
}

/* Where the word ends that begins at `at`, in any case, or 0. Between the letters of UTF-16, which
 * nobody decoded, there are NULs. */
static size_t end_of_raw(struct rv_str line, size_t at, const char *word)
{
	for (; *word; word++) {
		while (at < line.len && line.data[at] == 0)
			at++;
		if (at == line.len || tolower(line.data[at]) != *word)
			return 0;
		at++;
	}
	return at;
}

/* Where the word, in small letters, stands in a line as it lies in the file; line.len: nowhere. */
static size_t find_raw(struct rv_str line, const char *word)
{
	for (size_t i = 0; i < line.len; i++) {
		if (tolower(line.data[i]) == *word && end_of_raw(line, i, word) > 0)
			return i;
	}
	return line.len;
}

const char *rv_marker_in_line(struct rv_str line)
{
	static const char *const words[] = {OURS,
					    "gitleaks:allow",
					    "betterleaks:allow",
					    "trufflehog:ignore",
					    "kingfisher:ignore",
					    "kingfisher:allow",
					    "pragma: allowlist",
					    "pragma:allowlist",
					    "pragma: whitelist",
					    "pragma:whitelist"};

	for (size_t i = 0; i < RV_LEN(words); i++) {
		if (find_raw(line, words[i]) < line.len)
			return words[i];
	}
	return NULL;
}

bool rv_marker_reaches_below(struct rv_str line)
{
	static const char *const words[] = {"kingfisher:ignore", "kingfisher:allow", "nextline"};
	size_t at = find_raw(line, OURS);

	for (size_t i = 0; i < RV_LEN(words); i++) {
		if (find_raw(line, words[i]) < line.len)
			return true;
	}
	for (size_t i = 0; i < at && at < line.len; i++) {
		if (isalnum(line.data[i]))
			return false;
	}
	return at < line.len;
}
