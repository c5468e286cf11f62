/* scan: what stands where a value would and refers to another thing. Not here: looks (value.c). */
#include "agent/scan/value_private.h"

/* Where templates of all kinds put what will be filled in. */
static bool is_template(struct rv_str v)
{
	static const char *const marks[] = {"${",  "{{",	"}}",		"<%",  "%>", "#{",
					    "$(",  "%(",	"{0}",		"{1}", "{}", "$[",
					    "...", "[redacted", "\xe2\x80\xa6", "@@",  "%{", "[[",
					    "<?",  "\\(",	"&lt;"};

	for (size_t i = 0; i < RV_LEN(marks); i++) {
		if (rv_says(v, marks[i]))
			return true;
	}
	uint8_t first = v.data[0];
	uint8_t last = v.data[v.len - 1];

	return (first == '<' && last == '>') || (first == '{' && last == '}') ||
	       (first == '[' && last == ']') || (first == '%' && last == '%') ||
	       (first == '(' && last == ')') || (first == '@' && last == '@') ||
	       (first == '*' && last == '*');
}

static bool is_name_byte(uint8_t c)
{
	return rv_is_letter(c) || rv_is_digit(c) || c == '_';
}

/* "$name", "%s", "&name", ":name": the whole is one variable. */
static bool is_variable(struct rv_str v, bool is_bare)
{
	uint8_t first = v.data[0];
	size_t at = 1;

	if (first == '$' && v.data[1] == '$')
		return is_bare;
	if (first == '%' && v.len <= 4)
		return true;
	if (first != '$' && first != '@' && first != ':' && (first != '&' || !is_bare) &&
	    first != '!')
		return false;
	while (at < v.len && (is_name_byte(v.data[at]) || v.data[at] == '.' || v.data[at] == '-' ||
			      v.data[at] == '>' || v.data[at] == ':'))
		at++;
	if (at < v.len && !is_bare)
		return false;
	return first == '$' ? v.len > 1 && !rv_is_digit(v.data[1]) : is_bare || v.len < 3;
}

static bool is_type_word(struct rv_str v)
{
	static const char *const words[] = {
		"null",	 "none",      "nil",	  "true",    "false",	"undefined", "string",
		"str",	 "int",	      "bool",	  "boolean", "number",	"object",    "void",
		"bytes", "any",	      "text",	  "self",    "this",	"required",  "optional",
		"yes",	 "no",	      "on",	  "off",     "auto",	"nan",	     "function",
		"array", "list",      "dict",	  "char",    "varchar", "const",     "default",
		"new",	 "return",    "optional", "unset",   "prompt",	"changeit?", "ask",
		"empty", "password:", "hidden",	  "integer", "unicode", "bytearray"};

	for (size_t i = 0; i < RV_LEN(words); i++) {
		if (rv_says_at(v, 0, words[i]) && strlen(words[i]) == v.len)
			return true;
	}
	return false;
}

/* Names of code that fetches the value: "os.environ", "config.get". */
static bool is_lookup(struct rv_str v)
{
	static const char *const starts[] = {
		"process.env", "os.environ", "os.getenv", "getenv",   "env[",	  "env(",
		"env.",	       "system.get", "self.",	  "this.",    "config.",  "settings.",
		"args.",       "opts.",	     "options.",  "req.",     "request.", "params",
		"data.",       "var.",	     "local.",	  "secrets.", "vault:",	  "lookup(",
		"node[",       "app.",	     "ctx.",	  "props.",   "state.",	  "user.",
		"context.",    "conf.",	     "cfg.",	  "session.", "self[",	  "ref:",
		"arn:",	       "sops:",	     "enc[",	  "enc(",     "!ref",	  "ssm:",
		"file:",       "env:",	     "op://",	  "keyring:", "kms:",	  "module.",
		"new "};

	for (size_t i = 0; i < RV_LEN(starts); i++) {
		if (rv_says_at(v, 0, starts[i]))
			return true;
	}
	return false;
}

