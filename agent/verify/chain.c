/* verify: the chain's rules. Not here: where events come from. */
#include "agent/verify/chain.h"

#include <openssl/err.h>
#include <openssl/evp.h>

rv_status rv_chain_begin(struct rv_chain *chain, uint64_t first, const struct rv_digest *previous,
			 struct rv_diag *diag)
{
	static const struct rv_digest zero = {{0}};
	if (first == 0)
		return rv_fail(RV_CLASS_CONFLICT, diag, "events count from 1");
	if (first == 1 && !rv_digest_equal(previous, &zero))
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "event 1 claims a predecessor: the chain's beginning was cut off");
	*chain = (struct rv_chain){.seq = first - 1, .hash = *previous};
	return RV_OK;
}

rv_status rv_chain_take(struct rv_chain *chain, uint64_t seq, struct rv_str canonical,
			const struct rv_digest *claimed, struct rv_diag *diag)
{
	if (seq != chain->seq + 1)
		return rv_fail(
			RV_CLASS_CONFLICT, diag,
			"event %llu stands where event %llu should be: something was removed, "
			"inserted or put in another order",
			(unsigned long long)seq, (unsigned long long)(chain->seq + 1));
	struct rv_digest hash = rv_event_hash(&chain->hash, canonical);
	if (!rv_digest_equal(&hash, claimed))
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "event %llu does not have the hash it claims: it, or what is before "
			       "it, was altered",
			       (unsigned long long)seq);
	chain->seq = seq;
	chain->hash = hash;
	return RV_OK;
}

bool rv_head_is_signed(const struct rv_signed_head *head)
{
	uint8_t message[RV_HEAD_MESSAGE_LEN];
	rv_head_message(head->seq, &head->hash, message);
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, head->public_key, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
		  EVP_DigestVerify(ctx, head->signature, sizeof(head->signature), message,
				   sizeof(message)) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok;
}

struct rv_digest rv_key_name(const uint8_t public_key[32])
{
	return rv_sha256(public_key, 32);
}
