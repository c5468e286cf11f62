/* cli: reeve-ask, the counterpart of `reeve scan --validate` that has the network and reads no
 * file: it is handed requests, then values, over one socket (ask_wire.h), and says whether a
 * provider takes a value. It has no arguments but --no-confine, an empty environment, writes
 * nothing down, and ends when the socket closes. Not here: which questions are asked
 * (scan_validate.c). */
#include "agent/base/clock.h"
#include "agent/base/url.h"
#include "agent/cli/ask_request.h"
#include "agent/cli/ask_wire.h"
#include "agent/net/http.h"
#include "agent/sandbox/confine.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#define GAP_US	   (RV_US_PER_S / 2) /* between two questions to one host: two a second */
#define WAIT_MS	   10000	     /* for a connection, and for all of an answer */
#define REPLY_MAX  ((size_t)256 * 1024)
#define MISSES_MAX 3 /* times in a row that a host is not reached before it is left alone */

/* What was learnt of a host, by its name. */
struct host {
	struct rv_str name; /* in a rule's bytes */
	int64_t next_boot_us;
	unsigned misses;
	bool is_left_alone;
};

struct asker {
	struct rv_ask_rule rules[RV_ASK_RULES_MAX];
	struct host hosts[RV_ASK_RULES_MAX];
	size_t rule_count, host_count;
	char agent[80];
	char *ca_pem;
	uint32_t questions_left;
	uint8_t room[RV_ASK_FRAME_MAX]; /* of frames; wiped after each question */
};

static struct host *host_of(struct asker *a, const struct rv_ask_rule *rule)
{
	struct rv_str name = RV_STR_NONE;

	RV_BUG_ON(!rv_url_host(rv_str_of(rule->request.url), &name)); /* looked at on arrival */
	for (size_t i = 0; i < a->host_count; i++) {
		if (rv_str_equal(a->hosts[i].name, name))
			return &a->hosts[i];
	}
	a->hosts[a->host_count] = (struct host){.name = name}; /* as many as rules at most */
	return &a->hosts[a->host_count++];
}

/* Until the host may be asked again. */
static void keep_distance(struct host *host)
{
	int64_t now = rv_boot_us();

	while (now < host->next_boot_us) {
		(void)poll(NULL, 0, (int)((host->next_boot_us - now) / 1000 + 1)); /* a pause */
		now = rv_boot_us();
	}
	host->next_boot_us = now + GAP_US;
}

static bool is_listed(const uint16_t codes[4], unsigned status)
{
	for (size_t i = 0; i < 4 && codes[i] != 0; i++) {
		if (codes[i] == status)
			return true;
	}
	return false;
}

/* The rule's own codes come first: some providers limit living keys alone. */
static void judge(const struct rv_rule_request *rule, unsigned status, struct host *host,
		  struct rv_ask_answer *answer)
{
	answer->status = (uint16_t)status;
	answer->reason = RV_ASK_BY_CODE;
	if (status == 429)
		host->is_left_alone = true;
	if (is_listed(rule->valid, status))
		answer->outcome = RV_ASK_LIVES;
	else if (is_listed(rule->invalid, status))
		answer->outcome = RV_ASK_REFUSED;
	else if (status == 429)
		answer->reason = RV_ASK_LIMITED;
	else
		answer->reason = status >= 500 ? RV_ASK_SERVER_ERROR : RV_ASK_OTHER_CODE;
}

static void judge_failure(rv_status status, struct host *host, struct rv_ask_answer *answer)
{
	if (rv_class_of(status) == RV_CLASS_DENIED)
		answer->reason = RV_ASK_UNBELIEVED;
	else if (rv_class_of(status) == RV_CLASS_MALFORMED)
		answer->reason = RV_ASK_GARBLED;
	else
		answer->reason = RV_ASK_UNREACHED;
	if (++host->misses >= MISSES_MAX)
		host->is_left_alone = true;
}

static void send_request(struct asker *a, const struct rv_ask_rule *rule,
			 const struct rv_ask_request *request, struct rv_ask_answer *answer)
{
	RV_CLEANUP(rv_http_reply_done) struct rv_http_reply reply = {0};
	struct host *host = host_of(a, rule);
	const struct rv_http_ask ask = {
		.method = request->method,
		.url = request->url,
		.headers = request->headers,
		.body = request->body,
		.tls = {.ca_pem = a->ca_pem},
		.connect_ms = WAIT_MS,
		.total_ms = WAIT_MS,
		.max_reply = REPLY_MAX,
	};

	if (host->is_left_alone) {
		answer->reason = RV_ASK_LEFT_ALONE;
		return;
	}
	if (a->questions_left == 0) {
		answer->reason = RV_ASK_TOO_MANY;
		return;
	}
	a->questions_left--;
	keep_distance(host);
	/* No diag: it would name the url, which may hold the secret. */
	rv_status status = rv_http_call(&ask, &reply, NULL);
	if (!rv_is_ok(status)) {
		judge_failure(status, host, answer);
		return;
	}
	host->misses = 0;
	judge(&rule->request, reply.status, host, answer);
}

