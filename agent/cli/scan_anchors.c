/* cli: see scan_anchors.h. */
#include "agent/cli/scan_anchors.h"

#include "agent/base/path.h"
#include "agent/cli/scan_given.h"
#include "agent/cli/scan_policy.h"
#include "agent/cli/scan_where.h"

#include <limits.h>
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
	struct rv_scan_where where;

	return rv_is_ok(rv_scan_where_find(ask, &where, NULL)) &&
	       (rv_scan_where_has(where.dir, ".gitleaks.toml") ||
		rv_scan_where_has(where.dir, ".reeve.yaml"));
}

/* Does the caller say whose rules are in force? Else the tree or a ref may. */
static bool is_named(const struct rv_scan_ask *ask)
{
	return ask->config || is_set("GITLEAKS_CONFIG") || is_set("GITLEAKS_CONFIG_TOML");
}

static bool is_of_files(const struct rv_scan_ask *ask)
{
	return ask->sweep.source == RV_SWEEP_PATHS || ask->sweep.source == RV_SWEEP_STDIN;
}

/* Without a named configuration that of the tree, of the repository or of the ref counts. */
static bool is_foreign(const struct rv_scan_ask *ask)
{
	return !is_named(ask) && (!is_of_files(ask) || ask->policy_ref || has_config(ask));
}

/* May there be others than those compiled in? Their files are read later. */
static bool has_own_rules(const struct rv_scan_ask *ask)
{
	return ask->cache || is_named(ask) || json_array_size(ask->rules) > 0 ||
	       json_array_size(ask->enable_rules) > 0;
}

/* What is scanned, NULL-ended. */
static const char *const *trees_of(const struct rv_scan_ask *ask, const char *repo[2])
{
	repo[0] = ask->sweep.source == RV_SWEEP_STDIN ? NULL : ask->sweep.repo;
	repo[1] = NULL;
	return ask->sweep.source == RV_SWEEP_PATHS ? ask->sweep.paths : repo;
}

void rv_scan_anchors_open(struct rv_scan_anchors *anchors, const struct rv_scan_ask *ask)
{
	const char *repo[2];
	const struct rv_anchor_cache_where where = {
		.dir = ask->cache, .trees = trees_of(ask, repo), .version = RV_VERSION};
	struct rv_diag diag = {0};

	anchors->ask = ask;
	(void)snprintf(anchors->told, sizeof(anchors->told),
		       "anchors: compiled in, or compiled without a cache"); /* fits */
	if (ask->has_no_cache || !has_own_rules(ask) || is_foreign(ask))
		return;
	if (!rv_is_ok(rv_anchor_cache_open(&where, &anchors->cache, &diag)))
		(void)snprintf(anchors->told, sizeof(anchors->told),
			       "anchors: compiled; no cache: %s",
			       rv_out_safe(diag.text)); /* cut is fine */
}

/* In what is scanned, or in the work tree that it is a part of? What cannot be told: yes. */
static bool lies_in_tree(const struct rv_scan_ask *ask, const char *path)
{
	RV_CLEANUP(rv_freep) char *file = realpath(path, NULL);
	const char *repo[2];

	for (const char *const *tree = trees_of(ask, repo); file && *tree; tree++) {
		RV_CLEANUP(rv_freep) char *dir = realpath(*tree, NULL);

		if (!dir)
			return true;
		rv_scan_given_go_up(dir);
		if (rv_path_is_under(rv_str_of(file), rv_str_of(dir)))
			return true;
	}
	return !file;
}

void rv_scan_anchors_reading(void *user, const char *path)
{
	struct rv_scan_anchors *anchors = user;

	if (!anchors->cache || (path && !lies_in_tree(anchors->ask, path)))
		return;
	rv_scan_anchors_done(anchors);
	(void)snprintf(anchors->told, sizeof(anchors->told),
		       "anchors: compiled; no cache: what is scanned has a say in the rules");
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

rv_status rv_scan_anchors_make(void *user, const struct rv_ruleset *rules, struct rv_diag *diag)
{
	struct rv_scan_anchors *anchors = user;
	struct rv_anchor_store store;

	if (anchors->cache)
		store = rv_anchor_cache_store(anchors->cache);
	RV_TRY(rv_scanner_new_ready(rules, anchors->cache ? &store : NULL, &anchors->scanner,
				    diag));
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
