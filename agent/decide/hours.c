/* decide: change windows. Not here: zones (zone.h). */
#include "agent/decide/hours.h"

#include "agent/base/clock.h"

#define DAY_S 86400

struct rv_hours {
	unsigned days;	    /* bit 0 Monday .. bit 6 Sunday */
	int start_s, end_s; /* of the local day; end <= start: next day */
	struct rv_zone *zone;
};

static const char *const day_names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* The next word of `rest`, split at spaces. */
static struct rv_str next_word(struct rv_str *rest)
{
	while (rest->len > 0 && rest->data[0] == ' ') {
		rest->data++;
		rest->len--;
	}
	struct rv_str word = {rest->data, 0};
	while (rest->len > 0 && rest->data[0] != ' ') {
		rest->data++;
		rest->len--;
		word.len++;
	}
	return word;
}

static int day_of(const uint8_t *p, size_t len)
{
	for (int i = 0; i < 7; i++)
		if (len == 3 && memcmp(p, day_names[i], 3) == 0)
			return i;
	return -1;
}

/* One "Mon" or "Mon-Thu". */
static bool add_days(struct rv_str part, unsigned *days)
{
	int from = part.len >= 3 ? day_of(part.data, 3) : -1;
	int to = from;
	if (part.len == 7 && part.data[3] == '-')
		to = day_of(part.data + 4, 3);
	else if (part.len != 3)
		return false;
	if (from < 0 || to < 0)
		return false;
	for (int d = from;; d = (d + 1) % 7) {
		*days |= 1U << d;
		if (d == to)
			return true;
	}
}

static bool parse_days(struct rv_str word, unsigned *days)
{
	*days = 0;
	if (rv_str_is(word, "daily")) {
		*days = 127;
		return true;
	}
	while (word.len > 0) {
		struct rv_str part = {word.data, 0};
		while (part.len < word.len && word.data[part.len] != ',')
			part.len++;
		if (!add_days(part, days))
			return false;
		size_t used = part.len < word.len ? part.len + 1 : part.len;
		if (used > part.len && used == word.len)
			return false; /* a comma at the end */
		word.data += used;
		word.len -= used;
	}
	return *days != 0;
}

static bool parse_clock(const uint8_t *p, int *out_s)
{
	for (size_t i = 0; i < 5; i++)
		if (i == 2 ? p[i] != ':' : p[i] < '0' || p[i] > '9')
			return false;
	int h = (p[0] - '0') * 10 + (p[1] - '0');
	int m = (p[3] - '0') * 10 + (p[4] - '0');
	*out_s = h * 3600 + m * 60;
	return m < 60 && *out_s <= DAY_S;
}

static bool parse_hours(struct rv_str word, struct rv_hours *w)
{
	return word.len == 11 && word.data[5] == '-' && parse_clock(word.data, &w->start_s) &&
	       parse_clock(word.data + 6, &w->end_s) && w->start_s < DAY_S;
}

/* Everything but the zone's file. */
static rv_status parse_form(struct rv_str text, struct rv_hours *w, struct rv_str *out_zone,
			    struct rv_diag *diag)
{
	struct rv_str rest = text;
	struct rv_str word = next_word(&rest);
	w->days = 127;
	if (word.len > 0 && (word.data[0] < '0' || word.data[0] > '9')) {
		if (!parse_days(word, &w->days))
			return rv_fail(RV_CLASS_MALFORMED, diag,
				       "\"%.*s\" are no days: write Mon, Mon-Thu, Mon,Wed,Fri or "
				       "daily",
				       (int)(word.len > 64 ? 64 : word.len),
				       (const char *)word.data);
		word = next_word(&rest);
	}
	if (!parse_hours(word, w))
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "a window is written \"Mon-Thu 09:00-16:00 Europe/Berlin\"");
	*out_zone = next_word(&rest);
	if (out_zone->len == 0)
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "a window needs its time zone: UTC or a name such as Europe/Berlin");
	if (next_word(&rest).len != 0)
		return rv_fail(RV_CLASS_MALFORMED, diag, "surplus words after the time zone");
	return RV_OK;
}

rv_status rv_hours_check(struct rv_str text, struct rv_diag *diag)
{
	struct rv_hours w = {0};
	struct rv_str zone;
	return parse_form(text, &w, &zone, diag);
}

rv_status rv_hours_parse(struct rv_str text, const char *zone_dir, struct rv_hours **out,
			 struct rv_diag *diag)
{
	struct rv_hours parsed = {0};
	struct rv_str zone;
	RV_TRY(parse_form(text, &parsed, &zone, diag));
	RV_CLEANUP(rv_zone_freep) struct rv_zone *z = NULL;
	RV_TRY(rv_zone_load(zone_dir, zone, &z, diag));
	struct rv_hours *w = malloc(sizeof(*w));
	if (w == NULL)
		return rv_fail_nomem(diag);
	*w = parsed;
	w->zone = RV_TAKE(z);
	*out = w;
	return RV_OK;
}

void rv_hours_free(struct rv_hours *w)
{
	if (w == NULL)
		return;
	rv_zone_free(w->zone);
	free(w);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

/* The window that opens on local day `day` (days since 1970), if one does. */
static bool span_of(const struct rv_hours *w, int64_t day, int64_t *out_start, int64_t *out_end)
{
	int weekday = (int)(((day + 3) % 7 + 7) % 7); /* day 0 was a Thursday */
	if ((w->days & (1U << weekday)) == 0)
		return false;
	int64_t end = day * DAY_S + w->end_s + (w->end_s <= w->start_s ? DAY_S : 0);
	*out_start = rv_zone_to_utc(w->zone, day * DAY_S + w->start_s);
	*out_end = rv_zone_to_utc(w->zone, end);
	return *out_start < *out_end;
}

int64_t rv_hours_next(const struct rv_hours *w, int64_t utc_us)
{
	int64_t now_s = floor_div(utc_us, RV_US_PER_S);
	int64_t today = floor_div(now_s + rv_zone_offset(w->zone, now_s), DAY_S);
	/* Yesterday's may still be open; ten days hold every weekday twice over a skipped one. */
	for (int64_t day = today - 1; day <= today + 14; day++) {
		int64_t start = 0;
		int64_t end = 0;
		if (!span_of(w, day, &start, &end) || end <= now_s)
			continue;
		return start <= now_s ? utc_us : start * RV_US_PER_S;
	}
	return INT64_MAX; /* a window that the clock always skips: never */
}

bool rv_hours_contains(const struct rv_hours *w, int64_t utc_us)
{
	return rv_hours_next(w, utc_us) == utc_us;
}
