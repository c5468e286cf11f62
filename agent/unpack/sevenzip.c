/* unpack: see sevenzip.h. A directory is read as far as its numbers go, in the order in which the
 * format has them; what is out of order is damaged. */
#include "agent/unpack/sevenzip.h"

#include <stdlib.h>

#define START_LEN   32
#define STREAMS_MAX 32 /* of one folder */
#define CODERS_MAX  4  /* libarchive takes no more */

enum id {
	ID_END,
	ID_HEADER,
	ID_ARCHIVE_PROPERTIES,
	ID_ADDITIONAL_STREAMS,
	ID_MAIN_STREAMS,
	ID_FILES,
	ID_PACK_INFO,
	ID_UNPACK_INFO,
	ID_SUBSTREAMS,
	ID_SIZE,
	ID_CRC,
	ID_FOLDER,
	ID_UNPACK_SIZES,
	ID_UNPACK_COUNTS,
	ID_ENCODED_HEADER = 0x17,
};

#define CODEC_COPY  0x00U
#define CODEC_LZMA2 0x21U
#define CODEC_LZMA  0x030101U
#define CODEC_PPMD  0x030401U
#define CODEC_BCJ2  0x0303011bU
#define CODEC_AES   0x06f10701U

static const char no_memory[] = "no memory";

/* What is left of the directory. Once it is bad or over, what is taken is 0. */
struct rest {
	const uint8_t *at;
	size_t len;
	bool is_bad;
	const char *over; /* which limit */
};

struct folder {
	uint8_t outs; /* streams that come out of its coders */
	bool is_bcj2;
	bool has_digest;
	uint32_t parts; /* files in it */
};

/* Of one StreamsInfo. */
struct streams {
	uint64_t pack_at, first_size;
	uint64_t pack_count;
	struct folder *folders;
	size_t folder_count;
	/* Of the first folder, as a directory that is packed has it. */
	uint64_t codec, unpacked;
	struct rv_str properties;
	uint8_t coder_count;
	bool is_encrypted;
};

static struct rv_str take(struct rest *r, uint64_t len)
{
	struct rv_str taken = {r->at, (size_t)len};

	if (r->is_bad || r->over || len > r->len) {
		r->is_bad = true;
		return RV_STR_NONE;
	}
	r->at += len;
	r->len -= (size_t)len;
	return taken;
}

static uint8_t take_byte(struct rest *r)
{
	struct rv_str taken = take(r, 1);

	return taken.len ? *taken.data : 0;
}

/* As many bytes follow as the first has leading ones; its other bits are the highest. */
static uint64_t take_number(struct rest *r)
{
	uint8_t first = take_byte(r);
	uint64_t number = 0;
	unsigned mask = 0x80;

	for (unsigned i = 0; i < 8; i++, mask >>= 1) {
		if (!(first & mask))
			return number | (uint64_t)(first & (mask - 1)) << (8 * i);
		number |= (uint64_t)take_byte(r) << (8 * i);
	}
	return number;
}

static size_t take_count(struct rest *r)
{
	uint64_t count = take_number(r);

	if (!r->is_bad && count > RV_7Z_COUNT_MAX && !r->over)
		r->over = "7z: more members than are read of one file";
	return r->is_bad || r->over ? 0 : (size_t)count;
}

static void expect(struct rest *r, enum id id)
{
	if (take_byte(r) != (uint8_t)id)
		r->is_bad = true;
}

static bool goes_on(const struct rest *r)
{
	return !r->is_bad && !r->over;
}

/* `count` bits, and a checksum for each that is set; for each folder without one when `folders`. */
static void take_digests(struct rest *r, size_t count, struct folder *folders)
{
	bool are_all = take_byte(r) != 0;
	struct rv_str bits = are_all ? RV_STR_NONE : take(r, (count + 7) / 8);
	uint64_t digests = 0;

	for (size_t i = 0; i < count && goes_on(r); i++) {
		bool is_there = are_all || bits.data[i / 8] & (0x80U >> (i % 8));

		digests += is_there;
		if (folders)
			folders[i].has_digest = is_there;
	}
	(void)take(r, 4 * digests);
}

static uint64_t memory_of(uint64_t codec, struct rv_str properties)
{
	if (codec == CODEC_LZMA && properties.len >= 5)
		return rv_get_u32(properties.data + 1);
	if (codec == CODEC_PPMD && properties.len >= 5)
		return rv_get_u32(properties.data + 1);
	if (codec == CODEC_LZMA2 && properties.len >= 1)
		return properties.data[0] >= 40 ? UINT32_MAX
						: (uint64_t)(2 | (properties.data[0] & 1))
							  << (properties.data[0] / 2 + 11);
	return 0;
}

