/* tests: fuzzes commits, tags and trees with the same bytes. */
#include "agent/git/commit.h"
#include "agent/git/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct rv_str part, struct rv_str whole)
{
	return part.len == 0 ||
	       (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_str bytes = {data, size};
	struct rv_git_tree tree = rv_git_tree_begin(bytes, 20);
	struct rv_git_tree_entry entry;
	struct rv_git_commit commit;
	struct rv_git_oid oid;
	enum rv_git_type type;

	if (rv_is_ok(rv_git_commit_parse(bytes, 20, &commit))) {
		if (!is_inside(commit.author.name, bytes) ||
		    !is_inside(commit.author.email, bytes) ||
		    !is_inside(commit.committer.name, bytes) || !is_inside(commit.message, bytes))
			abort();
		for (size_t i = 0; i < commit.parent_count; i++)
			oid = rv_git_commit_parent(&commit, 20, i);
	}
	(void)!rv_is_ok(rv_git_tag_parse(bytes, 20, &oid, &type)); /* any result will do */
	while (rv_git_tree_next(&tree, &entry) == RV_GIT_TREE_ENTRY) {
		if (!is_inside(entry.name, bytes) ||
		    !is_inside((struct rv_str){entry.oid, 20}, bytes))
			abort();
	}
	return 0;
}
