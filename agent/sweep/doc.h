/* sweep: one document (a file or a window of it, a member of an archive, a blob): its layers of
 * encoding are scanned and what is found becomes leaks. Not here: where documents come from. */
#pragma once

#include "agent/scan/decode.h"
#include "agent/scan/scan.h"
#include "agent/sweep/fixture.h"
#include "agent/sweep/leaks.h"
#include "agent/sweep/marker.h"
#include "agent/sweep/told.h"

#include <stdatomic.h>

struct rv_scan_config;
struct rv_window;

/* The key a process makes at its start to tell equal values by, for this run alone. */
struct rv_run_key {
	uint8_t bytes[32];
};

/* What is asked of every leak while its bytes are there. */
struct rv_judging {
	struct rv_str value;
	struct rv_str match;  /* all that the rule matched */
	struct rv_str line;   /* the first line of the value, cut to RV_LINE_MAX around it */
	size_t value_end;     /* in line; at most its length */
	struct rv_str before; /* the line before, for markers; may be empty */
	/* Of an encoded value: in each layer above its own, from the inside out. Then the first and
	 * the last line of the match, where those are not the value's. */
	const struct rv_marker_spot *spots;
	size_t spot_count;
};
#define RV_LINE_MAX 4096

struct rv_sweep_shared {
	struct rv_scanner *scanner;
	unsigned decode_depth; /* 0: nothing is decoded; at most RV_DECODE_DEPTH_MAX */
	unsigned min_confidence;
	bool shows_all;
	struct rv_run_key key;
	const uint8_t *salt; /* of the baseline in use, or NULL: baseline.h */
	/* Gives the leak its state, note, fingerprint: filter.h. Any thread. NULL: all are open. */
	rv_status (*judge)(void *user, struct rv_leaks *leaks, struct rv_leak *leak,
			   const struct rv_judging *about);
	void *judge_user;
	/* Does a rule with a path hold at this one? User as above, any thread. NULL: each does. */
	bool (*holds)(void *user, const struct rv_rule *rule, struct rv_str path,
		      const char *inside);
	const struct rv_rule *const *path_rules; /* judged by the path alone, NULL-ended; or NULL */
	const struct rv_rule
		*key_rule; /* of private keys, by which those in DER are told; NULL: none */
	const struct rv_scan_config
		*composites; /* rules that need others beside them; NULL: none */
};

struct rv_doc {
	struct rv_str path;
	size_t root_len;    /* of path: what only leads there, and says nothing of the file */
	const char *inside; /* or NULL */
	struct rv_str bytes;
	uint64_t offset;	     /* of bytes in the file, for windows */
	uint32_t line;		     /* of the first byte; 0: 1 */
	uint64_t column;	     /* likewise */
	size_t from, until;	     /* only values that start in here; until 0: no end */
	const struct rv_span *parts; /* anchors only in these; NULL: everywhere */
	size_t part_count;
	struct rv_window *window; /* of which this is one; NULL: it is whole */
};

/* How a change touched a document. */
struct rv_doc_added {
	const struct rv_span *spans; /* lines that it adds, in order */
	size_t count;
	bool is_moved;	/* it has another path: all of it may be judged otherwise */
	bool has_lost;	/* lines of it are gone */
	bool has_marks; /* markers count, and may have gone or stand elsewhere now */
	bool is_rest;	/* told is what the change touched and did not add; false: what it added */
};

/* The part of the path that says what the file is: "tests/a.c" of "/srv/latest/tests/a.c". */
static inline struct rv_str rv_doc_place(const struct rv_doc *doc)
{
	return (struct rv_str){doc->path.data + doc->root_len, doc->path.len - doc->root_len};
}

/* One value found, before it is a leak. */
struct rv_found {
	const struct rv_rule *rule;
	size_t start, len; /* in the layer */
	size_t match_start, match_len;
	char public_id[132]; /* "" none */
	uint16_t forms;	     /* of rv_hit */
	uint8_t kind, confidence;
	bool is_identified;
	bool is_put_off; /* told after what encodings in it hold, unless that says it better */
};

/* Told of each value instead of making leaks: the first pass over a history. */
struct rv_sighting {
	const struct rv_rule *rule;
	uint64_t value_hash; /* keyed, of this run: equal values are equal here */
	size_t start, len;   /* in the document */
	size_t match_start, match_len;
	uint16_t forms; /* of the file, in which it is one (scan/context.h); 0: in any */
	uint8_t confidence;
	bool is_encoded; /* in a layer */
	bool is_inside;	 /* of an archive's member: its place is there */
};
typedef rv_status rv_sighting_fn(void *user, const struct rv_sighting *sighting);

