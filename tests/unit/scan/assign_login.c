/* tests: what a login in base64 is worth. Negatives first. */
#include "tests/unit/scan/assign_look.h"
#include "tests/unit/scan/encode.h"

static uint8_t look_at_login(const char *path, const char *user, const char *password)
{
	char login[MADE_MAX + 64];
	char text[1024];

	(void)snprintf(login, sizeof(login), "%.150s:%.30s", user, password); /* fits */
	const char *coded = encode_base64(rv_str_of(login), "+/", true, 0);
	return look_at(path, fill_in("headers = {'Authorization': 'Basic %s'}\n", coded, text,
				     sizeof(text)))
		.best.confidence;
}

static void passes_over_a_login_of_two_poor_halves(void **state)
{
	(void)state;
	static const char *const logins[][2] = {{"user", "pass"},
						{"ping", "pong"},
						{"admin", ""},
						{"someone", "x"},
						{"john", "api_token"},
						{"username", "password123"},
						{"", ""},
						{"aaaaaaaaaaaaaaaaaaaaaaaa", ""}};

	for (size_t i = 0; i < RV_LEN(logins); i++) {
		uint8_t at = look_at_login("src/test/a.py", logins[i][0], logins[i][1]);

		if (at >= RV_ASSIGN_DEFAULT)
			fail_msg("%s:%s reported at %u", logins[i][0], logins[i][1], at);
	}
	assert_true(look_at_login("a.py", "user", "pass") < RV_ASSIGN_DEFAULT);
	assert_true(look_at_login("a.py", "username", "") < RV_ASSIGN_DEFAULT);
	assert_true(look_at_login("a.py", "kxqwe.zvbrth@mxwqz.io", "x") < RV_ASSIGN_DEFAULT);
}

static void passes_over_commands_without_a_secret(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"curl -u admin: https://host.io/\n",
		"curl -u elastic:changeme https://host.io/\n",
		"curl -u user:password https://host.io/\n",
		"curl -u \"$API_KEY:\" https://host.io/\n",
		"curl -u ${API_KEY}:x https://host.io/\n",
		"curl -u YOUR_API_KEY: https://host.io/\n",
		"curl -u <api key>: https://host.io/\n",
		"curl --user-agent Mozilla/5.0: https://host.io/\n",
		"curl --user some.one@host.io: https://host.io/\n",
		"curl -so out kx93Zq7Tb2Wm4Rv8:80\n",
		"  - run: PGPASSWORD=$DB_PASSWORD psql -h host.io\n",
		"  - run: PGPASSWORD=password psql -h host.io\n",
		"  # PASSWORD=is what you were told before\n",
		"sshpass -p $PASS ssh me@host.io\n",
		"sshpass -p password ssh me@host.io\n",
		"sshpass -p <password> ssh me@host.io\n",
		"sshpass -e ssh -p 22022 me@host.io\n",
		"sshpass -p \"$(cat /run/secrets/pass)\" ssh me@host.io\n",
		"docker login -u me -p \"${REGISTRY_PASSWORD}\" host.io\n",
		"docker login -u me -p ${{ secrets.REGISTRY_PASSWORD }} host.io\n",
		"docker login -u me -p YOUR_PASSWORD host.io\n",
		"docker login -u me --password-stdin host.io < kx93Zq7Tb2Wm4Rv8.txt\n",
		"docker login -u me -p $(aws ecr get-login-password) host.io\n",
		"redis-cli -h host.io -p 6379 -a $REDIS_PASSWORD ping\n",
		"redis-cli -a yourpassword ping\n",
		"redis-cli -a foobared ping\n",
		"http -a user:password https://host.io/\n",
		"http -a \"$API_KEY:\" https://host.io/\n",
		"wget --password=$PASS --user=me https://host.io/\n",
		"wget --user=me --password=PASSWORD https://host.io/\n",
		"wget --password-file=secrets.txt https://host.io/\n",
	};
	static const char *const paths[] = {"a.sh", "a.md", "a.yml", "a.py"};

	for (size_t i = 0; i < RV_LEN(texts); i++) {
		for (size_t k = 0; k < RV_LEN(paths); k++)
			assert_quiet(paths[k], texts[i]);
	}
}

static void finds_a_login_whose_key_is_the_users_name(void **state)
{
	(void)state;
	static const char *const passwords[] = {"", "x", "X", "api_token", "password"};
	static const char *const alphabets[] = {MADE_ALNUM, MADE_HEX};
	char key[MADE_MAX];
	char other[MADE_MAX];

	for (size_t i = 0; i < RV_LEN(passwords); i++) {
		for (size_t k = 0; k < RV_LEN(alphabets); k++) {
			make_value(alphabets[k], k == 0 ? 20 : 32, 51 + i, key);
			uint8_t at = look_at_login("a.py", key, passwords[i]);

			if (at < RV_ASSIGN_DEFAULT)
				fail_msg("KEY:%s only %u", passwords[i], at);
		}
	}
	assert_true(look_at_login("a.py", "svc", make_value(MADE_ALNUM, 20, 61, other)) >=
		    RV_ASSIGN_DEFAULT);
}

static void judges_a_login_in_base64url_as_in_base64(void **state)
{
	(void)state;
	static const char *const alphabets[] = {"+/", "-_"};
	char text[1024];

	for (size_t i = 0; i < RV_LEN(alphabets); i++) {
		const char *coded =
			encode_base64(rv_str_of("us?:examplepassword"), alphabets[i], true, 0);

		assert_non_null(strpbrk(coded, alphabets[i]));
		assert_quiet("a.py",
			     fill_in("Authorization: Basic %s\n", coded, text, sizeof(text)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_over_a_login_of_two_poor_halves),
		cmocka_unit_test(passes_over_commands_without_a_secret),
		cmocka_unit_test(judges_a_login_in_base64url_as_in_base64),
		cmocka_unit_test(finds_a_login_whose_key_is_the_users_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
