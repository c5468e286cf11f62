#include "tests/support/unit.h"

#include "agent/scan/decode_private.h"
#include "tests/unit/scan/decode_look.h"

static void passes_over_identifiers_paths_and_digests(void **state)
{
	(void)state;
	assert_nothing("");
	assert_nothing("x");
	assert_nothing("static const struct rv_decode_finder_of_the_second_kind *finder = NULL;\n");
	assert_nothing("import /usr/local/share/applications/very/long/paths/to/somewhere\n");
	assert_nothing("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n");
	assert_nothing("id: 123e4567-e89b-12d3-a456-426614174000\n");
	assert_nothing("integrity sha512-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d==\n");
	assert_nothing("//////////////////////////////////////////////////////////////////////\n");
	assert_nothing("----------------------------------------------------------------------\n");
	assert_nothing("======================================================================\n");
	assert_nothing("0000000000000000000000000000000000000000000000000000000000000000000000\n");
	assert_nothing("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n");
}

static void passes_over_ordinary_escapes(void **state)
{
	(void)state;
	assert_nothing("printf(\"%s: %d of %d (%f%%), %x %c\\n\\t\\\"%s\\\"\", a, b, c);\n");
	assert_nothing("https://example.org/a%20b%20c\n");
	assert_nothing("if (a && b && c && &d && !#e) &amp; &lt; &gt;\n");
	assert_nothing("C:\\users\\xavier\\unix\\xterm\\utf\\xyz\n");
	assert_nothing("\"\\u4e2d\\u6587\\u5b57\\u7b26\\u4e2d\\u6587\"\n");
	assert_nothing("\"\\x00\\x01\\x02\\x03\\xff\\xfe\\x80\\x90\"\n");
	assert_nothing("\"\\000\\001\\002\\003\\377\\376\\200\\220\\777\\477\"\n");
	assert_nothing("\"s/(a)(b)(c)(d)/\\4\\3\\2\\1\\10\\11\\12\\13/\"\n");
	assert_nothing("\"\\303\\244\\303\\266.txt\" \"\\033[31m\\033[1m\\033[0m\\033[m\"\n");
}

static void passes_over_encoded_pictures(void **state)
{
	static const uint8_t png[] = {0x89, 'P', 'N',  'G', '\r', '\n', 0x1a, '\n', 0,
				      0,    0,	 13,   'I', 'H',  'D',	'R',  0,    0,
				      1,    0,	 0x77, 1,   6,	  9,	0x9a, 1,    2,
				      3,    4,	 5,    6,   7,	  8,	250,  11,   12};

	(void)state;
	assert_nothing(around("url(data:image/png;base64,",
			      encode_base64((struct rv_str){png, sizeof(png)}, "+/", true, 0),
			      ")"));
}

static bool count_run(const struct rv_decode_run *run, void *user)
{
	size_t *count = user;

	(void)run;
	*count += 1;
	return *count != 10;
}

static bool count_all(const struct rv_decode_run *run, void *user)
{
	size_t *count = user;

	(void)run;
	*count += 1;
	return true;
}

static void stops_when_told_to_and_at_its_limit(void **state)
{
	const char *one = encode_base64(rv_str_of(secret), "+/", true, 0);
	size_t count = 0;
	struct rv_buf many;

	(void)state;
	rv_buf_init(&many, (size_t)4 << 20);
	for (size_t i = 0; i < RV_DECODE_RUNS_MAX + 10; i++) {
		assert_ok(rv_buf_put_str(&many, one));
		assert_ok(rv_buf_put_str(&many, " "));
	}
	assert_false(rv_decode_find(rv_buf_view(&many), count_run, &count));
	assert_int_equal(count, 10);
	count = 0;
	assert_false(rv_decode_find(rv_buf_view(&many), count_all, &count));
	assert_int_equal(count, RV_DECODE_RUNS_MAX);
	rv_buf_done(&many);
}

