/* cli: which rules' findings may be asked about, and by whose word. A rule may be asked about when
 * it has a request and
 *   - is built in, and --allow-validate names it, or (no --allow-validate given) the
 * configuration's allow_validate does; or
 *   - comes from a --rules file that lies outside of what is scanned, and --allow-validate names
 * it. A rule that the scanned repository brings along never is, whatever its id: its request would
 * send secrets where the repository says. All is read from the command line and the built-in table,
 * before the first byte of what is scanned. Not here: asking (scan_validate.c). */
#pragma once

#include "agent/cli/scan_ask.h"
#include "agent/scan/rule.h"

struct rv_consent;

/* MISCONFIGURED: "all", an id that is no such rule or has no request, a --rules file inside of what
 * is scanned. *gives* in out. */
RV_NODISCARD rv_status rv_consent_new(const struct rv_scan_ask *ask, struct rv_consent **out,
				      struct rv_diag *diag);
void rv_consent_free(struct rv_consent *consent);
/* What may be asked about at most, by number from 0. */
size_t rv_consent_count(const struct rv_consent *consent);
const struct rv_rule *rv_consent_rule(const struct rv_consent *consent, size_t number);
/* The configuration's word; without effect when --allow-validate was given. Borrows. */
void rv_consent_settle(struct rv_consent *consent, const char *const *allowed);
/* The number of the rule that a finding's rule is, when it may be asked about; -1: it may not. */
int rv_consent_of(const struct rv_consent *consent, const struct rv_rule *rule);
