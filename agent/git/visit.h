/* git: every object of a repository, each rebuilt exactly once, in parallel. The way a whole
 * history is read. Not here: what the objects mean, and which commit holds them (origin.h). */
#pragma once

#include "agent/git/delta.h"
#include "agent/git/odb.h"

#define RV_GIT_THREADS_MAX 256
/* Rebuilt bytes and deltas held at once by all threads together. A chain of deltas needs at most
 * about log2(objects of its tree) objects at a time, however deep it is. */
#define RV_GIT_IN_FLIGHT_MAX ((size_t)1 << 30)

/* One object, told once however many packs and directories hold it. Everything is borrowed until
 * the call returns. */
struct rv_git_told {
	const struct rv_git_oid *oid;
	enum rv_git_type type;
	struct rv_str bytes;
	/* For an object stored as a delta on one that this thread was told just before: the base,
	 * what the visitor returned for it, and how the bytes come from it (covering them, in
	 * order). Otherwise segments is NULL: look at all of `bytes`. */
	struct rv_str base;
	void *base_state;
	const struct rv_git_segment *segments;
	size_t segment_count;
	bool is_base; /* deltas on it will be told: otherwise a state for it is of no use */
};

struct rv_git_visitor {
	/* *out_state (NULL before the call) comes back as base_state with each object that is a
	 * delta on this one, and then goes to drop(). A failure ends the whole visit with that
	 * status. */
	rv_status (*object)(void *user, const struct rv_git_told *told, void **out_state);
	/* Before the first object, in the calling thread: how many blobs will be told of packs.
	 * Loose ones come on top. May be NULL. */
	void (*planned)(void *user, uint64_t blobs);
	/* Frees a state that is not NULL; on every path, in the thread that made it. May be NULL.
	 */
	void (*drop)(void *user, void *state);
	/* What could not be told; the visit goes on. In any of the threads. May be NULL. */
	rv_git_trouble_fn *trouble;
};

struct rv_git_visit {
	unsigned types;			  /* 1u << RV_GIT_BLOB | ..; 0: blobs */
	const struct rv_git_oidmap *only; /* NULL: everything, also what no ref reaches */
	unsigned threads;		  /* 0 is 1; at most RV_GIT_THREADS_MAX */
	void *const *users;		  /* one for each thread; NULL: user is NULL */
	size_t max_in_flight;		  /* 0: RV_GIT_IN_FLIGHT_MAX */
	bool without_segments;		  /* segments stay NULL: a little faster */
};

/* Tells every wanted object. Order: none; bases before their deltas. An object of `only` that is
 * not in the store is not told and is no trouble here. With one thread no thread is made.
 * EXHAUSTED: no memory for the plan (about 30 bytes an object), or no thread. */
RV_NODISCARD rv_status rv_git_visit(const struct rv_git_odb *odb, const struct rv_git_visit *visit,
				    const struct rv_git_visitor *visitor, struct rv_diag *diag);
