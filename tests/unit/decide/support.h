/* tests of decide: sets and facts from text; a failure ends the test. */
#pragma once

#include "agent/decide/verdict.h"
#include "support/dir.h"

#include <setjmp.h>
#include <stdarg.h>
/* cmocka wants the four above it */
#include <cmocka.h>

/* A zone folder with Europe/Berlin as it is today (CET/CEST by rule), made here. */
void rvt_zones_write(const struct rvt_dir *dir);
struct rv_policy_set *rvt_set(const char *yaml, const char *zone_dir);
/* Loads and expects a refusal; returns its sentence (a static buffer). */
const char *rvt_refused(const char *yaml, const char *zone_dir);
int64_t rvt_time(const char *text);

struct rvt_facts {
	json_t *json;
	struct rv_facts facts;
	struct rv_place_facts *places;
};
void rvt_facts_init(struct rvt_facts *f, const char *json);
void rvt_facts_done(struct rvt_facts *f);
