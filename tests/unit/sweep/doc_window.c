/* tests: an encoding that goes on in the next window of a document: what it says is told once,
 * wherever the windows part it. Not here: the windows' places (window.c). */
#include "agent/sweep/window.h"
#include "tests/unit/scan/encode.h"
#include "tests/unit/sweep/doc_look.h"

#define WINDOW	2048
#define OVERLAP 512
#define PLAIN	2600 /* bytes of text before the value, more or less */

/* UTF-16 and UTF-32. */
struct wide {
	size_t width;
	bool is_big;
	const char *name;
};
static const struct wide wides[] = {{2, false, "utf-16le"},
				    {2, true, "utf-16be"},
				    {4, false, "utf-32le"},
				    {4, true, "utf-32be"}};

/* Scans the text in windows, as the reader of large files does. */
static void scan_windows(struct desk *d)
{
	struct rv_window window;
	bool is_last = false;

	rv_leaks_done(&d->w.leaks);
	d->w.leaks = (struct rv_leaks){0};
	rv_window_begin(&window, OVERLAP);
	for (size_t at = 0; !is_last; at += WINDOW - OVERLAP) {
		size_t len = d->len - at < WINDOW ? d->len - at : WINDOW;
		struct rv_doc doc = {.path = RV_STR_LIT("a/file")};
		uint8_t *copy = malloc(len + 1);

		assert_non_null(copy);
		memcpy(copy, d->text + at, len);
		doc.bytes = (struct rv_str){copy, len};
		is_last = at + len == d->len;
		rv_window_bound(&window, at, is_last, &doc);
		assert_ok(rv_sweeper_doc(&d->w, &doc));
		if (!is_last)
			rv_window_pass(&window, doc.bytes);
		free(copy);
	}
	d->len = 0;
}

static void put_code(struct desk *d, uint32_t code, const struct wide *as)
{
	uint8_t bytes[4];

	assert_true(d->len + as->width < sizeof(d->text));
	for (size_t i = 0; i < as->width; i++)
		bytes[as->is_big ? as->width - 1 - i : i] = (uint8_t)(code >> 8 * i);
	memcpy(d->text + d->len, bytes, as->width);
	d->len += as->width;
}

static void put_wide(struct desk *d, const char *text, const struct wide *as)
{
	for (; *text; text++)
		put_code(d, (uint8_t)*text, as);
}

/* Words, `before` bytes of them, with the value at their end and some behind it. */
static struct rv_str plain(const struct desk *d, size_t before)
{
	static char text[ENCODE_MAX];
	uint32_t seed = 7;
	size_t len = 0;

	for (; len < before; len++) {
		seed = seed * 1664525 + 1013904223;
		text[len] = (seed >> 28) == 0 ? ' ' : (char)('a' + (seed >> 20) % 26);
	}
	len += (size_t)snprintf(text + len, sizeof(text) - len, "\nkey = %s\nmore and more\n",
				d->value); /* has room */
	return (struct rv_str){(uint8_t *)text, len};
}

static const char *encode(struct rv_str text, unsigned how)
{
	if (how == 0)
		return encode_base64(text, "+/", true, 0);
	if (how == 1)
		return encode_base64(text, "+/", true, 76);
	return encode_each(text, "%02x");
}

static void an_encoded_run_goes_on_in_the_next_window(void **state)
{
	struct desk *d = *state;

	for (unsigned how = 0; how < 3; how++) {
		for (size_t begin = 0; begin < 6; begin++) {
			/* The value lies before, in and behind what the windows share. */
			for (size_t before = 900; before < PLAIN; before += 37) {
				desk_put(d, "{\n");
				desk_fill(d, ' ', begin);
				desk_put(d, "\"a\": \"");
				desk_put(d, encode(plain(d, before), how));
				desk_put(d, "\"}\n");
				scan_windows(d);
				assert_string_equal(desk_only(d)->layers,
						    how == 2 ? "hex" : "base64");
			}
		}
	}
}

