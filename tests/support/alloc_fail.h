/* tests: makes the n-th allocation fail, for each n. A test links rv_test_alloc, which wraps
 * malloc, calloc, realloc and reallocarray of everything linked statically (our rooms), not of
 * shared libraries. Those that take allocators can be given ours:
 *   json_set_alloc_funcs(rvt_alloc_malloc, rvt_alloc_free);
 *   sqlite3_config(SQLITE_CONFIG_MALLOC, ..) over the same two. */
#pragma once

#include "agent/base/status.h"

/* One attempt at the thing under test: arranges, acts, cleans up, and returns what came out. */
typedef rv_status rvt_attempt_fn(void *user);

/* Runs attempt() with the 1st, 2nd, .. allocation failing until a run needs no more. Each run with
 * a failed allocation must come out as EXHAUSTED, and the one without as OK; anything else ends
 * the test program with exit 99 and says at which allocation. Leaks are AddressSanitizer's to
 * find. Returns how many allocations there were. */
size_t rvt_alloc_loop(const char *name, rvt_attempt_fn *attempt, void *user);

/* By hand: the n-th allocation from now fails (once); 0 disarms. */
void rvt_alloc_fail_at(size_t n);
bool rvt_alloc_has_failed(void); /* since the last rvt_alloc_fail_at */

void *rvt_alloc_malloc(size_t size);
void rvt_alloc_free(void *p);
