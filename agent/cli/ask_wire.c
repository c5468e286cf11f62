/* cli: see ask_wire.h. */
#include "agent/cli/ask_wire.h"

#include "agent/base/url.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define NO_TEXT UINT32_MAX
#define CODES	3

_Static_assert(sizeof(((struct rv_rule_request *)0)->valid) == (CODES + 1) * sizeof(uint16_t),
	       "the frame holds every code of a rule");

static const char *const reasons[RV_ASK_REASON__COUNT] = {
	[RV_ASK_BY_CODE] = "the provider's answer is clear",
	[RV_ASK_OTHER_CODE] = "the answer is none that the rule knows",
	[RV_ASK_LIMITED] = "the provider answers no more for now (429)",
	[RV_ASK_SERVER_ERROR] = "the provider has trouble of its own (5xx)",
	[RV_ASK_UNREACHED] = "the provider was not reached, or did not answer in time",
	[RV_ASK_UNBELIEVED] = "the provider's certificate is not believed",
	[RV_ASK_GARBLED] = "the answer is too large, or no HTTP",
	[RV_ASK_UNSENDABLE] = "the value cannot stand in a request; not sent",
	[RV_ASK_LEFT_ALONE] = "the provider was given up before; not sent",
	[RV_ASK_TOO_MANY] = "the run's number of questions is used up; not sent",
};

const char *rv_ask_reason_text(unsigned reason)
{
	return reason < RV_ASK_REASON__COUNT ? reasons[reason] : "invalid";
}

/* --- writing --- */

static rv_status begin(enum rv_ask_type type, uint16_t rule, uint32_t number, struct rv_buf *out)
{
	rv_buf_done(out); /* wipes what was there */
	rv_buf_init(out, RV_ASK_FRAME_MAX);
	RV_TRY(rv_buf_put_u32(out, 0));
	RV_TRY(rv_buf_put_u16(out, (uint16_t)type));
	RV_TRY(rv_buf_put_u16(out, rule));
	return rv_buf_put_u32(out, number);
}

static rv_status end(struct rv_buf *out)
{
	const uint32_t len = (uint32_t)out->len;

	for (unsigned i = 0; i < 4; i++)
		out->data[i] = (uint8_t)(len >> (8 * i));
	return RV_OK;
}

static rv_status put_bytes(struct rv_buf *out, struct rv_str text)
{
	if (!text.data)
		return rv_buf_put_u32(out, NO_TEXT);
	if (text.len > RV_ASK_FRAME_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, NULL, "longer than a frame");
	RV_TRY(rv_buf_put_u32(out, (uint32_t)text.len));
	RV_TRY(rv_buf_put(out, text.data, text.len));
	return rv_buf_put_byte(out, 0);
}

static rv_status put_text(struct rv_buf *out, const char *text)
{
	return put_bytes(out, text ? rv_str_of(text) : RV_STR_NONE);
}

rv_status rv_ask_put_start(const struct rv_ask_start *start, struct rv_buf *out)
{
	RV_TRY(begin(RV_ASK_START, 0, 0, out));
	RV_TRY(rv_buf_put_u32(out, start->max_questions));
	RV_TRY(put_text(out, start->agent));
	RV_TRY(put_text(out, start->ca_pem));
	return end(out);
}

static rv_status put_codes(struct rv_buf *out, const uint16_t codes[CODES + 1])
{
	for (size_t i = 0; i < CODES; i++)
		RV_TRY(rv_buf_put_u16(out, codes[i]));
	return RV_OK;
}

rv_status rv_ask_put_allow(uint16_t rule, const struct rv_rule_request *request, struct rv_buf *out)
{
	uint16_t count = 0;

	while (request->headers && request->headers[count])
		count++;
	RV_TRY(begin(RV_ASK_ALLOW, rule, 0, out));
	RV_TRY(put_codes(out, request->valid));
	RV_TRY(put_codes(out, request->invalid));
	RV_TRY(put_text(out, request->method));
	RV_TRY(put_text(out, request->url));
	RV_TRY(put_text(out, request->body));
	RV_TRY(put_text(out, request->user));
	RV_TRY(rv_buf_put_u16(out, count));
	for (uint16_t i = 0; i < count; i++)
		RV_TRY(put_text(out, request->headers[i]));
	return end(out);
}

