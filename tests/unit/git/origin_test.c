/* tests: where blobs came from, in repositories with branches, merges, reflogs, the stash and what
 * nothing reaches. */
#include "tests/support/unit.h"
#include "tests/unit/git/world.h"

#include <stdio.h>

static void find(struct world *w)
{
	struct rv_diag diag = {0};

	assert_ok(rv_git_origins_find(&w->graph, &w->refs, &w->blobs, NULL, 2, &w->origins, &diag));
}

/* Is that commit the one that git calls so? */
static void assert_commit(struct world *w, uint32_t n, const char *name)
{
	char *hex = rvt_git_sh(&w->dir, "cd r; git rev-parse '%s^{commit}'", name);
	char own[RV_GIT_HEX_MAX];

	assert_int_not_equal(n, RV_GIT_NONE);
	rv_git_oid_hex(&w->graph.ids.oids[n], w->git->oid_len, own);
	assert_string_equal(own, hex);
	free(hex);
}

/* A repository "r" and what the script makes of it; `at TIME commit ..` is git at that time. */
static void begin(struct world *w, const char *format, const char *script)
{
	world_init(w, format);
	rvt_git_do(&w->dir,
		   "cd r\n"
		   "at() { t=\"$1 +0200\"; shift; GIT_AUTHOR_DATE=$t GIT_COMMITTER_DATE=$t git "
		   "\"$@\"; }\n"
		   "%s",
		   script);
}

static void open_and_find(struct world *w, const char *name)
{
	world_open(w, name);
	find(w);
}

static void a_blob_that_nothing_holds_has_no_commit(void **state)
{
	struct world w;
	uint32_t nowhere, loose;

	(void)state;
	begin(&w, "sha1",
	      "echo a >a; git add a; git commit -qm a\n"
	      "echo dangling | git hash-object -w --stdin");
	nowhere = world_want(&w, "nowhere");
	loose = world_want(&w, "dangling");
	open_and_find(&w, "r");
	assert_int_equal(w.origins.items[nowhere].first, RV_GIT_NONE);
	assert_int_equal(w.origins.items[nowhere].reach, RV_GIT_REACH_NONE);
	assert_int_equal(w.origins.items[loose].first, RV_GIT_NONE);
	assert_int_equal(w.origins.items[loose].last, RV_GIT_NONE);
	assert_int_equal(w.origins.items[loose].path_count, 0);
	world_done(&w);
}

static void the_first_and_the_last_commit_are_told_with_paths(void **state)
{
	struct world w;
	uint32_t gone, moved;
	struct rv_git_commit commit;

	(void)state;
	begin(&w, "sha1",
	      "mkdir -p d/e\n"
	      "echo a >a; git add a; at 1700000100 commit -qm 1; git tag one\n"
	      "echo secret >d/e/f; git add .; at 1700000200 commit -qm 2; git tag two\n"
	      "echo secret2 >old; git add .; at 1700000300 commit -qm 3; git tag three\n"
	      "git mv old new; at 1700000400 commit -qm 4; git tag four\n"
	      "git rm -q d/e/f; at 1700000500 commit -qm 5; git tag five");
	gone = world_want(&w, "secret");
	moved = world_want(&w, "secret2");
	open_and_find(&w, "r");
	assert_commit(&w, w.origins.items[gone].first, "two");
	assert_commit(&w, w.origins.items[gone].last, "four");
	assert_int_equal(w.origins.items[gone].reach, RV_GIT_REACH_REF);
	assert_int_equal(w.origins.items[gone].path_count, 1);
	assert_bytes(w.origins.items[gone].paths[0], "d/e/f");
	assert_commit(&w, w.origins.items[moved].first, "three");
	assert_commit(&w, w.origins.items[moved].last, "five");
	assert_int_equal(w.origins.items[moved].reach, RV_GIT_REACH_HEAD);
	assert_int_equal(w.origins.items[moved].path_count, 2);
	assert_bytes(w.origins.items[moved].paths[0], "new");
	assert_bytes(w.origins.items[moved].paths[1], "old");
	assert_ok(rv_git_graph_commit(&w.graph, w.origins.items[gone].first, &commit));
	assert_bytes(commit.author.name, "A U Thor");
	assert_bytes(commit.author.email, "author@example.com");
	assert_int_equal(commit.author.at_utc, 1700000200);
	assert_int_equal(commit.author.zone_minutes, 120);
	assert_bytes(commit.committer.email, "committer@example.com");
	assert_bytes(commit.message, "2\n");
	assert_int_equal(w.troubles, 0);
	world_done(&w);
}

