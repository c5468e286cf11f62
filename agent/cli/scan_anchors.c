/* cli: see scan_anchors.h. */
#include "agent/cli/scan_anchors.h"

#include "agent/cli/scan_policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool is_set(const char *name)
{
	const char *text = getenv(name);

	return text && *text;
}

static bool has_config(const struct rv_scan_ask *ask)
{
	static const char *const names[] = {".gitleaks.toml", ".reeve.yaml"};
	char dir[RV_SCAN_POLICY_DIR_MAX], path[RV_SCAN_POLICY_DIR_MAX + 32];

	if (!rv_is_ok(rv_scan_policy_dir(ask, dir, NULL)))
		return false;
	for (size_t i = 0; i < RV_LEN(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]); /* fits */
		if (access(path, F_OK) == 0)
			return true;
	}
	return false;
}

/* Can other rules than those compiled in come into force? Their files are read later. */
static bool may_bring_rules(const struct rv_scan_ask *ask)
{
	return ask->cache || ask->config || ask->policy_ref || ask->sweep.base ||
	       json_array_size(ask->rules) > 0 || json_array_size(ask->enable_rules) > 0 ||
	       is_set("GITLEAKS_CONFIG") || is_set("GITLEAKS_CONFIG_TOML") || has_config(ask);
}

void rv_scan_anchors_open(struct rv_scan_anchors *anchors, const struct rv_scan_ask *ask)
{
	static const char *const none[] = {NULL};
	const char *const repo[] = {ask->sweep.repo, NULL};
	const char *const *trees = ask->sweep.source == RV_SWEEP_PATHS	 ? ask->sweep.paths
				   : ask->sweep.source == RV_SWEEP_STDIN ? none
									 : repo;
	const struct rv_anchor_cache_where where = {
		.dir = ask->cache, .trees = trees, .version = RV_VERSION};
	struct rv_diag diag = {0};

	(void)snprintf(anchors->told, sizeof(anchors->told),
		       "anchors: compiled in, or compiled without a cache"); /* fits */
	if (ask->has_no_cache || !may_bring_rules(ask))
		return;
	if (!rv_is_ok(rv_anchor_cache_open(&where, &anchors->cache, &diag)))
		(void)snprintf(anchors->told, sizeof(anchors->told),
			       "anchors: compiled; no cache: %s",
			       rv_out_safe(diag.text)); /* cut is fine */
}

static const char *origin(const struct rv_anchor_cache_counts *n)
{
	if (n->loaded > 0)
		return "anchors: from the cache";
	if (n->damaged > 0)
		return n->kept > 0 ? "anchors: compiled and kept; what was kept was damaged"
				   : "anchors: compiled; what was kept was damaged";
	if (n->kept > 0)
		return "anchors: compiled and kept";
	return n->asked > 0 ? "anchors: compiled; the cache would not take them"
			    : "anchors: compiled in";
}

rv_status rv_scan_anchors_make(struct rv_scan_anchors *anchors, const struct rv_ruleset *rules,
			       struct rv_scanner **out, struct rv_diag *diag)
{
	struct rv_anchor_store store;

	if (anchors->cache)
		store = rv_anchor_cache_store(anchors->cache);
	RV_TRY(rv_scanner_new_ready(rules, anchors->cache ? &store : NULL, out, diag));
	if (anchors->cache) {
		const struct rv_anchor_cache_counts n = rv_anchor_cache_counts(anchors->cache);

		(void)snprintf(anchors->told, sizeof(anchors->told), "%s", origin(&n)); /* fits */
	}
	rv_scan_anchors_done(anchors);
	return RV_OK;
}

void rv_scan_anchors_done(struct rv_scan_anchors *anchors)
{
	rv_anchor_cache_free(anchors->cache);
	anchors->cache = NULL;
}
