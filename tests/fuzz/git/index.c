/* tests: fuzzes the index; the first byte chooses the length of ids. */
#include "agent/git/index_split.h"
#include "agent/git/index_trees.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_git_index_trees trees = {0};
	struct rv_git_index index = {0};
	size_t sum = 0;

	if (size < 1)
		return 0;
	if (!rv_is_ok(rv_git_index_parse((struct rv_str){data + 1, size - 1}, data[0] & 1 ? 32 : 20,
					 &index)))
		return 0;
	for (uint32_t i = 0; i < index.count; i++) {
		if (index.entries[i].path.len == 0 && !index.is_split)
			abort();
		for (size_t j = 0; j < index.entries[i].path.len; j++)
			sum += index.entries[i].path.data[j] == 0;
	}
	if (sum)
		abort();
	if (rv_is_ok(rv_git_index_trees_parse(index.trees, data[0] & 1 ? 32 : 20, &trees))) {
		for (size_t i = 0; i < trees.count; i++) {
			if (!rv_git_index_trees_has(&trees, trees.items[i].path,
						    &trees.items[i].oid) &&
			    trees.count == 1)
				abort();
		}
	}
	/* On itself: as many entries, and bits that mean something to it. */
	struct rv_git_index shared = index;
	struct rv_git_index_entry *entries = NULL;
	uint32_t count = 0;
	shared.is_split = false;
	if (index.is_split &&
	    rv_is_ok(rv_git_index_merge(&index, &shared, data[0] & 1 ? 32 : 20, &entries, &count)))
		free(entries);
	rv_git_index_trees_done(&trees);
	rv_git_index_done(&index);
	return 0;
}
