/* git: builds twigs, each tree once. The hot loop of where a blob came from. */
#include "agent/git/twig.h"

#define FILTER_WORDS 1024 /* 65536 bits */
#define NAMES_MAX    ((size_t)1 << 31)

struct rv_git_twig_frame {
	uint32_t number; /* of the tree */
	uint32_t pending_at;
	size_t names_at;
	struct rv_git_scratch buf;
	struct rv_git_tree tree;
	struct rv_git_tree_entry entry; /* the folder that is being built above this frame */
};

static size_t filter_bit(const uint8_t *oid)
{
	return (size_t)oid[0] << 8 | oid[1];
}

rv_status rv_git_twigs_init(struct rv_git_twigs *twigs, const struct rv_git_differ *differ,
			    const struct rv_git_oidmap *wanted)
{
	*twigs = (struct rv_git_twigs){.differ = differ, .wanted = wanted, .count = 1};
	rv_git_oidmap_init(&twigs->trees);
	rv_buf_init(&twigs->names, NAMES_MAX);
	twigs->filter = calloc(FILTER_WORDS, sizeof(*twigs->filter));
	twigs->cap = 64;
	twigs->mask = 127;
	twigs->twigs = calloc(twigs->cap, sizeof(*twigs->twigs));
	twigs->slots = calloc((size_t)twigs->mask + 1, sizeof(*twigs->slots));
	if (!twigs->filter || !twigs->twigs || !twigs->slots)
		return rv_fail_nomem(NULL);
	for (uint32_t i = 0; i < wanted->count; i++) {
		size_t bit = filter_bit(wanted->oids[i].bytes);

		twigs->filter[bit / 64] |= UINT64_C(1) << (bit % 64);
	}
	return RV_OK;
}

void rv_git_twigs_done(struct rv_git_twigs *twigs)
{
	if (!twigs)
		return;
	for (size_t i = 0; i < twigs->frame_cap; i++)
		rv_git_scratch_done(&twigs->frames[i].buf);
	free(twigs->frames);
	free(twigs->filter);
	rv_git_oidmap_done(&twigs->trees);
	free(twigs->twig_of);
	free(twigs->twigs);
	free(twigs->entries);
	free(twigs->slots);
	rv_buf_done(&twigs->names);
	free(twigs->pending);
	*twigs = (struct rv_git_twigs){0};
}

static void tell(const struct rv_git_twigs *t, enum rv_git_trouble_kind kind,
		 const struct rv_git_oid *oid)
{
	const struct rv_git_trouble trouble = {.kind = kind, .oid = oid};

	if (t->differ->on_trouble)
		t->differ->on_trouble(t->differ->trouble_user, &trouble);
}

static bool is_equal(const struct rv_git_twigs *t, uint32_t twig,
		     const struct rv_git_twig_entry *entries, uint32_t count)
{
	const struct rv_git_twig_entry *own = t->entries + t->twigs[twig].at;

	if (t->twigs[twig].count != count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (own[i].value != entries[i].value || own[i].is_dir != entries[i].is_dir ||
		    own[i].name_len != entries[i].name_len ||
		    memcmp(t->names.data + own[i].name_at, t->names.data + entries[i].name_at,
			   own[i].name_len) != 0)
			return false;
	}
	return true;
}

static uint32_t hash_of(const struct rv_git_twigs *t, const struct rv_git_twig_entry *entries,
			uint32_t count)
{
	uint64_t h = t->trees.seed[0];

	for (uint32_t i = 0; i < count; i++) {
		h = (h ^ entries[i].value ^ (uint64_t)entries[i].is_dir << 40) *
		    0x9e3779b97f4a7c15U;
		for (uint32_t j = 0; j < entries[i].name_len; j++)
			h = (h ^ t->names.data[entries[i].name_at + j]) * 0x100000001b3U;
		h ^= h >> 31;
	}
	return (uint32_t)(h ^ h >> 32);
}

static rv_status grow_twigs(struct rv_git_twigs *t)
{
	uint32_t cap = t->cap * 2;
	struct rv_git_twig *twigs;
	uint32_t *slots;

	if (t->count < t->cap)
		return RV_OK;
	if (cap > RV_GIT_TWIGS_MAX)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	twigs = reallocarray(t->twigs, cap, sizeof(*twigs));
	if (!twigs)
		return rv_fail_nomem(NULL);
	t->twigs = twigs;
	slots = calloc((size_t)cap * 2, sizeof(*slots));
	if (!slots)
		return rv_fail_nomem(NULL);
	free(t->slots);
	t->slots = slots;
	t->cap = cap;
	t->mask = cap * 2 - 1;
	for (uint32_t i = 1; i < t->count; i++) {
		uint32_t s = hash_of(t, t->entries + t->twigs[i].at, t->twigs[i].count) & t->mask;

		while (t->slots[s])
			s = (s + 1) & t->mask;
		t->slots[s] = i;
	}
	return RV_OK;
}

