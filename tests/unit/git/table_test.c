/* tests: reftables, made by hand since the git of these systems cannot. */
#include "tests/support/unit.h"
#include "tests/unit/git/world.h"

#include "agent/git/refs_table.h"

#include <libdeflate.h>
#include <stdio.h>

#define BLOCK 256

static void put(struct rv_buf *out, const void *bytes, size_t len)
{
	assert_ok(rv_buf_put(out, bytes, len));
}

static void put_big(struct rv_buf *out, uint64_t value, unsigned bytes)
{
	while (bytes-- > 0)
		assert_ok(rv_buf_put_byte(out, (uint8_t)(value >> 8 * bytes)));
}

/* Small ones are one byte, those of this test never more than two. */
static void put_number(struct rv_buf *out, unsigned value)
{
	if (value >= 0x80)
		assert_ok(rv_buf_put_byte(out, (uint8_t)(0x80 | ((value >> 7) - 1))));
	assert_ok(rv_buf_put_byte(out, value & 0x7f));
}

static void put_text(struct rv_buf *out, const char *text)
{
	put_number(out, (unsigned)strlen(text));
	put(out, text, strlen(text));
}

static void put_oid(struct rv_buf *out, const char *hex)
{
	struct rv_git_oid oid = {{0}};

	assert_true(rv_git_oid_parse(rv_str_of(hex), strlen(hex) / 2, &oid));
	put(out, oid.bytes, strlen(hex) / 2);
}

/* "NAME HEX", "NAME HEX PEELED", "NAME ->TARGET", "NAME -": deleted. `last` is the name before. */
static void put_ref(struct rv_buf *out, const char *line, char last[256])
{
	char name[128], first[128], second[128] = "";
	size_t shared = 0;
	unsigned type;

	assert_true(sscanf(line, "%127s %127s %127s", name, first, second) >= 2);
	type = strcmp(first, "-") == 0 ? 0 : first[0] == '-' ? 3 : second[0] ? 2 : 1;
	while (name[shared] && name[shared] == last[shared])
		shared++;
	put_number(out, (unsigned)shared);
	put_number(out, (unsigned)(strlen(name) - shared) << 3 | type);
	put(out, name + shared, strlen(name) - shared);
	put_number(out, 0);
	if (type == 3)
		put_text(out, first + 2);
	if (type == 1 || type == 2)
		put_oid(out, first);
	if (type == 2)
		put_oid(out, second);
	(void)snprintf(last, 256, "%s", name);
}

static void put_header(struct rv_buf *out, size_t oid_len)
{
	put(out, oid_len == 20 ? "REFT\1" : "REFT\2", 5);
	put_big(out, BLOCK, 3);
	put_big(out, 1, 8);
	put_big(out, 9, 8);
	if (oid_len == 32)
		put(out, "s256", 4);
}

/* The block at `at`, whose length is put right, with one restart at its first record. */
static void end_block(struct rv_buf *out, size_t at, size_t skip)
{
	size_t len;

	put_big(out, skip + 4, 3);
	put_big(out, 1, 2);
	len = out->len - at;
	out->data[at + skip + 1] = 0;
	out->data[at + skip + 2] = (uint8_t)(len >> 8);
	out->data[at + skip + 3] = (uint8_t)len;
}

/* One log record, compressed. */
static void put_log(struct rv_buf *out, const char *old_hex, const char *new_hex)
{
	struct libdeflate_compressor *zlib = libdeflate_alloc_compressor(6);
	struct rv_buf log;
	uint8_t packed[4096];

	rv_buf_init(&log, 4096);
	put_number(&log, 0);
	put_number(&log, (4 + 1 + 8) << 3 | 1);
	put(&log, "HEAD\0\377\377\377\377\377\377\377\376", 13);
	put_oid(&log, old_hex);
	put_oid(&log, new_hex);
	put_text(&log, "A U Thor");
	put_text(&log, "a@example.org");
	put_number(&log, 77);
	put_big(&log, 0, 2);
	put_text(&log, "commit: more\n");
	put_big(&log, 4, 3);
	put_big(&log, 1, 2);
	put(out, "g", 1);
	put_big(out, log.len + 4, 3);
	put(out, packed, libdeflate_zlib_compress(zlib, log.data, log.len, packed, sizeof(packed)));
	libdeflate_free_compressor(zlib);
	rv_buf_done(&log);
}

