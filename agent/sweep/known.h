/* sweep: values that were found, known again in a text of a report as they are and as URLs, markup
 * and programs write them. Not here: the list of values (values.h), what is put in their place
 * (mask.h). */
#pragma once

#include "agent/sweep/values.h"

#define RV_KNOWN_DEPTH	3  /* escapes in escapes */
#define RV_KNOWN_ESCAPE 10 /* bytes of the longest escape */

/* As rv_values_find, in no order, and where undoing each escape of a kind (%26, &amp;, \u0026, \/,
 * \$ ..) shows a value, however few there are. False: as there, or no memory. A text without '%',
 * '&' and '\' costs what rv_values_find does. */
bool rv_known_find(const struct rv_values *values, struct rv_str text, unsigned cut,
		   void (*fn)(void *user, size_t start, size_t end), void *user);
/* The part of a text that was cut which no value can reach into of which fewer bytes, escaped or
 * not, are left than are known again. Its ends may lie within a character. */
struct rv_span rv_known_inner(struct rv_str text, unsigned cut);
