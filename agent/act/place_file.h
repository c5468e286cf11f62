/* act: one file beside others in a granted directory, reached only through the directory's fd: a
 * single name, no symbolic link, read into the secure heap, told apart by a keyed digest. Linked
 * into reeve-place and reeve-recover. Not here: what to do with it (deploy.h, window.h). */
#pragma once

#include "agent/base/digest.h"
#include "agent/base/secret.h"

#include <sys/stat.h>

#define RV_PLACE_FILE_MAX 60000 /* a captured file travels in one frame */
#define RV_PLACE_NAME	  256	/* NAME_MAX and the NUL */

/* What lies under a name, by digest (observed_item.state). */
enum rv_place_state {
	RV_PLACE_OLD = 1,
	RV_PLACE_NEW = 2,
	RV_PLACE_FOREIGN = 3,
	RV_PLACE_ABSENT = 4,
};
const char *rv_place_state_name(unsigned state);

/* A regular file, open for reading, with its content in memory. */
struct rv_held {
	int fd;
	struct stat st;
	struct rv_secret *content;
	struct rv_digest keyed; /* HMAC-SHA256(salt, content) */
};
void rv_held_done(struct rv_held *held); /* accepts {.fd = -1} */

/* Copies a name after checking that it is one component: no '/', not "", "." or "..".
 * MALFORMED otherwise. */
RV_NODISCARD rv_status rv_place_name(struct rv_str name, char out[RV_PLACE_NAME],
				     struct rv_diag *diag);
/* ".reeve-TAG-NAME", the staged name, or with mark '~' the one a file has while being written.
 * EXHAUSTED when it would be longer than a file name may be. */
RV_NODISCARD rv_status rv_place_staged(struct rv_str tag, char mark, const char *name,
				       char out[RV_PLACE_NAME], struct rv_diag *diag);
/* openat2(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS). A kernel without openat2 gets openat(O_NOFOLLOW):
 * as strong, because `name` is a single component. *gives* the fd. */
RV_NODISCARD rv_status rv_place_open(int dir, const char *name, int flags, mode_t mode, int *out_fd,
				     struct rv_diag *diag);
/* Reads a regular file whole. NOT_FOUND: nothing there. CONFLICT: not a regular file, or larger
 * than RV_PLACE_FILE_MAX, or it changed while being read. *gives* in out. */
RV_NODISCARD rv_status rv_held_read(int dir, const char *name, struct rv_str salt,
				    struct rv_held *out, struct rv_diag *diag);
/* Which of two digests lies under the name. Anything that is not a readable regular file of ours
 * is FOREIGN; a file that may not be read is a failure. */
RV_NODISCARD rv_status rv_place_classify(int dir, const char *name, struct rv_str salt,
					 struct rv_str old_keyed, struct rv_str new_keyed,
					 enum rv_place_state *out, struct rv_diag *diag);
/* True when the file is the root of a mount: it cannot be renamed (EBUSY). */
bool rv_place_is_mount(int fd);
/* renameat2(RENAME_EXCHANGE) of two names. CONFLICT: busy; MISCONFIGURED: not supported here. */
RV_NODISCARD rv_status rv_place_exchange(int dir, const char *a, const char *b,
					 struct rv_diag *diag);
/* fsync of the directory behind an O_PATH fd. */
RV_NODISCARD rv_status rv_place_sync_dir(int dir, struct rv_diag *diag);
/* Renames to `doomed` (the name with mark '~'), overwrites a regular file with a single link by
 * zeros, fsyncs, and unlinks it; anything else is only unlinked. OK when nothing is there. */
RV_NODISCARD rv_status rv_place_shred(int dir, const char *name, const char *doomed,
				      struct rv_diag *diag);
