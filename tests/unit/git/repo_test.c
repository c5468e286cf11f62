/* tests: opening what is a repository and what only looks like one; refs; and files cut short. */
#include "tests/support/unit.h"
#include "tests/unit/git/repo.h"

#include "agent/git/config.h"
#include "agent/git/refs.h"

#include <stdio.h>
#include <sys/stat.h>

static void hear(void *user, const struct rv_git_trouble *trouble)
{
	size_t *counts = user;

	counts[trouble->kind]++;
}

static rv_status try_open(const struct rvt_dir *dir, const char *name, size_t *counts,
			  struct rv_git **out, struct rv_diag *diag)
{
	char path[RVT_PATH];

	memset(counts, 0, RV_GIT_TROUBLE__COUNT * sizeof(*counts));
	rvt_dir_path(dir, name, path);
	return rv_git_open(path, hear, counts, out, diag);
}

static void what_is_no_repository_is_refused(void **state)
{
	static const char *const names[] = {"nothing", "empty", "file", "fake", "loop", "r/sub"};
	size_t counts[RV_GIT_TROUBLE__COUNT];
	struct rvt_dir dir;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_do(&dir, "mkdir empty; echo x >file; mkdir fake; echo gitdir: /nowhere >fake/.git\n"
			 "mkdir loop; echo gitdir: ../loop >loop/.git; git init -q r; mkdir r/sub");
	for (size_t i = 0; i < RV_LEN(names); i++) {
		struct rv_git *git = NULL;
		struct rv_diag diag = {0};
		char path[RVT_PATH];

		assert_class(try_open(&dir, names[i], counts, &git, &diag), RV_CLASS_NOT_FOUND);
		assert_true(diag.text[0] && diag.next[0]);
		rvt_dir_path(&dir, names[i], path);
		assert_false(rv_git_is_repository(path));
	}
	rvt_dir_done(&dir);
}

static void a_config_can_do_nothing_but_say_the_format(void **state)
{
	static const struct {
		const char *text;
		enum rv_class class_id;
		enum rv_git_trouble_kind kind; /* told once; __COUNT: nothing is */
	} cases[] = {
		{"[core]\n\trepositoryformatversion = 2\n", RV_CLASS_MISCONFIGURED, 0},
		{"[core]\nrepositoryformatversion=1\n[extensions]\nobjectformat = md5\n",
		 RV_CLASS_MISCONFIGURED, 0},
		{"[core]\nrepositoryformatversion = 1\n[extensions]\nhoverBoard = true\n",
		 RV_CLASS_OK, RV_GIT_TROUBLE_EXTENSION},
		{"[core]\nrepositoryformatversion = 1\n[extensions]\nrefStorage = reftable\n",
		 RV_CLASS_OK, RV_GIT_TROUBLE__COUNT},
		{"[core]\nrepositoryformatversion = 1\n[extensions]\nrefStorage = cellar\n",
		 RV_CLASS_OK, RV_GIT_TROUBLE_EXTENSION},
		{"[core\nbroken", RV_CLASS_OK, RV_GIT_TROUBLE_CONFIG},
		{"[remote \"x\"]\npromisor = true\n[extensions]\npartialClone = x\n", RV_CLASS_OK,
		 RV_GIT_TROUBLE_PARTIAL},
		{"[include]\npath = ../../../etc/passwd\n[core]\nfsmonitor = touch pwned\n"
		 "hooksPath = /tmp\nworktree = /etc\nsshCommand = touch pwned\n",
		 RV_CLASS_OK, RV_GIT_TROUBLE__COUNT},
		{"", RV_CLASS_OK, RV_GIT_TROUBLE__COUNT},
	};
	size_t counts[RV_GIT_TROUBLE__COUNT];
	struct rvt_dir dir;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	for (size_t i = 0; i < RV_LEN(cases); i++) {
		struct rv_git *git = NULL;
		struct rv_diag diag = {0};
		char own[RVT_PATH];

		rvt_dir_write_text(&dir, "r/.git/config", cases[i].text);
		assert_class(try_open(&dir, "r", counts, &git, &diag), cases[i].class_id);
		if (cases[i].class_id != RV_CLASS_OK)
			continue;
		for (size_t k = 0; k < RV_GIT_TROUBLE__COUNT; k++)
			assert_int_equal(counts[k], k == cases[i].kind);
		rvt_dir_path(&dir, "r", own);
		assert_string_equal(git->work_tree, own);
		rv_git_close(git);
	}
	rvt_dir_done(&dir);
}

