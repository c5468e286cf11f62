/* cli: see baseline_verb.h. Options and help are in baseline_options.c. */
#include "agent/cli/baseline_verb.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/path.h"
#include "agent/cli/baseline_merge.h"
#include "agent/cli/scan_given.h"
#include "agent/cli/scan_run.h"
#include "agent/cli/scan_where.h"
#include "agent/sweep/fields.h"
#include "agent/sweep/mask.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_FILE ".reeve-baseline.json"

static const char *text_of(const struct rv_verb_args *args, const char *key, const char *fallback)
{
	return rv_json_text(args->json, key, fallback);
}

/* "2026-11-27", so many days from now. */
static void day_of(int64_t now_utc_us, int days, char out[16])
{
	time_t at = (time_t)(now_utc_us / RV_US_PER_S) + (time_t)days * 86400;
	struct tm tm = {0};

	gmtime_r(&at, &tm);
	(void)strftime(out, 16, "%Y-%m-%d", &tm); /* fits for any year of four digits */
}

static const char *who(const struct rv_verb_args *args)
{
	const char *user = getenv("USER");

	return text_of(args, "by", user && *user ? user : "");
}

/* What the people-readable fields of a new entry are. */
struct labels {
	const char *reason, *by, *until;
	char added[16];
};

static struct labels labels_of(const struct rv_verb_args *args)
{
	struct labels l = {.reason = text_of(args, "reason", ""),
			   .by = who(args),
			   .until = text_of(args, "until", "")};

	day_of(rv_now_utc_us(), 0, l.added);
	return l;
}

/* What a new entry may say. */
static rv_status check_labels(const struct labels *labels, struct rv_diag *diag)
{
	int64_t end = INT64_MAX;

	if (!*labels->reason) {
		rv_diag_next(diag, "--reason \"why this may stay\"");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "a reason is wanted: who reads the baseline next year will ask");
	}
	if (!*labels->until)
		return RV_OK;
	bool is_day = rv_fields_day_end(rv_str_of(labels->until), &end);
	if (is_day && end > rv_now_utc_us())
		return RV_OK;
	rv_diag_next(diag, "--until with a day from %s on", labels->added);
	if (!is_day)
		return rv_fail(RV_CLASS_MALFORMED, diag, "--until is a day, as 2027-01-01");
	return rv_fail(RV_CLASS_MISCONFIGURED, diag,
		       "--until %s has passed: such an entry hides nothing", labels->until);
}

/* The root of the repository that path lies in, else what path is; "/x" behind it, since only its
 * folder counts. */
static const char *in_root(const char *path, char room[static PATH_MAX + 8])
{
	if (!realpath(path, room))
		return path;
	rv_scan_given_go_up(room);
	(void)snprintf(room + strlen(room), 3, "/x"); /* fits */
	return room;
}

/* Where the baseline of a scan lies: as named, else beside what is scanned. */
static const char *file_of(struct rv_scan_ask *ask, char room[static PATH_MAX + 8])
{
	if (ask->output)
		ask->baseline = ask->output;
	ask->output = NULL;
	if (ask->baseline)
		return ask->baseline;
	if (ask->sweep.source == RV_SWEEP_GIT)
		return in_root(ask->sweep.repo, room);
	if (strlen(ask->sweep.paths[0]) >= PATH_MAX)
		return ask->sweep.paths[0];
	(void)snprintf(room, PATH_MAX + 8, "%s/x", ask->sweep.paths[0]); /* fits */
	return room;
}

/* Scans with the baseline in force, or with a new one, whose salt is then used. */
static rv_status scan(struct rv_scan_run *run, const struct rv_verb_args *args,
		      struct rv_diag *diag)
{
	char room[PATH_MAX + 8];

	RV_TRY(rv_scan_ask_of(run->out, args, RV_SWEEP_PATHS, false, &run->ask, diag));
	run->ask.makes_baseline = true;
	run->writes = file_of(&run->ask, room);
	rv_status status = rv_scan_run_do(run, diag);
	run->writes = NULL; /* room ends here */
	return status;
}

/* The file is meant to be committed: a value in a path does not go into it. */
static rv_status put_leak(struct rv_baseline *baseline, struct rv_lane *lane,
			  const struct rv_leak *leak, const struct labels *labels,
			  struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf masked = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf path = {0};

	rv_buf_init(&masked, 1 << 16);
	rv_buf_init(&path, 1 << 16);
	RV_TRY(rv_mask_path(lane, leak->path, &masked));
	RV_TRY(rv_path_escape(rv_buf_view(&masked), &path));
	const char *shown = rv_buf_cstr(&path);
	if (!shown)
		return rv_fail_nomem(diag);
	const struct rv_baseline_entry entry = {.fingerprint = leak->fingerprint,
						.rule = leak->rule->id,
						.path = shown,
						.reason = labels->reason,
						.by = labels->by,
						.added = labels->added,
						.until = labels->until};
	return rv_baseline_add(baseline, &entry, diag);
}

