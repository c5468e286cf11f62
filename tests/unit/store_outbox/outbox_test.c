/* tests: the outbox: coalescing, exactly what is under way, and the digest a server would compute.
 */
#include "agent/model/item.h"
#include "agent/store/outbox.h"
#include "tests/support/dir.h"
#include "tests/support/unit.h"

#include <stdio.h>

struct box {
	struct rvt_dir dir;
	struct rv_db *db;
	char path[RVT_PATH];
};

static void open_db(struct box *b)
{
	const struct rv_db_opts opts = {.path = b->path};

	assert_ok(rv_db_open(&opts, &b->db, NULL));
}

static int setup(void **state)
{
	struct box *b = calloc(1, sizeof(*b));

	rvt_dir_init(&b->dir);
	rvt_dir_path(&b->dir, "reeve.db", b->path);
	open_db(b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct box *b = *state;

	rv_db_close(b->db);
	rvt_dir_done(&b->dir);
	free(b);
	return 0;
}

static void put(struct box *b, const char *id, const char *name, int64_t mark)
{
	char doc[256];

	snprintf(doc, sizeof(doc), "{\"id\":\"%s\",\"name\":\"%s\"}", id, name);
	assert_ok(rv_outbox_put(b->db, id, rv_str_of(doc), mark, NULL));
}

static json_t *next(struct box *b)
{
	struct rv_buf body;
	json_t *doc = NULL;
	bool any = false;

	rv_buf_init(&body, RV_OUTBOX_BODY_MAX);
	assert_ok(rv_outbox_next(b->db, "host", NULL, &body, &any, NULL));
	if (any)
		assert_ok(rv_json_parse(rv_buf_view(&body), &doc, NULL));
	rv_buf_done(&body);
	return doc;
}

static int64_t pending(struct box *b)
{
	int64_t n = -1;

	assert_ok(rv_outbox_pending(b->db, &n, NULL));
	return n;
}

static const char *text(const json_t *doc, const char *key)
{
	return rv_json_text(doc, key, "");
}

static void first_report_is_full_even_when_empty(void **state)
{
	struct box *b = *state;
	json_t *doc = next(b);

	assert_string_equal(text(doc, "kind"), "full");
	assert_true(json_is_null(json_object_get(doc, "base")));
	assert_int_equal(json_array_size(json_object_get(doc, "items")), 0);
	json_decref(doc);
	assert_ok(rv_outbox_acked(b->db, NULL));
	assert_null(next(b));
}

static void coalesces_changes_made_while_the_server_was_away(void **state)
{
	struct box *b = *state;

	for (int64_t pass = 1; pass <= 20; pass++) {
		char name[32];
		snprintf(name, sizeof(name), "n%lld", (long long)pass);
		put(b, "a", name, pass);
		assert_ok(rv_outbox_sweep(b->db, pass, NULL));
	}
	assert_int_equal(pending(b), 1);
	json_t *doc = next(b);
	const json_t *items = json_object_get(doc, "items");
	assert_int_equal(json_array_size(items), 1);
	assert_string_equal(text(json_array_get(items, 0), "name"), "n20");
	json_decref(doc);
}

static void repeats_the_batch_under_way_byte_for_byte_after_a_restart(void **state)
{
	struct box *b = *state;
	struct rv_buf one, two;
	bool any = false;

	rv_buf_init(&one, RV_OUTBOX_BODY_MAX);
	rv_buf_init(&two, RV_OUTBOX_BODY_MAX);
	put(b, "a", "first", 1);
	assert_ok(rv_outbox_next(b->db, "host", NULL, &one, &any, NULL));
	put(b, "a", "second", 2);
	put(b, "b", "new", 2);
	rv_db_close(b->db);
	open_db(b);
	assert_ok(rv_outbox_next(b->db, "host", NULL, &two, &any, NULL));
	assert_true(rv_str_equal(rv_buf_view(&one), rv_buf_view(&two)));
	assert_ok(rv_outbox_acked(b->db, NULL));
	/* What changed meanwhile is not lost by the acknowledgement. */
	assert_int_equal(pending(b), 2);
	json_t *doc = next(b);
	assert_string_equal(text(doc, "kind"), "delta");
	assert_int_equal(json_array_size(json_object_get(doc, "items")), 2);
	json_decref(doc);
	rv_buf_done(&one);
	rv_buf_done(&two);
}

static void says_what_is_gone_and_then_forgets_it(void **state)
{
	struct box *b = *state;

	put(b, "a", "x", 1);
	put(b, "b", "y", 1);
	json_decref(next(b));
	assert_ok(rv_outbox_acked(b->db, NULL));
	put(b, "b", "y", 2);
	assert_ok(rv_outbox_sweep(b->db, 2, NULL));
	json_t *doc = next(b);
	assert_string_equal(json_string_value(json_array_get(json_object_get(doc, "gone"), 0)),
			    "a");
	assert_int_equal(json_array_size(json_object_get(doc, "items")), 0);
	json_decref(doc);
	assert_ok(rv_outbox_acked(b->db, NULL));
	assert_int_equal(pending(b), 0);
	assert_null(next(b));
}

static void what_came_and_went_unheard_is_never_said(void **state)
{
	struct box *b = *state;

	json_decref(next(b));
	assert_ok(rv_outbox_acked(b->db, NULL));
	put(b, "a", "x", 1);
	assert_ok(rv_outbox_sweep(b->db, 2, NULL));
	assert_int_equal(pending(b), 0);
	assert_null(next(b));
}

static void a_row_that_goes_while_under_way_is_taken_back_later(void **state)
{
	struct box *b = *state;

	put(b, "a", "x", 1);
	json_decref(next(b));
	assert_ok(rv_outbox_sweep(b->db, 2, NULL));
	assert_ok(rv_outbox_acked(b->db, NULL));
	json_t *doc = next(b);
	assert_string_equal(json_string_value(json_array_get(json_object_get(doc, "gone"), 0)),
			    "a");
	json_decref(doc);
}

static void need_full_starts_over_above_the_servers_number(void **state)
{
	struct box *b = *state;

	put(b, "a", "x", 1);
	json_decref(next(b));
	assert_ok(rv_outbox_acked(b->db, NULL));
	put(b, "b", "y", 1);
	json_decref(next(b));
	assert_ok(rv_outbox_need_full(b->db, 41, NULL));
	json_t *doc = next(b);
	assert_string_equal(text(doc, "kind"), "full");
	assert_int_equal(rv_json_int(doc, "seq", 0), 42);
	assert_int_equal(json_array_size(json_object_get(doc, "items")), 2);
	json_decref(doc);
}

/* The digest a server computes that applies every batch it was given. */
static void server_digest(const json_t *held, char out[RV_ITEMS_DIGEST_TEXT])
{
	struct rv_items_digest digest;
	struct rv_buf text_buf;
	const char *keys[64];
	size_t count = 0;
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)held, key, value) {
		size_t at = count++;
		for (; at > 0 && strcmp(keys[at - 1], key) > 0; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
	rv_buf_init(&text_buf, 65536);
	assert_ok(rv_items_digest_init(&digest));
	for (size_t i = 0; i < count; i++) {
		rv_buf_reset(&text_buf);
		assert_ok(rv_json_canonical(json_object_get(held, keys[i]), &text_buf));
		assert_ok(rv_items_digest_add(&digest, rv_buf_view(&text_buf)));
	}
	assert_ok(rv_items_digest_final(&digest, out));
	rv_items_digest_done(&digest);
	rv_buf_done(&text_buf);
}

static void every_batch_of_a_large_state_has_the_digest_of_what_is_held_then(void **state)
{
	struct box *b = *state;
	json_t *held = json_object();
	char digest[RV_ITEMS_DIGEST_TEXT];
	char base[RV_ITEMS_DIGEST_TEXT] = "";
	char id[16];
	int batches = 0;
	json_t *doc;

	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof(id), "c%02d", i);
		put(b, id, "x", 1);
	}
	for (int i = 0; i < 6; i++)
		assert_ok(rv_outbox_shrink(b->db, NULL)); /* 500 -> 7 */
	while ((doc = next(b))) {
		const json_t *items = json_object_get(doc, "items");
		assert_true(json_array_size(items) <= 7);
		assert_string_equal(text(doc, "kind"), batches == 0 ? "full" : "delta");
		if (batches > 0)
			assert_string_equal(text(doc, "base"), base);
		for (size_t i = 0; i < json_array_size(items); i++)
			json_object_set(held, text(json_array_get(items, i), "id"),
					json_array_get(items, i));
		server_digest(held, digest);
		assert_string_equal(text(doc, "digest"), digest);
		memcpy(base, digest, sizeof(base));
		json_decref(doc);
		assert_ok(rv_outbox_acked(b->db, NULL));
		batches++;
	}
	assert_int_equal(batches, 6);
	assert_int_equal(json_object_size(held), 40);
	json_decref(held);
}

