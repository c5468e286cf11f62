/* base: the two clocks and their text. Not here: schedules (decide/). */
#include "agent/base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what RFC 3339 can write. */
#define FIRST_DAY INT64_C(-719528)
#define LAST_DAY  INT64_C(2932896)

static int64_t fixed_utc_us = INT64_MIN;

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	RV_BUG_ON(clock_gettime(id, &ts) != 0);
	return (int64_t)ts.tv_sec * RV_US_PER_S + ts.tv_nsec / 1000;
}

int64_t rv_now_utc_us(void)
{
	return fixed_utc_us != INT64_MIN ? fixed_utc_us : read_clock(CLOCK_REALTIME);
}

int64_t rv_boot_us(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

void rv_clock_fix_utc(int64_t us)
{
	fixed_utc_us = us;
}

/* Days since 1970 of a proleptic Gregorian date, and back (H. Hinnant, chrono algorithms). Years
 * are counted from March so that the leap day comes last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = doy - (153 * mp + 2) / 5 + 1;
	*month = mp < 10 ? mp + 3 : mp - 9;
	*year = yoe + era * 400 + (*month <= 2 ? 1 : 0);
}

static void put_digits(char *out, size_t count, int64_t value, char after)
{
	out[count] = after;
	for (size_t i = count; i > 0; i--) {
		out[i - 1] = (char)('0' + value % 10);
		value /= 10;
	}
}

void rv_time_text(int64_t utc_us, char out[RV_TIME_TEXT])
{
	int64_t seconds = utc_us / RV_US_PER_S - (utc_us % RV_US_PER_S < 0 ? 1 : 0);
	int64_t days = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
	int64_t rest = seconds - days * 86400;
	int64_t year, month, day;

	if (days < FIRST_DAY) {
		days = FIRST_DAY;
		rest = 0;
	} else if (days > LAST_DAY) {
		days = LAST_DAY;
		rest = 86399;
	}
	date_of(days, &year, &month, &day);
	put_digits(out, 4, year, '-');
	put_digits(out + 5, 2, month, '-');
	put_digits(out + 8, 2, day, 'T');
	put_digits(out + 11, 2, rest / 3600, ':');
	put_digits(out + 14, 2, rest / 60 % 60, ':');
	put_digits(out + 17, 2, rest % 60, 'Z');
	out[20] = '\0';
}

/* Takes exactly `count` digits off *rest. */
static bool take_digits(struct rv_str *rest, size_t count, int64_t *out)
{
	int64_t value = 0;

	if (rest->len < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (rest->data[i] < '0' || rest->data[i] > '9')
			return false;
		value = value * 10 + (rest->data[i] - '0');
	}
	rest->data += count;
	rest->len -= count;
	*out = value;
	return true;
}

static bool take_char(struct rv_str *rest, char c)
{
	if (rest->len == 0 || rest->data[0] != (uint8_t)c)
		return false;
	rest->data++;
	rest->len--;
	return true;
}

static bool take_date(struct rv_str *rest, int64_t *out_days)
{
	static const int64_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t year, month, day;
	bool is_leap;

	if (!take_digits(rest, 4, &year) || !take_char(rest, '-') ||
	    !take_digits(rest, 2, &month) || !take_char(rest, '-') || !take_digits(rest, 2, &day))
		return false;
	if (month < 1 || month > 12)
		return false;
	is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (day < 1 || day > lengths[month - 1] + (month == 2 && is_leap ? 1 : 0))
		return false;
	*out_days = days_of(year, month, day);
	return true;
}

static bool take_clock(struct rv_str *rest, int64_t *out_us)
{
	int64_t hour, minute, second, us = 0, unit = RV_US_PER_S;

	if (!take_digits(rest, 2, &hour) || !take_char(rest, ':') ||
	    !take_digits(rest, 2, &minute) || !take_char(rest, ':') ||
	    !take_digits(rest, 2, &second))
		return false;
	if (hour > 23 || minute > 59 || second > 59)
		return false;
	if (take_char(rest, '.')) {
		int64_t digit;
		size_t count = 0;

		while (count < 9 && take_digits(rest, 1, &digit)) {
			unit /= 10;
			us += digit * unit;
			count++;
		}
		if (count == 0)
			return false;
	}
	*out_us = ((hour * 60 + minute) * 60 + second) * RV_US_PER_S + us;
	return true;
}

static bool take_zone(struct rv_str *rest, int64_t *out_us)
{
	int64_t sign, hour, minute;

	*out_us = 0;
	if (take_char(rest, 'Z'))
		return true;
	if (take_char(rest, '+'))
		sign = 1;
	else if (take_char(rest, '-'))
		sign = -1;
	else
		return false;
	if (!take_digits(rest, 2, &hour) || !take_char(rest, ':') || !take_digits(rest, 2, &minute))
		return false;
	if (hour > 23 || minute > 59)
		return false;
	*out_us = sign * (hour * 60 + minute) * 60 * RV_US_PER_S;
	return true;
}

rv_status rv_time_parse(struct rv_str text, int64_t *out_utc_us, struct rv_diag *diag)
{
	struct rv_str rest = text;
	int64_t days = 0, clock = 0, zone = 0;
	bool ok = take_date(&rest, &days);

	if (ok && rest.len)
		ok = take_char(&rest, 'T') && take_clock(&rest, &clock) && take_zone(&rest, &zone);
	if (!ok || rest.len)
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "not a time: write 2026-11-21 or 2026-11-21T10:00:00Z");
	*out_utc_us = days * RV_US_PER_DAY + clock - zone;
	return RV_OK;
}

