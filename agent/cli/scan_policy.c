/* cli: see scan_policy.h. */
#include "agent/cli/scan_policy.h"

#include "agent/base/clock.h"
#include "agent/base/path.h"
#include "agent/base/yaml.h"
#include "agent/cli/policy_file.h"
#include "agent/cli/policy_source.h"
#include "agent/cli/scan_given.h"
#include "agent/cli/scan_others.h"
#include "agent/cli/scan_untracked.h"
#include "agent/cli/scan_where.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static rv_status load_bytes(struct rv_scan_policy *p, enum rv_scan_source source,
			    const struct rv_buf *text, const char *name, struct rv_diag *diag)
{
	p->file_count++;
	rv_policy_source_took(&p->read, rv_buf_view(text));
	return rv_scan_config_load(p->config, source, rv_buf_view(text), name, diag);
}

static rv_status load_if_there(struct rv_scan_policy *p, struct rv_policy_source *s,
			       enum rv_scan_source source, const char *name, bool *out_is_there,
			       struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	rv_buf_init(&text, RV_SCAN_CONFIG_FILE_MAX);
	rv_status status = rv_policy_source_read(s, name, &text, diag);
	*out_is_there = rv_class_of(status) != RV_CLASS_NOT_FOUND;
	if (!*out_is_there)
		return RV_OK;
	RV_TRY(status);
	return load_bytes(p, source, &text, name, diag);
}

/* *out_counts false: it does not. */
static rv_status load_file(struct rv_scan_policy *p, struct rv_policy_source *s,
			   enum rv_scan_source source, const char *path, bool *out_counts,
			   struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	RV_TRY(rv_policy_source_counts(s, p->config, path, out_counts, diag));
	if (!*out_counts)
		return RV_OK;
	rv_buf_init(&text, RV_SCAN_CONFIG_FILE_MAX);
	RV_TRY(rv_policy_source_given(s, path, &text, diag));
	return load_bytes(p, source, &text, path, diag);
}

static enum rv_scan_source source_of(const char *path)
{
	struct rv_str s = rv_str_of(path);

	return rv_str_ends_with(s, ".yaml") || rv_str_ends_with(s, ".yml")
		       ? RV_SCAN_SOURCE_NATIVE
		       : RV_SCAN_SOURCE_GITLEAKS;
}

/* What the caller named as the configuration; *out_counts false: nothing, or it does not. */
static rv_status load_named_config(struct rv_scan_policy *p, const struct rv_scan_ask *ask,
				   struct rv_policy_source *s, bool *out_counts,
				   struct rv_diag *diag)
{
	const char *named = ask->config ? ask->config : getenv("GITLEAKS_CONFIG");
	const char *text = getenv("GITLEAKS_CONFIG_TOML");

	*out_counts = true;
	if (named && *named)
		return load_file(p, s, source_of(named), named, out_counts, diag);
	*out_counts = text && *text;
	if (!*out_counts)
		return RV_OK;
	p->file_count++;
	rv_policy_source_took(&p->read, rv_str_of(text));
	return rv_scan_config_load(p->config, RV_SCAN_SOURCE_GITLEAKS, rv_str_of(text),
				   "GITLEAKS_CONFIG_TOML", diag);
}

static rv_status load_config(struct rv_scan_policy *p, const struct rv_scan_ask *ask,
			     struct rv_policy_source *s, struct rv_diag *diag)
{
	bool is_there = false;

	s->is_trusted = true; /* the caller's own */
	rv_status status = load_named_config(p, ask, s, &is_there, diag);
	s->is_trusted = false;
	if (!rv_is_ok(status) || is_there)
		return status;
	RV_TRY(rv_policy_source_find(s, diag));
	RV_TRY(load_if_there(p, s, RV_SCAN_SOURCE_GITLEAKS, ".gitleaks.toml", &is_there, diag));
	return load_if_there(p, s, RV_SCAN_SOURCE_NATIVE, ".reeve.yaml", &is_there, diag);
}

