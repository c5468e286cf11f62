/* sweep: walks directories with several threads and hands each file's bytes on. Files are read in
 * place, a buffer a thread, never mapped (a mapped file that shrinks kills the reader). Symbolic
 * links, other file types and `.git` are not entered; of that `config` and `config.worktree` are
 * read. A directory is open while names of it wait, as far as descriptors go; one that was closed
 * meanwhile is opened again component by component, through no link, and must be the one it was.
 * Not here: what bytes mean (doc.h). */
#pragma once

#include "agent/base/buf.h"

#include <stdatomic.h>

#define RV_WALK_BUFFER	(1U << 20)  /* most files are read in one call */
#define RV_WALK_WINDOW	(8U << 20)  /* larger files come in windows of this .. */
#define RV_WALK_OVERLAP (64U << 10) /* .. that share so much with the next */

/* A file, or a window of one. */
struct rv_walk_file {
	struct rv_str path; /* borrowed for the call */
	/* Of an absolute path: the bytes that lead to the directory that was given, or to the file
	 * that was. 0 of others: those are looked at from the working directory on. */
	size_t root_len;
	struct rv_str bytes; /* likewise */
	uint64_t offset;     /* of bytes in the file */
	uint64_t skipped;    /* bytes of a hole, of 8 MiB or more, that no window has before it */
	bool is_first, is_last;
	int fd;	       /* open for reading, for what must seek */
	uint64_t size; /* of the file when it has windows, else bytes.len */
};

struct rv_walk_stat {
	struct rv_str path; /* borrowed for the call */
	uint64_t dev, ino, size;
	int64_t mtime_ns, ctime_ns;
};

struct rv_walk_look {
	/* May the path be read (is_dir: entered)? Cheap: called for every name. */
	bool (*wants)(void *user, struct rv_str path, bool is_dir);
	/* Has the file been seen whole as it is now? NULL: no ledger, no stat. */
	bool (*is_known)(void *user, const struct rv_walk_stat *stat);
	/* Of a file: all its windows in order, in one thread. A failure ends the walk. */
	rv_status (*file)(void *user, const struct rv_walk_file *file);
	/* After each file that could be opened, read whole or not, with what it was when opened;
	 * only with is_known. A gap told of it came before. */
	void (*done)(void *user, const struct rv_walk_stat *stat);
	/* Not read whole: a reason word of struct rv_gap. */
	void (*gap)(void *user, struct rv_str path, const char *reason, const char *detail);
	/* A directory below those that were given looks like a git store: it has HEAD, objects/ and
	 * refs/, all of them wanted. It is walked like any other. NULL: not told. */
	void (*store)(void *user, const char *path);
};

struct rv_walk_options {
	const char *const *paths; /* NULL-ended: files and directories */
	unsigned threads;	  /* 1..RV_WALK_THREADS_MAX; fewer work when descriptors are few */
	uint64_t open_files;	  /* descriptors the process may have (RLIMIT_NOFILE); 0: 1024 */
	uint64_t max_file;	  /* larger ones are a gap "too-large"; 0: none is */
	bool follows_links;	  /* to files only, as given names always are */
	_Atomic bool *stop;	  /* set from outside: what is left is a gap `stop_reason` */
	const char *_Atomic *stop_reason;
	_Atomic uint64_t *files; /* counted as it goes, for progress */
	_Atomic uint64_t *bytes;
};

#define RV_WALK_THREADS_MAX  64
#define RV_WALK_DIRS_MAX     4096 /* directories kept open while names of them wait */
#define RV_WALK_FD_OF_THREAD 4	  /* two directories, a file, an archive in it */

/* users: one per thread. Returns when all is read; the first failure of a callback is returned. */
RV_NODISCARD rv_status rv_walk(const struct rv_walk_options *options,
			       const struct rv_walk_look *look, void *const *users,
			       struct rv_diag *diag);