static rv_status put_entries(struct rv_git_twigs *t, const struct rv_git_twig_entry *entries,
			     uint32_t count)
{
	if (count > t->entry_cap - t->entry_count) {
		uint32_t cap = t->entry_cap ? t->entry_cap : 256;
		struct rv_git_twig_entry *grown;

		while (cap - t->entry_count < count) {
			if (cap > RV_GIT_TWIGS_MAX)
				return (rv_status){RV_CLASS_EXHAUSTED, 0};
			cap *= 2;
		}
		grown = reallocarray(t->entries, cap, sizeof(*grown));
		if (!grown)
			return rv_fail_nomem(NULL);
		t->entries = grown;
		t->entry_cap = cap;
	}
	memcpy(t->entries + t->entry_count, entries, count * sizeof(*entries));
	t->entry_count += count;
	return RV_OK;
}

/* The one twig with these entries. *out_is_new: it keeps the names. */
static rv_status intern(struct rv_git_twigs *t, const struct rv_git_twig_entry *entries,
			uint32_t count, uint32_t *out, bool *out_is_new)
{
	uint32_t s;

	*out_is_new = false;
	*out = 0;
	if (count == 0)
		return RV_OK;
	RV_TRY(grow_twigs(t));
	for (s = hash_of(t, entries, count) & t->mask; t->slots[s]; s = (s + 1) & t->mask) {
		if (is_equal(t, t->slots[s], entries, count)) {
			*out = t->slots[s];
			return RV_OK;
		}
	}
	t->twigs[t->count] = (struct rv_git_twig){t->entry_count, count};
	RV_TRY(put_entries(t, entries, count));
	t->slots[s] = t->count;
	*out = t->count++;
	*out_is_new = true;
	return RV_OK;
}

static rv_status pend(struct rv_git_twigs *t, const struct rv_git_tree_entry *entry, bool is_dir,
		      uint32_t value)
{
	struct rv_git_twig_entry *own;

	if (t->pending_count == t->pending_cap) {
		uint32_t cap = t->pending_cap ? t->pending_cap * 2 : 256;
		struct rv_git_twig_entry *pending = reallocarray(t->pending, cap, sizeof(*own));

		if (!pending || cap > RV_GIT_TWIGS_MAX)
			return rv_fail_nomem(NULL);
		t->pending = pending;
		t->pending_cap = cap;
	}
	if (entry->name.len > RV_GIT_PATH_BYTES_MAX)
		return RV_OK;
	own = &t->pending[t->pending_count++];
	own->name_at = (uint32_t)t->names.len;
	own->name_len = (uint32_t)entry->name.len & 0xffffff;
	own->is_dir = is_dir;
	own->value = value;
	return rv_buf_put(&t->names, entry->name.data, entry->name.len);
}

/* The number of a tree, and whether it is new. */
static rv_status number_of(struct rv_git_twigs *t, const struct rv_git_oid *oid, uint32_t *out,
			   bool *out_is_new)
{
	if (t->trees.count == t->twig_of_cap) {
		uint32_t cap = t->twig_of_cap ? t->twig_of_cap * 2 : 1024;
		uint32_t *twig_of = reallocarray(t->twig_of, cap, sizeof(*twig_of));

		if (!twig_of)
			return rv_fail_nomem(NULL);
		t->twig_of = twig_of;
		t->twig_of_cap = cap;
	}
	RV_TRY(rv_git_oidmap_put(&t->trees, oid, out, out_is_new));
	if (*out_is_new)
		t->twig_of[*out] = RV_GIT_NONE; /* also what one finds that contains itself */
	return RV_OK;
}

static rv_status need_frame(struct rv_git_twigs *t)
{
	size_t cap = t->frame_cap ? t->frame_cap * 2 : 16;
	struct rv_git_twig_frame *frames;

	if (t->depth < t->frame_cap)
		return RV_OK;
	frames = reallocarray(t->frames, cap, sizeof(*frames));
	if (!frames)
		return rv_fail_nomem(NULL);
	memset(frames + t->frame_cap, 0, (cap - t->frame_cap) * sizeof(*frames));
	t->frames = frames;
	t->frame_cap = cap;
	return RV_OK;
}

