/* fuzz: finds encoded runs in any bytes, decodes each to depth 3, unit by unit too, and asks the
 * map for every 97th byte (of many, for ASKS). Each way over the blocks must see the same. */
#include "agent/scan/decode.h"
#include "agent/scan/decode_private.h"
#include "agent/scan/utf16.h"
#include "agent/scan/wide.h"

#define OUT_MAX ((size_t)8 << 20)
#define ASKS	16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct level {
	struct rv_str bytes;
	struct level *below; /* NULL: the last */
};

static bool look_at_run(const struct rv_decode_run *run, void *user);

static void look_at(struct level *level)
{
	struct rv_decode_run run;

	(void)rv_decode_find(level->bytes, look_at_run, level); /* false: at a limit */
	if (rv_utf16_find(level->bytes, &run))
		(void)look_at_run(&run, level); /* always true */
	if (rv_wide_find(level->bytes, &run))
		(void)look_at_run(&run, level); /* always true */
}

static void ask_map(const struct rv_decode_map *map)
{
	size_t stride = map->decoded_len / ASKS;
	size_t last = 0;

	stride = stride < 97 ? 97 : stride;
	for (size_t from = 0; from < map->decoded_len + 2; from += stride) {
		size_t at;
		size_t len;

		rv_decode_source(map, from, 5, &at, &len);
		RV_BUG_ON(at < last || at < map->run.at || len > map->run.len ||
			  at + len > map->run.at + map->run.len);
		last = at;
	}
}

/* What comes out many at a time must be what comes out one by one: the map decodes so. */
static void compare_units(struct rv_str bytes, const struct rv_decode_run *run, struct rv_str out)
{
	size_t end = run->at + run->len;
	struct rv_decode_unit unit;
	size_t len = 0;

	for (size_t at = run->at; at < end; at = unit.next) {
		rv_decode_step(bytes, (enum rv_decode_kind)run->kind, at, end, &unit);
		RV_BUG_ON(unit.next <= at || unit.len > out.len - len ||
			  memcmp(out.data + len, unit.out, unit.len) != 0);
		len += unit.len;
	}
	RV_BUG_ON(len != out.len);
}

static bool look_at_run(const struct rv_decode_run *run, void *user)
{
	struct level *level = user;
	struct rv_decode_map map = {0};
	struct rv_buf out;

	RV_BUG_ON(!run->len || run->len > level->bytes.len ||
		  run->at > level->bytes.len - run->len);
	rv_buf_init(&out, OUT_MAX);
	if (rv_is_ok(rv_decode_run(level->bytes, run, &out, &map))) {
		ask_map(&map);
		compare_units(level->bytes, run, rv_buf_view(&out));
		if (level->below) {
			level->below->bytes = rv_buf_view(&out);
			look_at(level->below);
		}
	}
	rv_decode_map_done(&map);
	rv_buf_done(&out);
	return true;
}

static void compare_ways(struct rv_str bytes)
{
	rv_skip_fn *skip = rv_skip_pick();
	struct rv_block_signs a, b;
	unsigned carry_a = 0, carry_b = 0;

	for (size_t at = 0; at + RV_BLOCK <= bytes.len; at += RV_BLOCK) {
		size_t next = skip(bytes, at, &carry_a, &a);

		RV_BUG_ON(rv_skip_portable(bytes, at, &carry_b, &b) != next);
		RV_BUG_ON(a.kinds != b.kinds || carry_a != carry_b);
		/* The rest is set only with a sign. */
		RV_BUG_ON(a.kinds & RV_SIGN_BASE64 &&
			  (a.runs != b.runs || a.alphabet != b.alphabet));
		at = next;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct level levels[RV_DECODE_DEPTH_MAX];

	for (size_t i = 0; i < RV_LEN(levels); i++)
		levels[i] = (struct level){.below = i + 1 < RV_LEN(levels) ? &levels[i + 1] : NULL};
	levels[0].bytes = (struct rv_str){data, size};
	look_at(&levels[0]);
	compare_ways(levels[0].bytes);
	return 0;
}
