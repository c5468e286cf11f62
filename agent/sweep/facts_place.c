/* sweep: see facts_place.h. */
#include "agent/sweep/facts_place.h"

#include "agent/base/clock.h"
#include "agent/scan/check_bytes.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <time.h>

#define BLOCK_MAX    65536 /* base64 of one block */
#define LINE_MAX_SSH 16384
#define LONG_DAYS    (5 * 366)

struct search {
	struct rv_str bytes;
	size_t most, count;
	rv_public_fn *fn;
	void *user;
	size_t line_at, line; /* lines counted up to there */
	struct rv_buf text;   /* base64, and DER behind it */
};

static rv_status tell(struct search *s, struct rv_public *found, const uint8_t *at)
{
	size_t to = (size_t)(at - s->bytes.data);

	for (; s->line_at < to; s->line_at++)
		s->line += s->bytes.data[s->line_at] == '\n';
	found->line = s->line;
	s->count++;
	return s->fn(s->user, found);
}

/* A host's name: letters, digits, '.', '-', '*', with a dot in it. Others may be persons'. */
static bool take_host(const ASN1_STRING *text, char out[RV_PLACE_NAME])
{
	const uint8_t *bytes = ASN1_STRING_get0_data(text);
	int len = ASN1_STRING_length(text);
	bool has_dot = false;

	if (len <= 0 || len >= RV_PLACE_NAME)
		return false;
	for (int i = 0; i < len; i++) {
		uint8_t c = bytes[i];

		has_dot |= c == '.';
		if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '.' && c != '-' && c != '*')
			return false;
	}
	if (!has_dot)
		return false;
	memcpy(out, bytes, (size_t)len);
	out[len] = '\0';
	return true;
}

/* Of a certificate what is told of it; OpenSSL would also make a key of its public half, which
 * costs more than all the rest. */
struct parts {
	struct rv_str issuer, subject, validity, spki; /* with tag and length */
	struct rv_str alternative;		       /* subjectAltName, when there is one */
};

/* The next element of `in`, whole and what is in it. False: there is none, or another tag. */
static bool take(struct rv_str *in, int wanted, struct rv_str *whole, struct rv_str *inside)
{
	const uint8_t *p = in->data;
	long len = 0;
	int tag = 0, class = 0;

	if (in->len == 0 || (ASN1_get_object(&p, &len, &tag, &class, (long)in->len) & 0x81))
		return false; /* broken, or of no length */
	if ((class << 8 | tag) != wanted)
		return false;
	*inside = (struct rv_str){p, (size_t)len};
	*whole = (struct rv_str){in->data, (size_t)(p - in->data) + (size_t)len};
	*in = (struct rv_str){p + len, in->len - whole->len};
	return true;
}

static struct rv_str alternative_in(struct rv_str extensions)
{
	static const uint8_t oid[] = {0x55, 0x1d, 0x11}; /* 2.5.29.17 */
	struct rv_str whole, list, one, id, value;

	if (!take(&extensions, V_ASN1_SEQUENCE, &whole, &list))
		return RV_STR_NONE;
	while (take(&list, V_ASN1_SEQUENCE, &whole, &one)) {
		if (!take(&one, V_ASN1_OBJECT, &whole, &id) || id.len != sizeof(oid) ||
		    memcmp(id.data, oid, sizeof(oid)) != 0)
			continue;
		(void)take(&one, V_ASN1_BOOLEAN, &whole, &value); /* critical */
		return take(&one, V_ASN1_OCTET_STRING, &whole, &value) ? value : RV_STR_NONE;
	}
	return RV_STR_NONE;
}

