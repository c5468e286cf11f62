/* cli: see baseline_verb.h: add, expire and list, which ask of the file alone. */
#include "agent/cli/baseline_verb.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/cli/baseline_labels.h"
#include "agent/cli/baseline_merge.h"
#include "agent/cli/scan_run.h"
#include "agent/cli/scan_where.h"
#include "agent/sweep/fields.h"

#include <stdio.h>
#include <stdlib.h>

static const char *text_of(const struct rv_verb_args *args, const char *key, const char *fallback)
{
	return rv_json_text(args->json, key, fallback);
}

/* There is none here: perhaps at the top. */
static void say_where(const char *named, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) struct rv_scan_where *where = malloc(sizeof(*where));

	if (!named && where && rv_scan_where_top(".", where) &&
	    rv_scan_where_has(where->dir, RV_BASELINE_FILE))
		rv_diag_next(diag, "--baseline %s/%s", where->dir, RV_BASELINE_FILE);
	else
		rv_diag_next(diag, "reeve baseline create --reason \"...\"");
}

/* The baseline that is named, or that of this directory. */
static rv_status load(const struct rv_verb_args *args, const char **out_file,
		      struct rv_baseline **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	*out_file = text_of(args, "baseline", RV_BASELINE_FILE);
	rv_buf_init(&text, RV_BASELINE_FILE_MAX);
	rv_status status = rv_file_read(*out_file, RV_BASELINE_FILE_MAX, &text, diag);
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND)
		say_where(text_of(args, "baseline", NULL), diag);
	RV_TRY(status);
	return rv_baseline_parse(rv_buf_view(&text), *out_file, rv_now_utc_us(), out, diag);
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

/* What is known of the finding and not given again stays as it is. */
static rv_status add_entry(struct rv_baseline *baseline, const struct rv_verb_args *args,
			   const struct rv_baseline_labels *labels, struct rv_diag *diag)
{
	const char *fingerprint = text_of(args, "fingerprint", "");
	const struct rv_baseline_entry *old = find(baseline, fingerprint);
	const struct rv_baseline_entry entry = {
		.fingerprint = fingerprint,
		.rule = text_of(args, "rule", old ? old->rule : RV_BASELINE_NO_RULE),
		.path = text_of(args, "path", old ? old->path : ""),
		.reason = labels->reason,
		.by = labels->by,
		.added = labels->added,
		.until = labels->until};

	return rv_baseline_add(baseline, &entry, diag);
}

int rv_run_baseline_add(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *baseline = NULL;
	const struct rv_baseline_labels labels = rv_baseline_labels_of(args);
	struct rv_diag diag = {0};
	const char *file = NULL;
	size_t before = 0;

	rv_status status = rv_baseline_labels_check(&labels, &diag);
	if (rv_is_ok(status))
		status = rv_baseline_labels_look(&labels, args, &diag);
	if (rv_is_ok(status))
		status = load(args, &file, &baseline, &diag);
	if (rv_is_ok(status)) {
		before = rv_baseline_count(baseline);
		status = add_entry(baseline, args, &labels, &diag);
	}
	if (rv_is_ok(status))
		status = rv_baseline_save(baseline, file, &diag);
	if (!rv_is_ok(status))
		return rv_scan_show_failure(status, &diag);
	size_t all = rv_baseline_count(baseline);
	rv_baseline_tell(out, file, all == before ? "replaced" : "added", 1, all);
	rv_baseline_hint_merge(out, file);
	return 0;
}

/* The day an entry is to end with: as asked, or yesterday, or as it is when it ended before. An end
 * that comes later would renew it without a word why. */
static rv_status day_to_end(const struct rv_baseline_entry *old, const struct rv_verb_args *args,
			    char out[16], struct rv_diag *diag)
{
	const char *on = text_of(args, "on", NULL);
	int64_t end = 0, old_end = INT64_MAX;

	rv_baseline_day(rv_now_utc_us(), -1, out);
	if (!rv_fields_day_end(rv_str_of(on ? on : out), &end)) {
		rv_diag_next(diag, "--on with the last day it holds; without --on: yesterday");
		return rv_fail(RV_CLASS_MALFORMED, diag, "--on is a day, as 2027-01-01");
	}
	if (*old->until)
		(void)rv_fields_day_end(rv_str_of(old->until), &old_end); /* was checked */
	if (on && end > old_end) {
		rv_diag_next(diag, "reeve baseline add %s --reason \"...\" --until %s",
			     old->fingerprint, on);
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "--on %s is after its last day, %s: that would renew it, which only "
			       "add does",
			       on, old->until);
	}
	if (on || end > old_end)
		(void)snprintf(out, 16, "%s", on ? on : old->until); /* a day fits */
	return RV_OK;
}

static rv_status end_entry(struct rv_baseline *baseline, const struct rv_verb_args *args,
			   bool *out_has_ended, struct rv_diag *diag)
{
	const char *fingerprint = text_of(args, "fingerprint", "");
	const struct rv_baseline_entry *old = find(baseline, fingerprint);
	char day[16];

	if (!old) {
		rv_diag_next(diag, "reeve baseline list");
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "the baseline has no entry %s",
			       rv_out_safe(fingerprint));
	}
	RV_TRY(day_to_end(old, args, day, diag));
	struct rv_baseline_entry entry = *old;
	entry.until = day;
	*out_has_ended = rv_baseline_has_ended(baseline, &entry);
	return rv_baseline_add(baseline, &entry, diag);
}

int rv_run_baseline_expire(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *baseline = NULL;
	struct rv_diag diag = {0};
	const char *file = NULL;
	bool has_ended = false;

	rv_status status = load(args, &file, &baseline, &diag);
	if (rv_is_ok(status))
		status = end_entry(baseline, args, &has_ended, &diag);
	if (rv_is_ok(status))
		status = rv_baseline_save(baseline, file, &diag);
	if (!rv_is_ok(status))
		return rv_scan_show_failure(status, &diag);
	rv_baseline_tell(out, file, has_ended ? "ended" : "ending", 1, rv_baseline_count(baseline));
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
