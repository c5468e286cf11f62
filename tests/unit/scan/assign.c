/* tests: secrets told by the word beside them. Negatives first. */
#include "tests/unit/scan/assign_look.h"

struct case_of {
	const char *path;
	const char *text;
};

static void quiet_all(const struct case_of *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_quiet(cases[i].path, cases[i].text);
}

static void told_all(const struct case_of *cases, size_t count, const char *alphabet, size_t len)
{
	char value[MADE_MAX];

	for (size_t i = 0; i < count; i++)
		assert_told(cases[i].path, cases[i].text, make_value(alphabet, len, 11 + i, value));
}

static void passes_over_words_that_only_begin_like_a_keyword(void **state)
{
	(void)state;
	static const struct case_of cases[] = {
		{"a.py", "passing = 'kq3x9zvw71'"},	   {"a.py", "author = 'kq3x9zvw71'"},
		{"a.py", "tokenizer = 'kq3x9zvw71'"},	   {"a.py", "keyboard = 'kq3x9zvw71'"},
		{"a.py", "bypass = 'kq3x9zvw71'"},	   {"a.py", "monkey = 'kq3x9zvw71'"},
		{"a.py", "compass = 'kq3x9zvw71'"},	   {"a.py", "secretary = 'kq3x9zvw71'"},
		{"a.py", "credit = 'kq3x9zvw71'"},	   {"a.py", "salted = 'kq3x9zvw71'"},
		{"a.py", "authority_name = 'kq3x9zvw71'"}, {"a.py", "passenger: 'kq3x9zvw71'"},
	};

	quiet_all(cases, RV_LEN(cases));
}

static void passes_over_names_of_something_about_a_secret(void **state)
{
	(void)state;
	static const struct case_of cases[] = {
		{"a.py", "token_type = 'kq3x9zvw71bd82'"},
		{"a.py", "public_key = 'kq3x9zvw71bd82'"},
		{"a.py", "primary_key = 'kq3x9zvw71bd82'"},
		{"a.py", "password_field = 'kq3x9zvw71bd82'"},
		{"a.py", "access_key_id = 'kq3x9zvw71bd82'"},
		{"a.py", "secret_name = 'kq3x9zvw71bd82'"},
		{"a.py", "next_token = 'kq3x9zvw71bd82'"},
		{"a.py", "cache_key = 'kq3x9zvw71bd82'"},
		{"a.py", "passwordLength = 'kq3x9zvw71'"},
		{"a.py", "auth_url = 'kq3x9zvw71bd82'"},
		{"a.js", "keyPrefix: 'kq3x9zvw71bd82'"},
		{"a.py", "credential_path = 'kq3x9zvw71'"},
		{"a.yml", "secretKeyRef: kq3x9zvw71bd82"},
		{"a.rb", "password_hash_type: 'kq3x9zvw71'"},
	};

	quiet_all(cases, RV_LEN(cases));
}

static void passes_over_what_refers_to_a_value(void **state)
{
	(void)state;
	static const struct case_of cases[] = {
		{"a.yml", "password: ${DB_PASSWORD}"},
		{"a.yml", "password: {{ vault_password }}"},
		{"a.sh", "PASSWORD=$1"},
		{"a.sh", "PASSWORD=\"$DB_PASS\""},
		{"a.sh", "PASSWORD=$(cat /run/secret)"},
		{"a.sh", "PASSWORD=`pass show db`"},
		{"a.py", "password = os.environ['DB_PASSWORD']"},
		{"a.py", "password = getpass.getpass('Password: ')"},
		{"a.js", "password: process.env.DB_PASSWORD,"},
		{"a.js", "const token = req.headers['x-token-3f9a']"},
		{"a.java", "this.password = password;"},
		{"a.java", "setPassword(user.getPassword());"},
		{"a.go", "Password: cfg.Database.Password,"},
		{"a.go", "func login(user string, password string) error {"},
		{"a.rb", "password: <%= ENV['DB_PASSWORD'] %>"},
		{"a.tf", "password = var.db_password"},
		{"a.properties", "db.password=ENC(kq3x9zvw71bd82)"},
		{"a.xml", "<password>${db.password}</password>"},
		{"a.py", "password = \"%s\" % value"},
		{"a.py", "auth = 'Basic ' + encode('$user:$word')"},
		{"a.md", "https://user:$PASSWORD@host/path"},
		{"a.md", "https://<user>:<password>@host/path"},
	};

	quiet_all(cases, RV_LEN(cases));
}

