/* sweep: what the formats of a report share. Only for report*.c. */
#pragma once

#include "agent/base/digest.h"
#include "agent/scan/rule.h"
#include "agent/sweep/report.h"
#include "agent/sweep/report_out.h"

/* How loud a row is told. */
enum rv_level {
	RV_LEVEL_ERROR,	  /* open, and likely */
	RV_LEVEL_WARNING, /* open and unsure or dead, or by a new rule */
	RV_LEVEL_NOTE,	  /* does not count */
	RV_LEVEL__COUNT
};

struct rv_tally_rule {
	const struct rv_rule *rule;
	size_t told, open;
	size_t live; /* open, or by a new rule */
};

/* Counts of what is told, and the rules that occur, by id. */
struct rv_tally {
	struct rv_tally_rule *rules;
	size_t rule_count, rule_cap;
	size_t told, files; /* rows told, and the files they are in */
	size_t open_files;
	size_t of_state[RV_LEAK__COUNT]; /* open and new-rule: rows; others: as the facts say */
};
RV_NODISCARD rv_status rv_tally_init(const struct rv_report_facts *facts,
				     const struct rv_report_look *look, struct rv_tally *out);
void rv_tally_done(struct rv_tally *tally);
/* Place of the rule in tally->rules; it must be there. */
size_t rv_tally_place(const struct rv_tally *tally, const struct rv_rule *rule);

struct rv_report {
	struct rv_emit emit;
	const struct rv_report_facts *facts;
	struct rv_report_look look;
	struct rv_tally tally;
};

bool rv_report_tells(const struct rv_report_look *look, const struct rv_leak *leak);
enum rv_level rv_report_level(const struct rv_leak *leak);
const char *rv_report_level_name(enum rv_level level); /* "error", "warning", "note" */
/* False: it fails for another reason than findings (--strict: exit code 3 and nothing open). With
 * findings the code may be any (--exit-code). */
bool rv_report_succeeded(const struct rv_report *r);
/* When the scan ended; 0 unknown. */
int64_t rv_report_end(const struct rv_report_facts *facts);
bool rv_report_is_incomplete(const struct rv_report_facts *facts);
uint64_t rv_report_gap_total(const struct rv_report_facts *facts);
uint64_t rv_report_suppression_total(const struct rv_report_facts *facts);
/* The page where it is rolled, else its issuer's documentation; NULL: neither is http(s). */
const char *rv_report_link(const struct rv_rule *rule);
/* The text when it is an http(s) URL, else NULL. */
const char *rv_report_url(const char *text);
/* The path without "./" before it, as build services want it. */
struct rv_str rv_report_bare(struct rv_str path);
/* Where the masked value stands in the context; NULL data: it is not to be seen there. */
struct rv_str rv_report_mark(const struct rv_leak *leak);
/* The fingerprint; NULL: none was made, or none that the next run would make again. */
const char *rv_report_print(const struct rv_leak *leak);
/* SHA-256 over the parts, each with a NUL behind it, in hex. False: it failed, as e says then. */
#define RV_REPORT_DIGEST (2 * RV_SHA256_LEN + 1)
bool rv_report_digest(struct rv_emit *e, const struct rv_str *parts, size_t count,
		      char hex[RV_REPORT_DIGEST]);
/* True: the row below is of another file. */
bool rv_report_same_file(const struct rv_leak *a, const struct rv_leak *b);
/* Lives, is dead, could not be told; NULL: was not asked. */
const char *rv_report_alive(const struct rv_leak *leak);
/* Where in the history, for people; NULL for RV_REACH_NONE. */
const char *rv_report_reach(const struct rv_leak *leak);

/* These take any place but a workflow command's property. path!inside */
void rv_report_file(struct rv_report *r, enum rv_emit_as as, const struct rv_leak *leak);
/* path!inside:12:3, or path!inside@1234 where there are no lines */
void rv_report_where(struct rv_report *r, enum rv_emit_as as, const struct rv_leak *leak);
/* "Acme API key (acme-api-key), 97% sure: ghp_..9f" */
void rv_report_sentence(struct rv_report *r, enum rv_emit_as as, const struct rv_leak *leak);
/* "roll the key first: https://.." */
void rv_report_advice(struct rv_report *r, enum rv_emit_as as, const struct rv_rule *rule);
/* "big.iso: too-large: 12 GB, the limit is 1 GB" */
void rv_report_gap(struct rv_report *r, enum rv_emit_as as, const struct rv_gap *gap);
/* What to do about a test value: `marked`, or, where a marker has no effect (--diff), what has. Raw
 * text, the same in all formats. */
void rv_report_excuse(struct rv_report *r, const char *marked);
/* The command that runs the same check. */
void rv_report_again(struct rv_report *r, enum rv_emit_as as);
/* "1204 files, 38.2 MB, 412 rules in 0.21 s" */
void rv_report_effort(struct rv_report *r);
/* "3 secrets in 2 files", "No secrets found" */
void rv_report_headline(struct rv_report *r);
/* The headline, with what is known, allowed, weak, incomplete. */
void rv_report_result(struct rv_report *r);

void rv_report_text(struct rv_report *r);
void rv_report_json(struct rv_report *r);
void rv_report_jsonl(struct rv_report *r);
void rv_report_sarif(struct rv_report *r);
void rv_report_csv(struct rv_report *r);
void rv_report_junit(struct rv_report *r);
void rv_report_html(struct rv_report *r);
void rv_report_github(struct rv_report *r);
void rv_report_gitleaks(struct rv_report *r);
void rv_report_gitlab(struct rv_report *r);
