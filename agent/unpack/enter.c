/* unpack: containers of each kind, read whole, and those that follow them. Not here: the bytes of a
 * member (member.c), libarchive's settings (reader.c), pages of databases (sqlite_walk.c).
 * rv_walk_enter() calls itself for a container in a container, at most RV_UNPACK_DEPTH_MAX deep. */
#include "agent/unpack/behind.h"
#include "agent/unpack/program.h"
#include "agent/unpack/sevenzip.h"
#include "agent/unpack/walk.h"
#include "agent/unpack/zip.h"

/* The name of what a compressed file holds: its own without the ending. */
static struct rv_str plain_name(const struct rv_walk *walk)
{
	static const char *const endings[] = {".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzma", ".Z"};
	struct rv_str path = rv_buf_view(&walk->path);
	size_t start = path.len;

	while (start && path.data[start - 1] != '!' && path.data[start - 1] != '/')
		start--;
	if (start) /* there may be no path at all */
		path = (struct rv_str){path.data + start, path.len - start};
	for (size_t i = 0; i < RV_LEN(endings); i++) {
		size_t len = strlen(endings[i]);

		if (path.len > len && rv_str_ends_with(path, endings[i]))
			return (struct rv_str){path.data, path.len - len};
	}
	return rv_str_of("data");
}

static struct rv_str name_of(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname_utf8(entry);

	if (!name)
		name = archive_entry_pathname(entry);
	return rv_str_of(name ? name : "?");
}

static void one_entry(struct rv_level *level, struct archive_entry *entry)
{
	bool is_begun = rv_level_begin(level, name_of(entry));
	int64_t size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
	bool is_link = archive_entry_hardlink(entry) && size <= 0;
	unsigned type = archive_entry_filetype(entry);

	level->mtime_s = archive_entry_mtime_is_set(entry) ? archive_entry_mtime(entry) : 0;
	if (is_begun && !is_link && (type == AE_IFREG || type == 0)) {
		if (archive_entry_is_encrypted(entry))
			rv_walk_trouble(level->walk, RV_UNPACK_ENCRYPTED,
					"the member is encrypted");
		else
			rv_member_read(level, size);
	}
	rv_level_end(level);
}

void rv_level_failed(struct rv_level *level)
{
	struct rv_flow *flow = level->flow;

	if (flow->detail && !flow->is_told)
		rv_walk_trouble(level->walk, flow->reason, flow->detail);
	else if (!flow->detail && level->reader)
		rv_walk_trouble(level->walk, rv_reader_reason(level->reader),
				archive_error_string(level->reader));
	flow->is_told = true;
}

/* Where the container ends in its flow, of which all was read. */
static uint64_t end_of(const struct rv_level *level)
{
	enum rv_unpack_kind kind = (enum rv_unpack_kind)level->kind;
	bool is_read_on = level->flow->is_forward || !rv_flow_has_places(level->flow);

	if (kind == RV_UNPACK_7Z)
		return rv_7z_end(level->flow);
	/* A zip ends before its directory. An ISO image is padded as one likes. */
	if (kind == RV_UNPACK_ISO || (kind == RV_UNPACK_ZIP && !is_read_on))
		return RV_LEVEL_UNKNOWN;
	return rv_reader_used(level->reader);
}

static void read_entries(struct rv_level *level)
{
	struct archive_entry *entry;

	while (!level->is_left && !level->walk->is_stopped) {
		level->flow->ahead = 0;
		int code = archive_read_next_header(level->reader, &entry);

		if (code == ARCHIVE_OK || code == ARCHIVE_WARN) {
			one_entry(level, entry);
			continue;
		}
		bool is_end = code == ARCHIVE_EOF ||
			      (level->is_stretch && !archive_error_string(level->reader));
		if (!is_end || level->flow->detail)
			rv_level_failed(level);
		else
			level->used = end_of(level);
		/* A header that fails may be followed by good ones, except after FATAL. */
		if (code == ARCHIVE_EOF || code == ARCHIVE_FATAL || !rv_walk_count(level->walk))
			return;
	}
}

static void read_archive(struct rv_level *level, struct rv_flow *flow)
{
	level->flow = flow;
	if (level->kind == RV_UNPACK_7Z && !rv_7z_is_bounded(flow)) {
		rv_level_failed(level);
		return;
	}
	level->reader = rv_reader_open((enum rv_unpack_kind)level->kind, flow);
	if (!level->reader) {
		rv_level_failed(level);
		return;
	}
	read_entries(level);
	(void)archive_read_free(level->reader); /* only reading */
	level->reader = NULL;
}

/* The whole of a gzip file, at once if it fits and is no bomb. */
static bool read_gzip(struct rv_level *level, struct rv_str packed, struct rv_buf *whole)
{
	uint64_t dense = packed.len * level->walk->limits->max_ratio;
	uint64_t max = dense > RV_UNPACK_RATIO_FROM ? dense : RV_UNPACK_RATIO_FROM;
	uint64_t told = rv_gzip_told(packed);

	level->is_told = told > max;
	return told > 0 && told <= max && told <= level->member->max &&
	       rv_gzip_whole(packed, (size_t)told, whole);
}