/* A table of these refs, in blocks of BLOCK bytes, and a log. */
static struct rv_buf make_table(const char *const *lines, size_t oid_len, const char *old_hex,
				const char *new_hex)
{
	struct rv_buf out;
	size_t at = 0, skip, header;
	char last[256] = "";

	rv_buf_init(&out, 65536);
	put_header(&out, oid_len);
	skip = header = out.len;
	put(&out, "r\0\0\0", 4);
	for (; *lines; lines++) {
		if (out.len - at + 160 > BLOCK) {
			end_block(&out, at, skip);
			while ((out.len - at) % BLOCK)
				assert_ok(rv_buf_put_byte(&out, 0));
			at = out.len;
			skip = 0;
			last[0] = '\0';
			put(&out, "r\0\0\0", 4);
		}
		put_ref(&out, *lines, last);
	}
	end_block(&out, at, skip);
	if (old_hex) {
		while ((out.len - at) % BLOCK)
			assert_ok(rv_buf_put_byte(&out, 0));
		put_log(&out, old_hex, new_hex);
	}
	header = out.len;
	put_header(&out, oid_len);
	put_big(&out, header, 8);
	for (unsigned i = 0; i < 36; i++)
		assert_ok(rv_buf_put_byte(&out, 0));
	return out;
}

static const char one[] = "1111111111111111111111111111111111111111";
static const char two[] = "2222222222222222222222222222222222222222";
static const char nil[] = "0000000000000000000000000000000000000000";

struct heard {
	size_t refs, deleted, symbolic;
	char names[4096];
};

static rv_status hear(void *user, const struct rv_git_table_ref *ref)
{
	struct heard *h = user;
	size_t len = strlen(h->names);

	h->refs++;
	h->deleted += ref->is_deleted;
	h->symbolic += ref->target.data != NULL;
	if (ref->name.len + 2 < sizeof(h->names) - len) {
		memcpy(h->names + len, ref->name.data, ref->name.len);
		memcpy(h->names + len + ref->name.len, " ", 2);
	}
	return RV_OK;
}

static rv_status parse(struct rv_str bytes, size_t oid_len, struct heard *h, size_t *out_logged)
{
	struct rv_git_oidmap logged;
	uint64_t left = bytes.len + 4096;
	const struct rv_git_table_sink sink = {hear, h, &logged, &left};

	rv_git_oidmap_init(&logged);
	*h = (struct heard){.refs = 0};
	rv_status status = rv_git_reftable_parse(bytes, oid_len, &sink);
	*out_logged = logged.count;
	rv_git_oidmap_done(&logged);
	return status;
}

static const char *const some[] = {"HEAD ->refs/heads/main",
				   "refs/heads/a 1111111111111111111111111111111111111111",
				   "refs/heads/main 2222222222222222222222222222222222222222",
				   "refs/heads/old -",
				   "refs/tags/v1 1111111111111111111111111111111111111111 "
				   "2222222222222222222222222222222222222222",
				   NULL};

static void a_damaged_table_is_refused_and_does_no_harm(void **state)
{
	struct rv_buf table = make_table(some, 20, nil, one);
	struct heard h;
	size_t logged;

	(void)state;
	assert_class(parse(RV_STR_NONE, 20, &h, &logged), RV_CLASS_MALFORMED);
	assert_class(parse(rv_buf_view(&table), 32, &h, &logged), RV_CLASS_MALFORMED);
	for (size_t len = 0; len < table.len; len++) {
		uint8_t *copy = malloc(len + 1);

		assert_non_null(copy);
		memcpy(copy, table.data, len);
		assert_class(parse((struct rv_str){copy, len}, 20, &h, &logged),
			     RV_CLASS_MALFORMED);
		free(copy);
	}
	for (size_t at = 0; at < table.len; at++) {
		table.data[at] ^= 0xff;
		(void)!rv_is_ok(parse(rv_buf_view(&table), 20, &h, &logged)); /* any will do */
		table.data[at] ^= 0xff;
	}
	rv_buf_done(&table);
}

