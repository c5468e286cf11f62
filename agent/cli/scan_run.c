/* cli: see scan_run.h. */
#include "agent/cli/scan_run.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"
#include "agent/cli/build.h"
#include "agent/cli/local_verbs.h"
#include "agent/cli/scan_check.h"
#include "agent/cli/scan_progress.h"
#include "agent/cli/scan_signal.h"
#include "agent/sandbox/confine.h"
#include "agent/sweep/mask.h"
#include "agent/sweep/mask_report.h"

#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NOTES_SHOWN 10

static const char *dir_of(const char *path, char room[4096])
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return ".";
	size_t len = slash == path ? 1 : (size_t)(slash - path);
	if (len >= 4096)
		return path;
	memcpy(room, path, len);
	room[len] = '\0';
	return room;
}

/* Reads everything, writes where the report and the ledger go, talks to nobody. */
static rv_status confine(struct rv_scan_run *s, struct rv_diag *diag)
{
	char rooms[2][4096];
	struct rv_confine_path paths[3] = {{.path = "/"}};
	size_t count = 1;
	uint64_t walls = 0;

	const char *output = s->writes ? s->writes : s->ask.output;
	if (output)
		paths[count++] = (struct rv_confine_path){.path = dir_of(output, rooms[0]),
							  .is_writable = true};
	if (s->ask.sweep.ledger)
		paths[count++] = (struct rv_confine_path){
			.path = dir_of(s->ask.sweep.ledger, rooms[1]), .is_writable = true};
	rv_status status = rv_confine_scan(paths, count, &walls, diag);
	if (rv_is_ok(status) || s->ask.may_be_open) {
		if (!rv_is_ok(status))
			*diag = (struct rv_diag){0};
		return RV_OK;
	}
	rv_diag_next(diag, "reeve scan --no-confine goes on without that wall");
	return status;
}

static void on_progress(void *user, const struct rv_progress *now)
{
	struct rv_scan_run *s = user;
	char line[RV_SCAN_PROGRESS_MAX];

	rv_scan_progress_text(now, rv_boot_us() - s->started_boot_us, line);
	rv_out_progress(s->out, line);
}

/* An option goes before the configuration. */
static void take_settings(struct rv_scan_run *s)
{
	const struct rv_scan_settings *set = rv_scan_config_settings(s->policy.config);
	struct rv_scan_ask *ask = &s->ask;

	if (!ask->has_decode_depth)
		ask->decode_depth = set->decode_depth < RV_DECODE_DEPTH_MAX ? set->decode_depth
									    : RV_DECODE_DEPTH_MAX;
	if (!ask->has_archive_depth)
		ask->sweep.archive_depth = set->archive_depth;
	if (!ask->has_max_file)
		ask->sweep.max_file = set->max_file_bytes;
	ask->is_strict |= set->is_strict;
}

static rv_status put_rule(const struct rv_rule *r, struct rv_buf *out)
{
	RV_TRY(rv_buf_printf(out, "%s %u %u %u %u %u %u %u %u %s %s %s", r->id, r->confidence,
			     r->flags, r->behind, r->ahead, r->within, r->min_entropy,
			     r->entropy_above, r->group, r->regex ? r->regex : "",
			     r->check ? r->check : "", r->path_regex ? r->path_regex : ""));
	for (const char *const *a = r->anchors; a && *a; a++)
		RV_TRY(rv_buf_printf(out, " %s", *a));
	for (const char *const *n = r->near; n && *n; n++)
		RV_TRY(rv_buf_printf(out, " ~%s", *n));
	return rv_buf_put_byte(out, '\n');
}

/* Another build may judge otherwise by the same rules. Without a mark of it no ledger is taken up.
 */
static rv_status put_build(struct rv_buf *out)
{
	struct rv_str note = rv_build_note();
	uint8_t random[16];

	if (note.len > 0)
		return rv_buf_put(out, note.data, note.len);
	rv_random(random, sizeof(random));
	return rv_buf_put(out, random, sizeof(random));
}

