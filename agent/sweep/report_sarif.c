/* sweep: the report as SARIF 2.1.0 (OASIS, with errata 01). Columns are counted in bytes, which are
 * its Unicode code points on lines of ASCII. Not here: levels (report_parts.c). */
#include "agent/sweep/report_parts.h"

#define SCHEMA                                                    \
	"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01" \
	"/os/schemas/sarif-schema-2.1.0.json"

static void put_message(struct rv_emit *e, const char *key, const char *text)
{
	rv_emit_open(e, key, '{');
	rv_emit_str(e, "text", text);
	rv_emit_close(e, '}');
}

static const char *precision_of(unsigned confidence)
{
	return confidence >= 95	  ? "very-high"
	       : confidence >= 80 ? "high"
	       : confidence >= 60 ? "medium"
				  : "low";
}

static void put_help(struct rv_report *r, const struct rv_rule *rule)
{
	const char *link = rv_report_link(rule);
	struct rv_emit *e = &r->emit;

	rv_emit_str(e, "helpUri", link);
	rv_emit_open(e, "help", '{');
	rv_emit_str_open(e, "text");
	rv_report_advice(r, RV_AS_JSON, rule);
	rv_emit_raw(e, ".");
	rv_emit_str_close(e);
	rv_emit_close(e, '}');
}

static void put_rule(struct rv_report *r, const struct rv_rule *rule)
{
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, NULL, '{');
	rv_emit_str(e, "id", rule->id);
	put_message(e, "shortDescription", rule->name);
	rv_emit_open(e, "fullDescription", '{');
	rv_emit_str_open(e, "text");
	rv_emit_text(e, RV_AS_JSON, rule->name);
	rv_emit_raw(e, " of ");
	rv_emit_text(e, RV_AS_JSON, rule->provider);
	rv_emit_raw(e, ": who reads it can use it until it is rolled.");
	rv_emit_str_close(e);
	rv_emit_close(e, '}');
	put_help(r, rule);
	rv_emit_open(e, "defaultConfiguration", '{');
	rv_emit_str(e, "level", rule->confidence >= 80 ? "error" : "warning");
	rv_emit_close(e, '}');
	rv_emit_open(e, "properties", '{');
	rv_emit_open(e, "tags", '[');
	rv_emit_str(e, NULL, "security");
	rv_emit_str(e, NULL, "secret");
	rv_emit_close(e, ']');
	rv_emit_str(e, "precision", precision_of(rule->confidence));
	rv_emit_str(e, "security-severity", rule->confidence >= 80 ? "9.0" : "7.0");
	rv_emit_str(e, "provider", rule->provider);
	rv_emit_open(e, "aliases", '[');
	for (const char *const *alias = rule->aliases; alias && *alias; alias++)
		rv_emit_str(e, NULL, *alias);
	rv_emit_close(e, ']');
	rv_emit_close(e, '}');
	rv_emit_close(e, '}');
}

static void put_tool(struct rv_report *r)
{
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, "tool", '{');
	rv_emit_open(e, "driver", '{');
	rv_emit_str(e, "name", "reeve");
	rv_emit_str(e, "version", r->facts->version);
	rv_emit_open(e, "rules", '[');
	for (size_t i = 0; i < r->tally.rule_count; i++)
		put_rule(r, r->tally.rules[i].rule);
	rv_emit_close(e, ']');
	rv_emit_close(e, '}');
	rv_emit_close(e, '}');
}

/* A relative reference below %SRCROOT%, or a file: URI. */
static void put_artifact(struct rv_emit *e, struct rv_str path)
{
	bool is_absolute = path.len && path.data[0] == '/';

	rv_emit_open(e, "artifactLocation", '{');
	rv_emit_str_open(e, "uri");
	rv_emit_raw(e, is_absolute ? "file://" : "");
	rv_emit_uri(e, rv_report_bare(path));
	rv_emit_str_close(e);
	if (!is_absolute)
		rv_emit_str(e, "uriBaseId", "%SRCROOT%");
	rv_emit_close(e, '}');
}

/* Lines of an archive's member are not lines of the archive: then no region. */
static void put_region(struct rv_emit *e, const struct rv_leak *leak)
{
	if (leak->inside)
		return;
	rv_emit_open(e, "region", '{');
	if (leak->line) {
		rv_emit_uint(e, "startLine", leak->line);
		rv_emit_uint(e, "startColumn", leak->column);
		rv_emit_uint(e, "endLine", leak->end_line);
		rv_emit_uint(e, "endColumn", leak->end_column);
	} else {
		rv_emit_uint(e, "byteOffset", leak->offset);
	}
	put_message(e, "snippet", leak->masked);
	rv_emit_close(e, '}');
	if (leak->line == 0 || leak->end_line != leak->line)
		return;
	rv_emit_open(e, "contextRegion", '{');
	rv_emit_uint(e, "startLine", leak->line);
	put_message(e, "snippet", leak->context);
	rv_emit_close(e, '}');
}

