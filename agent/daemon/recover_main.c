/* daemon: reeve-recover, run before a service starts: closes swap windows that a crash left open.
 * Needs no agent. Reads the grants' `write` lines; does each directory's work in a child confined
 * to that directory as its owner. Exit: 0 nothing open, or healed; 2 grants or a directory cannot
 * be read; 4 something foreign was left alone (docs/rotation.md, section 3). */
#include "agent/act/swap_window.h"
#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/base/path.h"
#include "agent/model/grant.h"
#include "agent/sandbox/confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIRS_MAX    RV_GRANTS_MAX
#define RECORDS_MAX 256

enum work { LOOK, HEAL, FORGET };

struct record {
	size_t dir;
	bool is_part;
	char tag[65];
};

struct recover {
	const char *grants_path;
	const char *root;
	bool only_look;
	struct rv_grants grants;
	struct {
		const char *path;
		int fd;
		uint32_t uid, gid;
	} dirs[DIRS_MAX];
	size_t dir_count;
	struct record records[RECORDS_MAX];
	size_t record_count;
	int exit_code;
};

/* 2 beats 4 beats 0: what could not be looked at is worse than what was refused. */
static void ends_with(struct recover *r, int code)
{
	if (r->exit_code != 2 && code != 0)
		r->exit_code = code;
}

