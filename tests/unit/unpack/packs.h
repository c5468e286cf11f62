/* tests: archives made on the spot, and a walk that remembers what it was told. A helper that
 * cannot do its work ends the test program. */
#pragma once

#include "agent/unpack/unpack.h"

#define PACKS_MAX ((size_t)256 << 20)

struct pack_file {
	const char *name;
	struct rv_str bytes;
};

/* In libarchive's names: format "zip", "gnutar", "pax", "ustar", "cpio", "newc", "ar", "7zip",
 * "iso9660", "raw"; filter "none", "gzip", "bzip2", "xz", "zstd", "lz4", "lzma", "compress".
 * options: NULL or as for archive_write_set_options(). *gives* the buffer. */
struct rv_buf packs_make(const char *format, const char *filter, const char *options,
			 const struct pack_file *files, size_t count);
/* One file, no options. */
struct rv_buf packs_one(const char *format, const char *filter, const char *name,
			struct rv_str bytes);

#define PACKS_SEEN_MAX 4096

struct pack_walk {
	struct {
		char path[600];
		struct rv_buf bytes; /* all windows, laid over each other by their offsets */
		int64_t mtime_s;
		uint8_t kind;
		uint8_t depth;
		bool is_whole; /* its last window came */
		unsigned windows;
	} seen[PACKS_SEEN_MAX];
	size_t count;
	struct {
		char path[600];
		enum rv_unpack_reason reason;
		char detail[200];
	} troubles[PACKS_SEEN_MAX];
	size_t trouble_count;
	size_t stop_after; /* members; 0: never */
	size_t over_after; /* calls of is_over; 0: never */
	size_t over_calls;
	uint64_t total;
	bool keeps_nothing; /* only counts */
	rv_status status;
};

/* Walks with these limits (NULL: the defaults); the result lives until packs_done(). */
struct pack_walk *packs_walk(struct rv_str bytes, const struct rv_unpack_limits *limits);
struct pack_walk *packs_walk_fd(int fd, const struct rv_unpack_limits *limits);
/* The walk as it is set up beforehand (stop_after, over_after, keeps_nothing). */
void packs_walk_into(struct pack_walk *walk, const struct rv_unpack_source *source,
		     const struct rv_unpack_limits *limits);
struct pack_walk *packs_new(void);
void packs_done(struct pack_walk *walk);

/* The index of the member at this path, or SIZE_MAX. */
size_t packs_find(const struct pack_walk *walk, const char *path);
bool packs_has(const struct pack_walk *walk, const char *path, const char *text);
bool packs_has_trouble(const struct pack_walk *walk, enum rv_unpack_reason reason);
