/* tests: fuzzes a multi-pack-index, and the index made from it for its first pack. */
#include "agent/git/midx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_git_midx midx = {.oid_len = 20};
	struct rv_git_pack pack = {.oid_len = 20, .len = 1 << 20};
	const uint8_t *end;
	char name[256];

	if (!rv_is_ok(rv_git_midx_bytes(&midx, data, size)))
		return 0;
	end = midx.names_len ? memchr(midx.names, 0, midx.names_len) : NULL;
	if (!end || (size_t)(end - midx.names) >= sizeof(name))
		return 0;
	memcpy(name, midx.names, (size_t)(end - midx.names) + 1);
	midx.path = name; /* as if opened */
	midx.is_open = true;
	if (rv_is_ok(rv_git_midx_index(&midx, &pack, name))) {
		for (uint32_t n = 0; n < pack.count; n++)
			(void)rv_git_pack_offset(&pack, n); /* stays inside */
	}
	free(pack.made);
	return 0;
}
