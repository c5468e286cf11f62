/* scan: one rule of a YAML document into one row. Inside of rules_load.c. Not here: files, ids over
 * several rules. */
#pragma once

#include "agent/base/arena.h"
#include "agent/base/yaml.h"
#include "agent/scan/rules_load.h"

struct rv_rules_reader {
	struct rv_arena *arena; /* owns what the row points to */
	const struct rv_yaml *y;
	const struct rv_rules_words *words;
	struct rv_diag *diag;
};

/* MALFORMED with file:line:column. Anchors, regex and every word are linted. */
RV_NODISCARD rv_status rv_rules_read_row(const struct rv_rules_reader *reader, const json_t *rule,
					 struct rv_rule *out_row,
					 struct rv_rule_samples *out_samples);
/* A list of texts of the arena, NULL-ended; NULL for a missing key. Elements have 1..max bytes. */
RV_NODISCARD rv_status rv_rules_read_list(const struct rv_rules_reader *reader, const json_t *from,
					  const char *key, size_t max,
					  const char *const **out_list);
/* `validate`: NULL when the rule has none (rules_request.c). */
RV_NODISCARD rv_status rv_rules_read_request(const struct rv_rules_reader *reader,
					     const json_t *rule,
					     const struct rv_rule_request **out_request);
/* Keys against a NULL-ended list; the sentence suggests the nearest. */
RV_NODISCARD rv_status rv_rules_check_keys(const struct rv_rules_reader *reader,
					   const json_t *object, const char *const *keys);
/* [a-z0-9-], 1..64 bytes, no '-' at either end. */
bool rv_rules_is_id(const char *text);
