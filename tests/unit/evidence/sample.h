/* A real chain in a real database, signed by real keys, and the bundle made from it. */
#pragma once

#include "agent/act/broker_mint.h"
#include "agent/daemon/evidence_bundle.h"

struct sample {
	struct rv_db *db;
	struct rv_secret *seed;
	struct rv_digest key_name;
	struct rv_buf bundle; /* the whole chain */
};
/* `events` events over three runs; heads after every `every`-th and the last. */
void sample_make(struct sample *s, unsigned events, unsigned every);
void sample_done(struct sample *s);
void sample_sign(struct sample *s, const struct rv_secret *seed);
