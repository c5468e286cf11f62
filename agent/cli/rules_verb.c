/* cli: reeve rules list, show and cost. Not here: testing (rules_test.c). */
#include "agent/cli/rules_verb.h"

#include "agent/base/yaml.h"
#include "agent/cli/scan_run.h"
#include "agent/model/kinds.h"

#include <stdio.h>
#include <stdlib.h>

#define COSTLIEST 10

const struct rv_opt rv_rules_list_options[] = {
	{.name = "provider", .type = RV_OPT_TEXT, .value = "P", .help = "only those of P"},
	{.name = "kind",
	 .type = RV_OPT_TEXT,
	 .value = "K",
	 .help = "api_key, token, password, private_key"},
	{NULL}};
const struct rv_opt rv_rules_cost_options[] = {
	{.name = "git", .type = RV_OPT_FLAG, .help = "the history of a repository"},
	{.name = "rules", .type = RV_OPT_LIST, .value = "FILE", .help = "rules of your own, too"},
	{.name = "threads",
	 .type = RV_OPT_TEXT,
	 .value = "N",
	 .letter = 'j',
	 .help = "default: one"},
	{.name = "no-confine",
	 .type = RV_OPT_FLAG,
	 .help = "go on where the kernel has no Landlock or seccomp"},
	{NULL}};

/* How a value is recognised, in a word or two. */
static const char *way_of(const struct rv_rule *rule)
{
	switch ((enum rv_matcher)rule->matcher) {
	case RV_MATCHER_ASSIGNMENT:
		return "assignment";
	case RV_MATCHER_PEM:
		return "PEM";
	case RV_MATCHER_REGEX:
		break;
	}
	if (rule->flags & RV_RULE_PATH_ONLY)
		return "path";
	if (rule->flags & RV_RULE_COMPANION)
		return "names others";
	if (rule->check)
		return "checked";
	if (rule->flags & RV_RULE_NEEDS_NEAR)
		return "beside its id";
	return rule->flags & RV_RULE_ANCHOR_FOLDS ? "keyword" : "prefix";
}

static void day_text(uint32_t day, char out[16])
{
	(void)snprintf(out, 16, "%04u-%02u-%02u", day / 10000 % 10000, day / 100 % 100,
		       day % 100); /* fits */
}

static json_t *texts(const char *const *list)
{
	json_t *array = json_array();

	for (; array && list && *list; list++)
		(void)json_array_append_new(array, json_string(*list)); /* a missing one shows */
	return array;
}

static json_t *json_of(const struct rv_rule *rule)
{
	char since[16];

	day_text(rule->since, since);
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:o, s:o, s:o, s:s?, s:s?, s:s?, s:s?, "
		"s:i, s:b, s:s?, s:s?}",
		"id", rule->id, "name", rule->name, "provider", rule->provider, "kind",
		rv_kind_name(rule->kind), "confidence", rule->confidence, "recognised",
		way_of(rule), "since", since, "anchors", texts(rule->anchors), "near",
		texts(rule->near), "aliases", texts(rule->aliases), "regex", rule->regex, "check",
		rule->check, "docs", rule->docs, "roll", rule->roll, "within", rule->within,
		"needs_near", (rule->flags & RV_RULE_NEEDS_NEAR) != 0, "request",
		rule->request ? rule->request->method : NULL, "request_url",
		rule->request ? rule->request->url : NULL);
}

static int print_json(json_t *document)
{
	RV_CLEANUP(rv_jsonp) json_t *owned = document;
	RV_CLEANUP(rv_freep) char *text = owned ? json_dumps(owned, JSON_INDENT(1)) : NULL;

	if (!text)
		return rv_scan_show_failure(rv_fail_nomem(NULL), &(struct rv_diag){0});
	return puts(text) >= 0 ? 0 : 2;
}

static bool is_wanted(const struct rv_rule *rule, const char *provider, const char *kind)
{
	return (!provider || strcmp(rule->provider, provider) == 0) &&
	       (!kind || strcmp(rv_kind_name(rule->kind), kind) == 0);
}

static rv_status put_row(struct rv_table *table, const struct rv_rule *rule)
{
	char confidence[8], since[16];

	(void)snprintf(confidence, sizeof(confidence), "%u", rule->confidence); /* fits */
	day_text(rule->since, since);
	const char *cells[] = {rule->id,   rule->provider, rv_kind_name(rule->kind),
			       confidence, way_of(rule),   since,
			       rule->name};
	return rv_table_row(table, RV_INK_PLAIN, cells);
}

