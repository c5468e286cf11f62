/* verify: the gate between "the provider answered" and "we may deploy it". */
#include "agent/verify/gate.h"

#include "agent/model/leaf.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

static void x509_freep(X509 **x)
{
	X509_free(*x);
}

static rv_status parse(struct rv_str der, X509 **out, struct rv_diag *diag)
{
	const uint8_t *p = der.data;

	if (!der.len || der.len > 65536)
		return rv_fail(RV_CLASS_MALFORMED, diag, "no certificate");
	X509 *x = d2i_X509(NULL, &p, (long)der.len);
	if (!x || p != der.data + der.len) {
		X509_free(x);
		return rv_fail(RV_CLASS_MALFORMED, diag, "a certificate does not parse");
	}
	*out = x;
	return RV_OK;
}

static bool same_name(const GENERAL_NAME *a, const GENERAL_NAME *b)
{
	return GENERAL_NAME_cmp((GENERAL_NAME *)(uintptr_t)a, (GENERAL_NAME *)(uintptr_t)b) == 0;
}

/* Every subject alternative name of the old one is in the new one. */
static bool covers_names(const X509 *old_one, const X509 *new_one)
{
	GENERAL_NAMES *had = X509_get_ext_d2i(old_one, NID_subject_alt_name, NULL, NULL);
	GENERAL_NAMES *has = X509_get_ext_d2i(new_one, NID_subject_alt_name, NULL, NULL);
	bool covers = true;

	for (int i = 0; had && covers && i < sk_GENERAL_NAME_num(had); i++) {
		covers = false;
		for (int k = 0; has && !covers && k < sk_GENERAL_NAME_num(has); k++)
			covers = same_name(sk_GENERAL_NAME_value(had, i),
					   sk_GENERAL_NAME_value(has, k));
	}
	if (!had)
		covers = X509_NAME_cmp(X509_get_subject_name(old_one),
				       X509_get_subject_name(new_one)) == 0;
	GENERAL_NAMES_free(had);
	GENERAL_NAMES_free(has);
	return covers;
}

static bool covers_usage(X509 *old_one, X509 *new_one)
{
	uint32_t had = X509_get_extended_key_usage(old_one);
	uint32_t has = X509_get_extended_key_usage(new_one);

	if (had == UINT32_MAX) /* no restriction before: server use must remain possible */
		return has == UINT32_MAX || (has & XKU_SSL_SERVER);
	return has == UINT32_MAX || (had & ~has) == 0;
}

static rv_status check_leaf(const struct rv_gate *gate, X509 *old_one, X509 *new_one,
			    struct rv_diag *diag)
{
	struct rv_leaf leaf;

	RV_TRY(rv_leaf_of(gate->new_der, &leaf, diag));
	if (gate->spki_sha256.len != 32 ||
	    memcmp(leaf.spki_sha256, gate->spki_sha256.data, 32) != 0)
		return rv_fail(RV_CLASS_DENIED, diag, "the new certificate is for another key");
	if (X509_cmp(old_one, new_one) == 0)
		return rv_fail(RV_CLASS_DENIED, diag, "the provider returned the old certificate");
	if (leaf.not_before_us > gate->now_us + gate->skew_us)
		return rv_fail(RV_CLASS_DENIED, diag, "the new certificate is not valid yet");
	if (leaf.not_after_us <= gate->now_us)
		return rv_fail(RV_CLASS_DENIED, diag, "the new certificate has expired");
	if (!covers_names(old_one, new_one))
		return rv_fail(RV_CLASS_DENIED, diag,
			       "the new certificate lacks a name of the old");
	if (!covers_usage(old_one, new_one))
		return rv_fail(RV_CLASS_DENIED, diag,
			       "the new certificate lacks a key usage of the old");
	if (EVP_PKEY_base_id(X509_get0_pubkey(new_one)) !=
	    EVP_PKEY_base_id(X509_get0_pubkey(old_one)))
		return rv_fail(RV_CLASS_DENIED, diag, "the new key is of another kind");
	if (X509_check_ca(new_one) > 0 && X509_check_ca(old_one) == 0)
		return rv_fail(RV_CLASS_DENIED, diag, "the new certificate is a CA");
	return RV_OK;
}

static rv_status check_chain(const struct rv_gate *gate, X509 *leaf, struct rv_diag *diag)
{
	RV_CLEANUP(x509_freep) X509 *below = NULL;

	if (!gate->chain_count)
		return rv_fail(RV_CLASS_DENIED, diag, "the provider gave no issuer");
	if (X509_up_ref(leaf) != 1)
		return rv_fail_nomem(diag);
	below = leaf;
	for (size_t i = 0; i < gate->chain_count; i++) {
		RV_CLEANUP(x509_freep) X509 *issuer = NULL;
		RV_TRY(parse(gate->chain[i], &issuer, diag));
		if (X509_check_issued(issuer, below) != X509_V_OK ||
		    X509_verify(below, X509_get0_pubkey(issuer)) != 1)
			return rv_fail(RV_CLASS_DENIED, diag,
				       "issuer %zu of the chain did not sign what is below it",
				       i + 1);
		X509_free(below);
		below = RV_TAKE(issuer);
	}
	return RV_OK;
}

rv_status rv_gate_certificate(const struct rv_gate *gate, struct rv_diag *diag)
{
	RV_CLEANUP(x509_freep) X509 *old_one = NULL;
	RV_CLEANUP(x509_freep) X509 *new_one = NULL;

	RV_TRY(parse(gate->old_der, &old_one, diag));
	RV_TRY(parse(gate->new_der, &new_one, diag));
	RV_TRY(check_leaf(gate, old_one, new_one, diag));
	return check_chain(gate, new_one, diag);
}
