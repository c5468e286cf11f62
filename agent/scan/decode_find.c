/* scan: finds encoded runs. One pass over blocks that have no sign of an encoding; only what is
 * left is looked at by the byte. Not here: decoding (decode.c), escapes (decode_escape.c). */
#include "agent/scan/decode_private.h"

#define STARTS_MAX 8  /* places in a run where base64 or hex may begin: after '-', '_', '/', '+' */
#define PREFIX_MAX 96 /* bytes of a run in which they may lie */
#define HEAD	   24 /* decoded bytes that must look like something */

static size_t alphabet_end(struct rv_str bytes, size_t at, size_t end)
{
	return rv_char_class_end(bytes, at, end, RV_CHAR_BASE64);
}

static size_t padding(struct rv_str bytes, size_t at)
{
	size_t count = 0;

	while (count < 2 && at + count < bytes.len && bytes.data[at + count] == '=')
		count++;
	return count;
}

/* Past the letters of an escape before the run, as in "\nZ2hw", "\u003dZ2hw" and "%3DZ2hw". */
static size_t past_escape(struct rv_str bytes, size_t at, size_t end)
{
	uint8_t before = at ? bytes.data[at - 1] : 0;
	size_t skip = 0;

	if (before == '%')
		skip = 2;
	if (before == '\\' &&
	    (bytes.data[at] == 'n' || bytes.data[at] == 'r' || bytes.data[at] == 't'))
		skip = 1;
	if (before == '\\' && bytes.data[at] == 'u')
		skip = 5;
	if (before == '\\' && bytes.data[at] == 'x') /* all of a bytea of PostgreSQL is hex */
		skip = rv_char_class_end(bytes, at + 1, end, RV_CHAR_HEX) - at > RV_DECODE_HEX_MIN
			       ? 1
			       : 3;
	return skip < end - at ? at + skip : end;
}

static bool is_base64_promising(struct rv_str bytes, size_t at, size_t end)
{
	uint8_t head[HEAD];
	size_t len = 0;

	for (; at + 4 <= end && len < HEAD; at += 4) {
		uint32_t quad = (uint32_t)rv_char_base64[bytes.data[at]] << 18 |
				(uint32_t)rv_char_base64[bytes.data[at + 1]] << 12 |
				(uint32_t)rv_char_base64[bytes.data[at + 2]] << 6 |
				rv_char_base64[bytes.data[at + 3]];

		head[len++] = (uint8_t)(quad >> 16);
		head[len++] = (uint8_t)(quad >> 8);
		head[len++] = (uint8_t)quad;
	}
	return rv_decode_is_promising(head, len);
}

static bool is_hex_promising(struct rv_str bytes, size_t at, size_t end)
{
	uint8_t head[HEAD];
	size_t len = 0;

	for (; at + 2 <= end && len < HEAD; at += 2)
		head[len++] = (uint8_t)(rv_hex_value(bytes.data[at]) << 4 |
					rv_hex_value(bytes.data[at + 1]));
	return rv_decode_is_promising(head, len);
}

static bool is_line_end(struct rv_str bytes, size_t at)
{
	if (at >= bytes.len || bytes.data[at] == '\n' || bytes.data[at] == '\r' ||
	    bytes.data[at] == '"' || bytes.data[at] == '\'')
		return true;
	return bytes.data[at] == '\\' && at + 1 < bytes.len &&
	       (bytes.data[at + 1] == 'n' || bytes.data[at + 1] == 'r');
}

/* Does a line of base64 end at `at`, where no line ends: before a sign that closes what holds it,
 * or before a comment? Not before just a space: the words of an ordinary line would be taken in. */
static bool is_closed(struct rv_str bytes, size_t at, size_t pad)
{
	at += pad;
	if (memchr("<;,`)]}|", bytes.data[at], 8))
		return true;
	if (bytes.data[at] != ' ' && bytes.data[at] != '\t')
		return false;
	while (at < bytes.len && (bytes.data[at] == ' ' || bytes.data[at] == '\t'))
		at++;
	return pad || (at < bytes.len && bytes.data[at] == '#') ||
	       (at + 1 < bytes.len && bytes.data[at] == '/' &&
		(bytes.data[at + 1] == '/' || bytes.data[at + 1] == '*'));
}

