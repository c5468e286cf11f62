/* tests of decide: helpers. */
#include "unit/decide/support.h"

#include "agent/base/clock.h"

static void put_be32(struct rv_buf *b, uint32_t v)
{
	uint8_t bytes[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
	assert_true(rv_is_ok(rv_buf_put(b, bytes, 4)));
}

static void put_header(struct rv_buf *b, uint32_t types, uint32_t chars)
{
	assert_true(rv_is_ok(rv_buf_put(b, "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20)));
	put_be32(b, 0); /* isut */
	put_be32(b, 0); /* isstd */
	put_be32(b, 0); /* leap */
	put_be32(b, 0); /* time */
	put_be32(b, types);
	put_be32(b, chars);
}

static void put_block(struct rv_buf *b, uint32_t offset)
{
	put_header(b, 1, 4);
	put_be32(b, offset);
	assert_true(rv_is_ok(rv_buf_put(b, "\0\0LMT\0", 6)));
}

static void write_zone(const struct rvt_dir *dir, const char *name, uint32_t offset,
		       const char *footer)
{
	struct rv_buf b;
	rv_buf_init(&b, 1024);
	put_block(&b, offset);
	put_block(&b, offset);
	assert_true(rv_is_ok(rv_buf_printf(&b, "\n%s\n", footer)));
	rvt_dir_write(dir, name, b.data, b.len, 0644);
	rv_buf_done(&b);
}

void rvt_zones_write(const struct rvt_dir *dir)
{
	write_zone(dir, "Europe/Berlin", 3600, "CET-1CEST,M3.5.0,M10.5.0/3");
	write_zone(dir, "Australia/Sydney", 36000, "AEST-10AEDT,M10.1.0,M4.1.0/3");
	write_zone(dir, "Asia/Kolkata", 19800, "IST-5:30");
}

struct rv_policy_set *rvt_set(const char *yaml, const char *zone_dir)
{
	struct rv_policy_set *set = NULL;
	struct rv_diag diag = {0};
	if (!rv_is_ok(rv_policy_load_text(rv_str_of(yaml), "p.yaml", zone_dir, &set, &diag)))
		rvt_die("policy refused: %s", diag.text);
	return set;
}

const char *rvt_refused(const char *yaml, const char *zone_dir)
{
	static struct rv_diag diag;
	struct rv_policy_set *set = NULL;
	diag = (struct rv_diag){0};
	rv_status s = rv_policy_load_text(rv_str_of(yaml), "p.yaml", zone_dir, &set, &diag);
	if (rv_is_ok(s))
		rvt_die("should have been refused:\n%s", yaml);
	assert_int_equal(rv_class_of(s), RV_CLASS_MALFORMED);
	assert_null(set);
	return diag.text;
}

int64_t rvt_time(const char *text)
{
	int64_t us = 0;
	assert_true(rv_is_ok(rv_time_parse(rv_str_of(text), &us, NULL)));
	return us;
}

void rvt_facts_init(struct rvt_facts *f, const char *json)
{
	struct rv_diag diag = {0};
	*f = (struct rvt_facts){0};
	if (!rv_is_ok(rv_json_parse(rv_str_of(json), &f->json, &diag)) ||
	    !rv_is_ok(rv_facts_parse(f->json, &f->facts, &f->places, &diag)))
		rvt_die("facts refused: %s", diag.text);
}

void rvt_facts_done(struct rvt_facts *f)
{
	free(f->places);
	rv_jsonp(&f->json);
}
