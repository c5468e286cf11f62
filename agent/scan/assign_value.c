/* scan: how far a value goes. Not here: what it is worth (value.h, assign.c). */
#include "agent/scan/assign_private.h"
#include "agent/scan/wordlist.h"

#define WRAP_MAX  56
#define ENV_REACH 16
#define INNER_MIN 16
/* '=' and ':' of a bare value. Each may bind a name to a value that goes as far as this one: were
 * there no limit, a line of nothing else would be gone through as often as it has names. */
#define SIGNS_MAX 64

size_t rv_line_start(const struct rv_place *p, size_t at)
{
	size_t stop = at > RV_ASSIGN_REACH * 4 ? at - RV_ASSIGN_REACH * 4 : 0;
	const uint8_t *newline = at > stop ? memrchr(p->bytes.data + stop, '\n', at - stop) : NULL;

	return newline ? (size_t)(newline - p->bytes.data) + 1 : stop;
}

/* By the quotes before the name on its line. */
static bool look_for_string(const struct rv_place *p)
{
	uint8_t open = 0;

	for (size_t i = rv_line_start(p, p->name_start); i < p->name_start; i++) {
		uint8_t c = p->bytes.data[i];

		if (c == '\\' && open)
			i++;
		else if (open ? c == open : rv_is_quote(c))
			open = open ? 0 : c;
	}
	return open != 0;
}

/* Is the name inside a string of code? */
static bool is_in_string(const struct rv_place *p)
{
	uint8_t *known = &p->common->in_string;

	if (*known == RV_UNKNOWN)
		*known = look_for_string(p) ? RV_KNOWN_YES : RV_KNOWN_NO;
	return *known == RV_KNOWN_YES;
}

static bool look_for_comment(const struct rv_place *p)
{
	size_t at = rv_skip_blanks(p, rv_line_start(p, p->name_start));
	uint8_t c = rv_at(p, at);
	uint8_t d = rv_at(p, at + 1);

	return at < p->name_start && (c == '#' || c == ';' || (c == '*' && d == ' ') ||
				      (c == '/' && (d == '/' || d == '*')) ||
				      (c == '-' && d == '-') || (c == '<' && d == '!'));
}

bool rv_is_in_comment(const struct rv_place *p)
{
	uint8_t *known = &p->common->in_comment;

	if (*known == RV_UNKNOWN)
		*known = look_for_comment(p) ? RV_KNOWN_YES : RV_KNOWN_NO;
	return *known == RV_KNOWN_YES;
}

/* Letters that may stand before a quote: b"..", u'..', @"..", $"..". */
static size_t skip_string_prefix(const struct rv_place *p, size_t at)
{
	for (size_t n = 0; n < 4; n++) {
		uint8_t c = rv_at(p, at + n);

		if (rv_is_quote(c))
			return at + n;
		if (!rv_is_letter(c) && c != '@' && c != '$' && c != '&')
			return at;
		if (rv_is_letter(c) && !strchr("bBrRuUfFlLNs", c))
			return at;
	}
	return at;
}

/* Calls whose argument is not the value but says where it is or what is told of it. */
static rv_wordlist asking = {
	['a' - 'a'] = " ask assert attr argument ",
	['c' - 'a'] = " config column const ",
	['e' - 'a'] = " env error expect equal ",
	['f' - 'a'] = " find fetch format field file flag ",
	['g' - 'a'] = " get ",
	['h' - 'a'] = " header ",
	['i' - 'a'] = " i18n input import ",
	['j' - 'a'] = " join ",
	['l' - 'a'] = " lookup load log ",
	['m' - 'a'] = " match ",
	['n' - 'a'] = " name ",
	['o' - 'a'] = " option open ",
	['p' - 'a'] = " param prompt path print property ",
	['q' - 'a'] = " query ",
	['r' - 'a'] = " read require resolve ",
	['s' - 'a'] = " sizeof select search ",
	['t' - 'a'] = " trans typeof ",
	['u' - 'a'] = " use url ",
	['v' - 'a'] = " var ",
};

static bool is_asking(struct rv_str callee)
{
	/* t(..), _(..), tr(..): what they are given is shown to people. */
	return callee.len <= 3 || rv_wordlist_within(asking, callee);
}

/* new Thing("..", StringEncoder(".."): to the quote, or `at` as it was; also when what is in the
 * quotes has a name of its own, "Thing{ID: ..}". */
