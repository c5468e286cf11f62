/* tests: what is remembered of searched parts: less work, and never another result. */
#include "agent/scan/memo.h"
#include "agent/model/kinds.h"
#include "agent/scan/scan.h"
#include "tests/support/sample.h"
#include "tests/support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#define FILL 600 /* more than what belongs to a part's surroundings */

struct fixture {
	struct rv_scanner *scanner;
	struct rv_memo *memo;
	struct rv_lane *with, *without;
};

struct seen {
	size_t count, runs;
	uint64_t sum;		/* over all of them */
	struct rv_hit hits[16]; /* the first */
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	assert_ok(rv_scanner_new_builtin(&f->scanner, NULL));
	assert_ok(rv_memo_new(&f->memo));
	assert_ok(rv_lane_new(f->scanner, &f->with));
	assert_ok(rv_lane_new(f->scanner, &f->without));
	rv_lane_set_memo(f->with, f->memo);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rv_lane_free(f->with);
	rv_lane_free(f->without);
	rv_memo_free(f->memo);
	rv_scanner_free(f->scanner);
	free(f);
	return 0;
}

static rv_status remember(const struct rv_hit *hit, void *user)
{
	struct seen *seen = user;

	seen->sum = (seen->sum ^ hit->start ^ hit->len << 16 ^ (uint64_t)hit->confidence << 32 ^
		     (uint64_t)hit->forms << 40) *
		    UINT64_C(0x9e3779b97f4a7c15);
	if (seen->count < RV_LEN(seen->hits))
		seen->hits[seen->count] = *hit;
	seen->count++;
	return RV_OK;
}

static struct seen scan_parts(struct rv_lane *lane, struct rv_str bytes,
			      const struct rv_span *parts, size_t count, unsigned flags)
{
	struct seen seen = {.count = 0};
	bool is_cut = false;

	assert_ok(rv_scan_parts(lane, bytes, parts, count, RV_SCAN_RUNS | flags, remember, &seen));
	(void)rv_lane_runs(lane, &seen.runs, &is_cut);
	return seen;
}

/* Both lanes find the same, and so many values. */
static struct seen assert_same_with(struct fixture *f, const char *text, struct rv_span part,
				    unsigned flags)
{
	struct seen with = scan_parts(f->with, rv_str_of(text), &part, 1, flags);
	struct seen without = scan_parts(f->without, rv_str_of(text), &part, 1, flags);

	assert_int_equal(with.count, without.count);
	assert_int_equal(with.runs, without.runs);
	assert_true(with.sum == without.sum);
	for (size_t i = 0; i < with.count && i < RV_LEN(with.hits); i++) {
		assert_ptr_equal(with.hits[i].rule, without.hits[i].rule);
		assert_int_equal(with.hits[i].start, without.hits[i].start);
		assert_int_equal(with.hits[i].len, without.hits[i].len);
		assert_int_equal(with.hits[i].confidence, without.hits[i].confidence);
	}
	return with;
}

static struct seen assert_same(struct fixture *f, const char *text, struct rv_span part)
{
	(void)assert_same_with(f, text, part, RV_SCAN_ANY_FILE); /* how many does not matter */
	return assert_same_with(f, text, part, 0);
}

static void render(const char *template_text, char *out, size_t size)
{
	if (!sample_render(template_text, 7, out, size))
		fail_msg("bad template %s", template_text);
}

static void tells_apart_by_every_byte_and_by_form(void **state)
{
	const struct rv_memo *memo = ((struct fixture *)*state)->memo;
	uint8_t bytes[100] = {0};

	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct rv_str text = {bytes, len};
		uint64_t key = rv_memo_key(memo, text, 1);

		assert_true(key != 0);
		assert_true(key == rv_memo_key(memo, text, 1));
		assert_true(key != rv_memo_key(memo, text, 2));
		if (len < sizeof(bytes))
			assert_true(key != rv_memo_key(memo, (struct rv_str){bytes, len + 1}, 1));
		for (size_t i = 0; i < len; i++) {
			bytes[i] = 1;
			assert_true(key != rv_memo_key(memo, text, 1));
			bytes[i] = 0;
		}
	}
}

static void keys_of_two_memos_differ(void **state)
{
	struct rv_memo *other = NULL;

	assert_ok(rv_memo_new(&other));
	assert_true(rv_memo_key(other, RV_STR_LIT("text"), 0) !=
		    rv_memo_key(((struct fixture *)*state)->memo, RV_STR_LIT("text"), 0));
	rv_memo_free(other);
}

