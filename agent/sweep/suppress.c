/* sweep: see suppress.h. */
#include "agent/sweep/suppress.h"

#include "agent/sweep/marker.h"

enum sort {
	SOURCE,
	IGNORE,	 /* each line of it lets something pass */
	SETTINGS /* any line of it may */
};

static enum sort sort_of(struct rv_str path)
{
	static const struct {
		const char *name;
		enum sort sort;
	} files[] = {{".reeveignore", IGNORE},	     {".gitleaksignore", IGNORE},
		     {".betterleaksignore", IGNORE}, {".reeve.yaml", SETTINGS},
		     {".gitleaks.toml", SETTINGS},   {".reeve-baseline.json", SETTINGS}};

	for (size_t i = 0; i < RV_LEN(files); i++) {
		if (rv_str_is(path, files[i].name))
			return files[i].sort;
	}
	return SOURCE;
}

static bool is_blank(struct rv_str line)
{
	size_t at = 0;

	while (at < line.len && (line.data[at] == ' ' || line.data[at] == '\t'))
		at++;
	return at == line.len || line.data[at] == '#' || line.data[at] == '\r';
}

/* What the line adds, or NULL. */
static const char *what_of(enum sort sort, struct rv_str line)
{
	switch (sort) {
	case SOURCE:
		return rv_marker_in_line(line);
	case IGNORE:
		return is_blank(line) ? NULL : "a line of an ignore file";
	case SETTINGS:
		return is_blank(line) ? NULL : "configuration or baseline";
	}
	return NULL;
}

static rv_status look_at_lines(struct rv_leaks *leaks, struct rv_str path, struct rv_str text,
			       uint32_t number)
{
	enum sort sort = sort_of(path);

	for (size_t at = 0; at < text.len; number++) {
		const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
		size_t len = end ? (size_t)(end - text.data) - at : text.len - at;
		const char *what = what_of(sort, (struct rv_str){text.data + at, len});

		at += len + 1;
		if (!what)
			continue;
		RV_TRY(rv_leaks_suppression(leaks, path, number, what));
		if (sort == SETTINGS)
			return RV_OK; /* once a piece is enough */
	}
	return RV_OK;
}

rv_status rv_suppress_look(struct rv_leaks *leaks, struct rv_str path, struct rv_str text,
			   const struct rv_git_lines *lines)
{
	if (!lines)
		return look_at_lines(leaks, path, text, 1);
	for (size_t i = 0; i < lines->count; i++) {
		struct rv_str piece = {text.data + lines->items[i].at, lines->items[i].len};

		RV_TRY(look_at_lines(leaks, path, piece, (uint32_t)lines->items[i].line));
	}
	return RV_OK;
}