static void read_stream(struct rv_level *level, struct rv_flow *packed)
{
	struct rv_flow unpacked;
	struct rv_buf whole = {0};
	char name[RV_UNPACK_NAME_MAX];
	struct rv_str plain =
		level->kind == RV_UNPACK_RPM ? rv_str_of("payload") : plain_name(level->walk);

	plain.len = plain.len < sizeof(name) ? plain.len : sizeof(name);
	memcpy(name, plain.data, plain.len); /* the path may move when it grows */
	plain.data = (const uint8_t *)name;
	level->flow = &unpacked;
	if (level->kind == RV_UNPACK_GZIP && packed->is_memory &&
	    read_gzip(level, packed->bytes, &whole)) {
		rv_flow_memory(&unpacked, rv_buf_view(&whole));
		rv_stream_read(level, plain);
	} else if (rv_flow_unpacked(&unpacked, (enum rv_unpack_kind)level->kind, packed))
		rv_stream_read(level, plain);
	else
		rv_level_failed(level);
	if (unpacked.is_done && !unpacked.detail)
		level->used = unpacked.used;
	if (level->kind == RV_UNPACK_LZ4 && level->used != RV_LEVEL_UNKNOWN && level->used > 4)
		level->used -= 4; /* libarchive takes the mark of what it then does not read */
	level->flow = NULL;
	rv_flow_done(&unpacked);
	rv_buf_done(&whole);
}

/* What stands before an archive that its own numbers do not begin with: another, or no container.
 */
static enum rv_unpack_kind kind_before(const struct rv_flow *flow)
{
	uint8_t head[RV_UNPACK_HEAD];
	size_t len = rv_flow_peek(flow, 0, head, sizeof(head));

	return rv_unpack_kind_by_start((struct rv_str){head, len});
}

/* The program before a container, where nobody else looks at it. */
static void tell_before(struct rv_level *level, const struct rv_flow *flow, uint64_t len)
{
	struct rv_flow before;

	if (!len || flow->is_source || level->walk->is_stopped || level->is_left)
		return;
	before = rv_flow_part(flow, 0, len);
	level->flow = &before;
	if (rv_level_begin(level, RV_STR_LIT("(before)")))
		rv_member_read(level, -1);
	rv_level_end(level);
	level->flow = NULL;
	rv_flow_done(&before);
}

struct unnamed {
	struct rv_level *level;
	const struct rv_flow *flow;
};

/* From its start, without a directory. */
static void on_stretch(uint64_t from, uint64_t until, void *user)
{
	struct unnamed *unnamed = user;
	struct rv_flow part = rv_flow_part(unnamed->flow, from, until);

	part.is_forward = true;
	unnamed->level->is_stretch = true;
	if (!unnamed->level->walk->is_stopped && !unnamed->level->is_left)
		read_archive(unnamed->level, &part);
	unnamed->level->is_stretch = false;
	rv_flow_done(&part);
}

/* Members that the directory does not name. */
static void read_unnamed(struct rv_level *level, const struct rv_flow *flow,
			 const struct rv_zip_outline *outline)
{
	struct unnamed unnamed = {level, flow};
	const char *why;

	if (level->walk->is_stopped || level->is_left)
		return;
	if (!rv_zip_find_unnamed(flow, outline, on_stretch, &unnamed, &why))
		rv_walk_trouble(level->walk, RV_UNPACK_UNSUPPORTED, why);
}

/* By its directory, which stands at its end; from its start, where that is not to be found, or is
 * the one of another archive that follows. */
static void read_zip(struct rv_level *level, struct rv_flow *flow)
{
	struct rv_zip_outline outline;
	bool has_outline =
		rv_flow_has_places(flow) && !flow->is_forward && rv_zip_outline(flow, &outline);

	if (has_outline && outline.base && kind_before(flow) == RV_UNPACK_ZIP)
		has_outline = false;
	flow->is_forward = !has_outline;
	if (!has_outline || !flow->is_memory || !rv_zip_walk(level, flow->bytes, &outline))
		read_archive(level, flow);
	if (!has_outline)
		return;
	read_unnamed(level, flow, &outline);
	level->used = outline.end;
	tell_before(level, flow, outline.base);
}

/* It ends where the container begins that follows it. */
static void read_program(struct rv_level *level, struct rv_flow *flow)
{
	uint64_t at;

	if (!rv_program_find(flow, &at))
		return; /* the file has changed */
	tell_before(level, flow, at);
	level->used = at;
}

static void read_container(struct rv_level *level, struct rv_flow *flow)
{
	enum rv_unpack_kind kind = (enum rv_unpack_kind)level->kind;

	if (rv_unpack_is_database(kind))
		rv_sqlite_walk(level, flow);
	else if (rv_unpack_is_stream(kind))
		read_stream(level, flow);
	else if (kind == RV_UNPACK_PROGRAM)
		read_program(level, flow);
	else if (kind == RV_UNPACK_ZIP)
		read_zip(level, flow);
	else
		read_archive(level, flow);
}

void rv_level_enter(struct rv_level *level, struct rv_flow *flow)
{
	struct rv_behind behind = {0};

	level->used = RV_LEVEL_UNKNOWN;
	read_container(level, flow);
	while (rv_behind_next(&behind, level, flow)) {
		flow = &behind.flow;
		level->kind = behind.kind;
		level->used = RV_LEVEL_UNKNOWN;
		level->expanded = 0; /* each within its ratio; all of them within the source's */
		level->is_told = false;
		read_container(level, flow);
	}
	rv_flow_done(&behind.flow);
}

void rv_walk_enter(struct rv_walk *walk, enum rv_unpack_kind kind, struct rv_flow *flow,
		   uint64_t packed)
{
	struct rv_level level = {
		.walk = walk, .kind = (uint8_t)kind, .packed = packed, .path_len = walk->path.len};

	if (walk->depth >= walk->limits->depth || walk->depth >= RV_UNPACK_DEPTH_MAX) {
		rv_walk_trouble(walk, RV_UNPACK_LIMIT, "containers are nested too deep");
		return;
	}
	level.member = &walk->members_at[walk->depth++];
	rv_level_enter(&level, flow);
	walk->depth--;
}
