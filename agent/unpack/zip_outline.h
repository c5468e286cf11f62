/* unpack: where a zip archive's parts lie, by its end record (.ZIP File Format Specification 6.3,
 * 4.3), in memory or a file. Not here: reading it (zip.h), and what is asked of what lies between
 * and around its members (unpack.c). */
#pragma once

#include "agent/unpack/walk.h"

#define RV_ZIP_DIRECTORY_MAX ((uint64_t)64 << 20) /* a longer one is not compared with members */

struct rv_zip_outline {
	uint64_t base;	    /* what offsets count from: something may stand before the archive */
	uint64_t directory; /* .. and its end */
	uint64_t directory_end;
	uint64_t end; /* of the archive, behind its comment */
};

/* The last archive in a flow that has places. False: there is no end record in its last 64 KiB, or
 * one that does not say where its directory is. */
bool rv_zip_outline(const struct rv_flow *flow, struct rv_zip_outline *out);

/* A stretch of the archive that no member of its directory takes. */
typedef void rv_zip_stretch_fn(uint64_t from, uint64_t until, void *user);

/* Tells each stretch between the members, and before the directory, in which another begins: one
 * that was deleted from the directory alone, or is hidden. The flow has places. False: it cannot be
 * said, and `why` is. */
bool rv_zip_find_unnamed(const struct rv_flow *flow, const struct rv_zip_outline *outline,
			 rv_zip_stretch_fn *on_stretch, void *user, const char **why);
