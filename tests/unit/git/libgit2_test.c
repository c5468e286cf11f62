/* tests: libgit2 reads the same from the same repository: every blob, the index, a merge base.
 * Built where libgit2 is; never part of what is shipped. */
#include "tests/support/unit.h"
#include "tests/unit/git/world.h"

#include "agent/git/index.h"

#include <git2.h>

struct comparing {
	git_odb *odb;
	size_t blobs;
};

static rv_status compare(void *user, const struct rv_git_told *told, void **out_state)
{
	struct comparing *c = user;
	git_odb_object *object = NULL;
	git_oid oid;

	(void)out_state; /* nothing to carry */
	assert_int_equal(git_oid_fromraw(&oid, told->oid->bytes), 0);
	assert_int_equal(git_odb_read(&object, c->odb, &oid), 0);
	assert_int_equal(git_odb_object_type(object), (int)told->type);
	assert_int_equal(git_odb_object_size(object), told->bytes.len);
	if (told->bytes.len)
		assert_memory_equal(git_odb_object_data(object), told->bytes.data, told->bytes.len);
	git_odb_object_free(object);
	c->blobs++;
	return RV_OK;
}

static void compare_index(struct world *w, git_repository *repo)
{
	struct rv_git_index own = {0};
	git_index *index = NULL;

	assert_ok(rv_git_index_load(w->git, &own, NULL));
	assert_int_equal(git_repository_index(&index, repo), 0);
	assert_int_equal(git_index_entrycount(index), own.count);
	for (uint32_t i = 0; i < own.count; i++) {
		const git_index_entry *entry = git_index_get_byindex(index, i);

		assert_bytes(own.entries[i].path, entry->path);
		assert_int_equal(own.entries[i].mode, entry->mode);
		assert_memory_equal(own.entries[i].oid.bytes, entry->id.id, 20);
	}
	git_index_free(index);
	rv_git_index_done(&own);
}

static void compare_base(struct world *w, git_repository *repo)
{
	const struct rv_git_names names = {w->git, &w->refs, &w->graph};
	uint32_t a = 0, b = 0, base = 0;
	git_oid x, y, theirs;

	assert_ok(rv_git_rev_commit(&names, RV_STR_LIT("main"), &a, NULL));
	assert_ok(rv_git_rev_commit(&names, RV_STR_LIT("side"), &b, NULL));
	assert_ok(rv_git_graph_merge_base(&w->graph, a, b, &base));
	assert_int_equal(git_oid_fromraw(&x, w->graph.ids.oids[a].bytes), 0);
	assert_int_equal(git_oid_fromraw(&y, w->graph.ids.oids[b].bytes), 0);
	assert_int_equal(git_merge_base(&theirs, repo, &x, &y), 0);
	assert_memory_equal(theirs.id, w->graph.ids.oids[base].bytes, 20);
}

static void libgit2_reads_the_same(void **state)
{
	const struct rv_git_visitor visitor = {.object = compare};
	struct comparing c = {.blobs = 0};
	void *users[] = {&c};
	const struct rv_git_visit visit = {.types = 0x1e, .users = users};
	git_repository *repo = NULL;
	struct world w;
	char path[RVT_PATH];

	(void)state;
	world_init(&w, "sha1");
	rvt_git_history(&w.dir, "r", 30);
	rvt_git_do(&w.dir,
		   "cd r; git gc -q --aggressive; git checkout -q -b side HEAD~4; echo s >s\n"
		   "git add s; git commit -qm s; git checkout -q main; echo m >m; git add m");
	world_open(&w, "r");
	rvt_dir_path(&w.dir, "r", path);
	assert_true(git_libgit2_init() > 0);
	/* Temporary directories may be another's. */
	assert_int_equal(git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0), 0);
	assert_int_equal(git_repository_open(&repo, path), 0);
	assert_int_equal(git_repository_odb(&c.odb, repo), 0);
	assert_ok(rv_git_visit(&w.git->odb, &visit, &visitor, NULL));
	assert_int_equal(c.blobs, rvt_git_count(&w.dir, "r", "commit|tree|blob|tag"));
	compare_index(&w, repo);
	compare_base(&w, repo);
	git_odb_free(c.odb);
	git_repository_free(repo);
	assert_int_equal(git_libgit2_shutdown(), 0);
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(libgit2_reads_the_same)};

	rvt_git_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
