/* tests: the codec survives every failing allocation and then has changed nothing. */
#include "agent/model/finding.h"
#include "tests/support/alloc_fail.h"
#include "tests/support/unit.h"

static rv_status encode(void *user)
{
	struct rv_rec_found_certificate rec = {.path = RV_STR_LIT("/etc/ssl/certs/a.pem"),
					       .subject = RV_STR_LIT("CN=a"),
					       .serial = RV_STR_LIT("01")};
	struct rv_buf out;
	rv_status status;

	(void)user;
	rv_buf_init(&out, 65536);
	status = rv_record_encode(&rv_desc_found_certificate, &rec, &out);
	if (!rv_is_ok(status))
		assert_int_equal(out.len, 0);
	rv_buf_done(&out);
	return status;
}

static rv_status add_to_list(void *user)
{
	struct rv_rec_text_item item = {.text = RV_STR_LIT("some text of a certain length here")};
	struct rv_buf list;
	rv_status status = RV_OK;

	(void)user;
	rv_buf_init(&list, 65536);
	for (size_t i = 0; i < 20 && rv_is_ok(status); i++) {
		size_t before = list.len;

		status = rv_list_add(&list, &rv_desc_text_item, &item);
		if (!rv_is_ok(status))
			assert_int_equal(list.len, before);
	}
	rv_buf_done(&list);
	return status;
}

static void encoding_survives_no_memory(void **state)
{
	(void)state;
	assert_true(rvt_alloc_loop("encode", encode, NULL) >= 1);
}

static void lists_survive_no_memory(void **state)
{
	(void)state;
	assert_true(rvt_alloc_loop("add_to_list", add_to_list, NULL) >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoding_survives_no_memory),
		cmocka_unit_test(lists_survive_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
