/* tests: no failed allocation does more than end a call, or leave out what is then told. */
#include "tests/support/alloc_fail.h"
#include "tests/support/unit.h"
#include "tests/unit/git/repo.h"

#include "agent/git/changes.h"
#include "agent/git/lines.h"
#include "agent/git/origin.h"
#include "agent/git/rev.h"

struct counts {
	size_t objects, troubles, changes;
};

static rv_status see(void *user, const struct rv_git_told *told, void **out_state)
{
	struct counts *counts = user;

	(void)told;
	(void)out_state;
	counts->objects++;
	return RV_OK;
}

static void hear(void *user, const struct rv_git_trouble *trouble)
{
	struct counts *counts = user;

	(void)trouble;
	counts->troubles++;
}

static rv_status count_change(void *user, const struct rv_git_change *change)
{
	struct counts *counts = user;

	(void)change;
	counts->changes++;
	return RV_OK;
}

static rv_status read_history(struct rv_git *git, const struct rv_git_refs *refs,
			      struct rv_git_graph *graph, struct counts *counts)
{
	const struct rv_git_names names = {git, refs, graph};
	RV_CLEANUP(rv_git_range_done) struct rv_git_range range = {0};
	RV_CLEANUP(rv_git_oidmap_done) struct rv_git_oidmap blobs = {0};
	RV_CLEANUP(rv_git_origins_done) struct rv_git_origins origins = {0};
	RV_CLEANUP(rv_freep) uint32_t *list = NULL;
	uint32_t count = 0;

	(void)counts;
	rv_git_oidmap_init(&blobs);
	RV_TRY(rv_git_graph_init(graph, git, NULL, NULL));
	RV_TRY(rv_git_range_add(&range, &names, RV_STR_LIT("HEAD~2..HEAD"), NULL));
	RV_TRY(rv_git_graph_range(graph, range.include, range.include_count, range.exclude,
				  range.exclude_count, 0, &list, &count));
	RV_TRY(rv_git_blobs_of(graph, list, count, &blobs));
	return rv_git_origins_find(graph, refs, &blobs, NULL, 1, &origins, NULL);
}

static rv_status read_changes(struct rv_git *git, struct rv_git_graph *graph, struct counts *counts)
{
	const struct rv_git_differ differ = {.reader = graph->reader,
					     .oid_len = git->oid_len,
					     .on_trouble = hear,
					     .trouble_user = counts};
	RV_CLEANUP(rv_git_index_done) struct rv_git_index index = {0};
	RV_CLEANUP(rv_git_lines_done) struct rv_git_lines lines = {0};

	RV_TRY(rv_git_index_load(git, &index, NULL));
	RV_TRY(rv_git_changes_since(&differ, git, &graph->nodes[0].tree, &index,
				    RV_GIT_AGAINST_WORK_TREE, count_change, counts));
	return rv_git_lines_added(RV_STR_LIT("a\nb\nc\n"), RV_STR_LIT("c\na\nd\n"), &lines);
}

static rv_status attempt(const char *path, struct counts *counts)
{
	const struct rv_git_visitor visitor = {.object = see, .trouble = hear};
	RV_CLEANUP(rv_git_closep) struct rv_git *git = NULL;
	RV_CLEANUP(rv_git_refs_done) struct rv_git_refs refs = {0};
	RV_CLEANUP(rv_git_graph_done) struct rv_git_graph graph = {0};
	void *users[] = {counts};
	const struct rv_git_visit visit = {.users = users};

	RV_TRY(rv_git_open(path, hear, counts, &git, NULL));
	RV_TRY(rv_git_refs_load(git, hear, counts, &refs));
	RV_TRY(rv_git_visit(&git->odb, &visit, &visitor, NULL));
	RV_TRY(read_history(git, &refs, &graph, counts));
	return read_changes(git, &graph, counts);
}

static void each_allocation_may_fail(void **state)
{
	struct counts whole = {0};
	struct rvt_dir dir;
	char path[RVT_PATH];
	size_t n = 0;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	rvt_git_history(&dir, "r", 5);
	rvt_git_do(&dir, "cd r; git gc -q; echo loose >loose; git add loose; echo x >src/long.c");
	rvt_dir_path(&dir, "r", path);
	assert_ok(attempt(path, &whole));
	assert_true(whole.objects > 5 && whole.changes == 2 && whole.troubles == 0);
	do {
		struct counts counts = {0};
		rv_status status;

		rvt_alloc_fail_at(++n);
		status = attempt(path, &counts);
		/* Whole, or told in one way or the other. */
		if (rv_is_ok(status) && !counts.troubles &&
		    (counts.objects != whole.objects || counts.changes != whole.changes))
			rvt_die("allocation %zu: lost something silently", n);
	} while (rvt_alloc_has_failed());
	assert_true(n > 100);
	rvt_alloc_fail_at(0);
	rvt_dir_done(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_allocation_may_fail)};

	rvt_git_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
