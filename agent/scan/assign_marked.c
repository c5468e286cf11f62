/* scan: values marked by something other than a name: addresses, header schemes, command lines,
 * SQL, hashes. Not here: names (assign_bind.c). */
#include "agent/scan/assign_private.h"

#define USERINFO_MAX 256
#define COMMAND_MAX  400
#define FLAGS_MAX    4
#define TOKEN_MIN    12
#define BASIC_MIN    8

static bool is_token_byte(uint8_t c)
{
	return rv_is_letter(c) || rv_is_digit(c) || (c && strchr("-._~+/=", c));
}

static bool take(struct rv_place *p, size_t start, size_t end, uint64_t bits)
{
	if (end <= start || end - start > RV_ASSIGN_VALUE_MAX)
		return false;
	p->start = start;
	p->len = end - start;
	p->bits |= bits;
	return true;
}

static bool ends_userinfo(uint8_t c)
{
	return c == '?' || c == '"' || c == '\'' || c == '`' || c == '<' || c == '>' || c == ',' ||
	       c == ';' || c == '|' || c == '\\';
}

/* Characters of [start, end), "%40" counted as the one that it stands for. */
static size_t plain_len(const struct rv_place *p, size_t start, size_t end)
{
	size_t len = end - start;

	for (size_t i = start; i + 2 < end; i++) {
		if (p->bytes.data[i] == '%' && rv_is_hex(p->bytes.data[i + 1]) &&
		    rv_is_hex(p->bytes.data[i + 2]))
			len -= 2;
	}
	return len;
}

/* scheme://user:password@host: the password ends at the last @ before the path. */
static bool find_url(struct rv_place *p)
{
	size_t stop = p->key_end + USERINFO_MAX;
	size_t colon = 0;
	size_t at = 0;

	for (size_t i = p->key_end; i < stop; i++) {
		uint8_t c = rv_at(p, i);

		if (rv_is_letter(c) || rv_is_digit(c) || c == '.' || c == '-')
			continue;
		if (c <= ' ' || c == '/' || ends_userinfo(c) || (c == '#' && at))
			break;
		if (c == ':' && !colon)
			colon = i;
		if (c == '@' && colon)
			at = i;
	}
	uint8_t host = rv_at(p, at + 1);

	if (at <= colon + 1 || (!rv_is_letter(host) && !rv_is_digit(host) && host != '[' &&
				host != '{' && host != '$'))
		return false;
	return plain_len(p, colon + 1, at) >= RV_VALUE_MIN &&
	       take(p, colon + 1, at, RV_BIT(IN_URL) | RV_BIT(NAME_PASSWORD));
}

/* Does it decode to one printable line with a colon, as user:password? */
static bool is_userpass(struct rv_str v)
{
	uint8_t plain[RV_ASSIGN_VALUE_MAX];
	struct rv_str text = rv_value_decode(v, plain, sizeof(plain));

	return text.len > 0 && memchr(text.data, ':', text.len) &&
	       !memchr(text.data, '\n', text.len) && !memchr(text.data, '\r', text.len);
}

static bool follows_auth(const struct rv_place *p)
{
	size_t from = p->key_start > 48 ? p->key_start - 48 : 0;

	return rv_says((struct rv_str){p->bytes.data + from, p->key_start - from}, "auth");
}

static bool find_scheme(struct rv_place *p)
{
	size_t at = rv_skip_blanks(p, p->key_end);

	if (at == p->key_end && !rv_is_blank(p->bytes.data[p->key_end - 1]))
		return false;
	size_t end = at;

	while (end - at < RV_ASSIGN_VALUE_MAX && is_token_byte(rv_at(p, end)))
		end++;
	if (rv_at(p, end) == '.')
		end--;
	struct rv_str v = {p->bytes.data + at, end - at};
	bool is_basic = (p->bytes.data[p->key_start] | 0x20) == 'b' &&
			(p->bytes.data[p->key_start + 1] | 0x20) == 'a';

	if (v.len < (is_basic ? BASIC_MIN : TOKEN_MIN))
		return false;
	if (is_basic && !is_userpass(v) && !follows_auth(p))
		return false;
	return take(p, at, end,
		    RV_BIT(IN_HEADER) | RV_BIT(NAME_AUTH) | (is_userpass(v) ? RV_BIT(BASE64) : 0));
}

