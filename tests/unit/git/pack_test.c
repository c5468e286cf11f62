/* tests: packs that no git would write: circles of deltas, chains without end, bombs, thin packs.
 */
#include "tests/support/unit.h"

#include "agent/git/visit.h"

#include <libdeflate.h>

#define OBJECTS_MAX 20000

/* A pack in memory; ids are the object's number, big-endian, in the first four bytes. */
struct maker {
	struct rv_buf pack, index;
	uint64_t offsets[OBJECTS_MAX];
	uint32_t count;
	struct libdeflate_compressor *zlib;
};

static struct rv_git_oid oid_of(uint32_t n)
{
	struct rv_git_oid oid = {{0}};

	for (unsigned i = 0; i < 4; i++)
		oid.bytes[i] = (uint8_t)(n >> (24 - 8 * i));
	return oid;
}

static void put32(struct rv_buf *buf, uint32_t v)
{
	const struct rv_git_oid oid = oid_of(v);

	assert_ok(rv_buf_put(buf, oid.bytes, 4));
}

static void begin(struct maker *m)
{
	rv_buf_init(&m->pack, (size_t)64 << 20);
	rv_buf_init(&m->index, (size_t)64 << 20);
	m->count = 0;
	m->zlib = libdeflate_alloc_compressor(1);
	assert_non_null(m->zlib);
	assert_ok(rv_buf_put_str(&m->pack, "PACK"));
	put32(&m->pack, 2);
	put32(&m->pack, 0); /* nobody counts them */
}

/* type, stated size, base (an id's number; only for REF_DELTA), bytes to compress */
static void add(struct maker *m, enum rv_git_type type, uint64_t size, uint32_t base,
		const void *bytes, size_t len)
{
	const struct rv_git_oid oid = oid_of(base);
	uint8_t out[4096], byte = (uint8_t)((unsigned)type << 4 | (size & 15));
	size_t got;

	m->offsets[m->count++] = m->pack.len;
	for (size >>= 4; size; size >>= 7) {
		assert_ok(rv_buf_put_byte(&m->pack, byte | 0x80));
		byte = size & 0x7f;
	}
	assert_ok(rv_buf_put_byte(&m->pack, byte));
	if (type == RV_GIT_REF_DELTA)
		assert_ok(rv_buf_put(&m->pack, oid.bytes, 20));
	got = libdeflate_zlib_compress(m->zlib, bytes, len, out, sizeof(out));
	assert_true(got > 0);
	assert_ok(rv_buf_put(&m->pack, out, got));
}

static void finish(struct maker *m, struct rv_git_pack *pack)
{
	const uint8_t sum[40] = {0};

	assert_ok(rv_buf_put(&m->pack, sum, 20));
	assert_ok(rv_buf_put(&m->index, "\377tOc\0\0\0\2", 8));
	for (unsigned i = 0; i < 256; i++)
		put32(&m->index, m->count); /* all ids begin with 0 */
	for (uint32_t n = 0; n < m->count; n++) {
		const struct rv_git_oid oid = oid_of(n);

		assert_ok(rv_buf_put(&m->index, oid.bytes, 20));
	}
	for (uint32_t n = 0; n < m->count; n++)
		put32(&m->index, 0);
	for (uint32_t n = 0; n < m->count; n++)
		put32(&m->index, (uint32_t)m->offsets[n]);
	assert_ok(rv_buf_put(&m->index, sum, 40));
	*pack = (struct rv_git_pack){.oid_len = 20, .data = m->pack.data, .len = m->pack.len};
	pack->path = (char *)(uintptr_t) "made.pack";
	assert_ok(rv_git_pack_index_bytes(pack, m->index.data, m->index.len));
	libdeflate_free_compressor(m->zlib);
}

static void end(struct maker *m)
{
	rv_buf_done(&m->pack);
	rv_buf_done(&m->index);
}

struct heard {
	size_t told, deltas, bytes;
	size_t troubles[RV_GIT_TROUBLE__COUNT];
};

static rv_status see(void *user, const struct rv_git_told *told, void **out_state)
{
	struct heard *heard = user;

	(void)out_state;
	heard->told++;
	heard->bytes += told->bytes.len;
	heard->deltas += told->segments != NULL;
	return RV_OK;
}

static void hear(void *user, const struct rv_git_trouble *trouble)
{
	struct heard *heard = user;

	heard->troubles[trouble->kind]++;
}

