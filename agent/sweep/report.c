/* sweep: which format, and the rows and rules a report counts. Not here: what the formats share
 * (report_parts.c), each format (report_*.c). */
#include "agent/sweep/report.h"

#include "agent/sweep/report_parts.h"

#include <errno.h>
#include <strings.h>

struct format {
	const char *name;
	const char *endings[4];
	void (*write)(struct rv_report *r);
};

/* GitLab's stands before JSON: its file has a name of its own. */
static const struct format formats[RV_REPORT__COUNT] = {
	[RV_REPORT_TEXT] = {"text", {".txt"}, rv_report_text},
	[RV_REPORT_JSON] = {"json", {".json"}, rv_report_json},
	[RV_REPORT_JSONL] = {"jsonl", {".jsonl", ".ndjson"}, rv_report_jsonl},
	[RV_REPORT_SARIF] = {"sarif", {".sarif", ".sarif.json"}, rv_report_sarif},
	[RV_REPORT_CSV] = {"csv", {".csv"}, rv_report_csv},
	[RV_REPORT_JUNIT] = {"junit", {".xml"}, rv_report_junit},
	[RV_REPORT_HTML] = {"html", {".html", ".htm"}, rv_report_html},
	[RV_REPORT_GITHUB] = {"github", {NULL}, rv_report_github},
	[RV_REPORT_GITLEAKS] = {"gitleaks", {NULL}, rv_report_gitleaks},
	[RV_REPORT_GITLAB] = {"gitlab", {"gl-secret-detection-report.json"}, rv_report_gitlab},
};

const char *rv_report_format_name(enum rv_report_format format)
{
	return (unsigned)format < RV_REPORT__COUNT ? formats[format].name : "invalid";
}

enum rv_report_format rv_report_format_of(const char *name)
{
	for (unsigned i = 0; i < RV_REPORT__COUNT; i++) {
		if (strcmp(formats[i].name, name) == 0)
			return (enum rv_report_format)i;
	}
	return RV_REPORT__COUNT;
}

/* The longest ending wins, in either case: a.sarif.json is SARIF. */
enum rv_report_format rv_report_format_of_file(const char *path)
{
	enum rv_report_format best = RV_REPORT__COUNT;
	size_t best_len = 0, all = strlen(path);

	for (unsigned i = 0; i < RV_REPORT__COUNT; i++) {
		for (size_t k = 0; k < RV_LEN(formats[i].endings) && formats[i].endings[k]; k++) {
			const char *ending = formats[i].endings[k];

			size_t len = strlen(ending);

			if (len > best_len && len <= all &&
			    strcasecmp(path + all - len, ending) == 0) {
				best = (enum rv_report_format)i;
				best_len = len;
			}
		}
	}
	return best;
}

bool rv_report_tells(const struct rv_report_look *look, const struct rv_leak *leak)
{
	return look->shows_all || leak->state == RV_LEAK_OPEN || leak->state == RV_LEAK_NEW_RULE;
}

bool rv_report_same_file(const struct rv_leak *a, const struct rv_leak *b)
{
	return rv_str_equal(a->path, b->path);
}

/* The first row that is not before it. */
static size_t lower_bound(const struct rv_tally *tally, const char *id)
{
	size_t low = 0, high = tally->rule_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(tally->rules[middle].rule->id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t rv_tally_place(const struct rv_tally *tally, const struct rv_rule *rule)
{
	return lower_bound(tally, rule->id);
}

static rv_status make_room(struct rv_tally *tally)
{
	size_t cap = tally->rule_cap ? tally->rule_cap * 2 : 16;
	struct rv_tally_rule *rules;

	if (tally->rule_count < tally->rule_cap)
		return RV_OK;
	rules = reallocarray(tally->rules, cap, sizeof(*rules));
	if (!rules)
		return (rv_status){RV_CLASS_EXHAUSTED, ENOMEM};
	tally->rules = rules;
	tally->rule_cap = cap;
	return RV_OK;
}

/* At most one row a rule in force. */
static rv_status count_rule(struct rv_tally *tally, const struct rv_leak *leak)
{
	size_t at = lower_bound(tally, leak->rule->id);

	if (at == tally->rule_count || strcmp(tally->rules[at].rule->id, leak->rule->id) != 0) {
		RV_TRY(make_room(tally));
		memmove(tally->rules + at + 1, tally->rules + at,
			(tally->rule_count - at) * sizeof(*tally->rules));
		tally->rules[at] = (struct rv_tally_rule){.rule = leak->rule};
		tally->rule_count++;
	}
	tally->rules[at].told++;
	tally->rules[at].open += leak->state == RV_LEAK_OPEN;
	tally->rules[at].live += leak->state == RV_LEAK_OPEN || leak->state == RV_LEAK_NEW_RULE;
	return RV_OK;
}

rv_status rv_tally_init(const struct rv_report_facts *facts, const struct rv_report_look *look,
			struct rv_tally *out)
{
	const struct rv_leak *last = NULL, *last_open = NULL;

	*out = (struct rv_tally){0};
	for (size_t i = 0; i < facts->leak_count; i++) {
		const struct rv_leak *leak = &facts->leaks[i];

		if (leak->state == RV_LEAK_OPEN || leak->state == RV_LEAK_NEW_RULE)
			out->of_state[leak->state]++;
		if (leak->state == RV_LEAK_OPEN) {
			out->open_files += !last_open || !rv_report_same_file(last_open, leak);
			last_open = leak;
		}
		if (!rv_report_tells(look, leak))
			continue;
		RV_TRY(count_rule(out, leak));
		out->told++;
		out->files += !last || !rv_report_same_file(last, leak);
		last = leak;
	}
	out->of_state[RV_LEAK_BASELINE] = facts->known;
	out->of_state[RV_LEAK_ALLOWED] = facts->allowed;
	out->of_state[RV_LEAK_WEAK] = facts->weak;
	return RV_OK;
}

void rv_tally_done(struct rv_tally *tally)
{
	free(tally->rules);
	*tally = (struct rv_tally){0};
}

rv_status rv_report_write(enum rv_report_format format, const struct rv_report_facts *facts,
			  const struct rv_report_look *look, FILE *out, struct rv_diag *diag)
{
	struct rv_report r = {.facts = facts, .look = look ? *look : (struct rv_report_look){0}};
	rv_status status;

	RV_BUG_ON((unsigned)format >= RV_REPORT__COUNT);
	rv_emit_init(&r.emit, out);
	status = rv_tally_init(facts, &r.look, &r.tally);
	if (rv_is_ok(status)) {
		formats[format].write(&r);
		status = rv_emit_end(&r.emit, diag);
	} else {
		status = rv_fail_nomem(diag);
	}
	rv_tally_done(&r.tally);
	rv_emit_done(&r.emit);
	return status;
}
