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
	return (struct rv_walk_stat){
		.dev = 3, .ino = ino, .size = 10 * ino, .mtime_ns = 7, .ctime_ns = 8};
}

static struct rv_ledger *open_ledger(const struct place *p, uint64_t key)
{
	struct rv_ledger *ledger = NULL;
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_ledger_open(p->path, key, &ledger, &diag)))
		fail_msg("%s", diag.text);
	return ledger;
}

/* How many of the files 1..COUNT it knows. */
static size_t known(const struct place *p, uint64_t key)
{
	struct rv_ledger *ledger = open_ledger(p, key);
	size_t count = 0;

	for (uint64_t i = 1; i <= COUNT; i++) {
		const struct rv_walk_stat stat = stat_of(i);

		count += rv_ledger_has(ledger, &stat);
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

		rv_ledger_add(ledger, &lists[i % list_count], &stat);
	}
	assert_ok(rv_ledger_save(ledger, lists, list_count, NULL));
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
	struct rv_walk_stat s[5];

	save(*state, 1);
	struct rv_ledger *ledger = open_ledger(*state, KEY);
	for (size_t i = 0; i < RV_LEN(s); i++)
		s[i] = stat_of(5);
	assert_true(rv_ledger_has(ledger, &s[0]));
	s[0].dev++;
	s[1].ino = COUNT + 1;
	s[2].size++;
	s[3].mtime_ns++;
	s[4].ctime_ns++;
	for (size_t i = 0; i < RV_LEN(s); i++)
		assert_false(rv_ledger_has(ledger, &s[i]));
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
	assert_ok(rv_ledger_save(ledger, NULL, 0, NULL));
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
	static const size_t at[] = {0, 7, 8, 15, 16, 18, 23};

	for (size_t i = 0; i < RV_LEN(at); i++) {
		text.data[at[i]] ^= 0x80;
		write_back(p, &text, text.len);
		assert_int_equal(known(p, KEY), 0);
		text.data[at[i]] ^= 0x80;
	}
	memset(text.data + 24, 0xff, 8); /* larger than what follows */
	write_back(p, &text, text.len);
	assert_int_equal(known(p, KEY), 0);
	memset(text.data, 'x', text.len);
	write_back(p, &text, text.len);
	assert_int_equal(known(p, KEY), 0);
	rv_buf_done(&text);
}

static void saves_over_garbage(void **state)
{
	const struct place *p = *state;

	rvt_dir_write_text(&p->dir, "ledger", "not a ledger");
	save(p, 1);
	assert_int_equal(known(p, KEY), COUNT);
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

static rv_status use(void *user)
{
	uint64_t items[] = {9, 3, 5};
	const struct rv_ledger_list list = {items, RV_LEN(items), RV_LEN(items)};
	const struct place *p = user;
	struct rv_ledger *ledger = NULL;

	RV_TRY(rv_ledger_open(p->path, KEY, &ledger, NULL));
	rv_status status = rv_ledger_save(ledger, &list, 1, NULL);
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
	rv_ledger_add(ledger, &list, &stat);
	rvt_alloc_fail_at(0);
	assert_int_equal(list.count, 0);
	rv_ledger_add(ledger, &list, &stat);
	assert_int_equal(list.count, 1);
	rv_ledger_list_done(&list);
	rv_ledger_free(ledger);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(knows_nothing_at_first),	       TEST(knows_what_was_saved),
		TEST(knows_nothing_under_another_key), TEST(knows_no_file_that_changed),
		TEST(joins_the_lists_of_threads),      TEST(forgets_what_was_not_added_again),
		TEST(closes_its_file_to_others),       TEST(takes_a_truncated_file_for_empty),
		TEST(takes_garbage_for_empty),	       TEST(saves_over_garbage),
		TEST(fails_on_what_cannot_be_read),    TEST(survives_that_any_allocation_fails),
		TEST(adds_nothing_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
