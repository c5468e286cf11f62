/* tests: fuzz target: TOML either fails with a sentence or gives a tree that can be written. */
#include "agent/base/toml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_yaml *y = NULL;
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_toml_parse((struct rv_str){data, size}, "f.toml", &y, &diag))) {
		if (!diag.text[0] || y)
			abort();
		return 0;
	}
	char *text = json_dumps(rv_yaml_root(y), JSON_COMPACT);
	if (!text)
		abort();
	free(text);
	rv_yaml_free(y);
	return 0;
}