/* Where the next line's text begins, or SIZE_MAX: no line ends at `at`. "\n" of a string literal
 * ends a line too. */
static size_t next_line(struct rv_str bytes, size_t at)
{
	size_t next = at;

	if (next + 1 < bytes.len && bytes.data[next] == '\\' && bytes.data[next + 1] == 'r')
		next += 2;
	else if (next < bytes.len && bytes.data[next] == '\r')
		next++;
	if (next + 1 < bytes.len && bytes.data[next] == '\\' && bytes.data[next + 1] == 'n')
		next += 2;
	else if (next < bytes.len && bytes.data[next] == '\n')
		next++;
	if (next == at)
		return SIZE_MAX;
	while (next < bytes.len && (bytes.data[next] == ' ' || bytes.data[next] == '\t'))
		next++;
	return next;
}

/* How lines of an encoding are told. */
struct wrapping {
	uint8_t class_bit;
	uint8_t unit; /* digits that belong together: all lines but the last have whole ones */
	bool has_padding;
};

static const struct wrapping wrapped_hex = {RV_CHAR_HEX, 2, false};
static const struct wrapping wrapped_base64 = {RV_CHAR_BASE64, 4, true};

/* The end of a run whose first line is [at, end): the lines below belong to it while they hold
 * nothing else and all but the last are of one length. Widths are multiples of a unit in practice.
 */
static size_t wrapped_end(struct rv_str bytes, size_t at, size_t end, const struct wrapping *how)
{
	size_t pad = how->has_padding ? padding(bytes, end) : 0;
	size_t width = 0;

	if (pad || (end - at) % how->unit)
		return end + pad;
	while (end - at < RV_DECODE_RUN_MAX) {
		size_t line = next_line(bytes, end);
		size_t stop;

		if (line == SIZE_MAX)
			break;
		stop = rv_char_class_end(bytes, line, bytes.len, how->class_bit);
		pad = how->has_padding ? padding(bytes, stop) : 0;
		bool is_line = is_line_end(bytes, stop + pad);
		bool is_last = !is_line && (stop + pad - line) % how->unit == 0 &&
			       is_closed(bytes, stop, pad);
		if (stop == line || !(is_line || is_last) || (width && stop - line > width))
			break;
		end = stop + pad;
		if (pad || is_last || (stop - line) % how->unit || stop - line < width)
			break;
		width = stop - line;
	}
	return end;
}

/* Three bytes of the alphabet. */
static bool may_begin(const uint8_t *at)
{
	return (rv_base64_begin[0][at[0]] & rv_base64_begin[1][at[1]] &
		rv_base64_begin[2][at[2]]) != 0;
}

/* Hex from `at`. True: there are so many digits that it is nothing else; told when promising. */
static bool try_hex(struct rv_finder *finder, size_t at, size_t end, size_t *out_end)
{
	struct rv_str bytes = finder->bytes;

	if (bytes.data[at] == '0' && (bytes.data[at + 1] | 0x20U) == 'x')
		at += 2;
	size_t stop = rv_char_class_end(bytes, at, end, RV_CHAR_HEX);
	if (stop - at < RV_DECODE_HEX_MIN)
		return false;
	if (is_hex_promising(bytes, at, stop)) {
		stop = wrapped_end(bytes, at, stop, &wrapped_hex);
		rv_finder_tell(finder, RV_DECODE_HEX, at, stop);
	}
	*out_end = stop;
	return true;
}

