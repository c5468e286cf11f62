/* tests: a visit tells every object of real repositories once, with the right bytes and segments.
 */
#include "tests/support/unit.h"
#include "tests/unit/git/repo.h"

#define BLOBS (1u << RV_GIT_BLOB)
#define ALL   (BLOBS | 1u << RV_GIT_COMMIT | 1u << RV_GIT_TREE | 1u << RV_GIT_TAG)

static void open_odb(const struct rvt_dir *dir, const char *objects, size_t oid_len,
		     struct rv_git_odb *odb)
{
	char path[RVT_PATH];

	rvt_dir_path(dir, objects, path);
	assert_ok(rv_git_odb_open(path, oid_len, NULL, NULL, odb, NULL));
}

/* Everything git knows there is told, and can be read by id. */
static void check(const struct rvt_dir *dir, const char *name, const char *objects, size_t oid_len,
		  struct rvt_seen *seen)
{
	struct rv_git_odb odb = {0};

	open_odb(dir, objects, oid_len, &odb);
	rvt_git_visit(&odb, ALL, NULL, seen);
	assert_int_equal(seen->objects, rvt_git_count(dir, name, "commit|tree|blob|tag"));
	assert_int_equal(rvt_git_compare(dir, name, &odb), seen->objects);
	for (size_t i = 0; i < RV_GIT_TROUBLE__COUNT; i++)
		assert_int_equal(seen->troubles[i], 0);
	rvt_seen_done(seen);
	rvt_git_visit(&odb, BLOBS, NULL, seen);
	assert_int_equal(seen->objects, rvt_git_count(dir, name, "blob"));
	rv_git_odb_done(&odb);
}

static void an_empty_repository_has_nothing_to_tell(void **state)
{
	struct rvt_dir dir;
	struct rvt_seen seen;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	check(&dir, "r", "r/.git/objects", 20, &seen);
	assert_int_equal(seen.objects, 0);
	rvt_seen_done(&seen);
	rvt_dir_done(&dir);
}

static void loose_objects_are_told(void **state)
{
	struct rvt_dir dir;
	struct rvt_seen seen;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	rvt_git_history(&dir, "r", 8);
	rvt_git_do(&dir,
		   "cd r; git tag -a -m annotated v1; printf '' | git hash-object -w --stdin");
	check(&dir, "r", "r/.git/objects", 20, &seen);
	assert_true(seen.objects > 8);
	assert_int_equal(seen.deltas, 0);
	rvt_seen_done(&seen);
	rvt_dir_done(&dir);
}

static void deltas_are_told_with_their_segments(void **state)
{
	struct rvt_dir dir;
	struct rvt_seen seen;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	rvt_git_history(&dir, "r", 40);
	rvt_git_do(&dir, "cd r; git gc -q --aggressive");
	check(&dir, "r", "r/.git/objects", 20, &seen);
	assert_true(seen.deltas > 20);
	assert_int_equal(seen.planned, seen.objects); /* nothing is loose */
	rvt_seen_done(&seen);
	/* Deltas that name their base by id. */
	rvt_git_do(&dir, "cd r; git -c repack.useDeltaBaseOffset=false repack -qadf --depth=200");
	check(&dir, "r", "r/.git/objects", 20, &seen);
	assert_true(seen.deltas > 20);
	rvt_seen_done(&seen);
	rvt_dir_done(&dir);
}

static void what_several_packs_and_loose_files_hold_is_told_once(void **state)
{
	struct rvt_dir dir;
	struct rvt_seen seen;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	rvt_git_history(&dir, "r", 20);
	/* Two packs with everything, packs with a part, and all loose objects still there. */
	rvt_git_do(&dir, "cd r; p=.git/objects/pack/pack\n"
			 "git rev-list --objects --all | git pack-objects -q $p\n"
			 "git rev-list --objects --all | git pack-objects -q --depth=1 $p\n"
			 "git rev-list --objects HEAD~5 | git pack-objects -q $p\n"
			 "git rev-list --objects HEAD~9 | git pack-objects -q $p\n"
			 "echo unreachable | git hash-object -w --stdin");
	check(&dir, "r", "r/.git/objects", 20, &seen);
	rvt_seen_done(&seen);
	/* The same through a repository that only borrows it. */
	rvt_git_do(&dir, "git clone -q -s r borrower; git clone -q -s borrower again\n"
			 "cd again; echo own >own; git add own; git commit -qm own");
	check(&dir, "again", "again/.git/objects", 20, &seen);
	rvt_seen_done(&seen);
	rvt_dir_done(&dir);
}

