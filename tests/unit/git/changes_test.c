/* tests: the index, what is staged, the work tree, tree differences and added lines, against git.
 */
#include "tests/support/unit.h"
#include "tests/unit/git/repo.h"

#include "agent/git/changes.h"
#include "agent/git/lines.h"
#include "agent/git/rev.h"

#include <stdio.h>

struct world {
	struct rvt_dir dir;
	struct rv_git *git;
	struct rv_git_reader *reader;
	struct rv_git_differ differ;
	struct rv_git_changes changes;
	size_t troubles;
};

static void hear(void *user, const struct rv_git_trouble *trouble)
{
	struct world *w = user;

	(void)trouble;
	w->troubles++;
}

static void world_init(struct world *w, const char *format)
{
	*w = (struct world){.troubles = 0};
	rvt_dir_init(&w->dir);
	rvt_git_init(&w->dir, "r", format);
	rv_git_changes_init(&w->changes);
}

static void world_open(struct world *w)
{
	char path[RVT_PATH];

	rvt_dir_path(&w->dir, "r", path);
	assert_ok(rv_git_open(path, NULL, NULL, &w->git, NULL));
	assert_ok(rv_git_reader_new(&w->git->odb, &w->reader));
	w->differ = (struct rv_git_differ){.reader = w->reader,
					   .oid_len = w->git->oid_len,
					   .on_trouble = hear,
					   .trouble_user = w};
}

static void world_done(struct world *w)
{
	rv_git_changes_done(&w->changes);
	rv_git_reader_free(w->reader);
	rv_git_close(w->git);
	rvt_dir_done(&w->dir);
}

static struct rv_git_oid tree_of(struct world *w, const char *name)
{
	char *hex = rvt_git_sh(&w->dir, "cd r; git rev-parse '%s^{tree}'", name);
	struct rv_git_oid oid = rvt_git_oid(hex);

	free(hex);
	return oid;
}

/* As `git diff --raw --no-abbrev -z | tr '\0' ' '` would say, without the letters. */
static char *text_of(const struct world *w)
{
	struct rv_buf text = {.max = (size_t)1 << 20};
	char *copy;

	for (size_t i = 0; i < w->changes.count; i++) {
		const struct rv_git_change *c = &w->changes.items[i];
		char old_hex[RV_GIT_HEX_MAX], new_hex[RV_GIT_HEX_MAX];

		rv_git_oid_hex(&c->old_oid, w->git->oid_len, old_hex);
		rv_git_oid_hex(&c->new_oid, w->git->oid_len, new_hex);
		assert_ok(rv_buf_printf(&text, "%s:%06o %06o %s %s", i ? "\n" : "", c->old_mode,
					c->new_mode, old_hex, new_hex));
		if (c->old_path.len)
			assert_ok(rv_buf_printf(&text, "\t%.*s", (int)c->old_path.len,
						(const char *)c->old_path.data));
		assert_ok(rv_buf_printf(&text, "\t%.*s", (int)c->path.len,
					(const char *)c->path.data));
	}
	copy = strdup(text.len ? rv_buf_cstr(&text) : "");
	assert_non_null(copy);
	rv_buf_done(&text);
	return copy;
}

/* The list, settled, against what git says (with the letter cut out). */
static void assert_as_git(struct world *w, const char *command)
{
	char *own, *git;

	assert_ok(rv_git_changes_settle(&w->changes));
	own = text_of(w);
	git = rvt_git_sh(&w->dir,
			 "cd r; git -c core.quotePath=false %s --raw --no-abbrev | "
			 "sed -E 's/ [A-Z][0-9]*\t/\t/'",
			 command);
	if (strcmp(own, git) != 0)
		rvt_die("%s\nours:\n%s\ngit's:\n%s", command, own, git);
	free(own);
	free(git);
}

static void prepare(struct world *w, const char *format)
{
	world_init(w, format);
	rvt_git_history(&w->dir, "r", 6);
	rvt_git_do(&w->dir,
		   "cd r; mkdir -p a/b a.d; echo 1 >a/b/c; echo 2 >a.d/e; echo 3 >a0; echo gone "
		   ">gone\n"
		   "ln -s a0 link; echo x >'with space'; echo 4 >run; chmod +x run; git add -A\n"
		   "git commit -qm base; git tag base");
}

/* Every kind of change at once. */
static void change_all(struct world *w)
{
	rvt_git_do(
		&w->dir,
		"cd r; git rm -q gone; git mv a/b/c moved; echo 22 >a.d/e; chmod -x run\n"
		"rm link; ln -s gone link; rm a0; mkdir a0; echo in >a0/file; rm -rf doc; echo f "
		">doc\n"
		"git add -A; git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),sub");
}

