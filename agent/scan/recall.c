/* scan: see recall.h. */
#include "agent/scan/recall.h"

#include "agent/scan/assign.h"

#include <stdlib.h>

/* Does nothing but the text decide what is found? Whole buffers hardly ever come again. */
static bool may_recall(const struct rv_scan *s, const struct rv_span *parts, size_t part_count)
{
	const struct rv_lane *lane = s->lane;
	bool is_whole = part_count == 1 && parts->end - parts->start == s->bytes.len;

	return lane->memo && !is_whole && lane->path.len == 0 && !lane->costs &&
	       !(s->flags & RV_SCAN_MASK);
}

/* What the part's key is made of. */
static struct rv_span around(const struct rv_scan *s, const struct rv_span *part)
{
	return (struct rv_span){part->start > RV_RECALL_REACH ? part->start - RV_RECALL_REACH : 0,
				s->bytes.len - part->end > RV_RECALL_REACH
					? part->end + RV_RECALL_REACH
					: s->bytes.len};
}

/* The first look at a name goes over blanks, however many: may it go on past [.. to)? */
static bool ends_in_blanks(const struct rv_scan *s, const struct rv_span *part, size_t to)
{
	size_t at = to;

	if (to == s->bytes.len)
		return false;
	while (at > part->end + RV_ASSIGN_NAME_MAX && rv_assign_goes_over(s->bytes.data[at - 1]))
		at--;
	return at == part->end + RV_ASSIGN_NAME_MAX;
}

static struct rv_part_mark mark_of(const struct rv_scan *s, const struct rv_span *part)
{
	struct rv_span key = around(s, part);
	uint64_t form = (part->start - key.start) | (uint64_t)(key.end - part->end) << 16 |
			(uint64_t)s->is_text << 32 | (uint64_t)(key.start == 0) << 33 |
			(uint64_t)(key.end == s->bytes.len) << 34 | (uint64_t)s->flags << 40;
	struct rv_str bytes = {s->bytes.data + key.start, key.end - key.start};

	return (struct rv_part_mark){.key = rv_memo_key(s->lane->memo, bytes, form),
				     .from = key.start,
				     .to = key.end,
				     .is_dirty = ends_in_blanks(s, part, key.end)};
}

static bool make_room(struct rv_lane *lane, size_t count)
{
	if (count <= lane->mark_room)
		return true;
	size_t room = count + count / 2;
	struct rv_part_mark *more = reallocarray(lane->marks, room, sizeof(*more));
	if (!more)
		return false;
	lane->marks = more;
	lane->mark_room = room;
	return true;
}

rv_status rv_recall_begin(struct rv_scan *s, const struct rv_span *parts, size_t part_count)
{
	struct rv_lane *lane = s->lane;

	s->is_watched = may_recall(s, parts, part_count);
	if (!s->is_watched)
		return RV_OK;
	if (!make_room(lane, part_count))
		return rv_fail_nomem(NULL);
	s->mark_count = part_count;
	for (size_t i = 0; i < part_count; i++) {
		lane->marks[i] = mark_of(s, &parts[i]);
		rv_memo_expect(lane->memo, lane->marks[i].key);
	}
	/* Asked once: another thread may come to know it meanwhile. */
	for (size_t i = 0; i < part_count; i++)
		lane->marks[i].is_known = rv_memo_has(lane->memo, lane->marks[i].key);
	return RV_OK;
}

bool rv_recall_knows(struct rv_scan *s, size_t i)
{
	s->part = i;
	return s->is_watched && s->lane->marks[i].is_known;
}

void rv_recall_end(struct rv_scan *s)
{
	struct rv_lane *lane = s->lane;

	/* A mail's body is decoded as a whole. Of which part the runs are that were not told,
	 * nobody knows. */
	if (s->is_full || s->has_quoted || lane->has_more_runs)
		return;
	for (size_t i = 0; i < s->mark_count; i++) {
		if (!lane->marks[i].is_known && !lane->marks[i].is_dirty)
			rv_memo_put(lane->memo, lane->marks[i].key);
	}
}

struct before {
	size_t hits, given_up;
};

static struct before before(const struct rv_lane *lane)
{
	return (struct before){lane->hit_count, lane->given_up};
}

/* Did it give something, or may what waits for the anchor have looked beyond the part's key? It
 * begins in the part, or up to `back` bytes before; its regexes look behind them. */
static void note(struct rv_scan *s, struct before b, const struct rv_anchor *anchor, unsigned back)
{
	const struct rv_lane *lane = s->lane;

	if (lane->hit_count != b.hits || lane->given_up != b.given_up ||
	    anchor->behind + back + s->back > RV_RECALL_REACH || anchor->ahead > RV_RECALL_REACH)
		s->lane->marks[s->part].is_dirty = true;
	s->back = 0;
}

/* Did it look at what is around a name, and may that go beyond the key? `end`: of the anchor. */
static void note_look(struct rv_scan *s, const struct rv_anchor *anchor, size_t end)
{
	struct rv_part_mark *mark = &s->lane->marks[s->part];

	if (s->has_looked && !mark->is_dirty)
		mark->is_dirty = !rv_assign_stays_within(s->bytes, (unsigned)anchor->assign, end,
							 mark->from, mark->to);
	s->has_looked = false;
}

int rv_watch_on_anchor(unsigned id, unsigned long long from, unsigned long long to,
		       unsigned hs_flags, void *user)
{
	struct rv_scan *s = user;
	struct before b = before(s->lane);
	int result = rv_match_on_anchor(id, from, to, hs_flags, user);

	note(s, b, &s->lane->scanner->all.items[id], 0);
	note_look(s, &s->lane->scanner->all.items[id], s->part_start + (size_t)to);
	return result;
}

int rv_watch_on_word_anchor(unsigned id, unsigned long long from, unsigned long long to,
			    unsigned hs_flags, void *user)
{
	struct rv_scan *s = user;
	struct before b = before(s->lane);
	int result = rv_match_on_word_anchor(id, from, to, hs_flags, user);

	note(s, b, &s->lane->scanner->words.items[id], RV_RULE_WORD_BACK);
	return result;
}

void rv_watch_run(struct rv_scan *s)
{
	s->lane->marks[s->part].is_dirty = true;
}