static void passes_over_what_stands_for_a_value(void **state)
{
	(void)state;
	static const struct case_of cases[] = {
		{"a.py", "password = 'password'"},
		{"a.py", "password = 'changeme'"},
		{"a.py", "password = 'your-password-here'"},
		{"a.py", "password = 'my_secret_password'"},
		{"a.py", "password = '********'"},
		{"a.py", "password = 'xxxxxxxxxxxx'"},
		{"a.py", "token = 'some-access-token'"},
		{"a.py", "api_key = 'YOUR_API_KEY'"},
		{"a.py", "api_key = '<your api key>'"},
		{"a.py", "api_key = '0000000000000000'"},
		{"a.py", "api_key = 'abcdefghijklmnop'"},
		{"a.py", "secret = 'test'"},
		{"a.py", "password = ''"},
		{"a.py", "password = None"},
		{"a.json", "\"password\": \"string\","},
		{"a.md", "https://user:password@host/path"},
		{"a.md", "Authorization: Bearer <token>"},
		{"a.md", "Authorization: Bearer your_access_token"},
		{"a.md", "Authorization: Basic dXNlcjpwYXNzd29yZA=="},
	};

	quiet_all(cases, RV_LEN(cases));
}

static void passes_over_text_for_people(void **state)
{
	(void)state;
	static const struct case_of cases[] = {
		{"a.js", "passwordError: 'Your password is too short.'"},
		{"a.json", "\"LABEL_PASSWORD\": \"Bitte gib ein Passwort ein.\","},
		{"a.po", "msgstr \"getpass: hetzelfde als daarvoor\""},
		{"de.yml", "password: Kennwort"},
		{"a.md", "The token is kept in the session, the key in memory."},
		{"a.txt", "  --password         ask for it on the terminal"},
		{"a.html", "<label for=\"password\">Password</label>"},
		{"a.html", "<input type=\"password\" name=\"password\" placeholder=\"Password\">"},
		{"a.css", ".password { color: red; }"},
		{"a.c", "/* the key: a string of bytes that maps to a value */"},
		{"a.py", "raise Error('bad password: ' + name)"},
	};

	quiet_all(cases, RV_LEN(cases));
}

static void passes_over_paths_addresses_dates_and_versions(void **state)
{
	(void)state;
	static const struct case_of cases[] = {
		{"a.yml", "password: /run/secrets/db_password"},
		{"a.yml", "token: https://auth.host.io/oauth/token"},
		{"a.yml", "auth: user.name@host.io"},
		{"a.yml", "key: 2024-11-27"},
		{"package.json", "\"getpass\": \"^0.1.1\","},
		{"a.yml", "secret: C:\\Users\\name\\secret.txt"},
		{"a.js", "keyPath: 'store.index.name',"},
		{"go.sum", "host.io/x/oauth2 v0.0.0-20191202225959-858c2ad4c8b6 "
			   "h1:pE8b58s1HRDMi8RDc79m0HISf9="},
		{"a.md", "[badge](https://host.io/badge.svg?token=mDP3mQJNnn)"},
	};

	quiet_all(cases, RV_LEN(cases));
}