/* To be added? What nothing would know again is not (a gap says so), nor what is there: an entry
 * that has ended was meant to be looked at, and only `add` renews it. Asked of all before any is
 * added: to ask in between would sort them each time. */
static bool is_for_baseline(struct rv_scan_run *run, const struct rv_leak *leak, size_t *ended)
{
	const struct rv_baseline_question question = {.rule = leak->rule,
						      .fingerprint = leak->fingerprint};

	if (leak->is_passing || (leak->state != RV_LEAK_OPEN && leak->state != RV_LEAK_NEW_RULE))
		return false;
	if (rv_baseline_match(run->policy.baseline, &question, NULL) != RV_BASELINE_ENDED)
		return true;
	(*ended)++;
	return false;
}

static rv_status put_leaks(struct rv_scan_run *run, const struct labels *labels, size_t *out_ended,
			   struct rv_diag *diag)
{
	const struct rv_leaks *leaks = &run->result.leaks;
	RV_CLEANUP(rv_lane_freep) struct rv_lane *lane = NULL;
	RV_CLEANUP(rv_freep) bool *is_new = calloc(leaks->count + 1, sizeof(*is_new));

	*out_ended = 0;
	if (!is_new)
		return rv_fail_nomem(diag);
	RV_TRY(rv_lane_new(run->anchors.scanner, &lane));
	for (size_t i = 0; i < leaks->count; i++)
		is_new[i] = is_for_baseline(run, &leaks->items[i], out_ended);
	for (size_t i = 0; i < leaks->count; i++) {
		if (is_new[i])
			RV_TRY(put_leak(run->policy.baseline, lane, &leaks->items[i], labels,
					diag));
	}
	rv_baseline_set_rules_day(run->policy.baseline, rv_rule_table_day());
	return rv_baseline_save(run->policy.baseline, run->policy.baseline_path, diag);
}

static size_t count_entries(struct rv_baseline *baseline)
{
	size_t count = 0;

	(void)rv_baseline_entries(baseline, &count); /* only how many */
	return count;
}

/* One sentence, or one object with the same numbers. */
static void tell(struct rv_out *out, const char *file, const char *verb, size_t changed, size_t all)
{
	if (!out->is_json && !out->is_jsonl) {
		rv_out_line(out, "%s: %zu %s, %zu in all", rv_out_safe(file), changed, verb, all);
		return;
	}
	RV_CLEANUP(rv_jsonp)
	json_t *told = json_pack("{s:s, s:I, s:I}", "file", file, verb, (json_int_t)changed,
				 "entries", (json_int_t)all);
	RV_CLEANUP(rv_freep) char *text = told ? json_dumps(told, JSON_COMPACT) : NULL;
	rv_out_line(out, "%s", text ? text : "{}");
}

static void tell_gaps(const struct rv_out *out, const struct rv_scan_run *run)
{
	if (run->result.leaks.gap_total > 0)
		rv_out_hint(out, "%llu not scanned whole; see: reeve scan --strict",
			    (unsigned long long)run->result.leaks.gap_total);
}

static void tell_ended(const struct rv_out *out, size_t ended)
{
	if (ended > 0)
		rv_out_hint(
			out,
			"%zu left as told: their entries have ended; next: reeve baseline list "
			"--ended, and to renew one: reeve baseline add FINGERPRINT --reason ...",
			ended);
}

/* A first file of settings here: from then on those of the top do not hold here. */
static void warn_of_top(const struct rv_scan_run *run)
{
	RV_CLEANUP(rv_freep) struct rv_scan_where *where = malloc(sizeof(*where));

	if (!where || run->ask.baseline || run->ask.sweep.source != RV_SWEEP_PATHS ||
	    !rv_is_ok(rv_scan_where_find(&run->ask, where, NULL)))
		return;
	const char *own = rv_scan_where_settings(where->dir);
	if (own && strcmp(own, DEFAULT_FILE) == 0 && rv_scan_where_top(where->dir, where))
		rv_out_hint(run->out,
			    "its settings hold here from now on, those of %s do not; one for the "
			    "whole: reeve baseline create --reason ... %s",
			    where->dir, where->dir);
}

