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
	static const char *const methods[] = {"{sha}",	   "{ssha}",   "{sha256}",
					      "{ssha256}", "{sha512}", "{ssha512}",
					      "{md5}",	   "{smd5}",   "{crypt}"};

	for (size_t i = 0; i < RV_LEN(methods); i++) {
		size_t len = strlen(methods[i]);

		if (!rv_says_at(v, 0, methods[i]))
			continue;
		return end_of(v, len);
	}
	return 0;
}

size_t rv_value_hash_len(struct rv_str value)
{
	if (value.len < HASH_BODY_MIN + 3)
		return 0;
	if (value.data[0] == '$')
		return modular_len(value);
	return value.data[0] == '{' ? braced_len(value) : 0;
}
