/* tests: values that are nobody's secret: examples, fillers, made for a test. */
#include "agent/scan/published.h"
#include "agent/scan/value.h"
#include "tests/unit/scan/assign_look.h"

static void a_filler_is_one_also_in_a_login(void **state)
{
	(void)state;
	assert_false(rv_value_is_filler(RV_STR_LIT("mypq7xv2")));
	assert_false(rv_value_is_filler(RV_STR_LIT("")));
	assert_false(rv_value_is_filler(RV_STR_LIT("dXNlcg=="))); /* no colon */
	assert_false(rv_value_is_filler(RV_STR_LIT("dXNlcjo="))); /* user: */
	assert_true(rv_value_is_filler(RV_STR_LIT("mypass")));
	assert_true(rv_value_is_filler(RV_STR_LIT("dXNlcjpwYXNzd29yZA=="))); /* user:password */
	/* The password decides, not the name. */
	assert_true(rv_value_is_filler(RV_STR_LIT("a3ExeDpwYXNzd29yZA=="))); /* kq1x:password */
	assert_false(rv_value_is_filler(RV_STR_LIT("dXNlcjprcTF4M3p2")));    /* user:kq1x3zv */
}

static void a_line_in_base64_is_judged_by_its_words(void **state)
{
	(void)state;
	assert_quiet("a.yaml", "  password: ZGJwYXNzd29yZAo="); /* dbpassword and a line feed */
	assert_quiet("a.yaml", "  password: dmFsdWUtMg0K");	/* value-2, \r\n */
	assert_told("a.yaml", "  password: %s", "a3ExeDN6dnE3eAo="); /* kq1x3zvq7x and \n */
}

static void an_address_with_two_characters_has_no_password(void **state)
{
	(void)state;
	assert_quiet("a.conf", "url = http://me:%4d%5e%70@host.internal/");
	assert_told("a.conf", "url = http://me:%s@host.internal/", "%4d%5e%70kq3x9z");
}

static void knows_directories_of_tests_and_of_texts(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		bool is_test, is_doc;
	} cases[] = {
		{"src/main.c", false, false},	  {"t.c", false, false},
		{"expected", false, false},	  {"wt/a.c", false, false},
		{"a/docker/b.yml", false, false}, {"t/lib.sh", true, false},
		{"a/t/lib.sh", true, false},	  {"a/expected/x.out", true, false},
		{"doc/a.sgml", false, true},	  {"a/docs/b.xml", false, true},
		{"a/Docs/b.xml", false, true},	  {"a/b.md", false, true},
	};

	for (size_t i = 0; i < RV_LEN(cases); i++) {
		struct rv_context context = rv_context_of(rv_str_of(cases[i].path));

		if (context.is_test != cases[i].is_test || context.is_doc != cases[i].is_doc)
			fail_msg("%s: test %d, doc %d", cases[i].path, context.is_test,
				 context.is_doc);
	}
}

static void a_word_of_tests_counts_where_it_begins(void **state)
{
	(void)state;
	static const char *const others[] = {
		"prod/key.pem",	       "releases/latest/key.pem",
		"attestation/key.pem", "contest/key.pem",
		"LATEST/key.pem",      "src/Contest.java",
		"src/protest.c",       "fastest/a.yml",
		"a/demographics.sql",  "resample/a.py",
		"hammock/a.py",	       "testimonials/a.html",
		"src/inspec.d/a",      "src/counterexample.c",
	};
	static const char *const tests[] = {
		"tests/key.pem",       "src/test/key.pem",
		"src/FooTest.java",    "foo_test.go",
		"a/unitTest/b.c",      "test-data/a",
		"testdata/a",	       "a/HTTPTest.java",
		"x.test.js",	       "a/foo_spec.rb",
		"a/FooSpec.scala",     "spec/a.rb",
		"a/e2etests/b.ts",     "a/unittests/b.c",
		"a/e2e2test/b",	       "__mocks__/a.js",
		"app/MockServer.java", "docs/examples/a",
		"config.sample.php",   "mySample.cfg",
		"TESTS/a.c",	       "releases/latest/test/a",
		"a/my-demo/b",	       "fixtures/a.pem",
	};

	for (size_t i = 0; i < RV_LEN(others); i++) {
		if (rv_context_of(rv_str_of(others[i])).is_test)
			fail_msg("%s: of tests", others[i]);
	}
	for (size_t i = 0; i < RV_LEN(tests); i++) {
		if (!rv_context_of(rv_str_of(tests[i])).is_test)
			fail_msg("%s: of no tests", tests[i]);
	}
}

static void two_rows_in_turn_are_a_row(void **state)
{
	(void)state;
	assert_quiet("a.py", "api_key = 'a1B2c3D4e5F6'");
	assert_quiet("a.py", "password = 'q1w2e3r4'");
	assert_told("a.py", "password = '%s'", "q1w2x9k4");
}