int rv_run_baseline_create(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_scan_run_done) struct rv_scan_run run = {.out = out};
	const struct labels labels = labels_of(args);
	struct rv_diag diag = {0};
	size_t before = 0, ended = 0;

	rv_status status = check_labels(&labels, &diag);
	if (rv_is_ok(status))
		status = scan(&run, args, &diag);
	if (rv_is_ok(status)) {
		before = count_entries(run.policy.baseline);
		status = put_leaks(&run, &labels, &ended, &diag);
	}
	if (!rv_is_ok(status))
		return rv_scan_show_failure(status, &diag);
	size_t all = count_entries(run.policy.baseline);
	tell(out, run.policy.baseline_path, "added", all - before, all);
	tell_gaps(out, &run);
	tell_ended(out, ended);
	if (before == 0)
		warn_of_top(&run);
	rv_baseline_hint_merge(out, run.policy.baseline_path);
	return 0;
}

static rv_status refuse_incomplete(const struct rv_scan_run *run, struct rv_diag *diag)
{
	if (run->result.leaks.gap_total == 0)
		return RV_OK;
	rv_diag_next(diag, "reeve scan --strict");
	return rv_fail(RV_CLASS_CONFLICT, diag,
		       "%llu not scanned whole: what was not found may be there",
		       (unsigned long long)run->result.leaks.gap_total);
}

int rv_run_baseline_prune(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_scan_run_done) struct rv_scan_run run = {.out = out};
	struct rv_diag diag = {0};
	size_t dropped = 0;

	rv_status status = scan(&run, args, &diag);
	if (rv_is_ok(status)) {
		status = refuse_incomplete(&run, &diag);
		if (!rv_is_ok(status)) {
			rv_scan_show_failure(status, &diag);
			return 3;
		}
		dropped = rv_baseline_prune(run.policy.baseline);
		status = dropped > 0 ? rv_baseline_save(run.policy.baseline,
							run.policy.baseline_path, &diag)
				     : RV_OK;
	}
	if (!rv_is_ok(status))
		return rv_scan_show_failure(status, &diag);
	tell(out, run.policy.baseline_path, "dropped", dropped, count_entries(run.policy.baseline));
	return 0;
}

/* There is none here: perhaps at the top. */
static void say_where(const char *named, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) struct rv_scan_where *where = malloc(sizeof(*where));

	if (!named && where && rv_scan_where_top(".", where) &&
	    rv_scan_where_has(where->dir, DEFAULT_FILE))
		rv_diag_next(diag, "--baseline %s/%s", where->dir, DEFAULT_FILE);
	else
		rv_diag_next(diag, "reeve baseline create --reason \"...\"");
}

/* The baseline that is named, or that of this directory. */
static rv_status load(const struct rv_verb_args *args, const char **out_file,
		      struct rv_baseline **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	*out_file = text_of(args, "baseline", DEFAULT_FILE);
	rv_buf_init(&text, RV_BASELINE_FILE_MAX);
	rv_status status = rv_file_read(*out_file, RV_BASELINE_FILE_MAX, &text, diag);
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND)
		say_where(text_of(args, "baseline", NULL), diag);
	RV_TRY(status);
	return rv_baseline_parse(rv_buf_view(&text), *out_file, rv_now_utc_us(), out, diag);
}

int rv_run_baseline_add(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *baseline = NULL;
	const struct labels labels = labels_of(args);
	const struct rv_baseline_entry entry = {.fingerprint = text_of(args, "fingerprint", ""),
						.rule = text_of(args, "rule", "unknown"),
						.path = text_of(args, "path", ""),
						.reason = labels.reason,
						.by = labels.by,
						.added = labels.added,
						.until = labels.until};
	struct rv_diag diag = {0};
	const char *file = NULL;
	size_t before = 0;

	rv_status status = check_labels(&labels, &diag);
	if (rv_is_ok(status))
		status = load(args, &file, &baseline, &diag);
	if (rv_is_ok(status)) {
		before = count_entries(baseline);
		status = rv_baseline_add(baseline, &entry, &diag);
	}
	if (rv_is_ok(status))
		status = rv_baseline_save(baseline, file, &diag);
	if (!rv_is_ok(status))
		return rv_scan_show_failure(status, &diag);
	size_t all = count_entries(baseline);
	tell(out, file, all == before ? "replaced" : "added", 1, all);
	rv_baseline_hint_merge(out, file);
	return 0;
}