static void every_ref_of_every_block_is_told_and_every_log(void **state)
{
	struct rv_buf table = make_table(some, 20, nil, one);
	struct heard h;
	size_t logged;

	(void)state;
	assert_true(table.len > 2 * (size_t)BLOCK);
	assert_ok(parse(rv_buf_view(&table), 20, &h, &logged));
	assert_string_equal(h.names, "HEAD refs/heads/a refs/heads/main refs/heads/old "
				     "refs/tags/v1 ");
	assert_int_equal(h.deleted, 1);
	assert_int_equal(h.symbolic, 1);
	assert_int_equal(logged, 1);
	rv_buf_done(&table);
}

static void longer_ids_are_read_as_well(void **state)
{
	static const char *const lines[] = {"refs/heads/main 33333333333333333333333333333333"
					    "33333333333333333333333333333333",
					    NULL};
	struct rv_buf table = make_table(lines, 32, NULL, NULL);
	struct heard h;
	size_t logged;

	(void)state;
	assert_ok(parse(rv_buf_view(&table), 32, &h, &logged));
	assert_int_equal(h.refs, 1);
	assert_class(parse(rv_buf_view(&table), 20, &h, &logged), RV_CLASS_MALFORMED);
	rv_buf_done(&table);
}

/* A repository whose refs are in two tables: the newer moves main, drops `gone` and has a log. */
static void begin(struct world *w, bool has_newer)
{
	char *first, *second, line[3][160];
	const char *const older[] = {"HEAD ->refs/heads/main", line[0], line[1], NULL};
	const char *const newer[] = {"refs/heads/gone -", line[2], NULL};
	struct rv_buf table;

	world_init(w, "sha1");
	rvt_git_do(&w->dir, "cd r; echo a >a; git add a; git commit -qm 1; echo b >b; git add b\n"
			    "git commit -qm 2");
	first = rvt_git_sh(&w->dir, "cd r; git rev-parse HEAD~1");
	second = rvt_git_sh(&w->dir, "cd r; git rev-parse HEAD");
	(void)snprintf(line[0], sizeof(line[0]), "refs/heads/gone %s", two);
	(void)snprintf(line[1], sizeof(line[1]), "refs/heads/main %s", first);
	(void)snprintf(line[2], sizeof(line[2]), "refs/heads/main %s", second);
	rvt_git_do(&w->dir, "cd r/.git; rm -rf refs/heads/* logs packed-refs; mkdir reftable\n"
			    "echo 'ref: refs/heads/.invalid' >HEAD\n"
			    "printf '[core]\\nrepositoryformatversion = 1\\n[extensions]\\n"
			    "refStorage = reftable\\n' >config\n"
			    "printf '1.ref\\n2.ref\\n' >reftable/tables.list");
	table = make_table(older, 20, NULL, NULL);
	rvt_dir_write(&w->dir, "r/.git/reftable/1.ref", table.data, table.len, 0600);
	rv_buf_done(&table);
	table = make_table(newer, 20, first, second);
	if (has_newer)
		rvt_dir_write(&w->dir, "r/.git/reftable/2.ref", table.data, table.len, 0600);
	rv_buf_done(&table);
	free(first);
	free(second);
}

