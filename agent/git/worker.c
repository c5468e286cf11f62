/* git: rebuilds every object of a tree of deltas once, holding only what is still needed. */
#include "agent/git/worker.h"

#include "agent/git/file.h"

#include <errno.h>
#include <libdeflate.h>
#include <limits.h>

#define MALFORMED ((rv_status){RV_CLASS_MALFORMED, 0})
#define NO_MEMORY ((rv_status){RV_CLASS_EXHAUSTED, ENOMEM})
#define TOO_LARGE ((rv_status){RV_CLASS_EXHAUSTED, 0})
#define LARGE_CAP ((size_t)8 << 20) /* memory above this is given back after each tree */

rv_status rv_git_worker_init(struct rv_git_worker *worker)
{
	worker->zlib = libdeflate_alloc_decompressor();
	return worker->zlib ? RV_OK : rv_fail_nomem(NULL);
}

static void give_back(struct rv_git_worker *worker, struct rv_git_scratch *scratch)
{
	atomic_fetch_sub(worker->in_flight, scratch->cap);
	rv_git_scratch_done(scratch);
}

void rv_git_worker_done(struct rv_git_worker *worker)
{
	if (!worker)
		return;
	libdeflate_free_decompressor(worker->zlib);
	rv_git_reader_free(worker->reader);
	rv_git_scratch_done(&worker->delta);
	rv_git_scratch_done(&worker->spare);
	rv_git_segments_done(&worker->segments);
	for (size_t i = 0; i < RV_GIT_FRAMES; i++)
		rv_git_scratch_done(&worker->frames[i].buf);
}

/* Room for len bytes, within what all threads may hold together. */
static bool need(struct rv_git_worker *worker, struct rv_git_scratch *scratch, size_t len)
{
	size_t before = scratch->cap, after, all;

	if (len <= before && scratch->data)
		return true;
	for (unsigned i = worker->depth + 1; i < RV_GIT_FRAMES; i++) {
		if (&worker->frames[i].buf != scratch && worker->frames[i].buf.cap > LARGE_CAP)
			give_back(worker, &worker->frames[i].buf);
	}
	all = atomic_load(worker->in_flight);
	if (all - before + len > worker->max_in_flight)
		return false;
	if (!rv_git_scratch_need(scratch, len)) {
		atomic_fetch_sub(worker->in_flight, before);
		return false;
	}
	after = scratch->cap;
	atomic_fetch_add(worker->in_flight, after - before);
	return true;
}

static void drop(struct rv_git_worker *worker, void **state)
{
	if (*state && worker->visitor->drop)
		worker->visitor->drop(worker->user, *state);
	*state = NULL;
}

static enum rv_git_trouble_kind kind_of(rv_status status)
{
	return rv_class_of(status) == RV_CLASS_NOT_FOUND ? RV_GIT_TROUBLE_MISSING_BASE
							 : rv_git_trouble_of(status);
}

/* An object that could not be rebuilt, and everything that is a delta on it. Takes the lists of
 * children apart: nobody walks them again. */
static void tell_lost(struct rv_git_worker *worker, struct rv_git_plan *plan, uint32_t rank,
		      rv_status why)
{
	uint32_t left = plan->first[rank];

	if (plan->flags[rank] & RV_GIT_PLAN_TELL)
		rv_git_plan_tell(plan, worker->visitor->trouble, worker->user, kind_of(why), rank);
	while (left != RV_GIT_NONE) {
		uint32_t one = left, *end = &plan->first[one];

		left = plan->next[one];
		while (*end != RV_GIT_NONE)
			end = &plan->next[*end];
		*end = left;
		left = plan->first[one];
		if (plan->flags[one] & RV_GIT_PLAN_TELL)
			rv_git_plan_tell(plan, worker->visitor->trouble, worker->user,
					 RV_GIT_TROUBLE_MISSING_BASE, one);
	}
}

static struct rv_str stream_of(const struct rv_git_plan *plan, const struct rv_git_entry *entry)
{
	const struct rv_git_pack *pack = &plan->odb->packs[plan->pack];

	return (struct rv_str){pack->data + entry->at, pack->len - pack->oid_len - entry->at};
}

/* base and the delta at rank give `len` bytes in out. */
static rv_status rebuild(struct rv_git_worker *worker, const struct rv_git_plan *plan,
			 uint32_t rank, struct rv_str base, bool with_segments,
			 struct rv_git_scratch *out, size_t *out_len)
{
	struct rv_git_entry entry;
	struct rv_str delta;
	uint64_t base_len = 0, len = 0;
	size_t at = 0;

	RV_TRY(rv_git_pack_entry(&plan->odb->packs[plan->pack], plan->offsets[rank], &entry));
	if (entry.size > worker->odb->max_object)
		return TOO_LARGE;
	if (!need(worker, &worker->delta, (size_t)entry.size))
		return NO_MEMORY;
	delta = (struct rv_str){worker->delta.data, (size_t)entry.size};
	RV_TRY(rv_git_inflate(worker->zlib, stream_of(plan, &entry), worker->delta.data,
			      delta.len));
	RV_TRY(rv_git_delta_sizes(delta, &base_len, &len, &at));
	if (len > worker->odb->max_object)
		return TOO_LARGE;
	if (!need(worker, out, (size_t)len))
		return NO_MEMORY;
	*out_len = (size_t)len;
	return rv_git_delta_apply(base, delta, out->data, (size_t)len,
				  with_segments ? &worker->segments : NULL);
}

