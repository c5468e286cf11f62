/* tests: what reeve scan and reeve-ask say to each other, and the requests that come of it. Values
 * are no secrets: letters that stand for some. */
#include "agent/cli/ask_request.h"
#include "agent/cli/ask_wire.h"
#include "tests/support/unit.h"

#include <sys/socket.h>
#include <unistd.h>

static const char *const lines[] = {"Authorization: Bearer {secret}", "X-Id: {id}", NULL};
static const struct rv_rule_request get = {.method = "GET",
					   .url = "https://api.acme.com:444/v1/{id}?k={secret}",
					   .headers = lines,
					   .valid = {200, 403},
					   .invalid = {401}};

static struct rv_ask_frame frame_of(const struct rv_buf *bytes)
{
	struct rv_ask_frame frame = {0};

	assert_ok(rv_ask_frame_of(rv_buf_view(bytes), &frame));
	return frame;
}

static bool takes_anything(struct rv_str bytes)
{
	struct rv_ask_frame frame;
	struct rv_ask_start start;
	struct rv_ask_rule rule = {0};
	struct rv_ask_question question;
	struct rv_ask_answer answer;

	if (!rv_is_ok(rv_ask_frame_of(bytes, &frame)))
		return false;
	bool takes = rv_is_ok(rv_ask_start_of(&frame, &start)) ||
		     rv_is_ok(rv_ask_question_of(&frame, &question)) ||
		     rv_is_ok(rv_ask_answer_of(&frame, &answer));
	takes = rv_is_ok(rv_ask_rule_of(&frame, &rule)) || takes;
	rv_ask_rule_done(&rule);
	return takes;
}

/* --- frames --- */

static void damaged_frames_are_refused(void **state)
{
	const struct rv_ask_question question = {RV_STR_LIT("id"), RV_STR_LIT("value")};
	const struct rv_ask_start start = {7, "reeve/1", "pem"};
	const struct rv_ask_answer answer = {RV_ASK_LIVES, RV_ASK_BY_CODE, 200};
	struct rv_buf made[4] = {{0}};

	(void)state;
	assert_ok(rv_ask_put_question(3, 9, &question, &made[0]));
	assert_ok(rv_ask_put_start(&start, &made[1]));
	assert_ok(rv_ask_put_allow(2, &get, &made[2]));
	assert_ok(rv_ask_put_answer(9, &answer, &made[3]));
	for (size_t i = 0; i < RV_LEN(made); i++) {
		assert_true(takes_anything(rv_buf_view(&made[i])));
		for (size_t len = 0; len < made[i].len; len++) {
			assert_false(takes_anything((struct rv_str){made[i].data, len}));
			/* A length that says so does not help. */
			const uint8_t was[2] = {made[i].data[0], made[i].data[1]};
			made[i].data[0] = (uint8_t)len;
			made[i].data[1] = (uint8_t)(len >> 8);
			assert_false(takes_anything((struct rv_str){made[i].data, len}));
			made[i].data[0] = was[0];
			made[i].data[1] = was[1];
		}
		rv_buf_done(&made[i]);
	}
}

static void nothing_may_follow_a_body(void **state)
{
	const struct rv_ask_question question = {RV_STR_NONE, RV_STR_LIT("value")};
	struct rv_buf made = {0};

	(void)state;
	assert_ok(rv_ask_put_question(0, 0, &question, &made));
	assert_ok(rv_buf_put_byte(&made, 0));
	assert_false(takes_anything(rv_buf_view(&made)));
	made.data[0]++;
	assert_false(takes_anything(rv_buf_view(&made)));
	rv_buf_done(&made);
}

static void values_that_are_none_or_too_long_are_refused(void **state)
{
	static uint8_t longest[RV_ASK_FRAME_MAX];
	struct rv_ask_question question = {.secret = {longest, 0}};
	struct rv_ask_question out;
	struct rv_buf made = {0};

	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_ok(rv_ask_put_question(0, 0, &question, &made));
	struct rv_ask_frame frame = frame_of(&made);
	assert_class(rv_ask_question_of(&frame, &out), RV_CLASS_MALFORMED);
	question.secret.len = RV_ASK_SECRET_MAX + 1;
	assert_ok(rv_ask_put_question(0, 0, &question, &made));
	frame = frame_of(&made);
	assert_class(rv_ask_question_of(&frame, &out), RV_CLASS_MALFORMED);
	question.secret.len = RV_ASK_FRAME_MAX;
	assert_class(rv_ask_put_question(0, 0, &question, &made), RV_CLASS_EXHAUSTED);
	question.secret = RV_STR_LIT("a\0b");
	assert_ok(rv_ask_put_question(0, 0, &question, &made));
	frame = frame_of(&made);
	assert_class(rv_ask_question_of(&frame, &out), RV_CLASS_MALFORMED);
	rv_buf_done(&made);
}

