/* tests: fuzz target: any bytes as a file with public keys and certificates, and as one with an
 * OpenPGP key, which its second half is said to be. */
#include "agent/sweep/fixture.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rv_status take(void *user, const struct rv_public *found)
{
	size_t *count = user;

	if (found->line == 0 || !memchr(found->name, 0, sizeof(found->name)) ||
	    !memchr(found->spki, 0, sizeof(found->spki)) ||
	    !memchr(found->ssh, 0, sizeof(found->ssh)) || ++*count > 8)
		abort();
	return RV_OK;
}

static void look_at_pair(struct rv_str bytes, const char *id)
{
	static struct rv_fixture_halves halves;
	struct rv_fixture_about about = {.bytes = bytes,
					 .key = {bytes.data + bytes.len / 2, bytes.len / 2},
					 .public_id = id,
					 .now_utc_us = INT64_C(1795824000000000)};
	bool is_pair = false;

	halves = (struct rv_fixture_halves){0};
	if (rv_is_ok(rv_fixture_is_pair(&about, &halves, &is_pair)) && is_pair && id)
		abort(); /* nothing has this id */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_str bytes = {data, size};
	size_t count = 0;

	if (!rv_is_ok(rv_publics_in(bytes, 8, take, &count)))
		return 0; /* no memory */
	look_at_pair(bytes, "spki:");
	look_at_pair(bytes, NULL);
	return 0;
}
