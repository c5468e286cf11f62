/* sweep: see window.h. */
#include "agent/sweep/window.h"

#include <string.h>

void rv_window_begin(struct rv_window *window, size_t overlap)
{
	*window = (struct rv_window){.overlap = overlap, .line = 1, .column = 1};
}

void rv_window_bound(const struct rv_window *window, uint64_t offset, bool is_last,
		     struct rv_doc *doc)
{
	doc->offset = offset;
	doc->line = window->line;
	doc->column = window->column;
	doc->from = offset == 0 ? 0 : window->overlap / 2;
	doc->until = is_last ? 0 : doc->bytes.len - window->overlap / 2;
}

void rv_window_pass(struct rv_window *window, struct rv_str bytes)
{
	size_t until = bytes.len - window->overlap;

	for (size_t at = 0; at < until;) {
		const uint8_t *end = memchr(bytes.data + at, '\n', until - at);

		if (!end) {
			window->column += (uint32_t)(until - at);
			return;
		}
		at = (size_t)(end - bytes.data) + 1;
		window->line++;
		window->column = 1;
	}
}
