/* tests: a temporary directory that goes away, and files in it. A helper that cannot do its work
 * ends the test program with exit code 99 and a sentence: no test goes on half prepared. */
#pragma once

#include "agent/base/buf.h"

#include <sys/types.h>

#define RVT_PATH 512

struct rvt_dir {
	char path[256]; /* absolute, clean, no symbolic link in it; mode 0700 */
	pid_t owner;	/* a forked child does not remove it */
};

void rvt_dir_init(struct rvt_dir *dir);
void rvt_dir_done(struct rvt_dir *dir); /* removes the tree, follows no link, stays on one fs */

/* dir->path + "/" + name. */
void rvt_dir_path(const struct rvt_dir *dir, const char *name, char out[RVT_PATH]);
/* Writes a file (mkdir -p for what is missing above it) and sets exactly this mode. */
void rvt_dir_write(const struct rvt_dir *dir, const char *name, const void *bytes, size_t len,
		   mode_t mode);
void rvt_dir_write_text(const struct rvt_dir *dir, const char *name, const char *text);
void rvt_dir_make(const struct rvt_dir *dir, const char *name, mode_t mode); /* mkdir -p */
/* The whole file; the caller calls rv_buf_done. */
struct rv_buf rvt_file_read(const char *path);
bool rvt_file_exists(const char *path);
/* How many names the directory holds, "." and ".." aside. */
size_t rvt_dir_count(const char *path);

/* Ends the test program: what could not be prepared, and errno. */
RV_NORETURN void rvt_die(const char *fmt, ...) RV_PRINTF(1, 2);
/* Ends the test program as skipped (exit 77), saying why. ctest counts it by SKIP_RETURN_CODE 77;
 * rv_unit_test() sets that. */
#define RVT_SKIP 77
RV_NORETURN void rvt_skip(const char *fmt, ...) RV_PRINTF(1, 2);
