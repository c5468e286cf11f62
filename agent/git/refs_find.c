/* git: refs by their names. Not here: gathering them (refs.c). */
#include "agent/git/refs.h"

#include "agent/git/file.h"

#include <limits.h>

const struct rv_git_ref *rv_git_refs_find(const struct rv_git_refs *refs, const char *name)
{
	uint32_t low = 0, high = refs->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(refs->items[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < refs->count && strcmp(refs->items[low].name, name) == 0 ? &refs->items[low]
									     : NULL;
}

const struct rv_git_ref *rv_git_refs_lookup(const struct rv_git_refs *refs, struct rv_str name)
{
	static const char *const forms[] = {"%.*s",
					    "refs/%.*s",
					    "refs/tags/%.*s",
					    "refs/heads/%.*s",
					    "refs/remotes/%.*s",
					    "refs/remotes/%.*s/HEAD"};
	char text[PATH_MAX];

	if (name.len == 0 || name.len >= PATH_MAX || memchr(name.data, 0, name.len))
		return NULL;
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		const struct rv_git_ref *ref;
		const char *percent = strchr(forms[i], '%');

		if (!rv_git_path(text, sizeof(text), "%.*s%.*s%s", (int)(percent - forms[i]),
				 forms[i], (int)name.len, (const char *)name.data, percent + 4))
			continue;
		ref = rv_git_refs_find(refs, text);
		if (ref)
			return ref;
	}
	return NULL;
}
