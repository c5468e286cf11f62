/* tests: fuzzes loose objects. */
#include "agent/git/inflate.h"

#include <libdeflate.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct libdeflate_decompressor *zlib = libdeflate_alloc_decompressor();
	struct rv_git_scratch scratch = {0};
	enum rv_git_type type = RV_GIT_TYPE_NONE;
	struct rv_str bytes = RV_STR_NONE;

	if (!zlib)
		return 0;
	if (rv_is_ok(rv_git_inflate_loose(zlib, (struct rv_str){data, size}, 1 << 20, &scratch,
					  &type, &bytes)) &&
	    (type == RV_GIT_TYPE_NONE || bytes.len > 1 << 20))
		abort();
	rv_git_scratch_done(&scratch);
	libdeflate_free_decompressor(zlib);
	return 0;
}
