/* unpack: pieces of bytes from memory, a file, or through gzip or xz. liblzma is called directly
 * for its memory limit, which libarchive sets to a gigabyte; zlib, since libarchive does not tell a
 * file that is cut at its start from an empty one. */
#include "agent/unpack/flow.h"

#include "agent/base/fd.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(struct rv_flow *flow, enum rv_unpack_reason reason, const char *detail)
{
	flow->reason = reason;
	flow->detail = detail;
}

static ssize_t pull_memory(struct rv_flow *flow, const void **out)
{
	*out = flow->bytes.data;
	if (flow->has_begun)
		return 0;
	flow->has_begun = true;
	return (ssize_t)flow->bytes.len;
}

void rv_flow_memory(struct rv_flow *flow, struct rv_str bytes)
{
	*flow = (struct rv_flow){.pull = pull_memory, .is_memory = true, .bytes = bytes, .fd = -1};
}

static ssize_t pull_stream(struct rv_flow *flow, const void **out)
{
	const struct rv_unpack_source *source = flow->user;
	ssize_t len;

	if (!flow->has_begun && flow->bytes.len)
		len = pull_memory(flow, out);
	else
		len = source->pull(source->pull_user, out);
	if (len < 0) {
		flow->reason = RV_UNPACK_DAMAGED;
		flow->detail = "the stream ends here";
		flow->is_told = true;
	}
	flow->given += len > 0 ? (uint64_t)len : 0;
	return len;
}

void rv_flow_stream(struct rv_flow *flow, const struct rv_unpack_source *source)
{
	*flow = (struct rv_flow){.pull = pull_stream,
				 .bytes = source->bytes,
				 .fd = -1,
				 .user = (void *)(uintptr_t)source}; /* it is only read */
}

static ssize_t pull_fd(struct rv_flow *flow, const void **out)
{
	uint64_t left = flow->at < flow->until ? flow->until - flow->at : 0;
	size_t len = 0;

	if (!flow->piece)
		flow->piece = rv_read_room(RV_FLOW_PIECE);
	if (!flow->piece) {
		fail(flow, RV_UNPACK_MEMORY, "no memory");
		return -1;
	}
	*out = flow->piece;
	if (!rv_is_ok(rv_fd_read_at(flow->fd, flow->piece,
				    left < RV_FLOW_PIECE ? (size_t)left : RV_FLOW_PIECE, flow->at,
				    &len, NULL))) {
		fail(flow, RV_UNPACK_UNREADABLE, "the file cannot be read");
		return -1;
	}
	flow->at += len;
	return (ssize_t)len;
}

rv_status rv_flow_fd(struct rv_flow *flow, int fd, struct rv_diag *diag)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return rv_fail_errno(diag, "ask how long an archive is");
	*flow = (struct rv_flow){.pull = pull_fd, .fd = fd, .until = (uint64_t)st.st_size};
	return RV_OK;
}

uint64_t rv_flow_len(const struct rv_flow *flow)
{
	return flow->is_memory ? flow->bytes.len : flow->until - flow->from;
}

size_t rv_flow_peek(const struct rv_flow *flow, uint64_t at, void *out, size_t len)
{
	uint64_t whole = rv_flow_len(flow);
	size_t have = 0;

	if (at >= whole)
		return 0;
	len = whole - at < len ? (size_t)(whole - at) : len;
	if (!flow->is_memory)
		return rv_is_ok(rv_fd_read_at(flow->fd, out, len, flow->from + at, &have, NULL))
			       ? have
			       : 0;
	memcpy(out, flow->bytes.data + at, len);
	return len;
}

struct rv_flow rv_flow_part(const struct rv_flow *flow, uint64_t from, uint64_t until)
{
	struct rv_flow part = {.pull = flow->pull,
			       .fd = flow->fd,
			       .is_memory = flow->is_memory,
			       .is_source = flow->is_source,
			       .is_forward = flow->is_forward};
	uint64_t whole = rv_flow_len(flow);