/* Which values of a document become leaks, and who completes them: the second pass over a history,
 * and changes. */
struct rv_doc_choice {
	bool (*wants)(void *user, uint64_t value_hash);
	rv_status (*complete)(void *user, struct rv_leaks *leaks, struct rv_leak *leak);
	void *user;
	/* The last of the leaks was judged: false drops it, uncounted. NULL: all are kept. */
	bool (*keeps)(void *user, struct rv_leaks *leaks, const struct rv_leak *leak);
	bool is_of_values;		  /* what rules say of a path alone is told otherwise */
	const struct rv_doc_added *added; /* of what changed: which part is told; NULL: all */
};

/* What was told of a document. */
struct rv_seen {
	const struct rv_rule *rule; /* NULL: something, in an archive in an encoding */
	uint64_t hash;
	size_t start, end;
	uint8_t confidence;
	uint8_t depth; /* of its layer; UINT8_MAX without a rule: below all */
};

/* The working memory of one thread. */
struct rv_sweeper {
	const struct rv_sweep_shared *shared;
	struct rv_lane *lane;
	const struct rv_doc *doc; /* in hand, or NULL */
	struct rv_leaks leaks;
	struct rv_values near_by; /* the document's own, whatever was found before it; see mask.h */
	uint8_t cut;		  /* RV_CUT_.. of the text that was masked last */
	rv_sighting_fn *on_sighting; /* NULL: leaks are made */
	void *sighting_user;
	const struct rv_doc_choice *choice; /* NULL: every value becomes a leak */
	/* Opens decoded bytes that are an archive; its members are documents. NULL: they are bytes.
	 */
	rv_status (*open_layer)(void *user, struct rv_sweeper *w, const struct rv_doc *doc,
				struct rv_str bytes, bool *out_is_opened);
	void *open_user;
	/* Set from outside: what is left of the document is a gap `stop_reason`. NULL: never. */
	_Atomic bool *stop;
	const char *_Atomic *stop_reason;
	unsigned late;	     /* values told since */
	unsigned nesting;    /* archives in encodings in archives .. */
	uint64_t open_room;  /* bytes that all of them may still give, of what is at hand */
	bool has_told_room;  /* that it is used up */
	struct rv_told told; /* by the members of the archive that is searched */
	struct rv_found *found;
	size_t found_count, found_room;
	const struct rv_decode_run *runs; /* of the layer that is told; for masking */
	size_t run_count;
	struct rv_buf layers[RV_DECODE_DEPTH_MAX + 1];
	struct rv_buf text;		 /* scratch */
	struct rv_fixture_halves halves; /* of the layer that is told */
	struct {
		size_t at; /* counted so far */
		uint32_t line;
		size_t line_start;
	} count;
	struct rv_seen *seen; /* of this document: a value is told once though two layers show it */
	size_t seen_count, seen_room;
	uint64_t documents;
	uint64_t touched; /* values that a change touched and did not add, of choice->added */
};

RV_NODISCARD rv_status rv_sweeper_init(struct rv_sweeper *w, const struct rv_sweep_shared *shared);
void rv_sweeper_done(struct rv_sweeper *w);
/* Failures: no memory, or of on_sighting. What is cut short is a gap in w->leaks. */
RV_NODISCARD rv_status rv_sweeper_doc(struct rv_sweeper *w, const struct rv_doc *doc);
/* What rules say of a file by its path alone (doc_path.c); one that holds nothing is not told. The
 * document's bytes are asked for a rule's keywords. Part of rv_sweeper_doc at a document's
 * beginning. */
RV_NODISCARD rv_status rv_sweeper_path(struct rv_sweeper *w, const struct rv_doc *doc);
/* A value that was found otherwise. Begins a document as rv_sweeper_doc does. */
RV_NODISCARD rv_status rv_sweeper_tell(struct rv_sweeper *w, const struct rv_doc *doc,
				       const struct rv_found *found);
/* The first of w->found that ends behind `at`, or their number: they are in order and do not
 * overlap, so that a document full of values is not gone through for each of them. */
size_t rv_found_behind(const struct rv_sweeper *w, size_t at);
/* Keyed, 64 bits; for equality within a run. */
uint64_t rv_run_hash(const struct rv_run_key *key, struct rv_str bytes);
