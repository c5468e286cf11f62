/* tests: a text in windows: each value is of one window, and lines go on from one to the next. */
#include "agent/sweep/window.h"

#include "tests/support/unit.h"

#define TEXT	400
#define WINDOW	64
#define OVERLAP 16

static void make_text(uint8_t text[TEXT])
{
	uint32_t seed = 3;

	for (size_t i = 0; i < TEXT; i++) {
		seed = seed * 1664525 + 1013904223;
		text[i] = (seed >> 28) == 0 ? '\n' : 'a';
	}
}

static void each_place_is_of_one_window_and_lines_go_on(void **state)
{
	uint8_t text[TEXT];
	unsigned owners[TEXT] = {0};
	struct rv_window window;
	size_t at = 0;
	bool is_last = false;

	(void)state;
	make_text(text);
	rv_window_begin(&window, OVERLAP);
	while (!is_last) {
		size_t len = TEXT - at < WINDOW ? TEXT - at : WINDOW;
		struct rv_doc doc = {.bytes = {text + at, len}};
		uint32_t line = 1, column = 1;

		is_last = at + len == TEXT;
		rv_window_bound(&window, at, is_last, &doc);
		for (size_t i = 0; i < at; i++) {
			column = text[i] == '\n' ? 1 : column + 1;
			line += text[i] == '\n';
		}
		assert_int_equal(doc.offset, at);
		assert_int_equal(doc.line, line);
		assert_int_equal(doc.column, column);
		for (size_t i = doc.from; i < (doc.until ? doc.until : len); i++)
			owners[at + i]++;
		if (!is_last)
			rv_window_pass(&window, doc.bytes);
		at += len - OVERLAP;
	}
	for (size_t i = 0; i < TEXT; i++)
		assert_int_equal(owners[i], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_place_is_of_one_window_and_lines_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
