/* fuzz: reads any bytes as a database; the header is put right, so that what follows is reached. */
#include "agent/unpack/sqlite_pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool on_bytes(struct rv_str bytes, void *user)
{
	uint64_t *total = user;

	for (size_t i = 0; i < bytes.len; i++)
		*total += bytes.data[i] != 0xa5;
	return *total < ((uint64_t)64 << 20);
}

static bool on_value(struct rv_str bytes, bool is_blob, void *user)
{
	(void)is_blob;
	return on_bytes(bytes, user);
}

static bool on_row(void *user)
{
	(void)user;
	return true;
}

static void on_damage(const char *detail, void *user)
{
	(void)user;
	RV_BUG_ON(!detail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rv_sqlite_events events = {.on_table = on_bytes,
						       .on_value = on_value,
						       .on_row = on_row,
						       .on_rest = on_bytes,
						       .on_damage = on_damage};
	static const char magic[16] = "SQLite format 3";
	uint64_t total = 0;
	rv_status status;
	uint8_t *copy;

	if (size < sizeof(magic))
		return 0;
	copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	memcpy(copy, magic, sizeof(magic));
	status = rv_sqlite_read((struct rv_str){copy, size}, &events, &total);
	/* Every byte comes out at most a few times: as a value, wider as UTF-8, and as free space.
	 */
	RV_BUG_ON(total > 8 * size + 65536);
	free(copy);
	return rv_class_of(status) == RV_CLASS_BUG;
}
