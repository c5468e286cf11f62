/* cli: see baseline_merge.h. */
#include "agent/cli/baseline_merge.h"

#include "agent/base/fd.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ATTRIBUTES_MAX ((size_t)1 << 20)

#define ROOM_MAX (PATH_MAX + 32)

/* A name in the directory that the first `len` bytes of path are, with their slash. */
static const char *inside(const char *path, size_t len, const char *name, char room[ROOM_MAX])
{
	size_t name_len = strlen(name);

	if (len + name_len >= ROOM_MAX)
		return path;
	memcpy(room, path, len);
	memcpy(room + len, name, name_len + 1);
	return room;
}

/* Length of the work tree's path that the file lies in; 0: it lies in none. */
static size_t root_of(const char *path)
{
	char room[ROOM_MAX];

	for (size_t len = strlen(path); len > 0; len--) {
		if (path[len - 1] == '/' && access(inside(path, len, ".git", room), F_OK) == 0)
			return len;
	}
	return 0;
}

/* `name` is relative to where the attributes lie. */
static bool is_for(const char *pattern, const char *name)
{
	const char *slash = strrchr(name, '/');

	if (!strchr(pattern, '/'))
		return fnmatch(pattern, slash ? slash + 1 : name, 0) == 0;
	return fnmatch(pattern + (pattern[0] == '/'), name, FNM_PATHNAME) == 0;
}

/* The last line that says something of the merge holds. */
static void take_line(char *line, const char *name, bool *in_out)
{
	char *rest = NULL;
	const char *pattern = strtok_r(line, " \t\r", &rest);
	char bare[PATH_MAX];

	if (!pattern || pattern[0] == '#')
		return;
	if (pattern[0] == '"') { /* its escapes are not followed */
		(void)snprintf(bare, sizeof(bare), "%s", pattern + 1); /* cut: another file */
		bare[strcspn(bare, "\"")] = '\0';
		pattern = bare;
	}
	if (!is_for(pattern, name))
		return;
	for (const char *word; (word = strtok_r(NULL, " \t\r", &rest));) {
		if (strcmp(word, "merge=union") == 0)
			*in_out = true;
		else if (strncmp(word + (*word == '-' || *word == '!'), "merge", 5) == 0)
			*in_out = false;
	}
}

static void take_file(const char *path, const char *name, bool *in_out)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	char *rest = NULL;

	rv_buf_init(&text, ATTRIBUTES_MAX + 1);
	if (!rv_is_ok(rv_file_read(path, ATTRIBUTES_MAX, &text, NULL)) ||
	    !rv_is_ok(rv_buf_put_byte(&text, '\0')))
		return;
	for (char *line = strtok_r((char *)text.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		take_line(line, name, in_out);
}

/* From the root down to the file, then the repository's own. */
static bool merges_by_union(const char *path, size_t root)
{
	char room[ROOM_MAX];
	bool is_union = false;

	for (size_t at = root; at > 0;) {
		const char *slash = strchr(path + at, '/');

		take_file(inside(path, at, ".gitattributes", room), path + at, &is_union);
		at = slash ? (size_t)(slash - path) + 1 : 0;
	}
	take_file(inside(path, root, ".git/info/attributes", room), path + root, &is_union);
	return is_union;
}

void rv_baseline_hint_merge(const struct rv_out *out, const char *file)
{
	char path[PATH_MAX];
	size_t root = realpath(file, path) ? root_of(path) : 0;

	if (root == 0 || merges_by_union(path, root))
		return;
	const char *quote = strchr(path + root, ' ') ? "\"" : "";
	rv_out_hint(out,
		    "next: branches that add entries merge without a conflict with this line "
		    "in .gitattributes:\n%s%s%s merge=union",
		    quote, rv_out_safe(path + root), quote);
}
