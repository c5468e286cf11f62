/* sweep: .gitleaks.toml of version 8: [extend], [[rules]], and where allowlists stand. Keys are
 * read without regard to case, as gitleaks does. Not here: allowlist tables
 * (config_gitleaks_list.c), the rules in force (config_seal.c). */
#include "agent/base/toml.h"
#include "agent/scan/rules_compose.h"
#include "agent/sweep/config_private.h"
#include "agent/sweep/re2.h"

#include <math.h>
#include <strings.h>

#define ID_MAX	   128
#define TEXT_MAX   1024
#define GROUP_MAX  99
#define WITHIN_MAX 100000

/* One file of a chain of files that extend each other. */
struct file {
	struct rv_scan_config *config;
	const struct rv_yaml *y;
	size_t depth;		/* 0: the one that was given */
	size_t disabled_before; /* of config->disabled: what files above this one switch off */
	struct rv_diag *diag;
};

static void note_unknown(const struct file *f, const json_t *table, const char *const *known,
			 const char *what)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)table, key, value) {
		bool is_known = false;
		unsigned line, column;

		for (const char *const *k = known; *k && !is_known; k++)
			is_known = strcasecmp(*k, key) == 0;
		if (is_known)
			continue;
		rv_yaml_mark(f->y, table, key, &line, &column);
		rv_config_note(f->config, "%s:%u:%u: %s is no key of %s: it has no effect",
			       rv_yaml_file(f->y), line, column, key, what);
	}
}

/* A text of the arena; NULL for a missing or empty one. */
static rv_status read_text(const struct file *f, const json_t *table, const char *key, size_t max,
			   const char **out)
{
	const char *name = key;
	const json_t *value = rv_config_get(table, key, &name);

	*out = NULL;
	if (!value || (json_is_string(value) && json_string_length(value) == 0))
		return RV_OK;
	if (!json_is_string(value) || json_string_length(value) > max)
		return rv_yaml_fail(f->y, table, name, f->diag, "%s is text of at most %zu bytes",
				    key, max);
	*out = rv_arena_text(&f->config->arena, rv_str_of(json_string_value(value)));
	return *out ? RV_OK : rv_fail_nomem(f->diag);
}

static rv_status read_number(const struct file *f, const json_t *table, const char *key, double max,
			     double *out)
{
	const char *name = key;
	const json_t *value = rv_config_get(table, key, &name);

	*out = 0;
	if (!value)
		return RV_OK;
	if (!json_is_number(value) || !(json_number_value(value) >= 0) ||
	    json_number_value(value) > max)
		return rv_yaml_fail(f->y, table, name, f->diag, "%s is a number of 0 to %g", key,
				    max);
	*out = json_number_value(value);
	return RV_OK;
}

static rv_status read_flag(const struct file *f, const json_t *table, const char *key, bool *out)
{
	const char *name = key;
	const json_t *value = rv_config_get(table, key, &name);

	if (value && !json_is_boolean(value))
		return rv_yaml_fail(f->y, table, name, f->diag, "%s is true or false", key);
	*out = json_is_true(value);
	return RV_OK;
}

/* A Go regex as PCRE2, compiled once to be sure. NULL in out for a missing one. */
static rv_status read_regex(const struct file *f, const json_t *table, const char *key,
			    const char **out, struct rv_re2_facts *facts)
{
	const char *name = key, *text;
	struct rv_diag why = {0};
	struct rv_buf pcre;

	*out = NULL;
	RV_TRY(read_text(f, table, key, RV_RE2_TEXT_MAX, &text));
	(void)rv_config_get(table, key, &name); /* for the key as it is written */
	if (!text)
		return RV_OK;
	rv_buf_init(&pcre, RV_RE2_TEXT_MAX);
	rv_status status = rv_re2_translate(rv_str_of(text), &pcre, facts, &why);
	if (rv_is_ok(status)) {
		*out = rv_arena_text(&f->config->arena, rv_buf_view(&pcre));
		status = *out ? rv_rules_regex_lint(*out, &why) : rv_fail_nomem(&why);
	}
	rv_buf_done(&pcre);
	if (rv_class_of(status) == RV_CLASS_MALFORMED)
		return rv_yaml_fail(f->y, table, name, f->diag, "%s: %s", key, why.text);
	return rv_is_ok(status) ? RV_OK : rv_fail(rv_class_of(status), f->diag, "%s", why.text);
}