static bool is_path(struct rv_str v)
{
	size_t slashes = 0;
	size_t others = 0;

	if (rv_says(v, "://") || rv_says(v, "www."))
		return true;
	for (size_t i = 0; i < v.len; i++) {
		slashes += v.data[i] == '/' || v.data[i] == '\\';
		others += v.data[i] == '+' || v.data[i] == '=' || v.data[i] == '!' ||
			  v.data[i] == '$';
	}
	if (slashes == 0 || others)
		return false;
	if (v.data[0] == '/' || v.data[0] == '~' || v.data[0] == '.' ||
	    (v.len > 2 && v.data[1] == ':'))
		return slashes * 12 >= v.len;
	return slashes * 10 >= v.len && v.len < 200;
}

/* name@host.domain */
static bool is_mail(struct rv_str v)
{
	const uint8_t *at = memchr(v.data, '@', v.len);

	if (!at || at == v.data)
		return false;
	struct rv_str host = {at + 1, v.len - (size_t)(at + 1 - v.data)};

	if (host.len < 4 || !memchr(host.data, '.', host.len) || host.data[host.len - 1] == '.')
		return false;
	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.data[i];

		if (!is_name_byte(c) && c != '.' && c != '-' && c != '+' && c != '@')
			return false;
	}
	return true;
}

/* Dates, versions, addresses, sizes: digits and their marks, at most three letters. */
static bool is_measure(struct rv_str v)
{
	size_t letters = 0;
	size_t marks = 0;
	size_t digits = 0;

	while (v.len > 0 && strchr("^~<>=v ", v.data[0])) {
		v.data++;
		v.len--;
	}
	if (v.len == 0)
		return true;
	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.data[i];

		if (rv_is_letter(c))
			letters++;
		else if (c == '.' || c == ':' || c == '-' || c == '/' || c == ',' || c == ' ' ||
			 c == '%')
			marks++;
		else if (rv_is_digit(c))
			digits++;
		else
			return false;
	}
	bool is_hex_number =
		v.len > 2 && v.len <= 18 && v.data[0] == '0' && (v.data[1] | 0x20) == 'x';

	bool leads = rv_is_digit(v.data[0]) || memchr(v.data, '.', v.len);

	return is_hex_number ||
	       (digits > 0 && marks > 0 && letters <= (leads ? 3 : 1) && v.len < 32) ||
	       (digits + letters == v.len && letters <= 2 && v.len <= 5 && rv_is_digit(v.data[0]));
}

/* Code, patterns and entities in a quoted text. */
static bool is_code(struct rv_str v)
{
	static const char *const marks[] = {"){",  ");",  "=>", "&&", "||",  "0-9", "a-z", "\\d",
					    "\\w", "();", "](", ".*", "\\s", "[^",  "+("};

	if (v.data[0] == '&' && memchr(v.data, ';', v.len))
		return true;
	for (size_t i = 0; i < RV_LEN(marks); i++) {
		if (rv_says(v, marks[i]))
			return true;
	}
	return false;
}

/* Sentences and words of any language, and what has hardly a letter. */
static bool is_prose(struct rv_str v)
{
	size_t letters = 0;
	size_t digits = 0;
	size_t blanks = 0;
	size_t foreign = 0;

	for (size_t i = 0; i < v.len; i++) {
		letters += rv_is_letter(v.data[i]);
		digits += rv_is_digit(v.data[i]);
		blanks += rv_is_blank(v.data[i]);
		foreign += v.data[i] >= 0x80;
	}
	if (letters + digits < 3 || (letters + digits) * 3 < v.len)
		return true;
	if (foreign)
		return digits == 0 || blanks || foreign * 3 > v.len;
	return blanks > 2 || (blanks && digits == 0);
}

bool rv_value_is_reference(struct rv_str value, bool is_bare)
{
	if (value.len < RV_VALUE_MIN)
		return true;
	if (rv_value_hash_len(value))
		return false;
	if (is_prose(value))
		return true;
	if (is_bare && (memchr(value.data, '(', value.len) || value.data[0] == '['))
		return true;
	return is_code(value) || is_template(value) || is_variable(value, is_bare) ||
	       is_type_word(value) || is_lookup(value) || is_path(value) || is_mail(value) ||
	       is_measure(value);
}
