/* cli: how `reeve scan`, which reads files and has no network, talks with reeve-ask, which has the
 * network and reads no file: over one SOCK_SEQPACKET socketpair, made before either is confined.
 * One frame is one packet. Not here: what is sent to a provider (ask_request.h).
 *
 * All integers are little-endian. A frame:
 *     u32  its length in bytes, this included: RV_ASK_HEADER to RV_ASK_FRAME_MAX
 *     u16  type, enum rv_ask_type
 *     u16  number of a rule (ALLOW, QUESTION), else 0
 *     u32  number of a question (QUESTION, ANSWER), else 0
 *     body
 * A text is u32 length, that many bytes without NUL, and one NUL; length UINT32_MAX and nothing
 * behind it is no text. Nothing may stand behind a body's end.
 *
 *     scan -> ask   START     u32 most questions of this run, text User-Agent, text authorities in
 *                             PEM (none: the system's)
 *     scan -> ask   ALLOW     u16 valid[3], u16 invalid[3] (0: none), text method, text url, text
 *                             body, text user, u16 header count, as many texts "Name: text";
 *                             rules are numbered from 0 in order
 *     scan -> ask   SEAL      nothing. From here on no rule is taken any more
 *     ask -> scan   READY     nothing: the walls are up, questions may come
 *     scan -> ask   QUESTION  text id (or none), text secret
 *     ask -> scan   ANSWER    u8 outcome, u8 reason, u16 status code (0: none came)
 *
 * The rules are sealed before the scan reads a byte of what it scans: whatever a hostile file does
 * to it afterwards, a value can only be filled into one of these requests. One question is open at
 * a time. What breaks these rules ends reeve-ask. Secrets pass in QUESTION alone; both sides wipe
 * the buffer that held it. */
#pragma once

#include "agent/base/buf.h"
#include "agent/scan/rule.h"

#define RV_ASK_FRAME_MAX  65536
#define RV_ASK_HEADER	  12
#define RV_ASK_RULES_MAX  512 /* of one run */
#define RV_ASK_LINES_MAX  16  /* headers of a rule */
#define RV_ASK_SECRET_MAX 4096
#define RV_ASK_ID_MAX	  256
#define RV_ASK_CA_MAX	  61440 /* authorities, PEM */
#define RV_ASK_FD	  3	/* reeve-ask's end */

enum rv_ask_type {
	RV_ASK_START = 1,
	RV_ASK_ALLOW = 2,
	RV_ASK_SEAL = 3,
	RV_ASK_READY = 4,
	RV_ASK_QUESTION = 5,
	RV_ASK_ANSWER = 6,
};

enum rv_ask_outcome {
	RV_ASK_UNKNOWN = 0,
	RV_ASK_LIVES = 1,
	RV_ASK_REFUSED = 2,
};

/* Why an outcome is what it is. Wire format: append only. */
enum rv_ask_reason {
	RV_ASK_BY_CODE = 0,  /* a code of the rule's lists */
	RV_ASK_OTHER_CODE,   /* a code of neither list (a redirect, too) */
	RV_ASK_LIMITED,	     /* 429: the host is not asked again in this run */
	RV_ASK_SERVER_ERROR, /* 5xx */
	RV_ASK_UNREACHED,    /* no connection, no answer in time */
	RV_ASK_UNBELIEVED,   /* its certificate is not to be believed */
	RV_ASK_GARBLED,	     /* an answer too large, or no HTTP */
	RV_ASK_UNSENDABLE,   /* the value cannot stand in this request; nothing was sent */
	RV_ASK_LEFT_ALONE,   /* the host was given up before; nothing was sent */
	RV_ASK_TOO_MANY,     /* the run's number of questions is used up; nothing was sent */
	RV_ASK_REASON__COUNT
};
/* A few words for people: "the provider answered 429 (too many requests)", .. */
const char *rv_ask_reason_text(unsigned reason);

struct rv_ask_frame {
	unsigned type; /* enum rv_ask_type */
	uint16_t rule;
	uint32_t number;
	struct rv_str body; /* borrows */
};

struct rv_ask_start {
	uint32_t max_questions;
	const char *agent;
	const char *ca_pem; /* or NULL */
};

struct rv_ask_question {
	struct rv_str id; /* data NULL: none */
	struct rv_str secret;
};

struct rv_ask_answer {
	uint8_t outcome; /* enum rv_ask_outcome */
	uint8_t reason;	 /* enum rv_ask_reason */
	uint16_t status;
};

/* A rule as it came; its texts stand in `bytes`. */
struct rv_ask_rule {
	struct rv_rule_request request;
	struct rv_buf bytes;
	const char *headers[RV_ASK_LINES_MAX + 1];
};

/* Each replaces what `out` holds. EXHAUSTED: no memory, or longer than a frame. */
RV_NODISCARD rv_status rv_ask_put_start(const struct rv_ask_start *start, struct rv_buf *out);
RV_NODISCARD rv_status rv_ask_put_allow(uint16_t rule, const struct rv_rule_request *request,
					struct rv_buf *out);
RV_NODISCARD rv_status rv_ask_put_plain(enum rv_ask_type type, struct rv_buf *out);
RV_NODISCARD rv_status rv_ask_put_question(uint16_t rule, uint32_t number,
					   const struct rv_ask_question *question,
					   struct rv_buf *out);
RV_NODISCARD rv_status rv_ask_put_answer(uint32_t number, const struct rv_ask_answer *answer,
					 struct rv_buf *out);

/* One packet; borrows. Any failure below is MALFORMED but for memory. */
RV_NODISCARD rv_status rv_ask_frame_of(struct rv_str packet, struct rv_ask_frame *out);
RV_NODISCARD rv_status rv_ask_start_of(const struct rv_ask_frame *frame, struct rv_ask_start *out);
/* Copies; the request is also held to what a rule file is: rv_url_host, GET, HEAD or POST, lines
 * of ASCII. Call rv_ask_rule_done whatever comes. `out` must not move. */
RV_NODISCARD rv_status rv_ask_rule_of(const struct rv_ask_frame *frame, struct rv_ask_rule *out);
void rv_ask_rule_done(struct rv_ask_rule *rule);
RV_NODISCARD rv_status rv_ask_question_of(const struct rv_ask_frame *frame,
					  struct rv_ask_question *out);
RV_NODISCARD rv_status rv_ask_answer_of(const struct rv_ask_frame *frame,
					struct rv_ask_answer *out);

/* A whole frame. RETRY: the other end is gone. */
RV_NODISCARD rv_status rv_ask_send(int fd, const struct rv_buf *frame);
/* Waits at most wait_ms (-1: for ever), reads one packet into `room`, whose memory the frame
 * borrows. NOT_FOUND: the other end has closed. RETRY: nothing came in time. */
RV_NODISCARD rv_status rv_ask_receive(int fd, int wait_ms, uint8_t room[RV_ASK_FRAME_MAX],
				      struct rv_ask_frame *out);