static struct heard look(struct rv_git_pack *packs, uint32_t count, size_t max_object,
			 size_t max_in_flight)
{
	const struct rv_git_visitor visitor = {.object = see, .trouble = hear};
	struct rv_git_odb odb = {
		.oid_len = 20, .max_object = max_object, .packs = packs, .pack_count = count};
	struct heard heard = {0};
	void *users[] = {&heard};
	const struct rv_git_visit visit = {.users = users, .max_in_flight = max_in_flight};
	struct rv_git_reader *reader = NULL;

	assert_ok(rv_git_visit(&odb, &visit, &visitor, NULL));
	/* Reading by id ends as well. */
	assert_ok(rv_git_reader_new(&odb, &reader));
	for (uint32_t n = 0; n < packs[0].count; n += packs[0].count / 16 + 1) {
		struct rv_git_oid oid = oid_of(n);
		enum rv_git_type type = RV_GIT_TYPE_NONE;
		struct rv_str bytes;

		(void)!rv_is_ok(rv_git_read(reader, &oid, &type, &bytes)); /* any result */
	}
	rv_git_reader_free(reader);
	return heard;
}

static struct maker maker; /* large */

static void circles_of_deltas_are_told_as_missing_bases(void **state)
{
	const uint8_t delta[] = {4, 4, 0x90, 4};
	struct rv_git_pack pack;
	struct heard heard;

	(void)state;
	begin(&maker);
	add(&maker, RV_GIT_REF_DELTA, sizeof(delta), 1, delta, sizeof(delta)); /* on the next */
	add(&maker, RV_GIT_REF_DELTA, sizeof(delta), 0, delta,
	    sizeof(delta)); /* on the one before */
	add(&maker, RV_GIT_REF_DELTA, sizeof(delta), 2, delta, sizeof(delta)); /* on itself */
	add(&maker, RV_GIT_REF_DELTA, sizeof(delta), 9, delta, sizeof(delta)); /* on nothing */
	add(&maker, RV_GIT_REF_DELTA, sizeof(delta), 3, delta, sizeof(delta)); /* on that one */
	add(&maker, RV_GIT_BLOB, 4, 0, "fine", 4);
	finish(&maker, &pack);
	heard = look(&pack, 1, 1 << 20, 0);
	assert_int_equal(heard.told, 1);
	assert_int_equal(heard.troubles[RV_GIT_TROUBLE_MISSING_BASE], 5);
	end(&maker);
}

static void a_chain_of_any_length_holds_two_objects(void **state)
{
	struct rv_git_pack pack;
	struct heard heard;
	uint8_t base[1000] = {0};

	(void)state;
	begin(&maker);
	add(&maker, RV_GIT_BLOB, sizeof(base), 0, base, sizeof(base));
	for (uint32_t n = 1; n < OBJECTS_MAX; n++) {
		/* 1000 bytes of base, all copied but one */
		const uint8_t delta[] = {0xe8, 7, 0xe8, 7, 1, (uint8_t)n, 0xb1, 1, 0xe7, 3};

		add(&maker, RV_GIT_REF_DELTA, sizeof(delta), n - 1, delta, sizeof(delta));
	}
	finish(&maker, &pack);
	heard = look(&pack, 1, 1 << 20, 32768);
	assert_int_equal(heard.told, OBJECTS_MAX);
	assert_int_equal(heard.deltas, OBJECTS_MAX - 1);
	assert_int_equal(heard.bytes, (size_t)OBJECTS_MAX * 1000);
	end(&maker);
}

