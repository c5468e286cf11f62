/* sweep: which commit of a change put a value there: the file's versions between the base and HEAD,
 * from the newest back. A hint for people: where nothing is sure nobody is named. Not here: a
 * history whole (history_tell.c). */
#pragma once

#include "agent/sweep/repo_view.h"

#define RV_BLAME_LOOKUPS_MAX 65536		 /* of a file in a commit, of one run */
#define RV_BLAME_BYTES_MAX   ((size_t)64 << 20)	 /* of versions that are compared, of one run */
#define RV_BLAME_READ_MAX    ((uint64_t)4 << 30) /* of versions that are read, of one run */
#define RV_BLAME_STEPS_MAX   (64U << 20)	 /* from a commit to a parent, of one run */
#define RV_BLAME_RENAMES_MAX 64			 /* commits searched for where a file came from */
#define RV_BLAME_FILE_MAX    ((size_t)8 << 20)	 /* of a larger file nobody is named */

/* The commits a change consists of; past a limit no more is asked, and nobody named. */
struct rv_blame {
	struct rv_repo_view *view;
	struct rv_git_reader *reader;
	uint32_t head;
	uint8_t *is_in; /* by commit */
	uint32_t node_count;
	struct {
		struct rv_buf path; /* of which the blobs are kept */
		struct rv_git_oid *oids;
		uint8_t *states;
	} memo;
	size_t lookups, bytes, steps, renames;
	uint64_t read_bytes;
};

/* A place in the newest version of a file. */
struct rv_blame_question {
	struct rv_str path;
	struct rv_str old_path; /* before the change; empty: the same */
	struct rv_str text;	/* of the file whole */
	const struct rv_git_oid *oid;
	uint32_t line, end_line; /* 0: no lines; who put the file there as it is, then */
	bool is_of_work_tree;	 /* text is; else it is HEAD's */
};

struct rv_blame_answer {
	uint32_t commit;       /* or RV_GIT_NONE: not known */
	bool is_not_committed; /* only of the work tree; commit is RV_GIT_NONE */
};

/* What HEAD has and `fork` has not. Tells no troubles. */
RV_NODISCARD rv_status rv_blame_open(struct rv_blame *blame, struct rv_repo_view *view,
				     uint32_t fork, uint32_t head);
void rv_blame_done(struct rv_blame *blame); /* accepts a zeroed one */
/* EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_blame_ask(struct rv_blame *blame,
				    const struct rv_blame_question *question,
				    struct rv_blame_answer *out);