/* A file that held nothing holds nothing while these are the same. */
static rv_status set_ledger_key(struct rv_scan_run *s)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	size_t count = 0;
	const struct rv_rule *const *rows =
		rv_ruleset_rows(rv_scan_config_rules(s->policy.config), &count);

	if (!s->ask.sweep.ledger)
		return RV_OK;
	rv_buf_init(&text, (size_t)16 << 20);
	RV_TRY(rv_buf_printf(&text, "%s %u %u %u %llu %d\n", RV_VERSION, s->ask.decode_depth,
			     s->ask.sweep.archive_depth, s->policy.filter.min_confidence,
			     (unsigned long long)s->ask.sweep.max_file, s->ask.shows_all));
	RV_TRY(put_build(&text));
	for (size_t i = 0; i < count; i++)
		RV_TRY(put_rule(rows[i], &text));
	RV_TRY(rv_buf_put(&text, s->policy.read.bytes, sizeof(s->policy.read.bytes)));
	struct rv_digest d = rv_sha256(text.data, text.len);
	s->ask.sweep.ledger_key = rv_get_u64(d.bytes);
	return RV_OK;
}

/* What becomes of a finding; its value is kept when it may be asked about. Any thread. */
static rv_status on_leak(void *user, struct rv_leaks *leaks, struct rv_leak *leak,
			 const struct rv_judging *about)
{
	struct rv_scan_run *s = user;

	RV_TRY(rv_scan_policy_judge(&s->policy, leaks, leak, about));
	return s->validation ? rv_validation_note(s->validation, leak, about->value) : RV_OK;
}

static bool holds(void *user, const struct rv_rule *rule, struct rv_str path, const char *inside)
{
	const struct rv_scan_run *s = user;

	return rv_scan_policy_holds(&s->policy, rule, path, inside);
}

/* Behind the walls nobody may ask any more. */
static uint64_t descriptors(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

static rv_status prepare(struct rv_scan_run *s, struct rv_diag *diag)
{
	struct rv_sweep_options *o = &s->ask.sweep;

	s->started_utc_us = rv_now_utc_us();
	s->started_boot_us = rv_boot_us();
	/* Names in archives; the converters of the C library cannot be loaded any more later. */
	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* else such characters are shown as '?' */
	(void)setenv("TZ", "UTC0", 1); /* without it each time in an archive asks for a file */
	tzset();
	o->open_files = descriptors();
	RV_TRY(rv_scan_check_paths(o, diag));
	if (s->ask.validates)
		RV_TRY(rv_validation_open(&s->ask, s->libexec, &s->validation, diag));
	rv_scan_anchors_open(&s->anchors, &s->ask);
	RV_TRY(confine(s, diag));
	if (s->validation)
		RV_TRY(rv_validation_seal(s->validation, &s->ask, diag));
	const struct rv_scan_policy_watch watch = {rv_scan_anchors_reading, rv_scan_anchors_make,
						   &s->anchors};
	RV_TRY(rv_scan_policy_load(&s->policy, &s->ask, &watch, diag));
	if (s->validation)
		rv_validation_settle(s->validation, rv_scan_config_settings(s->policy.config));
	if (s->ask.is_verbose && !s->out->is_quiet)
		(void)fprintf(stderr, "reeve scan: %s\n", s->anchors.told); /* to stderr */
	take_settings(s);
	RV_TRY(set_ledger_key(s));
	const struct rv_rule *key_rule =
		rv_ruleset_find(rv_scan_config_rules(s->policy.config), "private-key");
	s->shared = (struct rv_sweep_shared){
		.scanner = s->anchors.scanner,
		.decode_depth = s->ask.decode_depth,
		.min_confidence = s->policy.filter.min_confidence,
		.shows_all = s->ask.shows_all,
		.salt = s->policy.baseline ? rv_baseline_salt(s->policy.baseline) : NULL,
		.judge = on_leak,
		.judge_user = s,
		.holds = holds,
		.path_rules = rv_filter_path_rules(s->policy.config),
		.key_rule = key_rule && key_rule->matcher == RV_MATCHER_PEM ? key_rule : NULL,
		.composites = rv_filter_has_composites(s->policy.config) ? s->policy.config : NULL,
	};
	rv_random(s->shared.key.bytes, sizeof(s->shared.key.bytes));
	o->shared = &s->shared;
	o->wants = rv_scan_policy_wants;
	o->expects = rv_scan_policy_expects;
	o->passes = rv_filter_has_commits(s->policy.config) ? rv_scan_policy_passes : NULL;
	o->brings = s->policy.under ? rv_scan_policy_brings : NULL;
	o->wants_user = &s->policy;
	o->given = &s->policy.given;
	if (s->counts_costs)
		(void)rv_ruleset_rows(rv_scan_config_rules(s->policy.config),
				      &o->cost_count); /* only how many */
	if (s->out->err_is_tty && !s->out->is_quiet) {
		o->progress = on_progress;
		o->progress_user = s;
	}
	return RV_OK;
}

static void tell_spent(struct rv_scan_run *s)
{
	struct rv_leaks *leaks = &s->result.leaks;

	if (!rv_identity_is_spent(s->policy.identity))
		return;
	rv_leaks_gap(leaks, rv_str_of(s->policy.baseline_path), NULL, "identity-limit",
		     "more guessable values than are compared with a baseline");
	rv_leaks_sort(leaks);
}

/* Packs and indexes are mapped; git replaces them whole, and so do editors with what they write. A
 * byte that is gone cannot be read around from here: only calls that signals allow. */
static void on_cut_short(int number)
{
	static const char text[] = "reeve: a file was cut short by another process while it was "
				   "read: nothing is told of this scan\n"
				   "next: scan again when nobody writes there\n";

	(void)number;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1); /* the exit code says it too */
	_exit(2);
}

