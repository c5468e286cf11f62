/* sweep: rules that hold in some paths alone. Not here: allowlists (filter.c), what is told of a
 * file by its path (doc_path.c). */
#include "agent/sweep/config_private.h"
#include "agent/sweep/filter.h"

#include <stdio.h>
#include <stdlib.h>

#define PATH_BYTES 4608

static int by_rule(const void *left, const void *right)
{
	const struct rv_rule_path *a = left, *b = right;
	uintptr_t x = (uintptr_t)a->rule, y = (uintptr_t)b->rule;

	return (x > y) - (x < y);
}

static rv_status compile(struct rv_scan_config *config, const struct rv_rule *rule,
			 struct rv_diag *diag)
{
	RV_CLEANUP(rv_pattern_freep) struct rv_pattern *pattern = NULL;

	RV_TRY(RV_LIST_ROOM(&config->rule_paths, diag));
	RV_TRY(rv_pattern_new(&pattern));
	RV_TRY(rv_pattern_add(pattern, rule->path_regex, diag));
	config->rule_paths.items[config->rule_paths.count++] =
		(struct rv_rule_path){.rule = rule, .pattern = RV_TAKE(pattern)};
	return RV_OK;
}

rv_status rv_config_compile_paths(struct rv_scan_config *config, struct rv_diag *diag)
{
	size_t count = 0;
	const struct rv_rule *const *rows = rv_ruleset_rows(config->ruleset, &count);

	for (size_t i = 0; i < count; i++) {
		if (rows[i]->path_regex)
			RV_TRY(compile(config, rows[i], diag));
	}
	if (config->rule_paths.count > 0)
		qsort(config->rule_paths.items, config->rule_paths.count,
		      sizeof(*config->rule_paths.items), by_rule);
	return RV_OK;
}

static bool is_told_by_path(const struct rv_scan_config *config, const struct rv_rule *rule)
{
	return (rule->flags & RV_RULE_PATH_ONLY) && !rv_filter_is_part(config, rule);
}

rv_status rv_config_list_path_rules(struct rv_scan_config *config, struct rv_diag *diag)
{
	size_t count = 0, listed = 0;
	const struct rv_rule *const *rows = rv_ruleset_rows(config->ruleset, &count);
	bool is_any = false;

	for (size_t i = 0; i < count && !is_any; i++)
		is_any = is_told_by_path(config, rows[i]);
	if (!is_any)
		return RV_OK;
	const struct rv_rule **list = rv_arena_array(&config->arena, count + 1, sizeof(*list));
	if (!list)
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < count; i++) {
		if (is_told_by_path(config, rows[i]))
			list[listed++] = rows[i];
	}
	config->path_rules = list;
	return RV_OK;
}

const struct rv_rule *const *rv_filter_path_rules(const struct rv_scan_config *config)
{
	return config->path_rules;
}

bool rv_filter_holds(const struct rv_scan_config *config, const struct rv_rule *rule,
		     struct rv_str path, const char *inside)
{
	const struct rv_rule_path key = {.rule = rule};
	char full[PATH_BYTES];

	if (!rule->path_regex)
		return true;
	const struct rv_rule_path *found =
		config->rule_paths.count > 0
			? bsearch(&key, config->rule_paths.items, config->rule_paths.count,
				  sizeof(key), by_rule)
			: NULL;
	if (!found)
		return true; /* sealed before it came */
	while (path.len > 2 && path.data[0] == '.' && path.data[1] == '/')
		path = (struct rv_str){path.data + 2, path.len - 2};
	if (inside) {
		int len = snprintf(full, sizeof(full), "%.*s!%s",
				   (int)(path.len < 2048 ? path.len : 2048),
				   path.len ? (const char *)path.data : "", inside);

		/* Its end tells most. What is cut off that is not known: it may hold. */
		if (len < 0 || (size_t)len >= sizeof(full))
			return true;
		path = rv_str_of(full);
	}
	return rv_pattern_matches(found->pattern, path);
}
