/* unpack: see sqlite_wal.h. */
#include "agent/unpack/sqlite_wal.h"

#include "agent/base/digest.h"
#include "agent/unpack/sqlite_cells.h"

#include <stdlib.h>

#define HEADER	    32
#define FRAME	    24 /* before each page */
#define VERSION	    3007000
#define STEPS_MAX   (4U << 20)
#define KNOWN_MAX   65536 /* stretches of bytes that are compared with later ones */
#define KNOWN_SLOTS (2 * KNOWN_MAX)
#define TOO_LONG    "rows of the log share more pages than there are"

/* A frame by what is looked up: the page it has, of one round of the log (its salts). */
struct by_page {
	uint64_t salt;
	uint32_t page;
	uint32_t frame;
};

/* What was handed over. */
struct stretch {
	struct rv_str bytes;
	uint64_t chain; /* stands for the frames it goes on in; 0: none */
};

struct wal {
	struct rv_sqlite_cells cells; /* the first: its hooks are given no other */
	struct rv_str bytes;
	uint64_t salt; /* of the round that is written now */
	uint32_t frames;
	struct by_page *order;
	uint32_t *ends; /* of each frame: the last one of its transaction */
	bool *is_used;	/* its rows were told, or it was a part of one */
	uint32_t at;	/* the frame in hand */
	uint32_t end;	/* the last frame that its rows may go on in */
	uint64_t left;	/* bytes of long rows that are still put together */
	uint32_t steps; /* pages of them that are still compared */
	struct stretch *known;
	uint32_t *slots; /* number in known, and one */
	uint32_t known_count;
	uint64_t seed[2];
};

static const uint8_t *frame_of(const struct wal *w, uint32_t frame)
{
	return w->bytes.data + HEADER + (size_t)frame * (FRAME + w->cells.page_size);
}

static const uint8_t *page_of(const struct wal *w, uint32_t frame)
{
	return frame_of(w, frame) + FRAME;
}

static uint64_t big64(const uint8_t *at)
{
	return (uint64_t)rv_sqlite_big32(at) << 32 | rv_sqlite_big32(at + 4);
}

static uint64_t salt_of(const struct wal *w, uint32_t frame)
{
	return big64(frame_of(w, frame) + 8);
}

bool rv_sqlite_is_wal(struct rv_str bytes)
{
	return bytes.len >= HEADER && (rv_sqlite_big32(bytes.data) & ~1U) == 0x377f0682 &&
	       rv_sqlite_big32(bytes.data + 4) == VERSION &&
	       rv_sqlite_page_size(rv_sqlite_big32(bytes.data + 8));
}

static int by_page(const void *a, const void *b)
{
	const struct by_page *x = a, *y = b;

	if (x->salt != y->salt)
		return x->salt < y->salt ? -1 : 1;
	if (x->page != y->page)
		return x->page < y->page ? -1 : 1;
	return x->frame < y->frame ? -1 : x->frame > y->frame;
}

/* The last frame of that page up to w->end, and one; 0: none. */
static uint32_t find_frame(const struct wal *w, uint32_t page)
{
	const struct by_page wanted = {salt_of(w, w->at), page, w->end};
	uint32_t low = 0, high = w->frames;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (by_page(&w->order[middle], &wanted) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || w->order[low - 1].salt != wanted.salt || w->order[low - 1].page != page)
		return 0;
	return w->order[low - 1].frame + 1;
}

static const uint8_t *take_page(struct rv_sqlite_cells *cells, uint32_t n)
{
	struct wal *w = (struct wal *)cells;
	uint32_t frame = find_frame(w, n);

	if (!frame)
		return NULL; /* it did not change: the database has it */
	if (w->left < cells->page_size) {
		if (w->left)
			cells->events->on_damage(TOO_LONG, cells->user);
		w->left = 0;
		return NULL;
	}
	w->left -= cells->page_size;
	w->is_used[frame - 1] = true;
	return page_of(w, frame - 1);
}

static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 wide = (unsigned __int128)a * b;

	return (uint64_t)wide ^ (uint64_t)(wide >> 64);
}

