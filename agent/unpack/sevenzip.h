/* unpack: what the directory of a 7z file asks for, looked at before libarchive takes its word: 3.6
 * allocates by numbers that a file of a hundred bytes can name. Format: DOC/7zFormat.txt of the
 * LZMA SDK. Not here: the members. */
#pragma once

#include "agent/unpack/flow.h"

#define RV_7Z_HEADER_MAX ((uint64_t)32 << 20)  /* of the directory, unpacked */
#define RV_7Z_COUNT_MAX	 262144		       /* files, packed streams, folders */
#define RV_7Z_CODER_MAX	 ((uint64_t)128 << 20) /* a dictionary, or the model of PPMd */
/* Each side stream of BCJ2, which libarchive holds whole; that of its range coder, which is stored
 * as it is, is only as long as the file. */
#define RV_7Z_SIDE_MAX ((uint64_t)64 << 20)

/* The flow is memory or a file, and stays where it is. False: it is not to be opened; flow->reason
 * and flow->detail say why. A directory that is encrypted is let pass: libarchive stops there. */
bool rv_7z_is_bounded(struct rv_flow *flow);
/* Where it ends in such a flow, which it was let pass of. */
uint64_t rv_7z_end(const struct rv_flow *flow);
