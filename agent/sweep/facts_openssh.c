/* sweep: private keys in OpenSSH's own format (openssh-portable, PROTOCOL.key). The comment inside
 * is not told: it often names a person. Not here: PEM around it (facts_key.c). */
#include "agent/sweep/facts_private.h"
#include "agent/sweep/public_key.h"

#include <openssl/objects.h>
#include <stdio.h>

#define CHECKS 8 /* two equal numbers before the private part */

/* Names of ciphers are of few characters; what else stands there is not told. */
static void take_cipher(struct rv_key *key, struct rv_str name)
{
	if (name.len >= sizeof(key->cipher))
		return;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr("@.-", c)) || !c)
			return;
	}
	memcpy(key->cipher, name.data, name.len);
	key->cipher[name.len] = '\0';
}

static void type_of(struct rv_key *key, struct rv_str type, struct rv_str blob)
{
	static const struct {
		const char *type, *name;
	} names[] = {
		{"ssh-ed25519", "Ed25519"},
		{"ecdsa-sha2-nistp256", "EC P-256"},
		{"ecdsa-sha2-nistp384", "EC P-384"},
		{"ecdsa-sha2-nistp521", "EC P-521"},
		{"sk-ssh-ed25519@openssh.com", "Ed25519 on a hardware key"},
		{"sk-ecdsa-sha2-nistp256@openssh.com", "EC P-256 on a hardware key"},
	};
	struct rv_str e, n;

	for (size_t i = 0; i < RV_LEN(names); i++) {
		if (rv_str_is(type, names[i].type))
			(void)snprintf(key->type, sizeof(key->type), "%s",
				       names[i].name); /* fits */
	}
	if (rv_str_is(type, "ssh-rsa") && rv_ssh_take(&blob, &e) && rv_ssh_take(&blob, &n))
		rv_key_rsa_type(key, "RSA", n);
	if (rv_str_is(type, "ssh-dss") && rv_ssh_take(&blob, &n))
		rv_key_rsa_type(key, "DSA", n);
}

/* n, e, d, iqmp, p, q. */
static enum rv_key_state prove_rsa(struct rv_str in)
{
	struct rv_str n[6];

	for (size_t i = 0; i < RV_LEN(n); i++) {
		if (!rv_ssh_take(&in, &n[i]))
			return RV_KEY_BROKEN;
	}
	return rv_proof_rsa(rv_number_trim(n[0]), rv_number_trim(n[4]), rv_number_trim(n[5]));
}

/* The public half, then the seed with the public half again. */
static enum rv_key_state prove_ed25519(struct rv_str in)
{
	struct rv_str public_half, both;
	uint8_t made[RV_POINT_MAX];
	size_t len = 0;

	if (!rv_ssh_take(&in, &public_half) || !rv_ssh_take(&in, &both) || both.len != 64 ||
	    public_half.len != 32)
		return RV_KEY_BROKEN;
	enum rv_key_state s = rv_proof_raw(NID_ED25519, (struct rv_str){both.data, 32}, made, &len);
	if (s != RV_KEY_WHOLE)
		return s;
	return rv_str_equal((struct rv_str){made, len}, public_half) ? s : RV_KEY_UNFIT;
}

/* The curve's name, the point, the number. */
static enum rv_key_state prove_ecdsa(struct rv_str in)
{
	struct rv_str curve, point, secret;
	uint8_t made[RV_POINT_MAX];
	size_t len = 0;

	if (!rv_ssh_take(&in, &curve) || !rv_ssh_take(&in, &point) || !rv_ssh_take(&in, &secret))
		return RV_KEY_BROKEN;
	enum rv_key_state s =
		rv_proof_point(rv_ssh_curve(curve), rv_number_trim(secret), made, &len);
	if (s != RV_KEY_WHOLE)
		return s;
	return rv_str_equal((struct rv_str){made, len}, point) ? s : RV_KEY_UNFIT;
}

/* The private list, which is not locked. Its public part repeats that of the file, by which the key
 * is named. */
static enum rv_key_state prove(struct rv_str list, struct rv_str blob)
{
	struct rv_str type, type_outside;

	if (list.len < CHECKS || memcmp(list.data, list.data + CHECKS / 2, CHECKS / 2) != 0)
		return RV_KEY_BROKEN;
	list.data += CHECKS;
	list.len -= CHECKS;
	if (!rv_ssh_take(&list, &type) || !rv_ssh_take(&blob, &type_outside))
		return RV_KEY_BROKEN;
	if (!rv_str_equal(type, type_outside))
		return RV_KEY_UNFIT;
	if (rv_str_is(type, "ssh-ed25519"))
		return prove_ed25519(list);
	if (rv_str_is(type, "ssh-rsa"))
		return prove_rsa(list);
	return rv_str_starts_with(type, "ecdsa-sha2-") ? prove_ecdsa(list) : RV_KEY_UNKNOWN;
}

/* Do the public parts inside and outside agree? Outside: the blob behind its type. */
static bool agrees(struct rv_str list, struct rv_str blob)
{
	struct rv_str type, first, second, number;

	list.data += CHECKS;
	list.len -= CHECKS;
	if (!rv_ssh_take(&list, &type) || !rv_ssh_take(&blob, &number))
		return false;
	if (!rv_str_is(type, "ssh-rsa"))
		return blob.len <= list.len && memcmp(blob.data, list.data, blob.len) == 0;
	/* Outside e stands before n, inside behind it. */
	return rv_ssh_take(&list, &first) && rv_ssh_take(&list, &second) &&
	       rv_ssh_take(&blob, &number) && rv_str_equal(number, second) &&
	       rv_ssh_take(&blob, &number) && rv_str_equal(number, first);
}

void rv_key_openssh(struct rv_str body, struct rv_key *key)
{
	struct rv_str in = {body.data + sizeof(RV_OPENSSH_MAGIC),
			    body.len - sizeof(RV_OPENSSH_MAGIC)};
	struct rv_str cipher, kdf, options, blob, list, type;

	key->state = RV_KEY_CUT;
	if (!rv_ssh_take(&in, &cipher) || !rv_ssh_take(&in, &kdf) || !rv_ssh_take(&in, &options) ||
	    in.len < 4)
		return;
	bool is_one = memcmp(in.data, "\0\0\0\1", 4) == 0;
	in.data += 4;
	in.len -= 4;
	key->is_locked = !rv_str_is(cipher, "none");
	if (key->is_locked)
		take_cipher(key, cipher);
	if (!rv_ssh_take(&in, &blob))
		return;
	struct rv_str rest = blob;
	if (!is_one || !rv_ssh_take(&rest, &type)) {
		key->state = is_one ? RV_KEY_BROKEN : RV_KEY_UNKNOWN;
		return;
	}
	rv_ssh_fingerprint(blob, key->id);
	type_of(key, type, rest);
	if (!rv_ssh_take(&in, &list)) {
		/* Two bytes of length: no list is that long. */
		key->is_half_there = in.len > 4 && in.data[0] == 0 && in.data[1] == 0 &&
				     in.len - 4 > ((size_t)in.data[2] << 8 | in.data[3]) / 2;
		return;
	}
	key->state = key->is_locked ? RV_KEY_UNKNOWN : prove(list, blob);
	if (key->state == RV_KEY_WHOLE && !agrees(list, blob))
		key->state = RV_KEY_UNFIT;
}
