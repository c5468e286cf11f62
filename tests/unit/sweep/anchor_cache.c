/* tests: compiled anchors that are kept, and by whom they may have been. */
#include "agent/sweep/anchor_cache.h"
#include "tests/support/alloc_fail.h"
#include "tests/support/dir.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER 88 /* of a file */

struct place {
	struct rvt_dir dir;
	char cache[RVT_PATH];
	const char *version;
	char literal[16];
	struct rv_anchor_cache_counts counts; /* of the last run */
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	rvt_dir_init(&p->dir);
	rvt_dir_path(&p->dir, "cache", p->cache);
	p->version = "1";
	memcpy(p->literal, "acme_", 6);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	(void)unsetenv("XDG_CACHE_HOME"); /* cannot fail for this name */
	rvt_dir_done(&p->dir);
	free(p);
	return 0;
}

static rv_status count_hit(const struct rv_hit *hit, void *user)
{
	unsigned *count = user;

	*count += hit->len == 14;
	return RV_OK;
}

/* Does the scanner see what it should? */
static void assert_finds(struct rv_scanner *scanner, const char *literal)
{
	char text[64];
	unsigned count = 0;
	RV_CLEANUP(rv_lane_freep) struct rv_lane *lane = NULL;

	(void)snprintf(text, sizeof(text), "x = %.5s%s y", literal, "123456789"); /* fits */
	assert_ok(rv_lane_new(scanner, &lane));
	assert_ok(rv_scan_buffer(lane, rv_str_of(text), 0, count_hit, &count));
	assert_int_equal(count, 1);
}

static rv_status make_scanner(const char *literal, const struct rv_anchor_store *store,
			      bool is_tried)
{
	char regex[64];
	const char *const anchors[] = {literal, NULL};
	const struct rv_rule rule = {.id = "acme",
				     .name = "Acme",
				     .provider = "acme",
				     .regex = regex,
				     .anchors = anchors,
				     .ahead = 64,
				     .confidence = 90};
	RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *set = NULL;
	RV_CLEANUP(rv_scanner_freep) struct rv_scanner *scanner = NULL;

	(void)snprintf(regex, sizeof(regex), "%.16s[0-9]{9}", literal); /* fits */
	RV_TRY(rv_ruleset_new(false, &set));
	RV_TRY(rv_ruleset_add(set, &rule, NULL));
	RV_TRY(rv_scanner_new_ready(set, store, &scanner, NULL));
	if (is_tried)
		assert_finds(scanner, literal);
	return RV_OK;
}

/* As one process does: opens, makes a scanner, closes. */
static void run(struct place *p)
{
	const struct rv_anchor_cache_where where = {.dir = p->cache, .version = p->version};
	struct rv_anchor_cache *cache = NULL;
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_anchor_cache_open(&where, &cache, &diag)))
		fail_msg("%s", diag.text);
	const struct rv_anchor_store store = rv_anchor_cache_store(cache);
	assert_ok(make_scanner(p->literal, &store, true));
	p->counts = rv_anchor_cache_counts(cache);
	rv_anchor_cache_free(cache);
}

static void assert_compiled(struct place *p)
{
	run(p);
	assert_int_equal(p->counts.loaded, 0);
	assert_int_equal(p->counts.kept, 1);
}

static void assert_loaded(struct place *p)
{
	run(p);
	assert_int_equal(p->counts.loaded, 1);
	assert_int_equal(p->counts.kept, 0);
}

static void assert_refused(const char *dir, const char *const *trees, const char *why)
{
	const struct rv_anchor_cache_where where = {.dir = dir, .trees = trees, .version = "1"};
	struct rv_anchor_cache *cache = NULL;
	struct rv_diag diag = {0};

	assert_false(rv_is_ok(rv_anchor_cache_open(&where, &cache, &diag)));
	assert_null(cache);
	if (!strstr(diag.text, why))
		fail_msg("%s", diag.text);
}

static void file_path(const struct place *p, unsigned n, char out[RVT_PATH])
{
	char name[32];

	(void)snprintf(name, sizeof(name), "cache/anchors-%u", n); /* fits */
	rvt_dir_path(&p->dir, name, out);
}

static size_t count_filled(const struct place *p)
{
	size_t count = 0;

	for (unsigned i = 0; i < RV_ANCHOR_CACHE_FILES; i++) {
		char path[RVT_PATH];
		struct stat st;

		file_path(p, i, path);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
		count += st.st_size > HEADER;
	}
	return count;
}