static rv_status list_rows(const struct rv_out *out, const char *provider, const char *kind,
			   size_t *out_told)
{
	static const struct rv_table_column columns[] = {
		{"RULE", false, false}, {"PROVIDER", false, false},   {"KIND", false, false},
		{"SURE", true, false},	{"RECOGNISED", false, false}, {"SINCE", false, false},
		{"NAME", false, true}};
	RV_CLEANUP(rv_table_freep) struct rv_table *table = NULL;
	size_t count = 0;
	const struct rv_rule *rules = rv_rule_table(&count);

	RV_TRY(rv_table_new(columns, RV_LEN(columns), &table));
	for (size_t i = 0; i < count; i++) {
		if (!is_wanted(&rules[i], provider, kind))
			continue;
		RV_TRY(put_row(table, &rules[i]));
		(*out_told)++;
	}
	rv_table_print(table, out);
	return RV_OK;
}

int rv_run_rules_list(struct rv_out *out, const struct rv_verb_args *args)
{
	const char *provider = rv_json_text(args->json, "provider", NULL);
	const char *kind = rv_json_text(args->json, "kind", NULL);
	size_t count = 0, told = 0;
	const struct rv_rule *rules = rv_rule_table(&count);

	if (!out->is_json && !out->is_jsonl) {
		struct rv_diag diag = {0};
		rv_status status = list_rows(out, provider, kind, &told);

		if (!rv_is_ok(status))
			return rv_scan_show_failure(status, &diag);
		rv_out_hint(out, "%zu of %zu rules; reeve rules show ID", told, count);
		return 0;
	}
	json_t *list = json_array();
	for (size_t i = 0; list && i < count; i++) {
		if (is_wanted(&rules[i], provider, kind) &&
		    json_array_append_new(list, json_of(&rules[i])) != 0)
			return rv_scan_show_failure(rv_fail_nomem(NULL), &(struct rv_diag){0});
	}
	return print_json(list);
}

static rv_status unknown_rule(const char *id, struct rv_diag *diag)
{
	size_t count = 0;
	const struct rv_rule *rules = rv_rule_table(&count);
	RV_CLEANUP(rv_freep) const char **ids = calloc(count + 1, sizeof(*ids));

	for (size_t i = 0; ids && i < count; i++)
		ids[i] = rules[i].id;
	const char *near = ids ? rv_suggest(id, ids) : NULL;
	rv_diag_next(diag, "reeve rules list");
	return rv_fail(RV_CLASS_NOT_FOUND, diag,
		       near ? "no rule %s: did you mean %s?" : "no rule %s", rv_out_safe(id), near);
}

static void put_line(const struct rv_out *out, const char *name, const char *value)
{
	if (value && *value)
		rv_out_line(out, "%-12s %s", name, value);
}

static void put_list(const struct rv_out *out, const char *name, const char *const *list)
{
	for (; list && *list; list++, name = "")
		rv_out_line(out, "%-12s %s", name, rv_out_safe(*list));
}

static void show(const struct rv_out *out, const struct rv_rule *rule)
{
	char text[64];

	put_line(out, "rule", rule->id);
	put_line(out, "name", rule->name);
	put_line(out, "provider", rule->provider);
	put_line(out, "kind", rv_kind_name(rule->kind));
	(void)snprintf(text, sizeof(text), "%u%%", rule->confidence); /* fits */
	put_line(out, "confidence", text);
	put_line(out, "recognised", way_of(rule));
	put_list(out, "anchors", rule->anchors);
	put_line(out, "regex", rule->regex);
	put_line(out, "check", rule->check);
	put_list(out, "near", rule->near);
	if (rule->near) {
		(void)snprintf(text, sizeof(text), "%u bytes%s", rule->within, /* fits */
			       rule->flags & RV_RULE_NEEDS_NEAR ? ", else no finding" : "");
		put_line(out, "within", text);
	}
	put_list(out, "aliases", rule->aliases);
	day_text(rule->since, text);
	put_line(out, "since", text);
	put_line(out, "docs", rule->docs);
	put_line(out, "roll", rule->roll);
	if (rule->request)
		rv_out_line(out, "%-12s %s %s", "validate", rule->request->method,
			    rule->request->url);
}

