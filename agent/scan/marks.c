/* scan: see marks.h. Not here: what a run says (decode_mark.c), runs without a mark
 * (decode_find.c). */
#include "agent/scan/marks.h"

#include "agent/scan/decode_private.h"
#include "agent/scan/recall.h"

#include <stdlib.h>

#define BEFORE_MAX 512	/* bytes of a line before a mark that are told with it .. */
#define BEHIND_MAX 2048 /* .. and behind it */
#define JOIN_MAX   4096 /* from one run to the next that are told as one */
#define HEAD	   24	/* bytes of a list that must look like something */
#define LIST_BACK  256	/* bytes of it before its first letter of those that are marks */
#define LISTED_MIN 32	/* bytes of a list */
#define ROW	   4	/* numbers behind a mark that must be of characters */

bool rv_keep_run(struct rv_scan *s, const struct rv_decode_run *run)
{
	struct rv_lane *lane = s->lane;

	if (s->is_watched)
		rv_watch_run(s);
	if (lane->run_count == lane->run_room) {
		size_t room = lane->run_room ? lane->run_room * 2 : 64;
		struct rv_decode_run *more = lane->run_room < RV_DECODE_RUNS_MAX
						     ? realloc(lane->runs, room * sizeof(*more))
						     : NULL;

		if (!more)
			return false;
		lane->runs = more;
		lane->run_room = room;
	}
	lane->runs[lane->run_count++] = *run;
	return true;
}

/* To the line's start; of a long line from where no word is cut. */
static size_t start_of(struct rv_str bytes, size_t at)
{
	size_t stop = at > BEFORE_MAX ? at - BEFORE_MAX : 0;
	const uint8_t *newline = memrchr(bytes.data + stop, '\n', at - stop);
	size_t start = newline ? (size_t)(newline - bytes.data) + 1 : stop;

	while (!newline && start > 0 && start < at && rv_char_is(bytes.data[start], RV_CHAR_TOKEN))
		start++;
	return start;
}

static size_t end_of(struct rv_str bytes, size_t at)
{
	size_t left = bytes.len - at < BEHIND_MAX ? bytes.len - at : BEHIND_MAX;
	const uint8_t *newline = memchr(bytes.data + at, '\n', left);
	size_t end = newline ? (size_t)(newline - bytes.data) : at + left;

	while (!newline && end < bytes.len && end - at < 2 * BEHIND_MAX &&
	       rv_char_is(bytes.data[end], RV_CHAR_TOKEN))
		end++;
	return end;
}

/* What a mark may hide where a line is shown: of an address its word, of a colour what follows. */
static struct rv_span hidden_by(struct rv_str bytes, enum rv_decode_kind kind, struct rv_span mark)
{
	struct rv_span span = {mark.start, end_of(bytes, mark.end)};

	if (kind == RV_DECODE_COLOUR)
		return span;
	while (span.start > 0 && rv_char_is(bytes.data[span.start - 1], RV_CHAR_TOKEN))
		span.start--;
	for (span.end = mark.end;
	     span.end < bytes.len && rv_char_is(bytes.data[span.end], RV_CHAR_TOKEN);)
		span.end++;
	return span;
}

/* The last run of the kind, when it goes on to `span`; NULL: it does not. */
static struct rv_decode_run *run_before(struct rv_scan *s, size_t index, struct rv_span span)
{
	struct rv_decode_run *last = index > 0 ? &s->lane->runs[index - 1] : NULL;
	size_t join = s->flags & RV_SCAN_MASK ? 0 : JOIN_MAX;

	if (!last || span.start < last->at || span.start > last->at + last->len + join ||
	    span.end - last->at > RV_DECODE_RUN_MAX)
		return NULL;
	return last;
}

static void tell_around(struct rv_scan *s, enum rv_decode_kind kind, size_t *index,
			struct rv_span mark)
{
	struct rv_span span = s->flags & RV_SCAN_MASK
				      ? hidden_by(s->bytes, kind, mark)
				      : (struct rv_span){start_of(s->bytes, mark.start),
							 end_of(s->bytes, mark.end)};
	struct rv_decode_run *last = run_before(s, *index, span);
	struct rv_decode_run run = {
		.at = span.start, .len = span.end - span.start, .kind = (uint8_t)kind};

