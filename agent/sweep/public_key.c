/* sweep: names of public keys. Not here: private parts (facts_proof.c). */
#include "agent/sweep/public_key.h"

#include "agent/base/digest.h"

#include <openssl/evp.h>
#include <openssl/objects.h>

#define TAG_INTEGER    0x02
#define TAG_BIT_STRING 0x03
#define TAG_SEQUENCE   0x30

/* DER, written from its end to its beginning. */
struct writer {
	uint8_t bytes[2 * RV_PUBLIC_MAX + 256];
	size_t at; /* of the first byte written */
	bool is_full;
};

static void put(struct writer *w, const void *bytes, size_t len)
{
	if (w->at < len) {
		w->is_full = true;
		return;
	}
	w->at -= len;
	if (len > 0)
		memcpy(w->bytes + w->at, bytes, len);
}

static void put_byte(struct writer *w, uint8_t byte)
{
	put(w, &byte, 1);
}

/* Tag and length before what was written since `end`. */
static void wrap(struct writer *w, uint8_t tag, size_t end)
{
	size_t len = end - w->at;

	if (len >= 256) {
		put_byte(w, (uint8_t)len);
		put_byte(w, (uint8_t)(len >> 8));
		put_byte(w, 0x82);
	} else {
		put_byte(w, (uint8_t)len);
		if (len >= 128)
			put_byte(w, 0x81);
	}
	put_byte(w, tag);
}

static void put_integer(struct writer *w, struct rv_str number)
{
	size_t end = w->at;
	struct rv_str n = rv_number_trim(number);

	put(w, n.data, n.len);
	if (n.len == 0 || (n.data[0] & 0x80))
		put_byte(w, 0);
	wrap(w, TAG_INTEGER, end);
}

/* False: no such object. */
static bool put_object(struct writer *w, int nid)
{
	uint8_t der[64];
	uint8_t *end = der;
	ASN1_OBJECT *object = OBJ_nid2obj(nid);
	int len = object ? i2d_ASN1_OBJECT(object, NULL) : 0;

	if (nid == NID_undef || len <= 0 || (size_t)len > sizeof(der) ||
	    i2d_ASN1_OBJECT(object, &end) != len)
		return false;
	put(w, der, (size_t)len);
	return true;
}

static bool finish(struct writer *w, char out[RV_SPKI_TEXT])
{
	wrap(w, TAG_SEQUENCE, sizeof(w->bytes));
	if (w->is_full)
		return false;
	rv_spki_of_der((struct rv_str){w->bytes + w->at, sizeof(w->bytes) - w->at}, out);
	return true;
}

void rv_spki_of_der(struct rv_str der, char out[RV_SPKI_TEXT])
{
	struct rv_digest digest = rv_sha256(der.data, der.len);

	memcpy(out, "spki:", 5);
	rv_hex(digest.bytes, sizeof(digest.bytes), out + 5);
}

bool rv_spki_of_rsa(struct rv_str n, struct rv_str e, char out[RV_SPKI_TEXT])
{
	struct writer w = {.at = sizeof(w.bytes)};

	if (n.len > RV_PUBLIC_MAX || e.len > RV_PUBLIC_MAX)
		return false;
	put_integer(&w, e);
	put_integer(&w, n);
	wrap(&w, TAG_SEQUENCE, sizeof(w.bytes));
	put_byte(&w, 0);
	wrap(&w, TAG_BIT_STRING, sizeof(w.bytes));
	size_t end = w.at;
	put(&w, "\x05\x00", 2);
	if (!put_object(&w, NID_rsaEncryption))
		return false;
	wrap(&w, TAG_SEQUENCE, end);
	return finish(&w, out);
}