static void refuses_a_directory_that_is_open_to_others(void **state)
{
	struct place *p = *state;

	rvt_dir_make(&p->dir, "cache", 0755);
	assert_refused(p->cache, NULL, "open to others");
}

static void refuses_a_directory_of_another_user(void **state)
{
	struct place *p = *state;

	if (geteuid() != 0) {
		assert_refused("/usr", NULL, "another user");
		return;
	}
	rvt_dir_make(&p->dir, "cache", 0700);
	assert_int_equal(chown(p->cache, 65534, 65534), 0);
	assert_refused(p->cache, NULL, "another user");
}

static void refuses_what_others_may_put_into_its_place(void **state)
{
	struct place *p = *state;
	char path[RVT_PATH];

	rvt_dir_make(&p->dir, "shared", 0777);
	rvt_dir_path(&p->dir, "shared/cache", path);
	assert_refused(path, NULL, "others may write");
	rvt_dir_path(&p->dir, "shared/a/b/cache", path);
	assert_refused(path, NULL, "nothing above it");
	assert_int_equal(symlink(p->dir.path, p->cache), 0);
	assert_refused(p->cache, NULL, "cannot open");
}

static void refuses_files_that_others_may_have_written(void **state)
{
	struct place *p = *state;
	char path[RVT_PATH], other[RVT_PATH];

	assert_compiled(p);
	file_path(p, 0, path);
	rvt_dir_path(&p->dir, "other", other);
	assert_int_equal(chmod(path, 0620), 0);
	assert_compiled(p); /* in the next one */
	assert_loaded(p);
	file_path(p, 1, path);
	assert_int_equal(link(path, other), 0);
	assert_compiled(p);
	file_path(p, 2, path);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(unlink(path), 0);
	file_path(p, 1, path);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_compiled(p);
	if (geteuid() == 0) {
		file_path(p, 2, path);
		assert_int_equal(chown(path, 65534, 65534), 0);
		assert_compiled(p);
	}
}

static void refuses_when_no_file_can_be_used(void **state)
{
	struct place *p = *state;

	for (unsigned i = 0; i < RV_ANCHOR_CACHE_FILES; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "cache/anchors-%u", i); /* fits */
		rvt_dir_make(&p->dir, name, 0700);
	}
	assert_int_equal(chmod(p->cache, 0700), 0);
	assert_refused(p->cache, NULL, "no file");
}

/* What is found by itself must not be a stranger's; what is named is the caller's word. */
static void refuses_a_place_of_its_own_finding_in_what_is_scanned(void **state)
{
	struct place *p = *state;
	const char *const trees[] = {"/nowhere", p->dir.path, NULL};
	char path[RVT_PATH];

	assert_int_equal(setenv("XDG_CACHE_HOME", p->dir.path, 1), 0);
	assert_refused(NULL, trees, "in what is scanned");
	rvt_dir_path(&p->dir, "reeve", path);
	assert_false(rvt_file_exists(path));
	rvt_dir_make(&p->dir, ".git", 0700);
	assert_refused(NULL, NULL, "in a work tree");
	assert_false(rvt_file_exists(path));
	assert_compiled(p);
}

static void is_found_by_the_environment(void **state)
{
	struct place *p = *state;
	const struct rv_anchor_cache_where where = {.version = "1"};
	struct rv_anchor_cache *cache = NULL;
	char path[RVT_PATH];

	rvt_dir_path(&p->dir, "not-there-yet", path);
	assert_int_equal(setenv("XDG_CACHE_HOME", path, 1), 0);
	assert_ok(rv_anchor_cache_open(&where, &cache, NULL));
	rv_anchor_cache_free(cache);
	assert_int_equal(rvt_dir_count(path), 1);
}

static void compiles_at_first_and_not_again(void **state)
{
	struct place *p = *state;

	assert_compiled(p);
	assert_loaded(p);
	assert_loaded(p);
	assert_int_equal(count_filled(p), 1);
}

static void takes_another_file_for_another_anchor(void **state)
{
	struct place *p = *state;

	assert_compiled(p);
	p->literal[0] = 'b';
	assert_compiled(p);
	assert_int_equal(count_filled(p), 2);
	assert_loaded(p);
	p->literal[0] = 'a';
	assert_loaded(p);
}

static void finds_nothing_of_another_engine(void **state)
{
	struct place *p = *state;

	assert_compiled(p);
	p->version = "2";
	assert_compiled(p);
	assert_loaded(p);
}