static rv_status tell(struct rv_git_worker *worker, const struct rv_git_plan *plan, uint32_t rank,
		      struct rv_git_told *told, void **out_state)
{
	*out_state = NULL;
	if (!(plan->flags[rank] & RV_GIT_PLAN_TELL))
		return RV_OK;
	worker->oid = rv_git_plan_oid(plan, rank);
	told->oid = &worker->oid;
	told->type = (enum rv_git_type)(plan->flags[rank] & RV_GIT_PLAN_TYPE);
	told->is_base = plan->first[rank] != RV_GIT_NONE;
	return worker->visitor->object(worker->user, told, out_state);
}

/* The next child of the deepest frame. The last one takes its parent's frame over. */
static rv_status do_child(struct rv_git_worker *worker, struct rv_git_plan *plan)
{
	struct rv_git_frame *frame = &worker->frames[worker->depth - 1], *target;
	uint32_t rank = frame->child;
	bool is_last = plan->next[rank] == RV_GIT_NONE;
	bool is_told = plan->flags[rank] & RV_GIT_PLAN_TELL;
	bool with_segments = is_told && frame->was_told && !worker->visit->without_segments;
	struct rv_git_scratch *out = is_last ? &worker->spare : &worker->frames[worker->depth].buf;
	struct rv_git_told told = {.base = {frame->buf.data, frame->len}};
	void *state = NULL;
	size_t len = 0;
	rv_status status;

	frame->child = plan->next[rank];
	status = rebuild(worker, plan, rank, told.base, with_segments, out, &len);
	if (!rv_is_ok(status)) {
		tell_lost(worker, plan, rank, status);
		return RV_OK;
	}
	told.bytes = (struct rv_str){out->data, len};
	if (with_segments) {
		told.base_state = frame->state;
		told.segments = worker->segments.items;
		told.segment_count = worker->segments.count;
	} else {
		told.base = RV_STR_NONE;
	}
	status = tell(worker, plan, rank, &told, &state);
	if (is_last) {
		struct rv_git_scratch bytes = worker->spare;

		drop(worker, &frame->state);
		worker->spare = frame->buf;
		frame->buf = bytes;
		target = frame;
	} else {
		target = &worker->frames[worker->depth++];
	}
	target->child = plan->first[rank];
	target->was_told = is_told;
	target->state = state;
	target->len = len;
	return status;
}

/* A whole object of this pack. */
static rv_status whole(struct rv_git_worker *worker, const struct rv_git_plan *plan, uint32_t rank,
		       struct rv_git_frame *frame)
{
	struct rv_git_entry entry;

	RV_TRY(rv_git_pack_entry(&plan->odb->packs[plan->pack], plan->offsets[rank], &entry));
	if (entry.size > worker->odb->max_object)
		return TOO_LARGE;
	frame->len = (size_t)entry.size;
	if (!need(worker, &frame->buf, frame->len))
		return NO_MEMORY;
	return rv_git_inflate(worker->zlib, stream_of(plan, &entry), frame->buf.data, frame->len);
}

/* A delta on an object that is not in its pack: reads it whole, by its own id. */
static rv_status foreign(struct rv_git_worker *worker, struct rv_git_plan *plan, uint32_t rank,
			 struct rv_git_frame *frame)
{
	struct rv_git_oid oid = rv_git_plan_oid(plan, rank);
	enum rv_git_type type = RV_GIT_TYPE_NONE;
	struct rv_str bytes = {NULL, 0};

	if (!worker->reader)
		RV_TRY(rv_git_reader_new(worker->odb, &worker->reader));
	RV_TRY(rv_git_read(worker->reader, &oid, &type, &bytes));
	if (!need(worker, &frame->buf, bytes.len))
		return NO_MEMORY;
	if (bytes.len)
		memcpy(frame->buf.data, bytes.data, bytes.len);
	frame->len = bytes.len;
	/* Its tree is of that type as well, and may turn out not to be wanted. */
	plan->flags[rank] |= (uint8_t)type;
	return RV_OK;
}

static void shrink(struct rv_git_worker *worker)
{
	for (size_t i = 0; i < RV_GIT_FRAMES; i++) {
		if (worker->frames[i].buf.cap > LARGE_CAP)
			give_back(worker, &worker->frames[i].buf);
	}
	if (worker->spare.cap > LARGE_CAP)
		give_back(worker, &worker->spare);
	if (worker->delta.cap > LARGE_CAP)
		give_back(worker, &worker->delta);
}

/* The type of a tree whose root is a delta on something elsewhere was not known to the plan. */
static void set_type(struct rv_git_worker *worker, struct rv_git_plan *plan, uint32_t rank,
		     uint8_t type)
{
	plan->flags[rank] |= type;
	if (!(worker->visit->types >> type & 1))
		plan->flags[rank] &= (uint8_t)~RV_GIT_PLAN_TELL;
}

