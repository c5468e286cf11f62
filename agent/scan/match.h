/* scan: inside of the engine: what one anchor leads to. For scan.c and match.c. */
#pragma once

#include "agent/scan/context.h"
#include "agent/scan/memo.h"
#include "agent/scan/scan_db.h"

/* What is known of a part (recall.h). */
struct rv_part_mark {
	uint64_t key;
	size_t from, to; /* what the key is made of */
	bool is_known;	 /* before this search */
	bool is_dirty;	 /* must not be known after it */
};

struct rv_lane {
	struct rv_scanner *scanner;
	hs_scratch_t *scratch;
	pcre2_match_data *match;
	struct rv_hit *hits;
	size_t hit_count;
	size_t hit_room;
	size_t given_up;
	const struct rv_rule *given_up_by;
	uint32_t *whole_done; /* WHOLE rules that have run in this scan, by row: scan number */
	uint32_t scan_number;
	struct rv_rule_cost *costs; /* by row; NULL: not counted */
	struct rv_str path;
	rv_rule_holds_fn *holds; /* or NULL */
	void *holds_user;
	uint8_t *held; /* what it said of this path, by row (held.c) .. */
	bool has_held; /* .. of some */
	struct rv_decode_run *runs;
	size_t run_count, run_room;
	bool has_more_runs;
	bool was_text;
	struct rv_memo *memo; /* or NULL */
	struct rv_part_mark *marks;
	size_t mark_room;
};

/* One call of rv_scan_parts. */
struct rv_scan {
	struct rv_lane *lane;
	struct rv_str bytes;
	size_t part_start;    /* anchors' offsets count from here */
	struct rv_span words; /* long words and what is before them, to be looked through */
	unsigned flags;
	struct rv_context context; /* of lane->path, once has_context */
	bool has_context;
	bool is_text;
	bool is_full;
	bool has_quoted;
	struct rv_span counted; /* that a length before it says the last match is */
	size_t list_end;	/* lists of numbers have been looked at up to here */
	size_t slash_run,
		colour_run; /* one behind the last run of these kinds; 0: none (marks.c) */
	bool is_watched;    /* there are marks of the parts */
	size_t mark_count;
	size_t part;	 /* that is searched */
	uint32_t back;	 /* the most that a regex may have looked at before where it began */
	bool has_looked; /* at what is around a name, wherever that ends */
};

/* Is nothing known of the file, and all that it may be is wanted? */
static inline bool rv_is_any_file(const struct rv_scan *s)
{
	return s->flags & RV_SCAN_ANY_FILE && s->lane->path.len == 0;
}

/* May the row find anything in the lane's path? One of the path alone finds nothing in bytes. */
bool rv_row_is_held(struct rv_lane *lane, const struct rv_armed *row, unsigned flags);

/* Has the value as much entropy as its rule asks for? */
static inline bool rv_is_random_enough(const struct rv_rule *rule, struct rv_str value)
{
	if (rule->min_entropy > 0 && rv_entropy_tenths(value) < rule->min_entropy)
		return false;
	return rule->entropy_above == 0 || rv_entropy_is_above(value, rule->entropy_above);
}

/* Vectorscan's callback for the anchors: user is a struct rv_scan. Ends the search (1) when the
 * hits are full. */
int rv_match_on_anchor(unsigned id, unsigned long long from, unsigned long long to,
		       unsigned hs_flags, void *user);
/* The same for anchors that stand before long words. */
int rv_match_on_word_anchor(unsigned id, unsigned long long from, unsigned long long to,
			    unsigned hs_flags, void *user);
/* WHOLE rules without an anchor. */
void rv_match_whole(struct rv_scan *s);
/* Lines of .pgpass and its like; listed: enum rv_listed (assign.h). */
void rv_match_listed(struct rv_scan *s, int listed);
