/* git: Myers' O(ND) difference, divided in the middle ("An O(ND) Difference Algorithm and Its
 * Variations", 1986), with a stack of boxes instead of recursion. */
#include "agent/git/lines.h"

#include "agent/base/digest.h"

#define DEPTH_MAX 4096 /* edits from each side before a box is given up */

struct line {
	const uint8_t *at;
	uint32_t len;
	uint32_t hash;
};

struct text {
	struct line *lines;
	size_t count;
};

struct box {
	uint32_t a, a_end, b, b_end;
};

struct diffing {
	struct text a, b;
	uint8_t *added; /* of b's lines */
	struct box *boxes;
	size_t box_count, box_cap;
	int32_t *diagonals;	     /* memory of the next two */
	int32_t *forward, *backward; /* furthest x by diagonal, which may be below 0; -1: none */
	int32_t reach;		     /* their size to each side */
	uint64_t work;
	bool is_rough;
};

void rv_git_lines_done(struct rv_git_lines *lines)
{
	if (!lines)
		return;
	free(lines->items);
	*lines = (struct rv_git_lines){0};
}

static void diffing_done(struct diffing *d)
{
	free(d->a.lines);
	free(d->b.lines);
	free(d->added);
	free(d->boxes);
	free(d->diagonals);
}

static size_t count_lines(struct rv_str text)
{
	size_t count = 0;

	for (size_t at = 0; at < text.len; count++) {
		const uint8_t *end = memchr(text.data + at, '\n', text.len - at);

		at = end ? (size_t)(end - text.data) + 1 : text.len;
	}
	return count;
}

/* Only to tell lines apart quickly: equal ones are compared. */
static uint32_t hash_of(const uint8_t *p, size_t len, uint64_t seed)
{
	uint64_t h = seed;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word;

		memcpy(&word, p, 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15U;
		h ^= h >> 29;
	}
	for (; len > 0; p++, len--)
		h = (h ^ *p) * 0x100000001b3U;
	return (uint32_t)(h ^ h >> 32);
}

static rv_status split(struct rv_str text, size_t count, uint64_t seed, struct text *out)
{
	size_t at = 0;

	out->lines = calloc(count + 1, sizeof(*out->lines));
	if (!out->lines)
		return rv_fail_nomem(NULL);
	out->count = count;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *start = text.data + at;
		const uint8_t *end = memchr(start, '\n', text.len - at);
		size_t len = end ? (size_t)(end - start) + 1 : text.len - at;

		out->lines[i] = (struct line){start, (uint32_t)len, hash_of(start, len, seed)};
		at += len;
	}
	return RV_OK;
}

static inline bool is_same(const struct diffing *d, uint32_t a, uint32_t b)
{
	const struct line *x = &d->a.lines[a], *y = &d->b.lines[b];

	return x->hash == y->hash && x->len == y->len && memcmp(x->at, y->at, x->len) == 0;
}

static rv_status push(struct diffing *d, struct box box)
{
	if (d->box_count == d->box_cap) {
		size_t cap = d->box_cap ? d->box_cap * 2 : 64;
		struct box *boxes = reallocarray(d->boxes, cap, sizeof(*boxes));

		if (!boxes)
			return rv_fail_nomem(NULL);
		d->boxes = boxes;
		d->box_cap = cap;
	}
	d->boxes[d->box_count++] = box;
	return RV_OK;
}

static int32_t best(const int32_t *v, int32_t k, int32_t width, int32_t height)
{
	int32_t down = v[k + 1], right = v[k - 1] < 0 ? -1 : v[k - 1] + 1;

	if (down < 0 || down - k > height)
		down = -1;
	if (right > width || right - k > height)
		right = -1;
	return down > right ? down : right;
}

/* One round from one side: paths with `depth` edits. True with the meeting point, seen from that
 * side, when one reaches a path of the other side. */
static bool advance(struct diffing *d, const struct box *box, int32_t depth, bool is_backward,
		    int32_t *out_x, int32_t *out_y)
{
	const int32_t width = (int32_t)(box->a_end - box->a),
		      height = (int32_t)(box->b_end - box->b);
	const int32_t delta = width - height;
	int32_t *own = is_backward ? d->backward : d->forward;
	const int32_t *other = is_backward ? d->forward : d->backward;
	const int32_t others = is_backward ? depth : depth - 1; /* edits of the other side so far */
	const bool can_meet = ((delta & 1) != 0) != is_backward;

	for (int32_t k = -depth; k <= depth; k += 2) {
		int32_t x = depth == 0 ? 0 : best(own, k, width, height), y = x - k, from = x;

		if (x < 0 || y < 0) {
			own[k] = -1;
			continue;
		}
		while (x < width && y < height &&
		       (is_backward ? is_same(d, box->a_end - 1 - (uint32_t)x,
					      box->b_end - 1 - (uint32_t)y)
				    : is_same(d, box->a + (uint32_t)x, box->b + (uint32_t)y))) {
			x++;
			y++;
		}
		own[k] = x;
		d->work += (uint64_t)(x - from) + 1;
		if (can_meet && delta - k >= -others && delta - k <= others &&
		    other[delta - k] >= 0 && x + other[delta - k] >= width) {
			*out_x = x;
			*out_y = y;
			return true;
		}
	}
	return false;
}