static void sha256_repositories_are_told(void **state)
{
	struct rvt_dir dir;
	struct rvt_seen seen;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha256");
	rvt_git_history(&dir, "r", 20);
	check(&dir, "r", "r/.git/objects", 32, &seen);
	rvt_seen_done(&seen);
	rvt_git_do(&dir, "cd r; git gc -q --aggressive");
	check(&dir, "r", "r/.git/objects", 32, &seen);
	assert_true(seen.deltas > 10);
	rvt_seen_done(&seen);
	rvt_dir_done(&dir);
}

static void only_the_wanted_objects_are_told(void **state)
{
	struct rv_git_oidmap only;
	struct rv_git_odb odb = {0};
	struct rvt_dir dir;
	struct rvt_seen seen;
	struct rv_git_oid oid;
	uint32_t number;
	char *hex;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	rvt_git_history(&dir, "r", 40);
	rvt_git_do(&dir, "cd r; git gc -q --aggressive; echo loose | git hash-object -w --stdin");
	rv_git_oidmap_init(&only);
	/* From the middle of a chain, one that is loose, and one that is nowhere. */
	hex = rvt_git_sh(&dir, "cd r; git rev-parse HEAD~20:src/long.c");
	oid = rvt_git_oid(hex);
	assert_ok(rv_git_oidmap_put(&only, &oid, &number, NULL));
	free(hex);
	hex = rvt_git_sh(&dir, "echo loose | git hash-object --stdin");
	oid = rvt_git_oid(hex);
	assert_ok(rv_git_oidmap_put(&only, &oid, &number, NULL));
	free(hex);
	oid.bytes[0] ^= 1;
	assert_ok(rv_git_oidmap_put(&only, &oid, &number, NULL));
	open_odb(&dir, "r/.git/objects", 20, &odb);
	rvt_git_visit(&odb, BLOBS, &only, &seen);
	assert_int_equal(seen.objects, 2);
	rvt_seen_done(&seen);
	rv_git_odb_done(&odb);
	rv_git_oidmap_done(&only);
	rvt_dir_done(&dir);
}

static void a_pack_without_index_is_read_through_the_multi_pack_index(void **state)
{
	struct rv_git_odb odb = {0};
	struct rvt_dir dir;
	struct rvt_seen seen;
	size_t count;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	rvt_git_history(&dir, "r", 20);
	rvt_git_do(&dir,
		   "cd r; git repack -qd; echo more >more; git add more; git commit -qm more\n"
		   "git repack -qd; git multi-pack-index write");
	count = rvt_git_count(&dir, "r", "blob");
	rvt_git_do(&dir, "cd r; rm -f .git/objects/pack/*.idx"); /* git itself is blind now */
	open_odb(&dir, "r/.git/objects", 20, &odb);
	rvt_git_visit(&odb, BLOBS, NULL, &seen);
	assert_int_equal(seen.objects, count);
	rvt_seen_done(&seen);
	rv_git_odb_done(&odb);
	rvt_dir_done(&dir);
}

/* As git 2.47 and later write it; it is made by hand since older ones cannot. */
static void a_pack_without_index_is_read_through_the_layers_of_an_incremental_one(void **state)
{
	struct rv_git_odb odb = {0};
	struct rvt_dir dir;
	struct rvt_seen seen;
	size_t count;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	rvt_git_history(&dir, "r", 20);
	rvt_git_do(&dir,
		   "cd r; git repack -qd; echo more >more; git add more; git commit -qm more\n"
		   "git repack -qd; cd .git/objects/pack; mkdir multi-pack-index.d\n"
		   "for idx in *.idx; do echo $idx | git multi-pack-index write --stdin-packs\n"
		   "id=$(tail -c 20 multi-pack-index | od -An -tx1 | tr -d ' \\n')\n"
		   "mv multi-pack-index multi-pack-index.d/multi-pack-index-$id.midx\n"
		   "echo $id >>multi-pack-index.d/multi-pack-index-chain; done");
	count = rvt_git_count(&dir, "r", "blob");
	rvt_git_do(&dir, "cd r; rm -f .git/objects/pack/*.idx");
	open_odb(&dir, "r/.git/objects", 20, &odb);
	rvt_git_visit(&odb, BLOBS, NULL, &seen);
	assert_int_equal(seen.objects, count);
	rvt_seen_done(&seen);
	rv_git_odb_done(&odb);
	rvt_dir_done(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_repository_has_nothing_to_tell),
		cmocka_unit_test(loose_objects_are_told),
		cmocka_unit_test(deltas_are_told_with_their_segments),
		cmocka_unit_test(what_several_packs_and_loose_files_hold_is_told_once),
		cmocka_unit_test(sha256_repositories_are_told),
		cmocka_unit_test(only_the_wanted_objects_are_told),
		cmocka_unit_test(a_pack_without_index_is_read_through_the_multi_pack_index),
		cmocka_unit_test(
			a_pack_without_index_is_read_through_the_layers_of_an_incremental_one),
	};

	rvt_git_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
