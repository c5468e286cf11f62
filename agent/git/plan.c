/* git: which object of a pack is a delta on which, what is wanted, and what must be rebuilt for it.
 * Linear in the number of objects; nothing here inflates. */
#include "agent/git/plan.h"

void rv_git_plan_done(struct rv_git_plan *plan)
{
	if (!plan)
		return;
	free(plan->offsets);
	free(plan->numbers);
	free(plan->first);
	free(plan->next);
	free(plan->flags);
	free(plan->roots);
	free(plan->weights);
	free(plan->parent);
	free(plan->buckets);
	free(plan->order);
	*plan = (struct rv_git_plan){0};
}

void rv_git_plan_tell(const struct rv_git_plan *plan, rv_git_trouble_fn *trouble, void *user,
		      enum rv_git_trouble_kind kind, uint32_t rank)
{
	struct rv_git_oid oid = rv_git_plan_oid(plan, rank);
	const struct rv_git_trouble told = {
		.kind = kind,
		.where = plan->odb->packs[plan->pack].path,
		.offset = plan->offsets[rank],
		.type = (enum rv_git_type)(plan->flags[rank] & RV_GIT_PLAN_TYPE),
		.oid = &oid};

	if (trouble)
		trouble(user, &told);
}

/* A delta whose base is in no pack of ours at that place stays without a parent. */
static void find_parent(struct rv_git_plan *plan, uint32_t rank)
{
	const struct rv_git_pack *pack = &plan->odb->packs[plan->pack];
	struct rv_git_entry entry;

	plan->parent[rank] = RV_GIT_NONE;
	if (!rv_is_ok(rv_git_pack_entry(pack, plan->offsets[rank], &entry))) {
		plan->flags[rank] = RV_GIT_PLAN_BAD;
	} else if (entry.type == RV_GIT_OFS_DELTA) {
		plan->parent[rank] = rv_git_plan_rank(plan, entry.base_offset);
		if (plan->parent[rank] == RV_GIT_NONE)
			plan->flags[rank] = RV_GIT_PLAN_BAD;
	} else if (entry.type == RV_GIT_REF_DELTA) {
		uint32_t n = rv_git_pack_find(pack, &entry.base_oid);

		if (n != RV_GIT_NONE)
			plan->parent[rank] = rv_git_plan_rank(plan, rv_git_pack_offset(pack, n));
		/* No parent and no type: visit.c looks for the base elsewhere. */
	} else {
		plan->flags[rank] = (uint8_t)entry.type;
	}
}

static void link_children(struct rv_git_plan *plan, bool needed_only)
{
	memset(plan->first, 0xff, (size_t)plan->count * sizeof(*plan->first));
	for (uint32_t rank = plan->count; rank-- > 0;) {
		uint32_t parent = plan->parent[rank];

		plan->next[rank] = RV_GIT_NONE;
		if (parent == RV_GIT_NONE ||
		    (needed_only && !(plan->flags[rank] & RV_GIT_PLAN_NEED)))
			continue;
		plan->next[rank] = plan->first[parent];
		plan->first[parent] = rank;
	}
}

/* Parents before children; carries the type down. Whatever is not reached stands in a circle. */
static uint32_t put_in_order(struct rv_git_plan *plan)
{
	uint32_t count = 0;

	for (uint32_t rank = 0; rank < plan->count; rank++) {
		if (plan->parent[rank] == RV_GIT_NONE && !(plan->flags[rank] & RV_GIT_PLAN_BAD))
			plan->order[count++] = rank;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t rank = plan->order[i];

		for (uint32_t c = plan->first[rank]; c != RV_GIT_NONE; c = plan->next[c]) {
			plan->flags[c] = plan->flags[rank];
			plan->order[count++] = c;
		}
	}
	return count;
}

static rv_status is_wanted(const struct rv_git_plan *plan, const struct rv_git_wanting *wanting,
			   uint32_t rank, bool *out)
{
	unsigned type = plan->flags[rank] & RV_GIT_PLAN_TYPE;
	struct rv_git_oid oid;
	uint32_t number;
	bool is_new = true;

	*out = false;
	if (type != 0 && !(wanting->types >> type & 1))
		return RV_OK;
	if (!wanting->only && plan->pack == 0) {
		*out = true;
		return RV_OK;
	}
	oid = rv_git_plan_oid(plan, rank);
	if (wanting->only && rv_git_oidmap_get(wanting->only, &oid) == RV_GIT_NONE)
		return RV_OK;
	if (plan->pack > 0) {
		if (rv_git_pack_find(&plan->odb->packs[0], &oid) != RV_GIT_NONE)
			return RV_OK;
		RV_TRY(rv_git_oidmap_put(wanting->seen, &oid, &number, &is_new));
	}
	*out = is_new;
	return RV_OK;
}

