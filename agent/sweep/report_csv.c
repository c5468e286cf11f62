/* sweep: the report as CSV (RFC 4180): the sixteen columns of gitleaks, then ours. Text cells are
 * always quoted; what a spreadsheet would take for a formula gets an apostrophe. */
#include "agent/sweep/report_parts.h"

#include "agent/base/clock.h"
#include "agent/model/kinds.h"

static void put_text(struct rv_emit *e, const char *text)
{
	rv_emit_cell_open(e, text ? (uint8_t)text[0] : 0);
	rv_emit_text(e, RV_AS_CSV, text);
	rv_emit_cell_close(e);
	rv_emit_raw(e, ",");
}

static void put_number(struct rv_emit *e, uint64_t n)
{
	rv_emit_fmt(e, "%llu,", (unsigned long long)n);
}

static void put_time(struct rv_emit *e, int64_t utc_us)
{
	char text[RV_TIME_TEXT] = "";

	if (utc_us > 0)
		rv_time_text(utc_us, text);
	put_text(e, text);
}

static uint8_t first_byte(struct rv_str path)
{
	struct rv_str bare = rv_report_bare(path);

	return bare.len ? bare.data[0] : 0;
}

static void put_file(struct rv_report *r, const struct rv_leak *leak)
{
	rv_emit_cell_open(&r->emit, first_byte(leak->path));
	rv_report_file(r, RV_AS_CSV, leak);
	rv_emit_cell_close(&r->emit);
	rv_emit_raw(&r->emit, ",");
}

/* commit:path:rule:line, without the commit where there is none. */
static void put_place(struct rv_report *r, const struct rv_leak *leak)
{
	struct rv_emit *e = &r->emit;

	rv_emit_cell_open(e, leak->first.id ? (uint8_t)leak->first.id[0] : first_byte(leak->path));
	if (leak->first.id) {
		rv_emit_text(e, RV_AS_CSV, leak->first.id);
		rv_emit_raw(e, ":");
	}
	rv_report_file(r, RV_AS_CSV, leak);
	rv_emit_raw(e, ":");
	rv_emit_text(e, RV_AS_CSV, leak->rule->id);
	rv_emit_fmt(e, ":%u", leak->line);
	rv_emit_cell_close(e);
	rv_emit_raw(e, ",");
}

/* RuleID .. Tags */
static void put_theirs(struct rv_report *r, const struct rv_leak *leak)
{
	const struct rv_leak_commit *first = &leak->first;
	struct rv_emit *e = &r->emit;

	put_text(e, leak->rule->id);
	put_text(e, first->id);
	put_file(r, leak);
	put_text(e, "");
	put_text(e, leak->masked);
	put_text(e, leak->masked);
	put_number(e, leak->line);
	put_number(e, leak->end_line);
	put_number(e, leak->column);
	put_number(e, leak->end_column ? leak->end_column - 1 : 0);
	put_text(e, first->author);
	put_text(e, first->message);
	put_time(e, first->at_utc_us);
	put_text(e, first->email);
	put_place(r, leak);
	put_text(e, "");
}

static void put_ours(struct rv_report *r, const struct rv_leak *leak)
{
	struct rv_emit *e = &r->emit;

	put_text(e, rv_leak_state_name((enum rv_leak_state)leak->state));
	put_text(e, rv_report_level_name(rv_report_level(leak)));
	put_number(e, leak->confidence);
	put_text(e, leak->is_identified ? "true" : "false");
	put_text(e, leak->rule->name);
	put_text(e, leak->rule->provider);
	put_text(e, rv_kind_name(leak->rule->kind));
	put_text(e, leak->context);
	put_text(e, leak->layers);
	put_text(e, leak->public_id);
	put_text(e, leak->facts);
	put_text(e, rv_report_alive(leak));
	put_text(e, leak->reach == RV_REACH_NONE
			    ? ""
			    : rv_leak_reach_name((enum rv_leak_reach)leak->reach));
	put_number(e, leak->places);
	put_text(e, leak->owner_hint);
	put_text(e, leak->note);
	put_text(e, rv_report_print(leak));
	put_number(e, leak->offset);
	rv_emit_raw(e, "\"");
	rv_emit_text(e, RV_AS_CSV, rv_report_link(leak->rule));
	rv_emit_raw(e, "\"\r\n");
}

/* The header stands there also when nothing was found. */
void rv_report_csv(struct rv_report *r)
{
	rv_emit_raw(&r->emit,
		    "RuleID,Commit,File,SymlinkFile,Secret,Match,StartLine,EndLine,StartColumn,"
		    "EndColumn,Author,Message,Date,Email,Fingerprint,Tags,"
		    "State,Level,Confidence,Identified,Name,Provider,Kind,Context,Layers,PublicId,"
		    "Facts,Validity,Reach,MorePlaces,OwnerHint,Note,ReeveFingerprint,Offset,"
		    "Roll\r\n");
	for (size_t i = 0; i < r->facts->leak_count; i++) {
		if (!rv_report_tells(&r->look, &r->facts->leaks[i]))
			continue;
		put_theirs(r, &r->facts->leaks[i]);
		put_ours(r, &r->facts->leaks[i]);
	}
}
