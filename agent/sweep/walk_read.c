/* sweep: one file of the walk, whole or in windows. Not here: which files (walk.c). */
#include "agent/sweep/walk_parts.h"

#include "agent/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOLE_MIN RV_WALK_WINDOW

rv_status rv_walk_reader_init(struct rv_walk_reader *r, const struct rv_walk_options *options,
			      const struct rv_walk_look *look, void *user)
{
	r->options = options;
	r->look = look;
	r->user = user;
	rv_buf_init(&r->path, (size_t)1 << 20);
	r->buffer = rv_read_room(RV_WALK_BUFFER);
	return r->buffer ? RV_OK : rv_fail_nomem(NULL);
}

void rv_walk_reader_done(struct rv_walk_reader *r)
{
	free(r->buffer);
	free(r->window);
	rv_buf_done(&r->path);
}

struct rv_str rv_walk_path(struct rv_walk_reader *r, const struct rv_walk_dir *dir,
			   const char *name)
{
	if (!dir)
		return rv_str_of(name);
	/* What lies in "." is known by its own name. */
	if (dir->path_len == 1 && dir->path[0] == '.' && *name)
		return rv_str_of(name);
	rv_buf_reset(&r->path);
	rv_status s = rv_buf_put(&r->path, dir->path, dir->path_len);
	bool has_slash = dir->path_len > 0 && dir->path[dir->path_len - 1] == '/';
	if (rv_is_ok(s) && *name && !has_slash)
		s = rv_buf_put_byte(&r->path, '/');
	if (rv_is_ok(s))
		s = rv_buf_put_str(&r->path, name);
	return rv_is_ok(s) ? rv_buf_view(&r->path) : rv_str_of(name);
}

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void stat_of(const struct stat *st, struct rv_str path, struct rv_walk_stat *out)
{
	*out = (struct rv_walk_stat){.path = path,
				     .dev = st->st_dev,
				     .ino = st->st_ino,
				     .size = (uint64_t)st->st_size,
				     .mtime_ns = ns_of(st->st_mtim),
				     .ctime_ns = ns_of(st->st_ctim)};
}

struct reading {
	struct rv_walk_reader *r;
	struct rv_str path;
	size_t root_len;
	int fd;
	bool reads_on; /* a short read need not be its end */
	struct rv_walk_stat before;
};

/* Reads until the buffer is full or the file ends; -1 with errno. */
static ssize_t fill(const struct reading *f, uint8_t *buffer, size_t room, bool *out_is_end)
{
	size_t have = 0;

	*out_is_end = false;
	while (have < room) {
		ssize_t n = read(f->fd, buffer + have, room - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN && have > 0)
			n = 0; /* of the kernel's: no more is there for now */
		if (n < 0)
			return -1;
		have += (size_t)n;
		/* A file on a disk gives less than was asked for only at its end. */
		if (n == 0 || (have < room && !f->reads_on)) {
			*out_is_end = true;
			break;
		}
	}
	return (ssize_t)have;
}

static void gap_errno(const struct reading *f)
{
	const char *why = errno == ELOOP   ? NULL
			  : errno == ENXIO ? "not a regular file"
					   : strerror(errno);

	if (why)
		f->r->look->gap(f->r->user, f->path,
				errno == ENOENT	 ? "changed"
				: errno == ENXIO ? "special"
						 : "unreadable",
				why);
}

/* One that cannot be opened; a link that is followed and leads nowhere has not vanished. */
static void gap_closed(const struct reading *f, const struct rv_walk_dir *dir, const char *name,
		       bool follows)
{
	int why = errno;
	struct stat st;

	if (why == ENOENT && follows &&
	    fstatat(dir ? dir->fd : AT_FDCWD, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode)) {
		f->r->look->gap(f->r->user, f->path, "unreadable",
				"a symbolic link that leads nowhere");
		return;
	}
	errno = why;
	gap_errno(f);
}

/* A file that comes in windows. */
struct windows {
	uint64_t size;
	uint64_t offset; /* of the window in hand */
	size_t have;	 /* bytes of it that are there */
	uint64_t skipped;
	uint64_t hole_end; /* of the hole that begins behind what is there; 0: none that counts */
};

