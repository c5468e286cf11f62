/* tests: whatever a record holds, the item made of it is one the server takes. */
#include "agent/report/courier.h"
#include "agent/report/reported.h"

#include "agent/model/item.h"
#include "tests/support/unit.h"

static struct rv_credential blank(void)
{
	return (struct rv_credential){.id = "c0123",
				      .kind = RV_KIND_API_KEY,
				      .ownership = RV_OWNERSHIP_ORPHANED,
				      .life = RV_LIFE_SEEN,
				      .hold = RV_HOLD_NONE,
				      .compliant = -1,
				      .not_after_us = RV_TIME_NONE,
				      .rev = 3};
}

static void check(json_t *item)
{
	struct rv_item_facts facts;
	struct rv_diag diag = {0};
	rv_status status = rv_item_check(item, &facts, &diag);

	if (!rv_is_ok(status))
		fail_msg("%s", diag.text);
}

static void an_empty_record_makes_an_item_with_nulls(void **state)
{
	const struct rv_credential c = blank();
	json_t *item = rv_reported_item(&c);

	(void)state;
	check(item);
	assert_string_equal(rv_json_text(item, "name", ""), "c0123");
	assert_true(json_is_null(json_object_get(item, "owner")));
	assert_true(json_is_null(json_object_get(item, "not_after")));
	assert_true(json_is_null(json_object_get(item, "compliant")));
	json_decref(item);
}

static void hostile_texts_are_escaped_and_cut(void **state)
{
	struct rv_credential c = blank();
	char long_name[2001];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(long_name); i += 2)
		memcpy(long_name + i, "\xc3\xa9", 2); /* é */
	long_name[2000] = '\0';
	c.name = "a\nb\x1b[31m\xff";
	c.issuer = long_name;
	c.orphan_reason = long_name + 1; /* begins inside a character */
	json_t *item = rv_reported_item(&c);
	check(item);
	assert_string_equal(rv_json_text(item, "name", ""), "a\\x0ab\\x1b[31m\\xff");
	assert_int_equal(strlen(rv_json_text(item, "issuer", "")), 512);
	json_decref(item);
}

static void places_are_bytes_and_bounded(void **state)
{
	const struct rv_credential c = blank();
	json_t *item = rv_reported_item(&c);
	const struct rv_sighting file = {.path = RV_STR_LIT("/a\xff/\x01"),
					 .mode = 0100640,
					 .uid = 33,
					 .unit = "",
					 .package = "nginx"};
	const struct rv_sighting served = {.path = RV_STR_LIT("tls://127.0.0.1:443")};

	(void)state;
	assert_true(rv_reported_sighting(item, &file));
	assert_true(rv_reported_sighting(item, &served));
	const json_t *first = json_array_get(json_object_get(item, "sightings"), 0);
	const json_t *second = json_array_get(json_object_get(item, "sightings"), 1);
	assert_string_equal(rv_json_text(first, "where", ""), "/a\\xff/\\x01");
	assert_string_equal(rv_json_text(first, "mode", ""), "0640");
	assert_true(json_is_null(json_object_get(second, "uid")));
	for (int i = 0; i < 400; i++)
		assert_true(rv_reported_sighting(item, &file));
	assert_int_equal(json_array_size(json_object_get(item, "sightings")),
			 RV_ITEM_SIGHTINGS_MAX);
	check(item);
	json_decref(item);
}

static void only_unknown_host_means_enrol_again(void **state)
{
	static const struct {
		unsigned status;
		const char *code;
		enum rv_class class_id;
	} rows[] = {
		{200, "", RV_CLASS_OK},
		{204, "", RV_CLASS_OK},
		{403, "unknown_host", RV_CLASS_NOT_FOUND},
		{403, "host_denied", RV_CLASS_DENIED},
		{401, "cert_required", RV_CLASS_DENIED},
		{403, "cert_expired", RV_CLASS_DENIED},
		{403, "clock_skew", RV_CLASS_RETRY},
		{409, "need_full", RV_CLASS_CONFLICT},
		{413, "too_large", RV_CLASS_EXHAUSTED},
		{422, "malformed", RV_CLASS_MALFORMED},
		{503, "busy", RV_CLASS_RETRY},
		{429, "busy", RV_CLASS_RETRY},
		{500, "", RV_CLASS_RETRY},
		{502, "anything", RV_CLASS_RETRY},
		{302, "", RV_CLASS_MISCONFIGURED},
		{404, "not_found", RV_CLASS_MISCONFIGURED},
		{401, "", RV_CLASS_MISCONFIGURED},
	};

	(void)state;
	for (size_t i = 0; i < RV_LEN(rows); i++)
		assert_int_equal(rv_courier_class(rows[i].status, rows[i].code), rows[i].class_id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_record_makes_an_item_with_nulls),
		cmocka_unit_test(hostile_texts_are_escaped_and_cut),
		cmocka_unit_test(places_are_bytes_and_bounded),
		cmocka_unit_test(only_unknown_host_means_enrol_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