/* --- grants and directories ------------------------------------------------------------------- */
static rv_status load_grants(struct recover *r, struct rv_diag *diag)
{
	struct stat st;
	struct rv_buf text;

	RV_CLEANUP(rv_fd_closep) int fd = open(r->grants_path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		return rv_fail_errno(diag, "%s", r->grants_path);
	if ((st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return rv_fail(RV_CLASS_DENIED, diag, "%s can be written by others",
			       r->grants_path);
	rv_buf_init(&text, RV_GRANTS_BYTES);
	rv_status s = rv_fd_read_all(fd, &text, diag);
	if (rv_is_ok(s))
		s = rv_grants_parse(rv_buf_view(&text), r->grants_path, &r->grants, diag);
	rv_buf_done(&text);
	return s;
}

static int open_dir(const struct recover *r, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	struct rv_buf full;
	int fd = -1;

	rv_buf_init(&full, 8192);
	if (rv_path_is_clean(rv_str_of(path)) &&
	    rv_is_ok(rv_path_join(rv_str_of(r->root), rv_str_of(path), &full)) &&
	    rv_buf_cstr(&full)) {
		fd = (int)syscall(SYS_openat2, AT_FDCWD, rv_buf_cstr(&full), &how, sizeof(how));
		if (fd < 0 && errno == ENOSYS)
			fd = open(rv_buf_cstr(&full),
				  O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	rv_buf_done(&full);
	return fd;
}

static void open_dirs(struct recover *r)
{
	for (size_t i = 0; i < r->grants.count; i++) {
		const struct rv_grant *grant = &r->grants.list[i];
		struct stat st;
		if (grant->kind != RV_GRANT_WRITE)
			continue;
		const char *path = rv_grant_subject(grant);
		int fd = open_dir(r, path);
		if (fd < 0 && errno == ENOENT)
			continue; /* granted ahead of time */
		if (fd < 0 || fstat(fd, &st) != 0) {
			rv_log(RV_ERROR, "directory cannot be opened", "dir", path, "why",
			       strerror(errno), NULL);
			ends_with(r, 2);
			rv_fd_closep(&fd);
			continue;
		}
		r->dirs[r->dir_count].path = path;
		r->dirs[r->dir_count].fd = fd;
		r->dirs[r->dir_count].uid = st.st_uid;
		r->dirs[r->dir_count].gid = st.st_gid;
		r->dir_count++;
	}
}

static void add_record(struct recover *r, size_t dir, const char *name)
{
	static const char *const prefixes[] = {RV_SWAP_WINDOW_PREFIX, RV_SWAP_WINDOW_PART};

	for (size_t i = 0; i < RV_LEN(prefixes); i++) {
		size_t len = strlen(prefixes[i]);
		if (strncmp(name, prefixes[i], len) != 0)
			continue;
		size_t tag = strlen(name + len);
		if (!tag || tag > 64 || r->record_count == RECORDS_MAX) {
			ends_with(r, 2);
			return;
		}
		struct record *record = &r->records[r->record_count++];
		*record = (struct record){.dir = dir, .is_part = i == 1};
		memcpy(record->tag, name + len, tag + 1);
	}
}

static void list_dir(struct recover *r, size_t dir)
{
	int fd = openat(r->dirs[dir].fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!stream) {
		rv_log(RV_ERROR, "directory cannot be listed", "dir", r->dirs[dir].path, "why",
		       strerror(errno), NULL);
		ends_with(r, 2);
		rv_fd_closep(&fd);
		return;
	}
	while ((entry = readdir(stream)) != NULL)
		add_record(r, dir, entry->d_name);
	(void)closedir(stream); /* read only: nothing to lose */
}

/* --- one directory's work, confined ----------------------------------------------------------- */
static rv_status do_work(int dir, const struct record *record, enum work work, size_t *out_changed,
			 struct rv_diag *diag)
{
	const char *prefix = record->is_part ? RV_SWAP_WINDOW_PART : RV_SWAP_WINDOW_PREFIX;
	struct rv_swap_window window;
	char name[RV_PLACE_NAME];

	if (work == FORGET)
		return rv_swap_window_remove(dir, prefix, record->tag, diag);
	RV_TRY(rv_swap_window_name(prefix, record->tag, name, diag));
	rv_status s = rv_swap_window_read(dir, name, &window, diag);
	if (rv_is_ok(s) && strcmp(window.tag, record->tag) != 0)
		s = rv_fail(RV_CLASS_MALFORMED, diag, "%s names another window", name);
	if (rv_class_of(s) == RV_CLASS_MALFORMED)
		s.class_id = RV_CLASS_CONFLICT; /* someone else's file by our name: left alone */
	RV_TRY(s);
	return work == LOOK ? rv_swap_window_check(dir, &window, diag)
			    : rv_swap_window_heal(dir, &window, out_changed, diag);
}

static int in_child(const struct recover *r, const struct record *record, enum work work)
{
	static const char *const done[] = {"looked at", "brought back to the old files",
					   "record removed"};
	struct rv_confine_spec spec = {
		.jail = RV_JAIL_PLACE,
		.uid = geteuid() == 0 ? r->dirs[record->dir].uid : UINT32_MAX,
		.gid = geteuid() == 0 ? r->dirs[record->dir].gid : UINT32_MAX,
		.dir_fds = {r->dirs[record->dir].fd},
		.dir_count = 1};
	struct rv_diag diag = {0};
	uint64_t walls = 0;
	size_t changed = 0;

	rv_status s = rv_secret_heap_init(&diag);
	if (rv_is_ok(s))
		s = rv_confine(&spec, &walls, &diag);
	if (rv_is_ok(s))
		s = do_work(r->dirs[record->dir].fd, record, work, &changed, &diag);
	if (!rv_is_ok(s)) {
		bool is_foreign = rv_class_of(s) == RV_CLASS_CONFLICT;
		rv_log(RV_ERROR, is_foreign ? "left alone" : "cannot recover", "dir",
		       r->dirs[record->dir].path, "window", record->tag, "why", diag.text, NULL);
		return is_foreign ? 4 : 2;
	}
	if (changed)
		rv_log(RV_WARNING, done[work], "dir", r->dirs[record->dir].path, "window",
		       record->tag, NULL);
	return 0;
}

static int run(const struct recover *r, const struct record *record, enum work work)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(in_child(r, record, work));
	if (pid < 0)
		return 2;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 2;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

/* --- windows --------------------------------------------------------------------------------- */
static const struct record *window_of(const struct recover *r, const char *tag)
{
	for (size_t i = 0; i < r->record_count; i++)
		if (!r->records[i].is_part && strcmp(r->records[i].tag, tag) == 0)
			return &r->records[i];
	return NULL;
}

/* The same work for every record of a tag, parts before the window. 0 or the worst exit code. */
static int each_of(const struct recover *r, const char *tag, enum work work)
{
	int worst = 0;

	for (int parts = 1; parts >= 0; parts--) {
		for (size_t i = 0; i < r->record_count; i++) {
			const struct record *record = &r->records[i];
			if (record->is_part != (parts == 1) || strcmp(record->tag, tag) != 0)
				continue;
			int code = run(r, record, work);
			worst = worst == 2 || code == 0 ? worst : code;
		}
	}
	return worst;
}

/* All files of a set or none: a set of which one file is foreign stays as it is. */
static int recover_tag(const struct recover *r, const char *tag)
{
	int code = each_of(r, tag, LOOK);

	if (code || r->only_look)
		return code;
	code = each_of(r, tag, HEAL);
	return code ? code : each_of(r, tag, FORGET);
}

static void recover_all(struct recover *r)
{
	for (size_t i = 0; i < r->record_count; i++) {
		const struct record *record = &r->records[i];
		if (!record->is_part)
			ends_with(r, recover_tag(r, record->tag));
		else if (!window_of(r, record->tag) && !r->only_look)
			ends_with(r, run(r, record, FORGET)); /* the set was whole */
	}
}

static int usage(int code)
{
	(void)fputs("usage: reeve-recover [--grants FILE] [--root DIR] [--check]\n"
		    "Closes swap windows a crash left open. --check: says, and changes nothing.\n"
		    "Exit: 0 nothing open, or healed; 2 cannot look; 4 foreign, left alone.\n",
		    code ? stderr : stdout);
	return code;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"grants", required_argument, NULL, 'g'},
						{"root", required_argument, NULL, 'r'},
						{"check", no_argument, NULL, 'c'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	static struct recover r = {.grants_path = "/etc/reeve/grants", .root = ""};
	struct rv_diag diag = {0};
	int option;

	rv_log_name("reeve-recover");
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'g')
			r.grants_path = optarg;
		else if (option == 'r')
			r.root = optarg;
		else if (option == 'c')
			r.only_look = true;
		else
			return usage(option == 'h' ? 0 : 2);
	}
	rv_status s = load_grants(&r, &diag);
	if (rv_class_of(s) == RV_CLASS_NOT_FOUND)
		return 0; /* nothing was ever granted: nothing was ever swapped */
	if (!rv_is_ok(s)) {
		rv_log(RV_ERROR, "grants cannot be read", "why", diag.text, NULL);
		return 2;
	}
	open_dirs(&r);
	for (size_t i = 0; i < r.dir_count; i++)
		list_dir(&r, i);
	recover_all(&r);
	rv_grants_done(&r.grants);
	return r.exit_code;
}
