/* decide: change windows: "Mon-Thu 09:00-16:00 Europe/Berlin". Pure once parsed.
 *   window = [days] HH:MM-HH:MM zone     days = Mon | Mon-Thu | Mon,Wed,Fri-Sun | daily
 * An end at or before the start is on the next day; 24:00 is midnight at the end. The zone must be
 * said: UTC or a name of the system's zoneinfo. */
#pragma once

#include "agent/decide/zone.h"

struct rv_window;

/* `zone_dir` as in rv_zone_load. *gives*. */
RV_NODISCARD rv_status rv_window_parse(struct rv_str text, const char *zone_dir,
				       struct rv_window **out, struct rv_diag *diag);
void rv_window_free(struct rv_window *w);
bool rv_window_contains(const struct rv_window *w, int64_t utc_us);
/* The first moment >= utc_us inside the window. */
int64_t rv_window_next(const struct rv_window *w, int64_t utc_us);
/* Checks the text's form only, no zone file is read. */
RV_NODISCARD rv_status rv_window_check(struct rv_str text, struct rv_diag *diag);
