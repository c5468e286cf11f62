/* git: reads one object through its chain of deltas. Not here: all of them (visit.c). */
#include "agent/git/delta.h"
#include "agent/git/file.h"
#include "agent/git/inflate.h"
#include "agent/git/odb.h"

#include <errno.h>
#include <libdeflate.h>
#include <limits.h>

#define MALFORMED ((rv_status){RV_CLASS_MALFORMED, 0})
#define NOT_FOUND ((rv_status){RV_CLASS_NOT_FOUND, 0})
#define NO_MEMORY ((rv_status){RV_CLASS_EXHAUSTED, ENOMEM})
#define TOO_LARGE ((rv_status){RV_CLASS_EXHAUSTED, 0})

#define CACHE_SLOTS 8192 /* a power of two */

/* A rebuilt object, owned. */
struct kept {
	uint8_t *data;
	size_t len;
	enum rv_git_type type;
	uint32_t pack;
	uint64_t offset;
};

struct link {
	uint32_t pack;
	uint64_t offset;
	struct rv_git_entry entry;
};

struct rv_git_reader {
	const struct rv_git_odb *odb;
	struct libdeflate_decompressor *zlib;
	struct rv_git_scratch delta;
	struct rv_git_scratch loose;
	struct link *chain;
	size_t chain_cap;
	struct kept slots[CACHE_SLOTS];
	size_t cached_bytes;
	uint32_t hand;	  /* of the clock that makes room */
	struct kept last; /* an object too large for the cache */
};

rv_status rv_git_reader_new(const struct rv_git_odb *odb, struct rv_git_reader **out)
{
	struct rv_git_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return rv_fail_nomem(NULL);
	reader->odb = odb;
	reader->zlib = libdeflate_alloc_decompressor();
	if (!reader->zlib) {
		free(reader);
		return rv_fail_nomem(NULL);
	}
	*out = reader;
	return RV_OK;
}

void rv_git_reader_free(struct rv_git_reader *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		free(reader->slots[i].data);
	free(reader->last.data);
	rv_git_scratch_done(&reader->delta);
	rv_git_scratch_done(&reader->loose);
	free(reader->chain);
	libdeflate_free_decompressor(reader->zlib);
	free(reader);
}

enum rv_git_trouble_kind rv_git_trouble_of(rv_status status)
{
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND)
		return RV_GIT_TROUBLE_MISSING;
	if (rv_class_of(status) == RV_CLASS_EXHAUSTED)
		return status.errno_was ? RV_GIT_TROUBLE_MEMORY : RV_GIT_TROUBLE_TOO_LARGE;
	return rv_class_of(status) == RV_CLASS_MALFORMED ? RV_GIT_TROUBLE_BROKEN
							 : RV_GIT_TROUBLE_UNREADABLE;
}

static struct kept *slot_of(struct rv_git_reader *reader, uint32_t pack, uint64_t offset)
{
	uint64_t h = (offset ^ (uint64_t)pack << 48) * 0x9e3779b97f4a7c15U;

	return &reader->slots[h >> 51 & (CACHE_SLOTS - 1)];
}

static void drop(struct rv_git_reader *reader, struct kept *slot)
{
	reader->cached_bytes -= slot->len;
	free(slot->data);
	*slot = (struct kept){0};
}

/* Takes the object and returns where it lies now. */
static const struct kept *keep(struct rv_git_reader *reader, struct kept *object)
{
	struct kept *slot = slot_of(reader, object->pack, object->offset);

	if (object->len > RV_GIT_CACHE_BYTES / 4) {
		free(reader->last.data);
		slot = &reader->last;
	} else {
		drop(reader, slot);
		while (reader->cached_bytes > RV_GIT_CACHE_BYTES - object->len) {
			drop(reader, &reader->slots[reader->hand]);
			reader->hand = (reader->hand + 1) & (CACHE_SLOTS - 1);
		}
		reader->cached_bytes += object->len;
	}
	*slot = *object;
	*object = (struct kept){0};
	return slot;
}

