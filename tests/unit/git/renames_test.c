/* tests: what is gone is paired with what is new by what they have in common. */
#include "tests/support/alloc_fail.h"
#include "tests/support/unit.h"

#include "agent/git/renames.h"

#include <stdio.h>

#define TEXT_MAX 4096

struct world {
	struct rv_git_changes changes;
	char *texts[16]; /* by the first byte of an id */
	size_t text_count;
	size_t reads;
	bool cannot_read;
};

static void world_init(struct world *w)
{
	*w = (struct world){.reads = 0};
	rv_git_changes_init(&w->changes);
}

static void world_done(struct world *w)
{
	rv_git_changes_done(&w->changes);
	for (size_t i = 0; i < w->text_count; i++)
		free(w->texts[i]);
}

/* Lines "SORT N" of [from, to). */
static const char *lines(char text[TEXT_MAX], const char *sort, unsigned from, unsigned to)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = from; i < to; i++)
		len += (size_t)snprintf(text + len, TEXT_MAX - len, "%s is line %u of it\n", sort,
					i);
	return text;
}

static struct rv_git_oid keep(struct world *w, const char *text)
{
	struct rv_git_oid oid = {{(uint8_t)(w->text_count + 1)}};

	assert_true(w->text_count < RV_LEN(w->texts));
	w->texts[w->text_count] = strdup(text);
	assert_non_null(w->texts[w->text_count++]);
	return oid;
}

static void gone(struct world *w, const char *path, uint32_t mode, const char *text)
{
	const struct rv_git_change c = {
		.path = rv_str_of(path), .old_mode = mode, .old_oid = keep(w, text)};

	assert_ok(rv_git_changes_put(&w->changes, &c));
}

static void fresh(struct world *w, const char *path, const char *text)
{
	const struct rv_git_change c = {
		.path = rv_str_of(path), .new_mode = 0100644, .new_oid = keep(w, text)};

	assert_ok(rv_git_changes_put(&w->changes, &c));
}

static rv_status read_text(void *user, const struct rv_git_change *c, bool is_old,
			   struct rv_str *out)
{
	struct world *w = user;
	const struct rv_git_oid *oid = is_old ? &c->old_oid : &c->new_oid;

	w->reads++;
	if (w->cannot_read)
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "not here");
	*out = rv_str_of(w->texts[oid->bytes[0] - 1]);
	return RV_OK;
}

/* "old>new" of those paired, "-old" and "+new" of the others. */
static void assert_pairs(struct world *w, const char *expected)
{
	char text[1024] = "";
	size_t len = 0;

	assert_ok(rv_git_changes_settle(&w->changes));
	assert_ok(rv_git_renames_find(&w->changes, read_text, w));
	for (size_t i = 0; i < w->changes.count; i++) {
		const struct rv_git_change *c = &w->changes.items[i];
		const char *sign = c->old_path.len ? ">" : c->new_mode ? "+" : "-";

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s%s%.*s",
					i ? " " : "", (int)c->old_path.len,
					c->old_path.len ? (const char *)c->old_path.data : "", sign,
					(int)c->path.len, (const char *)c->path.data);
	}
	assert_string_equal(text, expected);
	world_done(w);
}

static void what_has_half_in_common_is_a_rename(void **state)
{
	struct world w;
	char a[TEXT_MAX];

	(void)state;
	world_init(&w);
	gone(&w, "a", 0100644, lines(a, "one", 0, 40));
	fresh(&w, "b", lines(a, "one", 10, 40));
	assert_pairs(&w, "a>b");
	world_init(&w);
	gone(&w, "a", 0100644, lines(a, "one", 0, 40));
	fresh(&w, "b", lines(a, "one", 25, 40));
	assert_pairs(&w, "-a +b");
}