static void reach_tells_refs_reflog_stash_and_nothing_apart(void **state)
{
	struct world w;
	uint32_t amended, stashed, side, dropped, tagged;

	(void)state;
	begin(&w, "sha1",
	      "echo a >a; git add a; at 1700000100 commit -qm 1\n"
	      "echo amended >s; git add s; at 1700000200 commit -qm 2\n"
	      "git rm -q s; at 1700000300 commit -q --amend --allow-empty -m 2b\n"
	      "echo stashed >a; git stash -q\n"
	      "git checkout -q -b side; echo side >b; git add b; at 1700000400 commit -qm side\n"
	      "git checkout -q main; git checkout -q -b drop; echo dropped >c; git add c\n"
	      "at 1700000500 commit -qm drop; git checkout -q main; git branch -qD drop\n"
	      "echo tagged | git hash-object -w --stdin | xargs git tag blobtag");
	amended = world_want(&w, "amended");
	stashed = world_want(&w, "stashed");
	side = world_want(&w, "side");
	dropped = world_want(&w, "dropped");
	tagged = world_want(&w, "tagged");
	open_and_find(&w, "r");
	assert_int_equal(w.origins.items[amended].reach, RV_GIT_REACH_REFLOG);
	assert_bytes(w.origins.items[amended].paths[0], "s");
	assert_int_equal(w.origins.items[stashed].reach, RV_GIT_REACH_REFLOG);
	assert_int_equal(w.origins.items[side].reach, RV_GIT_REACH_REF);
	assert_commit(&w, w.origins.items[side].last, "side");
	assert_int_equal(w.origins.items[dropped].reach, RV_GIT_REACH_REFLOG);
	assert_int_equal(w.origins.items[tagged].reach, RV_GIT_REACH_REF);
	assert_int_equal(w.origins.items[tagged].first, RV_GIT_NONE);
	world_done(&w);

	/* Without reflogs the same commit is reached by nothing. */
	begin(&w, "sha1",
	      "git config core.logAllRefUpdates false\n"
	      "echo a >a; git add a; git commit -qm 1; echo lost >s; git add s; git commit -qm 2\n"
	      "git reset -q --hard HEAD~1; rm -f .git/ORIG_HEAD; rm -rf .git/logs");
	amended = world_want(&w, "lost");
	open_and_find(&w, "r");
	assert_int_equal(w.origins.items[amended].reach, RV_GIT_REACH_NONE);
	assert_int_not_equal(w.origins.items[amended].first, RV_GIT_NONE);
	world_done(&w);
}

static void a_merge_brings_nothing_in_that_a_parent_had(void **state)
{
	struct world w;
	uint32_t side, evil;

	(void)state;
	begin(&w, "sha256",
	      "echo a >a; git add a; at 1700000100 commit -qm 1\n"
	      "git checkout -q -b side; mkdir x; echo side >x/b; git add x\n"
	      "at 1700000200 commit -qm side\n"
	      "git checkout -q main; echo c >c; git add c; at 1700000300 commit -qm main\n"
	      "at 1700000400 merge -q --no-commit side; echo evil >x/evil; git add x\n"
	      "at 1700000400 commit -qm merge; git tag merge; git gc -q");
	side = world_want(&w, "side");
	evil = world_want(&w, "evil");
	open_and_find(&w, "r");
	assert_commit(&w, w.origins.items[side].first, "side");
	assert_commit(&w, w.origins.items[side].last, "merge");
	assert_commit(&w, w.origins.items[evil].first, "merge");
	assert_int_equal(w.origins.items[evil].reach, RV_GIT_REACH_HEAD);
	world_done(&w);
}

static void a_shallow_clone_is_told_and_its_end_holds_everything(void **state)
{
	struct world w;
	uint32_t notes;

	(void)state;
	world_init(&w, "sha1");
	rvt_git_history(&w.dir, "r", 10);
	rvt_git_do(&w.dir, "git clone -q --depth 3 \"file://$0/r\" shallow");
	notes = world_want(&w, "0"); /* src/deep/small.txt: of commits 5 and 10 */
	world_open(&w, "shallow");
	assert_int_equal(w.troubles, 1);
	find(&w);
	assert_int_equal(w.troubles, 1);
	assert_int_equal(w.graph.ids.count, 3);
	assert_commit(&w, w.origins.items[notes].first, "HEAD");
	world_done(&w);
}

