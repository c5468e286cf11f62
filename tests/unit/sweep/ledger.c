/* tests: which files need not be read again. */
#include "agent/sweep/ledger.h"
#include "tests/support/alloc_fail.h"
#include "tests/support/dir.h"
#include "tests/support/unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY   UINT64_C(0x1122334455667788)
#define COUNT 100

static const struct rv_values nothing; /* is known */

struct place {
	struct rvt_dir dir;
	char path[RVT_PATH];
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	rvt_dir_init(&p->dir);
	rvt_dir_path(&p->dir, "ledger", p->path);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	rvt_dir_done(&p->dir);
	free(p);
	return 0;
}

static struct rv_walk_stat stat_of(uint64_t ino)
{
	return (struct rv_walk_stat){.path = RV_STR_LIT("some/where/name.txt"),
				     .dev = 3,
				     .ino = ino,
				     .size = 10 * ino,
				     .mtime_ns = 7,
				     .ctime_ns = 8};
}

static struct rv_ledger *open_ledger(const struct place *p, uint64_t key)
{
	struct rv_ledger *ledger = NULL;
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_ledger_open(p->path, key, &ledger, &diag)))
		fail_msg("%s", diag.text);
	return ledger;
}

static bool has(struct rv_ledger *ledger, const struct rv_walk_stat *stat)
{
	const struct rv_ledger_note *notes;
	size_t count;

	return rv_ledger_has(ledger, stat, &notes, &count);
}

/* How many of the files 1..COUNT it knows. */
static size_t known(const struct place *p, uint64_t key)
{
	struct rv_ledger *ledger = open_ledger(p, key);
	size_t count = 0;

	for (uint64_t i = 1; i <= COUNT; i++) {
		const struct rv_walk_stat stat = stat_of(i);

		count += has(ledger, &stat);
	}
	rv_ledger_free(ledger);
	return count;
}

/* Saves the files 1..COUNT, in as many lists. */
static void save(const struct place *p, size_t list_count)
{
	struct rv_ledger *ledger = open_ledger(p, KEY);
	struct rv_ledger_list *lists = calloc(list_count, sizeof(*lists));

	assert_non_null(lists);
	for (uint64_t i = 1; i <= COUNT; i++) {
		const struct rv_walk_stat stat = stat_of(i);

		rv_ledger_add(ledger, &lists[i % list_count], &stat, NULL, 0);
	}
	assert_ok(rv_ledger_save(ledger, lists, list_count, &nothing, NULL));
	for (size_t i = 0; i < list_count; i++)
		rv_ledger_list_done(&lists[i]);
	free(lists);
	rv_ledger_free(ledger);
}

static void knows_nothing_at_first(void **state)
{
	assert_int_equal(known(*state, KEY), 0);
	assert_false(rvt_file_exists(((struct place *)*state)->path));
}

static void knows_what_was_saved(void **state)
{
	save(*state, 1);
	assert_int_equal(known(*state, KEY), COUNT);
}

static void knows_nothing_under_another_key(void **state)
{
	save(*state, 1);
	assert_int_equal(known(*state, KEY + 1), 0);
}

static void knows_no_file_that_changed(void **state)
{
	struct rv_walk_stat s[6];

	save(*state, 1);
	struct rv_ledger *ledger = open_ledger(*state, KEY);
	for (size_t i = 0; i < RV_LEN(s); i++)
		s[i] = stat_of(5);
	assert_true(has(ledger, &s[0]));
	s[0].dev++;
	s[1].ino = COUNT + 1;
	s[2].size++;
	s[3].mtime_ns++;
	s[4].ctime_ns++;
	s[5].path = RV_STR_LIT("some/where/name.tx"); /* a directory may have been renamed */
	for (size_t i = 0; i < RV_LEN(s); i++)
		assert_false(has(ledger, &s[i]));
	rv_ledger_free(ledger);
}

static void joins_the_lists_of_threads(void **state)
{
	save(*state, 7);
	assert_int_equal(known(*state, KEY), COUNT);
	save(*state, 2 * (size_t)COUNT); /* some of them empty */
	assert_int_equal(known(*state, KEY), COUNT);
}

static void forgets_what_was_not_added_again(void **state)
{
	save(*state, 1);
	struct rv_ledger *ledger = open_ledger(*state, KEY);
	assert_ok(rv_ledger_save(ledger, NULL, 0, &nothing, NULL));
	rv_ledger_free(ledger);
	assert_int_equal(known(*state, KEY), 0);
}

