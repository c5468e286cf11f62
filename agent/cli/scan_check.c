/* cli: see scan_check.h. */
#include "agent/cli/scan_check.h"

#include "agent/cli/scan_given.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One file by two names, or one name of a file that is not there yet. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat at, bt;

	if (stat(a, &at) == 0 && stat(b, &bt) == 0)
		return at.st_dev == bt.st_dev && at.st_ino == bt.st_ino;
	RV_CLEANUP(rv_freep) char *whole_a = rv_scan_given_absolute(a);
	RV_CLEANUP(rv_freep) char *whole_b = rv_scan_given_absolute(b);
	return whole_a && whole_b && strcmp(whole_a, whole_b) == 0;
}

static rv_status refuse(const char *output, const char *option, struct rv_diag *diag)
{
	rv_diag_next(diag, "name another file for the report");
	return rv_fail(
		RV_CLASS_MISCONFIGURED, diag,
		"reeve scan: --output %s is the file of --%s, too, and would be written over",
		rv_out_safe(output), option);
}

rv_status rv_scan_check_output(const struct rv_scan_ask *ask, struct rv_diag *diag)
{
	const struct {
		const char *name, *path;
	} files[] = {{"config", ask->config},		{"baseline", ask->baseline},
		     {"ledger", ask->sweep.ledger},	{"gitleaks-ignore-path", ask->ignore_path},
		     {"validate-ca", ask->validate_ca}, {"index", ask->sweep.index}};
	size_t index;
	const json_t *rules;

	if (!ask->output)
		return RV_OK;
	for (size_t i = 0; i < RV_LEN(files); i++) {
		if (files[i].path && is_same_file(ask->output, files[i].path))
			return refuse(ask->output, files[i].name, diag);
	}
	json_array_foreach (ask->rules, index, rules) {
		if (is_same_file(ask->output, json_string_value(rules)))
			return refuse(ask->output, "rules", diag);
	}
	return RV_OK;
}
