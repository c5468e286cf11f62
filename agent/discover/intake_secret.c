/* discover: secret values of a file, as findings: where, by which rule, and the fingerprint; never
 * the value. Not here: matching (scan.h). */
#include "agent/discover/intake_parts.h"
#include "agent/model/kinds.h"

#define CONFIDENCE_MIN 20

struct telling {
	struct rv_intake *in;
	struct rv_intake_file *f;
	const struct rv_intake_piece *piece;
};

/* Hits come in order of place: the lines are counted once. */
static void count_lines(struct rv_intake_file *f, struct rv_str bytes, size_t until)
{
	while (f->counted < until) {
		const uint8_t *from = bytes.data + f->counted;
		const uint8_t *end = memchr(from, '\n', until - f->counted);

		if (!end) {
			f->column += (uint32_t)(until - f->counted);
			f->counted = until;
			return;
		}
		f->line++;
		f->column = 1;
		f->counted += (size_t)(end - from) + 1;
	}
}

static rv_status on_hit(const struct rv_hit *hit, void *user)
{
	const struct telling *t = user;
	const struct rv_rec_file_item *p = &t->f->place;
	char print[RV_FINGERPRINT_TEXT];

	if (hit->start < t->piece->from || hit->start >= t->piece->until)
		return RV_OK;
	/* Keys in PEM are the parsers'; what hardly is a secret is nobody's. */
	if (hit->rule->matcher == RV_MATCHER_PEM || hit->confidence < CONFIDENCE_MIN)
		return RV_OK;
	struct rv_str value = {t->piece->bytes.data + hit->start, hit->len};
	RV_TRY(rv_mask_fingerprint(&t->in->masker, hit->rule, value, print));
	count_lines(t->f, t->piece->bytes, hit->start);
	struct rv_rec_found_secret rec = {
		.path = p->path,
		.masked = p->masked,
		.dev = p->dev,
		.ino = p->ino,
		.uid = p->uid,
		.gid = p->gid,
		.mode = p->mode,
		.mtime_us = p->mtime_us,
		.line = t->f->line,
		.column = t->f->column,
		.rule = rv_str_of(hit->rule->id),
		.provider = rv_str_of(hit->rule->provider),
		.kind = hit->kind,
		.fingerprint = rv_str_of(print),
		.public_id = hit->public_id,
		.identified = hit->is_identified,
		.confidence = hit->confidence,
	};
	if (rec.public_id.len > 128)
		rec.public_id.len = 128;
	(void)rv_paths_add(&t->in->paths, t->f->real_path); /* full: its package stays unknown */
	return rv_intake_tell(t->in, RV_MSG_found_secret, &rec);
}

rv_status rv_intake_secrets(struct rv_intake *in, struct rv_intake_file *f,
			    const struct rv_intake_piece *piece)
{
	struct telling t = {in, f, piece};

	f->counted = 0;
	rv_status s = rv_scan_buffer(in->lane, piece->bytes, 0, on_hit, &t);
	if (rv_class_of(s) == RV_CLASS_EXHAUSTED) {
		f->is_cut = true;
		s = RV_OK;
	}
	if (!piece->is_last)
		count_lines(f, piece->bytes, piece->until);
	return s;
}
