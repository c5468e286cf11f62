/* scan: texts in UTF-16 inside of what is something else: a Windows program, an installer, a
 * registry. A text is RV_WIDE_MIN or more printable ASCII characters in a row, each with a NUL byte
 * behind it, at any offset; what is not ASCII ends it. All texts of a buffer are one run, of kind
 * RV_DECODE_WIDE: they are decoded one behind the other, with a line end between them
 * (rv_decode_run). Costs a look at eight bytes of 32. Pure. Not here: a buffer that is
 * UTF-16 as a whole (utf16.h). */
#pragma once

#include "agent/scan/decode.h"

#define RV_WIDE_MIN 20 /* characters */

/* False: there is none, and `out_run` is untouched. */
bool rv_wide_find(struct rv_str bytes, struct rv_decode_run *out_run);

/* For decode.c: a unit at `at` < end; characters of one text at once, 0: none is there; and how
 * many bytes come out of [at, end). */
struct rv_decode_unit;
void rv_wide_step(struct rv_str bytes, size_t at, size_t end, struct rv_decode_unit *out);
size_t rv_wide_fast(struct rv_str bytes, size_t *at, size_t end, uint8_t *out);
size_t rv_wide_len(struct rv_str bytes, size_t at, size_t end);
