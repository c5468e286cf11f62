/* tests: the codec refuses whatever is not the one encoding of a value. */
#include "agent/model/finding.h"
#include "agent/model/record.h"
#include "tests/support/unit.h"

#define RV_REC_sample(F) \
	F(U64, 1, count, 10) F(STR, 2, name, 8) F(I64, 3, at_us, 0) F(LIST, 7, items, 256)
RV_RECORD_STRUCT(sample)
RV_RECORD_DESC(sample)

#define RV_REC_nothing(F)
RV_RECORD_STRUCT(nothing)
RV_RECORD_DESC(nothing)

/* 8 + 8, 8 + 2, 8 + 8, 8 + 0 */
#define SAMPLE_LEN 50
#define NAME_AT	   16
#define AT_AT	   26

static struct rv_buf encoded;

static int encode_sample(void **state)
{
	struct rv_rec_sample rec = {.count = 7, .name = RV_STR_LIT("ab"), .at_us = -5};

	(void)state;
	rv_buf_init(&encoded, 4096);
	assert_ok(rv_record_encode(&rv_desc_sample, &rec, &encoded));
	assert_int_equal(encoded.len, SAMPLE_LEN);
	return 0;
}

static int done_sample(void **state)
{
	(void)state;
	rv_buf_done(&encoded);
	return 0;
}

static rv_status decode(struct rv_diag *diag)
{
	struct rv_rec_sample rec;

	return rv_record_decode(&rv_desc_sample, rv_buf_view(&encoded), &rec, diag);
}

static void refuses_every_truncation(void **state)
{
	(void)state;
	for (size_t len = 0; len < SAMPLE_LEN; len++) {
		encoded.len = len;
		assert_class(decode(NULL), RV_CLASS_MALFORMED);
	}
}

static void refuses_a_trailing_byte(void **state)
{
	(void)state;
	assert_ok(rv_buf_put_byte(&encoded, 0));
	assert_class(decode(NULL), RV_CLASS_MALFORMED);
}

static void refuses_another_tag(void **state)
{
	(void)state;
	encoded.data[0] = 2;
	assert_class(decode(NULL), RV_CLASS_MALFORMED);
}

static void refuses_fields_out_of_order(void **state)
{
	uint8_t first[16], second[10];

	(void)state;
	memcpy(first, encoded.data, 16);
	memcpy(second, encoded.data + 16, 10);
	memcpy(encoded.data, second, 10);
	memcpy(encoded.data + 10, first, 16);
	assert_class(decode(NULL), RV_CLASS_MALFORMED);
}

static void refuses_a_field_given_twice(void **state)
{
	struct rv_buf twice;

	(void)state;
	rv_buf_init(&twice, 4096);
	assert_ok(rv_buf_put(&twice, encoded.data, 16));
	assert_ok(rv_buf_put(&twice, encoded.data, encoded.len));
	rv_buf_done(&encoded);
	encoded = twice;
	assert_class(decode(NULL), RV_CLASS_MALFORMED);
}

static void refuses_reserved_bytes_that_are_set(void **state)
{
	(void)state;
	encoded.data[2] = 1;
	assert_class(decode(NULL), RV_CLASS_MALFORMED);
}

static void refuses_a_number_of_another_width(void **state)
{
	(void)state;
	encoded.data[4] = 4;
	assert_class(decode(NULL), RV_CLASS_MALFORMED);
}

static void refuses_a_number_over_its_maximum(void **state)
{
	(void)state;
	encoded.data[8] = 11;
	assert_class(decode(NULL), RV_CLASS_MALFORMED);
}

static void refuses_a_length_that_leaves_the_record(void **state)
{
	(void)state;
	memset(encoded.data + NAME_AT + 4, 0xff, 4);
	assert_class(decode(NULL), RV_CLASS_MALFORMED);
}

