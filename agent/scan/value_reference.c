/* scan: what stands where a value would and refers to another thing. Not here: looks (value.c). */
#include "agent/scan/rarity.h"
#include "agent/scan/value_private.h"
#include "agent/scan/wordlist.h"

#define NOISE_MIN   40
#define NOISE_MAX   128
#define NOISE_KINDS 24

/* Pairs of bytes that templates, code and patterns are full of and secrets are not. */
static bool has_marks(struct rv_str v)
{
	static const char pairs[] =
		":! ${ {{ }} <% %> #{ $( %( {} $[ @@ %{ [[ <? \\( ){ ); => && || ]( .* [^ +( "
		"\\d \\w \\s () ]. ";

	for (size_t i = 0; i + 1 < v.len; i++) {
		uint8_t c = v.data[i];
		uint8_t d = v.data[i + 1];

		if (rv_is_letter(c) || rv_is_digit(c)) {
			if (d == '-' && (rv_says_at(v, i, "0-9") || rv_says_at(v, i, "a-z")))
				return true;
			continue;
		}
		for (const char *pair = pairs; *pair; pair += 3) {
			if ((uint8_t)pair[0] == c && (uint8_t)pair[1] == d)
				return true;
		}
		if ((c == '.' && rv_says_at(v, i, "...")) ||
		    (c == '&' && rv_says_at(v, i, "&lt;")) ||
		    (c == '[' && rv_says_at(v, i, "[redacted")) || (c == '{' && rv_is_digit(d)) ||
		    (c == 0xe2 && rv_says_at(v, i, "\xe2\x80\xa6")))
			return true;
	}
	return false;
}

/* The whole in brackets of some kind. */
static bool is_framed(struct rv_str v)
{
	static const char frames[] = "<>{}[]%%()@@**^$";
	const char *at = memchr(frames, v.data[0], sizeof(frames) - 1);

	return at && (at - frames) % 2 == 0 && (uint8_t)at[1] == v.data[v.len - 1];
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

	if (first == '$' && v.data[1] == '$' && v.len > 2)
		return rv_is_letter(v.data[2]);
	if (first == '%' && v.len <= 4)
		return true;
	if (first != '$' && first != '@' && first != ':' && (first != '&' || !is_bare) &&
	    first != '!')
		return false;
	bool has_digit = false;

	while (at < v.len && (is_name_byte(v.data[at]) || v.data[at] == '.' || v.data[at] == '-' ||
			      v.data[at] == '>' || v.data[at] == ':')) {
		has_digit |= rv_is_digit(v.data[at]);
		at++;
	}
	if (at < v.len && (!is_bare || first != '$'))
		return false;
	return first == '$' ? !rv_is_digit(v.data[1]) : is_bare && !has_digit;
}

/* Types, and what says that there is nothing. */
static rv_wordlist type_words = {
	['a' - 'a'] = " any auto array ask ",
	['b' - 'a'] = " bool boolean bytes bytearray ",
	['c' - 'a'] = " char const ",
	['d' - 'a'] = " dict default ",
	['e' - 'a'] = " empty ",
	['f' - 'a'] = " false function ",
	['h' - 'a'] = " hidden ",
	['i' - 'a'] = " int integer ",
	['l' - 'a'] = " list ",
	['n' - 'a'] = " null none nil number no nan new ",
	['o' - 'a'] = " object optional on off ",
	['p' - 'a'] = " prompt ",
	['r' - 'a'] = " required return ",
	['s' - 'a'] = " string str self ",
	['t' - 'a'] = " true text this ",
	['u' - 'a'] = " undefined unset unicode ",
	['v' - 'a'] = " void varchar ",
	['y' - 'a'] = " yes ",
};