/* What is wanted, and up the chains what that needs; weights[rank] becomes the size of the tree. */
static rv_status mark(struct rv_git_plan *plan, const struct rv_git_wanting *wanting,
		      uint32_t ordered)
{
	for (uint32_t i = 0; i < ordered; i++) {
		bool wanted = false;

		RV_TRY(is_wanted(plan, wanting, plan->order[i], &wanted));
		if (wanted)
			plan->flags[plan->order[i]] |= RV_GIT_PLAN_TELL | RV_GIT_PLAN_NEED;
		plan->weights[plan->order[i]] = 1;
	}
	for (uint32_t i = ordered; i-- > 0;) {
		uint32_t rank = plan->order[i], parent = plan->parent[rank];

		if (parent == RV_GIT_NONE || !(plan->flags[rank] & RV_GIT_PLAN_NEED))
			continue;
		plan->flags[parent] |= RV_GIT_PLAN_NEED;
		plan->weights[parent] += plan->weights[rank];
	}
	return RV_OK;
}

/* Moves the child with the largest tree to the end of the list. */
static void put_heaviest_last(struct rv_git_plan *plan, uint32_t parent)
{
	uint32_t *heaviest = &plan->first[parent], *slot = &plan->first[parent];
	uint32_t moved;

	for (; *slot != RV_GIT_NONE; slot = &plan->next[*slot]) {
		if (plan->weights[*slot] > plan->weights[*heaviest])
			heaviest = slot;
	}
	moved = *heaviest;
	if (plan->next[moved] == RV_GIT_NONE)
		return;
	*slot = moved; /* slot is the list's end and stays so: `moved` is not last */
	*heaviest = plan->next[moved];
	plan->next[moved] = RV_GIT_NONE;
}

static rv_status collect_roots(struct rv_git_plan *plan, uint32_t ordered)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < ordered && plan->parent[plan->order[i]] == RV_GIT_NONE; i++)
		count += (plan->flags[plan->order[i]] & RV_GIT_PLAN_NEED) != 0;
	plan->roots = calloc((size_t)count + 1, sizeof(*plan->roots));
	if (!plan->roots)
		return rv_fail_nomem(NULL);
	for (uint32_t i = 0; plan->root_count < count; i++) {
		if (plan->flags[plan->order[i]] & RV_GIT_PLAN_NEED)
			plan->roots[plan->root_count++] = plan->order[i];
	}
	for (uint32_t i = 0; i < count; i++) /* roots ascend: nothing is overwritten unread */
		plan->weights[i] = plan->weights[plan->roots[i]];
	return RV_OK;
}

static rv_status allocate(struct rv_git_plan *plan)
{
	size_t count = (size_t)plan->count + 1;

	plan->offsets = calloc(count, sizeof(*plan->offsets));
	plan->numbers = calloc(count, sizeof(*plan->numbers));
	plan->first = calloc(count, sizeof(*plan->first));
	plan->next = calloc(count, sizeof(*plan->next));
	plan->flags = calloc(count, sizeof(*plan->flags));
	plan->parent = calloc(count, sizeof(*plan->parent));
	plan->weights = calloc(count, sizeof(*plan->weights));
	if (!plan->offsets || !plan->numbers || !plan->first || !plan->next || !plan->flags ||
	    !plan->parent || !plan->weights)
		return rv_fail_nomem(NULL);
	return RV_OK;
}

static void tell_unreached(const struct rv_git_plan *plan, const struct rv_git_wanting *wanting,
			   uint32_t ordered)
{
	if (ordered == plan->count)
		return;
	for (uint32_t i = 0; i < ordered; i++)
		plan->flags[plan->order[i]] |= 0x80; /* reached: only until the end of this call */
	for (uint32_t rank = 0; rank < plan->count; rank++) {
		if (!(plan->flags[rank] & 0x80))
			rv_git_plan_tell(plan, wanting->trouble, wanting->user,
					 plan->flags[rank] & RV_GIT_PLAN_BAD
						 ? RV_GIT_TROUBLE_BROKEN
						 : RV_GIT_TROUBLE_MISSING_BASE,
					 rank);
		plan->flags[rank] &= 0x7f;
	}
}

rv_status rv_git_plan_make(const struct rv_git_odb *odb, uint32_t pack,
			   const struct rv_git_wanting *wanting, struct rv_git_plan *out)
{
	RV_CLEANUP(rv_git_plan_done)
	struct rv_git_plan plan = {.odb = odb, .pack = pack, .count = odb->packs[pack].count};
	uint32_t ordered;

	RV_TRY(allocate(&plan));
	RV_TRY(rv_git_plan_sort(&plan));
	for (uint32_t rank = 0; rank < plan.count; rank++)
		find_parent(&plan, rank);
	free(RV_TAKE(plan.buckets));
	plan.order = calloc((size_t)plan.count + 1, sizeof(*plan.order));
	if (!plan.order)
		return rv_fail_nomem(NULL);
	link_children(&plan, false);
	ordered = put_in_order(&plan);
	tell_unreached(&plan, wanting, ordered);
	RV_TRY(mark(&plan, wanting, ordered));
	link_children(&plan, true);
	for (uint32_t rank = 0; rank < plan.count; rank++) {
		if (plan.first[rank] != RV_GIT_NONE)
			put_heaviest_last(&plan, rank);
	}
	RV_TRY(collect_roots(&plan, ordered));
	free(RV_TAKE(plan.order));
	free(RV_TAKE(plan.parent));
	*out = plan;
	plan = (struct rv_git_plan){0};
	return RV_OK;
}