/* Begins to build a tree that was not met before; what cannot be read is empty. */
static rv_status enter(struct rv_git_twigs *t, uint32_t number)
{
	const struct rv_git_oid oid = t->trees.oids[number];
	enum rv_git_type type = RV_GIT_TYPE_NONE;
	struct rv_str bytes = RV_STR_NONE;
	struct rv_git_twig_frame *frame;
	rv_status status;

	if (t->depth == RV_GIT_DEPTH_MAX) {
		tell(t, RV_GIT_TROUBLE_LIMIT, &oid);
		t->twig_of[number] = 0;
		return RV_OK;
	}
	status = rv_git_read(t->differ->reader, &oid, &type, &bytes);
	if (!rv_is_ok(status) || type != RV_GIT_TREE) {
		tell(t, rv_is_ok(status) ? RV_GIT_TROUBLE_BROKEN : rv_git_trouble_of(status), &oid);
		t->twig_of[number] = 0;
		return RV_OK;
	}
	RV_TRY(need_frame(t));
	frame = &t->frames[t->depth];
	if (!rv_git_scratch_need(&frame->buf, bytes.len))
		return rv_fail_nomem(NULL);
	if (bytes.len)
		memcpy(frame->buf.data, bytes.data, bytes.len);
	frame->tree =
		rv_git_tree_begin((struct rv_str){frame->buf.data, bytes.len}, t->differ->oid_len);
	frame->number = number;
	frame->pending_at = t->pending_count;
	frame->names_at = t->names.len;
	t->depth++;
	return RV_OK;
}

/* The deepest frame is done: its twig, told to the frame below it. */
static rv_status leave(struct rv_git_twigs *t)
{
	struct rv_git_twig_frame *frame = &t->frames[--t->depth];
	bool is_new = false;
	uint32_t twig = 0;

	RV_TRY(intern(t, t->pending + frame->pending_at, t->pending_count - frame->pending_at,
		      &twig, &is_new));
	if (!is_new)
		t->names.len = frame->names_at;
	t->pending_count = frame->pending_at;
	t->twig_of[frame->number] = twig;
	if (t->depth > 0 && twig != 0)
		return pend(t, &t->frames[t->depth - 1].entry, true, twig);
	return RV_OK;
}

static rv_status do_folder(struct rv_git_twigs *t, struct rv_git_twig_frame *frame)
{
	struct rv_git_oid oid = rv_git_oid_of(frame->entry.oid, t->differ->oid_len);
	bool is_new = false;
	uint32_t number = 0;

	RV_TRY(number_of(t, &oid, &number, &is_new));
	if (is_new)
		return enter(t, number);
	if (t->twig_of[number] == 0 || t->twig_of[number] == RV_GIT_NONE)
		return RV_OK;
	return pend(t, &frame->entry, true, t->twig_of[number]);
}

/* Goes through the deepest frame to its end or to a folder that must be built first. */
static rv_status run_frame(struct rv_git_twigs *t)
{
	struct rv_git_twig_frame *frame = &t->frames[t->depth - 1];
	size_t depth = t->depth;
	enum rv_git_tree_step step;

	while ((step = rv_git_tree_next(&frame->tree, &frame->entry)) == RV_GIT_TREE_ENTRY) {
		size_t bit = filter_bit(frame->entry.oid);
		struct rv_git_oid oid;
		uint32_t blob;

		if (rv_git_mode_is(frame->entry.mode, RV_GIT_MODE_DIR)) {
			RV_TRY(do_folder(t, frame));
			if (t->depth != depth)
				return RV_OK;
			continue;
		}
		if (!(t->filter[bit / 64] >> (bit % 64) & 1))
			continue;
		oid = rv_git_oid_of(frame->entry.oid, t->differ->oid_len);
		blob = rv_git_oidmap_get(t->wanted, &oid);
		if (blob != RV_GIT_NONE && rv_git_mode_is_blob(frame->entry.mode))
			RV_TRY(pend(t, &frame->entry, false, blob));
	}
	if (step == RV_GIT_TREE_BROKEN)
		tell(t, RV_GIT_TROUBLE_BROKEN, &t->trees.oids[frame->number]);
	return leave(t);
}

rv_status rv_git_twigs_of(struct rv_git_twigs *t, const struct rv_git_oid *tree, uint32_t *out_twig)
{
	bool is_new = false;
	uint32_t number = 0;

	RV_TRY(number_of(t, tree, &number, &is_new));
	if (is_new)
		RV_TRY(enter(t, number));
	while (t->depth > 0)
		RV_TRY(run_frame(t));
	*out_twig = t->twig_of[number];
	return RV_OK;
}
