/* tests: helpers for what decides on findings. */
#pragma once

#include "agent/sweep/config.h"
#include "tests/support/unit.h"

#define NOW_US INT64_C(1795824000000000) /* 2026-11-28 */

/* Files by name, for the reader. */
struct sift_file {
	const char *path;
	const char *text;
};

static inline rv_status sift_read(void *context, const char *path, struct rv_buf *out,
				  struct rv_diag *diag)
{
	for (const struct sift_file *f = context; f->path; f++) {
		if (strcmp(f->path, path) == 0)
			return rv_buf_put_str(out, f->text);
	}
	return rv_fail(RV_CLASS_NOT_FOUND, diag, "%s: no such file", path);
}

/* Loads one file and seals. */
static inline rv_status sift_load(enum rv_scan_source source, const char *text,
				  const struct sift_file *files, struct rv_scan_config **out,
				  struct rv_diag *diag)
{
	static const struct sift_file none[] = {{NULL, NULL}};
	const struct rv_scan_reader reader = {sift_read, (void *)(uintptr_t)(files ? files : none)};
	RV_CLEANUP(rv_scan_config_freep) struct rv_scan_config *config = NULL;

	RV_TRY(rv_scan_config_new(&reader, NOW_US, &config));
	RV_TRY(rv_scan_config_load(config, source, rv_str_of(text), "f", diag));
	RV_TRY(rv_scan_config_seal(config, diag));
	*out = RV_TAKE(config);
	return RV_OK;
}

/* Is there a note with these words? */
static inline bool sift_notes(const struct rv_scan_config *config, const char *words)
{
	size_t count;
	const char *const *notes = rv_scan_config_notes(config, &count);

	for (size_t i = 0; i < count; i++) {
		if (strstr(notes[i], words))
			return true;
	}
	return false;
}
