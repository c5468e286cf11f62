/* scan: passing over blocks without a sign of an encoding, 32 bytes at a time. Built for x86-64
 * only; run only where the processor has AVX2 (decode_pick_x86.c). */
#include "agent/scan/decode_skip.h"

#include <immintrin.h>

#define RV_AVX2 __attribute__((target("avx2,bmi")))

struct half {
	uint32_t percent, backslash, entity, none;
	unsigned groups;
};

/* A table lookup per half byte; a byte over 0x7f looks up 0 by itself in the low table. */
RV_AVX2 RV_INLINE struct half half_of(const uint8_t *at, __m256i hi_table, __m256i lo_table)
{
	const __m256i zero = _mm256_setzero_si256();
	__m256i v = _mm256_loadu_si256((const __m256i_u *)at);
	__m256i hi = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));
	__m256i class_bits = _mm256_and_si256(_mm256_shuffle_epi8(hi_table, hi),
					      _mm256_shuffle_epi8(lo_table, v));
	__m256i none = _mm256_cmpeq_epi8(
		_mm256_and_si256(class_bits, _mm256_set1_epi8(RV_BLOCK_ALPHABET)), zero);
	__m256i groups = _mm256_cmpeq_epi64(none, zero);

	return (struct half){
		.percent = (uint32_t)_mm256_movemask_epi8(class_bits),
		.backslash = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(class_bits, 1)),
		.entity = (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16(class_bits, 2)),
		.none = (uint32_t)_mm256_movemask_epi8(none),
		.groups = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(groups)),
	};
}

RV_AVX2 size_t rv_skip_avx2(struct rv_str bytes, size_t at, unsigned *carry,
			    struct rv_block_signs *out)
{
	const __m256i hi_table = _mm256_broadcastsi128_si256(
		_mm_loadu_si128((const __m128i_u *)(const void *)rv_block_hi));
	const __m256i lo_table = _mm256_broadcastsi128_si256(
		_mm_loadu_si128((const __m128i_u *)(const void *)rv_block_lo));

	for (; at + RV_BLOCK <= bytes.len; at += RV_BLOCK) {
		struct half a = half_of(bytes.data + at, hi_table, lo_table);
		struct half b = half_of(bytes.data + at + 32, hi_table, lo_table);
		struct rv_block_masks masks = {
			.percent = a.percent | (uint64_t)b.percent << 32,
			.backslash = a.backslash | (uint64_t)b.backslash << 32,
			.entity = a.entity | (uint64_t)b.entity << 32,
			.alphabet = ~(a.none | (uint64_t)b.none << 32),
			.groups = a.groups | b.groups << 4,
		};

		rv_skip_signs(bytes, at, &masks, carry, out);
		if (__builtin_expect(out->kinds != 0, 0))
			return at;
	}
	out->kinds = 0;
	return at;
}