rv_status rv_git_worker_tree(struct rv_git_worker *worker, struct rv_git_plan *plan, uint32_t n)
{
	uint32_t rank = plan->roots[n];
	struct rv_git_frame *frame = &worker->frames[0];
	bool is_foreign = !(plan->flags[rank] & RV_GIT_PLAN_TYPE);
	struct rv_git_told told = {0};
	rv_status status;
	uint8_t type;

	worker->depth = 0;
	frame->state = NULL;
	status = is_foreign ? foreign(worker, plan, rank, frame) : whole(worker, plan, rank, frame);
	if (!rv_is_ok(status)) {
		tell_lost(worker, plan, rank, status);
		return RV_OK;
	}
	type = plan->flags[rank] & RV_GIT_PLAN_TYPE;
	if (is_foreign)
		set_type(worker, plan, rank, type);
	told.bytes = (struct rv_str){frame->buf.data, frame->len};
	status = tell(worker, plan, rank, &told, &frame->state);
	frame->was_told = plan->flags[rank] & RV_GIT_PLAN_TELL;
	frame->child = plan->first[rank];
	worker->depth = 1;
	while (worker->depth > 0) {
		frame = &worker->frames[worker->depth - 1];
		if (!rv_is_ok(status) || frame->child == RV_GIT_NONE) {
			drop(worker, &frame->state);
			worker->depth--;
			continue;
		}
		if (is_foreign)
			set_type(worker, plan, frame->child, type);
		status = do_child(worker, plan);
	}
	shrink(worker);
	return status;
}

struct loose {
	struct rv_git_worker *worker;
	size_t dir;
	rv_status told; /* what the visitor said last */
};

/* Told from a pack, or from a directory before this one? */
static bool is_elsewhere(const struct loose *loose, const struct rv_git_oid *oid)
{
	const struct rv_git_odb *odb = loose->worker->odb;
	char path[PATH_MAX];
	uint32_t pack, n;

	if (rv_git_odb_find_packed(odb, oid, &pack, &n))
		return true;
	for (size_t i = 0; i < loose->dir; i++) {
		if (rv_git_odb_loose_path(odb, i, oid, path, sizeof(path)) && rv_git_is_file(path))
			return true;
	}
	return false;
}

static rv_status tell_loose(void *user, const struct rv_git_oid *oid)
{
	struct loose *loose = user;
	struct rv_git_worker *worker = loose->worker;
	struct rv_git_told told = {.oid = oid};
	struct rv_str in = {NULL, 0};
	char path[PATH_MAX];
	void *state = NULL;
	rv_status status;

	if ((worker->visit->only && rv_git_oidmap_get(worker->visit->only, oid) == RV_GIT_NONE) ||
	    is_elsewhere(loose, oid) ||
	    !rv_git_odb_loose_path(worker->odb, loose->dir, oid, path, sizeof(path)))
		return RV_OK;
	status = rv_git_map(path, &in.data, &in.len);
	if (rv_is_ok(status)) {
		status = rv_git_inflate_loose(worker->zlib, in, worker->odb->max_object,
					      &worker->spare, &told.type, &told.bytes);
		rv_git_unmap(in.data, in.len);
	}
	if (!rv_is_ok(status)) {
		const struct rv_git_trouble trouble = {
			.kind = rv_git_trouble_of(status), .where = path, .oid = oid};

		if (worker->visitor->trouble)
			worker->visitor->trouble(worker->user, &trouble);
		return RV_OK;
	}
	if (!(worker->visit->types >> told.type & 1))
		return RV_OK;
	status = worker->visitor->object(worker->user, &told, &state);
	drop(worker, &state);
	loose->told = status;
	return status;
}

/* A folder that may not be listed is told; the others are gone on with. */
static rv_status tell_folder(const struct loose *loose, unsigned folder, rv_status status)
{
	const struct rv_git_worker *worker = loose->worker;
	char path[PATH_MAX];
	const struct rv_git_trouble trouble = {.kind = RV_GIT_TROUBLE_UNREADABLE, .where = path};

	if (rv_is_ok(status) || !rv_is_ok(loose->told) || rv_class_of(status) == RV_CLASS_EXHAUSTED)
		return status;
	if (worker->visitor->trouble &&
	    rv_git_path(path, sizeof(path), "%s/%02x", worker->odb->dirs[loose->dir], folder))
		worker->visitor->trouble(worker->user, &trouble);
	return RV_OK;
}

rv_status rv_git_worker_loose(struct rv_git_worker *worker, size_t dir, unsigned folder)
{
	struct loose loose = {.worker = worker, .dir = dir};
	size_t before = worker->spare.cap;
	rv_status status;

	status = rv_git_odb_each_loose(worker->odb, dir, folder, tell_loose, &loose);
	status = tell_folder(&loose, folder, status);
	atomic_fetch_add(worker->in_flight, worker->spare.cap - before);
	shrink(worker);
	return status;
}
