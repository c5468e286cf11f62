/* tests: fuzz target: any value under any rule that has facts. The first byte picks the rule, the
 * second how many bytes stand before the value. Keys are given twice: as text, and as the bytes
 * that the text stands for. */
#include "agent/sweep/facts.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const providers[] = {"generic", "aws",   "azure",  "discord",
					"gitlab",  "slack", "stripe", "google"};

static void look(const struct rv_rule *rule, struct rv_str bytes, size_t start)
{
	struct rv_fact_about about = {.rule = rule,
				      .bytes = bytes,
				      .start = start,
				      .len = bytes.len - start,
				      .match_len = bytes.len,
				      .now_utc_us = INT64_C(1795824000000000)};
	struct rv_fact fact;

	if (!rv_is_ok(rv_fact_of(&about, &fact)))
		return;
	if (!memchr(fact.text, 0, sizeof(fact.text)) ||
	    !memchr(fact.public_id, 0, sizeof(fact.public_id)) ||
	    (fact.is_proven && fact.is_damaged))
		abort();
	for (const char *at = fact.text; *at; at++) {
		if ((uint8_t)*at < ' ')
			abort();
	}
}

/* The bytes in base64 behind a BEGIN line. */
static void look_at_body(const struct rv_rule *rule, const uint8_t *data, size_t size)
{
	static const char begin[] = "-----BEGIN PRIV"
				    "ATE KEY-----\n";
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t head = sizeof(begin) - 1;
	uint8_t *text = malloc(head + (size + 2) / 3 * 4);
	size_t n = head;

	if (!text)
		return;
	memcpy(text, begin, head);
	for (size_t i = 0; i + 2 < size; i += 3) {
		uint32_t bits = (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 | data[i + 2];

		for (unsigned shift = 18; shift <= 18; shift -= 6)
			text[n++] = (uint8_t)digits[bits >> shift & 63];
	}
	look(rule, (struct rv_str){text, n}, head);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct rv_rule rule = {.id = "x", .provider = providers[data[0] % RV_LEN(providers)]};
	struct rv_str bytes = {data + 2, size - 2};

	look(&rule, bytes, data[1] < bytes.len ? data[1] : 0);
	rule.matcher = RV_MATCHER_PEM;
	look(&rule, bytes, data[1] < bytes.len ? data[1] : 0);
	look_at_body(&rule, bytes.data, bytes.len);
	return 0;
}
