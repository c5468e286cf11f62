/* sweep: the walk: a stack of jobs that all threads share, each job a directory to list or a batch
 * of its names to read. Not here: reading one file (walk_read.c). */
#include "agent/sweep/walk_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BATCH	    64
#define DENTS_BYTES 65536
#define OPEN_FILES  1024 /* when it is not known */

struct job {
	struct job *next;
	struct rv_walk_dir *dir; /* that holds the names; NULL: the names are paths as given */
	size_t count;
	bool is_dir;  /* one name, a directory to list */
	int lost;     /* errno: its directory could not be opened again */
	char names[]; /* count of them, each ended by NUL */
};

struct crew {
	const struct rv_walk_options *options;
	const struct rv_walk_look *look;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job *jobs;
	unsigned busy, idle;
	unsigned dirs_open, dirs_max; /* of directories; more are closed between their jobs */
	rv_status failed;
	struct rv_diag *diag;
};

struct worker {
	struct crew *crew;
	struct rv_walk_dir *listed; /* by the job in hand */
	struct rv_walk_reader reader;
	char dents[DENTS_BYTES] __attribute__((aligned(8)));
};

static void put_job(struct crew *c, struct job *job)
{
	if (job->dir)
		atomic_fetch_add(&job->dir->refs, 1);
	pthread_mutex_lock(&c->lock);
	if (job->dir)
		job->dir->waiting++;
	job->next = c->jobs;
	c->jobs = job;
	if (c->idle > 0)
		pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

/* Under the lock: its directory is in use from here on. */
static void use_dir(struct crew *c, struct job *job)
{
	struct rv_walk_dir *dir = job->dir;

	if (!dir)
		return;
	dir->waiting--;
	dir->in_use++;
	if (dir->fd >= 0)
		return;
	if (rv_walk_dir_reopen(dir))
		c->dirs_open++;
	else
		job->lost = errno;
}

/* Under the lock: gives the descriptor that the caller closes, or -1. */
static int leave_dir(struct crew *c, struct rv_walk_dir *dir)
{
	int fd = dir ? dir->fd : -1;

	if (!dir || --dir->in_use > 0 || fd < 0 ||
	    (dir->waiting > 0 && c->dirs_open <= c->dirs_max))
		return -1;
	c->dirs_open--;
	dir->fd = -1;
	return fd;
}

/* NULL: everything is done, or something failed. Counts its caller busy. */
static struct job *take_job(struct crew *c)
{
	struct job *job = NULL;

	pthread_mutex_lock(&c->lock);
	while (!c->jobs && c->busy > 0 && rv_is_ok(c->failed)) {
		c->idle++;
		pthread_cond_wait(&c->wake, &c->lock);
		c->idle--;
	}
	if (rv_is_ok(c->failed) && c->jobs) {
		job = c->jobs;
		c->jobs = job->next;
		c->busy++;
		use_dir(c, job);
	}
	pthread_mutex_unlock(&c->lock);
	return job;
}

static void end_job(struct worker *w, struct job *job, rv_status status)
{
	struct crew *c = w->crew;

	pthread_mutex_lock(&c->lock);
	c->dirs_open += w->listed != NULL;
	int fds[] = {leave_dir(c, w->listed), leave_dir(c, job->dir)};
	c->busy--;
	if (!rv_is_ok(status) && rv_is_ok(c->failed))
		c->failed = status;
	if ((c->busy == 0 && !c->jobs) || !rv_is_ok(c->failed))
		pthread_cond_broadcast(&c->wake);
	pthread_mutex_unlock(&c->lock);
	rv_fd_closep(&fds[0]);
	rv_fd_closep(&fds[1]);
	rv_walk_dir_unref(w->listed);
	rv_walk_dir_unref(job->dir);
	w->listed = NULL;
	free(job);
}

static struct job *job_of(struct rv_walk_dir *dir, const char *names, size_t bytes, size_t count)
{
	struct job *job = malloc(sizeof(*job) + bytes);

	if (!job)
		return NULL;
	*job = (struct job){.dir = dir, .count = count};
	memcpy(job->names, names, bytes);
	return job;
}

static rv_status put_dir(struct worker *w, struct rv_walk_dir *dir, const char *name)
{
	struct job *job = job_of(dir, name, strlen(name) + 1, 1);

	if (!job)
		return rv_fail_nomem(NULL);
	job->is_dir = true;
	put_job(w->crew, job);
	return RV_OK;
}

struct listing {
	char *names; /* of files, NUL-ended one after the other */
	size_t used, room, count;
	unsigned of_store; /* PART_*: names that a git store has */
};

#define PART_HEAD    1U
#define PART_OBJECTS 2U
#define PART_REFS    4U
#define PARTS	     (PART_HEAD | PART_OBJECTS | PART_REFS)

static unsigned part_of_store(const char *name, bool is_dir)
{
	if (name[0] == 'H')
		return !is_dir && strcmp(name, "HEAD") == 0 ? PART_HEAD : 0;
	if (!is_dir || (name[0] != 'o' && name[0] != 'r'))
		return 0;
	if (strcmp(name, "objects") == 0)
		return PART_OBJECTS;
	return strcmp(name, "refs") == 0 ? PART_REFS : 0;
}

static rv_status list_name(struct listing *l, const char *name)
{
	size_t len = strlen(name) + 1;

	if (l->room - l->used < len) {
		size_t room = (l->room + len) * 2;
		char *more = realloc(l->names, room);

		if (!more)
			return rv_fail_nomem(NULL);
		l->names = more;
		l->room = room;
	}
	memcpy(l->names + l->used, name, len);
	l->used += len;
	l->count++;
	return RV_OK;
}

struct dent {
	uint64_t ino;
	int64_t off;
	uint16_t reclen;
	uint8_t type;
	char name[];
};

static unsigned char type_of(const struct rv_walk_dir *dir, const struct dent *d)
{
	struct stat st;

	if (d->type != DT_UNKNOWN)
		return d->type;
	if (fstatat(dir->fd, d->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return DT_REG; /* opening it will say what is wrong */
	return (unsigned char)((st.st_mode & S_IFMT) >> 12);
}

/* Of a repository what git is set to: a URL may have its password in it. The store is history.h's.
 */
static rv_status see_settings(struct worker *w, struct rv_walk_dir *dir, struct listing *files)
{
	static const char *const names[] = {".git/config", ".git/config.worktree"};
	struct stat st;

	for (size_t i = 0; i < RV_LEN(names); i++) {
		struct rv_str path = rv_walk_path(&w->reader, dir, names[i]);

		if (fstatat(dir->fd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && w->crew->look->wants(w->reader.user, path, false))
			RV_TRY(list_name(files, names[i]));
	}
	return RV_OK;
}

static rv_status see_name(struct worker *w, struct rv_walk_dir *dir, const struct dent *d,
			  struct listing *files)
{
	const char *name = d->name;
	unsigned char type = type_of(dir, d);

	if (name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0')))
		return RV_OK;
	if (type == DT_LNK && w->crew->options->follows_links)
		type = DT_REG;
	if (type != DT_DIR && type != DT_REG)
		return RV_OK;
	if (type == DT_DIR && strcmp(name, ".git") == 0)
		return see_settings(w, dir, files);
	struct rv_str path = rv_walk_path(&w->reader, dir, name);
	if (!w->crew->look->wants(w->reader.user, path, type == DT_DIR))
		return RV_OK;
	files->of_store |= part_of_store(name, type == DT_DIR);
	if (type == DT_REG)
		return list_name(files, name);
	if (dir->depth >= RV_WALK_DEPTH_MAX) {
		w->crew->look->gap(w->reader.user, path, "archive-limit", "nested too deep");
		return RV_OK;
	}
	return put_dir(w, dir, name);
}

static rv_status list_all(struct worker *w, struct rv_walk_dir *dir, struct listing *files)
{
	for (;;) {
		long n = syscall(SYS_getdents64, dir->fd, w->dents, sizeof(w->dents));

		if (n == 0)
			return RV_OK;
		if (n < 0) {
			w->crew->look->gap(w->reader.user, rv_walk_path(&w->reader, dir, ""),
					   "unreadable", strerror(errno));
			return RV_OK;
		}
		for (long at = 0; at < n;) {
			const struct dent *d = (const struct dent *)(const void *)(w->dents + at);

			RV_TRY(see_name(w, dir, d, files));
			at += d->reclen;
		}
	}
}

static rv_status read_names(struct worker *w, struct rv_walk_dir *dir, const char *names,
			    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		RV_TRY(rv_walk_read(&w->reader, dir, names));
		names += strlen(names) + 1;
	}
	return RV_OK;
}

/* The first batch is read here, the others are anybody's. */
static rv_status share_files(struct worker *w, struct rv_walk_dir *dir, const struct listing *files)
{
	const char *own = files->names;
	const char *at = own;
	size_t own_count = 0;

	for (size_t i = 0; i < files->count;) {
		size_t count = files->count - i < BATCH ? files->count - i : BATCH;
		const char *end = at;

		for (size_t k = 0; k < count; k++)
			end += strlen(end) + 1;
		if (i == 0 || w->crew->options->threads == 1) {
			own_count += count;
		} else {
			struct job *job = job_of(dir, at, (size_t)(end - at), count);

			if (!job)
				return rv_fail_nomem(NULL);
			put_job(w->crew, job);
		}
		at = end;
		i += count;
	}
	return read_names(w, dir, own, own_count);
}

static rv_status list_dir(struct worker *w, struct rv_walk_dir *parent, const char *name)
{
	struct rv_str path = rv_walk_path(&w->reader, parent, name);
	struct rv_walk_dir *dir = rv_walk_dir_open(parent, name, path);

	if (!dir && errno == ENOMEM)
		return rv_fail_nomem(NULL);
	if (!dir) {
		w->crew->look->gap(w->reader.user, path, "unreadable", strerror(errno));
		return RV_OK;
	}
	w->listed = dir; /* end_job() leaves it */
	struct listing files = {0};
	rv_status status = list_all(w, dir, &files);
	if (files.of_store == PARTS && parent && w->crew->look->store)
		w->crew->look->store(w->reader.user, dir->path);
	if (rv_is_ok(status))
		status = share_files(w, dir, &files);
	free(files.names);
	return status;
}

static void tell_left(struct worker *w, const struct job *job, const char *reason)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): start() gives each its crew */
	w->crew->look->gap(w->reader.user, rv_walk_path(&w->reader, job->dir, job->names), reason,
			   job->count > 1 ? "and others of its directory" : NULL);
}

static bool is_over(struct worker *w, const struct job *job)
{
	if (job->lost) {
		bool is_gone = job->lost == ESTALE || job->lost == ENOENT || job->lost == ELOOP ||
			       job->lost == ENOTDIR;

		tell_left(w, job, is_gone ? "changed" : "unreadable");
		return true;
	}
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): start() gives each its crew */
	if (!atomic_load_explicit(w->crew->options->stop, memory_order_relaxed))
		return false;
	tell_left(w, job, atomic_load(w->crew->options->stop_reason));
	return true;
}

static void *work(void *user)
{
	struct worker *w = user;
	struct job *job;

	while ((job = take_job(w->crew))) {
		rv_status status;

		if (is_over(w, job))
			status = RV_OK;
		else if (job->is_dir)
			status = list_dir(w, job->dir, job->names);
		else
			status = read_names(w, job->dir, job->names, job->count);
		end_job(w, job, status);
	}
	return NULL;
}

/* The last path given is put first, so that the first is on top. */
static rv_status put_roots(struct crew *c, void *user)
{
	size_t count = 0;

	while (c->options->paths[count])
		count++;
	while (count-- > 0) {
		const char *path = c->options->paths[count];
		struct stat st;

		if (stat(path, &st) != 0) {
			c->look->gap(user, rv_str_of(path), "unreadable", strerror(errno));
			continue;
		}
		struct job *job = job_of(NULL, path, strlen(path) + 1, 1);
		if (!job)
			return rv_fail_nomem(c->diag);
		job->is_dir = S_ISDIR(st.st_mode);
		put_job(c, job);
	}
	return RV_OK;
}

static void free_jobs(struct crew *c)
{
	while (c->jobs) {
		struct job *job = c->jobs;

		c->jobs = job->next;
		rv_walk_dir_unref(job->dir);
		free(job);
	}
}

/* What the descriptors that are left make possible: threads, and directories that wait open. */
static unsigned share_out(struct crew *c)
{
	unsigned n = c->options->threads;
	uint64_t all = c->options->open_files ? c->options->open_files : OPEN_FILES;
	int used = open("/", O_PATH | O_CLOEXEC); /* the lowest that is free */
	uint64_t left = used >= 0 && (uint64_t)used < all ? all - (uint64_t)used : 0;

	rv_fd_closep(&used);
	if (left < (uint64_t)n * RV_WALK_FD_OF_THREAD)
		n = left < 2ULL * RV_WALK_FD_OF_THREAD ? 1 : (unsigned)left / RV_WALK_FD_OF_THREAD;
	left -= left < (uint64_t)n * RV_WALK_FD_OF_THREAD ? left
							  : (uint64_t)n * RV_WALK_FD_OF_THREAD;
	c->dirs_max = left < RV_WALK_DIRS_MAX ? (unsigned)left : RV_WALK_DIRS_MAX;
	return n;
}

static rv_status start(struct crew *c, struct worker *workers, void *const *users)
{
	pthread_t threads[RV_WALK_THREADS_MAX];
	unsigned started = 0;
	unsigned n = share_out(c);

	for (unsigned i = 0; i < n; i++) {
		workers[i].crew = c;
		RV_TRY(rv_walk_reader_init(&workers[i].reader, c->options, c->look, users[i]));
	}
	/* A thread that cannot be had is no loss but of time: the first works here. */
	for (unsigned i = 1; i < n; i++) {
		if (pthread_create(&threads[started], NULL, work, &workers[i]) == 0)
			started++;
	}
	work(&workers[0]);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	/* Said here: threads have no diag that they could share. */
	return c->failed.errno_was == ENOMEM ? rv_fail_nomem(c->diag) : c->failed;
}

rv_status rv_walk(const struct rv_walk_options *options, const struct rv_walk_look *look,
		  void *const *users, struct rv_diag *diag)
{
	unsigned n = options->threads;
	struct crew crew = {.options = options, .look = look, .diag = diag};

	RV_BUG_ON(n == 0 || n > RV_WALK_THREADS_MAX);
	struct worker *workers = calloc(n, sizeof(*workers));
	if (!workers)
		return rv_fail_nomem(diag);
	pthread_mutex_init(&crew.lock, NULL);
	pthread_cond_init(&crew.wake, NULL);
	rv_status status = put_roots(&crew, users[0]);
	if (rv_is_ok(status))
		status = start(&crew, workers, users);
	free_jobs(&crew);
	for (unsigned i = 0; i < n; i++)
		rv_walk_reader_done(&workers[i].reader);
	pthread_cond_destroy(&crew.wake);
	pthread_mutex_destroy(&crew.lock);
	free(workers);
	return status;
}
