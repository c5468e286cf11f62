/* unpack: one table of what is read with what. No filter here starts a program: where libarchive
 * would (it answers ARCHIVE_WARN), the kind is unsupported. */
#include "agent/unpack/reader.h"

#include <errno.h>

#define FAILED_AT_START "no data, or damaged from its start"

/* The filter is set, not guessed: guessing would go through filters in filters, which are
 * containers of their own here. And streams are not guessed to be a tar: libarchive takes 512 NUL
 * bytes for an empty one. */
static const struct {
	bool is_stream;
	int filter;			       /* 0: none of libarchive's */
	int (*format)(struct archive *reader); /* NULL: not entered */
} supports[RV_UNPACK__COUNT] = {
	[RV_UNPACK_ZIP] = {false, 0, archive_read_support_format_zip},
	[RV_UNPACK_TAR] = {false, 0, archive_read_support_format_tar},
	[RV_UNPACK_GZIP] = {true, 0, archive_read_support_format_raw}, /* by rv_flow_gzip */
	[RV_UNPACK_BZIP2] = {true, ARCHIVE_FILTER_BZIP2, archive_read_support_format_raw},
	[RV_UNPACK_XZ] = {true, 0, archive_read_support_format_raw}, /* by rv_flow_xz */
	[RV_UNPACK_ZSTD] = {true, ARCHIVE_FILTER_ZSTD, archive_read_support_format_raw},
	[RV_UNPACK_LZ4] = {true, ARCHIVE_FILTER_LZ4, archive_read_support_format_raw},
	[RV_UNPACK_LZMA] = {true, 0, archive_read_support_format_raw}, /* by rv_flow_lzma */
	[RV_UNPACK_COMPRESS] = {true, ARCHIVE_FILTER_COMPRESS, archive_read_support_format_raw},
	[RV_UNPACK_CPIO] = {false, 0, archive_read_support_format_cpio},
	[RV_UNPACK_AR] = {false, 0, archive_read_support_format_ar},
	[RV_UNPACK_RPM] = {true, ARCHIVE_FILTER_RPM, archive_read_support_format_raw},
	[RV_UNPACK_7Z] = {false, 0, archive_read_support_format_7zip},
	[RV_UNPACK_ISO] = {false, 0, archive_read_support_format_iso9660},
};

bool rv_unpack_is_stream(enum rv_unpack_kind kind)
{
	return supports[kind].is_stream;
}

bool rv_reader_can_stream(enum rv_unpack_kind kind)
{
	return kind != RV_UNPACK_7Z && kind != RV_UNPACK_ISO && supports[kind].format;
}

bool rv_unpack_is_entered(enum rv_unpack_kind kind)
{
	return supports[kind].format || kind == RV_UNPACK_PROGRAM || rv_unpack_is_database(kind);
}

enum rv_unpack_reason rv_reader_reason(struct archive *reader)
{
	const char *text = archive_error_string(reader);

	if (archive_errno(reader) == ENOMEM)
		return RV_UNPACK_MEMORY;
	/* Asked before a format is chosen, it would follow a wild pointer. */
	if ((archive_format(reader) && archive_read_has_encrypted_entries(reader) > 0) ||
	    (text && (strcasestr(text, "encrypt") || strcasestr(text, "passphrase") ||
		      strcasestr(text, "crypto"))))
		return RV_UNPACK_ENCRYPTED;
	if (text && (strcasestr(text, "unsupported") || strcasestr(text, "not supported") ||
		     strcasestr(text, "unknown codec")))
		return RV_UNPACK_UNSUPPORTED;
	return RV_UNPACK_DAMAGED;
}

static la_ssize_t pull(struct archive *reader, void *user, const void **out)
{
	struct rv_flow *flow = user;
	ssize_t len = rv_flow_pull(flow, out);

	flow->ahead += len > 0 ? (uint64_t)len : 0;
	if (flow->ahead_max && flow->ahead > flow->ahead_max) {
		flow->reason = RV_UNPACK_LIMIT;
		flow->detail = "a header longer than is read";
		len = -1;
	}
	if (len < 0)
		archive_set_error(reader, EIO, "%s", flow->detail);
	return len < 0 ? ARCHIVE_FATAL : len;
}

static la_int64_t skip(struct archive *reader, void *user, la_int64_t request)
{
	struct rv_flow *flow = user;
	uint64_t left = flow->at < flow->until ? flow->until - flow->at : 0;
	uint64_t len = request < 0 ? 0 : (uint64_t)request < left ? (uint64_t)request : left;

	(void)reader;
	flow->at += len;
	return (la_int64_t)len;
}

static la_int64_t seek(struct archive *reader, void *user, la_int64_t offset, int whence)
{
	struct rv_flow *flow = user;
	uint64_t start = flow->from;

	if (whence != SEEK_SET)
		start = whence == SEEK_CUR ? flow->at : flow->until;
	if (offset < 0 && (uint64_t)-offset > start - flow->from) {
		archive_set_error(reader, EINVAL, "a place before its start");
		return ARCHIVE_FATAL;
	}
	flow->at = start + (uint64_t)offset;
	return (la_int64_t)(flow->at - flow->from);
}

