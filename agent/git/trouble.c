/* git: words for what could not be read. Not here: who hears them. */
#include "agent/git/trouble.h"

struct words {
	const char *name;
	const char *text;
};

static const struct words words[RV_GIT_TROUBLE__COUNT] = {
	[RV_GIT_TROUBLE_UNREADABLE] = {"unreadable",
				       "it cannot be read: permission, I/O, or no file"},
	[RV_GIT_TROUBLE_PACK] = {"pack", "the pack is broken or not the one of its index"},
	[RV_GIT_TROUBLE_NO_INDEX] = {"no_index", "the pack has no index: run `git index-pack`"},
	[RV_GIT_TROUBLE_INDEX] = {"index", "the index is broken"},
	[RV_GIT_TROUBLE_BROKEN] = {"broken", "the object is broken"},
	[RV_GIT_TROUBLE_TOO_LARGE] = {"too_large", "the object is over the size limit"},
	[RV_GIT_TROUBLE_MISSING_BASE] = {"missing_base", "the base of the delta is missing"},
	[RV_GIT_TROUBLE_MISSING] = {"missing", "the object is not in this repository"},
	[RV_GIT_TROUBLE_MISSING_TIP] = {"missing_tip",
					"what this ref names is not in this repository"},
	[RV_GIT_TROUBLE_MISSING_COMMIT] = {"missing_commit",
					   "this commit is not in this repository"},
	[RV_GIT_TROUBLE_MISSING_TREE] = {"missing_tree",
					 "this tree is not in this repository, or broken"},
	[RV_GIT_TROUBLE_MISSING_BLOB] = {"missing_blob", "this blob is not in this repository"},
	[RV_GIT_TROUBLE_MEMORY] = {"memory", "the object needs more memory than is allowed"},
	[RV_GIT_TROUBLE_ALTERNATE] = {"alternate", "the alternate object store cannot be used"},
	[RV_GIT_TROUBLE_REF] = {"ref", "the ref does not parse"},
	[RV_GIT_TROUBLE_STAGE] = {"stage", "it cannot be read as an index of staged files"},
	[RV_GIT_TROUBLE_CONFIG] = {"config", "the repository's configuration does not parse"},
	[RV_GIT_TROUBLE_EXTENSION] = {"extension", "an extension of git that is not known here"},
	[RV_GIT_TROUBLE_UNSUPPORTED] = {"unsupported", "the format is not known here"},
	[RV_GIT_TROUBLE_SHALLOW] = {"shallow", "history was cut here by a shallow clone"},
	[RV_GIT_TROUBLE_PARTIAL] = {"partial", "a partial clone: some objects were never fetched"},
	[RV_GIT_TROUBLE_LIMIT] = {"limit", "a limit of the reader was reached"},
};

const char *rv_git_trouble_name(enum rv_git_trouble_kind kind)
{
	return kind < RV_GIT_TROUBLE__COUNT ? words[kind].name : "invalid";
}

const char *rv_git_trouble_text(enum rv_git_trouble_kind kind)
{
	return kind < RV_GIT_TROUBLE__COUNT ? words[kind].text : "invalid";
}
