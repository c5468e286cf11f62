/* cli: see scan_ask.h. */
#include "agent/cli/scan_ask.h"

#include "agent/base/clock.h"
#include "agent/cli/scan_check.h"
#include "agent/cli/scan_validate.h"

#include <errno.h>
#include <stdlib.h>

#define MAX_RSS_LEAST ((uint64_t)32 << 20)

static const char *text_of(const struct rv_verb_args *args, const char *key)
{
	return rv_json_text(args->json, key, NULL);
}

static unsigned count_of(const struct rv_verb_args *args, const char *const *keys, size_t count)
{
	unsigned n = 0;

	for (size_t i = 0; i < count; i++)
		n += json_object_get(args->json, keys[i]) != NULL;
	return n;
}

static bool flag_of(const struct rv_verb_args *args, const char *key)
{
	return json_object_get(args->json, key) != NULL;
}

static rv_status refuse(struct rv_diag *diag, const char *key, const char *value, const char *want)
{
	rv_diag_next(diag, "reeve scan --help");
	return rv_fail(RV_CLASS_MISCONFIGURED, diag, "reeve scan: --%s \"%s\": %s wanted", key,
		       rv_out_safe(value), want);
}

/* Untouched when the option is not there. */
static rv_status number_of(const struct rv_verb_args *args, const char *key, const char *name,
			   uint64_t max, uint64_t *out, struct rv_diag *diag)
{
	const char *text = text_of(args, key);
	char *end = NULL;
	char want[64];

	if (!text)
		return RV_OK;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	(void)snprintf(want, sizeof(want), "a number from 0 to %llu", (unsigned long long)max);
	if (errno != 0 || end == text || *end != '\0' || *text == '-' || n > max)
		return refuse(diag, name, text, want);
	*out = n;
	return RV_OK;
}

/* "64M", "2G", "500k", bytes. */
static rv_status size_of(const struct rv_verb_args *args, const char *key, const char *name,
			 uint64_t *out, struct rv_diag *diag)
{
	static const char units[] = "kMGT";
	const char *text = text_of(args, key);
	char *end = NULL;

	if (!text)
		return RV_OK;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	unsigned shift = 0;
	const char *unit = *end ? strchr(units, *end == 'K' ? 'k' : *end) : NULL;
	if (unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
	}
	if (errno != 0 || end == text || (*end != '\0' && strcmp(end, "B") != 0) || *text == '-' ||
	    n > UINT64_MAX >> shift)
		return refuse(diag, name, text, "a size such as 64M or 2G");
	*out = (uint64_t)n << shift;
	return RV_OK;
}

/* A duration as everywhere, and milliseconds. */
static rv_status time_of(const struct rv_verb_args *args, int64_t *out_us, struct rv_diag *diag)
{
	const char *text = text_of(args, "max_time");
	char seconds[32];
	int64_t us = 0;

	if (!text)
		return RV_OK;
	size_t len = strlen(text);
	bool is_ms = len > 2 && len < sizeof(seconds) && strcmp(text + len - 2, "ms") == 0;
	(void)snprintf(seconds, sizeof(seconds), "%.*ss", (int)(is_ms ? len - 2 : 0),
		       text); /* has room */
	if (!rv_is_ok(rv_duration_parse(rv_str_of(is_ms ? seconds : text), &us, NULL)))
		return refuse(diag, "max-time", text, "a time such as 1500ms, 30s or 10min");
	*out_us = is_ms ? us / 1000 : us;
	return RV_OK;
}

/* Less would end every scan at its beginning, or be asked about too late. */
static rv_status memory_of(const struct rv_verb_args *args, uint64_t *out, struct rv_diag *diag)
{
	RV_TRY(size_of(args, "max_rss", "max-rss", out, diag));
	if (*out > 0 && *out < MAX_RSS_LEAST)
		return refuse(diag, "max-rss", text_of(args, "max_rss"),
			      "32M or more (one of large files takes 45M)");
	return RV_OK;
}

static rv_status take_limits(const struct rv_verb_args *args, struct rv_scan_ask *ask,
			     struct rv_diag *diag)
{
	uint64_t threads = 0, cpu = 0, archives = 5, decode = RV_DECODE_DEPTH_MAX, megabytes = 0;
	uint64_t seconds = 0;

