/* sweep: private keys in PEM: the text around the body, and DER in it (RFC 8017 A.1.2, RFC 5915,
 * RFC 5958, RFC 8410, RFC 8018 A.4). A locked key stays locked. Not here: where PEM is
 * (scan/pem_key.h), arithmetic (facts_proof.c). */
#include "agent/sweep/facts_private.h"

#include "agent/scan/check_bytes.h"
#include "agent/scan/pem_key.h"
#include "agent/sweep/public_key.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <stdio.h>

#define TAG_INTEGER	 0x02
#define TAG_BIT_STRING	 0x03
#define TAG_OCTET_STRING 0x04
#define TAG_OBJECT	 0x06
#define TAG_SEQUENCE	 0x30
#define TAG_PARAMETERS	 0xa0
#define TAG_PUBLIC	 0xa1
#define RUN_MIN		 16 /* as scan/pem_key.c reads a body */
#define RUN_NEAR	 24
#define HEADER_MAX	 1024
#define RSA_STRONG	 2048

void rv_key_rsa_type(struct rv_key *key, const char *family, struct rv_str modulus)
{
	unsigned bits = rv_number_bits(modulus);

	(void)snprintf(key->type, sizeof(key->type), "%s %u", family, bits); /* fits */
	key->weak_bits = bits < RSA_STRONG ? bits : 0;
}

static int nid_of(struct rv_str object)
{
	const uint8_t *at = object.data;
	ASN1_OBJECT *o = d2i_ASN1_OBJECT(NULL, &at, (long)object.len);
	int nid = o ? OBJ_obj2nid(o) : NID_undef;

	ASN1_OBJECT_free(o);
	return nid;
}

/* An object identifier as a NID; *from goes behind it. */
static int take_object(struct rv_str *from)
{
	struct rv_str whole = *from;
	struct rv_str content;

	if (!rv_der_take(from, TAG_OBJECT, &content))
		return NID_undef;
	return nid_of((struct rv_str){whole.data, (size_t)(from->data - whole.data)});
}

/* Behind the version: n, e, d, p, q, and three more. */
static void read_rsa(struct rv_str in, struct rv_key *key)
{
	struct rv_str n[8];

	for (size_t i = 0; i < RV_LEN(n); i++) {
		if (!rv_der_take(&in, TAG_INTEGER, &n[i])) {
			key->state = RV_KEY_BROKEN;
			return;
		}
	}
	rv_key_rsa_type(key, "RSA", n[0]);
	if (!rv_spki_of_rsa(n[0], n[1], key->id))
		key->id[0] = '\0';
	key->state = rv_proof_rsa(rv_number_trim(n[0]), rv_number_trim(n[3]), rv_number_trim(n[4]));
}

/* Behind the version of DSA's traditional form: p, q, g, y, x. */
static void read_integers(struct rv_str in, struct rv_key *key)
{
	struct rv_str rest = in;
	struct rv_str number;
	size_t count = 0;

	while (rv_der_take(&rest, TAG_INTEGER, &number))
		count++;
	if (count != 5) {
		read_rsa(in, key);
		return;
	}
	(void)rv_der_take(&in, TAG_INTEGER, &number); /* it was there above */
	rv_key_rsa_type(key, "DSA", number);
}

static void curve_type(struct rv_key *key, int nid)
{
	const char *name = EC_curve_nid2nist(nid);

	(void)snprintf(key->type, sizeof(key->type), "EC %s", /* cut */
		       name ? name : OBJ_nid2sn(nid));
}

/* Behind the version of RFC 5915; curve NID_undef: it says itself. */
static void read_ec(struct rv_str in, int curve, struct rv_key *key)
{
	struct rv_str secret, parameters, public_half = RV_STR_NONE;
	uint8_t made[RV_POINT_MAX];
	size_t len = 0;

	key->state = RV_KEY_BROKEN;
	if (!rv_der_take(&in, TAG_OCTET_STRING, &secret))
		return;
	if (rv_der_take(&in, TAG_PARAMETERS, &parameters) && curve == NID_undef)
		curve = take_object(&parameters);
	struct rv_str outer;
	if (rv_der_take(&in, TAG_PUBLIC, &outer))
		(void)rv_der_take(&outer, TAG_BIT_STRING, &public_half); /* else there is none */
	if (curve == NID_undef) {
		memcpy(key->type, "EC", 3);
		key->state = RV_KEY_UNKNOWN; /* parameters of its own: not computed with */
		return;
	}
	curve_type(key, curve);
	key->state = rv_proof_point(curve, rv_number_trim(secret), made, &len);
	if (key->state != RV_KEY_WHOLE)
		return;
	if (!rv_spki_of_point(curve, (struct rv_str){made, len}, key->id))
		key->id[0] = '\0';
	/* Unused bits, then 4 for an uncompressed point. */
	if (public_half.data && public_half.len == len + 1 && public_half.data[1] == made[0] &&
	    memcmp(public_half.data + 1, made, len) != 0)
		key->state = RV_KEY_UNFIT;
}