/* What code that fetches the value begins with. */
static rv_wordlist lookups = {
	['a' - 'a'] = " args. app. arn: ",
	['c' - 'a'] = " config. ctx. context. conf. cfg. ",
	['d' - 'a'] = " data. ",
	['e' - 'a'] = " env[ env( env. enc[ enc( env: ",
	['f' - 'a'] = " file: ",
	['g' - 'a'] = " getenv ",
	['k' - 'a'] = " keyring: kms: ",
	['l' - 'a'] = " local. lookup( ",
	['m' - 'a'] = " module. ",
	['n' - 'a'] = " node[ ",
	['o' - 'a'] = " os.environ os.getenv opts. options. op:// ",
	['p' - 'a'] = " process.env params props. ",
	['r' - 'a'] = " req. request. ref: ",
	['s' - 'a'] = " system.get self. settings. secrets. state. session. self[ sops: ssm: ",
	['t' - 'a'] = " this. ",
	['u' - 'a'] = " user. ",
	['v' - 'a'] = " var. vault: ",
};

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
	if (slashes == 0)
		return false;
	if (v.data[0] == '$' && rv_is_letter(v.data[1]))
		return true;
	if (others)
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
			 c == '%' || c == '\\' || c == '#')
			marks++;
		else if (rv_is_digit(c))
			digits++;
		else
			return false;
	}
	if (v.data[0] == '#' && (v.len == 4 || v.len == 7 || v.len == 9) &&
	    letters + digits + 1 == v.len)
		return true; /* a colour */
	bool is_hex_number =
		v.len > 2 && v.len <= 18 && v.data[0] == '0' && (v.data[1] | 0x20) == 'x';

	bool leads = rv_is_digit(v.data[0]) || memchr(v.data, '.', v.len);

	return is_hex_number ||
	       (digits > 0 && marks > 0 && letters <= (leads ? 3 : 1) && v.len < 32) ||
	       (digits + letters == v.len && letters <= 2 && v.len <= 5 && rv_is_digit(v.data[0]));
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
	if (letters + 1 == v.len && v.data[v.len - 1] == '.')
		return true; /* the end of a sentence */
	if (foreign)
		return digits == 0 || blanks || foreign * 3 > v.len;
	return blanks > 2 || (blanks && digits == 0);
}

/* So long and so full of signs that it says nothing in any language: keys and salts that programs
 * make of all printable characters. */
static bool is_noise(struct rv_str v)
{
	size_t signs = 0;
	size_t digits = 0;
	uint64_t seen[2] = {0};

	if (v.len < NOISE_MIN || v.len > NOISE_MAX)
		return false;
	for (size_t i = 0; i < v.len; i++) {
		uint8_t c = v.data[i];

		if (c >= 0x7f)
			return false;
		digits += rv_is_digit(c);
		signs += c > ' ' && !rv_is_letter(c) && !rv_is_digit(c);
		seen[c >> 6] |= UINT64_C(1) << (c & 63);
	}
	int kinds = __builtin_popcountll(seen[0]) + __builtin_popcountll(seen[1]);

	return kinds >= NOISE_KINDS && signs * 6 >= v.len && digits * 12 >= v.len &&
	       rv_words_cover(v) < 20;
}

bool rv_value_is_reference(struct rv_str value, bool is_bare)
{
	if (value.len < RV_VALUE_MIN)
		return true;
	if (rv_value_hash_len(value))
		return false;
	if (is_noise(value))
		return false;
	if (is_prose(value))
		return true;
	if (value.data[0] == '&' && memchr(value.data, ';', value.len))
		return true; /* an entity of HTML */
	if (rv_value_is_coded_filler(value))
		return true;
	if (is_bare && (memchr(value.data, '(', value.len) || value.data[0] == '['))
		return true;
	return has_marks(value) || is_framed(value) || is_variable(value, is_bare) ||
	       rv_wordlist_at(type_words, value, 0) == value.len ||
	       rv_wordlist_at(lookups, value, 0) || is_path(value) || is_mail(value) ||
	       is_measure(value);
}
