/* cli: a rule's request with a value filled in, as it goes out: for reeve-ask, which sends it, and
 * for --dry-run, which shows it. {secret} and {id} are replaced in the url (percent-encoded), in
 * headers (as they are), in the body (as JSON text when it is JSON, else percent-encoded) and in
 * `user`, which becomes basic authentication. Nothing else is replaced. Not here: sending. */
#pragma once

#include "agent/base/buf.h"
#include "agent/scan/rule.h"

#define RV_ASK_REQUEST_LINES 24

struct rv_ask_values {
	struct rv_str id; /* data NULL: none */
	struct rv_str secret;
	/* Not to be sent: the secret is a mask, taken as it is, and basic authentication is told in
	 * words. */
	bool is_shown;
};

struct rv_ask_request {
	const char *method;
	const char *url;			       /* in texts */
	const char *headers[RV_ASK_REQUEST_LINES + 1]; /* whole lines in texts, NULL-ended */
	struct rv_str body;			       /* data NULL: none */
	struct rv_str host;			       /* "name[:port]", in url */
	struct rv_buf texts;			       /* wiped by rv_ask_request_done */
	struct rv_buf body_bytes;
};

/* Lines: the rule's own in its order, then, where it has none of that name: Authorization (of
 * `user`), Accept and, with a body, Content-Type; and always our own User-Agent alone.
 * MALFORMED: the value has a byte that is not printable ASCII (a line end could begin a header of
 * its own), begins or ends with a space, or is "." or ".."; a missing id; it is too long. Borrows
 * method. Call rv_ask_request_done whatever comes. */
RV_NODISCARD rv_status rv_ask_request_make(const struct rv_rule_request *rule, const char *agent,
					   const struct rv_ask_values *values,
					   struct rv_ask_request *out);
void rv_ask_request_done(struct rv_ask_request *request);