/* Where to divide a box whose corners do not match. False: too different. */
static bool find_middle(struct diffing *d, const struct box *box, uint32_t *out_a, uint32_t *out_b)
{
	int32_t most = (int32_t)((box->a_end - box->a) / 2 + (box->b_end - box->b) / 2 + 1), x, y;

	if (most > d->reach - 2)
		most = d->reach - 2;
	for (int32_t k = -most - 1; k <= most + 1; k++)
		d->forward[k] = d->backward[k] = -1;
	for (int32_t depth = 0; depth <= most && d->work < RV_GIT_LINE_WORK; depth++) {
		if (advance(d, box, depth, false, &x, &y)) {
			*out_a = box->a + (uint32_t)x;
			*out_b = box->b + (uint32_t)y;
			return true;
		}
		if (advance(d, box, depth, true, &x, &y)) {
			*out_a = box->a_end - (uint32_t)x;
			*out_b = box->b_end - (uint32_t)y;
			return true;
		}
	}
	return false;
}

static rv_status do_box(struct diffing *d, struct box box)
{
	uint32_t a = 0, b = 0;

	while (box.a < box.a_end && box.b < box.b_end && is_same(d, box.a, box.b)) {
		box.a++;
		box.b++;
	}
	while (box.a < box.a_end && box.b < box.b_end && is_same(d, box.a_end - 1, box.b_end - 1)) {
		box.a_end--;
		box.b_end--;
	}
	if (box.b == box.b_end)
		return RV_OK;
	if (box.a < box.a_end) {
		if (find_middle(d, &box, &a, &b) && (a != box.a || b != box.b) &&
		    (a != box.a_end || b != box.b_end)) {
			RV_TRY(push(d, (struct box){a, box.a_end, b, box.b_end}));
			return push(d, (struct box){box.a, a, box.b, b});
		}
		d->is_rough = true;
	}
	memset(d->added + box.b, 1, box.b_end - box.b);
	return RV_OK;
}

static rv_status put(struct rv_git_lines *out, const struct rv_git_added *added)
{
	if (out->count == out->cap) {
		size_t cap = out->cap ? out->cap * 2 : 16;
		struct rv_git_added *items = reallocarray(out->items, cap, sizeof(*items));

		if (!items)
			return rv_fail_nomem(NULL);
		out->items = items;
		out->cap = cap;
	}
	out->items[out->count++] = *added;
	return RV_OK;
}

static rv_status gather(const struct diffing *d, struct rv_git_lines *out)
{
	const uint8_t *start = d->b.count ? d->b.lines[0].at : NULL;

	for (size_t i = 0; i < d->b.count;) {
		struct rv_git_added added = {.line = i + 1};

		if (!d->added[i]) {
			i++;
			continue;
		}
		added.at = (size_t)(d->b.lines[i].at - start);
		for (; i < d->b.count && d->added[i]; i++) {
			added.len += d->b.lines[i].len;
			added.count++;
		}
		RV_TRY(put(out, &added));
	}
	return RV_OK;
}

static rv_status prepare(struct diffing *d, struct rv_str old_text, size_t old_count,
			 struct rv_str new_text, size_t new_count)
{
	size_t reach = old_count / 2 + new_count / 2 + 8;
	uint64_t seed;

	if (reach > DEPTH_MAX + 8)
		reach = DEPTH_MAX + 8;
	rv_random(&seed, sizeof(seed));
	RV_TRY(split(old_text, old_count, seed, &d->a));
	RV_TRY(split(new_text, new_count, seed, &d->b));
	d->added = calloc(new_count + 1, 1);
	d->diagonals = calloc(4 * reach + 2, sizeof(*d->diagonals));
	if (!d->added || !d->diagonals)
		return rv_fail_nomem(NULL);
	d->forward = d->diagonals + reach;
	d->backward = d->diagonals + 3 * reach + 1;
	d->reach = (int32_t)reach;
	return RV_OK;
}

static rv_status run(struct diffing *d, struct rv_git_lines *out)
{
	RV_TRY(push(d, (struct box){0, (uint32_t)d->a.count, 0, (uint32_t)d->b.count}));
	while (d->box_count > 0)
		RV_TRY(do_box(d, d->boxes[--d->box_count]));
	out->is_rough = d->is_rough;
	return gather(d, out);
}

rv_status rv_git_lines_added(struct rv_str old_text, struct rv_str new_text,
			     struct rv_git_lines *out)
{
	RV_CLEANUP(diffing_done) struct diffing d = {.work = 0};
	RV_CLEANUP(rv_git_lines_done) struct rv_git_lines lines = {0};
	size_t old_count = count_lines(old_text), new_count = count_lines(new_text);

	if (old_count > RV_GIT_LINES_MAX || new_count > RV_GIT_LINES_MAX ||
	    old_text.len > UINT32_MAX || new_text.len > UINT32_MAX) {
		const struct rv_git_added all = {0, new_text.len, 1, new_count};

		lines.is_rough = true;
		if (new_count > 0)
			RV_TRY(put(&lines, &all));
	} else {
		RV_TRY(prepare(&d, old_text, old_count, new_text, new_count));
		RV_TRY(run(&d, &lines));
	}
	*out = lines;
	lines = (struct rv_git_lines){0};
	return RV_OK;
}
