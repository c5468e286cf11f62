/* unpack: libarchive, opened for exactly one kind of container. Not here: what is done with the
 * entries (unpack.c). */
#pragma once

#include "agent/unpack/flow.h"

#include <archive.h>
#include <archive_entry.h>

/* A reader of an archive in `flow`, which it *borrows*, with the format of `kind` and no other.
 * *gives* the reader; archive_read_free() it. NULL: flow->reason and flow->detail are set. */
struct archive *rv_reader_open(enum rv_unpack_kind kind, struct rv_flow *flow);
/* A flow of what is compressed (or an RPM's payload), which *borrows* the inner flow. Fails with
 * flow->reason and flow->detail set. */
bool rv_flow_unpacked(struct rv_flow *flow, enum rv_unpack_kind kind, struct rv_flow *inner);
/* Is it one byte stream rather than an archive? An RPM is such: its payload. */
bool rv_unpack_is_stream(enum rv_unpack_kind kind);
/* May it be read from its start to its end alone? */
bool rv_reader_can_stream(enum rv_unpack_kind kind);
/* Is it one that holds members (and not a key store)? */
bool rv_unpack_is_entered(enum rv_unpack_kind kind);
/* How much of its flow it has used up, where it did not go back and forth in it. */
uint64_t rv_reader_used(struct archive *reader);
/* Why the last call on it failed, from libarchive's error number and text. */
enum rv_unpack_reason rv_reader_reason(struct archive *reader);
