/* sweep: what becomes of a finding. Not here: how allowances are read (config*.c, ignore.c). */
#include "agent/sweep/filter.h"

#include "agent/base/path.h"
#include "agent/sweep/config_private.h"
#include "agent/sweep/fields.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#define PRINT_MAX 4608 /* commit:path:rule:line */

void rv_filter_init(struct rv_filter *filter, const struct rv_scan_config *config,
		    struct rv_baseline *baseline, struct rv_identity *identity, int64_t now_utc_us)
{
	const struct rv_scan_settings *settings = rv_scan_config_settings(config);
	uint32_t day = settings->rules_day;

	if (!day && baseline)
		day = rv_baseline_rules_day(baseline);
	*filter = (struct rv_filter){
		.config = config,
		.baseline = baseline,
		.identity = identity,
		.min_confidence = settings->min_confidence,
		.rules_day = day,
		.now_utc_us = now_utc_us,
	};
}

static struct rv_str plain(struct rv_str path)
{
	while (path.len > 2 && path.data[0] == '.' && path.data[1] == '/')
		path = (struct rv_str){path.data + 2, path.len - 2};
	return path;
}

static bool is_path_list(const struct rv_allowlist *list)
{
	return !list->rules && list->paths &&
	       (!list->is_and || (!list->commits && !list->regexes && !list->stop_words));
}

bool rv_filter_skips_shown(const struct rv_scan_config *config, struct rv_str shown,
			   const char **out_why)
{
	const char *why = NULL;

	shown = plain(shown);
	for (size_t i = 0; i < config->allowlists.count && !why; i++) {
		const struct rv_allowlist *list = &config->allowlists.items[i];

		if (is_path_list(list) && rv_pattern_matches(list->paths, shown))
			why = list->note;
	}
	if (out_why)
		*out_why = why;
	return why != NULL;
}

bool rv_filter_skips_path(const struct rv_scan_config *config, struct rv_str path,
			  const char **out_why)
{
	const char *why = NULL;

	path = plain(path);
	/* The last line that matches decides, as in .gitignore. */
	for (size_t i = config->paths.count; i > 0; i--) {
		const struct rv_ignore_path *entry = &config->paths.items[i - 1];

		if (!rv_glob_match(rv_str_of(entry->glob), path))
			continue;
		why = entry->is_negated ? NULL : entry->glob;
		break;
	}
	if (out_why)
		*out_why = why;
	return why != NULL || rv_filter_skips_shown(config, path, out_why);
}

static bool has_commit(const struct rv_allowlist *list, const char *commit)
{
	for (const char *const *c = list->commits; commit && c && *c; c++) {
		if (strcasecmp(*c, commit) == 0)
			return true;
	}
	return false;
}

/* Of a file that is found by its path only paths and commits are asked, as gitleaks does. */
static bool is_of_file(const struct rv_filter_question *q)
{
	return (q->rule->flags & RV_RULE_PATH_ONLY) != 0;
}

static bool has_stop_word(const struct rv_allowlist *list, const struct rv_filter_question *q)
{
	struct rv_str value = is_of_file(q) ? RV_STR_NONE : q->value;

	for (const char *const *word = list->stop_words; word && *word; word++) {
		size_t len = strlen(*word);

		for (size_t i = 0; len <= value.len && i <= value.len - len; i++) {
			if (strncasecmp((const char *)value.data + i, *word, len) == 0)
				return true;
		}
	}
	return false;
}

/* The names of one file, in gitleaks' form. */
struct names {
	struct rv_str below; /* what is scanned */
	struct rv_str shown; /* empty: the same */
};

/* "archive.zip!member". Cut short at worst. */
static struct rv_str full_path(const struct rv_filter_question *q, struct rv_str path, char *buf,
			       size_t size)
{
	path = plain(path);
	if (!q->inside || path.len == 0)
		return path;
	int len = snprintf(buf, size, "%.*s!%s", (int)(path.len < 4096 ? path.len : 4096),
			   (const char *)path.data, q->inside);
	return (struct rv_str){(const uint8_t *)buf, len < 0		  ? 0
						     : (size_t)len < size ? (size_t)len
									  : size - 1};
}

static bool has_path(const struct rv_allowlist *list, const struct names *names)
{
	if (rv_pattern_matches(list->paths, names->below) ||
	    (names->shown.len && rv_pattern_matches(list->paths, names->shown)))
		return true;
	for (const char *const *glob = list->globs; glob && *glob; glob++) {
		if (rv_glob_match(rv_str_of(*glob), names->below))
			return true;
	}
	return false;
}

static bool has_regex(const struct rv_allowlist *list, const struct rv_filter_question *q)
{
	struct rv_str target = q->value;

	if (is_of_file(q))
		return false;
	if (list->target == RV_ALLOW_MATCH && q->match.len)
		target = q->match;
	else if (list->target == RV_ALLOW_LINE)
		target = q->lines;
	return target.len && rv_pattern_matches(list->regexes, target);
}