static bool count_word(size_t at, size_t end, void *user)
{
	size_t *counts = user;

	(void)at;
	(void)end;
	counts[1]++;
	return true;
}

static bool no_word(size_t at, size_t end, void *user)
{
	size_t *counts = user;

	(void)at;
	(void)end;
	counts[1]++;
	return false;
}

static void looks_for_no_encoding_in_a_word_that_is_a_name(void **state)
{
	size_t counts[2] = {0};
	struct rv_decode_look look = {count_all, count_word, counts, false};
	struct rv_str one = rv_str_of(encode_base64(rv_str_of(secret), "+/", true, 0));

	(void)state;
	assert_true(rv_decode_look(one, &look));
	assert_int_equal(counts[0], 1);
	look.on_word = no_word;
	assert_true(rv_decode_look(one, &look));
	assert_int_equal(counts[0], 1); /* as before */
	assert_int_equal(counts[1], 2);
}

/* Each of `one` is a word. */
static void assert_words_go_on(const char *one, size_t runs, bool has_more)
{
	size_t counts[2] = {0};
	const struct rv_decode_look look = {count_all, count_word, counts, false};
	struct rv_buf many;

	rv_buf_init(&many, (size_t)4 << 20);
	for (size_t i = 0; i < runs; i++) {
		assert_ok(rv_buf_put_str(&many, one));
		assert_ok(rv_buf_put_str(&many, "\n\n"));
	}
	assert_ok(rv_buf_put_str(&many, "this_is_a_name_of_thirty_bytes"));
	assert_true(rv_decode_look(rv_buf_view(&many), &look) == !has_more);
	assert_int_equal(counts[0], has_more ? RV_DECODE_RUNS_MAX : runs);
	assert_true(counts[1] > 0);
	if (one[0] != '%')
		assert_int_equal(counts[1], runs + 1);
	rv_buf_done(&many);
}

static void tells_words_to_the_end_and_whether_there_were_more_runs(void **state)
{
	const char *one = encode_base64(rv_str_of(secret), "+/", true, 0);

	(void)state;
	assert_words_go_on(one, RV_DECODE_RUNS_MAX, false);
	assert_words_go_on(one, RV_DECODE_RUNS_MAX + 1, true);
	assert_words_go_on("%68%65%6c%6c%6f", RV_DECODE_RUNS_MAX, false);
	assert_words_go_on("%68%65%6c%6c%6f", RV_DECODE_RUNS_MAX + 1, true);
}

static void cuts_a_run_that_is_too_long(void **state)
{
	struct runs runs;
	struct rv_buf text;
	struct rv_decode_map map = {0};

	(void)state;
	rv_buf_init(&text, (size_t)16 << 20);
	while (text.len < RV_DECODE_RUN_MAX + 4096)
		assert_ok(rv_buf_put_str(&text, "dGV4dCB0ZXh0"));
	runs = find(rv_buf_view(&text));
	assert_int_equal(runs.count, 2);
	assert_true(runs.run[0].is_cut);
	assert_int_equal(runs.run[0].len, RV_DECODE_RUN_MAX);
	assert_false(runs.run[1].is_cut);
	assert_int_equal(runs.run[1].at, RV_DECODE_RUN_MAX);
	assert_int_equal(runs.run[1].len, text.len - RV_DECODE_RUN_MAX);
	assert_int_equal(decode(rv_buf_view(&text), &runs.run[0], &map).len,
			 RV_DECODE_RUN_MAX / 4 * 3);
	rv_decode_map_done(&map);
	rv_buf_done(&text);
}