static void a_run_that_begins_late_in_a_window_goes_on(void **state)
{
	struct desk *d = *state;

	for (size_t begin = WINDOW - 2 * OVERLAP; begin < WINDOW; begin += 29) {
		desk_fill(d, 'x', begin - 1);
		desk_put(d, " ");
		desk_put(d, encode(plain(d, 1200), 0));
		scan_windows(d);
		assert_string_equal(desk_only(d)->layers, "base64");
	}
}

static void an_encoding_within_an_encoding_goes_on(void **state)
{
	static char inner[ENCODE_MAX] = "words: ";
	struct desk *d = *state;

	for (size_t begin = 0; begin < 4; begin++) {
		for (size_t before = 1500; before < PLAIN; before += 101) {
			const char *text = encode(plain(d, before), 0);

			assert_true(strlen(text) + 8 < sizeof(inner));
			memcpy(inner + 7, text, strlen(text) + 1);
			desk_fill(d, ' ', begin);
			desk_put(d, encode(rv_str_of(inner), 0));
			scan_windows(d);
			assert_string_equal(desk_only(d)->layers, "base64>base64");
		}
	}
}

static void the_line_of_a_value_in_a_later_window_is_counted(void **state)
{
	struct desk *d = *state;

	desk_put(d, "one\ntwo\n ");
	desk_put(d, encode(plain(d, PLAIN), 0));
	scan_windows(d);
	assert_int_equal(desk_only(d)->line, 3);
	/* Two blanks and a half quad may begin the value's first byte. */
	assert_true(desk_only(d)->column >= 2 + (PLAIN + 7) / 3 * 4 - 4);
	assert_true(desk_only(d)->column <= 2 + (PLAIN + 7) / 3 * 4 + 4);
}

/* What stands behind a run is not of it, and a new one has units of its own. */
static void another_run_behind_has_its_own_units(void **state)
{
	struct desk *d = *state;

	for (size_t begin = 0; begin < 4; begin++) {
		struct rv_str text = {(const uint8_t *)"nothing but words here", 22};

		desk_fill(d, ' ', begin);
		desk_put(d, encode(plain(d, WINDOW), 0));
		desk_put(d, " ");
		desk_put(d, encode_base64(text, "+/", true, 0));
		desk_put(d, " ");
		memcpy(d->value, d->other, sizeof(d->value));
		desk_put(d, encode(plain(d, 400), 0));
		scan_windows(d);
		assert_int_equal(d->w.leaks.count, 2);
	}
}

/* Of what only the mark at its beginning says what it is. */
static void a_text_in_wide_characters_goes_on(void **state)
{
	struct desk *d = *state;

	for (size_t i = 0; i < RV_LEN(wides); i++) {
		for (size_t before = 700; before < PLAIN; before += 111) {
			put_code(d, 0xfeff, &wides[i]);
			for (size_t k = 0; k < before; k++)
				put_code(d, 0x4f60 + (uint32_t)(k % 7) * 256, &wides[i]);
			put_wide(d, "\nkey = ", &wides[i]);
			put_wide(d, d->value, &wides[i]);
			for (size_t k = 0; k < 80; k++)
				put_code(d, 0x4e16, &wides[i]);
			scan_windows(d);
			assert_string_equal(desk_only(d)->layers, wides[i].name);
		}
	}
}

static void so_it_does_within_an_encoding(void **state)
{
	static char inner[ENCODE_MAX];
	struct desk *d = *state;

	for (size_t before = 900; before < PLAIN; before += 111) {
		put_code(d, 0xfeff, &wides[0]);
		for (size_t k = 0; k < before; k++)
			put_code(d, 0x4f60, &wides[0]);
		put_wide(d, "\nkey = ", &wides[0]);
		put_wide(d, d->value, &wides[0]);
		for (size_t k = 0; k < 80; k++)
			put_code(d, 0x4e16, &wides[0]);
		size_t len = d->len;
		memcpy(inner, d->text, len);
		d->len = 0;
		desk_put(d, " ");
		desk_put(d, encode((struct rv_str){(uint8_t *)inner, len}, 0));
		scan_windows(d);
		assert_string_equal(desk_only(d)->layers, "base64>utf-16le");
	}
}

