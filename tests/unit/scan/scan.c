/* tests: the secret scanner over every detector's own samples, and over hostile buffers. */
#include "agent/scan/scan.h"
#include "agent/model/kinds.h"
#include "agent/scan/check.h"
#include "tests/support/sample.h"

#include "agent/scan/rule_samples.inc"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define SEEDS 40U

struct fixture {
	struct rv_scanner *scanner;
	struct rv_lane *lane;
};

struct seen {
	size_t count;
	struct {
		const struct rv_rule *rule;
		size_t start, len;
		bool is_identified;
		size_t public_len;
	} hits[16];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct rv_diag diag = {0};

	assert_non_null(f);
	if (!rv_is_ok(rv_scanner_new_builtin(&f->scanner, &diag)))
		fail_msg("%s", diag.text);
	assert_true(rv_is_ok(rv_lane_new(f->scanner, &f->lane)));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	rv_lane_free(f->lane);
	rv_scanner_free(f->scanner);
	free(f);
	return 0;
}

static rv_status remember(const struct rv_hit *hit, void *user)
{
	struct seen *seen = user;

	if (hit->confidence < 20)
		return RV_OK; /* told, as what hardly is one */
	assert_true(seen->count < RV_LEN(seen->hits));
	seen->hits[seen->count].rule = hit->rule;
	seen->hits[seen->count].start = hit->start;
	seen->hits[seen->count].len = hit->len;
	seen->hits[seen->count].is_identified = hit->is_identified;
	seen->hits[seen->count++].public_len = hit->public_id.len;
	return RV_OK;
}

static struct seen scan(struct fixture *f, const char *text, size_t len, unsigned flags)
{
	struct seen seen = {0};

	assert_true(rv_is_ok(rv_scan_buffer(f->lane, (struct rv_str){(const uint8_t *)text, len},
					    flags, remember, &seen)));
	return seen;
}

static bool has_rule(const struct seen *seen, const char *id)
{
	for (size_t i = 0; i < seen->count; i++) {
		if (strcmp(seen->hits[i].rule->id, id) == 0)
			return true;
	}
	return false;
}

static const struct rv_rule *rule_of(const char *id)
{
	size_t count = 0;
	const struct rv_rule *rules = rv_rule_table(&count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(rules[i].id, id) == 0)
			return &rules[i];
	}
	fail_msg("no rule %s", id);
	return NULL;
}

/* Of 40 renderings of one template, how many its rule finds; the companion of a template's value
 * may have been joined with another rule's. */
static unsigned count_found(struct fixture *f, const struct rule_samples *samples,
			    const char *template_text)
{
	const struct rv_rule *rule = rule_of(samples->id);
	unsigned flags = rule->flags & RV_RULE_COMPANION ? RV_SCAN_MASK : 0;
	unsigned found = 0;
	char text[8192];

	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		if (!sample_render_for(template_text, samples->check, seed, text, sizeof(text)))
			fail_msg("%s: bad template %s", samples->id, template_text);
		struct seen seen = scan(f, text, strlen(text), flags);

		found += flags ? seen.count > 0 : has_rule(&seen, rule->id);
	}
	return found;
}