int rv_run_rules_show(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_ruleset_freep) struct rv_ruleset *set = NULL;
	const char *id = rv_json_text(args->json, "rule", "");
	const struct rv_rule *rule = NULL;
	struct rv_diag diag = {0};

	rv_status status = rv_ruleset_new(true, &set);
	if (rv_is_ok(status)) {
		rule = rv_ruleset_find(set, id);
		status = rule ? RV_OK : unknown_rule(id, &diag);
	}
	if (!rule)
		return rv_scan_show_failure(status, &diag);
	if (out->is_json || out->is_jsonl)
		return print_json(json_of(rule));
	show(out, rule);
	return 0;
}

static int by_ns(const void *a, const void *b)
{
	const struct rv_rule_cost *x = a;
	const struct rv_rule_cost *y = b;

	return x->ns == y->ns ? 0 : x->ns < y->ns ? 1 : -1;
}

static rv_status put_costs(const struct rv_out *out, const struct rv_rule_cost *costs, size_t count,
			   uint64_t all_ns)
{
	static const struct rv_table_column columns[] = {
		{"RULE", false, true}, {"TRIES", true, false}, {"MATCHES", true, false},
		{"HITS", true, false}, {"MS", true, false},    {"SHARE", true, false}};
	RV_CLEANUP(rv_table_freep) struct rv_table *table = NULL;

	RV_TRY(rv_table_new(columns, RV_LEN(columns), &table));
	for (size_t i = 0; i < count && i < COSTLIEST && costs[i].rule && costs[i].ns > 0; i++) {
		char numbers[5][32];
		const uint64_t plain[] = {costs[i].tries, costs[i].matches, costs[i].hits};

		for (size_t n = 0; n < RV_LEN(plain); n++)
			(void)snprintf(numbers[n], 32, "%llu", (unsigned long long)plain[n]);
		uint64_t tenths = costs[i].ns * 1000 / (all_ns ? all_ns : 1);
		(void)snprintf(numbers[3], 32, "%llu.%03llu", /* fits */
			       (unsigned long long)(costs[i].ns / 1000000),
			       (unsigned long long)(costs[i].ns / 1000 % 1000));
		(void)snprintf(numbers[4], 32, "%llu.%llu%%", /* fits */
			       (unsigned long long)(tenths / 10),
			       (unsigned long long)(tenths % 10));
		const char *cells[] = {costs[i].rule->id, numbers[0], numbers[1],
				       numbers[2],	  numbers[3], numbers[4]};
		RV_TRY(rv_table_row(table, RV_INK_PLAIN, cells));
	}
	rv_table_print(table, out);
	return RV_OK;
}

static int json_costs(const struct rv_rule_cost *costs, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < count && costs[i].rule; i++) {
		if (costs[i].ns == 0 && costs[i].tries == 0)
			continue;
		if (json_array_append_new(list, json_pack("{s:s, s:I, s:I, s:I, s:I}", "rule",
							  costs[i].rule->id, "tries",
							  (json_int_t)costs[i].tries, "matches",
							  (json_int_t)costs[i].matches, "hits",
							  (json_int_t)costs[i].hits, "ns",
							  (json_int_t)costs[i].ns)) != 0)
			break; /* the text below is then NULL or short of memory, too */
	}
	return print_json(list);
}

int rv_run_rules_cost(struct rv_out *out, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_scan_run_done)
	struct rv_scan_run run = {.out = out, .counts_costs = true};
	struct rv_diag diag = {0};
	uint64_t all_ns = 0;

	rv_status status = rv_scan_ask_of(out, args, RV_SWEEP_PATHS, false, &run.ask, &diag);
	if (run.ask.sweep.threads == 0)
		run.ask.sweep.threads = 1; /* else threads wait for each other in the numbers */
	if (rv_is_ok(status))
		status = rv_scan_run_do(&run, &diag);
	if (!rv_is_ok(status))
		return rv_scan_show_failure(status, &diag);
	struct rv_rule_cost *costs = run.result.costs;
	size_t count = run.ask.sweep.cost_count;
	for (size_t i = 0; i < count; i++)
		all_ns += costs[i].ns;
	qsort(costs, count, sizeof(*costs), by_ns);
	if (out->is_json || out->is_jsonl)
		return json_costs(costs, count);
	status = put_costs(out, costs, count, all_ns);
	if (!rv_is_ok(status))
		return rv_scan_show_failure(status, &diag);
	rv_out_hint(out, "%.1f ms in all rules; anchors and reading are beside that",
		    (double)all_ns / 1e6);
	return 0;
}
