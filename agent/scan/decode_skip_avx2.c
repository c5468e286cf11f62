/* scan: passing over blocks without a sign of an encoding, 32 bytes at a time. Built for x86-64
 * only; run only where the processor has AVX2 (decode_pick_x86.c). */
#include "agent/scan/decode_skip.h"

#include <immintrin.h>

#define RV_AVX2 __attribute__((target("avx2,bmi")))

struct half {
	__m256i bytes, none; /* none: 0xff for what is not of the alphabet */
	unsigned groups;
	uint32_t rare; /* signs of the escapes */
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
	/* The three bits over those of the alphabet, as the highest one: plus 0x60 with saturation
	 * sets it from 0x20 on. */
	__m256i rare = _mm256_adds_epu8(class_bits, _mm256_set1_epi8(0x80 - RV_BLOCK_ENTITY));

	return (struct half){
		.bytes = v,
		.none = none,
		.groups = (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(groups)),
		.rare = (uint32_t)_mm256_movemask_epi8(rare),
	};
}

RV_AVX2 RV_INLINE uint64_t both(__m256i a, __m256i b)
{
	return (uint32_t)_mm256_movemask_epi8(a) | (uint64_t)(uint32_t)_mm256_movemask_epi8(b)
							   << 32;
}

RV_AVX2 RV_INLINE uint64_t where(const struct half *a, const struct half *b, char c)
{
	__m256i wanted = _mm256_set1_epi8(c);

	return both(_mm256_cmpeq_epi8(a->bytes, wanted), _mm256_cmpeq_epi8(b->bytes, wanted));
}

RV_AVX2 size_t rv_skip_avx2(struct rv_str bytes, size_t at, unsigned *carry,
			    struct rv_block_signs *out)
{
	const __m256i hi_table = _mm256_broadcastsi128_si256(
		_mm_loadu_si128((const __m128i_u *)(const void *)rv_block_hi));
	const __m256i lo_table = _mm256_broadcastsi128_si256(
		_mm_loadu_si128((const __m128i_u *)(const void *)rv_block_lo));
	unsigned last = *carry;

	for (; at + RV_BLOCK <= bytes.len; at += RV_BLOCK) {
		struct half a = half_of(bytes.data + at, hi_table, lo_table);
		struct half b = half_of(bytes.data + at + 32, hi_table, lo_table);
		unsigned groups = a.groups | b.groups << 4;
		uint64_t rare = a.rare | (uint64_t)b.rare << 32;

		bool has_pair = (groups & (groups << 1 | last)) != 0;
		bool has_signs = (rare & (rare - 1)) != 0;

		if (__builtin_expect(!has_pair && !has_signs, 1)) {
			last = groups >> 7;
			continue;
		}
		struct rv_block_masks masks = {.groups = groups};

		if (has_pair) {
			masks.equals = where(&a, &b, '=');
			masks.alphabet = ~both(a.none, b.none);
		}
		if (has_signs) {
			masks.percent = where(&a, &b, '%');
			masks.backslash = where(&a, &b, '\\');
			masks.entity = where(&a, &b, '&') | where(&a, &b, '#');
		}
		rv_skip_signs(bytes, at, &masks, &last, out);
		if (__builtin_expect(out->kinds != 0, 0)) {
			*carry = last;
			return at;
		}
	}
	*carry = last;
	out->kinds = 0;
	return at;
}
