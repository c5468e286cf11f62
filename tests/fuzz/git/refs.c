/* tests: fuzzes packed-refs and reflogs with the same bytes. */
#include "agent/git/refs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rv_status see(void *user, const struct rv_git_oid *oid, struct rv_str name)
{
	(void)user;
	(void)oid;
	if (name.len == 0 || memchr(name.data, 0, name.len) || memchr(name.data, '\n', name.len))
		abort();
	return RV_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_str text = {data, size};
	struct rv_git_oidmap ids;
	size_t bad = 0;

	rv_git_oidmap_init(&ids);
	if (!rv_is_ok(rv_git_packed_refs_parse(text, 20, see, NULL, &bad)) ||
	    !rv_is_ok(rv_git_reflog_parse(text, 20, &ids, &bad)))
		abort();
	rv_git_oidmap_done(&ids);
	return 0;
}
