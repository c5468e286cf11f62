/* scan: reeve-rules, a build tool: policies/detectors/ into the C table of rule_table.c and the
 * sample templates of the tests; --check only lints. Not installed; not part of any role. */
#include "agent/base/fd.h"
#include "agent/scan/check.h"
#include "agent/scan/rules_load.h"

#include <ctype.h>
#include <stdio.h>

static bool has_check(const char *name)
{
	return rv_check_find(name) != NULL;
}

static rv_status load_file(struct rv_rules *rules, const char *path, struct rv_diag *diag)
{
	struct rv_buf text;

	rv_buf_init(&text, RV_RULES_FILE_MAX);
	rv_status status = rv_file_read(path, RV_RULES_FILE_MAX, &text, diag);
	if (rv_is_ok(status))
		status = rv_rules_add(rules, rv_buf_view(&text), path, diag);
	rv_buf_done(&text);
	return status;
}

static void put_string(FILE *out, const char *text)
{
	if (!text) {
		(void)fputs("NULL", out); /* ferror is looked at once, at the end */
		return;
	}
	(void)fputc('"', out); /* as above */
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (isalnum(c) || strchr(" _-.,:;/+*^!&~=@<>(){}[]|#%$'", c))
			(void)fputc(c, out); /* as above */
		else
			(void)fprintf(out, "\\%03o", c); /* as above */
	}
	(void)fputc('"', out); /* as above */
}

/* The list under a name of its own; nothing for NULL. */
static void put_list(FILE *out, const char *name, size_t rule, const char *const *list)
{
	if (!list)
		return;
	(void)fprintf(out, "static const char *const %s_%zu[] = {", name, rule); /* as above */
	for (; *list; list++) {
		put_string(out, *list);
		(void)fputs(", ", out); /* as above */
	}
	(void)fputs("NULL};\n", out); /* as above */
}

static void put_list_name(FILE *out, const char *field, const char *name, size_t rule,
			  bool is_there)
{
	if (is_there)
		(void)fprintf(out, " .%s = %s_%zu,", field, name, rule); /* as above */
}

static void put_request(FILE *out, size_t rule, const struct rv_rule_request *q)
{
	if (!q)
		return;
	put_list(out, "headers", rule, q->headers);
	(void)fprintf(out, "static const struct rv_rule_request request_%zu = {.method = ", rule);
	put_string(out, q->method);
	(void)fputs(", .url = ", out); /* as above */
	put_string(out, q->url);
	(void)fputs(", .body = ", out); /* as above */
	put_string(out, q->body);
	(void)fputs(", .user = ", out); /* as above */
	put_string(out, q->user);
	(void)fputc(',', out); /* as above */
	put_list_name(out, "headers", "headers", rule, q->headers != NULL);
	(void)fprintf(out, " .valid = {%u, %u, %u}, .invalid = {%u, %u, %u}};\n", /* as above */
		      q->valid[0], q->valid[1], q->valid[2], q->invalid[0], q->invalid[1],
		      q->invalid[2]);
}

static void put_rule(FILE *out, size_t i, const struct rv_rule *rule)
{
	const struct {
		const char *name;
		const char *text;
	} texts[] = {{"id", rule->id},	     {"name", rule->name},   {"provider", rule->provider},
		     {"regex", rule->regex}, {"check", rule->check}, {"docs", rule->docs},
		     {"roll", rule->roll}};

	(void)fputs("\t{", out); /* as above */
	for (size_t t = 0; t < RV_LEN(texts); t++) {
		(void)fprintf(out, ".%s = ", texts[t].name); /* as above */
		put_string(out, texts[t].text);
		(void)fputs(", ", out); /* as above */
	}
	put_list_name(out, "anchors", "anchors", i, true);
	put_list_name(out, "near", "near", i, rule->near != NULL);
	put_list_name(out, "aliases", "aliases", i, rule->aliases != NULL);
	if (rule->request)
		(void)fprintf(out, " .request = &request_%zu,", i); /* as above */
	(void)fprintf(out,					    /* as above */
		      " .since = %u, .flags = %u, .behind = %u, .ahead = %u, .within = %u,"
		      " .min_entropy = %u, .kind = %u, .matcher = %u, .confidence = %u},\n",
		      rule->since, rule->flags, rule->behind, rule->ahead, rule->within,
		      rule->min_entropy, rule->kind, rule->matcher, rule->confidence);
}

