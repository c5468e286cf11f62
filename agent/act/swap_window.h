/* act: the declared window. While the files of one set are exchanged one after the other, a record
 * of what is being exchanged lies beside them; it is durable before the first exchange and gone
 * after the last. Whoever finds one brings the directory back to the old pair. Format, order and
 * the two kinds of record: docs/rotation.md. Linked into reeve-place and reeve-recover. */
#pragma once

#include "agent/act/place_file.h"

#define RV_SWAP_WINDOW_ITEMS  8
#define RV_SWAP_WINDOW_PREFIX ".reeve-window-" /* the one whose removal ends the window */
#define RV_SWAP_WINDOW_PART   ".reeve-part-"   /* in the further directories of the same set */

struct rv_swap_window_item {
	char name[RV_PLACE_NAME];
	uint8_t old_keyed[RV_SHA256_LEN];
	uint8_t new_keyed[RV_SHA256_LEN];
};

struct rv_swap_window {
	char tag[65];
	uint8_t salt[32];
	size_t salt_len;
	struct rv_swap_window_item items[RV_SWAP_WINDOW_ITEMS]; /* of this directory only */
	size_t count;
};

/* The record's file name in its directory. */
RV_NODISCARD rv_status rv_swap_window_name(const char *prefix, const char *tag,
					   char out[RV_PLACE_NAME], struct rv_diag *diag);
/* Writes the record (mode 0600) and makes it and the directory durable. Replaces one of the same
 * tag. On failure none stays. */
RV_NODISCARD rv_status rv_swap_window_write(int dir, const char *prefix,
					    const struct rv_swap_window *window,
					    struct rv_diag *diag);
/* MALFORMED: not a whole record. */
RV_NODISCARD rv_status rv_swap_window_read(int dir, const char *file, struct rv_swap_window *out,
					   struct rv_diag *diag);
/* Removes it, durably. OK when there is none. */
RV_NODISCARD rv_status rv_swap_window_remove(int dir, const char *prefix, const char *tag,
					     struct rv_diag *diag);
bool rv_swap_window_exists(int dir, const char *prefix, const char *tag);
/* What rv_swap_window_heal() would say, without touching anything. */
RV_NODISCARD rv_status rv_swap_window_check(int dir, const struct rv_swap_window *window,
					    struct rv_diag *diag);
/* Brings every item of the record back to the old content and makes that durable; *out_changed
 * counts exchanges. CONFLICT: something is neither old nor new; nothing was touched. The record
 * stays: the caller removes it. */
RV_NODISCARD rv_status rv_swap_window_heal(int dir, const struct rv_swap_window *window,
					   size_t *out_changed, struct rv_diag *diag);