static void has_what_was_put_and_nothing_else(void **state)
{
	struct rv_memo *memo = ((struct fixture *)*state)->memo;

	assert_false(rv_memo_has(memo, 77));
	rv_memo_put(memo, 77);
	assert_true(rv_memo_has(memo, 77));
	assert_false(rv_memo_has(memo, 78));
	assert_false(rv_memo_has(memo, 77 + (UINT64_C(1) << 40))); /* of the same slot */
}

static void tells_a_value_each_time_it_is_met(void **state)
{
	char text[256];

	render("int a;\nT = ghp_{start}{alnum:30}{check}\nint b;\n", text, sizeof(text));
	for (int i = 0; i < 3; i++)
		assert_true(assert_same(*state, text, (struct rv_span){0, strlen(text) - 1}).count >
			    0);
}

static void tells_an_encoded_run_each_time_it_is_met(void **state)
{
	/* base64 of "the quick brown fox jumps over it" */
	static const char text[] = "x = dGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIGl0 ;\n";

	for (int i = 0; i < 3; i++)
		assert_true(assert_same(*state, text, (struct rv_span){0, strlen(text) - 1}).runs >
			    0);
}

/* The part is the same, what follows it is not. */
static void looks_again_when_what_stands_beside_it_is_new(void **state)
{
	char none[256], one[256];

	render("url: xmpp://\nb\n", none, sizeof(none));
	render("url: xmpp://app:{pass:14}@db/x\nb\n", one, sizeof(one));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(assert_same(*state, none, (struct rv_span){0, 12}).count, 0);
		assert_int_equal(assert_same(*state, one, (struct rv_span){0, 12}).count, 1);
	}
}

/* A key's armor reaches far beyond what belongs to the part. */
static void looks_again_where_a_rule_may_look_farther(void **state)
{
	static const char begin[] = "-----BEGIN RSA PRIVATE KEY-----\n";
	static const char end[] = "\n-----END RSA PRIVATE KEY-----\n";
	static char none[4096], one[4096], body[2048];

	render("{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n"
	       "{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}\n{b64:64}",
	       body, sizeof(body));
	(void)snprintf(one, sizeof(one), "%s%s%s", begin, body, end); /* fits */
	body[FILL] = '\0';
	(void)snprintf(none, sizeof(none), "%s%s\n\nand so on\n", begin, body); /* fits */
	for (int i = 0; i < 2; i++) {
		(void)assert_same(*state, none, (struct rv_span){0, 40});
		(void)assert_same(*state, one, (struct rv_span){0, 40});
	}
}

/* A rule of one's own may ask for what stands far before its anchor. */
static void looks_again_where_a_regex_looks_far_behind(void **state)
{
	static const char *const regexes[] = {"(?<=far .{400})acme_[0-9a-z]{30}",
					      "(?<=(?<=far .{200}).{200})acme_[0-9a-z]{30}"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(regexes); i++) {
		struct rv_rule rule = {.id = "acme-key",
				       .name = "Acme key",
				       .provider = "acme",
				       .regex = regexes[i],
				       .anchors = (const char *const[]){"acme_", NULL},
				       .kind = RV_KIND_API_KEY,
				       .confidence = 95,
				       .flags = RV_RULE_FLEET | RV_RULE_ANYWHERE};
		struct fixture f = {0};
		struct rv_ruleset *set = NULL;
		const char *rest = "{lower:200} {lower:199}acme_{lower:30}\nand so on\n";
		char none[1024], one[1024], tail[900];

		assert_ok(rv_ruleset_new(false, &set));
		assert_ok(rv_ruleset_add(set, &rule, NULL));
		assert_ok(rv_scanner_new(set, &f.scanner, NULL));
		assert_ok(rv_memo_new(&f.memo));
		assert_ok(rv_lane_new(f.scanner, &f.with));
		assert_ok(rv_lane_new(f.scanner, &f.without));
		rv_lane_set_memo(f.with, f.memo);
		render(rest, tail, sizeof(tail));
		(void)snprintf(none, sizeof(none), "not a %s", tail); /* both fit */
		(void)snprintf(one, sizeof(one), "a far %s", tail);
		struct rv_span part = {6 + 400, 6 + 440};

		for (int k = 0; k < 2; k++) {
			assert_int_equal(assert_same(&f, none, part).count, 0);
			assert_int_equal(assert_same(&f, one, part).count, 1);
		}
		rv_lane_free(f.with);
		rv_lane_free(f.without);
		rv_memo_free(f.memo);
		rv_scanner_free(f.scanner);
		rv_ruleset_free(set);
	}
}

