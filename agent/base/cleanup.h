/* base: attributes and scope cleanup. Not here: anything that allocates. */
#pragma once

#include <stdlib.h>

/* The caller must look at the result. A macro: clang 14 rejects [[nodiscard]] in gnu17. */
#define RV_NODISCARD	     __attribute__((warn_unused_result))
#define RV_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define RV_NORETURN	     __attribute__((noreturn))

/* Runs `fn(&variable)` when the variable leaves scope. `unused`: clang 14 counts it as unread. */
#define RV_CLEANUP(fn) __attribute__((cleanup(fn), unused))

/* Hands a pointer over: yields its value and leaves NULL behind, so cleanup does nothing. */
#define RV_TAKE(p)                             \
	({                                     \
		__typeof__(p) rv_taken_ = (p); \
		(p) = NULL;                    \
		rv_taken_;                     \
	})

/* The same for file descriptors: leaves -1 behind. */
#define RV_TAKE_FD(fd)                   \
	({                               \
		int rv_taken_fd_ = (fd); \
		(fd) = -1;               \
		rv_taken_fd_;            \
	})

#define RV_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* free() for RV_CLEANUP on any malloc'ed pointer: `RV_CLEANUP(rv_freep) char *s = NULL;` */
static inline void rv_freep(void *p)
{
	void **slot = p;
	free(*slot);
	*slot = NULL;
}
