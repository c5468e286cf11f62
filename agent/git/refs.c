/* git: gathers refs and reflogs from their files. Not here: parsing them (refs_parse.c), looking
 * them up (refs_find.c). */
#include "agent/git/refs.h"

#include "agent/git/file.h"
#include "agent/git/refs_table.h"

#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#define PACKED_REFS_MAX ((size_t)256 << 20)

struct gathering {
	const struct rv_git *git;
	rv_git_trouble_fn *on_trouble;
	void *user;
	struct rv_git_refs *refs;
	uint64_t tables_left; /* bytes */
};

/* What is done with a file below refs/ or logs/; name is its path from there. */
typedef rv_status file_fn(struct gathering *g, const char *path, const char *name);

static void tell(const struct gathering *g, enum rv_git_trouble_kind kind, const char *where)
{
	const struct rv_git_trouble trouble = {.kind = kind, .where = where};

	if (g->on_trouble)
		g->on_trouble(g->user, &trouble);
}

/* Takes target, which may be NULL. */
static rv_status add(struct gathering *g, const char *name, enum rv_git_ref_kind kind,
		     const struct rv_git_oid *oid, char *target)
{
	RV_CLEANUP(rv_freep) char *owned = target;
	struct rv_git_refs *refs = g->refs;
	char *copy;

	if (refs->count == RV_GIT_REFS_MAX) {
		tell(g, RV_GIT_TROUBLE_LIMIT, name);
		return RV_OK;
	}
	if (refs->count == refs->cap) {
		uint32_t cap = refs->cap ? refs->cap * 2 : 64;
		struct rv_git_ref *items = reallocarray(refs->items, cap, sizeof(*items));

		if (!items)
			return rv_fail_nomem(NULL);
		refs->items = items;
		refs->cap = cap;
	}
	copy = strdup(name);
	if (!copy)
		return rv_fail_nomem(NULL);
	if (strcmp(name, "refs/stash") == 0)
		kind = RV_GIT_REF_STASH;
	refs->items[refs->count] =
		(struct rv_git_ref){copy, kind, *oid, RV_TAKE(owned), refs->count};
	refs->count++;
	return RV_OK;
}

static rv_status add_packed(void *user, const struct rv_git_oid *oid, struct rv_str name)
{
	struct gathering *g = user;
	char text[PATH_MAX];

	if (!rv_git_path(text, sizeof(text), "%.*s",
			 (int)(name.len < PATH_MAX ? name.len : PATH_MAX),
			 (const char *)name.data)) {
		tell(g, RV_GIT_TROUBLE_REF, "packed-refs");
		return RV_OK;
	}
	return add(g, text, RV_GIT_REF_NAMED, oid, NULL);
}

static rv_status read_packed(struct gathering *g)
{
	const uint8_t *data = NULL;
	char path[PATH_MAX];
	size_t len = 0, bad = 0;

	if (!rv_git_path(path, sizeof(path), "%s/packed-refs", g->git->common_dir))
		return RV_OK;
	rv_status status = rv_git_map(path, &data, &len);
	if (!rv_is_ok(status)) {
		if (rv_class_of(status) != RV_CLASS_NOT_FOUND)
			tell(g, RV_GIT_TROUBLE_UNREADABLE, path);
		return RV_OK;
	}
	if (len > PACKED_REFS_MAX)
		tell(g, RV_GIT_TROUBLE_LIMIT, path);
	else
		status = rv_git_packed_refs_parse((struct rv_str){data, len}, g->git->oid_len,
						  add_packed, g, &bad);
	rv_git_unmap(data, len);
	if (bad)
		tell(g, RV_GIT_TROUBLE_REF, path);
	return status;
}

/* One folder of refs/ or logs/; its folders are put on the list. */
static rv_status do_folder(struct gathering *g, const char *root, const char *folder, file_fn *each,
			   struct rv_buf *todo)
{
	RV_CLEANUP(rv_git_dir_closep) DIR *list = NULL;
	char path[PATH_MAX];
	const char *name = path + strlen(root) + 1;
	struct dirent *entry;
	struct stat st;

	if (!rv_git_path(path, sizeof(path), "%s/%s", root, folder))
		return RV_OK;
	list = opendir(path);
	while (list && (entry = readdir(list))) {
		if (entry->d_name[0] == '.' ||
		    !rv_git_path(path, sizeof(path), "%s/%s/%s", root, folder, entry->d_name) ||
		    lstat(path, &st) != 0)
			continue;
		if (S_ISREG(st.st_mode))
			RV_TRY(each(g, path, name));
		else if (S_ISDIR(st.st_mode) && !rv_is_ok(rv_buf_put(todo, name, strlen(name) + 1)))
			tell(g, RV_GIT_TROUBLE_LIMIT, path);
	}
	return RV_OK;
}

