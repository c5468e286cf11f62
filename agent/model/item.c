/* model: the table of an item's fields and the digest over items. Not here: how an agent fills one
 * (store/outbox.c) or a server keeps it (inventory/items.c). */
#include "agent/model/item.h"

#include "agent/base/clock.h"
#include "agent/model/kinds.h"

enum item_type {
	ITEM_TEXT,
	ITEM_INT,
	ITEM_BOOL,
	ITEM_TIME,
	ITEM_KIND,
	ITEM_OWNERSHIP,
	ITEM_LIFE,
	ITEM_HOLD,
	ITEM_SIGHTINGS
};

struct item_field {
	const char *name;
	enum item_type type;
	bool is_required; /* present and not null */
	size_t max;	  /* bytes of a text, value of an integer */
};

static const struct item_field item_fields[] = {
	{"id", ITEM_TEXT, true, RV_ITEM_ID_MAX},
	{"kind", ITEM_KIND, true, 0},
	{"name", ITEM_TEXT, true, 512},
	{"fingerprint", ITEM_TEXT, false, 128},
	{"spki", ITEM_TEXT, false, 128},
	{"serial", ITEM_TEXT, false, 128},
	{"issuer", ITEM_TEXT, false, 512},
	{"owner", ITEM_TEXT, false, 256},
	{"owner_confidence", ITEM_INT, false, 100},
	{"ownership", ITEM_OWNERSHIP, true, 0},
	{"orphan_reason", ITEM_TEXT, false, 512},
	{"life", ITEM_LIFE, true, 0},
	{"hold", ITEM_HOLD, true, 0},
	{"not_after", ITEM_TIME, false, 0},
	{"policy", ITEM_TEXT, false, 256},
	{"compliant", ITEM_BOOL, false, 0},
	{"sightings", ITEM_SIGHTINGS, true, 0},
	{"rev", ITEM_INT, true, INT64_MAX},
};

static const struct item_field sighting_fields[] = {
	{"where", ITEM_TEXT, true, 4608},   {"uid", ITEM_INT, false, UINT32_MAX},
	{"mode", ITEM_TEXT, false, 8},	    {"unit", ITEM_TEXT, false, 256},
	{"package", ITEM_TEXT, false, 256},
};

static bool text_is_plain(const char *text, size_t len)
{
	if (strlen(text) != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];
		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return true;
}

bool rv_item_id_is_valid(const char *id)
{
	const size_t len = id ? strlen(id) : 0;
	return len > 0 && len <= RV_ITEM_ID_MAX &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789:._-") == len;
}

static const struct item_field *find_field(const struct item_field *fields, size_t count,
					   const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	}
	return NULL;
}

static unsigned word_of(enum item_type type, const char *word)
{
	const struct rv_str s = rv_str_of(word);

	switch (type) {
	case ITEM_KIND:
		return rv_kind_of(s);
	case ITEM_OWNERSHIP:
		return rv_ownership_of(s);
	case ITEM_LIFE:
		return rv_life_of(s);
	case ITEM_HOLD:
		return rv_hold_of(s);
	case ITEM_TEXT:
	case ITEM_INT:
	case ITEM_BOOL:
	case ITEM_TIME:
	case ITEM_SIGHTINGS:
		break;
	}
	return 0;
}

static rv_status check_text(const struct item_field *field, const json_t *value,
			    struct rv_diag *diag)
{
	if (!json_is_string(value))
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: not a text", field->name);
	const size_t len = json_string_length(value);
	if (len > field->max)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: longer than %zu bytes", field->name,
			       field->max);
	if (!text_is_plain(json_string_value(value), len))
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: has control characters", field->name);
	return RV_OK;
}

static rv_status check_int(const struct item_field *field, const json_t *value,
			   struct rv_diag *diag)
{
	if (!json_is_integer(value))
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: not an integer", field->name);
	const json_int_t n = json_integer_value(value);
	if (n < 0 || (uint64_t)n > field->max)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: out of range", field->name);
	return RV_OK;
}

static rv_status check_fields(const json_t *obj, const struct item_field *fields, size_t count,
			      struct rv_diag *diag);

/* NOLINTNEXTLINE(misc-no-recursion): our table is two deep */
static rv_status check_sightings(const json_t *list, struct rv_diag *diag)
{
	if (!json_is_array(list))
		return rv_fail(RV_CLASS_MALFORMED, diag, "sightings: not a list");
	if (json_array_size(list) > RV_ITEM_SIGHTINGS_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "sightings: more than %d",
			       RV_ITEM_SIGHTINGS_MAX);
	for (size_t i = 0; i < json_array_size(list); i++)
		RV_TRY(check_fields(json_array_get(list, i), sighting_fields,
				    RV_LEN(sighting_fields), diag));
	return RV_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion) */
static rv_status check_value(const struct item_field *field, const json_t *value,
			     struct rv_diag *diag)
{
	int64_t at;

