/* sweep: sentences that several formats of a report share. Not here: counting (report.c). */
#include "agent/sweep/report_parts.h"

#include "agent/base/clock.h"
#include "agent/model/kinds.h"

#define MARK "*****" /* what mask.h puts for a value in a line */
#define SURE 80	     /* percent: an open row of less warns */

enum rv_level rv_report_level(const struct rv_leak *leak)
{
	if (leak->state == RV_LEAK_NEW_RULE)
		return RV_LEVEL_WARNING;
	if (leak->state != RV_LEAK_OPEN)
		return RV_LEVEL_NOTE;
	if (leak->alive == 0)
		return RV_LEVEL_WARNING;
	return leak->confidence >= SURE || leak->is_identified || leak->alive == 1
		       ? RV_LEVEL_ERROR
		       : RV_LEVEL_WARNING;
}

const char *rv_report_level_name(enum rv_level level)
{
	return level == RV_LEVEL_ERROR ? "error" : level == RV_LEVEL_WARNING ? "warning" : "note";
}

uint64_t rv_report_gap_total(const struct rv_report_facts *facts)
{
	return facts->gap_total > facts->gap_count ? facts->gap_total : facts->gap_count;
}

uint64_t rv_report_suppression_total(const struct rv_report_facts *facts)
{
	return facts->suppression_total > facts->suppression_count ? facts->suppression_total
								   : facts->suppression_count;
}

bool rv_report_succeeded(const struct rv_report *r)
{
	return r->facts->exit_code == 0 || r->tally.of_state[RV_LEAK_OPEN] > 0;
}

int64_t rv_report_end(const struct rv_report_facts *facts)
{
	int64_t end = 0;

	if (facts->started_utc_us <= 0 ||
	    __builtin_add_overflow(facts->started_utc_us, facts->took_us, &end))
		return 0;
	return end;
}

bool rv_report_is_incomplete(const struct rv_report_facts *facts)
{
	return rv_report_gap_total(facts) > 0;
}

const char *rv_report_url(const char *text)
{
	if (!text || (strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0))
		return NULL;
	for (const char *c = text; *c; c++) {
		if (*c <= ' ' || *c > '~' || strchr("\"<>\\^`{|}", *c))
			return NULL;
	}
	return text;
}

const char *rv_report_link(const struct rv_rule *rule)
{
	const char *roll = rv_report_url(rule->roll);
	/* What describes a form of many issuers rolls nothing; passwords are set where they are. */
	bool is_of_issuer =
		strcmp(rule->provider, "generic") != 0 && rule->kind != RV_KIND_PASSWORD;

	return roll || !is_of_issuer ? roll : rv_report_url(rule->docs);
}

struct rv_str rv_report_bare(struct rv_str path)
{
	while (path.len > 2 && rv_str_starts_with(path, "./")) {
		path.data += 2;
		path.len -= 2;
	}
	return path;
}

/* Within a line, values are masked whole (mask.h). */
static rv_status digest_of(struct rv_hasher *hasher, const struct rv_str *parts, size_t count,
			   struct rv_digest *out)
{
	RV_TRY(rv_hasher_init(hasher));
	for (size_t i = 0; i < count; i++) {
		if (parts[i].len)
			RV_TRY(rv_hasher_update(hasher, parts[i].data, parts[i].len));
		RV_TRY(rv_hasher_update(hasher, "", 1));
	}
	return rv_hasher_final(hasher, out);
}

bool rv_report_digest(struct rv_emit *e, const struct rv_str *parts, size_t count,
		      char hex[RV_REPORT_DIGEST])
{
	struct rv_hasher hasher = {0};
	struct rv_digest digest = {0};
	rv_status status = digest_of(&hasher, parts, count, &digest);

	rv_hasher_done(&hasher);
	if (rv_is_ok(status))
		rv_hex(digest.bytes, RV_SHA256_LEN, hex);
	else if (rv_is_ok(e->status))
		e->status = status;
	return rv_is_ok(status);
}

struct rv_str rv_report_mark(const struct rv_leak *leak)
{
	const char *text = *leak->masked ? leak->masked : MARK;
	const char *at = strstr(leak->context, text);

