/* scan: is a buffer UTF-16 or UTF-32? rv_decode_run() turns it into UTF-8. Pure. */
#pragma once

#include "agent/scan/decode.h"

#define RV_UTF16_LOOK 4096 /* bytes of the start that are looked at */

/* By a byte order mark (which is left out of the run), or, for UTF-16 alone, by the parity of NUL
 * bytes in the first RV_UTF16_LOOK: nine of ten pairs an ASCII character. False: neither, and
 * `out_run` is untouched. The run goes to the buffer's end, whatever its length. */
bool rv_utf16_find(struct rv_str bytes, struct rv_decode_run *out_run);
