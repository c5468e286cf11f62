/* tests: see walk_look.h. */
#include "tests/unit/sweep/walk_look.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static void note(struct walk *w, struct notes *notes, struct rv_str path, const char *reason,
		 const char *detail)
{
	char *text = NULL;
	const char *bar = reason ? "|" : "";

	assert_true(asprintf(&text, "%.*s%s%s%s%s", (int)path.len, (const char *)path.data, bar,
			     reason ? reason : "", bar, detail ? detail : "") >= 0);
	pthread_mutex_lock(&w->lock);
	assert_true(notes->count < NOTES_MAX);
	notes->items[notes->count++] = text;
	pthread_mutex_unlock(&w->lock);
}

static bool ends_with(struct rv_str path, const char *end)
{
	return end && path.len >= strlen(end) &&
	       memcmp(path.data + path.len - strlen(end), end, strlen(end)) == 0;
}

static bool wants(void *user, struct rv_str path, bool is_dir)
{
	struct walk *w = user;

	(void)is_dir;
	return !ends_with(path, w->unwanted);
}

uint8_t walk_byte(uint64_t at)
{
	return (uint8_t)((at * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

static void check_window(struct walk *w, const struct rv_walk_file *f)
{
	assert_int_equal(f->size, w->size);
	assert_int_equal(f->is_first, w->windows == 0);
	assert_false(w->is_complete);
	assert_true(f->bytes.len <= RV_WALK_WINDOW);
	assert_int_equal(f->offset, w->windows == 0 ? 0 : w->covered - RV_WALK_OVERLAP);
	for (size_t i = 0; i < f->bytes.len; i++) {
		if (f->bytes.data[i] != walk_byte(f->offset + i))
			fail_msg("byte %zu of the window at %llu is another", i,
				 (unsigned long long)f->offset);
	}
	w->covered = f->offset + f->bytes.len;
	w->is_complete = f->is_last;
	w->windows++;
}

static rv_status see_file(void *user, const struct rv_walk_file *file)
{
	struct walk *w = user;

	assert_true(file->fd >= 0);
	if (file->is_first)
		note(w, &w->files, file->path, NULL, NULL);
	if (w->size > 0)
		check_window(w, file);
	if (w->stops) {
		atomic_store(&w->stop_reason, "interrupted");
		atomic_store(&w->stop, true);
	}
	return w->answer;
}

static void see_gap(void *user, struct rv_str path, const char *reason, const char *detail)
{
	struct walk *w = user;

	note(w, &w->gaps, path, reason, detail);
}

bool walk_knows(void *user, const struct rv_walk_stat *stat)
{
	struct walk *w = user;
	struct stat st;
	char path[RVT_PATH];

	rvt_dir_path(&w->dir, w->known, path);
	return lstat(path, &st) == 0 && st.st_ino == stat->ino && st.st_dev == stat->dev &&
	       (uint64_t)st.st_size == stat->size &&
	       st.st_mtim.tv_sec == stat->mtime_ns / 1000000000;
}

void walk_done(void *user, const struct rv_walk_stat *stat)
{
	struct walk *w = user;
	char size[32];

	(void)snprintf(size, sizeof(size), "%llu", (unsigned long long)stat->size); /* has room */
	note(w, &w->done, rv_str_of(size), NULL, NULL);
}

int walk_set_up(void **state)
{
	struct walk *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	rvt_dir_init(&w->dir);
	pthread_mutex_init(&w->lock, NULL);
	w->look = (struct rv_walk_look){.wants = wants, .file = see_file, .gap = see_gap};
	w->options = (struct rv_walk_options){.threads = 1,
					      .stop = &w->stop,
					      .stop_reason = &w->stop_reason,
					      .files = &w->file_count,
					      .bytes = &w->byte_count};
	*state = w;
	return 0;
}

static void forget(struct notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		free(notes->items[i]);
	notes->count = 0;
}

int walk_tear_down(void **state)
{
	struct walk *w = *state;

	forget(&w->files);
	forget(&w->gaps);
	forget(&w->done);
	pthread_mutex_destroy(&w->lock);
	rvt_dir_done(&w->dir);
	free(w);
	return 0;
}

rv_status walk_paths(struct walk *w, const char *const *paths, unsigned threads)
{
	void *users[RV_WALK_THREADS_MAX];

	for (size_t i = 0; i < RV_LEN(users); i++)
		users[i] = w;
	forget(&w->files);
	forget(&w->gaps);
	forget(&w->done);
	w->options.paths = paths;
	w->options.threads = threads;
	return rv_walk(&w->options, &w->look, users, NULL);
}

rv_status walk_name(struct walk *w, const char *name, unsigned threads)
{
	char path[RVT_PATH];
	const char *const paths[] = {*name ? path : w->dir.path, NULL};

	rvt_dir_path(&w->dir, name, path);
	return walk_paths(w, paths, threads);
}

size_t walk_times(const struct walk *w, const struct notes *notes, const char *text)
{
	char path[RVT_PATH];
	size_t count = 0;

	rvt_dir_path(&w->dir, text, path);
	for (size_t i = 0; i < notes->count; i++)
		count += strcmp(notes->items[i], path) == 0;
	return count;
}