static void a_word_in_disguise_is_an_example_in_tests_and_texts(void **state)
{
	(void)state;
	assert_quiet("tests/a.go", "Password: \"g0ph3r\",");
	assert_quiet("docs/a.xml", "<user name=\"a\" password=\"chang3m3N#w\" />");
	assert_quiet("tests/a.rb", "password = \"am@z1ng_p@ssw0rd#!\"");
	assert_quiet("a.txt", "'PASSWORD': 's3krit',");
	/* Somebody may live by it. */
	assert_told("config/a.yml", "password: %s", "c0nta1n3r14");
	/* None at all. */
	assert_told("tests/a.py", "password = '%s'", "kq3x9zvw71");
}

static void the_first_text_in_brackets_may_have_a_name_of_its_own(void **state)
{
	(void)state;
	assert_quiet("a.go", "Token: &BootstrapToken{ID: \"uvxdac\", Other: 1}");
	assert_told("a.go", "Token: &BootstrapToken{\"%s\"}", "kq3x9zvw71bd82mq");
	assert_told("a.cpp", "token = ns::Token{ns::text{\"%s\"}};", "kq3x9zvw71bd82mq");
}

static void a_label_with_a_domain_is_no_name(void **state)
{
	(void)state;
	assert_quiet("a.yaml", "    audience.authentication.example.io: kq3x9zvw71bd82mq");
	assert_quiet("a.json", "\"token.example.com\": \"kq3x9zvw71bd82mq\"");
}

static void the_last_word_of_a_sentence_is_no_value(void **state)
{
	(void)state;
	assert_quiet("a.json", "\"Unexpected_token_1012\": \"Token inesperado.\",");
}

static void what_its_maker_prints_is_known(void **state)
{
	char text[128];

	(void)state;
	(void)snprintf(text, sizeof(text), "%s.%s.%s", "mF_9", "B5f-4", "1JqM"); /* RFC 6750 */
	assert_true(rv_value_is_published(rv_str_of(text)));
	text[0] = 'n';
	assert_false(rv_value_is_published(rv_str_of(text)));
	assert_false(rv_value_is_published(RV_STR_NONE));
	assert_false(rv_value_is_published(RV_STR_LIT(".")));
	/* A token's last part, in two pieces. */
	(void)snprintf(text, sizeof(text), "a.b.%s%s", "SflKxwRJSMeKKF2QT4fw",
		       "pMeJf36POk6yJV_adQssw5c");
	assert_true(rv_value_is_published(rv_str_of(text)));
	assert_false(rv_value_is_published((struct rv_str){(const uint8_t *)text, 30}));
}

static void a_login_is_worth_its_password(void **state)
{
	(void)state;
	assert_quiet("a.txt", "Authorization: Basic am9lOnNlY3JldA==");		 /* joe:secret */
	assert_quiet("a.txt", "Proxy-Authorization: Basic cHVzZXI6");		 /* puser: */
	assert_quiet("a.json", "{\"auth\": \"am9lOnF3ZXJ0eQ==\"}");		 /* joe:qwerty */
	assert_quiet("tests/a.txt", "Authorization: Basic aWFtOm15c2VsZg==");	 /* iam:myself */
	assert_told("a.txt", "Authorization: Basic %s", "am9lOmtxM3g5enZ3NzE="); /* joe:kq3x.. */
	assert_told("tests/a.txt", "Authorization: Basic %s", "am9lOmtxM3g5enZ3NzE=");
}

static void a_uuid_in_a_test_is_made_up(void **state)
{
	(void)state;
	assert_quiet("tests/a.py", "SECRET_KEY = '6f1c3a52-9d07-4b8e-a1c4-7e5b90d2f386'");
	assert_told("a.py", "SECRET_KEY = '%s'", "6f1c3a52-9d07-4b8e-a1c4-7e5b90d2f386");
}

static void counting_bytes_are_a_vector_for_a_test(void **state)
{
	(void)state;
	assert_quiet("a.rs", "let raw_secret = \"000102030405060708090A0B0C0D0E0F\";");
	assert_told("a.rs", "let raw_secret = \"%s\";", "8f0b63d21c7e94a5d06b18f3e27ac459");
}

static void the_key_of_a_web_socket_and_a_path_in_json_are_no_secrets(void **state)
{
	(void)state;
	assert_quiet("a.txt", "Sec-WebSocket-Key: Nq7rT2vXz9KpLw4YsB8cMg==");
	assert_quiet("a.json", "\"output_token\": \"Jobs[-1].JobId\",");
}

