/* decide: folders of policy files into one set: all of them or none. Not here: what a file says
 * (policy_file.c). */
#include "agent/decide/policy_private.h"

#include "agent/base/digest.h"
#include "agent/base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

bool rv_policy_acts(const struct rv_policy *p)
{
	for (unsigned i = 0; i < RV_PK__COUNT; i++)
		if (p->values[i].is_set && (rv_policy_keys()[i].flags & RV_PKF_ACTS) != 0)
			return true;
	return false;
}

size_t rv_policy_count(const struct rv_policy_set *set)
{
	return set->count;
}

const struct rv_policy *rv_policy_at(const struct rv_policy_set *set, size_t i)
{
	return i < set->count ? set->policies[i] : NULL;
}

const struct rv_policy *rv_policy_named(const struct rv_policy_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++)
		if (strcmp(rv_policy_name(set->policies[i]), name) == 0)
			return set->policies[i];
	return NULL;
}

const char *rv_policy_set_id(const struct rv_policy_set *set)
{
	return set->id;
}

size_t rv_policy_file_count(const struct rv_policy_set *set)
{
	return set->file_count;
}

const char *rv_policy_file_at(const struct rv_policy_set *set, size_t i)
{
	return i < set->file_count ? set->files[i].path : NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct rv_policy *const *x = a;
	const struct rv_policy *const *y = b;
	return strcmp(rv_policy_name(*x), rv_policy_name(*y));
}

/* The set's id covers names and bytes, each with its length, so no two sets share one input. */
static rv_status hash_piece(struct rv_hasher *h, const void *bytes, size_t len)
{
	uint8_t prefix[8];
	for (unsigned i = 0; i < 8; i++)
		prefix[i] = (uint8_t)((uint64_t)len >> (8 * i));
	RV_TRY(rv_hasher_update(h, prefix, sizeof(prefix)));
	return rv_hasher_update(h, bytes, len);
}

static rv_status add_file(struct rv_policy_set *set, struct rv_str text, const char *path,
			  const char *zone_dir, struct rv_diag *diag)
{
	if (text.len > RV_POLICY_FILE_BYTES)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: larger than 1 MiB", path);
	if (set->file_count == RV_POLICY_FILES_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: more than %d policy files", path,
			       RV_POLICY_FILES_MAX);
	struct rv_policy_file *grown =
		reallocarray(set->files, set->file_count + 1, sizeof(*grown));
	if (grown == NULL)
		return rv_fail_nomem(diag);
	set->files = grown;
	struct rv_policy_file *file = &set->files[set->file_count];
	*file = (struct rv_policy_file){.path = strdup(path)};
	if (file->path == NULL)
		return rv_fail_nomem(diag);
	set->file_count++;
	RV_TRY(rv_yaml_parse(text, file->path, &file->yaml, diag));
	struct rv_policy_parser parser = {.set = set,
					  .yaml = file->yaml,
					  .zone_dir = zone_dir ? zone_dir : RV_ZONEINFO_DIR,
					  .diag = diag};
	return rv_policy_file_parse(&parser);
}

static rv_status finish(struct rv_policy_set *set, struct rv_hasher *h)
{
	struct rv_digest digest;
	RV_TRY(rv_hasher_final(h, &digest));
	memcpy(set->id, "ps1:", 4);
	rv_hex(digest.bytes, 16, set->id + 4);
	if (set->count > 1)
		qsort(set->policies, set->count, sizeof(*set->policies), by_name);
	return RV_OK;
}

rv_status rv_policy_load_text(struct rv_str text, const char *file, const char *zone_dir,
			      struct rv_policy_set **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_policy_set_freep) struct rv_policy_set *set = calloc(1, sizeof(*set));
	if (set == NULL)
		return rv_fail_nomem(diag);
	RV_TRY(add_file(set, text, file, zone_dir, diag));
	struct rv_hasher h = {0};
	RV_TRY(rv_hasher_init(&h));
	rv_status s = hash_piece(&h, file, strlen(file));
	if (rv_is_ok(s))
		s = hash_piece(&h, text.data, text.len);
	if (rv_is_ok(s))
		s = finish(set, &h);
	rv_hasher_done(&h);
	RV_TRY(s);
	*out = RV_TAKE(set);
	return RV_OK;
}

/* --- folders ------------------------------------------------------------------------------------
 */

struct entry {
	char *name;
	const char *dir;
};

struct entries {
	struct entry *items;
	size_t count;
};

