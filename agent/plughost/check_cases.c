/* plughost: reporting, and the cases every plugin must pass. */
#include "agent/plughost/check_cases.h"

#include "agent/base/clock.h"

#include <stdarg.h>
#include <stdio.h>

void check_ok(struct check_report *r, const char *name, bool is_ok, const char *fmt, ...)
{
	if (is_ok) {
		r->passed++;
		printf("ok %s\n", name);
		return;
	}
	va_list args;
	r->failed++;
	printf("not ok %s: ", name);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

void check_skip(struct check_report *r, const char *name, const char *why)
{
	r->skipped++;
	printf("skip %s: %s\n", name, why);
}

/* The end of the secret's encoding is its most private part; no answer may hold it. */
static bool leaks_secret(const struct check_subject *subject, const struct check_answer *a)
{
	struct rv_str tail = rv_buf_view(&subject->secret_tail);
	return tail.len >= 16 && a->fields.len >= tail.len &&
	       memmem(a->fields.data, a->fields.len, tail.data, tail.len) != NULL;
}

bool check_ask(struct check_report *r, struct check_session *s, const char *name,
	       const struct check_ask *ask, struct check_answer *out)
{
	struct rv_diag diag = {0};
	rv_status st = check_call(s, ask, out, &diag);
	if (!rv_is_ok(st)) {
		check_ok(r, name, false, "%s", diag.text[0] ? diag.text : "malformed answer");
		r->is_over = true;
		return false;
	}
	if (leaks_secret(s->subject, out)) {
		check_ok(r, name, false, "the answer contains the plugin's secret");
		check_answer_done(out);
		r->is_over = true;
		return false;
	}
	return true;
}

bool check_begin(struct check_report *r, struct check_session *s, const char *name)
{
	struct rv_diag diag = {0};
	rv_status st = check_start(r->subject, s, &diag);
	if (rv_is_ok(st))
		st = check_open(s, (struct check_setting){0}, true, &diag);
	if (rv_is_ok(st) && s->ready.outcome == RV_CLASS_OK)
		return true;
	if (rv_is_ok(st))
		check_ok(r, name, false, "refused: %.*s", (int)s->ready.text.len,
			 (const char *)s->ready.text.data);
	else
		check_ok(r, name, false, "%s", diag.text[0] ? diag.text : "no start");
	check_end(r, s, name);
	r->is_over = true;
	return false;
}

void check_end(struct check_report *r, struct check_session *s, const char *name)
{
	int signal = 0;
	check_stop(s, &signal);
	if (signal != 0) {
		check_ok(r, name, false, "the plugin crashed (signal %d)%s", signal,
			 signal == 31 ? ": a system call outside its jail" : "");
		r->is_over = true;
	}
}

/* --- cases --------------------------------------------------------------------------------------
 */
static void opens_and_says_who_it_is(struct check_report *r)
{
	struct check_session s;
	const char *name = "opens, and says who it is";
	if (!check_begin(r, &s, name))
		return;
	check_ok(r, name, rv_str_is(s.ready.name, r->subject->name) && s.ready.abi == 1,
		 "it calls itself %.*s", (int)s.ready.name.len, (const char *)s.ready.name.data);
	check_end(r, &s, name);
}

static void verbs_it_does_not_offer(struct check_report *r)
{
	struct check_session s;
	const char *name = "verbs it does not offer are unsupported";
	unsigned wrong = 0;
	if (!check_begin(r, &s, name))
		return;
	for (unsigned verb = 0; verb < 64; verb++) {
		struct check_answer a;
		if (check_offers(&s, verb))
			continue;
		if (!check_ask(r, &s, name, &(struct check_ask){.verb = verb, .key = "k"}, &a))
			break;
		wrong += a.outcome != REEVE_UNSUPPORTED;
		check_answer_done(&a);
	}
	if (!r->is_over)
		check_ok(r, name, wrong == 0, "%u verbs answered otherwise", wrong);
	check_end(r, &s, name);
}

static void unknown_settings_are_refused(struct check_report *r)
{
	struct check_session s;
	struct rv_diag diag = {0};
	const char *name = "an unknown setting is refused";
	struct check_setting odd = {"no-such-setting", RV_STR_LIT("x")};
	rv_status st = check_start(r->subject, &s, &diag);
	if (rv_is_ok(st))
		st = check_open(&s, odd, true, &diag);
	check_ok(r, name, rv_is_ok(st) && s.ready.outcome == RV_CLASS_MISCONFIGURED, "%s",
		 rv_is_ok(st) ? "it was accepted" : diag.text);
	check_end(r, &s, name);
}

static void a_missing_secret_is_said(struct check_report *r)
{
	struct check_session s;
	struct rv_diag diag = {0};
	const char *name = "a missing secret is said, not crashed on";
	if (!r->subject->secret_name) {
		check_skip(r, name, "it is given no secret");
		return;
	}
	rv_status st = check_start(r->subject, &s, &diag);
	if (rv_is_ok(st))
		st = check_open(&s, (struct check_setting){0}, false, &diag);
	check_ok(r, name,
		 rv_is_ok(st) && s.ready.outcome == RV_CLASS_MISCONFIGURED && s.ready.text.len > 0,
		 "%s", rv_is_ok(st) ? "it opened, or said nothing" : diag.text);
	check_end(r, &s, name);
}

static void describes_itself(struct check_report *r)
{
	struct check_session s;
	struct check_answer a;
	const char *name = "describes itself";
	if (!check_begin(r, &s, name))
		return;
	if (!check_offers(&s, REEVE_VERB_DESCRIBE)) {
		check_skip(r, name, "not offered");
	} else if (check_ask(r, &s, name, &(struct check_ask){.verb = REEVE_VERB_DESCRIBE}, &a)) {
		check_ok(r, name, a.outcome == REEVE_DONE && a.text[0], "outcome %u", a.outcome);
		check_answer_done(&a);
	}
	check_end(r, &s, name);
}

void check_cases_common(struct check_report *r)
{
	static void (*const cases[])(struct check_report *) = {
		opens_and_says_who_it_is, verbs_it_does_not_offer, unknown_settings_are_refused,
		a_missing_secret_is_said, describes_itself,
	};
	for (size_t i = 0; i < RV_LEN(cases) && !r->is_over; i++)
		cases[i](r);
}
