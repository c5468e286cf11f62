/* discover: compiles the rule table into Vectorscan databases. Not here: scanning (scan.c). */
#include "agent/discover/scan_db.h"

#include "agent/discover/detectors.inc"

#include <stdlib.h>

#define ANCHORS_MAX 256

const struct rv_rule *rv_rule_table(size_t *out_count)
{
	*out_count = RV_LEN(rules);
	return rules;
}

void rv_byteset_of(const char *text, struct rv_byteset *out)
{
	const uint8_t *p = (const uint8_t *)text;
	bool is_inverted = *p == '^' && p[1] != '\0';
	struct rv_byteset set = {{0}};

	for (p += is_inverted; *p; p++) {
		uint8_t last = *p;

		if (p[1] == '-' && p[2] != '\0')
			last = p[2];
		for (unsigned c = *p; c <= last; c++)
			set.bits[c >> 6] |= UINT64_C(1) << (c & 63);
		p += last != *p ? 2 : 0;
	}
	for (int i = 0; is_inverted && i < 4; i++)
		set.bits[i] = ~set.bits[i];
	*out = set;
}

static rv_status fail_compile(hs_compile_error_t *error, const struct rv_rule *list,
			      struct rv_diag *diag)
{
	const char *id = error && error->expression >= 0 && list ? list[error->expression].id : "?";
	rv_status status = rv_fail(RV_CLASS_BUG, diag, "Vectorscan refuses detector %s: %s", id,
				   error ? error->message : "no reason given");

	(void)hs_free_compile_error(error); /* frees NULL too; cannot fail otherwise */
	return status;
}

static rv_status compile_anchors(struct rv_scanner *s, struct rv_diag *diag)
{
	const char *texts[ANCHORS_MAX];
	unsigned flags[ANCHORS_MAX];
	unsigned ids[ANCHORS_MAX];
	size_t lens[ANCHORS_MAX];
	unsigned n = 0;

	for (size_t r = 0; r < s->rule_count; r++) {
		for (const char *const *a = s->rules[r].anchors; *a; a++) {
			RV_BUG_ON(n == ANCHORS_MAX);
			texts[n] = *a;
			lens[n] = strlen(*a);
			flags[n] = HS_FLAG_CASELESS;
			ids[n++] = (unsigned)r;
		}
	}
	hs_compile_error_t *error = NULL;
	if (hs_compile_lit_multi(texts, flags, ids, lens, n, HS_MODE_BLOCK, NULL, &s->anchors,
				 &error) != HS_SUCCESS)
		return fail_compile(error, NULL, diag);
	return RV_OK;
}

static rv_status compile_regexes(struct rv_scanner *s, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) const char **texts = calloc(s->rule_count, sizeof(*texts));
	RV_CLEANUP(rv_freep) unsigned *flags = calloc(s->rule_count, sizeof(*flags));
	RV_CLEANUP(rv_freep) unsigned *ids = calloc(s->rule_count, sizeof(*ids));

	if (!texts || !flags || !ids)
		return rv_fail_nomem(diag);
	for (size_t r = 0; r < s->rule_count; r++) {
		texts[r] = s->rules[r].regex;
		flags[r] = HS_FLAG_SOM_LEFTMOST;
		ids[r] = (unsigned)r;
	}
	hs_compile_error_t *error = NULL;
	if (hs_compile_multi(texts, flags, ids, (unsigned)s->rule_count, HS_MODE_BLOCK, NULL,
			     &s->regexes, &error) != HS_SUCCESS)
		return fail_compile(error, s->rules, diag);
	return RV_OK;
}

rv_status rv_scanner_new(struct rv_scanner **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_scanner_freep) struct rv_scanner *s = calloc(1, sizeof(*s));

	if (!s)
		return rv_fail_nomem(diag);
	s->rules = rv_rule_table(&s->rule_count);
	s->values = calloc(s->rule_count, sizeof(*s->values));
	s->extends = calloc(s->rule_count, sizeof(*s->extends));
	if (!s->values || !s->extends)
		return rv_fail_nomem(diag);
	for (size_t r = 0; r < s->rule_count; r++) {
		if (s->rules[r].value)
			rv_byteset_of(s->rules[r].value, &s->values[r]);
		if (s->rules[r].extend)
			rv_byteset_of(s->rules[r].extend, &s->extends[r]);
	}
	RV_TRY(compile_anchors(s, diag));
	RV_TRY(compile_regexes(s, diag));
	*out = RV_TAKE(s);
	return RV_OK;
}

void rv_scanner_free(struct rv_scanner *s)
{
	if (!s)
		return;
	(void)hs_free_database(s->anchors); /* frees NULL too */
	(void)hs_free_database(s->regexes); /* frees NULL too */
	free(s->values);
	free(s->extends);
	free(s);
}

void rv_scanner_freep(struct rv_scanner **s)
{
	rv_scanner_free(*s);
	*s = NULL;
}
