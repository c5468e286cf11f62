/* git: in which order the objects of one pack are rebuilt. Inside of this room. Not here: doing it
 * (visit.c). */
#pragma once

#include "agent/git/visit.h"

#define RV_GIT_PLAN_TYPE 0x07 /* enum rv_git_type of the object itself; 0: not known yet */
#define RV_GIT_PLAN_TELL 0x08 /* wanted, and not told from elsewhere */
#define RV_GIT_PLAN_NEED 0x10 /* told, or the base of one that is */
#define RV_GIT_PLAN_BAD	 0x20 /* no object stands at its offset */

/* Objects are named by their rank: the order of their offsets. */
struct rv_git_plan {
	const struct rv_git_odb *odb;
	uint32_t pack; /* number in odb->packs */
	uint32_t count;
	uint64_t *offsets;
	uint32_t *numbers; /* in the pack's index */
	uint32_t *first;   /* child: delta on this one; RV_GIT_NONE ends. The heaviest is last, so
			      that   all others of a path are at most log2(count) */
	uint32_t *next;
	uint8_t *flags;
	uint32_t *roots;   /* whole objects, and deltas whose base is not in this pack */
	uint32_t *weights; /* of roots[i]: objects in its tree */
	uint32_t root_count;
	/* While planning only. */
	uint32_t *parent;
	uint32_t *buckets;
	uint32_t *order;
	unsigned shift;
	uint32_t bucket_count;
};

/* Who decides whether an object that stands in this pack is told from here. */
struct rv_git_wanting {
	unsigned types;
	const struct rv_git_oidmap *only;
	struct rv_git_oidmap *seen; /* ids of packs 1, 2, .. planned so far; NULL: one pack */
	rv_git_trouble_fn *trouble;
	void *user;
};

RV_NODISCARD rv_status rv_git_plan_make(const struct rv_git_odb *odb, uint32_t pack,
					const struct rv_git_wanting *wanting,
					struct rv_git_plan *out);
void rv_git_plan_done(struct rv_git_plan *plan);
static inline struct rv_git_oid rv_git_plan_oid(const struct rv_git_plan *plan, uint32_t rank)
{
	return rv_git_oid_of(rv_git_pack_oid(&plan->odb->packs[plan->pack], plan->numbers[rank]),
			     plan->odb->oid_len);
}
void rv_git_plan_tell(const struct rv_git_plan *plan, rv_git_trouble_fn *trouble, void *user,
		      enum rv_git_trouble_kind kind, uint32_t rank);

/* First step, in plan_sort.c: offsets, numbers and the buckets that find a rank by its offset. */
RV_NODISCARD rv_status rv_git_plan_sort(struct rv_git_plan *plan);
/* The rank of the object at exactly that offset, or RV_GIT_NONE. */
uint32_t rv_git_plan_rank(const struct rv_git_plan *plan, uint64_t offset);
