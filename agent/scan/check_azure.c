/* scan: the checksums Microsoft builds into its keys (github.com/microsoft/security-utilities).
 * Not here: keys without one, and common annotated keys ("JQQJ9"), whose published test values do
 * not agree with the published code. */
#include "agent/scan/check_bytes.h"

#define KEY_BYTES_MAX	   64
#define KEY_CHECKSUM	   4
#define KEY_SIGNATURE	   4
#define KEY_SIGNATURE_END  6 /* characters of checksum after it */
#define SECRET_CHECKED	   3
#define SECRET_LEN	   40
#define DEVOPS_LEN	   52
#define DEVOPS_BYTES	   32
#define DEVOPS_CHECKED	   28
#define DEVOPS_FREE	   4 /* bytes at the end that the maker chooses */
#define DEVOPS_BODY	   44
#define DEVOPS_USER	   UINT32_C(0xe0b9692d)
#define DEVOPS_APPLICATION UINT32_C(0x1019f92e)
#define SEEDS_MAX	   7

static uint32_t rotate(uint32_t x, unsigned bits)
{
	return x << bits | x >> (32 - bits);
}

static void marvin_block(uint32_t *p0, uint32_t *p1)
{
	*p1 ^= *p0;
	*p0 = rotate(*p0, 20) + *p1;
	*p1 = rotate(*p1, 9) ^ *p0;
	*p0 = rotate(*p0, 27) + *p1;
	*p1 = rotate(*p1, 19);
}

/* Marvin32 of .NET's System.Marvin, both halves XORed. The seed is eight characters, the first the
 * highest byte. */
static uint32_t marvin(const uint8_t *bytes, size_t len, const char *seed)
{
	uint8_t rest[4] = {0};
	uint32_t p[2] = {0};
	size_t at = 0;

	for (size_t i = 0; i < 8; i++)
		p[i < 4] = p[i < 4] << 8 | (uint8_t)seed[i];
	for (; len - at >= 4; at += 4) {
		p[0] += rv_get_u32(bytes + at);
		marvin_block(&p[0], &p[1]);
	}
	memcpy(rest, bytes + at, len - at);
	rest[len - at] = 0x80;
	p[0] += rv_get_u32(rest);
	marvin_block(&p[0], &p[1]);
	marvin_block(&p[0], &p[1]);
	return p[0] ^ p[1];
}

/* What a signature may be seeded with (IdentifiableMetadata.cs, SEC101_199). */
static const struct {
	char signature[KEY_SIGNATURE + 1];
	const char *seeds[SEEDS_MAX];
} products[] = {
	{"+ABa", {"AbAcct00"}},
	{"+ACR", {"ACRDflt0"}},
	{"+AEh", {"Send0000", "Listen00", "Manage00", "System00", "Unknown0"}},
	{"+AMC", {"Classic0"}},
	{"+ARm", {"Send0000", "Listen00", "Manage00", "System00", "Unknown0"}},
	{"+ASb", {"Send0000", "Listen00", "Manage00", "System00", "Unknown0"}},
	{"+ASt", {"Default0"}},
	{"ACDb",
	 {"Encryp00", "MastRO00", "MastRW00", "Resour00", "SysAll00", "SystRO00", "SystRW00"}},
	{"AIoT", {"IoTHub00", "DpsKey00", "Device00"}},
	{"APIM", {"Tenant00", "IoTHub00", "Gatewy00", "GitKey00"}},
	{"AZEG", {"SendRecv"}},
	{"AzCa", {"Access00"}},
	{"AzFu", {"Functi00", "Master00", "System00"}},
	{"AzSe", {"Query000", "PAdmin00"}},
};

static const char *const *seeds_of(const uint8_t *signature)
{
	for (size_t i = 0; i < RV_LEN(products); i++) {
		if (memcmp(products[i].signature, signature, KEY_SIGNATURE) == 0)
			return products[i].seeds;
	}
	return NULL;
}

bool rv_check_azure_key(struct rv_str value)
{
	uint8_t bytes[KEY_BYTES_MAX];
	size_t digits = rv_base64_len(value);
	size_t len = rv_base64_decode(value, bytes, sizeof(bytes));

	if (len == SIZE_MAX || len <= KEY_CHECKSUM || digits < KEY_SIGNATURE + KEY_SIGNATURE_END)
		return false;
	const char *const *seeds =
		seeds_of(value.data + digits - KEY_SIGNATURE_END - KEY_SIGNATURE);
	uint32_t have = rv_get_u32(bytes + len - KEY_CHECKSUM);
	for (size_t i = 0; seeds && i < SEEDS_MAX && seeds[i]; i++) {
		if (marvin(bytes, len - KEY_CHECKSUM, seeds[i]) == have)
			return true;
	}
	return false;
}

size_t rv_check_azure_key_make(struct rv_str body, char *out, size_t room)
{
	uint8_t bytes[KEY_BYTES_MAX];
	uint8_t tail[KEY_CHECKSUM];

	if (body.len < KEY_SIGNATURE)
		return 0;
	const char *const *seeds = seeds_of(body.data + body.len - KEY_SIGNATURE);
	size_t whole = rv_base64_fill(body, bytes, sizeof(bytes) - KEY_CHECKSUM);
	if (!seeds || whole == SIZE_MAX)
		return 0;
	uint32_t sum = marvin(bytes, whole, seeds[0]);
	for (size_t i = 0; i < KEY_CHECKSUM; i++)
		tail[i] = (uint8_t)(sum >> 8 * i);
	size_t made = rv_base64_append(body, tail, sizeof(tail), true, out, room);
	/* Functions writes base64url, with padding. */
	bool for_urls = memcmp(body.data + body.len - KEY_SIGNATURE, "AzFu", KEY_SIGNATURE) == 0;
	for (size_t i = 0; for_urls && i < made; i++)
		out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
	return made;
}

