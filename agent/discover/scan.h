/* discover: the secret scanner: literal anchors -> windows -> regex -> value and checks. A library
 * over any buffer, without global state. Not here: files, keys, fingerprints (intake.h, mask.h). */
#pragma once

#include "agent/base/buf.h"

/* How a value is checked once the regex has matched (scan_check.c). */
enum rv_check {
	RV_CHECK_NONE = 0,
	RV_CHECK_CRC32_BASE62, /* last six of the value: CRC-32 of what lies between '_' and them */
	RV_CHECK_JWT,	       /* header and payload are base64url of JSON objects */
	RV_CHECK_NOT_PLACEHOLDER, /* not "changeme", "<password>", "xxxx" .. */
	RV_CHECK_LOOKS_RANDOM,	  /* the same, and letters and digits mixed, not a path or word */
};

#define RV_RULE_FLEET	   1  /* fingerprint by the fleet key; else by the host key */
#define RV_RULE_TEXT_ONLY  2  /* not in a buffer with NUL bytes at its start */
#define RV_RULE_COMPANION  4  /* names others; never a finding by itself */
#define RV_RULE_NEEDS_NEAR 8  /* no finding without its companion */
#define RV_RULE_ANYWHERE   16 /* letters and digits may touch it */

/* One rule of policies/detectors/, as compiled in. */
struct rv_rule {
	const char *id;
	const char *provider;
	const char *regex;
	const char *const *anchors; /* NULL-ended */
	const char *value;	    /* byte class of the value, or NULL: the whole match */
	const char *extend;	    /* byte class the value goes on with, or NULL */
	const char *tail;	    /* literal after the value, or NULL */
	uint16_t value_len;	    /* 0: not fixed */
	uint16_t behind;
	uint16_t ahead;
	uint16_t within;
	int16_t near; /* index of the companion rule, or -1 */
	uint16_t min_entropy;
	uint8_t kind;	    /* enum rv_kind */
	uint8_t check;	    /* enum rv_check */
	uint8_t confidence; /* 0..100 */
	uint8_t flags;
};

const struct rv_rule *rv_rule_table(size_t *out_count);

/* The compiled databases: immutable, may be shared by threads. About 25 ms and 100 KiB; made before
 * a role confines itself. */
struct rv_scanner;
RV_NODISCARD rv_status rv_scanner_new(struct rv_scanner **out, struct rv_diag *diag);
void rv_scanner_free(struct rv_scanner *scanner);
void rv_scanner_freep(struct rv_scanner **scanner);

/* Working memory of one thread. Shares the scanner, which must outlive it. */
struct rv_lane;
RV_NODISCARD rv_status rv_lane_new(const struct rv_scanner *scanner, struct rv_lane **out);
void rv_lane_free(struct rv_lane *lane);
void rv_lane_freep(struct rv_lane **lane);

struct rv_hit {
	const struct rv_rule *rule;
	size_t start; /* of the value in the buffer */
	size_t len;
	struct rv_str public_id; /* borrows from the buffer; empty when none */
	bool is_identified;	 /* a provider checksum or a public id says what it is */
	uint8_t confidence;
};

/* Masking: also what fails its check, its boundary or its entropy, and companions; overlapping
 * values are joined into one span. */
#define RV_SCAN_MASK	  1
#define RV_SCAN_MAX_BYTES (UINT32_C(1) << 30)
#define RV_SCAN_MAX_HITS  4096

/* Borrows hit for the call. */
typedef rv_status rv_hit_fn(const struct rv_hit *hit, void *user);
/* Calls fn for each value in order of place, no two overlapping (the surer rule wins). A failure of
 * fn ends the scan and is returned. EXHAUSTED: more than RV_SCAN_MAX_HITS; those before were told.
 */
RV_NODISCARD rv_status rv_scan_buffer(struct rv_lane *lane, struct rv_str bytes, unsigned flags,
				      rv_hit_fn *fn, void *user);
/* True when the first 4 KiB hold no NUL byte. */
bool rv_scan_is_text(struct rv_str bytes);
