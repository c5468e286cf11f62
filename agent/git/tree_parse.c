/* git: finds the folders and wanted blobs of a tree; of a delta only where it inserts. */
#include "agent/git/tree_list.h"

static rv_status grow(void **items, uint32_t *cap, size_t each)
{
	uint32_t more = *cap ? *cap * 2 : 256;
	void *grown = reallocarray(*items, more, each);

	if (!grown || more < *cap) {
		if (grown)
			*items = grown;
		return rv_fail_nomem(NULL);
	}
	*items = grown;
	*cap = more;
	return RV_OK;
}

static rv_status need_starts(struct rv_git_tree_parse *p, uint32_t count)
{
	while (p->start_cap - p->start_count < count + 1) { /* and the end */
		void *items = p->starts;
		rv_status status = grow(&items, &p->start_cap, sizeof(*p->starts));

		p->starts = items;
		RV_TRY(status);
	}
	return RV_OK;
}

static rv_status put_notable(struct rv_git_tree_parse *p, struct rv_git_notable notable)
{
	if (p->notable_count == p->notable_cap) {
		void *items = p->notables;
		rv_status status = grow(&items, &p->notable_cap, sizeof(*p->notables));

		p->notables = items;
		RV_TRY(status);
	}
	p->notables[p->notable_count++] = notable;
	return RV_OK;
}

static rv_status put_fresh(struct rv_git_tree_parse *p, uint32_t at)
{
	if (p->fresh_count == p->fresh_cap) {
		void *items = p->fresh;
		rv_status status = grow(&items, &p->fresh_cap, sizeof(*p->fresh));

		p->fresh = items;
		RV_TRY(status);
	}
	p->fresh[p->fresh_count++] = p->notable_count;
	return put_notable(p, (struct rv_git_notable){.at = at});
}

void rv_git_tree_parse_done(struct rv_git_tree_parse *p)
{
	free(p->starts);
	free(p->notables);
	free(p->fresh);
	free(p->not_packed);
}

/* Notes an entry whose blob no pack holds. */
static rv_status look_up(struct rv_git_tree_parse *p, const struct rv_git_tree_entry *entry,
			 uint32_t at)
{
	struct rv_git_oid oid;
	uint32_t pack, n;

	if (!p->list->odb || !rv_git_mode_is_blob(entry->mode))
		return RV_OK;
	oid = rv_git_oid_of(entry->oid, p->list->oid_len);
	if (rv_git_odb_find_packed(p->list->odb, &oid, &pack, &n))
		return RV_OK;
	if (p->not_packed_count == p->not_packed_cap) {
		void *items = p->not_packed;
		rv_status status = grow(&items, &p->not_packed_cap, sizeof(*p->not_packed));

		p->not_packed = items;
		RV_TRY(status);
	}
	p->not_packed[p->not_packed_count++] = at;
	return RV_OK;
}

static bool is_notable(const struct rv_git_tree_list *list, const struct rv_git_tree_entry *entry)
{
	size_t bit;
	struct rv_git_oid oid;

	if (rv_git_mode_is(entry->mode, RV_GIT_MODE_DIR))
		return true;
	bit = (size_t)entry->oid[0] << 8 | entry->oid[1];
	if (!(list->filter[bit / 64] >> (bit % 64) & 1) || !rv_git_mode_is_blob(entry->mode))
		return false;
	oid = rv_git_oid_of(entry->oid, list->oid_len);
	return rv_git_oidmap_get(list->wanted, &oid) != RV_GIT_NONE;
}

/* Parses from *at to `to` or the first entry's end past it. */
static rv_status parse_gap(struct rv_git_tree_parse *p, struct rv_str bytes, size_t *at, size_t to)
{
	struct rv_git_tree tree = {bytes.data + *at, bytes.data + bytes.len, p->list->oid_len};
	struct rv_git_tree_entry entry;

	while (*at < to) {
		if (rv_git_tree_next(&tree, &entry) != RV_GIT_TREE_ENTRY) {
			p->is_broken = true;
			return RV_OK;
		}
		RV_TRY(need_starts(p, 1));
		p->starts[p->start_count++] = (uint32_t)*at;
		if (is_notable(p->list, &entry))
			RV_TRY(put_fresh(p, (uint32_t)*at));
		RV_TRY(look_up(p, &entry, (uint32_t)*at));
		*at = (size_t)(tree.at - bytes.data);
	}
	return RV_OK;
}

