/* tests: what a repository names and does not hold is told, whatever is looked for in it. */
#include "tests/support/unit.h"
#include "tests/unit/git/world.h"

#include <stdio.h>

/* Two commits; the first alone has d/e/gone. `drop ID` takes a loose object away. */
static void begin(struct world *w, const char *format, const char *script)
{
	world_init(w, format);
	rvt_git_do(&w->dir,
		   "cd r; drop() { h=$(git rev-parse \"$1\"); rm -f .git/objects/$(echo $h | cut "
		   "-c1-2)/$(echo $h | cut -c3-); }\n"
		   "mkdir -p d/e; echo gone >d/e/gone; echo kept >d/kept; git add .\n"
		   "git commit -qm 1; git rm -q d/e/gone; git commit -qm 2\n"
		   "%s",
		   script);
}

/* Nothing is looked for. */
static void find_nothing(struct world *w)
{
	struct rv_diag diag = {0};

	world_open(w, "r");
	assert_ok(rv_git_origins_find(&w->graph, &w->refs, &w->blobs, NULL, 2, &w->origins, &diag));
}

static void a_whole_repository_has_lost_nothing(void **state)
{
	static const char *const scripts[] = {
		"true",
		"git gc -q",
		"git gc -q; echo more >more; git add .; git commit -qm 3",
		"git -c protocol.file.allow=always submodule add -q \"$PWD\" sub; git commit -qm 3",
		"echo n >n; git add -N n; ln -s nowhere l; git add l",
		"echo x >.git/FETCH_HEAD; printf '1%.0s' $(seq 40) >.git/ORIG_HEAD",
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(scripts); i++) {
		struct world w;

		begin(&w, "sha1", scripts[i]);
		find_nothing(&w);
		assert_int_equal(w.troubles - w.of_kind[RV_GIT_TROUBLE_REF], 0);
		world_done(&w);
	}
}

static void each_lost_thing_is_told_once_with_what_it_is_and_where(void **state)
{
	static const struct {
		const char *script;
		enum rv_git_trouble_kind kind;
		const char *where;
	} rows[] = {
		{"drop HEAD~1:d/e/gone", RV_GIT_TROUBLE_MISSING_BLOB, "d/e/gone"},
		{"drop HEAD:d/kept", RV_GIT_TROUBLE_MISSING_BLOB, "d/kept"},
		{"drop HEAD~1:d/e", RV_GIT_TROUBLE_MISSING_TREE, "d/e/"},
		{"drop HEAD~1:d", RV_GIT_TROUBLE_MISSING_TREE, "d/"},
		{"drop 'HEAD^{tree}'", RV_GIT_TROUBLE_MISSING_TREE, ""},
		{"rm -rf .git/logs; drop HEAD~1", RV_GIT_TROUBLE_MISSING_COMMIT, ""},
		{"drop HEAD~1", RV_GIT_TROUBLE_MISSING_COMMIT, ""},
		{"drop HEAD", RV_GIT_TROUBLE_MISSING_TIP, "refs/heads/main"},
		{"git branch other; git tag t; drop HEAD", RV_GIT_TROUBLE_MISSING_TIP,
		 "refs/heads/main"},
		{"rm -rf .git/logs; drop HEAD", RV_GIT_TROUBLE_MISSING_TIP, "refs/heads/main"},
		{"rm -rf .git/logs .git/index .git/objects/??", RV_GIT_TROUBLE_MISSING_TIP,
		 "refs/heads/main"},
		{"git tag -a t -m t; git tag -d t >x; git rev-list --objects --all --reflog >x\n"
		 "c=$(git commit-tree -m c 'HEAD^{tree}'); git tag -a t -m t $c; drop $c",
		 RV_GIT_TROUBLE_MISSING_TIP, "refs/tags/t"},
		{"c=$(git commit-tree -m c 'HEAD^{tree}'); git reset -q --soft $c\n"
		 "git reset -q --soft HEAD@{1}; rm .git/ORIG_HEAD; drop $c",
		 RV_GIT_TROUBLE_MISSING_TIP, "reflog"},
		{"echo s >staged; git add staged; drop :staged", RV_GIT_TROUBLE_MISSING_BLOB,
		 "staged"},
		/* Once, although both name it. */
		{"cp d/kept twin; git add twin; drop :twin", RV_GIT_TROUBLE_MISSING_BLOB, "d/kept"},
		{"git worktree add -q ../w; (cd ../w; echo s >there; git add there)\n"
		 "drop $(git -C ../w rev-parse :there)",
		 RV_GIT_TROUBLE_MISSING_BLOB, "there"},
		/* The others are packed; the name is in a tree that is a delta, or might be. */
		{"git gc -q; git update-index --add --cacheinfo "
		 "100644,1111111111111111111111111111111111111111,d/e/lost\n"
		 "git commit-tree -p HEAD -m 3 $(git write-tree --missing-ok) >c\n"
		 "git update-ref --no-deref refs/heads/side $(cat c)",
		 RV_GIT_TROUBLE_MISSING_BLOB, "d/e/lost"},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(rows); i++) {
		struct world w;

		begin(&w, "sha1", rows[i].script);
		find_nothing(&w);
		assert_int_equal(w.of_kind[rows[i].kind], 1);
		assert_int_equal(w.troubles, 1);
		assert_string_equal(w.where, rows[i].where);
		world_done(&w);
	}
}

