/* tests: fuzzes added lines; a NUL parts the old text from the new one. */
#include "agent/git/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	struct rv_git_lines lines = {0};
	struct rv_str new_text;
	size_t end = 0;

	if (!nul)
		return 0;
	new_text = (struct rv_str){nul + 1, size - (size_t)(nul - data) - 1};
	if (!rv_is_ok(rv_git_lines_added((struct rv_str){data, (size_t)(nul - data)}, new_text,
					 &lines)))
		abort();
	for (size_t i = 0; i < lines.count; i++) {
		if (lines.items[i].at < end ||
		    lines.items[i].len > new_text.len - lines.items[i].at)
			abort();
		end = lines.items[i].at + lines.items[i].len;
	}
	rv_git_lines_done(&lines);
	return 0;
}
