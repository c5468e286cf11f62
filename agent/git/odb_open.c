/* git: finds the packs of a repository and of its alternates. Not here: reading objects. */
#include "agent/git/odb.h"

#include "agent/base/fd.h"
#include "agent/git/file.h"
#include "agent/git/midx.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#define ALTERNATES_FILE_MAX ((size_t)64 << 10)

struct opening {
	struct rv_git_odb *odb;
	rv_git_trouble_fn *on_trouble;
	void *user;
	struct {
		dev_t dev;
		ino_t ino;
	} seen[RV_GIT_ALTERNATES_MAX];
	int depth[RV_GIT_ALTERNATES_MAX];
};

static void tell(const struct opening *o, enum rv_git_trouble_kind kind, const char *where)
{
	const struct rv_git_trouble trouble = {.kind = kind, .where = where};

	if (o->on_trouble)
		o->on_trouble(o->user, &trouble);
}

/* Adds a directory unless it is one we have. */
static rv_status add_dir(struct opening *o, const char *path, int depth)
{
	struct rv_git_odb *odb = o->odb;
	struct stat st;
	char *copy;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		tell(o, RV_GIT_TROUBLE_ALTERNATE, path);
		return RV_OK;
	}
	for (size_t i = 0; i < odb->dir_count; i++) {
		if (o->seen[i].dev == st.st_dev && o->seen[i].ino == st.st_ino)
			return RV_OK;
	}
	if (depth > RV_GIT_ALTERNATE_DEPTH || odb->dir_count == RV_GIT_ALTERNATES_MAX) {
		tell(o, RV_GIT_TROUBLE_LIMIT, path);
		return RV_OK;
	}
	copy = strdup(path);
	if (!copy)
		return rv_fail_nomem(NULL);
	o->seen[odb->dir_count].dev = st.st_dev;
	o->seen[odb->dir_count].ino = st.st_ino;
	o->depth[odb->dir_count] = depth;
	odb->dirs[odb->dir_count++] = copy;
	return RV_OK;
}

/* One line of info/alternates: absolute, or relative to the objects directory it stands in. */
static rv_status add_alternate(struct opening *o, size_t dir, struct rv_str line)
{
	char path[PATH_MAX];
	bool fits;

	if (line.len == 0 || line.data[0] == '#')
		return RV_OK;
	if (line.data[0] == '/')
		fits = rv_git_path(path, sizeof(path), "%.*s", (int)line.len,
				   (const char *)line.data);
	else
		fits = rv_git_path(path, sizeof(path), "%s/%.*s", o->odb->dirs[dir], (int)line.len,
				   (const char *)line.data);
	if (!fits || memchr(line.data, 0, line.len)) {
		tell(o, RV_GIT_TROUBLE_ALTERNATE, o->odb->dirs[dir]);
		return RV_OK;
	}
	return add_dir(o, path, o->depth[dir] + 1);
}

static rv_status add_alternates(struct opening *o, size_t dir)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	char path[PATH_MAX];
	rv_status status;
	size_t at = 0;

	rv_buf_init(&text, ALTERNATES_FILE_MAX);
	if (!rv_git_path(path, sizeof(path), "%s/info/alternates", o->odb->dirs[dir]))
		return RV_OK;
	status = rv_git_slurp(path, &text);
	if (!rv_is_ok(status)) {
		if (rv_class_of(status) != RV_CLASS_NOT_FOUND)
			tell(o, RV_GIT_TROUBLE_ALTERNATE, path);
		return RV_OK;
	}
	while (at < text.len) {
		const uint8_t *line = text.data + at;
		const uint8_t *end = memchr(line, '\n', text.len - at);
		size_t line_len = end ? (size_t)(end - line) : text.len - at;

		if (line_len < PATH_MAX)
			RV_TRY(add_alternate(o, dir, (struct rv_str){line, line_len}));
		else
			tell(o, RV_GIT_TROUBLE_ALTERNATE, path);
		at += line_len + 1;
	}
	return RV_OK;
}

static rv_status keep_pack(struct opening *o, struct rv_git_pack *pack)
{
	struct rv_git_odb *odb = o->odb;

	if ((odb->pack_count & (odb->pack_count - 1)) == 0) { /* at 0, 1, 2, 4, 8 .. */
		uint32_t cap = odb->pack_count ? odb->pack_count * 2 : 1;
		struct rv_git_pack *packs = reallocarray(odb->packs, cap, sizeof(*packs));

		if (!packs)
			return rv_fail_nomem(NULL);
		odb->packs = packs;
	}
	odb->packs[odb->pack_count++] = *pack;
	*pack = (struct rv_git_pack){0};
	return RV_OK;
}

