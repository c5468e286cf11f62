/* tests: files that a walk hands on in windows, passes over for their size, or leaves when it is
 * stopped. */
#include "tests/unit/sweep/walk_look.h"

#include <stdlib.h>

/* A file of which walk_byte() tells the bytes. */
static void write_large(struct walk *w, size_t size)
{
	uint8_t *bytes = malloc(size + 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++)
		bytes[i] = walk_byte(i);
	rvt_dir_write(&w->dir, "large", bytes, size, 0600);
	free(bytes);
	w->size = size;
	w->covered = w->windows = 0;
	w->is_complete = false;
}

static void covers_a_large_file_with_windows(void **state)
{
	static const size_t sizes[] = {
		RV_WALK_BUFFER - 1,
		RV_WALK_BUFFER,
		RV_WALK_BUFFER + 1,
		RV_WALK_WINDOW - 1,
		RV_WALK_WINDOW,
		RV_WALK_WINDOW + 1,
		2 * RV_WALK_WINDOW - RV_WALK_OVERLAP,
		2 * RV_WALK_WINDOW + 12345,
	};
	struct walk *w = *state;

	for (size_t i = 0; i < RV_LEN(sizes); i++) {
		write_large(w, sizes[i]);
		assert_ok(walk_name(w, "large", 1));
		assert_true(w->is_complete);
		assert_int_equal(w->covered, sizes[i]);
		assert_int_equal(w->windows > 1, sizes[i] >= RV_WALK_WINDOW);
		assert_int_equal(w->files.count, 1);
		assert_int_equal(w->gaps.count, 0);
	}
}

static void tells_a_file_that_is_too_large(void **state)
{
	struct walk *w = *state;

	w->options.max_file = 3;
	rvt_dir_write_text(&w->dir, "t/small", "abc");
	rvt_dir_write_text(&w->dir, "t/more", "abcd");
	assert_ok(walk_name(w, "t", 1));
	assert_int_equal(w->files.count, 1);
	assert_int_equal(walk_times(w, &w->files, "t/small"), 1);
	assert_int_equal(walk_times(w, &w->gaps, "t/more|too-large|larger than --max-file"), 1);
	write_large(w, RV_WALK_BUFFER + 1);
	w->options.max_file = RV_WALK_BUFFER;
	assert_ok(walk_name(w, "large", 1));
	assert_int_equal(w->files.count, 0);
	assert_int_equal(w->gaps.count, 1);
}

static void stops_and_tells_what_is_left(void **state)
{
	struct walk *w = *state;

	rvt_dir_write_text(&w->dir, "t/a", "text");
	rvt_dir_write_text(&w->dir, "t/b", "text");
	rvt_dir_write_text(&w->dir, "t/d/c", "text");
	w->stops = true;
	assert_ok(walk_name(w, "t", 1));
	assert_int_equal(w->files.count, 1);
	assert_int_equal(w->gaps.count, 2);
	assert_int_equal(walk_times(w, &w->gaps, "t/a|interrupted|") +
				 walk_times(w, &w->gaps, "t/b|interrupted|"),
			 1);
	assert_int_equal(walk_times(w, &w->gaps, "t/d|interrupted|"), 1);
	assert_ok(walk_name(w, "t", 8)); /* stopped before it begins */
	assert_int_equal(w->files.count, 0);
	assert_int_equal(w->gaps.count, 1);
	assert_int_equal(walk_times(w, &w->gaps, "t|interrupted|"), 1);
}

static void stops_within_a_large_file(void **state)
{
	struct walk *w = *state;

	write_large(w, 2 * (size_t)RV_WALK_WINDOW);
	w->stops = true;
	assert_ok(walk_name(w, "large", 1));
	assert_int_equal(w->windows, 1);
	assert_int_equal(walk_times(w, &w->gaps, "large|interrupted|read in part"), 1);
}

static bool wants_smaps(void *user, struct rv_str path, bool is_dir)
{
	(void)user; /* of all walks alike */
	return !is_dir && rv_str_ends_with(path, "/smaps");
}

/* Files of /proc say that they are empty and give a page a call. */
static void reads_what_comes_in_pieces_to_its_end(void **state)
{
	static const char *const paths[][2] = {{"/proc/self/smaps", NULL}, {"/proc/self", NULL}};
	struct walk *w = *state;

	w->look.wants = wants_smaps;
	for (size_t i = 0; i < RV_LEN(paths); i++) {
		atomic_store(&w->byte_count, 0);
		assert_ok(walk_paths(w, paths[i], 1));
		assert_int_equal(w->files.count, 1);
		assert_int_equal(w->gaps.count, 0);
		assert_true(atomic_load(&w->byte_count) > 8192);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WALK_TEST(covers_a_large_file_with_windows),
		WALK_TEST(tells_a_file_that_is_too_large),
		WALK_TEST(stops_and_tells_what_is_left),
		WALK_TEST(stops_within_a_large_file),
		WALK_TEST(reads_what_comes_in_pieces_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
