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
#include <stdatomic.h>

#define TEXT_LEN       36 /* "rv1:" and 32 digits */
#define SCRYPT_N       (UINT64_C(1) << 14)
#define SCRYPT_R       8
#define SCRYPT_P       1
#define MESSAGE_MAX    ((size_t)64 << 20)
#define PUBLIC_CONTEXT "reeve finding identity 1"

#define SLOTS (RV_IDENTITY_SLOW_MAX * 4) /* a power of two, never full: both passes fit */

enum slot_state {
	SLOT_FREE,
	SLOT_UNDER_WAY, /* a thread derives it; the others wait */
	SLOT_DONE,
	SLOT_FAILED, /* no memory: who asks next tries again */
};

/* What a weak value became; the key is an HMAC of it under this run's own key. */
struct known {
	struct rv_digest key;
	struct rv_digest slow;
	enum slot_state state;
};

struct rv_identity {
	uint8_t salt[RV_IDENTITY_SALT]; /* for strong values */
	uint8_t weak_salt[RV_IDENTITY_SALT];
	uint8_t run_salt[RV_IDENTITY_SALT]; /* for weak ones that no baseline can know */
	uint8_t cache_key[RV_SHA256_LEN];
	bool has_baseline;
	size_t slow_max;
	_Atomic bool is_spent;
	pthread_mutex_t lock; /* of what follows; nothing is derived under it */
	pthread_cond_t wake;  /* a derivation has ended */
	struct known *cache;  /* SLOTS of them, when first needed */
	size_t count;
	unsigned under_way;
	/* The least tags of all that were asked for, distinct, slow_max of them at most. */
	uint64_t least[RV_IDENTITY_SLOW_MAX];
	size_t least_count;
	size_t most; /* where the greatest of them is */
	bool is_chosen;
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
	if (pthread_cond_init(&identity->wake, NULL) != 0) {
		(void)pthread_mutex_destroy(&identity->lock); /* nobody holds it */
		free(identity);
		return rv_fail_nomem(NULL);
	}
	rv_random(identity->cache_key, sizeof(identity->cache_key));
	rv_random(identity->run_salt, sizeof(identity->run_salt));
	identity->has_baseline = salt != NULL;
	identity->slow_max = RV_IDENTITY_SLOW_MAX;
	if (salt) {
		memcpy(identity->salt, salt, sizeof(identity->salt));
		memcpy(identity->weak_salt, salt, sizeof(identity->weak_salt));
	} else {
		struct rv_digest known = rv_sha256(PUBLIC_CONTEXT, strlen(PUBLIC_CONTEXT));

		memcpy(identity->salt, known.bytes, sizeof(identity->salt));
	}
	*out = identity;
	return RV_OK;
}

