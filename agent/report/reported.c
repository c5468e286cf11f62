/* report: from records to items. */
#include "agent/report/reported.h"

#include "agent/base/clock.h"
#include "agent/base/path.h"
#include "agent/model/item.h"

#include <stdio.h>

/* Cuts at `max` bytes, never inside a UTF-8 character. */
static size_t cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}

static bool is_plain(struct rv_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] < 0x20 || text.data[i] == 0x7f)
			return false;
	}
	return true;
}

static json_t *text_of(struct rv_str text, size_t max)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf escaped = {0};
	json_t *value = NULL;

	if (text.len == 0)
		return json_null();
	if (is_plain(text) && text.len <= max)
		value = json_stringn((const char *)text.data, text.len);
	if (value)
		return value;
	/* Control bytes, or not UTF-8: shown as \xHH. */
	rv_buf_init(&escaped, text.len * 4 + 16);
	if (!rv_is_ok(rv_path_escape(text, &escaped)))
		return NULL;
	const char *z = (const char *)escaped.data;
	return json_stringn(z, cut(z, escaped.len, max));
}

static json_t *text(const char *z, size_t max)
{
	return text_of(rv_str_of(z), max);
}

static json_t *time_of(int64_t us)
{
	char out[RV_TIME_TEXT];

	if (us == RV_TIME_NONE)
		return json_null();
	rv_time_text(us, out);
	return json_string(out);
}

json_t *rv_reported_item(const struct rv_credential *c)
{
	const bool is_orphan = c->ownership == RV_OWNERSHIP_ORPHANED;
	const char *name = c->name && *c->name ? c->name : c->id;
	json_t *compliant = c->compliant < 0 ? json_null() : json_boolean(c->compliant > 0);

	return json_pack(
		"{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:s, s:s, s:o, s:o, "
		"s:o, s:[], s:I}",
		"id", c->id, "kind", rv_kind_name(c->kind), "name", text(name, 512), "fingerprint",
		text(c->fingerprint, 128), "spki", text(c->spki, 128), "serial",
		text(c->serial, 128), "issuer", text(c->issuer, 512), "owner", text(c->owner, 256),
		"owner_confidence",
		c->owner && *c->owner ? json_integer(c->owner_percent) : json_null(), "ownership",
		rv_ownership_name(c->ownership), "orphan_reason",
		is_orphan ? text(c->orphan_reason, 512) : json_null(), "life",
		rv_life_name(c->life), "hold", rv_hold_name(c->hold), "not_after",
		time_of(c->not_after_us), "policy", text(c->policy, 256), "compliant", compliant,
		"sightings", "rev", (json_int_t)c->rev);
}

bool rv_reported_sighting(json_t *item, const struct rv_sighting *s)
{
	json_t *list = json_object_get(item, "sightings");
	char mode[8];

	if (json_array_size(list) >= RV_ITEM_SIGHTINGS_MAX || s->path.len == 0)
		return true;
	snprintf(mode, sizeof(mode), "%04o", s->mode & 07777U);
	const bool has_file = s->path.data[0] == '/';
	return json_array_append_new(
		       list, json_pack("{s:o, s:o, s:o, s:o, s:o}", "where", text_of(s->path, 4096),
				       "uid", has_file ? json_integer(s->uid) : json_null(), "mode",
				       has_file ? json_string(mode) : json_null(), "unit",
				       text(s->unit, 256), "package", text(s->package, 256))) == 0;
}