static rv_status push(struct rv_git_reader *reader, size_t depth, const struct link *link)
{
	if (depth == RV_GIT_CHAIN_MAX)
		return MALFORMED;
	if (depth == reader->chain_cap) {
		size_t cap = depth ? depth * 2 : 64;
		struct link *chain = reallocarray(reader->chain, cap, sizeof(*chain));

		if (!chain)
			return NO_MEMORY;
		reader->chain = chain;
		reader->chain_cap = cap;
	}
	reader->chain[depth] = *link;
	return RV_OK;
}

/* Inflates what stands at a link into fresh memory. */
static rv_status inflate_whole(struct rv_git_reader *reader, const struct link *link,
			       struct kept *out)
{
	const struct rv_git_pack *pack = &reader->odb->packs[link->pack];
	struct rv_str in = {pack->data + link->entry.at,
			    pack->len - pack->oid_len - link->entry.at};
	size_t size = (size_t)link->entry.size;
	rv_status status;

	if (link->entry.size > reader->odb->max_object)
		return TOO_LARGE;
	out->data = malloc(size + 1);
	if (!out->data)
		return NO_MEMORY;
	status = rv_git_inflate(reader->zlib, in, out->data, size);
	if (!rv_is_ok(status)) {
		free(out->data);
		out->data = NULL;
		return status;
	}
	out->len = size;
	out->type = link->entry.type;
	out->pack = link->pack;
	out->offset = link->offset;
	return RV_OK;
}

/* base + the delta at a link = *out, in fresh memory. */
static rv_status rebuild(struct rv_git_reader *reader, const struct link *link,
			 const struct kept *base, struct kept *out)
{
	const struct rv_git_pack *pack = &reader->odb->packs[link->pack];
	struct rv_str in = {pack->data + link->entry.at,
			    pack->len - pack->oid_len - link->entry.at};
	struct rv_str delta = {NULL, (size_t)link->entry.size};
	uint64_t base_len = 0, len = 0;
	rv_status status;
	size_t at = 0;

	if (link->entry.size > reader->odb->max_object)
		return TOO_LARGE;
	if (!rv_git_scratch_need(&reader->delta, delta.len))
		return NO_MEMORY;
	delta.data = reader->delta.data;
	RV_TRY(rv_git_inflate(reader->zlib, in, reader->delta.data, delta.len));
	RV_TRY(rv_git_delta_sizes(delta, &base_len, &len, &at));
	if (len > reader->odb->max_object)
		return TOO_LARGE;
	out->data = malloc((size_t)len + 1);
	if (!out->data)
		return NO_MEMORY;
	status = rv_git_delta_apply((struct rv_str){base->data, base->len}, delta, out->data,
				    (size_t)len, NULL);
	if (!rv_is_ok(status)) {
		free(out->data);
		out->data = NULL;
		return status;
	}
	out->len = (size_t)len;
	out->type = base->type;
	out->pack = link->pack;
	out->offset = link->offset;
	return RV_OK;
}

static rv_status read_loose(struct rv_git_reader *reader, const struct rv_git_oid *oid,
			    enum rv_git_type *out_type, struct rv_str *out_bytes)
{
	char path[PATH_MAX];
	rv_status last = NOT_FOUND;

	for (size_t i = 0; i < reader->odb->dir_count; i++) {
		struct rv_str in = {NULL, 0};
		rv_status status;

		if (!rv_git_odb_loose_path(reader->odb, i, oid, path, sizeof(path)))
			continue;
		status = rv_git_map(path, &in.data, &in.len);
		if (rv_is_ok(status)) {
			status = rv_git_inflate_loose(reader->zlib, in, reader->odb->max_object,
						      &reader->loose, out_type, out_bytes);
			rv_git_unmap(in.data, in.len);
		}
		if (rv_is_ok(status))
			return status;
		if (rv_class_of(status) != RV_CLASS_NOT_FOUND)
			last = status;
	}
	return last;
}

/* The base of a delta by id: in its own pack first. */
static bool locate(const struct rv_git_reader *reader, uint32_t pack, const struct rv_git_oid *oid,
		   struct link *out)
{
	uint32_t n = rv_git_pack_find(&reader->odb->packs[pack], oid);

