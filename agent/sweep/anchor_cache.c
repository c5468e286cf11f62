/* sweep: see anchor_cache.h. A file: magic, key, digest of what follows, its length, when it was
 * used last (u64 little-endian, microseconds), the packed databases. */
#include "agent/sweep/anchor_cache.h"

#include "agent/base/clock.h"
#include "agent/sweep/anchor_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC_LEN 8
#define KEY_AT	  8
#define DIGEST_AT 40
#define LEN_AT	  72
#define USED_AT	  80
#define HEADER	  88

static const char magic[MAGIC_LEN + 1] = "rvanchr1";

struct rv_anchor_cache {
	int fds[RV_ANCHOR_CACHE_FILES]; /* -1: not to be used */
	const char *version;
	struct rv_anchor_cache_counts counts;
};

static struct rv_digest file_key(const struct rv_anchor_cache *c, const struct rv_digest *key)
{
	return rv_hmac_sha256(c->version, strlen(c->version), key->bytes, sizeof(key->bytes));
}

/* All of it, or it is no file of ours. */
static bool read_all(int fd, void *bytes, size_t len, uint64_t at)
{
	size_t have = 0;

	return rv_is_ok(rv_fd_read_at(fd, bytes, len, at, &have, NULL)) && have == len;
}

static bool write_at(int fd, const void *bytes, size_t len, off_t at)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(fd, (const uint8_t *)bytes + done, len - done, at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

static bool read_header(int fd, uint8_t header[HEADER])
{
	return fd >= 0 && read_all(fd, header, HEADER, 0) && memcmp(header, magic, MAGIC_LEN) == 0;
}

static void touch(int fd)
{
	uint8_t now[8];
	uint64_t at = (uint64_t)rv_now_utc_us();

	for (size_t i = 0; i < sizeof(now); i++)
		now[i] = (uint8_t)(at >> 8 * i);
	(void)write_at(fd, now, sizeof(now), USED_AT); /* it only gives way earlier */
}

static rv_status take(int fd, const uint8_t header[HEADER], struct rv_buf *out)
{
	uint64_t len = rv_get_u64(header + LEN_AT);
	struct rv_digest wanted;

	memcpy(wanted.bytes, header + DIGEST_AT, sizeof(wanted.bytes));
	if (len > RV_ANCHOR_CACHE_BYTES)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "a length that was never written");
	uint8_t *place = rv_buf_reserve(out, len);
	if (!place)
		return rv_fail_nomem(NULL);
	if (!read_all(fd, place, len, HEADER))
		return rv_fail(RV_CLASS_MALFORMED, NULL, "cut short");
	struct rv_digest is = rv_sha256(place, len);
	if (!rv_digest_equal(&is, &wanted))
		return rv_fail(RV_CLASS_MALFORMED, NULL, "another digest");
	out->len += len;
	return RV_OK;
}

static rv_status load(void *user, const struct rv_digest *key, struct rv_buf *out)
{
	struct rv_anchor_cache *c = user;
	struct rv_digest wanted = file_key(c, key);
	uint8_t header[HEADER];

	c->counts.asked++;
	for (size_t i = 0; i < RV_ANCHOR_CACHE_FILES; i++) {
		if (!read_header(c->fds[i], header) ||
		    memcmp(header + KEY_AT, wanted.bytes, sizeof(wanted.bytes)) != 0)
			continue;
		if (rv_is_ok(take(c->fds[i], header, out))) {
			touch(c->fds[i]);
			c->counts.loaded++;
			return RV_OK;
		}
		c->counts.damaged++;
	}
	return rv_fail(RV_CLASS_NOT_FOUND, NULL, "not kept");
}

/* That of the key, else an empty or damaged one, else the one used longest ago; -1: none. */
static int choose(const struct rv_anchor_cache *c, const struct rv_digest *key)
{
	uint64_t oldest = UINT64_MAX;
	uint8_t header[HEADER];
	int chosen = -1;

	for (size_t i = 0; i < RV_ANCHOR_CACHE_FILES; i++) {
		uint64_t used = 0;

		if (c->fds[i] < 0)
			continue;
		if (read_header(c->fds[i], header)) {
			if (memcmp(header + KEY_AT, key->bytes, sizeof(key->bytes)) == 0)
				return c->fds[i];
			used = rv_get_u64(header + USED_AT);
		}
		if (chosen < 0 || used < oldest) {
			oldest = used;
			chosen = c->fds[i];
		}
	}
	return chosen;
}

static rv_status print_header(const struct rv_digest *key, struct rv_str packed, struct rv_buf *out)
{
	struct rv_digest digest = rv_sha256(packed.data, packed.len);

	RV_TRY(rv_buf_put(out, magic, MAGIC_LEN));
	RV_TRY(rv_buf_put(out, key->bytes, sizeof(key->bytes)));
	RV_TRY(rv_buf_put(out, digest.bytes, sizeof(digest.bytes)));
	RV_TRY(rv_buf_put_u64(out, packed.len));
	return rv_buf_put_u64(out, (uint64_t)rv_now_utc_us());
}

/* Emptied first: whoever reads meanwhile finds nothing, or a digest that is not the content's. */
static void keep(void *user, const struct rv_digest *key, struct rv_str packed)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf header = {0};
	struct rv_anchor_cache *c = user;
	struct rv_digest wanted = file_key(c, key);
	int fd = packed.len <= RV_ANCHOR_CACHE_BYTES ? choose(c, &wanted) : -1;

	rv_buf_init(&header, HEADER);
	if (fd < 0 || !rv_is_ok(print_header(&wanted, packed, &header)) || ftruncate(fd, 0) != 0)
		return;
	/* The header comes last: what a full disk cuts short has no magic. */
	if (write_at(fd, packed.data, packed.len, HEADER) &&
	    write_at(fd, header.data, header.len, 0))
		c->counts.kept++;
}

rv_status rv_anchor_cache_open(const struct rv_anchor_cache_where *where,
			       struct rv_anchor_cache **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_fd_closep) int dir = -1;
	unsigned usable = 0;

	RV_TRY(rv_anchor_dir_open(where->dir, where->trees, &dir, diag));
	struct rv_anchor_cache *c = calloc(1, sizeof(*c));
	if (!c)
		return rv_fail_nomem(diag);
	c->version = where->version;
	for (unsigned i = 0; i < RV_ANCHOR_CACHE_FILES; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "anchors-%u", i); /* fits */
		c->fds[i] = rv_anchor_dir_file(dir, name);
		usable += c->fds[i] >= 0;
	}
	if (usable == 0) {
		rv_anchor_cache_free(c);
		return rv_fail(RV_CLASS_DENIED, diag, "no file of the cache can be used");
	}
	*out = c;
	return RV_OK;
}

void rv_anchor_cache_free(struct rv_anchor_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < RV_ANCHOR_CACHE_FILES; i++)
		rv_fd_closep(&cache->fds[i]);
	free(cache);
}

struct rv_anchor_store rv_anchor_cache_store(struct rv_anchor_cache *cache)
{
	return (struct rv_anchor_store){.load = load, .keep = keep, .user = cache};
}

struct rv_anchor_cache_counts rv_anchor_cache_counts(const struct rv_anchor_cache *cache)
{
	return cache->counts;
}