struct unit {
	const char *name;
	int64_t us;
};

static const struct unit units[] = {
	{"w", 7 * RV_US_PER_DAY},  {"d", RV_US_PER_DAY}, {"h", 3600 * RV_US_PER_S},
	{"min", 60 * RV_US_PER_S}, {"s", RV_US_PER_S},
};

rv_status rv_duration_parse(struct rv_str text, int64_t *out_us, struct rv_diag *diag)
{
	struct rv_str rest = text;
	int64_t value = 0, digit, us;

	while (take_digits(&rest, 1, &digit)) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return rv_fail(RV_CLASS_MALFORMED, diag, "the duration is too long");
	}
	for (size_t i = 0; i < RV_LEN(units) && rest.len < text.len; i++) {
		if (!rv_str_is(rest, units[i].name))
			continue;
		if (__builtin_mul_overflow(value, units[i].us, &us))
			return rv_fail(RV_CLASS_MALFORMED, diag, "the duration is too long");
		*out_us = us;
		return RV_OK;
	}
	return rv_fail(RV_CLASS_MALFORMED, diag,
		       "not a duration: write a number and s, min, h, d or w, as in 90d");
}

void rv_duration_text(int64_t us, char out[RV_TIME_TEXT])
{
	/* units[0], the week, is for writing policies; people read days. */
	const char *sign = us < 0 ? "-" : "";
	uint64_t rest = us < 0 ? 0 - (uint64_t)us : (uint64_t)us;
	size_t i = 1;
	uint64_t large, small;

	while (i + 1 < RV_LEN(units) && rest < (uint64_t)units[i].us)
		i++;
	large = rest / (uint64_t)units[i].us;
	rest %= (uint64_t)units[i].us;
	small = i + 1 < RV_LEN(units) ? rest / (uint64_t)units[i + 1].us : 0;
	if (small)
		(void)snprintf(out, RV_TIME_TEXT, "%s%" PRIu64 "%s %" PRIu64 "%s", sign, large,
			       units[i].name, small, units[i + 1].name); /* fits: <= 20 */
	else
		(void)snprintf(out, RV_TIME_TEXT, "%s%" PRIu64 "%s", sign, large,
			       units[i].name); /* fits */
}
