/* decide: TZif (RFC 9636) and its POSIX footer. Not here: leap seconds ("right/" zones are
 * refused), names of zones. */
#include "agent/decide/zone.h"

#include "agent/base/fd.h"

#include <stdio.h>

#define TZIF_MAX 65536
#define HEADER	 44
#define DAY	 86400

/* "M10.5.0/3": month, week, weekday; or a day of the year. */
struct rule {
	char form; /* 'M', 'J' (1..365, no leap day), 'D' (0..365) */
	int month, week, day;
	int32_t at_s;
};

struct rv_zone {
	char *name;
	int64_t *moments; /* transitions, ascending */
	int32_t *offsets; /* in force from moments[i] on */
	size_t count;
	int32_t first; /* before moments[0] */
	bool has_tail; /* the footer rules after the last transition */
	bool has_dst;
	int32_t std_offset, dst_offset;
	struct rule start, end;
};

static int64_t days_from_civil(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static int64_t year_of(int64_t local_s)
{
	int64_t z = (local_s >= 0 ? local_s : local_s - (DAY - 1)) / DAY + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	return yoe + era * 400 + (mp >= 10);
}

static bool is_leap(int64_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* --- footer ------------------------------------------------------------------------------------
 */

static bool take(struct rv_str *s, char c)
{
	if (s->len == 0 || s->data[0] != (uint8_t)c)
		return false;
	s->data++;
	s->len--;
	return true;
}

static bool take_number(struct rv_str *s, int max, int *out)
{
	int value = 0;
	size_t digits = 0;
	while (s->len > 0 && s->data[0] >= '0' && s->data[0] <= '9' && digits < 4) {
		value = value * 10 + (s->data[0] - '0');
		s->data++;
		s->len--;
		digits++;
	}
	*out = value;
	return digits > 0 && value <= max;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool take_time(struct rv_str *s, int32_t *out)
{
	bool is_negative = take(s, '-');
	int h = 0;
	int m = 0;
	int sec = 0;
	if (!is_negative)
		(void)take(s, '+'); /* an optional sign */
	if (!take_number(s, 167, &h))
		return false;
	if (take(s, ':') && !take_number(s, 59, &m))
		return false;
	if (take(s, ':') && !take_number(s, 59, &sec))
		return false;
	int32_t v = h * 3600 + m * 60 + sec;
	*out = is_negative ? -v : v;
	return true;
}

static bool take_abbreviation(struct rv_str *s)
{
	size_t n = 0;
	if (take(s, '<')) {
		while (s->len > 0 && s->data[0] != '>') {
			s->data++;
			s->len--;
		}
		return take(s, '>');
	}
	while (s->len > 0 && ((s->data[0] | 0x20) >= 'a' && (s->data[0] | 0x20) <= 'z')) {
		s->data++;
		s->len--;
		n++;
	}
	return n >= 3;
}

static bool take_rule(struct rv_str *s, struct rule *out)
{
	*out = (struct rule){.form = 'D', .at_s = 2 * 3600};
	if (take(s, 'M')) {
		out->form = 'M';
		if (!take_number(s, 12, &out->month) || out->month < 1 || !take(s, '.') ||
		    !take_number(s, 5, &out->week) || out->week < 1 || !take(s, '.') ||
		    !take_number(s, 6, &out->day))
			return false;
	} else {
		if (take(s, 'J'))
			out->form = 'J';
		if (!take_number(s, 365, &out->day))
			return false;
	}
	return !take(s, '/') || take_time(s, &out->at_s);
}

static bool parse_footer(struct rv_str s, struct rv_zone *z)
{
	if (s.len == 0)
		return true; /* no rule after the last transition */
	if (!take_abbreviation(&s) || !take_time(&s, &z->std_offset))
		return false;
	z->std_offset = -z->std_offset; /* POSIX counts west */
	z->dst_offset = z->std_offset + 3600;
	z->has_tail = true;
	if (s.len == 0)
		return true;
	if (!take_abbreviation(&s))
		return false;
	if (s.len > 0 && s.data[0] != ',') {
		if (!take_time(&s, &z->dst_offset))
			return false;
		z->dst_offset = -z->dst_offset;
	}
	z->has_dst = true;
	return take(&s, ',') && take_rule(&s, &z->start) && take(&s, ',') &&
	       take_rule(&s, &z->end) && s.len == 0;
}

/* Local seconds (as if UTC) of the rule in that year. */
static int64_t rule_at(const struct rule *r, int64_t year)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t day = days_from_civil(year, 1, 1);
	if (r->form == 'J') {
		day += r->day - 1 + (is_leap(year) && r->day >= 60);
	} else if (r->form == 'D') {
		day += r->day;
	} else {
		int64_t first = days_from_civil(year, r->month, 1);
		int weekday = (int)((first % 7 + 11) % 7); /* day 0 was a Thursday */
		int date = 1 + (r->day - weekday + 7) % 7 + 7 * (r->week - 1);
		int length = lengths[r->month - 1] + (r->month == 2 && is_leap(year));
		while (date > length)
			date -= 7;
		day = first + date - 1;
	}
	return day * DAY + r->at_s;
}

static int32_t tail_offset(const struct rv_zone *z, int64_t utc_s)
{
	if (!z->has_dst)
		return z->std_offset;
	int64_t year = year_of(utc_s + z->std_offset);
	int64_t start = rule_at(&z->start, year) - z->std_offset;
	int64_t end = rule_at(&z->end, year) - z->dst_offset;
	bool is_dst =
		start < end ? utc_s >= start && utc_s < end : !(utc_s >= end && utc_s < start);
	return is_dst ? z->dst_offset : z->std_offset;
}

/* --- TZif --------------------------------------------------------------------------------------
 */

struct counts {
	size_t isut, isstd, leap, time, type, chars;
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static int64_t be64(const uint8_t *p)
{
	return (int64_t)((uint64_t)be32(p) << 32 | be32(p + 4));
}

/* Reads the header at `at`; *out_body is the length of its data block. */
static bool read_header(struct rv_str b, size_t at, size_t time_size, struct counts *c,
			size_t *out_body)
{
	if (at > b.len || b.len - at < HEADER || memcmp(b.data + at, "TZif", 4) != 0)
		return false;
	const uint8_t *p = b.data + at + 20;
	*c = (struct counts){be32(p),	   be32(p + 4),	 be32(p + 8),
			     be32(p + 12), be32(p + 16), be32(p + 20)};
	if (c->time > 4096 || c->type == 0 || c->type > 256 || c->chars > 4096 || c->leap > 1024 ||
	    c->isut > 256 || c->isstd > 256)
		return false;
	*out_body = c->time * time_size + c->time + c->type * 6 + c->chars +
		    c->leap * (time_size + 4) + c->isstd + c->isut;
	return b.len - at - HEADER >= *out_body;
}

static rv_status read_block(struct rv_zone *z, const uint8_t *p, const struct counts *c,
			    size_t time_size)
{
	const uint8_t *kinds = p + c->time * time_size;
	const uint8_t *types = kinds + c->time;
	z->first = (int32_t)be32(types);
	z->moments = calloc(c->time + 1, sizeof(*z->moments));
	z->offsets = calloc(c->time + 1, sizeof(*z->offsets));
	if (z->moments == NULL || z->offsets == NULL)
		return rv_fail_nomem(NULL);
	for (size_t i = 0; i < c->time; i++) {
		const uint8_t *m = p + i * time_size;
		z->moments[i] = time_size == 8 ? be64(m) : (int64_t)(int32_t)be32(m);
		if (kinds[i] >= c->type || (i > 0 && z->moments[i] <= z->moments[i - 1]))
			return (rv_status){RV_CLASS_MALFORMED, 0};
		z->offsets[i] = (int32_t)be32(types + kinds[i] * 6);
		if (z->offsets[i] < -DAY || z->offsets[i] > DAY)
			return (rv_status){RV_CLASS_MALFORMED, 0};
	}
	z->count = c->time;
	return RV_OK;
}

static rv_status read_tzif(struct rv_zone *z, struct rv_str b)
{
	const rv_status bad = {RV_CLASS_MALFORMED, 0};
	struct counts c;
	size_t body = 0;
	size_t at = 0;
	size_t time_size = 4;
	if (!read_header(b, 0, 4, &c, &body))
		return bad;
	if (b.data[4] >= '2') {
		at = HEADER + body;
		time_size = 8;
		if (!read_header(b, at, 8, &c, &body))
			return bad;
	}
	if (c.leap != 0)
		return bad;
	RV_TRY(read_block(z, b.data + at + HEADER, &c, time_size));
	if (time_size == 4)
		return RV_OK;
	struct rv_str rest = {b.data + at + HEADER + body, b.len - at - HEADER - body};
	if (rest.len < 2 || rest.data[0] != '\n' || rest.data[rest.len - 1] != '\n')
		return bad;
	struct rv_str footer = {rest.data + 1, rest.len - 2};
	return parse_footer(footer, z) ? RV_OK : bad;
}

rv_status rv_zone_parse(struct rv_str tzif, const char *name, struct rv_zone **out,
			struct rv_diag *diag)
{
	if (tzif.len > TZIF_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "time zone %s: larger than 64 KiB", name);
	RV_CLEANUP(rv_zone_freep) struct rv_zone *z = calloc(1, sizeof(*z));
	if (z == NULL || (z->name = strdup(name)) == NULL)
		return rv_fail_nomem(diag);
	rv_status s = read_tzif(z, tzif);
	if (rv_class_of(s) == RV_CLASS_MALFORMED)
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "time zone %s: not a TZif file without leap seconds", name);
	RV_TRY(s);
	*out = RV_TAKE(z);
	return RV_OK;
}

rv_status rv_zone_utc(struct rv_zone **out)
{
	RV_CLEANUP(rv_zone_freep) struct rv_zone *z = calloc(1, sizeof(*z));
	if (z == NULL || (z->name = strdup("UTC")) == NULL)
		return rv_fail_nomem(NULL);
	*out = RV_TAKE(z);
	return RV_OK;
}

static bool name_is_fine(struct rv_str name)
{
	if (name.len == 0 || name.len > 64)
		return false;
	bool at_start = true;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i];
		bool is_alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				(c >= '0' && c <= '9') || c == '+' || c == '-' || c == '_';
		if (!is_alnum && (c != '/' || at_start))
			return false;
		at_start = c == '/';
	}
	return !at_start;
}