/* Rebases and scripts make many commits within a second, and clocks go wrong. */
static void of_commits_of_one_second_the_child_is_the_newer(void **state)
{
	static const char *const dates[] = {"1700000000", "$((1700000000-i))"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(dates); i++) {
		char script[1024];
		struct world w;
		uint32_t blob, kept[5];

		(void)snprintf(script, sizeof(script),
			       "for i in 1 2 3 4 5 6 7 8; do echo $i >n; echo v$i >v; [ $i -ne 2 ] "
			       "|| echo s >s; [ $i -ne 7 ] || rm s\n"
			       "git add -A; at %s commit -qm $i; git tag c$i; done",
			       dates[i]);
		begin(&w, "sha1", script);
		blob = world_want(&w, "s");
		for (uint32_t k = 0; k < 5; k++) {
			char text[8];

			(void)snprintf(text, sizeof(text), "v%u", k + 2);
			kept[k] = world_want(&w, text);
		}
		open_and_find(&w, "r");
		assert_commit(&w, w.origins.items[blob].first, "c2");
		assert_commit(&w, w.origins.items[blob].last, "c6");
		for (uint32_t k = 1; k < 5; k++)
			assert_true(w.origins.places[w.origins.items[kept[k]].first] <
				    w.origins.places[w.origins.items[kept[k - 1]].first]);
		world_done(&w);
	}
}

/* Large folders, so that their trees are deltas; a straight line of commits. */
static void of_a_packed_history_every_blob_is_found_as_git_finds_it(void **state)
{
	struct world w;
	char *list, *save = NULL;
	size_t count = 0;

	(void)state;
	world_init(&w, "sha1");
	rvt_git_do(&w.dir,
		   "cd r; mkdir -p lib/deep src; for i in $(seq 1 90); do echo $i >src/f$i; echo "
		   "l$i >lib/file-$i.c; done\n"
		   "cp -r src lib/deep/; i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo c$i "
		   ">src/f$((i*7%%90+1))\n"
		   "echo d$((i/3)) >lib/deep/src/f$((i%%11+1)); rm -f lib/file-$((i*2)).c; echo "
		   "n$i >lib/new-$i\n"
		   "[ $((i%%9)) -ne 0 ] || git mv -f src/f$i lib/moved$i\n"
		   "git add -A; GIT_AUTHOR_DATE=\"$((1700000000+i*60)) +0000\" "
		   "GIT_COMMITTER_DATE=\"$((1700000000+i*60)) +0000\" git commit -qm $i; done\n"
		   "git gc -q --aggressive");
	/* blob, oldest commit with it, newest commit with it */
	list = rvt_git_sh(
		&w.dir,
		"cd r; for c in $(git rev-list --reverse HEAD); do git ls-tree -r $c | "
		"cut -c13-52 | sed \"s/$/ $c/\"; done | "
		"awk '{if(!($1 in a))a[$1]=$2; b[$1]=$2} END{for(o in a)print o, a[o], b[o]}'");
	world_open(&w, "r");
	for (const char *line = list; line; line = strchr(line, '\n')) {
		struct rv_git_oid oid;
		uint32_t number;

		line += *line == '\n';
		assert_true(rv_git_oid_parse((struct rv_str){(const uint8_t *)line, 40}, 20, &oid));
		assert_ok(rv_git_oidmap_put(&w.blobs, &oid, &number, NULL));
	}
	find(&w);
	for (char *line = strtok_r(list, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const struct rv_git_origin *origin = &w.origins.items[count++];
		char first[RV_GIT_HEX_MAX], last[RV_GIT_HEX_MAX];

		assert_int_not_equal(origin->first, RV_GIT_NONE);
		rv_git_oid_hex(&w.graph.ids.oids[origin->first], 20, first);
		rv_git_oid_hex(&w.graph.ids.oids[origin->last], 20, last);
		assert_memory_equal(line + 41, first, 40);
		assert_memory_equal(line + 82, last, 40);
		assert_true(origin->path_count > 0);
	}
	assert_int_equal(w.troubles, 0);
	assert_true(count > 200);
	free(list);
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_blob_that_nothing_holds_has_no_commit),
		cmocka_unit_test(the_first_and_the_last_commit_are_told_with_paths),
		cmocka_unit_test(reach_tells_refs_reflog_stash_and_nothing_apart),
		cmocka_unit_test(a_merge_brings_nothing_in_that_a_parent_had),
		cmocka_unit_test(a_shallow_clone_is_told_and_its_end_holds_everything),
		cmocka_unit_test(of_commits_of_one_second_the_child_is_the_newer),
		cmocka_unit_test(of_a_packed_history_every_blob_is_found_as_git_finds_it),
	};

	rvt_git_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
