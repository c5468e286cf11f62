/* tests: fuzz target: any bytes as a file with public keys and certificates. */
#include "agent/sweep/facts_place.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count = 0;

	if (!rv_is_ok(rv_publics_in((struct rv_str){data, size}, 8, take, &count)))
		return 0; /* no memory */
	return 0;
}
