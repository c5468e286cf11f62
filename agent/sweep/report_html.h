/* sweep: the parts of the HTML report. Only for report_html*.c. */
#pragma once

#include "agent/sweep/report_parts.h"

/* The section of findings: a <details> for each file. */
void rv_html_rows(struct rv_report *r);
/* A link to where it is rolled, or what to do without one. */
void rv_html_link(struct rv_report *r, const struct rv_rule *rule);