/* RFC 5280, section 4.1. */
static bool take_apart(struct rv_str der, struct parts *out)
{
	const int version = V_ASN1_CONTEXT_SPECIFIC << 8, extensions = version | 3;
	struct rv_str in, whole, rest;

	if (!take(&der, V_ASN1_SEQUENCE, &whole, &in) || !take(&in, V_ASN1_SEQUENCE, &whole, &rest))
		return false;
	(void)take(&rest, version, &whole, &in);
	if (!take(&rest, V_ASN1_INTEGER, &whole, &in) ||
	    !take(&rest, V_ASN1_SEQUENCE, &whole, &in) ||
	    !take(&rest, V_ASN1_SEQUENCE, &out->issuer, &in) ||
	    !take(&rest, V_ASN1_SEQUENCE, &whole, &out->validity) ||
	    !take(&rest, V_ASN1_SEQUENCE, &out->subject, &in) ||
	    !take(&rest, V_ASN1_SEQUENCE, &out->spki, &in))
		return false;
	(void)take(&rest, version | 1, &whole, &in);
	(void)take(&rest, version | 2, &whole, &in);
	out->alternative = take(&rest, extensions, &whole, &in) ? alternative_in(in) : RV_STR_NONE;
	return true;
}

static void name_of(const struct parts *cert, char out[RV_PLACE_NAME])
{
	const uint8_t *p = cert->alternative.data;
	GENERAL_NAMES *names = cert->alternative.len
				       ? d2i_GENERAL_NAMES(NULL, &p, (long)cert->alternative.len)
				       : NULL;
	bool is_named = false;

	for (int i = 0; names && i < sk_GENERAL_NAME_num(names) && !is_named; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		is_named = name->type == GEN_DNS && take_host(name->d.dNSName, out);
	}
	GENERAL_NAMES_free(names);
	if (is_named)
		return;
	p = cert->subject.data;
	X509_NAME *subject = d2i_X509_NAME(NULL, &p, (long)cert->subject.len);
	int at = subject ? X509_NAME_get_index_by_NID(subject, NID_commonName, -1) : -1;

	if (at >= 0)
		(void)take_host(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)),
				out); /* else it has no name */
	X509_NAME_free(subject);
}

/* Until when it is good, and whether for long. */
static void look_at_validity(struct rv_str validity, struct rv_public *found)
{
	const uint8_t *p = validity.data;
	const uint8_t *end = p + validity.len;
	ASN1_TIME *from = d2i_ASN1_TIME(NULL, &p, (long)validity.len);
	ASN1_TIME *until = from ? d2i_ASN1_TIME(NULL, &p, (long)(end - p)) : NULL;
	struct tm tm = {0};
	int days = 0;
	int seconds = 0;

	if (until && ASN1_TIME_to_tm(until, &tm) == 1)
		found->end_utc_us = (int64_t)timegm(&tm) * RV_US_PER_S;
	found->is_long_lived =
		until && ASN1_TIME_diff(&days, &seconds, from, until) == 1 && days > LONG_DAYS;
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
}

static rv_status tell_certificate(struct search *s, struct rv_str der, const uint8_t *at)
{
	struct rv_public found = {.kind = RV_PUBLIC_CERTIFICATE};
	struct parts cert = {0};

	if (!take_apart(der, &cert))
		return RV_OK;
	rv_spki_of_der(cert.spki, found.spki);
	name_of(&cert, found.name);
	look_at_validity(cert.validity, &found);
	found.is_self_issued = cert.issuer.len == cert.subject.len &&
			       memcmp(cert.issuer.data, cert.subject.data, cert.issuer.len) == 0;
	return tell(s, &found, at);
}

/* The base64 up to the next '-', decoded behind itself; false: none. */
static bool decode_block(struct search *s, const uint8_t *from, struct rv_str *out)
{
	const uint8_t *end = s->bytes.data + s->bytes.len;
	uint8_t *text = s->text.data;
	size_t len = 0;

	for (; from < end && *from != '-' && len < BLOCK_MAX; from++) {
		if (*from != '\n' && *from != '\r' && *from != ' ' && *from != '\t')
			text[len++] = *from;
	}
	struct rv_str base64 = {text, len};
	base64.len = rv_base64_len(base64);
	size_t bytes = rv_base64_decode(base64, text + BLOCK_MAX, BLOCK_MAX);
	*out = (struct rv_str){text + BLOCK_MAX, bytes};
	return bytes != SIZE_MAX && bytes > 0;
}

