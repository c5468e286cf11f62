/* sandbox: what is not listed kills the process. */
#include "agent/sandbox/walls.h"

#include <seccomp.h>

uint32_t rv_seccomp_default_action(void)
{
	return SCMP_ACT_KILL_PROCESS;
}
