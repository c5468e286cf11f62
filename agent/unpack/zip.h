/* unpack: zip archives in memory of the ordinary kind, by their central directory and libdeflate:
 * two to three times as fast as libarchive, which reads all others. Not here: encryption, zip64,
 * methods other than stored and deflated, members too large for one window. */
#pragma once

#include "agent/unpack/zip_outline.h"

/* Walks `bytes`, of which the outline is, if every member can be read here; else false, and nothing
 * was told. A member that is damaged is told, and the ones after it are read all the same. */
bool rv_zip_walk(struct rv_level *level, struct rv_str bytes, const struct rv_zip_outline *outline);
/* How long a gzip file in memory is unpacked, modulo 2^32, as its last bytes say (RFC 1952 2.3.1);
 * 0: they do not. Of several members the last alone; behind other bytes, anything. */
uint32_t rv_gzip_told(struct rv_str bytes);
/* The whole of a gzip file of one member in memory, when it is `told` bytes; false: read it as a
 * flow. *gives* out->data by rv_buf_done(). */
bool rv_gzip_whole(struct rv_str bytes, size_t told, struct rv_buf *out);
