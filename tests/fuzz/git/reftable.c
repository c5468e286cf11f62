/* tests: fuzzes a reftable; the first byte chooses the length of ids. Magic, version and the
 * footer, which repeats the header, are put right, so that the blocks are reached. */
#include "agent/git/reftable.h"

#define FOOTER 44

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rv_status see(void *user, const struct rv_git_table_ref *ref)
{
	size_t *sum = user;

	if (ref->name.len == 0 || memchr(ref->name.data, 0, ref->name.len))
		abort();
	for (size_t i = 0; ref->target.data && i < ref->target.len; i++)
		*sum += ref->target.data[i];
	return RV_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t oid_len = size && data[0] & 1 ? 32 : 20;
	const size_t header = oid_len == 32 ? 28 : 24;
	struct rv_git_oidmap logged;
	size_t sum = 0;
	uint64_t left = UINT64_C(64) << 20;
	const struct rv_git_table_sink sink = {see, &sum, &logged, &left};
	uint8_t *copy;

	if (size < 1 + 2 * header + FOOTER)
		return 0;
	copy = malloc(size - 1);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	memcpy(copy, oid_len == 32 ? "REFT\2" : "REFT\1", 5);
	if (oid_len == 32)
		memcpy(copy + 24, "s256", 4);
	memcpy(copy + size - 1 - FOOTER - header, copy, header);
	rv_git_oidmap_init(&logged);
	rv_status status = rv_git_reftable_parse((struct rv_str){copy, size - 1}, oid_len, &sink);
	rv_git_oidmap_done(&logged);
	free(copy);
	return rv_class_of(status) == RV_CLASS_BUG;
}
