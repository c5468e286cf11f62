/* tests: the header and the table of messages. */
#include "agent/ipc/frame.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void header(uint8_t out[RV_FRAME_HEADER], uint16_t type, uint16_t flags, uint32_t len)
{
	struct rv_header h = {.type = type,
			      .flags = flags,
			      .len = len,
			      .req = 0x1122334455667788,
			      .job = 0x99aabbccddeeff00,
			      .deadline_ms = 0xdeadbeef};

	rv_header_encode(&h, out);
}

static rv_status decode(const uint8_t *bytes, size_t len, struct rv_header *out)
{
	struct rv_diag diag = {0};
	rv_status s = rv_header_decode((struct rv_str){bytes, len}, out, &diag);

	assert_true(rv_is_ok(s) || diag.text[0] != '\0');
	return s;
}

static void a_header_comes_back_as_it_went(void **state)
{
	uint8_t bytes[RV_FRAME_HEADER];
	struct rv_header h;

	(void)state;
	header(bytes, RV_MSG_hello, RV_FRAME_LAST, 0);
	assert_int_equal(bytes[0], RV_MSG_hello); /* little-endian */
	assert_int_equal(bytes[8], 0x88);
	assert_true(rv_is_ok(decode(bytes, sizeof(bytes), &h)));
	assert_int_equal(h.type, RV_MSG_hello);
	assert_int_equal(h.flags, RV_FRAME_LAST);
	assert_true(h.req == 0x1122334455667788 && h.job == 0x99aabbccddeeff00);
	assert_int_equal(h.deadline_ms, 0xdeadbeef);
}

static void a_truncated_header_is_malformed_and_touches_nothing(void **state)
{
	uint8_t bytes[RV_FRAME_HEADER];
	struct rv_header h = {.req = 42};

	(void)state;
	header(bytes, RV_MSG_hello, 0, 0);
	for (size_t len = 0; len < sizeof(bytes); len++) {
		assert_int_equal(rv_class_of(decode(bytes, len, &h)), RV_CLASS_MALFORMED);
		assert_true(h.req == 42);
	}
}

static void a_length_that_is_not_the_datagrams_is_malformed(void **state)
{
	uint8_t bytes[RV_FRAME_HEADER + 8] = {0};
	struct rv_header h;
	static const uint32_t lens[] = {0, 7, 9, 65536, UINT32_MAX};

	(void)state;
	for (size_t i = 0; i < RV_LEN(lens); i++) {
		header(bytes, RV_MSG_hello, 0, lens[i]);
		assert_int_equal(rv_class_of(decode(bytes, sizeof(bytes), &h)), RV_CLASS_MALFORMED);
	}
}

static void an_oversized_frame_is_malformed(void **state)
{
	static uint8_t bytes[RV_FRAME_MAX + 1];
	struct rv_header h;

	(void)state;
	header(bytes, RV_MSG_hello, 0, sizeof(bytes) - RV_FRAME_HEADER);
	assert_int_equal(rv_class_of(decode(bytes, sizeof(bytes), &h)), RV_CLASS_MALFORMED);
	header(bytes, RV_MSG_hello, 0, RV_FRAME_MAX - RV_FRAME_HEADER);
	assert_true(rv_is_ok(decode(bytes, RV_FRAME_MAX, &h)));
}

static void unknown_messages_and_flags_are_malformed(void **state)
{
	uint8_t bytes[RV_FRAME_HEADER];
	struct rv_header h;
	static const uint16_t types[] = {0, 3, 9, 999, UINT16_MAX};

	(void)state;
	for (size_t i = 0; i < RV_LEN(types); i++) {
		header(bytes, types[i], 0, 0);
		assert_int_equal(rv_class_of(decode(bytes, sizeof(bytes), &h)), RV_CLASS_MALFORMED);
	}
	header(bytes, RV_MSG_hello, 2, 0);
	assert_int_equal(rv_class_of(decode(bytes, sizeof(bytes), &h)), RV_CLASS_MALFORMED);
}

static void the_table_has_each_number_once_and_known_roles(void **state)
{
	size_t count;
	const struct rv_msg_desc *table = rv_msg_table(&count);

	(void)state;
	assert_true(count > 50);
	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(rv_msg_desc(table[i].number), &table[i]);
		assert_true(table[i].from < RV_ROLE__COUNT && table[i].to < RV_ROLE__COUNT);
		assert_true(table[i].max_fds <= RV_FRAME_FDS);
		assert_string_equal(table[i].name, table[i].body->name);
		/* Secrets travel between the broker and its peers alone. */
		if (strncmp(table[i].name, "secret", 6) == 0)
			assert_true(table[i].from == RV_ROLE_BROKER ||
				    table[i].to == RV_ROLE_BROKER);
	}
	assert_string_equal(rv_role_name(RV_ROLE_PLACE), "place");
	assert_string_equal(rv_role_name(99), "invalid");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_comes_back_as_it_went),
		cmocka_unit_test(a_truncated_header_is_malformed_and_touches_nothing),
		cmocka_unit_test(a_length_that_is_not_the_datagrams_is_malformed),
		cmocka_unit_test(an_oversized_frame_is_malformed),
		cmocka_unit_test(unknown_messages_and_flags_are_malformed),
		cmocka_unit_test(the_table_has_each_number_once_and_known_roles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
