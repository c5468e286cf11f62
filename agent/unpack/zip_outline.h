/* unpack: where a zip archive's parts lie, by its end record (.ZIP File Format Specification 6.3,
 * 4.3), in memory or a file. Not here: reading it (zip.h), and what is asked of what lies between
 * and around its members (unpack.c). */
#pragma once

#include "agent/unpack/walk.h"

struct rv_zip_outline {
	uint64_t base;	    /* what offsets count from: something may stand before the archive */
	uint64_t directory; /* .. and its end */
	uint64_t directory_end;
	uint64_t end; /* of the archive, behind its comment */
};

/* The last archive in a flow that has places. False: there is no end record in its last 64 KiB, or
 * one that does not say where its directory is. */
bool rv_zip_outline(const struct rv_flow *flow, struct rv_zip_outline *out);