	until = until < whole ? until : whole;
	from = from < until ? from : until;
	if (flow->is_memory)
		part.bytes = (struct rv_str){flow->bytes.data + from, (size_t)(until - from)};
	part.from = part.at = flow->from + from;
	part.until = flow->from + until;
	return part;
}

ssize_t rv_flow_pull(struct rv_flow *flow, const void **out)
{
	ssize_t len = flow->pull(flow, out);

	flow->last = (struct rv_str){*out, len > 0 ? (size_t)len : 0};
	flow->pulled += flow->last.len;
	return len;
}

/* More packed bytes; false: the inner flow failed. */
static bool feed(struct rv_flow *flow)
{
	const void *bytes;
	ssize_t len;

	if (flow->packed.len || flow->has_ended)
		return true;
	len = rv_flow_pull(flow->inner, &bytes);
	if (len < 0) {
		fail(flow, flow->inner->reason, flow->inner->detail);
		flow->is_told = flow->inner->is_told;
		return false;
	}
	flow->has_ended = len == 0;
	flow->packed = (struct rv_str){bytes, (size_t)len};
	return true;
}

static void use(struct rv_flow *flow, size_t used)
{
	if (!used)
		return; /* there may be no bytes at all */
	flow->used += used;
	flow->packed.data += used;
	flow->packed.len -= used;
}

static void xz_failed(struct rv_flow *flow, lzma_ret code)
{
	if (code == LZMA_MEMLIMIT_ERROR)
		fail(flow, RV_UNPACK_LIMIT, "xz needs more than 128 MiB of memory");
	else if (code == LZMA_MEM_ERROR)
		fail(flow, RV_UNPACK_MEMORY, "no memory");
	else if (code == LZMA_OPTIONS_ERROR)
		fail(flow, RV_UNPACK_UNSUPPORTED, "unsupported xz method");
	else if (code == LZMA_BUF_ERROR)
		fail(flow, RV_UNPACK_DAMAGED, "truncated xz data");
	else
		fail(flow, RV_UNPACK_DAMAGED, "damaged xz data");
}

/* Another stream may follow the one that ended, behind NUL bytes; not of LZMA alone. */
static void next_xz_stream(struct rv_flow *flow)
{
	while (!flow->is_alone && feed(flow) && flow->packed.len && !*flow->packed.data)
		use(flow, 1);
	if (flow->is_alone || !flow->packed.len || *flow->packed.data != 0xfd)
		flow->is_done = !flow->detail;
	else if (lzma_stream_decoder(&flow->lzma, RV_UNPACK_XZ_MEMORY, 0) != LZMA_OK)
		fail(flow, RV_UNPACK_MEMORY, "no memory");
}

/* One step into the piece; what it returns is the room that is left in the piece. */
static size_t step_xz(struct rv_flow *flow, size_t room)
{
	lzma_ret code;

	flow->lzma.next_in = flow->packed.data;
	flow->lzma.avail_in = flow->packed.len;
	flow->lzma.next_out = flow->piece + (RV_FLOW_PIECE - room);
	flow->lzma.avail_out = room;
	code = lzma_code(&flow->lzma, flow->has_ended ? LZMA_FINISH : LZMA_RUN);
	use(flow, flow->packed.len - flow->lzma.avail_in);
	if (code == LZMA_STREAM_END)
		next_xz_stream(flow);
	else if (code != LZMA_OK)
		xz_failed(flow, code);
	return flow->lzma.avail_out;
}

/* Another member may follow the one that ended; anything else is padding. */
static void next_gzip_member(struct rv_flow *flow)
{
	if (feed(flow) && flow->packed.len && *flow->packed.data == 0x1f &&
	    inflateReset(&flow->zlib) == Z_OK)
		return;
	flow->is_done = !flow->detail;
}

