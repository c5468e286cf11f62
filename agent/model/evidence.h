/* model: what was seen of a running service, as plain data: probes and the processes that listen.
 * Filled by act/ through its ports, judged in verify/. No I/O. */
#pragma once

#include "agent/model/kinds.h"

#define RV_SEEN_MAX 512

/* One TLS handshake with one address, port and name. */
struct rv_handshake {
	unsigned target;	 /* index of the address x port x name */
	unsigned outcome;	 /* enum rv_outcome of the probe */
	bool is_resumed;	 /* proves nothing: no certificate was shown */
	uint8_t cert_sha256[32]; /* of the leaf, when outcome is DONE */
};

/* One process holding a listening socket. Same pid and start: the same process. */
struct rv_holder {
	uint16_t port;
	uint32_t pid;
	int64_t started_us; /* CLOCK_BOOTTIME */
	bool accepts;
};

/* What a series of handshakes and two looks at the listeners came to. */
enum rv_proof {
	RV_PROOF_SHOWN = 1,	   /* K in a row for every target, nobody from before accepts */
	RV_PROOF_NOT_YET = 2,	   /* may still come: the last ones do not contradict */
	RV_PROOF_CONTRADICTED = 3, /* something else than the wanted one is served */
	RV_PROOF_UNREACHABLE = 4,  /* no full handshake at all with some target */
};
const char *rv_proof_name(unsigned proof); /* "shown", .. "invalid" */
