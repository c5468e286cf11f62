/* tests: failures carry a class that decides and a sentence that explains. */
#include "agent/base/status.h"

#include "agent/base/path.h"
#include "tests/support/unit.h"

#include <errno.h>

static void the_deepest_cause_is_kept(void **state)
{
	struct rv_diag diag = {0};

	(void)state;
	rv_diag_set(&diag, "cannot open %s", "a");
	rv_diag_set(&diag, "cannot load");
	assert_string_equal(diag.text, "cannot open a");
}

static void a_prefix_stands_before_the_cause(void **state)
{
	struct rv_diag diag = {0};

	(void)state;
	rv_diag_set(&diag, "line 3");
	rv_diag_prefix(&diag, "policy %d", 7);
	assert_string_equal(diag.text, "policy 7: line 3");
}

static void a_prefix_alone_is_the_sentence(void **state)
{
	struct rv_diag diag = {0};

	(void)state;
	rv_diag_prefix(&diag, "policy");
	assert_string_equal(diag.text, "policy");
}

static void a_long_sentence_is_cut_and_ended(void **state)
{
	struct rv_diag diag = {0};
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	rv_diag_set(&diag, "%s", text);
	assert_int_equal(strlen(diag.text), sizeof(diag.text) - 1);
	rv_diag_prefix(&diag, "before");
	assert_int_equal(strlen(diag.text), sizeof(diag.text) - 1);
	assert_memory_equal(diag.text, "before: xxx", 11);
	rv_diag_prefix(&diag, "%s", text);
	assert_memory_equal(diag.text, "before: xxx", 11);
}

static void a_newline_cannot_enter_the_sentence(void **state)
{
	struct rv_diag diag = {0};

	(void)state;
	rv_diag_set(&diag, "a%cb\x1b[2J", '\n');
	assert_string_equal(diag.text, "a b [2J");
}

static void only_text_enters_the_sentence(void **state)
{
	struct rv_diag diag = {0};
	char wide[sizeof(diag.text) + 8];

	(void)state;
	(void)!rv_is_ok(rv_fail(RV_CLASS_DENIED, &diag, "\xff \xe2\x82 caf\xc3\xa9 \x1b[31m"));
	assert_string_equal(diag.text, "? ?? caf\xc3\xa9  [31m");
	/* Cut inside a character, by the sentence's room or by a prefix. */
	for (size_t i = 0; i + 1 < sizeof(wide); i += 2)
		memcpy(wide + i, "\xc3\xa9", 2);
	wide[sizeof(wide) - 2] = '\0';
	diag = (struct rv_diag){0};
	rv_diag_set(&diag, "%s", wide);
	assert_int_equal(strlen(diag.text), sizeof(diag.text) - 1);
	assert_int_equal(diag.text[sizeof(diag.text) - 2], '?');
	diag = (struct rv_diag){0};
	rv_diag_set(&diag, "x%s", wide);
	rv_diag_prefix(&diag, "ab");
	assert_int_equal(strlen(diag.text), sizeof(diag.text) - 1);
	rv_text_tame(wide);
	assert_int_equal((unsigned char)wide[0], 0xc3);
	uint32_t point;
	for (size_t i = 0, n; diag.text[i]; i += n) {
		n = rv_utf8_at(rv_str_of(diag.text + i), &point);
		assert_int_not_equal(n, 0);
	}
}

static void no_diag_is_fine(void **state)
{
	(void)state;
	rv_diag_set(NULL, "x");
	rv_diag_prefix(NULL, "x");
	rv_diag_next(NULL, "x");
	assert_class(rv_fail(RV_CLASS_DENIED, NULL, "x"), RV_CLASS_DENIED);
	assert_class(rv_fail_nomem(NULL), RV_CLASS_EXHAUSTED);
}

static void the_class_follows_from_errno(void **state)
{
	static const struct {
		int error;
		enum rv_class class_id;
	} cases[] = {
		{ENOENT, RV_CLASS_NOT_FOUND}, {EACCES, RV_CLASS_DENIED},
		{EPERM, RV_CLASS_DENIED},     {EROFS, RV_CLASS_DENIED},
		{ENOMEM, RV_CLASS_EXHAUSTED}, {ENOSPC, RV_CLASS_EXHAUSTED},
		{EMFILE, RV_CLASS_EXHAUSTED}, {EAGAIN, RV_CLASS_RETRY},
		{EINTR, RV_CLASS_RETRY},      {EEXIST, RV_CLASS_CONFLICT},
		{EBUSY, RV_CLASS_CONFLICT},   {EINVAL, RV_CLASS_MISCONFIGURED},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(cases); i++) {
		struct rv_diag diag = {0};
		rv_status status;

		errno = cases[i].error;
		status = rv_fail_errno(&diag, "cannot open %s", "a");
		assert_class(status, cases[i].class_id);
		assert_int_equal(status.errno_was, cases[i].error);
		assert_memory_equal(diag.text, "cannot open a: ", 15);
		assert_true(strlen(diag.text) > 15);
	}
}

static void every_class_has_its_own_word(void **state)
{
	(void)state;
	for (unsigned a = 0; a < RV_CLASS__COUNT; a++) {
		assert_string_not_equal(rv_class_name((enum rv_class)a), "invalid");
		for (unsigned b = 0; b < a; b++)
			assert_string_not_equal(rv_class_name((enum rv_class)a),
						rv_class_name((enum rv_class)b));
	}
	assert_string_equal(rv_class_name(RV_CLASS__COUNT), "invalid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_deepest_cause_is_kept),
		cmocka_unit_test(a_prefix_stands_before_the_cause),
		cmocka_unit_test(a_prefix_alone_is_the_sentence),
		cmocka_unit_test(a_long_sentence_is_cut_and_ended),
		cmocka_unit_test(a_newline_cannot_enter_the_sentence),
		cmocka_unit_test(only_text_enters_the_sentence),
		cmocka_unit_test(no_diag_is_fine),
		cmocka_unit_test(the_class_follows_from_errno),
		cmocka_unit_test(every_class_has_its_own_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