	RV_TRY(number_of(args, "threads", "threads", RV_WALK_THREADS_MAX, &threads, diag));
	RV_TRY(number_of(args, "max_cpu", "max-cpu", 6400, &cpu, diag));
	RV_TRY(number_of(args, "archive_depth", "archive-depth", 8, &archives, diag));
	/* gitleaks goes deeper than we do. */
	RV_TRY(number_of(args, "max_decode_depth", "max-decode-depth", 64, &decode, diag));
	decode = decode < RV_DECODE_DEPTH_MAX ? decode : RV_DECODE_DEPTH_MAX;
	RV_TRY(number_of(args, "decode_depth", "decode-depth", RV_DECODE_DEPTH_MAX, &decode, diag));
	RV_TRY(number_of(args, "max_target_megabytes", "max-target-megabytes", 1 << 20, &megabytes,
			 diag));
	RV_TRY(number_of(args, "timeout", "timeout", 1 << 30, &seconds, diag));
	RV_TRY(size_of(args, "max_file", "max-file", &ask->sweep.max_file, diag));
	RV_TRY(memory_of(args, &ask->sweep.max_rss, diag));
	RV_TRY(time_of(args, &ask->sweep.max_time_us, diag));
	ask->has_decode_depth = flag_of(args, "decode_depth") || flag_of(args, "max_decode_depth");
	ask->has_archive_depth = text_of(args, "archive_depth") != NULL;
	ask->has_max_file = text_of(args, "max_file") != NULL || megabytes > 0;
	ask->sweep.threads = (unsigned)threads;
	ask->sweep.max_cpu = (unsigned)cpu;
	ask->sweep.archive_depth = (unsigned)archives;
	ask->decode_depth = (unsigned)decode;
	if (megabytes > 0)
		ask->sweep.max_file = megabytes << 20;
	if (seconds > 0)
		ask->sweep.max_time_us = (int64_t)seconds * RV_US_PER_S;
	return RV_OK;
}

/* What only --validate gives a meaning, without it: somebody expects what will not be. */
static rv_status check_validate(const struct rv_scan_ask *ask, struct rv_diag *diag)
{
	if (ask->validates || (!ask->is_dry && !ask->validate_ca && !ask->allow_validate))
		return RV_OK;
	rv_diag_next(diag, "reeve scan --validate ...");
	return rv_fail(RV_CLASS_MISCONFIGURED, diag, "reeve scan: --%s goes with --validate",
		       ask->is_dry	  ? "dry-run"
		       : ask->validate_ca ? "validate-ca"
					  : "allow-validate");
}

/* --enable-rule a,b: one id each, in a list of its own. An empty one stays: it is refused as no
 * rule. */
static rv_status split_rules(const struct rv_verb_args *args, struct rv_scan_ask *ask,
			     struct rv_diag *diag)
{
	const json_t *given = json_object_get(args->json, "enable_rule");
	json_t *each = json_array();
	size_t index;
	const json_t *item;

	if (!each || json_object_set_new(args->json, "enable_rule_each", each) != 0)
		return rv_fail_nomem(diag);
	json_array_foreach (given, index, item) {
		const char *at = json_string_value(item);

		for (size_t len = strcspn(at, ",");; at += len + 1, len = strcspn(at, ",")) {
			if (json_array_append_new(each, json_stringn(at, len)) != 0)
				return rv_fail_nomem(diag);
			if (at[len] == '\0')
				break;
		}
	}
	ask->enable_rules = given ? each : NULL;
	return RV_OK;
}

/* A path as git log takes it after "--", from the top. Patterns would be looked for as names, and
 * find nothing. */
static rv_status add_path(const char *word, size_t len, json_t *list, struct rv_diag *diag)
{
	while (len >= 2 && memcmp(word, "./", 2) == 0) {
		word += 2;
		len -= 2;
	}
	while (len > 0 && word[len - 1] == '/')
		len--;
	if (len == 1 && *word == '.')
		len = 0;
	if (memchr(word, '*', len) || memchr(word, '?', len) || memchr(word, '[', len) ||
	    memchr(word, '\\', len) || (len > 0 && strchr(":\"'/", *word)) ||
	    (len >= 2 && memcmp(word, "..", 2) == 0)) {
		rv_diag_next(diag, "name files or directories from the repository's top");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "reeve scan: --log-opts: %.*s after -- is no plain path", (int)len,
			       word);
	}
	return json_array_append_new(list, json_stringn(word, len)) == 0 ? RV_OK
									 : rv_fail_nomem(diag);
}

/* What stands after "--" are paths; what stands before stays the range. */
static rv_status take_range(const struct rv_verb_args *args, struct rv_scan_ask *ask,
			    struct rv_diag *diag)
{
	const char *own = text_of(args, "range");
	const char *text = own ? own : text_of(args, "log_opts");
	const char *at = text;
	size_t len = 0;

