/* scan: see memo.h. One slot for each key: the newer one stays. */
#include "agent/scan/memo.h"

#include "agent/base/digest.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#define SLOT_BITS 20
#define SLOTS	  ((size_t)1 << SLOT_BITS)
#define STEP	  ((size_t)64) /* bytes of a round */
#define HUGE_PAGE ((size_t)2 << 20)

struct rv_memo {
	uint64_t secret[12];
	void *room; /* of the slots */
	_Atomic(uint64_t) *slots;
};

rv_status rv_memo_new(struct rv_memo **out)
{
	const size_t bytes = SLOTS * sizeof(uint64_t);
	struct rv_memo *memo = malloc(sizeof(*memo));

	if (!memo)
		return rv_fail_nomem(NULL);
	memo->room = aligned_alloc(HUGE_PAGE, bytes);
	if (!memo->room) {
		free(memo);
		return rv_fail_nomem(NULL);
	}
	(void)madvise(memo->room, bytes, MADV_HUGEPAGE); /* or small ones */
	/* Written at once: a page that is read first is made twice, and all threads wait for it. */
	memset(memo->room, 0, bytes);
	memo->slots = memo->room;
	rv_random(memo->secret, sizeof(memo->secret));
	*out = memo;
	return RV_OK;
}

void rv_memo_free(struct rv_memo *memo)
{
	if (memo)
		free(memo->room);
	free(memo);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide product = (wide)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t word_at(const uint8_t *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static inline uint64_t take(uint64_t lane, const uint64_t *secret, const uint8_t *at)
{
	return mix(word_at(at) ^ secret[0], word_at(at + 8) ^ secret[1] ^ lane);
}

/* Four lanes of multiplications, each with words of the secret: quick, and not to be foreseen by
 * who does not know it. */
uint64_t rv_memo_key(const struct rv_memo *memo, struct rv_str bytes, uint64_t form)
{
	const uint64_t *k = memo->secret;
	uint64_t a = k[8] ^ form;
	uint64_t b = k[9] ^ bytes.len;
	uint64_t c = k[10];
	uint64_t d = k[11];
	uint8_t rest[STEP] = {0};
	size_t left = bytes.len % STEP;
	const uint8_t *end = bytes.data + (bytes.len - left);

	for (const uint8_t *at = bytes.data; at < end; at += STEP) {
		a = take(a, k, at);
		b = take(b, k + 2, at + 16);
		c = take(c, k + 4, at + 32);
		d = take(d, k + 6, at + 48);
	}
	if (left > 0)
		memcpy(rest, end, left);
	a = take(a, k, rest);
	b = take(b, k + 2, rest + 16);
	c = take(c, k + 4, rest + 32);
	d = take(d, k + 6, rest + 48);
	uint64_t key = mix(mix(a ^ k[10], b ^ k[11]), mix(c ^ k[8], d ^ k[9]) ^ k[0]);

	return key ? key : 1;
}

void rv_memo_expect(const struct rv_memo *memo, uint64_t key)
{
	__builtin_prefetch(&memo->slots[key & (SLOTS - 1)]);
}

bool rv_memo_has(const struct rv_memo *memo, uint64_t key)
{
	return atomic_load_explicit(&memo->slots[key & (SLOTS - 1)], memory_order_relaxed) == key;
}

void rv_memo_put(struct rv_memo *memo, uint64_t key)
{
	atomic_store_explicit(&memo->slots[key & (SLOTS - 1)], key, memory_order_relaxed);
}
