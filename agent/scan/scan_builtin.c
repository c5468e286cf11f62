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

/* The linker's labels: one object in truth. */
static struct rv_str between(const uint8_t *start, const uint8_t *end)
{
	return (struct rv_str){start, (size_t)((uintptr_t)end - (uintptr_t)start)};
}

static struct rv_str ready_anchors(void)
{
	hs_platform_info_t here;

	if (hs_populate_platform(&here) != HS_SUCCESS)
		return RV_STR_NONE;
	if (here.cpu_features & HS_CPU_FEATURES_AVX512)
		return between(rv_anchors_avx512, rv_anchors_avx512_end);
	if (here.cpu_features & HS_CPU_FEATURES_AVX2)
		return between(rv_anchors_avx2, rv_anchors_avx2_end);
	return between(rv_anchors_base, rv_anchors_base_end);
}

/* The same rows in the same order have the same anchors. */
static bool is_builtin(const struct rv_ruleset *set)
{
	size_t count = 0, table_count = 0;
	const struct rv_rule *const *rows = rv_ruleset_rows(set, &count);
	const struct rv_rule *table = rv_rule_table(&table_count);

	for (size_t i = 0; i < count; i++) {
		if (count != table_count || rows[i] != &table[i])
			return false;
	}
	return count == table_count;
}

rv_status rv_scanner_new_ready(const struct rv_ruleset *set, const struct rv_anchor_store *store,
			       struct rv_scanner **out, struct rv_diag *diag)
{
	struct rv_str ready = is_builtin(set) ? ready_anchors() : RV_STR_NONE;

	if (ready.len > 0 && rv_is_ok(rv_scanner_new_packed(set, ready, out, NULL)))
		return RV_OK;
	return store ? rv_scanner_new_stored(set, store, out, diag)
		     : rv_scanner_new(set, out, diag);
}

rv_status rv_scanner_new_builtin(struct rv_scanner **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *set = NULL;

	RV_TRY(rv_ruleset_new(true, &set));
	return rv_scanner_new_ready(set, NULL, out, diag);
}
