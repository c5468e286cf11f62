/* What reaches a terminal is safe, and what reaches a pipe is plain. */
#include "agent/cli/out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static void terminal_escapes_in_a_name_are_shown_and_never_sent(void **state)
{
	(void)state;
	assert_string_equal(rv_out_safe("a\033]0;owned\007b"), "a\\x1b]0;owned\\x07b");
	assert_string_equal(rv_out_safe("line\nbreak\ttab"), "line\\x0abreak\\x09tab");
	assert_string_equal(rv_out_safe("c1 \xc2\x9b end"), "c1 \\x9b end");
	assert_string_equal(rv_out_safe("ümläut"), "ümläut");
	assert_string_equal(rv_out_safe(NULL), "-");
}

static void a_very_long_name_is_cut_and_ends(void **state)
{
	(void)state;
	static char longest[4096];
	memset(longest, 'x', sizeof(longest) - 1);
	assert_true(strlen(rv_out_safe(longest)) < 1024);
	memset(longest, '\033', sizeof(longest) - 1);
	assert_true(strlen(rv_out_safe(longest)) < 1024);
}

/* Prints the table into a file as `out` says and reads it back. */
static void print_to_text(const struct rv_table *table, const struct rv_out *out, char *text,
			  size_t size)
{
	FILE *file = tmpfile();
	assert_non_null(file);
	fflush(stdout);
	int saved = dup(STDOUT_FILENO);
	assert_true(dup2(fileno(file), STDOUT_FILENO) >= 0);
	rv_table_print(table, out);
	fflush(stdout);
	assert_true(dup2(saved, STDOUT_FILENO) >= 0);
	close(saved);
	rewind(file);
	size_t got = fread(text, 1, size - 1, file);
	text[got] = '\0';
	fclose(file);
}

static struct rv_table *small_table(void)
{
	const struct rv_table_column columns[] = {{"ID", false, false}, {"WHERE", false, true}};
	struct rv_table *table = NULL;
	assert_true(rv_is_ok(rv_table_new(columns, 2, &table)));
	const char *row[] = {"c1", "/a/very/long/path/that/does/not/fit/on/a/narrow/terminal.pem"};
	assert_true(rv_is_ok(rv_table_row(table, RV_INK_RED, row)));
	return table;
}

static void a_pipe_gets_tab_separated_fields_without_header_or_colour(void **state)
{
	(void)state;
	struct rv_table *table = small_table();
	struct rv_out out = {.out_is_tty = false, .use_color = false, .width = 30};
	char text[512];
	print_to_text(table, &out, text, sizeof(text));
	assert_string_equal(text,
			    "c1\t/a/very/long/path/that/does/not/fit/on/a/narrow/terminal.pem\n");
	rv_table_freep(&table);
}

static void a_narrow_terminal_gets_a_header_and_the_wide_column_cut(void **state)
{
	(void)state;
	struct rv_table *table = small_table();
	struct rv_out out = {.out_is_tty = true, .use_color = false, .width = 40};
	char text[512];
	print_to_text(table, &out, text, sizeof(text));
	assert_non_null(strstr(text, "ID  WHERE\n"));
	assert_non_null(strstr(text, "…\n"));
	assert_null(strstr(text, "terminal.pem"));
	assert_null(strchr(text, '\033'));
	rv_table_freep(&table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terminal_escapes_in_a_name_are_shown_and_never_sent),
		cmocka_unit_test(a_very_long_name_is_cut_and_ends),
		cmocka_unit_test(a_pipe_gets_tab_separated_fields_without_header_or_colour),
		cmocka_unit_test(a_narrow_terminal_gets_a_header_and_the_wide_column_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