/* Every regular file below root/folder, whatever its depth; links are not followed. */
static rv_status each_file(struct gathering *g, const char *root, const char *folder, file_fn *each)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf todo = {.max = (size_t)256 << 20};

	RV_TRY(rv_buf_put(&todo, folder, strlen(folder) + 1));
	while (todo.len > 0) {
		char name[PATH_MAX];
		size_t at = todo.len - 1;

		while (at > 0 && todo.data[at - 1] != 0)
			at--;
		if (rv_git_path(name, sizeof(name), "%s", (const char *)todo.data + at)) {
			todo.len = at;
			RV_TRY(do_folder(g, root, name, each, &todo));
		} else {
			todo.len = at;
		}
	}
	return RV_OK;
}

static struct rv_str trimmed(const struct rv_buf *buf)
{
	struct rv_str text = rv_buf_view(buf);

	while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == ' ' ||
				text.data[text.len - 1] == '\r'))
		text.len--;
	return text;
}

/* A file with an id, or with "ref: NAME" when may_be_symbolic (then *out_target is malloc'ed). */
static rv_status read_loose(struct gathering *g, const char *path, struct rv_git_oid *out_oid,
			    bool *out_has, char **out_target)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {.max = RV_GIT_REF_FILE_MAX};
	rv_status status = rv_git_slurp(path, &text);
	size_t hex = 2 * g->git->oid_len;
	struct rv_str line;

	*out_has = false;
	*out_target = NULL;
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND)
		return RV_OK;
	if (!rv_is_ok(status)) {
		tell(g, RV_GIT_TROUBLE_UNREADABLE, path);
		return RV_OK;
	}
	line = trimmed(&text);
	if (rv_str_starts_with(line, "ref:")) {
		line.data += 4;
		line.len -= 4;
		while (line.len > 0 && line.data[0] == ' ') {
			line.data++;
			line.len--;
		}
		*out_target = rv_str_dup(line);
		if (!*out_target && !memchr(line.data, 0, line.len))
			return rv_fail_nomem(NULL);
		return RV_OK;
	}
	*out_has = rv_git_oid_parse((struct rv_str){line.data, line.len < hex ? line.len : hex},
				    g->git->oid_len, out_oid);
	if (!*out_has)
		tell(g, RV_GIT_TROUBLE_REF, path);
	return RV_OK;
}

static rv_status add_file(struct gathering *g, const char *path, const char *name,
			  enum rv_git_ref_kind kind)
{
	struct rv_git_oid oid = {{0}};
	char *target = NULL;
	bool has = false;

	RV_TRY(read_loose(g, path, &oid, &has, &target));
	return has || target ? add(g, name, kind, &oid, target) : RV_OK;
}

static rv_status add_loose(struct gathering *g, const char *path, const char *name)
{
	if (rv_str_ends_with(rv_str_of(name), ".lock"))
		return RV_OK;
	return add_file(g, path, name, RV_GIT_REF_NAMED);
}

/* What is newest stands last. */
static struct rv_str last_lines(const uint8_t *data, size_t len)
{
	if (len <= RV_GIT_REFLOG_MAX)
		return (struct rv_str){data, len};
	const uint8_t *from = data + len - RV_GIT_REFLOG_MAX;
	const uint8_t *line = memchr(from, '\n', RV_GIT_REFLOG_MAX);

	return line ? (struct rv_str){line + 1, (size_t)(data + len - line - 1)} : RV_STR_NONE;
}

static rv_status add_log(struct gathering *g, const char *path, const char *name)
{
	const uint8_t *data = NULL;
	size_t len = 0, bad = 0;
	rv_status status = rv_git_map(path, &data, &len);

	(void)name; /* whose log it is does not matter */
	if (!rv_is_ok(status)) {
		if (rv_class_of(status) != RV_CLASS_NOT_FOUND)
			tell(g, RV_GIT_TROUBLE_UNREADABLE, path);
		return RV_OK;
	}
	if (len > RV_GIT_REFLOG_MAX)
		tell(g, RV_GIT_TROUBLE_LIMIT, path);
	status =
		rv_git_reflog_parse(last_lines(data, len), g->git->oid_len, &g->refs->logged, &bad);
	rv_git_unmap(data, len);
	if (bad)
		tell(g, RV_GIT_TROUBLE_REF, path);
	return status;
}