static rv_status read_draft(const struct file *f, const json_t *table, struct rv_draft *draft)
{
	static const char *const known[] = {"id",	   "description", "path",     "regex",
					    "secretGroup", "entropy",	  "keywords", "tags",
					    "allowlist",   "allowlists",  "required", "skipReport",
					    NULL};
	struct rv_re2_facts facts = {0}, path_facts;
	double entropy, group;
	unsigned line, column;

	if (!json_is_object(table))
		return rv_yaml_fail(f->y, table, NULL, f->diag, "a rule is a table: [[rules]]");
	note_unknown(f, table, known, "a rule");
	RV_TRY(read_text(f, table, "id", ID_MAX, &draft->id));
	if (!draft->id)
		return rv_yaml_fail(f->y, table, NULL, f->diag, "this rule has no id");
	RV_TRY(read_text(f, table, "description", TEXT_MAX, &draft->description));
	RV_TRY(read_regex(f, table, "regex", &draft->regex, &facts));
	RV_TRY(read_regex(f, table, "path", &draft->path, &path_facts));
	RV_TRY(read_number(f, table, "entropy", 8, &entropy));
	RV_TRY(read_number(f, table, "secretGroup", GROUP_MAX, &group));
	RV_TRY(read_flag(f, table, "skipReport", &draft->is_hidden));
	RV_TRY(rv_config_read_texts(f->config, f->y, table, "keywords", &draft->keywords, f->diag));
	bool has_secret, matches_empty = false;
	uint32_t groups;
	if (draft->regex &&
	    (!rv_rules_regex_facts(draft->regex, &has_secret, &matches_empty, &groups) ||
	     matches_empty))
		return rv_yaml_fail(f->y, table, NULL, f->diag,
				    "%s: the regex matches where nothing is",
				    rv_yaml_quoted(draft->id));
	if (draft->regex && group > facts.groups)
		return rv_yaml_fail(f->y, table, NULL, f->diag,
				    "%s: secretGroup is %g and the regex has %u groups",
				    rv_yaml_quoted(draft->id), group, facts.groups);
	draft->group = (uint16_t)group;
	draft->entropy = (uint16_t)lround(entropy * 1000);
	draft->groups = facts.groups;
	if (facts.literal[0])
		draft->literal = rv_arena_text(&f->config->arena, rv_str_of(facts.literal));
	rv_yaml_mark(f->y, table, NULL, &line, &column);
	draft->where = rv_config_text(f->config, "%s:%u:%u", rv_yaml_file(f->y), line, column);
	return draft->where ? RV_OK : rv_fail_nomem(f->diag);
}

static rv_status join_keywords(const struct file *f, struct rv_draft *to,
			       const struct rv_draft *from)
{
	size_t n = 0, m = 0;

	while (to->keywords && to->keywords[n])
		n++;
	while (from->keywords && from->keywords[m])
		m++;
	const char **all = rv_arena_array(&f->config->arena, n + m + 1, sizeof(*all));
	if (!all)
		return rv_fail_nomem(f->diag);
	for (size_t i = 0; i < n; i++)
		all[i] = to->keywords[i];
	for (size_t i = 0; i < m; i++)
		all[n + i] = from->keywords[i];
	to->keywords = n + m ? all : NULL;
	return RV_OK;
}

/* What a file above says wins; what it does not say comes from the file it extends. */
static rv_status merge(const struct file *f, struct rv_draft *to, const struct rv_draft *from)
{
	to->description = to->description ? to->description : from->description;
	to->path = to->path ? to->path : from->path;
	to->entropy = to->entropy ? to->entropy : from->entropy;
	to->group = to->group ? to->group : from->group;
	if (!to->regex) {
		to->regex = from->regex;
		to->literal = from->literal;
		to->groups = from->groups;
	}
	return join_keywords(f, to, from);
}

static bool is_disabled_above(const struct file *f, const char *id)
{
	for (size_t i = 0; i < f->disabled_before; i++) {
		if (strcmp(f->config->disabled.items[i].id, id) == 0)
			return true;
	}
	return false;
}

