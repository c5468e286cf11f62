/* sweep: the history of a repository: where in it stands what could not be scanned whole. The first
 * pass knows a blob by its id alone, the second by its path. Not here: what a store lacks
 * (repo_view.c). */
#include "agent/sweep/history.h"

#include <stdlib.h>

rv_status rv_history_mark_gaps(struct rv_leaks *leaks, size_t first, struct rv_str path,
			       const struct rv_git_oid *blob, size_t oid_len)
{
	char hex[RV_GIT_HEX_MAX];

	if (first == leaks->gap_count)
		return RV_OK;
	rv_git_oid_hex(blob, oid_len, hex);
	const char *id = rv_leaks_text(leaks, rv_str_of(hex));
	if (!id)
		return rv_fail_nomem(NULL);
	for (size_t i = first; i < leaks->gap_count; i++) {
		struct rv_gap *gap = &leaks->gaps[i];

		gap->inside = gap->inside ? gap->inside : id;
		if (gap->path.len == 0)
			gap->path = path.len > 0 ? path : rv_str_of(id);
	}
	return RV_OK;
}

/* The blob whose id the path of a gap is, or RV_GIT_NONE. */
static uint32_t blob_of(const struct rv_secrets *secrets, const struct rv_gap *gap, size_t oid_len,
			const bool *is_gapped)
{
	struct rv_git_oid oid;

	if (gap->path.len != 2 * oid_len || !rv_git_oid_parse(gap->path, oid_len, &oid))
		return RV_GIT_NONE;
	uint32_t blob = rv_git_oidmap_get(&secrets->blobs, &oid);
	return blob != RV_GIT_NONE && is_gapped[blob] ? blob : RV_GIT_NONE;
}

struct placing {
	const struct rv_secrets *secrets;
	const struct rv_str *paths;
	size_t oid_len;
	bool *is_gapped; /* by blob */
};

static rv_status place(const struct placing *p, struct rv_leaks *leaks)
{
	size_t kept = 0;

	for (size_t i = 0; i < leaks->gap_count; i++) {
		struct rv_gap gap = leaks->gaps[i];
		uint32_t blob = blob_of(p->secrets, &gap, p->oid_len, p->is_gapped);

		if (blob != RV_GIT_NONE && !p->paths[blob].data) {
			leaks->gap_total--;
			continue;
		}
		if (blob != RV_GIT_NONE) {
			const char *path = rv_leaks_text(leaks, p->paths[blob]);

			if (!path)
				return rv_fail_nomem(NULL);
			gap.path = (struct rv_str){(const uint8_t *)path, p->paths[blob].len};
		}
		leaks->gaps[kept++] = gap;
	}
	leaks->gap_count = kept;
	return RV_OK;
}

rv_status rv_history_place_gaps(struct rv_run *run, const struct rv_secrets *secrets,
				const struct rv_str *paths, size_t oid_len)
{
	RV_CLEANUP(rv_freep) bool *is_gapped = NULL;

	if (secrets->gapped_count == 0)
		return RV_OK;
	is_gapped = calloc((size_t)secrets->blobs.count + 1, sizeof(*is_gapped));
	if (!is_gapped)
		return rv_fail_nomem(NULL);
	for (uint32_t i = 0; i < secrets->gapped_count; i++)
		is_gapped[secrets->gapped[i]] = true;
	const struct placing p = {secrets, paths, oid_len, is_gapped};
	for (unsigned i = 0; i < run->threads; i++)
		RV_TRY(place(&p, &run->sweepers[i].leaks));
	return RV_OK;
}
