/* scan: from where to where what may be encoded goes on around a place: for who looks at a part of
 * a buffer and must not cut a run in two (decode.h finds it from its beginning alone). Says nothing
 * of whether it is an encoding. Pure. */
#pragma once

#include "agent/scan/decode.h"

#define RV_DECODE_AROUND_MAX ((size_t)1 << 20) /* bytes each way that are gone */

struct rv_decode_reach {
	size_t from, to; /* to 0: nothing */
};
/* Begin with `.bytes` alone. What is long is remembered: many places in it cost it once. */
struct rv_decode_around {
	struct rv_str bytes;
	struct rv_decode_reach words[2], escapes[2]; /* before a place, behind one */
};

/* May what is encoded stand on both sides of `at`? False for most places of ordinary text, and
 * cheap. */
bool rv_decode_may_cut(struct rv_str bytes, size_t at);
/* Where it begins that ends in or at `at`: the word of base64's alphabet, with the whole lines of
 * it before, or the word around escapes (%67, \x67). `at`: there is none. Of a word that begins
 * more than RV_DECODE_AROUND_MAX before: a place in it that groups of base64 and of hex digits
 * begin at. */
size_t rv_decode_begin(struct rv_decode_around *around, size_t at);
/* Where it ends, with the whole lines behind, that begins in or at `at`. At most
 * RV_DECODE_AROUND_MAX behind it. */
size_t rv_decode_end(struct rv_decode_around *around, size_t at);
