/* scan: what the checks share: CRC-32 and base64 of bounded runs. Not here: the checks. */
#pragma once

#include "agent/scan/check.h"

/* CRC-32 (IEEE 802.3, as zlib's). */
uint32_t rv_crc32(const uint8_t *bytes, size_t len);

/* The value of a base64 or base64url digit, or -1. */
int rv_base64_digit(uint8_t c);
/* The characters of `s` before its padding: at most two '='. */
size_t rv_base64_len(struct rv_str s);
/* Decodes base64 or base64url without its padding. Bits past the last whole byte are dropped.
 * The number of bytes; SIZE_MAX for a foreign character or no room. */
size_t rv_base64_decode(struct rv_str s, uint8_t *out, size_t room);

/* The same with the last bits filled with zeros to a whole byte, for a value's first part. */
size_t rv_base64_fill(struct rv_str s, uint8_t *out, size_t room);

/* The maker of everything that ends in base64: `body` is base64 whose last bits are filled with
 * zeros to a whole byte, then `tail` follows. Writes the characters that come after the body's:
 * standard base64 with its padding when `padded`, base64url without when not; 0: a foreign
 * character, more than RV_CHECK_MADE_MAX bytes, no room. */
size_t rv_base64_append(struct rv_str body, const uint8_t *tail, size_t tail_len, bool padded,
			char *out, size_t room);
