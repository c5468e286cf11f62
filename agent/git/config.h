/* git: the few keys of a repository's config that say how to read it. Inside of this room. Nothing
 * in it can make us run, include, open or believe anything else. */
#pragma once

#include "agent/git/oid.h"

#define RV_GIT_CONFIG_MAX ((size_t)1 << 20)

struct rv_git_config {
	int64_t format_version; /* core.repositoryformatversion */
	bool has_bare, is_bare; /* core.bare */
	size_t oid_len;		/* extensions.objectFormat; 0: a format we do not know */
	bool has_reftable;	/* extensions.refStorage is "reftable" */
	bool has_unknown_refs;	/* .. is neither that nor "files" */
	bool is_partial;	/* extensions.partialClone */
	char unknown[64];	/* the first extension we do not know; "" for none */
};

/* Reads [core] and [extensions]; everything else is skipped, includes too. MALFORMED: the text is
 * not a config; *out then holds what stood before. Format: git-config(1), "Syntax". */
RV_NODISCARD rv_status rv_git_config_parse(struct rv_str text, struct rv_git_config *out);
