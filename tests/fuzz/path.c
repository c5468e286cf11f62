/* tests: fuzz target: escaping is reversible and clean; globs end. Input: pattern NUL path. */
#include "agent/base/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_escape(struct rv_str path)
{
	struct rv_buf text, back;

	rv_buf_init(&text, path.len * 4);
	rv_buf_init(&back, path.len);
	if (!rv_is_ok(rv_path_escape(path, &text)) ||
	    !rv_is_ok(rv_path_unescape(rv_buf_view(&text), &back)) ||
	    !rv_str_equal(path, rv_buf_view(&back)))
		abort();
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < 0x20 || text.data[i] == 0x7f)
			abort();
	}
	rv_buf_done(&text);
	rv_buf_done(&back);
}

static void try_unescape(struct rv_str text)
{
	struct rv_buf out;

	rv_buf_init(&out, text.len);
	if (!rv_is_ok(rv_path_unescape(text, &out)) && out.len)
		abort();
	rv_buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t cut = nul ? (size_t)(nul - data) : size;
	struct rv_str pattern = {data, cut};
	struct rv_str path = {data + cut, size - cut};

	try_escape((struct rv_str){data, size});
	try_unescape((struct rv_str){data, size});
	if (path.len) {
		path.data++;
		path.len--;
	}
	if (size < 2048 && rv_glob_match(pattern, path) && !rv_glob_is_valid(pattern, NULL))
		abort();
	if (rv_path_is_under(path, pattern) && !rv_path_is_clean(path))
		abort();
	return 0;
}
