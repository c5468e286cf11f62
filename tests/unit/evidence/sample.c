#include "sample.h"

#include "agent/base/clock.h"
#include "agent/verify/chain.h"

#include <stdio.h>

#define MUST(expr)                                                                       \
	do {                                                                             \
		rv_status must_ = (expr);                                                \
		if (!rv_is_ok(must_)) {                                                  \
			fprintf(stderr, "%s failed: class %u\n", #expr, must_.class_id); \
			abort();                                                         \
		}                                                                        \
	} while (0)

void sample_sign(struct sample *s, const struct rv_secret *seed)
{
	struct rv_audit_signature sig = {.at_us = rv_now_utc_us()};
	MUST(rv_audit_last(s->db, &sig.head, NULL));
	MUST(rv_broker_sign_head(seed, sig.head.seq, &sig.head.hash, sig.signature,
				 sig.public_key));
	MUST(rv_audit_sign_put(s->db, &sig, NULL));
	s->key_name = rv_key_name(sig.public_key);
}

void sample_make(struct sample *s, unsigned events, unsigned every)
{
	uint8_t seed[32];
	rv_random(seed, sizeof(seed));
	*s = (struct sample){0};
	MUST(rv_secret_heap_init(NULL));
	MUST(rv_secret_new(seed, sizeof(seed), &s->seed));
	MUST(rv_db_open(&(struct rv_db_opts){.path = ":memory:"}, &s->db, NULL));
	for (unsigned i = 1; i <= events; i++) {
		char run[40];
		snprintf(run, sizeof(run), "01940000-0000-7000-8000-00000000000%u", i % 3);
		RV_CLEANUP(rv_jsonp)
		json_t *data = json_pack("{s:s, s:s, s:i, s:I}", "outcome", "done", "grade",
					 i % 2 ? "revoked" : "denied", "n", (int)i, "salt",
					 (json_int_t)(rv_get_u32(seed)));
		struct rv_audit_event event = {.type = "run.step",
					       .cred = "certificate:abc",
					       .run = run,
					       .at_us = INT64_C(1700000000000000) + i,
					       .data = data};
		MUST(rv_audit_append(s->db, &event, NULL, NULL));
		if (i % every == 0 || i == events)
			sample_sign(s, s->seed);
	}
	rv_buf_init(&s->bundle, 1 << 20);
	MUST(rv_evidence_bundle(s->db, 1, 0, &s->bundle, NULL));
}

void sample_done(struct sample *s)
{
	rv_db_close(s->db);
	rv_secret_free(s->seed);
	rv_buf_done(&s->bundle);
}
