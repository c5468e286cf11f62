/* tests: fuzzes a repository's config. */
#include "agent/git/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_git_config config;

	(void)!rv_is_ok(rv_git_config_parse((struct rv_str){data, size}, &config)); /* any result */
	if (config.oid_len != 0 && config.oid_len != 20 && config.oid_len != 32)
		abort();
	return 0;
}