static rv_status tell_blocks(struct search *s, const char *begin, enum rv_public_kind kind)
{
	struct rv_str rest = s->bytes;
	const uint8_t *end = rest.data + rest.len;
	const uint8_t *at = NULL;

	s->line_at = 0;
	s->line = 1;
	while (s->count < s->most && rest.len > 0 &&
	       (at = memmem(rest.data, rest.len, begin, strlen(begin)))) {
		const uint8_t *body = at + strlen(begin);
		struct rv_public found = {.kind = kind};
		struct rv_str der;

		rest = (struct rv_str){body, (size_t)(end - body)};
		if (!decode_block(s, body, &der))
			continue;
		if (kind == RV_PUBLIC_CERTIFICATE) {
			RV_TRY(tell_certificate(s, der, at));
			continue;
		}
		rv_spki_of_der(der, found.spki);
		RV_TRY(tell(s, &found, at));
	}
	return RV_OK;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* "[options] type base64 [comment]": the base64, which begins with the length of its type. */
static bool key_in_line(struct rv_str line, struct rv_str *out)
{
	const uint8_t *end = line.data + line.len;

	for (const uint8_t *at = line.data; line.len > 0 && at < end;) {
		at = memmem(at, (size_t)(end - at), "AAAA", 4);
		if (!at)
			return false;
		if (at > line.data && is_space(at[-1])) {
			const uint8_t *stop = at;

			while (stop < end && !is_space(*stop) && *stop != '\r')
				stop++;
			*out = (struct rv_str){at, (size_t)(stop - at)};
			return true;
		}
		at += 4;
	}
	return false;
}

static rv_status tell_line(struct search *s, struct rv_str line)
{
	struct rv_public found = {.kind = RV_PUBLIC_SSH};
	struct rv_str base64;

	if (line.len > LINE_MAX_SSH || line.len == 0 || line.data[0] == '#' ||
	    !key_in_line(line, &base64))
		return RV_OK;
	base64.len = rv_base64_len(base64);
	size_t len = rv_base64_decode(base64, s->text.data, BLOCK_MAX);
	struct rv_str blob = {s->text.data, len};
	struct rv_str rest = blob, type;
	if (len == SIZE_MAX || !rv_ssh_take(&rest, &type))
		return RV_OK;
	rv_ssh_fingerprint(blob, found.ssh);
	if (!rv_spki_of_ssh(blob, found.spki))
		found.spki[0] = '\0';
	return tell(s, &found, line.data);
}

static rv_status tell_lines(struct search *s)
{
	s->line_at = 0;
	s->line = 1;
	for (size_t at = 0; at < s->bytes.len && s->count < s->most;) {
		const uint8_t *from = s->bytes.data + at;
		const uint8_t *end = memchr(from, '\n', s->bytes.len - at);
		size_t len = end ? (size_t)(end - from) : s->bytes.len - at;

		RV_TRY(tell_line(s, (struct rv_str){from, len}));
		at += len + 1;
	}
	return RV_OK;
}

static rv_status search(struct search *s)
{
	if (s->bytes.data[0] == 0x30 && s->bytes.len > 1 && (s->bytes.data[1] & 0x80))
		return tell_certificate(s, s->bytes, s->bytes.data);
	RV_TRY(tell_blocks(s, "-----BEGIN CERTIFICATE-----", RV_PUBLIC_CERTIFICATE));
	RV_TRY(tell_blocks(s, "-----BEGIN PUBLIC KEY-----", RV_PUBLIC_KEY));
	return tell_lines(s);
}

rv_status rv_publics_in(struct rv_str bytes, size_t most, rv_public_fn *fn, void *user)
{
	struct search s = {.bytes = bytes, .most = most, .fn = fn, .user = user, .line = 1};

	if (bytes.len == 0)
		return RV_OK;
	rv_buf_init(&s.text, 2 * BLOCK_MAX);
	if (!rv_buf_reserve(&s.text, 2 * BLOCK_MAX))
		return rv_fail_nomem(NULL);
	(void)ERR_set_mark(); /* what is no certificate is no error of ours */
	rv_status status = search(&s);
	(void)ERR_pop_to_mark(); /* it was set */
	s.text.len = s.text.cap < 2 * BLOCK_MAX ? s.text.cap : 2 * BLOCK_MAX;
	rv_buf_done(&s.text);
	return status;
}
