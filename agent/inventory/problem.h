/* inventory: refusals. One stable code each, one HTTP status, one thing the asker does next. */
#pragma once

#include "agent/base/buf.h"

/* X(symbol, "code", status, "title") */
#define RV_PROBLEMS(X)                                                                          \
	X(TOKEN_UNKNOWN, "token_unknown", 403, "no such enrolment token")                       \
	X(TOKEN_USED, "token_used", 403, "the enrolment token was used")                        \
	X(TOKEN_EXPIRED, "token_expired", 403, "the enrolment token has expired")               \
	X(CERT_REQUIRED, "cert_required", 401, "a client certificate is required")              \
	X(CERT_FOREIGN, "cert_foreign", 403, "the client certificate is not of this inventory") \
	X(CERT_EXPIRED, "cert_expired", 403, "the client certificate has expired")              \
	X(HOST_DENIED, "host_denied", 403, "this host was denied by an operator")               \
	X(UNKNOWN_HOST, "unknown_host", 403, "this host is not enrolled here")                  \
	X(NEED_FULL, "need_full", 409, "the base is not known: send a full report")             \
	X(BUSY, "busy", 503, "too much work is queued: try again later")                        \
	X(TOO_LARGE, "too_large", 413, "the body is too large")                                 \
	X(MALFORMED, "malformed", 400, "the request does not parse")                            \
	X(UNPROCESSABLE, "malformed", 422, "the document is not what this call takes")          \
	X(VERSION_TOO_OLD, "version_too_old", 422, "this document version is not spoken here")  \
	X(CLOCK_SKEW, "clock_skew", 403, "the certificate is not valid yet: a clock is wrong")  \
	X(NOT_FOUND, "not_found", 404, "no such page")                                          \
	X(METHOD, "method", 405, "this page does not take that method")                         \
	X(LOGIN_REQUIRED, "login_required", 401, "a reader token is required")                  \
	X(RATE, "busy", 429, "too many requests: try again later")                              \
	X(INTERNAL, "internal", 500, "the server failed; its log says why")

enum rv_problem {
#define RV_PROBLEM_ITEM(symbol, code, status, title) RV_PROBLEM_##symbol,
	RV_PROBLEMS(RV_PROBLEM_ITEM)
#undef RV_PROBLEM_ITEM
};

const char *rv_problem_code(enum rv_problem p);
unsigned rv_problem_status(enum rv_problem p);
const char *rv_problem_title(enum rv_problem p);
/* application/problem+json; detail may be NULL. A `seq` >= 0 adds {"seq":n} (need_full). */
RV_NODISCARD rv_status rv_problem_json(enum rv_problem p, const char *detail, int64_t seq,
				       struct rv_buf *out);