static void an_index_that_does_not_parse_is_told(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "sha1", "echo DIRCDIRCDIRC >.git/index");
	find_nothing(&w);
	assert_int_equal(w.of_kind[RV_GIT_TROUBLE_STAGE], 1);
	assert_int_equal(w.troubles, 1);
	world_done(&w);
}

static void longer_ids_are_told_as_well(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "sha256", "drop HEAD~1:d/e/gone");
	find_nothing(&w);
	assert_int_equal(w.of_kind[RV_GIT_TROUBLE_MISSING_BLOB], 1);
	world_done(&w);
}

static void what_is_looked_for_changes_nothing(void **state)
{
	struct world w;
	uint32_t kept;

	(void)state;
	begin(&w, "sha1", "drop HEAD~1:d/e/gone");
	kept = world_want(&w, "kept");
	find_nothing(&w);
	assert_int_equal(w.of_kind[RV_GIT_TROUBLE_MISSING_BLOB], 1);
	assert_int_equal(w.origins.items[kept].reach, RV_GIT_REACH_HEAD);
	world_done(&w);
}

static void what_nothing_names_may_have_lost_parts(void **state)
{
	static const char *const lost[] = {"HEAD:d/e/gone", "HEAD:d/e", "HEAD^{tree}"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(lost); i++) {
		struct world w;
		char script[512];

		(void)snprintf(script, sizeof(script),
			       "git checkout -q --orphan other; mkdir -p d/e; echo o >d/e/gone; "
			       "git add .\n"
			       "git commit -qm o; drop '%s'; git checkout -qf main 2>x || git "
			       "symbolic-ref HEAD refs/heads/main\n"
			       "git update-ref -d refs/heads/other; rm -rf .git/logs",
			       lost[i]);
		begin(&w, "sha1", script);
		find_nothing(&w);
		assert_int_equal(w.troubles, 0);
		world_done(&w);
	}
}

static void a_partial_clone_is_told_once(void **state)
{
	struct world w;

	(void)state;
	begin(&w, "sha1",
	      "git config uploadpack.allowFilter true\n"
	      "git clone -q --no-checkout --filter=blob:none \"file://$0/r\" ../part");
	world_open(&w, "part");
	assert_ok(rv_git_origins_find(&w.graph, &w.refs, &w.blobs, NULL, 1, &w.origins, NULL));
	assert_int_equal(w.of_kind[RV_GIT_TROUBLE_PARTIAL], 1);
	assert_int_equal(w.troubles, 1);
	world_done(&w);
}

static void of_a_range_what_it_brought_in_is_told(void **state)
{
	struct world w;
	uint32_t n = 0;

	(void)state;
	begin(&w, "sha1", "drop HEAD~1:d/e/gone");
	world_open(&w, "r");
	const struct rv_git_names names = {w.git, &w.refs, &w.graph};
	assert_ok(rv_git_rev_commit(&names, RV_STR_LIT("HEAD"), &n, NULL));
	assert_ok(rv_git_blobs_of(&w.graph, &n, 1, &w.blobs));
	assert_int_equal(w.troubles, 0);
	assert_ok(rv_git_rev_commit(&names, RV_STR_LIT("HEAD~1"), &n, NULL));
	assert_ok(rv_git_blobs_of(&w.graph, &n, 1, &w.blobs));
	assert_int_equal(w.of_kind[RV_GIT_TROUBLE_MISSING_BLOB], 1);
	assert_int_equal(w.troubles, 1);
	assert_string_equal(w.where, "d/e/gone");
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_repository_has_lost_nothing),
		cmocka_unit_test(each_lost_thing_is_told_once_with_what_it_is_and_where),
		cmocka_unit_test(an_index_that_does_not_parse_is_told),
		cmocka_unit_test(longer_ids_are_told_as_well),
		cmocka_unit_test(what_is_looked_for_changes_nothing),
		cmocka_unit_test(what_nothing_names_may_have_lost_parts),
		cmocka_unit_test(a_partial_clone_is_told_once),
		cmocka_unit_test(of_a_range_what_it_brought_in_is_told),
	};

	rvt_git_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