/* A run of the alphabet, whole or cut. Where the looking goes on. */
static size_t try_run(struct rv_finder *finder, size_t at, size_t end)
{
	struct rv_str bytes = finder->bytes;
	size_t start = past_escape(bytes, at, end);
	size_t stop = end;
	size_t pad = padding(bytes, end);
	size_t last_start =
		end + pad > at + RV_DECODE_BASE64_MIN ? end + pad - RV_DECODE_BASE64_MIN : at;

	last_start = last_start - at < PREFIX_MAX ? last_start : at + PREFIX_MAX;
	for (unsigned tries = 0; tries < STARTS_MAX && start <= last_start; tries++) {
		if (end - start >= RV_DECODE_HEX_MIN && try_hex(finder, start, end, &stop))
			return stop;
		if (may_begin(bytes.data + start) && is_base64_promising(bytes, start, end)) {
			stop = wrapped_end(bytes, start, end, &wrapped_base64);
			rv_finder_tell(finder, RV_DECODE_BASE64, start, stop);
			return stop;
		}
		while (start < last_start && rv_char_base64[bytes.data[start]] < 62)
			start++;
		start++;
	}
	return end;
}

/* Where the run that the block's byte `bit` is of begins. */
static size_t run_start(const struct rv_finder *finder, size_t block,
			const struct rv_block_signs *signs, unsigned bit)
{
	uint64_t others = ~signs->alphabet & (((uint64_t)1 << bit) - 1);
	size_t done = finder->done[RV_DECODE_BASE64];
	size_t at = block - signs->before;

	if (others)
		return block + 64 - (unsigned)__builtin_clzll(others);
	while (at > done && rv_char_is(finder->bytes.data[at - 1], RV_CHAR_BASE64))
		at--;
	return at > done ? at : done;
}

static size_t run_end(struct rv_str bytes, size_t start, size_t block,
		      const struct rv_block_signs *signs, unsigned bit)
{
	uint64_t others = ~signs->alphabet >> bit;
	size_t limit =
		bytes.len - start > RV_DECODE_RUN_MAX ? start + RV_DECODE_RUN_MAX : bytes.len;
	size_t end = block + (others ? bit + (unsigned)__builtin_ctzll(others) : RV_BLOCK);

	if (!others && end < limit)
		end = alphabet_end(bytes, end, limit);
	return end < limit ? end : limit;
}

/* The runs that a block shows; what was looked at from the block before is passed over. */
static void alphabet_find(struct rv_finder *finder, size_t block,
			  const struct rv_block_signs *signs)
{
	size_t *done = &finder->done[RV_DECODE_BASE64];
	uint64_t runs = signs->runs;

	while (runs && !finder->is_stopped) {
		unsigned bit = (unsigned)__builtin_ctzll(runs);
		size_t start;
		size_t end;
		size_t stop;

		if (block + bit < *done) { /* all of them up to there */
			if (*done - block >= RV_BLOCK)
				return;
			runs &= UINT64_MAX << (*done - block);
			continue;
		}
		runs &= runs - 1;
		start = run_start(finder, block, signs, bit);
		end = run_end(finder->bytes, start, block, signs, bit);
		stop = end;
		if (end - start + padding(finder->bytes, end) >= RV_DECODE_BASE64_MIN) {
			bool is_name =
				finder->on_word && !finder->on_word(start, end, finder->user);

			if (finder->on_run && !is_name)
				stop = try_run(finder, start, end);
			if (finder->on_word && stop > end + RV_DECODE_BASE64_MIN)
				(void)finder->on_word(end, stop, finder->user); /* known what */
		}
		*done = stop;
	}
}

static void look_at_block(struct rv_finder *finder, size_t at, const struct rv_block_signs *signs)
{
	if (signs->kinds & RV_SIGN_BASE64)
		alphabet_find(finder, at, signs);
	if (!finder->on_run)
		return;
	if (signs->kinds & RV_SIGN_PERCENT)
		rv_escape_find(finder, RV_DECODE_PERCENT, at);
	if (signs->kinds & RV_SIGN_ESCAPE)
		rv_escape_find(finder, RV_DECODE_ESCAPE, at);
	if (signs->kinds & RV_SIGN_ENTITY)
		rv_escape_find(finder, RV_DECODE_ENTITY, at);
}

/* No more of them are told; words are. */
static void end_runs(struct rv_finder *finder)
{
	finder->on_run = NULL;
	finder->has_more = true;
	finder->is_stopped = !finder->on_word;
}

