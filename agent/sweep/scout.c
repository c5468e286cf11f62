/* sweep: see scout.h. What is left out is what the walk leaves out (walk.c); what cannot be looked
 * at is not counted. */
#include "agent/sweep/scout.h"

#include "agent/base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PATH_ROOM 4096

struct rv_scout {
	const struct rv_sweep_options *options;
	pthread_t thread;
	_Atomic bool is_stopped, is_done;
	_Atomic uint64_t files, bytes;
	struct rv_scout_dirs dirs;
};

bool rv_scout_dirs_put(struct rv_scout_dirs *dirs, const char *path)
{
	size_t len = strlen(path) + 1;

	if (len > RV_SCOUT_BYTES_MAX - dirs->bytes)
		return false;
	if (dirs->count == dirs->room) {
		size_t room = dirs->room ? dirs->room * 2 : 64;
		char **more = room <= RV_SCOUT_DIRS_MAX
				      ? reallocarray(dirs->items, room, sizeof(*more))
				      : NULL;

		if (!more)
			return false;
		dirs->items = more;
		dirs->room = room;
	}
	char *copy = strdup(path);
	if (!copy)
		return false;
	dirs->items[dirs->count++] = copy;
	dirs->bytes += len;
	return true;
}

char *rv_scout_dirs_take(struct rv_scout_dirs *dirs)
{
	if (dirs->count == 0)
		return NULL;
	char *path = dirs->items[--dirs->count];
	dirs->bytes -= strlen(path) + 1;
	return path;
}

void rv_scout_dirs_done(struct rv_scout_dirs *dirs)
{
	while (dirs->count > 0)
		free(dirs->items[--dirs->count]);
	free(dirs->items);
	*dirs = (struct rv_scout_dirs){0};
}

static void count_file(struct rv_scout *s, const struct statx *st)
{
	uint64_t most = s->options->max_file;

	atomic_fetch_add_explicit(&s->files, 1, memory_order_relaxed);
	if (most == 0 || st->stx_size <= most)
		atomic_fetch_add_explicit(&s->bytes, st->stx_size, memory_order_relaxed);
}

static bool wants(const struct rv_scout *s, const char *path, bool is_dir)
{
	const struct rv_sweep_options *o = s->options;

	return !o->expects || o->expects(o->wants_user, rv_str_of(path), is_dir);
}

/* A name in the directory `path`, as the walk calls it. False: too long. */
static bool join(const char *path, const char *name, char out[PATH_ROOM])
{
	size_t len = strlen(path);
	bool is_here = strcmp(path, ".") == 0;
	bool has_slash = len > 0 && path[len - 1] == '/';
	int n = snprintf(out, PATH_ROOM, "%s%s%s", is_here ? "" : path,
			 is_here || has_slash ? "" : "/", name);

	return n > 0 && n < PATH_ROOM;
}

/* False: no memory, or too many directories. */
static bool see(struct rv_scout *s, int fd, const char *path, const struct dirent *d)
{
	bool is_link = d->d_type == DT_LNK && s->options->follows_links;
	char full[PATH_ROOM];
	struct statx st;

	if (d->d_type != DT_DIR && d->d_type != DT_REG && d->d_type != DT_UNKNOWN && !is_link)
		return true;
	if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
	    !join(path, d->d_name, full))
		return true;
	if (d->d_type == DT_DIR)
		return strcmp(d->d_name, ".git") == 0 || !wants(s, full, true) ||
		       rv_scout_dirs_put(&s->dirs, full);
	if (!wants(s, full, false) || statx(fd, d->d_name, is_link ? 0 : AT_SYMLINK_NOFOLLOW,
					    STATX_TYPE | STATX_SIZE, &st) != 0)
		return true;
	if (S_ISREG(st.stx_mode))
		count_file(s, &st);
	return !S_ISDIR(st.stx_mode) || is_link || strcmp(d->d_name, ".git") == 0 ||
	       !wants(s, full, true) || rv_scout_dirs_put(&s->dirs, full);
}

static bool list(struct rv_scout *s, const char *path, bool is_given)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (is_given ? 0 : O_NOFOLLOW));
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *d;
	bool is_whole = true;

	if (!dir) {
		rv_fd_closep(&fd);
		return true;
	}
	while (is_whole && !atomic_load_explicit(&s->is_stopped, memory_order_relaxed) &&
	       (d = readdir(dir))) /* NOLINT(concurrency-mt-unsafe): the stream is ours alone */
		is_whole = see(s, fd, path, d);
	(void)closedir(dir); /* read only */
	return is_whole;
}

static bool list_all(struct rv_scout *s, bool is_given)
{
	bool is_whole = true;

	while (is_whole && s->dirs.count > 0 && !atomic_load(&s->is_stopped)) {
		RV_CLEANUP(rv_freep) char *path = rv_scout_dirs_take(&s->dirs);

		is_whole = path && list(s, path, is_given);
		is_given = false;
	}
	return is_whole;
}

static void *work(void *user)
{
	struct rv_scout *s = user;
	bool is_whole = true;
	struct statx st;

	for (const char *const *path = s->options->paths; *path && is_whole; path++) {
		if (statx(AT_FDCWD, *path, 0, STATX_TYPE | STATX_SIZE, &st) != 0)
			continue;
		if (S_ISREG(st.stx_mode))
			count_file(s, &st);
		else if (S_ISDIR(st.stx_mode))
			is_whole = rv_scout_dirs_put(&s->dirs, *path) && list_all(s, true);
	}
	atomic_store(&s->is_done, is_whole && !atomic_load(&s->is_stopped));
	return NULL;
}

struct rv_scout *rv_scout_start(const struct rv_sweep_options *options)
{
	struct rv_scout *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->options = options;
	if (pthread_create(&s->thread, NULL, work, s) == 0)
		return s;
	free(s);
	return NULL;
}

void rv_scout_ask(const struct rv_scout *scout, uint64_t *out_files, uint64_t *out_bytes,
		  bool *out_is_done)
{
	*out_is_done = atomic_load(&scout->is_done);
	*out_files = atomic_load(&scout->files);
	*out_bytes = atomic_load(&scout->bytes);
}

void rv_scout_stop(struct rv_scout *scout)
{
	if (!scout)
		return;
	atomic_store(&scout->is_stopped, true);
	pthread_join(scout->thread, NULL);
	rv_scout_dirs_done(&scout->dirs);
	free(scout);
}