static size_t skip_wrap(struct rv_place *p, size_t at)
{
	size_t i = at;
	size_t open = 0;

	for (; i < at + WRAP_MAX && !rv_is_quote(rv_at(p, i)); i++) {
		uint8_t c = rv_at(p, i);

		if (rv_is_letter(c) || rv_is_digit(c) || c == '_' || c == '.')
			continue;
		if (c == '(' || c == '{')
			open = i + 1;
		else if (c == ':' && open && rv_at(p, i + 1) != ':' && rv_at(p, i - 1) != ':')
			return at;
		else if (c != ' ' && c != ':' && c != '<' && c != '>' && c != '[' && c != ']' &&
			 c != '&' && c != '*')
			return at;
	}
	if (!open || !rv_is_quote(rv_at(p, i)) ||
	    is_asking((struct rv_str){p->bytes.data + at, open - at}))
		return at;
	p->bits |= RV_BIT(WRAPPED);
	return i;
}

/* Does "env" stand within ENV_REACH bytes, whatever the case? */
static bool names_env(const struct rv_place *p, size_t at)
{
	size_t left = p->bytes.len - at;
	const uint8_t *b = p->bytes.data + at;

	for (size_t i = 0; i + 2 < left && i < ENV_REACH && b[i] >= ' '; i++) {
		if ((b[i] | 0x20) == 'e' && (b[i + 1] | 0x20) == 'n' && (b[i + 2] | 0x20) == 'v')
			return true;
	}
	return false;
}

/* What is taken when nothing is set: `getenv("X") or ".."`, `process.env.X || '..'`. PowerShell's
 * ConvertTo-SecureString '..' stands before its text, too. To the quote, or `at` as it was. */
static size_t skip_to_default(const struct rv_place *p, size_t at)
{
	static const char *const signs[] = {" || ", " or ", " ?? ", " ?: "};

	size_t inner = rv_at(p, at) == '$' && rv_at(p, at + 1) == '(' ? at + 2 : at;

	if (rv_says_at(p->bytes, inner, "convertto-securestring ")) {
		for (size_t i = inner + 23; i < inner + 48 && rv_at(p, i) >= ' '; i++) {
			if (rv_is_quote(rv_at(p, i)))
				return i;
		}
		return at;
	}
	if (!rv_is_letter(rv_at(p, at)) || !rv_form_is(p, RV_FORM_BIT(CODE)) || !names_env(p, at))
		return at;
	for (size_t i = at; i < at + RV_ASSIGN_REACH && rv_at(p, i) >= ' '; i++) {
		for (size_t k = 0; rv_at(p, i) == ' ' && k < RV_LEN(signs); k++) {
			size_t quote = i + strlen(signs[k]);

			if (rv_says_at(p->bytes, i, signs[k]) && rv_is_quote(rv_at(p, quote)))
				return quote;
		}
	}
	return at;
}

/* "..": to the same quote unescaped on the same line. */
static bool span_quoted(struct rv_place *p, size_t at, bool is_escaped)
{
	uint8_t quote = rv_at(p, at);
	size_t i = ++at;

	for (; i < p->bytes.len && i - at <= RV_ASSIGN_VALUE_MAX; i++) {
		uint8_t c = p->bytes.data[i];

		if (c == '\n' || c == '\r')
			return false;
		if (c == '\\' && rv_at(p, i + 1) == quote && is_escaped)
			break;
		if (c == '\\')
			i++;
		else if (c == quote)
			break;
	}
	if (i >= p->bytes.len || i - at > RV_ASSIGN_VALUE_MAX)
		return false;
	p->start = at;
	p->len = i - at;
	p->is_quoted = true;
	p->bits |= RV_BIT(QUOTED);
	size_t next = rv_skip_blanks(p, i + 1 + is_escaped);

	if (rv_at(p, next) == '+' || (rv_at(p, next) == '.' && rv_at(p, next + 1) == ' ') ||
	    (rv_at(p, next) == '%' && !is_escaped))
		p->bits |= RV_BIT(JOINED);
	return true;
}

/* BasicAuth("user", "password"), Credential("user", "password"): the second is the secret. */
static void take_second(struct rv_place *p)
{
	size_t at = p->start + p->len + 1;
	struct rv_str name = {p->bytes.data + p->name_start, p->name_end - p->name_start};

	if (p->bind != RV_BIND_CALL || !p->is_quoted || rv_at(p, at) != ',' ||
	    (!rv_says(name, "cred") && !rv_says(name, "basic") && !rv_says(name, "userpass")))
		return;
	at = rv_skip_blanks(p, at + 1);
	if (rv_is_quote(rv_at(p, at)) && span_quoted(p, at, false))
		p->bits |= RV_BIT(NAME_PASSWORD);
}