/* Gives how many streams go in. */
static uint64_t take_coder(struct rest *r, struct folder *folder, struct streams *s)
{
	uint8_t flags = take_byte(r);
	struct rv_str id = take(r, flags & 0x0fU);
	bool is_simple = !(flags & 0x10U);
	uint64_t ins = is_simple ? 1 : take_number(r);
	uint64_t outs = is_simple ? 1 : take_number(r);
	struct rv_str properties = flags & 0x20U ? take(r, take_number(r)) : RV_STR_NONE;
	uint64_t codec = 0;

	for (size_t i = 0; i < id.len; i++)
		codec = codec << 8 | id.data[i];
	if (flags & 0x80U || ins > STREAMS_MAX || outs > STREAMS_MAX - (uint64_t)folder->outs)
		r->is_bad = true;
	if (goes_on(r) && memory_of(codec, properties) > RV_7Z_CODER_MAX)
		r->over = "7z needs more than 128 MiB of memory";
	if (s->folder_count == 0) {
		s->codec = codec;
		s->properties = properties;
		s->is_encrypted |= codec == CODEC_AES;
	}
	folder->is_bcj2 |= codec == CODEC_BCJ2;
	if (goes_on(r))
		folder->outs = (uint8_t)(folder->outs + outs);
	return goes_on(r) ? ins : 0;
}

static void take_folder(struct rest *r, struct streams *s, struct folder *folder)
{
	uint64_t coders = take_number(r);
	uint64_t ins = 0;

	*folder = (struct folder){.parts = 1};
	if (coders == 0 || coders > CODERS_MAX)
		r->is_bad = true;
	for (uint64_t i = 0; i < coders && goes_on(r); i++)
		ins += take_coder(r, folder, s);
	if (s->folder_count == 0)
		s->coder_count = (uint8_t)coders;
	if (!goes_on(r))
		return;
	uint64_t pairs = folder->outs ? folder->outs - 1U : 0;
	if (!folder->outs || ins < pairs) {
		r->is_bad = true;
		return;
	}
	for (uint64_t i = 0; i < 2 * pairs; i++)
		(void)take_number(r); /* what is bound to what */
	for (uint64_t i = 0; ins - pairs > 1 && i < ins - pairs; i++)
		(void)take_number(r);
}

/* The two largest are what goes through; the others are held. */
static void take_sizes(struct rest *r, struct streams *s, size_t n)
{
	uint64_t largest[2] = {0, 0};

	for (unsigned i = 0; i < s->folders[n].outs && goes_on(r); i++) {
		uint64_t size = take_number(r);
		uint64_t side = size;

		for (unsigned k = 0; k < 2; k++) {
			uint64_t was = largest[k];

			largest[k] = side > was ? side : was;
			side = side > was ? was : side;
		}
		if (s->folders[n].is_bcj2 && side > RV_7Z_SIDE_MAX && goes_on(r))
			r->over = "7z needs more than 64 MiB for one stream";
		if (n == 0)
			s->unpacked = size;
	}
}

static void take_packs(struct rest *r, struct streams *s)
{
	s->pack_at = take_number(r);
	s->pack_count = take_count(r);
	uint8_t id = take_byte(r);
	if (id == ID_SIZE) {
		for (uint64_t i = 0; i < s->pack_count && goes_on(r); i++) {
			uint64_t size = take_number(r);

			s->first_size = i == 0 ? size : s->first_size;
		}
		id = take_byte(r);
	}
	if (id == ID_CRC) {
		take_digests(r, (size_t)s->pack_count, NULL);
		id = take_byte(r);
	}
	r->is_bad |= id != ID_END;
}

static void take_folders(struct rest *r, struct streams *s)
{
	expect(r, ID_FOLDER);
	size_t count = take_count(r);
	expect(r, 0); /* not elsewhere */
	if (goes_on(r) && count > r->len)
		r->is_bad = true;
	if (!goes_on(r))
		return;
	s->folders = calloc(count + 1, sizeof(*s->folders));
	if (!s->folders) {
		r->over = no_memory;
		return;
	}
	for (; s->folder_count < count && goes_on(r); s->folder_count++)
		take_folder(r, s, &s->folders[s->folder_count]);
	expect(r, ID_UNPACK_SIZES);
	for (size_t i = 0; i < s->folder_count && goes_on(r); i++)
		take_sizes(r, s, i);
	uint8_t id = take_byte(r);
	if (id == ID_CRC) {
		take_digests(r, s->folder_count, s->folders);
		id = take_byte(r);
	}
	r->is_bad |= id != ID_END;
}

