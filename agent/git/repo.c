/* git: finds the directories of a repository and what its config says of its format. */
#include "agent/git/repo.h"

#include "agent/git/config.h"
#include "agent/git/file.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#define POINTER_MAX ((size_t)PATH_MAX + 16) /* a .git file, commondir */
#define SHALLOW_MAX ((size_t)64 << 20)
#define VERSION_MAX 1

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0; /* HEAD may be a symbolic link to an unborn branch */
}

/* The text of a file that holds one path, without the line's end; false: no such file. */
static bool read_pointer(const char *path, const char *prefix, char out[PATH_MAX])
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {.max = POINTER_MAX};
	struct rv_str line;
	size_t skip = strlen(prefix);

	if (!rv_is_ok(rv_git_slurp(path, &text)))
		return false;
	line = rv_buf_view(&text);
	if (!rv_str_starts_with(line, prefix))
		return false;
	line.data += skip;
	line.len -= skip;
	while (line.len > 0 && (line.data[line.len - 1] == '\n' || line.data[line.len - 1] == '\r'))
		line.len--;
	return line.len > 0 && !memchr(line.data, 0, line.len) &&
	       rv_git_path(out, PATH_MAX, "%.*s", (int)line.len, (const char *)line.data);
}

/* `name` as seen from the directory `from`. */
static bool resolve(const char *from, const char *name, char out[PATH_MAX])
{
	if (name[0] == '/')
		return rv_git_path(out, PATH_MAX, "%s", name);
	return rv_git_path(out, PATH_MAX, "%s/%s", from, name);
}

static void common_of(const char *git_dir, char out[PATH_MAX])
{
	char path[PATH_MAX], name[PATH_MAX];

	if (rv_git_path(path, sizeof(path), "%s/commondir", git_dir) &&
	    read_pointer(path, "", name) && resolve(git_dir, name, out) && is_dir(out))
		return;
	if (!rv_git_path(out, PATH_MAX, "%s", git_dir))
		out[0] = '\0';
}

static bool is_git_dir(const char *path)
{
	char common[PATH_MAX], name[PATH_MAX];

	if (!rv_git_path(name, sizeof(name), "%s/HEAD", path) || !exists(name))
		return false;
	common_of(path, common);
	return rv_git_path(name, sizeof(name), "%s/objects", common) && is_dir(name);
}

/* On the heap: paths are long. */
struct found {
	char own[PATH_MAX]; /* what was asked for, without a slash at the end */
	char git_dir[PATH_MAX];
	char work_tree[PATH_MAX]; /* "" for none */
	char name[PATH_MAX];
};

static bool ends_in_git(const char *path, size_t *out_len)
{
	size_t len = strlen(path);

	*out_len = len > 5 ? len - 5 : 0;
	return len > 5 && strcmp(path + len - 5, "/.git") == 0;
}

/* path is a .git file: it names the directory. */
static bool follow(const char *path, struct found *f)
{
	return read_pointer(path, "gitdir: ", f->name) &&
	       resolve(f->work_tree, f->name, f->git_dir) && is_git_dir(f->git_dir);
}

/* The .git directory of f->own, and the work tree if there is one. */
static bool find(struct found *f)
{
	size_t len;

	f->work_tree[0] = '\0';
	if (rv_git_is_file(f->own))
		return ends_in_git(f->own, &len) &&
		       rv_git_path(f->work_tree, PATH_MAX, "%.*s", (int)len, f->own) &&
		       follow(f->own, f);
	if (rv_git_path(f->git_dir, PATH_MAX, "%s/.git", f->own)) {
		(void)rv_git_path(f->work_tree, PATH_MAX, "%s", f->own); /* shorter */
		if (rv_git_is_file(f->git_dir)) {
			memcpy(f->name, f->git_dir, PATH_MAX);
			return follow(f->name, f);
		}
		if (is_git_dir(f->git_dir))
			return true;
	}
	f->work_tree[0] = '\0';
	if (!is_git_dir(f->own))
		return false;
	memcpy(f->git_dir, f->own, PATH_MAX);
	if (ends_in_git(f->own, &len))
		(void)rv_git_path(f->work_tree, PATH_MAX, "%.*s", (int)len, f->own); /* shorter */
	return true;
}

bool rv_git_is_repository(const char *path)
{
	RV_CLEANUP(rv_freep) struct found *f = calloc(1, sizeof(*f));

	return f && rv_git_path(f->own, PATH_MAX, "%s", path) && find(f);
}

bool rv_git_is_store(const char *path)
{
	static const char *const parts[] = {"HEAD", "objects", "refs"};
	char name[PATH_MAX];

	for (size_t i = 0; i < RV_LEN(parts); i++) {
		if (!rv_git_path(name, sizeof(name), "%s/%s", path, parts[i]) ||
		    !(i == 0 ? exists(name) : is_dir(name)))
			return false;
	}
	return true;
}

struct opening {
	struct rv_git *git;
	rv_git_trouble_fn *on_trouble;
	void *user;
	struct rv_diag *diag;
};

static void tell(const struct opening *o, enum rv_git_trouble_kind kind, const char *where,
		 const struct rv_git_oid *oid)
{
	const struct rv_git_trouble trouble = {.kind = kind, .where = where, .oid = oid};

	if (o->on_trouble)
		o->on_trouble(o->user, &trouble);
}

