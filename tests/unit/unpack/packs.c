#include "tests/unit/unpack/packs.h"

#include "tests/support/dir.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdio.h>

static void must(struct archive *writer, int code, const char *what)
{
	if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
		rvt_die("%s: %s", what, archive_error_string(writer));
}

struct rv_buf packs_make(const char *format, const char *filter, const char *options,
			 const struct pack_file *files, size_t count)
{
	struct archive *writer = archive_write_new();
	struct rv_buf out;
	size_t room = 1 << 20;
	uint8_t *place;

	for (size_t i = 0; i < count; i++)
		room += files[i].bytes.len * 2 + 65536;
	rv_buf_init(&out, PACKS_MAX * 2);
	place = rv_buf_reserve(&out, room);
	if (!writer || !place)
		rvt_die("no memory");
	must(writer, archive_write_set_format_by_name(writer, format), format);
	if (strcmp(filter, "none") != 0)
		must(writer, archive_write_add_filter_by_name(writer, filter), filter);
	if (options)
		must(writer, archive_write_set_options(writer, options), options);
	(void)archive_write_set_passphrase(writer,
					   "open sesame"); /* used where options ask for it */
	(void)archive_write_set_bytes_in_last_block(writer, 1);
	must(writer, archive_write_open_memory(writer, place, room, &out.len), "open");
	for (size_t i = 0; i < count; i++) {
		struct archive_entry *entry = archive_entry_new();

		archive_entry_set_pathname(entry, files[i].name);
		archive_entry_set_filetype(entry, AE_IFREG);
		archive_entry_set_perm(entry, 0644);
		archive_entry_set_size(entry, (la_int64_t)files[i].bytes.len);
		archive_entry_set_mtime(entry, 1700000000, 0);
		must(writer, archive_write_header(writer, entry), files[i].name);
		if (archive_write_data(writer, files[i].bytes.data, files[i].bytes.len) < 0)
			must(writer, ARCHIVE_FATAL, "data");
		archive_entry_free(entry);
	}
	must(writer, archive_write_close(writer), "close");
	(void)archive_write_free(writer); /* closed */
	return out;
}

struct rv_buf packs_one(const char *format, const char *filter, const char *name,
			struct rv_str bytes)
{
	struct pack_file file = {name, bytes};

	return packs_make(format, filter, NULL, &file, 1);
}

static void copy_text(char *out, size_t size, const void *bytes, size_t len)
{
	len = len < size - 1 ? len : size - 1;
	memcpy(out, bytes, len);
	out[len] = '\0';
}

/* The last of this path: several may have it. */
static size_t find_last(const struct pack_walk *walk, const char *path)
{
	for (size_t i = walk->count; i > 0; i--) {
		if (strcmp(walk->seen[i - 1].path, path) == 0)
			return i - 1;
	}
	return SIZE_MAX;
}

static bool on_member(const struct rv_unpack_member *member, void *user)
{
	struct pack_walk *walk = user;
	char path[600];
	size_t i;

	walk->total += member->bytes.len;
	if (walk->keeps_nothing) {
		walk->count++;
		return !walk->stop_after || walk->count < walk->stop_after;
	}
	copy_text(path, sizeof(path), member->path.data, member->path.len);
	i = member->offset ? find_last(walk, path) : walk->count;
	if (i == SIZE_MAX || i == PACKS_SEEN_MAX)
		rvt_die("a window without its first, or too many members: %s", path);
	if (i == walk->count) {
		walk->count++;
		memcpy(walk->seen[i].path, path, sizeof(path));
		rv_buf_init(&walk->seen[i].bytes, PACKS_MAX);
		walk->seen[i].mtime_s = member->mtime_s;
		walk->seen[i].kind = member->kind;
		walk->seen[i].depth = member->depth;
	}
	if (member->offset > walk->seen[i].bytes.len)
		rvt_die("a gap before a window: %s", path);
	walk->seen[i].bytes.len = (size_t)member->offset;
	if (!rv_is_ok(rv_buf_put(&walk->seen[i].bytes, member->bytes.data, member->bytes.len)))
		rvt_die("no memory");
	walk->seen[i].windows++;
	walk->seen[i].is_whole = member->is_last;
	return !walk->stop_after || walk->count < walk->stop_after;
}

static void on_trouble(struct rv_str path, enum rv_unpack_reason reason, const char *detail,
		       void *user)
{
	struct pack_walk *walk = user;
	size_t i = walk->trouble_count;

	if (i == PACKS_SEEN_MAX)
		return;
	walk->trouble_count++;
	copy_text(walk->troubles[i].path, sizeof(walk->troubles[i].path), path.data, path.len);
	copy_text(walk->troubles[i].detail, sizeof(walk->troubles[i].detail), detail,
		  strlen(detail));
	walk->troubles[i].reason = reason;
}

static bool is_over(void *user)
{
	struct pack_walk *walk = user;

	return walk->over_after && ++walk->over_calls > walk->over_after;
}

struct pack_walk *packs_new(void)
{
	struct pack_walk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		rvt_die("no memory");
	return walk;
}

void packs_walk_into(struct pack_walk *walk, const struct rv_unpack_source *source,
		     const struct rv_unpack_limits *limits)
{
	struct rv_unpack_events events = {on_member, on_trouble, is_over, walk};
	struct rv_unpack_limits defaults = RV_UNPACK_LIMITS_DEFAULT;

	walk->status = rv_unpack_walk(source, limits ? limits : &defaults, &events, NULL);
}

struct pack_walk *packs_walk(struct rv_str bytes, const struct rv_unpack_limits *limits)
{
	struct rv_unpack_source source = {.bytes = bytes, .fd = -1, .name = rv_str_of("a")};
	struct pack_walk *walk = packs_new();

	packs_walk_into(walk, &source, limits);
	return walk;
}

struct pack_walk *packs_walk_fd(int fd, const struct rv_unpack_limits *limits)
{
	struct rv_unpack_source source = {.fd = fd, .name = rv_str_of("a")};
	struct pack_walk *walk = packs_new();

	packs_walk_into(walk, &source, limits);
	return walk;
}

void packs_done(struct pack_walk *walk)
{
	if (!walk)
		return;
	for (size_t i = 0; i < walk->count && !walk->keeps_nothing; i++)
		rv_buf_done(&walk->seen[i].bytes);
	free(walk);
}

size_t packs_find(const struct pack_walk *walk, const char *path)
{
	for (size_t i = 0; i < walk->count; i++) {
		if (strcmp(walk->seen[i].path, path) == 0)
			return i;
	}
	return SIZE_MAX;
}

bool packs_has(const struct pack_walk *walk, const char *path, const char *text)
{
	size_t i = packs_find(walk, path);

	return i != SIZE_MAX && walk->seen[i].bytes.len == strlen(text) &&
	       memcmp(walk->seen[i].bytes.data, text, strlen(text)) == 0;
}

bool packs_has_trouble(const struct pack_walk *walk, enum rv_unpack_reason reason)
{
	for (size_t i = 0; i < walk->trouble_count; i++) {
		if (walk->troubles[i].reason == reason)
			return true;
	}
	return false;
}