static void a_table_that_is_not_there_or_damaged_is_told(void **state)
{
	struct world w;

	(void)state;
	begin(&w, false);
	world_open(&w, "r");
	assert_int_equal(w.of_kind[RV_GIT_TROUBLE_UNREADABLE], 1);
	world_done(&w);
	begin(&w, false);
	rvt_dir_write_text(&w.dir, "r/.git/reftable/2.ref", "REFT\1");
	world_open(&w, "r");
	assert_int_equal(w.of_kind[RV_GIT_TROUBLE_REF], 1);
	world_done(&w);
	begin(&w, true);
	rvt_git_do(&w.dir, "rm r/.git/reftable/tables.list");
	world_open(&w, "r");
	assert_int_equal(w.of_kind[RV_GIT_TROUBLE_UNREADABLE], 1);
	world_done(&w);
	begin(&w, true);
	rvt_dir_write_text(&w.dir, "r/.git/reftable/tables.list", "../reftable/2.ref\n");
	world_open(&w, "r");
	assert_int_equal(w.of_kind[RV_GIT_TROUBLE_REF], 1);
	world_done(&w);
}

static void what_a_newer_table_says_holds(void **state)
{
	const struct rv_git_ref *head;
	struct world w;
	uint32_t a, b;

	(void)state;
	begin(&w, true);
	a = world_want(&w, "a");
	b = world_want(&w, "b");
	world_open(&w, "r");
	assert_null(rv_git_refs_find(&w.refs, "refs/heads/gone"));
	head = rv_git_refs_find(&w.refs, "HEAD");
	assert_non_null(head);
	assert_int_equal(head->kind, RV_GIT_REF_HEAD);
	assert_string_equal(w.refs.head, "refs/heads/main");
	assert_int_equal(w.refs.logged.count, 2);
	assert_ok(rv_git_origins_find(&w.graph, &w.refs, &w.blobs, NULL, 1, &w.origins, NULL));
	assert_int_equal(w.origins.items[a].reach, RV_GIT_REACH_HEAD);
	assert_int_equal(w.origins.items[b].reach, RV_GIT_REACH_HEAD);
	assert_int_equal(w.troubles, 0);
	world_done(&w);
}

static void count_limit(void *user, const struct rv_git_trouble *trouble)
{
	assert_int_equal(trouble->kind, RV_GIT_TROUBLE_LIMIT);
	++*(size_t *)user;
}

/* A small file may be listed any number of times, and unpack to a thousand times its length. */
static void what_many_tables_unpack_to_is_bounded_and_told(void **state)
{
	struct rv_buf list;
	struct heard h = {.refs = 0};
	struct rv_git_oidmap logged;
	struct world w;
	char path[RVT_PATH];
	uint64_t left = 4096;
	size_t limits = 0;

	(void)state;
	begin(&w, true);
	rv_buf_init(&list, 65536);
	for (int i = 0; i < 4000; i++)
		put(&list, "2.ref\n", 6);
	rvt_dir_write(&w.dir, "r/.git/reftable/tables.list", list.data, list.len, 0600);
	rvt_dir_path(&w.dir, "r/.git", path);
	rv_git_oidmap_init(&logged);
	const struct rv_git_table_stack stack = {.git_dir = path,
						 .oid_len = 20,
						 .each = hear,
						 .user = &h,
						 .logged = &logged,
						 .left = &left,
						 .on_trouble = count_limit,
						 .trouble_user = &limits};
	assert_ok(rv_git_table_stack_read(&stack));
	assert_int_equal(limits, 1);
	assert_int_equal(h.refs, 1); /* what was read before holds */
	rv_git_oidmap_done(&logged);
	rv_buf_done(&list);
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_damaged_table_is_refused_and_does_no_harm),
		cmocka_unit_test(a_table_that_is_not_there_or_damaged_is_told),
		cmocka_unit_test(every_ref_of_every_block_is_told_and_every_log),
		cmocka_unit_test(longer_ids_are_read_as_well),
		cmocka_unit_test(what_a_newer_table_says_holds),
		cmocka_unit_test(what_many_tables_unpack_to_is_bounded_and_told),
	};

	rvt_git_setup();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
