/* sweep: findings and the ledger out, in each format. Not here: choosing what is told (filter.h).
 */
#pragma once

#include "agent/sweep/leak.h"

#include <stdio.h>

/* What could not be scanned whole, and why. `reason` is a stable word: unreadable, too-large,
 * encrypted, archive-limit, damaged, missing-object, changed, rule-limit, run-limit,
 * identity-limit, stopped, time, memory, special, unsupported. */
struct rv_gap {
	struct rv_str path;
	const char *inside; /* archive member or object id, or NULL */
	const char *reason;
	const char *detail; /* one sentence, or NULL */
};

/* A suppression that the judged change itself adds (--diff): listed, it has no effect. */
struct rv_suppression {
	struct rv_str path;
	uint32_t line;
	const char *what; /* the marker or entry, shortened, tamed */
};

struct rv_report_facts {
	const char *version; /* of reeve */
	const char *command; /* "dir", "git", "staged", "diff", "stdin" */
	const char *target;  /* what was scanned, escaped */
	const char *again;   /* the command that runs the same check elsewhere; NULL: reeve scan */
	const char *repository; /* remote of the repository as a URL without a user, or NULL */
	const char *revision;	/* commit that HEAD names, or NULL */
	int64_t started_utc_us, took_us;
	uint64_t files, bytes, blobs, commits; /* scanned */
	uint64_t rules;			       /* in force */
	const struct rv_leak *leaks; /* sorted: path, offset, rule; history: also commit */
	size_t leak_count;
	const struct rv_gap *gaps; /* sorted */
	size_t gap_count;
	uint64_t gap_total; /* more than listed when the list was full */
	const struct rv_suppression *suppressions;
	size_t suppression_count;
	uint64_t suppression_total; /* more than listed when the list was full */
	const char *const *notes;   /* on the configuration; may hold any bytes */
	size_t note_count;
	uint64_t weak, allowed,
		known;	   /* all in that state, whether their rows are in `leaks` or not */
	uint64_t excluded; /* files that were not looked at, as the settings say */
	int exit_code;	   /* not 0 without an open row: incomplete, and --strict */
};

enum rv_report_format {
	RV_REPORT_TEXT,	 /* for people: grouped by file, masked, the next step */
	RV_REPORT_JSON,	 /* one versioned document (docs/scanning.md) */
	RV_REPORT_JSONL, /* an item a line: {"leak":..} {"gap":..} {"summary":..} */
	RV_REPORT_SARIF, /* 2.1.0 */
	RV_REPORT_CSV,	 /* gitleaks' columns first, then ours */
	RV_REPORT_JUNIT,
	RV_REPORT_HTML,	    /* one file, no script, no outside resource */
	RV_REPORT_GITHUB,   /* workflow commands ::error file=..:: */
	RV_REPORT_GITLEAKS, /* gitleaks' JSON array; Secret and Match masked */
	RV_REPORT_GITLAB,   /* secret detection report, schema 15 */
	RV_REPORT__COUNT
};
/* "text", "json", .. */
const char *rv_report_format_name(enum rv_report_format format);
/* By name ("json", "sarif", ..), or by a file's ending (.sarif .json .jsonl .ndjson .csv .xml .html
 * .htm .txt; gl-secret-detection-report.json); RV_REPORT__COUNT: none. */
enum rv_report_format rv_report_format_of(const char *name);
enum rv_report_format rv_report_format_of_file(const char *path);

struct rv_report_look {
	bool has_color; /* text only */
	bool is_quiet;	/* text: the summary line alone */
	bool shows_all; /* also what is known, allowed or weak, with its state: in every format */
	bool shows_prints; /* text: fingerprints, as .reeveignore and the baseline have them */
	unsigned width;	   /* columns of the terminal; 0 unknown: 80. At least 40 are taken */
};

/* Writes the whole report and flushes. EXHAUSTED: no memory; else what errno says of the stream.
 * The same facts give the same bytes; times come from the facts alone. Memory: one row a rule told,
 * and 16 KiB; none a finding. Text in the facts may hold any bytes: each format stays well formed
 * (report_out.h); paths are written as rv_path_escape has them, but for SARIF's URIs and the File
 * of gitleaks. look may be NULL. */
RV_NODISCARD rv_status rv_report_write(enum rv_report_format format,
				       const struct rv_report_facts *facts,
				       const struct rv_report_look *look, FILE *out,
				       struct rv_diag *diag);
