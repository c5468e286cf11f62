/* unpack: Java key stores, JKS and JCEKS: big-endian, read as the JDK's JavaKeyStore writes them.
 * Not here: the keys themselves, each encrypted by its own password. */
#include "agent/unpack/keystore_private.h"

#include <openssl/evp.h>

#define DIGEST	   20
#define WHITENER   "Mighty Aphrodite"
#define ENTRY_KEY  1
#define ENTRY_CERT 2
#define ENTRY_SEAL 3 /* JCEKS: a serialized object, whose end only Java knows */

/* What is left to read; `is_short` once something was asked for past it. */
struct rest {
	const uint8_t *at;
	size_t len;
	bool is_short;
};

static struct rv_str take(struct rest *rest, size_t len)
{
	struct rv_str taken = {rest->at, len};

	if (len > rest->len) {
		rest->is_short = true;
		return RV_STR_NONE;
	}
	rest->at += len;
	rest->len -= len;
	return taken;
}

static uint64_t take_number(struct rest *rest, size_t len)
{
	struct rv_str taken = take(rest, len);
	uint64_t number = 0;

	for (size_t i = 0; i < taken.len; i++)
		number = number << 8 | taken.data[i];
	return number;
}

static void skip_certificate(struct rest *rest, uint64_t version)
{
	if (version == 2)
		(void)take(rest, (size_t)take_number(rest, 2)); /* "X.509" */
	(void)take(rest, (size_t)take_number(rest, 4));
}

/* False: what follows cannot be read. */
static bool read_entry(struct rest *rest, uint64_t version, struct rv_keystore *out)
{
	uint64_t tag = take_number(rest, 4);
	struct rv_str alias = take(rest, (size_t)take_number(rest, 2));
	int64_t made_at_s = (int64_t)(take_number(rest, 8) / 1000);

	if (rest->is_short)
		return false;
	if (tag == ENTRY_CERT) {
		skip_certificate(rest, version);
		rv_keystore_add(out, RV_KEYSTORE_CERTIFICATE, alias, false, made_at_s);
	} else if (tag == ENTRY_KEY) {
		uint64_t chain;

		(void)take(rest, (size_t)take_number(rest, 4));
		chain = take_number(rest, 4);
		for (uint64_t i = 0; i < chain && !rest->is_short; i++)
			skip_certificate(rest, version);
		rv_keystore_add(out, RV_KEYSTORE_PRIVATE_KEY, alias, true, made_at_s);
	} else if (tag == ENTRY_SEAL) {
		rv_keystore_add(out, RV_KEYSTORE_SECRET_KEY, alias, true, made_at_s);
		out->is_partial = true;
		return false;
	} else {
		rest->is_short = true;
	}
	return !rest->is_short;
}

/* Is the digest at the end the one that this password makes? */
static bool is_opened_by(struct rv_str bytes, const char *password)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	uint8_t wide[64];
	size_t len = strlen(password);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_made;

	for (size_t i = 0; i < len; i++) { /* UTF-16, big end first */
		wide[2 * i] = 0;
		wide[2 * i + 1] = (uint8_t)password[i];
	}
	is_made = ctx && EVP_DigestInit_ex(ctx, EVP_sha1(), NULL) &&
		  EVP_DigestUpdate(ctx, wide, 2 * len) &&
		  EVP_DigestUpdate(ctx, WHITENER, sizeof(WHITENER) - 1) &&
		  EVP_DigestUpdate(ctx, bytes.data, bytes.len - DIGEST) &&
		  EVP_DigestFinal_ex(ctx, digest, NULL);
	EVP_MD_CTX_free(ctx);
	return is_made && memcmp(digest, bytes.data + bytes.len - DIGEST, DIGEST) == 0;
}

rv_status rv_keystore_look_jks(struct rv_str bytes, struct rv_keystore *out)
{
	struct rest rest = {bytes.data, 0, false};
	uint64_t version;
	uint64_t count;

	if (bytes.len < 12 + DIGEST)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "a damaged Java key store");
	rest.len = bytes.len - DIGEST;
	(void)take(&rest, 4); /* the magic */
	version = take_number(&rest, 4);
	count = take_number(&rest, 4);
	for (uint64_t i = 0; i < count; i++) {
		if (!read_entry(&rest, version, out))
			break;
	}
	if (rest.is_short)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "a damaged Java key store");
	out->lock = RV_KEYSTORE_LOCKED;
	for (size_t i = 0; i < RV_LEN(rv_keystore_passwords); i++) {
		if (is_opened_by(bytes, rv_keystore_passwords[i])) {
			out->lock = rv_keystore_locks[i];
			break;
		}
	}
	return RV_OK;
}