/* Where gitleaks is called its ignore file counts too, whatever is scanned. Not where a ref's files
 * are those that count. */
static rv_status load_ignore_here(struct rv_scan_policy *p, struct rv_policy_source *s,
				  struct rv_diag *diag)
{
	static const char path[] = "./.gitleaksignore";
	struct stat here, there;
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	if (s->view || access(path, F_OK) != 0)
		return RV_OK;
	if (stat(".", &here) == 0 && stat(s->dir, &there) == 0 && here.st_dev == there.st_dev &&
	    here.st_ino == there.st_ino)
		return RV_OK; /* was read */
	rv_buf_init(&text, RV_SCAN_CONFIG_FILE_MAX);
	RV_TRY(rv_policy_file_read(".", path, RV_SCAN_CONFIG_FILE_MAX, &text, diag));
	return load_bytes(p, RV_SCAN_SOURCE_FINGERPRINTS, &text, path, diag);
}

static rv_status load_ignores(struct rv_scan_policy *p, const struct rv_scan_ask *ask,
			      struct rv_policy_source *s, struct rv_diag *diag)
{
	static const struct {
		const char *name;
		enum rv_scan_source source;
	} files[] = {{".gitleaksignore", RV_SCAN_SOURCE_FINGERPRINTS},
		     {".betterleaksignore", RV_SCAN_SOURCE_FINGERPRINTS},
		     {".reeveignore", RV_SCAN_SOURCE_IGNORE}};
	char path[4200];
	struct stat st;

	for (size_t i = 0; i < RV_LEN(files); i++) {
		bool is_there = false;

		RV_TRY(load_if_there(p, s, files[i].source, files[i].name, &is_there, diag));
	}
	if (!ask->ignore_path)
		return ask->is_gitleaks ? load_ignore_here(p, s, diag) : RV_OK;
	if (stat(ask->ignore_path, &st) != 0)
		return rv_fail_errno(diag, "cannot read %s", ask->ignore_path);
	(void)snprintf(path, sizeof(path), "%s%s", ask->ignore_path,
		       S_ISDIR(st.st_mode) ? "/.gitleaksignore" : ""); /* cut: not found */
	if (access(path, F_OK) != 0)
		return RV_OK; /* gitleaks takes a directory without one */
	bool is_there = false;
	return load_file(p, s, RV_SCAN_SOURCE_FINGERPRINTS, path, &is_there, diag);
}

/* A pattern counts from what is scanned: with the settings of the top it is put there. */
static rv_status put_exclude(const struct rv_scan_policy *p, const char *pattern,
			     struct rv_buf *text)
{
	const char *from = pattern + (*pattern == '!');
	const char *slash = strchr(from, '/');

	if (!p->below || !slash || !slash[1])
		return rv_buf_printf(text, "%s\n", pattern);
	for (char *const *below = p->below; *below; below++) {
		RV_TRY(rv_buf_put_str(text, *pattern == '!' ? "!/" : "/"));
		for (const char *c = *below; *c; c++) {
			if (strchr("*?[]\\!", *c))
				RV_TRY(rv_buf_put_byte(text, '\\'));
			RV_TRY(rv_buf_put_byte(text, (uint8_t)*c));
		}
		RV_TRY(rv_buf_printf(text, "%s\n", from + (*from == '/')));
	}
	return RV_OK;
}

static rv_status load_excludes(struct rv_scan_policy *p, const struct rv_scan_ask *ask,
			       struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	size_t index;
	const json_t *item;

	rv_buf_init(&text, RV_SCAN_CONFIG_FILE_MAX);
	json_array_foreach (ask->excludes, index, item)
		RV_TRY(put_exclude(p, json_string_value(item), &text));
	return text.len > 0 ? load_bytes(p, RV_SCAN_SOURCE_IGNORE, &text, "--exclude", diag)
			    : RV_OK;
}

