/* cli: reeve rules test: each sample of each rule, rendered with several seeds, through the engine.
 */
#include "agent/cli/rules_verb.h"

#include "agent/base/fd.h"
#include "agent/cli/scan_run.h"
#include "agent/scan/check.h"
#include "agent/scan/sample.h"
#include "agent/scan/scan.h"

#include <stdio.h>
#include <stdlib.h>

#define SEEDS	    20
#define SURE_AT_ALL 20 /* what is told as hardly a secret counts as not found */

const char rv_rules_test_help[] =
	"Without FILE: the built-in rules. A FILE holds rules of one's own, in the form of\n"
	"policies/detectors/README.md: each positive sample must be found by its rule, no "
	"negative\n"
	"one may be. Exit 1 when one fails; the message says file and line.";

struct testing {
	struct rv_out *out;
	struct rv_ruleset *set;
	struct rv_scanner *scanner;
	struct rv_lane *lane;
	struct rv_rules *own; /* or NULL */
	const char *const *files;
	const char *id; /* in hand */
	bool has_it;
	const char *other; /* another rule that found something, or NULL */
	bool is_companion;
	size_t rules, samples, failures;
};

static rv_status on_hit(const struct rv_hit *hit, void *user)
{
	struct testing *t = user;

	if (hit->confidence < SURE_AT_ALL)
		return RV_OK;
	if (t->is_companion || strcmp(hit->rule->id, t->id) == 0)
		t->has_it = true;
	else
		t->other = hit->rule->id;
	return RV_OK;
}

/* The line of a rule in the file that has it, for messages. */
static void place_of(const struct testing *t, const char *id, char out[512])
{
	for (const char *const *file = t->files; file && *file; file++) {
		RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
		unsigned line = 1;

		rv_buf_init(&text, RV_RULES_FILE_MAX);
		if (!rv_is_ok(rv_file_read(*file, RV_RULES_FILE_MAX, &text, NULL)))
			continue;
		for (const char *p = rv_buf_cstr(&text); p && *p; line++) {
			const char *at = p + strspn(p, " -");
			size_t len = strlen(id);

			if (strncmp(at, "id:", 3) == 0) {
				at += 3 + strspn(at + 3, " \"'");
				if (strncmp(at, id, len) == 0 && strcspn(at, " \"'\r\n#") == len) {
					(void)snprintf(out, 512, "%s:%u: ", *file, line); /* cut */
					return;
				}
			}
			p += strcspn(p, "\n");
			p += *p == '\n';
		}
	}
	out[0] = '\0';
}

static void fail(struct testing *t, const char *what, const char *sample)
{
	char place[512];

	t->failures++;
	place_of(t, t->id, place);
	rv_out_line(t->out, "%s%s %s%s%s%s%s%s", rv_out_safe(place), t->id, what,
		    sample ? ": " : "", sample ? rv_out_safe(sample) : "", t->other ? " (" : "",
		    t->other ? t->other : "", t->other ? " takes it)" : "");
}

/* Of SEEDS renderings of one template, how many the rule finds; SIZE_MAX: a bad template. */
static rv_status count_found(struct testing *t, const char *sample, const char *check,
			     size_t *out_found)
{
	RV_CLEANUP(rv_freep) char *text = malloc(RV_SAMPLE_MAX);

	if (!text)
		return rv_fail_nomem(NULL);
	*out_found = 0;
	t->other = NULL;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		if (!rv_sample_render_for(sample, check, seed, text, RV_SAMPLE_MAX)) {
			*out_found = SIZE_MAX;
			return RV_OK;
		}
		t->has_it = false;
		RV_TRY(rv_scan_buffer(t->lane, rv_str_of(text), t->is_companion ? RV_SCAN_MASK : 0,
				      on_hit, t));
		*out_found += t->has_it;
	}
	t->samples++;
	return RV_OK;
}

static rv_status test_list(struct testing *t, const char *const *samples, const char *check,
			   size_t wanted, const char *complaint)
{
	size_t found = 0;

	for (; samples && *samples; samples++) {
		RV_TRY(count_found(t, *samples, check, &found));
		if (found == SIZE_MAX)
			fail(t, "has a sample that is no template", *samples);
		else if (found != wanted)
			fail(t, complaint, *samples);
	}
	return RV_OK;
}

static rv_status test_rule(struct testing *t, const struct rv_rule_samples *samples)
{
	const struct rv_rule *rule = rv_ruleset_find(t->set, samples->id);

	if (!rule)
		return RV_OK;
	t->id = samples->id;
	t->other = NULL;
	t->is_companion = (rule->flags & RV_RULE_COMPANION) != 0;
	t->rules++;
	if (!samples->positive || !*samples->positive)
		fail(t, "has no positive sample", NULL);
	RV_TRY(test_list(t, samples->positive, samples->check, SEEDS, "does not find"));
	if (t->is_companion)
		return RV_OK; /* masking takes what only looks like one */
	return test_list(t, samples->negative, samples->check, 0, "must not find");
}

static bool has_check(const char *name)
{
	return rv_check_find(name) != NULL;
}

static bool has_rule(const void *context, const char *id)
{
	return rv_ruleset_find(context, id) != NULL;
}

static rv_status load_files(struct testing *t, struct rv_diag *diag)
{
	const struct rv_rules_words words = {has_check, has_rule, t->set, false};
	size_t count = 0;

	RV_TRY(rv_rules_new(&words, &t->own));
	for (const char *const *file = t->files; *file; file++) {
		RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

		rv_buf_init(&text, RV_RULES_FILE_MAX);
		RV_TRY(rv_file_read(*file, RV_RULES_FILE_MAX, &text, diag));
		RV_TRY(rv_rules_add(t->own, rv_buf_view(&text), *file, diag));
	}
	RV_TRY(rv_rules_seal(t->own, diag));
	const struct rv_rule *rows = rv_rules_rows(t->own, &count);
	for (size_t i = 0; i < count; i++)
		RV_TRY(rv_ruleset_add(t->set, &rows[i], diag));
	return RV_OK;
}

static rv_status test_all(struct testing *t, struct rv_diag *diag)
{
	size_t count = 0;

	RV_TRY(rv_ruleset_new(true, &t->set));
	if (t->files)
		RV_TRY(load_files(t, diag));
	RV_TRY(rv_scanner_new_ready(t->set, NULL, &t->scanner, diag));
	RV_TRY(rv_lane_new(t->scanner, &t->lane));
	const struct rv_rule_samples *samples =
		t->own ? rv_rules_samples(t->own, &count) : rv_rule_samples_builtin(&count);
	for (size_t i = 0; i < count; i++)
		RV_TRY(test_rule(t, &samples[i]));
	return RV_OK;
}

static void testing_done(struct testing *t)
{
	rv_lane_free(t->lane);
	rv_scanner_free(t->scanner);
	rv_ruleset_free(t->set);
	rv_rules_free(t->own);
}

int rv_run_rules_test(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(testing_done)
	struct testing t = {.out = out, .files = args->path_count > 0 ? args->paths : NULL};
	struct rv_diag diag = {0};
	rv_status status = test_all(&t, &diag);

	if (!rv_is_ok(status))
		return rv_scan_show_failure(status, &diag);
	if (!out->is_json && !out->is_jsonl)
		rv_out_line(out, "%zu rules, %zu samples of %d renderings each: %zu failed",
			    t.rules, t.samples, SEEDS, t.failures);
	else
		rv_out_line(out, "{\"rules\":%zu,\"samples\":%zu,\"failures\":%zu}", t.rules,
			    t.samples, t.failures);
	return t.failures > 0 ? 1 : 0;
}