/* A hole is known to be NUL bytes: what is longer than HOLE_MIN is not read. */
static void look_for_hole(const struct reading *f, struct windows *w)
{
	uint64_t at = w->offset + w->have;
	off_t data = lseek(f->fd, (off_t)at, SEEK_DATA);
	uint64_t end = data >= 0 ? (uint64_t)data : errno == ENXIO ? w->size : at;

	w->hole_end = end > at && end - at >= HOLE_MIN ? end : 0;
	if (data >= 0 && end != at)
		(void)lseek(f->fd, (off_t)at, SEEK_SET); /* it was there before */
}

/* Windows share bytes before and behind a hole as elsewhere. */
static bool pass_hole(const struct reading *f, struct windows *w)
{
	uint64_t next = w->offset + w->have - RV_WALK_OVERLAP;
	uint64_t to = w->hole_end - RV_WALK_OVERLAP;

	if (lseek(f->fd, (off_t)to, SEEK_SET) < 0)
		return false;
	atomic_fetch_add_explicit(f->r->options->bytes, to - next - RV_WALK_OVERLAP,
				  memory_order_relaxed);
	*w = (struct windows){.size = w->size, .offset = to, .skipped = to - next};
	return true;
}

static bool move_on(const struct reading *f, struct windows *w)
{
	uint8_t *window = f->r->window;

	if (w->hole_end)
		return pass_hole(f, w);
	memmove(window, window + w->have - RV_WALK_OVERLAP, RV_WALK_OVERLAP);
	w->offset += w->have - RV_WALK_OVERLAP;
	w->have = RV_WALK_OVERLAP;
	w->skipped = 0;
	look_for_hole(f, w);
	return true;
}

/* The rest of a file of which the first window is in hand, with what windows share moved along. */
static rv_status read_windows(struct reading *f, struct windows *w)
{
	struct rv_walk_reader *r = f->r;
	bool is_end = false;

	while (!is_end) {
		size_t room = w->hole_end ? 2 * (size_t)RV_WALK_OVERLAP : RV_WALK_WINDOW;
		ssize_t n = fill(f, r->window + w->have, room - w->have, &is_end);

		if (n < 0) {
			gap_errno(f);
			return RV_OK;
		}
		w->have += (size_t)n;
		atomic_fetch_add_explicit(r->options->bytes, (uint64_t)n, memory_order_relaxed);
		struct rv_walk_file file = {.path = f->path,
					    .root_len = f->root_len,
					    .bytes = {r->window, w->have},
					    .offset = w->offset,
					    .skipped = w->skipped,
					    .is_first = w->offset == 0,
					    .is_last = is_end,
					    .fd = f->fd,
					    .size = w->size};
		RV_TRY(r->look->file(r->user, &file));
		if (!is_end && atomic_load_explicit(r->options->stop, memory_order_relaxed)) {
			r->look->gap(r->user, f->path, atomic_load(r->options->stop_reason),
				     "read in part");
			return RV_OK;
		}
		if (!is_end && !move_on(f, w)) {
			gap_errno(f);
			return RV_OK;
		}
	}
	return RV_OK;
}

static rv_status read_large(struct reading *f)
{
	struct rv_walk_reader *r = f->r;
	struct stat before, after;

	if (fstat(f->fd, &before) != 0) {
		gap_errno(f);
		return RV_OK;
	}
	if (r->options->max_file > 0 && (uint64_t)before.st_size > r->options->max_file) {
		r->look->gap(r->user, f->path, "too-large", "larger than --max-file");
		return RV_OK;
	}
	if (!r->window)
		r->window = rv_read_room(RV_WALK_WINDOW);
	if (!r->window)
		return rv_fail_nomem(NULL);
	memcpy(r->window, r->buffer, RV_WALK_BUFFER);
	struct windows windows = {.size = (uint64_t)before.st_size, .have = RV_WALK_BUFFER};
	RV_TRY(read_windows(f, &windows));
	if (fstat(f->fd, &after) == 0 &&
	    (ns_of(after.st_mtim) != ns_of(before.st_mtim) || after.st_size != before.st_size))
		r->look->gap(r->user, f->path, "changed", "written to while it was read");
	return RV_OK;
}