static void keeps_away_from_bytes_past_the_end(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"password=\"kq3x9zvw71",
		"password: \\\"",
		"password='",
		"password=",
		"password",
		"://a:b@",
		"://a:",
		"bearer ",
		"basic ",
		"curl -u ",
		"curl -u '",
		"identified by '",
		"$6$",
		"$2y$10$",
		"\"password\",",
		"<password>",
		"key\n",
		"secret (",
		"token := ",
		"auth: Bearer ",
		"password = x ||",
		"\\\"pass\\\":",
		"name: pass\n value:",
		"mysql -p",
		"sshpass -p",
		"docker login -p ",
		"redis-cli -a '",
		"http -a ",
		"pwd]",
		"token\\",
	};

	for (size_t i = 0; i < RV_LEN(texts); i++) {
		(void)look_at("a.txt", texts[i]); /* read past its end is what matters */
		(void)look_at("a.py", texts[i]);  /* the same */
	}
}

static void finds_a_password_however_it_is_assigned(void **state)
{
	(void)state;
	static const struct case_of cases[] = {
		{".env", "DB_PASSWORD=%s\n"},
		{"a.ini", "password = %s\n"},
		{"a.properties", "spring.datasource.password=%s\n"},
		{"a.yml", "db:\n  password: %s\n"},
		{"a.yml", "  - password: '%s'\n"},
		{"a.json", "{\"password\": \"%s\"}"},
		{"a.json", "{\"body\": \"{\\\"password\\\":\\\"%s\\\"}\"}"},
		{"a.py", "password = \"%s\"\n"},
		{"a.py", "config['password'] = '%s'\n"},
		{"a.py", "connect(user='me', password='%s')\n"},
		{"a.js", "const userPassword = '%s';\n"},
		{"a.ts", "private password: string = '%s';\n"},
		{"a.go", "password := \"%s\"\n"},
		{"a.java", "private static final String PASSWORD = \"%s\";\n"},
		{"a.cs", "var builder = \"Server=db;User Id=sa;Password=%s;\";\n"},
		{"a.rb", "  :password => '%s',\n"},
		{"a.php", "define('DB_PASSWORD', '%s');\n"},
		{"a.php", "$config->password = '%s';\n"},
		{"a.xml", "<password>%s</password>\n"},
		{"a.xml", "<property name=\"password\" value=\"%s\"/>\n"},
		{"a.xml", "<user name=\"me\" password=\"%s\"/>\n"},
		{"a.yaml", "- name: DB_PASSWORD\n  value: %s\n"},
		{"a.tf", "  password = \"%s\"\n"},
		{"a.sh", "export PGPASSWORD='%s'\n"},
		{"a.sh", "login --user me --password %s --verbose\n"},
		{"a.sh", "curl -u 'me:%s' https://host.io/\n"},
		{"a.sh", "mysql -uroot -p%s shop\n"},
		{"a.sh", "sshpass -p '%s' ssh me@host.io\n"},
		{"a.py", "run(\"sshpass -p%s ssh me@host.io\")\n"},
		{"a.md", "docker login -u me -p %s host.io\n"},
		{"a.yml", "  - run: podman login --username me --password %s host.io\n"},
		{"a.sh", "redis-cli -h host.io -p 6379 -a %s ping\n"},
		{"a.md", "redis-cli --pass \"%s\" ping\n"},
		{"a.txt", "http -a me:%s https://host.io/\n"},
		{"a.sh", "curl -sku me:%s https://host.io/\n"},
		{"a.sh", "curl --proxy-user me:%s -x host.io:80 https://host.io/\n"},
		{"a.py", "run(\"curl -u \\\"me:%s\\\" https://host.io/\")\n"},
		{"a.yml", "  - run: PGPASSWORD=%s psql -h host.io\n"},
		{"a.yml", "  script:\n    - DB_PASSWORD=%s ./run.sh --all\n"},
		{"a.yml", "  - run: wget --user=me --http-password=%s https://host.io/\n"},
		{"Dockerfile", "ENV DB_PASSWORD %s\n"},
		{".netrc", "machine host.io login me password %s\n"},
		{"a.sql", "CREATE USER me IDENTIFIED BY '%s';\n"},
		{"a.sql", "ALTER ROLE me WITH PASSWORD '%s';\n"},
		{"a.py", "URL = 'postgres://me:%s@db:5432/shop'\n"},
		{"a.txt", "redis://:%s@cache:6379/0\n"},
		{"a.ps1", "$pass = ConvertTo-SecureString '%s' -AsPlainText -Force\n"},
		{"a.js", "const password = process.env.DB_PASSWORD || '%s';\n"},
		{"a.py", "session.auth = HTTPBasicAuth('me', password='%s')\n"},
	};

	told_all(cases, RV_LEN(cases), MADE_SIGNS, 12);
}