static void read_raw(struct rv_str in, int nid, struct rv_key *key)
{
	struct rv_str secret;
	uint8_t made[RV_POINT_MAX];
	size_t len = 0;

	(void)snprintf(key->type, sizeof(key->type), "%s", /* fits */
		       nid == NID_ED25519 ? "Ed25519"
		       : nid == NID_ED448 ? "Ed448"
		       : nid == NID_X448  ? "X448"
					  : "X25519");
	key->state = RV_KEY_BROKEN;
	if (!rv_der_take(&in, TAG_OCTET_STRING, &secret))
		return;
	key->state = rv_proof_raw(nid, secret, made, &len);
	if (key->state == RV_KEY_WHOLE && !rv_spki_of_raw(nid, (struct rv_str){made, len}, key->id))
		key->id[0] = '\0';
}

/* Behind the version of RFC 5958: the algorithm, then the key in its own form. */
static void read_pkcs8(struct rv_str in, struct rv_key *key)
{
	struct rv_str algorithm, inner, form, version, p;

	key->state = RV_KEY_BROKEN;
	if (!rv_der_take(&in, TAG_SEQUENCE, &algorithm) ||
	    !rv_der_take(&in, TAG_OCTET_STRING, &inner))
		return;
	int nid = take_object(&algorithm);
	if (nid == NID_ED25519 || nid == NID_ED448 || nid == NID_X25519 || nid == NID_X448) {
		read_raw(inner, nid, key);
		return;
	}
	if (nid == NID_rsaEncryption || nid == NID_rsassaPss || nid == NID_X9_62_id_ecPublicKey) {
		if (!rv_der_take(&inner, TAG_SEQUENCE, &form) ||
		    !rv_der_take(&form, TAG_INTEGER, &version))
			return;
		if (nid == NID_X9_62_id_ecPublicKey)
			read_ec(form, take_object(&algorithm), key);
		else
			read_rsa(form, key);
		return;
	}
	key->state = RV_KEY_UNKNOWN;
	if (nid == NID_dsa && rv_der_take(&algorithm, TAG_SEQUENCE, &form) &&
	    rv_der_take(&form, TAG_INTEGER, &p))
		rv_key_rsa_type(key, "DSA", p);
}