static void refuses_to_decode_past_the_buffers_maximum(void **state)
{
	struct rv_str source = RV_STR_LIT("dGV4dCB0ZXh0dGV4dCB0ZXh0dGV4dCB0ZXh0");
	struct rv_decode_run run = {.len = source.len, .kind = RV_DECODE_BASE64};
	struct rv_decode_map map = {0};
	struct rv_buf out;

	(void)state;
	rv_buf_init(&out, 16);
	assert_ok(rv_buf_put_str(&out, "x"));
	assert_class(rv_decode_run(source, &run, &out, &map), RV_CLASS_EXHAUSTED);
	assert_bytes(out, "x");
	assert_null(map.points.data);
	rv_buf_done(&out);
}

/* Every place in a block of 64 bytes and the tail. */
static void finds_base64_at_every_alignment(void **state)
{
	char text[512];

	(void)state;
	for (size_t before = 0; before < 140; before++) {
		for (size_t after = 0; after < 70; after += 23) {
			size_t at;

			memset(text, '.', sizeof(text));
			at = lay(text, sizeof(text), before,
				 encode_base64(rv_str_of(secret), "+/", true, 0));
			memset(text + at, '.', after);
			text[at + after] = '\0';
			assert_says(text, RV_DECODE_BASE64, secret);
		}
	}
}

static void finds_the_shortest_run_at_every_alignment(void **state)
{
	char text[256];
	size_t at;

	(void)state;
	for (size_t before = 0; before < 140; before++) {
		memset(text, '.', sizeof(text));
		/* 22 letters and "==". */
		(void)lay(text, sizeof(text), before,
			  encode_base64(RV_STR_LIT("pass: hunter2 :)"), "+/", true, 0));
		assert_says(text, RV_DECODE_BASE64, "pass: hunter2 :)");
		at = lay(text, sizeof(text), before,
			 encode_base64(RV_STR_LIT("password: hunter23"), "+/", true, 0));
		(void)lay(text, sizeof(text), at, ".");
		assert_says(text, RV_DECODE_BASE64, "password: hunter23");
	}
}

static void finds_both_alphabets_with_and_without_padding(void **state)
{
	static const char *const texts[] = {"what? why? ~~~ who??? >>> ok",
					    "what? why? ~~~ who??? >>> o",
					    "what? why? ~~~ who??? >>> "};

	(void)state;
	for (size_t i = 0; i < RV_LEN(texts); i++) {
		for (int is_padded = 0; is_padded < 2; is_padded++) {
			assert_says(
				around("k=", encode_base64(rv_str_of(texts[i]), "+/", is_padded, 0),
				       ";"),
				RV_DECODE_BASE64, texts[i]);
			assert_says(
				around("k=", encode_base64(rv_str_of(texts[i]), "-_", is_padded, 0),
				       ";"),
				RV_DECODE_BASE64, texts[i]);
		}
	}
}

static void finds_base64_after_an_escape_or_a_prefix(void **state)
{
	const char *one = encode_base64(rv_str_of(secret), "+/", false, 0);

	(void)state;
	assert_says(around("\\n", one, "\\n"), RV_DECODE_BASE64, secret);
	assert_says(around("key\\u003d", one, "\""), RV_DECODE_BASE64, secret);
	assert_says(around("key%3D", one, "&x"), RV_DECODE_BASE64, secret);
	assert_says(around("Basic-", one, ""), RV_DECODE_BASE64, secret);
	assert_says(around("secret/", one, ""), RV_DECODE_BASE64, secret);
	assert_says(around("Authorization: Basic ", one, "\r\n"), RV_DECODE_BASE64, secret);
}