static void put_table(FILE *out, const struct rv_rules *rules)
{
	size_t count;
	const struct rv_rule *rows = rv_rules_rows(rules, &count);
	uint32_t day = 0;

	for (size_t i = 0; i < count; i++) {
		put_list(out, "anchors", i, rows[i].anchors);
		put_list(out, "near", i, rows[i].near);
		put_list(out, "aliases", i, rows[i].aliases);
		put_request(out, i, rows[i].request);
		day = rows[i].since > day ? rows[i].since : day;
	}
	(void)fprintf(out, "#define RULES_DAY %u\n", day);	       /* as above */
	(void)fputs("static const struct rv_rule rules[] = {\n", out); /* as above */
	for (size_t i = 0; i < count; i++)
		put_rule(out, i, &rows[i]);
	(void)fputs("};\n", out); /* as above */
}

static void put_samples(FILE *out, const struct rv_rules *rules)
{
	size_t count;
	const struct rv_rule_samples *samples = rv_rules_samples(rules, &count);

	for (size_t i = 0; i < count; i++) {
		put_list(out, "positive", i, samples[i].positive);
		put_list(out, "negative", i, samples[i].negative);
	}
	(void)fputs("static const struct rule_samples {\n\tconst char *id;\n" /* as above */
		    "\tconst char *check; /* or NULL */\n"
		    "\tconst char *const *positive;\n\tconst char *const *negative;\n"
		    "} rule_samples[] = {\n",
		    out);
	for (size_t i = 0; i < count; i++) {
		(void)fprintf(out, "\t{\"%s\", ", samples[i].id); /* as above */
		put_string(out, samples[i].check);
		(void)fprintf(out, ", positive_%zu, negative_%zu},\n", i, i); /* as above */
	}
	(void)fputs("};\n", out); /* as above */
}

static rv_status write_file(const struct rv_rules *rules, const char *path,
			    void (*put)(FILE *out, const struct rv_rules *rules),
			    struct rv_diag *diag)
{
	FILE *out = fopen(path, "we");

	if (!out)
		return rv_fail_errno(diag, "writing %s", path);
	(void)fputs("/* Made by reeve-rules from policies/detectors/. */\n", out); /* as above */
	put(out, rules);
	bool has_failed = ferror(out) != 0;
	if (fclose(out) != 0 || has_failed)
		return rv_fail_errno(diag, "writing %s", path);
	return RV_OK;
}

int main(int argc, char **argv)
{
	RV_CLEANUP(rv_rules_freep) struct rv_rules *rules = NULL;
	const struct rv_rules_words words = {.has_check = has_check, .wants_samples = true};
	struct rv_diag diag = {0};
	bool is_check = argc > 2 && strcmp(argv[1], "--check") == 0;

	if (argc < (is_check ? 3 : 4)) {
		(void)fputs("usage: reeve-rules TABLE.inc SAMPLES.inc RULES.yaml..\n" /* stderr */
			    "       reeve-rules --check RULES.yaml..\n",
			    stderr);
		return 2;
	}
	rv_status status = rv_rules_new(&words, &rules);
	for (int i = is_check ? 2 : 3; i < argc && rv_is_ok(status); i++)
		status = load_file(rules, argv[i], &diag);
	if (rv_is_ok(status))
		status = rv_rules_seal(rules, &diag);
	if (rv_is_ok(status) && !is_check)
		status = write_file(rules, argv[1], put_table, &diag);
	if (rv_is_ok(status) && !is_check)
		status = write_file(rules, argv[2], put_samples, &diag);
	if (!rv_is_ok(status))
		(void)fprintf(stderr, "reeve-rules: %s\n", diag.text); /* to stderr */
	return rv_is_ok(status) ? 0 : 2;
}