static void refuses_text_longer_than_its_maximum(void **state)
{
	struct rv_buf whole;

	(void)state;
	rv_buf_init(&whole, 4096);
	assert_ok(rv_buf_put(&whole, encoded.data, NAME_AT));
	assert_ok(rv_buf_put_u16(&whole, 2));
	assert_ok(rv_buf_put_u16(&whole, 0));
	assert_ok(rv_buf_put_u32(&whole, 9));
	assert_ok(rv_buf_put_str(&whole, "ninebytes"));
	assert_ok(rv_buf_put(&whole, encoded.data + AT_AT, encoded.len - AT_AT));
	rv_buf_done(&encoded);
	encoded = whole;
	assert_class(decode(NULL), RV_CLASS_MALFORMED);
}

static void names_the_record_and_the_field(void **state)
{
	struct rv_diag diag = {0};

	(void)state;
	encoded.data[NAME_AT] = 99;
	assert_class(decode(&diag), RV_CLASS_MALFORMED);
	assert_non_null(strstr(diag.text, "sample"));
	assert_non_null(strstr(diag.text, "name"));
}

static void leaves_the_struct_alone_on_failure(void **state)
{
	struct rv_rec_sample rec, before;

	(void)state;
	memset(&rec, 0x5a, sizeof(rec));
	before = rec;
	encoded.len = SAMPLE_LEN - 1;
	assert_class(rv_record_decode(&rv_desc_sample, rv_buf_view(&encoded), &rec, NULL),
		     RV_CLASS_MALFORMED);
	assert_memory_equal(&rec, &before, sizeof(rec));
}

static void gives_back_what_was_encoded(void **state)
{
	struct rv_rec_sample rec;

	(void)state;
	assert_ok(rv_record_decode(&rv_desc_sample, rv_buf_view(&encoded), &rec, NULL));
	assert_int_equal(rec.count, 7);
	assert_bytes(rec.name, "ab");
	assert_int_equal(rec.at_us, -5);
	assert_int_equal(rec.items.len, 0);
}

static void will_not_encode_a_value_over_its_maximum(void **state)
{
	struct rv_rec_sample number = {.count = 11};
	struct rv_rec_sample text = {.name = RV_STR_LIT("ninebytes")};

	(void)state;
	assert_class(rv_record_encode(&rv_desc_sample, &number, &encoded), RV_CLASS_BUG);
	assert_class(rv_record_encode(&rv_desc_sample, &text, &encoded), RV_CLASS_BUG);
	assert_int_equal(encoded.len, SAMPLE_LEN);
}

static void leaves_a_full_buffer_as_it_was(void **state)
{
	struct rv_rec_sample rec = {.name = RV_STR_LIT("ab")};
	struct rv_buf small;

	(void)state;
	for (size_t max = 0; max < SAMPLE_LEN; max++) {
		rv_buf_init(&small, max);
		assert_class(rv_record_encode(&rv_desc_sample, &rec, &small), RV_CLASS_EXHAUSTED);
		assert_int_equal(small.len, 0);
		rv_buf_done(&small);
	}
}

static void a_record_without_fields_is_no_bytes(void **state)
{
	struct rv_rec_nothing rec = {0};

	(void)state;
	encoded.len = 0;
	assert_ok(rv_record_encode(&rv_desc_nothing, &rec, &encoded));
	assert_int_equal(encoded.len, 0);
	assert_ok(rv_record_decode(&rv_desc_nothing, RV_STR_NONE, &rec, NULL));
}

static void a_list_gives_its_items_in_order(void **state)
{
	struct rv_rec_text_item item = {.text = RV_STR_LIT("one")};
	struct rv_buf list;
	struct rv_str cursor;
	bool ok;

	(void)state;
	rv_buf_init(&list, 256);
	assert_ok(rv_list_add(&list, &rv_desc_text_item, &item));
	item.text = RV_STR_LIT("");
	assert_ok(rv_list_add(&list, &rv_desc_text_item, &item));
	cursor = rv_buf_view(&list);
	assert_true(rv_list_next(&cursor, &rv_desc_text_item, &item, &ok) && ok);
	assert_bytes(item.text, "one");
	assert_true(rv_list_next(&cursor, &rv_desc_text_item, &item, &ok) && ok);
	assert_bytes(item.text, "");
	assert_false(rv_list_next(&cursor, &rv_desc_text_item, &item, &ok));
	assert_true(ok);
	rv_buf_done(&list);
}

