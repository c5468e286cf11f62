/* sweep: see window.h. */
#include "agent/sweep/window.h"

#include <string.h>

void rv_window_begin(struct rv_window *window, size_t overlap)
{
	*window = (struct rv_window){.overlap = overlap, .line = 1, .column = 1};
}

void rv_window_bound(struct rv_window *window, uint64_t offset, bool is_last, struct rv_doc *doc)
{
	doc->offset = offset;
	doc->line = window->line;
	doc->column = window->column;
	doc->from = offset == 0 ? 0 : window->overlap / 2;
	doc->until = is_last ? 0 : doc->bytes.len - window->overlap / 2;
	doc->window = window;
	window->next = is_last ? 0 : doc->bytes.len - window->overlap;
}

void rv_window_pass(struct rv_window *window, struct rv_str bytes)
{
	size_t until = bytes.len - window->overlap;

	memcpy(window->leads, window->next_leads, sizeof(window->leads));
	memset(window->next_leads, 0, sizeof(window->next_leads));
	for (size_t at = 0; at < until;) {
		const uint8_t *end = memchr(bytes.data + at, '\n', until - at);

		if (!end) {
			window->column += until - at;
			return;
		}
		at = (size_t)(end - bytes.data) + 1;
		window->line++;
		window->column = 1;
	}
}

/* No run goes through a hole. A text in UTF-16 does: its units stay where they are in the file. */
void rv_window_skip(struct rv_window *window, uint64_t hole)
{
	struct rv_lead *lead = &window->leads[0];
	bool is_text = lead->is_set && lead->kind >= RV_DECODE_UTF16LE;
	size_t unit = lead->kind == RV_DECODE_UTF32LE || lead->kind == RV_DECODE_UTF32BE ? 4 : 2;

	window->column += hole; /* no line ends there */
	if (hole == 0)
		return;
	lead->at = (lead->at + unit - (size_t)(hole % unit)) % unit;
	lead->is_set = is_text;
	for (size_t i = 1; i < RV_LEN(window->leads); i++)
		window->leads[i].is_set = false;
}
