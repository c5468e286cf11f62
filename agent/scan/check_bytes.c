/* scan: CRC-32 and base64 for the checks. Not here: the checks. */
#include "agent/scan/check_bytes.h"

uint32_t rv_crc32(const uint8_t *bytes, size_t len)
{
	static const uint32_t nibbles[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
					     0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
					     0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
					     0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc = crc >> 4 ^ nibbles[(crc ^ bytes[i]) & 15];
		crc = crc >> 4 ^ nibbles[(crc ^ (uint32_t)bytes[i] >> 4) & 15];
	}
	return ~crc;
}

int rv_base64_digit(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-' || c == '+')
		return 62;
	return c == '_' || c == '/' ? 63 : -1;
}

size_t rv_base64_len(struct rv_str s)
{
	size_t len = s.len;

	while (len > 0 && s.len - len < 2 && s.data[len - 1] == '=')
		len--;
	return len;
}

/* Whole bytes; what is left of the bits goes to *out_rest (its count to *out_bits). */
static size_t decode(struct rv_str s, uint8_t *out, size_t room, uint32_t *out_rest,
		     unsigned *out_bits)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t made = 0;

	for (size_t i = 0; i < s.len; i++) {
		int digit = rv_base64_digit(s.data[i]);

		if (digit < 0)
			return SIZE_MAX;
		bits = bits << 6 | (uint32_t)digit;
		have += 6;
		if (have < 8)
			continue;
		if (made == room)
			return SIZE_MAX;
		have -= 8;
		out[made++] = (uint8_t)(bits >> have);
	}
	*out_rest = bits;
	*out_bits = have;
	return made;
}

size_t rv_base64_decode(struct rv_str s, uint8_t *out, size_t room)
{
	uint32_t rest = 0;
	unsigned bits = 0;

	return decode((struct rv_str){s.data, rv_base64_len(s)}, out, room, &rest, &bits);
}

size_t rv_base64_fill(struct rv_str s, uint8_t *out, size_t room)
{
	uint32_t rest = 0;
	unsigned bits = 0;
	size_t made = decode(s, out, room, &rest, &bits);

	if (made == SIZE_MAX || bits == 0)
		return made;
	if (made == room)
		return SIZE_MAX;
	out[made] = (uint8_t)(rest << (8 - bits));
	return made + 1;
}

size_t rv_base64_append(struct rv_str body, const uint8_t *tail, size_t tail_len, bool padded,
			char *out, size_t room)
{
	static const char standard[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char for_urls[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *digits = padded ? standard : for_urls;
	uint8_t bytes[RV_CHECK_MADE_MAX + 1] = {0}; /* one more: the last digit may look past */
	size_t len = rv_base64_fill(body, bytes, RV_CHECK_MADE_MAX);

	if (len == SIZE_MAX || tail_len > RV_CHECK_MADE_MAX - len)
		return 0;
	memcpy(bytes + len, tail, tail_len);
	len += tail_len;
	size_t all = (len * 8 + 5) / 6;
	size_t pad = padded ? (4 - all % 4) % 4 : 0;
	if (all < body.len || all - body.len + pad > room)
		return 0;
	size_t made = 0;
	for (size_t i = body.len; i < all; i++) {
		size_t at = i * 6 / 8;
		unsigned pair = (unsigned)bytes[at] << 8 | bytes[at + 1];

		out[made++] = digits[pair >> (10 - i * 6 % 8) & 63];
	}
	memset(out + made, '=', pad);
	return made + pad;
}