/* drafts[first..] are of this file. */
static rv_status keep_draft(const struct file *f, const struct rv_draft *draft, size_t first)
{
	struct rv_scan_config *config = f->config;

	for (size_t i = 0; i < config->drafts.count; i++) {
		struct rv_draft *known = &config->drafts.items[i];

		if (strcmp(known->id, draft->id) != 0)
			continue;
		if (i < first)
			return merge(f, known, draft);
		rv_config_note(config, "%s: %s is there twice: the later one holds", draft->where,
			       draft->id);
		*known = *draft;
		return RV_OK;
	}
	RV_TRY(RV_LIST_ROOM(&config->drafts, f->diag));
	config->drafts.items[config->drafts.count++] = *draft;
	return RV_OK;
}

static rv_status read_distance(const struct file *f, const json_t *table, const char *key, int *out)
{
	double value;

	*out = -1;
	if (!rv_config_get(table, key, NULL))
		return RV_OK;
	RV_TRY(read_number(f, table, key, WITHIN_MAX, &value));
	*out = (int)value;
	return RV_OK;
}

static rv_status read_required(const struct file *f, const json_t *rule, const char *id)
{
	const char *key = "required";
	const json_t *list = rv_config_get(rule, "required", &key);

	if (list && !json_is_array(list))
		return rv_yaml_fail(f->y, rule, key, f->diag, "required is [[rules.required]]");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *table = json_array_get(list, i);
		struct rv_required need = {.rule = id};

		if (!json_is_object(table))
			return rv_yaml_fail(f->y, rule, key, f->diag,
					    "required is [[rules.required]]");
		RV_TRY(read_text(f, table, "id", ID_MAX, &need.other));
		if (!need.other)
			return rv_yaml_fail(f->y, table, NULL, f->diag,
					    "required has no id: of which rule?");
		RV_TRY(read_distance(f, table, "withinLines", &need.within_lines));
		RV_TRY(read_distance(f, table, "withinColumns", &need.within_columns));
		RV_TRY(RV_LIST_ROOM(&f->config->required, f->diag));
		f->config->required.items[f->config->required.count++] = need;
	}
	return RV_OK;
}

/* `allowlist` (one, or several as newer files write it) and `allowlists`; not both. */
static rv_status read_allowlists(const struct file *f, const json_t *from, const char *rule)
{
	const char *key = "allowlist";
	const json_t *old = rv_config_get(from, "allowlist", &key);
	const json_t *lists = rv_config_get(from, "allowlists", NULL);
	const char **own = NULL;

	if (old && json_array_size(lists) > 0)
		return rv_yaml_fail(f->y, from, key, f->diag,
				    "allowlist and allowlists stand here together: move the first "
				    "into the second");
	if (rule) {
		own = rv_arena_array(&f->config->arena, 2, sizeof(*own));
		if (!own)
			return rv_fail_nomem(f->diag);
		own[0] = rule;
	}
	const json_t *all = old ? old : lists;
	size_t count = json_is_array(all) ? json_array_size(all) : all ? 1 : 0;
	for (size_t i = 0; i < count; i++) {
		const json_t *table = json_is_array(all) ? json_array_get(all, i) : all;
		const char *const *rules = own;

		if (!rule && json_is_object(table))
			RV_TRY(rv_config_read_texts(f->config, f->y, table, "targetRules", &rules,
						    f->diag));
		RV_TRY(rv_config_read_allowlist(f->config, f->y, table, rules, f->diag));
	}
	return RV_OK;
}

static rv_status read_rules(const struct file *f, const json_t *root)
{
	const char *key = "rules";
	const json_t *list = rv_config_get(root, "rules", &key);
	size_t first = f->config->drafts.count;

	if (list && !json_is_array(list))
		return rv_yaml_fail(f->y, root, key, f->diag, "rules are written [[rules]]");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *table = json_array_get(list, i);
		struct rv_draft draft = {0};

		RV_TRY(read_draft(f, table, &draft));
		if (is_disabled_above(f, draft.id))
			continue;
		RV_TRY(keep_draft(f, &draft, first));
		RV_TRY(read_required(f, table, draft.id));
		RV_TRY(read_allowlists(f, table, draft.id));
	}
	return RV_OK;
}

