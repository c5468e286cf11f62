/* tests: fuzz target: ignore files of both forms either fail with a sentence or judge findings. */
#include "tests/fuzz/sift/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)fuzz_config(RV_SCAN_SOURCE_IGNORE, data, size); /* always 0 */
	return fuzz_config(RV_SCAN_SOURCE_FINGERPRINTS, data, size);
}