static int by_name(const void *a, const void *b)
{
	const struct rv_git_ref *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : x->order < y->order ? -1 : x->order > y->order;
}

/* Files of one id a line (MERGE_HEAD, FETCH_HEAD have several); what follows it is not looked at.
 */
static rv_status add_lines(struct gathering *g, const char *path, const char *name)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {.max = RV_GIT_REF_FILE_MAX};
	const size_t hex = 2 * g->git->oid_len;
	struct rv_str left;

	if (!rv_is_ok(rv_git_slurp(path, &text)))
		return RV_OK; /* hardly ever there */
	left = rv_buf_view(&text);
	while (left.len >= hex) {
		const uint8_t *end = memchr(left.data, '\n', left.len);
		size_t used = end ? (size_t)(end - left.data) + 1 : left.len;
		struct rv_git_oid oid;

		if (rv_git_oid_parse((struct rv_str){left.data, hex}, g->git->oid_len, &oid))
			RV_TRY(add(g, name, RV_GIT_REF_PSEUDO, &oid, NULL));
		left.data += used;
		left.len -= used;
	}
	return RV_OK;
}

struct tabling {
	struct gathering *g;
	const char *prefix; /* of names that are a work tree's own */
	bool is_opened;	    /* the work tree that was opened */
};

static rv_status add_tabled(void *user, const struct rv_git_table_ref *ref)
{
	const struct tabling *t = user;
	const bool is_named = rv_str_starts_with(ref->name, "refs/");
	enum rv_git_ref_kind kind = is_named ? RV_GIT_REF_NAMED : RV_GIT_REF_PSEUDO;
	char name[PATH_MAX], *target = NULL;

	if (t->is_opened && rv_str_is(ref->name, "HEAD"))
		kind = RV_GIT_REF_HEAD;
	if (!rv_git_path(name, sizeof(name), "%s%.*s", is_named || t->is_opened ? "" : t->prefix,
			 (int)ref->name.len, (const char *)ref->name.data)) {
		tell(t->g, RV_GIT_TROUBLE_REF, "reftable");
		return RV_OK;
	}
	if (ref->target.data) {
		target = rv_str_dup(ref->target);
		if (!target)
			return memchr(ref->target.data, 0, ref->target.len) ? RV_OK
									    : rv_fail_nomem(NULL);
	}
	return add(t->g, name, kind, &ref->oid, target);
}

static rv_status add_tables(struct gathering *g, const char *dir, const char *prefix)
{
	struct tabling t = {g, prefix, strcmp(dir, g->git->git_dir) == 0};
	const struct rv_git_table_stack stack = {.git_dir = dir,
						 .oid_len = g->git->oid_len,
						 .each = add_tabled,
						 .user = &t,
						 .logged = &g->refs->logged,
						 .left = &g->tables_left,
						 .on_trouble = g->on_trouble,
						 .trouble_user = g->user};

	return rv_git_table_stack_read(&stack);
}

/* HEAD, refs and reflogs as files; two paths are room to work in. */
static rv_status add_files(struct gathering *g, const char *dir, const char *prefix,
			   char path[PATH_MAX], char name[PATH_MAX])
{
	bool is_opened = strcmp(dir, g->git->git_dir) == 0;

	if (rv_git_path(path, PATH_MAX, "%s/HEAD", dir) &&
	    rv_git_path(name, PATH_MAX, "%sHEAD", prefix))
		RV_TRY(add_file(g, path, is_opened ? "HEAD" : name,
				is_opened ? RV_GIT_REF_HEAD : RV_GIT_REF_PSEUDO));
	RV_TRY(each_file(g, dir, "refs", add_loose));
	return each_file(g, dir, "logs", add_log);
}

/* What one work tree has of its own, in its git directory. */
static rv_status add_own(struct gathering *g, const char *dir, const char *prefix)
{
	static const char *const names[] = {"FETCH_HEAD",
					    "ORIG_HEAD",
					    "MERGE_HEAD",
					    "CHERRY_PICK_HEAD",
					    "REVERT_HEAD",
					    "REBASE_HEAD",
					    "BISECT_HEAD",
					    "AUTO_MERGE",
					    "MERGE_AUTOSTASH",
					    "rebase-merge/orig-head",
					    "rebase-merge/autostash",
					    "rebase-apply/autostash"};
	char path[PATH_MAX], name[PATH_MAX];

	for (size_t i = 0; i < RV_LEN(names); i++) {
		if (rv_git_path(path, sizeof(path), "%s/%s", dir, names[i]) &&
		    rv_git_path(name, sizeof(name), "%s%s", prefix, names[i]))
			RV_TRY(add_lines(g, path, name));
	}
	return g->git->has_tables ? add_tables(g, dir, prefix)
				  : add_files(g, dir, prefix, path, name);
}

