/* tests: one configuration file of any form, loaded, sealed and asked, by the fuzz targets. */
#pragma once

#include "agent/sweep/filter.h"

#define FUZZ_NOW_US INT64_C(1795824000000000)

/* Files that are named are the bytes themselves: a chain of them, and rule files. */
static inline rv_status fuzz_read(void *context, const char *path, struct rv_buf *out,
				  struct rv_diag *diag)
{
	const struct rv_str *bytes = context;

	(void)path;
	(void)diag;
	return rv_buf_put(out, bytes->data, bytes->len);
}

static inline void fuzz_judge(const struct rv_scan_config *config)
{
	static const char *const aliases[] = {"acme-token", NULL};
	static const struct rv_rule rule = {.id = "acme-key", .aliases = aliases};
	struct rv_identity *identity = NULL;
	struct rv_filter filter;
	struct rv_filter_answer answer;
	const struct rv_filter_question question = {
		.rule = &rule,
		.path = RV_STR_LIT("src/a.py"),
		.inside = "b",
		.value = RV_STR_LIT("VALUE-0aB1cD2eF3gH4iJ5kL6mN7oP8q"),
		.lines = RV_STR_LIT("k = VALUE-0aB1cD2eF3gH4iJ5kL6mN7oP8q # gitleaks"),
		.value_end = 36,
		.line = 7,
		.commit = "0123abcd",
		.confidence = 90,
	};

	if (!rv_is_ok(rv_identity_new(NULL, &identity)))
		abort();
	rv_filter_init(&filter, config, NULL, identity, FUZZ_NOW_US);
	if (!rv_is_ok(rv_filter_judge(&filter, &question, &answer)))
		abort();
	(void)rv_filter_skips_path(config, RV_STR_LIT("a/b/c.txt"), NULL); /* only that it ends */
	rv_identity_free(identity);
}

static inline int fuzz_config(enum rv_scan_source source, const uint8_t *data, size_t size)
{
	struct rv_str bytes = {data, size};
	const struct rv_scan_reader reader = {fuzz_read, &bytes};
	struct rv_scan_config *config = NULL;
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_scan_config_new(&reader, FUZZ_NOW_US, &config)))
		abort();
	if (rv_is_ok(rv_scan_config_load(config, source, bytes, "f", &diag)) &&
	    rv_is_ok(rv_scan_config_seal(config, &diag)))
		fuzz_judge(config);
	else if (!diag.text[0])
		abort();
	rv_scan_config_free(config);
	return 0;
}
