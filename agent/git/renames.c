/* git: similarity by pieces: a piece is a line, or 64 bytes of a longer one; short lines go with
 * the next. Two files have in common the bytes of the pieces that both hold. Not here: which lines
 * (lines.h). */
#include "agent/git/renames.h"

#include "agent/base/digest.h"

#include <stdlib.h>

#define PIECE_MAX  64
#define PIECE_MIN  8
#define CANDIDATES 4 /* kept of one new file */

struct piece {
	uint32_t hash;
	uint32_t bytes; /* of all pieces with this hash */
};

struct sketch {
	struct piece *pieces; /* by hash; NULL: the file is not paired */
	size_t count;
	size_t size;  /* of the file */
	size_t index; /* of the change */
};

struct candidate {
	size_t gone, fresh; /* sketches */
	unsigned percent;
	bool has_same_name; /* in another folder */
};

struct finding {
	struct rv_git_changes *changes;
	rv_git_rename_read *read;
	void *user;
	struct sketch *gone, *fresh;
	size_t gone_count, fresh_count;
	struct candidate *candidates;
	size_t candidate_count;
	size_t read_bytes;
	uint64_t work;
	uint32_t seed;
};

static void finding_done(struct finding *f)
{
	for (size_t i = 0; f->gone && i < f->gone_count; i++)
		free(f->gone[i].pieces);
	for (size_t i = 0; f->fresh && i < f->fresh_count; i++)
		free(f->fresh[i].pieces);
	free(f->gone);
	free(f->fresh);
	free(f->candidates);
}

static size_t piece_len(struct rv_str text, size_t at)
{
	size_t most = text.len - at < PIECE_MAX ? text.len - at : PIECE_MAX;
	size_t from = most < PIECE_MIN ? most : PIECE_MIN - 1;
	const uint8_t *end = from < most ? memchr(text.data + at + from, '\n', most - from) : NULL;

	return end ? (size_t)(end - text.data) - at + 1 : most;
}

static uint32_t hash_of(const uint8_t *p, size_t len, uint32_t seed)
{
	uint32_t h = seed;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x01000193U;
	return h ^ h >> 15;
}

static int by_hash(const void *a, const void *b)
{
	const struct piece *x = a;
	const struct piece *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

static rv_status draw(struct rv_str text, uint32_t seed, struct sketch *out)
{
	size_t count = 0, kept = 0;
	struct piece *pieces = calloc(text.len / PIECE_MIN + 1, sizeof(*pieces));

	if (!pieces)
		return rv_fail_nomem(NULL);
	for (size_t at = 0; at < text.len; count++) {
		size_t len = piece_len(text, at);

		pieces[count] = (struct piece){hash_of(text.data + at, len, seed), (uint32_t)len};
		at += len;
	}
	qsort(pieces, count, sizeof(*pieces), by_hash);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && pieces[kept - 1].hash == pieces[i].hash)
			pieces[kept - 1].bytes += pieces[i].bytes;
		else
			pieces[kept++] = pieces[i];
	}
	struct piece *shrunk = realloc(pieces, (kept + 1) * sizeof(*pieces));
	out->pieces = shrunk ? shrunk : pieces;
	out->count = kept;
	out->size = text.len;
	return RV_OK;
}

static rv_status draw_side(struct finding *f, struct sketch *sketch, bool is_old)
{
	struct rv_str text = RV_STR_NONE;

	if (f->read_bytes >= RV_GIT_RENAME_BYTES_MAX ||
	    !rv_is_ok(f->read(f->user, &f->changes->items[sketch->index], is_old, &text)) ||
	    text.len == 0 || text.len > RV_GIT_RENAME_FILE_MAX)
		return RV_OK;
	f->read_bytes += text.len;
	return draw(text, f->seed, sketch);
}

/* Percent of the larger that both have. */
static unsigned compare(struct finding *f, const struct sketch *a, const struct sketch *b)
{
	size_t larger = a->size > b->size ? a->size : b->size;
	size_t smaller = a->size > b->size ? b->size : a->size;
	size_t i = 0, j = 0, common = 0;

	if (smaller * 100 < larger * RV_GIT_RENAME_PERCENT)
		return 0;
	while (i < a->count && j < b->count) {
		const struct piece *x = &a->pieces[i], *y = &b->pieces[j];

		if (x->hash == y->hash)
			common += x->bytes < y->bytes ? x->bytes : y->bytes;
		i += x->hash <= y->hash;
		j += y->hash <= x->hash;
	}
	f->work += i + j + 1;
	return (unsigned)(common * 100 / larger);
}

static struct rv_str base_name(struct rv_str path)
{
	const uint8_t *slash = path.len > 0 ? memrchr(path.data, '/', path.len) : NULL;

	if (!slash)
		return path;
	return (struct rv_str){slash + 1, path.len - (size_t)(slash + 1 - path.data)};
}

