/* sweep: does a private key make its public half? What libcrypto holds of it is cleared before a
 * function returns. Not here: the formats (facts_key.c, facts_openssh.c). */
#include "agent/sweep/facts_private.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

static BIGNUM *secret_number(struct rv_str bytes)
{
	BIGNUM *n = BN_secure_new();

	if (n && !BN_bin2bn(bytes.data, (int)bytes.len, n)) {
		BN_clear_free(n);
		return NULL;
	}
	return n;
}

enum rv_key_state rv_proof_rsa(struct rv_str n, struct rv_str p, struct rv_str q)
{
	enum rv_key_state state = RV_KEY_NOMEM;

	if (n.len == 0 || n.len > RV_PROOF_BITS_MAX / 8 + 1 || p.len > n.len || q.len > n.len)
		return RV_KEY_UNKNOWN;
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *want = secret_number(n);
	BIGNUM *a = secret_number(p);
	BIGNUM *b = secret_number(q);
	BIGNUM *product = BN_secure_new();

	if (ctx && want && a && b && (BN_is_zero(a) || BN_is_zero(b)))
		state = RV_KEY_UNKNOWN;
	else if (ctx && want && a && b && product && BN_mul(product, a, b, ctx))
		state = BN_cmp(product, want) == 0 && !BN_is_one(a) && !BN_is_one(b) ? RV_KEY_WHOLE
										     : RV_KEY_UNFIT;
	BN_clear_free(product);
	BN_clear_free(b);
	BN_clear_free(a);
	BN_clear_free(want);
	BN_CTX_free(ctx);
	return state;
}

static enum rv_key_state multiply(const EC_GROUP *group, const BIGNUM *secret,
				  uint8_t out[RV_POINT_MAX], size_t *out_len)
{
	enum rv_key_state state = RV_KEY_NOMEM;
	BN_CTX *ctx = BN_CTX_secure_new();
	EC_POINT *point = EC_POINT_new(group);

	if (ctx && point && EC_POINT_mul(group, point, secret, NULL, NULL, ctx)) {
		*out_len = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out,
					      RV_POINT_MAX, ctx);
		state = *out_len > 0 ? RV_KEY_WHOLE : RV_KEY_NOMEM;
	}
	EC_POINT_free(point);
	BN_CTX_free(ctx);
	return state;
}

enum rv_key_state rv_proof_point(int curve_nid, struct rv_str secret, uint8_t out[RV_POINT_MAX],
				 size_t *out_len)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(curve_nid);

	if (!group)
		return RV_KEY_UNKNOWN;
	BIGNUM *number = secret.len <= RV_POINT_MAX ? secret_number(secret) : NULL;
	enum rv_key_state state = RV_KEY_UNFIT;

	if (secret.len <= RV_POINT_MAX && !number)
		state = RV_KEY_NOMEM;
	else if (number && !BN_is_zero(number) && BN_cmp(number, EC_GROUP_get0_order(group)) < 0)
		state = multiply(group, number, out, out_len);
	BN_clear_free(number);
	EC_GROUP_free(group);
	return state;
}

enum rv_key_state rv_proof_raw(int nid, struct rv_str secret, uint8_t out[RV_POINT_MAX],
			       size_t *out_len)
{
	size_t want = nid == NID_ED448 ? 57 : nid == NID_X448 ? 56 : 32;

	if (secret.len != want)
		return RV_KEY_BROKEN;
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(nid, NULL, secret.data, secret.len);
	*out_len = RV_POINT_MAX;
	enum rv_key_state state = key && EVP_PKEY_get_raw_public_key(key, out, out_len) == 1
					  ? RV_KEY_WHOLE
					  : RV_KEY_NOMEM;

	EVP_PKEY_free(key); /* clears its private part */
	return state;
}