/* Rules of one's own come as a configuration that names them. */
static rv_status load_rules(struct rv_scan_policy *p, const struct rv_scan_ask *ask,
			    struct rv_policy_source *s, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	size_t index, count = 0;
	const json_t *item;

	rv_buf_init(&text, RV_SCAN_CONFIG_FILE_MAX);
	RV_TRY(rv_buf_put_str(&text, "scan:\n  rules:\n"));
	json_array_foreach (ask->rules, index, item) {
		RV_CLEANUP(rv_freep)
		char *path = rv_scan_given_absolute(json_string_value(item));
		bool is_there = false;

		if (!path)
			return rv_fail(RV_CLASS_MISCONFIGURED, diag, "--rules: a path too long");
		if (strpbrk(path, "'\n"))
			return rv_fail(RV_CLASS_MISCONFIGURED, diag,
				       "a path with quotes or line "
				       "ends cannot be given as --rules");
		RV_TRY(rv_policy_source_counts(s, p->config, path, &is_there, diag));
		if (!is_there)
			continue;
		RV_TRY(rv_buf_printf(&text, "    - '%s'\n", path));
		count++;
	}
	return count > 0 ? load_bytes(p, RV_SCAN_SOURCE_NATIVE, &text, "--rules", diag) : RV_OK;
}

/* A public id is no finding: it names a secret, whose rule, where one does, is enabled with it. */
static void tell_halves(struct rv_scan_policy *p, const char *const *ids)
{
	char note[256];

	const struct rv_ruleset *rules = rv_scan_config_rules(p->config);

	for (; *ids; ids++) {
		if (!rv_ruleset_is_half(rules, *ids))
			continue;
		(void)snprintf(note, sizeof(note), /* cut short at worst */
			       "--enable-rule %s: it only names a secret, and is no finding by "
			       "itself: %s",
			       *ids,
			       rv_ruleset_needs(rules, *ids)
				       ? "the rules of the secrets it names are enabled too"
				       : "no rule needs it, so that it enables nothing");
		rv_scan_config_note(p->config, note);
	}
}

static rv_status no_rule(const struct rv_ruleset *rules, const char *id, struct rv_diag *diag)
{
	size_t count;
	const struct rv_rule *const *rows = rv_ruleset_rows(rules, &count);
	RV_CLEANUP(rv_freep) const char **known = calloc(count + 1, sizeof(*known));

	for (size_t i = 0; known && i < count; i++)
		known[i] = rows[i]->id;
	const char *near = known ? rv_suggest(id, known) : NULL;
	rv_diag_next(diag, "reeve rules list");
	return rv_fail(RV_CLASS_NOT_FOUND, diag, "--enable-rule: there is no rule %s%s%s%s", id,
		       near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
}

static rv_status narrow(struct rv_scan_policy *p, const struct rv_scan_ask *ask,
			struct rv_diag *diag)
{
	size_t count = json_array_size(ask->enable_rules);
	RV_CLEANUP(rv_freep) const char **ids = calloc(count + 1, sizeof(*ids));

	if (count == 0)
		return RV_OK;
	if (!ids)
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < count; i++)
		ids[i] = json_string_value(json_array_get(ask->enable_rules, i));
	for (size_t i = 0; i < count; i++) {
		if (!rv_ruleset_find(rv_scan_config_rules(p->config), ids[i]))
			return no_rule(rv_scan_config_rules(p->config), ids[i], diag);
	}
	tell_halves(p, ids);
	return rv_ruleset_only(rv_scan_config_rules_edit(p->config), ids, diag);
}

static void say_no_baseline(const struct rv_scan_settings *settings, bool is_of_config,
			    struct rv_diag *diag)
{
	if (is_of_config)
		rv_diag_set(diag, "%s: there is no baseline %s", settings->baseline_at,
			    rv_yaml_path_quoted(settings->baseline));
	rv_diag_next(diag, is_of_config ? "mend the name, relative to what is scanned, or make "
					  "it: reeve baseline create --reason ..."
					: "reeve baseline create");
}