void rv_finder_tell(struct rv_finder *finder, enum rv_decode_kind kind, size_t at, size_t end)
{
	struct rv_decode_run run = {.at = at, .len = end - at, .kind = (uint8_t)kind};

	if (!finder->on_run)
		return;
	if (finder->runs == RV_DECODE_RUNS_MAX) {
		end_runs(finder);
		return;
	}
	if (run.len >= RV_DECODE_RUN_MAX) {
		run.is_cut = run.len > RV_DECODE_RUN_MAX || end < finder->bytes.len;
		run.len = RV_DECODE_RUN_MAX;
	}
	finder->runs++;
	if (!finder->on_run(&run, finder->user))
		end_runs(finder);
}

/* The last, partial block: from a copy of the last two that is filled up with NUL. */
static void look_at_tail(struct rv_finder *finder, rv_skip_fn *skip, size_t at)
{
	uint8_t blocks[2 * RV_BLOCK] = {0};
	size_t before = at ? RV_BLOCK : 0;
	struct rv_str copy = {blocks, before + RV_BLOCK};
	struct rv_block_signs signs = {0};
	unsigned carry = 0;

	memcpy(blocks, finder->bytes.data + at - before, before + finder->bytes.len - at);
	if (before)
		(void)skip((struct rv_str){blocks, RV_BLOCK}, 0, &carry,
			   &signs);		  /* for the carry */
	(void)skip(copy, before, &carry, &signs); /* the signs tell */
	look_at_block(finder, at, &signs);
}

/* A unit may begin with what ends the line before it. */
static size_t resume_lines(struct rv_str bytes, size_t at, const struct wrapping *how,
			   size_t *out_start)
{
	size_t line = next_line(bytes, at);
	size_t start = line == SIZE_MAX ? at : line;
	size_t end = rv_char_class_end(bytes, start, bytes.len, how->class_bit);

	*out_start = start;
	return end > start ? wrapped_end(bytes, start, end, how) : end;
}

bool rv_decode_resume(struct rv_str bytes, enum rv_decode_kind kind, size_t at,
		      struct rv_decode_run *out_run)
{
	size_t start = at;
	size_t end = bytes.len; /* of UTF-16 */

	if (at >= bytes.len || kind == RV_DECODE_WIDE)
		return false;
	if (kind == RV_DECODE_BASE64 || kind == RV_DECODE_HEX)
		end = resume_lines(bytes, at,
				   kind == RV_DECODE_HEX ? &wrapped_hex : &wrapped_base64, &start);
	else if (kind < RV_DECODE_UTF16LE)
		end = rv_escape_end(bytes, kind, at);
	if (end <= start)
		return false;
	*out_run = (struct rv_decode_run){.at = start, .len = end - start, .kind = (uint8_t)kind};
	if (kind < RV_DECODE_UTF16LE && out_run->len > RV_DECODE_RUN_MAX) {
		out_run->len = RV_DECODE_RUN_MAX;
		out_run->is_cut = true;
	}
	return true;
}

bool rv_decode_look(struct rv_str bytes, const struct rv_decode_look *look)
{
	struct rv_finder finder = {.bytes = bytes,
				   .on_run = look->on_run,
				   .on_word = look->on_word,
				   .user = look->user};
	rv_skip_fn *skip = rv_skip_pick();
	unsigned carry = 0;
	struct rv_block_signs signs = {0};
	size_t at = 0;

	if (bytes.len < RV_DECODE_ESCAPES_MIN * 3)
		return true;
	if (look->with_quoted && look->on_run)
		rv_quoted_find(&finder);
	while (!finder.is_stopped) {
		at = skip(bytes, at, &carry, &signs);
		if (bytes.len - at < RV_BLOCK)
			break;
		look_at_block(&finder, at, &signs);
		at += RV_BLOCK;
	}
	if (!finder.is_stopped && at < bytes.len)
		look_at_tail(&finder, skip, at);
	return !finder.has_more;
}

bool rv_decode_find(struct rv_str bytes, rv_decode_run_fn *on_run, void *user)
{
	struct rv_decode_look look = {.on_run = on_run, .user = user, .with_quoted = true};

	return rv_decode_look(bytes, &look);
}
