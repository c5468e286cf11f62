/* tests: see world.h. */
#include "unit/act/world.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

static const uint8_t salt_bytes[32] = {7};
static const struct rv_str salt = {salt_bytes, sizeof(salt_bytes)};
const char *const world_old_text[2] = {"old certificate\n", "old key\n"};
const char *const world_new_text[2] = {"new certificate, longer\n", "new key\n"};
const char *const world_names[2] = {"site.crt", "site.key"};

struct rv_digest world_keyed(const char *text)
{
	return rv_hmac_sha256(salt.data, salt.len, text, strlen(text));
}

void world_live(const struct world *w, size_t i, char out[RVT_PATH + 64])
{
	snprintf(out, RVT_PATH + 64, "%s/%s", w->path[w->dir_of[i]], world_names[i]);
}

void world_init(struct world *w, bool has_two_dirs, size_t count)
{
	*w = (struct world){.count = count, .dir_of = {0, has_two_dirs ? 1 : 0}};
	rvt_dir_init(&w->dir);
	rvt_dir_make(&w->dir, "a", 0755);
	rvt_dir_make(&w->dir, "b", 0755);
	rvt_dir_path(&w->dir, "a", w->path[0]);
	rvt_dir_path(&w->dir, "b", w->path[1]);
	for (size_t i = 0; i < 2; i++) {
		w->args.dirs[i].path = w->path[i];
		w->args.dirs[i].fd = open(w->path[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_true(w->args.dirs[i].fd >= 0);
	}
	w->args.dir_count = 2;
	for (size_t i = 0; i < count; i++) {
		char rel[64];
		snprintf(rel, sizeof(rel), "%s/%s", w->dir_of[i] ? "b" : "a", world_names[i]);
		rvt_dir_write(&w->dir, rel, world_old_text[i], strlen(world_old_text[i]),
			      i ? 0600 : 0640);
	}
	rv_deploy_init(&w->deploy, &w->args);
}

void world_done(struct world *w)
{
	rv_deploy_done(&w->deploy);
	close(w->args.dirs[0].fd);
	close(w->args.dirs[1].fd);
	rvt_dir_done(&w->dir);
}

enum rv_class world_stage_one(struct world *w, size_t i)
{
	struct rv_rec_stage_part part = {.bytes = rv_str_of(world_new_text[i])};
	struct rv_digest old_keyed = world_keyed(world_old_text[i]);
	struct rv_rec_staged out;
	struct rv_buf parts;

	rv_buf_init(&parts, 4096);
	assert_true(rv_is_ok(rv_list_add(&parts, &rv_desc_stage_part, &part)));
	struct rv_rec_stage ask = {.dir = w->dir_of[i],
				   .name = rv_str_of(world_names[i]),
				   .tag = RV_STR_LIT(WORLD_TAG),
				   .parts = rv_buf_view(&parts),
				   .old_keyed = {old_keyed.bytes, RV_SHA256_LEN},
				   .salt = salt};
	rv_deploy_stage(&w->deploy, &ask, &out);
	rv_buf_done(&parts);
	return (enum rv_class)out.outcome;
}

enum rv_class world_stage_all(struct world *w)
{
	for (size_t i = 0; i < w->count; i++) {
		enum rv_class c = world_stage_one(w, i);
		if (c != RV_CLASS_OK)
			return c;
	}
	return RV_CLASS_OK;
}

void world_items_of(const struct world *w, struct rv_buf *list, struct rv_digest digests[4])
{
	rv_buf_init(list, 8192);
	for (size_t i = 0; i < w->count; i++) {
		digests[2 * i] = world_keyed(world_old_text[i]);
		digests[2 * i + 1] = world_keyed(world_new_text[i]);
		struct rv_rec_swap_item item = {
			.dir = w->dir_of[i],
			.name = rv_str_of(world_names[i]),
			.old_keyed = {digests[2 * i].bytes, RV_SHA256_LEN},
			.new_keyed = {digests[2 * i + 1].bytes, RV_SHA256_LEN},
		};
		assert_true(rv_is_ok(rv_list_add(list, &rv_desc_swap_item, &item)));
	}
}

enum rv_class world_swap_all(struct world *w, bool back)
{
	struct rv_digest digests[4];
	struct rv_rec_swapped out;
	struct rv_buf list;

	world_items_of(w, &list, digests);
	struct rv_rec_swap ask = {.items = rv_buf_view(&list),
				  .tag = RV_STR_LIT(WORLD_TAG),
				  .salt = salt,
				  .back = back};
	rv_deploy_swap(&w->deploy, &ask, &out);
	rv_buf_done(&list);
	return (enum rv_class)out.outcome;
}

enum rv_class world_clean_all(struct world *w)
{
	struct rv_digest digests[4];
	struct rv_rec_cleaned out;
	struct rv_buf list;

	world_items_of(w, &list, digests);
	struct rv_rec_clean ask = {
		.items = rv_buf_view(&list), .tag = RV_STR_LIT(WORLD_TAG), .salt = salt};
	rv_deploy_clean(&w->deploy, &ask, &out);
	rv_buf_done(&list);
	return (enum rv_class)out.outcome;
}

bool world_holds(const struct world *w, size_t i, const char *text)
{
	char path[RVT_PATH + 64];

	world_live(w, i, path);
	struct rv_buf bytes = rvt_file_read(path);
	bool same = rv_str_is(rv_buf_view(&bytes), text);
	rv_buf_done(&bytes);
	return same;
}

bool world_all_hold(const struct world *w, const char *const texts[2])
{
	for (size_t i = 0; i < w->count; i++)
		if (!world_holds(w, i, texts[i]))
			return false;
	return true;
}

size_t world_names_in(const struct world *w)
{
	return rvt_dir_count(w->path[0]) + rvt_dir_count(w->path[1]);
}

bool world_is_window_there(const struct world *w)
{
	return rv_swap_window_exists(w->args.dirs[0].fd, RV_SWAP_WINDOW_PREFIX, WORLD_TAG);
}
