/* sweep: fingerprints of findings. Not here: baselines. */
#include "agent/sweep/identity.h"

#include "agent/base/digest.h"

#include <ctype.h>
#include <math.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <pthread.h>

#define TEXT_LEN       36 /* "rv1:" and 32 digits */
#define SCRYPT_N       (UINT64_C(1) << 14)
#define SCRYPT_R       8
#define SCRYPT_P       1
#define MESSAGE_MAX    ((size_t)64 << 20)
#define PUBLIC_CONTEXT "reeve finding identity 1"

/* What a weak value became; the key is an HMAC of it under this run's own key. */
struct known {
	struct rv_digest key;
	struct rv_digest slow;
	bool is_set;
};

struct rv_identity {
	uint8_t salt[RV_IDENTITY_SALT]; /* for strong values */
	uint8_t weak_salt[RV_IDENTITY_SALT];
	uint8_t cache_key[RV_SHA256_LEN];
	bool has_baseline;
	pthread_mutex_t lock; /* of what follows, and of scrypt */
	struct known *cache;
	size_t size; /* a power of two */
	size_t count;
};

rv_status rv_identity_new(const uint8_t salt[RV_IDENTITY_SALT], struct rv_identity **out)
{
	struct rv_identity *identity = calloc(1, sizeof(*identity));

	if (!identity)
		return rv_fail_nomem(NULL);
	if (pthread_mutex_init(&identity->lock, NULL) != 0) {
		free(identity);
		return rv_fail_nomem(NULL);
	}
	rv_random(identity->cache_key, sizeof(identity->cache_key));
	identity->has_baseline = salt != NULL;
	if (salt) {
		memcpy(identity->salt, salt, sizeof(identity->salt));
		memcpy(identity->weak_salt, salt, sizeof(identity->weak_salt));
	} else {
		struct rv_digest known = rv_sha256(PUBLIC_CONTEXT, strlen(PUBLIC_CONTEXT));

		memcpy(identity->salt, known.bytes, sizeof(identity->salt));
		rv_random(identity->weak_salt, sizeof(identity->weak_salt));
	}
	*out = identity;
	return RV_OK;
}

void rv_identity_free(struct rv_identity *identity)
{
	if (!identity)
		return;
	(void)pthread_mutex_destroy(&identity->lock); /* nobody holds it */
	if (identity->cache)
		OPENSSL_cleanse(identity->cache, identity->size * sizeof(*identity->cache));
	free(identity->cache);
	OPENSSL_cleanse(identity, sizeof(*identity));
	free(identity);
}

void rv_identity_freep(struct rv_identity **identity)
{
	rv_identity_free(*identity);
	*identity = NULL;
}

unsigned rv_identity_bits(struct rv_str value)
{
	uint32_t counts[256] = {0};
	double per_byte = 0;
	size_t changes = 0;

	for (size_t i = 0; i < value.len; i++) {
		counts[value.data[i]]++;
		changes += i > 0 && isdigit(value.data[i]) ? isalpha(value.data[i - 1]) != 0 : 0;
		changes += i > 0 && isalpha(value.data[i]) ? isdigit(value.data[i - 1]) != 0 : 0;
	}
	for (size_t i = 0; i < RV_LEN(counts); i++) {
		double share = value.len ? (double)counts[i] / (double)value.len : 0;

		per_byte -= share > 0 ? share * log2(share) : 0;
	}
	double bits = per_byte * (double)value.len;
	/* Random text changes between letters and digits every few bytes, words do not. */
	bits = changes * 8 < value.len ? bits / 2 : bits;
	return bits > 100000 ? 100000 : (unsigned)bits;
}

static bool scrypt(struct rv_str value, const uint8_t salt[RV_IDENTITY_SALT], struct rv_digest *out)
{
	uint64_t n = SCRYPT_N;
	uint32_t r = SCRYPT_R, p = SCRYPT_P;
	uint8_t *pass = (uint8_t *)(uintptr_t)(value.len ? value.data : (const uint8_t *)"");
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, pass, value.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (uint8_t *)(uintptr_t)salt,
						  RV_IDENTITY_SALT),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool is_done = ctx && EVP_KDF_derive(ctx, out->bytes, sizeof(out->bytes), params) == 1;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return is_done;
}