rv_status rv_ask_put_plain(enum rv_ask_type type, struct rv_buf *out)
{
	RV_TRY(begin(type, 0, 0, out));
	return end(out);
}

rv_status rv_ask_put_question(uint16_t rule, uint32_t number,
			      const struct rv_ask_question *question, struct rv_buf *out)
{
	RV_TRY(begin(RV_ASK_QUESTION, rule, number, out));
	RV_TRY(put_bytes(out, question->id));
	RV_TRY(put_bytes(out, question->secret));
	return end(out);
}

rv_status rv_ask_put_answer(uint32_t number, const struct rv_ask_answer *answer, struct rv_buf *out)
{
	RV_TRY(begin(RV_ASK_ANSWER, 0, number, out));
	RV_TRY(rv_buf_put_byte(out, answer->outcome));
	RV_TRY(rv_buf_put_byte(out, answer->reason));
	RV_TRY(rv_buf_put_u16(out, answer->status));
	return end(out);
}

/* --- reading --- */

static rv_status malformed(void)
{
	return rv_fail(RV_CLASS_MALFORMED, NULL, "a frame that is none");
}

struct cursor {
	struct rv_str rest;
	bool is_bad;
};

static uint32_t take(struct cursor *c, size_t bytes)
{
	uint32_t n = 0;

	if (c->is_bad || c->rest.len < bytes) {
		c->is_bad = true;
		return 0;
	}
	for (size_t i = 0; i < bytes; i++)
		n |= (uint32_t)c->rest.data[i] << (8 * i);
	c->rest.data += bytes;
	c->rest.len -= bytes;
	return n;
}

/* NUL-ended in place; data NULL: none. */
static struct rv_str take_text(struct cursor *c, size_t max)
{
	const uint32_t len = take(c, 4);
	struct rv_str text = {c->rest.data, len};

	if (c->is_bad || len == NO_TEXT)
		return RV_STR_NONE;
	if (len > max || c->rest.len <= len || c->rest.data[len] != 0 ||
	    memchr(c->rest.data, 0, len)) {
		c->is_bad = true;
		return RV_STR_NONE;
	}
	c->rest.data += len + 1;
	c->rest.len -= len + 1;
	return text;
}

static const char *take_cstr(struct cursor *c, size_t max)
{
	return (const char *)take_text(c, max).data;
}

rv_status rv_ask_frame_of(struct rv_str packet, struct rv_ask_frame *out)
{
	struct cursor c = {.rest = packet};

	if (packet.len > RV_ASK_FRAME_MAX || take(&c, 4) != packet.len)
		return malformed();
	struct rv_ask_frame frame = {.type = take(&c, 2)};
	frame.rule = (uint16_t)take(&c, 2);
	frame.number = take(&c, 4);
	if (c.is_bad || frame.type < RV_ASK_START || frame.type > RV_ASK_ANSWER)
		return malformed();
	*out = frame;
	out->body = c.rest;
	return RV_OK;
}

static bool is_over(const struct cursor *c)
{
	return !c->is_bad && c->rest.len == 0;
}

rv_status rv_ask_start_of(const struct rv_ask_frame *frame, struct rv_ask_start *out)
{
	struct cursor c = {.rest = frame->body};
	struct rv_ask_start start = {.max_questions = take(&c, 4)};

	start.agent = take_cstr(&c, 64);
	start.ca_pem = take_cstr(&c, RV_ASK_CA_MAX);
	if (frame->type != RV_ASK_START || !is_over(&c) || !start.agent)
		return malformed();
	*out = start;
	return RV_OK;
}

static bool is_line(const char *text)
{
	for (; text && *text; text++) {
		if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
			return false;
	}
	return text != NULL;
}

static void take_codes(struct cursor *c, uint16_t codes[CODES + 1])
{
	for (size_t i = 0; i < CODES; i++)
		codes[i] = (uint16_t)take(c, 2);
}

