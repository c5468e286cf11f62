/* unpack: what is inside archives, compressed files and SQLite databases, nested and bounded. Every
 * member is handed over as bytes; whatever was not looked at is told, never passed over silently.
 * Nothing is written to disk, no program is run, no thread is started. Not here: scanning, and what
 * is in a key store (keystore.h).
 *
 * Names beyond ASCII come out whole only if the program called setlocale(LC_CTYPE, "C.UTF-8") (or
 * another UTF-8 locale) when it started; else each such character may be a '?'. A program behind
 * walls also sets TZ to "UTC0" and calls tzset() before they rise: libarchive asks the C library
 * for local time, which looks at files.
 *
 * Memory: one buffer of max_member_bytes for each level that is open, one more for a gzip file in
 * memory, and what the decompressors take: xz and LZMA alone at most RV_UNPACK_XZ_MEMORY, zstd 128
 * MiB, 7z what sevenzip.h lets pass (its directory, a dictionary, side streams: some 400 MiB at
 * worst), LZMA in zip as much as the member is long (which grows as it is read: is_over may end
 * it). */
#pragma once

#include "agent/base/buf.h"

#include <sys/types.h>

enum rv_unpack_kind {
	RV_UNPACK_NONE, /* no container */
	RV_UNPACK_ZIP,	/* also jar, war, apk, docx, xlsx, odt, whl, nupkg; also behind a program */
	RV_UNPACK_TAR,	/* v7, ustar, pax, GNU; saved container images are such */
	RV_UNPACK_GZIP, /* the compressed ones: a tar or cpio in one is entered at once */
	RV_UNPACK_BZIP2,
	RV_UNPACK_XZ,
	RV_UNPACK_ZSTD,
	RV_UNPACK_LZ4,
	RV_UNPACK_LZMA,	    /* LZMA alone, as xz wrote it before it was xz */
	RV_UNPACK_COMPRESS, /* .Z */
	RV_UNPACK_CPIO,
	RV_UNPACK_AR, /* also deb */
	RV_UNPACK_RPM,
	RV_UNPACK_7Z,
	RV_UNPACK_ISO,
	RV_UNPACK_PROGRAM,    /* a script or program with a container behind it, not a zip */
	RV_UNPACK_SQLITE,     /* rows of each table as lines; then what else the pages hold */
	RV_UNPACK_SQLITE_WAL, /* its write-ahead log: the rows that are in it */
	RV_UNPACK_PKCS12,     /* not entered: keystore.h */
	RV_UNPACK_JKS,	      /* not entered: keystore.h */
	RV_UNPACK_BUNDLE,     /* not entered: a pack of git's behind a header */
	RV_UNPACK__COUNT
};

/* Read by pages: in memory, a database in a file as well. */
static inline bool rv_unpack_is_database(enum rv_unpack_kind kind)
{
	return kind == RV_UNPACK_SQLITE || kind == RV_UNPACK_SQLITE_WAL;
}

/* "zip", "tar", .. */
const char *rv_unpack_kind_name(enum rv_unpack_kind kind);

/* By magic, never by name, and where the magic is short (tar, cpio, PKCS#12) by structure too.
 * `bytes`: the whole, or its first RV_UNPACK_HEAD (an ISO is seen in RV_UNPACK_HEAD_ISO, a zip
 * behind a program only in the whole). */
#define RV_UNPACK_HEAD	   512
#define RV_UNPACK_HEAD_ISO 32774
enum rv_unpack_kind rv_unpack_kind(struct rv_str bytes);
/* .. by what they begin with alone. */
enum rv_unpack_kind rv_unpack_kind_by_start(struct rv_str bytes);
/* Do they end as a zip does? It may stand behind a program or a script: that kind of a whole is
 * known by its end alone. */
bool rv_unpack_ends_as_zip(struct rv_str bytes);
/* The kind of a file that begins as none, by its end, or by what is behind the program that it is;
 * NONE also when that cannot be read. */
enum rv_unpack_kind rv_unpack_kind_by_end(int fd);

#define RV_UNPACK_DEPTH_MAX  16
#define RV_UNPACK_NAME_MAX   4096 /* bytes of one member's name; a longer one is cut */
#define RV_UNPACK_OVERLAP    ((size_t)32 << 10) /* that windows of a member share */
#define RV_UNPACK_XZ_MEMORY  ((uint64_t)128 << 20)
#define RV_UNPACK_RATIO_FROM ((uint64_t)16 << 20)
/* Instead, where a gzip file's own end says that the ratio will be passed, and so far it is. (The
 * end alone proves nothing: other bytes may follow the last member.) */
