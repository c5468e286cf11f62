/* sweep: the report as GitHub's workflow commands and as GitLab's secret detection report, schema
 * 15.0.7 (which later 15.x take). Not here: JUnit, SARIF. */
#include "agent/sweep/report_parts.h"

#include "agent/base/clock.h"
#include "agent/base/digest.h"

#define PER_LEVEL     10 /* GitHub shows ten of each in a step */
#define MESSAGES_MAX  100
#define NO_COMMIT     "0000000" /* as GitLab's own analyzer says it */
#define GITLAB_SCHEMA "15.0.7"

/* --- GitHub */

static void put_steps(struct rv_report *r, const struct rv_leak *leak)
{
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, "%0A");
	rv_report_advice(r, RV_AS_COMMAND, leak->rule);
	rv_emit_raw(e, "%0AOnly a test value? ");
	rv_report_excuse(r, "Put on its line: reeve:allow reason=\"why\"");
	rv_emit_raw(e, "%0AThe same check on your machine: ");
	rv_report_again(r, RV_AS_COMMAND);
}

static void put_annotation(struct rv_report *r, const struct rv_leak *leak, enum rv_level level)
{
	struct rv_emit *e = &r->emit;

	rv_emit_raw(e, "::");
	rv_emit_raw(e, level == RV_LEVEL_NOTE ? "notice" : rv_report_level_name(level));
	rv_emit_raw(e, " file=");
	rv_emit_path(e, RV_AS_PROPERTY, rv_report_bare(leak->path));
	/* Lines of an archive's member are not lines of the file. */
	if (leak->line && !leak->inside) {
		rv_emit_fmt(e, ",line=%u,col=%llu,endLine=%u", leak->line,
			    (unsigned long long)leak->column, leak->end_line);
		if (leak->end_line == leak->line)
			rv_emit_fmt(e, ",endColumn=%llu", (unsigned long long)leak->end_column);
	}
	rv_emit_raw(e, ",title=");
	rv_emit_text(e, RV_AS_PROPERTY, leak->rule->name);
	rv_emit_raw(e, "::");
	rv_report_sentence(r, RV_AS_COMMAND, leak);
	if (leak->inside) {
		rv_emit_raw(e, "%0AInside: ");
		rv_emit_path(e, RV_AS_COMMAND, rv_str_of(leak->inside));
	}
	if (leak->first.id) {
		rv_emit_raw(e, "%0AAdded in ");
		rv_emit_text(e, RV_AS_COMMAND, leak->first.id);
		rv_emit_raw(e, " by ");
		rv_emit_text(e, RV_AS_COMMAND, leak->first.author);
	} else if (leak->reach == RV_REACH_INDEX || leak->reach == RV_REACH_WORK_TREE) {
		rv_emit_raw(e, "%0A");
		rv_emit_text(e, RV_AS_COMMAND, rv_report_reach(leak));
	}
	if (level != RV_LEVEL_NOTE)
		put_steps(r, leak);
	rv_emit_raw(e, "\n");
}

void rv_report_github(struct rv_report *r)
{
	size_t seen[RV_LEVEL__COUNT] = {0};
	size_t left = 0;

	for (size_t i = 0; i < r->facts->leak_count; i++) {
		const struct rv_leak *leak = &r->facts->leaks[i];
		enum rv_level level = rv_report_level(leak);

		if (!rv_report_tells(&r->look, leak))
			continue;
		if (seen[level]++ < PER_LEVEL)
			put_annotation(r, leak, level);
		else
			left++;
	}
	/* A plain line of the log: one more annotation would not be shown. */
	if (left)
		rv_emit_fmt(&r->emit, "%zu more are not annotated: GitHub shows %d of a kind. ",
			    left, PER_LEVEL);
	rv_report_result(r);
	rv_emit_raw(&r->emit, ". Scanned ");
	rv_report_effort(r);
	rv_emit_raw(&r->emit, ".\n");
}

/* --- GitLab */

/* The same row has the same id in each run: made of its fingerprint and its place. */
static void put_id(struct rv_emit *e, const struct rv_leak *leak)
{
	char numbers[64];
	char hex[RV_REPORT_DIGEST];

	(void)snprintf(numbers, sizeof(numbers), ":%u:%llu:%llu", leak->line,
		       (unsigned long long)leak->column,
		       (unsigned long long)leak->offset); /* always fits */
	const struct rv_str parts[] = {
		rv_str_of(leak->rule->id),
		rv_str_of(rv_report_print(leak) ? rv_report_print(leak) : ""),
		rv_str_of(leak->first.id ? leak->first.id : ""),
		rv_str_of(leak->inside ? leak->inside : ""),
		leak->path,
		rv_str_of(numbers),
	};
	if (!rv_report_digest(e, parts, RV_LEN(parts), hex))
		return;
	rv_emit_str_open(e, "id");
	/* Version 8 of RFC 9562: free content. */
	rv_emit_fmt(e, "%.8s-%.4s-8%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15, hex + 18);
	rv_emit_str_close(e);
}

/* "2026-11-27T10:00:00", without a zone. */
static void put_stamp(struct rv_emit *e, const char *key, int64_t utc_us)
{
	char text[RV_TIME_TEXT];

	rv_time_text(utc_us > 0 ? utc_us : 0, text);
	text[19] = '\0';
	rv_emit_str(e, key, text);
}

static void put_tool(struct rv_report *r, const char *key)
{
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, key, '{');
	rv_emit_str(e, "id", "reeve");
	rv_emit_str(e, "name", "Reeve");
	rv_emit_open(e, "vendor", '{');
	rv_emit_str(e, "name", "Reeve");
	rv_emit_close(e, '}');
	rv_emit_str(e, "version", r->facts->version);
	rv_emit_close(e, '}');
}