static void note_two_days(struct rv_scan_policy *p, const char *name)
{
	uint32_t day = rv_baseline_rules_day(p->baseline);
	char note[256];

	if (!rv_baseline_had_two_days(p->baseline))
		return;
	(void)snprintf(note, sizeof(note), /* cut short at worst */
		       "%.150s: two rules_day, as a merge leaves them: the later, %04u-%02u-%02u, "
		       "holds",
		       name, day / 10000, day / 100 % 100, day % 100);
	rv_scan_config_note(p->config, note);
}

static rv_status load_baseline(struct rv_scan_policy *p, const struct rv_scan_ask *ask,
			       struct rv_policy_source *s, struct rv_diag *diag)
{
	const struct rv_scan_settings *settings = rv_scan_config_settings(p->config);
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	const char *name = settings->baseline ? settings->baseline : ".reeve-baseline.json";
	char path[5000];

	if (!ask->config && !ask->baseline && !rv_policy_source_stays_below(name))
		return rv_fail(RV_CLASS_DENIED, diag,
			       "%s: the configuration names a baseline outside of the tree: %s",
			       settings->baseline_at, rv_yaml_path_quoted(name));
	rv_status status;

	rv_buf_init(&text, RV_BASELINE_FILE_MAX);
	(void)snprintf(path, sizeof(path), "%s/%s", s->dir, name); /* cut: not found below */
	p->baseline_path = strdup(ask->baseline ? ask->baseline : path);
	if (!p->baseline_path)
		return rv_fail_nomem(diag);
	if (ask->makes_baseline && access(p->baseline_path, F_OK) != 0)
		return rv_baseline_new(rv_rule_table_day(), rv_now_utc_us(), &p->baseline);
	if (ask->baseline) {
		bool is_there = false;

		RV_TRY(rv_policy_source_counts(s, p->config, ask->baseline, &is_there, diag));
		if (!is_there)
			return RV_OK;
	} else if (settings->baseline && s->view) {
		RV_TRY(rv_named_add(s->given, name));
	}
	s->is_trusted = ask->config && settings->baseline; /* named by the caller's own */
	status = ask->baseline ? rv_policy_source_given(s, ask->baseline, &text, diag)
			       : rv_policy_source_read(s, name, &text, diag);
	s->is_trusted = false;
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND && !ask->baseline && !settings->baseline)
		return RV_OK;
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND)
		say_no_baseline(settings, ask->baseline == NULL, diag);
	RV_TRY(status);
	name = ask->baseline ? ask->baseline : name;
	RV_TRY(rv_baseline_parse(rv_buf_view(&text), name, rv_now_utc_us(), &p->baseline, diag));
	note_two_days(p, name);
	return RV_OK;
}

/* Where a root lies below the top, "" when it does not; *gives*. NULL: no memory. */
static char *below_top(const char *root, const char *top)
{
	RV_CLEANUP(rv_freep) struct rv_scan_where *where = malloc(sizeof(*where));
	RV_CLEANUP(rv_freep) char *dir = malloc(RV_SCAN_WHERE_MAX);

	if (!where || !dir)
		return NULL;
	bool is_below = rv_is_ok(rv_scan_where_of(root, dir, NULL)) &&
			rv_scan_where_top(dir, where) && strcmp(where->dir, top) == 0;
	return strdup(is_below ? where->below : "");
}

/* Of the top of the work tree: said, and where what is scanned lies in it. */
static rv_status take_top(struct rv_scan_policy *p, const struct rv_policy_source *s)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf note = {0};
	size_t count = 0;

	if (!s->is_top)
		return RV_OK;
	rv_buf_init(&note, 2 * RV_SCAN_WHERE_MAX);
	RV_TRY(rv_buf_printf(&note, "settings are those of %s, the top of the work tree", s->dir));
	if (!rv_buf_cstr(&note))
		return rv_fail_nomem(NULL);
	rv_scan_config_note(p->config, rv_buf_cstr(&note));
	while (p->roots && p->roots[count])
		count++;
	p->below = calloc(count + 1, sizeof(*p->below));
	if (!p->below)
		return rv_fail_nomem(NULL);
	for (size_t i = 0; i < count; i++) {
		p->below[i] = below_top(p->roots[i], s->dir);
		if (!p->below[i])
			return rv_fail_nomem(NULL);
	}
	return RV_OK;
}

