/* decide: change windows: "Mon-Thu 09:00-16:00 Europe/Berlin". Pure once parsed.
 *   window = [days] HH:MM-HH:MM zone     days = Mon | Mon-Thu | Mon,Wed,Fri-Sun | daily
 * An end at or before the start is on the next day; 24:00 is midnight at the end. The zone must be
 * said: UTC or a name of the system's zoneinfo. */
#pragma once

#include "agent/decide/zone.h"

struct rv_hours;

/* `zone_dir` as in rv_zone_load. *gives*. */
RV_NODISCARD rv_status rv_hours_parse(struct rv_str text, const char *zone_dir,
				      struct rv_hours **out, struct rv_diag *diag);
void rv_hours_free(struct rv_hours *w);
bool rv_hours_contains(const struct rv_hours *w, int64_t utc_us);
/* The first moment >= utc_us inside the window; INT64_MAX when there is none. */
int64_t rv_hours_next(const struct rv_hours *w, int64_t utc_us);
/* Checks the text's form only, no zone file is read. */
RV_NODISCARD rv_status rv_hours_check(struct rv_str text, struct rv_diag *diag);
