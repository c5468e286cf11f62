/* base: digests, hex, randomness over libcrypto and getrandom. Not here: keys and sealing. */
#include "agent/base/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

struct rv_digest rv_sha256(const void *bytes, size_t len)
{
	struct rv_digest out;
	unsigned size = 0;

	RV_BUG_ON(EVP_Digest(bytes, len, out.bytes, &size, EVP_sha256(), NULL) != 1);
	RV_BUG_ON(size != sizeof(out.bytes));
	return out;
}

struct rv_digest rv_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t len)
{
	struct rv_digest out;
	unsigned size = 0;

	RV_BUG_ON(key_len > INT32_MAX);
	/* HMAC() takes a NULL key for "the last one": an empty key needs a place. */
	RV_BUG_ON(!HMAC(EVP_sha256(), key_len ? key : "", (int)key_len, bytes, len, out.bytes,
			&size));
	RV_BUG_ON(size != sizeof(out.bytes));
	return out;
}

bool rv_digest_equal(const struct rv_digest *a, const struct rv_digest *b)
{
	return CRYPTO_memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

rv_status rv_hasher_init(struct rv_hasher *h)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	h->ctx = NULL;
	if (!ctx)
		return rv_fail_nomem(NULL);
	if (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(ctx);
		return rv_fail_nomem(NULL);
	}
	h->ctx = ctx;
	return RV_OK;
}

rv_status rv_hasher_update(struct rv_hasher *h, const void *bytes, size_t len)
{
	if (!h->ctx || EVP_DigestUpdate(h->ctx, bytes, len) != 1)
		return (rv_status){RV_CLASS_BUG, 0};
	return RV_OK;
}

rv_status rv_hasher_final(struct rv_hasher *h, struct rv_digest *out)
{
	struct rv_digest digest;
	unsigned size = 0;

	if (!h->ctx || EVP_DigestFinal_ex(h->ctx, digest.bytes, &size) != 1)
		return (rv_status){RV_CLASS_BUG, 0};
	*out = digest;
	return RV_OK;
}

void rv_hasher_done(struct rv_hasher *h)
{
	EVP_MD_CTX_free(h->ctx);
	h->ctx = NULL;
}

void rv_hex(const void *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *at = bytes;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[at[i] >> 4];
		out[2 * i + 1] = digits[at[i] & 15];
	}
	out[2 * len] = '\0';
}

/* Above 15: none. Without a branch: what comes next in a digest cannot be foreseen. */
static unsigned hex_value(uint8_t c)
{
	unsigned digit = (unsigned)c - '0';
	unsigned letter = ((unsigned)c | 0x20U) - 'a';
	unsigned value = letter < 6 ? letter + 10 : 0xff;

	return digit < 10 ? digit : value;
}

rv_status rv_unhex(struct rv_str hex, uint8_t *out, size_t len)
{
	unsigned seen = 0;

	if (len > SIZE_MAX / 2 || hex.len != 2 * len)
		return (rv_status){RV_CLASS_MALFORMED, 0};
	for (size_t i = 0; i < hex.len; i++)
		seen |= hex_value(hex.data[i]);
	if (seen > 15)
		return (rv_status){RV_CLASS_MALFORMED, 0};
	for (size_t i = 0; i < len; i++)
		out[i] =
			(uint8_t)(hex_value(hex.data[2 * i]) << 4 | hex_value(hex.data[2 * i + 1]));
	return RV_OK;
}

static void kernel_random(void *out, size_t len)
{
	uint8_t *at = out;

	while (len) {
		ssize_t n = getrandom(at, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		RV_BUG_ON(n <= 0);
		at += n;
		len -= (size_t)n;
	}
}

static void (*random_source)(void *out, size_t len) = kernel_random;

void rv_random(void *out, size_t len)
{
	random_source(out, len);
}

void rv_random_source(void (*source)(void *out, size_t len))
{
	random_source = source ? source : kernel_random;
}
