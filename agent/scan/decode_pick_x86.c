/* scan: which way over the blocks this processor can go. x86-64. */
#include "agent/scan/decode_private.h"

rv_skip_fn *rv_skip_pick(void)
{
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"))
		return rv_skip_avx2;
	if (__builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1"))
		return rv_skip_ssse3;
	return rv_skip_portable;
}
