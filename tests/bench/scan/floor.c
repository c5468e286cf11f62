/* tests: what a scanner of a tree cannot go below: walk it, open, read and close every file. */
/* usage: floor THREADS DIR [paged]. Prints files and bytes. Symbolic links are not followed. Files
 * are read to where malloc puts a buffer, as most programs do; paged: to the start of a page, to
 * which the kernel copies faster. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_BYTES = 1 << 20, THREADS_MAX = 64 };

struct folder {
	struct folder *next;
	char path[];
};

/* Folders still to be read. A folder leaves `open` only after its subfolders came in. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct folder *first;
	unsigned long open;
} todo = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

struct worker {
	pthread_t thread;
	unsigned long files;
	unsigned long long bytes;
	unsigned long failed;
	char *buffer;
};

/* parent NULL: name is a path of its own. */
static bool folder_add(const char *parent, const char *name)
{
	size_t parent_len = parent ? strlen(parent) + 1 : 0;
	size_t name_size = strlen(name) + 1;
	struct folder *folder = malloc(sizeof(*folder) + parent_len + name_size);
	if (!folder)
		return false;
	if (parent) {
		memcpy(folder->path, parent, parent_len - 1);
		folder->path[parent_len - 1] = '/';
	}
	memcpy(folder->path + parent_len, name, name_size);
	pthread_mutex_lock(&todo.lock);
	folder->next = todo.first;
	todo.first = folder;
	todo.open++;
	pthread_cond_signal(&todo.changed);
	pthread_mutex_unlock(&todo.lock);
	return true;
}

static struct folder *folder_take(void)
{
	pthread_mutex_lock(&todo.lock);
	while (!todo.first && todo.open)
		pthread_cond_wait(&todo.changed, &todo.lock);
	struct folder *folder = todo.first;
	if (folder)
		todo.first = folder->next;
	pthread_mutex_unlock(&todo.lock);
	return folder;
}

static void folder_done(struct folder *folder)
{
	free(folder);
	pthread_mutex_lock(&todo.lock);
	if (--todo.open == 0)
		pthread_cond_broadcast(&todo.changed);
	pthread_mutex_unlock(&todo.lock);
}

static void read_file(struct worker *w, int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		w->failed++;
		if (fd >= 0)
			close(fd);
		return;
	}
	ssize_t got;
	while ((got = read(fd, w->buffer, BUFFER_BYTES)) > 0)
		w->bytes += (unsigned long long)got;
	w->failed += got < 0;
	w->files++;
	close(fd);
}

static void read_folder(struct worker *w, const struct folder *folder)
{
	DIR *dir = opendir(folder->path);
	if (!dir) {
		w->failed++;
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		struct stat st;
		unsigned char type = entry->d_type;
		if (type == DT_UNKNOWN &&
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			type = IFTODT(st.st_mode);
		if (type == DT_DIR)
			w->failed += !folder_add(folder->path, entry->d_name);
		if (type == DT_REG)
			read_file(w, dirfd(dir), entry->d_name);
	}
	closedir(dir);
}

static void *work(void *data)
{
	struct worker *w = data;
	for (struct folder *folder; (folder = folder_take());) {
		read_folder(w, folder);
		folder_done(folder);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	bool is_paged = argc == 4 && strcmp(argv[3], "paged") == 0;
	long threads = argc == 3 || is_paged ? strtol(argv[1], NULL, 10) : 0;
	if (threads < 1 || threads > THREADS_MAX) {
		fprintf(stderr, "usage: floor THREADS DIR [paged] (1 to %d threads)\n",
			THREADS_MAX);
		return 2;
	}
	static struct worker workers[THREADS_MAX];
	if (!folder_add(NULL, argv[2]))
		return 1;
	long started = 0;
	for (; started < threads; started++) {
		struct worker *w = &workers[started];
		w->buffer = is_paged ? aligned_alloc(4096, BUFFER_BYTES) : malloc(BUFFER_BYTES);
		if (!w->buffer || pthread_create(&w->thread, NULL, work, w) != 0)
			break;
	}
	struct worker sum = {0};
	for (long i = 0; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		sum.files += workers[i].files;
		sum.bytes += workers[i].bytes;
		sum.failed += workers[i].failed;
		free(workers[i].buffer);
	}
	printf("%lu files %llu bytes %lu failed\n", sum.files, sum.bytes, sum.failed);
	return started == threads && sum.failed == 0 ? 0 : 1;
}
