/* scan: from the masks of one block to its signs; shared by the files that make the masks. Include
 * decode_private.h instead. */
#pragma once

#include "agent/scan/decode_private.h"

#define RV_INLINE static inline __attribute__((always_inline))

/* Class of a byte: rv_block_hi[byte >> 4] & rv_block_lo[byte & 15]. The low five bits: base64
 * alphabet or '='. */
#define RV_BLOCK_ALPHABET  0x1fU
#define RV_BLOCK_ENTITY	   0x20U
#define RV_BLOCK_BACKSLASH 0x40U
#define RV_BLOCK_PERCENT   0x80U
extern const uint8_t rv_block_hi[16];
extern const uint8_t rv_block_lo[16];

/* A bit per byte of a block; of `groups`, a bit per aligned 8 bytes. */
struct rv_block_masks {
	uint64_t percent;
	uint64_t backslash;
	uint64_t entity;   /* '&' or '#' */
	uint64_t alphabet; /* base64 alphabet or '=' */
	uint64_t equals;   /* '=' */
	unsigned groups;   /* wholly of it */
};

/* Do two of the marked bytes begin an escape? */
RV_INLINE bool rv_skip_two_percent(struct rv_str bytes, size_t at, uint64_t mask)
{
	unsigned found = 0;

	for (; mask && found < 2; mask &= mask - 1) {
		size_t i = at + (unsigned)__builtin_ctzll(mask);

		found += i + 2 < bytes.len && rv_char_is(bytes.data[i + 1], RV_CHAR_HEX) &&
			 rv_char_is(bytes.data[i + 2], RV_CHAR_HEX);
	}
	return found >= 2;
}

/* Of a character that can be visible ASCII, as far as the first digits tell: tables of other bytes
 * and of other scripts are passed over. */
RV_INLINE bool rv_skip_is_escape(struct rv_str bytes, size_t at)
{
	const uint8_t *p = bytes.data + at;

	if (at + 4 >= bytes.len)
		return false;
	if (p[1] == 'x')
		return (p[2] >= '2' && p[2] <= '7') || p[2] == '{';
	if (p[1] == '0' || p[1] == '1') /* \041 to \176 */
		return (p[2] & 0xf8U) == '0' && (p[3] & 0xf8U) == '0' &&
		       (p[1] == '1' || p[2] >= '4');
	return (p[1] | 0x20U) == 'u' && ((p[2] == '0' && p[3] == '0') || p[2] == '{');
}

RV_INLINE bool rv_skip_two_escapes(struct rv_str bytes, size_t at, uint64_t mask)
{
	unsigned found = 0;

	for (; mask && found < 2; mask &= mask - 1)
		found += rv_skip_is_escape(bytes, at + (unsigned)__builtin_ctzll(mask));
	return found >= 2;
}

RV_INLINE bool rv_skip_two_entities(struct rv_str bytes, size_t at, uint64_t mask)
{
	unsigned found = 0;

	for (; mask && found < 2; mask &= mask - 1) {
		size_t i = at + (unsigned)__builtin_ctzll(mask);

		found += bytes.data[i] == '&' && i + 1 < bytes.len && bytes.data[i + 1] == '#';
	}
	return found >= 2;
}

RV_INLINE uint64_t rv_mask_pairs(uint64_t mask)
{
	return mask & (mask >> 1);
}

/* Where in the block RV_RUN_MIN bytes of the alphabet in a row end; '=' is none of it here. */
RV_INLINE void rv_skip_runs(struct rv_str bytes, size_t at, uint64_t mask,
			    struct rv_block_signs *out)
{
	unsigned before = 0;
	uint64_t r2, r4, r8, r16, p, p2, p4, p8;

	while ((mask & 1) && before < RV_RUN_MIN && before < at &&
	       rv_char_is(bytes.data[at - 1 - before], RV_CHAR_BASE64))
		before++;
	p = before ? UINT64_MAX << (64 - before) : 0; /* the block before */
	r2 = mask & (mask << 1 | p >> 63);
	p2 = p & p << 1;
	r4 = r2 & (r2 << 2 | p2 >> 62);
	p4 = p2 & p2 << 2;
	r8 = r4 & (r4 << 4 | p4 >> 60);
	p8 = p4 & p4 << 4;
	r16 = r8 & (r8 << 8 | p8 >> 56);
	out->before = before;
	out->alphabet = mask;
	out->runs = (r16 & (r8 << (RV_RUN_MIN - 8) | p8 >> (64 - (RV_RUN_MIN - 8)))) |
		    (r16 & (uint64_t)1 << 63);
}

/* Nothing for nearly every block of ordinary text. */
RV_INLINE void rv_skip_signs(struct rv_str bytes, size_t at, const struct rv_block_masks *masks,
			     unsigned *carry, struct rv_block_signs *out)
{
	unsigned pairs = masks->groups & (masks->groups << 1 | *carry);

	*carry = masks->groups >> 7;
	out->kinds = 0;
	if (__builtin_expect(!(pairs | (masks->percent & (masks->percent - 1)) |
			       (masks->backslash & (masks->backslash - 1)) |
			       rv_mask_pairs(masks->entity)),
			     1))
		return;
	*out = (struct rv_block_signs){0};
	if (__builtin_expect(pairs != 0, 0))
		rv_skip_runs(bytes, at, masks->alphabet & ~masks->equals, out);
	if (out->runs)
		out->kinds |= RV_SIGN_BASE64;
	if (__builtin_expect((masks->percent & (masks->percent - 1)) != 0, 0) &&
	    rv_skip_two_percent(bytes, at, masks->percent))
		out->kinds |= RV_SIGN_PERCENT;
	if (__builtin_expect((masks->backslash & (masks->backslash - 1)) != 0, 0) &&
	    rv_skip_two_escapes(bytes, at, masks->backslash))
		out->kinds |= RV_SIGN_ESCAPE;
	if (__builtin_expect(rv_mask_pairs(masks->entity) != 0, 0) &&
	    rv_skip_two_entities(bytes, at, masks->entity))
		out->kinds |= RV_SIGN_ENTITY;
}
