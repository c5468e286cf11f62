/* git: parses a reftable. */
#include "agent/git/reftable.h"

#include <libdeflate.h>

#define MALFORMED   ((rv_status){RV_CLASS_MALFORMED, 0})
#define HEADER_LEN  24 /* of version 1; version 2 says which hash in four bytes more */
#define FOOTER_LEN  44 /* more than the header, which it repeats */
#define BLOCK_HEAD  4  /* type, length of 24 bits */
#define RESTART_LEN 3
#define REF_TYPES   7 /* bits of a record's type */

struct table {
	struct rv_str bytes; /* without the footer */
	size_t oid_len;
	size_t header_len;
	size_t block_size; /* 0: blocks are not aligned */
	const struct rv_git_table_sink *sink;
	struct libdeflate_decompressor *zlib;
	uint8_t *inflated;
	uint8_t name[RV_GIT_TABLE_NAME_MAX]; /* of the record at hand; of a log with its number */
	size_t name_len;
};

/* Records still to be read. */
struct cursor {
	const uint8_t *at;
	const uint8_t *end;
};

static uint32_t be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static bool take(struct cursor *c, size_t len, const uint8_t **out)
{
	if (len > (size_t)(c->end - c->at))
		return false;
	*out = c->at;
	c->at += len;
	return true;
}

/* As the offsets of deltas in packs. */
static bool take_number(struct cursor *c, uint64_t *out)
{
	uint64_t value = 0;

	for (unsigned i = 0; c->at < c->end && i < 9; i++) {
		uint8_t byte = *c->at++;

		value = value << 7 | (byte & 0x7f);
		if (!(byte & 0x80)) {
			*out = value;
			return true;
		}
		value++;
	}
	return false;
}

static bool take_text(struct cursor *c, struct rv_str *out)
{
	uint64_t len;

	if (!take_number(c, &len) || len > (size_t)(c->end - c->at))
		return false;
	out->len = (size_t)len;
	return take(c, out->len, &out->data);
}

/* A record's key begins as the one before; and its type. */
static bool take_key(struct table *t, struct cursor *c, unsigned *out_type)
{
	uint64_t prefix, suffix;
	const uint8_t *rest;

	if (!take_number(c, &prefix) || !take_number(c, &suffix) || prefix > t->name_len)
		return false;
	*out_type = (unsigned)suffix & REF_TYPES;
	suffix >>= 3;
	if (suffix > sizeof(t->name) - (size_t)prefix || !take(c, (size_t)suffix, &rest))
		return false;
	if (suffix)
		memcpy(t->name + prefix, rest, (size_t)suffix);
	t->name_len = (size_t)(prefix + suffix);
	return true;
}

static rv_status read_ref(struct table *t, struct cursor *c)
{
	struct rv_git_table_ref ref = {.target = RV_STR_NONE};
	const uint8_t *oid = NULL, *peeled;
	uint64_t since;
	unsigned type;
	bool is_whole = take_key(t, c, &type) && take_number(c, &since);

	if (!is_whole)
		return MALFORMED;
	ref.name = (struct rv_str){t->name, t->name_len};
	ref.is_deleted = type == 0;
	if (type == 1 || type == 2)
		is_whole = take(c, t->oid_len, &oid);
	if (type == 2)
		is_whole = is_whole && take(c, t->oid_len, &peeled);
	if (type == 3)
		is_whole = take_text(c, &ref.target);
	if (!is_whole || type > 3 || ref.name.len == 0 || memchr(ref.name.data, 0, ref.name.len))
		return MALFORMED;
	if (oid)
		ref.oid = rv_git_oid_of(oid, t->oid_len);
	return t->sink->each(t->sink->user, &ref);
}

static rv_status add_logged(struct table *t, const uint8_t *raw)
{
	struct rv_git_oid oid = rv_git_oid_of(raw, t->oid_len);
	uint32_t number;

	return rv_git_oid_is_zero(&oid) ? RV_OK
					: rv_git_oidmap_put(t->sink->logged, &oid, &number, NULL);
}

static rv_status read_log(struct table *t, struct cursor *c)
{
	const uint8_t *oids, *zone;
	struct rv_str text;
	uint64_t at_utc;
	unsigned type;

	if (!take_key(t, c, &type) || type > 1)
		return MALFORMED;
	if (type == 0)
		return RV_OK; /* it takes one back that an older table has, which is still read */
	if (!take(c, 2 * t->oid_len, &oids) || !take_text(c, &text) || !take_text(c, &text) ||
	    !take_number(c, &at_utc) || !take(c, 2, &zone) || !take_text(c, &text))
		return MALFORMED;
	RV_TRY(add_logged(t, oids));
	return add_logged(t, oids + t->oid_len);
}