size_t rv_check_azure_client_secret_make(struct rv_str body, char *out, size_t room)
{
	static const char alphabet[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890.-_~";
	char digits[6];
	size_t made = 0;

	if (room < SECRET_CHECKED || body.len == 0)
		return 0;
	for (uint32_t n = marvin(body.data, body.len, "AadPwd00"); n > 0; n /= 66)
		digits[made++] = alphabet[n % 66];
	if (made < SECRET_CHECKED)
		return 0;
	for (size_t i = 0; i < SECRET_CHECKED; i++)
		out[i] = digits[made - 1 - i];
	return SECRET_CHECKED;
}

bool rv_check_azure_client_secret(struct rv_str value)
{
	char want[SECRET_CHECKED];

	if (value.len != SECRET_LEN || memcmp(value.data + 3, "8Q~", 3) != 0)
		return false;
	size_t body = value.len - SECRET_CHECKED;
	return rv_check_azure_client_secret_make((struct rv_str){value.data, body}, want,
						 sizeof(want)) &&
	       memcmp(want, value.data + body, SECRET_CHECKED) == 0;
}

static int base32_digit(uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

/* The whole bytes of lower-case base32, rest of the out zero; false for a foreign character. */
static bool base32_decode(struct rv_str s, uint8_t out[DEVOPS_BYTES])
{
	memset(out, 0, DEVOPS_BYTES);
	for (size_t i = 0; i < s.len; i++) {
		int digit = base32_digit(s.data[i]);

		if (digit < 0)
			return false;
		for (size_t bit = 0; bit < 5; bit++) {
			size_t at = i * 5 + bit;
			unsigned one = (unsigned)digit >> (4 - bit) & 1;
			if (at / 8 < DEVOPS_BYTES)
				out[at / 8] |= (uint8_t)(one << (7 - at % 8));
		}
	}
	return true;
}

/* The checked bytes in order; the four others are the checksum, highest first. */
static uint32_t devops_split(const uint8_t all[DEVOPS_BYTES], uint8_t checked[DEVOPS_CHECKED])
{
	memcpy(checked, all, 2);
	memcpy(checked + 2, all + 3, 4);
	memcpy(checked + 6, all + 9, 13);
	memcpy(checked + 19, all + 23, 9);
	return (uint32_t)all[2] << 24 | (uint32_t)all[7] << 16 | (uint32_t)all[8] << 8 | all[22];
}

bool rv_check_azure_devops(struct rv_str value)
{
	uint8_t all[DEVOPS_BYTES];
	uint8_t checked[DEVOPS_CHECKED];

	if (value.len != DEVOPS_LEN || !base32_decode(value, all))
		return false;
	uint32_t have = devops_split(all, checked);
	uint32_t crc = rv_crc32(checked, sizeof(checked));
	return have == (crc ^ DEVOPS_USER) || have == (crc ^ DEVOPS_APPLICATION);
}

static uint32_t crc_table(uint32_t k)
{
	for (int bit = 0; bit < 8; bit++)
		k = k & 1 ? k >> 1 ^ UINT32_C(0xedb88320) : k >> 1;
	return k;
}

/* The four bytes that lead the CRC over `checked` (all but its last four) to `want`. */
static uint32_t crc_lead(const uint8_t checked[DEVOPS_CHECKED], uint32_t want)
{
	uint32_t state = ~rv_crc32(checked, DEVOPS_CHECKED - DEVOPS_FREE);
	uint32_t back = ~want;

	for (int i = 0; i < DEVOPS_FREE; i++) {
		uint32_t k = 0;

		while (crc_table(k) >> 24 != back >> 24)
			k++;
		back = (back ^ crc_table(k)) << 8 | k;
	}
	return state ^ back;
}

size_t rv_check_azure_devops_make(struct rv_str body, char *out, size_t room)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t all[DEVOPS_BYTES + 1] = {0}; /* one more: 52 digits are 32 bytes and a half */
	uint8_t checked[DEVOPS_CHECKED];

	if (body.len != DEVOPS_BODY || room < DEVOPS_LEN - DEVOPS_BODY || !base32_decode(body, all))
		return 0;
	uint32_t have = devops_split(all, checked);
	uint32_t lead = crc_lead(checked, have ^ DEVOPS_USER);
	for (size_t i = 0; i < DEVOPS_FREE; i++)
		all[DEVOPS_BYTES - DEVOPS_FREE + i] = (uint8_t)(lead >> 8 * i);
	for (size_t i = DEVOPS_BODY; i < DEVOPS_LEN; i++) {
		unsigned digit = 0;

		for (size_t bit = i * 5; bit < i * 5 + 5; bit++)
			digit = digit << 1 | (all[bit / 8] >> (7 - bit % 8) & 1);
		out[i - DEVOPS_BODY] = digits[digit];
	}
	return DEVOPS_LEN - DEVOPS_BODY;
}
