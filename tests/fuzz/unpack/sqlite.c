/* fuzz: reads any bytes as a database; the header is put right, so that what follows is reached. */
#include "tests/fuzz/unpack/pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char magic[16] = "SQLite format 3";
	uint8_t *copy = fuzz_copy(data, size, magic, sizeof(magic));
	uint64_t total = 0;
	struct rv_flow flow;
	rv_status status;

	if (!copy)
		return 0;
	rv_flow_memory(&flow, (struct rv_str){copy, size});
	status = rv_sqlite_read(&flow, &fuzz_events, &total);
	/* Every byte comes out at most a few times: as a value, wider as UTF-8, and as free space.
	 */
	RV_BUG_ON(total > 8 * size + 65536);
	free(copy);
	return rv_class_of(status) == RV_CLASS_BUG;
}