/* To what ends a bare value: of a whole line in a configuration file, else the first sign. */
static bool span_bare(struct rv_place *p, size_t at, const char *ends)
{
	unsigned signs = 0;
	size_t i = at;

	while (i < p->bytes.len && i - at <= RV_ASSIGN_VALUE_MAX) {
		uint8_t c = p->bytes.data[i];

		if (c == '=' || c == ':') {
			if (++signs > SIGNS_MAX)
				return false;
		} else if (c <= ' ' || (!rv_is_letter(c) && !rv_is_digit(c) && strchr(ends, c))) {
			break;
		}
		i++;
	}
	if (i > at + 3 && rv_says_at(p->bytes, i - 3, "..."))
		return false; /* cut short */
	while (i > at && strchr(",;.)]}", p->bytes.data[i - 1]))
		i--;
	p->start = at;
	p->len = i - at;
	return p->len > 0 && p->len <= RV_ASSIGN_VALUE_MAX;
}

/* A sentence is no value: words go on after the blank, and it is no comment. */
static bool goes_on(const struct rv_place *p)
{
	size_t end = p->start + p->len;
	size_t next = rv_skip_blanks(p, end);
	uint8_t c = rv_at(p, next);

	return next > end &&
	       (rv_is_letter(c) || rv_is_digit(c) || c == '(' || c == '+' || c == '|' || c == '?');
}

static bool is_line_form(const struct rv_place *p)
{
	return rv_form_is(p, RV_FORM_BIT(CONFIG) | RV_FORM_BIT(YAML) | RV_FORM_BIT(TEXT) |
				     RV_FORM_BIT(DOC) | RV_FORM_BIT(SHELL) | RV_FORM_BIT(SQL));
}

/* What is bare in code is an expression; a value only inside a text or a comment. Before its line
 * is read for those: one behind a blank must have a digit, none is followed by a bracket or a dot.
 */
static bool may_be_value(const struct rv_place *p, size_t at)
{
	bool has_digit = at == p->at;
	size_t i = at;

	while (rv_is_letter(rv_at(p, i)) || rv_is_digit(rv_at(p, i)) || rv_at(p, i) == '_') {
		has_digit |= rv_is_digit(rv_at(p, i));
		i++;
	}
	uint8_t c = rv_at(p, i);
	bool is_name =
		c == '(' || c == '[' || (c == '.' && rv_is_letter(rv_at(p, i + 1)) && !has_digit);

	return !is_name && (has_digit || c > ' ');
}

/* PGPASSWORD=.. psql in a step of YAML: in capitals, and no blank beside the sign. */
static bool is_before_command(const struct rv_place *p)
{
	size_t end = p->name_end;

	if (p->bind != RV_BIND_ASSIGN || rv_at(p, end) != '=' || rv_at(p, end + 1) <= ' ' ||
	    p->name_start == 0 || !rv_is_blank(p->bytes.data[p->name_start - 1]))
		return false;
	for (size_t i = p->name_start; i < end; i++) {
		if (p->bytes.data[i] >= 'a' && p->bytes.data[i] <= 'z')
			return false;
	}
	return rv_form_is(p, RV_FORM_BIT(YAML));
}

/* wget --password=.. in YAML and texts: it ends where the shell ends it. */
static bool is_option(const struct rv_place *p)
{
	size_t at = p->name_start;

	return p->bind == RV_BIND_ASSIGN && at > 2 && p->bytes.data[at - 1] == '-' &&
	       p->bytes.data[at - 2] == '-' && rv_is_blank(p->bytes.data[at - 3]) &&
	       is_line_form(p);
}

static bool span_unquoted(struct rv_place *p, size_t at)
{
	uint8_t before = p->name_start > 0 ? p->bytes.data[p->name_start - 1] : '\n';
	bool is_query = before == '&' || before == '?' || before == ';';

	if (is_query && p->name_start > 5 && rv_says_at(p->bytes, p->name_start - 5, ".svg?"))
		return false; /* a badge's */
	if (!is_query && !may_be_value(p, at) && rv_form_is(p, RV_FORM_BIT(CODE)))
		return false;
	bool in_string = is_query || is_in_string(p);

	if (p->bind == RV_BIND_TAG)
		return span_bare(p, at, "<\"'") && rv_at(p, p->start + p->len) == '<';
	if (p->bind == RV_BIND_CALL || p->bind == RV_BIND_COMMA || p->bind == RV_BIND_COMPARE)
		return false;
	if (is_query)
		p->bits |= RV_BIT(BY_QUERY);
	if (in_string)
		return span_bare(p, at, "\"'`&;,<>\\)]}") &&
		       (p->len >= 6 || is_query || p->family == RV_FAMILY_PASSWORD) &&
		       (p->bind == RV_BIND_ASSIGN || !goes_on(p));
	bool is_shells = is_option(p) || is_before_command(p);
	if (p->bind == RV_BIND_SPACE || is_shells)
		return span_bare(p, at, "\"'`|<>\\)],;") &&
		       (is_shells || !goes_on(p) || !rv_form_is(p, RV_FORM_BIT(DOC)));
	if (!rv_is_in_comment(p) && !is_line_form(p))
		return false;
	bool is_whole_line = rv_form_is(p, RV_FORM_BIT(CONFIG) | RV_FORM_BIT(YAML));

	if (!span_bare(p, at, is_whole_line ? "" : "\"'`&;<>\\|,)"))
		return false;
	return !goes_on(p) || (p->bind == RV_BIND_ASSIGN && rv_form_is(p, RV_FORM_BIT(SHELL))) ||
	       rv_form_is(p, RV_FORM_BIT(DOC));
}

