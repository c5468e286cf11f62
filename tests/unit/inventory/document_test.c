/* tests: what hosts send is read strictly; one bad item is set aside, a bad document is not taken.
 */
#include "agent/inventory/document.h"
#include "agent/inventory/html.h"
#include "tests/support/unit.h"

#include <stdio.h>

#define GOOD_ITEM                                                                         \
	"{\"id\":\"c1\",\"kind\":\"certificate\",\"name\":\"n\",\"ownership\":\"owned\"," \
	"\"life\":\"active\",\"hold\":\"none\",\"rev\":1,\"sightings\":[]}"

static enum rv_class check(const char *json, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *item = NULL;
	struct rv_item_facts facts;

	assert_ok(rv_json_parse(rv_str_of(json), &item, diag));
	return rv_class_of(rv_item_check(item, &facts, diag));
}

static void an_item_needs_each_required_field(void **state)
{
	static const char *const fields[] = {"id",   "kind", "name", "ownership",
					     "life", "hold", "rev",  "sightings"};
	(void)state;
	assert_int_equal(check(GOOD_ITEM, NULL), RV_CLASS_OK);
	for (size_t i = 0; i < RV_LEN(fields); i++) {
		RV_CLEANUP(rv_jsonp) json_t *item = NULL;
		struct rv_item_facts facts;
		struct rv_diag diag = {0};
		assert_ok(rv_json_parse(RV_STR_LIT(GOOD_ITEM), &item, NULL));
		json_object_del(item, fields[i]);
		assert_class(rv_item_check(item, &facts, &diag), RV_CLASS_MALFORMED);
		assert_non_null(strstr(diag.text, fields[i]));
		json_object_set_new(item, fields[i], json_null());
		assert_class(rv_item_check(item, &facts, NULL), RV_CLASS_MALFORMED);
	}
}

static void an_item_takes_no_unknown_field_anywhere(void **state)
{
	(void)state;
	assert_int_equal(
		check("{\"id\":\"c1\",\"kind\":\"certificate\",\"name\":\"n\","
		      "\"ownership\":\"owned\",\"life\":\"active\",\"hold\":\"none\",\"rev\":1,"
		      "\"sightings\":[],\"value\":\"x\"}",
		      NULL),
		RV_CLASS_MALFORMED);
	assert_int_equal(
		check("{\"id\":\"c1\",\"kind\":\"certificate\",\"name\":\"n\","
		      "\"ownership\":\"owned\",\"life\":\"active\",\"hold\":\"none\",\"rev\":1,"
		      "\"sightings\":[{\"where\":\"/a\",\"snippet\":\"x\"}]}",
		      NULL),
		RV_CLASS_MALFORMED);
}

static void a_refusal_does_not_repeat_what_was_sent(void **state)
{
	struct rv_diag diag = {0};

	(void)state;
	assert_int_equal(check("{\"id\":\"c1\",\"hunter2\":1}", &diag), RV_CLASS_MALFORMED);
	assert_null(strstr(diag.text, "hunter2"));
}

static void ids_are_plain(void **state)
{
	(void)state;
	assert_true(rv_item_id_is_valid("c0123:a_b.c-d"));
	assert_false(rv_item_id_is_valid(""));
	assert_false(rv_item_id_is_valid(NULL));
	assert_false(rv_item_id_is_valid("a/b"));
	assert_false(rv_item_id_is_valid("A"));
	assert_false(rv_item_id_is_valid("<b>"));
	assert_false(rv_item_id_is_valid("0123456789012345678901234567890123456789"
					 "01234567890123456789012345"));
}

