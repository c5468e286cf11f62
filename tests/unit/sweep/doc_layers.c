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

/* At any offset, where the file is no text. */
static void reads_utf16_inside_of_other_bytes(void **state)
{
	struct desk *d = *state;
	char plain[128];

	(void)snprintf(plain, sizeof(plain), "CompanyName=%s", d->value); /* has room */
	for (size_t lead = 100; lead < 134; lead++) {
		struct rv_str text = wide(plain, false, false);

		memset(d->text, 0x81, 1000);
		memcpy(d->text, "MZ\0\0\x3", 5);
		memcpy(d->text + lead, text.data, text.len);
		d->len = 1000;
		desk_scan(d);
		assert_string_equal(desk_only(d)->layers, "utf-16le");
		assert_int_equal(desk_only(d)->offset, lead + 2 * strlen("CompanyName="));
		assert_null(strstr(desk_only(d)->context, d->value));
	}
}

/* As a shell appends it to a log that it did not begin; the rest of the text is none. */
static void reads_utf16_behind_a_text(void **state)
{
	struct desk *d = *state;
	char plain[128];

	(void)snprintf(plain, sizeof(plain), "\r\nguess=%s\r\n", d->value + 5); /* has room */
	for (size_t lead = 4000; lead < 4160; lead++) {
		struct rv_str text = wide(plain, false, false);

		desk_fill(d, 'x', lead - 1);
		desk_put(d, "\n");
		memcpy(d->text + d->len, text.data, text.len);
		d->len += text.len;
		desk_put(d, "\nmore\n");
		desk_scan(d);
		assert_string_equal(desk_only(d)->layers, "utf-16le");
		assert_string_equal(desk_only(d)->rule->id, "guess");
		assert_int_equal(desk_only(d)->offset, lead + 2 * strlen("\r\nguess="));
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

/* As it may stand in a file: 0 base64, 1 hex, 2 percent. */
static const char *encoded(const char *text, unsigned how)
{
	if (how == 0)
		return encode_base64(rv_str_of(text), "+/", true, 0);
	return encode_each(rv_str_of(text), how == 1 ? "%02x" : "%%%02x");
}

static void assert_rule(const struct desk *d, const char *id, const char *layers)
{
	assert_string_equal(desk_only(d)->rule->id, id);
	if (layers)
		assert_string_equal(desk_only(d)->layers, layers);
	else
		assert_null(desk_only(d)->layers);
}

static void tells_what_encoded_text_is_and_not_a_guess_about_it(void **state)
{
	static const char *const layers[] = {"base64", "hex", "percent"};
	struct desk *d = *state;

	for (unsigned how = 0; how < RV_LEN(layers); how++) {
		desk_put(d, "line\nguess=");
		desk_put(d, encoded(d->value, how));
		desk_put(d, "\n");
		desk_scan(d);
		assert_rule(d, "acme-key", layers[how]);
	}
}

static void tells_a_guess_when_its_encoding_holds_nothing(void **state)
{
	struct desk *d = *state;

	for (unsigned how = 0; how < 3; how++) {
		desk_put(d, "guess=");
		desk_put(d, encoded("only words that nobody looks for", how));
		desk_put(d, " ");
		desk_scan(d);
		assert_rule(d, "guess", NULL);
		assert_place(desk_only(d), 1, 7, 1, desk_only(d)->end_column);
	}
}

static void tells_a_guess_beside_an_encoding(void **state)
{
	struct desk *d = *state;

	desk_put(d, "guess=");
	desk_put(d, d->other + 5);
	desk_put(d, "\nx = ");
	desk_put(d, encoded(d->value, 0));
	desk_put(d, " guess=");
	desk_put(d, encoded(d->other, 2));
	desk_scan(d);
	assert_int_equal(d->w.leaks.count, 3);
	assert_string_equal(d->w.leaks.items[0].rule->id, "guess");
	for (size_t i = 0; i < 3; i++) {
		assert_null(strstr(d->w.leaks.items[i].context, d->value));
		assert_null(strstr(d->w.leaks.items[i].context, encoded(d->value, 0)));
	}
}

/* What is told late is masked like the rest. */
static void hides_other_values_of_the_line_of_a_late_guess(void **state)
{
	struct desk *d = *state;

	desk_put(d, d->value);
	desk_put(d, " guess=");
	desk_put(d, encoded("only words that nobody looks for", 0));
	desk_put(d, " ");
	desk_put(d, encoded(d->other, 0));
	desk_scan(d);
	assert_int_equal(d->w.leaks.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_null(strstr(d->w.leaks.items[i].context, d->value));
		assert_null(strstr(d->w.leaks.items[i].context, encoded(d->other, 0)));
	}
	assert_string_equal(d->w.leaks.items[2].rule->id, "guess");
}

static void tells_a_guess_of_the_layer_that_says_it_best(void **state)
{
	static const char head[] = "MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable"
				   "\n\nguess=3D";
	struct desk *d = *state;

	desk_put(d, head);
	desk_put(d, d->other + 5);
	desk_put(d, "=3D\nguess=");
	desk_put(d, d->value + 5);
	desk_put(d, " \n");
	desk_scan(d);
	assert_int_equal(d->w.leaks.count, 2);
	assert_null(d->w.leaks.items[0].layers); /* the plain one: it says the same in both */
	assert_int_equal(d->w.leaks.items[0].line, 5);
	assert_string_equal(d->w.leaks.items[1].layers, "quoted-printable");
	assert_int_equal(d->w.leaks.items[1].line, 4);
}

static void tells_no_guess_within_what_is_surer(void **state)
{
	struct desk *d = *state;
	char plain[128];

	(void)snprintf(plain, sizeof(plain), "text guess=%s here", d->other + 5); /* has room */
	desk_put(d, "x box_.");
	desk_put(d, encoded(plain, 0));
	desk_put(d, "\n");
	desk_scan(d);
	assert_rule(d, "sure-box", NULL);
}

static rv_status see(void *user, const struct rv_sighting *s)
{
	struct desk *d = user;

	assert_true(d->seen_count < RV_LEN(d->seen));
	d->seen[d->seen_count++] = *s;
	return RV_OK;
}

static void put_encoded_guess(struct desk *d)
{
	desk_put(d, "guess=");
	desk_put(d, encoded(d->value, 0));
	desk_put(d, "\n");
}

/* In which files it is a guess is not known yet. */
static void sights_a_guess_and_what_is_in_it(void **state)
{
	struct desk *d = *state;

	d->w.on_sighting = see;
	d->w.sighting_user = d;
	put_encoded_guess(d);
	desk_scan(d);
	assert_int_equal(d->seen_count, 2);
	assert_false(d->seen[0].is_encoded && d->seen[1].is_encoded);
}

static bool wants_all(void *user, uint64_t hash)
{
	(void)user;
	(void)hash;
	return true;
}

static rv_status leave(void *user, struct rv_leaks *leaks, struct rv_leak *leak)
{
	(void)user;
	(void)leaks;
	(void)leak;
	return RV_OK;
}

static bool keeps_all(void *user, struct rv_leaks *leaks, const struct rv_leak *leak)
{
	(void)user;
	(void)leaks;
	(void)leak;
	return true;
}

static void tells_one_value_of_a_history_once(void **state)
{
	struct desk *d = *state;
	const struct rv_doc_choice choice = {
		.wants = wants_all, .complete = leave, .user = d, .keeps = keeps_all};

	d->w.choice = &choice;
	put_encoded_guess(d);
	desk_scan(d);
	assert_rule(d, "acme-key", "base64");
}

/* An archive of one member, whose bytes are not what they are as they stand. */
static rv_status open_pack(void *user, struct rv_sweeper *w, const struct rv_doc *doc,
			   struct rv_str bytes, bool *out_is_opened)
{
	uint8_t member[128];
	struct rv_doc inner = {.path = doc->path, .inside = "member", .bytes = {member, 0}};

	(void)user;
	*out_is_opened =
		bytes.len > 5 && bytes.len < sizeof(member) && memcmp(bytes.data, "PACK ", 5) == 0;
	if (!*out_is_opened)
		return RV_OK;
	for (; inner.bytes.len < bytes.len - 5; inner.bytes.len++)
		member[inner.bytes.len] = bytes.data[5 + inner.bytes.len] ^ 1;
	return rv_sweeper_doc(w, &inner);
}

static void put_pack(struct desk *d, const char *text)
{
	char pack[128] = "PACK ";

	for (size_t i = 0; text[i]; i++)
		pack[5 + i] = (char)(text[i] ^ 1);
	desk_put(d,
		 encode_base64((struct rv_str){(uint8_t *)pack, 5 + strlen(text)}, "+/", true, 0));
	desk_put(d, "\n");
}

static void tells_what_is_in_an_encoded_archive_and_not_a_guess_about_it(void **state)
{
	struct desk *d = *state;

	d->w.open_layer = open_pack;
	desk_put(d, "guess=");
	put_pack(d, d->value);
	desk_scan(d);
	assert_rule(d, "acme-key", NULL);
	assert_string_equal(desk_only(d)->inside, "member");
	desk_put(d, "guess=");
	put_pack(d, "only words that nobody looks for");
	desk_scan(d);
	assert_rule(d, "guess", NULL);
}

static void tells_a_value_behind_an_encoded_archive_once(void **state)
{
	struct desk *d = *state;

	d->w.open_layer = open_pack;
	put_pack(d, "only words that nobody looks for");
	desk_put(d, "url=");
	desk_put(d, d->value);
	desk_put(d, "?q=");
	desk_put(d, encoded("words", 2));
	desk_scan(d);
	assert_rule(d, "acme-key", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DESK_TEST(reads_utf16_in_base64_and_hex),
		DESK_TEST(reads_utf16_inside_of_other_bytes),
		DESK_TEST(reads_utf16_behind_a_text),
		DESK_TEST(reads_utf16_in_base64_in_utf16_and_no_deeper),
		DESK_TEST(tells_what_encoded_text_is_and_not_a_guess_about_it),
		DESK_TEST(tells_a_guess_when_its_encoding_holds_nothing),
		DESK_TEST(tells_a_guess_beside_an_encoding),
		DESK_TEST(hides_other_values_of_the_line_of_a_late_guess),
		DESK_TEST(tells_a_guess_of_the_layer_that_says_it_best),
		DESK_TEST(tells_no_guess_within_what_is_surer),
		DESK_TEST(sights_a_guess_and_what_is_in_it),
		DESK_TEST(tells_one_value_of_a_history_once),
		DESK_TEST(tells_what_is_in_an_encoded_archive_and_not_a_guess_about_it),
		DESK_TEST(tells_a_value_behind_an_encoded_archive_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
