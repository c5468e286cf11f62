/* sweep: see suppress.h. */
#include "agent/sweep/suppress.h"

#include "agent/sweep/marker.h"

#include <ctype.h>
#include <strings.h>

enum sort {
	SOURCE,
	IGNORE, /* each line of it lets something pass */
	YAML,	/* any line of these may */
	TOML,
	BASELINE,
	RULES
};

static const char settings_words[] = "configuration or baseline";

/* In a folder of its own the file also decides whose settings hold for that folder. */
static bool is_nested(const struct rv_suppress_file *file)
{
	return memchr(file->path.data, '/', file->path.len) != NULL;
}

/* Settings are those of the folder that is scanned: any may be. */
static struct rv_str name_of(struct rv_str path)
{
	const uint8_t *slash = memrchr(path.data, '/', path.len);
	size_t start = slash ? (size_t)(slash - path.data) + 1 : 0;

	return (struct rv_str){path.data + start, path.len - start};
}

static enum sort sort_of(const struct rv_suppress_file *file)
{
	static const struct {
		const char *name;
		enum sort sort;
	} files[] = {{".reeveignore", IGNORE},	     {".gitleaksignore", IGNORE},
		     {".betterleaksignore", IGNORE}, {".reeve.yaml", YAML},
		     {".gitleaks.toml", TOML},	     {".reeve-baseline.json", BASELINE}};

	struct rv_str name = name_of(file->path);

	for (size_t i = 0; i < RV_LEN(files); i++) {
		if (rv_str_is(name, files[i].name))
			return files[i].sort;
	}
	if (!file->is_named)
		return SOURCE;
	if (rv_str_ends_with(file->path, ".json"))
		return BASELINE;
	return rv_str_ends_with(file->path, ".toml") ? TOML : RULES;
}

bool rv_suppress_is_settings(const struct rv_suppress_file *file)
{
	return sort_of(file) != SOURCE;
}

/* Without what it is indented by. */
static struct rv_str trimmed(struct rv_str line)
{
	while (line.len > 0 && (line.data[0] == ' ' || line.data[0] == '\t')) {
		line.data++;
		line.len--;
	}
	while (line.len > 0 && isspace(line.data[line.len - 1]))
		line.len--;
	return line;
}

static bool is_blank(struct rv_str line)
{
	line = trimmed(line);
	return line.len == 0 || line.data[0] == '#';
}

/* The bytes of a key before `sign`, when something stands behind it; 0: it is none. */
static size_t key_len(struct rv_str line, char sign)
{
	size_t len = 0;
	size_t at;

	while (len < line.len && (isalnum(line.data[len]) || line.data[len] == '_'))
		len++;
	at = len;
	while (at < line.len && line.data[at] == ' ')
		at++;
	return at + 1 < line.len && line.data[at] == (uint8_t)sign ? len : 0;
}

static bool is_key(struct rv_str line, size_t len, const char *key)
{
	return len == strlen(key) && strncasecmp((const char *)line.data, key, len) == 0;
}

static bool is_yaml_entry(struct rv_str line)
{
	size_t len = key_len(line, ':');

	if (rv_str_starts_with(line, "- "))
		return true;
	return len > 0 && !is_key(line, len, "reason") && !is_key(line, len, "until");
}

static bool is_toml_entry(struct rv_str line)
{
	static const char *const keys[] = {"paths",   "regexes",       "stopwords",
					   "commits", "disabledRules", "path"};
	size_t len = key_len(line, '=');

	if (line.data[0] == '"' || line.data[0] == '\'')
		return true;
	for (size_t i = 0; len > 0 && i < RV_LEN(keys); i++) {
		if (is_key(line, len, keys[i]))
			return true;
	}
	return false;
}

/* A key of a baseline's entry, with its quotes. */
static bool has_key(struct rv_str line, const char *key)
{
	size_t len = strlen(key);

	for (size_t at = 0; at + len <= line.len; at++) {
		if (strncasecmp((const char *)line.data + at, key, len) == 0)
			return true;
	}
	return false;
}

