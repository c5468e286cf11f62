/* localca: the ledger's records, and what is read out of certificates. Not here: issuing. */
#include "localca.h"

#include <string.h>

#define HEAD 16 /* length, kind and padding, time */

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int64_t get_i64(const uint8_t *p)
{
	return (int64_t)((uint64_t)get_u32(p) | (uint64_t)get_u32(p + 4) << 32);
}

static void put_le(uint8_t *p, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static bool read_issued(const uint8_t *body, size_t len, struct lca_record *out)
{
	if (len <= 64)
		return false;
	out->key_digest = body;
	out->spki = body + 32;
	out->cert = (struct reeve_view){body + 64, len - 64};
	return true;
}

static bool read_revoked(const uint8_t *body, size_t len, struct lca_record *out)
{
	if (len < 2 || len > 21)
		return false;
	out->reason = body[0];
	out->serial = (struct reeve_view){body + 1, len - 1};
	return true;
}

bool lca_ledger_next(struct reeve_view *cursor, struct lca_record *out, bool *out_ok)
{
	*out_ok = true;
	if (cursor->len == 0)
		return false;
	*out_ok = false;
	if (cursor->len < HEAD)
		return false;
	size_t rest = get_u32(cursor->data);
	if (rest < HEAD - 4 || rest > cursor->len - 4)
		return false;
	struct lca_record record = {.kind = cursor->data[4], .at_us = get_i64(cursor->data + 8)};
	const uint8_t *body = cursor->data + HEAD;
	size_t len = rest + 4 - HEAD;
	bool well = record.kind == LCA_ISSUED	 ? read_issued(body, len, &record)
		    : record.kind == LCA_REVOKED ? read_revoked(body, len, &record)
						 : false;
	if (!well)
		return false;
	cursor->data += rest + 4;
	cursor->len -= rest + 4;
	*out = record;
	*out_ok = true;
	return true;
}

bool lca_ledger_is_sound(struct reeve_view ledger)
{
	struct lca_record record;
	bool ok = true;
	while (lca_ledger_next(&ledger, &record, &ok))
		;
	return ok;
}

bool lca_ledger_issued(struct reeve_view ledger, const uint8_t key_digest[32],
		       struct lca_record *out)
{
	struct lca_record record;
	bool ok = true;
	while (lca_ledger_next(&ledger, &record, &ok)) {
		if (record.kind != LCA_ISSUED || memcmp(record.key_digest, key_digest, 32) != 0)
			continue;
		*out = record;
		return true;
	}
	return false;
}

bool lca_ledger_revoked(struct reeve_view ledger, struct reeve_view serial, struct lca_record *out)
{
	struct lca_record record;
	bool ok = true;
	while (lca_ledger_next(&ledger, &record, &ok)) {
		if (record.kind != LCA_REVOKED || record.serial.len != serial.len ||
		    memcmp(record.serial.data, serial.data, serial.len) != 0)
			continue;
		*out = record;
		return true;
	}
	return false;
}

static void put_head(uint8_t *p, uint8_t kind, int64_t at_us, size_t body_len)
{
	put_le(p, body_len + HEAD - 4, 4);
	put_le(p + 4, kind, 4);
	put_le(p + 8, (uint64_t)at_us, 8);
}

bool lca_ledger_add_issued(struct lca_call *call, const struct lca_record *record)
{
	size_t len = HEAD + 64 + record->cert.len;
	uint8_t *bytes = OPENSSL_malloc(len);
	if (!bytes)
		return false;
	put_head(bytes, LCA_ISSUED, record->at_us, len - HEAD);
	memcpy(bytes + HEAD, record->key_digest, 32);
	memcpy(bytes + HEAD + 32, record->spki, 32);
	memcpy(bytes + HEAD + 64, record->cert.data, record->cert.len);
	bool ok = lca_emit(call, REEVE_F_LEDGER_ADD, bytes, len);
	OPENSSL_free(bytes);
	return ok;
}

bool lca_ledger_add_revoked(struct lca_call *call, const struct lca_record *record)
{
	uint8_t bytes[HEAD + 21];
	if (record->serial.len > 20)
		return false;
	put_head(bytes, LCA_REVOKED, record->at_us, 1 + record->serial.len);
	bytes[HEAD] = record->reason;
	memcpy(bytes + HEAD + 1, record->serial.data, record->serial.len);
	return lca_emit(call, REEVE_F_LEDGER_ADD, bytes, HEAD + 1 + record->serial.len);
}

/* --- certificates ------------------------------------------------------------------------- */
X509 *lca_parse_cert(struct reeve_view der)
{
	const unsigned char *p = der.data;
	if (der.len == 0 || der.len > 65536)
		return NULL;
	X509 *cert = d2i_X509(NULL, &p, (long)der.len);
	if (cert && p == der.data + der.len)
		return cert;
	X509_free(cert);
	return NULL;
}

struct reeve_view lca_serial_of(const X509 *cert)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	return (struct reeve_view){ASN1_STRING_get0_data(serial),
				   (size_t)ASN1_STRING_length(serial)};
}

void lca_serial_text(struct reeve_view serial, char out[LCA_SERIAL_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	size_t len = serial.len > 20 ? 20 : serial.len;
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[serial.data[i] >> 4];
		out[2 * i + 1] = digits[serial.data[i] & 15];
	}
	out[2 * len] = '\0';
}

int64_t lca_time_us(const ASN1_TIME *t)
{
	int days = 0;
	int seconds = 0;
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int64_t us = INT64_MIN;
	if (epoch && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1)
		us = ((int64_t)days * 86400 + seconds) * INT64_C(1000000);
	ASN1_TIME_free(epoch);
	return us;
}