static void what_is_staged_is_what_git_says(void **state)
{
	static const char *const formats[] = {"sha1", "sha256"};

	(void)state;
	for (size_t i = 0; i < 2 * 3; i++) {
		struct rv_git_index index = {0};
		struct rv_git_oid base;
		struct world w;

		prepare(&w, formats[i % 2]);
		change_all(&w);
		/* The index remembers the folders that did not change, or all of them, or none. */
		if (i % 3 == 1)
			rvt_git_do(
				&w.dir,
				"cd r; git write-tree >/dev/null; echo z >src/deep/z; git add src");
		else if (i % 3 == 2)
			rvt_git_do(&w.dir, "cd r; rm .git/index; git read-tree base; echo z "
					   ">src/deep/z; git add src a\n"
					   "git rm -q --cached a0");
		rvt_git_do(&w.dir, "cd r; git update-index --index-version %d", (int)(2 + i / 2));
		if (i / 2 == 1) /* a version 3 index needs a reason */
			rvt_git_do(&w.dir, "cd r; echo n >intended; git add -N intended");
		world_open(&w);
		base = tree_of(&w, "base");
		assert_ok(rv_git_index_load(w.git, &index, NULL));
		assert_int_equal(index.version, 2 + i / 2);
		assert_ok(rv_git_changes_since(&w.differ, w.git, &base, &index,
					       RV_GIT_AGAINST_INDEX, rv_git_changes_put,
					       &w.changes));
		assert_as_git(&w, "diff --cached -M100% base");
		assert_int_equal(w.troubles, 0);
		rv_git_index_done(&index);
		world_done(&w);
	}
}

static void before_the_first_commit_everything_is_new(void **state)
{
	struct rv_git_index index = {0};
	struct world w;

	(void)state;
	world_init(&w, "sha1");
	world_open(&w);
	assert_ok(rv_git_index_load(w.git, &index, NULL)); /* there is none */
	assert_int_equal(index.count, 0);
	rvt_git_do(&w.dir, "cd r; echo a >a; git add a");
	assert_ok(rv_git_index_load(w.git, &index, NULL));
	assert_ok(rv_git_changes_since(&w.differ, w.git, NULL, &index, RV_GIT_AGAINST_INDEX,
				       rv_git_changes_put, &w.changes));
	assert_ok(rv_git_changes_settle(&w.changes));
	assert_int_equal(w.changes.count, 1);
	assert_bytes(w.changes.items[0].path, "a");
	rv_git_index_done(&index);
	world_done(&w);
}

static void trees_differ_as_git_says(void **state)
{
	struct rv_git_oid base, head;
	struct world w;

	(void)state;
	prepare(&w, "sha1");
	change_all(&w);
	rvt_git_do(&w.dir, "cd r; git commit -qm changed; git gc -q");
	world_open(&w);
	base = tree_of(&w, "base");
	head = tree_of(&w, "HEAD");
	assert_ok(rv_git_tree_diff(&w.differ, &base, 1, &head, rv_git_changes_put, &w.changes));
	assert_as_git(&w, "diff-tree -r -M100% base HEAD");
	rv_git_changes_done(&w.changes);
	rv_git_changes_init(&w.changes);
	assert_ok(rv_git_tree_diff(&w.differ, &head, 1, NULL, rv_git_changes_put, &w.changes));
	assert_as_git(&w, "diff-tree -r HEAD $(git hash-object -t tree /dev/null)");
	assert_int_equal(w.troubles, 0);
	world_done(&w);
}

static void the_work_tree_is_read_where_it_changed(void **state)
{
	struct rv_git_index index = {0};
	struct rv_git_oid base;
	struct world w;

	(void)state;
	prepare(&w, "sha1");
	rvt_git_do(&w.dir,
		   "cd r; echo changed >a0; rm gone; ln -sf elsewhere link; chmod +x a.d/e\n"
		   "echo untracked >untracked; echo 'x' >'with space'");
	world_open(&w);
	base = tree_of(&w, "base");
	assert_ok(rv_git_index_load(w.git, &index, NULL));
	assert_ok(rv_git_changes_since(&w.differ, w.git, &base, &index, RV_GIT_AGAINST_WORK_TREE,
				       rv_git_changes_put, &w.changes));
	/* git leaves the new ids at zero: make it compute them. */
	assert_int_equal(w.troubles, 0);
	rvt_git_do(&w.dir, "cd r; git add -u");
	assert_as_git(&w, "diff-index --cached -M100% base");
	rv_git_index_done(&index);
	world_done(&w);
}

static void a_path_out_of_the_work_tree_is_told_and_not_opened(void **state)
{
	struct rv_git_index index = {0};
	struct rv_git_index_entry entries[] = {
		{.path = RV_STR_LIT("../outside"), .mode = RV_GIT_MODE_FILE | 0644},
		{.path = RV_STR_LIT("/etc/hostname"), .mode = RV_GIT_MODE_FILE | 0644},
		{.path = RV_STR_LIT("a/../../outside"), .mode = RV_GIT_MODE_FILE | 0644},
		{.path = RV_STR_LIT("through/outside"), .mode = RV_GIT_MODE_FILE | 0644},
	};
	struct world w;
	int fd;

	(void)state;
	world_init(&w, "sha1");
	rvt_git_do(&w.dir, "echo outside >outside; mkdir r/a; ln -s .. r/through");
	world_open(&w);
	index.entries = entries;
	index.count = RV_LEN(entries);
	assert_ok(rv_git_changes_since(&w.differ, w.git, NULL, &index, RV_GIT_AGAINST_WORK_TREE,
				       rv_git_changes_put, &w.changes));
	assert_int_equal(w.changes.count, 0);
	assert_int_equal(w.troubles, 3); /* the fourth is gone, as git says */
	assert_class(rv_git_open_in(-1, entries[0].path, &fd), RV_CLASS_MALFORMED);
	world_done(&w);
}

