/* scan: the engine: literal anchors -> a rule's matcher at that place -> value, checks, companions,
 * overlaps. A library over any buffer, without global state and without I/O. Not here: encoded text
 * (deep.h), files, keys, fingerprints. */
#pragma once

#include "agent/base/digest.h"
#include "agent/scan/decode.h"
#include "agent/scan/rule.h"

/* The compiled anchors of a set of rules: immutable after rv_scanner_new, may be shared by threads
 * (regexes are compiled when first needed, once). Borrows the rules, which must outlive it.
 * The compiled-in set's anchors come ready from the executable when the processor and Vectorscan's
 * version are those of the build, else they are compiled: about 15 ms. */
struct rv_scanner;
RV_NODISCARD rv_status rv_scanner_new(const struct rv_ruleset *set, struct rv_scanner **out,
				      struct rv_diag *diag);
/* The compiled-in set as it is. */
RV_NODISCARD rv_status rv_scanner_new_builtin(struct rv_scanner **out, struct rv_diag *diag);
/* Keeps compiled anchors from one run to the next; we do no I/O. `key` is a digest of all that goes
 * into the databases: literals, their flags and order, Vectorscan's version, the processor. */
struct rv_anchor_store {
	/* Appends what `keep` was given under this key; any failure: there is none. Vectorscan
	 * believes what a database says: never give what another user may have written. */
	rv_status (*load)(void *user, const struct rv_digest *key, struct rv_buf *out);
	/* After a compilation; borrows. */
	void (*keep)(void *user, const struct rv_digest *key, struct rv_str packed);
	void *user;
};
#define RV_ANCHORS_PACKED_MAX ((size_t)64 << 20) /* bytes */

/* Any set: like the above when its anchors are those of the compiled-in set, else from the store
 * (NULL: none) or compiled and given to it. */
RV_NODISCARD rv_status rv_scanner_new_ready(const struct rv_ruleset *set,
					    const struct rv_anchor_store *store,
					    struct rv_scanner **out, struct rv_diag *diag);
void rv_scanner_free(struct rv_scanner *scanner);
void rv_scanner_freep(struct rv_scanner **scanner);
/* Compiles every regex now, with PCRE2's JIT when with_jit: before a process gives up mapping
 * executable memory. About 60 us a rule. Without this call regexes are interpreted. */
RV_NODISCARD rv_status rv_scanner_prepare(struct rv_scanner *scanner, bool with_jit,
					  struct rv_diag *diag);
/* Appends the databases of the anchors, for the build. */
RV_NODISCARD rv_status rv_scanner_pack(const struct rv_scanner *scanner, struct rv_buf *out);
/* CONFLICT: packed for another processor or version: compile instead. */
RV_NODISCARD rv_status rv_scanner_new_packed(const struct rv_ruleset *set, struct rv_str packed,
					     struct rv_scanner **out, struct rv_diag *diag);

/* Working memory of one thread. Shares the scanner, which must outlive it. */
struct rv_lane;
RV_NODISCARD rv_status rv_lane_new(struct rv_scanner *scanner, struct rv_lane **out);
void rv_lane_free(struct rv_lane *lane);
void rv_lane_freep(struct rv_lane **lane);

/* Where what is scanned next lies; borrowed until set again. It is looked at only when something is
 * found. None at first. */
void rv_lane_set_path(struct rv_lane *lane, struct rv_str path);
/* Does a rule that has a path_regex hold there? Asked of such rules alone, once for each path that
 * is set, and not while masking. NULL, at first: each holds everywhere. */
typedef bool rv_rule_holds_fn(void *user, const struct rv_rule *rule);
void rv_lane_set_holds(struct rv_lane *lane, rv_rule_holds_fn *holds, void *user);

/* With a memo (memo.h), parts that gave nothing when this lane, or another one with this memo and
 * this scanner, searched the same bytes between the same bytes before are not searched again; only
 * where there is no path, and not while costs are counted. What a rule may have seen beyond those
 * bytes is searched each time (recall.h), so that the values and runs told are the same. Shares the
 * memo; NULL: none. */
