/* sweep: which rules are in force, once every file is read: the built-in ones, gitleaks' drafts
 * over them, our own rule files over those, without what is switched off. Not here: reading. */
#include "agent/model/kinds.h"
#include "agent/sweep/config_private.h"
#include "agent/sweep/fields.h"

#define CONFIDENCE 75 /* of a rule of gitleaks' form: it fails a build, as it did there */

/* Keywords as anchors; without usable ones what every match holds; else none (all is looked at). */
static rv_status set_anchors(struct rv_scan_config *config, const struct rv_draft *draft,
			     struct rv_rule *row, struct rv_diag *diag)
{
	static const char *const none[] = {NULL};
	size_t count = 0;
	bool is_usable = true;

	while (draft->keywords && draft->keywords[count])
		is_usable = strlen(draft->keywords[count++]) >= 3 && is_usable;
	row->anchors = none;
	if (!count || !is_usable) {
		if (!draft->literal)
			return RV_OK;
		count = 1;
		is_usable = false;
	}
	const char **anchors = rv_arena_array(&config->arena, count + 1, sizeof(*anchors));
	if (!anchors)
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < count; i++) {
		struct rv_str text = rv_str_of(is_usable ? draft->keywords[i] : draft->literal);

		/* A keyword's beginning is there when the keyword is. */
		text.len = text.len < RV_RULE_ANCHOR_MAX ? text.len : RV_RULE_ANCHOR_MAX;
		anchors[i] = rv_arena_text(&config->arena, text);
		if (!anchors[i])
			return rv_fail_nomem(diag);
	}
	row->anchors = anchors;
	return RV_OK;
}

static rv_status add_row(struct rv_scan_config *config, const struct rv_rule *row,
			 struct rv_diag *diag)
{
	struct rv_rule *kept = rv_arena_alloc(&config->arena, sizeof(*kept));

	if (!kept)
		return rv_fail_nomem(diag);
	*kept = *row;
	return rv_ruleset_add(config->ruleset, kept, diag);
}

static rv_status add_draft(struct rv_scan_config *config, const struct rv_draft *draft,
			   const struct rv_rule *base, struct rv_diag *diag)
{
	struct rv_rule row = {
		.id = draft->id,
		.name = draft->description ? draft->description
			: base		   ? base->name
					   : draft->id,
		.provider = base ? base->provider : "custom",
		.docs = base ? base->docs : NULL,
		.roll = base ? base->roll : NULL,
		.regex = draft->regex,
		.path_regex = draft->path,
		.flags = RV_RULE_ANYWHERE | RV_RULE_ANCHOR_FOLDS |
			 (draft->regex ? RV_RULE_WHOLE : RV_RULE_PATH_ONLY | RV_RULE_FLEET),
		.ahead = RV_RULE_AHEAD_MAX,
		.entropy_above = draft->entropy,
		.group = draft->group,
		.kind = base ? base->kind : RV_KIND_TOKEN,
		.matcher = RV_MATCHER_REGEX,
		.confidence = CONFIDENCE,
	};

	RV_TRY(set_anchors(config, draft, &row, diag));
	if (base)
		(void)rv_ruleset_remove(config->ruleset, draft->id); /* it is there: base */
	return add_row(config, &row, diag);
}

/* One that finds in assignments what many of gitleaks' rules do. Only a general name means all of
 * it: by another it is let pass, and neither changed nor switched off. */
static bool is_more_than(const struct rv_rule *rule, const char *id)
{
	return rule && rule->matcher == RV_MATCHER_ASSIGNMENT && strcmp(rule->id, id) != 0 &&
	       !rv_str_starts_with(rv_str_of(id), "generic-");
}

/* The built-in rules of this name with what the draft changes. */
static rv_status change_rows(struct rv_scan_config *config, const struct rv_draft *draft,
			     struct rv_diag *diag)
{
	size_t count;

	(void)rv_ruleset_rows(config->ruleset, &count); /* replacing keeps count and order */
	for (size_t i = 0; i < count; i++) {
		const struct rv_rule *rule = rv_ruleset_rows(config->ruleset, &count)[i];
		struct rv_rule row = *rule;

		if (!rv_fields_is_rule(rule, rv_str_of(draft->id)))
			continue;
		row.name = draft->description ? draft->description : row.name;
		row.path_regex = draft->path ? draft->path : row.path_regex;
		if (draft->entropy) {
			row.entropy_above = draft->entropy;
			row.min_entropy = 0;
		}
		RV_TRY(add_row(config, &row, diag));
	}
	return RV_OK;
}

static rv_status settle_draft(struct rv_scan_config *config, const struct rv_draft *draft,
			      struct rv_diag *diag)
{
	const struct rv_rule *base = rv_ruleset_find(config->ruleset, draft->id);

