/* plughost: bytes from outside must not crash a plugin, nor be taken for what they are not. */
#include "agent/plughost/check_cases.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"

#include <string.h>

#define BIG 45000

/* Every offered verb with one field of the given bytes; counts what was called DONE by a verb that
 * changes something. */
static unsigned feed(struct check_report *r, struct check_session *s, const char *name,
		     uint32_t tag, struct rv_str bytes)
{
	static const unsigned changing[] = {REEVE_VERB_CREATE, REEVE_VERB_REVOKE,
					    REEVE_VERB_IDENTIFY};
	unsigned done = 0;
	const struct check_field fields[] = {{tag, bytes}};
	for (unsigned verb = 1; verb < 64 && !r->is_over; verb++) {
		struct check_answer a;
		struct check_ask ask = {.verb = verb,
					.key = "hostile",
					.deadline_us = rv_now_utc_us() + RV_US_PER_S,
					.fields = fields,
					.field_count = 1};
		if (!check_offers(s, verb))
			continue;
		if (!check_ask(r, s, name, &ask, &a))
			break;
		for (size_t i = 0; i < RV_LEN(changing); i++)
			done += verb == changing[i] && a.outcome == REEVE_DONE;
		check_answer_done(&a);
	}
	return done;
}

static void survives_truncated_input(struct check_report *r)
{
	struct check_session s;
	const char *name = "truncated requests and certificates are refused";
	struct rv_buf csr = check_sample_csr();
	struct rv_buf cert = check_sample_cert();
	unsigned done = 0;
	if (check_begin(r, &s, name)) {
		for (size_t cut = 0; cut < csr.len && !r->is_over; cut += 1 + csr.len / 24)
			done += feed(r, &s, name, REEVE_F_CSR_DER, (struct rv_str){csr.data, cut});
		for (size_t cut = 0; cut < cert.len && !r->is_over; cut += 1 + cert.len / 24)
			done += feed(r, &s, name, REEVE_F_CERT_DER,
				     (struct rv_str){cert.data, cut});
		if (!r->is_over)
			check_ok(r, name, done == 0, "%u were done", done);
		check_end(r, &s, name);
	}
	rv_buf_done(&csr);
	rv_buf_done(&cert);
}

static void survives_flipped_bits(struct check_report *r)
{
	struct check_session s;
	const char *name = "a request with any flipped bit is not signed";
	struct rv_buf csr = check_sample_csr();
	unsigned done = 0;
	if (check_begin(r, &s, name)) {
		for (size_t i = 0; i < csr.len && !r->is_over; i += 1 + csr.len / 40) {
			csr.data[i] ^= 4;
			done += feed(r, &s, name, REEVE_F_CSR_DER, rv_buf_view(&csr));
			csr.data[i] ^= 4;
		}
		if (!r->is_over)
			check_ok(r, name, done == 0, "%u were done", done);
		check_end(r, &s, name);
	}
	rv_buf_done(&csr);
}

static void survives_huge_fields(struct check_report *r)
{
	static uint8_t big[BIG];
	struct check_session s;
	const char *name = "huge and unknown fields do no harm";
	unsigned done = 0;
	rv_random(big, sizeof(big));
	if (!check_begin(r, &s, name))
		return;
	for (uint32_t tag = 1; tag <= 24 && !r->is_over; tag++)
		done += feed(r, &s, name, tag, (struct rv_str){big, sizeof(big)});
	done += r->is_over ? 0 : feed(r, &s, name, 65535, (struct rv_str){big, sizeof(big)});
	if (!r->is_over)
		check_ok(r, name, done == 0, "%u were done", done);
	check_end(r, &s, name);
}

static void survives_a_damaged_ledger(struct check_report *r)
{
	struct check_session s;
	struct check_answer a;
	const char *name = "nothing is created upon a damaged ledger";
	struct rv_buf csr = check_sample_csr();
	if (check_begin(r, &s, name)) {
		const struct check_field fields[] = {{REEVE_F_CSR_DER, rv_buf_view(&csr)}};
		struct check_ask ask = {.verb = REEVE_VERB_CREATE,
					.key = "damaged",
					.fields = fields,
					.field_count = 1};
		if (!rv_is_ok(rv_buf_put(&s.ledger, "\x40\0\0\0\xffnonsense", 13)))
			check_skip(r, name, "no memory");
		else if (!check_offers(&s, REEVE_VERB_CREATE))
			check_skip(r, name, "it creates nothing");
		else if (check_ask(r, &s, name, &ask, &a)) {
			check_ok(r, name, a.outcome != REEVE_DONE, "it was created");
			check_answer_done(&a);
		}
		check_end(r, &s, name);
	}
	rv_buf_done(&csr);
}

void check_cases_hostile(struct check_report *r)
{
	static void (*const cases[])(struct check_report *) = {
		survives_truncated_input,
		survives_flipped_bits,
		survives_huge_fields,
		survives_a_damaged_ledger,
	};
	for (size_t i = 0; i < RV_LEN(cases) && !r->is_over; i++)
		cases[i](r);
}
