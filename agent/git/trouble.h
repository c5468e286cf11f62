/* git: what could not be read and why; told, never fatal. Not here: failures of a call (status). */
#pragma once

#include "agent/git/oid.h"

enum rv_git_trouble_kind {
	RV_GIT_TROUBLE_UNREADABLE,   /* a file of the repository: permission, I/O, not a file */
	RV_GIT_TROUBLE_PACK,	     /* not a pack, cut short, not the pack of its index */
	RV_GIT_TROUBLE_NO_INDEX,     /* a pack without an index: its objects are not seen */
	RV_GIT_TROUBLE_INDEX,	     /* a pack's index that does not parse or is not whole */
	RV_GIT_TROUBLE_BROKEN,	     /* an object that does not parse or inflate */
	RV_GIT_TROUBLE_TOO_LARGE,    /* an object over the limit */
	RV_GIT_TROUBLE_MISSING_BASE, /* a delta whose base is nowhere, or in a circle of deltas */
	RV_GIT_TROUBLE_MISSING,	     /* an object that something names and nothing holds */
	/* The same, where it is known what it is: */
	RV_GIT_TROUBLE_MISSING_TIP,    /* where a ref or reflog begins; where: its name */
	RV_GIT_TROUBLE_MISSING_COMMIT, /* a parent */
	RV_GIT_TROUBLE_MISSING_TREE,   /* missing or broken; where: its folder, NULL: a commit's */
	RV_GIT_TROUBLE_MISSING_BLOB,   /* where: its path */
	RV_GIT_TROUBLE_MEMORY,	       /* not rebuilt: memory, or the limit on memory in flight */
	RV_GIT_TROUBLE_ALTERNATE,      /* an alternate object store that cannot be used */
	RV_GIT_TROUBLE_REF,	       /* a ref or reflog that does not parse */
	RV_GIT_TROUBLE_STAGE,	       /* the index of a work tree that does not parse */
	RV_GIT_TROUBLE_CONFIG,	       /* the repository's configuration does not parse */
	RV_GIT_TROUBLE_EXTENSION,      /* one of git's that we do not know; where: its key */
	RV_GIT_TROUBLE_UNSUPPORTED,    /* a format we do not know; what follows is missed
					*/
	RV_GIT_TROUBLE_SHALLOW,	       /* history ends here although the commit has parents */
	RV_GIT_TROUBLE_PARTIAL,	       /* a partial clone: objects may be missing by design */
	RV_GIT_TROUBLE_LIMIT,	       /* a stated limit of this room was reached */
	RV_GIT_TROUBLE__COUNT
};

struct rv_git_trouble {
	enum rv_git_trouble_kind kind;
	const char *where;	      /* file, directory or name; borrowed; may be NULL */
	uint64_t offset;	      /* in that file; 0 when there is none to tell */
	const struct rv_git_oid *oid; /* borrowed; NULL when not about one object */
	enum rv_git_type type;	      /* of that object in a pack; RV_GIT_TYPE_NONE: not known */
};

/* May be called from several threads at once by the visitor (visit.h), with that thread's user. */
typedef void rv_git_trouble_fn(void *user, const struct rv_git_trouble *trouble);

/* "unreadable", "pack", ..: stable lower-case words. */
const char *rv_git_trouble_name(enum rv_git_trouble_kind kind);
/* One clause for people: "the object is over the size limit". */
const char *rv_git_trouble_text(enum rv_git_trouble_kind kind);