	ask->sweep.range = text;
	for (; text && *at; at += len) {
		at += strspn(at, " \t");
		len = strcspn(at, " \t");
		if (len == 2 && memcmp(at, "--", 2) == 0)
			break;
	}
	if (!text || !*at || ask->sweep.source != RV_SWEEP_GIT)
		return RV_OK;
	json_t *range = json_stringn(text, (size_t)(at - text));
	if (json_object_set_new(args->json, "log_range", range) != 0)
		return rv_fail_nomem(diag);
	json_t *under = json_array();
	if (json_object_set_new(args->json, "log_paths", under) != 0)
		return rv_fail_nomem(diag);
	for (at += len; *at; at += len) {
		at += strspn(at, " \t");
		len = strcspn(at, " \t");
		if (len > 0)
			RV_TRY(add_path(at, len, under, diag));
	}
	ask->sweep.range = json_string_value(range);
	ask->under = json_array_size(under) > 0 ? under : NULL;
	return RV_OK;
}

static rv_status take_choices(const struct rv_verb_args *args, struct rv_scan_ask *ask,
			      struct rv_diag *diag)
{
	uint64_t confidence = 50, code = 1, questions = RV_VALIDATE_MAX;

	RV_TRY(number_of(args, "min_confidence", "min-confidence", 100, &confidence, diag));
	RV_TRY(number_of(args, "exit_code", "exit-code", 255, &code, diag));
	RV_TRY(number_of(args, "validate_max", "validate-max", RV_VALIDATE_MAX_MOST, &questions,
			 diag));
	ask->has_min_confidence = text_of(args, "min_confidence") != NULL;
	ask->min_confidence = (unsigned)confidence;
	ask->exit_code = (int)code;
	ask->config = text_of(args, "config");
	ask->baseline = text_of(args, "baseline");
	ask->ignore_path = text_of(args, "gitleaks_ignore_path");
	ask->policy_ref = text_of(args, "policy_ref");
	ask->cache = text_of(args, "cache");
	ask->has_no_cache = flag_of(args, "no_cache");
	ask->rules = json_object_get(args->json, "rules");
	ask->excludes = json_object_get(args->json, "exclude");
	ask->allow_validate = json_object_get(args->json, "allow_validate");
	ask->is_strict = flag_of(args, "strict");
	ask->shows_all = flag_of(args, "all");
	ask->is_verbose = flag_of(args, "verbose");
	ask->validate_ca = text_of(args, "validate_ca");
	ask->validates = flag_of(args, "validate");
	ask->is_dry = flag_of(args, "dry_run");
	ask->may_be_open = flag_of(args, "no_confine");
	ask->ignores_foreign_marks = flag_of(args, "ignore_gitleaks_allow");
	ask->validate_max = (uint32_t)questions;
	RV_TRY(split_rules(args, ask, diag));
	return check_validate(ask, diag);
}

static bool is_one_of(const char *text, const char *const *names)
{
	while (*names && strcmp(text, *names) != 0)
		names++;
	return *names != NULL;
}

/* Names of what is open already: nobody may open it again behind the walls. */
static void take_output(const struct rv_verb_args *args, struct rv_scan_ask *ask)
{
	static const char *const out[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", NULL};
	static const char *const err[] = {"/dev/stderr", "/dev/fd/2", "/proc/self/fd/2", NULL};

	ask->output = text_of(args, "output");
	if (!ask->output)
		return;
	ask->is_to_stderr = is_one_of(ask->output, err);
	if (ask->is_to_stderr || is_one_of(ask->output, out))
		ask->output = NULL;
}

static rv_status take_format(const struct rv_out *out, const struct rv_verb_args *args,
			     struct rv_scan_ask *ask, struct rv_diag *diag)
{
	const char *format = text_of(args, "format");
	const char *foreign = text_of(args, "report_format");

	take_output(args, ask);
	if (text_of(args, "report_template"))
		return refuse(diag, "report-template", text_of(args, "report_template"),
			      "one of the formats (--format)");
	format = format ? format : foreign;
	if (!format && ask->is_gitleaks && ask->output)
		format = rv_report_format_of_file(ask->output) == RV_REPORT__COUNT
				 ? "json"
				 : rv_report_format_name(rv_report_format_of_file(ask->output));
	if (format && strcmp(format, "json") == 0 && (foreign || ask->is_gitleaks)) {
		ask->format = RV_REPORT_GITLEAKS;
		return RV_OK;
	}
	if (format)
		ask->format = rv_report_format_of(format);
	else if (out->is_json || out->is_jsonl)
		ask->format = out->is_json ? RV_REPORT_JSON : RV_REPORT_JSONL;
	else if (ask->output)
		ask->format = rv_report_format_of_file(ask->output);
	else
		ask->format = RV_REPORT_TEXT;
	if (ask->format == RV_REPORT__COUNT && format)
		return refuse(
			diag, "format", format,
			"text, json, jsonl, sarif, csv, junit, html, github, gitlab or gitleaks");
	return RV_OK;
}

/* git tells its hooks by the environment which index the commit is made of: `git commit -a` and
 * `git commit FILE` have one of their own. */
static rv_status take_index(const struct rv_verb_args *args, struct rv_scan_ask *ask,
			    struct rv_diag *diag)
{
	const char *named = text_of(args, "index");
	const char *told = getenv("GIT_INDEX_FILE");

	if (named && (ask->sweep.source != RV_SWEEP_STAGED || !*named))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "reeve scan: --index FILE goes with --staged");
	if (ask->sweep.source != RV_SWEEP_STAGED)
		return RV_OK;
	ask->sweep.index = named ? named : told && *told ? told : NULL;
	ask->sweep.index_may_lack = !named;
	return RV_OK;
}