/* What a compromised scanner might hand over before the seal. */
static void rules_that_no_rule_file_could_hold_are_refused(void **state)
{
	static const char *const split[] = {"A: b\r\nC: d", NULL};
	static const char *const many[] = {"a: b", "a: b", "a: b", "a: b", "a: b", "a: b",
					   "a: b", "a: b", "a: b", "a: b", "a: b", "a: b",
					   "a: b", "a: b", "a: b", "a: b", "a: b", NULL};
	const struct rv_rule_request bad[] = {
		{.method = "GET", .url = "http://a/{secret}"},
		{.method = "GET", .url = "https://{secret}.a/"},
		{.method = "GET", .url = "https://b@a/{secret}"},
		{.method = "GET", .url = NULL},
		{.method = NULL, .url = "https://a/{secret}"},
		{.method = "DELETE", .url = "https://a/{secret}"},
		{.method = "GET", .url = "https://a/{secret}", .headers = split},
		{.method = "GET", .url = "https://a/{secret}", .headers = many},
		{.method = "GET", .url = "https://a/{secret}", .body = "x"},
		{.method = "GET", .url = "https://a/{secret}", .user = "a\nb"},
	};
	struct rv_buf made = {0};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_ask_rule rule = {0};

		assert_ok(rv_ask_put_allow(0, &bad[i], &made));
		const struct rv_ask_frame frame = frame_of(&made);
		if (!rv_is_ok(rv_ask_rule_of(&frame, &rule))) {
			rv_ask_rule_done(&rule);
			continue;
		}
		fail_msg("rule %zu was taken", i);
	}
	rv_buf_done(&made);
}

static void a_rule_arrives_as_it_was(void **state)
{
	struct rv_ask_rule rule = {0};
	struct rv_buf made = {0};

	(void)state;
	assert_ok(rv_ask_put_allow(5, &get, &made));
	const struct rv_ask_frame frame = frame_of(&made);
	assert_int_equal(frame.rule, 5);
	assert_ok(rv_ask_rule_of(&frame, &rule));
	rv_buf_done(&made);
	assert_string_equal(rule.request.method, get.method);
	assert_string_equal(rule.request.url, get.url);
	assert_string_equal(rule.request.headers[0], lines[0]);
	assert_string_equal(rule.request.headers[1], lines[1]);
	assert_null(rule.request.headers[2]);
	assert_null(rule.request.body);
	assert_memory_equal(rule.request.valid, get.valid, sizeof(get.valid));
	assert_memory_equal(rule.request.invalid, get.invalid, sizeof(get.invalid));
	rv_ask_rule_done(&rule);
}

static void a_closed_end_a_silent_one_and_a_flood_are_told_apart(void **state)
{
	static uint8_t room[RV_ASK_FRAME_MAX];
	static uint8_t flood[RV_ASK_FRAME_MAX + 1];
	struct rv_ask_frame frame;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	assert_class(rv_ask_receive(pair[0], 0, room, &frame), RV_CLASS_RETRY);
	assert_int_equal(send(pair[1], flood, sizeof(flood), 0), sizeof(flood));
	assert_class(rv_ask_receive(pair[0], 0, room, &frame), RV_CLASS_MALFORMED);
	(void)close(pair[1]);
	assert_class(rv_ask_receive(pair[0], 0, room, &frame), RV_CLASS_NOT_FOUND);
	RV_CLEANUP(rv_buf_done) struct rv_buf made = {0};
	assert_ok(rv_ask_put_plain(RV_ASK_SEAL, &made));
	assert_class(rv_ask_send(pair[0], &made), RV_CLASS_RETRY);
	(void)close(pair[0]);
}

/* --- requests --- */