static void put_physical(struct rv_emit *e, const struct rv_leak *leak)
{
	rv_emit_open(e, "physicalLocation", '{');
	put_artifact(e, leak->path);
	put_region(e, leak);
	rv_emit_close(e, '}');
}

static void put_location(struct rv_emit *e, const struct rv_leak *leak)
{
	rv_emit_open(e, "locations", '[');
	rv_emit_open(e, NULL, '{');
	put_physical(e, leak);
	if (leak->inside) {
		rv_emit_open(e, "logicalLocations", '[');
		rv_emit_open(e, NULL, '{');
		rv_emit_str_path(e, "fullyQualifiedName", rv_str_of(leak->inside));
		rv_emit_str(e, "kind", "resource");
		rv_emit_close(e, '}');
		rv_emit_close(e, ']');
	}
	rv_emit_close(e, '}');
	rv_emit_close(e, ']');
}

/* A step of the flow: the commit that added it, then the last that has it. */
static void put_step(struct rv_emit *e, const struct rv_leak *leak, const char *verb,
		     const struct rv_leak_commit *commit)
{
	rv_emit_open(e, NULL, '{');
	rv_emit_open(e, "location", '{');
	put_physical(e, leak);
	rv_emit_open(e, "message", '{');
	rv_emit_str_open(e, "text");
	rv_emit_raw(e, verb);
	rv_emit_text(e, RV_AS_JSON, commit->id);
	if (commit->author) {
		rv_emit_raw(e, " by ");
		rv_emit_text(e, RV_AS_JSON, commit->author);
	}
	rv_emit_str_close(e);
	rv_emit_close(e, '}');
	rv_emit_close(e, '}');
	rv_emit_time(e, "executionTimeUtc", commit->at_utc_us);
	rv_emit_close(e, '}');
}

static void put_flow(struct rv_emit *e, const struct rv_leak *leak)
{
	if (!leak->first.id)
		return;
	rv_emit_open(e, "codeFlows", '[');
	rv_emit_open(e, NULL, '{');
	rv_emit_open(e, "threadFlows", '[');
	rv_emit_open(e, NULL, '{');
	rv_emit_open(e, "locations", '[');
	put_step(e, leak, "added in ", &leak->first);
	if (leak->last.id)
		put_step(e, leak, "last in ", &leak->last);
	rv_emit_close(e, ']');
	rv_emit_close(e, '}');
	rv_emit_close(e, ']');
	rv_emit_close(e, '}');
	rv_emit_close(e, ']');
}

static void put_suppression(struct rv_emit *e, const struct rv_leak *leak)
{
	if (leak->state != RV_LEAK_ALLOWED && leak->state != RV_LEAK_BASELINE)
		return;
	rv_emit_open(e, "suppressions", '[');
	rv_emit_open(e, NULL, '{');
	rv_emit_str(e, "kind", leak->is_marked ? "inSource" : "external");
	rv_emit_str(e, "status", "accepted");
	rv_emit_str(e, "justification", leak->note);
	rv_emit_close(e, '}');
	rv_emit_close(e, ']');
}

static void put_properties(struct rv_emit *e, const struct rv_leak *leak)
{
	rv_emit_open(e, "properties", '{');
	rv_emit_str(e, "state", rv_leak_state_name((enum rv_leak_state)leak->state));
	rv_emit_uint(e, "confidence", leak->confidence);
	rv_emit_bool(e, "identified", leak->is_identified);
	rv_emit_str(e, "publicId", leak->public_id);
	rv_emit_str(e, "facts", leak->facts);
	rv_emit_str(e, "layers", leak->layers);
	rv_emit_uint(e, "morePlaces", leak->places);
	if (leak->inside && leak->line)
		rv_emit_uint(e, "memberLine", leak->line);
	if (leak->reach != RV_REACH_NONE)
		rv_emit_str(e, "reach", rv_leak_reach_name((enum rv_leak_reach)leak->reach));
	rv_emit_close(e, '}');
}

/* By what a later run's result is the same: the value, where it has a fingerprint that lasts; and
 * what stands there, which moves with its line. */
static void put_prints(struct rv_emit *e, const struct rv_leak *leak)
{
	const struct rv_str parts[] = {rv_str_of(leak->rule->id), leak->path,
				       rv_str_of(leak->inside ? leak->inside : ""),
				       rv_str_of(leak->context)};
	char hex[RV_REPORT_DIGEST];

	if (!rv_report_digest(e, parts, RV_LEN(parts), hex))
		return;
	rv_emit_open(e, "partialFingerprints", '{');
	if (rv_report_print(leak))
		rv_emit_str(e, "reeve/v1", rv_report_print(leak));
	rv_emit_str(e, "reevePlace/v1", hex);
	rv_emit_close(e, '}');
}