static void entries_done(struct entries *e)
{
	for (size_t i = 0; i < e->count; i++)
		free(e->items[i].name);
	free(e->items);
}

/* A later directory's file replaces the one of the same name. */
static rv_status add_entry(struct entries *e, const char *dir, const char *name,
			   struct rv_diag *diag)
{
	for (size_t i = 0; i < e->count; i++) {
		if (strcmp(e->items[i].name, name) == 0) {
			e->items[i].dir = dir;
			return RV_OK;
		}
	}
	if (e->count == RV_POLICY_FILES_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: more than %d policy files", dir,
			       RV_POLICY_FILES_MAX);
	struct entry *grown = reallocarray(e->items, e->count + 1, sizeof(*grown));
	if (grown == NULL)
		return rv_fail_nomem(diag);
	e->items = grown;
	e->items[e->count] = (struct entry){strdup(name), dir};
	if (e->items[e->count].name == NULL)
		return rv_fail_nomem(diag);
	e->count++;
	return RV_OK;
}

static rv_status read_dir(struct entries *e, const char *dir, struct rv_diag *diag)
{
	DIR *d = opendir(dir);
	if (d == NULL)
		return errno == ENOENT ? RV_OK : rv_fail_errno(diag, "cannot read %s", dir);
	rv_status s = RV_OK;
	const struct dirent *item = NULL;
	while (rv_is_ok(s) && (item = readdir(d)) != NULL) {
		struct rv_str name = rv_str_of(item->d_name);
		if (item->d_name[0] == '.')
			continue;
		if (rv_str_ends_with(name, ".yml"))
			s = rv_fail(RV_CLASS_MISCONFIGURED, diag,
				    "%s/%s:1:1: would not be read: name it .yaml", dir,
				    item->d_name);
		else if (rv_str_ends_with(name, ".yaml"))
			s = add_entry(e, dir, item->d_name, diag);
	}
	closedir(d);
	return s;
}

static int by_entry_name(const void *a, const void *b)
{
	const struct entry *x = a;
	const struct entry *y = b;
	return strcmp(x->name, y->name);
}

static rv_status load_entry(struct rv_policy_set *set, struct rv_hasher *h, const struct entry *e,
			    const char *zone_dir, struct rv_diag *diag)
{
	char path[4096];
	int n = snprintf(path, sizeof(path), "%s/%s", e->dir, e->name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: the name is too long", e->dir);
	struct rv_buf bytes;
	rv_buf_init(&bytes, RV_POLICY_FILE_BYTES);
	rv_status s = rv_file_read(path, RV_POLICY_FILE_BYTES, &bytes, diag);
	if (rv_is_ok(s))
		s = hash_piece(h, e->name, strlen(e->name));
	if (rv_is_ok(s))
		s = hash_piece(h, bytes.data, bytes.len);
	if (rv_is_ok(s))
		s = add_file(set, rv_buf_view(&bytes), path, zone_dir, diag);
	rv_buf_done(&bytes);
	return s;
}

static rv_status load_entries(struct rv_policy_set *set, const struct entries *e,
			      const char *zone_dir, struct rv_diag *diag)
{
	struct rv_hasher h = {0};
	RV_TRY(rv_hasher_init(&h));
	rv_status s = RV_OK;
	for (size_t i = 0; rv_is_ok(s) && i < e->count; i++)
		s = load_entry(set, &h, &e->items[i], zone_dir, diag);
	if (rv_is_ok(s))
		s = finish(set, &h);
	rv_hasher_done(&h);
	return s;
}

rv_status rv_policy_load(const struct rv_policy_sources *sources, struct rv_policy_set **out,
			 struct rv_diag *diag)
{
	RV_CLEANUP(rv_policy_set_freep) struct rv_policy_set *set = calloc(1, sizeof(*set));
	if (set == NULL)
		return rv_fail_nomem(diag);
	struct entries e = {0};
	rv_status s = RV_OK;
	for (size_t i = 0; rv_is_ok(s) && sources->dirs[i] != NULL; i++)
		s = read_dir(&e, sources->dirs[i], diag);
	if (rv_is_ok(s) && e.count > 1)
		qsort(e.items, e.count, sizeof(*e.items), by_entry_name);
	if (rv_is_ok(s))
		s = load_entries(set, &e, sources->zone_dir, diag);
	entries_done(&e);
	RV_TRY(s);
	*out = RV_TAKE(set);
	return RV_OK;
}