/* path ends in ".pack" and has room for no more than that. */
static rv_status add_pack(struct opening *o, char *path, struct rv_git_midxes *midxes)
{
	RV_CLEANUP(rv_git_pack_close) struct rv_git_pack pack = {0};
	char *ending = path + strlen(path) - strlen(".pack");
	rv_status status = rv_git_pack_open(path, o->odb->oid_len, &pack);

	if (rv_class_of(status) == RV_CLASS_EXHAUSTED)
		return status;
	if (!rv_is_ok(status)) {
		tell(o,
		     rv_class_of(status) == RV_CLASS_MALFORMED ? RV_GIT_TROUBLE_PACK
							       : RV_GIT_TROUBLE_UNREADABLE,
		     path);
		return RV_OK;
	}
	memcpy(ending, ".idx", sizeof(".idx"));
	status = rv_git_pack_index(&pack, path);
	/* What it leaves out nobody would miss: its sums may be right. One made from a
	 * multi-pack-index may: that object is another pack's. */
	if (rv_is_ok(status) && pack.count != rv_git_pack_stated(&pack))
		tell(o, RV_GIT_TROUBLE_INDEX, path);
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND ||
	    rv_class_of(status) == RV_CLASS_MALFORMED) {
		rv_status made = rv_git_midxes_index(midxes, &pack, path);

		if (rv_class_of(made) == RV_CLASS_EXHAUSTED)
			return made;
		if (rv_is_ok(made))
			status = made;
	}
	if (rv_class_of(status) == RV_CLASS_EXHAUSTED)
		return status;
	if (rv_is_ok(status))
		return keep_pack(o, &pack);
	tell(o,
	     rv_class_of(status) == RV_CLASS_NOT_FOUND ? RV_GIT_TROUBLE_NO_INDEX
						       : RV_GIT_TROUBLE_INDEX,
	     path);
	return RV_OK;
}

static rv_status add_name(struct opening *o, size_t dir, struct rv_git_midxes *midxes,
			  const char *name)
{
	char path[PATH_MAX];

	if (rv_str_ends_with(rv_str_of(name), ".promisor"))
		o->odb->has_promisor = true;
	if (!rv_str_ends_with(rv_str_of(name), ".pack"))
		return RV_OK;
	if (!rv_git_path(path, sizeof(path), "%s/pack/%s", o->odb->dirs[dir], name) ||
	    o->odb->pack_count == RV_GIT_PACKS_MAX) {
		tell(o, RV_GIT_TROUBLE_LIMIT, name);
		return RV_OK;
	}
	return add_pack(o, path, midxes);
}

static rv_status add_packs(struct opening *o, size_t dir)
{
	RV_CLEANUP(rv_git_midxes_done) struct rv_git_midxes midxes = {.count = 0};
	RV_CLEANUP(rv_git_dir_closep) DIR *list = NULL;
	char path[PATH_MAX];
	struct dirent *entry;

	if (!rv_git_path(path, sizeof(path), "%s/pack", o->odb->dirs[dir]))
		return RV_OK;
	list = opendir(path);
	if (!list) {
		if (errno != ENOENT)
			tell(o, RV_GIT_TROUBLE_UNREADABLE, path);
		return RV_OK;
	}
	rv_git_midxes_init(&midxes, path, o->odb->oid_len);
	while ((entry = readdir(list)))
		RV_TRY(add_name(o, dir, &midxes, entry->d_name));
	return RV_OK;
}

static int by_count(const void *a, const void *b)
{
	const struct rv_git_pack *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->path, y->path);
}

/* Nothing at all can be read of one that is shut: no gap, a failure. */
static rv_status check_readable(const char *objects_dir, struct rv_diag *diag)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	char path[PATH_MAX];

	if (!rv_git_path(path, sizeof(path), "%s/.", objects_dir))
		return RV_OK; /* of no use to others either */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 || (errno != EACCES && errno != EPERM))
		return RV_OK;
	rv_diag_next(diag, "run as the owner of these files, or let this user read them");
	return rv_fail_errno(diag, "%s", objects_dir);
}

rv_status rv_git_odb_open(const char *objects_dir, size_t oid_len, rv_git_trouble_fn *on_trouble,
			  void *user, struct rv_git_odb *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_git_odb_done)
	struct rv_git_odb odb = {.oid_len = oid_len, .max_object = RV_GIT_OBJECT_MAX};
	struct opening opening = {.odb = &odb, .on_trouble = on_trouble, .user = user};

	odb.dirs = calloc(RV_GIT_ALTERNATES_MAX, sizeof(*odb.dirs));
	if (!odb.dirs)
		return rv_fail_nomem(diag);
	RV_TRY(add_dir(&opening, objects_dir, 0));
	RV_TRY(check_readable(objects_dir, diag));
	if (odb.dir_count == 0)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "%s is not a directory of objects",
			       objects_dir);
	for (size_t i = 0; i < odb.dir_count; i++) { /* grows on the way */
		RV_TRY(add_alternates(&opening, i));
		RV_TRY(add_packs(&opening, i));
	}
	if (odb.pack_count > 1)
		qsort(odb.packs, odb.pack_count, sizeof(*odb.packs), by_count);
	*out = odb;
	odb = (struct rv_git_odb){0};
	return RV_OK;
}

void rv_git_odb_done(struct rv_git_odb *odb)
{
	if (!odb)
		return;
	for (uint32_t i = 0; i < odb->pack_count; i++)
		rv_git_pack_close(&odb->packs[i]);
	free(odb->packs);
	for (size_t i = 0; i < odb->dir_count; i++)
		free(odb->dirs[i]);
	free(odb->dirs);
	*odb = (struct rv_git_odb){0};
}