/* What has a meaning for some inputs alone: passed over, it would be a scan of something else, and
 * its "clean" a false one. */
static rv_status check_input(const struct rv_verb_args *args, const struct rv_scan_ask *ask,
			     struct rv_diag *diag)
{
	static const struct {
		const char *key, *name, *with;
		enum rv_sweep_source source;
		bool may_be_foreign; /* gitleaks takes it with every input */
	} options[] = {
		{"range", "range", "--git", RV_SWEEP_GIT, false},
		{"since", "since", "--git", RV_SWEEP_GIT, false},
		{"log_opts", "log-opts", "--git", RV_SWEEP_GIT, false},
		{"worktree", "worktree", "--diff BASE", RV_SWEEP_DIFF, false},
		{"ledger", "ledger", "files and directories", RV_SWEEP_PATHS, false},
		{"follow_symlinks", "follow-symlinks", "files and directories", RV_SWEEP_PATHS,
		 true},
	};

	for (size_t i = 0; i < RV_LEN(options); i++) {
		if (ask->sweep.source == options[i].source || !flag_of(args, options[i].key) ||
		    (options[i].may_be_foreign && ask->is_gitleaks))
			continue;
		rv_diag_next(diag, "reeve scan --help");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "reeve scan: --%s goes with %s",
			       options[i].name, options[i].with);
	}
	if (flag_of(args, "range") && flag_of(args, "log_opts"))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "reeve scan: one of --range and --log-opts at a time");
	return RV_OK;
}

static rv_status take_source(const struct rv_verb_args *args, enum rv_sweep_source source,
			     struct rv_scan_ask *ask, struct rv_diag *diag)
{
	const char *path = args->path_count > 0 ? args->paths[0] : text_of(args, "source");
	static const char *const sources[] = {"git", "staged", "diff", "stdin"};

	if (count_of(args, sources, RV_LEN(sources)) > 1)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "reeve scan: one of --git, --staged, --diff and --stdin at a time");
	if (args->path_count > 0 && flag_of(args, "source"))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "reeve scan: one of --source and PATH at a time");
	if (flag_of(args, "git"))
		source = RV_SWEEP_GIT;
	if (flag_of(args, "staged"))
		source = RV_SWEEP_STAGED;
	if (flag_of(args, "diff"))
		source = RV_SWEEP_DIFF;
	if (flag_of(args, "stdin"))
		source = RV_SWEEP_STDIN;
	ask->sweep.source = source;
	ask->has_path = path != NULL;
	ask->paths[0] = path ? path : ".";
	ask->sweep.paths = args->path_count > 0 ? args->paths : ask->paths;
	ask->sweep.repo = ask->paths[0];
	ask->sweep.base = text_of(args, "diff");
	ask->sweep.with_worktree = flag_of(args, "worktree");
	ask->sweep.follows_links = flag_of(args, "follow_symlinks");
	ask->sweep.ledger = text_of(args, "ledger");
	ask->sweep.since = text_of(args, "since");
	if (source != RV_SWEEP_PATHS && args->path_count > 1)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "reeve scan: one repository at a time");
	if (source == RV_SWEEP_STDIN && path)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "reeve scan: --stdin takes no path");
	return RV_OK;
}

rv_status rv_scan_ask_of(const struct rv_out *out, const struct rv_verb_args *args,
			 enum rv_sweep_source source, bool is_gitleaks, struct rv_scan_ask *ask,
			 struct rv_diag *diag)
{
	*ask = (struct rv_scan_ask){.is_gitleaks = is_gitleaks};
	RV_TRY(take_source(args, source, ask, diag));
	rv_scan_take_git_dir(ask);
	RV_TRY(check_input(args, ask, diag));
	RV_TRY(take_index(args, ask, diag));
	RV_TRY(take_range(args, ask, diag));
	RV_TRY(take_limits(args, ask, diag));
	RV_TRY(take_choices(args, ask, diag));
	return take_format(out, args, ask, diag);
}

rv_status rv_scan_ask_check_format(const struct rv_scan_ask *ask, struct rv_diag *diag)
{
	if (ask->format != RV_REPORT__COUNT)
		return RV_OK;
	return refuse(diag, "output", ask->output,
		      "a name that ends in .txt, .json, .jsonl, .ndjson, .sarif, .csv, .xml, .html "
		      "or .htm, or --format,");
}
