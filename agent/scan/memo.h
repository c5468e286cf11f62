/* scan: parts of texts that were searched and gave nothing, remembered by what they and their
 * surroundings say, so that the same text need not be searched again: a history repeats itself (of
 * what deltas insert, two thirds stood in another version). Lossy: a part that is forgotten is
 * searched once more. Not here: which parts those are (recall.h). */
#pragma once

#include "agent/base/buf.h"

/* One for a run, shared by its threads without a lock. 8 MiB. Keys are made
 * with a secret of the process, so that nobody can write text that passes for other text. */
struct rv_memo;
RV_NODISCARD rv_status rv_memo_new(struct rv_memo **out);
void rv_memo_free(struct rv_memo *memo);

/* Never 0. `form` tells apart what equal bytes may stand for. */
uint64_t rv_memo_key(const struct rv_memo *memo, struct rv_str bytes, uint64_t form);
/* Brings near what rv_memo_has will look at. */
void rv_memo_expect(const struct rv_memo *memo, uint64_t key);
bool rv_memo_has(const struct rv_memo *memo, uint64_t key);
void rv_memo_put(struct rv_memo *memo, uint64_t key);