static void closes_its_file_to_others(void **state)
{
	const struct place *p = *state;
	struct stat st;
	const mode_t before = umask(0);

	save(p, 1);
	(void)umask(before); /* what it was */
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(rvt_dir_count(p->dir.path), 1);
}

static void write_back(const struct place *p, const struct rv_buf *text, size_t len)
{
	rvt_dir_write(&p->dir, "ledger", text->data, len, 0600);
}

static void takes_a_truncated_file_for_empty(void **state)
{
	const struct place *p = *state;

	save(p, 1);
	struct rv_buf text = rvt_file_read(p->path);
	for (size_t len = 0; len < text.len; len++) {
		write_back(p, &text, len);
		if (len < 64 || len % 8 == 0)
			assert_int_equal(known(p, KEY), 0);
	}
	rv_buf_done(&text);
}

static void takes_garbage_for_empty(void **state)
{
	const struct place *p = *state;

	save(p, 1);
	struct rv_buf text = rvt_file_read(p->path);
	static const size_t at[] = {6, 7, 8, 15, 32, 34, 39, 40, 42, 47};

	for (size_t i = 0; i < RV_LEN(at); i++) {
		text.data[at[i]] ^= 0x80;
		write_back(p, &text, text.len);
		assert_int_equal(known(p, KEY), 0);
		text.data[at[i]] ^= 0x80;
	}
	memset(text.data + 48, 0xff, 8); /* larger than what follows */
	write_back(p, &text, text.len);
	assert_int_equal(known(p, KEY), 0);
	memset(text.data + 6, 'x', text.len - 6);
	write_back(p, &text, text.len);
	assert_int_equal(known(p, KEY), 0);
	rv_buf_done(&text);
}

static void saves_over_a_damaged_one(void **state)
{
	const struct place *p = *state;

	rvt_dir_write_text(&p->dir, "ledger", "rvledg1\nof another version");
	save(p, 1);
	assert_int_equal(known(p, KEY), COUNT);
}

static void assert_refused(const struct place *p, const char *why)
{
	struct rv_ledger *ledger = NULL;
	struct rv_diag diag = {0};

	assert_class(rv_ledger_open(p->path, KEY, &ledger, &diag), RV_CLASS_CONFLICT);
	assert_non_null(strstr(diag.text, why));
}

static void refuses_what_is_no_ledger_or_a_symbolic_link(void **state)
{
	const struct place *p = *state;

	rvt_dir_write_text(&p->dir, "ledger", "n");
	assert_refused(p, "is no ledger");
	assert_int_equal(unlink(p->path), 0);
	assert_int_equal(symlink("nowhere", p->path), 0);
	assert_refused(p, "symbolic link");
}

static void fails_on_what_cannot_be_read(void **state)
{
	const struct place *p = *state;
	struct rv_ledger *ledger = NULL;
	struct rv_diag diag = {0};

	rvt_dir_make(&p->dir, "ledger", 0700);
	assert_false(rv_is_ok(rv_ledger_open(p->path, KEY, &ledger, &diag)));
	assert_null(ledger);
	assert_non_null(strstr(diag.text, "ledger"));
}

static ino_t number_of(const struct place *p)
{
	struct stat st;

	assert_int_equal(stat(p->path, &st), 0);
	return st.st_ino;
}

static void does_not_write_what_it_has(void **state)
{
	const struct place *p = *state;
	struct rv_walk_stat stat = stat_of(1);

	save(p, 1);
	const ino_t before = number_of(p);
	struct rv_ledger *ledger = open_ledger(p, KEY);
	for (uint64_t i = 1; i <= COUNT; i++) {
		stat = stat_of(i);
		assert_true(has(ledger, &stat));
	}
	assert_ok(rv_ledger_save(ledger, NULL, 0, &nothing, NULL));
	rv_ledger_free(ledger);
	assert_int_equal(number_of(p), before);
}

static void keeps_what_was_asked_for_and_adds_what_is_new(void **state)
{
	const struct place *p = *state;
	struct rv_ledger_list list = {0};
	struct rv_walk_stat stat;

	save(p, 1);
	struct rv_ledger *ledger = open_ledger(p, KEY);
	for (uint64_t i = 1; i <= COUNT; i += 2) {
		stat = stat_of(i);
		assert_true(has(ledger, &stat));
		assert_true(has(ledger, &stat)); /* given twice */
	}
	stat = stat_of(2);
	rv_ledger_add(ledger, &list, &stat, NULL, 0);
	rv_ledger_add(ledger, &list, &stat, NULL, 0);
	assert_ok(rv_ledger_save(ledger, &list, 1, &nothing, NULL));
	rv_ledger_list_done(&list);
	rv_ledger_free(ledger);
	assert_int_equal(known(p, KEY), COUNT / 2 + 1);
}