/* The baseline that the change leaves, where the caller names none. */
static rv_status look_ahead(struct rv_scan_policy *p, const struct rv_scan_ask *ask,
			    struct rv_policy_source *s)
{
	const char *named = rv_scan_config_settings(p->config)->baseline;
	const char *name = named ? named : ".reeve-baseline.json";

	return ask->baseline || !rv_policy_source_stays_below(name)
		       ? RV_OK
		       : rv_policy_source_look_ahead(s, name);
}

static rv_status load_all(struct rv_scan_policy *p, const struct rv_scan_ask *ask,
			  struct rv_policy_source *s, struct rv_diag *diag)
{
	const struct rv_scan_reader reader = {rv_policy_source_for_config, s};

	RV_TRY(rv_scan_config_new(&reader, rv_now_utc_us(), &p->config));
	s->config = p->config;
	RV_TRY(load_config(p, ask, s, diag));
	s->is_trusted = true;
	RV_TRY(load_rules(p, ask, s, diag));
	s->is_trusted = false;
	RV_TRY(rv_scan_config_settle(p->config, diag));
	RV_TRY(narrow(p, ask, diag));
	RV_TRY(s->watch->ready(s->watch->user, rv_scan_config_rules(p->config), diag));
	RV_TRY(rv_policy_source_find(s, diag));
	RV_TRY(take_top(p, s));
	rv_scan_note_others(ask, s->dir, p->config);
	if (ask->sweep.with_worktree)
		rv_scan_note_untracked(s->opened->git, p->config);
	RV_TRY(load_ignores(p, ask, s, diag));
	RV_TRY(load_excludes(p, ask, diag));
	RV_TRY(rv_scan_config_seal(p->config, diag));
	RV_TRY(load_baseline(p, ask, s, diag));
	RV_TRY(look_ahead(p, ask, s));
	RV_TRY(rv_identity_new(p->baseline ? rv_baseline_salt(p->baseline) : NULL, &p->identity));
	rv_filter_init(&p->filter, p->config, p->baseline, p->identity, rv_now_utc_us());
	if (ask->has_min_confidence)
		p->filter.min_confidence = ask->min_confidence;
	p->filter.is_gitleaks = ask->is_gitleaks;
	/* Under --diff a marker beside what is told is the change's own. */
	p->filter.ignores_markers =
		ask->ignores_foreign_marks || ask->sweep.source == RV_SWEEP_DIFF;
	return RV_OK;
}

rv_status rv_scan_policy_load(struct rv_scan_policy *policy, const struct rv_scan_ask *ask,
			      const struct rv_scan_policy_watch *watch, struct rv_diag *diag)
{
	struct rv_repo_view view = {0};
	struct rv_leaks gaps = {0};
	struct rv_policy_source source = {.ask = ask,
					  .watch = watch,
					  .opened = &view,
					  .gaps = &gaps,
					  .read = &policy->read,
					  .given = &policy->given};

	*policy = (struct rv_scan_policy){.under = ask->under};
	policy->has_no_paths = ask->sweep.source == RV_SWEEP_STDIN;
	policy->roots = ask->sweep.source == RV_SWEEP_PATHS ? ask->sweep.paths : NULL;
	rv_status status = load_all(policy, ask, &source, diag);
	rv_repo_view_done(&view);
	rv_leaks_done(&gaps); /* the scan itself tells them again */
	return status;
}

void rv_scan_policy_done(struct rv_scan_policy *policy)
{
	rv_identity_free(policy->identity);
	rv_baseline_free(policy->baseline);
	rv_scan_config_free(policy->config);
	free(policy->baseline_path);
	for (char **below = policy->below; below && *below; below++)
		free(*below);
	free(policy->below);
	rv_named_done(&policy->given);
}
