/* scan: offline checks, by the names rules use (policies/detectors): does a value carry what its
 * provider builds into it? No I/O, no allocation; a value may hold any bytes. Each check says where
 * its provider documents it. Not here: which rule asks for what. */
#pragma once

#include "agent/base/buf.h"

/* A value longer than this fails every check: no token with a checksum is that long. */
#define RV_CHECK_VALUE_MAX 8192

/* Room that is enough for every maker. */
#define RV_CHECK_MADE_MAX 160

/* Is the value (a rule's whole value, prefix included) one that its provider can have made? */
typedef bool (*rv_check_fn)(struct rv_str value);
/* For samples: writes what must follow `body` so that the check passes (no NUL) and returns its
 * length; 0 when the body cannot be completed or the room does not hold it. */
typedef size_t (*rv_check_make_fn)(struct rv_str body, char *out, size_t room);

struct rv_check_row {
	const char *name;
	rv_check_fn fn;
	rv_check_make_fn make; /* NULL: the sample itself passes the check */
	bool identifies;       /* a pass proves the format, and with the rule's mark the provider */
};

/* NULL for a name that is none. */
const struct rv_check_row *rv_check_find(const char *name);
/* All of them, sorted by name. */
const struct rv_check_row *rv_check_rows(size_t *out_count);

/* Shannon entropy in tenths of a bit per byte, rounded down; 0 for no bytes. */
unsigned rv_entropy_tenths(struct rv_str value);
/* Is it more than that, in thousandths? */
bool rv_entropy_is_above(struct rv_str value, unsigned thousandths);

/* check_crc.c */

/* The run after the last '_' ends with six base-62 digits (0-9A-Za-z) of the CRC-32 of what of it
 * comes before. GitHub: github.blog/2021-04-05-behind-githubs-new-authentication-token-formats;
 * npm says it does the same (github.blog/2021-09-23); Vercel's published example passes. */
bool rv_check_crc32_base62(struct rv_str value);
size_t rv_check_crc32_base62_make(struct rv_str body, char *out, size_t room);
/* The last seven characters are the CRC-32, base 36 (0-9a-z), of all before; the two before them
 * the length, base 36, of the payload, which stands before the first '.'. GitLab's routable tokens:
 * lib/authn/token_field/generator/routable_token.rb. The maker appends the digits alone. */
bool rv_check_crc32_base36(struct rv_str value);
size_t rv_check_crc32_base36_make(struct rv_str body, char *out, size_t room);
/* The last eight characters are the CRC-32, hexadecimal, of all before. Atlassian's API tokens
 * ("ATATT3..=XXXXXXXX"; the '=' counts). */
bool rv_check_crc32_hex(struct rv_str value);
size_t rv_check_crc32_hex_make(struct rv_str body, char *out, size_t room);
/* After the last '_' stand the four bytes, lowest first, hexadecimal, of the CRC-32 of what comes
 * before that '_'. Grafana: pkg/components/satokengen. The maker takes a body with or without the
 * last '_'. */
bool rv_check_crc32_hex_le(struct rv_str value);
size_t rv_check_crc32_hex_le_make(struct rv_str body, char *out, size_t room);
/* After the last '_': the last character is [A-Za-z0-9] number (XOR of the bytes before) mod 62.
 * crates.io's trusted publishing tokens: crates/crates_io_trustpub/src/access_token.rs. */
bool rv_check_xor_base62(struct rv_str value);
size_t rv_check_xor_base62_make(struct rv_str body, char *out, size_t room);

/* check_azure.c, all from github.com/microsoft/security-utilities */

/* Base64 (or base64url) whose last four bytes are the Marvin32 of the others under a seed of the
 * four-character signature that ends ten characters before the padding (IdentifiableSecrets.cs). */
bool rv_check_azure_key(struct rv_str value);
size_t rv_check_azure_key_make(struct rv_str body, char *out, size_t room);
/* An Entra client secret with "8Q~" at its fourth character: the last three are the first three of
 * the Marvin32 of the others in the alphabet a-zA-Z1-90.-_~ (IdentifiableMetadata.cs). */
bool rv_check_azure_client_secret(struct rv_str value);
size_t rv_check_azure_client_secret_make(struct rv_str body, char *out, size_t room);
/* A 52-character Azure DevOps token: base32 of 32 bytes, of which four, scattered, are the CRC-32
 * of the others XOR one of two constants (SEC101_102_AdoPat.cs). The maker takes 44 characters. */
bool rv_check_azure_devops(struct rv_str value);
size_t rv_check_azure_devops_make(struct rv_str body, char *out, size_t room);

/* check_encoded.c */

/* Three parts of base64url, of which two are JSON objects (RFC 7519). Says nothing of whose. */
bool rv_check_jwt(struct rv_str value);
/* The first run of base64 that starts with "eyJ" decodes to one JSON object. Sentry's organisation
 * tokens (getsentry/rfcs 0091), Grafana Cloud's and 1Password's service account tokens. */
bool rv_check_base64_json(struct rv_str value);
size_t rv_check_base64_json_make(struct rv_str body, char *out, size_t room);
/* Base64 of printable "name:password", neither empty (RFC 7617; Docker's and npm's files). */
bool rv_check_base64_login(struct rv_str value);
size_t rv_check_base64_login_make(struct rv_str body, char *out, size_t room);
/* After "pypi-": base64url of a version 2 macaroon with a location, an identifier, caveats, and a
 * signature of 32 bytes, to the last byte (PyPI, over libmacaroons doc/format.txt). The maker
 * takes "pypi-" and base64url that ends inside the identifier's last byte. */
bool rv_check_macaroon(struct rv_str value);
size_t rv_check_macaroon_make(struct rv_str body, char *out, size_t room);
/* Base64 of "reftkn:NN:NNNNNNNNNN:" and more: JFrog's reference tokens. */
bool rv_check_jfrog_reference(struct rv_str value);
size_t rv_check_jfrog_reference_make(struct rv_str body, char *out, size_t room);
/* Bech32 in one case with a right checksum (BIP 173). age: AGE-SECRET-KEY-1.. (age-encryption.org).
 */
bool rv_check_bech32(struct rv_str value);
size_t rv_check_bech32_make(struct rv_str body, char *out, size_t room);
/* Base64 of 32 bytes that are a clamped Curve25519 private key, as `wg genkey` makes it (RFC 7748,
 * 5): seven of eight public keys fail. The maker takes 40 characters. */
bool rv_check_curve25519(struct rv_str value);
size_t rv_check_curve25519_make(struct rv_str body, char *out, size_t room);

/* The account an AWS access key ID of 20 characters belongs to: 40 bits of its base32. Twelve
 * digits and a NUL; false for an ID from before the account was in it, or none. */
bool rv_aws_account_of(struct rv_str key_id, char out[13]);

/* check_text.c */

/* Not a word that stands where a secret should ("changeme", "example", one repeated byte). */
bool rv_check_not_placeholder(struct rv_str value);
/* As above, and letters and digits alternate as in random text. */
bool rv_check_looks_random(struct rv_str value);
