/* decide: facts from JSON: fixtures of `reeve policy test`, golden tests. Not here: facts of real
 * credentials (they come from the store). */
#include "agent/decide/verdict_private.h"

#include "agent/base/clock.h"

#define PLACES_MAX 1000

static rv_status parse_time(const json_t *j, const char *key, int64_t *out, struct rv_diag *diag)
{
	const char *text = rv_json_text(j, key, "unknown");
	if (strcmp(text, "unknown") == 0)
		*out = RV_AT_UNKNOWN;
	else if (strcmp(text, "never") == 0)
		*out = RV_AT_NEVER;
	else
		return rv_time_parse(rv_str_of(text), out, diag);
	return RV_OK;
}

static rv_status parse_mode(const char *text, unsigned *out, struct rv_diag *diag)
{
	char *end = NULL;
	unsigned long value = strtoul(text, &end, 8);
	if (text[0] == 0 || *end != 0 || value > 07777)
		return rv_fail(RV_CLASS_MALFORMED, diag, "mode \"%s\" is no file mode", text);
	*out = (unsigned)value;
	return RV_OK;
}

static rv_status parse_places(const json_t *list, struct rv_facts *f, struct rv_place_facts *places,
			      struct rv_diag *diag)
{
	size_t i = 0;
	const json_t *item = NULL;
	json_array_foreach (list, i, item) {
		const char *mode = rv_json_text(item, "mode", NULL);
		places[i] = (struct rv_place_facts){
			.path = rv_str_of(rv_json_text(item, "path", "")),
			.is_file = mode != NULL,
			.unit = rv_str_of(rv_json_text(item, "unit", "")),
			.package = rv_str_of(rv_json_text(item, "package", ""))};
		if (mode != NULL)
			RV_TRY(parse_mode(mode, &places[i].mode, diag));
	}
	f->places = places;
	f->place_count = json_array_size(list);
	return RV_OK;
}

static rv_status parse_state(const json_t *j, struct rv_facts *f, struct rv_diag *diag)
{
	f->state = (struct rv_state){
		(uint8_t)rv_ownership_of(rv_str_of(rv_json_text(j, "ownership", "owned"))),
		(uint8_t)rv_life_of(rv_str_of(rv_json_text(j, "life", "active"))),
		(uint8_t)rv_hold_of(rv_str_of(rv_json_text(j, "hold", "none")))};
	if (!rv_state_is_legal(f->state))
		return rv_fail(RV_CLASS_MALFORMED, diag, "ownership, life and hold are no state");
	static const char *const sources[] = {"none", "inferred", "policy", "tag", "registry"};
	const char *source =
		rv_json_text(j, "owner_source", f->owner.len > 0 ? "registry" : "none");
	for (unsigned i = 0; i < RV_LEN(sources); i++) {
		if (strcmp(source, sources[i]) == 0) {
			f->owner_source = (enum rv_owner_source)i;
			return RV_OK;
		}
	}
	return rv_fail(RV_CLASS_MALFORMED, diag, "owner_source \"%s\" is unknown", source);
}

static rv_status check_keys(const json_t *j, struct rv_diag *diag)
{
	static const char *const words[] = {"id",
					    "host_id",
					    "kind",
					    "name",
					    "issuer",
					    "provider",
					    "places",
					    "owner",
					    "owner_source",
					    "owner_confidence",
					    "orphaned_since",
					    "issued",
					    "expires",
					    "hosts",
					    "ownership",
					    "life",
					    "hold",
					    "known_since",
					    NULL};
	size_t known = 0;
	for (size_t i = 0; words[i] != NULL; i++)
		known += json_object_get(j, words[i]) != NULL;
	if (known != json_object_size(j))
		return rv_fail(
			RV_CLASS_MALFORMED, diag,
			"the facts hold an unknown key; known are id, kind, places, issued ..");
	return RV_OK;
}

rv_status rv_facts_parse(const json_t *j, struct rv_facts *out, struct rv_place_facts **out_places,
			 struct rv_diag *diag)
{
	RV_TRY(check_keys(j, diag));
	struct rv_facts f = {
		.id = rv_json_text(j, "id", "fixture"),
		.host_id = rv_json_text(j, "host_id", "host"),
		.kind = rv_kind_of(rv_str_of(rv_json_text(j, "kind", ""))),
		.name = rv_str_of(rv_json_text(j, "name", "")),
		.issuer = rv_str_of(rv_json_text(j, "issuer", "")),
		.provider = rv_str_of(rv_json_text(j, "provider", "")),
		.owner = rv_str_of(rv_json_text(j, "owner", "")),
		.owner_confidence = (unsigned)rv_json_int(j, "owner_confidence", 0),
		.hosts = (unsigned)rv_json_int(j, "hosts", 0),
	};
	if (f.kind == 0)
		return rv_fail(RV_CLASS_MALFORMED, diag, "kind \"%s\" is no kind of credential",
			       rv_json_text(j, "kind", ""));
	RV_TRY(parse_state(j, &f, diag));
	RV_TRY(parse_time(j, "issued", &f.issued_us, diag));
	RV_TRY(parse_time(j, "known_since", &f.known_since_us, diag));
	RV_TRY(parse_time(j, "expires", &f.expires_us, diag));
	RV_TRY(parse_time(j, "orphaned_since", &f.orphaned_since_us, diag));
	const json_t *list = json_object_get(j, "places");
	if (json_array_size(list) > PLACES_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "more than %d places", PLACES_MAX);
	struct rv_place_facts *places = calloc(json_array_size(list) + 1, sizeof(*places));
	if (places == NULL)
		return rv_fail_nomem(diag);
	rv_status s = parse_places(list, &f, places, diag);
	if (!rv_is_ok(s)) {
		free(places);
		return s;
	}
	*out = f;
	*out_places = places;
	return RV_OK;
}