/* key: the bits; curve_nid 0: the algorithm has no parameters. */
static bool of_bits(int nid, int curve_nid, struct rv_str key, char out[RV_SPKI_TEXT])
{
	struct writer w = {.at = sizeof(w.bytes)};

	put(&w, key.data, key.len);
	put_byte(&w, 0);
	wrap(&w, TAG_BIT_STRING, sizeof(w.bytes));
	size_t end = w.at;
	if ((curve_nid && !put_object(&w, curve_nid)) || !put_object(&w, nid))
		return false;
	wrap(&w, TAG_SEQUENCE, end);
	return finish(&w, out);
}

bool rv_spki_of_point(int curve_nid, struct rv_str point, char out[RV_SPKI_TEXT])
{
	return curve_nid != NID_undef && of_bits(NID_X9_62_id_ecPublicKey, curve_nid, point, out);
}

bool rv_spki_of_raw(int nid, struct rv_str key, char out[RV_SPKI_TEXT])
{
	return of_bits(nid, 0, key, out);
}

int rv_ssh_curve(struct rv_str name)
{
	if (rv_str_is(name, "nistp256"))
		return NID_X9_62_prime256v1;
	if (rv_str_is(name, "nistp384"))
		return NID_secp384r1;
	return rv_str_is(name, "nistp521") ? NID_secp521r1 : NID_undef;
}

bool rv_spki_of_ssh(struct rv_str blob, char out[RV_SPKI_TEXT])
{
	struct rv_str type, first, second;

	if (!rv_ssh_take(&blob, &type) || !rv_ssh_take(&blob, &first))
		return false;
	if (rv_str_is(type, "ssh-ed25519"))
		return first.len == 32 && rv_spki_of_raw(NID_ED25519, first, out);
	if (!rv_ssh_take(&blob, &second))
		return false;
	if (rv_str_is(type, "ssh-rsa"))
		return rv_spki_of_rsa(second, first, out); /* e stands first */
	return rv_str_starts_with(type, "ecdsa-sha2-") &&
	       rv_spki_of_point(rv_ssh_curve(first), second, out);
}

void rv_ssh_fingerprint(struct rv_str blob, char out[RV_SSH_TEXT])
{
	struct rv_digest digest = rv_sha256(blob.data, blob.len);
	uint8_t text[48];

	(void)EVP_EncodeBlock(text, digest.bytes, sizeof(digest.bytes)); /* 44, and the NUL */
	text[43] = '\0';						 /* '=' */
	memcpy(out, "SHA256:", 7);
	memcpy(out + 7, text, 44);
}

bool rv_der_take(struct rv_str *from, uint8_t tag, struct rv_str *out)
{
	size_t head = 2;

	if (from->len < 2 || from->data[0] != tag)
		return false;
	size_t len = from->data[1];
	if (len & 0x80) {
		size_t count = len & 0x7f;

		if (count == 0 || count > 3 || from->len < 2 + count)
			return false;
		len = 0;
		for (size_t i = 0; i < count; i++)
			len = len << 8 | from->data[2 + i];
		head += count;
	}
	if (from->len - head < len)
		return false;
	*out = (struct rv_str){from->data + head, len};
	from->data += head + len;
	from->len -= head + len;
	return true;
}

bool rv_ssh_take(struct rv_str *from, struct rv_str *out)
{
	if (from->len < 4)
		return false;
	size_t len = (size_t)from->data[0] << 24 | (size_t)from->data[1] << 16 |
		     (size_t)from->data[2] << 8 | from->data[3];

	if (from->len - 4 < len)
		return false;
	*out = (struct rv_str){from->data + 4, len};
	from->data += 4 + len;
	from->len -= 4 + len;
	return true;
}

struct rv_str rv_number_trim(struct rv_str n)
{
	while (n.len > 0 && n.data[0] == 0) {
		n.data++;
		n.len--;
	}
	return n;
}

unsigned rv_number_bits(struct rv_str n)
{
	struct rv_str trimmed = rv_number_trim(n);

	if (trimmed.len == 0)
		return 0;
	return (unsigned)trimmed.len * 8 - ((unsigned)__builtin_clz(trimmed.data[0]) - 24);
}
