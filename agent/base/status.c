/* base: results and the sentence that goes with a failure. Not here: logging, exit codes. */
#include "agent/base/status.h"

#include "agent/base/path.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *rv_class_name(enum rv_class class_id)
{
	switch (class_id) {
	case RV_CLASS_OK:
		return "ok";
	case RV_CLASS_RETRY:
		return "retry";
	case RV_CLASS_DENIED:
		return "denied";
	case RV_CLASS_MISCONFIGURED:
		return "misconfigured";
	case RV_CLASS_NOT_FOUND:
		return "not_found";
	case RV_CLASS_CONFLICT:
		return "conflict";
	case RV_CLASS_MALFORMED:
		return "malformed";
	case RV_CLASS_EXHAUSTED:
		return "exhausted";
	case RV_CLASS_UNSURE:
		return "unsure";
	case RV_CLASS_BUG:
		return "bug";
	case RV_CLASS__COUNT:
		break;
	}
	return "invalid";
}

/* What status.h tells the static analyser is not for here. */
#undef rv_fail
#undef rv_fail_errno
#undef rv_fail_nomem

void rv_text_tame(char *text)
{
	struct rv_str left = {(const uint8_t *)text, strlen(text)};

	while (left.len > 0) {
		uint32_t point = 0;
		size_t len = rv_utf8_at(left, &point);

		if (len == 0)
			*text = '?';
		else if (point < 0x20 || point == 0x7f)
			*text = ' ';
		len = len > 0 ? len : 1;
		text += len;
		left.data += len;
		left.len -= len;
	}
}

static RV_PRINTF(3, 0) void format(char *out, size_t size, const char *fmt, va_list args)
{
	if (vsnprintf(out, size, fmt, args) < 0)
		out[0] = '\0';
	rv_text_tame(out);
}

void rv_diag_set(struct rv_diag *diag, const char *fmt, ...)
{
	va_list args;

	if (!diag || diag->text[0])
		return;
	va_start(args, fmt);
	format(diag->text, sizeof(diag->text), fmt, args);
	va_end(args);
}

void rv_diag_prefix(struct rv_diag *diag, const char *fmt, ...)
{
	char prefix[sizeof(diag->text)];
	size_t len, kept;
	va_list args;

	if (!diag)
		return;
	va_start(args, fmt);
	format(prefix, sizeof(prefix), fmt, args);
	va_end(args);
	if (!diag->text[0]) {
		memcpy(diag->text, prefix, sizeof(prefix));
		return;
	}
	len = strlen(prefix);
	if (len + 2 >= sizeof(diag->text))
		return;
	kept = strlen(diag->text);
	if (kept > sizeof(diag->text) - 1 - len - 2)
		kept = sizeof(diag->text) - 1 - len - 2;
	memmove(diag->text + len + 2, diag->text, kept);
	memcpy(diag->text, prefix, len);
	memcpy(diag->text + len, ": ", 2);
	diag->text[len + 2 + kept] = '\0';
	rv_text_tame(diag->text); /* the cut may have split a character */
}

void rv_diag_next(struct rv_diag *diag, const char *fmt, ...)
{
	va_list args;

	if (!diag)
		return;
	va_start(args, fmt);
	format(diag->next, sizeof(diag->next), fmt, args);
	va_end(args);
}

rv_status rv_fail(enum rv_class class_id, struct rv_diag *diag, const char *fmt, ...)
{
	va_list args;

	if (diag && !diag->text[0]) {
		va_start(args, fmt);
		format(diag->text, sizeof(diag->text), fmt, args);
		va_end(args);
	}
	return (rv_status){(uint16_t)class_id, 0};
}

static enum rv_class class_of_errno(int error)
{
	switch (error) {
	case ENOENT:
		return RV_CLASS_NOT_FOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return RV_CLASS_DENIED;
	case ENOMEM:
	case ENOSPC:
	case EMFILE:
		return RV_CLASS_EXHAUSTED;
	case EAGAIN:
	case EINTR:
		return RV_CLASS_RETRY;
	case EEXIST:
	case EBUSY:
		return RV_CLASS_CONFLICT;
	default:
		return RV_CLASS_MISCONFIGURED;
	}
}

rv_status rv_fail_errno(struct rv_diag *diag, const char *fmt, ...)
{
	int error = errno;
	char reason[128];
	va_list args;

	if (diag && !diag->text[0]) {
		size_t len;

		va_start(args, fmt);
		format(diag->text, sizeof(diag->text), fmt, args);
		va_end(args);
		len = strlen(diag->text);
		(void)snprintf(diag->text + len, sizeof(diag->text) - len, ": %s",
			       strerror_r(error, reason, sizeof(reason))); /* cut is fine */
	}
	return (rv_status){(uint16_t)class_of_errno(error), (uint16_t)error};
}

rv_status rv_fail_nomem(struct rv_diag *diag)
{
	rv_diag_set(diag, "out of memory");
	return (rv_status){RV_CLASS_EXHAUSTED, ENOMEM};
}

void rv_bug(const char *file, int line, const char *what)
{
	char text[512];
	int len = snprintf(text, sizeof(text), "bug: %s:%d: %s\n", file, line, what);

	if (len > 0) {
		size_t size = (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;

		if (write(STDERR_FILENO, text, size) < 0)
			abort();
	}
	abort();
}