void rv_identity_free(struct rv_identity *identity)
{
	if (!identity)
		return;
	(void)pthread_mutex_destroy(&identity->lock); /* nobody holds it */
	(void)pthread_cond_destroy(&identity->wake);  /* nobody waits */
	if (identity->cache)
		OPENSSL_cleanse(identity->cache, SLOTS * sizeof(*identity->cache));
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

static struct known *slot_of(struct known *cache, const struct rv_digest *key)
{
	size_t at = (size_t)rv_get_u64(key->bytes) & (SLOTS - 1);

	while (cache[at].state != SLOT_FREE && !rv_digest_equal(&cache[at].key, key))
		at = (at + 1) & (SLOTS - 1);
	return &cache[at];
}

/* What a value is chosen by: the same in every run under one baseline, and in no order that anybody
 * can know without it. */
static uint64_t tag_of(const struct rv_identity *identity, struct rv_str value)
{
	struct rv_digest d =
		rv_hmac_sha256(identity->weak_salt, sizeof(identity->weak_salt),
			       value.len ? value.data : (const uint8_t *)"", value.len);

	return rv_get_u64(d.bytes);
}

/* Under the lock. */
static void note_tag(struct rv_identity *identity, uint64_t tag)
{
	uint64_t *least = identity->least;
	bool is_full = identity->least_count >= identity->slow_max;

	if (is_full && (identity->slow_max == 0 || tag >= least[identity->most]))
		return;
	for (size_t i = 0; i < identity->least_count; i++) {
		if (least[i] == tag)
			return;
	}
	least[is_full ? identity->most : identity->least_count++] = tag;
	identity->most = 0;
	for (size_t i = 1; i < identity->least_count; i++) {
		if (least[i] > least[identity->most])
			identity->most = i;
	}
}

/* Under the lock: may it be derived? */
static bool has_room(struct rv_identity *identity, uint64_t tag, bool is_new)
{
	if (identity->is_chosen)
		return identity->slow_max > 0 && tag <= identity->least[identity->most];
	note_tag(identity, tag);
	return !is_new || identity->count < identity->slow_max;
}

enum slow { SLOW_DONE, SLOW_MINE, SLOW_SPENT, SLOW_NO_MEMORY };

/* Under the lock: what the value was before, or *out_slot is the caller's to fill. */
static enum slow claim(struct rv_identity *identity, const struct rv_digest *key, uint64_t tag,
		       struct known **out_slot)
{
	struct known *slot;

	if (!identity->cache)
		identity->cache = calloc(SLOTS, sizeof(*identity->cache));
	if (!identity->cache)
		return SLOW_NO_MEMORY;
	for (;;) {
		slot = slot_of(identity->cache, key);
		*out_slot = slot;
		if (!has_room(identity, tag, slot->state == SLOT_FREE))
			return SLOW_SPENT;
		if (slot->state == SLOT_DONE)
			return SLOW_DONE;
		if (slot->state != SLOT_UNDER_WAY && identity->under_way < RV_IDENTITY_AT_ONCE)
			break;
		(void)pthread_cond_wait(&identity->wake, &identity->lock); /* looks again */
	}
	identity->count += slot->state == SLOT_FREE;
	identity->under_way++;
	slot->key = *key;
	slot->state = SLOT_UNDER_WAY;
	return SLOW_MINE;
}

static enum slow derive(struct rv_identity *identity, struct rv_str value, struct known *slot,
			struct rv_digest *out)
{
	bool is_done = scrypt(value, identity->weak_salt, out);

	(void)pthread_mutex_lock(&identity->lock); /* it was had a moment ago */
	if (is_done)
		slot->slow = *out;
	slot->state = is_done ? SLOT_DONE : SLOT_FAILED;
	identity->under_way--;
	(void)pthread_cond_broadcast(&identity->wake); /* nobody need wait */
	(void)pthread_mutex_unlock(&identity->lock);   /* it is held */
	return is_done ? SLOW_DONE : SLOW_NO_MEMORY;
}

/* scrypt of the value, or what it was before. */
static enum slow slow_of(struct rv_identity *identity, struct rv_str value, struct rv_digest *out)
{
	struct rv_digest key =
		rv_hmac_sha256(identity->cache_key, sizeof(identity->cache_key),
			       value.len ? value.data : (const uint8_t *)"", value.len);
	uint64_t tag = tag_of(identity, value);
	struct known *slot = NULL;

	if (pthread_mutex_lock(&identity->lock) != 0)
		return SLOW_NO_MEMORY;
	enum slow slow = claim(identity, &key, tag, &slot);
	if (slow == SLOW_DONE)
		*out = slot->slow;
	(void)pthread_mutex_unlock(&identity->lock); /* it is held */
	return slow == SLOW_MINE ? derive(identity, value, slot, out) : slow;
}

void rv_identity_limit(struct rv_identity *identity, size_t slow_max)
{
	RV_BUG_ON(slow_max > RV_IDENTITY_SLOW_MAX);
	identity->slow_max = slow_max;
}

bool rv_identity_choose(struct rv_identity *identity)
{
	bool is_first = rv_identity_is_spent(identity) && !identity->is_chosen;

	identity->is_chosen |= is_first;
	return is_first;
}

bool rv_identity_is_spent(const struct rv_identity *identity)
{
	return atomic_load_explicit(&identity->is_spent, memory_order_relaxed);
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

/* A salt that is thrown away after the run needs no slowness: nobody can guess under it. */
static rv_status passing_of(struct rv_identity *identity, const struct rv_rule *rule,
			    struct rv_str value, char out[RV_IDENTITY_TEXT], bool *out_is_stable)
{
	if (out_is_stable)
		*out_is_stable = false;
	return digest_of(identity->run_salt, rule->id, value, out);
}

rv_status rv_identity_of(struct rv_identity *identity, const struct rv_rule *rule,
			 struct rv_str value, char out[RV_IDENTITY_TEXT], bool *out_is_stable)
{
	bool is_weak = rv_identity_bits(value) < RV_IDENTITY_WEAK_BITS;
	struct rv_digest slow;

	if (is_weak && !identity->has_baseline)
		return passing_of(identity, rule, value, out, out_is_stable);
	if (out_is_stable)
		*out_is_stable = true;
	if (!is_weak)
		return digest_of(identity->salt, rule->id, value, out);
	enum slow got = slow_of(identity, value, &slow);
	if (got == SLOW_SPENT) {
		atomic_store_explicit(&identity->is_spent, true, memory_order_relaxed);
		return passing_of(identity, rule, value, out, out_is_stable);
	}
	if (got != SLOW_DONE)
		return rv_fail_nomem(NULL);
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
