/* sweep: what of a blob is new against the blob it is stored as a delta on, and which values come
 * over from that one as they are. Pure. Not here: scanning (history.c). */
#pragma once

#include "agent/git/delta.h"
#include "agent/sweep/doc.h"

/* Bytes before and behind what a delta adds where an anchor may lie that the addition completes: a
 * name, what may stand between the halves of a pair, and the name's sign; behind it only the marks
 * within a value whose beginning was added (rv_rule.behind). */
#define RV_CARRY_REACH 128
#define RV_CARRY_ON    80

struct rv_carried {
	uint64_t hash;
	uint32_t start, len;
	uint32_t match_start, match_len;
	uint16_t forms; /* of the file (rv_sighting) */
};

/* The values of one blob, kept while deltas on it are told. */
struct rv_carry {
	struct rv_carried *items;
	size_t count, room;
	bool is_unknown; /* the blob was not looked at: of a delta on it, all must be */
};
void rv_carry_done(struct rv_carry *carry);
RV_NODISCARD rv_status rv_carry_add(struct rv_carry *carry, const struct rv_carried *item);

/* Finds a value at its place among many. Zeroed before the first use, and kept for the next. */
struct rv_carry_index {
	uint32_t *slots; /* number in the items, and one */
	size_t room;	 /* a power of two, or 0 */
	size_t count;	 /* items that are in it; set 0 for another rv_carry */
};
void rv_carry_index_done(struct rv_carry_index *index);
/* Adds one, or joins the forms of the one that has its value and its start. EXHAUSTED: no memory.
 */
RV_NODISCARD rv_status rv_carry_join(struct rv_carry *carry, struct rv_carry_index *index,
				     const struct rv_carried *item);

struct rv_parts {
	struct rv_span *items;
	size_t count, room;
};
void rv_parts_done(struct rv_parts *parts);
/* From the segments of a blob with these bytes on a base of `base_len` bytes with these values: the
 * parts to look at (sorted, apart), and in `out` the values that were copied with all that was
 * matched and RV_CARRY_REACH bytes around it. The place of a value that was cut is among the parts.
 * What may be encoded and begins, ends or goes on where a part would is wholly in the part
 * (scan/decode_around.h). EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_carry_over(const struct rv_git_segment *segments, size_t segment_count,
				     struct rv_str bytes, size_t base_len,
				     const struct rv_carry *base, struct rv_parts *parts,
				     struct rv_carry *out);