/* The records of a block: behind them stand its restarts, and how many. */
static rv_status read_records(struct table *t, struct rv_str block,
			      rv_status (*read)(struct table *t, struct cursor *c))
{
	struct cursor c = {block.data, block.data + block.len};
	size_t restarts;

	if (block.len < 2)
		return MALFORMED;
	restarts = (size_t)(block.data[block.len - 2] << 8 | block.data[block.len - 1]);
	if (restarts * RESTART_LEN > block.len - 2)
		return MALFORMED;
	c.end -= 2 + restarts * RESTART_LEN;
	t->name_len = 0;
	while (c.at < c.end)
		RV_TRY(read(t, &c));
	return RV_OK;
}

static rv_status spend(const struct table *t, size_t bytes)
{
	if (bytes > *t->sink->left)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	*t->sink->left -= bytes;
	return RV_OK;
}

/* Its length is that of what comes out; *out_used is how many bytes it takes here. */
static rv_status read_log_block(struct table *t, struct rv_str packed, size_t len, size_t *out_used)
{
	size_t got = 0;

	if (len > RV_GIT_TABLE_LOG_MAX)
		return MALFORMED;
	RV_TRY(spend(t, len));
	if (!t->zlib)
		t->zlib = libdeflate_alloc_decompressor();
	free(t->inflated);
	t->inflated = malloc(len ? len : 1);
	if (!t->zlib || !t->inflated)
		return rv_fail_nomem(NULL);
	if (libdeflate_zlib_decompress_ex(t->zlib, packed.data, packed.len, t->inflated, len,
					  out_used, &got) != LIBDEFLATE_SUCCESS ||
	    got != len)
		return MALFORMED;
	return read_records(t, (struct rv_str){t->inflated, len}, read_log);
}

/* A block at `at`, whose own header stands `skip` bytes further; *out_len: to the next. */
static rv_status read_block(struct table *t, size_t at, size_t skip, size_t *out_len)
{
	const uint8_t *head = t->bytes.data + at + skip;
	const size_t left = t->bytes.len - at;
	const size_t behind = skip + BLOCK_HEAD;
	size_t len, used = 0;

	if (left < behind)
		return MALFORMED;
	len = be24(head + 1);
	if (len < behind)
		return MALFORMED;
	if (head[0] == 'g') {
		RV_TRY(read_log_block(t, (struct rv_str){head + BLOCK_HEAD, left - behind},
				      len - behind, &used));
		*out_len = behind + used;
		return RV_OK;
	}
	if (len > left || (head[0] != 'r' && head[0] != 'o' && head[0] != 'i'))
		return MALFORMED;
	if (head[0] == 'r')
		RV_TRY(read_records(t, (struct rv_str){head + BLOCK_HEAD, len - behind}, read_ref));
	/* Zeros fill it up, unless the next one is not aligned. */
	*out_len = len < t->block_size && len < left && t->bytes.data[at + len] == 0 ? t->block_size
										     : len;
	return RV_OK;
}

static rv_status begin(struct table *t, struct rv_str bytes)
{
	static const char hashes[][5] = {"sha1", "s256"};
	const bool is_long = t->oid_len == RV_GIT_SHA256_LEN;

	if (bytes.len < HEADER_LEN || memcmp(bytes.data, "REFT", 4) != 0 ||
	    (bytes.data[4] != 1 && bytes.data[4] != 2))
		return MALFORMED;
	t->header_len = bytes.data[4] == 1 ? HEADER_LEN : HEADER_LEN + 4;
	if (bytes.len < 2 * t->header_len + FOOTER_LEN ||
	    (bytes.data[4] == 1 ? is_long
				: memcmp(bytes.data + HEADER_LEN, hashes[is_long], 4) != 0))
		return MALFORMED;
	t->block_size = be24(bytes.data + 5);
	t->bytes = (struct rv_str){bytes.data, bytes.len - t->header_len - FOOTER_LEN};
	return memcmp(bytes.data, bytes.data + t->bytes.len, t->header_len) == 0 ? RV_OK
										 : MALFORMED;
}

static rv_status read_blocks(struct table *t)
{
	size_t at = 0, skip = t->header_len, len = 0;

	/* An empty one has no block. */
	while (at + skip < t->bytes.len) {
		RV_TRY(read_block(t, at, skip, &len));
		if (len > t->bytes.len - at)
			break; /* the last is filled up no further */
		at += len;
		skip = 0;
	}
	return RV_OK;
}

static void done(struct table **t)
{
	if (!*t)
		return;
	libdeflate_free_decompressor((*t)->zlib);
	free((*t)->inflated);
	free(*t);
}

rv_status rv_git_reftable_parse(struct rv_str bytes, size_t oid_len,
				const struct rv_git_table_sink *sink)
{
	RV_CLEANUP(done) struct table *t = calloc(1, sizeof(*t));

	if (!t)
		return rv_fail_nomem(NULL);
	t->oid_len = oid_len;
	t->sink = sink;
	RV_TRY(begin(t, bytes));
	RV_TRY(spend(t, bytes.len));
	return read_blocks(t);
}
