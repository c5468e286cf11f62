/* act: what the broker makes of the keys it holds: PEM text, signatures over audit heads. And the
 * warm-up that lets all of it run under a filter. Not here: making keys (broker_mint.c). */
#include "agent/act/broker_mint.h"

#include "agent/base/clock.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define PEM_HEAD      \
	"-----BEGIN " \
	"PRIVATE KEY-----\n"
#define PEM_TAIL    \
	"-----END " \
	"PRIVATE KEY-----\n"
#define PEM_LINE 48 /* bytes that make 64 characters */

static void buf_donep(struct rv_buf *buf)
{
	rv_buf_done(buf);
}

rv_status rv_broker_key_pem(const struct rv_secret *pkcs8, struct rv_secret **out)
{
	size_t len = rv_secret_len(pkcs8);
	const uint8_t *der = rv_secret_reveal(pkcs8);
	RV_CLEANUP(buf_donep) struct rv_buf text;
	size_t lines = len / PEM_LINE + 1;
	rv_buf_init(&text, sizeof(PEM_HEAD) + sizeof(PEM_TAIL) + lines * 66 + 16);
	/* All at once: a buffer that grows would leave copies behind. */
	if (!rv_buf_reserve(&text, text.max))
		return rv_fail_nomem(NULL);
	RV_TRY(rv_buf_put_str(&text, PEM_HEAD));
	for (size_t at = 0; at < len; at += PEM_LINE) {
		unsigned char line[PEM_LINE / 3 * 4 + 1];
		size_t n = len - at < PEM_LINE ? len - at : PEM_LINE;
		int chars = EVP_EncodeBlock(line, der + at, (int)n);
		rv_status st = rv_buf_put(&text, line, (size_t)chars);
		explicit_bzero(line, sizeof(line));
		RV_TRY(st);
		RV_TRY(rv_buf_put_byte(&text, '\n'));
	}
	RV_TRY(rv_buf_put_str(&text, PEM_TAIL));
	return rv_secret_new(text.data, text.len, out);
}

rv_status rv_broker_sign_head(const struct rv_secret *seed, uint64_t seq,
			      const struct rv_digest *head, uint8_t out_signature[64],
			      uint8_t out_public_key[32])
{
	if (rv_secret_len(seed) != 32)
		return rv_fail(RV_CLASS_MISCONFIGURED, NULL, "the evidence key has not 32 bytes");
	uint8_t message[RV_HEAD_MESSAGE_LEN];
	rv_head_message(seq, head, message);
	EVP_PKEY *key =
		EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, rv_secret_reveal(seed), 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t sig_len = 64;
	size_t pub_len = 32;
	bool ok = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
		  EVP_DigestSign(ctx, out_signature, &sig_len, message, sizeof(message)) == 1 &&
		  EVP_PKEY_get_raw_public_key(key, out_public_key, &pub_len) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok ? RV_OK : rv_fail(RV_CLASS_EXHAUSTED, NULL, "libcrypto could not sign");
}

static rv_status warm_up_rsa(struct rv_diag *diag)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(NULL, "RSA", NULL);
	bool ok = ctx && signature && EVP_PKEY_keygen_init(ctx) == 1;
	EVP_SIGNATURE_free(signature);
	EVP_PKEY_CTX_free(ctx);
	return ok ? RV_OK : rv_fail(RV_CLASS_EXHAUSTED, diag, "libcrypto has no RSA");
}

/* A P-256 root and leaf, a seal, an unseal, a head and the RSA methods without the slow search for
 * primes: after this nothing is fetched, and no generator seeded, for the first time. */
rv_status rv_broker_warm_up(struct rv_diag *diag)
{
	struct rv_broker_key root;
	struct rv_broker_key leaf;
	struct rv_secret *pem = NULL;
	struct rv_secret *seed = NULL;
	struct rv_secret *back = NULL;
	struct rv_buf blob;
	uint8_t bytes[32] = {0};
	struct rv_digest head = {0};
	uint8_t signature[64];
	uint8_t public_key[32];

	rv_broker_key_init(&root);
	rv_broker_key_init(&leaf);
	rv_buf_init(&blob, 16384);
	/* A broker takes no settings from files. */
	rv_status st = OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) == 1
			       ? warm_up_rsa(diag)
			       : rv_fail(RV_CLASS_EXHAUSTED, diag, "libcrypto does not start");
	if (rv_is_ok(st))
		st = rv_broker_mint_root(RV_ALG_EC_P256, RV_STR_LIT("warm-up"),
					 (const int64_t[2]){0, RV_US_PER_DAY}, &root, diag);
	if (rv_is_ok(st))
		st = rv_broker_mint(0, rv_buf_view(&root.public_der), &leaf, diag);
	if (rv_is_ok(st))
		st = rv_broker_key_pem(leaf.pkcs8, &pem);
	if (rv_is_ok(st))
		st = rv_secret_new(bytes, sizeof(bytes), &seed);
	if (rv_is_ok(st))
		st = rv_broker_sign_head(seed, 0, &head, signature, public_key);
	if (rv_is_ok(st))
		st = rv_seal(seed, RV_STR_LIT("warm-up"), leaf.pkcs8, &blob);
	if (rv_is_ok(st))
		st = rv_unseal(seed, RV_STR_LIT("warm-up"), rv_buf_view(&blob), &back, diag);
	rv_secret_free(pem);
	rv_secret_free(seed);
	rv_secret_free(back);
	rv_broker_key_done(&root);
	rv_broker_key_done(&leaf);
	rv_buf_done(&blob);
	return st;
}
