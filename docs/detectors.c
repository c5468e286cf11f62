/* docs: writes docs/detector-table.md, all built-in rules, from the table the program uses. */
#include "agent/model/kinds.h"
#include "agent/scan/check.h"
#include "agent/scan/rule.h"
#include "agent/scan/rules_compose.h"

#include <stdio.h>
#include <stdlib.h>

/* Was its regex made of keywords and a format? Its anchors are the keywords then. */
static bool has_keywords(const struct rv_rule *rule)
{
	struct rv_buf text;

	rv_buf_init(&text, 1 << 16);
	bool is_so = rv_is_ok(rv_rules_compose(rule->anchors, "", &text)) && text.len > 0 &&
		     rule->regex &&
		     strncmp(rule->regex, (const char *)text.data, text.len - 1) == 0;
	rv_buf_done(&text);
	return is_so;
}

static void print_how(const struct rv_rule *rule)
{
	const struct rv_check_row *check = rule->check ? rv_check_find(rule->check) : NULL;

	if (rule->matcher == RV_MATCHER_ASSIGNMENT)
		printf("assignment");
	else if (rule->matcher == RV_MATCHER_PEM)
		printf("structure");
	else
		printf("%s", has_keywords(rule) ? "keyword" : "mark");
	if (rule->flags & RV_RULE_NEEDS_NEAR)
		printf(", beside its companion");
	printf(" | ");
	if (check)
		printf(check->identifies ? "**%s**" : "%s", check->name);
}

static int by_provider(const void *a, const void *b)
{
	const struct rv_rule *x = *(const struct rv_rule *const *)a;
	const struct rv_rule *y = *(const struct rv_rule *const *)b;
	int order = strcmp(x->provider, y->provider);

	return order ? order : strcmp(x->id, y->id);
}

static bool is_finding(const struct rv_rule *rule)
{
	return !(rule->flags & RV_RULE_COMPANION);
}

static void print_head(const struct rv_rule *const *rows, size_t count)
{
	size_t providers = 0, findings = 0, asked = 0;

	for (size_t i = 0; i < count; i++) {
		providers += i == 0 || strcmp(rows[i]->provider, rows[i - 1]->provider) != 0;
		findings += is_finding(rows[i]);
		asked += rows[i]->request != NULL;
	}
	printf("# The built-in detectors\n\n"
	       "Made from `policies/detectors/` by `docs/detectors.c`; a lint keeps it fresh. How "
	       "a "
	       "rule is chosen and graded\nis in `detectors.md`.\n\n"
	       "%zu rules of %zu providers: %zu that find, %zu that give what is found beside them "
	       "a public name. %zu say how\n`--validate` asks the provider.\n\n",
	       count, providers, findings, count - findings, asked);
	printf("- **by**: *mark*, a literal in the value or right before it; *keyword*, a "
	       "provider's word, an assignment, a\n  strict format; *structure*, the form of a "
	       "private key; *assignment*, a name and how the value reads.\n"
	       "- **check**: computed offline, by the names of `agent/scan/check.h`; in bold when "
	       "a "
	       "pass proves what the value is.\n"
	       "- **sure**: the confidence it starts with, of 100; empty where each value is "
	       "weighed by itself.\n"
	       "- **ask**: `--validate` can ask.\n\n"
	       "Key stores that open without a password of their own (`keystore-open`) are found "
	       "by `agent/sweep/contents.c`.\n\n");
}

static void print_row(const struct rv_rule *rule)
{
	printf("| %s | `%s` | %s | ", rule->provider, rule->id,
	       rv_kind_name((enum rv_kind)rule->kind));
	print_how(rule);
	printf(" | ");
	if (rule->flags & RV_RULE_COMPANION)
		printf("name only");
	else if (rule->matcher == RV_MATCHER_REGEX)
		printf("%u", rule->confidence);
	printf(" | %s |\n", rule->request ? "yes" : "");
}

int main(void)
{
	size_t count = 0;
	const struct rv_rule *table = rv_rule_table(&count);
	const struct rv_rule **rows = calloc(count + 1, sizeof(*rows));

	if (!rows)
		return 2;
	for (size_t i = 0; i < count; i++)
		rows[i] = &table[i];
	qsort(rows, count, sizeof(*rows), by_provider);
	print_head(rows, count);
	printf("| provider | rule | kind | by | check | sure | ask |\n"
	       "|---|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < count; i++)
		print_row(rows[i]);
	free(rows);
	return fflush(stdout) == 0 ? 0 : 2;
}
