/* ipc: one frame = one SOCK_SEQPACKET datagram: header, body (a record), file descriptors.
 * Format in docs/protocol.md. Not here: who may talk to whom at run time (channel.h). */
#pragma once

#include "agent/ipc/messages.def"
#include "agent/model/finding.h"
#include "agent/model/record.h"

#define RV_FRAME_HEADER 28
#define RV_FRAME_MAX	65536 /* header and body */
#define RV_FRAME_FDS	64

/* Who sends and receives. ANY: each role; PEER: place or plughost, as seen from the broker. */
enum rv_role {
	RV_ROLE_ANY = 0,
	RV_ROLE_REEVED = 1,
	RV_ROLE_ENGINE = 2,
	RV_ROLE_OPEN = 3,
	RV_ROLE_DISCOVER = 4,
	RV_ROLE_BROKER = 5,
	RV_ROLE_PLUGHOST = 6,
	RV_ROLE_PLACE = 7,
	RV_ROLE_REPORT = 8,
	RV_ROLE_CLI = 9,
	RV_ROLE_PEER = 10,
	RV_ROLE__COUNT
};
const char *rv_role_name(unsigned role); /* "engine", ... "invalid" */

/* Which source a file is for reeve-discover (file_item.source). */
enum rv_source {
	RV_SOURCE_FILE = 1,	  /* certificates, keys, secrets */
	RV_SOURCE_PASSWD = 2,	  /* /etc/passwd */
	RV_SOURCE_SHADOW = 3,	  /* /etc/shadow */
	RV_SOURCE_LOGIN_DEFS = 4, /* /etc/login.defs */
	RV_SOURCE_UNIT = 5,	  /* a systemd service unit or drop-in */
	RV_SOURCE_DPKG_LIST = 6,  /* /var/lib/dpkg/info/X.list */
};

enum rv_msg {
#define RV_MSG(name, number, from, to, fds) RV_MSG_##name = number,
#include "agent/ipc/messages.def"
#undef RV_MSG
};

struct rv_msg_desc {
	uint16_t number;
	uint8_t from; /* enum rv_role */
	uint8_t to;
	uint16_t max_fds;
	const char *name;
	const struct rv_record_desc *body;
};
/* NULL for a number not in the table. */
const struct rv_msg_desc *rv_msg_desc(uint16_t number);
/* The whole table, for documentation and tests. */
const struct rv_msg_desc *rv_msg_table(size_t *out_count);

/* struct rv_rec_<message> and rv_desc_<message> for every message and sub-record (the found_*
 * ones are in model/finding.h). */
/* clang-format off */
RV_RECORD_STRUCT(hello) RV_RECORD_STRUCT(peer) RV_RECORD_STRUCT(spawn) RV_RECORD_STRUCT(spawned)
RV_RECORD_STRUCT(exited) RV_RECORD_STRUCT(stop_job) RV_RECORD_STRUCT(ask_grants)
RV_RECORD_STRUCT(grants) RV_RECORD_STRUCT(hook) RV_RECORD_STRUCT(hook_done) RV_RECORD_STRUCT(reload)
RV_RECORD_STRUCT(reload_done) RV_RECORD_STRUCT(connect) RV_RECORD_STRUCT(connected)
RV_RECORD_STRUCT(walk) RV_RECORD_STRUCT(walked) RV_RECORD_STRUCT(look_listeners)
RV_RECORD_STRUCT(file_item) RV_RECORD_STRUCT(files) RV_RECORD_STRUCT(skipped_file)
RV_RECORD_STRUCT(seen_listener) RV_RECORD_STRUCT(files_end) RV_RECORD_STRUCT(parse_served)
RV_RECORD_STRUCT(parsed) RV_RECORD_STRUCT(discovered) RV_RECORD_STRUCT(mint) RV_RECORD_STRUCT(minted)
RV_RECORD_STRUCT(mint_root) RV_RECORD_STRUCT(minted_root) RV_RECORD_STRUCT(unseal)
RV_RECORD_STRUCT(unsealed) RV_RECORD_STRUCT(give) RV_RECORD_STRUCT(given) RV_RECORD_STRUCT(keep)
RV_RECORD_STRUCT(kept) RV_RECORD_STRUCT(wipe) RV_RECORD_STRUCT(wiped) RV_RECORD_STRUCT(sign_head)
RV_RECORD_STRUCT(signed_head) RV_RECORD_STRUCT(secret) RV_RECORD_STRUCT(secret_ack)
RV_RECORD_STRUCT(secret_back) RV_RECORD_STRUCT(secret_back_ack) RV_RECORD_STRUCT(plug_setting)
RV_RECORD_STRUCT(plug_open) RV_RECORD_STRUCT(plug_ready) RV_RECORD_STRUCT(plug_field)
RV_RECORD_STRUCT(plug_call) RV_RECORD_STRUCT(plug_result) RV_RECORD_STRUCT(place_item)
RV_RECORD_STRUCT(survey) RV_RECORD_STRUCT(survey_item) RV_RECORD_STRUCT(surveyed)
RV_RECORD_STRUCT(capture) RV_RECORD_STRUCT(captured) RV_RECORD_STRUCT(stage_part)
RV_RECORD_STRUCT(stage) RV_RECORD_STRUCT(staged) RV_RECORD_STRUCT(swap_item) RV_RECORD_STRUCT(swap)
RV_RECORD_STRUCT(swapped) RV_RECORD_STRUCT(observe) RV_RECORD_STRUCT(observed_item)
RV_RECORD_STRUCT(observed) RV_RECORD_STRUCT(clean) RV_RECORD_STRUCT(cleaned) RV_RECORD_STRUCT(enrol)
RV_RECORD_STRUCT(enrolled) RV_RECORD_STRUCT(post) RV_RECORD_STRUCT(posted)
RV_RECORD_STRUCT(unenrol) RV_RECORD_STRUCT(unenrolled)
RV_RECORD_STRUCT(ctl_request) RV_RECORD_STRUCT(ctl_progress) RV_RECORD_STRUCT(ctl_reply)
	/* clang-format on */

	struct rv_header {
	uint16_t type;	      /* enum rv_msg */
	uint16_t flags;	      /* 0; RV_FRAME_LAST marks the final answer of a stream */
	uint32_t len;	      /* of the body */
	uint64_t req;	      /* the sender's counter; an answer repeats the request's */
	uint64_t job;	      /* which piece of work (rotation, walk); 0 none */
	uint32_t deadline_ms; /* 0 none */
};
#define RV_FRAME_LAST 1

void rv_header_encode(const struct rv_header *h, uint8_t out[RV_FRAME_HEADER]);
/* MALFORMED: shorter than a header, len not matching, unknown type or flags. */
RV_NODISCARD rv_status rv_header_decode(struct rv_str frame, struct rv_header *out,
					struct rv_diag *diag);
