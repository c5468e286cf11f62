/* sweep: standard input as a document. It may be a pipe: it is read once, in windows, and an
 * archive on it is unpacked while it comes. Its own bytes are searched behind that, as those of a
 * file are: what its members told is not told again. Not here: files (paths.c). */
#include "agent/base/fd.h"
#include "agent/sweep/run.h"
#include "agent/sweep/window.h"
#include "agent/unpack/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE	(64U << 10)
#define TICK_MS 200 /* between looks at the limits while nothing comes */
/* So far an archive is read ahead of the search of its bytes: a member is told when it is whole. */
#define AHEAD (9U << 20)
#define ROOM  (RV_WALK_WINDOW + AHEAD)

struct input {
	struct rv_run *run;
	struct rv_sweeper *w;
	struct rv_diag *diag;
	uint8_t *bytes; /* ROOM of them */
	size_t have;
	size_t taken;	 /* of these, by the archive's walk */
	uint64_t offset; /* of bytes[0] in the stream */
	struct rv_window window;
	bool is_file; /* that stood at its start when nothing was read yet */
	bool is_over; /* no more comes */
	bool is_cut;  /* .. although there is more */
	bool may_end_as_zip;
	rv_status status;
};

static void cut(struct input *in, const char *reason, const char *detail)
{
	rv_leaks_gap(&in->w->leaks, rv_str_of("stdin"), NULL, reason, detail);
	in->is_over = true;
	in->is_cut = true;
}

/* False: nothing came for a while, or a signal or a limit ended it: reading would wait. */
static bool is_ready(struct input *in)
{
	struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};

	if (atomic_load_explicit(&in->run->stop, memory_order_relaxed)) {
		cut(in, atomic_load(&in->run->stop_reason), "read in part");
		return false;
	}
	int n = poll(&fd, 1, TICK_MS);
	return n > 0 || (n < 0 && errno != EINTR); /* what is wrong with it, reading says */
}

/* One byte more than may be is asked for: only so it is known that there is more. */
static size_t how_much(const struct input *in, uint64_t *out_left)
{
	uint64_t max = in->run->options->max_file;
	uint64_t had = in->offset + in->have;
	size_t len = ROOM - in->have < PIECE ? ROOM - in->have : PIECE;

	*out_left = max > 0 ? max - had : UINT64_MAX;
	return *out_left < len ? (size_t)*out_left + 1 : len;
}

/* Adds what comes next; there is room. */
static void read_more(struct input *in)
{
	uint64_t left = 0;
	size_t len = how_much(in, &left);
	ssize_t n = is_ready(in) ? read(STDIN_FILENO, in->bytes + in->have, len) : -2;

	if (n == -2 || (n < 0 && (errno == EINTR || errno == EAGAIN)))
		return;
	if (n < 0) {
		in->status = rv_fail_errno(in->diag, "reading standard input");
		in->is_over = true;
		in->is_cut = true;
		return;
	}
	if ((uint64_t)n > left) {
		n = (ssize_t)left;
		cut(in, "too-large", "larger than --max-file: only its beginning was searched");
	}
	in->have += (size_t)n;
	atomic_fetch_add(&in->run->bytes, (uint64_t)n);
	in->is_over |= n == 0;
}

static void fill_window(struct input *in)
{
	while (in->have < RV_WALK_WINDOW && !in->is_over)
		read_more(in);
}

static size_t window_len(const struct input *in)
{
	return in->have < RV_WALK_WINDOW ? in->have : RV_WALK_WINDOW;
}

static bool is_last(const struct input *in)
{
	return in->is_over && in->have <= RV_WALK_WINDOW;
}

static struct rv_doc window_doc(struct input *in)
{
	struct rv_doc doc = {.path = rv_str_of("stdin"), .bytes = {in->bytes, window_len(in)}};

	rv_window_bound(&in->window, in->offset, is_last(in), &doc);
	return doc;
}

static void search(struct input *in)
{
	const struct rv_doc doc = window_doc(in);
	unsigned collecting = in->w->told.collecting;

	if (!rv_is_ok(in->status))
		return;
	if (in->run->options->max_cpu > 0)
		rv_run_pace(in->run);
	in->w->told.collecting = 0; /* while an archive is open: these are its bytes, no member */
	in->status = rv_sweeper_doc(in->w, &doc);
	in->w->told.collecting = collecting;
}

/* To the next window. */
static void slide(struct input *in)
{
	size_t passed = RV_WALK_WINDOW - RV_WALK_OVERLAP;

	rv_window_pass(&in->window, (struct rv_str){in->bytes, RV_WALK_WINDOW});
	memmove(in->bytes, in->bytes + passed, in->have - passed);
	in->have -= passed;
	in->taken -= in->taken < passed ? in->taken : passed;
	in->offset += passed;
}

/* The next piece for the archive's walk. */
static ssize_t pull(void *user, const void **out)
{
	struct input *in = user;

	while (in->taken == in->have && !in->is_over && rv_is_ok(in->status)) {
		if (in->have == ROOM) {
			search(in);
			slide(in);
		}
		read_more(in);
	}
	size_t len = in->have - in->taken;
	*out = in->bytes + in->taken;
	in->taken = in->have;
	return !rv_is_ok(in->status) || (len == 0 && in->is_cut) ? -1 : (ssize_t)len;
}

/* A file, from its start? Then an archive can be read as any file. */
static bool is_whole_file(void)
{
	struct stat st;

	return fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode) &&
	       lseek(STDIN_FILENO, 0, SEEK_CUR) == 0;
}

/* With an offset of its own: ours stays where the next window begins. */
static int reopen_file(void)
{
	return open("/proc/self/fd/0", O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

/* The first window, and what an archive that begins there holds. */
static rv_status begin(struct input *in)
{
	RV_CLEANUP(rv_fd_closep) int again = -1;

	fill_window(in);
	const struct rv_doc doc = window_doc(in);
	if (doc.until > 0 && in->is_file)
		again = reopen_file();
	if (doc.until == 0 || again >= 0)
		return rv_run_document(in->run, in->w, &doc, again);
	in->taken = doc.bytes.len;
	in->may_end_as_zip = rv_unpack_kind(doc.bytes) == RV_UNPACK_NONE;
	RV_TRY(rv_run_stream(in->run, in->w, &doc, pull, in));
	search(in);
	return in->status;
}

rv_status rv_run_stdin(struct rv_run *run, struct rv_diag *diag)
{
	struct input in = {.run = run,
			   .w = &run->sweepers[0],
			   .diag = diag,
			   .bytes = rv_read_room(ROOM),
			   .is_file = is_whole_file(),
			   .status = RV_OK};

	if (!in.bytes)
		return rv_fail_nomem(diag);
	rv_window_begin(&in.window, RV_WALK_OVERLAP);
	rv_status status = begin(&in);
	while (rv_is_ok(status) && rv_is_ok(in.status) && !is_last(&in)) {
		slide(&in);
		fill_window(&in);
		search(&in);
	}
	if (in.may_end_as_zip && rv_unpack_ends_as_zip(window_doc(&in).bytes))
		cut(&in, "too-large", "a zip behind a program, on a pipe");
	if (rv_is_ok(status))
		status = in.status;
	atomic_fetch_add(&run->files, 1);
	free(in.bytes);
	return status;
}