/* In lower case, as OpenSSH writes them. */
static void cipher_of(struct rv_key *key, const char *name, size_t len)
{
	size_t n = len < sizeof(key->cipher) ? len : 0;

	for (size_t i = 0; i < n; i++)
		key->cipher[i] =
			(char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
	key->cipher[n] = '\0';
}

/* EncryptedPrivateKeyInfo: the algorithm, of which PBES2 names the cipher second. */
static void read_locked(struct rv_str algorithm, struct rv_str in, struct rv_key *key)
{
	struct rv_str body, both, kdf, cipher;
	int nid = take_object(&algorithm);

	key->state = rv_der_take(&in, TAG_OCTET_STRING, &body) ? RV_KEY_UNKNOWN : RV_KEY_BROKEN;
	key->is_locked = true;
	key->is_by_password =
		nid == NID_pbes2 || (nid != NID_undef && !strncmp(OBJ_nid2sn(nid), "PBE", 3));
	if (nid == NID_pbes2 && rv_der_take(&algorithm, TAG_SEQUENCE, &both) &&
	    rv_der_take(&both, TAG_SEQUENCE, &kdf) && rv_der_take(&both, TAG_SEQUENCE, &cipher))
		nid = take_object(&cipher);
	const char *name = nid != NID_undef && nid != NID_pbes2 ? OBJ_nid2sn(nid) : NULL;
	if (name)
		cipher_of(key, name, strlen(name));
}

static void read_der(struct rv_str body, struct rv_key *key)
{
	struct rv_str in, version, algorithm;

	key->state = RV_KEY_BROKEN;
	if (body.len < 2 || body.data[0] != TAG_SEQUENCE)
		return;
	if (!rv_der_take(&body, TAG_SEQUENCE, &in)) {
		/* Three bytes of length: no key is that long. */
		bool is_long = body.len > 3 && body.data[1] == 0x82;
		size_t whole = is_long ? (size_t)body.data[2] << 8 | body.data[3] : 0;

		key->state = RV_KEY_CUT;
		key->is_half_there = is_long && body.len > whole / 2;
		return;
	}
	if (rv_der_take(&in, TAG_SEQUENCE, &algorithm)) {
		read_locked(algorithm, in, key);
		return;
	}
	if (!rv_der_take(&in, TAG_INTEGER, &version) || version.len != 1 || in.len == 0)
		return;
	key->state = RV_KEY_UNKNOWN;
	if (in.data[0] == TAG_INTEGER)
		read_integers(in, key);
	else if (in.data[0] == TAG_SEQUENCE)
		read_pkcs8(in, key);
	else
		read_ec(in, NID_undef, key);
}

bool rv_fact_is_der_key(struct rv_str bytes)
{
	struct rv_key key = {.state = RV_KEY_BROKEN};
	struct rv_str rest = bytes;
	struct rv_str content;

	if (bytes.len > RV_FACT_VALUE_MAX || !rv_der_take(&rest, TAG_SEQUENCE, &content) ||
	    rest.len)
		return false;
	(void)ERR_set_mark(); /* what libcrypto minds of the bytes is no error of ours */
	read_der(bytes, &key);
	(void)ERR_pop_to_mark(); /* it was set */
	if (key.state == RV_KEY_WHOLE || key.state == RV_KEY_UNFIT)
		return true;
	if (key.state != RV_KEY_UNKNOWN)
		return false;
	/* "EC" alone: an integer and a string of bytes, as other things begin too. */
	return key.is_locked ? key.is_by_password : strlen(key.type) > 2;
}

/* How a body is put together from its runs: a shape of text that one way reads wrong another
 * reads right. */
enum assembly {
	AS_FOUND,      /* as scan/pem_key.c does */
	AS_LONG,       /* without short runs ("<br>", "&#10;") but the last */
	AS_ADDED_LINE, /* each line behind the '+' of a patch */
	ASSEMBLIES
};

static bool is_base64(uint8_t c)
{
	return c != '-' && c != '_' && (c == '=' || rv_base64_digit(c) >= 0);
}

static size_t skip_between(struct rv_str s, size_t at)
{
	size_t next = at;

	while (next < s.len && s.data[next] == '\\')
		next++;
	if (next > at)
		return next < s.len && memchr("nrt", s.data[next], 3) ? next + 1 : next;
	return s.data[at] == '%' && at + 1 < s.len && s.data[at + 1] == '0' ? at + 3 : at + 1;
}

/* The base64 of the body into out, which holds s.len bytes. */
static size_t assemble(struct rv_str s, enum assembly way, uint8_t *out)
{
	size_t len = 0, last = 0;

	for (size_t at = 0; at < s.len;) {
		size_t end = at;

		if (!is_base64(s.data[at])) {
			at = skip_between(s, at);
			continue;
		}
		while (end < s.len && is_base64(s.data[end]))
			end++;
		if (way == AS_ADDED_LINE && s.data[at] == '+')
			at++;
		size_t run = end - at;
		if (run >= RUN_MIN || (way == AS_LONG && end == s.len) ||
		    (way != AS_LONG && len > 0 && run > 1 && at - last < RUN_NEAR)) {
			memcpy(out + len, s.data + at, run);
			len += run;
			last = end;
		}
		at = end;
	}
	const uint8_t *pad = len ? memchr(out, '=', len) : NULL;
	return pad ? (size_t)(pad - out) : len;
}

static void read_body(struct rv_str body, struct rv_key *key)
{
	if (body.len > sizeof(RV_OPENSSH_MAGIC) &&
	    memcmp(body.data, RV_OPENSSH_MAGIC, sizeof(RV_OPENSSH_MAGIC)) == 0)
		rv_key_openssh(body, key);
	else
		read_der(body, key);
}

static bool is_bad(enum rv_key_state state)
{
	return state == RV_KEY_CUT || state == RV_KEY_BROKEN || state == RV_KEY_UNFIT;
}

/* The first way that gives a key; else what the first one gave. */
static rv_status read_text(struct rv_str text, struct rv_key *key)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf room = {0};

	rv_buf_init(&room, 2 * (size_t)RV_FACT_VALUE_MAX + 8);
	uint8_t *base64 = rv_buf_reserve(&room, 2 * text.len + 8);
	if (!base64)
		return rv_fail_nomem(NULL);
	uint8_t *der = base64 + text.len;
	for (unsigned way = 0; way < ASSEMBLIES; way++) {
		struct rv_key read = {.state = RV_KEY_BROKEN};
		size_t len = assemble(text, (enum assembly)way, base64);

		size_t bytes = rv_base64_decode((struct rv_str){base64, len}, der, text.len + 8);
		if (bytes != SIZE_MAX)
			read_body((struct rv_str){der, bytes}, &read);
		if (way == 0 || !is_bad(read.state))
			*key = read;
		if (!is_bad(read.state))
			break;
	}
	room.len = 2 * text.len + 8; /* all of it is wiped */
	return key->state == RV_KEY_NOMEM ? rv_fail_nomem(NULL) : RV_OK;
}

