/* tests: facts for reports. Masked text only: nothing here looks like a secret. */
#pragma once

#include "agent/sweep/report.h"

/* "clean": nothing found. "all": each state, history, archives, gaps, suppressions. "hostile":
 * names and texts that try to leave their place. "partial": nothing found, but not all was scanned.
 * NULL: no such sample. */
const struct rv_report_facts *sample_facts(const char *name);
extern const char *const sample_names[]; /* NULL-ended */

/* `count` findings over count / 7 files and three rules. The caller frees facts.leaks with
 * sample_many_done. */
struct rv_report_facts sample_many(size_t count);
void sample_many_done(struct rv_report_facts *facts);

/* One of these facts as that format, look as in the golden files (width 80, all states told). */
void sample_write(const struct rv_report_facts *facts, enum rv_report_format format, FILE *out);
