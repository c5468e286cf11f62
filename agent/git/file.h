/* git: files of a repository, which may be anybody's: mapped, never waited for. Inside of this
 * room. */
#pragma once

#include "agent/base/buf.h"

#include <dirent.h>

/* A regular file, mapped for reading: *gives* (rv_git_unmap). Empty: data NULL. Never blocks.
 * MALFORMED: not a regular file. */
RV_NODISCARD rv_status rv_git_map(const char *path, const uint8_t **out_data, size_t *out_len);
void rv_git_unmap(const uint8_t *data, size_t len); /* accepts NULL */
/* Reads a small regular file whole; EXHAUSTED past out->max. Never blocks. */
RV_NODISCARD rv_status rv_git_slurp(const char *path, struct rv_buf *out);
void rv_git_dir_closep(DIR **dir); /* for RV_CLEANUP */
/* Formats a path; false when it does not fit. */
bool rv_git_path(char *out, size_t size, const char *fmt, ...) RV_PRINTF(3, 4);
bool rv_git_is_file(const char *path); /* or a symbolic link to one */