static void finds_keys_and_tokens_however_they_are_assigned(void **state)
{
	(void)state;
	static const struct case_of cases[] = {
		{".env", "API_KEY=%s\n"},
		{".env", "STRIPE_SECRET=%s\n"},
		{"a.yml", "client_secret: %s\n"},
		{"a.json", "\"apiKey\": \"%s\",\n"},
		{"a.json", "\"access_token\": \"%s\",\n"},
		{"a.py", "SECRET_KEY = '%s'\n"},
		{"a.py", "headers = {'Authorization': 'Bearer %s'}\n"},
		{"a.js", "clientSecret: '%s',\n"},
		{"a.js", "fetch('https://host.io/v1/items?access_token=%s&page=2')\n"},
		{"a.go", "AuthToken: \"%s\",\n"},
		{"a.java", "props.setProperty(\"api.key\", \"%s\");\n"},
		{"a.java", "client.setAuthToken(\"%s\");\n"},
		{"a.md", "Authorization: Bearer %s\n"},
		{"a.sh", "curl -H 'Authorization: token %s' https://host.io/\n"},
		{"a.sh", "curl -u %s: https://host.io/\n"},
		{"a.sh", "curl https://host.io/ \\\n  -u '%s:' \\\n  -d amount=20\n"},
		{"a.yml", "  - run: curl --user %s:x https://host.io/\n"},
		{"a.py", "run(\"curl -su %s: https://host.io/\")\n"},
		{"a.sh", "export GITHUB_TOKEN=%s\n"},
		{"a.properties", "jwt.secret=%s\n"},
		{"a.xml", "<add key=\"AppSecret\" value=\"%s\" />\n"},
		{"a.rb", "config.secret_key_base = '%s'\n"},
		{"a.toml", "encryption_key = \"%s\"\n"},
	};

	told_all(cases, RV_LEN(cases), MADE_HEX, 40);
	told_all(cases, RV_LEN(cases), MADE_ALNUM, 32);
}

/* 200 values each; of all that a machine makes one in a hundred may be missed. */
static void finds_the_key_of_what_is_not_said(void **state)
{
	static const struct case_of cases[] = {
		{"a.py", "key = '%s'"}, {"a.go", "Key: \"%s\","}, {"a.json", "\"key\": \"%s\""},
		{"a.env", "KEY=%s"},	{"a.ini", "key = %s"},	  {"a.yml", "key: %s"}};
	char value[MADE_MAX];
	char text[256];

	(void)state;
	for (size_t i = 0; i < RV_LEN(cases); i++) {
		unsigned missed = 0;

		for (uint64_t seed = 1; seed <= 200; seed++) {
			make_value(MADE_ALNUM, 32, seed, value);
			fill_in(cases[i].text, value, text, sizeof(text));
			missed += look_at(cases[i].path, text).best.confidence < RV_ASSIGN_DEFAULT;
		}
		if (missed > 2)
			fail_msg("%s: %u of 200 missed", cases[i].text, missed);
	}
}

static void counts_a_word_with_digits_as_a_password(void **state)
{
	(void)state;
	assert_told(".env", "DB_PASSWORD=%s\n",
		    "Winter"
		    "Garden"
		    "482!");
	assert_told("a.yml", "root_password: %s\n",
		    "tiger"
		    "7734");
}

/* Where "password=" stands so often, how far does the value of the first go? 0: there is none. */
static size_t length_of_a_row(size_t times)
{
	static const char word[] = "password=";
	char text[sizeof(word) * 80];
	struct rv_context context = rv_context_of(RV_STR_LIT("a.txt"));
	struct rv_assign found = {.len = 0};
	size_t len = 0;

	assert_true(times < 80);
	for (size_t i = 0; i < times; i++, len += sizeof(word) - 1)
		memcpy(text + len, word, sizeof(word));
	text[len++] = '7';
	if (!rv_assign_at((struct rv_str){(const uint8_t *)text, len}, &context, 0, 4, &found))
		return 0;
	return found.len;
}