static void put_result(struct rv_report *r, const struct rv_leak *leak)
{
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, NULL, '{');
	rv_emit_str(e, "ruleId", leak->rule->id);
	rv_emit_uint(e, "ruleIndex", rv_tally_place(&r->tally, leak->rule));
	rv_emit_str(e, "level", rv_report_level_name(rv_report_level(leak)));
	rv_emit_uint(e, "rank", leak->confidence);
	rv_emit_open(e, "message", '{');
	rv_emit_str_open(e, "text");
	rv_report_sentence(r, RV_AS_JSON, leak);
	rv_emit_raw(e, ". ");
	rv_report_advice(r, RV_AS_JSON, leak->rule);
	rv_emit_str_close(e);
	rv_emit_close(e, '}');
	put_location(e, leak);
	put_prints(e, leak);
	if (r->facts->known)
		rv_emit_str(e, "baselineState",
			    leak->state == RV_LEAK_BASELINE ? "unchanged" : "new");
	put_suppression(e, leak);
	put_flow(e, leak);
	put_properties(e, leak);
	rv_emit_close(e, '}');
}

static void put_gap(struct rv_report *r, const struct rv_gap *gap)
{
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, NULL, '{');
	rv_emit_open(e, "descriptor", '{');
	rv_emit_str(e, "id", gap->reason);
	rv_emit_close(e, '}');
	rv_emit_str(e, "level", "warning");
	rv_emit_open(e, "message", '{');
	rv_emit_str_open(e, "text");
	rv_emit_raw(e, "not scanned whole: ");
	rv_report_gap(r, RV_AS_JSON, gap);
	rv_emit_str_close(e);
	rv_emit_close(e, '}');
	if (gap->path.len) {
		rv_emit_open(e, "locations", '[');
		rv_emit_open(e, NULL, '{');
		rv_emit_open(e, "physicalLocation", '{');
		put_artifact(e, gap->path);
		rv_emit_close(e, '}');
		rv_emit_close(e, '}');
		rv_emit_close(e, ']');
	}
	rv_emit_close(e, '}');
}

static void put_invocation(struct rv_report *r)
{
	const struct rv_report_facts *facts = r->facts;
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, "invocations", '[');
	rv_emit_open(e, NULL, '{');
	rv_emit_bool(e, "executionSuccessful", rv_report_succeeded(r));
	rv_emit_int(e, "exitCode", facts->exit_code);
	rv_emit_time(e, "startTimeUtc", facts->started_utc_us);
	rv_emit_time(e, "endTimeUtc", rv_report_end(facts));
	rv_emit_open(e, "toolExecutionNotifications", '[');
	for (size_t i = 0; i < facts->gap_count; i++)
		put_gap(r, &facts->gaps[i]);
	rv_emit_close(e, ']');
	rv_emit_open(e, "properties", '{');
	rv_emit_uint(e, "gaps", rv_report_gap_total(facts));
	rv_emit_close(e, '}');
	rv_emit_close(e, '}');
	rv_emit_close(e, ']');
}

static void put_provenance(struct rv_report *r)
{
	struct rv_emit *e = &r->emit;

	if (!rv_report_url(r->facts->repository))
		return;
	rv_emit_open(e, "versionControlProvenance", '[');
	rv_emit_open(e, NULL, '{');
	rv_emit_str(e, "repositoryUri", r->facts->repository);
	rv_emit_str(e, "revisionId", r->facts->revision);
	rv_emit_open(e, "mappedTo", '{');
	rv_emit_str(e, "uriBaseId", "%SRCROOT%");
	rv_emit_close(e, '}');
	rv_emit_close(e, '}');
	rv_emit_close(e, ']');
}

static void put_run(struct rv_report *r)
{
	struct rv_emit *e = &r->emit;

	rv_emit_open(e, NULL, '{');
	put_tool(r);
	rv_emit_open(e, "automationDetails", '{');
	rv_emit_str_open(e, "id");
	rv_emit_raw(e, "reeve-scan/");
	rv_emit_text(e, RV_AS_JSON, r->facts->command);
	rv_emit_raw(e, "/");
	rv_emit_str_close(e);
	rv_emit_close(e, '}');
	put_invocation(r);
	put_provenance(r);
	rv_emit_str(e, "columnKind", "unicodeCodePoints");
	rv_emit_open(e, "results", '[');
	for (size_t i = 0; i < r->facts->leak_count; i++) {
		if (rv_report_tells(&r->look, &r->facts->leaks[i]))
			put_result(r, &r->facts->leaks[i]);
	}
	rv_emit_close(e, ']');
	rv_emit_close(e, '}');
}

void rv_report_sarif(struct rv_report *r)
{
	struct rv_emit *e = &r->emit;

	e->spread = 5; /* a line for each result and each of its members */
	rv_emit_open(e, NULL, '{');
	rv_emit_str(e, "$schema", SCHEMA);
	rv_emit_str(e, "version", "2.1.0");
	rv_emit_open(e, "runs", '[');
	put_run(r);
	rv_emit_close(e, ']');
	rv_emit_close(e, '}');
	rv_emit_raw(e, "\n");
}
