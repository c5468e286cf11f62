/* tests: fuzz target: .reeve.yaml either fails with a sentence or judges findings. */
#include "tests/fuzz/sift/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_config(RV_SCAN_SOURCE_NATIVE, data, size);
}
