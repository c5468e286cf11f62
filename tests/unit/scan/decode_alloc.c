#include "tests/support/unit.h"

#include "agent/scan/decode.h"
#include "tests/support/alloc_fail.h"

static rv_status decode_once(void *user)
{
	struct rv_str source = RV_STR_LIT("dGV4dCB0ZXh0dGV4dCB0ZXh0dGV4dCB0ZXh0");
	struct rv_decode_run run = {.len = source.len, .kind = RV_DECODE_BASE64};
	struct rv_decode_map map = {0};
	struct rv_buf out;
	rv_status status;

	(void)user;
	rv_buf_init(&out, 4096);
	status = rv_decode_run(source, &run, &out, &map);
	if (!rv_is_ok(status))
		assert_int_equal(out.len, 0);
	rv_decode_map_done(&map);
	rv_buf_done(&out);
	return status;
}

static void decoding_survives_every_failed_allocation(void **state)
{
	(void)state;
	assert_in_range(rvt_alloc_loop("decode", decode_once, NULL), 1, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoding_survives_every_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