static void a_batch_stays_below_its_size(void **state)
{
	struct box *b = *state;
	char *doc = calloc(1, 60001);
	char id[16];

	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof(id), "c%02d", i);
		memset(doc, 'x', 60000);
		int len = snprintf(doc, 60000, "{\"id\":\"%s\",\"n\":\"", id);
		doc[len] = 'x';
		doc[59998] = '"';
		doc[59999] = '}';
		assert_ok(
			rv_outbox_put(b->db, id, (struct rv_str){(uint8_t *)doc, 60000}, 1, NULL));
	}
	free(doc);
	json_t *first = next(b);
	const size_t count = json_array_size(json_object_get(first, "items"));
	assert_true(count >= 17 && count <= 18);
	json_decref(first);
}

static void an_acknowledgement_of_nothing_is_a_conflict(void **state)
{
	struct box *b = *state;

	assert_class(rv_outbox_acked(b->db, NULL), RV_CLASS_CONFLICT);
}

static void unenrolling_forgets_everything(void **state)
{
	struct box *b = *state;

	put(b, "a", "x", 1);
	json_decref(next(b));
	assert_ok(rv_outbox_clear(b->db, NULL));
	assert_int_equal(pending(b), 0);
	json_t *doc = next(b);
	assert_int_equal(rv_json_int(doc, "seq", 0), 1);
	json_decref(doc);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(first_report_is_full_even_when_empty),
		T(coalesces_changes_made_while_the_server_was_away),
		T(repeats_the_batch_under_way_byte_for_byte_after_a_restart),
		T(says_what_is_gone_and_then_forgets_it),
		T(what_came_and_went_unheard_is_never_said),
		T(a_row_that_goes_while_under_way_is_taken_back_later),
		T(need_full_starts_over_above_the_servers_number),
		T(every_batch_of_a_large_state_has_the_digest_of_what_is_held_then),
		T(a_batch_stays_below_its_size),
		T(an_acknowledgement_of_nothing_is_a_conflict),
		T(unenrolling_forgets_everything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