/* RFC 1421's header of a locked key: "DEK-Info: AES-256-CBC,..". */
static bool read_header(struct rv_str head, struct rv_key *key)
{
	const uint8_t *at = rv_fact_find(head, "DEK-Info:");

	if (!at)
		return false;
	const char *name = (const char *)at + strlen("DEK-Info:");
	const char *end = (const char *)head.data + head.len;
	size_t len = 0;

	while (name < end && *name == ' ')
		name++;
	while (name + len < end && ((name[len] >= 'A' && name[len] <= 'Z') || name[len] == '-' ||
				    (name[len] >= '0' && name[len] <= '9')))
		len++;
	key->is_locked = true;
	cipher_of(key, name, len);
	static const char *const families[] = {"RSA", "EC", "DSA"};
	for (size_t i = 0; i < RV_LEN(families); i++) {
		struct rv_str label = {head.data + sizeof(RV_PEM_ANCHOR) - 1,
				       head.len - (sizeof(RV_PEM_ANCHOR) - 1)};

		if (rv_str_starts_with(label, families[i]))
			memcpy(key->type, families[i], strlen(families[i]) + 1);
	}
	return true;
}

static void tell(const struct rv_key *key, struct rv_fact *fact)
{
	if (key->type[0])
		rv_fact_say(fact, "%s%s", key->type, key->weak_bits ? " (weak)" : "");
	if (key->is_locked && key->cipher[0])
		rv_fact_say(fact, "passphrase-protected (%s)", key->cipher);
	else if (key->is_locked)
		rv_fact_say(fact, "passphrase-protected");
	fact->is_locked = key->is_locked;
	fact->is_weak = key->weak_bits > 0;
	fact->is_damaged = is_bad(key->state);
	fact->is_useless =
		key->state == RV_KEY_BROKEN || (key->state == RV_KEY_CUT && !key->is_half_there);
	fact->is_proven = key->state == RV_KEY_WHOLE;
	if (fact->is_damaged)
		rv_fact_say(fact, "damaged: %s",
			    key->state == RV_KEY_CUT	  ? "cut short"
			    : key->state == RV_KEY_BROKEN ? "does not parse"
							  : "its numbers do not belong together");
	if (!fact->is_damaged)
		rv_fact_name(fact, rv_str_of(key->id));
}

rv_status rv_fact_key(const struct rv_fact_about *about, struct rv_fact *fact)
{
	struct rv_str head = {about->bytes.data + about->match_start,
			      about->start - about->match_start};
	struct rv_key key = {.state = RV_KEY_UNKNOWN};
	struct rv_str label = {head.data, head.len < 64 ? head.len : 64};

	if (about->match_start == about->start && rv_fact_is_der_key(rv_fact_value(about))) {
		read_der(rv_fact_value(about), &key);
		tell(&key, fact);
		return RV_OK;
	}
	if (about->match_start >= about->start || !rv_str_starts_with(head, RV_PEM_ANCHOR))
		return RV_OK; /* a JSON Web Key */
	if (rv_fact_find(label, "PGP")) {
		rv_fact_say(fact, "OpenPGP");
		return RV_OK;
	}
	head.len = head.len < HEADER_MAX ? head.len : HEADER_MAX;
	if (!read_header(head, &key)) {
		(void)ERR_set_mark(); /* what libcrypto minds of the bytes is no error of ours */
		rv_status status = read_text(rv_fact_value(about), &key);
		(void)ERR_pop_to_mark(); /* it was set */
		RV_TRY(status);
	}
	tell(&key, fact);
	return RV_OK;
}
