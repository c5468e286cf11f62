/* base: results and human detail. Not here: logging, exit codes of the CLI (cli/). */
#pragma once

#include "agent/base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The class of a failure decides what happens next; callers branch on it, never on text. */
enum rv_class {
	RV_CLASS_OK = 0,
	RV_CLASS_RETRY,		/* not now: try again later, nothing was changed */
	RV_CLASS_DENIED,	/* policy, permission or a peer refused */
	RV_CLASS_MISCONFIGURED, /* the operator must change something */
	RV_CLASS_NOT_FOUND,
	RV_CLASS_CONFLICT,  /* the world is not what was expected (stale, foreign, busy) */
	RV_CLASS_MALFORMED, /* bytes from outside do not parse */
	RV_CLASS_EXHAUSTED, /* memory, space, a stated limit */
	RV_CLASS_UNSURE,    /* the other side may have done it: verify, never retry blind */
	RV_CLASS_BUG,	    /* our own broken invariant that could be reported safely */
	RV_CLASS__COUNT
};

/* A must-use result: compare only through rv_is_ok() and rv_class_of(). */
typedef struct rv_status {
	uint16_t class_id;  /* enum rv_class */
	uint16_t errno_was; /* errno at the failing call, 0 when none */
} rv_status;

#define RV_OK ((rv_status){0, 0})

static inline bool rv_is_ok(rv_status s)
{
	return s.class_id == RV_CLASS_OK;
}

static inline enum rv_class rv_class_of(rv_status s)
{
	return (enum rv_class)s.class_id;
}

/* "retry", "denied", ... stable lower-case words, also used in JSON. */
const char *rv_class_name(enum rv_class class_id);

/* What a person needs: what was tried on what, and what to do. Fixed size: never fails. */
struct rv_diag {
	char text[768]; /* one sentence, no newline */
	char next[256]; /* the command or change that mends it; may be empty */
};

/* For terminals, one-line logs and JSON, in place: control bytes become spaces, bytes that are not
 * UTF-8 (a hook's output, a sentence cut short) question marks. What is below does so by itself. */
void rv_text_tame(char *text);
/* Writes the sentence (first writer wins, so the deepest cause is kept). diag may be NULL. */
void rv_diag_set(struct rv_diag *diag, const char *fmt, ...) RV_PRINTF(2, 3);
/* Puts `fmt...: ` before an existing sentence; sets it when there is none. diag may be NULL. */
void rv_diag_prefix(struct rv_diag *diag, const char *fmt, ...) RV_PRINTF(2, 3);
/* What the operator can do; the last writer wins. diag may be NULL. */
void rv_diag_next(struct rv_diag *diag, const char *fmt, ...) RV_PRINTF(2, 3);

/* A failure of the given class, with its sentence. diag may be NULL. */
rv_status rv_fail(enum rv_class class_id, struct rv_diag *diag, const char *fmt, ...)
	RV_PRINTF(3, 4);
/* The same from errno: the class follows from it (ENOENT NOT_FOUND, EACCES/EPERM/EROFS DENIED,
 * ENOMEM/ENOSPC/EMFILE EXHAUSTED, EAGAIN/EINTR RETRY, EEXIST/EBUSY CONFLICT, else
 * MISCONFIGURED) and strerror() is appended. Reads errno first thing. */
rv_status rv_fail_errno(struct rv_diag *diag, const char *fmt, ...) RV_PRINTF(2, 3);
/* No memory. */
rv_status rv_fail_nomem(struct rv_diag *diag);

#ifdef __clang_analyzer__
/* The static analyser sees one file at a time: tell it that a failure is never OK. */
void rv_analyzer_reads(struct rv_diag *diag, const char *fmt, ...);
#define rv_fail(class_id, ...) (rv_analyzer_reads(__VA_ARGS__), (rv_status){(class_id), 0})
#define rv_fail_errno(...)     (rv_analyzer_reads(__VA_ARGS__), (rv_status){RV_CLASS_DENIED, 1})
#define rv_fail_nomem(diag)    (rv_analyzer_reads(diag, ""), (rv_status){RV_CLASS_EXHAUSTED, 1})
#endif

/* Returns the failure to the caller. */
#define RV_TRY(expr)                        \
	do {                                \
		rv_status rv_try_ = (expr); \
		if (!rv_is_ok(rv_try_))     \
			return rv_try_;     \
	} while (0)

/* A broken invariant of our own: says where and aborts the role. Never for outside data. */
RV_NORETURN void rv_bug(const char *file, int line, const char *what);
#define RV_BUG_ON(cond)                                    \
	do {                                               \
		if (cond)                                  \
			rv_bug(__FILE__, __LINE__, #cond); \
	} while (0)