/* The better first; then the order of the list. */
static int by_worth(const void *a, const void *b)
{
	const struct candidate *x = a;
	const struct candidate *y = b;

	if (x->percent != y->percent)
		return x->percent > y->percent ? -1 : 1;
	if (x->has_same_name != y->has_same_name)
		return x->has_same_name ? -1 : 1;
	if (x->fresh != y->fresh)
		return x->fresh < y->fresh ? -1 : 1;
	return (x->gone > y->gone) - (x->gone < y->gone);
}

/* The best few that one new file may come from. */
static void find_candidates(struct finding *f, size_t fresh)
{
	struct candidate best[CANDIDATES + 1] = {0};
	size_t count = 0;
	struct rv_str name = base_name(f->changes->items[f->fresh[fresh].index].path);

	for (size_t i = 0; i < f->gone_count && f->work < RV_GIT_RENAME_WORK; i++) {
		unsigned percent = f->gone[i].pieces && f->fresh[fresh].pieces
					   ? compare(f, &f->gone[i], &f->fresh[fresh])
					   : 0;

		f->work++;
		if (percent < RV_GIT_RENAME_PERCENT)
			continue;
		struct rv_str other = base_name(f->changes->items[f->gone[i].index].path);
		best[count++] = (struct candidate){i, fresh, percent, rv_str_equal(name, other)};
		qsort(best, count, sizeof(*best), by_worth);
		count = count > CANDIDATES ? CANDIDATES : count;
	}
	memcpy(f->candidates + f->candidate_count, best, count * sizeof(*best));
	f->candidate_count += count;
}

static void pair(struct rv_git_change *fresh, struct rv_git_change *gone)
{
	fresh->old_path = gone->path;
	fresh->old_oid = gone->old_oid;
	fresh->old_mode = gone->old_mode;
	gone->old_mode = gone->new_mode = 0; /* leaves the list */
}

static void pair_all(struct finding *f)
{
	size_t kept = 0;

	qsort(f->candidates, f->candidate_count, sizeof(*f->candidates), by_worth);
	for (size_t i = 0; i < f->candidate_count; i++) {
		struct rv_git_change *fresh =
			&f->changes->items[f->fresh[f->candidates[i].fresh].index];
		struct rv_git_change *gone =
			&f->changes->items[f->gone[f->candidates[i].gone].index];

		if (fresh->old_mode == 0 && gone->old_mode != 0)
			pair(fresh, gone);
	}
	for (size_t i = 0; i < f->changes->count; i++) {
		if (f->changes->items[i].old_mode != 0 || f->changes->items[i].new_mode != 0)
			f->changes->items[kept++] = f->changes->items[i];
	}
	f->changes->count = kept;
}

static bool is_gone(const struct rv_git_change *c)
{
	return c->new_mode == 0 && rv_git_mode_is(c->old_mode, RV_GIT_MODE_FILE);
}

static bool is_fresh(const struct rv_git_change *c)
{
	return c->old_mode == 0 && rv_git_mode_is(c->new_mode, RV_GIT_MODE_FILE);
}

static rv_status gather(struct finding *f)
{
	size_t gone = 0, fresh = 0;

	f->gone = calloc(f->gone_count, sizeof(*f->gone));
	f->fresh = calloc(f->fresh_count, sizeof(*f->fresh));
	f->candidates = calloc(f->fresh_count, CANDIDATES * sizeof(*f->candidates));
	if (!f->gone || !f->fresh || !f->candidates)
		return rv_fail_nomem(NULL);
	for (size_t i = 0; i < f->changes->count; i++) {
		if (is_gone(&f->changes->items[i]))
			f->gone[gone++].index = i;
		else if (is_fresh(&f->changes->items[i]))
			f->fresh[fresh++].index = i;
	}
	for (size_t i = 0; i < f->gone_count; i++)
		RV_TRY(draw_side(f, &f->gone[i], true));
	for (size_t i = 0; i < f->fresh_count; i++)
		RV_TRY(draw_side(f, &f->fresh[i], false));
	return RV_OK;
}

rv_status rv_git_renames_find(struct rv_git_changes *changes, rv_git_rename_read *read, void *user)
{
	RV_CLEANUP(finding_done)
	struct finding f = {.changes = changes, .read = read, .user = user};

	for (size_t i = 0; i < changes->count; i++) {
		f.gone_count += is_gone(&changes->items[i]);
		f.fresh_count += is_fresh(&changes->items[i]);
	}
	if (f.gone_count == 0 || f.fresh_count == 0 ||
	    f.gone_count > RV_GIT_RENAME_PAIRS_MAX / f.fresh_count)
		return RV_OK;
	rv_random(&f.seed, sizeof(f.seed));
	RV_TRY(gather(&f));
	for (size_t i = 0; i < f.fresh_count; i++)
		find_candidates(&f, i);
	pair_all(&f);
	return RV_OK;
}
