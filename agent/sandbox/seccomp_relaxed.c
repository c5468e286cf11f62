/* sandbox: for sanitizer and coverage builds, whose run-time makes calls of its own (maps, signal
 * stacks, counters at exit): what is not listed is refused, but does not kill. Never shipped. */
#include "agent/sandbox/walls.h"

#include <errno.h>
#include <seccomp.h>

/* The leak checker traces its own process, which no jail allows. The name is the sanitizer's.
 * NOLINTBEGIN(readability-identifier-naming) */
const char *__asan_default_options(void);
__attribute__((visibility("default"), used)) const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
/* NOLINTEND(readability-identifier-naming) */

uint32_t rv_seccomp_default_action(void)
{
	return SCMP_ACT_ERRNO(EPERM);
}
