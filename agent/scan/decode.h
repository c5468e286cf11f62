/* scan: text that stands encoded inside a buffer: where it is, what it says, and where each byte of
 * what it says stands in the source. Pure: no I/O, no memory but the caller's buffers. UTF-16 and
 * UTF-32 are found by utf16.h and decoded here. Not here: recursion (the caller scans what came out
 * and calls again, to RV_DECODE_DEPTH_MAX), compression and archives (unpack/). */
#pragma once

#include "agent/base/buf.h"

#define RV_DECODE_RUN_MAX     ((size_t)8 << 20) /* encoded bytes of one run; a longer one is cut */
#define RV_DECODE_RUNS_MAX    4096		/* runs told of one buffer */
#define RV_DECODE_DEPTH_MAX   3			/* for the caller */
#define RV_DECODE_BASE64_MIN  24		/* encoded characters with their padding */
#define RV_DECODE_HEX_MIN     32		/* digits */
#define RV_DECODE_ESCAPES_MIN 4 /* escapes that stand for visible ASCII, in one word */

enum rv_decode_kind {
	RV_DECODE_BASE64,  /* both alphabets, padded or not, wrapped over lines (also by "\n") */
	RV_DECODE_HEX,	   /* digits; a "0x" before them is not part of the run */
	RV_DECODE_PERCENT, /* %67%68; other characters of the word stay as they are */
	RV_DECODE_ESCAPE, /* \x67 \x{67} \u0067 \u{67} \U00000067 \147 \n \" .. of programs and JSON
			   */
	RV_DECODE_ENTITY, /* &#x67; &#103; &amp; of HTML */
	RV_DECODE_QUOTED, /* quoted-printable: a body in a mail that says so */
	/* Not told by rv_decode_find, but by whoever sees a mark of them; all else stays as it is.
	 */
	RV_DECODE_SLASH,   /* \/ \u002f \x2f &#x2f; &#47; : a slash each, other escapes stay */
	RV_DECODE_COLOUR,  /* ESC [ .. of terminals, ESC also as \033 \x1b \u001b \e: nothing, but a
			    * blank for what moves the cursor */
	RV_DECODE_UTF16LE, /* the rest: utf16.h */
	RV_DECODE_UTF16BE,
	RV_DECODE_UTF32LE,
	RV_DECODE_UTF32BE,
	RV_DECODE_WIDE, /* texts in UTF-16LE among other bytes: wide.h */
	RV_DECODE__COUNT
};

/* "base64", "hex", .. for reports. */
const char *rv_decode_kind_name(enum rv_decode_kind kind);

struct rv_decode_run {
	size_t at; /* in the buffer it was found in */
	size_t len;
	uint8_t kind; /* enum rv_decode_kind */
	bool is_cut;  /* longer than RV_DECODE_RUN_MAX: the rest is told as a run of its own, if it
		       * passes the same tests */
};

/* False: this run and those after it are not wanted. */
typedef bool rv_decode_run_fn(const struct rv_decode_run *run, void *user);

/* Tells each run that is likely to hold text, an archive, compressed data or a key: what it begins
 * with, decoded, is printable (ASCII or UTF-8; UTF-16 of ASCII) or a known magic. Identifiers,
 * paths, digests and encoded pictures are passed over. Runs of different kinds may overlap; those
 * of one kind do not. Order: by blocks of 64 bytes. False: there are more runs than were told;
 * `on_run` wanted no more, or there are more than RV_DECODE_RUNS_MAX. Time is linear in the buffer
 * whatever it holds. */
bool rv_decode_find(struct rv_str bytes, rv_decode_run_fn *on_run, void *user);

/* A run that goes on in a buffer which begins in its middle: its first whole unit there is at `at`
 * (rv_decode_unit_from). Not asked is what it looks like. False: nothing of it is there; and of
 * RV_DECODE_WIDE, which is found again anywhere. */
bool rv_decode_resume(struct rv_str bytes, enum rv_decode_kind kind, size_t at,
		      struct rv_decode_run *out_run);

/* A run of RV_DECODE_BASE64_MIN or more bytes of base64's alphabets (letters, digits, "-_+/"), each
 * once, in order, whatever it holds; and as one what a told run takes of the lines below (any of
 * them may be a value by itself, not encoded). False: a name, so no encoding either. */
typedef bool rv_decode_word_fn(size_t at, size_t end, void *user);

/* One search for both; either may be NULL. Words are told to the end, also where runs are not any
 * more (false, as above). Mail bodies are looked for only when asked: they cost a
 * second pass. */
struct rv_decode_look {
	rv_decode_run_fn *on_run;
	rv_decode_word_fn *on_word;
	void *user;
	bool with_quoted;
};
bool rv_decode_look(struct rv_str bytes, const struct rv_decode_look *look);

/* Do the bytes before `at` end a terminal's command (RV_DECODE_COLOUR)? */
bool rv_decode_ends_colour(struct rv_str bytes, size_t at);

/* From decoded bytes back to the source: a point each RV_DECODE_MAP_STEP decoded bytes and after
 * each RV_DECODE_MAP_FAR of the source, between which the run is decoded again. Zeroed: empty. */
#define RV_DECODE_MAP_STEP 2048
#define RV_DECODE_MAP_FAR  ((size_t)64 << 10)
struct rv_decode_map {
	struct rv_str bytes; /* *borrows* the source; it must outlive the map */
	struct rv_decode_run run;
	struct rv_buf points; /* pairs of u64: decoded offset, source offset */
	size_t decoded_len;
};
void rv_decode_map_done(struct rv_decode_map *map);

/* Appends what the run says to `out` and fills the map (a new or zeroed one; the caller calls
 * rv_decode_map_done). Decoded bytes are counted from `out`'s length at the call. At most run.len
 * bytes come out, of UTF-16 half as many again. What does not decode is left out (base64, hex,
 * lone surrogates: U+FFFD) or stays as it is (escapes). EXHAUSTED: no memory, or past out->max;
 * then `out` is as it was. */
RV_NODISCARD rv_status rv_decode_run(struct rv_str bytes, const struct rv_decode_run *run,
				     struct rv_buf *out, struct rv_decode_map *out_map);

/* Where decoded bytes [from, from + len) stand in the source: the encoded characters that hold any
 * bit of them. A range past the end is cut to it. Costs up to 2 * RV_DECODE_MAP_STEP steps over
 * 2 * RV_DECODE_MAP_FAR bytes. */
void rv_decode_source(const struct rv_decode_map *map, size_t from, size_t len, size_t *out_at,
		      size_t *out_len);

/* The first unit (four characters of base64, one of UTF-16 ..) that begins at `source` or behind,
 * within the run, and the first decoded byte that is not of a unit before. False: there is none.
 * Costs as rv_decode_source. */
bool rv_decode_unit_from(const struct rv_decode_map *map, size_t source, size_t *out_at,
			 size_t *out_decoded);
