/* tests: names of commits and ranges, against git rev-list. */
#include "tests/support/unit.h"
#include "tests/unit/git/world.h"

/* The ids of a walk, sorted, one a line. */
static char *ids_of(const struct world *w, const uint32_t *list, uint32_t count)
{
	struct rv_git_oid *oids = calloc((size_t)count + 1, sizeof(*oids));
	struct rv_buf text = {.max = (size_t)1 << 20};
	char *copy;

	assert_non_null(oids);
	for (uint32_t i = 0; i < count; i++)
		oids[i] = w->graph.ids.oids[list[i]];
	qsort(oids, count, sizeof(*oids),
	      (int (*)(const void *, const void *))(void (*)(void))rv_git_oid_compare);
	for (uint32_t i = 0; i < count; i++) {
		char hex[RV_GIT_HEX_MAX];

		rv_git_oid_hex(&oids[i], w->git->oid_len, hex);
		assert_ok(rv_buf_printf(&text, "%s%s", i ? "\n" : "", hex));
	}
	copy = strdup(rv_buf_cstr(&text));
	rv_buf_done(&text);
	free(oids);
	return copy;
}

static void ranges_are_those_of_git(void **state)
{
	static const char *const ranges[] = {"main",	       "side..main", "main..side",
					     "main...side",    "HEAD~3..",   "old..HEAD",
					     "HEAD^2..HEAD",   "v1..main",   "HEAD~2^2~1",
					     "^old main side", "HEAD..HEAD", "side~2...main~1"};
	struct world w;

	(void)state;
	world_init(&w, "sha1");
	rvt_git_history(&w.dir, "r", 6);
	rvt_git_do(&w.dir, "cd r; git branch old; git tag -a -m tag v1 HEAD~2\n"
			   "git checkout -q -b side HEAD~1\n"
			   "for i in 1 2 3; do echo $i >s; git add s; git commit -qm s$i; done\n"
			   "git checkout -q main; echo m >m; git add m; git commit -qm m\n"
			   "git merge -q -m merge side~1; echo n >n; git add n; git commit -qm n\n"
			   "git merge -q -m again side; git pack-refs --all; git gc -q");
	world_open(&w, "r");
	for (size_t i = 0; i < RV_LEN(ranges); i++) {
		const struct rv_git_names names = {w.git, &w.refs, &w.graph};
		struct rv_git_range range = {0};
		struct rv_diag diag = {0};
		uint32_t *list = NULL, count = 0;
		char *text = strdup(ranges[i]), *save = NULL, *own, *git;

		for (char *word = strtok_r(text, " ", &save); word;
		     word = strtok_r(NULL, " ", &save)) {
			if (!rv_is_ok(rv_git_range_add(&range, &names, rv_str_of(word), &diag)))
				rvt_die("%s: %s", word, diag.text);
		}
		assert_ok(rv_git_graph_range(&w.graph, range.include, range.include_count,
					     range.exclude, range.exclude_count, 0, &list, &count));
		own = ids_of(&w, list, count);
		git = rvt_git_sh(&w.dir, "cd r; git rev-list %s | sort", ranges[i]);
		if (strcmp(own, git) != 0)
			rvt_die("%s: ours:\n%s\ngit's:\n%s", ranges[i], own, git);
		free(git);
		free(own);
		free(list);
		free(text);
		rv_git_range_done(&range);
	}
	world_done(&w);
}

static void the_blobs_of_a_range_are_those_it_brought_in(void **state)
{
	struct world w;
	struct rv_git_names names;
	struct rv_git_range range = {0};
	uint32_t *list = NULL, count = 0, a, side, evil;
	struct rv_git_oidmap brought;

	(void)state;
	world_init(&w, "sha1");
	rvt_git_do(&w.dir,
		   "cd r; echo a >a; git add a; git commit -qm 1\n"
		   "git checkout -q -b side; echo side >b; git add b; git commit -qm side\n"
		   "git checkout -q main; echo c >c; git add c; git commit -qm main\n"
		   "git merge -q --no-commit side; echo evil >e; git add e; git commit -qm merge");
	a = world_want(&w, "a");
	side = world_want(&w, "side");
	evil = world_want(&w, "evil");
	world_open(&w, "r");
	names = (struct rv_git_names){w.git, &w.refs, &w.graph};
	rv_git_oidmap_init(&brought);
	assert_ok(rv_git_range_add(&range, &names, RV_STR_LIT("side..main"), NULL));
	assert_ok(rv_git_graph_range(&w.graph, range.include, range.include_count, range.exclude,
				     range.exclude_count, 0, &list, &count));
	assert_ok(rv_git_blobs_of(&w.graph, list, count, &brought));
	assert_int_equal(rv_git_oidmap_get(&brought, &w.blobs.oids[a]), RV_GIT_NONE);
	assert_int_equal(rv_git_oidmap_get(&brought, &w.blobs.oids[side]), RV_GIT_NONE);
	assert_int_not_equal(rv_git_oidmap_get(&brought, &w.blobs.oids[evil]), RV_GIT_NONE);
	assert_int_equal(brought.count, 2);
	rv_git_oidmap_done(&brought);
	rv_git_range_done(&range);
	free(list);
	world_done(&w);
}

static void names_that_mean_nothing_are_refused_with_a_sentence(void **state)
{
	static const char *const bad[] = {"nowhere", "HEAD~99", "HEAD^2", "HEAD@{1}", ":a",
					  "HEAD:a",  "",	"^{x",	  "HEAD^{y}", "deadbeef",
					  "12",	     "HEAD~x",	"..x"};
	struct world w;
	struct rv_git_names names;

	(void)state;
	world_init(&w, "sha1");
	rvt_git_history(&w.dir, "r", 2);
	world_open(&w, "r");
	names = (struct rv_git_names){w.git, &w.refs, &w.graph};
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_diag diag = {0};
		struct rv_git_oid oid;

		if (rv_is_ok(rv_git_rev_parse(&names, rv_str_of(bad[i]), &oid, &diag)))
			rvt_die("accepted: %s", bad[i]);
		assert_true(diag.text[0]);
	}
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_mean_nothing_are_refused_with_a_sentence),
		cmocka_unit_test(ranges_are_those_of_git),
		cmocka_unit_test(the_blobs_of_a_range_are_those_it_brought_in),
	};

	rvt_git_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