rv_status rv_zone_load(const char *dir, struct rv_str name, struct rv_zone **out,
		       struct rv_diag *diag)
{
	if (rv_str_is(name, "UTC"))
		return rv_zone_utc(out);
	if (!name_is_fine(name))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "not a time zone: write UTC or a name such as Europe/Berlin");
	char zone[65] = {0};
	char path[512];
	memcpy(zone, name.data, name.len); /* at most 64, as checked */
	int n = snprintf(path, sizeof(path), "%s/%s", dir, zone);
	if (n < 0 || (size_t)n >= sizeof(path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "time zone folder's name is too long");
	struct rv_buf bytes;
	rv_buf_init(&bytes, TZIF_MAX);
	struct rv_diag inner = {0};
	rv_status s = rv_file_read(path, TZIF_MAX, &bytes, &inner);
	if (rv_is_ok(s))
		s = rv_zone_parse(rv_buf_view(&bytes), zone, out, diag);
	else if (rv_class_of(s) != RV_CLASS_EXHAUSTED)
		s = rv_fail(RV_CLASS_MISCONFIGURED, diag,
			    "no time zone %s here (%s); install tzdata or write UTC", zone,
			    inner.text);
	rv_buf_done(&bytes);
	return s;
}

void rv_zone_free(struct rv_zone *z)
{
	if (z == NULL)
		return;
	free(z->name);
	free(z->moments);
	free(z->offsets);
	free(z);
}

void rv_zone_freep(struct rv_zone **z)
{
	rv_zone_free(*z);
	*z = NULL;
}

const char *rv_zone_name(const struct rv_zone *z)
{
	return z->name;
}

int32_t rv_zone_offset(const struct rv_zone *z, int64_t utc_s)
{
	if (z->count == 0 || utc_s < z->moments[0])
		return z->count == 0 && z->has_tail ? tail_offset(z, utc_s) : z->first;
	if (z->has_tail && utc_s >= z->moments[z->count - 1])
		return tail_offset(z, utc_s);
	size_t low = 0;
	size_t high = z->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (z->moments[middle] <= utc_s)
			low = middle;
		else
			high = middle;
	}
	return z->offsets[low];
}

int64_t rv_zone_to_utc(const struct rv_zone *z, int64_t local_s)
{
	int32_t before = rv_zone_offset(z, local_s - DAY);
	int32_t after = rv_zone_offset(z, local_s + DAY);
	if (rv_zone_offset(z, local_s - before) == before)
		return local_s - before;
	if (rv_zone_offset(z, local_s - after) == after)
		return local_s - after;
	return local_s - before; /* skipped: the clock has moved on by then */
}