static void encoded_text_within_wide_characters_goes_on(void **state)
{
	struct desk *d = *state;

	for (size_t before = 600; before < PLAIN; before += 111) {
		put_code(d, 0xfeff, &wides[1]);
		put_wide(d, "{\"a\":\"", &wides[1]);
		put_wide(d, encode(plain(d, before), 0), &wides[1]);
		scan_windows(d);
		assert_string_equal(desk_only(d)->layers, "utf-16be>base64");
	}
}

/* Another text is appended, and an odd byte stands between. */
static void a_text_that_stands_elsewhere_is_seen(void **state)
{
	struct desk *d = *state;

	put_code(d, 0xfeff, &wides[0]);
	put_wide(d, "words and more words\n", &wides[0]);
	desk_fill(d, 'x', 401);
	for (size_t k = 0; k < WINDOW; k++)
		put_wide(d, "words\n", &wides[0]);
	put_wide(d, d->value, &wides[0]);
	scan_windows(d);
	assert_string_equal(desk_only(d)->layers, "utf-16be");
}

#define PACK_MAX 1200

/* How often archives were opened, and how often one that is cut. */
struct opened {
	unsigned whole, cut;
};

static rv_status open_pack(void *user, struct rv_sweeper *w, const struct rv_doc *doc,
			   struct rv_str bytes, bool *out_is_opened)
{
	struct opened *opened = user;

	(void)w, (void)doc;
	*out_is_opened = bytes.len > 8 && memcmp(bytes.data, "PACK", 4) == 0;
	if (!*out_is_opened)
		return RV_OK;
	if (memcmp(bytes.data + bytes.len - 4, "KCAP", 4) == 0)
		opened->whole++;
	else
		opened->cut++;
	return RV_OK;
}

/* `len` bytes of one, at every place around a window's end. */
static struct opened open_around_an_edge(struct desk *d, size_t len, size_t width)
{
	static struct opened opened;
	char pack[PACK_MAX];

	opened = (struct opened){0};
	assert_true(len < sizeof(pack));
	memset(pack, 'a', len);
	memcpy(pack, "PACK", 4);
	memcpy(pack + len - 4, "KCAP", 4);
	d->w.open_layer = open_pack;
	d->w.open_user = &opened;
	for (size_t begin = WINDOW - 2 * OVERLAP; begin < WINDOW + 40; begin++) {
		struct opened before = opened;

		desk_fill(d, ' ', begin);
		desk_put(d,
			 encode_base64((struct rv_str){(uint8_t *)pack, len}, "+/", true, width));
		desk_put(d, "\n");
		desk_fill(d, ' ', 200);
		scan_windows(d);
		if (opened.whole + opened.cut != before.whole + before.cut + 1)
			fail_msg("at %zu: opened %u times", begin,
				 opened.whole + opened.cut - before.whole - before.cut);
	}
	return opened;
}

static void an_archive_on_the_edge_of_windows_is_opened_once_and_whole(void **state)
{
	for (size_t width = 0; width <= 76; width += 76) {
		assert_int_equal(open_around_an_edge(*state, 60, width).cut, 0);
		assert_int_equal(open_around_an_edge(*state, 61, width).cut, 0);
		assert_int_equal(open_around_an_edge(*state, 290, width).cut, 0);
	}
}

static void one_that_windows_do_not_share_whole_is_opened_once(void **state)
{
	struct opened opened = open_around_an_edge(*state, 900, 0);

	assert_true(opened.cut > 0);
	assert_true(opened.whole > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(an_encoded_run_goes_on_in_the_next_window),
		DESK_TEST(a_run_that_begins_late_in_a_window_goes_on),
		DESK_TEST(an_encoding_within_an_encoding_goes_on),
		DESK_TEST(the_line_of_a_value_in_a_later_window_is_counted),
		DESK_TEST(another_run_behind_has_its_own_units),
		DESK_TEST(a_text_in_wide_characters_goes_on),
		DESK_TEST(so_it_does_within_an_encoding),
		DESK_TEST(encoded_text_within_wide_characters_goes_on),
		DESK_TEST(a_text_that_stands_elsewhere_is_seen),
		DESK_TEST(an_archive_on_the_edge_of_windows_is_opened_once_and_whole),
		DESK_TEST(one_that_windows_do_not_share_whole_is_opened_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
