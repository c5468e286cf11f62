/* sweep: inside of documents: layers of encoding. For doc.c and doc_leak.c. */
#pragma once

#include "agent/sweep/doc.h"

struct rv_layer {
	struct rv_str bytes;
	const struct rv_layer *above;	 /* NULL: the document itself */
	const struct rv_decode_map *map; /* from above */
	uint8_t kind;			 /* enum rv_decode_kind */
	unsigned depth;			 /* 0: the document itself */
};

/* Makes a leak, or a sighting, of one value. */
RV_NODISCARD rv_status rv_doc_tell(struct rv_sweeper *w, const struct rv_doc *doc,
				   const struct rv_layer *layer, const struct rv_found *found);
