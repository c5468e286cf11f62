/* scan: what the files of the decoders share. Include decode.h instead. */
#pragma once

#include "agent/scan/decode.h"

/* What a byte may be part of. */
#define RV_CHAR_BASE64 1U
#define RV_CHAR_HEX    2U
#define RV_CHAR_TOKEN  4U /* visible, no quote, bracket or comma */
extern const uint8_t rv_char_class[256];
extern const uint8_t rv_char_base64[256]; /* value, or 64: none */

/* What the first three characters of base64 may decode to; the three and'ed: 0 for most words that
 * are no base64. A bit each: text; UTF-16LE; UTF-16BE; gzip, zstd; DER; UTF-16 by its mark, xz,
 * JKS; the other mark, 7z; UTF-8 beyond ASCII. */
extern const uint8_t rv_base64_begin[3][128];

static inline bool rv_char_is(uint8_t byte, unsigned class_bits)
{
	return (rv_char_class[byte] & class_bits) != 0;
}

/* Where the bytes of a class end; by eight, since keys and digests are long. */
static inline size_t rv_char_class_end(struct rv_str bytes, size_t at, size_t end,
				       uint8_t class_bit)
{
	const uint8_t *b = bytes.data + at;

	for (; end - at >= 8; at += 8, b += 8) {
		uint8_t low = rv_char_class[b[0]] & rv_char_class[b[1]] & rv_char_class[b[2]] &
			      rv_char_class[b[3]];
		uint8_t high = rv_char_class[b[4]] & rv_char_class[b[5]] & rv_char_class[b[6]] &
			       rv_char_class[b[7]];

		if (!(low & high & class_bit))
			break;
	}
	while (at < end && rv_char_is(bytes.data[at], class_bit))
		at++;
	return at;
}

/* Value of a hex digit (rv_char_is(byte, RV_CHAR_HEX)). */
static inline unsigned rv_hex_value(uint8_t digit)
{
	return digit <= '9' ? digit & 15U : (digit & 7U) + 9U;
}

/* The smallest part of a run that decodes by itself. */
struct rv_decode_unit {
	uint8_t out[4];
	uint8_t len;	/* of out; 0: nothing comes of it (a line end in base64) */
	bool is_escape; /* numeric: %67, \x67, &#103; */
	size_t at;
	uint32_t from[4], to[4]; /* out[i] stands in source [at + from[i], at + to[i]) */
	size_t next;		 /* where the next one begins; > at */
};

/* The unit at `at` < end of the run. */
void rv_decode_step(struct rv_str bytes, enum rv_decode_kind kind, size_t at, size_t end,
		    struct rv_decode_unit *out);
void rv_escape_step(struct rv_str bytes, enum rv_decode_kind kind, size_t at, size_t end,
		    struct rv_decode_unit *out);
void rv_utf_step(struct rv_str bytes, enum rv_decode_kind kind, size_t at, size_t end,
		 struct rv_decode_unit *out);

/* Slashes and colours (decode_mark.c), and what of them stays as it is, some at a time. */
void rv_mark_step(struct rv_str bytes, enum rv_decode_kind kind, size_t at, size_t end,
		  struct rv_decode_unit *out);
size_t rv_mark_fast(struct rv_str bytes, enum rv_decode_kind kind, size_t *at, size_t end,
		    uint8_t *out);

/* Signs of an encoding in a block of 64 bytes. */
#define RV_SIGN_BASE64	1U /* a run of its alphabet or '=', of RV_RUN_MIN or more */
#define RV_SIGN_PERCENT 2U /* two of "%HH" */
#define RV_SIGN_ESCAPE	4U /* two of "\x", "\u", "\U", "\147" */
#define RV_SIGN_ENTITY	8U /* two of "&#" */
#define RV_BLOCK	64

/* What a block shows. What follows kinds is set only with RV_SIGN_BASE64. */
struct rv_block_signs {
	unsigned kinds;	   /* RV_SIGN_* */
	unsigned before;   /* bytes of the base64 alphabet right before it, up to RV_RUN_MIN */
	uint64_t alphabet; /* its bytes of that alphabet */
	uint64_t runs; /* bytes up to which RV_RUN_MIN of them stand in a row; the last byte also
			* for a shorter run that may go on in the next block */
};
#define RV_RUN_MIN 22

/* Goes over whole blocks from `at` (a multiple of RV_BLOCK): the first one with a sign, or where
 * the last whole block ends (kinds is 0). `carry` is 0 at the start and lives from call to call:
 * was the last group of the block before of the alphabet? */
typedef size_t rv_skip_fn(struct rv_str bytes, size_t at, unsigned *carry,
			  struct rv_block_signs *out);
rv_skip_fn rv_skip_portable;
rv_skip_fn rv_skip_avx2;
rv_skip_fn rv_skip_ssse3;
/* The fastest that this processor has. */
rv_skip_fn *rv_skip_pick(void);

/* What one search knows. */
struct rv_finder {
	struct rv_str bytes;
	rv_decode_run_fn *on_run;
	rv_decode_word_fn *on_word;
	void *user;
	size_t runs;
	size_t done[RV_DECODE__COUNT]; /* up to here a kind has been looked at */
	bool has_more;		       /* runs that are not told; on_run is NULL then */
	bool is_stopped;	       /* nothing more is wanted */
};
/* Tells a run, cut to RV_DECODE_RUN_MAX. */
void rv_finder_tell(struct rv_finder *finder, enum rv_decode_kind kind, size_t at, size_t end);
/* Runs of escapes that begin, or go on, in the block at `at`. */
void rv_escape_find(struct rv_finder *finder, enum rv_decode_kind kind, size_t at);
/* Where a run of escapes, or a mail's body, ends that goes on at `at`. */
size_t rv_escape_end(struct rv_str bytes, enum rv_decode_kind kind, size_t at);
/* Mail bodies. */
void rv_quoted_find(struct rv_finder *finder);
/* Do these first decoded bytes look like text or a known magic? */
bool rv_decode_is_promising(const uint8_t *bytes, size_t len);
