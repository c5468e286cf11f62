/* fuzz: reads any bytes as a write-ahead log; its magic and version are put right. */
#include "tests/fuzz/unpack/pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t magic[8] = {0x37, 0x7f, 6, 0x82, 0, 0x2d, 0xe2, 0x18};
	uint8_t *copy = fuzz_copy(data, size, magic, sizeof(magic));
	uint64_t total = 0;
	rv_status status;

	if (!copy)
		return 0;
	status = rv_sqlite_read_wal((struct rv_str){copy, size}, &fuzz_events, &total);
	/* As of a database, and what long rows share. */
	RV_BUG_ON(total > 16 * size + 65536);
	free(copy);
	return rv_class_of(status) == RV_CLASS_BUG;
}
