/* cli: reeve scan's end of the talk with reeve-ask: starting it, handing it rules, asking. Not
 * here: the frames (ask_wire.h), which questions (scan_validate.c). */
#pragma once

#include "agent/cli/ask_wire.h"

struct rv_ask_link {
	int fd; /* -1: none */
	uint32_t number;
	uint8_t room[RV_ASK_FRAME_MAX];
};

/* Before this process is confined: starts reeve-ask, from `libexec` when that is not NULL, else
 * from beside this program, else from where it is installed, with an empty environment and no file
 * but its socket and standard error. */
RV_NODISCARD rv_status rv_ask_link_open(const char *libexec, bool may_be_open,
					struct rv_ask_link *link, struct rv_diag *diag);
void rv_ask_link_close(struct rv_ask_link *link);
/* Hands over the rules, numbered from 0, seals them and waits until its walls are up. */
RV_NODISCARD rv_status rv_ask_link_seal(struct rv_ask_link *link, const struct rv_ask_start *start,
					const struct rv_rule_request *const *rules, size_t count,
					struct rv_diag *diag);
/* One question and its answer. A failure is the end of the talk: nothing can be asked any more. */
RV_NODISCARD rv_status rv_ask_link_ask(struct rv_ask_link *link, uint16_t rule,
				       const struct rv_ask_question *question,
				       struct rv_ask_answer *out, struct rv_diag *diag);