static void values_that_would_change_a_request_are_refused(void **state)
{
	static const char *const bad[] = {"",	"a\rb", "a\nb", "a\tb",	    "a\x7f", " a",
					  "a ", ".",	"..",	"\xc3\xa9", "a\x01"};
	static const struct rv_rule_request plain = {.method = "GET", .url = "https://a/{secret}"};

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_ask_request made = {0};
		struct rv_ask_values values = {.secret = rv_str_of(bad[i])};

		assert_class(rv_ask_request_make(&plain, "reeve/1", &values, &made),
			     RV_CLASS_MALFORMED);
		rv_ask_request_done(&made);
		values = (struct rv_ask_values){.id = rv_str_of(bad[i]),
						.secret = RV_STR_LIT("good")};
		assert_class(rv_ask_request_make(&get, "reeve/1", &values, &made),
			     RV_CLASS_MALFORMED);
		rv_ask_request_done(&made);
	}
}

static void a_missing_id_is_refused(void **state)
{
	const struct rv_ask_values values = {.secret = RV_STR_LIT("good")};
	struct rv_ask_request made = {0};

	(void)state;
	assert_class(rv_ask_request_make(&get, "reeve/1", &values, &made), RV_CLASS_MALFORMED);
	rv_ask_request_done(&made);
}

static void values_are_filled_in_as_their_place_wants_it(void **state)
{
	const struct rv_ask_values values = {RV_STR_LIT("i/d:?"), RV_STR_LIT("a b&{id}\"\\"),
					     false};
	struct rv_ask_request made = {0};

	(void)state;
	assert_ok(rv_ask_request_make(&get, "reeve/1", &values, &made));
	assert_string_equal(made.url, "https://api.acme.com:444/v1/i%2Fd:%3F?k=a%20b%26%7Bid%7D%22"
				      "%5C");
	assert_true(rv_str_is(made.host, "api.acme.com:444"));
	assert_string_equal(made.headers[0], "Authorization: Bearer a b&{id}\"\\");
	assert_string_equal(made.headers[1], "X-Id: i/d:?");
	assert_string_equal(made.headers[2], "Accept: */*");
	assert_string_equal(made.headers[3], "User-Agent: reeve/1");
	assert_null(made.headers[4]);
	rv_ask_request_done(&made);
}

static void a_body_and_a_user_are_encoded(void **state)
{
	static const char *const agent[] = {"user-agent: other", NULL};
	struct rv_rule_request post = {.method = "POST",
				       .url = "https://a?x",
				       .headers = agent,
				       .user = "{id}:{secret}",
				       .body = "{\"k\": \"{secret}\"}"};
	struct rv_ask_values values = {RV_STR_LIT("i"), RV_STR_LIT("a\"\\&"), false};
	struct rv_ask_request made = {0};

	(void)state;
	assert_ok(rv_ask_request_make(&post, "reeve/1", &values, &made));
	assert_true(rv_str_is(made.body, "{\"k\": \"a\\\"\\\\&\"}"));
	assert_string_equal(made.headers[0], "Authorization: Basic aTphIlwm");
	assert_string_equal(made.headers[2], "User-Agent: reeve/1");
	assert_string_equal(made.headers[3], "Content-Type: application/json");
	assert_null(made.headers[4]);
	rv_ask_request_done(&made);
	post.body = "k={secret}";
	values.is_shown = true;
	values.secret = RV_STR_LIT("a**");
	assert_ok(rv_ask_request_make(&post, "reeve/1", &values, &made));
	assert_true(rv_str_is(made.body, "k=a**"));
	assert_string_equal(made.headers[0], "Authorization: Basic <base64 of i:a**>");
	rv_ask_request_done(&made);
	values.is_shown = false;
	values.secret = RV_STR_LIT("a&b");
	assert_ok(rv_ask_request_make(&post, "reeve/1", &values, &made));
	assert_true(rv_str_is(made.body, "k=a%26b"));
	assert_string_equal(made.headers[3], "Content-Type: application/x-www-form-urlencoded");
	rv_ask_request_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_frames_are_refused),
		cmocka_unit_test(nothing_may_follow_a_body),
		cmocka_unit_test(values_that_are_none_or_too_long_are_refused),
		cmocka_unit_test(rules_that_no_rule_file_could_hold_are_refused),
		cmocka_unit_test(a_rule_arrives_as_it_was),
		cmocka_unit_test(a_closed_end_a_silent_one_and_a_flood_are_told_apart),
		cmocka_unit_test(values_that_would_change_a_request_are_refused),
		cmocka_unit_test(a_missing_id_is_refused),
		cmocka_unit_test(values_are_filled_in_as_their_place_wants_it),
		cmocka_unit_test(a_body_and_a_user_are_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