/* curl's --user, --proxy-user, or -u and -U, also behind other letters ("-su me:.."), where what
 * follows stands apart. The end of it, or 0. */
static size_t end_of_login_option(const struct rv_place *p, size_t at)
{
	static const char *const names[] = {"--user ", "--user=", "--proxy-user ", "--proxy-user="};
	size_t end = at + 1;

	for (size_t i = 0; i < RV_LEN(names); i++) {
		if (rv_says_at(p->bytes, at, names[i]))
			return at + strlen(names[i]);
	}
	while (end <= at + FLAGS_MAX && rv_is_letter(rv_at(p, end)) &&
	       (rv_at(p, end) | 0x20) != 'u')
		end++;
	if ((rv_at(p, end) | 0x20) != 'u')
		return 0;
	uint8_t next = rv_at(p, end + 1);

	return end == at + 1 || rv_is_blank(next) || rv_is_quote(next) ? end + 1 : 0;
}

/* Other commands, of which one option is followed by a password. */
struct tool {
	const char *name;    /* its anchor begins so */
	const char *option;  /* NULL: the anchor ends with it */
	const char *further; /* NULL: none */
	bool is_glued;	     /* nothing may stand between */
	bool is_login;	     /* user:password */
};

static const struct tool tools[] = {
	{"mysql", "-p", NULL, true, false},
	{"sshpass", NULL, NULL, false, false}, /* another -p is ssh's port */
	{"docker login", "-p", "--password ", false, false},
	{"podman login", "-p", "--password ", false, false},
	{"redis-cli", "-a", "--pass ", false, false},
	{"http", NULL, NULL, false, true},
};

/* Of the anchor; NULL: curl. */
static const struct tool *find_tool(const struct rv_place *p)
{
	for (size_t i = 0; i < RV_LEN(tools); i++) {
		if (rv_says_at(p->bytes, p->key_start, tools[i].name))
			return &tools[i];
	}
	return NULL;
}

static size_t end_of_tool_option(const struct rv_place *p, size_t at, const struct tool *tool)
{
	if (rv_says_at(p->bytes, at, tool->option))
		return at + strlen(tool->option);
	return tool->further && rv_says_at(p->bytes, at, tool->further) ? at + strlen(tool->further)
									: 0;
}

/* From `at` to the end of the command, lines joined by a backslash: where the option that is
 * followed by a password ends, or 0. */
static size_t find_option(const struct rv_place *p, size_t at, const struct tool *tool)
{
	if (tool && !tool->option)
		return at;
	size_t stop = at + COMMAND_MAX;

	for (; at < stop && at < p->bytes.len; at++) {
		uint8_t c = p->bytes.data[at];

		if ((c == '\n' && p->bytes.data[at - 1] != '\\') || c == '|' || c == ';')
			return 0;
		if (c != '-' || p->bytes.data[at - 1] > ' ')
			continue;
		size_t end = tool ? end_of_tool_option(p, at, tool) : end_of_login_option(p, at);

		if (end)
			return end;
	}
	return 0;
}

static size_t end_of_word(const struct rv_place *p, size_t at, uint8_t quote)
{
	while (at < p->bytes.len && p->bytes.data[at] > ' ' &&
	       (quote ? p->bytes.data[at] != quote
		      : strchr("\"'`|;<>\\", p->bytes.data[at]) == NULL))
		at++;
	return at;
}

/* user:password. Of KEY: and KEY:x, where the password is none, the user is the secret when a
 * machine made it. */
static bool take_login(struct rv_place *p, size_t start, size_t end)
{
	const uint64_t poor = RV_BIT(PLACEHOLDER) | RV_BIT(HOLDS_PLACEHOLDER) | RV_BIT(SEQUENCE);
	const uint8_t *colon = memchr(p->bytes.data + start, ':', end - start);

	if (!colon)
		return false;
	struct rv_str user = {p->bytes.data + start, (size_t)(colon - p->bytes.data) - start};
	struct rv_str password = {colon + 1, end - start - user.len - 1};
	bool is_none = password.len == 0 || rv_value_features(password) & poor;

	if (is_none && user.len > 0 && rv_is_made(rv_value_features(user), user.len))
		return take(p, start, start + user.len, RV_BIT(BY_OPTION) | RV_BIT(NAME_API_KEY));
	return take(p, end - password.len, end, RV_BIT(BY_OPTION) | RV_BIT(NAME_PASSWORD));
}