static void take_parts(struct rest *r, struct streams *s)
{
	uint8_t id = take_byte(r);
	uint64_t all = s->folder_count;
	uint64_t without = 0;

	if (id == ID_UNPACK_COUNTS) {
		all = 0;
		for (size_t i = 0; i < s->folder_count && goes_on(r); i++) {
			s->folders[i].parts = (uint32_t)take_count(r);
			all += s->folders[i].parts;
		}
		id = take_byte(r);
	}
	if (goes_on(r) && all > RV_7Z_COUNT_MAX)
		r->over = "7z: more members than are read of one file";
	for (size_t i = 0; i < s->folder_count; i++) {
		const struct folder *f = &s->folders[i];

		for (uint32_t k = 1; id == ID_SIZE && k < f->parts && goes_on(r); k++)
			(void)take_number(r);
		without += f->parts != 1 || !f->has_digest ? f->parts : 0;
	}
	if (id == ID_SIZE)
		id = take_byte(r);
	if (id == ID_CRC) {
		take_digests(r, goes_on(r) ? (size_t)without : 0, NULL);
		id = take_byte(r);
	}
	r->is_bad |= id != ID_END;
}

static void take_streams(struct rest *r, struct streams *s)
{
	uint8_t id = take_byte(r);

	if (id == ID_PACK_INFO) {
		take_packs(r, s);
		id = take_byte(r);
	}
	if (id == ID_UNPACK_INFO) {
		take_folders(r, s);
		id = take_byte(r);
	}
	if (id == ID_SUBSTREAMS) {
		take_parts(r, s);
		id = take_byte(r);
	}
	r->is_bad |= id != ID_END;
}

static void skip_properties(struct rest *r)
{
	while (goes_on(r) && take_byte(r) != ID_END)
		(void)take(r, take_number(r));
}

/* A directory in the clear, behind its first byte. What is said of the files is as long as it says.
 */
static void look_at_header(struct rest *r)
{
	struct streams s = {0};
	uint8_t id = take_byte(r);

	if (id == ID_ARCHIVE_PROPERTIES) {
		skip_properties(r);
		id = take_byte(r);
	}
	if (id == ID_ADDITIONAL_STREAMS) {
		take_streams(r, &s);
		free(s.folders);
		s = (struct streams){0};
		id = take_byte(r);
	}
	if (id == ID_MAIN_STREAMS) {
		take_streams(r, &s);
		id = take_byte(r);
	}
	free(s.folders);
	if (id == ID_FILES) {
		(void)take_count(r);
		skip_properties(r);
		id = take_byte(r);
	}
	r->is_bad |= id != ID_END;
}

static bool fail(struct rv_flow *flow, enum rv_unpack_reason reason, const char *detail)
{
	flow->reason = reason;
	flow->detail = detail;
	return false;
}

/* Bytes of the file at a place, into `out` when they must be read; an empty string: not there. */
static struct rv_str read_at(const struct rv_flow *flow, uint64_t at, uint64_t len,
			     struct rv_buf *out)
{
	if (flow->is_memory) {
		if (at > flow->bytes.len || len > flow->bytes.len - at)
			return RV_STR_NONE;
		return (struct rv_str){flow->bytes.data + at, (size_t)len};
	}
	uint8_t *room = rv_buf_reserve(out, (size_t)len);

	if (!room || rv_flow_peek(flow, at, room, (size_t)len) < len)
		return RV_STR_NONE;
	return (struct rv_str){room, (size_t)len};
}

/* What LZMA makes of it: all of `out`. */
static bool unpack_lzma(struct rv_str packed, const struct streams *s, uint8_t *out, size_t len)
{
	lzma_filter filters[2] = {
		{.id = s->codec == CODEC_LZMA ? LZMA_FILTER_LZMA1 : LZMA_FILTER_LZMA2},
		{.id = LZMA_VLI_UNKNOWN}};
	lzma_stream stream = LZMA_STREAM_INIT;

	if (lzma_properties_decode(&filters[0], NULL, s->properties.data, s->properties.len) !=
	    LZMA_OK)
		return false;
	lzma_ret code = lzma_raw_decoder(&stream, filters);
	stream.next_in = packed.data;
	stream.avail_in = packed.len;
	stream.next_out = out;
	stream.avail_out = len;
	while (code == LZMA_OK && stream.avail_out > 0) {
		size_t before = stream.avail_out;

		code = lzma_code(&stream, LZMA_RUN);
		if (code == LZMA_OK && stream.avail_out == before && stream.avail_in == 0)
			break;
	}
	lzma_end(&stream);
	free(filters[0].options);
	return stream.avail_out == 0;
}

