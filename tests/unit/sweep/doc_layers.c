/* tests: what layers of encoding hold: UTF-16 in them, and values that an outer layer shows as
 * something else. Not here: where a value stands (doc.c). */
#include "tests/unit/scan/encode.h"
#include "tests/unit/sweep/doc_look.h"

/* UTF-16 of ASCII. */
static struct rv_str wide(const char *text, bool is_big, bool has_mark)
{
	static uint8_t out[ENCODE_MAX];
	size_t len = 0;

	if (has_mark) {
		out[len++] = is_big ? 0xfe : 0xff;
		out[len++] = is_big ? 0xff : 0xfe;
	}
	for (; *text; text++) {
		out[len + is_big] = (uint8_t)*text;
		out[len + !is_big] = 0;
		len += 2;
	}
	return (struct rv_str){out, len};
}

static void put_wide(struct desk *d, const char *text, bool is_big)
{
	struct rv_str made = wide(text, is_big, true);

	assert_true(made.len < sizeof(d->text));
	memcpy(d->text, made.data, made.len);
	d->len = made.len;
}

static void reads_utf16_in_base64_and_hex(void **state)
{
	static const char *const leads[] = {"", "$token=\"", "$a = 1;\r\n$token = '"};
	struct desk *d = *state;
	char plain[4096];
	char layers[32];

	for (unsigned i = 0; i < 2 * 2 * 2 * 2 * RV_LEN(leads); i++) {
		bool is_big = i & 1;
		bool has_mark = (i & 2) != 0;
		bool is_hex = (i & 4) != 0;
		int lead = i & 8 ? 3000 : 0;

		(void)snprintf(plain, sizeof(plain), "%s%*s%s\"", leads[i / 16], lead, "",
			       d->value); /* has room */
		struct rv_str text = wide(plain, is_big, has_mark);
		desk_put(d, "line\npowershell -EncodedCommand ");
		desk_put(d,
			 is_hex ? encode_each(text, "%02x") : encode_base64(text, "+/", true, 0));
		desk_put(d, "\n");
		desk_scan(d);
		(void)snprintf(layers, sizeof(layers), "%s>utf-16%s", is_hex ? "hex" : "base64",
			       is_big ? "be" : "le"); /* has room */
		assert_string_equal(desk_only(d)->layers, layers);
		assert_int_equal(desk_only(d)->line, 2);
		assert_null(strstr(desk_only(d)->context, d->value));
	}
}

static void reads_utf16_in_base64_in_utf16_and_no_deeper(void **state)
{
	struct desk *d = *state;
	char plain[256];
	char outer[1024];

	(void)snprintf(plain, sizeof(plain), "$token='%s'", d->value); /* has room */
	for (unsigned i = 0; i < 2; i++) {
		(void)snprintf(outer, sizeof(outer), "run %.900s\n",
			       encode_base64(wide(plain, false, false), "+/", true, 0));
		put_wide(d, outer, i);
		desk_scan(d);
		assert_string_equal(desk_only(d)->layers,
				    i ? "utf-16be>base64>utf-16le" : "utf-16le>base64>utf-16le");
		assert_int_equal(desk_only(d)->line, 1);
	}
	d->shared.decode_depth = 2;
	put_wide(d, outer, false);
	desk_scan(d);
	assert_int_equal(d->w.leaks.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(reads_utf16_in_base64_and_hex),
		DESK_TEST(reads_utf16_in_base64_in_utf16_and_no_deeper),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
