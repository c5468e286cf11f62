/* tests: ten differently configured gitleaks set-ups, unchanged (tests/flow/scan/setups/README.md):
 * each line of `expect` is judged as it says. Finding itself is the flow test's. */
#include "agent/base/fd.h"
#include "agent/sweep/filter.h"
#include "agent/sweep/pattern.h"
#include "tests/unit/sweep/sift.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>

#define LINE_MAX_BYTES 1024

static const char *root; /* the set-ups' folder */

struct setup {
	char dir[512];
	struct rv_scan_config *config;
	struct rv_identity *identity;
	size_t judged;
};

static rv_status read_beside(void *context, const char *path, struct rv_buf *out,
			     struct rv_diag *diag)
{
	const struct setup *setup = context;
	char full[1024];

	(void)snprintf(full, sizeof(full), "%s/%s", setup->dir, path); /* opening fails then */
	return rv_file_read(full, RV_SCAN_CONFIG_FILE_MAX, out, diag);
}

static void load(struct setup *setup, enum rv_scan_source source, const char *name)
{
	struct rv_buf text;
	struct rv_diag diag = {0};

	rv_buf_init(&text, RV_SCAN_CONFIG_FILE_MAX);
	rv_status status = read_beside(setup, name, &text, &diag);
	if (rv_is_ok(status))
		status =
			rv_scan_config_load(setup->config, source, rv_buf_view(&text), name, &diag);
	rv_buf_done(&text);
	if (!rv_is_ok(status) && rv_class_of(status) != RV_CLASS_NOT_FOUND)
		fail_msg("%s: %s", setup->dir, diag.text);
}

