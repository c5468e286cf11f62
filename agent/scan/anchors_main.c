/* scan: reeve-anchors, a build tool: the compiled-in rules' anchors as Vectorscan databases, one
 * for each sort of processor (scan_builtin.c takes them in). Not installed. */
#include "agent/base/fd.h"
#include "agent/scan/scan_db.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	static const unsigned long long features[] = {
		0, HS_CPU_FEATURES_AVX2, HS_CPU_FEATURES_AVX2 | HS_CPU_FEATURES_AVX512};
	RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *set = NULL;
	struct rv_diag diag = {0};

	if (argc != 1 + (int)RV_LEN(features)) {
		(void)fputs("usage: reeve-anchors BASE.db AVX2.db AVX512.db\n",
			    stderr); /* to stderr */
		return 2;
	}
	rv_status s = rv_ruleset_new(true, &set);
	for (size_t i = 0; i < RV_LEN(features) && rv_is_ok(s); i++) {
		RV_CLEANUP(rv_scanner_freep) struct rv_scanner *scanner = NULL;
		RV_CLEANUP(rv_buf_done) struct rv_buf packed = {0};
		hs_platform_info_t platform = {.tune = HS_TUNE_FAMILY_GENERIC,
					       .cpu_features = features[i]};

		rv_buf_init(&packed, (size_t)64 << 20);
		s = rv_scanner_new_for(set, &platform, &scanner, &diag);
		if (rv_is_ok(s))
			s = rv_scanner_pack(scanner, &packed);
		if (rv_is_ok(s))
			s = rv_file_replace(argv[1 + i], packed.data, packed.len, 0644, &diag);
	}
	if (!rv_is_ok(s))
		(void)fprintf(stderr, "reeve-anchors: %s\n", diag.text); /* to stderr */
	return rv_is_ok(s) ? 0 : 2;
}