static rv_status read_config(const struct opening *o)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {.max = RV_GIT_CONFIG_MAX};
	struct rv_git_config config;
	struct rv_git *git = o->git;
	char path[PATH_MAX];
	rv_status status;

	if (!rv_git_path(path, sizeof(path), "%s/config", git->common_dir))
		return RV_OK;
	status = rv_git_slurp(path, &text);
	if (!rv_is_ok(status) && rv_class_of(status) != RV_CLASS_NOT_FOUND)
		tell(o, RV_GIT_TROUBLE_UNREADABLE, path, NULL);
	if (!rv_is_ok(rv_git_config_parse(rv_buf_view(&text), &config)))
		tell(o, RV_GIT_TROUBLE_CONFIG, path, NULL);
	if (config.oid_len == 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, o->diag,
			       "%s: extensions.objectFormat is neither sha1 nor sha256", path);
	if (config.format_version > VERSION_MAX || config.format_version < 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, o->diag,
			       "%s: repository format version %lld is not known here", path,
			       (long long)config.format_version);
	if (config.unknown[0] && config.format_version > 0) {
		(void)snprintf(path, sizeof(path), "extensions.%s", config.unknown); /* fits */
		tell(o, RV_GIT_TROUBLE_EXTENSION, path, NULL);
	}
	if (config.has_unknown_refs)
		tell(o, RV_GIT_TROUBLE_EXTENSION, "extensions.refstorage", NULL);
	git->oid_len = config.oid_len;
	git->has_refs = !config.has_unknown_refs;
	git->has_tables = config.has_reftable;
	git->is_partial = config.is_partial;
	if (config.has_bare && config.is_bare && strcmp(git->git_dir, git->common_dir) == 0)
		free(RV_TAKE(git->work_tree));
	return RV_OK;
}

/* One id a line; a line that is none is not worth a word. */
static rv_status read_shallow(const struct opening *o)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {.max = SHALLOW_MAX};
	struct rv_git *git = o->git;
	size_t hex = 2 * git->oid_len, at = 0;
	char path[PATH_MAX];

	if (!rv_git_path(path, sizeof(path), "%s/shallow", git->common_dir) ||
	    !rv_is_ok(rv_git_slurp(path, &text)))
		return RV_OK;
	while (at + hex <= text.len) {
		struct rv_git_oid oid;
		uint32_t number;

		if (rv_git_oid_parse((struct rv_str){text.data + at, hex}, git->oid_len, &oid)) {
			RV_TRY(rv_git_oidmap_put(&git->shallow, &oid, &number, NULL));
			tell(o, RV_GIT_TROUBLE_SHALLOW, path, &oid);
		}
		at += hex + 1;
	}
	return RV_OK;
}

static rv_status fill(const struct opening *o, const struct found *found)
{
	struct rv_git *git = o->git;
	char path[PATH_MAX];

	common_of(found->git_dir, path);
	git->git_dir = strdup(found->git_dir);
	git->common_dir = strdup(path);
	git->work_tree = found->work_tree[0] ? strdup(found->work_tree) : NULL;
	if (!git->git_dir || !git->common_dir || (found->work_tree[0] && !git->work_tree))
		return rv_fail_nomem(o->diag);
	RV_TRY(read_config(o));
	if (!rv_git_path(path, sizeof(path), "%s/objects", git->common_dir))
		return rv_fail(RV_CLASS_MALFORMED, o->diag, "the path is too long: %s",
			       git->common_dir);
	RV_TRY(rv_git_odb_open(path, git->oid_len, o->on_trouble, o->user, &git->odb, o->diag));
	RV_TRY(read_shallow(o));
	git->is_partial |= git->odb.has_promisor;
	if (git->is_partial)
		tell(o, RV_GIT_TROUBLE_PARTIAL, git->common_dir, NULL);
	return RV_OK;
}

rv_status rv_git_open(const char *path, rv_git_trouble_fn *on_trouble, void *user,
		      struct rv_git **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) struct found *found = calloc(1, sizeof(*found));
	RV_CLEANUP(rv_git_closep) struct rv_git *git = calloc(1, sizeof(*git));
	const struct opening opening = {
		.git = git, .on_trouble = on_trouble, .user = user, .diag = diag};

	if (!found || !git)
		return rv_fail_nomem(diag);
	/* "./.git" for ".git", so that its work tree has a name. */
	if (!rv_git_path(found->own, PATH_MAX, strcmp(path, ".git") == 0 ? "./%s" : "%s", path))
		return rv_fail(RV_CLASS_MALFORMED, diag, "the path is too long");
	for (size_t len = strlen(found->own); len > 1 && found->own[len - 1] == '/'; len--)
		found->own[len - 1] = '\0';
	if (!find(found)) {
		rv_diag_next(diag, "name a work tree, a .git directory or a bare repository");
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "%s is not a git repository", path);
	}
	rv_git_oidmap_init(&git->shallow);
	RV_TRY(fill(&opening, found));
	*out = RV_TAKE(git);
	return RV_OK;
}

rv_status rv_git_open_above(const char *path, rv_git_trouble_fn *on_trouble, void *user,
			    struct rv_git **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) char *real = realpath(path, NULL);

	if (!real)
		return rv_fail_errno(diag, "%s", path);
	for (;;) {
		char *slash;

		if (rv_git_is_repository(real[0] ? real : "/"))
			return rv_git_open(real[0] ? real : "/", on_trouble, user, out, diag);
		slash = strrchr(real, '/');
		if (!slash)
			return rv_fail(RV_CLASS_NOT_FOUND, diag,
				       "%s does not lie in a git repository", path);
		*slash = '\0';
	}
}

void rv_git_close(struct rv_git *git)
{
	if (!git)
		return;
	rv_git_odb_done(&git->odb);
	rv_git_oidmap_done(&git->shallow);
	free(git->git_dir);
	free(git->common_dir);
	free(git->work_tree);
	free(git);
}
