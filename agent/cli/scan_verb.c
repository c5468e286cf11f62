/* cli: see scan_verb.h. */
#include "agent/cli/scan_verb.h"

#include "agent/base/clock.h"
#include "agent/base/path.h"
#include "agent/cli/scan_again.h"
#include "agent/cli/scan_check.h"
#include "agent/cli/scan_run.h"
#include "agent/cli/scan_signal.h"

#include <stdio.h>

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

static int exit_code_of(const struct rv_scan_run *s, uint64_t open)
{
	/* With --all the list may be full of what is not open: an open one may have been dropped.
	 * --exit-code 0 says what findings are worth, not what a part of a scan is. */
	if ((open > 0 || s->result.leaks.is_full) && s->ask.exit_code != 0)
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

/* The report into its file; what came out is said besides, or nobody at a terminal would know. */
static rv_status write_file(const struct rv_scan_run *s, const struct rv_report_facts *facts,
			    const struct rv_report_look *look, struct rv_diag *diag)
{
	FILE *to = fopen(s->ask.output, "we");

	if (!to)
		return rv_fail_errno(diag, "cannot write %s", s->ask.output);
	rv_status status = rv_report_write(s->ask.format, facts, look, to, diag);
	if (fclose(to) != 0 && rv_is_ok(status))
		status = rv_fail_errno(diag, "writing the report");
	if (!rv_is_ok(status) || s->out->is_quiet)
		return status;
	const struct rv_report_look result = {.is_quiet = true};
	RV_TRY(rv_report_write(RV_REPORT_TEXT, facts, &result, stderr, diag));
	rv_out_hint(s->out, "The report: %s", rv_out_safe(s->ask.output));
	return RV_OK;
}

static rv_status write_report(struct rv_scan_run *s, const char *again, int code,
			      struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf target = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf path = {0};
	const struct rv_leaks *leaks = &s->result.leaks;
	struct rv_report_facts facts = {.version = RV_VERSION,
					.command = command_name(s->ask.sweep.source),
					.again = again,
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
					.suppression_total = leaks->suppression_total,
					.weak = leaks->weak,
					.allowed = leaks->allowed,
					.known = leaks->known,
					.exit_code = code};
	bool is_to_err = s->ask.is_to_stderr;
	struct rv_report_look look = {
		.has_color = s->out->use_color && !s->ask.output && !is_to_err,
		.is_quiet = s->out->is_quiet,
		.shows_all = s->ask.shows_all,
		.shows_prints = s->ask.is_verbose,
		.width = s->out->out_is_tty && !is_to_err ? (unsigned)s->out->width : 0};
	size_t rules = 0;

	/* A history asks for the paths of what it found, some of them often: no number of files. */
	if (s->ask.sweep.source != RV_SWEEP_GIT)
		facts.excluded = atomic_load(&s->policy.excluded);
	(void)rv_ruleset_rows(rv_scan_config_rules(s->policy.config), &rules); /* only how many */
	facts.rules = rules;
	facts.notes = s->notes;
	facts.note_count = s->note_count;
	rv_buf_init(&target, 1 << 16);
	rv_buf_init(&path, 1 << 16);
	RV_TRY(rv_scan_run_mask(s, rv_str_of(s->ask.sweep.paths[0]), &path));
	RV_TRY(rv_path_escape(rv_buf_view(&path), &target));
	facts.target = s->ask.sweep.source == RV_SWEEP_STDIN ? "stdin" : rv_buf_cstr(&target);
	if (!facts.target)
		return rv_fail_nomem(diag);
	if (s->ask.output)
		return write_file(s, &facts, &look, diag);
	return rv_report_write(s->ask.format, &facts, &look, is_to_err ? stderr : stdout, diag);
}

/* Where the report goes elsewhere, or has no place for gaps, its reader learns of them here. It is
 * no hint: --quiet does not end it. */
static void tell_gaps(const struct rv_scan_run *s)
{
	bool is_seen = s->ask.format == RV_REPORT_TEXT && !s->ask.output &&
		       (s->out->out_is_tty || !s->out->err_is_tty);
	uint64_t total = s->result.leaks.gap_total;

	if (total > 0 && rv_scan_signal_name())
		(void)fprintf(stderr, "reeve scan: INCOMPLETE: stopped by %s\n",
			      rv_scan_signal_name());
	if (total == 0 || is_seen)
		return;
	(void)fprintf(stderr,
		      "reeve scan: INCOMPLETE: %llu not scanned whole; next: --format text names "
		      "them and says why, --strict lets no such scan pass\n",
		      (unsigned long long)total);
}

static int scan(struct rv_out *out, const struct rv_verb_args *args, enum rv_sweep_source source,
		bool is_gitleaks)
{
	RV_CLEANUP(rv_scan_run_done)
	struct rv_scan_run s = {.out = out, .libexec = args->libexec, .tells_in_part = true};
	RV_CLEANUP(rv_buf_done) struct rv_buf again = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf shown = {0};
	struct rv_diag diag = {0};
	int code = 2;

	rv_status status = rv_scan_ask_of(out, args, source, is_gitleaks, &s.ask, &diag);
	if (rv_is_ok(status))
		status = rv_scan_ask_check_format(&s.ask, &diag);
	if (rv_is_ok(status))
		status = rv_scan_check_output(&s.ask, &diag);
	if (rv_is_ok(status))
		status = rv_scan_take_pipe(&s.ask, &diag);
	rv_buf_init(&again, RV_SCAN_AGAIN_MAX);
	if (rv_is_ok(status))
		status = rv_scan_again(&s.ask, args, &again);
	if (rv_is_ok(status))
		status = rv_scan_run_do(&s, &diag);
	rv_buf_init(&shown, RV_SCAN_AGAIN_MAX);
	if (rv_is_ok(status))
		status = rv_scan_run_mask(&s, rv_buf_view(&again), &shown);
	if (rv_is_ok(status)) {
		code = exit_code_of(&s, count_open(&s.result.leaks));
		status = write_report(&s, rv_buf_cstr(&shown), code, &diag);
	}
	if (rv_is_ok(status))
		tell_gaps(&s);
	return rv_is_ok(status) ? code : rv_scan_show_failure(status, &diag);
}

static int run(struct rv_out *out, const struct rv_verb_args *args, enum rv_sweep_source source,
	       bool is_gitleaks)
{
	int code = scan(out, args, source, is_gitleaks);

	rv_scan_signal_pass_on();
	return code;
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
