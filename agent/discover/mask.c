/* discover: masking. Not here: emitting. */
#include "agent/discover/mask.h"

#include "agent/model/kinds.h"

struct masking {
	const struct rv_masker *m;
	struct rv_str text;
	struct rv_buf *out;
	size_t end;  /* largest length of out */
	size_t done; /* of text */
	bool is_masked;
	bool is_full;
};

rv_status rv_mask_fingerprint(const struct rv_masker *m, const struct rv_rule *rule,
			      struct rv_str value, char out[RV_FINGERPRINT_TEXT])
{
	const struct rv_secret *key = rule->flags & RV_RULE_FLEET ? m->fleet : m->host;

	return rv_fingerprint(key, rv_kind_name(rule->kind), value, out);
}

static rv_status put(struct masking *s, const void *bytes, size_t len, bool is_whole)
{
	size_t room = s->end - s->out->len;

	if (s->is_full || (is_whole && len > room)) {
		s->is_full = true;
		return RV_OK;
	}
	s->is_full = len > room;
	return rv_buf_put(s->out, bytes, len > room ? room : len);
}

static rv_status on_span(const struct rv_hit *hit, void *user)
{
	struct masking *s = user;
	char print[RV_FINGERPRINT_TEXT];
	char braced[RV_FINGERPRINT_TEXT + 2] = "{";

	RV_TRY(rv_mask_fingerprint(s->m, hit->rule,
				   (struct rv_str){s->text.data + hit->start, hit->len}, print));
	size_t len = strlen(print);
	memcpy(braced + 1, print, len);
	braced[len + 1] = '}';
	RV_TRY(put(s, s->text.data + s->done, hit->start - s->done, false));
	RV_TRY(put(s, braced, len + 2, true));
	s->done = hit->start + hit->len;
	s->is_masked = true;
	return RV_OK;
}

rv_status rv_mask_text(const struct rv_masker *m, struct rv_str text, size_t max,
		       struct rv_buf *out, bool *io_masked)
{
	struct masking s = {.m = m, .text = text, .out = out, .end = out->len + max};
	rv_status scanned = rv_scan_buffer(m->lane, text, RV_SCAN_MASK, on_span, &s);

	/* More spans than the scanner tells: nothing behind the last one may be shown. */
	if (rv_class_of(scanned) == RV_CLASS_EXHAUSTED && s.is_masked)
		scanned = RV_OK;
	else if (rv_is_ok(scanned))
		scanned = text.len > s.done ? put(&s, text.data + s.done, text.len - s.done, false)
					    : RV_OK;
	RV_TRY(scanned);
	*io_masked |= s.is_masked;
	return RV_OK;
}
