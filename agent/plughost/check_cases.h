/* plughost: the conformance suite's cases and how they report. Private to the check. */
#pragma once

#include "agent/plughost/check_host.h"

struct check_report {
	unsigned passed, failed, skipped;
	const struct check_subject *subject;
	bool is_over; /* a crash or a hang ends the suite: nothing after it would mean anything */
};

/* "ok NAME" / "not ok NAME: why" / "skip NAME: why" on stdout. */
void check_ok(struct check_report *r, const char *name, bool is_ok, const char *fmt, ...)
	RV_PRINTF(4, 5);
void check_skip(struct check_report *r, const char *name, const char *why);
/* A call whose failure is a failed case and ends the suite. False: no answer. */
bool check_ask(struct check_report *r, struct check_session *s, const char *name,
	       const struct check_ask *ask, struct check_answer *out);
/* Starts and opens with everything the subject has; reports. */
bool check_begin(struct check_report *r, struct check_session *s, const char *name);
void check_end(struct check_report *r, struct check_session *s, const char *name);

static inline bool check_offers(const struct check_session *s, unsigned verb)
{
	return (s->ready.verbs >> verb & 1) != 0;
}

/* Each: one or more sessions of its own. */
void check_cases_common(struct check_report *r);
void check_cases_provider(struct check_report *r);
void check_cases_hostile(struct check_report *r);
void check_cases_probe(struct check_report *r);

/* A fresh key pair's CSR (DER), or its self-signed certificate, for the provider cases. */
struct rv_buf check_sample_csr(void);
struct rv_buf check_sample_cert(void);