	if (last && span.end > last->at + last->len)
		last->len = span.end - last->at;
	if (last || s->lane->has_more_runs)
		return;
	if (rv_keep_run(s, &run))
		*index = s->lane->run_count;
	else
		s->lane->has_more_runs = true;
}

static bool is_of_list(uint8_t c)
{
	return rv_char_is(c, RV_CHAR_HEX) || c == ' ' || c == ',' || (c | 0x20) == 'x' ||
	       c == '\n' || c == '\r' || c == '\t' || c == '\\';
}

/* "0x67, 0x68, 0x70": do numbers of characters go on at `at`? Most tables are of other bytes. */
static bool is_row(struct rv_str bytes, size_t at)
{
	for (unsigned i = 0; i < ROW; i++) {
		while (at < bytes.len && (bytes.data[at] == ',' || bytes.data[at] == ' '))
			at++;
		if (bytes.len - at < 4 || bytes.data[at] != '0' ||
		    (bytes.data[at + 1] | 0x20) != 'x' || bytes.data[at + 2] < '2' ||
		    bytes.data[at + 2] > '7' || !rv_char_is(bytes.data[at + 3], RV_CHAR_HEX))
			return false;
		at += 4;
	}
	return true;
}

static bool is_of_text(uint8_t c)
{
	return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t' || c == '\r';
}

/* Does the list at `at` have enough bytes, and may the first of them be a text? Of programs in
 * ASCII: fonts and the like are many. */
static bool is_promising(struct rv_str bytes, size_t at, bool is_reg)
{
	struct rv_decode_unit unit;
	uint8_t head[HEAD];
	size_t count = 0;

	for (; at < bytes.len && is_of_list(bytes.data[at]) && count < LISTED_MIN; at = unit.next) {
		rv_decode_step(bytes, RV_DECODE_HEX, at, bytes.len, &unit);
		if (unit.len && count < HEAD)
			head[count] = unit.out[0];
		if (!unit.len || (!is_reg && !is_of_text(unit.out[0])) ||
		    (count == HEAD && !rv_decode_is_promising(head, HEAD)))
			return false;
		count++;
	}
	return count == LISTED_MIN;
}

/* Where the list begins that goes on at `at`; not before what was looked at. */
static size_t list_start(const struct rv_scan *s, size_t at)
{
	size_t start = at;

	while (start > s->list_end && at - start < LIST_BACK &&
	       is_of_list(s->bytes.data[start - 1]))
		start--;
	while (start < at && s->bytes.data[start] != '0')
		start++;
	return start;
}

/* The list around a number of a program, or behind the "=hex" of a .reg file. */
static void tell_list(struct rv_scan *s, struct rv_span mark)
{
	struct rv_str bytes = s->bytes;
	struct rv_decode_run run = {.at = mark.end, .kind = RV_DECODE_HEX};
	bool is_reg = bytes.data[mark.start] == '=';

	if (mark.start < s->list_end || (!is_reg && !is_row(bytes, mark.start)))
		return;
	if (!is_reg)
		run.at = list_start(s, mark.start);
	else if (bytes.data[mark.end - 1] == '(')
		run.at += bytes.len - run.at > 3 && bytes.data[run.at + 2] == ':' ? 3 : 0;
	s->list_end = mark.end;
	if (!is_promising(bytes, run.at, is_reg))
		return;
	while (run.at + run.len < bytes.len && run.len < RV_DECODE_RUN_MAX / 2 &&
	       is_of_list(bytes.data[run.at + run.len]))
		run.len++;
	s->list_end = run.at + run.len;
	if (!s->lane->has_more_runs && !rv_keep_run(s, &run))
		s->lane->has_more_runs = true;
}

void rv_mark_found(struct rv_scan *s, uint32_t row, struct rv_span mark)
{
	bool wants_runs = s->flags & RV_SCAN_RUNS;

	if (row == RV_ROW_QUOTED)
		s->has_quoted = true;
	else if (row == RV_ROW_SLASH && wants_runs)
		tell_around(s, RV_DECODE_SLASH, &s->slash_run, mark);
	else if (row == RV_ROW_LIST && wants_runs)
		tell_list(s, mark);
	else if (row == RV_ROW_COLOUR && wants_runs && s->is_text)
		tell_around(s, RV_DECODE_COLOUR, &s->colour_run, mark);
}