static rv_status answer_question(struct asker *a, const struct rv_ask_frame *frame)
{
	RV_CLEANUP(rv_ask_request_done) struct rv_ask_request request = {0};
	struct rv_ask_answer answer = {.outcome = RV_ASK_UNKNOWN, .reason = RV_ASK_UNSENDABLE};
	RV_CLEANUP(rv_buf_done) struct rv_buf out = {0};
	struct rv_ask_question question;

	RV_TRY(rv_ask_question_of(frame, &question));
	if (frame->rule >= a->rule_count)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "a question about no rule");
	const struct rv_ask_rule *rule = &a->rules[frame->rule];
	const struct rv_ask_values values = {.id = question.id, .secret = question.secret};
	const uint32_t number = frame->number;
	rv_status made = rv_ask_request_make(&rule->request, a->agent, &values, &request);
	explicit_bzero(a->room, sizeof(a->room));
	if (rv_is_ok(made))
		send_request(a, rule, &request, &answer);
	RV_TRY(rv_ask_put_answer(number, &answer, &out));
	rv_status sent = rv_ask_send(RV_ASK_FD, &out);
	return rv_class_of(sent) == RV_CLASS_RETRY ? RV_OK : sent;
}

static rv_status take_start(struct asker *a)
{
	struct rv_ask_frame frame;
	struct rv_ask_start start;

	RV_TRY(rv_ask_receive(RV_ASK_FD, -1, a->room, &frame));
	RV_TRY(rv_ask_start_of(&frame, &start));
	a->questions_left = start.max_questions;
	(void)snprintf(a->agent, sizeof(a->agent), "%s", start.agent); /* 64 bytes at most */
	a->ca_pem = start.ca_pem ? strdup(start.ca_pem) : NULL;
	return start.ca_pem && !a->ca_pem ? rv_fail_nomem(NULL) : RV_OK;
}

/* Until the seal. */
static rv_status take_rules(struct asker *a)
{
	for (;;) {
		struct rv_ask_frame frame;

		RV_TRY(rv_ask_receive(RV_ASK_FD, -1, a->room, &frame));
		if (frame.type == RV_ASK_SEAL)
			return RV_OK;
		if (a->rule_count == RV_ASK_RULES_MAX || frame.rule != a->rule_count)
			return rv_fail(RV_CLASS_MALFORMED, NULL, "rules out of order");
		RV_TRY(rv_ask_rule_of(&frame, &a->rules[a->rule_count]));
		a->rule_count++;
	}
}

static rv_status serve(struct asker *a)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf out = {0};

	RV_TRY(take_start(a));
	RV_TRY(take_rules(a));
	RV_TRY(rv_ask_put_plain(RV_ASK_READY, &out));
	RV_TRY(rv_ask_send(RV_ASK_FD, &out));
	for (;;) {
		struct rv_ask_frame frame;

		RV_TRY(rv_ask_receive(RV_ASK_FD, -1, a->room, &frame));
		rv_status status = answer_question(a, &frame);
		explicit_bzero(a->room, sizeof(a->room));
		RV_TRY(status);
	}
}

/* `--no-confine` comes from reeve scan's own option: a container may lack a wall. */
static rv_status confine(bool may_be_open, struct rv_diag *diag)
{
	uint64_t walls = 0;
	rv_status status = rv_confine_ask(&walls, diag);

	return may_be_open ? RV_OK : status;
}

int main(int argc, char **argv)
{
	static struct asker asker;
	struct rv_diag diag = {0};
	const bool may_be_open = argc == 2 && strcmp(argv[1], "--no-confine") == 0;

	if (argc > 2 || (argc == 2 && !may_be_open)) {
		(void)fputs("reeve-ask: started by reeve scan --validate\n", stderr);
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);			 /* a send says EPIPE */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* else the socket's end tells */
	rv_status status = rv_http_init_wiping();
	if (rv_is_ok(status))
		status = confine(may_be_open, &diag);
	if (rv_is_ok(status))
		status = serve(&asker);
	for (size_t i = 0; i < asker.rule_count; i++)
		rv_ask_rule_done(&asker.rules[i]);
	free(asker.ca_pem);
	if (rv_is_ok(status) || rv_class_of(status) == RV_CLASS_NOT_FOUND)
		return 0; /* the scan is over */
	/* Its class alone: a sentence might quote what came. */
	(void)fprintf(stderr, "reeve-ask: %s\n",
		      *diag.text ? diag.text : rv_class_name(rv_class_of(status)));
	return 1;
}