static void put_scan(struct rv_report *r)
{
	const struct rv_report_facts *facts = r->facts;
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, "scan", '{');
	put_tool(r, "analyzer");
	put_tool(r, "scanner");
	rv_emit_str(e, "type", "secret_detection");
	put_stamp(e, "start_time", facts->started_utc_us);
	put_stamp(e, "end_time", rv_report_end(facts));
	rv_emit_str(e, "status", rv_report_succeeded(r) ? "success" : "failure");
	rv_emit_open(e, "messages", '[');
	for (size_t i = 0; i < facts->gap_count && i < MESSAGES_MAX; i++) {
		rv_emit_open(e, NULL, '{');
		rv_emit_str(e, "level", "warn");
		rv_emit_str_open(e, "value");
		rv_emit_raw(e, "not scanned whole: ");
		rv_report_gap(r, RV_AS_JSON, &facts->gaps[i]);
		rv_emit_str_close(e);
		rv_emit_close(e, '}');
	}
	rv_emit_close(e, ']');
	rv_emit_close(e, '}');
}

static const char *severity_of(const struct rv_leak *leak)
{
	if (leak->state == RV_LEAK_OPEN)
		return rv_report_level(leak) == RV_LEVEL_ERROR ? "Critical" : "High";
	return leak->state == RV_LEAK_NEW_RULE ? "Medium" : "Info";
}

static void put_identifiers(struct rv_emit *e, const struct rv_rule *rule)
{
	rv_emit_open(e, "identifiers", '[');
	rv_emit_open(e, NULL, '{');
	rv_emit_str(e, "type", "reeve_rule_id");
	rv_emit_str_open(e, "name");
	rv_emit_raw(e, "Reeve rule ID ");
	rv_emit_text(e, RV_AS_JSON, rule->id);
	rv_emit_str_close(e);
	rv_emit_str(e, "value", rule->id);
	rv_emit_str(e, "url", rv_report_url(rule->docs));
	rv_emit_close(e, '}');
	rv_emit_close(e, ']');
}

static void put_location(struct rv_report *r, const struct rv_leak *leak)
{
	const struct rv_leak_commit *first = &leak->first;
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, "location", '{');
	rv_emit_str_open(e, "file");
	rv_report_file(r, RV_AS_JSON, leak);
	rv_emit_str_close(e);
	if (leak->line) {
		rv_emit_uint(e, "start_line", leak->line);
		rv_emit_uint(e, "end_line", leak->end_line);
	}
	rv_emit_open(e, "commit", '{');
	rv_emit_str(e, "sha", first->id ? first->id : NO_COMMIT);
	rv_emit_str(e, "author", first->author);
	rv_emit_time(e, "date", first->at_utc_us);
	rv_emit_str(e, "message", first->message);
	rv_emit_close(e, '}');
	rv_emit_close(e, '}');
}

static void put_vulnerability(struct rv_report *r, const struct rv_leak *leak)
{
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, NULL, '{');
	put_id(e, leak);
	rv_emit_str(e, "category", "secret_detection");
	rv_emit_str(e, "name", leak->rule->name);
	rv_emit_str_open(e, "description");
	rv_report_sentence(r, RV_AS_JSON, leak);
	rv_emit_str_close(e);
	rv_emit_str(e, "severity", severity_of(leak));
	rv_emit_str_open(e, "solution");
	rv_report_advice(r, RV_AS_JSON, leak->rule);
	rv_emit_str_close(e);
	put_identifiers(e, leak->rule);
	put_location(r, leak);
	rv_emit_str(e, "raw_source_code_extract", leak->masked);
	rv_emit_close(e, '}');
}

void rv_report_gitlab(struct rv_report *r)
{
	struct rv_emit *e = &r->emit;

	e->spread = 2;
	rv_emit_open(e, NULL, '{');
	rv_emit_str(e, "version", GITLAB_SCHEMA);
	put_scan(r);
	rv_emit_open(e, "vulnerabilities", '[');
	for (size_t i = 0; i < r->facts->leak_count; i++) {
		if (rv_report_tells(&r->look, &r->facts->leaks[i]))
			put_vulnerability(r, &r->facts->leaks[i]);
	}
	rv_emit_close(e, ']');
	rv_emit_close(e, '}');
	rv_emit_raw(e, "\n");
}
