/* ipc: crash injection compiled out. */
#include "agent/ipc/role.h"

void rv_fault_arm(uint64_t at)
{
	(void)at; /* no crash points in this build */
}

void rv_fault_point(const char *where)
{
	(void)where; /* no crash points in this build */
}

uint64_t rv_fault_count(void)
{
	return 0;
}