static size_t step_gzip(struct rv_flow *flow, size_t room)
{
	uInt len = flow->packed.len < (1U << 30) ? (uInt)flow->packed.len : 1U << 30;
	int code;

	flow->zlib.next_in = (Bytef *)(uintptr_t)flow->packed.data; /* zlib does not write there */
	flow->zlib.avail_in = len;
	flow->zlib.next_out = flow->piece + (RV_FLOW_PIECE - room);
	flow->zlib.avail_out = (uInt)room;
	code = inflate(&flow->zlib, Z_NO_FLUSH);
	use(flow, len - flow->zlib.avail_in);
	if (code == Z_STREAM_END)
		next_gzip_member(flow);
	else if (code == Z_MEM_ERROR)
		fail(flow, RV_UNPACK_MEMORY, "no memory");
	else if (code != Z_OK && code != Z_BUF_ERROR)
		fail(flow, RV_UNPACK_DAMAGED, "damaged gzip data");
	else if (flow->has_ended && !flow->packed.len && flow->zlib.avail_out)
		fail(flow, RV_UNPACK_DAMAGED, "truncated gzip data");
	return flow->zlib.avail_out;
}

/* A piece; what came out before a failure is given first. */
static ssize_t pull_steps(struct rv_flow *flow, const void **out,
			  size_t (*step)(struct rv_flow *flow, size_t room))
{
	size_t room = RV_FLOW_PIECE;

	*out = flow->piece;
	while (!flow->detail && !flow->is_done && room && feed(flow))
		room = step(flow, room);
	if (flow->detail && room == RV_FLOW_PIECE)
		return -1;
	return (ssize_t)(RV_FLOW_PIECE - room);
}

static ssize_t pull_xz(struct rv_flow *flow, const void **out)
{
	return pull_steps(flow, out, step_xz);
}

static ssize_t pull_gzip(struct rv_flow *flow, const void **out)
{
	return pull_steps(flow, out, step_gzip);
}

static void close_xz(struct rv_flow *flow)
{
	lzma_end(&flow->lzma);
}

static void close_gzip(struct rv_flow *flow)
{
	(void)inflateEnd(&flow->zlib); /* only memory */
}

static bool open_lzma(struct rv_flow *flow, struct rv_flow *inner)
{
	*flow = (struct rv_flow){.pull = pull_xz, .close = close_xz, .fd = -1, .inner = inner};
	flow->lzma = (lzma_stream)LZMA_STREAM_INIT;
	flow->piece = rv_read_room(RV_FLOW_PIECE);
	return flow->piece;
}

rv_status rv_flow_xz(struct rv_flow *flow, struct rv_flow *inner)
{
	if (open_lzma(flow, inner) &&
	    lzma_stream_decoder(&flow->lzma, RV_UNPACK_XZ_MEMORY, 0) == LZMA_OK)
		return RV_OK;
	rv_flow_done(flow);
	return rv_fail_nomem(NULL);
}

rv_status rv_flow_lzma(struct rv_flow *flow, struct rv_flow *inner)
{
	if (open_lzma(flow, inner) &&
	    lzma_alone_decoder(&flow->lzma, RV_UNPACK_XZ_MEMORY) == LZMA_OK) {
		flow->is_alone = true;
		return RV_OK;
	}
	rv_flow_done(flow);
	return rv_fail_nomem(NULL);
}

rv_status rv_flow_gzip(struct rv_flow *flow, struct rv_flow *inner)
{
	*flow = (struct rv_flow){.pull = pull_gzip, .close = close_gzip, .fd = -1, .inner = inner};
	flow->piece = rv_read_room(RV_FLOW_PIECE);
	if (flow->piece && inflateInit2(&flow->zlib, 15 + 16) == Z_OK)
		return RV_OK;
	rv_flow_done(flow);
	return rv_fail_nomem(NULL);
}

void rv_flow_done(struct rv_flow *flow)
{
	if (flow->close)
		flow->close(flow);
	free(flow->piece);
	*flow = (struct rv_flow){.fd = -1};
}
