/* sweep: see fixture.h. */
#include "agent/sweep/fixture.h"

#include "agent/scan/check_bytes.h"

#define PGP_BEGIN  "-----BEGIN PGP PUBLIC KEY BLOCK-----"
#define PGP_LEAD   1024 /* base64 of a block that is decoded: its first packet's public part */
#define PGP_SECRET 5	/* packet tags of RFC 4880, section 4.3 */
#define PGP_PUBLIC 6
#define PGP_MIN	   64 /* bytes of a public key: none is shorter than that of a weak DSA key */

bool rv_public_is_vouched(const struct rv_public *found, int64_t now_utc_us)
{
	return !found->is_self_issued && !found->is_long_lived && found->end_utc_us > now_utc_us;
}

struct search {
	struct rv_fixture_halves *halves;
	int64_t now_utc_us;
};

static rv_status on_public(void *user, const struct rv_public *found)
{
	struct search *s = user;
	struct rv_fixture_halves *halves = s->halves;

	if (halves->count == RV_FIXTURE_BLOCKS_MAX)
		return RV_OK;
	memcpy(halves->items[halves->count].spki, found->spki, sizeof(found->spki));
	memcpy(halves->items[halves->count].ssh, found->ssh, sizeof(found->ssh));
	halves->items[halves->count++].is_vouched =
		found->kind == RV_PUBLIC_CERTIFICATE && rv_public_is_vouched(found, s->now_utc_us);
	return RV_OK;
}

/* Paired with one at least, and none of those is vouched for. */
static bool is_among(const struct rv_fixture_halves *halves, const char *id)
{
	bool is_paired = false;

	for (size_t i = 0; i < halves->count; i++) {
		if (strcmp(halves->items[i].spki, id) != 0 && strcmp(halves->items[i].ssh, id) != 0)
			continue;
		if (halves->items[i].is_vouched)
			return false;
		is_paired = true;
	}
	return is_paired;
}

/* The first bytes of a block's base64; 0: it is none. Line feeds may be written "\n". */
static size_t decode_lead(struct rv_str text, uint8_t out[PGP_LEAD])
{
	uint8_t base64[PGP_LEAD];
	size_t len = 0;

	for (size_t i = 0; i < text.len && len < sizeof(base64); i++) {
		uint8_t c = text.data[i];

		if (c == '\\' && i + 1 < text.len && text.data[i + 1] == 'n')
			i++;
		else if (c == '-' || c == '=')
			break;
		else if (rv_base64_digit(c) >= 0)
			base64[len++] = c;
	}
	size_t made = rv_base64_decode((struct rv_str){base64, len}, out, PGP_LEAD);

	return made == SIZE_MAX ? 0 : made;
}

/* The body of a packet with a length of one or two bytes, as far as it is there. */
static bool packet_body(struct rv_str bytes, uint8_t tag, struct rv_str *out, size_t *out_whole)
{
	if (bytes.len < 4 || (bytes.data[0] & 0x80) == 0)
		return false;
	bool is_new = bytes.data[0] & 0x40;
	uint8_t kind = is_new ? bytes.data[0] & 0x3f : bytes.data[0] >> 2 & 0x0f;
	size_t head = 2;
	size_t whole = bytes.data[1];

	if (is_new && whole >= 192) {
		head = 3;
		whole = ((whole - 192) << 8) + bytes.data[2] + 192;
	} else if (!is_new && (bytes.data[0] & 3) == 1) {
		head = 3;
		whole = whole << 8 | bytes.data[2];
	}
	*out = (struct rv_str){bytes.data + head, bytes.len - head};
	*out_whole = whole;
	return kind == tag;
}

/* Behind the headers of a block ("Version: .."), which an empty line ends. */
static struct rv_str behind_headers(struct rv_str text)
{
	for (size_t i = 0; i + 1 < text.len && i < PGP_LEAD; i++) {
		bool is_empty =
			text.data[i] == '\n' && (text.data[i + 1] == '\n' ||
						 (text.data[i + 1] == '\r' && i + 2 < text.len &&
						  text.data[i + 2] == '\n'));

		if (is_empty)
			return (struct rv_str){text.data + i + 1, text.len - i - 1};
	}
	return RV_STR_NONE;
}

/* A secret key's packet begins with all of its public one's (RFC 4880, section 5.5.3). */
static bool is_pgp_pair(const struct rv_fixture_about *about)
{
	uint8_t secret_bytes[PGP_LEAD] = {0};
	uint8_t public_bytes[PGP_LEAD] = {0};
	struct rv_str secret, half;
	size_t whole = 0;
	struct rv_str rest = about->bytes;
	const uint8_t *end = rest.data + rest.len;
	struct rv_str lead = {secret_bytes, decode_lead(about->key, secret_bytes)};

	if (!packet_body(lead, PGP_SECRET, &secret, &whole))
		return false;
	for (size_t n = 0; n < RV_FIXTURE_BLOCKS_MAX; n++) {
		const uint8_t *at = memmem(rest.data, rest.len, PGP_BEGIN, sizeof(PGP_BEGIN) - 1);

		if (!at)
			return false;
		at += sizeof(PGP_BEGIN) - 1;
		rest = (struct rv_str){at, (size_t)(end - at)};
		lead = (struct rv_str){public_bytes,
				       decode_lead(behind_headers(rest), public_bytes)};
		if (packet_body(lead, PGP_PUBLIC, &half, &whole) && whole >= PGP_MIN &&
		    whole <= half.len && whole <= secret.len &&
		    memcmp(half.data, secret.data, whole) == 0)
			return true;
	}
	return false;
}

rv_status rv_fixture_is_pair(const struct rv_fixture_about *about, struct rv_fixture_halves *halves,
			     bool *out)
{
	struct search s = {.halves = halves, .now_utc_us = about->now_utc_us};

	*out = false;
	if (about->bytes.len > RV_FIXTURE_FILE_MAX)
		return RV_OK;
	if (!about->public_id) {
		*out = is_pgp_pair(about);
		return RV_OK;
	}
	if (!halves->is_known) {
		halves->looks++;
		RV_TRY(rv_publics_in(about->bytes, RV_FIXTURE_BLOCKS_MAX, on_public, &s));
	}
	halves->is_known = true;
	*out = is_among(halves, about->public_id);
	return RV_OK;
}
