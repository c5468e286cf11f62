/* sweep: JSON on the writer of reports, as a stream. Not here: escaping (report_out.c). */
#include "agent/sweep/report_out.h"

#include "agent/base/clock.h"

/* The comma, the line and the key before a value. */
static void begin_value(struct rv_emit *emit, const char *key)
{
	uint32_t bit = UINT32_C(1) << emit->depth;

	if (emit->depth > 0) {
		if (emit->filled & bit)
			rv_emit_raw(emit, ",");
		if (emit->depth <= emit->spread)
			rv_emit_fmt(emit, "\n%*s", (int)emit->depth, "");
		emit->filled |= bit;
	}
	if (key) {
		rv_emit_raw(emit, "\"");
		rv_emit_raw(emit, key);
		rv_emit_raw(emit, "\":");
		if (emit->depth <= emit->spread)
			rv_emit_raw(emit, " ");
	}
}

void rv_emit_open(struct rv_emit *emit, const char *key, char bracket)
{
	begin_value(emit, key);
	rv_emit_fmt(emit, "%c", bracket);
	RV_BUG_ON(emit->depth >= RV_EMIT_DEPTH_MAX);
	emit->depth++;
	emit->filled &= ~(UINT32_C(1) << emit->depth);
}

void rv_emit_close(struct rv_emit *emit, char bracket)
{
	bool is_filled = (emit->filled >> emit->depth & 1) != 0;

	RV_BUG_ON(emit->depth == 0);
	if (is_filled && emit->depth <= emit->spread)
		rv_emit_fmt(emit, "\n%*s", (int)emit->depth - 1, "");
	emit->depth--;
	rv_emit_fmt(emit, "%c", bracket);
}

void rv_emit_str_open(struct rv_emit *emit, const char *key)
{
	begin_value(emit, key);
	rv_emit_raw(emit, "\"");
}

void rv_emit_str_close(struct rv_emit *emit)
{
	rv_emit_raw(emit, "\"");
}

void rv_emit_str(struct rv_emit *emit, const char *key, const char *text)
{
	if (!text)
		return;
	rv_emit_str_open(emit, key);
	rv_emit_text(emit, RV_AS_JSON, text);
	rv_emit_str_close(emit);
}

void rv_emit_str_path(struct rv_emit *emit, const char *key, struct rv_str path)
{
	if (!path.data)
		return;
	rv_emit_str_open(emit, key);
	rv_emit_path(emit, RV_AS_JSON, path);
	rv_emit_str_close(emit);
}

void rv_emit_time(struct rv_emit *emit, const char *key, int64_t utc_us)
{
	char text[RV_TIME_TEXT];

	if (utc_us <= 0)
		return;
	rv_time_text(utc_us, text);
	rv_emit_str(emit, key, text);
}

void rv_emit_int(struct rv_emit *emit, const char *key, int64_t n)
{
	begin_value(emit, key);
	rv_emit_fmt(emit, "%lld", (long long)n);
}

void rv_emit_uint(struct rv_emit *emit, const char *key, uint64_t n)
{
	/* Readers hold no larger integers. */
	rv_emit_int(emit, key, n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

void rv_emit_bool(struct rv_emit *emit, const char *key, bool is_so)
{
	begin_value(emit, key);
	rv_emit_raw(emit, is_so ? "true" : "false");
}
