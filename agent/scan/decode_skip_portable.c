/* scan: passing over blocks without a sign of an encoding, on any processor. */
#include "agent/scan/decode_skip.h"

static void mark_rare(const uint8_t *block, unsigned group, struct rv_block_masks *out)
{
	for (unsigned i = group * 8; i < group * 8 + 8; i++) {
		unsigned class_bits = rv_block_hi[block[i] >> 4] & rv_block_lo[block[i] & 15];

		out->entity |= (uint64_t)(class_bits >> 5 & 1) << i;
		out->backslash |= (uint64_t)(class_bits >> 6 & 1) << i;
		out->percent |= (uint64_t)(class_bits >> 7) << i;
	}
}

static void masks_of(const uint8_t *block, struct rv_block_masks *out)
{
	*out = (struct rv_block_masks){0};
	for (unsigned group = 0; group < RV_BLOCK / 8; group++) {
		const uint8_t *at = block + group * 8;
		unsigned rare = 0;
		unsigned alphabet = 0;
		unsigned equals = 0;

		for (unsigned i = 0; i < 8; i++) {
			unsigned class_bits = rv_block_hi[at[i] >> 4] & rv_block_lo[at[i] & 15];

			rare |= class_bits;
			alphabet |= (unsigned)((class_bits & RV_BLOCK_ALPHABET) != 0) << i;
			equals |= (unsigned)(at[i] == '=') << i;
		}
		out->alphabet |= (uint64_t)alphabet << (group * 8);
		out->equals |= (uint64_t)equals << (group * 8);
		out->groups |= (unsigned)(alphabet == 0xff) << group;
		if (rare & ~RV_BLOCK_ALPHABET)
			mark_rare(block, group, out);
	}
}

size_t rv_skip_portable(struct rv_str bytes, size_t at, unsigned *carry, struct rv_block_signs *out)
{
	struct rv_block_masks masks;

	for (; at + RV_BLOCK <= bytes.len; at += RV_BLOCK) {
		masks_of(bytes.data + at, &masks);
		rv_skip_signs(bytes, at, &masks, carry, out);
		if (out->kinds)
			return at;
	}
	out->kinds = 0;
	return at;
}