	if (json_is_null(value)) {
		if (field->is_required)
			return rv_fail(RV_CLASS_MALFORMED, diag, "%s: is null", field->name);
		return RV_OK;
	}
	switch (field->type) {
	case ITEM_TEXT:
		return check_text(field, value, diag);
	case ITEM_INT:
		return check_int(field, value, diag);
	case ITEM_BOOL:
		if (!json_is_boolean(value))
			return rv_fail(RV_CLASS_MALFORMED, diag, "%s: not a boolean", field->name);
		return RV_OK;
	case ITEM_TIME:
		if (!json_is_string(value) ||
		    !rv_is_ok(rv_time_parse(rv_str_of(json_string_value(value)), &at, NULL)))
			return rv_fail(RV_CLASS_MALFORMED, diag, "%s: not a time", field->name);
		return RV_OK;
	case ITEM_KIND:
	case ITEM_OWNERSHIP:
	case ITEM_LIFE:
	case ITEM_HOLD:
		if (!json_is_string(value) || word_of(field->type, json_string_value(value)) == 0)
			return rv_fail(RV_CLASS_MALFORMED, diag, "%s: not a known word",
				       field->name);
		return RV_OK;
	case ITEM_SIGHTINGS:
		return check_sightings(value, diag);
	}
	return rv_fail(RV_CLASS_BUG, diag, "%s: no such type", field->name);
}

/* Depth is two at most (item, sighting): the recursion follows our table, not the input. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static rv_status check_fields(const json_t *obj, const struct item_field *fields, size_t count,
			      struct rv_diag *diag)
{
	if (!json_is_object(obj))
		return rv_fail(RV_CLASS_MALFORMED, diag, "not an object");
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_object_get(obj, fields[i].name);
		if (!value && fields[i].is_required)
			return rv_fail(RV_CLASS_MALFORMED, diag, "%s: missing", fields[i].name);
		if (value)
			RV_TRY(check_value(&fields[i], value, diag));
	}
	for (void *it = json_object_iter((json_t *)(uintptr_t)obj); it;
	     it = json_object_iter_next((json_t *)(uintptr_t)obj, it)) {
		if (!find_field(fields, count, json_object_iter_key(it)))
			return rv_fail(RV_CLASS_MALFORMED, diag, "unknown field");
	}
	return RV_OK;
}

rv_status rv_item_check(const json_t *item, struct rv_item_facts *out, struct rv_diag *diag)
{
	const char *id = rv_json_text(item, "id", NULL);

	out->id = id && rv_item_id_is_valid(id) ? id : NULL;
	RV_TRY(check_fields(item, item_fields, RV_LEN(item_fields), diag));
	if (!out->id)
		return rv_fail(RV_CLASS_MALFORMED, diag, "id: not 1 to %d of [a-z0-9:._-]",
			       RV_ITEM_ID_MAX);

	struct rv_item_facts facts = {
		.id = id,
		.kind = word_of(ITEM_KIND, rv_json_text(item, "kind", "")),
		.ownership = word_of(ITEM_OWNERSHIP, rv_json_text(item, "ownership", "")),
		.life = word_of(ITEM_LIFE, rv_json_text(item, "life", "")),
		.hold = word_of(ITEM_HOLD, rv_json_text(item, "hold", "")),
		.compliant = -1,
	};
	facts.is_live = facts.life != RV_LIFE_RETIRED && facts.life != RV_LIFE_REVOKED &&
			facts.life != RV_LIFE_GONE;
	const json_t *compliant = json_object_get(item, "compliant");
	if (json_is_boolean(compliant))
		facts.compliant = json_is_true(compliant) ? 1 : 0;
	const char *not_after = rv_json_text(item, "not_after", NULL);
	if (not_after) {
		RV_TRY(rv_time_parse(rv_str_of(not_after), &facts.not_after_us, diag));
		facts.has_not_after = true;
	}
	*out = facts;
	return RV_OK;
}

rv_status rv_items_digest_init(struct rv_items_digest *d)
{
	*d = (struct rv_items_digest){0};
	RV_TRY(rv_hasher_init(&d->hasher));
	return rv_hasher_update(&d->hasher, "[", 1);
}

rv_status rv_items_digest_add(struct rv_items_digest *d, struct rv_str canonical)
{
	if (d->any)
		RV_TRY(rv_hasher_update(&d->hasher, ",", 1));
	d->any = true;
	return rv_hasher_update(&d->hasher, canonical.data, canonical.len);
}

rv_status rv_items_digest_final(struct rv_items_digest *d, char out[RV_ITEMS_DIGEST_TEXT])
{
	struct rv_digest sum;

	RV_TRY(rv_hasher_update(&d->hasher, "]", 1));
	RV_TRY(rv_hasher_final(&d->hasher, &sum));
	rv_hex(sum.bytes, sizeof(sum.bytes), out);
	return RV_OK;
}

void rv_items_digest_done(struct rv_items_digest *d)
{
	rv_hasher_done(&d->hasher);
}