/* Runs past those that are told make no part one that has none. */
static void looks_again_where_runs_were_not_told(void **state)
{
	struct fixture *f = *state;
	/* base64 of "the quick brown fox jumps over it" */
	static const char line[] = "x = dGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIGl0 ;\n";
	struct rv_buf text;
	struct rv_span parts[2];

	rv_buf_init(&text, (size_t)4 << 20);
	for (size_t i = 0; i < RV_DECODE_RUNS_MAX; i++)
		assert_ok(rv_buf_put_str(&text, line));
	parts[0] = (struct rv_span){0, text.len};
	for (size_t i = 0; i < FILL; i++)
		assert_ok(rv_buf_put_str(&text, "\n"));
	parts[1] = (struct rv_span){text.len, text.len + sizeof(line) - 1};
	assert_ok(rv_buf_put_str(&text, line));
	for (size_t i = 0; i < FILL; i++)
		assert_ok(rv_buf_put_str(&text, "\n"));
	struct rv_str all = rv_buf_view(&text);
	assert_int_equal(scan_parts(f->with, all, parts, 2, 0).runs, RV_DECODE_RUNS_MAX);
	assert_int_equal(scan_parts(f->with, all, parts + 1, 1, 0).runs, 1);
	assert_int_equal(scan_parts(f->with, all, parts, 2, 0).runs, RV_DECODE_RUNS_MAX);
	rv_buf_done(&text);
}

static void put_many(struct rv_buf *out, const char *what, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_ok(rv_buf_put_str(out, what));
}

/* `core` with FILL of something on either side, beyond which other things stand: nothing is found
 * with one, one value with the other, both in turn. */
struct far {
	const char *before[2], *fill_before, *core, *fill_after, *after[2];
};

static void assert_looks_far(struct fixture *f, const struct far *far)
{
	for (size_t i = 0; i < 4; i++) {
		struct rv_buf text;

		rv_buf_init(&text, 1 << 20);
		assert_ok(rv_buf_put_str(&text, "int a;\nint b;\n"));
		assert_ok(rv_buf_put_str(&text, far->before[i % 2]));
		put_many(&text, far->fill_before, FILL / 2 / strlen(far->fill_before));
		size_t start = text.len;
		assert_ok(rv_buf_put_str(&text, far->core));
		struct rv_span part = {start, text.len};
		put_many(&text, far->fill_after, FILL / 2 / strlen(far->fill_after));
		assert_ok(rv_buf_put_str(&text, far->after[i % 2]));
		assert_ok(rv_buf_put_str(&text, "\nint c;\n"));
		assert_ok(rv_buf_put_byte(&text, 0));
		size_t count = assert_same(f, (const char *)text.data, part).count;

		if (count != i % 2)
			fail_msg("%s, %zu: %zu", far->core, i, count);
		rv_buf_done(&text);
	}
}

static void looks_again_where_a_names_lines_go_farther(void **state)
{
	char value[256], quoted[256], paired[256], login[256];

	render("{pass:16}", value, sizeof(value));
	render("\"{pass:16}\"", quoted, sizeof(quoted));
	render("= \"{pass:16}\"", paired, sizeof(paired));
	render("password {pass:16}", login, sizeof(login));
	const struct far cases[] = {
		{{"", ""}, "\n", "client_secret = \"", "aX7-kQ2_zP9.", {"\n", "\""}},
		{{"", ""}, "\n", "client_secret = \"", "aX7-kQ2_zP9.\\\n", {"\n", "\""}},
		{{"", ""}, "\n", "password", "   ", {"and so on", paired}},
		{{"", ""}, "\n", "password =", "\n", {value, quoted}},
		{{"", ""}, "\n", "curl http://a.example/", " \\\n", {"-s", "-u ann:Xk2-pQ9z7Rt"}},
		{{"words ", "login "}, "many ", login, "\n", {"", ""}},
	};

	for (size_t i = 0; i < RV_LEN(cases); i++)
		assert_looks_far(*state, &cases[i]);
}

static void text_with_a_path_is_searched_in_full(void **state)
{
	struct fixture *f = *state;
	static const char text[] = "password: aVerySecretThing123\n";
	struct rv_span all = {0, sizeof(text) - 2};

	for (int i = 0; i < 2; i++) {
		(void)assert_same(f, text, all);
		rv_lane_set_path(f->with, RV_STR_LIT("config/app.yaml"));
		rv_lane_set_path(f->without, RV_STR_LIT("config/app.yaml"));
		(void)assert_same(f, text, all);
		rv_lane_set_path(f->with, RV_STR_NONE);
		rv_lane_set_path(f->without, RV_STR_NONE);
	}
}

static uint64_t roll(uint64_t *dice, uint64_t below)
{
	*dice = *dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*dice >> 33) % below;
}

#define LINES 16
#define LINE  512

