/* sweep: what people may see of a value and of its line. Not here: fingerprints (identity.h). */
#pragma once

#include "agent/scan/scan.h"
#include "agent/sweep/doc.h"
#include "agent/sweep/values.h"

#define RV_MASK_CONTEXT 200 /* bytes of a line that are shown, with all marks */

/* "ghp_..x9": at most four bytes of its beginning and two of its end, less of a short one, nothing
 * of one below eight bytes or that people may have chosen. Printable ASCII only. */
RV_NODISCARD rv_status rv_mask_value(struct rv_str value, bool is_guessable, struct rv_buf *out);

/* The part of the line around the value, with every value in it masked: those of the document (and
 * wherever the bytes of one stand again), whatever the rules would match when they do not ask for
 * checks, and every encoded run. UTF-8, without
 * control bytes. Values of other documents are not asked for: which are known by now is chance, and
 * what is shown must be the same at any number of threads. rv_mask_known does that at the end, for
 * which w->cut says where the line goes on.
 * `line_start` is where the line begins in the layer that w->found and w->runs count in. */
RV_NODISCARD rv_status rv_mask_line(struct rv_sweeper *w, struct rv_str line, size_t line_start,
				    const struct rv_found *about, struct rv_buf *out);
/* A text from elsewhere (a message, a name) from its beginning, masked alike but for values; at
 * most RV_MASK_CONTEXT bytes. The lane should have no path: it is no line of that file. */
RV_NODISCARD rv_status rv_mask_words(struct rv_sweeper *w, struct rv_str text, struct rv_buf *out);
/* Without control bytes and what is no UTF-8, as lines and words are; nothing is masked. */
RV_NODISCARD rv_status rv_mask_tame(struct rv_str text, struct rv_buf *out);
/* A name in a container, which is reported where its file's path is: whatever the rules would match
 * is masked. Encoded runs stay, since layers and objects go by digests. */
RV_NODISCARD rv_status rv_mask_name(struct rv_lane *lane, struct rv_str name, struct rv_buf *out);
/* A text that was masked before, whole: values that were found since, elsewhere, also where they
 * stand escaped (known.h). Where it was cut
 * (RV_CUT_..) a piece of a value is masked as well, and the bytes that are too few to be known as
 * one are not shown. */
RV_NODISCARD rv_status rv_mask_known(const struct rv_values *values, struct rv_str text,
				     unsigned cut, struct rv_buf *out);
/* A path, masked alike but whole and with its bytes as they are. */
RV_NODISCARD rv_status rv_mask_path(struct rv_lane *lane, struct rv_str path, struct rv_buf *out);
