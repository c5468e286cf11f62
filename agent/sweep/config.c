/* sweep: the configuration as a whole: memory, notes, order. Not here: the files' forms
 * (config_native.c, config_gitleaks.c, ignore.c), what is decided by it (filter.c). */
#include "agent/sweep/config.h"

#include "agent/scan/decode.h"
#include "agent/sweep/config_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#define ARENA_BYTES  ((size_t)128 << 20)
#define SENTENCE_MAX 1024

const struct rv_scan_settings rv_scan_settings_default = {
	.min_confidence = 50,
	.decode_depth = RV_DECODE_DEPTH_MAX,
	.archive_depth = 5,
	.max_file_bytes = 0, /* none: large files come in windows */
};

rv_status rv_scan_config_new(const struct rv_scan_reader *reader, int64_t now_utc_us,
			     struct rv_scan_config **out)
{
	struct rv_scan_config *config = calloc(1, sizeof(*config));

	if (!config)
		return rv_fail_nomem(NULL);
	rv_arena_init(&config->arena, ARENA_BYTES);
	if (reader)
		config->reader = *reader;
	config->now_utc_us = now_utc_us;
	config->settings = rv_scan_settings_default;
	*out = config;
	return RV_OK;
}

void rv_scan_config_free(struct rv_scan_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->allowlists.count; i++) {
		rv_pattern_free(config->allowlists.items[i].paths);
		rv_pattern_free(config->allowlists.items[i].regexes);
	}
	free(config->allowlists.items);
	for (size_t i = 0; i < config->rule_paths.count; i++)
		rv_pattern_free(config->rule_paths.items[i].pattern);
	free(config->rule_paths.items);
	free(config->drafts.items);
	free(config->required.items);
	free(config->paths.items);
	free(config->prints.items);
	free(config->hidden.items);
	free(config->disabled.items);
	free(config->forbidden.items);
	rv_ruleset_free(config->ruleset);
	rv_rules_free(config->own);
	rv_arena_done(&config->arena);
	free(config);
}

void rv_scan_config_freep(struct rv_scan_config **config)
{
	rv_scan_config_free(*config);
	*config = NULL;
}

rv_status rv_list_room(void *items_slot, size_t count, size_t *room, size_t size, size_t max,
		       struct rv_diag *diag)
{
	void **slot = items_slot;
	size_t more = *room ? *room * 2 : 16;

	if (count < *room)
		return RV_OK;
	if (count >= max)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "more than %zu entries", max);
	void *items = reallocarray(*slot, more, size);
	if (!items)
		return rv_fail_nomem(diag);
	*slot = items;
	*room = more;
	return RV_OK;
}

static const char *keep_text(struct rv_scan_config *config, char *text)
{
	rv_text_tame(text);
	return rv_arena_text(&config->arena, rv_str_of(text));
}

const char *rv_config_text(struct rv_scan_config *config, const char *fmt, ...)
{
	char text[SENTENCE_MAX];
	va_list args;

	va_start(args, fmt);
	int len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return len < 0 ? NULL : keep_text(config, text);
}

void rv_config_note(struct rv_scan_config *config, const char *fmt, ...)
{
	char text[SENTENCE_MAX];
	va_list args;

	if (config->note_count == RV_SCAN_CONFIG_NOTES_MAX)
		return;
	va_start(args, fmt);
	int len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	const char *kept = len < 0 ? NULL : keep_text(config, text);
	if (kept)
		config->notes[config->note_count++] = kept;
}

json_t *rv_config_get(const json_t *object, const char *key, const char **out_key)
{
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)object, name, value) {
		if (strcasecmp(name, key) != 0)
			continue;
		if (out_key)
			*out_key = name;
		return value;
	}
	return NULL;
}

rv_status rv_config_read(struct rv_scan_config *config, const char *path, struct rv_buf *out,
			 struct rv_diag *diag)
{
	if (!config->reader.read)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: no other file can be read here",
			       path);
	return config->reader.read(config->reader.context, path, out, diag);
}

rv_status rv_scan_config_load(struct rv_scan_config *config, enum rv_scan_source source,
			      struct rv_str text, const char *name, struct rv_diag *diag)
{
	RV_BUG_ON(config->ruleset && source != RV_SCAN_SOURCE_IGNORE &&
		  source != RV_SCAN_SOURCE_FINGERPRINTS);
	switch (source) {
	case RV_SCAN_SOURCE_NATIVE:
		return rv_config_load_native(config, text, name, diag);
	case RV_SCAN_SOURCE_GITLEAKS:
		return rv_config_load_gitleaks(config, text, name, diag);
	case RV_SCAN_SOURCE_IGNORE:
		return rv_config_load_ignore(config, text, name, diag);
	case RV_SCAN_SOURCE_FINGERPRINTS:
		return rv_config_load_prints(config, text, name, diag);
	}
	return rv_fail(RV_CLASS_BUG, diag, "no such source");
}

static int by_print(const void *left, const void *right)
{
	const struct rv_ignore_print *a = left, *b = right;

	return strcmp(a->print, b->print);
}

rv_status rv_scan_config_settle(struct rv_scan_config *config, struct rv_diag *diag)
{
	RV_BUG_ON(config->ruleset);
	return rv_config_settle_rules(config, diag);
}

rv_status rv_scan_config_seal(struct rv_scan_config *config, struct rv_diag *diag)
{
	if (!config->ruleset)
		RV_TRY(rv_config_settle_rules(config, diag));
	if (config->prints.count)
		qsort(config->prints.items, config->prints.count, sizeof(*config->prints.items),
		      by_print);
	return rv_config_list_path_rules(config, diag);
}

const struct rv_ruleset *rv_scan_config_rules(const struct rv_scan_config *config)
{
	return config->ruleset;
}

struct rv_ruleset *rv_scan_config_rules_edit(struct rv_scan_config *config)
{
	return config->ruleset;
}

const struct rv_scan_settings *rv_scan_config_settings(const struct rv_scan_config *config)
{
	return &config->settings;
}

void rv_scan_config_note(struct rv_scan_config *config, const char *text)
{
	rv_config_note(config, "%s", text);
}

const char *const *rv_scan_config_notes(const struct rv_scan_config *config, size_t *out_count)
{
	*out_count = config->note_count;
	return config->notes;
}
