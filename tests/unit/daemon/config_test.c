/* reeve.yaml: what it says is done, what it does not know is refused with its place. */
#include "tests/support/unit.h"

#include "agent/daemon/engine_config.h"
#include "tests/support/dir.h"

#include <stdio.h>

static struct rvt_dir box;

static rv_status load(const char *text, struct rv_config *out, struct rv_diag *diag)
{
	rvt_dir_write_text(&box, "reeve.yaml", text);
	return rv_config_load(box.path, out, diag);
}

static void without_a_file_the_defaults_hold(void **state)
{
	(void)state;
	struct rv_config config;
	struct rv_diag diag = {0};
	struct rvt_dir empty;
	rvt_dir_init(&empty);
	assert_true(rv_is_ok(rv_config_load(empty.path, &config, &diag)));
	assert_null(config.roots);
	assert_null(config.excludes);
	assert_int_equal(config.every_us, INT64_C(3600000000));
	assert_int_equal(config.max_file_bytes, 16 << 20);
	assert_int_equal(config.min_confidence, 50);
	assert_string_equal(diag.text, "");
	rvt_dir_done(&empty);
}

static void what_is_written_is_taken(void **state)
{
	(void)state;
	struct rv_config config;
	struct rv_diag diag = {0};
	assert_true(rv_is_ok(load("version: 1\n"
				  "discover:\n"
				  "  roots: [/srv, /etc/nginx]\n"
				  "  excludes: [\"/srv/cache/**\"]\n"
				  "  every: 15min\n"
				  "  max_file_mib: 64\n"
				  "  min_confidence: 80\n",
				  &config, &diag)));
	assert_int_equal(json_array_size(config.roots), 2);
	assert_string_equal(json_string_value(json_array_get(config.roots, 1)), "/etc/nginx");
	assert_int_equal(json_array_size(config.excludes), 1);
	assert_int_equal(config.every_us, INT64_C(900000000));
	assert_int_equal(config.max_file_bytes, INT64_C(64) << 20);
	assert_int_equal(config.min_confidence, 80);
	rv_config_done(&config);
}

static void what_is_wrong_is_refused_with_its_place_and_nothing_is_taken(void **state)
{
	(void)state;
	static const struct {
		const char *text, *place, *words;
	} bad[] = {
		{"version: 1\ndiscover: {root: [/srv]}\n", ":2:", "did you mean roots?"},
		{"version: 1\ndiscovr: {}\n", ":2:", "did you mean discover?"},
		{"version: 2\n", ":1:", "\"version: 1\" is wanted"},
		{"discover: {}\n", ":1:", "\"version: 1\" is wanted"},
		{"version: 1\ndiscover: {roots: [srv]}\n", ":2:", "not an absolute path"},
		{"version: 1\ndiscover: {roots: [/srv/../etc]}\n", ":2:", "not an absolute path"},
		{"version: 1\ndiscover: {roots: /srv}\n", ":2:", "a list is wanted"},
		{"version: 1\ndiscover: {roots: [7]}\n", ":2:", "a list of strings"},
		{"version: 1\ndiscover: {excludes: [\"/a[\"]}\n", ":2:", "/a["},
		{"version: 1\ndiscover: {every: 5s}\n", ":2:", "out of its range"},
		{"version: 1\ndiscover: {every: often}\n", ":2:", "a time such as 1h"},
		{"version: 1\ndiscover: {max_file_mib: 0}\n", ":2:", "out of its range"},
		{"version: 1\ndiscover: {max_file_mib: 9223372036854775807}\n",
		 ":2:", "out of its range"},
		{"version: 1\ndiscover: {min_confidence: 101}\n", ":2:", "out of its range"},
		{"version: 1\ndiscover: {min_confidence: high}\n", ":2:", "a number is wanted"},
		{"version: 1\ndiscover: 7\n", ":2:", "keys and values"},
		{"version: 1\ndiscover: {roots: [/srv]\n", ":", "reeve.yaml"},
	};
	for (size_t i = 0; i < RV_LEN(bad); i++) {
		struct rv_config config;
		memset(&config, 0x5a, sizeof(config));
		struct rv_config untouched = config;
		struct rv_diag diag = {0};
		rv_status status = load(bad[i].text, &config, &diag);
		if (rv_class_of(status) != RV_CLASS_MALFORMED || !strstr(diag.text, bad[i].place) ||
		    !strstr(diag.text, bad[i].words))
			rvt_die("%s: %s, %s", bad[i].text, rv_class_name(rv_class_of(status)),
				diag.text);
		assert_memory_equal(&config, &untouched, sizeof(config));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_file_the_defaults_hold),
		cmocka_unit_test(what_is_written_is_taken),
		cmocka_unit_test(what_is_wrong_is_refused_with_its_place_and_nothing_is_taken),
	};
	rvt_dir_init(&box);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	rvt_dir_done(&box);
	return failed;
}
