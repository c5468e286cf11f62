/* cli: see baseline_verb.h: what scans. Not here: the verbs on the file alone (baseline_edit.c),
 * options and help (baseline_options.c). */
#include "agent/cli/baseline_verb.h"

#include "agent/base/path.h"
#include "agent/cli/baseline_labels.h"
#include "agent/cli/baseline_merge.h"
#include "agent/cli/baseline_within.h"
#include "agent/cli/scan_given.h"
#include "agent/cli/scan_run.h"
#include "agent/cli/scan_where.h"
#include "agent/sweep/mask.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

_Static_assert(RV_SCAN_WHERE_MAX <= PATH_MAX, "a directory fits where a path does");

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

/* Where the baseline of a scan lies: as named, else beside what is scanned, in the directory that a
 * scan would look for it. */
static rv_status file_of(struct rv_scan_ask *ask, char room[static PATH_MAX + 8], const char **out,
			 struct rv_diag *diag)
{
	if (ask->output)
		ask->baseline = ask->output;
	ask->output = NULL;
	if (ask->baseline || ask->sweep.source == RV_SWEEP_GIT) {
		*out = ask->baseline ? ask->baseline : in_root(ask->sweep.repo, room);
		return RV_OK;
	}
	RV_TRY(rv_scan_where_of(ask->sweep.paths[0], room, diag));
	(void)snprintf(room + strlen(room), 3, "/x"); /* fits */
	*out = room;
	return RV_OK;
}

/* Scans with the baseline in force, or with a new one, whose salt is then used. */
static rv_status scan(struct rv_scan_run *run, const struct rv_verb_args *args,
		      struct rv_diag *diag)
{
	char room[PATH_MAX + 8];

	RV_TRY(rv_scan_ask_of(run->out, args, RV_SWEEP_PATHS, false, &run->ask, diag));
	run->ask.makes_baseline = true;
	RV_TRY(file_of(&run->ask, room, &run->writes, diag));
	rv_status status = rv_scan_run_do(run, diag);
	run->writes = NULL; /* room ends here */
	return status;
}

/* The file is meant to be committed: a value in a path does not go into it. */
static rv_status put_leak(struct rv_baseline *baseline, struct rv_lane *lane,
			  const struct rv_leak *leak, const struct rv_baseline_labels *labels,
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

static rv_status put_leaks(struct rv_scan_run *run, const struct rv_baseline_labels *labels,
			   size_t *out_ended, struct rv_diag *diag)
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
	if (own && strcmp(own, RV_BASELINE_FILE) == 0 && rv_scan_where_top(where->dir, where))
		rv_out_hint(run->out,
			    "its settings hold here from now on, those of %s do not; one for the "
			    "whole: reeve baseline create --reason ... %s",
			    where->dir, where->dir);
}

int rv_run_baseline_create(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_scan_run_done) struct rv_scan_run run = {.out = out};
	const struct rv_baseline_labels labels = rv_baseline_labels_of(args);
	struct rv_diag diag = {0};
	size_t before = 0, ended = 0;

	rv_status status = rv_baseline_labels_check(&labels, &diag);
	if (rv_is_ok(status))
		status = rv_baseline_labels_look(&labels, args, &diag);
	if (rv_is_ok(status))
		status = scan(&run, args, &diag);
	if (rv_is_ok(status)) {
		before = rv_baseline_count(run.policy.baseline);
		status = put_leaks(&run, &labels, &ended, &diag);
	}
	if (!rv_is_ok(status))
		return rv_scan_show_failure(status, &diag);
	size_t all = rv_baseline_count(run.policy.baseline);
	rv_baseline_tell(out, run.policy.baseline_path, "added", all - before, all);
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

/* What is not looked at is not found, and would be dropped. */
static rv_status refuse_less(const struct rv_verb_args *args, struct rv_diag *diag)
{
	static const char *const keys[][2] = {{"exclude", "exclude"},
					      {"enable_rule", "enable-rule"},
					      {"max_file", "max-file"},
					      {"decode_depth", "decode-depth"},
					      {"archive_depth", "archive-depth"},
					      {"range", "range"},
					      {"since", "since"}};

	for (size_t i = 0; i < RV_LEN(keys); i++) {
		if (!json_object_get(args->json, keys[i][0]))
			continue;
		rv_diag_next(diag, "prune without it; what holds for every scan stands in "
				   ".reeve.yaml");
		return rv_fail(
			RV_CLASS_MISCONFIGURED, diag,
			"prune takes no --%s: what is not looked at would be dropped as gone",
			keys[i][1]);
	}
	return RV_OK;
}