/* Keyed: what a hostile log holds cannot be made to meet in one slot. */
static uint32_t slot_of(const struct wal *w, const struct stretch *s)
{
	uint64_t sum = w->seed[0] ^ s->chain;
	struct rv_str left = s->bytes;

	while (left.len > 0) {
		uint64_t word = 0;
		size_t len = left.len < sizeof(word) ? left.len : sizeof(word);

		memcpy(&word, left.data, len);
		sum = fold(sum ^ word, w->seed[1] ^ left.len);
		left.data += len;
		left.len -= len;
	}
	return (uint32_t)fold(sum ^ w->seed[1], w->seed[0] | 1) % KNOWN_SLOTS;
}

/* Remembers it; true: it was handed over before. Past the last that is remembered: never. */
static bool is_known(struct wal *w, const struct stretch *s)
{
	uint32_t slot = slot_of(w, s);

	for (; w->slots[slot]; slot = (slot + 1) % KNOWN_SLOTS) {
		const struct stretch *other = &w->known[w->slots[slot] - 1];

		if (other->chain == s->chain && rv_str_equal(other->bytes, s->bytes))
			return true;
	}
	if (w->known_count < KNOWN_MAX) {
		w->known[w->known_count++] = *s;
		w->slots[slot] = w->known_count;
	}
	return false;
}

/* Of a row that goes on, the same beginning says nothing: any page of it may have been written
 * again. */
static uint64_t chain_of(struct wal *w, uint32_t next)
{
	uint64_t chain = 0;

	for (uint32_t i = 0; next && i <= w->frames && w->steps > 0; i++, w->steps--) {
		uint32_t frame = find_frame(w, next);

		chain = fold(chain ^ frame ^ w->seed[0], w->seed[1] ^ next) | 1;
		next = frame ? rv_sqlite_big32(page_of(w, frame - 1)) : 0;
	}
	return chain;
}

static bool is_known_row(struct rv_sqlite_cells *cells, struct rv_str local, uint32_t next)
{
	struct wal *w = (struct wal *)cells;
	const struct stretch s = {local, chain_of(w, next)};

	return (!next || w->steps > 0) && is_known(w, &s);
}

static bool is_known_rest(struct rv_sqlite_cells *cells, struct rv_str rest)
{
	const struct stretch s = {rest, UINT64_MAX};

	return is_known((struct wal *)cells, &s);
}

/* Page 1 begins with the header of the database. */
static size_t tree_at(const struct wal *w, uint32_t frame)
{
	return rv_sqlite_big32(frame_of(w, frame)) == 1 ? RV_SQLITE_HEADER : 0;
}

static bool is_leaf(const struct wal *w, uint32_t frame)
{
	return page_of(w, frame)[tree_at(w, frame)] == RV_SQLITE_LEAF_TABLE;
}

/* Is order[i] the newest of its page? */
static bool is_newest(const struct wal *w, uint32_t i)
{
	const struct by_page *it = &w->order[i];

	return it->salt == w->salt &&
	       (i + 1 == w->frames || it[1].salt != it->salt || it[1].page != it->page);
}

/* The newest frames are read as they are now: SQLite leaves a leaf alone when only the end of a
 * long row changes. All frames are then read as they were when they were written. */
static void read_rows(struct wal *w, const char *name, bool are_newest)
{
	struct rv_sqlite_cells *cells = &w->cells;

	if (cells->is_stopped)
		return;
	cells->is_stopped = !cells->events->on_table(rv_str_of(name), cells->user);
	for (uint32_t i = 0; i < w->frames && !cells->is_stopped; i++) {
		w->at = w->order[i].frame;
		if (!is_leaf(w, w->at) || (are_newest && !is_newest(w, i)))
			continue;
		w->end = are_newest ? UINT32_MAX : w->ends[w->at];
		cells->is_damaged = false;
		rv_sqlite_read_leaf(cells, page_of(w, w->at), tree_at(w, w->at));
		w->is_used[w->at] = !cells->is_damaged;
	}
}