	if (n == RV_GIT_NONE && !rv_git_odb_find_packed(reader->odb, oid, &pack, &n))
		return false;
	out->pack = pack;
	out->offset = rv_git_pack_offset(&reader->odb->packs[pack], n);
	return true;
}

/* A base that is loose, copied, so that the chain can go on from it. */
static rv_status loose_base(struct rv_git_reader *reader, const struct rv_git_oid *oid,
			    struct kept *out)
{
	enum rv_git_type type = RV_GIT_TYPE_NONE;
	struct rv_str bytes = {NULL, 0};

	RV_TRY(read_loose(reader, oid, &type, &bytes));
	out->data = malloc(bytes.len + 1);
	if (!out->data)
		return NO_MEMORY;
	if (bytes.len)
		memcpy(out->data, bytes.data, bytes.len);
	out->len = bytes.len;
	out->type = type;
	out->offset = 0;
	return RV_OK;
}

/* Goes down from link to something whole. *base borrows from the cache or is in *own. */
static rv_status descend(struct rv_git_reader *reader, struct link link, size_t *out_depth,
			 struct kept *own, const struct kept **out_base)
{
	for (size_t depth = 0;; depth++) {
		struct kept *slot = slot_of(reader, link.pack, link.offset);
		struct rv_git_oid oid;

		*out_depth = depth;
		if (slot->data && slot->pack == link.pack && slot->offset == link.offset) {
			*out_base = slot;
			return RV_OK;
		}
		RV_TRY(rv_git_pack_entry(&reader->odb->packs[link.pack], link.offset, &link.entry));
		if (link.entry.type <= RV_GIT_TAG) {
			*out_base = own;
			return inflate_whole(reader, &link, own);
		}
		RV_TRY(push(reader, depth, &link));
		if (link.entry.type == RV_GIT_OFS_DELTA) {
			link.offset = link.entry.base_offset;
			continue;
		}
		oid = link.entry.base_oid;
		if (!locate(reader, link.pack, &oid, &link)) {
			*out_depth = depth + 1;
			*out_base = own;
			return loose_base(reader, &oid, own);
		}
	}
}

static rv_status read_packed(struct rv_git_reader *reader, const struct link *link,
			     enum rv_git_type *out_type, struct rv_str *out_bytes)
{
	struct kept own = {0}, next = {0};
	const struct kept *base = NULL;
	size_t depth = 0;

	RV_TRY(descend(reader, *link, &depth, &own, &base));
	while (depth > 0) {
		rv_status status = rebuild(reader, &reader->chain[--depth], base, &next);

		if (!rv_is_ok(status)) {
			free(own.data);
			return status;
		}
		/* Only now: making room for the base may not drop what it is needed for. */
		if (own.data && own.offset)
			(void)keep(reader, &own); /* where it lies does not matter any more */
		free(own.data);
		own = next;
		next = (struct kept){0};
		base = &own;
	}
	if (own.data)
		base = keep(reader, &own);
	*out_type = base->type;
	*out_bytes = (struct rv_str){base->data, base->len};
	return RV_OK;
}

rv_status rv_git_read(struct rv_git_reader *reader, const struct rv_git_oid *oid,
		      enum rv_git_type *out_type, struct rv_str *out_bytes)
{
	rv_status first = NOT_FOUND;

	for (uint32_t i = 0; i < reader->odb->pack_count; i++) {
		uint32_t n = rv_git_pack_find(&reader->odb->packs[i], oid);
		struct link link = {.pack = i};
		rv_status status;

		if (n == RV_GIT_NONE)
			continue;
		link.offset = rv_git_pack_offset(&reader->odb->packs[i], n);
		status = read_packed(reader, &link, out_type, out_bytes);
		if (rv_is_ok(status))
			return status;
		if (rv_class_of(first) == RV_CLASS_NOT_FOUND)
			first = status;
	}
	/* Broken in a pack, it may still be whole elsewhere. */
	{
		rv_status loose = read_loose(reader, oid, out_type, out_bytes);

		if (rv_is_ok(loose) || rv_class_of(first) == RV_CLASS_NOT_FOUND)
			return loose;
	}
	return first;
}