static void finds_known_magic_in_base64_and_hex(void **state)
{
	static const uint8_t gzip[24] = {0x1f, 0x8b, 8, 0, 0x99, 0x98, 3, 4, 0xff};
	static const uint8_t zip[24] = {'P', 'K', 3, 4, 0xff, 0xfe, 1};
	static const uint8_t der[24] = {0x30, 0x82, 4, 1, 0xff, 0xfe, 1};
	static const uint8_t curve[24] = {0x30, 0x81, 0x87, 2, 1, 0, 0xff, 0xfe};
	static const uint8_t longer[24] = {0x30, 0x81, 0xdc, 2, 1, 1, 0xff, 0xfe};
	static const uint8_t wide[24] = {'p', 0, 'a', 0, 's', 0, 's', 0, 'w', 0, 'o', 0,
					 'r', 0, 'd', 0, '=', 0, 'x', 0, 'y', 0, 'z', 0};
	const uint8_t *const all[] = {gzip, zip, der, curve, longer, wide};

	(void)state;
	for (size_t i = 0; i < RV_LEN(all); i++) {
		struct rv_str bytes = {all[i], 24};

		assert_says(encode_base64(bytes, "+/", true, 0), RV_DECODE_BASE64, "");
		assert_says(encode_each(bytes, "%02x"), RV_DECODE_HEX, "");
	}
}

static void finds_hex(void **state)
{
	(void)state;
	assert_says(encode_each(rv_str_of(secret), "%02x"), RV_DECODE_HEX, secret);
	assert_says(encode_each(rv_str_of(secret), "%02X"), RV_DECODE_HEX, secret);
	assert_says(around("0x", encode_each(rv_str_of(secret), "%02x"), ","), RV_DECODE_HEX,
		    secret);
	assert_says(around("X'", encode_each(rv_str_of(secret), "%02x"), "'"), RV_DECODE_HEX,
		    secret);
	assert_says(encode_each(RV_STR_LIT("sixteen letters!"), "%02x"), RV_DECODE_HEX,
		    "sixteen letters!");
	assert_nothing(encode_each(RV_STR_LIT("fifteen letters"), "%02x"));
}

static void finds_escapes_of_every_kind_at_every_alignment(void **state)
{
	static const struct {
		const char *form;
		enum rv_decode_kind kind;
	} forms[] = {{"%%%02x", RV_DECODE_PERCENT},   {"%%%02X", RV_DECODE_PERCENT},
		     {"\\x%02x", RV_DECODE_ESCAPE},   {"\\u%04x", RV_DECODE_ESCAPE},
		     {"\\\\u%04x", RV_DECODE_ESCAPE}, {"\\u{%x}", RV_DECODE_ESCAPE},
		     {"\\U%08x", RV_DECODE_ESCAPE},   {"\\x{%x}", RV_DECODE_ESCAPE},
		     {"\\%03o", RV_DECODE_ESCAPE},    {"&#x%x;", RV_DECODE_ENTITY},
		     {"&#%u;", RV_DECODE_ENTITY},     {"&#%03u", RV_DECODE_ENTITY}};
	struct rv_str word = RV_STR_LIT("the_password");
	char text[512];

	(void)state;
	for (size_t i = 0; i < RV_LEN(forms); i++) {
		for (size_t before = 0; before < 70; before++) {
			memset(text, ' ', sizeof(text));
			(void)lay(text, sizeof(text),
				  lay(text, sizeof(text), before, encode_each(word, forms[i].form)),
				  "\"");
			assert_says(text, forms[i].kind, "the_password");
		}
	}
}

static void decodes_words_that_are_escaped_in_part(void **state)
{
	(void)state;
	assert_says("pw=p%40ss%21w0rd%23%24;x", RV_DECODE_PERCENT, "pw=p@ss!w0rd#$");
	assert_says("\"a\\u0026b\\u003dc\\u0026d\\u003de\\nf\"", RV_DECODE_ESCAPE, "a&b=c&d=e\nf");
	assert_says("\"\\147ithub\\137t\\157k\\145n\\n\"", RV_DECODE_ESCAPE, "github_token\n");
	assert_says("<p>p&#64;ss&#33;w&#48;rd&#35;&amp;</p>", RV_DECODE_ENTITY, "p@ss!w0rd#&");
	assert_says("\"\\u0070\\u0061\\u0073\\u0073\\ud83d\\ude00\\ud800x\"", RV_DECODE_ESCAPE,
		    "pass\xf0\x9f\x98\x80\xef\xbf\xbdx");
}