static void the_syntax_of_a_config_is_that_of_git(void **state)
{
	struct rv_git_config config;

	(void)state;
	assert_ok(rv_git_config_parse(
		RV_STR_LIT("\xef\xbb\xbf# c\n;c\n[CORE] bare\n[core \"x\"]\nbare = false\n"
			   "[Extensions] ObjectFormat = \"sha\"256 ; c\n[a]\nb = \"x\\\n "
			   "[core]\\n\"\n"),
		&config));
	assert_true(config.has_bare && config.is_bare);
	assert_int_equal(config.oid_len, 32);
	assert_class(rv_git_config_parse(RV_STR_LIT("[a]\nb = \"x\n"), &config),
		     RV_CLASS_MALFORMED);
	assert_class(rv_git_config_parse(RV_STR_LIT("[a]\n= 1\n"), &config), RV_CLASS_MALFORMED);
}

static void every_way_into_a_repository_leads_to_the_same(void **state)
{
	static const struct {
		const char *name, *work_tree;
	} ways[] = {{"r", "r"},
		    {"r/.git", "r"},
		    {"bare.git", NULL},
		    {"linked", "linked"},
		    {"linked/.git", "linked"},
		    {"top/sub", "top/sub"},
		    {"top/.git/modules/sub", NULL},
		    {"r/.git/worktrees/linked", NULL}};
	size_t counts[RV_GIT_TROUBLE__COUNT];
	struct rvt_dir dir;
	char *head;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	rvt_git_history(&dir, "r", 3);
	rvt_git_do(&dir,
		   "git clone -q --bare r bare.git; git -C r worktree add -q --detach ../linked\n"
		   "git init -q top; cd top; git -c protocol.file.allow=always submodule --quiet "
		   "add ../r sub");
	head = rvt_git_sh(&dir, "git -C r rev-parse HEAD");
	for (size_t i = 0; i < RV_LEN(ways); i++) {
		struct rv_git *git = NULL;
		struct rv_git_refs refs = {0};
		const struct rv_git_ref *ref;
		char hex[RV_GIT_HEX_MAX], path[RVT_PATH];
		struct rv_diag diag = {0};

		if (!rv_is_ok(try_open(&dir, ways[i].name, counts, &git, &diag)))
			rvt_die("%s", diag.text);
		assert_ok(rv_git_refs_load(git, hear, counts, &refs));
		ref = rv_git_refs_find(&refs, "HEAD");
		assert_non_null(ref);
		rv_git_oid_hex(&ref->oid, 20, hex);
		assert_string_equal(hex, head);
		assert_int_equal(git->work_tree != NULL, ways[i].work_tree != NULL);
		if (git->work_tree) {
			rvt_dir_path(&dir, ways[i].work_tree, path);
			assert_string_equal(git->work_tree, path);
		}
		rv_git_refs_done(&refs);
		rv_git_close(git);
	}
	free(head);
	rvt_dir_done(&dir);
}

static void alternates_in_a_circle_end(void **state)
{
	size_t counts[RV_GIT_TROUBLE__COUNT];
	struct rv_git *git = NULL;
	struct rvt_dir dir;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_do(&dir, "for i in a b; do git init -q $i; done\n"
			 "echo ../../../b/.git/objects >a/.git/objects/info/alternates\n"
			 "printf '%%s\\n' ../../../a/.git/objects /nowhere '# c' '' "
			 ">b/.git/objects/info/alternates");
	assert_ok(try_open(&dir, "a", counts, &git, NULL));
	assert_int_equal(git->odb.dir_count, 2);
	assert_int_equal(counts[RV_GIT_TROUBLE_ALTERNATE], 1);
	rv_git_close(git);
	/* a0 borrows from a1, a1 from a2 ..: as deep as git goes. */
	rvt_git_do(
		&dir,
		"for i in 0 1 2 3 4 5 6 7 8 9; do git init -q a$i\n"
		"echo \"../../../a$((i+1))/.git/objects\" >a$i/.git/objects/info/alternates; done");
	assert_ok(try_open(&dir, "a0", counts, &git, NULL));
	assert_int_equal(git->odb.dir_count, RV_GIT_ALTERNATE_DEPTH + 1);
	assert_int_equal(counts[RV_GIT_TROUBLE_LIMIT], 1);
	rv_git_close(git);
	rvt_dir_done(&dir);
}

