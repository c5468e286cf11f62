/* cli: shared pieces of the renderers. */
#include "agent/cli/render.h"

#include "agent/base/clock.h"

#include <inttypes.h>
#include <stdio.h>

void rv_render_when(const char *rfc3339, char out_text[64])
{
	int64_t at = 0;
	if (!rfc3339 || !rv_is_ok(rv_time_parse(rv_str_of(rfc3339), &at, NULL))) {
		snprintf(out_text, 64, "-");
		return;
	}
	char span[RV_TIME_TEXT];
	int64_t left = at - rv_now_utc_us();
	rv_duration_text(left < 0 ? -left : left, span);
	if (left < 0)
		snprintf(out_text, 64, "%.10s (%s ago)", rfc3339, span);
	else
		snprintf(out_text, 64, "%.10s (in %s)", rfc3339, span);
}

const char *rv_render_text(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	if (json_is_string(value))
		return rv_out_safe(json_string_value(value));
	if (json_is_boolean(value))
		return json_is_true(value) ? "yes" : "no";
	if (!json_is_integer(value))
		return "-";
	char text[32];
	snprintf(text, sizeof(text), "%" PRId64, (int64_t)json_integer_value(value));
	return rv_out_safe(text);
}

void rv_render_short_id(const json_t *object, char out_text[32])
{
	snprintf(out_text, 32, "%.12s", rv_render_text(object, "id"));
}
