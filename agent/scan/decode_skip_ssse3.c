/* scan: passing over blocks without a sign of an encoding, 16 bytes at a time. Built for x86-64
 * only; run only where the processor has SSSE3 and SSE4.1 (decode_pick_x86.c). */
#include "agent/scan/decode_skip.h"

#include <immintrin.h>

#define RV_SSSE3 __attribute__((target("ssse3,sse4.1")))

/* A table lookup per half byte; a byte over 0x7f looks up 0 by itself in the low table. */
RV_SSSE3 RV_INLINE void add_quarter(const uint8_t *at, unsigned quarter, __m128i hi_table,
				    __m128i lo_table, struct rv_block_masks *masks)
{
	const __m128i zero = _mm_setzero_si128();
	__m128i v = _mm_loadu_si128((const __m128i_u *)(const void *)at);
	__m128i hi = _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(15));
	__m128i class_bits =
		_mm_and_si128(_mm_shuffle_epi8(hi_table, hi), _mm_shuffle_epi8(lo_table, v));
	__m128i none =
		_mm_cmpeq_epi8(_mm_and_si128(class_bits, _mm_set1_epi8(RV_BLOCK_ALPHABET)), zero);
	__m128i groups = _mm_cmpeq_epi64(none, zero);
	unsigned shift = quarter * 16;

	masks->percent |= (uint64_t)(unsigned)_mm_movemask_epi8(class_bits) << shift;
	masks->backslash |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_slli_epi16(class_bits, 1))
			    << shift;
	masks->entity |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_slli_epi16(class_bits, 2))
			 << shift;
	masks->alphabet |= (uint64_t)(0xffffU ^ (unsigned)_mm_movemask_epi8(none)) << shift;
	masks->equals |=
		(uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('=')))
		<< shift;
	masks->groups |= (unsigned)_mm_movemask_pd(_mm_castsi128_pd(groups)) << (quarter * 2);
}

RV_SSSE3 size_t rv_skip_ssse3(struct rv_str bytes, size_t at, unsigned *carry,
			      struct rv_block_signs *out)
{
	const __m128i hi_table = _mm_loadu_si128((const __m128i_u *)(const void *)rv_block_hi);
	const __m128i lo_table = _mm_loadu_si128((const __m128i_u *)(const void *)rv_block_lo);

	for (; at + RV_BLOCK <= bytes.len; at += RV_BLOCK) {
		struct rv_block_masks masks = {0};

		for (unsigned quarter = 0; quarter < 4; quarter++)
			add_quarter(bytes.data + at + quarter * 16, quarter, hi_table, lo_table,
				    &masks);
		rv_skip_signs(bytes, at, &masks, carry, out);
		if (__builtin_expect(out->kinds != 0, 0))
			return at;
	}
	out->kinds = 0;
	return at;
}
