/* sweep: the values a run found, to know their bytes again where they stand beside: in a line's
 * comment, in what a commit says. Keyed hashes of them alone, never a byte. Not here: what is put
 * in their place (mask.h). */
#pragma once

#include "agent/scan/scan.h"

#define RV_VALUES_LEAST	  6		    /* bytes: shorter ones are words of any text */
#define RV_VALUES_LONGEST 4096		    /* no text that is looked at is longer */
#define RV_VALUES_MAX	  ((size_t)1 << 21) /* hashes of one list, at most five a value; 64 MB */
#define RV_VALUES_STEPS	  ((size_t)1 << 18) /* of one text */

/* What of a text is not there: a value may lie across that end. */
enum { RV_CUT_FRONT = 1, RV_CUT_BACK = 2 };

/* Zeroed but for the seed, which is the same in all that are joined. */
struct rv_values {
	uint64_t seed;
	uint64_t *slots; /* hashes of whole values, of their beginnings and ends; 0 free */
	size_t count, mask;
	size_t longest;
	bool is_full;				   /* more than RV_VALUES_MAX */
	uint64_t lens[RV_VALUES_LONGEST / 64 + 1]; /* bits: some value is as long */
};

void rv_values_done(struct rv_values *values);	 /* accepts a zeroed list */
void rv_values_forget(struct rv_values *values); /* all but the seed */
/* What is too short or too long is passed over; with more than RV_VALUES_MAX the list is full.
 * EXHAUSTED: no memory. */
RV_NODISCARD rv_status rv_values_add(struct rv_values *values, struct rv_str value);
RV_NODISCARD rv_status rv_values_join(struct rv_values *values, const struct rv_values *from);
/* Tells of each place in the text where a value stands, in order of start; they may overlap. `cut`
 * is of RV_CUT_..: what may be a piece of a value at an end that was cut, of RV_VALUES_LEAST bytes
 * and more, is told as well. False: not all of them: the text took more than RV_VALUES_STEPS, or
 * the list is full. */
bool rv_values_find(const struct rv_values *values, struct rv_str text, unsigned cut,
		    void (*fn)(void *user, size_t start, size_t end), void *user);