static void watch_for_cuts(void)
{
	struct sigaction action = {.sa_handler = on_cut_short};

	(void)sigemptyset(&action.sa_mask);	/* cannot fail */
	(void)sigaction(SIGBUS, &action, NULL); /* else it ends by the signal */
}

/* With more guessable values than are derived the threads decided by chance which ones: all is
 * scanned once more, the ones being chosen. What is scanned in one order needs no second pass. */
static bool goes_again(struct rv_scan_run *s)
{
	enum rv_sweep_source source = s->ask.sweep.source;
	bool is_in_threads = source == RV_SWEEP_PATHS || source == RV_SWEEP_DIFF;

	return is_in_threads && !s->validation && !rv_scan_signal_name() &&
	       s->ask.sweep.max_time_us == 0 && rv_identity_choose(s->policy.identity);
}

static rv_status sweep(struct rv_scan_run *s, struct rv_diag *diag)
{
	if (s->tells_in_part) {
		rv_scan_signal_watch();
		s->ask.sweep.stops = rv_scan_signal_flag();
	}
	RV_TRY(rv_sweep_run(&s->ask.sweep, &s->result, diag));
	if (!goes_again(s))
		return RV_OK;
	rv_sweep_result_done(&s->result);
	s->result = (struct rv_sweep_result){0};
	if (s->policy.baseline)
		rv_baseline_forget_found(s->policy.baseline);
	return rv_sweep_run(&s->ask.sweep, &s->result, diag);
}

/* What rules match and what was found; values may be NULL. */
static rv_status mask_text(struct rv_lane *lane, const struct rv_values *values, struct rv_str text,
			   struct rv_buf *out)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf masked = {0};

	rv_buf_init(&masked, (size_t)1 << 20);
	RV_TRY(rv_mask_name(lane, text, &masked));
	if (!values)
		return rv_buf_put(out, masked.data, masked.len);
	return rv_mask_known(values, rv_buf_view(&masked), 0, out);
}

rv_status rv_scan_run_mask(struct rv_scan_run *s, struct rv_str text, struct rv_buf *out)
{
	RV_CLEANUP(rv_lane_freep) struct rv_lane *lane = NULL;

	RV_TRY(rv_lane_new(s->anchors.scanner, &lane));
	return mask_text(lane, &s->result.leaks.values, text, out);
}

/* Paths after "--" that nothing was brought in at: a wrong name would look like a clean history. */
static rv_status note_paths(const struct rv_scan_run *s)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf note = {0};
	size_t count = json_array_size(s->policy.under);

	rv_buf_init(&note, PATH_MAX + 128);
	for (size_t i = 0; i < count && i < RV_SCAN_UNDER_SEEN; i++) {
		const char *path = json_string_value(json_array_get(s->policy.under, i));

		if (s->policy.under_seen >> i & 1 || !*path || strlen(path) > PATH_MAX)
			continue;
		rv_buf_reset(&note);
		RV_TRY(rv_buf_printf(&note, "no commit that was asked for brings in anything at %s",
				     path));
		if (!rv_buf_cstr(&note))
			return rv_fail_nomem(NULL);
		rv_scan_config_note(s->policy.config, rv_buf_cstr(&note));
	}
	return RV_OK;
}

