/* sweep: private keys that tests were made with. A key in a test is a leak as any other, but for
 * one that says itself that nobody outside relies on it: its file holds the public half as well,
 * which only a test needs beside the private one; nobody vouches for its certificate; a passphrase
 * locks it; or it is shorter than anybody accepts (2048 bits of RSA or DSA). Not here: what a path
 * says (scan/context.h), certificates in other files (facts_pair.h). */
#pragma once

#include "agent/sweep/facts_place.h"

/* What is left of such a key's confidence: it is weak, and told with --all. */
#define RV_FIXTURE_CONFIDENCE 40
#define RV_FIXTURE_FILE_MAX   ((size_t)256 << 10) /* of larger files only the key is looked at */
#define RV_FIXTURE_BLOCKS_MAX 64		  /* certificates and keys of one file */

/* Does somebody outside trust it? Nobody does when it has ended, vouches for itself, or is good for
 * longer than five years: since 2012 no public authority issues such (Baseline Requirements 6.3.2).
 * For certificates. */
bool rv_public_is_vouched(const struct rv_public *found, int64_t now_utc_us);

/* The public halves that were found in some bytes, for the next key there. Zeroed: not looked. */
struct rv_fixture_halves {
	bool is_known;
	uint64_t looks; /* how often bytes were read for them, of whatever layer */
	size_t count;
	struct {
		char spki[RV_SPKI_TEXT], ssh[RV_SSH_TEXT];
		bool is_vouched;
	} items[RV_FIXTURE_BLOCKS_MAX];
};

/* Other bytes come. */
static inline void rv_fixture_forget(struct rv_fixture_halves *halves)
{
	halves->is_known = false;
	halves->count = 0;
}

struct rv_fixture_about {
	struct rv_str bytes;   /* all that the key stands in */
	struct rv_str key;     /* in there: the body, base64 */
	const char *public_id; /* "spki:..", "SHA256:.."; NULL: unknown (OpenPGP) */
	int64_t now_utc_us;
};
/* Is its public half in the same bytes, and vouched for by nobody? Any bytes. halves: of these
 * bytes, or zeroed. EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_fixture_is_pair(const struct rv_fixture_about *about,
					  struct rv_fixture_halves *halves, bool *out);