static void read_rest(struct wal *w)
{
	struct rv_sqlite_cells *cells = &w->cells;
	size_t whole = HEADER + (size_t)w->frames * (FRAME + cells->page_size);

	for (uint32_t i = 0; i < w->frames && !cells->is_stopped; i++) {
		struct rv_str page = {page_of(w, i), cells->page_size};

		if (w->is_used[i] && is_leaf(w, i))
			rv_sqlite_read_free_space(cells, page.data, tree_at(w, i));
		else if (!w->is_used[i])
			rv_sqlite_tell_rest(cells, page.data, page.len);
	}
	/* The last frame, cut short. */
	rv_sqlite_tell_rest(cells, w->bytes.data + whole, w->bytes.len - whole);
}

/* What the header of the database says of text, if the log has it. */
static void look_at_header(struct wal *w, const uint8_t *page)
{
	uint32_t encoding = rv_sqlite_big32(page + 56);

	if (encoding >= RV_SQLITE_UTF8 && encoding <= RV_SQLITE_UTF16BE)
		w->cells.encoding = encoding;
	if (page[20] <= 32)
		w->cells.usable = w->cells.page_size - page[20];
}

static rv_status sort(struct wal *w)
{
	const size_t count = (size_t)w->frames + 1;
	uint32_t end = 0;

	w->order = calloc(count, sizeof(*w->order));
	w->ends = calloc(count, sizeof(*w->ends));
	w->is_used = calloc(count, sizeof(*w->is_used));
	w->known = calloc(KNOWN_MAX, sizeof(*w->known));
	w->slots = calloc(KNOWN_SLOTS, sizeof(*w->slots));
	if (!w->order || !w->ends || !w->is_used || !w->known || !w->slots)
		return rv_fail_nomem(NULL);
	rv_random(w->seed, sizeof(w->seed));
	for (uint32_t i = w->frames; i-- > 0;) {
		const uint8_t *frame = frame_of(w, i);

		/* The frame that ends one says how long the database is then. */
		if (i + 1 == w->frames || rv_sqlite_big32(frame + 4) ||
		    salt_of(w, i) != salt_of(w, i + 1))
			end = i;
		w->ends[i] = end;
		w->order[i] = (struct by_page){salt_of(w, i), rv_sqlite_big32(frame), i};
		if (tree_at(w, i))
			look_at_header(w, frame + FRAME);
	}
	if (w->frames > 1)
		qsort(w->order, w->frames, sizeof(*w->order), by_page);
	return RV_OK;
}

static void done(struct wal *w)
{
	free(w->order);
	free(w->ends);
	free(w->is_used);
	free(w->known);
	free(w->slots);
	rv_sqlite_cells_done(&w->cells);
}

rv_status rv_sqlite_read_wal(struct rv_str bytes, const struct rv_sqlite_events *events, void *user)
{
	RV_CLEANUP(done)
	struct wal w = {
		.bytes = bytes,
		.left = 2 * (uint64_t)bytes.len,
		.steps = STEPS_MAX,
		.cells = {.events = events,
			  .user = user,
			  .page = take_page,
			  .is_known = is_known_row,
			  .is_known_rest = is_known_rest,
			  .may_be_cut = true},
	};
	uint64_t frames;

	if (!rv_sqlite_is_wal(bytes))
		return rv_fail(RV_CLASS_MALFORMED, NULL, "no write-ahead log of SQLite 3");
	rv_sqlite_cells_init(&w.cells, bytes.len);
	w.cells.page_size = rv_sqlite_page_size(rv_sqlite_big32(bytes.data + 8));
	w.cells.usable = w.cells.page_size;
	w.salt = big64(bytes.data + 16);
	frames = (bytes.len - HEADER) / (FRAME + w.cells.page_size);
	w.frames = frames < UINT32_MAX - 1 ? (uint32_t)frames : UINT32_MAX - 1;
	RV_TRY(sort(&w));
	read_rows(&w, "(rows)", true);
	read_rows(&w, "(older)", false);
	if (!w.cells.is_stopped)
		read_rest(&w);
	return w.cells.status;
}
