/* cli: see scan_verb.h. */
#include "agent/cli/scan_verb.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"
#include "agent/base/path.h"
#include "agent/cli/local_verbs.h"
#include "agent/cli/scan_policy.h"
#include "agent/sandbox/confine.h"

#include <locale.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A run's own things, freed together. */
struct scan {
	struct rv_out *out;
	struct rv_scan_ask ask;
	struct rv_scan_policy policy;
	struct rv_scanner *scanner;
	struct rv_sweep_shared shared;
	struct rv_sweep_result result;
	int64_t started_utc_us, started_boot_us;
};

static void scan_done(struct scan *s)
{
	rv_scanner_free(s->scanner);
	rv_sweep_result_done(&s->result);
	rv_scan_policy_done(&s->policy);
}

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
static rv_status confine(struct scan *s, struct rv_diag *diag)
{
	char rooms[2][4096];
	struct rv_confine_path paths[3] = {{.path = "/"}};
	size_t count = 1;
	uint64_t walls = 0;

	if (s->ask.output)
		paths[count++] = (struct rv_confine_path){.path = dir_of(s->ask.output, rooms[0]),
							  .is_writable = true};
	if (s->ask.sweep.ledger)
		paths[count++] = (struct rv_confine_path){
			.path = dir_of(s->ask.sweep.ledger, rooms[1]), .is_writable = true};
	rv_status status =
		rv_confine_scan(paths, count, s->ask.validates && !s->ask.is_dry, &walls, diag);
	if (rv_is_ok(status) || s->ask.may_be_open) {
		if (!rv_is_ok(status))
			*diag = (struct rv_diag){0};
		return RV_OK;
	}
	rv_diag_next(diag, "reeve scan --no-confine goes on without that wall");
	return status;
}

/* What was named and is not there is a mistake, not a gap. */
static rv_status find_paths(const struct rv_sweep_options *o, struct rv_diag *diag)
{
	struct stat st;

	for (const char *const *path = o->paths; o->source == RV_SWEEP_PATHS && *path; path++) {
		if (stat(*path, &st) != 0)
			return rv_fail_errno(diag, "cannot scan %s", rv_out_safe(*path));
	}
	return RV_OK;
}

/* Compiling every regex pays only where there is much to look at. */
static rv_status make_scanner(struct scan *s, struct rv_diag *diag)
{
	const struct rv_ruleset *rules = rv_scan_config_rules(s->policy.config);

	return rv_scanner_new_ready(rules, &s->scanner, diag);
}

static void on_progress(void *user, uint64_t files, uint64_t bytes, uint64_t total)
{
	struct scan *s = user;
	char line[1600];
	double mb = (double)bytes / 1e6;
	double seconds = (double)(rv_boot_us() - s->started_boot_us) / 1e6;

	if (total > 0)
		(void)snprintf(
			line, sizeof(line), "%3.0f %%  %llu things  %.0f of %.0f MB  %.0f MB/s",
			100.0 * (double)bytes / (double)total, (unsigned long long)files, mb,
			(double)total / 1e6, seconds > 0 ? mb / seconds : 0); /* cut is fine */
	else
		(void)snprintf(line, sizeof(line), "%llu files  %.0f MB  %.0f MB/s",
			       (unsigned long long)files, mb,
			       seconds > 0 ? mb / seconds : 0); /* cut is fine */
	rv_out_progress(s->out, line);
}

static const char *command_name(enum rv_sweep_source source)
{
	switch (source) {
	case RV_SWEEP_PATHS:
		return "dir";
	case RV_SWEEP_STDIN:
		return "stdin";
	case RV_SWEEP_GIT:
		return "git";
	case RV_SWEEP_STAGED:
		return "staged";
	case RV_SWEEP_DIFF:
		return "diff";
	}
	return "scan";
}

static int exit_code_of(const struct scan *s, uint64_t open)
{
	if (open > 0)
		return s->ask.exit_code;
	return s->ask.is_strict && s->result.leaks.gap_total > 0 ? 3 : 0;
}

static uint64_t count_open(const struct rv_leaks *leaks)
{
	uint64_t open = 0;

	for (size_t i = 0; i < leaks->count; i++)
		open += leaks->items[i].state == RV_LEAK_OPEN;
	return open;
}

static rv_status write_report(struct scan *s, int code, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf target = {0};
	const struct rv_leaks *leaks = &s->result.leaks;
	struct rv_report_facts facts = {.version = RV_VERSION,
					.command = command_name(s->ask.sweep.source),
					.started_utc_us = s->started_utc_us,
					.took_us = rv_boot_us() - s->started_boot_us,
					.files = s->result.files,
					.bytes = s->result.bytes,
					.blobs = s->result.blobs,
					.commits = s->result.commits,
					.leaks = leaks->items,
					.leak_count = leaks->count,
					.gaps = leaks->gaps,
					.gap_count = leaks->gap_count,
					.gap_total = leaks->gap_total,
					.suppressions = leaks->suppressions,
					.suppression_count = leaks->suppression_count,
					.weak = leaks->weak,
					.allowed = leaks->allowed,
					.known = leaks->known,
					.exit_code = code};
	struct rv_report_look look = {.has_color = s->out->use_color && !s->ask.output,
				      .is_quiet = s->out->is_quiet,
				      .shows_all = s->ask.shows_all,
				      .width = s->out->out_is_tty ? (unsigned)s->out->width : 0};
	size_t rules = 0;

	(void)rv_ruleset_rows(rv_scan_config_rules(s->policy.config), &rules); /* only how many */
	facts.rules = rules;
	rv_buf_init(&target, 1 << 16);
	RV_TRY(rv_path_escape(rv_str_of(s->ask.sweep.paths[0]), &target));
	facts.target = s->ask.sweep.source == RV_SWEEP_STDIN ? "stdin" : rv_buf_cstr(&target);
	if (!facts.target)
		return rv_fail_nomem(diag);
	FILE *to = s->ask.output ? fopen(s->ask.output, "we") : stdout;
	if (!to)
		return rv_fail_errno(diag, "cannot write %s", s->ask.output);
	rv_status status = rv_report_write(s->ask.format, &facts, &look, to, diag);
	if ((s->ask.output ? fclose(to) : fflush(to)) != 0 && rv_is_ok(status))
		status = rv_fail_errno(diag, "writing the report");
	return status;
}