static void every_rule_finds_its_positive_samples(void **state)
{
	unsigned bad = 0;

	for (size_t r = 0; r < RV_LEN(rule_samples); r++) {
		for (const char *const *t = rule_samples[r].positive; *t; t++) {
			unsigned found = count_found(*state, &rule_samples[r], *t);

			if (found == SEEDS)
				continue;
			print_error("%s finds only %u of %u of %s\n", rule_samples[r].id, found,
				    SEEDS, *t);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void no_rule_finds_its_negative_samples(void **state)
{
	unsigned bad = 0;

	for (size_t r = 0; r < RV_LEN(rule_samples); r++) {
		if (rule_of(rule_samples[r].id)->flags & RV_RULE_COMPANION)
			continue; /* masking takes what only looks like one */
		for (const char *const *t = rule_samples[r].negative; *t; t++) {
			unsigned found = count_found(*state, &rule_samples[r], *t);

			if (found == 0)
				continue;
			print_error("%s takes %u of %u of %s\n", rule_samples[r].id, found, SEEDS,
				    *t);
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void value_is_the_secret_and_nothing_around_it(void **state)
{
	char text[2048];

	assert_true(sample_render("url: xmpp://app:{pass:14}@db/x", 7, text, sizeof(text)));
	struct seen seen = scan(*state, text, strlen(text), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.hits[0].len, 14);
	assert_int_equal(seen.hits[0].start, strlen("url: xmpp://app:"));

	assert_true(sample_render("T=glpat-{alnum:20}\n", 7, text, sizeof(text)));
	seen = scan(*state, text, strlen(text), 0);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.hits[0].start, 2);
	assert_int_equal(seen.hits[0].len, strlen(text) - 3);
}

static void an_escape_before_a_value_is_no_part_of_it(void **state)
{
	static const char *const before[] = {"a%3D", "{\"k\": \"a\\n", "'\\x3d", "\"\\u003d"};
	char token[2048], text[4096];

	assert_true(sample_render("ghp_{start}{alnum:30}{check}", 5, token, sizeof(token)));
	for (size_t i = 0; i < RV_LEN(before); i++) {
		(void)snprintf(text, sizeof(text), "%s%s%%0A", before[i], token); /* fits */
		assert_int_equal(scan(*state, text, strlen(text), 0).count, 1);
	}
	assert_true(sample_render("github_pat_{alnum:22}_{alnum:59}", 5, token, sizeof(token)));
	(void)snprintf(text, sizeof(text), "\\u003d%s", token); /* fits */
	assert_int_equal(scan(*state, text, strlen(text), 0).count, 1);
	(void)snprintf(text, sizeof(text), "u003d%s", token); /* fits */
	assert_int_equal(scan(*state, text, strlen(text), 0).count, 0);
}

static void check_digits_identify(void **state)
{
	char text[2048];

	assert_true(sample_render("a ghp_{start}{alnum:30}{check} b", 3, text, sizeof(text)));
	struct seen seen = scan(*state, text, strlen(text), 0);
	assert_int_equal(seen.count, 1);
	assert_true(seen.hits[0].is_identified);
	text[8] = text[8] == 'A' ? 'B' : 'A'; /* one character changed: the check fails */
	seen = scan(*state, text, strlen(text), 0);
	assert_int_equal(seen.count, 0);
}

static void secret_is_named_by_the_key_id_beside_it(void **state)
{
	char text[2048];

	assert_true(sample_render("[default]\naws_access_key_id = AKIA{b32:16}\n"
				  "aws_secret_access_key = {b64:40}\n",
				  5, text, sizeof(text)));
	struct seen seen = scan(*state, text, strlen(text), 0);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.hits[0].rule->id, "aws-secret-access-key");
	assert_int_equal(seen.hits[0].public_len, 20);
	assert_true(seen.hits[0].is_identified);
	assert_int_equal(seen.hits[0].len, 40);
}

static void masking_joins_overlapping_values(void **state)
{
	char text[2048];

	assert_true(sample_render("/srv/token=ghp_{alnum:36}/x", 5, text, sizeof(text)));
	struct seen seen = scan(*state, text, strlen(text), RV_SCAN_MASK);
	assert_int_equal(seen.count, 1);
	assert_true(seen.hits[0].start <= strlen("/srv/token="));
	assert_true(seen.hits[0].start + seen.hits[0].len >= strlen("/srv/token=") + 40);
}

static void ordinary_paths_are_not_masked(void **state)
{
	static const char *const paths[] = {
		"/usr/share/doc/libnss-systemd/copyright",
		"/srv/schemas/patches/extensions/all/aws_secretsmanager_secret/manual.json",
		"/etc/letsencrypt/live/shop.example.org/fullchain.pem",
		"/var/lib/vault_token_helper/tokens.d/default/readme",
		"/opt/app/releases/20261121103000/config/master.key",
		"/home/ann/.config/gcloud/application_default_credentials.json",
		"/etc/systemd/system/getty.target.wants/getty@tty1.service",
		"CN=DigiCert Global Root G2,OU=www.digicert.com,O=DigiCert Inc,C=US",
		"O=Asia Pacific Network,CN=4f2a9c0de1b7",
	};

	for (size_t i = 0; i < RV_LEN(paths); i++) {
		struct seen seen = scan(*state, paths[i], strlen(paths[i]), RV_SCAN_MASK);

		if (seen.count > 0)
			fail_msg("%s: %s", paths[i], seen.hits[0].rule->id);
	}
}

static void text_only_rules_leave_binaries_alone(void **state)
{
	char text[2048] = "ELF";
	size_t at = 4; /* behind the NUL */

	assert_true(sample_render("password={pass:16} ghp_{start}{alnum:30}{check}", 9, text + at,
				  sizeof(text) - at));
	struct seen seen = scan(*state, text, at + strlen(text + at), 0);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.hits[0].rule->id, "github-token");
}

/* As a rule of its own, a password of words, a year and a sign. */
static size_t count_chosen(struct fixture *f, const char *path, const char *word, const char *sign)
{
	char text[256];

	rv_lane_set_path(f->lane, rv_str_of(path));
	(void)snprintf(text, sizeof(text), "DATABASE_URL=postgres://app:%s%d%s@db.internal/app\n",
		       word, 2024, sign);
	struct seen seen = scan(f, text, strlen(text), 0);

	size_t count = 0;

	for (size_t i = 0; i < seen.count; i++)
		count += strcmp(seen.hits[i].rule->id, "postgres-url-password") == 0;
	rv_lane_set_path(f->lane, RV_STR_NONE);
	return count;
}

static void a_password_of_words_counts_in_a_configuration(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(count_chosen(f, "tests/a.env", "Secret", "!"), 0);
	assert_int_equal(count_chosen(f, "docs/a.md", "Secret", "!"), 0);
	assert_int_equal(count_chosen(f, "a.py", "Secret", "!"), 0);
	assert_int_equal(count_chosen(f, "prod.env", "secret", ""), 0);
	assert_int_equal(count_chosen(f, "prod.env", "changeme", "!"), 0);
	assert_true(count_chosen(f, "prod.env", "Secret", "!") == 1);
	assert_true(count_chosen(f, "deploy/app.yml", "Admin", "!") == 1);
}

static void values_at_the_edges_are_found(void **state)
{
	char text[2048];

	assert_true(sample_render("ghp_{start}{alnum:30}{check}", 11, text, sizeof(text)));
	assert_int_equal(scan(*state, text, strlen(text), 0).count, 1);
	assert_int_equal(scan(*state, text, strlen(text) - 1, 0).count, 0);
	assert_int_equal(scan(*state, text, 0, 0).count, 0);
}

static rv_status count_only(const struct rv_hit *hit, void *user)
{
	(void)hit; /* only how many */
	++*(size_t *)user;
	return RV_OK;
}

static void hostile_buffers_end_and_are_bounded(void **state)
{
	struct fixture *f = *state;
	static const char *const units[] = {"AKIA", "eyJ", "://a:", "token=", "sk-T3BlbkFJ", "SG."};
	const size_t size = 1 << 20;
	char *text = malloc(size);

	assert_non_null(text);
	for (size_t u = 0; u < RV_LEN(units); u++) {
		size_t count = 0;

		for (size_t i = 0; i < size; i++)
			text[i] = units[u][i % strlen(units[u])];
		rv_status s = rv_scan_buffer(f->lane, (struct rv_str){(uint8_t *)text, size}, 0,
					     count_only, &count);
		assert_true(rv_is_ok(s) || rv_class_of(s) == RV_CLASS_EXHAUSTED);
		assert_true(count <= RV_SCAN_MAX_HITS);
	}
	free(text);
}

/* More encoded runs than are remembered, and a value after them. */
static void values_after_many_encoded_runs_are_found(void **state)
{
	static const char *const runs[] = {
		"a=%68%65%6c%6c%6f\n", "a=\\u0068\\u0065\\u006c\\u006c\n",
		"a=&#104;&#101;&#108;&#108;\n", "a: aGVsbG8gd29ybGQgbnVtYmVyIDEyMzQ1\n\n"};
	struct fixture *f = *state;
	char line[256];

	assert_true(sample_render("key ghp_{start}{alnum:30}{check}\n", 3, line, sizeof(line)));
	for (unsigned i = 0; i < 2 * RV_LEN(runs); i++) {
		struct rv_buf text;
		size_t count = 0;
		bool is_cut = false;

		rv_buf_init(&text, 16 << 20);
		for (size_t n = 0; n <= RV_DECODE_RUNS_MAX; n++)
			assert_true(rv_is_ok(rv_buf_put_str(&text, runs[i / 2])));
		assert_true(rv_is_ok(rv_buf_put_str(&text, line)));
		struct seen seen = scan(f, (const char *)text.data, text.len,
					RV_SCAN_RUNS | (i % 2 ? RV_SCAN_MASK : 0));
		assert_true(has_rule(&seen, "github-token"));
		(void)rv_lane_runs(f->lane, &count, &is_cut);
		assert_int_equal(count, RV_DECODE_RUNS_MAX);
		assert_true(is_cut);
		rv_buf_done(&text);
	}
}

/* As the next line of base64 that is wrapped would stand. */
static void values_right_below_base64_are_found(void **state)
{
	char text[512];

	assert_true(sample_render("aGVsbG8gd29ybGQgb2Ygd29yZHMsIHRoaXJ0eS1z\nghp_{start}{alnum:30}"
				  "{check}\n",
				  3, text, sizeof(text)));
	for (unsigned i = 0; i < 2; i++) {
		struct seen seen = scan(*state, text, strlen(text), i ? RV_SCAN_RUNS : 0);

		assert_true(has_rule(&seen, "github-token"));
	}
}

static void too_many_values_are_said(void **state)
{
	struct fixture *f = *state;
	struct rv_buf text;
	char line[2048];
	size_t count = 0;

	rv_buf_init(&text, 16 << 20);
	for (uint64_t i = 0; i < RV_SCAN_MAX_HITS + 10; i++) {
		assert_true(sample_render("ghp_{start}{alnum:30}{check}\n", i, line, sizeof(line)));
		assert_true(rv_is_ok(rv_buf_put_str(&text, line)));
	}
	rv_status s = rv_scan_buffer(f->lane, rv_buf_view(&text), 0, count_only, &count);
	assert_int_equal(rv_class_of(s), RV_CLASS_EXHAUSTED);
	assert_in_range(count, RV_SCAN_MAX_HITS - 1, RV_SCAN_MAX_HITS);
	rv_buf_done(&text);
}

/* Of an unknown file, too: forms that read it alike are one. */
static void a_value_that_all_forms_read_alike_is_told_once(void **state)
{
	struct fixture *f = *state;
	const unsigned flags = RV_SCAN_ANY_FILE | RV_SCAN_LEAST(50);
	char text[256];
	size_t count = 0;

	assert_true(sample_render("db_password = \"{pass:16}\"\n", 3, text, sizeof(text)));
	assert_true(rv_is_ok(rv_scan_buffer(f->lane, rv_str_of(text), flags, count_only, &count)));
	assert_int_equal(count, 1);
	assert_true(sample_render("db_password = {pass:8};{pass:8}\n", 3, text, sizeof(text)));
	count = 0;
	assert_true(rv_is_ok(rv_scan_buffer(f->lane, rv_str_of(text), flags, count_only, &count)));
	assert_int_equal(count, 2);
}

static void entropy_counts_bits(void **state)
{
	(void)state; /* none needed */
	assert_int_equal(rv_entropy_tenths(RV_STR_LIT("aaaaaaaa")), 0);
	assert_int_equal(rv_entropy_tenths(RV_STR_LIT("abababab")), 10);
	assert_int_equal(rv_entropy_tenths(RV_STR_LIT("0123456789abcdef")), 40);
	assert_int_equal(rv_entropy_tenths(RV_STR_NONE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_rule_finds_its_positive_samples),
		cmocka_unit_test(no_rule_finds_its_negative_samples),
		cmocka_unit_test(value_is_the_secret_and_nothing_around_it),
		cmocka_unit_test(an_escape_before_a_value_is_no_part_of_it),
		cmocka_unit_test(check_digits_identify),
		cmocka_unit_test(secret_is_named_by_the_key_id_beside_it),
		cmocka_unit_test(masking_joins_overlapping_values),
		cmocka_unit_test(ordinary_paths_are_not_masked),
		cmocka_unit_test(text_only_rules_leave_binaries_alone),
		cmocka_unit_test(a_password_of_words_counts_in_a_configuration),
		cmocka_unit_test(values_at_the_edges_are_found),
		cmocka_unit_test(hostile_buffers_end_and_are_bounded),
		cmocka_unit_test(values_after_many_encoded_runs_are_found),
		cmocka_unit_test(values_right_below_base64_are_found),
		cmocka_unit_test(a_value_that_all_forms_read_alike_is_told_once),
		cmocka_unit_test(too_many_values_are_said),
		cmocka_unit_test(entropy_counts_bits),
	};

	return cmocka_run_group_tests_name("scan", tests, set_up, tear_down);
}