static rv_status read_disabled(const struct file *f, const json_t *extend)
{
	const char *key = "disabledRules";
	const char *const *ids;
	unsigned line, column;

	RV_TRY(rv_config_read_texts(f->config, f->y, extend, key, &ids, f->diag));
	if (!ids)
		return RV_OK;
	(void)rv_config_get(extend, key, &key); /* as it is written there */
	rv_yaml_mark(f->y, extend, key, &line, &column);
	const char *where = rv_config_text(f->config, "%s:%u:%u", rv_yaml_file(f->y), line, column);
	if (!where)
		return rv_fail_nomem(f->diag);
	for (; *ids; ids++) {
		RV_TRY(RV_LIST_ROOM(&f->config->disabled, f->diag));
		f->config->disabled.items[f->config->disabled.count++] =
			(struct rv_disabled){.id = *ids, .where = where};
	}
	return RV_OK;
}

static rv_status read_extend(const struct file *f, const json_t *root, const char **out_path)
{
	static const char *const known[] = {"useDefault", "path", "url", "disabledRules", NULL};
	const char *key = "extend", *url;
	const json_t *extend = rv_config_get(root, "extend", &key);
	bool has_default;

	*out_path = NULL;
	if (!extend)
		return RV_OK;
	if (!json_is_object(extend))
		return rv_yaml_fail(f->y, root, key, f->diag, "extend is a table: [extend]");
	note_unknown(f, extend, known, "[extend]");
	RV_TRY(read_flag(f, extend, "useDefault", &has_default));
	RV_TRY(read_text(f, extend, "path", TEXT_MAX, out_path));
	RV_TRY(read_text(f, extend, "url", TEXT_MAX, &url));
	if (url)
		return rv_yaml_fail(f->y, extend, NULL, f->diag,
				    "extend.url is not followed (nor does gitleaks): fetch the "
				    "file and name its path");
	if (has_default && *out_path)
		return rv_yaml_fail(f->y, extend, NULL, f->diag,
				    "extend has useDefault or path: not both");
	bool is_last = f->depth == RV_SCAN_CONFIG_EXTEND_MAX;
	if (is_last && (has_default || *out_path))
		rv_config_note(f->config, "%s extends %s: not followed, the chain is %d files long",
			       rv_yaml_file(f->y), has_default ? "the default" : *out_path,
			       RV_SCAN_CONFIG_EXTEND_MAX + 1);
	f->config->has_default = f->config->has_default || (has_default && !is_last);
	*out_path = is_last ? NULL : *out_path;
	return read_disabled(f, extend);
}

static rv_status read_file(struct file *f, const char **out_path)
{
	static const char *const known[] = {"title",	 "description", "extend",     "rules",
					    "allowlist", "allowlists",	"minVersion", NULL};
	const json_t *root = rv_yaml_root(f->y);
	const char *version;

	note_unknown(f, root, known, "a gitleaks configuration");
	RV_TRY(read_text(f, root, "minVersion", TEXT_MAX, &version));
	if (version)
		rv_config_note(f->config, "%s: minVersion %s is not looked at", rv_yaml_file(f->y),
			       version);
	f->disabled_before = f->config->disabled.count;
	RV_TRY(read_extend(f, root, out_path));
	RV_TRY(read_rules(f, root));
	return read_allowlists(f, root, NULL);
}

rv_status rv_config_load_gitleaks(struct rv_scan_config *config, struct rv_str text,
				  const char *name, struct rv_diag *diag)
{
	struct file f = {.config = config, .diag = diag};
	struct rv_buf bytes;
	rv_status status = RV_OK;

	config->has_gitleaks = true;
	rv_buf_init(&bytes, RV_SCAN_CONFIG_FILE_MAX);
	for (const char *path = NULL; rv_is_ok(status); f.depth++) {
		RV_CLEANUP(rv_yaml_freep) struct rv_yaml *y = NULL;

		status = rv_toml_parse(text, name, &y, diag);
		f.y = y;
		if (rv_is_ok(status))
			status = read_file(&f, &path);
		if (!rv_is_ok(status) || !path)
			break;
		rv_buf_reset(&bytes);
		status = rv_config_read(config, path, &bytes, diag);
		if (!rv_is_ok(status))
			rv_diag_prefix(diag, "%s: extend.path", name);
		text = rv_buf_view(&bytes);
		name = path;
	}
	rv_buf_done(&bytes);
	return status;
}
