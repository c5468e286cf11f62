/* git: parses trees. Hot when where a blob came from is looked up. */
#include "agent/git/tree.h"

#define MODE_DIGITS_MAX 7

enum rv_git_tree_step rv_git_tree_next(struct rv_git_tree *tree, struct rv_git_tree_entry *out)
{
	const uint8_t *p = tree->at, *name, *nul;
	uint32_t mode = 0;
	size_t left;

	if (p == tree->end)
		return RV_GIT_TREE_END;
	while (p < tree->end && *p >= '0' && *p <= '7' && p - tree->at < MODE_DIGITS_MAX)
		mode = mode << 3 | (uint32_t)(*p++ - '0');
	if (p == tree->end || *p != ' ' || p == tree->at)
		return RV_GIT_TREE_BROKEN;
	name = p + 1;
	left = (size_t)(tree->end - name);
	nul = left ? memchr(name, 0, left) : NULL;
	if (!nul || nul == name || (size_t)(tree->end - nul) < tree->oid_len + 1)
		return RV_GIT_TREE_BROKEN;
	out->mode = mode;
	out->name = (struct rv_str){name, (size_t)(nul - name)};
	out->oid = nul + 1;
	tree->at = nul + 1 + tree->oid_len;
	return RV_GIT_TREE_ENTRY;
}

int rv_git_tree_compare(struct rv_str a, bool a_is_dir, struct rv_str b, bool b_is_dir)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = memcmp(a.data, b.data, len);
	int x, y;

	if (order != 0)
		return order;
	x = len < a.len ? a.data[len] : a_is_dir ? '/' : 0;
	y = len < b.len ? b.data[len] : b_is_dir ? '/' : 0;
	return x - y;
}