/* JSON in a string, "{\"sig\":\"..\"}": the longest run of token characters is the value. */
static void narrow_to_inner(struct rv_place *p)
{
	const uint8_t *v = p->bytes.data + p->start;
	size_t best = 0;
	size_t best_at = 0;
	size_t run = 0;

	if (v[0] != '{' || p->len < INNER_MIN)
		return;
	for (size_t i = 0; i <= p->len; i++) {
		bool in = i < p->len &&
			  (rv_is_letter(v[i]) || rv_is_digit(v[i]) || v[i] == '_' || v[i] == '-');

		if (in) {
			run++;
			continue;
		}
		if (run > best) {
			best = run;
			best_at = i - run;
		}
		run = 0;
	}
	if (best < INNER_MIN)
		return;
	p->start += best_at;
	p->len = best;
}

/* "Bearer ..", "ApiKey ..": the scheme's name is not the secret. */
static void drop_scheme(struct rv_place *p)
{
	static const char *const schemes[] = {
		"bearer ",  "basic ",	  "token ", "apikey ", "oauth ",
		"api-key ", "negotiate ", "pass:",  "key ",    "bot "};
	struct rv_str v = {p->bytes.data + p->start, p->len};

	for (size_t i = 0; i < RV_LEN(schemes); i++) {
		size_t len = strlen(schemes[i]);

		if (!rv_says_at(v, 0, schemes[i]) || v.len < len + 3)
			continue;
		p->start += len;
		p->len -= len;
		p->bits |= RV_BIT(IN_HEADER);
		return;
	}
}

static void trim_escapes(struct rv_place *p)
{
	const uint8_t *v = p->bytes.data + p->start;

	while (p->len >= 2 && v[p->len - 2] == '\\' && strchr("nrt", v[p->len - 1]))
		p->len -= 2;
	while (p->len > 0 && rv_is_blank(v[p->len - 1]))
		p->len--;
	while (p->len > 0 && rv_is_blank(p->bytes.data[p->start])) {
		p->start++;
		p->len--;
	}
}

/* Unquoted "Authorization: Bearer x": the value begins after the scheme. */
static size_t skip_scheme(struct rv_place *p, size_t at)
{
	static const char *const schemes[] = {"bearer ", "basic ",   "token ",
					      "apikey ", "api-key ", "oauth "};

	for (size_t i = 0; i < RV_LEN(schemes); i++) {
		if (p->family == RV_FAMILY_AUTH && rv_says_at(p->bytes, at, schemes[i])) {
			p->bits |= RV_BIT(IN_HEADER);
			return rv_skip_blanks(p, at + strlen(schemes[i]));
		}
	}
	return at;
}

bool rv_span_find(struct rv_place *p)
{
	size_t at = rv_skip_blanks(p, p->at);
	bool is_escaped = false;

	if ((rv_at(p, at) == '\n' || rv_at(p, at) == '\r') && p->bind != RV_BIND_COLON &&
	    p->bind != RV_BIND_SPACE && p->bind != RV_BIND_COMMA) {
		while (rv_at(p, at) == '\n' || rv_at(p, at) == '\r' || rv_is_blank(rv_at(p, at)))
			at++;
		if (!rv_is_quote(rv_at(p, at)))
			return false;
	}
	while (rv_at(p, at) == '\\' &&
	       (rv_is_quote(rv_at(p, at + 1)) || rv_at(p, at + 1) == '\\')) {
		is_escaped = true;
		at++;
	}
	if (!is_escaped)
		at = skip_string_prefix(p, at);
	if (p->bind == RV_BIND_CALL && !rv_is_quote(rv_at(p, at)))
		return false;
	if (!rv_is_quote(rv_at(p, at)) && p->bind != RV_BIND_TAG && p->bind != RV_BIND_SPACE)
		at = skip_wrap(p, at);
	if (!rv_is_quote(rv_at(p, at)))
		at = skip_to_default(p, at);

	if (rv_at(p, at) == '`' && rv_form_is(p, RV_FORM_BIT(SHELL)))
		return false; /* a command */
	bool found = rv_is_quote(rv_at(p, at)) ? span_quoted(p, at, is_escaped)
					       : span_unquoted(p, skip_scheme(p, at));

	if (!found)
		return false;
	take_second(p);
	drop_scheme(p);
	narrow_to_inner(p);
	trim_escapes(p);
	return p->len > 0;
}
