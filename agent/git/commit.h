/* git: what stands in a commit and in a tag. Not here: walking them (graph.h). */
#pragma once

#include "agent/git/odb.h"

struct rv_git_person {
	struct rv_str name, email; /* borrowed from the object; any bytes */
	int64_t at_utc;		   /* seconds; 0 when it does not parse */
	int32_t zone_minutes;	   /* east of UTC */
};

struct rv_git_commit {
	struct rv_git_oid tree;
	struct rv_str parents; /* the lines; rv_git_commit_parent picks one */
	size_t parent_count;
	struct rv_git_person author, committer;
	struct rv_str message; /* after the empty line; borrowed */
};

/* MALFORMED: no tree, or ids that are none. A broken author or date is not: they are left empty. */
RV_NODISCARD rv_status rv_git_commit_parse(struct rv_str bytes, size_t oid_len,
					   struct rv_git_commit *out);
/* The n-th parent, n < parent_count. */
struct rv_git_oid rv_git_commit_parent(const struct rv_git_commit *commit, size_t oid_len,
				       size_t n);
/* What an annotated tag names. MALFORMED. */
RV_NODISCARD rv_status rv_git_tag_parse(struct rv_str bytes, size_t oid_len,
					struct rv_git_oid *out_oid, enum rv_git_type *out_type);
/* Follows tags to something else; at most 32 of them (LOOP is MALFORMED). */
RV_NODISCARD rv_status rv_git_peel(struct rv_git_reader *reader, size_t oid_len,
				   struct rv_git_oid *oid, enum rv_git_type *out_type);