/* An option goes before the configuration. */
static void take_settings(struct scan *s)
{
	const struct rv_scan_settings *set = rv_scan_config_settings(s->policy.config);
	struct rv_scan_ask *ask = &s->ask;

	if (!ask->has_decode_depth)
		ask->decode_depth = set->decode_depth;
	if (!ask->has_archive_depth)
		ask->sweep.archive_depth = set->archive_depth;
	if (!ask->has_max_file)
		ask->sweep.max_file = set->max_file_bytes;
	ask->is_strict |= set->is_strict;
}

/* A file that held nothing holds nothing while these are the same. */
static rv_status set_ledger_key(struct scan *s)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	size_t count = 0;
	const struct rv_rule *const *rows =
		rv_ruleset_rows(rv_scan_config_rules(s->policy.config), &count);

	if (!s->ask.sweep.ledger)
		return RV_OK;
	rv_buf_init(&text, (size_t)16 << 20);
	RV_TRY(rv_buf_printf(&text, "%s %u %u %u %llu\n", RV_VERSION, s->ask.decode_depth,
			     s->ask.sweep.archive_depth, s->policy.filter.min_confidence,
			     (unsigned long long)s->ask.sweep.max_file));
	for (size_t i = 0; i < count; i++)
		RV_TRY(rv_buf_printf(&text, "%s %u %s\n", rows[i]->id, rows[i]->confidence,
				     rows[i]->regex ? rows[i]->regex : ""));
	struct rv_digest d = rv_sha256(text.data, text.len);
	s->ask.sweep.ledger_key = rv_get_u64(d.bytes);
	return RV_OK;
}

static rv_status prepare(struct scan *s, struct rv_diag *diag)
{
	struct rv_sweep_options *o = &s->ask.sweep;

	s->started_utc_us = rv_now_utc_us();
	s->started_boot_us = rv_boot_us();
	/* Names in archives; the converters of the C library cannot be loaded any more later. */
	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* else such characters are shown as '?' */
	RV_TRY(find_paths(o, diag));
	RV_TRY(confine(s, diag));
	RV_TRY(rv_scan_policy_load(&s->policy, &s->ask, diag));
	RV_TRY(make_scanner(s, diag));
	take_settings(s);
	RV_TRY(set_ledger_key(s));
	s->shared = (struct rv_sweep_shared){
		.scanner = s->scanner,
		.decode_depth = s->ask.decode_depth,
		.min_confidence = s->policy.filter.min_confidence,
		.shows_all = s->ask.shows_all,
		.judge = rv_scan_policy_judge,
		.judge_user = &s->policy,
	};
	rv_random(s->shared.key.bytes, sizeof(s->shared.key.bytes));
	o->shared = &s->shared;
	o->wants = rv_scan_policy_wants;
	o->wants_user = &s->policy;
	if (s->out->err_is_tty && !s->out->is_quiet) {
		o->progress = on_progress;
		o->progress_user = s;
	}
	return RV_OK;
}

static int run(struct rv_out *out, const struct rv_verb_args *args, enum rv_sweep_source source,
	       bool is_gitleaks)
{
	RV_CLEANUP(scan_done) struct scan s = {.out = out};
	struct rv_diag diag = {0};
	int code = 2;

	rv_status status = rv_scan_ask_of(out, args, source, is_gitleaks, &s.ask, &diag);
	if (rv_is_ok(status))
		status = prepare(&s, &diag);
	if (rv_is_ok(status))
		status = rv_sweep_run(&s.ask.sweep, &s.result, &diag);
	rv_out_progress_end(out);
	if (rv_is_ok(status)) {
		code = exit_code_of(&s, count_open(&s.result.leaks));
		status = write_report(&s, code, &diag);
	}
	if (rv_is_ok(status))
		return code;
	(void)rv_show_failure(status, &diag); /* its code is for the agent's verbs */
	return 2;
}

int rv_run_scan(struct rv_out *out, const struct rv_verb_args *args)
{
	return run(out, args, RV_SWEEP_PATHS, false);
}

int rv_run_scan_dir(struct rv_out *out, const struct rv_verb_args *args)
{
	return run(out, args, RV_SWEEP_PATHS, true);
}

int rv_run_scan_git(struct rv_out *out, const struct rv_verb_args *args)
{
	return run(out, args, RV_SWEEP_GIT, true);
}

int rv_run_scan_stdin(struct rv_out *out, const struct rv_verb_args *args)
{
	return run(out, args, RV_SWEEP_STDIN, true);
}

int rv_run_scan_detect(struct rv_out *out, const struct rv_verb_args *args)
{
	bool is_dir = json_object_get(args->json, "no_git") != NULL;

	return run(out, args, is_dir ? RV_SWEEP_PATHS : RV_SWEEP_GIT, true);
}

int rv_run_scan_protect(struct rv_out *out, const struct rv_verb_args *args)
{
	return run(out, args, RV_SWEEP_STAGED, true);
}