static void a_list_cut_short_is_not_its_end(void **state)
{
	struct rv_rec_text_item item = {.text = RV_STR_LIT("one")};
	struct rv_buf list;
	bool ok;

	(void)state;
	rv_buf_init(&list, 256);
	assert_ok(rv_list_add(&list, &rv_desc_text_item, &item));
	for (size_t len = 1; len < list.len; len++) {
		struct rv_str cursor = {list.data, len};

		assert_false(rv_list_next(&cursor, &rv_desc_text_item, &item, &ok));
		assert_false(ok);
	}
	rv_buf_done(&list);
}

static void an_item_that_does_not_fit_leaves_the_list(void **state)
{
	struct rv_rec_text_item item = {.text = RV_STR_LIT("one")};
	struct rv_buf list;

	(void)state;
	rv_buf_init(&list, 20);
	assert_ok(rv_list_add(&list, &rv_desc_text_item, &item));
	assert_class(rv_list_add(&list, &rv_desc_text_item, &item), RV_CLASS_EXHAUSTED);
	assert_int_equal(list.len, 15);
	rv_buf_done(&list);
}

static void paths_are_bytes(void **state)
{
	static const uint8_t bytes[] = {'/', 0xff, 0, '\n'};
	struct rv_rec_not_looked in = {.path = {bytes, sizeof(bytes)}, .reason = 4};
	struct rv_rec_not_looked out;

	(void)state;
	encoded.len = 0;
	assert_ok(rv_record_encode(&rv_desc_not_looked, &in, &encoded));
	assert_ok(rv_record_decode(&rv_desc_not_looked, rv_buf_view(&encoded), &out, NULL));
	assert_int_equal(out.path.len, sizeof(bytes));
	assert_memory_equal(out.path.data, bytes, sizeof(bytes));
}

static void every_finding_has_ascending_tags_and_its_struct_size(void **state)
{
	static const struct rv_record_desc *const all[] = {
		&rv_desc_found_certificate, &rv_desc_found_key,	 &rv_desc_found_secret,
		&rv_desc_found_account,	    &rv_desc_found_unit, &rv_desc_found_package,
		&rv_desc_found_listener,    &rv_desc_not_looked};

	(void)state;
	for (size_t i = 0; i < RV_LEN(all); i++) {
		size_t size = 8; /* the unused byte and its padding */

		for (size_t f = 0; f < all[i]->count; f++) {
			uint16_t type = all[i]->fields[f].type;

			if (f)
				assert_true(all[i]->fields[f].tag > all[i]->fields[f - 1].tag);
			size += type == RV_FIELD_U64 || type == RV_FIELD_I64
					? sizeof(uint64_t)
					: sizeof(struct rv_str);
		}
		assert_int_equal(all[i]->size, size);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, encode_sample, done_sample)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(refuses_every_truncation),
		T(refuses_a_trailing_byte),
		T(refuses_another_tag),
		T(refuses_fields_out_of_order),
		T(refuses_a_field_given_twice),
		T(refuses_reserved_bytes_that_are_set),
		T(refuses_a_number_of_another_width),
		T(refuses_a_number_over_its_maximum),
		T(refuses_a_length_that_leaves_the_record),
		T(refuses_text_longer_than_its_maximum),
		T(names_the_record_and_the_field),
		T(leaves_the_struct_alone_on_failure),
		T(gives_back_what_was_encoded),
		T(will_not_encode_a_value_over_its_maximum),
		T(leaves_a_full_buffer_as_it_was),
		T(a_record_without_fields_is_no_bytes),
		T(a_list_gives_its_items_in_order),
		T(a_list_cut_short_is_not_its_end),
		T(an_item_that_does_not_fit_leaves_the_list),
		T(paths_are_bytes),
		T(every_finding_has_ascending_tags_and_its_struct_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
