/* fuzz: walks any bytes as whatever container they are, with small limits. Members are read to
 * their ends, so that AddressSanitizer sees a length that is wrong. */
#include "agent/unpack/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rv_unpack_limits limits = {.max_member_bytes = RV_UNPACK_MEMBER_MIN,
					       .max_total_bytes = (uint64_t)4 << 20,
					       .max_members = 300,
					       .max_ratio = 200,
					       .depth = 4};

struct told {
	uint64_t sum;
	uint64_t calls;
};

static void read_all(struct told *told, struct rv_str bytes)
{
	for (size_t i = 0; i < bytes.len; i++)
		told->sum += bytes.data[i];
}

static bool on_member(const struct rv_unpack_member *member, void *user)
{
	RV_BUG_ON(member->depth < 1 || member->depth > limits.depth);
	RV_BUG_ON(member->kind >= RV_UNPACK__COUNT);
	read_all(user, member->path);
	read_all(user, member->bytes);
	return true;
}

static void on_trouble(struct rv_str path, enum rv_unpack_reason reason, const char *detail,
		       void *user)
{
	RV_BUG_ON(reason >= RV_UNPACK_REASON__COUNT || !detail);
	read_all(user, path);
}

static bool is_over(void *user)
{
	struct told *told = user;

	return ++told->calls > 5000;
}

#define PIECE 300

/* What follows the first piece; `user` is what is left. */
static ssize_t pull(void *user, const void **out)
{
	struct rv_str *rest = user;
	size_t len = rest->len < PIECE ? rest->len : PIECE;

	*out = rest->data;
	*rest = (struct rv_str){rest->data + len, rest->len - len};
	return (ssize_t)len;
}

/* The same from a stream. */
static void walk_stream(const uint8_t *data, size_t size)
{
	size_t head = size < RV_UNPACK_HEAD ? size : RV_UNPACK_HEAD;
	struct rv_str rest = {data + head, size - head};
	struct rv_unpack_source source = {
		.bytes = {data, head}, .fd = -1, .pull = pull, .pull_user = &rest};
	struct told told = {0};
	struct rv_unpack_events events = {on_member, on_trouble, is_over, &told};

	RV_BUG_ON(rv_class_of(rv_unpack_walk(&source, &limits, &events, NULL)) == RV_CLASS_BUG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_unpack_source source = {
		.bytes = {data, size}, .fd = -1, .name = RV_STR_LIT("a.gz")};
	struct told told = {0};
	struct rv_unpack_events events = {on_member, on_trouble, is_over, &told};
	/* NOT_FOUND for most. */
	rv_status status = rv_unpack_walk(&source, &limits, &events, NULL);

	walk_stream(data, size);
	return rv_class_of(status) == RV_CLASS_BUG;
}
