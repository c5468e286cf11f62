/* cli: see scan_check.h. */
#include "agent/cli/scan_check.h"

#include "agent/base/fd.h"
#include "agent/cli/scan_given.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FD_MAX 1048576

/* One file by two names, or one name of a file that is not there yet. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat at, bt;

	if (stat(a, &at) == 0 && stat(b, &bt) == 0)
		return at.st_dev == bt.st_dev && at.st_ino == bt.st_ino;
	RV_CLEANUP(rv_freep) char *whole_a = rv_scan_given_absolute(a);
	RV_CLEANUP(rv_freep) char *whole_b = rv_scan_given_absolute(b);
	return whole_a && whole_b && strcmp(whole_a, whole_b) == 0;
}

static rv_status refuse(const char *output, const char *option, struct rv_diag *diag)
{
	rv_diag_next(diag, "name another file for the report");
	return rv_fail(
		RV_CLASS_MISCONFIGURED, diag,
		"reeve scan: --output %s is the file of --%s, too, and would be written over",
		rv_out_safe(output), option);
}

rv_status rv_scan_check_output(const struct rv_scan_ask *ask, struct rv_diag *diag)
{
	const struct {
		const char *name, *path;
	} files[] = {{"config", ask->config},		{"baseline", ask->baseline},
		     {"ledger", ask->sweep.ledger},	{"gitleaks-ignore-path", ask->ignore_path},
		     {"validate-ca", ask->validate_ca}, {"index", ask->sweep.index}};
	size_t index;
	const json_t *rules;

	if (!ask->output)
		return RV_OK;
	for (size_t i = 0; i < RV_LEN(files); i++) {
		if (files[i].path && is_same_file(ask->output, files[i].path))
			return refuse(ask->output, files[i].name, diag);
	}
	json_array_foreach (ask->rules, index, rules) {
		if (is_same_file(ask->output, json_string_value(rules)))
			return refuse(ask->output, "rules", diag);
	}
	return RV_OK;
}

/* Is it the repository that is found from here? */
static bool is_found_here(const char *git_dir)
{
	RV_CLEANUP(rv_freep) char *top = realpath(".", NULL);
	char path[PATH_MAX + 8];
	struct stat named, found;

	if (!top || strlen(top) >= PATH_MAX || stat(git_dir, &named) != 0)
		return !top;
	if (stat(".", &found) == 0 && found.st_dev == named.st_dev && found.st_ino == named.st_ino)
		return true; /* a bare one: as git calls its hooks there */
	rv_scan_given_go_up(top);
	(void)snprintf(path, sizeof(path), "%s/.git", top); /* fits */
	return stat(path, &found) == 0 &&
	       (!S_ISDIR(found.st_mode) ||
		(found.st_dev == named.st_dev && found.st_ino == named.st_ino));
}

void rv_scan_take_git_dir(struct rv_scan_ask *ask)
{
	const char *git_dir = getenv("GIT_DIR");
	enum rv_sweep_source source = ask->sweep.source;
	bool is_of_git =
		source == RV_SWEEP_GIT || source == RV_SWEEP_STAGED || source == RV_SWEEP_DIFF;

	if (!git_dir || !*git_dir || !is_of_git || ask->has_path || is_found_here(git_dir))
		return;
	ask->paths[0] = git_dir;
	ask->sweep.repo = git_dir;
}

/* The descriptor that such a path means; -1: none. */
static int descriptor_of(const char *path)
{
	static const char *const dirs[] = {"/dev/fd/", "/proc/self/fd/"};
	char *end = NULL;

	if (strcmp(path, "/dev/stdin") == 0)
		return STDIN_FILENO;
	for (size_t i = 0; i < RV_LEN(dirs); i++) {
		size_t len = strlen(dirs[i]);

		if (strncmp(path, dirs[i], len) != 0 || strspn(path + len, "0123456789") == 0)
			continue;
		unsigned long n = strtoul(path + len, &end, 10);
		return *end == '\0' && n < FD_MAX ? (int)n : -1;
	}
	return -1;
}

rv_status rv_scan_take_pipe(struct rv_scan_ask *ask, struct rv_diag *diag)
{
	const char *path = ask->sweep.paths[0];
	struct stat st;

	if (ask->sweep.source != RV_SWEEP_PATHS || ask->sweep.paths[1])
		return RV_OK;
	int fd = descriptor_of(path);
	bool is_pipe = fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) &&
		       !S_ISDIR(st.st_mode) && !S_ISBLK(st.st_mode);
	if (!is_pipe && strcmp(path, "-") != 0)
		return RV_OK;
	if (ask->sweep.ledger) {
		rv_diag_next(diag, "reeve scan --help");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "reeve scan: --ledger goes with files and directories");
	}
	if (is_pipe && fd != STDIN_FILENO && dup2(fd, STDIN_FILENO) < 0)
		return rv_fail_errno(diag, "cannot read %s", rv_out_safe(path));
	ask->sweep.source = RV_SWEEP_STDIN;
	return RV_OK;
}

static rv_status check_alone(const char *path, const struct stat *st, struct rv_diag *diag)
{
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) {
		rv_diag_next(diag, S_ISFIFO(st->st_mode) ? "reeve scan --stdin < PIPE"
							 : "name files or directories");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "cannot scan %s: it is a %s",
			       rv_out_safe(path),
			       S_ISFIFO(st->st_mode)   ? "pipe"
			       : S_ISSOCK(st->st_mode) ? "socket"
						       : "device");
	}
	RV_CLEANUP(rv_fd_closep)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd >= 0 ? RV_OK : rv_fail_errno(diag, "cannot scan %s", rv_out_safe(path));
}

rv_status rv_scan_check_paths(const struct rv_sweep_options *options, struct rv_diag *diag)
{
	struct stat st = {0};

	if (options->source != RV_SWEEP_PATHS)
		return RV_OK;
	for (const char *const *path = options->paths; *path; path++) {
		if (stat(*path, &st) != 0)
			return rv_fail_errno(diag, "cannot scan %s", rv_out_safe(*path));
	}
	return options->paths[0] && !options->paths[1] ? check_alone(options->paths[0], &st, diag)
						       : RV_OK;
}