static void the_most_similar_goes_first_and_each_once(void **state)
{
	struct world w;
	char a[TEXT_MAX];

	(void)state;
	world_init(&w);
	gone(&w, "x", 0100644, lines(a, "one", 0, 40));
	gone(&w, "y", 0100644, lines(a, "one", 0, 32));
	fresh(&w, "p", lines(a, "one", 0, 31));
	fresh(&w, "q", lines(a, "one", 0, 30));
	assert_pairs(&w, "y>p x>q");
}

static void of_equals_the_one_of_the_same_name(void **state)
{
	struct world w;
	char a[TEXT_MAX];

	(void)state;
	world_init(&w);
	gone(&w, "d/a.env", 0100644, lines(a, "one", 0, 40));
	gone(&w, "d/b.env", 0100644, lines(a, "one", 0, 40));
	fresh(&w, "e/b.env", lines(a, "one", 0, 39));
	assert_pairs(&w, "-d/a.env d/b.env>e/b.env");
}

static void links_and_empty_files_are_no_rename(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	gone(&w, "a", 0120000, "the target of the link\n");
	gone(&w, "c", 0100644, "");
	fresh(&w, "b", "the target of the link!\n");
	fresh(&w, "d", "");
	assert_pairs(&w, "-a -c +b +d");
}

static void what_cannot_be_read_stays_new(void **state)
{
	struct world w;
	char a[TEXT_MAX];

	(void)state;
	world_init(&w);
	w.cannot_read = true;
	gone(&w, "a", 0100644, lines(a, "one", 0, 40));
	fresh(&w, "b", lines(a, "one", 1, 40));
	assert_pairs(&w, "-a +b");
}

static void of_too_many_none_is_read(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	for (unsigned i = 0; i < 1001; i++) {
		const struct rv_git_oid old_oid = {{1, (uint8_t)i, (uint8_t)(i >> 8)}};
		const struct rv_git_oid new_oid = {{2, (uint8_t)i, (uint8_t)(i >> 8)}};
		const struct rv_git_change a = {
			.path = RV_STR_LIT("a"), .old_mode = 0100644, .old_oid = old_oid};
		const struct rv_git_change b = {
			.path = RV_STR_LIT("b"), .new_mode = 0100644, .new_oid = new_oid};

		assert_ok(rv_git_changes_put(&w.changes, &a));
		assert_ok(rv_git_changes_put(&w.changes, &b));
	}
	assert_ok(rv_git_changes_settle(&w.changes));
	assert_ok(rv_git_renames_find(&w.changes, read_text, &w));
	assert_int_equal(w.reads, 0);
	assert_int_equal(w.changes.count, 2002);
	rv_git_changes_done(&w.changes);
}

static void each_allocation_may_fail(void **state)
{
	size_t n = 0;
	bool has_failed;

	(void)state;
	do {
		struct world w;
		char a[TEXT_MAX];

		world_init(&w);
		gone(&w, "a", 0100644, lines(a, "one", 0, 40));
		fresh(&w, "b", lines(a, "one", 10, 40));
		assert_ok(rv_git_changes_settle(&w.changes));
		rvt_alloc_fail_at(++n);
		rv_status status = rv_git_renames_find(&w.changes, read_text, &w);
		has_failed = rvt_alloc_has_failed();
		rvt_alloc_fail_at(0);
		assert_true(rv_is_ok(status) || rv_class_of(status) == RV_CLASS_EXHAUSTED);
		/* Paired, or all as it was. */
		assert_int_equal(w.changes.count, rv_is_ok(status) ? 1 : 2);
		world_done(&w);
	} while (has_failed);
	assert_true(n > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_has_half_in_common_is_a_rename),
		cmocka_unit_test(the_most_similar_goes_first_and_each_once),
		cmocka_unit_test(of_equals_the_one_of_the_same_name),
		cmocka_unit_test(links_and_empty_files_are_no_rename),
		cmocka_unit_test(what_cannot_be_read_stays_new),
		cmocka_unit_test(of_too_many_none_is_read),
		cmocka_unit_test(each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
