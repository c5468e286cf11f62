/* sweep: fields of an allowance. Not here: markers (marker.c). */
#include "agent/sweep/fields.h"

#include "agent/base/clock.h"
#include "agent/base/yaml.h"

#include <ctype.h>

bool rv_fields_day_end(struct rv_str day, int64_t *out)
{
	int64_t at;

	if (day.len != 10 || !rv_is_ok(rv_time_parse(day, &at, NULL)))
		return false;
	*out = at + RV_US_PER_DAY;
	return true;
}

uint32_t rv_fields_day_number(struct rv_str day)
{
	int64_t end;
	uint32_t number = 0;

	if (!rv_fields_day_end(day, &end))
		return 0;
	for (size_t i = 0; i < day.len; i++) {
		if (isdigit(day.data[i]))
			number = number * 10 + (uint32_t)(day.data[i] - '0');
	}
	return number;
}

bool rv_fields_is_rule(const struct rv_rule *rule, struct rv_str name)
{
	if (rv_str_is(name, rule->id))
		return true;
	for (const char *const *alias = rule->aliases; alias && *alias; alias++) {
		if (rv_str_is(name, *alias))
			return true;
	}
	return false;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct rv_str rest_of(struct rv_str text, size_t at)
{
	return (struct rv_str){text.data + at, text.len - at};
}

/* The value after '=': quoted (by " or ', also when the text itself is escaped once), or a word. */
static rv_status take_value(struct rv_str *text, struct rv_str *out, struct rv_diag *diag)
{
	size_t escaped = text->len > 1 && text->data[0] == '\\' ? 1 : 0;
	uint8_t quote = text->len > escaped ? text->data[escaped] : 0;

	if (quote != '"' && quote != '\'') {
		size_t len = 0;

		while (len < text->len && !is_space(text->data[len]) && text->data[len] != ',')
			len++;
		*out = (struct rv_str){text->data, len};
		*text = rest_of(*text, len);
		return RV_OK;
	}
	struct rv_str inside = rest_of(*text, escaped + 1);
	const uint8_t *end = inside.len ? memchr(inside.data, quote, inside.len) : NULL;
	if (!end)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a quote is not closed");
	size_t len = (size_t)(end - inside.data);
	*text = rest_of(inside, len + 1);
	*out = (struct rv_str){inside.data, len - (len > 0 && escaped)};
	return RV_OK;
}

static rv_status unknown_field(struct rv_str name, struct rv_diag *diag)
{
	char text[RV_YAML_QUOTED_MAX + 2] = {0}; /* cut: too long to be shown */

	memcpy(text, name.data, name.len < sizeof(text) ? name.len : sizeof(text) - 1);
	return rv_fail(RV_CLASS_MALFORMED, diag,
		       "unknown field %s: reason, rule and until are known", rv_yaml_quoted(text));
}

static rv_status take_field(struct rv_str name, struct rv_str value, struct rv_fields *out,
			    struct rv_diag *diag)
{
	if (rv_str_is(name, "reason")) {
		if (out->reason.len)
			return rv_fail(RV_CLASS_MALFORMED, diag, "two reasons");
		if (value.len == 0 || value.len > RV_FIELDS_REASON_MAX)
			return rv_fail(RV_CLASS_MALFORMED, diag, "a reason has 1 to %d bytes",
				       RV_FIELDS_REASON_MAX);
		out->reason = value;
		return RV_OK;
	}
	if (rv_str_is(name, "rule")) {
		if (out->rule.len || value.len == 0)
			return rv_fail(RV_CLASS_MALFORMED, diag, "one rule=ID is wanted");
		out->rule = value;
		return RV_OK;
	}
	if (!rv_str_is(name, "until"))
		return unknown_field(name, diag);
	if (out->until_utc_us != INT64_MAX || !rv_fields_day_end(value, &out->until_utc_us))
		return rv_fail(RV_CLASS_MALFORMED, diag, "until is one day, as 2027-01-01");
	return RV_OK;
}

rv_status rv_fields_parse(struct rv_str text, struct rv_fields *out, struct rv_diag *diag)
{
	struct rv_fields fields = {.until_utc_us = INT64_MAX};

	while (text.len > 0) {
		struct rv_str value = RV_STR_NONE;
		size_t len = 0;

		if (is_space(text.data[0]) || text.data[0] == ',') {
			text = rest_of(text, 1);
			continue;
		}
		while (len < text.len && islower(text.data[len]))
			len++;
		if (len == 0 || len == text.len || text.data[len] != '=')
			break;
		struct rv_str name = {text.data, len};
		text = rest_of(text, len + 1);
		RV_TRY(take_value(&text, &value, diag));
		RV_TRY(take_field(name, value, &fields, diag));
	}
	*out = fields;
	return RV_OK;
}