static const struct rv_ledger_note noted[] = {
	{.reason = "damaged"},
	{.reason = "archive-limit", .inside = "a/member", .detail = "it expands more"},
	{.reason = "too-large", .detail = ""},
};

static void save_notes(const struct place *p, const struct rv_values *known)
{
	struct rv_ledger *ledger = open_ledger(p, KEY);
	struct rv_ledger_list lists[2] = {0};
	const struct rv_walk_stat three = stat_of(3), seven = stat_of(7), nine = stat_of(9);

	rv_ledger_add(ledger, &lists[0], &nine, &noted[2], 1);
	rv_ledger_add(ledger, &lists[0], &three, noted, 2);
	rv_ledger_add(ledger, &lists[1], &seven, NULL, 0);
	assert_ok(rv_ledger_save(ledger, lists, 2, known, NULL));
	rv_ledger_list_done(&lists[0]);
	rv_ledger_list_done(&lists[1]);
	rv_ledger_free(ledger);
}

static void assert_noted(struct rv_ledger *ledger, uint64_t ino,
			 const struct rv_ledger_note *wanted, size_t wanted_count)
{
	const struct rv_walk_stat stat = stat_of(ino);
	const struct rv_ledger_note *notes = NULL;
	size_t count = 99;

	assert_true(rv_ledger_has(ledger, &stat, &notes, &count));
	assert_int_equal(count, wanted_count);
	for (size_t i = 0; i < count; i++) {
		bool is_there = false;

		for (size_t k = 0; k < count; k++)
			is_there |= strcmp(notes[k].reason, wanted[i].reason) == 0 &&
				    !notes[k].inside == !wanted[i].inside &&
				    !notes[k].detail == !wanted[i].detail &&
				    (!notes[k].inside ||
				     strcmp(notes[k].inside, wanted[i].inside) == 0) &&
				    (!notes[k].detail ||
				     strcmp(notes[k].detail, wanted[i].detail) == 0);
		assert_true(is_there);
	}
}

static void keeps_no_value_that_is_a_name_in_an_archive(void **state)
{
	static const struct rv_ledger_note shown[] = {
		{.reason = "damaged"},
		{.reason = "archive-limit", .inside = "a/*****", .detail = "it ***** more"},
	};
	const struct place *p = *state;
	struct rv_values known = {.seed = 7};

	assert_ok(rv_values_add(&known, rv_str_of("member")));
	assert_ok(rv_values_add(&known, rv_str_of("expands")));
	save_notes(p, &known);
	rv_values_done(&known);
	struct rv_ledger *ledger = open_ledger(p, KEY);
	assert_noted(ledger, 3, shown, 2);
	rv_ledger_free(ledger);
}

static void tells_again_what_could_not_be_scanned(void **state)
{
	const struct place *p = *state;

	save_notes(p, &nothing);
	for (unsigned i = 0; i < 2; i++) {
		struct rv_ledger *ledger = open_ledger(p, KEY);
		struct rv_ledger_list list = {0};
		const struct rv_walk_stat more = stat_of(i + 20);

		assert_noted(ledger, 3, noted, 2);
		assert_noted(ledger, 7, NULL, 0);
		assert_noted(ledger, 9, &noted[2], 1);
		rv_ledger_add(ledger, &list, &more, NULL, 0); /* it is written again */
		assert_ok(rv_ledger_save(ledger, &list, 1, &nothing, NULL));
		rv_ledger_list_done(&list);
		rv_ledger_free(ledger);
	}
}

static void knows_which_gaps_last(void **state)
{
	(void)state;
	assert_non_null(rv_ledger_reason("damaged"));
	assert_null(rv_ledger_reason("unreadable"));
	assert_null(rv_ledger_reason("changed"));
	assert_null(rv_ledger_reason("time"));
	assert_null(rv_ledger_reason("memory"));
	assert_null(rv_ledger_reason("run-limit"));
	assert_null(rv_ledger_reason(""));
}