static void decodes_the_body_of_a_mail(void **state)
{
	(void)state;
	assert_says("From: a@example.org\r\nMIME-Version: 1.0\r\n"
		    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
		    "the pass=\r\nword =3D hunter2\r\n--b--",
		    RV_DECODE_QUOTED, "the password = hunter2");
	assert_nothing("MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n");
}

/* Where `text` stands in what the only run says, and what of the source that is. */
static void assert_stands(struct rv_str source, const struct rv_decode_run *run, const char *text,
			  size_t at, size_t len)
{
	struct rv_decode_map map = {0};
	struct rv_str said = decode(source, run, &map);
	const uint8_t *found = memmem(said.data, said.len, text, strlen(text));
	size_t source_at;
	size_t source_len;

	assert_non_null(found);
	rv_decode_source(&map, (size_t)(found - said.data), strlen(text), &source_at, &source_len);
	assert_int_equal(source_at, at);
	assert_int_equal(source_len, len);
	rv_decode_source(&map, said.len, 1, &source_at, &source_len);
	assert_int_equal(source_at, run->at + run->len);
	assert_int_equal(source_len, 0);
	rv_decode_map_done(&map);
}

static void maps_decoded_bytes_to_their_source(void **state)
{
	struct rv_str base64 = RV_STR_LIT("v: eHh4eHh4eHh4eHh4eHh4eHh4eHh4\n   eHBhc3N4\n");
	struct rv_str percent = RV_STR_LIT("k=ab%63%64%65%66gh");
	struct rv_str hex = RV_STR_LIT("..7878787878787878787878787061737378787878");
	struct runs runs;

	(void)state;
	runs = find(base64);
	assert_int_equal(runs.count, 1);
	assert_stands(base64, &runs.run[0], "pass", 36, 6);
	assert_stands(base64, &runs.run[0], "xpas", 35, 6);
	runs = find(percent);
	assert_int_equal(runs.count, 1);
	assert_stands(percent, &runs.run[0], "bcd", 3, 7);
	assert_stands(percent, &runs.run[0], "fg", 13, 4);
	runs = find(hex);
	assert_int_equal(runs.count, 1);
	assert_stands(hex, &runs.run[0], "pass", 26, 8);
}

/* Each byte of a long run, against what is known of base64. */
static void maps_every_byte_of_a_long_run(void **state)
{
	struct rv_decode_map map = {0};
	struct rv_buf text;
	struct runs runs;
	size_t at;
	size_t len;

	(void)state;
	rv_buf_init(&text, 1 << 20);
	assert_ok(rv_buf_put_str(&text, "  "));
	for (size_t i = 0; i < 20000; i++)
		assert_ok(rv_buf_put_str(&text, i % 19 == 18 ? "dGV4\n" : "dGV4"));
	runs = find(rv_buf_view(&text));
	assert_int_equal(runs.count, 1);
	assert_int_equal(decode(rv_buf_view(&text), &runs.run[0], &map).len, 60000);
	for (size_t i = 0; i < 60000; i++) {
		size_t quad = i / 3;

		rv_decode_source(&map, i, 1, &at, &len);
		assert_int_equal(at, 2 + quad * 4 + quad / 19 + i % 3);
		assert_int_equal(len, 2);
	}
	rv_decode_map_done(&map);
	rv_buf_done(&text);
}