static rv_status read_open(struct reading *f)
{
	struct rv_walk_reader *r = f->r;
	bool is_end = false;
	ssize_t n = fill(f, r->buffer, RV_WALK_BUFFER, &is_end);

	if (n < 0) {
		gap_errno(f);
		return RV_OK;
	}
	atomic_fetch_add_explicit(r->options->bytes, (uint64_t)n, memory_order_relaxed);
	if (!is_end)
		return read_large(f);
	if (r->options->max_file > 0 && (uint64_t)n > r->options->max_file) {
		r->look->gap(r->user, f->path, "too-large", "larger than --max-file");
		return RV_OK;
	}
	struct rv_walk_file file = {.path = f->path,
				    .root_len = f->root_len,
				    .bytes = {r->buffer, (size_t)n},
				    .is_first = true,
				    .is_last = true,
				    .fd = f->fd,
				    .size = (uint64_t)n};
	return r->look->file(r->user, &file);
}

/* With a ledger a file is asked about by name first: one call, not three. */
static bool is_known(const struct reading *f, const struct rv_walk_dir *dir, const char *name,
		     int at_flags)
{
	const struct rv_walk_reader *r = f->r;
	struct rv_walk_stat stat;
	struct stat st;

	if (!r->look->is_known || fstatat(dir ? dir->fd : AT_FDCWD, name, &st, at_flags) != 0 ||
	    !S_ISREG(st.st_mode))
		return false;
	stat_of(&st, f->path, &stat);
	return r->look->is_known(r->user, &stat);
}

/* What a name that was given, or a link, leads to must be a file. */
static bool is_file(struct reading *f, bool is_given)
{
	struct rv_walk_reader *r = f->r;
	struct stat st;

	if (!r->look->is_known && !r->options->follows_links && !is_given)
		return true;
	if (fstat(f->fd, &st) == 0 && S_ISREG(st.st_mode)) {
		stat_of(&st, f->path, &f->before);
		f->reads_on |= st.st_size == 0; /* one of the kernel's, by a name of its own */
		return true;
	}
	if (is_given)
		r->look->gap(r->user, f->path, "special", "not a regular file");
	return false;
}

static size_t root_of(const char *path)
{
	const char *slash = path[0] == '/' ? strrchr(path, '/') : NULL;

	return slash ? (size_t)(slash + 1 - path) : 0;
}

rv_status rv_walk_read(struct rv_walk_reader *r, const struct rv_walk_dir *dir, const char *name)
{
	struct reading f = {.r = r,
			    .path = rv_walk_path(r, dir, name),
			    .root_len = dir ? dir->root_len : root_of(name),
			    .reads_on = dir && dir->is_kernels};
	bool follows = !dir || r->options->follows_links;
	rv_status status = RV_OK;

	if (atomic_load_explicit(r->options->stop, memory_order_relaxed)) {
		r->look->gap(r->user, f.path, atomic_load(r->options->stop_reason), NULL);
		return RV_OK;
	}
	atomic_fetch_add_explicit(r->options->files, 1, memory_order_relaxed);
	if (is_known(&f, dir, name, follows ? 0 : AT_SYMLINK_NOFOLLOW))
		return RV_OK;
	/* O_NONBLOCK: a name that became a fifo meanwhile must not hold us. */
	f.fd = openat(dir ? dir->fd : AT_FDCWD, name,
		      O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (follows ? 0 : O_NOFOLLOW));
	if (f.fd < 0) {
		gap_closed(&f, dir, name, follows);
		return RV_OK;
	}
	if (is_file(&f, !dir)) {
		status = read_open(&f);
		if (r->look->is_known && rv_is_ok(status))
			r->look->done(r->user, &f.before);
	}
	rv_fd_closep(&f.fd);
	return status;
}
