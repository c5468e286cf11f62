/* scan: hashes of passwords, as files of accounts hold them. Not here: checking a password. */
#include "agent/scan/value_private.h"

#define HASH_BODY_MIN 13
#define HASH_PART_MIN 20
#define HASH_MAX      256

static bool is_crypt_byte(uint8_t c)
{
	return rv_is_letter(c) || rv_is_digit(c) || c == '.' || c == '/' || c == '$' || c == '=' ||
	       c == ',' || c == '+' || c == '-' || c == '_';
}

/* The end of the hash, one part of which must be as long as a digest is; else 0. */
static size_t end_of(struct rv_str v, size_t at)
{
	size_t part = at;
	size_t longest = 0;

	for (; at < v.len && at < HASH_MAX && is_crypt_byte(v.data[at]); at++) {
		if (v.data[at] == '$')
			part = at + 1;
		if (at + 1 - part > longest)
			longest = at + 1 - part;
	}
	return longest >= HASH_PART_MIN ? at : 0;
}

/* At least two parts after the method's name, the last of them long. */
static size_t modular_len(struct rv_str v)
{
	static const char *const methods[] = {
		"$1$",	    "$5$",  "$6$",    "$2a$",	   "$2b$",	 "$2y$",      "$2x$",
		"$apr1$",   "$y$",  "$7$",    "$argon2i$", "$argon2id$", "$argon2d$", "$scrypt$",
		"$pbkdf2-", "$gy$", "$sha1$", "$P$",	   "$H$",	 "$S$"};

	for (size_t i = 0; i < RV_LEN(methods); i++) {
		size_t len = strlen(methods[i]);

		if (v.len < len + HASH_BODY_MIN || memcmp(v.data, methods[i], len) != 0)
			continue;
		return end_of(v, len);
	}
	return 0;
}

static size_t braced_len(struct rv_str v)
{
	static const char *const methods[] = {"{sha}",		"{ssha}",	  "{sha256}",
					      "{ssha256}",	"{sha512}",	  "{ssha512}",
					      "{sha512-crypt}", "{sha256-crypt}", "{blf-crypt}",
					      "{md5}",		"{smd5}",	  "{crypt}"};

	for (size_t i = 0; i < RV_LEN(methods); i++) {
		size_t len = strlen(methods[i]);

		if (!rv_says_at(v, 0, methods[i]))
			continue;
		return end_of(v, len);
	}
	return 0;
}

/* What programs keep in place of a password, with their own name before it. */
static size_t named_len(struct rv_str v)
{
	static const char *const methods[] = {
		"scram-sha-256$", "scram-sha-1$", "pbkdf2_sha", "bcrypt",  "argon2$", "sha1$",
		"sha256$",	  "sha512$",	  "md5$",	"pbkdf2:", "scrypt:"};

	for (size_t i = 0; i < RV_LEN(methods); i++) {
		if (rv_says_at(v, 0, methods[i]) && memchr(v.data, '$', v.len))
			return v.len;
	}
	return 0;
}

/* "md5" and 32 hexadecimal digits, "*" and 40: PostgreSQL's and MySQL's. */
static size_t digest_len(struct rv_str v)
{
	size_t at = rv_says_at(v, 0, "md5") ? 3 : v.data[0] == '*' ? 1 : 0;
	size_t end = at;

	while (at && end < v.len && rv_is_hex(v.data[end]))
		end++;
	return at && end - at == (at == 3 ? 32 : 40) ? end : 0;
}

size_t rv_value_hash_len(struct rv_str value)
{
	if (value.len < HASH_BODY_MIN + 3)
		return 0;
	switch (value.data[0] | 0x20) {
	case '$' | 0x20:
		return modular_len(value);
	case '{' | 0x20:
		return braced_len(value);
	case 'm':
	case '*' | 0x20:
		return digest_len(value) ? digest_len(value) : named_len(value);
	case 's':
	case 'p':
	case 'b':
	case 'a':
		return named_len(value);
	default:
		return 0;
	}
}