static void bombs_are_told_and_cost_nothing(void **state)
{
	const uint8_t delta[] = {4, 0x80, 0x80, 0x80, 0x80, 0x10, 0x90, 4}; /* of 4 GiB */
	const uint8_t short_delta[] = {4, 8, 0x90, 4}, wrong_base[] = {5, 4, 0x90, 4};
	const uint8_t fine[] = {4, 4, 0x90, 4};
	struct rv_git_pack pack;
	struct heard heard;

	(void)state;
	begin(&maker);
	add(&maker, RV_GIT_BLOB, (uint64_t)1 << 50, 0, "tiny", 4); /* says it is huge */
	add(&maker, RV_GIT_BLOB, 4, 0, "base", 4);
	add(&maker, RV_GIT_REF_DELTA, sizeof(delta), 1, delta, sizeof(delta));
	add(&maker, RV_GIT_REF_DELTA, (uint64_t)1 << 40, 1, delta, sizeof(delta));
	add(&maker, RV_GIT_BLOB, 5, 0, "four", 4); /* shorter than it says */
	add(&maker, RV_GIT_BLOB, 3, 0, "four", 4); /* longer */
	add(&maker, RV_GIT_REF_DELTA, sizeof(short_delta), 1, short_delta, sizeof(short_delta));
	add(&maker, RV_GIT_REF_DELTA, sizeof(wrong_base), 1, wrong_base, sizeof(wrong_base));
	add(&maker, RV_GIT_REF_DELTA, sizeof(fine), 0, fine, sizeof(fine)); /* on the huge one */
	add(&maker, RV_GIT_REF_DELTA, sizeof(fine), 1, fine, sizeof(fine));
	finish(&maker, &pack);
	heard = look(&pack, 1, 1 << 20, 0);
	assert_int_equal(heard.told, 2);
	assert_int_equal(heard.troubles[RV_GIT_TROUBLE_TOO_LARGE], 3);
	assert_int_equal(heard.troubles[RV_GIT_TROUBLE_BROKEN], 4);
	assert_int_equal(heard.troubles[RV_GIT_TROUBLE_MISSING_BASE], 1);
	/* Not even that much memory. */
	heard = look(&pack, 1, 1 << 20, 1);
	assert_int_equal(heard.told, 0);
	end(&maker);
}

static void a_base_in_another_pack_is_found(void **state)
{
	const uint8_t delta[] = {4, 5, 0x90, 4, 1, '!'};
	static struct maker thin;
	struct rv_git_pack packs[2];
	struct heard heard;

	(void)state;
	begin(&maker);
	add(&maker, RV_GIT_BLOB, 4, 0, "zero", 4);
	add(&maker, RV_GIT_TREE, 4, 0, "tree", 4);
	add(&maker, RV_GIT_BLOB, 4, 0, "two.", 4);
	finish(&maker, &packs[0]);
	begin(&thin);
	for (uint32_t n = 0; n < 3; n++) /* 0 and 1 are known; 2 is */
		add(&thin, RV_GIT_BLOB, 4, 0, "seen", 4);
	add(&thin, RV_GIT_REF_DELTA, sizeof(delta), 5, delta, sizeof(delta));
	add(&thin, RV_GIT_REF_DELTA, sizeof(delta), 1, delta, sizeof(delta));
	add(&thin, RV_GIT_BLOB, 4, 0, "five", 4);
	finish(&thin, &packs[1]);
	/* The second pack has no object 1 of its own any more: its delta 4 goes to the first. */
	packs[1].oids += 40;
	packs[1].offsets += 8;
	packs[1].count -= 2;
	heard = look(packs, 2, 1 << 20, 0);
	/* zero, two, delta on five, five; the delta on a tree is a tree */
	assert_int_equal(heard.told, 4);
	assert_int_equal(heard.deltas, 1);
	assert_int_equal(heard.troubles[RV_GIT_TROUBLE_MISSING_BASE], 0);
	end(&maker);
	end(&thin);
}

static void deltas_that_leave_their_bounds_are_malformed(void **state)
{
	static const struct {
		uint8_t bytes[12];
		size_t len;
	} bad[] = {
		{{4}, 1},				      /* one size */
		{{0x84, 0x80, 0x80}, 3},		      /* no end of a size */
		{{4, 4, 0}, 3},				      /* the reserved instruction */
		{{4, 4, 0x90}, 3},			      /* no argument */
		{{4, 4, 5, 'a', 'b'}, 5},		      /* insert past the delta */
		{{4, 4, 0x91, 1, 4}, 5},		      /* copy past the base */
		{{4, 4, 0x9f, 0xff, 0xff, 0xff, 0xff, 4}, 8}, /* from nowhere */
		{{4, 4, 0x80}, 3},			      /* 64 KiB of four bytes */
		{{4, 4, 0x90, 4, 1, 'x'}, 6},		      /* past the result */
		{{4, 4, 0x90, 3}, 4},			      /* short of it */
	};
	uint8_t out[4];

	(void)state;
	for (size_t i = 0; i < RV_LEN(bad); i++)
		assert_class(rv_git_delta_apply(RV_STR_LIT("base"),
						(struct rv_str){bad[i].bytes, bad[i].len}, out,
						sizeof(out), NULL),
			     RV_CLASS_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deltas_that_leave_their_bounds_are_malformed),
		cmocka_unit_test(circles_of_deltas_are_told_as_missing_bases),
		cmocka_unit_test(bombs_are_told_and_cost_nothing),
		cmocka_unit_test(a_chain_of_any_length_holds_two_objects),
		cmocka_unit_test(a_base_in_another_pack_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