static const struct rv_baseline_entry *find(struct rv_baseline *baseline, const char *fingerprint)
{
	size_t count = 0;
	const struct rv_baseline_entry *entries = rv_baseline_entries(baseline, &count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(entries[i].fingerprint, fingerprint) == 0)
			return &entries[i];
	}
	return NULL;
}

static rv_status end_entry(struct rv_baseline *baseline, const struct rv_verb_args *args,
			   struct rv_diag *diag)
{
	const char *fingerprint = text_of(args, "fingerprint", "");
	const struct rv_baseline_entry *old = find(baseline, fingerprint);
	char yesterday[16];

	if (!old) {
		rv_diag_next(diag, "reeve baseline list");
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "the baseline has no entry %s",
			       rv_out_safe(fingerprint));
	}
	day_of(rv_now_utc_us(), -1, yesterday);
	struct rv_baseline_entry entry = *old;
	entry.until = text_of(args, "on", yesterday);
	return rv_baseline_add(baseline, &entry, diag);
}

int rv_run_baseline_expire(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *baseline = NULL;
	struct rv_diag diag = {0};
	const char *file = NULL;

	rv_status status = load(args, &file, &baseline, &diag);
	if (rv_is_ok(status))
		status = end_entry(baseline, args, &diag);
	if (rv_is_ok(status))
		status = rv_baseline_save(baseline, file, &diag);
	if (!rv_is_ok(status))
		return rv_scan_show_failure(status, &diag);
	tell(out, file, "ended", 1, count_entries(baseline));
	return 0;
}

static rv_status list_json(struct rv_baseline *baseline, bool only_ended)
{
	size_t count = 0;
	const struct rv_baseline_entry *e = rv_baseline_entries(baseline, &count);
	RV_CLEANUP(rv_jsonp) json_t *list = json_array();

	for (size_t i = 0; list && i < count; i++) {
		bool has_ended = rv_baseline_has_ended(baseline, &e[i]);

		if (only_ended && !has_ended)
			continue;
		if (json_array_append_new(list,
					  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b}",
						    "fingerprint", e[i].fingerprint, "rule",
						    e[i].rule, "path", e[i].path, "reason",
						    e[i].reason, "by", e[i].by, "added", e[i].added,
						    "until", e[i].until, "ended", has_ended)) != 0)
			return rv_fail_nomem(NULL);
	}
	RV_CLEANUP(rv_freep) char *text = list ? json_dumps(list, JSON_INDENT(1)) : NULL;
	if (!text)
		return rv_fail_nomem(NULL);
	return puts(text) >= 0 ? RV_OK : rv_fail_errno(NULL, "writing");
}

static rv_status list_rows(struct rv_baseline *baseline, const struct rv_out *out, bool only_ended)
{
	static const struct rv_table_column columns[] = {
		{"FINGERPRINT", false, false}, {"RULE", false, false}, {"PATH", false, true},
		{"ADDED", false, false},       {"BY", false, false},   {"UNTIL", false, false},
		{"REASON", false, false}};
	RV_CLEANUP(rv_table_freep) struct rv_table *table = NULL;
	size_t count = 0;
	const struct rv_baseline_entry *e = rv_baseline_entries(baseline, &count);

	RV_TRY(rv_table_new(columns, RV_LEN(columns), &table));
	for (size_t i = 0; i < count; i++) {
		bool has_ended = rv_baseline_has_ended(baseline, &e[i]);
		const char *cells[] = {e[i].fingerprint,
				       rv_out_safe(e[i].rule),
				       rv_out_safe(e[i].path),
				       e[i].added[0] ? e[i].added : "-",
				       e[i].by[0] ? rv_out_safe(e[i].by) : "-",
				       e[i].until[0] ? e[i].until : "-",
				       e[i].reason[0] ? rv_out_safe(e[i].reason) : "-"};

		if (has_ended || !only_ended)
			RV_TRY(rv_table_row(table, has_ended ? RV_INK_YELLOW : RV_INK_PLAIN,
					    cells));
	}
	rv_table_print(table, out);
	return RV_OK;
}

int rv_run_baseline_list(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *baseline = NULL;
	bool only_ended = json_object_get(args->json, "ended") != NULL;
	struct rv_diag diag = {0};
	const char *file = NULL;

	rv_status status = load(args, &file, &baseline, &diag);
	if (rv_is_ok(status))
		status = out->is_json || out->is_jsonl ? list_json(baseline, only_ended)
						       : list_rows(baseline, out, only_ended);
	return rv_is_ok(status) ? 0 : rv_scan_show_failure(status, &diag);
}
