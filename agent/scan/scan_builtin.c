/* scan: the compiled-in rules with their anchors ready (docs/decisions/detectors.md). Not here:
 * what a set is (rule.c), compiling (scan_db.c). */
#include "agent/scan/scan_db.h"

/* RV_ANCHORS_DIR comes from CMake; reeve-anchors writes the three files. */
#define EMBED(name)                                                                     \
	__asm__(".section .rodata\n.balign 64\n"                                        \
		"rv_anchors_" #name ":\n.incbin \"" RV_ANCHORS_DIR "/" #name ".db\"\n"  \
		"rv_anchors_" #name "_end:\n.byte 0\n.previous\n");                     \
	extern const uint8_t rv_anchors_##name[] __attribute__((visibility("hidden"))); \
	extern const uint8_t rv_anchors_##name##_end[] __attribute__((visibility("hidden")))

EMBED(base);
EMBED(avx2);
EMBED(avx512);

static struct rv_str ready_anchors(void)
{
	hs_platform_info_t here;

	if (hs_populate_platform(&here) != HS_SUCCESS)
		return RV_STR_NONE;
	if (here.cpu_features & HS_CPU_FEATURES_AVX512)
		return (struct rv_str){rv_anchors_avx512,
				       (size_t)(rv_anchors_avx512_end - rv_anchors_avx512)};
	if (here.cpu_features & HS_CPU_FEATURES_AVX2)
		return (struct rv_str){rv_anchors_avx2,
				       (size_t)(rv_anchors_avx2_end - rv_anchors_avx2)};
	return (struct rv_str){rv_anchors_base, (size_t)(rv_anchors_base_end - rv_anchors_base)};
}

rv_status rv_scanner_new_builtin(struct rv_scanner **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *set = NULL;
	struct rv_str ready = ready_anchors();

	RV_TRY(rv_ruleset_new(true, &set));
	if (ready.len > 0 && rv_is_ok(rv_scanner_new_packed(set, ready, out, NULL)))
		return RV_OK;
	return rv_scanner_new(set, out, diag);
}
