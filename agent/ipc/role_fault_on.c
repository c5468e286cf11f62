/* ipc: crash injection, in RV_FAULTS builds only: SIGKILL to oneself at the chosen event. Counts
 * also journal writes (store/ calls rv_fault_point). */
#include "agent/ipc/role.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static uint64_t fault_at;
static uint64_t fault_seen;

void rv_fault_arm(uint64_t at)
{
	fault_at = at;
	fault_seen = 0;
}

void rv_fault_point(const char *where)
{
	fault_seen++;
	if (fault_at == RV_FAULT_TRACE)
		dprintf(2, "fault-point %llu %s\n", (unsigned long long)fault_seen, where);
	if (fault_at != 0 && fault_seen == fault_at)
		(void)kill(getpid(), SIGKILL); /* no return to look at */
}

uint64_t rv_fault_count(void)
{
	return fault_seen;
}
