/* inventory: builds for tests: `serve --fault after-commit` dies there as if by kill -9. */
#include "agent/inventory/fault.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

static const char *armed;

bool rv_fault_name(const char *where)
{
	armed = where;
	return true;
}

void rv_fault_here(const char *where)
{
	if (armed && strcmp(armed, where) == 0)
		raise(SIGKILL);
}
