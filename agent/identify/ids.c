/* identify: ids are the first 96 bits of a chain of SHA-256 over the parts: no allocation, no
 * failure, and ("ab","c") is not ("a","bc"). */
#include "agent/identify/ids.h"

#include "agent/base/digest.h"

#define ID_BYTES 12

static struct rv_digest link(struct rv_digest before, struct rv_str part)
{
	uint8_t pair[2 * RV_SHA256_LEN];
	struct rv_digest d = rv_sha256(part.len ? part.data : pair, part.len);

	memcpy(pair, before.bytes, RV_SHA256_LEN);
	memcpy(pair + RV_SHA256_LEN, d.bytes, RV_SHA256_LEN);
	return rv_sha256(pair, sizeof(pair));
}

static void write_id(char letter, const struct rv_digest *d, char out[RV_ID_TEXT])
{
	out[0] = letter;
	rv_hex(d->bytes, ID_BYTES, out + 1);
}

void rv_lineage_id(unsigned kind, const struct rv_str *parts, size_t count, char out[RV_ID_TEXT])
{
	struct rv_digest d = link((struct rv_digest){0}, RV_STR_LIT("reeve-lineage-v1"));

	d = link(d, rv_str_of(rv_kind_name(kind)));
	for (size_t i = 0; i < count; i++)
		d = link(d, parts[i]);
	write_id('c', &d, out);
}

void rv_sighting_id(const char *host, struct rv_str path, const char *locator, char out[RV_ID_TEXT])
{
	struct rv_digest d = link((struct rv_digest){0}, RV_STR_LIT("reeve-sighting-v1"));

	d = link(d, rv_str_of(host));
	d = link(d, path);
	d = link(d, rv_str_of(locator));
	write_id('s', &d, out);
}