/* Of both forms of baseline. */
static bool is_baseline_entry(struct rv_str line)
{
	return has_key(line, "\"fingerprint\"");
}

/* What the line adds by itself, or NULL. */
static const char *what_of(enum sort sort, struct rv_str line)
{
	if (sort == SOURCE)
		return rv_marker_in_line(line);
	if (is_blank(line))
		return NULL;
	line = trimmed(line);
	switch (sort) {
	case IGNORE:
		return "a line of an ignore file";
	case YAML:
		return is_yaml_entry(line) ? "an entry of the configuration" : NULL;
	case TOML:
		return is_toml_entry(line) ? "an entry of the configuration" : NULL;
	case BASELINE:
		return is_baseline_entry(line) ? "an entry of a baseline" : NULL;
	case SOURCE:
	case RULES:
		break;
	}
	return NULL;
}

/* *out_is_listed: something was; else it is as it was. */
static rv_status look_at_lines(struct rv_leaks *leaks, const struct rv_suppress_file *file,
			       struct rv_str text, uint32_t number, bool *out_is_listed)
{
	enum sort sort = sort_of(file);
	uint32_t first = 0; /* that is not blank; of settings */
	bool has_entry = false;

	for (size_t at = 0; at < text.len; number++) {
		const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
		size_t len = end ? (size_t)(end - text.data) - at : text.len - at;
		struct rv_str line = {text.data + at, len};
		const char *what = what_of(sort, line);

		at += len + 1;
		if (what)
			RV_TRY(rv_leaks_suppression(leaks, file->path, number, what));
		has_entry |= what != NULL;
		if (first == 0 && sort > IGNORE && !is_blank(line))
			first = number;
	}
	*out_is_listed |= has_entry || first > 0;
	return first > 0 && !has_entry
		       ? rv_leaks_suppression(leaks, file->path, first, settings_words)
		       : RV_OK;
}

/* What lets something pass by being gone, or NULL. Of configuration and rules any line may, and is
 * told when nothing else of the file is listed. */
static const char *what_is_lost(enum sort sort, struct rv_str line, bool is_listed)
{
	if (is_blank(line))
		return NULL;
	switch (sort) {
	case IGNORE:
		return rv_str_starts_with(trimmed(line), "!")
			       ? "an exception of an ignore file is gone"
			       : NULL;
	case BASELINE: /* an entry in one line is listed when it changes */
		return has_key(line, "\"until\"") && !is_baseline_entry(line)
			       ? "the end of an entry of a baseline is gone"
			       : NULL;
	case YAML:
	case TOML:
	case RULES:
		return is_listed ? NULL : settings_words;
	case SOURCE:
		break;
	}
	return NULL;
}

/* The first such line that the old text has and the new one lacks. */
static rv_status find_lost(enum sort sort, struct rv_str old_text, struct rv_str text,
			   bool is_listed, const char **out)
{
	struct rv_git_lines lost = {0};
	rv_status status = rv_git_lines_added(text, old_text, &lost);

	*out = NULL;
	for (size_t i = 0; i < lost.count && rv_is_ok(status) && !*out; i++) {
		struct rv_str piece = {old_text.data + lost.items[i].at, lost.items[i].len};

		for (size_t at = 0; at < piece.len && !*out;) {
			const uint8_t *end = memchr(piece.data + at, '\n', piece.len - at);
			size_t len = end ? (size_t)(end - piece.data) - at : piece.len - at;

			*out = what_is_lost(sort, (struct rv_str){piece.data + at, len}, is_listed);
			at += len + 1;
		}
	}
	rv_git_lines_done(&lost);
	return status;
}

/* The old text, in which lines that the new one still has are looked for in their order. */
struct old_side {
	struct rv_str text;
	size_t at;     /* behind what was found */
	uint64_t work; /* bytes gone through */
};
#define OLD_WORK_MAX ((uint64_t)1 << 30) /* past it nothing more is found */

