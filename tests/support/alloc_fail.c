/* tests: failing allocations by ld's --wrap. Not here: leak checks (AddressSanitizer). */
#include "tests/support/alloc_fail.h"

#include <errno.h>
#include <stdio.h>

#define ALLOCATIONS_MAX 100000

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t count, size_t size);

static size_t left; /* allocations until the failing one; 0 not armed */
static bool has_failed;

static bool must_fail(void)
{
	if (left == 0 || --left > 0)
		return false;
	has_failed = true;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return must_fail() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return must_fail() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return must_fail() ? NULL : __real_realloc(p, size);
}

void *__wrap_reallocarray(void *p, size_t count, size_t size)
{
	return must_fail() ? NULL : __real_reallocarray(p, count, size);
}

void *rvt_alloc_malloc(size_t size)
{
	return __wrap_malloc(size);
}

void rvt_alloc_free(void *p)
{
	free(p);
}

void rvt_alloc_fail_at(size_t n)
{
	left = n;
	has_failed = false;
}

bool rvt_alloc_has_failed(void)
{
	return has_failed;
}

static RV_NORETURN void give_up(const char *name, size_t n, rv_status status, const char *what)
{
	(void)fprintf(stderr, "%s: allocation %zu: %s: %s\n", name, n, what,
		      rv_class_name(rv_class_of(status))); /* the exit code tells the rest */
	exit(99);
}

size_t rvt_alloc_loop(const char *name, rvt_attempt_fn *attempt, void *user)
{
	for (size_t n = 1; n < ALLOCATIONS_MAX; n++) {
		rv_status status;
		bool failed;

		rvt_alloc_fail_at(n);
		status = attempt(user);
		failed = has_failed;
		rvt_alloc_fail_at(0);
		if (failed && rv_class_of(status) != RV_CLASS_EXHAUSTED)
			give_up(name, n, status, "failed, but the result is");
		if (!failed && !rv_is_ok(status))
			give_up(name, n, status, "nothing failed, but the result is");
		if (!failed)
			return n - 1;
	}
	give_up(name, ALLOCATIONS_MAX, RV_OK, "no end");
}
