/* tests: fuzzes a pack and its index: two bytes say how long the index is, then index, then pack.
 */
#include "agent/git/visit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static rv_status see(void *user, const struct rv_git_told *told, void **out_state)
{
	size_t *sum = user, at = 0;

	for (size_t i = 0; i < told->segment_count; i++) {
		const struct rv_git_segment *s = &told->segments[i];

		if (s->at != at || s->len > told->bytes.len - at)
			abort();
		if (s->base_at != RV_GIT_INSERTED &&
		    memcmp(told->base.data + s->base_at, told->bytes.data + at, s->len) != 0)
			abort();
		at += s->len;
	}
	if (told->segments && at != told->bytes.len)
		abort();
	*sum += told->bytes.len;
	*out_state = malloc(1);
	return RV_OK;
}

static void drop(void *user, void *state)
{
	(void)user;
	free(state);
}

static uint8_t *copy_of(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	return copy;
}

static void read_all(const struct rv_git_odb *odb)
{
	struct rv_git_reader *reader = NULL;

	if (!rv_is_ok(rv_git_reader_new(odb, &reader)))
		abort();
	for (uint32_t n = 0; n < odb->packs[0].count; n++) {
		struct rv_git_oid oid = rv_git_oid_of(rv_git_pack_oid(&odb->packs[0], n), 20);
		enum rv_git_type type = RV_GIT_TYPE_NONE;
		struct rv_str bytes = RV_STR_NONE;

		(void)!rv_is_ok(rv_git_read(reader, &oid, &type, &bytes)); /* any result will do */
	}
	rv_git_reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rv_git_visitor visitor = {.object = see, .drop = drop};
	struct rv_git_pack pack = {.oid_len = 20};
	size_t index_len, sum = 0;
	void *users[] = {&sum};
	const struct rv_git_visit visit = {.types = 0x1e, .users = users};
	struct rv_git_odb odb = {
		.oid_len = 20, .max_object = 1 << 20, .packs = &pack, .pack_count = 1};
	uint8_t *index, *bytes;

	if (size < 2)
		return 0;
	index_len = rv_get_u16(data);
	if (index_len > size - 2 || size - 2 - index_len < 32)
		return 0;
	index = copy_of(data + 2, index_len);
	bytes = copy_of(data + 2 + index_len, size - 2 - index_len);
	pack.data = bytes;
	pack.len = size - 2 - index_len;
	if (rv_is_ok(rv_git_pack_index_bytes(&pack, index, index_len))) {
		(void)!rv_is_ok(rv_git_visit(&odb, &visit, &visitor, NULL)); /* as above */
		read_all(&odb);
	}
	free(index);
	free(bytes);
	return 0;
}
