/* sweep: .reeveignore (paths and fingerprints) and gitleaks' list of fingerprints. Not here: the
 * decision (filter.c). */
#include "agent/base/path.h"
#include "agent/sweep/config_private.h"
#include "agent/sweep/fields.h"
#include "agent/sweep/identity.h"

#define PATTERN_MAX 512

/* As .gitignore: without a '/' before its end a pattern holds in every directory; what matches a
 * directory holds for all below. */
rv_status rv_config_expand_path(struct rv_scan_config *config, struct rv_str p,
				const char *out_globs[2], struct rv_diag *diag)
{
	bool is_anchored = p.len > 0 && p.data[0] == '/';

	p = is_anchored ? (struct rv_str){p.data + 1, p.len - 1} : p;
	bool is_directory = p.len > 0 && p.data[p.len - 1] == '/';
	p.len -= is_directory;
	if (p.len == 0 || p.len > PATTERN_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a path pattern has 1 to %d bytes",
			       PATTERN_MAX);
	if (!rv_glob_is_valid(p, diag))
		return rv_fail(RV_CLASS_MALFORMED, diag, "this is no path pattern");
	const char *before = is_anchored || memchr(p.data, '/', p.len) ? "" : "**/";
	out_globs[0] = rv_config_text(config, "%s%.*s/**", before, (int)p.len, p.data);
	out_globs[1] =
		is_directory ? NULL : rv_config_text(config, "%s%.*s", before, (int)p.len, p.data);
	return out_globs[0] && (is_directory || out_globs[1]) ? RV_OK : rv_fail_nomem(diag);
}

rv_status rv_config_add_path(struct rv_scan_config *config, struct rv_str p, struct rv_diag *diag)
{
	bool is_negated = p.len > 0 && p.data[0] == '!';
	const char *globs[2];

	p = is_negated ? (struct rv_str){p.data + 1, p.len - 1} : p;
	RV_TRY(rv_config_expand_path(config, p, globs, diag));
	for (size_t i = 0; i < RV_LEN(globs) && globs[i]; i++) {
		RV_TRY(RV_LIST_ROOM(&config->paths, diag));
		config->paths.items[config->paths.count++] =
			(struct rv_ignore_path){globs[i], is_negated};
	}
	return RV_OK;
}

static rv_status add_print(struct rv_scan_config *config, const char *print, const char *note,
			   struct rv_diag *diag)
{
	RV_TRY(RV_LIST_ROOM(&config->prints, diag));
	if (!print || !note)
		return rv_fail_nomem(diag);
	config->prints.items[config->prints.count++] = (struct rv_ignore_print){print, note};
	return RV_OK;
}

static rv_status read_print(struct rv_scan_config *config, struct rv_str line, const char *name,
			    unsigned number, struct rv_diag *diag)
{
	struct rv_fields fields;
	size_t len = 0;

	while (len < line.len && line.data[len] != ' ' && line.data[len] != '\t')
		len++;
	struct rv_str print = {line.data, len};
	if (!rv_identity_is_text(print))
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "a fingerprint is rv1: and 32 hexadecimal digits");
	RV_TRY(rv_fields_parse((struct rv_str){line.data + len, line.len - len}, &fields, diag));
	if (fields.reason.len == 0 || fields.rule.len)
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "a fingerprint is followed by reason=\"..\", perhaps until=DATE");
	if (fields.until_utc_us <= config->now_utc_us) {
		rv_config_note(config, "%s:%u: this allowance has ended", name, number);
		return RV_OK;
	}
	return add_print(config, rv_arena_text(&config->arena, print),
			 rv_config_text(config, "%s:%u: %.*s", name, number, (int)fields.reason.len,
					(const char *)fields.reason.data),
			 diag);
}

/* Cuts the next line off `text`, without its end. */
static struct rv_str next_line(struct rv_str *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->len);
	size_t len = end ? (size_t)(end - text->data) : text->len;
	struct rv_str line = {text->data, len};

	text->data += len + (end != NULL);
	text->len -= len + (end != NULL);
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static struct rv_str trim(struct rv_str s)
{
	while (s.len && (s.data[0] == ' ' || s.data[0] == '\t')) {
		s.data++;
		s.len--;
	}
	/* A space at the end counts after a backslash alone. */
	while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t') &&
	       !(s.len > 1 && s.data[s.len - 2] == '\\'))
		s.len--;
	return s;
}

static rv_status read_line(struct rv_scan_config *config, struct rv_str line, const char *name,
			   unsigned number, struct rv_diag *diag)
{
	static const char word[] = "fingerprint ";

	if (line.len == 0 || line.data[0] == '#')
		return RV_OK;
	if (memchr(line.data, 0, line.len))
		return rv_fail(RV_CLASS_MALFORMED, diag, "a NUL byte");
	if (rv_str_starts_with(line, "rv1:"))
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "no path: a fingerprint's line begins with the word fingerprint, as "
			       "in  fingerprint rv1:... reason=\"..\"");
	if (!rv_str_starts_with(line, word))
		return rv_config_add_path(config, line, diag);
	return read_print(
		config,
		trim((struct rv_str){line.data + sizeof(word) - 1, line.len - (sizeof(word) - 1)}),
		name, number, diag);
}

rv_status rv_config_load_ignore(struct rv_scan_config *config, struct rv_str text, const char *name,
				struct rv_diag *diag)
{
	unsigned number = 0;

	if (text.len > RV_SCAN_CONFIG_FILE_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: larger than 4 MiB", name);
	while (text.len > 0) {
		struct rv_diag why = {0};
		struct rv_str line = trim(next_line(&text));
		rv_status status = read_line(config, line, name, ++number, &why);

		if (!rv_is_ok(status))
			return rv_fail(rv_class_of(status), diag, "%s:%u:1: %s", name, number,
				       why.text);
	}
	return RV_OK;
}

static size_t colons_in(struct rv_str line)
{
	size_t colons = 0;

	for (size_t i = 0; i < line.len; i++)
		colons += line.data[i] == ':';
	return colons;
}

/* path:rule:line or commit:path:rule:line, with '/' in the path. NULL: no memory. */
static char *normal_print(struct rv_scan_config *config, struct rv_str line)
{
	size_t colons = colons_in(line), seen = 0;
	char *text = rv_arena_text(&config->arena, line);

	for (char *p = text; p && *p; p++) {
		seen += *p == ':';
		if (*p == '\\' && seen == colons - 2)
			*p = '/';
	}
	return text;
}

rv_status rv_config_load_prints(struct rv_scan_config *config, struct rv_str text, const char *name,
				struct rv_diag *diag)
{
	unsigned number = 0;

	if (text.len > RV_SCAN_CONFIG_FILE_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s: larger than 4 MiB", name);
	while (text.len > 0) {
		struct rv_str line = trim(next_line(&text));

		number++;
		if (line.len == 0 || line.data[0] == '#')
			continue;
		size_t colons = colons_in(line);
		if (memchr(line.data, 0, line.len) || (colons != 2 && colons != 3)) {
			rv_config_note(config,
				       "%s:%u: not path:rule:line or commit:path:rule:line: it has "
				       "no effect",
				       name, number);
			continue;
		}
		RV_TRY(add_print(config, normal_print(config, line),
				 rv_config_text(config, "%s:%u", name, number), diag));
	}
	return RV_OK;
}