static void goes_not_through_a_row_of_names_for_each_of_them(void **state)
{
	(void)state;
	assert_string_equal(rv_assign_anchors[0].text, "pass");
	assert_int_equal(length_of_a_row(65), 64 * strlen("password=") + 1);
	assert_int_equal(length_of_a_row(66), 0);
}

static void is_surer_in_a_configuration_file_than_in_a_test(void **state)
{
	(void)state;
	char value[MADE_MAX];
	char text[256];

	(void)snprintf(text, sizeof(text), "password = \"%s\"\n",
		       make_value(MADE_LOWER, 9, 5, value));
	assert_true(look_at("a.ini", text).best.confidence >
		    look_at("tests/a.py", text).best.confidence);
}

static void gives_one_value_for_two_words_of_a_name(void **state)
{
	(void)state;
	char value[MADE_MAX];
	char text[256];

	(void)snprintf(text, sizeof(text), "secret_token = '%s'",
		       make_value(MADE_HEX, 32, 9, value));
	struct rv_str bytes = rv_str_of(text);
	struct rv_context context = rv_context_of(rv_str_of("a.py"));
	struct rv_assign a;
	struct rv_assign b;

	assert_string_equal(rv_assign_anchors[2].text, "secret");
	assert_string_equal(rv_assign_anchors[3].text, "token");
	assert_true(rv_assign_at(bytes, &context, 2, 6, &a));
	assert_true(rv_assign_at(bytes, &context, 3, 12, &b));
	assert_int_equal(a.start, b.start);
	assert_int_equal(a.len, 32);
	assert_int_equal(b.len, 32);
	assert_int_equal(a.name_start, 0);
	assert_int_equal(a.name_len, 12);
}

static void knows_a_file_by_its_name(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum rv_form form;
	} cases[] = {
		{"", RV_FORM_TEXT},
		{"src/a.py", RV_FORM_CODE},
		{"UserProfile.java", RV_FORM_CODE},
		{".env", RV_FORM_CONFIG},
		{"app/.env.local", RV_FORM_CONFIG},
		{"a.YML", RV_FORM_YAML},
		{"Dockerfile", RV_FORM_SHELL},
		{"Dockerfile.prod", RV_FORM_SHELL},
		{"home/.bash_history", RV_FORM_SHELL},
		{"home/.profile", RV_FORM_SHELL},
		{"README", RV_FORM_TEXT},
		{"README.md", RV_FORM_DOC},
		{"a/.netrc", RV_FORM_CONFIG},
		{"x.tar.gz", RV_FORM_TEXT},
	};

	for (size_t i = 0; i < RV_LEN(cases); i++) {
		if (rv_context_of(rv_str_of(cases[i].path)).form != cases[i].form)
			fail_msg("%s", cases[i].path);
	}
	assert_true(rv_context_of(rv_str_of("a/tests/b.py")).is_test);
	assert_false(rv_context_of(rv_str_of("a/src/b.py")).is_test);
	assert_true(rv_context_of(rv_str_of("web/yarn.lock")).is_lock);
	assert_true(rv_context_of(rv_str_of("i/de.json")).is_locale);
	assert_true(rv_context_of(rv_str_of("db/dump.sql")).is_dump);
	assert_false(rv_context_of(rv_str_of("db/schema.sql")).is_dump);
}

static void says_in_words_why(void **state)
{
	(void)state;
	for (unsigned f = 0; f < RV_FEATURE__COUNT; f++) {
		assert_non_null(rv_feature_sentence(f));
		assert_non_null(rv_feature_name(f));
	}
	assert_null(rv_feature_sentence(RV_FEATURE__COUNT));
	assert_null(rv_feature_name(RV_FEATURE__COUNT));
}