/* What is not told as added stands in old, in order. */
static void check_lines(struct rv_str old, struct rv_str new, size_t *out_added)
{
	struct rv_git_lines lines = {0};
	size_t at = 0, from = 0, total = 0;

	assert_ok(rv_git_lines_added(old, new, &lines));
	for (size_t i = 0; i <= lines.count; i++) {
		size_t end = i < lines.count ? lines.items[i].at : new.len;

		while (at < end) {
			const uint8_t *nl = memchr(new.data + at, '\n', end - at);
			size_t len = nl ? (size_t)(nl - new.data) + 1 - at : end - at;
			bool found = false;

			while (from < old.len && !found) {
				const uint8_t *o = memchr(old.data + from, '\n', old.len - from);
				size_t old_len =
					o ? (size_t)(o - old.data) + 1 - from : old.len - from;

				found = old_len == len &&
					memcmp(old.data + from, new.data + at, len) == 0;
				from += old_len;
			}
			assert_true(found);
			at += len;
		}
		if (i < lines.count) {
			at += lines.items[i].len;
			total += lines.items[i].count;
		}
	}
	*out_added = total;
	rv_git_lines_done(&lines);
}

static void added_lines_are_the_least_there_can_be(void **state)
{
	char old[4096], new[4096];
	size_t added;

	(void)state;
	check_lines(RV_STR_LIT(""), RV_STR_LIT(""), &added);
	assert_int_equal(added, 0);
	check_lines(RV_STR_LIT("a\nb\n"), RV_STR_LIT(""), &added);
	assert_int_equal(added, 0);
	check_lines(RV_STR_LIT(""), RV_STR_LIT("a\nb"), &added);
	assert_int_equal(added, 2);
	check_lines(RV_STR_LIT("a\nb\nc\na\nb\nb\na\n"), RV_STR_LIT("c\nb\na\nb\na\nc\n"), &added);
	assert_int_equal(added, 2); /* the paper's example: 5 edits, 2 of them insertions */
	for (unsigned seed = 1; seed < 400; seed++) {
		static size_t lcs[130][130]; /* row and column 0 stay 0 */
		unsigned x = seed * 2654435761u;
		size_t o = 0, n = 0, best;
		size_t old_count = 1 + seed % 120, new_count = 1 + seed * 7 % 120;

		for (size_t i = 0; i < old_count; i++, x = x * 1664525u + 1013904223u) {
			old[o++] = (char)('a' + (x >> 16) % (2 + seed % 9));
			old[o++] = '\n';
		}
		for (size_t i = 0; i < new_count; i++, x = x * 1664525u + 1013904223u) {
			new[n++] = (char)('a' + (x >> 16) % (2 + seed % 9));
			new[n++] = '\n';
		}
		for (size_t i = 1; i <= old_count; i++) {
			for (size_t j = 1; j <= new_count; j++) {
				best = lcs[i - 1][j] > lcs[i][j - 1] ? lcs[i - 1][j]
								     : lcs[i][j - 1];
				lcs[i][j] = old[2 * i - 2] == new[2 * j - 2] ? lcs[i - 1][j - 1] + 1
									     : best;
			}
		}
		check_lines((struct rv_str){(uint8_t *)old, o}, (struct rv_str){(uint8_t *)new, n},
			    &added);
		assert_int_equal(added, new_count - lcs[old_count][new_count]);
	}
}

static void texts_too_different_count_as_added(void **state)
{
	struct rv_buf old = {.max = (size_t)8 << 20}, new = {.max = (size_t)8 << 20};
	struct rv_git_lines lines = {0};
	size_t added;

	(void)state;
	for (unsigned i = 0; i < 60000; i++) {
		assert_ok(rv_buf_printf(&old, "%u\n", i * 2654435761u % 50021));
		assert_ok(rv_buf_printf(&new, "%u\n", i * 40503u % 50021));
	}
	assert_ok(rv_git_lines_added(rv_buf_view(&old), rv_buf_view(&new), &lines));
	assert_true(lines.is_rough);
	rv_git_lines_done(&lines);
	check_lines(rv_buf_view(&old), rv_buf_view(&new), &added);
	rv_buf_done(&old);
	rv_buf_done(&new);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_out_of_the_work_tree_is_told_and_not_opened),
		cmocka_unit_test(before_the_first_commit_everything_is_new),
		cmocka_unit_test(what_is_staged_is_what_git_says),
		cmocka_unit_test(trees_differ_as_git_says),
		cmocka_unit_test(the_work_tree_is_read_where_it_changed),
		cmocka_unit_test(added_lines_are_the_least_there_can_be),
		cmocka_unit_test(texts_too_different_count_as_added),
	};

	rvt_git_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