/* The linked work trees, each with a HEAD and reflogs of its own. */
static rv_status add_worktrees(struct gathering *g)
{
	RV_CLEANUP(rv_git_dir_closep) DIR *list = NULL;
	char path[PATH_MAX], prefix[PATH_MAX];
	struct dirent *entry;

	if (!rv_git_path(path, sizeof(path), "%s/worktrees", g->git->common_dir))
		return RV_OK;
	list = opendir(path);
	while (list && (entry = readdir(list))) {
		if (entry->d_name[0] != '.' &&
		    rv_git_path(path, sizeof(path), "%s/worktrees/%s", g->git->common_dir,
				entry->d_name) &&
		    rv_git_path(prefix, sizeof(prefix), "worktrees/%s/", entry->d_name))
			RV_TRY(add_own(g, path, prefix));
	}
	return RV_OK;
}

static void drop(struct rv_git_ref *ref)
{
	free(ref->name);
	free(ref->target);
}

/* Sorts; of named refs with one name keeps the first: loose ones came first. */
static void settle(struct rv_git_refs *refs)
{
	uint32_t kept = 0;

	if (refs->count > 1)
		qsort(refs->items, refs->count, sizeof(*refs->items), by_name);
	for (uint32_t i = 0; i < refs->count; i++) {
		if (kept > 0 && refs->items[i].kind != RV_GIT_REF_PSEUDO &&
		    strcmp(refs->items[kept - 1].name, refs->items[i].name) == 0)
			drop(&refs->items[i]);
		else
			refs->items[kept++] = refs->items[i];
	}
	refs->count = kept;
}

/* Gives symbolic refs the id of what they stand for, and drops those that stand for nothing. */
static rv_status resolve(struct rv_git_refs *refs)
{
	const struct rv_git_ref *head = rv_git_refs_find(refs, "HEAD");
	uint32_t kept = 0;

	if (head && head->target) {
		refs->head = strdup(head->target);
		if (!refs->head)
			return rv_fail_nomem(NULL);
	}
	for (uint32_t i = 0; i < refs->count; i++) {
		const struct rv_git_ref *end = &refs->items[i];

		for (unsigned hops = 0; end && end->target && hops < RV_GIT_REF_DEPTH_MAX; hops++)
			end = rv_git_refs_find(refs, end->target);
		if (end && !end->target)
			refs->items[i].oid = end->oid;
	}
	for (uint32_t i = 0; i < refs->count; i++) {
		if (refs->items[i].target && rv_git_oid_is_zero(&refs->items[i].oid))
			drop(&refs->items[i]);
		else
			refs->items[kept++] = refs->items[i];
	}
	refs->count = kept;
	return RV_OK;
}

rv_status rv_git_refs_load(const struct rv_git *git, rv_git_trouble_fn *on_trouble, void *user,
			   struct rv_git_refs *out)
{
	RV_CLEANUP(rv_git_refs_done) struct rv_git_refs refs = {0};
	struct gathering g = {git, on_trouble, user, &refs, RV_GIT_TABLES_BYTES};

	rv_git_oidmap_init(&refs.logged);
	if (git->has_refs) {
		RV_TRY(add_own(&g, git->git_dir, ""));
		if (strcmp(git->git_dir, git->common_dir) != 0)
			RV_TRY(add_own(&g, git->common_dir, "main-worktree/"));
		RV_TRY(add_worktrees(&g));
		if (!git->has_tables)
			RV_TRY(read_packed(&g));
	}
	settle(&refs);
	RV_TRY(resolve(&refs));
	*out = refs;
	refs = (struct rv_git_refs){0};
	return RV_OK;
}

void rv_git_refs_done(struct rv_git_refs *refs)
{
	if (!refs)
		return;
	for (uint32_t i = 0; i < refs->count; i++)
		drop(&refs->items[i]);
	free(refs->items);
	free(refs->head);
	rv_git_oidmap_done(&refs->logged);
	*refs = (struct rv_git_refs){0};
}