static void finds_hashes_of_accounts(void **state)
{
	(void)state;
	char salt[MADE_MAX];
	char body[MADE_MAX];
	char text[512];

	(void)snprintf(text, sizeof(text), "root:$6$%s$%s:19000:0:99999:7:::\n",
		       make_value(MADE_ALNUM, 12, 3, salt), make_value(MADE_ALNUM, 86, 4, body));
	struct look look = look_at("shadow", text);

	assert_true(look.best.confidence >= RV_ASSIGN_DEFAULT);
	assert_true(look.best.reasons & RV_BIT(HASHED));
	assert_int_equal(look.best.len, 3 + 12 + 1 + 86);
	assert_quiet("a.sh", "z=\"$y$y$y$y$y$y$y$y$y$y\"");
}

static size_t listed_count(const char *path, const char *text, char *first, size_t size)
{
	enum rv_listed listed = rv_assign_listed(rv_str_of(path));
	struct rv_str bytes = rv_str_of(text);
	struct rv_assign hit;
	size_t found = 0;

	for (size_t at = 0; rv_assign_next_line(listed, bytes, &at, &hit);) {
		if (!hit.len)
			continue;
		if (found++ > 0)
			continue;
		assert_true(hit.len < size);
		memcpy(first, text + hit.start, hit.len);
		first[hit.len] = '\0';
	}
	return found;
}

static void passes_over_locked_accounts_and_comments(void **state)
{
	(void)state;
	char first[128] = "";

	assert_int_equal(rv_assign_listed(rv_str_of("src/passwd.c")), RV_LISTED_NOT);
	assert_int_equal(listed_count("etc/shadow", "# x\nbin:*:1:\nsys:!!:1:\nme:x:1:\n\nodd",
				      first, sizeof(first)),
			 0);
	assert_int_equal(
		listed_count(".pgpass", "# h:1:d:u:p\nhost:5432:db:me\n", first, sizeof(first)), 0);
}

static void reads_the_lines_of_listed_files(void **state)
{
	(void)state;
	char value[MADE_MAX];
	char text[512];
	char first[128] = "";

	make_value(MADE_ALNUM, 14, 21, value);
	(void)snprintf(text, sizeof(text), "db\\:1:5432:*:me:%s\r\n#\n", value);
	assert_int_equal(listed_count("home/me/.pgpass", text, first, sizeof(first)), 1);
	assert_string_equal(first, value);
	make_value(MADE_HEX, 32, 22, value);
	(void)snprintf(text, sizeof(text), "me:realm:%s\n", value);
	assert_int_equal(listed_count("www/.htdigest", text, first, sizeof(first)), 1);
	assert_string_equal(first, value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_over_words_that_only_begin_like_a_keyword),
		cmocka_unit_test(passes_over_names_of_something_about_a_secret),
		cmocka_unit_test(passes_over_what_refers_to_a_value),
		cmocka_unit_test(passes_over_what_stands_for_a_value),
		cmocka_unit_test(passes_over_text_for_people),
		cmocka_unit_test(passes_over_paths_addresses_dates_and_versions),
		cmocka_unit_test(passes_over_locked_accounts_and_comments),
		cmocka_unit_test(keeps_away_from_bytes_past_the_end),
		cmocka_unit_test(finds_a_password_however_it_is_assigned),
		cmocka_unit_test(finds_keys_and_tokens_however_they_are_assigned),
		cmocka_unit_test(finds_the_key_of_what_is_not_said),
		cmocka_unit_test(counts_a_word_with_digits_as_a_password),
		cmocka_unit_test(is_surer_in_a_configuration_file_than_in_a_test),
		cmocka_unit_test(goes_not_through_a_row_of_names_for_each_of_them),
		cmocka_unit_test(gives_one_value_for_two_words_of_a_name),
		cmocka_unit_test(finds_hashes_of_accounts),
		cmocka_unit_test(reads_the_lines_of_listed_files),
		cmocka_unit_test(knows_a_file_by_its_name),
		cmocka_unit_test(says_in_words_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
