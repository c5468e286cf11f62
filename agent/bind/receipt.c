/* bind: weighing evidence. Integers only: the same on every host. */
#include "agent/bind/receipt.h"

#include <stdarg.h>
#include <stdio.h>

void rv_receipt_add(struct rv_receipt *r, const char *source, const char *owner, unsigned weight,
		    const char *fmt, ...)
{
	va_list args;

	if (r->count >= RV_RECEIPT_MAX)
		return;
	struct rv_receipt_line *line = &r->lines[r->count];
	line->source = source;
	line->weight = weight > 100 ? 100 : weight;
	(void)snprintf(line->owner, sizeof(line->owner), "%s", owner);
	va_start(args, fmt);
	(void)vsnprintf(line->text, sizeof(line->text), fmt, args);
	va_end(args);
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->lines[i].source, source) == 0 &&
		    strcmp(r->lines[i].owner, line->owner) == 0 &&
		    strcmp(r->lines[i].text, line->text) == 0)
			return;
	r->count++;
}

/* The strongest line of each source counts once: ten files under one unit are one fact. */
static unsigned weigh(const struct rv_receipt *r, const char *owner)
{
	uint64_t doubt = 10000; /* of 10000 */

	for (size_t i = 0; i < r->count; i++) {
		const struct rv_receipt_line *line = &r->lines[i];
		bool is_strongest = strcmp(line->owner, owner) == 0;
		for (size_t k = 0; is_strongest && k < r->count; k++) {
			const struct rv_receipt_line *other = &r->lines[k];
			if (strcmp(other->owner, owner) == 0 &&
			    strcmp(other->source, line->source) == 0 &&
			    (other->weight > line->weight ||
			     (other->weight == line->weight && k < i)))
				is_strongest = false;
		}
		if (is_strongest)
			doubt = doubt * (100 - line->weight) / 100;
	}
	unsigned percent = (unsigned)((10000 - doubt) / 100);
	return percent > 99 ? 99 : percent;
}

const char *rv_receipt_winner(const struct rv_receipt *r, unsigned *out_percent)
{
	const char *winner = "";

	*out_percent = 0;
	for (size_t i = 0; i < r->count; i++) {
		if (!r->lines[i].owner[0])
			continue;
		unsigned percent = weigh(r, r->lines[i].owner);
		if (percent > *out_percent) {
			*out_percent = percent;
			winner = r->lines[i].owner;
		}
	}
	return winner;
}