struct rv_memo;
void rv_lane_set_memo(struct rv_lane *lane, struct rv_memo *memo);

struct rv_hit {
	const struct rv_rule *rule;
	size_t start; /* of the value in the buffer */
	size_t len;
	size_t match_start; /* of all that the rule matched */
	size_t match_len;
	struct rv_str public_id; /* borrows from the buffer; empty when none */
	uint16_t forms; /* RV_SCAN_ANY_FILE: if the file is of one of these (context.h); 0: any */
	bool is_identified; /* a provider checksum or a public id says what it is */
	uint8_t kind;	    /* enum rv_kind: the rule's, or what an assignment's name says */
	uint8_t confidence;
};

/* Masking: also what fails its check, its boundary or its entropy, and companions; overlapping
 * values are joined into one span. */
#define RV_SCAN_MASK   1U
#define RV_SCAN_BINARY 2U /* not text, whatever the first bytes are */
#define RV_SCAN_RUNS   4U /* remember encoded runs: rv_lane_runs */
/* Nobody knows yet what the file is called: told is what each form of file would make of the bytes,
 * so values may overlap. No effect in a lane with a path. */
#define RV_SCAN_ANY_FILE 8U
/* .. and of readings of an assignment only those of this confidence. */
#define RV_SCAN_LEAST(confidence) ((unsigned)(confidence) << 8)
#define RV_SCAN_MAX_BYTES	  (UINT32_C(1) << 30)
#define RV_SCAN_MAX_HITS	  65536
/* Bytes around a part that rules may look at: what a caller must keep of the text before. */
#define RV_SCAN_REACH 4096

/* Borrows hit for the call. */
typedef rv_status rv_hit_fn(const struct rv_hit *hit, void *user);
/* Calls fn for each value in order of place, no two overlapping (the surer rule wins). A failure of
 * fn ends the scan and is returned. EXHAUSTED: more than RV_SCAN_MAX_HITS; those before were told.
 */
RV_NODISCARD rv_status rv_scan_buffer(struct rv_lane *lane, struct rv_str bytes, unsigned flags,
				      rv_hit_fn *fn, void *user);

/* [start, end) of a buffer. */
struct rv_span {
	size_t start, end;
};
/* The same, with anchors looked for only in the parts (sorted, not overlapping); matches may reach
 * outside of them. For what a delta adds. */
RV_NODISCARD rv_status rv_scan_parts(struct rv_lane *lane, struct rv_str bytes,
				     const struct rv_span *parts, size_t part_count, unsigned flags,
				     rv_hit_fn *fn, void *user);
/* Encoded runs of the last scan with RV_SCAN_RUNS, in the buffer's offsets (decode.h); borrowed
 * until the next scan. *out_is_cut: there were more than RV_DECODE_RUNS_MAX. */
const struct rv_decode_run *rv_lane_runs(const struct rv_lane *lane, size_t *out_count,
					 bool *out_is_cut);
/* Was what was scanned last text? False for RV_SCAN_BINARY. */
bool rv_lane_was_text(const struct rv_lane *lane);
/* True when the first RV_SCAN_TEXT_PROBE bytes hold no NUL byte. */
#define RV_SCAN_TEXT_PROBE 4096
bool rv_scan_is_text(struct rv_str bytes);

/* Matches given up since the last call because a regex took too many steps, and one such rule. */
size_t rv_lane_take_given_up(struct rv_lane *lane, const struct rv_rule **out_rule);

/* Nanoseconds and hits by rule, for `reeve rules cost`; off by default. */
struct rv_rule_cost {
	const struct rv_rule *rule;
	uint64_t tries, matches, hits, ns;
};
void rv_lane_count_costs(struct rv_lane *lane, bool on);
/* rows: one per rule of the set, added to. */
void rv_lane_add_costs(const struct rv_lane *lane, struct rv_rule_cost *rows);