static void does_not_remember_a_file_with_a_text_too_long(void **state)
{
	char longest[RV_LEDGER_TEXT_MAX + 1];
	const struct rv_ledger_note note = {.reason = "damaged", .detail = longest};
	const struct rv_walk_stat stat = stat_of(1);
	struct rv_ledger *ledger = open_ledger(*state, KEY);
	struct rv_ledger_list list = {0};

	memset(longest, 'x', sizeof(longest));
	longest[RV_LEDGER_TEXT_MAX] = '\0';
	rv_ledger_add(ledger, &list, &stat, &note, 1);
	assert_int_equal(list.count, 0);
	longest[RV_LEDGER_TEXT_MAX - 1] = '\0';
	rv_ledger_add(ledger, &list, &stat, &note, 1);
	assert_int_equal(list.count, 1);
	rv_ledger_list_done(&list);
	rv_ledger_free(ledger);
}

static void takes_damaged_notes_for_empty(void **state)
{
	const struct place *p = *state;
	const struct rv_walk_stat stat = stat_of(7);

	save_notes(p, &nothing);
	struct rv_buf text = rvt_file_read(p->path);
	for (size_t len = text.len; len-- > 0;) {
		write_back(p, &text, len);
		struct rv_ledger *ledger = open_ledger(p, KEY);
		assert_false(has(ledger, &stat));
		rv_ledger_free(ledger);
	}
	for (size_t at = 48 + 24; at < text.len; at++) { /* any answer, and none outside of it */
		text.data[at] ^= 0xff;
		write_back(p, &text, text.len);
		struct rv_ledger *ledger = open_ledger(p, KEY);
		(void)has(ledger, &stat); /* as said */
		rv_ledger_free(ledger);
		text.data[at] ^= 0xff;
	}
	rv_buf_done(&text);
}

/* The same files have other digests in another ledger: none can be made to pass for one. */
static void no_two_ledgers_have_the_same_digests(void **state)
{
	const struct place *p = *state;

	save(p, 1);
	struct rv_buf one = rvt_file_read(p->path);
	assert_int_equal(unlink(p->path), 0);
	save(p, 1);
	struct rv_buf other = rvt_file_read(p->path);
	assert_int_equal(one.len, other.len);
	assert_memory_not_equal(one.data + 48, other.data + 48, 8);
	rv_buf_done(&one);
	rv_buf_done(&other);
}

static rv_status use(void *user)
{
	uint64_t items[] = {9, 3, 5};
	const struct rv_ledger_list list = {
		.items = items, .count = RV_LEN(items), .room = RV_LEN(items)};
	const struct place *p = user;
	struct rv_ledger *ledger = NULL;

	RV_TRY(rv_ledger_open(p->path, KEY, &ledger, NULL));
	rv_status status = rv_ledger_save(ledger, &list, 1, &nothing, NULL);
	rv_ledger_free(ledger);
	return status;
}

static void survives_that_any_allocation_fails(void **state)
{
	save(*state, 1);
	assert_true(rvt_alloc_loop("ledger", use, *state) > 4);
}

static void adds_nothing_without_memory(void **state)
{
	struct rv_ledger *ledger = open_ledger(*state, KEY);
	struct rv_ledger_list list = {0};
	const struct rv_walk_stat stat = stat_of(1);

	rvt_alloc_fail_at(1);
	rv_ledger_add(ledger, &list, &stat, NULL, 0);
	rvt_alloc_fail_at(0);
	assert_int_equal(list.count, 0);
	rv_ledger_add(ledger, &list, &stat, NULL, 0);
	assert_int_equal(list.count, 1);
	rv_ledger_list_done(&list);
	rv_ledger_free(ledger);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(knows_nothing_at_first),
		TEST(knows_what_was_saved),
		TEST(knows_nothing_under_another_key),
		TEST(knows_no_file_that_changed),
		TEST(joins_the_lists_of_threads),
		TEST(forgets_what_was_not_added_again),
		TEST(closes_its_file_to_others),
		TEST(takes_a_truncated_file_for_empty),
		TEST(takes_garbage_for_empty),
		TEST(saves_over_a_damaged_one),
		TEST(refuses_what_is_no_ledger_or_a_symbolic_link),
		TEST(does_not_write_what_it_has),
		TEST(keeps_what_was_asked_for_and_adds_what_is_new),
		TEST(keeps_no_value_that_is_a_name_in_an_archive),
		TEST(tells_again_what_could_not_be_scanned),
		TEST(knows_which_gaps_last),
		TEST(does_not_remember_a_file_with_a_text_too_long),
		TEST(takes_damaged_notes_for_empty),
		TEST(no_two_ledgers_have_the_same_digests),
		TEST(fails_on_what_cannot_be_read),
		TEST(survives_that_any_allocation_fails),
		TEST(adds_nothing_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