static void a_telling_word_tells_of_long_values_too(void **state)
{
	char text[1024];
	char value[MADE_MAX];
	const char *part = make_value(MADE_ALNUM, 90, 3, value);

	(void)state;
	(void)snprintf(text, sizeof(text), "\"SessionToken\": \"%s%s%s%swEXAMPLEtc%s\"", part, part,
		       part, part, part);
	assert_quiet("a.json", text);
}

static void a_key_of_what_is_not_said_needs_a_made_value(void **state)
{
	(void)state;
	assert_quiet("a.yml", "key: getHTTPResponse2xxCodes4HostV2");
	assert_quiet("a.py", "key = 'getHTTPResponse2xxCodes4HostV2'");
	assert_quiet("a.yml", "key: projects2024ReportOverview1");
	assert_quiet("tests/a.yml", "- key: 75p1em1wwv3fk47M7yDy3wcq");
}

/* Words, a year and a sign. */
static const char *choose(const char *word, const char *sign, char out[MADE_MAX])
{
	(void)snprintf(out, MADE_MAX, "%.40s%d%.8s", word, 2024, sign); /* fits */
	return out;
}

static void a_word_that_asks_for_a_value_is_not_chosen(void **state)
{
	static const char *const words[] = {"changeme", "ChangeMe",  "Example", "yourPassword",
					    "Replace",	"insertkey", "some_",	"<secret",
					    "${secret", "my-secret", "%secret"};
	char value[MADE_MAX];

	(void)state;
	for (size_t i = 0; i < RV_LEN(words); i++)
		assert_false(rv_value_is_chosen(rv_str_of(choose(words[i], "!", value))));
	assert_false(rv_value_is_chosen(RV_STR_LIT("password")));
	assert_false(rv_value_is_chosen(RV_STR_LIT("password123")));
	assert_false(rv_value_is_chosen(RV_STR_LIT("secret!!!!")));
	assert_false(rv_value_is_chosen(RV_STR_LIT("")));
	assert_false(rv_value_is_chosen(rv_str_of(choose("A", "!", value)))); /* short */
	assert_true(rv_value_is_chosen(rv_str_of(choose("Secret", "!", value))));
	assert_true(rv_value_is_chosen(rv_str_of(choose("admin", "#", value))));
}

static void a_chosen_password_counts_where_it_is_in_use(void **state)
{
	static const char *const words[] = {"Secret", "Admin", "Welcome", "Password"};
	char value[MADE_MAX];
	char text[256];

	(void)state;
	for (size_t i = 0; i < RV_LEN(words); i++) {
		const char *pw = choose(words[i], "!", value);

		assert_told("deploy/prod.env", "DB_PASSWORD=%s\n", pw);
		assert_told("deploy/a.yml", "db:\n  password: \"%s\"\n", pw);
		assert_told("prod.env", "URL=amqp://app:%s@mq.internal/a\n", pw);
		(void)fill_in("DB_PASSWORD=%s\n", pw, text, sizeof(text));
		assert_quiet("tests/a.env", text);
	}
	assert_quiet("prod.env", "DB_PASSWORD=password\n");
	assert_quiet("prod.env", "DB_PASSWORD=changeme\n");
	assert_quiet("prod.env", "URL=amqp://app:password123@mq.internal/a\n");
	assert_quiet("a.py", fill_in("password = '%s'\n", choose("Secret", "!", value), text,
				     sizeof(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_filler_is_one_also_in_a_login),
		cmocka_unit_test(a_line_in_base64_is_judged_by_its_words),
		cmocka_unit_test(an_address_with_two_characters_has_no_password),
		cmocka_unit_test(knows_directories_of_tests_and_of_texts),
		cmocka_unit_test(a_word_of_tests_counts_where_it_begins),
		cmocka_unit_test(two_rows_in_turn_are_a_row),
		cmocka_unit_test(a_word_in_disguise_is_an_example_in_tests_and_texts),
		cmocka_unit_test(the_first_text_in_brackets_may_have_a_name_of_its_own),
		cmocka_unit_test(a_label_with_a_domain_is_no_name),
		cmocka_unit_test(the_last_word_of_a_sentence_is_no_value),
		cmocka_unit_test(what_its_maker_prints_is_known),
		cmocka_unit_test(a_login_is_worth_its_password),
		cmocka_unit_test(a_uuid_in_a_test_is_made_up),
		cmocka_unit_test(counting_bytes_are_a_vector_for_a_test),
		cmocka_unit_test(the_key_of_a_web_socket_and_a_path_in_json_are_no_secrets),
		cmocka_unit_test(a_telling_word_tells_of_long_values_too),
		cmocka_unit_test(a_key_of_what_is_not_said_needs_a_made_value),
		cmocka_unit_test(a_word_that_asks_for_a_value_is_not_chosen),
		cmocka_unit_test(a_chosen_password_counts_where_it_is_in_use),
	};

	return cmocka_run_group_tests_name("scan: nobody's secrets", tests, NULL, NULL);
}