	if (is_more_than(base, draft->id)) {
		if (draft->regex)
			return add_draft(config, draft, NULL, diag);
		rv_config_note(config, "%s: %s is a part of what %s finds: only allowlists apply",
			       draft->where, draft->id, base->id);
		return RV_OK;
	}
	if (draft->is_hidden) {
		RV_TRY(RV_LIST_ROOM(&config->hidden, diag));
		config->hidden.items[config->hidden.count++] = draft->id;
	}
	if (draft->regex || (draft->path && !base))
		return add_draft(config, draft, base, diag);
	if (base)
		return change_rows(config, draft, diag);
	if (!config->has_default)
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "%s: %s has neither regex nor path: it finds nothing", draft->where,
			       rv_yaml_quoted(draft->id));
	rv_config_note(config, "%s: there is no built-in rule %s: what is said of it has no effect",
		       draft->where, draft->id);
	return RV_OK;
}

static rv_status check_required(struct rv_scan_config *config, struct rv_diag *diag)
{
	for (size_t i = 0; i < config->required.count; i++) {
		struct rv_required *need = &config->required.items[i];
		const struct rv_rule *other = rv_ruleset_find(config->ruleset, need->other);

		need->is_of_path = other && (other->flags & RV_RULE_PATH_ONLY);
		if (need->is_of_path)
			rv_config_note(config,
				       "rule %s requires %s, which has no regex: it is taken to be "
				       "there",
				       need->rule, need->other);
		if (!other)
			return rv_fail(RV_CLASS_MALFORMED, diag,
				       "rule %s requires %s: there is no such rule",
				       rv_yaml_quoted(need->rule), rv_yaml_quoted(need->other));
	}
	return RV_OK;
}

static void note_unknown_targets(struct rv_scan_config *config)
{
	for (size_t i = 0; i < config->allowlists.count; i++) {
		const struct rv_allowlist *list = &config->allowlists.items[i];

		for (const char *const *rule = list->rules; rule && *rule; rule++) {
			if (!rv_ruleset_find(config->ruleset, *rule))
				rv_config_note(config, "%s: there is no rule %s in force",
					       list->note, *rule);
		}
	}
}

static rv_status add_own(struct rv_scan_config *config, struct rv_diag *diag)
{
	size_t count;

	if (!config->own)
		return RV_OK;
	RV_TRY(rv_rules_seal(config->own, diag));
	const struct rv_rule *rows = rv_rules_rows(config->own, &count);
	for (size_t i = 0; i < count; i++)
		RV_TRY(rv_ruleset_add(config->ruleset, &rows[i], diag));
	return RV_OK;
}

/* gitleaks with a file that has neither rules nor extend would find nothing: surely not meant. */
static bool wants_builtin(struct rv_scan_config *config)
{
	if (!config->has_gitleaks || config->has_default)
		return true;
	if (config->drafts.count > 0)
		return false;
	rv_config_note(config, "the gitleaks configuration has no rules and does not extend the "
			       "default: gitleaks would find nothing; the built-in rules hold");
	return true;
}

/* Of the built-in ones, in force or not: one that is not need not be switched off. */
static bool is_builtin(const char *id)
{
	struct rv_ruleset *all = NULL;
	bool is_one = rv_is_ok(rv_ruleset_new(true, &all)) && rv_ruleset_find(all, id);

	rv_ruleset_free(all);
	return is_one;
}

rv_status rv_config_settle_rules(struct rv_scan_config *config, struct rv_diag *diag)
{
	if (!rv_is_ok(rv_ruleset_new(wants_builtin(config), &config->ruleset)))
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < config->disabled.count; i++) {
		const struct rv_disabled *row = &config->disabled.items[i];
		const struct rv_rule *rule = rv_ruleset_find(config->ruleset, row->id);

		if (is_more_than(rule, row->id))
			rv_config_note(config,
				       "%s: disabledRules: %s is a part of what %s finds, which "
				       "stays in force",
				       row->where, row->id, rule->id);
		else if (!rv_ruleset_remove(config->ruleset, row->id))
			rv_config_note(config, "%s: disabledRules: there is no built-in rule %s",
				       row->where, row->id);
	}
	for (size_t i = 0; i < config->drafts.count; i++)
		RV_TRY(settle_draft(config, &config->drafts.items[i], diag));
	RV_TRY(add_own(config, diag));
	RV_TRY(check_required(config, diag));
	note_unknown_targets(config);
	for (size_t i = 0; i + 1 < config->forbidden.count; i += 2) {
		if (!rv_ruleset_remove(config->ruleset, config->forbidden.items[i]) &&
		    !is_builtin(config->forbidden.items[i]))
			rv_config_note(config, "%s: there is no rule %s",
				       config->forbidden.items[i + 1], config->forbidden.items[i]);
	}
	return rv_config_compile_paths(config, diag);
}