static void reset(struct rv_git_tree_parse *p)
{
	p->start_count = p->notable_count = p->fresh_count = 0;
	p->not_packed_count = 0;
	p->is_broken = false;
}

rv_status rv_git_tree_parse_all(struct rv_git_tree_parse *p, struct rv_str bytes)
{
	size_t at = 0;

	reset(p);
	RV_TRY(parse_gap(p, bytes, &at, bytes.len));
	RV_TRY(need_starts(p, 0));
	p->starts[p->start_count] = (uint32_t)at;
	return RV_OK;
}

/* The first of `count` ascending numbers that is not below `least`. */
static uint32_t first_from(const uint32_t *starts, uint32_t count, uint32_t least)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (starts[middle] < least)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t first_notable(const struct rv_git_tree_state *base, uint32_t least)
{
	uint32_t low = 0, high = base->notable_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (base->notables[middle].at < least)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Takes over the base's entries [from, to), which lie `shift` further on (modulo 2^32). */
static rv_status take_over(struct rv_git_tree_parse *p, const struct rv_git_tree_state *base,
			   uint32_t from, uint32_t to, uint32_t shift)
{
	RV_TRY(need_starts(p, to - from));
	for (uint32_t i = from; i < to; i++)
		p->starts[p->start_count + (i - from)] = base->starts[i] + shift;
	p->start_count += to - from;
	for (uint32_t i = first_notable(base, base->starts[from]);
	     i < base->notable_count && base->notables[i].at < base->starts[to]; i++) {
		struct rv_git_notable notable = base->notables[i];

		notable.at += shift;
		RV_TRY(put_notable(p, notable));
	}
	return RV_OK;
}

/* A copied run holds whole entries of the base: parses up to the first and takes them over. Where
 * entries begin in the result is known up to *at; a run that does not fit to it is parsed. */
static rv_status do_copy(struct rv_git_tree_parse *p, struct rv_str bytes,
			 const struct rv_git_tree_state *base, const struct rv_git_segment *s,
			 size_t *at)
{
	uint32_t shift = s->at - s->base_at, end = s->base_at + s->len;
	uint32_t from = first_from(base->starts, base->start_count, s->base_at);

	while (from < base->start_count && base->starts[from + 1] <= end) {
		uint32_t start = base->starts[from] + shift;

		if (start > *at)
			RV_TRY(parse_gap(p, bytes, at, start));
		if (p->is_broken)
			return RV_OK;
		if (start == *at)
			break;
		from++;
	}
	if (from < base->start_count && base->starts[from + 1] <= end &&
	    base->starts[from] + shift == *at) {
		/* The last entry that ends in the run; starts also has the end of the last. */
		uint32_t to = first_from(base->starts, base->start_count + 1, end + 1) - 1;
		uint32_t next = base->starts[to] + shift;

		RV_TRY(take_over(p, base, from, to, shift));
		*at = next;
	}
	return RV_OK;
}

rv_status rv_git_tree_parse_delta(struct rv_git_tree_parse *p, struct rv_str bytes,
				  const struct rv_git_tree_state *base,
				  const struct rv_git_segment *segments, size_t count)
{
	size_t at = 0;

	reset(p);
	for (size_t i = 0; i < count && !p->is_broken; i++) {
		if (segments[i].base_at != RV_GIT_INSERTED)
			RV_TRY(do_copy(p, bytes, base, &segments[i], &at));
	}
	if (!p->is_broken)
		RV_TRY(parse_gap(p, bytes, &at, bytes.len));
	RV_TRY(need_starts(p, 0));
	p->starts[p->start_count] = (uint32_t)at;
	return RV_OK;
}