/* Likewise; here, since the configuration is known only then. */
static rv_status refuse_less_sure(const struct rv_scan_run *run, struct rv_diag *diag)
{
	unsigned usual = rv_scan_config_settings(run->policy.config)->min_confidence;

	if (!run->ask.has_min_confidence || run->ask.min_confidence <= usual)
		return RV_OK;
	rv_diag_next(diag, "prune with at most --min-confidence %u", usual);
	return rv_fail(RV_CLASS_MISCONFIGURED, diag,
		       "prune with --min-confidence %u: what is less sure would be dropped as gone",
		       run->ask.min_confidence);
}

/* Entries that were not found and stay, since they were not looked for. */
struct left {
	const struct rv_baseline_within *within;
	const struct rv_ruleset *rules;
	size_t elsewhere, ruleless;
};

static bool is_left(void *user, const struct rv_baseline_entry *entry)
{
	struct left *left = user;

	if (!rv_baseline_within_has(left->within, entry->path)) {
		left->elsewhere++;
		return true;
	}
	if (strcmp(entry->rule, RV_BASELINE_NO_RULE) == 0 ||
	    rv_ruleset_find(left->rules, entry->rule))
		return false;
	left->ruleless++;
	return true;
}

static void tell_left(const struct rv_out *out, const struct left *left)
{
	if (left->elsewhere > 0)
		rv_out_hint(out,
			    "%zu not found and left: their paths lie outside of what was scanned; "
			    "next: prune where they lie, or reeve baseline expire FINGERPRINT",
			    left->elsewhere);
	if (left->ruleless > 0)
		rv_out_hint(out,
			    "%zu not found and left: their rules are not known here; next: prune "
			    "with the --rules or --config that has them, or reeve baseline expire "
			    "FINGERPRINT",
			    left->ruleless);
}

/* Of a part of what the baseline is about nothing can be said: a value that is gone there may have
 * moved to the rest. */
static rv_status refuse_part(const struct rv_scan_run *run, const struct rv_baseline_within *within,
			     struct rv_diag *diag)
{
	size_t count = 0, outside = 0;
	const struct rv_baseline_entry *entries = rv_baseline_entries(run->policy.baseline, &count);

	if (!rv_baseline_within_is_part(within))
		return RV_OK;
	for (size_t i = 0; i < count; i++)
		outside += !rv_baseline_within_has(within, entries[i].path);
	if (outside == 0)
		return RV_OK;
	rv_diag_next(diag, "reeve baseline prune --baseline %s %s",
		     rv_out_safe(run->policy.baseline_path),
		     rv_out_safe(rv_baseline_within_dir(within)));
	return rv_fail(RV_CLASS_MISCONFIGURED, diag,
		       "%s has %zu that lie outside of what was scanned: a value that is gone here "
		       "may be there",
		       rv_out_safe(run->policy.baseline_path), outside);
}

/* A name mistyped would be a baseline where nothing is to be dropped. */
static rv_status refuse_none(const struct rv_scan_run *run, struct rv_diag *diag)
{
	if (access(run->policy.baseline_path, F_OK) == 0)
		return RV_OK;
	rv_diag_next(diag, "name it: --baseline FILE; or make it: reeve baseline create");
	return rv_fail(RV_CLASS_NOT_FOUND, diag, "there is no baseline %s",
		       rv_out_safe(run->policy.baseline_path));
}

static rv_status drop(struct rv_scan_run *run, struct left *left, size_t *out_dropped,
		      struct rv_diag *diag)
{
	RV_CLEANUP(rv_baseline_within_freep) struct rv_baseline_within *within = NULL;
	const char *file = run->policy.baseline_path;

	RV_TRY(rv_baseline_within_new(&run->ask, file, &within, diag));
	RV_TRY(refuse_part(run, within, diag));
	*left = (struct left){within, rv_scan_config_rules(run->policy.config), 0, 0};
	*out_dropped = rv_baseline_prune(run->policy.baseline, is_left, left);
	left->within = NULL; /* ends here */
	return *out_dropped > 0 ? rv_baseline_save(run->policy.baseline, file, diag) : RV_OK;
}

int rv_run_baseline_prune(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_scan_run_done) struct rv_scan_run run = {.out = out};
	struct rv_diag diag = {0};
	struct left left = {0};
	size_t dropped = 0;

	rv_status status = refuse_less(args, &diag);
	if (rv_is_ok(status))
		status = scan(&run, args, &diag);
	if (rv_is_ok(status))
		status = refuse_none(&run, &diag);
	if (rv_is_ok(status))
		status = refuse_less_sure(&run, &diag);
	if (rv_is_ok(status)) {
		status = refuse_incomplete(&run, &diag);
		if (!rv_is_ok(status)) {
			rv_scan_show_failure(status, &diag);
			return 3;
		}
		status = drop(&run, &left, &dropped, &diag);
	}
	if (!rv_is_ok(status))
		return rv_scan_show_failure(status, &diag);
	rv_baseline_tell(out, run.policy.baseline_path, "dropped", dropped,
			 rv_baseline_count(run.policy.baseline));
	tell_left(out, &left);
	return 0;
}
