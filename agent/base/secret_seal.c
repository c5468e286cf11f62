/* base: sealing and unsealing. Apart from fingerprints, so that who makes those cannot unseal. */
#include "agent/base/digest.h"
#include "agent/base/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define KEY_LEN	      32
#define NONCE_LEN     12
#define TAG_LEN	      16
#define HEAD_LEN      4
#define BLOB_OVERHEAD (HEAD_LEN + NONCE_LEN + TAG_LEN)

/* The format and the number of the key: there is one sealing key so far. */
static const uint8_t head[HEAD_LEN] = {'r', 's', '1', 1};

static void free_ctx(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

/* Feeds what is bound in but not encrypted: our own head, then the caller's. */
static bool feed_aad(EVP_CIPHER_CTX *ctx, struct rv_str aad)
{
	int n;

	if (aad.len > INT32_MAX)
		return false;
	if (EVP_CipherUpdate(ctx, NULL, &n, head, HEAD_LEN) != 1)
		return false;
	return aad.len == 0 || EVP_CipherUpdate(ctx, NULL, &n, aad.data, (int)aad.len) == 1;
}

/* Encrypts into out: ciphertext and tag behind the head and nonce that stand there already. */
static bool seal_into(EVP_CIPHER_CTX *ctx, const struct rv_secret *key, struct rv_str aad,
		      const struct rv_secret *plain, uint8_t *blob)
{
	size_t len = rv_secret_len(plain);
	uint8_t *cipher = blob + HEAD_LEN + NONCE_LEN;
	int n = 0;

	if (EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, rv_secret_reveal(key),
			       blob + HEAD_LEN) != 1)
		return false;
	if (!feed_aad(ctx, aad))
		return false;
	if (len && EVP_EncryptUpdate(ctx, cipher, &n, rv_secret_reveal(plain), (int)len) != 1)
		return false;
	if (EVP_EncryptFinal_ex(ctx, cipher + len, &n) != 1)
		return false;
	return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN, cipher + len) == 1;
}

rv_status rv_seal(const struct rv_secret *key, struct rv_str aad, const struct rv_secret *plain,
		  struct rv_buf *out_blob)
{
	RV_CLEANUP(free_ctx) EVP_CIPHER_CTX *ctx = NULL;
	size_t size = rv_secret_len(plain) + BLOB_OVERHEAD;
	uint8_t *blob;

	if (rv_secret_len(key) != KEY_LEN)
		return (rv_status){RV_CLASS_BUG, 0};
	blob = rv_buf_reserve(out_blob, size);
	ctx = EVP_CIPHER_CTX_new();
	if (!blob || !ctx)
		return rv_fail_nomem(NULL);
	memcpy(blob, head, HEAD_LEN);
	rv_random(blob + HEAD_LEN, NONCE_LEN);
	if (!seal_into(ctx, key, aad, plain, blob))
		return (rv_status){RV_CLASS_BUG, 0};
	out_blob->len += size;
	return RV_OK;
}

static bool unseal_into(EVP_CIPHER_CTX *ctx, const struct rv_secret *key, struct rv_str aad,
			struct rv_str blob, uint8_t *plain)
{
	const uint8_t *cipher = blob.data + HEAD_LEN + NONCE_LEN;
	size_t len = blob.len - BLOB_OVERHEAD;
	uint8_t tag[TAG_LEN];
	int n = 0;

	memcpy(tag, cipher + len, TAG_LEN);
	if (EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, rv_secret_reveal(key),
			       blob.data + HEAD_LEN) != 1)
		return false;
	if (!feed_aad(ctx, aad))
		return false;
	if (len && EVP_DecryptUpdate(ctx, plain, &n, cipher, (int)len) != 1)
		return false;
	if (EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) != 1)
		return false;
	return EVP_DecryptFinal_ex(ctx, plain ? plain + len : tag, &n) == 1;
}

rv_status rv_unseal(const struct rv_secret *key, struct rv_str aad, struct rv_str blob,
		    struct rv_secret **out, struct rv_diag *diag)
{
	RV_CLEANUP(free_ctx) EVP_CIPHER_CTX *ctx = NULL;
	uint8_t *plain = NULL;
	size_t len;
	rv_status status;

	if (rv_secret_len(key) != KEY_LEN)
		return (rv_status){RV_CLASS_BUG, 0};
	if (blob.len < BLOB_OVERHEAD || memcmp(blob.data, head, HEAD_LEN) != 0)
		return rv_fail(RV_CLASS_MALFORMED, diag, "not a sealed secret of this version");
	len = blob.len - BLOB_OVERHEAD;
	ctx = EVP_CIPHER_CTX_new();
	plain = len ? OPENSSL_secure_zalloc(len) : NULL;
	if (!ctx || (len && !plain)) {
		status = rv_fail_nomem(diag);
	} else if (!unseal_into(ctx, key, aad, blob, plain)) {
		status = rv_fail(RV_CLASS_DENIED, diag,
				 "the sealed secret does not open: altered, or sealed with another "
				 "key or for another purpose");
	} else {
		status = rv_secret_new(plain, len, out);
	}
	OPENSSL_secure_clear_free(plain, len);
	return status;
}