static bool judge(struct rv_flow *flow, const struct rest *r)
{
	if (r->over)
		return fail(flow, r->over == no_memory ? RV_UNPACK_MEMORY : RV_UNPACK_LIMIT,
			    r->over);
	if (r->is_bad)
		return fail(flow, RV_UNPACK_DAMAGED, "a damaged 7z directory");
	return true;
}

/* The directory that the streams hold. */
static bool look_at_packed(struct rv_flow *flow, const struct streams *s)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf packed = {0};
	RV_CLEANUP(rv_freep) uint8_t *plain = NULL;

	if (s->is_encrypted)
		return true; /* libarchive says so */
	if (s->folder_count != 1 || s->coder_count != 1 ||
	    (s->codec != CODEC_LZMA && s->codec != CODEC_LZMA2 && s->codec != CODEC_COPY))
		return fail(flow, RV_UNPACK_UNSUPPORTED, "a 7z directory packed in an unknown way");
	if (s->unpacked > RV_7Z_HEADER_MAX || s->first_size > RV_7Z_HEADER_MAX)
		return fail(flow, RV_UNPACK_LIMIT, "a 7z directory larger than is read");
	rv_buf_init(&packed, (size_t)RV_7Z_HEADER_MAX + 1);
	struct rv_str bytes = s->pack_at < UINT64_MAX / 2 ? read_at(flow, START_LEN + s->pack_at,
								    s->first_size, &packed)
							  : RV_STR_NONE;
	if (s->codec != CODEC_COPY) {
		plain = malloc((size_t)s->unpacked + 1);
		if (!plain)
			return fail(flow, RV_UNPACK_MEMORY, no_memory);
		bool is_good = bytes.len > 0 && unpack_lzma(bytes, s, plain, (size_t)s->unpacked);
		bytes = (struct rv_str){plain, is_good ? (size_t)s->unpacked : 0};
	}
	struct rest r = {.at = bytes.data, .len = bytes.len};
	expect(&r, ID_HEADER);
	if (goes_on(&r))
		look_at_header(&r);
	return judge(flow, &r);
}

bool rv_7z_is_bounded(struct rv_flow *flow)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf start = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf header = {0};
	struct streams s = {0};

	rv_buf_init(&start, START_LEN + 1);
	rv_buf_init(&header, (size_t)RV_7Z_HEADER_MAX + 1);
	struct rv_str first = read_at(flow, 0, START_LEN, &start);
	if (first.len == 0)
		return fail(flow, RV_UNPACK_DAMAGED, "a truncated 7z file");
	uint64_t at = rv_get_u64(first.data + 12);
	uint64_t len = rv_get_u64(first.data + 20);
	if (len == 0)
		return true; /* it is empty */
	if (len > RV_7Z_HEADER_MAX)
		return fail(flow, RV_UNPACK_LIMIT, "a 7z directory larger than is read");
	struct rv_str bytes =
		at < UINT64_MAX / 2 ? read_at(flow, START_LEN + at, len, &header) : RV_STR_NONE;
	struct rest r = {.at = bytes.data, .len = bytes.len};
	uint8_t id = take_byte(&r);
	if (id == ID_HEADER)
		look_at_header(&r);
	else if (id == ID_ENCODED_HEADER)
		take_streams(&r, &s);
	else
		r.is_bad = true;
	bool is_bounded = judge(flow, &r) && (id == ID_HEADER || look_at_packed(flow, &s));
	free(s.folders);
	return is_bounded;
}

uint64_t rv_7z_end(const struct rv_flow *flow)
{
	uint8_t start[START_LEN];

	if (rv_flow_peek(flow, 0, start, sizeof(start)) < sizeof(start))
		return rv_flow_len(flow);
	/* The directory is in the flow, by far: no sum of these goes over. */
	return START_LEN + rv_get_u64(start + 12) + rv_get_u64(start + 20);
}
