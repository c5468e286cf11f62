/* sweep: a layer that is a private key in DER from its first byte to its last: no anchor leads
 * there. Not here: what the key says (facts_key.c), key stores (contents.c). */
#include "agent/sweep/doc_parts.h"
#include "agent/sweep/facts.h"

#define CONFIDENCE  95
#define LABEL_REACH 64 /* a PEM's first line */

/* Where a PEM's first line ends, of which the body begins at `at`: before ends of lines, written
 * out or not, and what joins or quotes strings. */
static size_t end_of_label(struct rv_str bytes, size_t at)
{
	while (at > 0) {
		uint8_t c = bytes.data[at - 1];
		bool is_escape = at > 1 && (c == 'n' || c == 'r') && bytes.data[at - 2] == '\\';

		if (!is_escape && !memchr(" \t\r\n\"'+,#*|\\", c, 12))
			break;
		at -= is_escape ? 2 : 1;
	}
	return at;
}

/* The body of a PEM, which is told as such, or was found to be none. */
static bool is_in_pem(const struct rv_layer *layer)
{
	static const char begin[] = "-----BEGIN ", end[] = "PRIVATE KEY-----";
	struct rv_str above;
	size_t at, from;

	if (!layer->above || !layer->map)
		return false;
	above = layer->above->bytes;
	at = layer->map->run.at;
	at = end_of_label(above, at < above.len ? at : above.len);
	from = at > LABEL_REACH ? at - LABEL_REACH : 0;
	return at - from >= sizeof(end) - 1 &&
	       memcmp(above.data + at - (sizeof(end) - 1), end, sizeof(end) - 1) == 0 &&
	       memmem(above.data + from, at - from, begin, sizeof(begin) - 1);
}

bool rv_doc_is_key(const struct rv_sweeper *w, const struct rv_layer *layer, struct rv_found *out)
{
	struct rv_str bytes = layer->bytes;
	const struct rv_rule *rule = w->shared->key_rule;

	if (!rule || !rv_fact_is_der_key(bytes) || is_in_pem(layer))
		return false;
	*out = (struct rv_found){.rule = rule,
				 .len = bytes.len,
				 .match_len = bytes.len,
				 .kind = rule->kind,
				 .confidence = CONFIDENCE};
	return true;
}