/* Does it have these lines, one behind the other? */
static bool has_lines(struct old_side *old, struct rv_str lines)
{
	struct rv_str text = old->text;

	for (size_t at = old->at; old->work < OLD_WORK_MAX && at + lines.len <= text.len; at++) {
		const uint8_t *found = memmem(text.data + at, text.len - at, lines.data, lines.len);
		size_t place = found ? (size_t)(found - text.data) : text.len;
		size_t end = place + lines.len;

		old->work += place - at;
		if (!found)
			return false;
		at = place;
		if ((at == 0 || found[-1] == '\n') && (end == text.len || text.data[end] == '\n')) {
			old->at = at;
			return true;
		}
	}
	return false;
}

static bool is_added(const struct rv_git_lines *lines, size_t at)
{
	size_t low = 0;
	size_t high = lines->count; /* the first that begins behind */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lines->items[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && at < lines->items[low - 1].at + lines->items[low - 1].len;
}

/* A marker for the line below it, where lines between the two are gone. On an added line it is
 * listed already, and a value on one is told. */
static rv_status look_at_closed_up(struct rv_leaks *leaks, const struct rv_suppress_file *file,
				   struct rv_str old_text, struct rv_str text,
				   const struct rv_git_lines *lines)
{
	struct old_side old = {.text = old_text};
	uint32_t number = 1;

	for (size_t at = 0; at < text.len; number++) {
		const uint8_t *start = text.data + at;
		const uint8_t *end = memchr(start, '\n', text.len - at);
		struct rv_str line = {start, end ? (size_t)(end - start) : text.len - at};
		size_t next = at + line.len + 1;

		if (next >= text.len)
			break;
		if (rv_marker_reaches_below(line) && !is_added(lines, at) &&
		    !is_added(lines, next)) {
			const char *what = rv_marker_in_line(line);

			end = memchr(text.data + next, '\n', text.len - next);
			line.len = end ? (size_t)(end - start) : text.len - at;
			if (what && !has_lines(&old, line))
				RV_TRY(rv_leaks_suppression(leaks, file->path, number, what));
		}
		at = next;
	}
	return RV_OK;
}

/* Are lines of the old text gone? */
static bool has_lost(struct rv_str old_text, struct rv_str text, const struct rv_git_lines *lines)
{
	size_t added = 0;

	for (size_t i = 0; i < lines->count; i++)
		added += lines->items[i].len;
	return old_text.len + added > text.len;
}

/* All of it is the change's. */
static rv_status look_at_new(struct rv_leaks *leaks, const struct rv_suppress_file *file,
			     struct rv_str text)
{
	bool is_listed = false;

	RV_TRY(look_at_lines(leaks, file, text, 1, &is_listed));
	return !is_listed && sort_of(file) != SOURCE && is_nested(file)
		       ? rv_leaks_suppression(leaks, file->path, 1, settings_words)
		       : RV_OK;
}

rv_status rv_suppress_look(struct rv_leaks *leaks, const struct rv_suppress_file *file,
			   struct rv_str old_text, struct rv_str text,
			   const struct rv_git_lines *lines)
{
	bool is_listed = false;
	const char *lost = NULL;

	if (!lines)
		return look_at_new(leaks, file, text);
	for (size_t i = 0; i < lines->count; i++) {
		struct rv_str piece = {text.data + lines->items[i].at, lines->items[i].len};

		RV_TRY(look_at_lines(leaks, file, piece, (uint32_t)lines->items[i].line,
				     &is_listed));
	}
	if (!has_lost(old_text, text, lines))
		return RV_OK;
	if (sort_of(file) == SOURCE)
		return look_at_closed_up(leaks, file, old_text, text, lines);
	RV_TRY(find_lost(sort_of(file), old_text, text, is_listed, &lost));
	return lost ? rv_leaks_suppression(leaks, file->path, 1, lost) : RV_OK;
}

rv_status rv_suppress_removed(struct rv_leaks *leaks, const struct rv_suppress_file *file)
{
	enum sort sort = sort_of(file);

	return sort != SOURCE && (sort != BASELINE || is_nested(file))
		       ? rv_leaks_suppression(leaks, file->path, 1, settings_words)
		       : RV_OK;
}
