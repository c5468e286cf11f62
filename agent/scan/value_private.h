/* scan: shared by value*.c. */
#pragma once

#include "agent/scan/assign.h"
#include "agent/scan/value.h"

static inline bool rv_is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool rv_is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool rv_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool rv_is_letter(uint8_t c)
{
	return rv_is_lower(c | 0x20);
}

static inline bool rv_is_hex(uint8_t c)
{
	return rv_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static inline bool rv_is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Does it stand in s at `at`, whatever the case? `word` is in small letters. */
bool rv_says_at(struct rv_str s, size_t at, const char *word);
bool rv_says(struct rv_str s, const char *word);

/* Printable text and line ends in base64 or base64url of at most `room` characters, as plain
 * bytes, fewer than those; empty: it is none. What follows a '=' is not read. */
struct rv_str rv_value_decode(struct rv_str value, uint8_t *plain, size_t room);

#define RV_LOGIN_MAX 192 /* base64 characters of a login that is read */
/* "user:password" in base64, decoded into plain; each may be empty. */
struct rv_login {
	struct rv_str user;
	struct rv_str password;
};
bool rv_value_login(struct rv_str value, uint8_t plain[RV_LOGIN_MAX], struct rv_login *out);
/* "g0ph3r": words with digits or signs for letters, or a telling word so written. */
bool rv_value_is_disguised_word(struct rv_str value);
bool rv_value_is_coded_filler(struct rv_str value);
/* PLACEHOLDER, HOLDS_PLACEHOLDER, SEQUENCE (value_words.c). */
uint64_t rv_value_placeholder(struct rv_str value);
