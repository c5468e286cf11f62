/* sweep: inside of documents: layers of encoding. For doc.c and doc_leak.c. */
#pragma once

#include "agent/sweep/doc.h"

struct rv_layer {
	struct rv_str bytes;
	const struct rv_layer *above;	 /* NULL: the document itself */
	const struct rv_decode_map *map; /* from above */
	uint8_t kind;			 /* enum rv_decode_kind */
	unsigned depth;			 /* 0: the document itself */
	/* Of a window: where this layer begins in the next, and whether it goes on from the one
	 * before, so that it begins anywhere in what it holds. */
	size_t next; /* SIZE_MAX: it ends in this window */
	bool goes_on;
};

/* The run of the layer that began in the window before (doc_lead.c). False: there is none. */
bool rv_lead_run(const struct rv_doc *doc, const struct rv_layer *layer, struct rv_decode_run *out);
/* Of a text in UTF-16 or UTF-32 that goes on: does what the window itself looks like say other? */
bool rv_lead_yields(const struct rv_decode_run *lead, const struct rv_decode_run *found);
/* May the layer be opened, if it is an archive? Not what begins in its middle, and one that two
 * windows hold, or that one of them cuts, only in the one that tells it whole. */
bool rv_lead_may_open(const struct rv_doc *doc, const struct rv_layer *layer);
/* Did the other run only look like one there, where a run goes on whose units stand elsewhere? */
bool rv_lead_covers(const struct rv_decode_run *lead, const struct rv_decode_run *run);
/* Remembers the run of `layer`, which says `below`, for the next window if it goes on there. */
void rv_lead_note(const struct rv_doc *doc, const struct rv_layer *layer, struct rv_layer *below);

/* Adds what was found in the layer to the values that no text may show (doc_values.c): each value,
 * what it says when it is escaped, and the lines of a key. Before any line of the document is
 * shown: one value may stand in the line of another. What is told as weak is a word of any text
 * ("example"): without it nobody could read the rest. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_doc_note_values(struct rv_sweeper *w, struct rv_str bytes);
/* Is it told, by where it stands: in the part of the document at hand, and of a change
 * (choice->added) where that touched it? Counts w->touched. */
bool rv_doc_is_told(struct rv_sweeper *w, const struct rv_doc *doc, const struct rv_layer *layer,
		    const struct rv_found *found, struct rv_span place);
/* Makes a leak, or a sighting, of one value. */
RV_NODISCARD rv_status rv_doc_tell(struct rv_sweeper *w, const struct rv_doc *doc,
				   const struct rv_layer *layer, const struct rv_found *found);
/* Remembers what was told; without memory it may be told twice. */
void rv_doc_see(struct rv_sweeper *w, const struct rv_seen *seen);

/* Is the layer a private key in DER as a whole, outside of PEM? Then it is that one value. */
bool rv_doc_is_key(const struct rv_sweeper *w, const struct rv_layer *layer, struct rv_found *out);

/* May texts in UTF-16 stand in a layer that is no such text? Of what is text one NUL byte tells, in
 * what is looked at. */
bool rv_doc_may_be_wide(const struct rv_doc *doc, const struct rv_layer *layer, bool is_binary);
/* Tells as a gap what the last layer that is decoded holds encoded: nobody looks at it. */
void rv_doc_tell_deeper(struct rv_sweeper *w, const struct rv_doc *doc,
			const struct rv_layer *layer);

/* The last of w->leaks, judged: counted, and listed when it is to be shown. */
void rv_doc_enter(struct rv_sweeper *w, const struct rv_leak *leak);

/* One value, one finding, when it is encoded: a guess about text that turns out to be encoded
 * yields to what is in it, and a guess within a value that a layer above proved is none. Of a
 * history's first pass nothing is folded: in which files it is a guess is not known yet. */
/* Marks those of w->found that are guesses about encoded text. True: there are such. */
bool rv_fold_put_off(struct rv_sweeper *w, const struct rv_layer *layer);
/* Takes the mark from those that no value seen since `first` of w->seen overlaps; the others, and
 * what was told before, are marked then. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_fold_settle(struct rv_sweeper *w, const struct rv_layer *layer,
				      size_t first);
/* Is it a guess that lies in a surer value of a layer above? */
bool rv_fold_is_within(const struct rv_sweeper *w, const struct rv_layer *layer,
		       const struct rv_rule *rule, struct rv_span place);
/* Where it stands in the document. */
struct rv_span rv_layer_place(const struct rv_layer *layer, size_t start, size_t len);