#define RV_UNPACK_RATIO_TOLD ((uint64_t)4 << 20)
/* Past this much in all, a source may not have given more than this many times max_ratio of its
 * own length: archives in archives, each of them within its ratio. */
#define RV_UNPACK_SOURCE_FROM  ((uint64_t)256 << 20)
#define RV_UNPACK_SOURCE_TIMES 8
/* A database in a file is read page by page up to here; its log, and one in a container, in memory
 * alone. */
#define RV_UNPACK_DATABASE_MAX ((uint64_t)1 << 30)
#define RV_UNPACK_MEMBER_MIN   ((size_t)64 << 10) /* max_member_bytes is at least this */

struct rv_unpack_limits {
	size_t max_member_bytes; /* a longer one is told as too large and comes in windows */
	uint64_t max_total_bytes;
	uint64_t max_members; /* directories and links count too */
	uint32_t max_ratio;   /* expanded to packed, of each container past RV_UNPACK_RATIO_FROM */
	unsigned depth;	      /* containers in containers; 1: only the source itself */
	uint64_t *room; /* bytes for several walks: what comes out is taken off; NULL: no end */
};
#define RV_UNPACK_LIMITS_DEFAULT                                         \
	((struct rv_unpack_limits){.max_member_bytes = (size_t)64 << 20, \
				   .max_total_bytes = (uint64_t)8 << 30, \
				   .max_members = 100000,                \
				   .max_ratio = 100,                     \
				   .depth = 5})

struct rv_unpack_member {
	struct rv_str path;  /* "a.tar!b/c.env"; any bytes, as the archive has them */
	struct rv_str bytes; /* *borrows*: valid during the call */
	uint64_t offset;     /* of `bytes` in the member; holes of sparse files are not counted */
	int64_t mtime_s;     /* 0: not known */
	uint8_t kind;	     /* enum rv_unpack_kind; its members follow, if depth allows */
	uint8_t depth;	     /* 1: a member of the source */
	bool is_last;	     /* no window of this member follows. A container too large for memory
			      * that can be streamed has one window, and its members follow. */
};

enum rv_unpack_reason {
	/* What the bytes and the limits alone decide: the next walk ends there again. */
	RV_UNPACK_LIMIT, /* "archive-limit": total, ratio, members, depth, memory it asks for */
	RV_UNPACK_ENCRYPTED,
	RV_UNPACK_DAMAGED, /* what came before the damage was handed over */
	RV_UNPACK_UNSUPPORTED,
	RV_UNPACK_TOO_LARGE, /* a container, handed over as bytes and not entered */
	/* What the next walk may be spared. */
	RV_UNPACK_OVER,	      /* "time": is_over said so */
	RV_UNPACK_MEMORY,     /* there was none */
	RV_UNPACK_UNREADABLE, /* the file gave an error */
	RV_UNPACK_REASON__COUNT
};
/* "archive-limit", "encrypted", .. */
const char *rv_unpack_reason_name(enum rv_unpack_reason reason);

struct rv_unpack_source {
	struct rv_str bytes; /* used when fd is -1 */
	int fd;		     /* *borrows* a regular file, read from its start; its offset moves */
	struct rv_str name;  /* begins every path; may be empty */
	/* A stream that begins with `bytes`: the next piece, which is there until the next call. 0:
	 * it has ended; -1: no more can be had, which its owner tells. NULL: `bytes` is all. */
	ssize_t (*pull)(void *user, const void **out);
	void *pull_user;
};

/* What the walk tells and asks. `is_over` may be NULL. */
struct rv_unpack_events {
	bool (*on_member)(const struct rv_unpack_member *member, void *user); /* false: stop */
	void (*on_trouble)(struct rv_str path, enum rv_unpack_reason reason, const char *detail,
			   void *user);
	bool (*is_over)(void *user); /* true: told as RV_UNPACK_OVER, and the walk ends */
	void *user;
};

/* Hands over every regular member of the source, in the order they stand. OK: walked, or stopped by
 * on_member; what went wrong with the archive was told by on_trouble, also that a stream is of a
 * kind that has its directory at its end (7z, ISO, a database). NOT_FOUND: no container, or one
 * that is not entered. EXHAUSTED: no memory for our own buffers. Else: the fd cannot be read.
 */
RV_NODISCARD rv_status rv_unpack_walk(const struct rv_unpack_source *source,
				      const struct rv_unpack_limits *limits,
				      const struct rv_unpack_events *events, struct rv_diag *diag);
