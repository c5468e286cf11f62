/* unpack: a container behind a script or a program: installers of makeself, self-extracting 7z. Not
 * here: a zip behind one, which is known by its end (kind.c). Pure but for reading the flow. */
#pragma once

#include "agent/unpack/flow.h"

#define RV_PROGRAM_SCRIPT_MAX \
	((size_t)1 << 20) /* of a script, in which a line may end before one */
/* Of what follows the end of an ELF or PE file, in which a 7z may begin: its settings stand before
 * it. */
#define RV_PROGRAM_TAIL_MAX ((size_t)64 << 10)

/* The flow has places. True: it begins as a script, and a container stands behind one of its lines;
 * or it is an ELF or PE file that is longer than its own tables say, and one stands behind that
 * end. A text without NUL is not searched, nor is a program that ends where it says. */
bool rv_program_find(const struct rv_flow *flow, uint64_t *out_at);
