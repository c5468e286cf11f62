/* sweep: what is known already: .reeve-baseline.json, or gitleaks' JSON report in its place. One
 * entry a line, in order of fingerprints, with fixed lines between, so that two branches that add
 * entries merge (docs/decisions/finding-identity.md). It holds no secret. Not here: fingerprints
 * (identity.h).
 */
#pragma once

#include "agent/sweep/identity.h"

#define RV_BASELINE_ENTRIES_MAX 100000
#define RV_BASELINE_FILE_MAX	((size_t)64 << 20)

/* All texts are NUL-terminated, never NULL; "" for what is not known. */
struct rv_baseline_entry {
	const char *fingerprint;
	const char *rule; /* id */
	const char *path; /* where it was found first, masked and escaped: a hint for people */
	const char *reason;
	const char *by;	   /* who added it */
	const char *added; /* day */
	const char *until; /* last day it holds; "": no end */
};

/* A finding that may be known. */
struct rv_baseline_question {
	const struct rv_rule *rule;
	const char *fingerprint; /* or NULL: only what a report of gitleaks can know */
	struct rv_str path;
	struct rv_str value;
	uint32_t line;
	uint32_t match_line; /* where the match begins, as gitleaks counts; 0: the same */
	const char *commit;  /* or NULL */
	struct rv_str shown; /* as it is shown: gitleaks may know that; empty: path */
	const char *inside;  /* archive member, or NULL */
};

enum rv_baseline_answer {
	RV_BASELINE_UNKNOWN,
	RV_BASELINE_KNOWN,
	RV_BASELINE_ENDED, /* known, but its `until` has passed: it hides nothing */
};

struct rv_baseline;
/* Empty, with a fresh salt. `rules_day` is that of the rules now in force. */
RV_NODISCARD rv_status rv_baseline_new(uint32_t rules_day, int64_t now_utc_us,
				       struct rv_baseline **out);
/* Ours, or gitleaks' report (a JSON array; its secrets are digested under a key of this run and
 * wiped). MALFORMED for anything else: a baseline that cannot be read never means "all is new". */
RV_NODISCARD rv_status rv_baseline_parse(struct rv_str text, const char *name, int64_t now_utc_us,
					 struct rv_baseline **out, struct rv_diag *diag);
void rv_baseline_free(struct rv_baseline *baseline);
void rv_baseline_freep(struct rv_baseline **baseline);

/* NULL for gitleaks' report: it has none. */
const uint8_t *rv_baseline_salt(const struct rv_baseline *baseline);
/* Do these bytes of a file lie in the salt of one of ours? It looks like a secret and is none. Told
 * by the file's beginning, as rv_baseline_print writes it but for space, or as a merge of a few
 * leaves it, with several salts: its name does not count, so anybody can write it before what is
 * one. */
bool rv_baseline_is_salt(struct rv_str text, size_t start, size_t end);
/* Are they no value for sure: of the salt in use (NULL: there is none), or a word of an entry? */
bool rv_baseline_is_own(struct rv_str text, size_t start, size_t end, const uint8_t *salt);
/* Is it the salt in use, as its file has it? Wherever it stands it is no secret. NULL: none is. */
bool rv_baseline_is_salt_in_use(struct rv_str value, const uint8_t *salt);
uint32_t rv_baseline_rules_day(const struct rv_baseline *baseline); /* 0: unknown */
/* Did a union merge leave two? The later holds; the next rv_baseline_save writes one. */
bool rv_baseline_had_two_days(const struct rv_baseline *baseline);
void rv_baseline_set_rules_day(struct rv_baseline *baseline, uint32_t day);
/* Also remembers that it was found (for prune). Several threads may ask at once while nothing is
 * added or dropped; the first question after an addition is one thread's alone: it sorts.
 * *out_entry (may be NULL) is NULL for gitleaks' report. */
enum rv_baseline_answer rv_baseline_match(struct rv_baseline *baseline,
					  const struct rv_baseline_question *question,
					  const struct rv_baseline_entry **out_entry);
/* Entries in order; moved by add and prune. */
const struct rv_baseline_entry *rv_baseline_entries(struct rv_baseline *baseline,
						    size_t *out_count);
bool rv_baseline_has_ended(const struct rv_baseline *baseline,
			   const struct rv_baseline_entry *entry);
/* Copies the entry; one of the same fingerprint is replaced. MALFORMED: no fingerprint, a day that
 * is none; MISCONFIGURED: the baseline is gitleaks' report. */
RV_NODISCARD rv_status rv_baseline_add(struct rv_baseline *baseline,
				       const struct rv_baseline_entry *entry, struct rv_diag *diag);
/* As after parse: no match has found anything. For a second pass, while nobody matches. */
void rv_baseline_forget_found(struct rv_baseline *baseline);
/* Drops what no match has found since parse, but what `keeps` (NULL: nothing) says to keep; returns
 * how many. After a whole scan only. */
typedef bool rv_baseline_keeps_fn(void *user, const struct rv_baseline_entry *entry);
size_t rv_baseline_prune(struct rv_baseline *baseline, rv_baseline_keeps_fn *keeps, void *user);
/* Drops what has ended; returns how many. */
size_t rv_baseline_drop_ended(struct rv_baseline *baseline);
/* The file's bytes. */
RV_NODISCARD rv_status rv_baseline_print(struct rv_baseline *baseline, struct rv_buf *out);
/* Replaces the file whole (rv_file_replace). */
RV_NODISCARD rv_status rv_baseline_save(struct rv_baseline *baseline, const char *path,
					struct rv_diag *diag);
