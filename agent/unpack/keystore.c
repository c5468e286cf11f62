/* unpack: PKCS#12 by libcrypto, and what both formats share. Not here: JKS (keystore_jks.c). */
#include "agent/unpack/keystore.h"

#include "agent/unpack/keystore_private.h"

#include <openssl/err.h>
#include <openssl/pkcs12.h>

const char *const rv_keystore_passwords[2] = {"", "changeit"};
const uint8_t rv_keystore_locks[2] = {RV_KEYSTORE_OPEN_EMPTY, RV_KEYSTORE_OPEN_KNOWN};

const char *rv_keystore_lock_name(enum rv_keystore_lock lock)
{
	static const char *const names[RV_KEYSTORE_LOCK__COUNT] = {
		[RV_KEYSTORE_LOCKED] = "locked",
		[RV_KEYSTORE_OPEN_EMPTY] = "empty-password",
		[RV_KEYSTORE_OPEN_KNOWN] = "default-password",
		[RV_KEYSTORE_NO_MAC] = "no-mac",
		[RV_KEYSTORE_UNTRIED] = "untried",
		[RV_KEYSTORE_TOO_SLOW] = "too-many-rounds",
		[RV_KEYSTORE_SPENT] = "rounds-spent",
	};

	return lock < RV_KEYSTORE_LOCK__COUNT ? names[lock] : "unknown";
}

void rv_keystore_add(struct rv_keystore *store, enum rv_keystore_entry_kind kind,
		     struct rv_str alias, bool is_encrypted, int64_t made_at_s)
{
	struct rv_keystore_entry *entry;

	store->counts[kind]++;
	if (kind == RV_KEYSTORE_PRIVATE_KEY && !is_encrypted)
		store->has_plain_key = true;
	if (store->entry_count == RV_KEYSTORE_ENTRIES_MAX)
		return;
	entry = &store->entries[store->entry_count++];
	*entry = (struct rv_keystore_entry){
		.kind = (uint8_t)kind, .is_encrypted = is_encrypted, .made_at_s = made_at_s};
	if (alias.len > RV_KEYSTORE_ALIAS_MAX - 1)
		alias.len = RV_KEYSTORE_ALIAS_MAX - 1;
	if (alias.len)
		memcpy(entry->alias, alias.data, alias.len);
	for (size_t i = 0; i < alias.len; i++) {
		if (!entry->alias[i])
			entry->alias[i] = ' ';
	}
	rv_text_tame(entry->alias);
}

static void add_bag(struct rv_keystore *store, PKCS12_SAFEBAG *bag)
{
	char *alias = PKCS12_get_friendlyname(bag);
	int nid = PKCS12_SAFEBAG_get_nid(bag);
	struct rv_str name = rv_str_of(alias);

	if (nid == NID_keyBag)
		rv_keystore_add(store, RV_KEYSTORE_PRIVATE_KEY, name, false, 0);
	else if (nid == NID_pkcs8ShroudedKeyBag)
		rv_keystore_add(store, RV_KEYSTORE_PRIVATE_KEY, name, true, 0);
	else if (nid == NID_secretBag)
		rv_keystore_add(store, RV_KEYSTORE_SECRET_KEY, name, true, 0);
	else if (nid == NID_certBag)
		rv_keystore_add(store, RV_KEYSTORE_CERTIFICATE, name, false, 0);
	else
		store->is_partial = true;
	OPENSSL_free(alias);
}

/* The bags of one part; an encrypted part is left closed. */
static void add_part(struct rv_keystore *store, PKCS7 *part)
{
	STACK_OF(PKCS12_SAFEBAG) * bags;

	if (!PKCS7_type_is_data(part)) {
		store->is_partial = true;
		return;
	}
	bags = PKCS12_unpack_p7data(part);
	if (!bags)
		store->is_partial = true;
	for (int i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++)
		add_bag(store, sk_PKCS12_SAFEBAG_value(bags, i));
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

/* What the MAC asks for; -1: no number of rounds. Without one it is one round. */
static int64_t rounds_of(PKCS12 *p12)
{
	const ASN1_INTEGER *rounds = NULL;
	int64_t count = 1;

	PKCS12_get0_mac(NULL, NULL, NULL, &rounds, p12);
	if (rounds && (!ASN1_INTEGER_get_int64(&count, rounds) || count < 0))
		return -1;
	return count;
}

static bool is_mac_of(PKCS12 *p12, const char *password, int len, int64_t count, uint64_t *rounds)
{
	*rounds += (uint64_t)count;
	return PKCS12_verify_mac(p12, password, len) != 0;
}

static enum rv_keystore_lock try_passwords(PKCS12 *p12, uint64_t rounds_max, uint64_t *rounds)
{
	if (!PKCS12_mac_present(p12))
		return RV_KEYSTORE_NO_MAC;
	int64_t count = rounds_of(p12);
	if (count < 0 || count > RV_KEYSTORE_ROUNDS_MAX)
		return RV_KEYSTORE_TOO_SLOW;
	if ((uint64_t)count * RV_KEYSTORE_TRIES > rounds_max)
		return RV_KEYSTORE_SPENT;
	for (size_t i = 0; i < RV_LEN(rv_keystore_passwords); i++) {
		const char *password = rv_keystore_passwords[i];

		ERR_clear_error();
		if (is_mac_of(p12, password, (int)strlen(password), count, rounds) ||
		    (!*password && is_mac_of(p12, NULL, 0, count, rounds)))
			return (enum rv_keystore_lock)rv_keystore_locks[i];
		/* A wrong password leaves no error, or only that. */
		if (ERR_peek_error() &&
		    ERR_GET_REASON(ERR_peek_error()) != PKCS12_R_MAC_VERIFY_FAILURE)
			return RV_KEYSTORE_UNTRIED;
	}
	return RV_KEYSTORE_LOCKED;
}

static rv_status look_pkcs12(struct rv_str bytes, uint64_t rounds_max, struct rv_keystore *out)
{
	const unsigned char *p = bytes.data;
	STACK_OF(PKCS7) * parts;
	PKCS12 *p12;

	if (bytes.len > LONG_MAX)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "no PKCS#12");
	p12 = d2i_PKCS12(NULL, &p, (long)bytes.len);
	parts = p12 ? PKCS12_unpack_authsafes(p12) : NULL;
	if (!parts) {
		/* Signed rather than for a password: nothing to try. */
		PKCS12_free(p12);
		ERR_clear_error();
		return rv_fail(RV_CLASS_MALFORMED, NULL, "a damaged PKCS#12");
	}
	for (int i = 0; i < sk_PKCS7_num(parts); i++)
		add_part(out, sk_PKCS7_value(parts, i));
	sk_PKCS7_pop_free(parts, PKCS7_free);
	out->lock = (uint8_t)try_passwords(p12, rounds_max, &out->rounds);
	PKCS12_free(p12);
	ERR_clear_error();
	return RV_OK;
}

rv_status rv_keystore_look(struct rv_str bytes, enum rv_unpack_kind kind, uint64_t rounds_max,
			   struct rv_keystore *out)
{
	struct rv_keystore store = {.format = (uint8_t)kind};

	if (kind == RV_UNPACK_PKCS12)
		RV_TRY(look_pkcs12(bytes, rounds_max, &store));
	else if (kind == RV_UNPACK_JKS)
		RV_TRY(rv_keystore_look_jks(bytes, &store));
	else
		return rv_fail(RV_CLASS_MALFORMED, NULL, "no key store");
	*out = store;
	return RV_OK;
}
