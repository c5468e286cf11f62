/* discover: certificates and private keys of a file, as findings. Not here: parsing (cert.h, key.h,
 * pem.h). */
#include "agent/discover/intake_parts.h"
#include "agent/discover/key.h"
#include "agent/model/kinds.h"

static rv_status tell_certificate(struct rv_intake *in, const struct rv_cert *cert,
				  struct rv_rec_found_certificate *rec)
{
	rec->cert_sha256 = (struct rv_str){cert->cert_sha256.bytes, RV_SHA256_LEN};
	rec->spki_sha256 = (struct rv_str){cert->spki_sha256.bytes, RV_SHA256_LEN};
	rec->serial = (struct rv_str){cert->serial, cert->serial_len};
	rec->not_before_us = cert->not_before_us;
	rec->not_after_us = cert->not_after_us;
	rec->alg = cert->alg;
	rec->bits = cert->bits;
	rec->is_ca = cert->is_ca;
	rec->self_issued = cert->is_self_issued;
	rec->issuer_key_id = (struct rv_str){cert->issuer_key_id, cert->issuer_key_id_len};
	rv_buf_reset(&in->text);
	RV_TRY(rv_intake_masked(in, rv_str_of(cert->subject), RV_DN_MAX, &rec->subject,
				&rec->masked));
	RV_TRY(rv_intake_masked(in, rv_str_of(cert->issuer), RV_DN_MAX, &rec->issuer,
				&rec->masked));
	const struct rv_intake_texts names = {cert->names, cert->name_at, cert->name_count,
					      RV_DN_MAX, RV_SANS_MAX};
	RV_TRY(rv_intake_masked_list(in, &names, &rec->names, &rec->masked));
	return rv_intake_tell(in, RV_MSG_found_certificate, rec);
}

static rv_status found_certificate(struct rv_intake *in, struct rv_intake_file *f,
				   const struct rv_cert *cert)
{
	const struct rv_rec_file_item *p = &f->place;
	struct rv_rec_found_certificate rec = {
		.path = p->path,
		.masked = p->masked,
		.dev = p->dev,
		.ino = p->ino,
		.uid = p->uid,
		.gid = p->gid,
		.mode = p->mode,
		.mtime_us = p->mtime_us,
		.ordinal = f->ordinal_cert < 65535 ? f->ordinal_cert : 65535,
		.in_bundle = f->cert_count < 65535 ? f->cert_count : 65535,
	};

	f->ordinal_cert++;
	(void)rv_paths_add(&in->paths, f->real_path); /* full: its package stays unknown */
	return tell_certificate(in, cert, &rec);
}

static rv_status found_key(struct rv_intake *in, struct rv_intake_file *f, const struct rv_key *key)
{
	const struct rv_rec_file_item *p = &f->place;
	struct rv_rec_found_key rec = {
		.path = p->path,
		.masked = p->masked,
		.dev = p->dev,
		.ino = p->ino,
		.uid = p->uid,
		.gid = p->gid,
		.mode = p->mode,
		.mtime_us = p->mtime_us,
		.ordinal = f->ordinal_key < 65535 ? f->ordinal_key : 65535,
		.alg = key->alg,
		.bits = key->bits,
		.encrypted = key->is_encrypted,
		.openssh = key->is_openssh,
	};

	if (key->has_spki)
		rec.spki_sha256 = (struct rv_str){key->spki_sha256.bytes, RV_SHA256_LEN};
	f->ordinal_key++;
	(void)rv_paths_add(&in->paths, f->real_path); /* full: its package stays unknown */
	return rv_intake_tell(in, RV_MSG_found_key, &rec);
}

static bool is_certificate(enum rv_pem_label label)
{
	return label == RV_PEM_CERTIFICATE || label == RV_PEM_TRUSTED_CERTIFICATE;
}

static rv_status look_at_block(struct rv_intake *in, struct rv_intake_file *f,
			       const struct rv_pem *pem)
{
	struct rv_key key;
	size_t len = 0;

	if (!pem->is_whole || !rv_pem_decode(pem, in->block, RV_PEM_BODY_MAX, &len)) {
		f->is_broken = true;
		return RV_OK;
	}
	struct rv_str der = {in->block, len};
	if (is_certificate(pem->label)) {
		bool has_trust = pem->label == RV_PEM_TRUSTED_CERTIFICATE;
		rv_status s = rv_cert_parse(der, has_trust, in->cert);

		if (rv_is_ok(s))
			return found_certificate(in, f, in->cert);
		f->is_broken = true;
		return rv_class_of(s) == RV_CLASS_EXHAUSTED ? s : RV_OK;
	}
	/* A body under an old-style "ENCRYPTED" header is cipher text, not DER. */
	rv_status parsed = rv_key_parse(pem->label, pem->is_encrypted, der, &key);
	explicit_bzero(in->block, len);
	if (rv_is_ok(parsed))
		return found_key(in, f, &key);
	f->is_broken = true;
	return RV_OK;
}

rv_status rv_intake_pems(struct rv_intake *in, struct rv_intake_file *f,
			 const struct rv_intake_piece *piece)
{
	/* Programs hold the words of PEM, and pieces of test keys, among other bytes. */
	bool is_text = rv_scan_is_text(piece->bytes);
	struct rv_pem pem;
	size_t cursor = piece->from;

	f->cert_count = f->ordinal_cert;
	while (rv_pem_next(piece->bytes, &cursor, &pem) && pem.start < piece->until)
		f->cert_count += is_certificate(pem.label);
	cursor = piece->from;
	while (rv_pem_next(piece->bytes, &cursor, &pem) && pem.start < piece->until) {
		bool was_broken = f->is_broken;

		RV_TRY(look_at_block(in, f, &pem));
		if (!is_text)
			f->is_broken = was_broken;
	}
	return RV_OK;
}

/* Length of a DER SEQUENCE with its header, 0 when the bytes do not begin one. */
static size_t der_length(struct rv_str b)
{
	if (b.len < 4 || b.data[0] != 0x30)
		return 0;
	if (b.data[1] < 0x80)
		return (size_t)b.data[1] + 2;
	if (b.data[1] == 0x81)
		return (size_t)b.data[2] + 3;
	if (b.data[1] == 0x82)
		return ((size_t)b.data[2] << 8 | b.data[3]) + 4;
	return 0;
}

rv_status rv_intake_der(struct rv_intake *in, struct rv_intake_file *f, struct rv_str bytes)
{
	struct rv_key key;

	if (der_length(bytes) != bytes.len || bytes.len == 0)
		return RV_OK;
	f->cert_count = 1;
	if (rv_is_ok(rv_cert_parse(bytes, false, in->cert)))
		return found_certificate(in, f, in->cert);
	f->cert_count = 0;
	return rv_is_ok(rv_key_parse_der(bytes, &key)) ? found_key(in, f, &key) : RV_OK;
}

rv_status rv_intake_served(struct rv_intake *in, const struct rv_rec_parse_served *served)
{
	struct rv_rec_found_certificate rec = {.path = served->place, .in_bundle = 1};

	if (!rv_is_ok(rv_cert_parse(served->der, false, in->cert)))
		return rv_intake_not_looked(in, served->place, 0, RV_SKIP_TRUNCATED,
					    served->der.len);
	return tell_certificate(in, in->cert, &rec);
}
