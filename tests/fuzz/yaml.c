/* tests: fuzz target: YAML either fails with a sentence or gives a tree that can be written. */
#include "agent/base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_yaml *y = NULL;
	struct rv_diag diag = {0};
	struct rv_buf out;

	if (!rv_is_ok(rv_yaml_parse((struct rv_str){data, size}, "f.yaml", &y, &diag))) {
		if (!diag.text[0] || y)
			abort();
		return 0;
	}
	rv_buf_init(&out, (size_t)64 << 20);
	if (!rv_is_ok(rv_json_canonical(rv_yaml_root(y), &out)))
		abort();
	rv_buf_done(&out);
	rv_yaml_free(y);
	return 0;
}
