/* tests: the real reeve-open and reeve-discover, with the test as supervisor and engine. Every
 * frame that reeve-discover sends is kept as it stood, so that a test can look for bytes in it. */
#pragma once

#include "agent/ipc/channel.h"

#include <sys/types.h>

struct looking {
	pid_t open_pid;
	pid_t discover_pid;
	struct rv_channel *open_sup;
	struct rv_channel *open_engine;
	struct rv_channel *discover_sup;
	struct rv_channel *discover_engine;
	uint64_t open_walls;
	uint64_t discover_walls;
};

#define LOOKING_FRAMES 65536

/* What came of one request. */
struct looked {
	struct rv_buf bytes; /* every body, one after the other */
	struct {
		uint16_t type;
		size_t at, len;
	} * frames;
	size_t count;
	struct rv_rec_walked walked;
	uint64_t files, read_bytes, findings; /* of `discovered` */
};

/* bin: folder of the programs. Files are walked inside `root` ("" for the real one). As root both
 * become uid 65534. Ends the test program when they do not start. */
void looking_start(struct looking *l, const char *bin, const char *root);
/* Closes the channels and waits for both to end by themselves. False: one did not, or badly. */
bool looking_stop(struct looking *l);
/* Roots and excludes: NULL-ended lists, or NULL for the defaults. False: no answer in time. */
bool looking_walk(struct looking *l, const char *const *roots, const char *const *excludes,
		  uint64_t max_file_bytes, unsigned accounts, unsigned listeners,
		  struct looked *out);
bool looking_listeners(struct looking *l, uint16_t port, struct looked *out);
void looked_done(struct looked *looked);

/* The nth record of that type into rec; false when there are not so many. */
bool looked_get(const struct looked *looked, enum rv_msg type, size_t nth, void *rec);
size_t looked_count(const struct looked *looked, enum rv_msg type);
/* Was `path` told as not looked at, with that reason? */
bool looked_skipped(const struct looked *looked, const char *path, unsigned reason);
bool looked_has_bytes(const struct looked *looked, const void *bytes, size_t len);