static void refs_are_those_of_git(void **state)
{
	size_t counts[RV_GIT_TROUBLE__COUNT];
	struct rv_git_refs refs = {0};
	struct rv_git *git = NULL;
	struct rvt_dir dir;
	struct rv_buf text = {.max = (size_t)1 << 20};
	char *said;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "o", "sha1");
	rvt_git_history(&dir, "o", 4);
	rvt_git_do(
		&dir,
		"git clone -q o r; cd r; git tag -a -m t v1; git branch a/b HEAD~1; git branch c "
		"HEAD~2\n"
		"git pack-refs --all; git branch -f c HEAD~3; git branch d; git tag light\n"
		"echo x >src/long.c; git stash -q; echo y >src/long.c; git stash -q\n"
		"echo junk >.git/refs/heads/bad; git symbolic-ref refs/heads/sym refs/heads/a/b");
	assert_ok(try_open(&dir, "r", counts, &git, NULL));
	assert_ok(rv_git_refs_load(git, hear, counts, &refs));
	assert_int_equal(counts[RV_GIT_TROUBLE_REF], 1);
	for (uint32_t i = 0; i < refs.count; i++) {
		char hex[RV_GIT_HEX_MAX];

		if (refs.items[i].kind != RV_GIT_REF_NAMED &&
		    refs.items[i].kind != RV_GIT_REF_STASH)
			continue;
		rv_git_oid_hex(&refs.items[i].oid, 20, hex);
		assert_ok(rv_buf_printf(&text, "%s%s %s", text.len ? "\n" : "", hex,
					refs.items[i].name));
	}
	rvt_git_do(&dir, "rm r/.git/refs/heads/bad");
	said = rvt_git_sh(&dir, "cd r; git for-each-ref --format='%%(objectname) %%(refname)'");
	assert_string_equal(rv_buf_cstr(&text), said);
	free(said);
	assert_string_equal(refs.head, "refs/heads/main");
	assert_int_equal(refs.logged.count,
			 6); /* 4 commits named by HEAD and branches, 2 stashes */
	assert_non_null(rv_git_refs_lookup(&refs, RV_STR_LIT("origin")));
	assert_non_null(rv_git_refs_lookup(&refs, RV_STR_LIT("origin/main")));
	assert_non_null(rv_git_refs_lookup(&refs, RV_STR_LIT("v1")));
	assert_non_null(rv_git_refs_lookup(&refs, RV_STR_LIT("heads/a/b")));
	assert_null(rv_git_refs_lookup(&refs, RV_STR_LIT("a")));
	rv_buf_done(&text);
	rv_git_refs_done(&refs);
	rv_git_close(git);
	rvt_dir_done(&dir);
}

static rv_status swallow(void *user, const struct rv_git_told *told, void **out_state)
{
	size_t *objects = user;

	(void)out_state;
	*objects += told->bytes.len > 0;
	return RV_OK;
}

static void visit_what_is_left(const char *objects_dir)
{
	const struct rv_git_visitor visitor = {.object = swallow};
	size_t objects = 0;
	void *users[] = {&objects};
	const struct rv_git_visit visit = {.types = 0x1e, .users = users};
	struct rv_git_odb odb = {0};

	if (!rv_is_ok(rv_git_odb_open(objects_dir, 20, NULL, NULL, &odb, NULL)))
		return;
	assert_ok(rv_git_visit(&odb, &visit, &visitor, NULL));
	rv_git_odb_done(&odb);
}