	if (!at) {
		text = MARK;
		at = strstr(leak->context, text);
	}
	return at ? (struct rv_str){(const uint8_t *)at, strlen(text)} : RV_STR_NONE;
}

const char *rv_report_print(const struct rv_leak *leak)
{
	return leak->fingerprint && *leak->fingerprint && !leak->is_passing ? leak->fingerprint
									    : NULL;
}

const char *rv_report_alive(const struct rv_leak *leak)
{
	switch (leak->alive) {
	case RV_ALIVE_LIVES:
		return "ALIVE: its provider accepts it";
	case RV_ALIVE_REFUSED:
		return "dead: its provider refuses it";
	case RV_ALIVE_UNKNOWN:
		return "its provider gives no clear answer";
	case RV_ALIVE_NO_CONSENT:
		return "not asked: no --allow-validate for its rule";
	default:
		return NULL;
	}
}

const char *rv_report_reach(const struct rv_leak *leak)
{
	switch ((enum rv_leak_reach)leak->reach) {
	case RV_REACH_HEAD:
		return "still in HEAD";
	case RV_REACH_REF:
		return "gone from HEAD, still in a branch or tag";
	case RV_REACH_REFLOG:
		return "only a reflog or stash leads there";
	case RV_REACH_UNREACHABLE:
		return "nothing leads there, still stored";
	case RV_REACH_INDEX:
		return "staged, not committed yet";
	case RV_REACH_WORK_TREE:
		return "not committed yet";
	case RV_REACH_NONE:
	case RV_REACH__COUNT:
		break;
	}
	return NULL;
}

void rv_report_file(struct rv_report *r, enum rv_emit_as as, const struct rv_leak *leak)
{
	rv_emit_path(&r->emit, as, rv_report_bare(leak->path));
	if (leak->inside) {
		rv_emit_raw(&r->emit, "!");
		rv_emit_path(&r->emit, as, rv_str_of(leak->inside));
	}
}

void rv_report_where(struct rv_report *r, enum rv_emit_as as, const struct rv_leak *leak)
{
	rv_report_file(r, as, leak);
	if (leak->line)
		rv_emit_fmt(&r->emit, ":%u:%llu", leak->line, (unsigned long long)leak->column);
	else
		rv_emit_fmt(&r->emit, "@%llu", (unsigned long long)leak->offset);
}

void rv_report_sentence(struct rv_report *r, enum rv_emit_as as, const struct rv_leak *leak)
{
	const char *alive = rv_report_alive(leak);
	/* In a workflow command a bare percent sign would begin an escape. */
	const char *percent = as == RV_AS_COMMAND ? "%25" : "%";

	rv_emit_text(&r->emit, as, leak->rule->name);
	rv_emit_raw(&r->emit, " (");
	rv_emit_text(&r->emit, as, leak->rule->id);
	rv_emit_fmt(&r->emit, "), %u%s sure: ", leak->confidence, percent);
	rv_emit_text(&r->emit, as, leak->masked);
	if (alive) {
		rv_emit_raw(&r->emit, ". ");
		rv_emit_text(&r->emit, as, alive);
	}
}

void rv_report_advice(struct rv_report *r, enum rv_emit_as as, const struct rv_rule *rule)
{
	const char *link = rv_report_link(rule);

	rv_emit_raw(&r->emit, "Roll the key first, then remove it");
	if (link) {
		rv_emit_text(&r->emit, as, ": ");
		rv_emit_text(&r->emit, as, link);
	}
}

void rv_report_gap(struct rv_report *r, enum rv_emit_as as, const struct rv_gap *gap)
{
	rv_emit_path(&r->emit, as, rv_report_bare(gap->path));
	if (gap->inside) {
		rv_emit_raw(&r->emit, gap->path.len ? "!" : "");
		rv_emit_path(&r->emit, as, rv_str_of(gap->inside));
	}
	rv_emit_text(&r->emit, as, ": ");
	rv_emit_text(&r->emit, as, gap->reason);
	if (gap->detail) {
		rv_emit_text(&r->emit, as, ": ");
		rv_emit_text(&r->emit, as, gap->detail);
	}
}