static void unwraps_three_encodings_of_one_another(void **state)
{
	struct rv_buf layers[3] = {{0}, {0}, {0}};
	struct rv_str view;
	char text[8192];

	(void)state;
	(void)lay(text, sizeof(text), 0,
		  encode_base64(rv_str_of(encode_each(rv_str_of(secret), "\\x%02x")), "-_", true,
				76));
	(void)lay(text, sizeof(text), 0, encode_each(rv_str_of(text), "%%%02X"));
	view = rv_str_of(text);
	for (size_t depth = 0; depth < RV_DECODE_DEPTH_MAX; depth++) {
		struct runs runs = find(view);
		struct rv_decode_map map = {0};

		assert_int_equal(runs.count, 1);
		rv_buf_init(&layers[depth], 1 << 20);
		assert_ok(rv_decode_run(view, &runs.run[0], &layers[depth], &map));
		rv_decode_map_done(&map);
		view = rv_buf_view(&layers[depth]);
	}
	assert_bytes(view, secret);
	for (size_t depth = 0; depth < RV_DECODE_DEPTH_MAX; depth++)
		rv_buf_done(&layers[depth]);
}

/* Each way over the blocks sees the same signs. */
static void goes_over_blocks_alike_on_every_processor(void **state)
{
	rv_skip_fn *ways[] = {rv_skip_pick(), rv_skip_portable};
	static const char letters[] = "abcZ09+/-_==%\\&#xu \n\".Ag4fGHI{}";
	uint8_t text[64 * 64];
	uint64_t seed = 42;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		seed = seed * 6364136223846793005U + 1442695040888963407U;
		/* Mostly letters, so that runs are long enough. */
		text[i] = (uint8_t)letters[(seed >> 33) % (sizeof(letters) - 1)];
		if ((seed >> 60) < 15)
			text[i] = (uint8_t)(0x61 + (seed >> 40) % 26);
		if (seed >> 33 & 1 && i % 97 == 0)
			text[i] = (uint8_t)(0x80 | seed >> 45);
	}
	for (size_t way = 1; way < RV_LEN(ways); way++) {
		unsigned carry[2] = {0, 0};

		for (size_t at = 0; at < sizeof(text); at += RV_BLOCK) {
			struct rv_str bytes = {text, at + RV_BLOCK};
			struct rv_block_signs signs[2] = {{0}, {0}};

			(void)ways[0](bytes, at, &carry[0], &signs[0]); /* signs tell */
			(void)ways[way](bytes, at, &carry[1], &signs[1]);
			assert_int_equal(signs[0].kinds, signs[1].kinds);
			assert_int_equal(signs[0].runs, signs[1].runs);
			assert_int_equal(signs[0].alphabet, signs[1].alphabet);
			assert_int_equal(signs[0].before, signs[1].before);
			assert_int_equal(carry[0], carry[1]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_over_identifiers_paths_and_digests),
		cmocka_unit_test(passes_over_ordinary_escapes),
		cmocka_unit_test(passes_over_encoded_pictures),
		cmocka_unit_test(stops_when_told_to_and_at_its_limit),
		cmocka_unit_test(looks_for_no_encoding_in_a_word_that_is_a_name),
		cmocka_unit_test(tells_words_to_the_end_and_whether_there_were_more_runs),
		cmocka_unit_test(cuts_a_run_that_is_too_long),
		cmocka_unit_test(refuses_to_decode_past_the_buffers_maximum),
		cmocka_unit_test(finds_base64_at_every_alignment),
		cmocka_unit_test(finds_the_shortest_run_at_every_alignment),
		cmocka_unit_test(finds_both_alphabets_with_and_without_padding),
		cmocka_unit_test(finds_base64_after_an_escape_or_a_prefix),
		cmocka_unit_test(finds_known_magic_in_base64_and_hex),
		cmocka_unit_test(finds_hex),
		cmocka_unit_test(finds_escapes_of_every_kind_at_every_alignment),
		cmocka_unit_test(decodes_words_that_are_escaped_in_part),
		cmocka_unit_test(decodes_the_body_of_a_mail),
		cmocka_unit_test(maps_decoded_bytes_to_their_source),
		cmocka_unit_test(maps_every_byte_of_a_long_run),
		cmocka_unit_test(unwraps_three_encodings_of_one_another),
		cmocka_unit_test(goes_over_blocks_alike_on_every_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
