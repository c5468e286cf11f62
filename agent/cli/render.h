/* cli: what each verb's document looks like to a person. Each takes the reply's "data". */
#pragma once

#include "agent/cli/args.h"

#define RV_RENDERER(name)                                             \
	void rv_render_##name(struct rv_out *out, const json_t *data, \
			      const struct rv_verb_args *args)

RV_RENDERER(status);
RV_RENDERER(discover);
RV_RENDERER(list);
RV_RENDERER(show);
RV_RENDERER(why);
RV_RENDERER(history);
RV_RENDERER(plan);
RV_RENDERER(runs);
RV_RENDERER(paused);
RV_RENDERER(owner);
RV_RENDERER(policy_lint);
RV_RENDERER(policy_explain);
RV_RENDERER(plugins);
RV_RENDERER(plugin_init);
RV_RENDERER(enrolled);
RV_RENDERER(report);
RV_RENDERER(doctor);
RV_RENDERER(fleet_hosts);
RV_RENDERER(fleet_items);

/* Writes the plan (what `reeve apply` takes) whole or not at all; false with a message. */
bool rv_save_plan(const struct rv_out *out, const json_t *plan, const char *path);
/* "2026-12-01T.." as "in 9d" / "3d ago" beside the date; "-" for null. `out_text` of 64 bytes. */
void rv_render_when(const char *rfc3339, char out_text[64]);
/* The member as text: strings as they are, integers printed, booleans yes/no, null and absent "-".
 * Uses rv_out_safe's ring. */
const char *rv_render_text(const json_t *object, const char *key);
/* "id  name" of the first eight characters an id needs. */
void rv_render_short_id(const json_t *object, char out_text[32]);