/* Each file of a small repository's store, cut short at every byte and with every byte changed. */
static void files_cut_short_or_changed_do_no_harm(void **state)
{
	struct rvt_dir dir;
	char objects[RVT_PATH], *list, *save = NULL;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	rvt_git_do(&dir, "cd r; for i in 1 2 3; do seq $((i*100)) $((i*100+60)) >f; seq 1 90 >>f; "
			 "git add f; git commit -qm $i; done\n"
			 "git gc -q; git multi-pack-index write; echo loose >g; git add g; rm -rf "
			 ".git/objects/info");
	rvt_dir_path(&dir, "r/.git/objects", objects);
	list = rvt_git_sh(&dir, "cd r/.git/objects; find . -name '*.pack' -o -name '*.idx' -o "
				"-path './[0-9a-f]*/*' -type f");
	for (char *name = strtok_r(list, "\n", &save); name; name = strtok_r(NULL, "\n", &save)) {
		char path[RVT_PATH], full[RVT_PATH];
		struct rv_buf whole;
		bool is_index = strstr(name, ".idx") != NULL;

		(void)snprintf(full, sizeof(full), "r/.git/objects/%s", name);
		rvt_dir_path(&dir, full, path);
		whole = rvt_file_read(path);
		rvt_git_do(&dir, "chmod u+w '%s'", full);
		for (size_t at = 0; at < whole.len;
		     at += is_index && at > 8 && at < 1024 ? 61 : 1) {
			uint8_t was = whole.data[at];

			rvt_dir_write(&dir, full, whole.data, at, 0644);
			visit_what_is_left(objects);
			whole.data[at] ^= (uint8_t)(1 + at * 37 % 255);
			rvt_dir_write(&dir, full, whole.data, whole.len, 0644);
			visit_what_is_left(objects);
			whole.data[at] = was;
		}
		rvt_dir_write(&dir, full, whole.data, whole.len, 0644);
		rv_buf_done(&whole);
	}
	free(list);
	rvt_dir_done(&dir);
}

/* Nothing of it is read: a sparse file costs nobody anything. */
static void files_longer_than_they_may_be_are_told(void **state)
{
	static const struct {
		const char *name;
		enum rv_git_trouble_kind kind;
	} files[] = {{"packed-refs", RV_GIT_TROUBLE_LIMIT},
		     {"refs/heads/long", RV_GIT_TROUBLE_UNREADABLE}};
	size_t counts[RV_GIT_TROUBLE__COUNT];
	struct rvt_dir dir;

	(void)state;
	for (size_t i = 0; i < RV_LEN(files); i++) {
		struct rv_git *git = NULL;
		struct rv_git_refs refs = {0};

		rvt_dir_init(&dir);
		rvt_git_init(&dir, "r", "sha1");
		rvt_git_do(&dir, "truncate -s 8G r/.git/%s", files[i].name);
		assert_class(try_open(&dir, "r", counts, &git, NULL), RV_CLASS_OK);
		assert_ok(rv_git_refs_load(git, hear, counts, &refs));
		assert_int_equal(counts[files[i].kind], 1);
		rv_git_refs_done(&refs);
		rv_git_close(git);
		rvt_dir_done(&dir);
	}
}

static void broken_and_missing_things_are_told_and_the_rest_is_seen(void **state)
{
	struct rv_git_odb odb = {0};
	struct rvt_seen seen;
	struct rvt_dir dir;
	char path[RVT_PATH];
	size_t all;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	rvt_git_history(&dir, "r", 30);
	rvt_git_do(
		&dir,
		"cd r; echo large | head -c 5 >/dev/null; head -c 300000 /dev/zero | git "
		"hash-object -w --stdin\n"
		"git repack -qad --depth=20; f=$(echo hello | git hash-object -w --stdin)\n"
		"p=.git/objects/$(echo $f | cut -c1-2)/$(echo $f | cut -c3-); chmod u+w $p; echo "
		"junk >$p\n"
		"cp .git/objects/pack/pack-*.pack .git/objects/pack/pack-1.pack\n"
		"mkfifo .git/objects/pack/pack-2.pack");
	all = rvt_git_count(&dir, "r", "blob");
	rvt_dir_path(&dir, "r/.git/objects", path);
	{
		size_t counts[RV_GIT_TROUBLE__COUNT] = {0};

		assert_ok(rv_git_odb_open(path, 20, hear, counts, &odb, NULL));
		assert_int_equal(counts[RV_GIT_TROUBLE_PACK], 1);
		assert_int_equal(counts[RV_GIT_TROUBLE_NO_INDEX], 1);
	}
	odb.max_object = 200000;
	rvt_git_visit(&odb, 0, NULL, &seen);
	assert_int_equal(seen.troubles[RV_GIT_TROUBLE_BROKEN], 1);
	assert_int_equal(seen.troubles[RV_GIT_TROUBLE_TOO_LARGE], 1);
	assert_true(seen.objects >= all - 1);
	rvt_seen_done(&seen);
	rv_git_odb_done(&odb);
	rvt_dir_done(&dir);
}