/* They name what stands in a configuration, which may be a value. */
static rv_status mask_notes(struct rv_scan_run *s, struct rv_lane *lane)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	struct rv_leaks *leaks = &s->result.leaks;
	size_t count = 0;
	const char *const *notes = rv_scan_config_notes(s->policy.config, &count);

	rv_buf_init(&text, (size_t)1 << 20);
	s->notes = calloc(count + 1, sizeof(*s->notes));
	if (!s->notes)
		return rv_fail_nomem(NULL);
	for (size_t i = 0; i < count; i++) {
		rv_buf_reset(&text);
		RV_TRY(mask_text(lane, &leaks->values, rv_str_of(notes[i]), &text));
		s->notes[i] = rv_leaks_text(leaks, rv_buf_view(&text));
		if (!s->notes[i])
			return rv_fail_nomem(NULL);
		s->note_count++;
	}
	return RV_OK;
}

/* What the configuration says and does not get: on standard error, whatever the report's format. */
static void tell_notes(const struct rv_scan_run *s)
{
	for (size_t i = 0; i < s->note_count && i < NOTES_SHOWN; i++)
		rv_out_hint(s->out, "reeve scan: note: %s", rv_out_safe(s->notes[i]));
	if (s->note_count > NOTES_SHOWN)
		rv_out_hint(s->out, "reeve scan: %zu more notes: --format json has them",
			    s->note_count - NOTES_SHOWN);
}

/* Before anything of it is told; of a scan that failed the notes alone are. */
static rv_status mask_all(struct rv_scan_run *s)
{
	RV_CLEANUP(rv_lane_freep) struct rv_lane *lane = NULL;

	RV_TRY(rv_lane_new(s->anchors.scanner, &lane));
	RV_TRY(mask_notes(s, lane));
	tell_notes(s);
	return rv_mask_report(&s->result.leaks, lane);
}

rv_status rv_scan_run_do(struct rv_scan_run *s, struct rv_diag *diag)
{
	watch_for_cuts();
	RV_TRY(prepare(s, diag));
	rv_status status = sweep(s, diag);
	rv_out_progress_end(s->out);
	if (rv_is_ok(status))
		tell_spent(s);
	if (rv_is_ok(status))
		status = note_paths(s);
	if (rv_is_ok(status) && s->validation)
		status = rv_validation_run(s->validation, s->out, &s->result.leaks, diag);
	rv_status masked = mask_all(s);
	return rv_is_ok(status) ? masked : status;
}

void rv_scan_run_done(struct rv_scan_run *s)
{
	rv_scan_anchors_done(&s->anchors);
	rv_scanner_free(s->anchors.scanner);
	rv_sweep_result_done(&s->result);
	rv_validation_free(s->validation);
	rv_scan_policy_done(&s->policy);
	free(s->notes);
}

static rv_status mask_into(struct rv_lane *lane, char *text, size_t room)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf out = {0};

	rv_buf_init(&out, (size_t)1 << 16);
	RV_TRY(mask_text(lane, NULL, rv_str_of(text), &out));
	const char *shown = rv_buf_cstr(&out);
	if (!shown)
		return rv_fail_nomem(NULL);
	(void)snprintf(text, room, "%s", shown); /* cut short at worst */
	return RV_OK;
}

/* By the rules that are always there: a scan may fail before it has any. */
static rv_status mask_failure(struct rv_diag *diag)
{
	RV_CLEANUP(rv_scanner_freep) struct rv_scanner *scanner = NULL;
	RV_CLEANUP(rv_lane_freep) struct rv_lane *lane = NULL;

	RV_TRY(rv_scanner_new_builtin(&scanner, NULL));
	RV_TRY(rv_lane_new(scanner, &lane));
	RV_TRY(mask_into(lane, diag->text, sizeof(diag->text)));
	return mask_into(lane, diag->next, sizeof(diag->next));
}

int rv_scan_show_failure(rv_status status, const struct rv_diag *diag)
{
	struct rv_diag shown = *diag;

	if (!rv_is_ok(mask_failure(&shown))) /* rather the kind of failure than a value */
		shown = (struct rv_diag){0};
	(void)rv_show_failure(status, &shown); /* its code is for the agent's verbs */
	return 2;
}