static bool is_method(const char *method)
{
	return method && (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
			  strcmp(method, "POST") == 0);
}

void rv_ask_rule_done(struct rv_ask_rule *rule)
{
	rv_buf_done(&rule->bytes);
}

rv_status rv_ask_rule_of(const struct rv_ask_frame *frame, struct rv_ask_rule *out)
{
	struct rv_rule_request *q = &out->request;

	*out = (struct rv_ask_rule){0};
	rv_buf_init(&out->bytes, RV_ASK_FRAME_MAX);
	if (frame->type != RV_ASK_ALLOW || frame->body.len == 0)
		return malformed();
	RV_TRY(rv_buf_put(&out->bytes, frame->body.data, frame->body.len));
	struct cursor c = {.rest = rv_buf_view(&out->bytes)};
	take_codes(&c, q->valid);
	take_codes(&c, q->invalid);
	q->method = take_cstr(&c, 8);
	q->url = take_cstr(&c, 1024);
	q->body = take_cstr(&c, 4096);
	q->user = take_cstr(&c, 1024);
	const uint32_t count = take(&c, 2);
	if (c.is_bad || count > RV_ASK_LINES_MAX)
		return malformed();
	for (uint32_t i = 0; i < count; i++) {
		out->headers[i] = take_cstr(&c, 8192);
		if (!is_line(out->headers[i]))
			return malformed();
	}
	q->headers = out->headers;
	if (!is_over(&c) || !is_method(q->method) || !q->url ||
	    !rv_url_host(rv_str_of(q->url), NULL) || (q->user && !is_line(q->user)) ||
	    (q->body && strcmp(q->method, "POST") != 0))
		return malformed();
	return RV_OK;
}

rv_status rv_ask_question_of(const struct rv_ask_frame *frame, struct rv_ask_question *out)
{
	struct cursor c = {.rest = frame->body};
	struct rv_ask_question question = {.id = take_text(&c, RV_ASK_ID_MAX)};

	question.secret = take_text(&c, RV_ASK_SECRET_MAX);
	if (frame->type != RV_ASK_QUESTION || !is_over(&c) || question.secret.len == 0)
		return malformed();
	*out = question;
	return RV_OK;
}

rv_status rv_ask_answer_of(const struct rv_ask_frame *frame, struct rv_ask_answer *out)
{
	struct cursor c = {.rest = frame->body};
	struct rv_ask_answer answer = {.outcome = (uint8_t)take(&c, 1)};

	answer.reason = (uint8_t)take(&c, 1);
	answer.status = (uint16_t)take(&c, 2);
	if (frame->type != RV_ASK_ANSWER || !is_over(&c) || answer.outcome > RV_ASK_REFUSED ||
	    answer.reason >= RV_ASK_REASON__COUNT)
		return malformed();
	*out = answer;
	return RV_OK;
}

/* --- the socket --- */

rv_status rv_ask_send(int fd, const struct rv_buf *frame)
{
	ssize_t n;

	do
		n = send(fd, frame->data, frame->len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
		return rv_fail(RV_CLASS_RETRY, NULL, "the other end is gone");
	return n == (ssize_t)frame->len ? RV_OK : rv_fail_errno(NULL, "sending a frame");
}

rv_status rv_ask_receive(int fd, int wait_ms, uint8_t room[RV_ASK_FRAME_MAX],
			 struct rv_ask_frame *out)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int ready;
	ssize_t n;

	do
		ready = poll(&p, 1, wait_ms);
	while (ready < 0 && errno == EINTR);
	if (ready == 0)
		return rv_fail(RV_CLASS_RETRY, NULL, "nothing came in time");
	do
		n = recv(fd, room, RV_ASK_FRAME_MAX, MSG_TRUNC); /* the packet's own length */
	while (n < 0 && errno == EINTR);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "the other end has closed");
	if (n < 0)
		return rv_fail_errno(NULL, "receiving a frame");
	return n > RV_ASK_FRAME_MAX ? malformed()
				    : rv_ask_frame_of((struct rv_str){room, (size_t)n}, out);
}