static struct known *slot_of(struct known *cache, size_t size, const struct rv_digest *key)
{
	size_t at = (size_t)rv_get_u64(key->bytes) & (size - 1);

	while (cache[at].is_set && !rv_digest_equal(&cache[at].key, key))
		at = (at + 1) & (size - 1);
	return &cache[at];
}

static bool grow(struct rv_identity *identity)
{
	size_t size = identity->size ? identity->size * 2 : 64;
	struct known *cache = calloc(size, sizeof(*cache));

	if (!cache)
		return false;
	for (size_t i = 0; i < identity->size; i++) {
		if (identity->cache[i].is_set)
			*slot_of(cache, size, &identity->cache[i].key) = identity->cache[i];
	}
	free(identity->cache);
	identity->cache = cache;
	identity->size = size;
	return true;
}

/* Under the lock: scrypt of the value, or what it was before. */
static bool slow_of(struct rv_identity *identity, struct rv_str value, struct rv_digest *out)
{
	struct rv_digest key =
		rv_hmac_sha256(identity->cache_key, sizeof(identity->cache_key),
			       value.len ? value.data : (const uint8_t *)"", value.len);
	struct known *slot = identity->size ? slot_of(identity->cache, identity->size, &key) : NULL;

	if (slot && slot->is_set) {
		*out = slot->slow;
		return true;
	}
	if (!scrypt(value, identity->weak_salt, out))
		return false;
	if (identity->count >= RV_IDENTITY_CACHE_MAX)
		return true;
	if (identity->count * 2 >= identity->size && !grow(identity))
		return true; /* it is only remembered */
	*slot_of(identity->cache, identity->size, &key) = (struct known){key, *out, true};
	identity->count++;
	return true;
}

static rv_status digest_of(const uint8_t salt[RV_IDENTITY_SALT], const char *id,
			   struct rv_str value, char out[RV_IDENTITY_TEXT])
{
	struct rv_buf message;

	rv_buf_init(&message, MESSAGE_MAX);
	rv_status status = rv_buf_put(&message, id, strlen(id) + 1);
	if (rv_is_ok(status))
		status = rv_buf_put(&message, value.data, value.len);
	if (rv_is_ok(status)) {
		struct rv_digest digest =
			rv_hmac_sha256(salt, RV_IDENTITY_SALT, message.data, message.len);

		memcpy(out, "rv1:", 4);
		rv_hex(digest.bytes, 16, out + 4);
	}
	rv_buf_done(&message); /* wipes */
	return status;
}

rv_status rv_identity_of(struct rv_identity *identity, const struct rv_rule *rule,
			 struct rv_str value, char out[RV_IDENTITY_TEXT], bool *out_is_stable)
{
	bool is_weak = rv_identity_bits(value) < RV_IDENTITY_WEAK_BITS;
	struct rv_digest slow;

	if (out_is_stable)
		*out_is_stable = !is_weak || identity->has_baseline;
	if (!is_weak)
		return digest_of(identity->salt, rule->id, value, out);
	if (pthread_mutex_lock(&identity->lock) != 0)
		return rv_fail_nomem(NULL);
	/* A salt that is thrown away after the run needs no slowness: nobody can guess under it. */
	bool is_done = !identity->has_baseline || slow_of(identity, value, &slow);
	(void)pthread_mutex_unlock(&identity->lock); /* it is held */
	if (!is_done)
		return rv_fail_nomem(NULL);
	if (!identity->has_baseline)
		return digest_of(identity->weak_salt, rule->id, value, out);
	rv_status status = digest_of(identity->weak_salt, rule->id,
				     (struct rv_str){slow.bytes, sizeof(slow.bytes)}, out);
	OPENSSL_cleanse(&slow, sizeof(slow));
	return status;
}

bool rv_identity_is_text(struct rv_str text)
{
	if (text.len != TEXT_LEN || !rv_str_starts_with(text, "rv1:"))
		return false;
	for (size_t i = 4; i < text.len; i++) {
		if (!((text.data[i] >= '0' && text.data[i] <= '9') ||
		      (text.data[i] >= 'a' && text.data[i] <= 'f')))
			return false;
	}
	return true;
}