static void the_one_used_longest_ago_gives_way(void **state)
{
	struct place *p = *state;

	for (unsigned i = 0; i < RV_ANCHOR_CACHE_FILES; i++) {
		p->literal[0] = (char)('a' + i);
		assert_compiled(p);
	}
	p->literal[0] = 'a';
	assert_loaded(p);
	p->literal[0] = 'z';
	assert_compiled(p);
	assert_int_equal(count_filled(p), RV_ANCHOR_CACHE_FILES);
	assert_int_equal(rvt_dir_count(p->cache), RV_ANCHOR_CACHE_FILES);
	p->literal[0] = 'a';
	assert_loaded(p);
	p->literal[0] = 'b';
	assert_compiled(p);
}

static void compiles_what_is_damaged_again(void **state)
{
	struct place *p = *state;
	char path[RVT_PATH];

	assert_compiled(p);
	file_path(p, 0, path);
	struct rv_buf text = rvt_file_read(path);
	const size_t at[] = {0, 8, 39, 40, 71, 72, 79, HEADER, HEADER + 8, text.len - 1};

	for (size_t i = 0; i < RV_LEN(at); i++) {
		text.data[at[i]] ^= 0x40;
		rvt_dir_write(&p->dir, "cache/anchors-0", text.data, text.len, 0600);
		rvt_dir_write(&p->dir, "cache/anchors-1", NULL, 0, 0600);
		assert_compiled(p);
		assert_loaded(p);
		text.data[at[i]] ^= 0x40;
	}
	for (size_t len = 0; len < text.len; len += len < 128 ? 1 : 997) {
		rvt_dir_write(&p->dir, "cache/anchors-0", text.data, len, 0600);
		rvt_dir_write(&p->dir, "cache/anchors-1", NULL, 0, 0600);
		assert_compiled(p);
	}
	rv_buf_done(&text);
}

/* The digest is right, the content is not: Vectorscan has the last word. */
static void compiles_what_vectorscan_refuses(void **state)
{
	static const uint8_t junk[200] = {64};
	struct place *p = *state;
	char path[RVT_PATH];

	assert_compiled(p);
	file_path(p, 0, path);
	struct rv_buf text = rvt_file_read(path);
	struct rv_digest digest = rv_sha256(junk, sizeof(junk));
	memcpy(text.data + 40, digest.bytes, sizeof(digest.bytes));
	memset(text.data + 72, 0, 8);
	text.data[72] = sizeof(junk);
	memcpy(text.data + HEADER, junk, sizeof(junk));
	rvt_dir_write(&p->dir, "cache/anchors-0", text.data, text.len, 0600);
	run(p);
	assert_int_equal(p->counts.kept, 1);
	assert_loaded(p);
	rv_buf_done(&text);
}

static rv_status use(void *user)
{
	const struct place *p = user;
	const struct rv_anchor_cache_where where = {.dir = p->cache, .version = "1"};
	struct rv_anchor_cache *cache = NULL;

	RV_TRY(rv_anchor_cache_open(&where, &cache, NULL));
	const struct rv_anchor_store store = rv_anchor_cache_store(cache);
	rv_status status = make_scanner(p->literal, &store, false);
	rv_anchor_cache_free(cache);
	return status;
}

/* What only the cache wanted memory for is done without. */
static void survives_that_any_allocation_fails(void **state)
{
	struct place *p = *state;
	bool has_failed = true;
	size_t n = 0;

	assert_compiled(p);
	while (has_failed) {
		rvt_alloc_fail_at(++n);
		rv_status status = use(p);
		has_failed = rvt_alloc_has_failed();
		rvt_alloc_fail_at(0);
		assert_true(rv_is_ok(status) ||
			    (has_failed && rv_class_of(status) == RV_CLASS_EXHAUSTED));
	}
	assert_true(n > 4);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refuses_a_directory_that_is_open_to_others),
		TEST(refuses_a_directory_of_another_user),
		TEST(refuses_what_others_may_put_into_its_place),
		TEST(refuses_files_that_others_may_have_written),
		TEST(refuses_when_no_file_can_be_used),
		TEST(refuses_a_place_of_its_own_finding_in_what_is_scanned),
		TEST(is_found_by_the_environment),
		TEST(compiles_at_first_and_not_again),
		TEST(takes_another_file_for_another_anchor),
		TEST(finds_nothing_of_another_engine),
		TEST(the_one_used_longest_ago_gives_way),
		TEST(compiles_what_is_damaged_again),
		TEST(compiles_what_vectorscan_refuses),
		TEST(survives_that_any_allocation_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
