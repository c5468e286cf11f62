/* inventory: crash injection for tests. fault_off.c (shipped) or fault_on.c, by RV_FAULTS. */
#pragma once

#include <stdbool.h>

/* Arms one named point ("after-commit", "before-commit"). False in builds without crash points. */
bool rv_fault_name(const char *where);
/* Kills this process when the point is armed. */
void rv_fault_here(const char *where);
