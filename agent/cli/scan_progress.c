/* cli: see scan_progress.h. */
#include "agent/cli/scan_progress.h"

#include "agent/base/clock.h"

#include <stdio.h>

#define BAR	20
#define SURE_US (2 * RV_US_PER_S)

/* 0..1; never whole before the end: what is counted ahead may have grown. */
static double part_of(const struct rv_progress *now)
{
	double done = (double)now->done;
	double total = (double)now->total;

	if (!now->is_of_objects) {
		done = done * RV_SCAN_PROGRESS_FILE + (double)now->passed;
		total = total * RV_SCAN_PROGRESS_FILE + (double)now->total_bytes;
	}
	return total > 0 && done < total * 0.99 ? done / total : 0.99;
}

static void draw_bar(double part, char out[BAR + 1])
{
	for (int i = 0; i < BAR; i++)
		out[i] = i < (int)(part * BAR) ? '#' : '.';
	out[BAR] = '\0';
}

static void left_text(double part, int64_t took_us, char out[64])
{
	char text[RV_TIME_TEXT];

	out[0] = '\0';
	if (took_us < SURE_US || part < 0.01)
		return;
	double left = (double)took_us * (1 - part) / part;
	if (left > 1e6 * 86400 * 99)
		return;
	rv_duration_text((int64_t)left + RV_US_PER_S, text);
	(void)snprintf(out, 64, "  %s left", text); /* fits */
}

/* MB/s; bytes in a microsecond are the same. */
static unsigned rate_of(uint64_t bytes, int64_t took_us)
{
	uint64_t rate = took_us > 0 ? bytes / (uint64_t)took_us : 0;

	return rate < 999999 ? (unsigned)rate : 999999;
}

void rv_scan_progress_text(const struct rv_progress *now, int64_t took_us,
			   char out[RV_SCAN_PROGRESS_MAX])
{
	const char *things = now->is_of_objects ? "objects" : "files";
	unsigned long long done = now->done;
	unsigned rate = rate_of(now->bytes, took_us);
	char bar[BAR + 1], left[64];

	if (now->is_telling) {
		(void)snprintf(out, RV_SCAN_PROGRESS_MAX, "%llu %s looked at; finding their place",
			       done, things); /* cut is fine */
		return;
	}
	if (now->is_listing || now->total == 0) {
		(void)snprintf(out, RV_SCAN_PROGRESS_MAX, "%s%llu %s  %u MB/s",
			       now->is_listing ? "listing...  " : "", done, things,
			       rate); /* cut is fine */
		return;
	}
	double part = part_of(now);
	draw_bar(part, bar);
	left_text(part, took_us, left);
	(void)snprintf(out, RV_SCAN_PROGRESS_MAX, "[%s] %2u %%  %llu of %llu %s  %u MB/s%s", bar,
		       (unsigned)(100 * part), done, (unsigned long long)now->total, things, rate,
		       left); /* cut is fine */
}
