/* base: UUIDv7. Not here: ids that follow from content (identify/). */
#include "agent/base/uuid.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"

#include <string.h>

/* The last stamp given out: 48 bits of milliseconds and a 12 bit counter, as one number. */
static uint64_t last_stamp;

static uint64_t next_stamp(void)
{
	int64_t ms = rv_now_utc_us() / 1000;
	uint64_t stamp = ms > 0 ? ((uint64_t)ms & UINT64_C(0xffffffffffff)) << 12 : 0;

	if (stamp <= last_stamp)
		stamp = last_stamp + 1;
	last_stamp = stamp;
	return stamp;
}

void rv_uuid7(char out[RV_UUID_TEXT])
{
	static const size_t groups[] = {4, 2, 2, 2, 6};
	uint64_t stamp = next_stamp();
	uint64_t ms = stamp >> 12;
	uint8_t id[16];
	const uint8_t *at = id;

	rv_random(id, sizeof(id));
	for (size_t i = 0; i < 6; i++)
		id[i] = (uint8_t)(ms >> (8 * (5 - i)));
	id[6] = (uint8_t)(0x70 | (stamp >> 8 & 0x0f));
	id[7] = (uint8_t)stamp;
	id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
	for (size_t i = 0; i < RV_LEN(groups); i++) {
		rv_hex(at, groups[i], out);
		at += groups[i];
		out += 2 * groups[i];
		*out++ = '-';
	}
	out[-1] = '\0';
}

bool rv_uuid_is_valid(const char *text)
{
	if (strlen(text) != RV_UUID_TEXT - 1)
		return false;
	for (size_t i = 0; i < RV_UUID_TEXT - 1; i++) {
		char c = text[i];
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return text[14] == '7' && strchr("89ab", text[19]) != NULL;
}