/* curl -u user:password, mysql -ppassword, sshpass -p password. */
static bool find_command(struct rv_place *p)
{
	const struct tool *tool = find_tool(p);
	size_t at = find_option(p, p->key_end, tool);

	if (!at)
		return false;
	if (!tool || !tool->is_glued)
		at = rv_skip_blanks(p, at);
	at += rv_at(p, at) == '\\' && rv_is_quote(rv_at(p, at + 1)); /* in a string of code */
	uint8_t quote = rv_is_quote(rv_at(p, at)) ? rv_at(p, at) : 0;
	size_t start = at + (quote != 0);
	size_t end = end_of_word(p, start, quote);

	if (quote && end > start && p->bytes.data[end - 1] == '\\')
		end--;
	return !tool || tool->is_login
		       ? take_login(p, start, end)
		       : take(p, start, end, RV_BIT(BY_OPTION) | RV_BIT(NAME_PASSWORD));
}

/* IDENTIFIED [WITH plugin] BY|AS [PASSWORD] '..', or a bare word behind BY */
static bool find_sql(struct rv_place *p)
{
	size_t at = p->key_end;
	size_t stop = at + 64;
	size_t from = p->key_start > RV_ASSIGN_REACH ? p->key_start - RV_ASSIGN_REACH : 0;
	struct rv_str before = {p->bytes.data + from, p->key_start - from};

	if (!rv_says(before, "user ") && !rv_says(before, "role ") && !rv_says(before, "grant "))
		return false;
	if (rv_says_at(p->bytes, at, "by ") && rv_is_letter(rv_at(p, at + 3)) &&
	    !rv_form_is(p, RV_FORM_BIT(CODE))) {
		size_t word = end_of_word(p, at + 3, 0);

		while (word > at + 3 && strchr(",;.)", p->bytes.data[word - 1]))
			word--;
		return take(p, at + 3, word, RV_BIT(NAME_PASSWORD));
	}

	while (at < stop &&
	       !(rv_is_quote(rv_at(p, at)) && rv_is_blank(p->bytes.data[at - 1]) &&
		 (rv_says_at(p->bytes, at - 3, "by ") || rv_says_at(p->bytes, at - 3, "as ") ||
		  rv_says_at(p->bytes, at - 5, "word "))))
		at++;
	if (at == stop || !rv_is_quote(rv_at(p, at)))
		return false;
	size_t end = at + 1;

	while (end < p->bytes.len && end - at < 256 && p->bytes.data[end] != p->bytes.data[at] &&
	       p->bytes.data[end] != '\n')
		end++;
	return rv_at(p, end) == p->bytes.data[at] &&
	       take(p, at + 1, end, RV_BIT(NAME_PASSWORD) | RV_BIT(QUOTED));
}

/* A hash that stands behind "name:" at a line's start, as in shadow, counts as one of an account.
 */
static bool find_hash(struct rv_place *p)
{
	struct rv_str v = {p->bytes.data + p->key_start, p->bytes.len - p->key_start};
	size_t len = rv_value_hash_len(v);
	size_t line = rv_line_start(p, p->key_start);

	if (!len)
		return false;
	bool is_account = p->key_start > line + 1 && p->bytes.data[p->key_start - 1] == ':';

	for (size_t i = line; is_account && i + 1 < p->key_start; i++)
		is_account = p->bytes.data[i] > ' ' && p->bytes.data[i] != ':' &&
			     p->bytes.data[i] != '"';
	return take(p, p->key_start, p->key_start + len,
		    is_account ? RV_BIT(NAME_PASSWORD) | RV_BIT(NAME_LAST) : RV_BIT(NAME_OTHER));
}

bool rv_marked_find(struct rv_place *p)
{
	switch (p->family) {
	case RV_FAMILY_URL:
		return find_url(p);
	case RV_FAMILY_SCHEME:
		return find_scheme(p);
	case RV_FAMILY_CURL:
	case RV_FAMILY_TOOL:
		return find_command(p);
	case RV_FAMILY_SQL:
		return find_sql(p);
	default:
		return find_hash(p);
	}
}
