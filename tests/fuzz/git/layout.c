/* tests: fuzzes what says where a repository is and where it goes on, and names of commits in it:
 * lines of the input are the files below, in turn, parted by 0xff; the last part is a name. */
#include "agent/git/repo.h"
#include "agent/git/rev.h"
#include "tests/support/dir.h"

#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = {
	"work/.git",
	"git/HEAD",
	"git/commondir",
	"git/config",
	"git/shallow",
	"git/objects/info/alternates",
	"git/refs/heads/main",
	"git/packed-refs",
	"git/FETCH_HEAD",
	"git/logs/HEAD",
	"git/objects/pack/multi-pack-index",
};
static struct rvt_dir dir;
static char work[RVT_PATH], bare[RVT_PATH];

static void clean_up(void)
{
	rvt_dir_done(&dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	rvt_dir_init(&dir);
	rvt_dir_path(&dir, "work", work);
	rvt_dir_path(&dir, "git", bare);
	rvt_dir_make(&dir, "git/objects/pack", 0700);
	return atexit(clean_up);
}

static void write_files(struct rv_str *left)
{
	char path[RVT_PATH];

	for (size_t i = 0; i < RV_LEN(files); i++) {
		const uint8_t *end = left->len ? memchr(left->data, 0xff, left->len) : NULL;
		size_t len = end ? (size_t)(end - left->data) : left->len;

		rvt_dir_path(&dir, files[i], path);
		(void)unlink(path); /* the first time there is none */
		if (len > 0)
			rvt_dir_write(&dir, files[i], left->data, len, 0600);
		left->data += end ? len + 1 : len;
		left->len -= end ? len + 1 : len;
	}
}

static void on_trouble(void *user, const struct rv_git_trouble *trouble)
{
	(void)user;
	if (!trouble->where && !trouble->oid)
		abort();
}

static void name_commits(const struct rv_git *git, const struct rv_git_refs *refs,
			 struct rv_str name)
{
	struct rv_git_graph graph;
	struct rv_git_range range = {.include_count = 0};
	const struct rv_git_names names = {.git = git, .refs = refs, .graph = &graph};
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_git_graph_init(&graph, git, on_trouble, NULL)))
		abort();
	if (!rv_is_ok(rv_git_range_add(&range, &names, name, &diag)) && !diag.text[0])
		abort();
	rv_git_range_done(&range);
	rv_git_graph_done(&graph);
}

static void open_one(const char *path, struct rv_str name)
{
	struct rv_git *git = NULL;
	struct rv_git_refs refs = {.count = 0};
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_git_open(path, on_trouble, NULL, &git, &diag))) {
		if (!diag.text[0])
			abort();
		return;
	}
	if (rv_is_ok(rv_git_refs_load(git, on_trouble, NULL, &refs)))
		name_commits(git, &refs, name);
	rv_git_refs_done(&refs);
	rv_git_close(git);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_str left = {data, size};

	write_files(&left);
	open_one(work, left);
	open_one(bare, left);
	return 0;
}