/* The last entry goes, as if it had never been; the pack's sum stays. */
static void drop_last_entry(const struct rvt_dir *dir, const char *name)
{
	static const size_t parts[] = {4, 4, 20}; /* offsets, sums, ids: from the end */
	char path[RVT_PATH];
	struct rv_buf index;
	uint32_t count;
	size_t at;

	rvt_dir_path(dir, name, path);
	index = rvt_file_read(path);
	count = rv_git_be32(index.data + 8 + 4 * 255);
	at = index.len - 40;
	for (size_t i = 0; i < RV_LEN(parts); i++) {
		memmove(index.data + at - parts[i], index.data + at, index.len - at);
		index.len -= parts[i];
		at -= count * parts[i];
	}
	for (size_t i = 0; i < 256; i++) {
		uint8_t *n = index.data + 8 + 4 * i;

		if (rv_git_be32(n) == count) {
			const uint32_t less = count - 1;

			for (unsigned k = 0; k < 4; k++)
				n[k] = (uint8_t)(less >> (24 - 8 * k));
		}
	}
	rvt_git_do(dir, "chmod u+w '%s'", name);
	rvt_dir_write(dir, name, index.data, index.len, 0644);
	rv_buf_done(&index);
}

static void an_index_that_leaves_an_object_out_is_told(void **state)
{
	char path[RVT_PATH], *name;
	struct rvt_dir dir;

	(void)state;
	rvt_dir_init(&dir);
	rvt_git_init(&dir, "r", "sha1");
	rvt_git_history(&dir, "r", 5);
	rvt_git_do(&dir, "cd r; git repack -qad");
	rvt_dir_path(&dir, "r/.git/objects", path);
	name = rvt_git_sh(&dir, "ls r/.git/objects/pack/pack-*.idx");
	for (unsigned dropped = 0; dropped < 2; dropped++) {
		size_t counts[RV_GIT_TROUBLE__COUNT] = {0};
		struct rv_git_odb odb = {0};

		if (dropped)
			drop_last_entry(&dir, name);
		assert_ok(rv_git_odb_open(path, 20, hear, counts, &odb, NULL));
		assert_int_equal(counts[RV_GIT_TROUBLE_INDEX], dropped);
		/* What it does list is seen. */
		assert_int_equal(odb.pack_count, 1);
		assert_int_equal(odb.packs[0].count + dropped, rv_git_pack_stated(&odb.packs[0]));
		rv_git_odb_done(&odb);
	}
	free(name);
	rvt_dir_done(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_repository_is_refused),
		cmocka_unit_test(a_config_can_do_nothing_but_say_the_format),
		cmocka_unit_test(the_syntax_of_a_config_is_that_of_git),
		cmocka_unit_test(every_way_into_a_repository_leads_to_the_same),
		cmocka_unit_test(alternates_in_a_circle_end),
		cmocka_unit_test(refs_are_those_of_git),
		cmocka_unit_test(files_cut_short_or_changed_do_no_harm),
		cmocka_unit_test(files_longer_than_they_may_be_are_told),
		cmocka_unit_test(broken_and_missing_things_are_told_and_the_rest_is_seen),
		cmocka_unit_test(an_index_that_leaves_an_object_out_is_told),
	};

	rvt_git_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
