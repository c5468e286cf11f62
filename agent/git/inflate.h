/* git: zlib streams of known and unknown size, and memory that is used again. Inside of this room.
 */
#pragma once

#include "agent/git/pack.h"

/* Memory reused from object to object: never shrinks, contents are lost when it grows. */
struct rv_git_scratch {
	uint8_t *data;
	size_t cap;
};

void rv_git_scratch_done(struct rv_git_scratch *scratch);
/* At least `len` bytes (and never none); false: no memory, the old ones are gone. */
bool rv_git_scratch_need(struct rv_git_scratch *scratch, size_t len);

struct libdeflate_decompressor;

/* Exactly `len` bytes of a stream that may be followed by others. MALFORMED otherwise. */
RV_NODISCARD rv_status rv_git_inflate(struct libdeflate_decompressor *zlib, struct rv_str in,
				      uint8_t *out, size_t len);
/* A whole loose object into scratch: "TYPE SIZE\0" and SIZE bytes. *out_bytes borrows from scratch.
 * MALFORMED: no zlib, no header, another size. EXHAUSTED: more than max bytes (errno 0) or no
 * memory (errno set). Format: gitrepository-layout(5), gitformat-loose. */
RV_NODISCARD rv_status rv_git_inflate_loose(struct libdeflate_decompressor *zlib, struct rv_str in,
					    size_t max, struct rv_git_scratch *scratch,
					    enum rv_git_type *out_type, struct rv_str *out_bytes);
/* "blob" and so on; RV_GIT_TYPE_NONE for anything else. */
enum rv_git_type rv_git_type_of(struct rv_str word);