static bool is_listed(const struct rv_allowlist *list, const struct rv_filter_question *q,
		      const struct names *names)
{
	bool is_of_rule = list->rules == NULL;

	for (const char *const *id = list->rules; id && *id && !is_of_rule; id++)
		is_of_rule = rv_fields_is_rule(q->rule, rv_str_of(*id));
	if (!is_of_rule)
		return false;
	if (list->is_and)
		return (!list->commits || has_commit(list, q->commit)) &&
		       ((!list->paths && !list->globs) || has_path(list, names)) &&
		       (!list->regexes || has_regex(list, q)) &&
		       (!list->stop_words || has_stop_word(list, q));
	return has_commit(list, q->commit) || has_path(list, names) || has_regex(list, q) ||
	       has_stop_word(list, q);
}

bool rv_filter_names_commit(const struct rv_scan_config *config, const char *commit)
{
	for (size_t i = 0; i < config->allowlists.count; i++) {
		if (has_commit(&config->allowlists.items[i], commit))
			return true;
	}
	return false;
}

bool rv_filter_has_commits(const struct rv_scan_config *config)
{
	for (size_t i = 0; i < config->allowlists.count; i++) {
		if (config->allowlists.items[i].commits)
			return true;
	}
	return false;
}

static const struct rv_ignore_print *find_print(const struct rv_scan_config *config,
						const char *print)
{
	size_t low = 0, high = config->prints.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(print, config->prints.items[middle].print);

		if (order == 0)
			return &config->prints.items[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* path:rule:line, or with commit before it; NULL also for what is too long to stand in a file. */
static const struct rv_ignore_print *find_line_of(const struct rv_filter *filter,
						  const char *commit, struct rv_str path,
						  const char *id, uint32_t line)
{
	const struct rv_ignore_print *found = NULL;
	struct rv_buf print;

	rv_buf_init(&print, PRINT_MAX);
	rv_status status = RV_OK;
	if (commit)
		status = rv_buf_printf(&print, "%s:", commit);
	if (rv_is_ok(status))
		status = rv_buf_put(&print, path.data, path.len);
	if (rv_is_ok(status))
		status = rv_buf_printf(&print, ":%s:%u", id, line);
	const char *text = rv_is_ok(status) ? rv_buf_cstr(&print) : NULL;
	if (text)
		found = find_print(filter->config, text);
	rv_buf_done(&print);
	return found;
}

static const struct rv_ignore_print *find_line(const struct rv_filter *filter,
					       const struct rv_filter_question *q,
					       struct rv_str path, const char *id)
{
	const uint32_t lines[] = {q->line, q->match_line};
	const struct rv_ignore_print *found = NULL;

	for (size_t i = 0; i < RV_LEN(lines) && !found; i++) {
		if (lines[i] == 0 && i > 0)
			continue;
		found = find_line_of(filter, NULL, path, id, lines[i]);
		if (!found && q->commit)
			found = find_line_of(filter, q->commit, path, id, lines[i]);
	}
	return found;
}

static const struct rv_ignore_print *
find_ignored(const struct rv_filter *filter, const struct rv_filter_question *q, struct rv_str path)
{
	if (filter->config->prints.count == 0 || path.len == 0)
		return NULL;
	const struct rv_ignore_print *found = find_line(filter, q, path, q->rule->id);
	for (const char *const *alias = q->rule->aliases; alias && *alias && !found; alias++)
		found = find_line(filter, q, path, *alias);
	return found;
}

static void say(struct rv_filter_answer *out, enum rv_leak_state state, const char *note)
{
	out->state = (uint8_t)state;
	(void)snprintf(out->note, sizeof(out->note), "%s", note); /* cut short at worst */
	rv_text_tame(out->note);
}

/* Beside the value, or else beside what it is encoded in. */
static void find_marker(const struct rv_filter *filter, const struct rv_filter_question *q,
			struct rv_marker *out)
{
	struct rv_marker_place place = {q->rule, q->lines, q->value_end, q->before,
					filter->now_utc_us};

	*out = (struct rv_marker){0};
	if (filter->ignores_markers)
		return;
	rv_marker_find(&place, out);
	for (size_t i = 0; i < q->spot_count && !out->name; i++) {
		struct rv_marker other;

		place.lines = q->spots[i].lines;
		place.value_end = q->spots[i].value_end;
		place.before = q->spots[i].before;
		rv_marker_find(&place, &other);
		if (other.name || other.problem[0])
			*out = other;
	}
}

/* Steps 1 to 4: what needs no fingerprint. True: decided. */
static bool judge_early(const struct rv_filter *filter, const struct rv_filter_question *q,
			struct rv_filter_answer *out)
{
	const struct rv_scan_config *config = filter->config;
	char below[PRINT_MAX], shown[PRINT_MAX];
	struct names names = {full_path(q, q->path, below, sizeof(below)),
			      full_path(q, q->shown, shown, sizeof(shown))};

	if (rv_str_equal(names.shown, names.below))
		names.shown = RV_STR_NONE;
	const struct names of_lists = {names.below,
				       filter->is_gitleaks ? names.shown : RV_STR_NONE};
	for (size_t i = 0; i < config->allowlists.count; i++) {
		if (!is_listed(&config->allowlists.items[i], q, &of_lists))
			continue;
		say(out, RV_LEAK_ALLOWED, config->allowlists.items[i].note);
		return true;
	}
	const struct rv_ignore_print *ignored = find_ignored(filter, q, names.below);
	if (!ignored)
		ignored = find_ignored(filter, q, names.shown);
	if (ignored) {
		say(out, RV_LEAK_ALLOWED, ignored->note);
		return true;
	}
	struct rv_marker marker;
	find_marker(filter, q, &marker);
	memcpy(out->problem, marker.problem, sizeof(out->problem));
	if (marker.name) {
		char note[256];

		(void)snprintf(note, sizeof(note), "%s%s%.*s", marker.name, /* as above */
			       marker.reason.len ? ": " : "", (int)marker.reason.len,
			       marker.reason.len ? (const char *)marker.reason.data : "");
		say(out, RV_LEAK_ALLOWED, note);
		out->is_marked = true;
		return true;
	}
	if (q->confidence >= filter->min_confidence)
		return false;
	say(out, RV_LEAK_WEAK, "");
	return true;
}

static bool judge_known(const struct rv_filter *filter, const struct rv_filter_question *q,
			struct rv_filter_answer *out)
{
	const struct rv_ignore_print *ignored = find_print(filter->config, out->fingerprint);
	const struct rv_baseline_question known = {q->rule,   out->fingerprint, plain(q->path),
						   q->value,  q->line,		q->match_line,
						   q->commit, plain(q->shown),	q->inside};
	const struct rv_baseline_entry *entry = NULL;
	enum rv_baseline_answer answer = RV_BASELINE_UNKNOWN;
	char note[256] = "in the report of gitleaks";

	if (ignored) {
		say(out, RV_LEAK_ALLOWED, ignored->note);
		return true;
	}
	if (filter->baseline)
		answer = rv_baseline_match(filter->baseline, &known, &entry);
	out->has_ended = answer == RV_BASELINE_ENDED;
	if (entry)
		(void)snprintf(note, sizeof(note), "%s%s%s%s", /* as above */
			       *entry->reason ? entry->reason : "in the baseline",
			       *entry->by ? " (" : "", entry->by, *entry->by ? ")" : "");
	if (answer == RV_BASELINE_KNOWN)
		say(out, RV_LEAK_BASELINE, note);
	return answer == RV_BASELINE_KNOWN;
}

rv_status rv_filter_judge(const struct rv_filter *filter, const struct rv_filter_question *q,
			  struct rv_filter_answer *out)
{
	struct rv_filter_answer answer = {.state = RV_LEAK_OPEN};

	if (judge_early(filter, q, &answer)) {
		*out = answer;
		return RV_OK;
	}
	char buf[PRINT_MAX];
	struct rv_str known_by = is_of_file(q) ? full_path(q, q->path, buf, sizeof(buf)) : q->value;
	RV_TRY(rv_identity_of(filter->identity, q->rule, known_by, answer.fingerprint,
			      &answer.is_stable));
	if (!judge_known(filter, q, &answer) && filter->rules_day &&
	    q->rule->since > filter->rules_day)
		say(&answer, RV_LEAK_NEW_RULE, "by a rule younger than the base's");
	*out = answer;
	return RV_OK;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

static bool is_near(const struct rv_required *need, const struct rv_filter_place *place,
		    const struct rv_filter_place *other)
{
	if (!rv_fields_is_rule(other->rule, rv_str_of(need->other)))
		return false;
	if (need->within_lines >= 0 &&
	    distance(place->line, other->line) > (uint32_t)need->within_lines)
		return false;
	return need->within_columns < 0 ||
	       distance(place->column, other->column) <= (uint32_t)need->within_columns;
}

bool rv_filter_is_complete(const struct rv_scan_config *config, const struct rv_filter_place *place,
			   const struct rv_filter_place *others, size_t other_count)
{
	for (size_t i = 0; i < config->required.count; i++) {
		const struct rv_required *need = &config->required.items[i];
		bool is_met =
			need->is_of_path || !rv_fields_is_rule(place->rule, rv_str_of(need->rule));

		for (size_t k = 0; k < other_count && !is_met; k++)
			is_met = is_near(need, place, &others[k]);
		if (!is_met)
			return false;
	}
	return true;
}

bool rv_filter_is_part(const struct rv_scan_config *config, const struct rv_rule *rule)
{
	for (size_t i = 0; i < config->hidden.count; i++) {
		if (rv_fields_is_rule(rule, rv_str_of(config->hidden.items[i])))
			return true;
	}
	return false;
}

bool rv_filter_has_composites(const struct rv_scan_config *config)
{
	return config->required.count > 0 || config->hidden.count > 0;
}