static bool set_up(struct archive *reader, enum rv_unpack_kind kind)
{
	if (supports[kind].format(reader) != ARCHIVE_OK)
		return false;
	if (kind == RV_UNPACK_COMPRESS) /* appended, it would read before there is anything */
		return archive_read_support_filter_compress(reader) == ARCHIVE_OK;
	return !supports[kind].filter ||
	       archive_read_append_filter(reader, supports[kind].filter) == ARCHIVE_OK;
}

static int open_flow(struct archive *reader, struct rv_flow *flow)
{
	if (flow->is_memory && !flow->is_forward)
		return archive_read_open_memory(reader, flow->bytes.data, flow->bytes.len);
	if (flow->fd >= 0 && !flow->ahead_max) {
		(void)archive_read_set_skip_callback(reader, skip); /* it only remembers them */
		if (!flow->is_forward)
			(void)archive_read_set_seek_callback(reader, seek);
	}
	(void)archive_read_set_read_callback(reader, pull);
	(void)archive_read_set_callback_data(reader, flow);
	return archive_read_open1(reader);
}

struct archive *rv_reader_open(enum rv_unpack_kind kind, struct rv_flow *flow)
{
	struct archive *reader = archive_read_new();
	bool has_long_names = kind == RV_UNPACK_CPIO || kind == RV_UNPACK_AR;
	const char *detail = "no memory";
	enum rv_unpack_reason reason = RV_UNPACK_MEMORY;

	flow->ahead_max = has_long_names ? RV_FLOW_AHEAD_MAX : 0;
	if (reader && !set_up(reader, kind)) {
		reason = RV_UNPACK_UNSUPPORTED;
		detail = "this libarchive was built without it";
	} else if (reader) {
		if (open_flow(reader, flow) == ARCHIVE_OK)
			return reader;
		reason = rv_reader_reason(reader);
		detail = "it cannot be opened";
	}
	if (!flow->detail) {
		flow->reason = reason;
		flow->detail = detail;
	}
	(void)archive_read_free(reader); /* only memory */
	return NULL;
}

uint64_t rv_reader_used(struct archive *reader)
{
	la_int64_t used = archive_filter_bytes(reader, -1);

	return used > 0 ? (uint64_t)used : 0;
}

static ssize_t pull_reader(struct rv_flow *flow, const void **out)
{
	size_t len = 0;
	la_int64_t offset;
	int code;

	do
		code = archive_read_data_block(flow->user, out, &len, &offset);
	while (code == ARCHIVE_OK && !len);
	flow->is_done = code == ARCHIVE_EOF;
	flow->used = rv_reader_used(flow->user);
	if (code == ARCHIVE_OK || code == ARCHIVE_EOF)
		return code == ARCHIVE_OK ? (ssize_t)len : 0;
	if (!flow->detail) {
		bool has_inner = flow->inner->detail;

		flow->reason = has_inner ? flow->inner->reason : rv_reader_reason(flow->user);
		flow->detail = has_inner ? flow->inner->detail : archive_error_string(flow->user);
		flow->detail = flow->detail ? flow->detail : "damaged";
		flow->is_told = flow->inner->is_told;
	}
	return -1;
}

static void close_reader(struct rv_flow *flow)
{
	(void)archive_read_free(flow->user); /* only reading */
}

static bool flow_reader(struct rv_flow *flow, enum rv_unpack_kind kind, struct rv_flow *inner)
{
	struct archive_entry *entry;
	struct archive *reader = rv_reader_open(kind, inner);

	*flow = (struct rv_flow){.pull = pull_reader, .fd = -1, .inner = inner, .user = reader};
	if (!reader) {
		flow->reason = inner->reason;
		flow->detail = inner->detail;
		return false;
	}
	flow->close = close_reader;
	if (archive_read_next_header(reader, &entry) == ARCHIVE_OK)
		return true;
	flow->reason = inner->detail ? inner->reason : RV_UNPACK_DAMAGED;
	flow->detail = inner->detail ? inner->detail : FAILED_AT_START;
	return false;
}

bool rv_flow_unpacked(struct rv_flow *flow, enum rv_unpack_kind kind, struct rv_flow *inner)
{
	rv_status status;

	if (supports[kind].filter)
		return flow_reader(flow, kind, inner);
	if (kind == RV_UNPACK_GZIP)
		status = rv_flow_gzip(flow, inner);
	else
		status = kind == RV_UNPACK_XZ ? rv_flow_xz(flow, inner) : rv_flow_lzma(flow, inner);
	if (!rv_is_ok(status)) {
		flow->reason = RV_UNPACK_MEMORY;
		flow->detail = "no memory";
	}
	return rv_is_ok(status);
}