void rv_report_excuse(struct rv_report *r, const char *marked)
{
	bool is_gate = strcmp(r->facts->command, "diff") == 0;

	rv_emit_raw(&r->emit,
		    is_gate ? "Allow it in the base first (.reeveignore): no change excuses itself"
			    : marked);
}

void rv_report_again(struct rv_report *r, enum rv_emit_as as)
{
	rv_emit_text(&r->emit, as, r->facts->again ? r->facts->again : "reeve scan");
}

/* "38.2 MB" */
static void put_size(struct rv_emit *emit, uint64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB"};
	uint64_t tenths = bytes / 100;
	size_t unit = 0;

	if (bytes < 1000) {
		rv_emit_fmt(emit, "%u bytes", (unsigned)bytes);
		return;
	}
	while (tenths >= 10000 && unit + 1 < RV_LEN(units)) {
		tenths /= 1000;
		unit++;
	}
	rv_emit_fmt(emit, "%llu.%u %s", (unsigned long long)(tenths / 10), (unsigned)(tenths % 10),
		    units[unit]);
}

static void put_count(struct rv_emit *emit, uint64_t n, const char *noun)
{
	rv_emit_fmt(emit, "%llu %s%s", (unsigned long long)n, noun, n == 1 ? "" : "s");
}

void rv_report_effort(struct rv_report *r)
{
	const struct rv_report_facts *facts = r->facts;
	const char *comma = ", ";
	uint64_t us = facts->took_us > 0 ? (uint64_t)facts->took_us : 0;

	if (facts->commits) {
		put_count(&r->emit, facts->commits, "commit");
		rv_emit_raw(&r->emit, comma);
	}
	if (facts->blobs) {
		put_count(&r->emit, facts->blobs, "blob");
		rv_emit_raw(&r->emit, comma);
	}
	if (facts->files || !facts->blobs) {
		put_count(&r->emit, facts->files, "file");
		rv_emit_raw(&r->emit, comma);
	}
	put_size(&r->emit, facts->bytes);
	rv_emit_raw(&r->emit, comma);
	put_count(&r->emit, facts->rules, "rule");
	if (us < UINT64_C(60) * RV_US_PER_S) {
		rv_emit_fmt(&r->emit, " in %u.%02u s", (unsigned)(us / 1000000),
			    (unsigned)(us / 10000 % 100));
	} else {
		char text[RV_TIME_TEXT];

		rv_duration_text((int64_t)us, text);
		rv_emit_fmt(&r->emit, " in %s", text);
	}
}

/* ", 4 known" */
static void put_more(struct rv_report *r, enum rv_leak_state state, const char *word)
{
	if (r->tally.of_state[state] == 0)
		return;
	rv_emit_fmt(&r->emit, "; %zu %s", r->tally.of_state[state], word);
}

void rv_report_headline(struct rv_report *r)
{
	const size_t *of_state = r->tally.of_state;

	if (of_state[RV_LEAK_OPEN]) {
		put_count(&r->emit, of_state[RV_LEAK_OPEN], "secret");
		rv_emit_raw(&r->emit, " in ");
		put_count(&r->emit, r->tally.open_files, "file");
	} else if (of_state[RV_LEAK_NEW_RULE]) {
		rv_emit_raw(&r->emit, "Nothing that fails the check");
	} else if (of_state[RV_LEAK_BASELINE]) {
		rv_emit_raw(&r->emit, "No new secrets found");
	} else {
		rv_emit_raw(&r->emit, "No secrets found");
	}
}

void rv_report_result(struct rv_report *r)
{
	rv_report_headline(r);
	put_more(r, RV_LEAK_NEW_RULE, "by new rules (only warned)");
	put_more(r, RV_LEAK_BASELINE, "known");
	put_more(r, RV_LEAK_ALLOWED, "allowed");
	put_more(r, RV_LEAK_WEAK, "weak");
	if (r->facts->excluded > 0)
		rv_emit_fmt(&r->emit, "; %llu file%s passed over, as the settings say",
			    (unsigned long long)r->facts->excluded,
			    r->facts->excluded == 1 ? "" : "s");
	if (rv_report_is_incomplete(r->facts))
		rv_emit_fmt(&r->emit, "; INCOMPLETE: %llu not scanned whole",
			    (unsigned long long)rv_report_gap_total(r->facts));
}