static void depth_is_counted_outside_texts(void **state)
{
	(void)state;
	assert_true(rv_doc_depth_is_ok(RV_STR_LIT("[[[]]]"), 3));
	assert_false(rv_doc_depth_is_ok(RV_STR_LIT("[[[]]]"), 2));
	assert_true(rv_doc_depth_is_ok(RV_STR_LIT("[\"[[[[[\\\"[[\"]"), 1));
	assert_true(rv_doc_depth_is_ok(RV_STR_LIT("[],[],[]"), 1));
	assert_true(rv_doc_depth_is_ok(RV_STR_LIT("]]]]"), 1));
}

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define REPORT(kind, base, items)                                                              \
	"{\"v\":1,\"host\":\"h\",\"seq\":1,\"batch_id\":\"0123456789abcdef\",\"kind\":\"" kind \
	"\",\"base\":" base ",\"digest\":\"" HEX64                                             \
	"\",\"at\":\"2026-11-21T00:00:00Z\",\"items\":[" items "]}"

static void a_report_sets_bad_items_aside_and_sorts_the_good(void **state)
{
	struct rv_doc_report doc;
	enum rv_problem problem;
	char *second = strdup(GOOD_ITEM);

	(void)state;
	second[8] = '0'; /* id c0 */
	char *body = NULL;
	assert_true(asprintf(&body, REPORT("full", "null", "%s,{\"id\":\"bad\"},7,%s"), GOOD_ITEM,
			     second) > 0);
	assert_ok(rv_doc_report_parse(rv_str_of(body), &doc, &problem, NULL));
	assert_int_equal(doc.item_count, 2);
	assert_string_equal(doc.items[0].facts.id, "c0");
	assert_int_equal(doc.bad_count, 2);
	assert_string_equal(doc.bad[0].id, "bad");
	assert_string_equal(doc.bad[1].id, "#2");
	assert_true(rv_str_starts_with(rv_doc_item_text(&doc, 1), "{\"hold\""));
	rv_doc_report_done(&doc);
	free(body);
	free(second);
}

static void a_delta_needs_its_base(void **state)
{
	struct rv_doc_report doc;
	enum rv_problem problem = RV_PROBLEM_INTERNAL;

	(void)state;
	assert_class(
		rv_doc_report_parse(RV_STR_LIT(REPORT("delta", "null", "")), &doc, &problem, NULL),
		RV_CLASS_MALFORMED);
	assert_int_equal(problem, RV_PROBLEM_UNPROCESSABLE);
	rv_doc_report_done(&doc);
	assert_ok(rv_doc_report_parse(RV_STR_LIT(REPORT("delta", "\"" HEX64 "\"", "")), &doc,
				      &problem, NULL));
	rv_doc_report_done(&doc);
}

static void each_refusal_has_its_stable_code_and_status(void **state)
{
	struct rv_buf out;

	(void)state;
	rv_buf_init(&out, 4096);
	assert_ok(rv_problem_json(RV_PROBLEM_NEED_FULL, NULL, 7, &out));
	assert_string_equal(rv_buf_cstr(&out),
			    "{\"code\":\"need_full\",\"seq\":7,\"status\":409,"
			    "\"title\":\"the base is not known: send a full report\"}");
	assert_string_equal(rv_problem_code(RV_PROBLEM_UNKNOWN_HOST), "unknown_host");
	assert_int_equal(rv_problem_status(RV_PROBLEM_CERT_REQUIRED), 401);
	rv_buf_done(&out);
}

static void markup_characters_are_escaped(void **state)
{
	struct rv_buf out;

	(void)state;
	rv_buf_init(&out, 4096);
	assert_ok(rv_html_escape("<a href=\"x\" b='y'>&amp;", &out));
	assert_string_equal(rv_buf_cstr(&out),
			    "&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp;");
	rv_buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_item_needs_each_required_field),
		cmocka_unit_test(an_item_takes_no_unknown_field_anywhere),
		cmocka_unit_test(a_refusal_does_not_repeat_what_was_sent),
		cmocka_unit_test(ids_are_plain),
		cmocka_unit_test(depth_is_counted_outside_texts),
		cmocka_unit_test(a_report_sets_bad_items_aside_and_sorts_the_good),
		cmocka_unit_test(a_delta_needs_its_base),
		cmocka_unit_test(each_refusal_has_its_stable_code_and_status),
		cmocka_unit_test(markup_characters_are_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
