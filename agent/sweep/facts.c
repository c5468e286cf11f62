/* sweep: facts of a value: who looks for which, and how they are said. */
#include "agent/sweep/facts_private.h"

#include "agent/base/clock.h"

#include <stdarg.h>
#include <stdio.h>

void rv_fact_say(struct rv_fact *fact, const char *fmt, ...)
{
	char phrase[RV_FACT_TEXT];
	size_t have = strlen(fact->text);
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(phrase, sizeof(phrase), fmt, args);
	va_end(args);
	if (n <= 0 || (size_t)n + 3 > sizeof(fact->text) - have)
		return;
	rv_text_tame(phrase);
	if (have > 0) {
		memcpy(fact->text + have, ", ", 2);
		have += 2;
	}
	memcpy(fact->text + have, phrase, strlen(phrase) + 1);
}

void rv_fact_say_end(struct rv_fact *fact, int64_t end_utc_us, int64_t now_utc_us)
{
	char when[RV_TIME_TEXT];

	rv_time_text(end_utc_us, when);
	rv_fact_say(fact, "%s %.10s", end_utc_us <= now_utc_us ? "expired" : "expires", when);
}

void rv_fact_name(struct rv_fact *fact, struct rv_str id)
{
	if (fact->public_id[0] || id.len >= sizeof(fact->public_id))
		return;
	for (size_t i = 0; i < id.len; i++) {
		if (id.data[i] <= ' ' || id.data[i] > '~')
			return;
	}
	if (id.len > 0)
		memcpy(fact->public_id, id.data, id.len);
	fact->public_id[id.len] = '\0';
}

const uint8_t *rv_fact_find(struct rv_str s, const char *what)
{
	return s.len ? memmem(s.data, s.len, what, strlen(what)) : NULL;
}

rv_status rv_fact_of(const struct rv_fact_about *about, struct rv_fact *out)
{
	*out = (struct rv_fact){0};
	if (about->len == 0 || about->len > RV_FACT_VALUE_MAX)
		return RV_OK;
	if (about->rule->matcher == RV_MATCHER_PEM) {
		RV_TRY(rv_fact_key(about, out));
		rv_fact_key_account(about, out);
		return RV_OK;
	}
	rv_fact_token(about, out);
	return rv_fact_jwt(about, out);
}
