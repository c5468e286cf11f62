/* scan: where a value ends, by the bytes beside it: a value is no part of a longer word. Not here:
 * what rules ask of a value itself (match.c). */
#pragma once

#include "agent/scan/scan.h"

/* Does no letter or digit go on in `v` on either side? An escape ("\n", "%3D", "\u003d") and a
 * terminal's command (ESC [31m) right before it are no part of the word. */
bool rv_is_bounded(struct rv_str bytes, struct rv_span v);

/* Lengths of a text that begins at `at`, as they stand right before it in binary formats, where no
 * sign parts one text from the next: one byte or two of a varint, of the length or (Avro) of twice
 * the length; or four bytes, the lowest first. A byte that can be read counts behind one that
 * cannot, or what Python and CBOR write there: (ghp_.., 'AIza..; in a text nothing but a control
 * character does. None goes past the end. How many there are.
 * `whole`: what begins there as a match knows it without a length, or empty. Where that ends by
 * itself what stands before is a sign, not a length: but for one that ends it a letter or two
 * earlier, as the mark of the next value does to a text of Python, and that is no quote. */
#define RV_COUNTS_MAX 3
size_t rv_counts_before(struct rv_str bytes, bool is_text, size_t at, struct rv_span whole,
			size_t out[RV_COUNTS_MAX]);