/* Lines of which some hold a value, some the half of one, in any order and cut anywhere. */
static void finds_the_same_in_shuffled_lines(void **state)
{
	static const char *const templates[LINES] = {
		"T = ghp_{start}{alnum:30}{check}\n",
		"password =\n",
		"  \"{pass:14}\"\n",
		"db_password: {pass:16}\n",
		"curl -H x \\\n",
		"  -u admin:{pass:12} url\n",
		"key = value\n",
		"\n",
		"}\n",
		"-----BEGIN PRIVATE KEY-----\n",
		"{b64:64}\n",
		"AKIA{upper:16}\n",
		"aws_secret_access_key = {b64:40}\n",
		"return token(auth);\n",
		"Content-Transfer-Encoding: quoted-printable\n",
		"xmpp://app:{pass:14}@db/x and much more text of no use at all to anybody\n",
	};
	static char lines[LINES][LINE];
	uint64_t dice = 20261127;
	size_t found = 0;

	for (size_t i = 0; i < LINES; i++)
		render(templates[i], lines[i], LINE);
	for (int round = 0; round < 3000; round++) {
		char text[12 * LINE] = "";
		size_t len = 0;

		for (uint64_t n = 1 + roll(&dice, 10); n > 0; n--) {
			const char *line = lines[roll(&dice, LINES)];

			memcpy(text + len, line, strlen(line) + 1);
			len += strlen(line);
		}
		size_t start = roll(&dice, len);
		struct rv_span part = {start, start + 1 + roll(&dice, len - start)};

		found += assert_same(*state, text, part).count;
	}
	assert_true(found > 1000);
}

static const char *const cores[] = {
	"client_secret = \"",
	"password",
	"\"api_token\":",
	"  db_password =\n",
	"key: password\n",
	"db://app:",
	"curl -s \\\n",
	"Authorization: Bearer ",
	"IDENTIFIED BY ",
	"token kX7zQ2mP9wB4nR6v ",
	"pwd(",
	"secret",
};
static const char *const fills[] = {
	" ",	   "\n", "aX7-kQ2_", "ab cd ", "\\\n", "\n  x = 1;",
	"value: ", "\"", "'a', ",    "%41",    "]*",   "a@b.cd/",
};
static const char *const ends[] = {
	"\n",
	"\"\n",
	"'\n",
	": \"kX7-zQ2mP9wB4\"\n",
	"= 'kX7zQ2mP9wB4nR6v'\n",
	"@db/x\n",
	"login ",
	"# ",
	"user ",
	"\"kX7-zQ2mP9wB4\"\n",
	"-u ann:kX7zQ2mP9w\n",
	"value: kX7zQ2mP9w\n",
	"\nname: ",
	"x",
};

/* What is in the part and near it is of few kinds, what is far from it of many. */
static void finds_the_same_whatever_stands_far_away(void **state)
{
	uint64_t dice = 20261128;
	size_t found = 0;

	for (int round = 0; round < 20000; round++) {
		const char *core = cores[roll(&dice, RV_LEN(cores))];
		struct rv_buf text;

		rv_buf_init(&text, 1 << 20);
		assert_ok(rv_buf_put_str(&text, "int a;\n"));
		assert_ok(rv_buf_put_str(&text, ends[roll(&dice, RV_LEN(ends))]));
		const char *fill = fills[roll(&dice, RV_LEN(fills))];
		put_many(&text, fill, FILL / 2 / strlen(fill));
		struct rv_span part = {text.len, text.len + strlen(core)};
		assert_ok(rv_buf_put_str(&text, core));
		fill = fills[roll(&dice, RV_LEN(fills))];
		put_many(&text, fill, FILL / 2 / strlen(fill));
		assert_ok(rv_buf_put_str(&text, ends[roll(&dice, RV_LEN(ends))]));
		assert_ok(rv_buf_put_str(&text, "\nint c;\n"));
		assert_ok(rv_buf_put_byte(&text, 0));
		found += assert_same(*state, (const char *)text.data, part).count;
		rv_buf_done(&text);
	}
	assert_true(found > 100);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tells_apart_by_every_byte_and_by_form),
		TEST(keys_of_two_memos_differ),
		TEST(has_what_was_put_and_nothing_else),
		TEST(tells_a_value_each_time_it_is_met),
		TEST(tells_an_encoded_run_each_time_it_is_met),
		TEST(looks_again_when_what_stands_beside_it_is_new),
		TEST(looks_again_where_a_rule_may_look_farther),
		TEST(looks_again_where_a_regex_looks_far_behind),
		TEST(looks_again_where_runs_were_not_told),
		TEST(looks_again_where_a_names_lines_go_farther),
		TEST(text_with_a_path_is_searched_in_full),
		TEST(finds_the_same_in_shuffled_lines),
		TEST(finds_the_same_whatever_stands_far_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