/* {alnum:N} and the like, made up the same each time. */
static void render(const char *template_text, char out[LINE_MAX_BYTES])
{
	static const char *const classes[][2] = {
		{"{alnum:", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"},
		{"{hex:", "0123456789abcdef"},
		{"{lower:", "abcdefghijklmnopqrstuvwxyz"},
		{"{upper:", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
		{"{digit:", "0123456789"}};
	uint64_t seed = 11;
	size_t at = 0;

	while (*template_text) {
		const char *chars = NULL;
		char *end = NULL;
		unsigned long n = 1;

		for (size_t i = 0; i < RV_LEN(classes) && !chars; i++) {
			size_t len = strlen(classes[i][0]);

			if (strncmp(template_text, classes[i][0], len) != 0)
				continue;
			n = strtoul(template_text + len, &end, 10);
			chars = classes[i][1];
		}
		assert_true(at + n + 1 < LINE_MAX_BYTES);
		for (unsigned long i = 0; i < n && chars; i++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			out[at++] = chars[(seed >> 33) % strlen(chars)];
		}
		if (!chars)
			out[at++] = *template_text;
		template_text = chars ? end + 1 : template_text + 1;
	}
	out[at] = '\0';
}

static bool matches(const char *regex, const char *text)
{
	RV_CLEANUP(rv_pattern_freep) struct rv_pattern *pattern = NULL;

	assert_ok(rv_pattern_new(&pattern));
	assert_ok(rv_pattern_add(pattern, regex, NULL));
	return rv_pattern_matches(pattern, rv_str_of(text));
}

static void judge(struct setup *setup, const char *state, const char *path, const char *line,
		  const char *id, const char *template_text)
{
	const struct rv_rule *rule = rv_ruleset_find(rv_scan_config_rules(setup->config), id);
	char text[LINE_MAX_BYTES], plain[LINE_MAX_BYTES];
	struct rv_filter_answer answer;
	struct rv_filter filter;

	if (!rule)
		return; /* not built in */
	render(template_text, text);
	char *open = strstr(text, "<<"), *close = strstr(text, ">>");
	assert_non_null(open);
	assert_non_null(close);
	size_t before = (size_t)(open - text), len = (size_t)(close - open) - 2;
	memcpy(plain, text, before); /* the marks go: it is shorter */
	memcpy(plain + before, open + 2, len);
	memcpy(plain + before + len, close + 2, strlen(close + 2) + 1);
	if ((rule->flags & RV_RULE_WHOLE) && !matches(rule->regex, plain))
		fail_msg("%s: %s does not match %s", setup->dir, rule->regex, plain);
	if (rule->path_regex && !matches(rule->path_regex, path))
		fail_msg("%s: %s does not match %s", setup->dir, rule->path_regex, path);
	const struct rv_filter_question question = {
		.rule = rule,
		.path = rv_str_of(path),
		.value = {(const uint8_t *)plain + before, len},
		.match = {(const uint8_t *)plain + before, len},
		.lines = rv_str_of(plain),
		.value_end = before + len,
		.line = (uint32_t)strtoul(line, NULL, 10),
		.confidence = 90,
	};
	rv_filter_init(&filter, setup->config, NULL, setup->identity, NOW_US);
	assert_ok(rv_filter_judge(&filter, &question, &answer));
	bool is_told = answer.state == RV_LEAK_OPEN;
	bool is_part = rv_filter_is_part(setup->config, rule);
	if (is_part != (strcmp(state, "part") == 0))
		fail_msg("%s: %s is%s a part of others", setup->dir, id, is_part ? "" : " not");
	if ((!is_part && is_told != (strcmp(state, "told") == 0)) ||
	    rv_filter_skips_path(setup->config, rv_str_of(path), NULL))
		fail_msg("%s: %s:%s %s should be %s", setup->dir, path, line, id, state);
	setup->judged++;
}

static void check_line(struct setup *setup, char *line)
{
	char *rest = line;
	const char *state = strsep(&rest, " ");

	if (strcmp(state, "note") == 0) {
		if (!sift_notes(setup->config, rest))
			fail_msg("%s: no note says: %s", setup->dir, rest);
		return;
	}
	const char *path = strsep(&rest, " "), *number = strsep(&rest, " ");
	const char *id = strsep(&rest, " ");
	assert_non_null(rest);
	if (strcmp(state, "skipped") != 0) {
		judge(setup, state, path, number, id, rest);
		return;
	}
	if (!rv_filter_skips_path(setup->config, rv_str_of(path), NULL))
		fail_msg("%s: %s should not be read", setup->dir, path);
	setup->judged++;
}

static void check_setup(const char *name)
{
	struct setup setup = {.judged = 0};
	const struct rv_scan_reader reader = {read_beside, &setup};
	struct rv_diag diag = {0};
	struct rv_buf expect;

	(void)snprintf(setup.dir, sizeof(setup.dir), "%s/%s", root, name); /* opening fails then */
	assert_ok(rv_scan_config_new(&reader, NOW_US, &setup.config));
	assert_ok(rv_identity_new(NULL, &setup.identity));
	load(&setup, RV_SCAN_SOURCE_GITLEAKS, ".gitleaks.toml");
	load(&setup, RV_SCAN_SOURCE_FINGERPRINTS, ".gitleaksignore");
	if (!rv_is_ok(rv_scan_config_seal(setup.config, &diag)))
		fail_msg("%s: %s", name, diag.text);
	rv_buf_init(&expect, 1 << 16);
	assert_ok(read_beside(&setup, "expect", &expect, &diag));
	char *rest = (char *)(uintptr_t)rv_buf_cstr(&expect);
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		if (*line)
			check_line(&setup, line);
	}
	assert_true(setup.judged > 0);
	rv_buf_done(&expect);
	rv_identity_free(setup.identity);
	rv_scan_config_free(setup.config);
}

static void run_unchanged_as_they_do_under_gitleaks(void **state)
{
	DIR *dir = opendir(root);
	size_t count = 0;

	(void)state;
	assert_non_null(dir);
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		check_setup(entry->d_name);
		count++;
	}
	assert_int_equal(closedir(dir), 0);
	assert_true(count >= 10);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(run_unchanged_as_they_do_under_gitleaks),
	};

	root = argc > 1 ? argv[1] : SETUPS_DIR;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
