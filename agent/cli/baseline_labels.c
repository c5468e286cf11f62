/* cli: see baseline_labels.h. */
#include "agent/cli/baseline_labels.h"

#include "agent/base/clock.h"
#include "agent/scan/scan.h"
#include "agent/sweep/fields.h"

#include <stdlib.h>
#include <time.h>

#define SURE 80 /* percent: below it words may be meant */

static const char *text_of(const struct rv_verb_args *args, const char *key, const char *fallback)
{
	return rv_json_text(args->json, key, fallback);
}

void rv_baseline_day(int64_t now_utc_us, int days, char out[16])
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

struct rv_baseline_labels rv_baseline_labels_of(const struct rv_verb_args *args)
{
	struct rv_baseline_labels l = {.reason = text_of(args, "reason", ""),
				       .by = who(args),
				       .until = text_of(args, "until", "")};

	rv_baseline_day(rv_now_utc_us(), 0, l.added);
	return l;
}

rv_status rv_baseline_labels_check(const struct rv_baseline_labels *labels, struct rv_diag *diag)
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

/* user: where the rule goes. */
static rv_status on_hit(const struct rv_hit *hit, void *user)
{
	if (hit->confidence >= SURE)
		*(const struct rv_rule **)user = hit->rule;
	return RV_OK;
}

rv_status rv_baseline_labels_look(const struct rv_baseline_labels *labels,
				  const struct rv_verb_args *args, struct rv_diag *diag)
{
	RV_CLEANUP(rv_scanner_freep) struct rv_scanner *scanner = NULL;
	RV_CLEANUP(rv_lane_freep) struct rv_lane *lane = NULL;
	const char *const given[][2] = {{"reason", labels->reason},
					{"by", labels->by},
					{"rule", text_of(args, "rule", "")},
					{"path", text_of(args, "path", "")}};
	const struct rv_rule *rule = NULL;

	RV_TRY(rv_scanner_new_builtin(&scanner, diag));
	RV_TRY(rv_lane_new(scanner, &lane));
	for (size_t i = 0; i < RV_LEN(given); i++) {
		RV_TRY(rv_scan_buffer(lane, rv_str_of(given[i][1]), 0, on_hit, &rule));
		if (!rule)
			continue;
		rv_diag_next(diag, "say it without the value");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "--%s holds what looks like a secret (%s), and the baseline is a "
			       "file to commit",
			       given[i][0], rule->id);
	}
	return RV_OK;
}

size_t rv_baseline_count(struct rv_baseline *baseline)
{
	size_t count = 0;

	(void)rv_baseline_entries(baseline, &count); /* only how many */
	return count;
}

void rv_baseline_tell(struct rv_out *out, const char *file, const char *verb, size_t changed,
		      size_t all)
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
