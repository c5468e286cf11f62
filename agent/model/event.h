/* model: one audit event's place in the hash chain (docs/protocol.md §7). Shared by store/, which
 * appends, and verify/, which checks; pure. An event is canonical JSON
 * {"at":µs,"cred":"","data":{},"run":"","seq":n,"type":"","v":1}. */
#pragma once

#include "agent/base/digest.h"

#define RV_EVENT_VERSION 1
#define RV_EVENT_MAX	 32768 /* bytes of canonical JSON */

/* SHA-256("reeve-event-v1" 0x00 || previous || canonical). The first event's previous is 32 zero
 * bytes. */
struct rv_digest rv_event_hash(const struct rv_digest *previous, struct rv_str canonical);

/* What a head's signature covers: "reeve-audit-v1" 0x00 || seq (u64 LE) || head. */
#define RV_HEAD_MESSAGE_LEN (15 + 8 + RV_SHA256_LEN)
void rv_head_message(uint64_t seq, const struct rv_digest *head, uint8_t out[RV_HEAD_MESSAGE_LEN]);
