/* sweep: the history of a repository: what is staged and in no commit yet. Its path is the index's.
 * Not here: what is staged, compared with HEAD (changes.c). */
#include "agent/git/index.h"
#include "agent/sweep/history.h"

#include <stdlib.h>

struct finding {
	struct rv_run *run;
	const struct rv_git_oidmap *blobs;
	struct rv_git_origins *origins;
	struct rv_staged *out;
};

void rv_staged_done(struct rv_staged *staged)
{
	free(staged->items);
	*staged = (struct rv_staged){0};
}

/* Does no ref and no reflog reach it at a path that may be looked at? */
static bool is_loose(const struct rv_git_origin *origin)
{
	return origin->reach == RV_GIT_REACH_NONE || origin->path_count == 0;
}

static rv_status put(struct finding *f, uint32_t blob, struct rv_str path)
{
	const struct rv_sweep_options *o = f->run->options;
	struct rv_staged *out = f->out;

	if (o->wants && !o->wants(o->wants_user, path, false)) {
		f->origins->items[blob].has_unwanted = true;
		return RV_OK;
	}
	if (out->count == out->room) {
		uint32_t room = out->room ? out->room * 2 : 64;
		void *more = reallocarray(out->items, room, sizeof(*out->items));

		if (!more)
			return rv_fail_nomem(NULL);
		out->items = more;
		out->room = room;
	}
	const char *kept = rv_leaks_text(&f->run->sweepers[0].leaks, path);
	if (!kept)
		return rv_fail_nomem(NULL);
	out->items[out->count++] = (struct rv_staged_path){blob, {(const uint8_t *)kept, path.len}};
	return RV_OK;
}

/* An index that cannot be read is told by who looks for what is lost. */
static rv_status look_into(struct finding *f, const char *git_dir, uint8_t oid_len)
{
	RV_CLEANUP(rv_git_index_done) struct rv_git_index index = {0};
	const struct rv_git git = {.git_dir = (char *)(uintptr_t)git_dir, .oid_len = oid_len};
	rv_status status = rv_git_index_load(&git, &index, NULL);

	if (!rv_is_ok(status))
		return rv_class_of(status) == RV_CLASS_EXHAUSTED && status.errno_was ? status
										     : RV_OK;
	for (uint32_t i = 0; i < index.count; i++) {
		const struct rv_git_index_entry *entry = &index.entries[i];
		uint32_t blob = rv_git_oidmap_get(f->blobs, &entry->oid);

		if (blob != RV_GIT_NONE && rv_git_mode_is_blob(entry->mode) &&
		    !entry->is_intended && is_loose(&f->origins->items[blob]))
			RV_TRY(put(f, blob, entry->path));
	}
	return RV_OK;
}

static int by_blob(const void *a, const void *b)
{
	const struct rv_staged_path *x = a, *y = b;

	if (x->blob != y->blob)
		return x->blob < y->blob ? -1 : 1;
	return rv_leaks_compare(x->path, y->path);
}

rv_status rv_staged_find(struct rv_run *run, const struct rv_repo_view *view,
			 const struct rv_git_oidmap *blobs, struct rv_git_origins *origins,
			 struct rv_staged *out)
{
	struct finding f = {run, blobs, origins, out};
	const struct rv_git *git = view->git;
	bool is_any = false;

	for (uint32_t i = 0; i < blobs->count && !is_any; i++)
		is_any = is_loose(&origins->items[i]);
	if (!is_any)
		return RV_OK;
	RV_TRY(look_into(&f, git->git_dir, (uint8_t)git->oid_len));
	if (strcmp(git->git_dir, git->common_dir) != 0)
		RV_TRY(look_into(&f, git->common_dir, (uint8_t)git->oid_len));
	if (out->count > 0)
		qsort(out->items, out->count, sizeof(*out->items), by_blob);
	return RV_OK;
}

/* The first of the blob; *out_count: how many. */
static const struct rv_staged_path *paths_of(const struct rv_staged *staged, uint32_t blob,
					     uint32_t *out_count)
{
	uint32_t low = 0, high = staged->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (staged->items[middle].blob < blob)
			low = middle + 1;
		else
			high = middle;
	}
	for (high = low; high < staged->count && staged->items[high].blob == blob;)
		high++;
	*out_count = high - low;
	return high > low ? &staged->items[low] : NULL;
}

bool rv_staged_has(const struct rv_staged *staged, uint32_t blob)
{
	uint32_t count;

	return paths_of(staged, blob, &count) != NULL;
}

bool rv_staged_nth(const struct rv_staged *staged, const struct rv_git_origin *origin,
		   uint32_t blob, uint32_t n, struct rv_str *out)
{
	uint32_t count;
	const struct rv_staged_path *paths = paths_of(staged, blob, &count);

	if (n < count)
		*out = paths[n].path;
	else if (n - count < origin->path_count)
		*out = origin->paths[n - count];
	return n < count || n - count < origin->path_count;
}
