/* base: secret bytes in the secure heap. Not here: sealing and fingerprints (secret_seal.c). */
#include "agent/base/secret.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define HEAP_BYTES ((size_t)1 << 20)
#define HEAP_LEAST 64
#define SECRET_MAX ((size_t)256 << 10)

struct rv_secret {
	size_t len;
	uint8_t *bytes; /* in the secure heap; NULL when len is 0 */
};

rv_status rv_secret_heap_init(struct rv_diag *diag)
{
	const struct rlimit none = {0, 0};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return rv_fail_errno(diag, "cannot forbid core dumps");
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return rv_fail_errno(diag, "cannot set the core limit");
	if (CRYPTO_secure_malloc_initialized())
		return RV_OK;
	/* 2: the heap is there but could not be locked or guarded. */
	if (CRYPTO_secure_malloc_init(HEAP_BYTES, HEAP_LEAST) == 1)
		return RV_OK;
	rv_diag_next(diag, "raise the locked memory limit to at least 2 MiB (LimitMEMLOCK=)");
	return rv_fail(RV_CLASS_EXHAUSTED, diag, "the memory for secrets cannot be locked");
}

/* An empty secret with room for len bytes. */
static rv_status make(size_t len, struct rv_secret **out)
{
	struct rv_secret *s;

	/* Without the heap OpenSSL would fall back to ordinary memory. */
	if (!CRYPTO_secure_malloc_initialized())
		return (rv_status){RV_CLASS_BUG, 0};
	if (len > SECRET_MAX)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	s = calloc(1, sizeof(*s));
	if (!s)
		return rv_fail_nomem(NULL);
	if (len) {
		s->bytes = OPENSSL_secure_zalloc(len);
		if (!s->bytes) {
			free(s);
			return rv_fail_nomem(NULL);
		}
	}
	s->len = len;
	*out = s;
	return RV_OK;
}

rv_status rv_secret_new(const void *bytes, size_t len, struct rv_secret **out)
{
	struct rv_secret *s = NULL;

	RV_TRY(make(len, &s));
	if (len)
		memcpy(s->bytes, bytes, len);
	*out = s;
	return RV_OK;
}

/* Fills s to its length or to the end of fd. */
static rv_status fill(int fd, struct rv_secret *s, size_t *out_len)
{
	size_t len = 0;

	while (len < s->len) {
		ssize_t n = read(fd, s->bytes + len, s->len - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return rv_fail_errno(NULL, "cannot read");
		if (n == 0)
			break;
		len += (size_t)n;
	}
	*out_len = len;
	return RV_OK;
}

rv_status rv_secret_read_fd(int fd, size_t max, struct rv_secret **out)
{
	RV_CLEANUP(rv_secret_freep) struct rv_secret *room = NULL;
	size_t len = 0;

	if (max > SECRET_MAX - 1)
		max = SECRET_MAX - 1;
	/* One byte more than allowed shows that there is more; then a copy of the right size. */
	RV_TRY(make(max + 1, &room));
	RV_TRY(fill(fd, room, &len));
	if (len > max)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	return rv_secret_new(room->bytes, len, out);
}

rv_status rv_secret_dup(const struct rv_secret *s, struct rv_secret **out)
{
	return rv_secret_new(s->bytes, s->len, out);
}

void rv_secret_free(struct rv_secret *s)
{
	if (!s)
		return;
	OPENSSL_secure_clear_free(s->bytes, s->len);
	free(s);
}

void rv_secret_freep(struct rv_secret **s)
{
	rv_secret_free(*s);
	*s = NULL;
}

size_t rv_secret_len(const struct rv_secret *s)
{
	return s->len;
}

bool rv_secret_equal(const struct rv_secret *a, const struct rv_secret *b)
{
	return a->len == b->len && (a->len == 0 || CRYPTO_memcmp(a->bytes, b->bytes, a->len) == 0);
}

const uint8_t *rv_secret_reveal(const struct rv_secret *s)
{
	return s->bytes;
}
