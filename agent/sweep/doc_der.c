/* sweep: a layer that is a private key in DER from its first byte to its last: no anchor leads
 * there. Not here: what the key says (facts_key.c), key stores (contents.c). */
#include "agent/sweep/doc_parts.h"
#include "agent/sweep/facts.h"

#define CONFIDENCE 95
#define LABEL_REACH \
	80 /* from a PEM's first line to its body: its dashes, escapes of a line's end */

/* The body of a PEM, which is told as such, or was found to be none. */
static bool is_in_pem(const struct rv_layer *layer)
{
	static const char label[] = "PRIVATE KEY-----";
	struct rv_str above;
	size_t at;

	if (!layer->above || !layer->map)
		return false;
	at = layer->map->run.at;
	above = layer->above->bytes;
	at = at < above.len ? at : above.len;
	if (at > LABEL_REACH) {
		above.data += at - LABEL_REACH;
		at = LABEL_REACH;
	}
	return at && memmem(above.data, at, label, sizeof(label) - 1);
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
