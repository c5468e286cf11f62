/* sweep: the writer under every report: text from outside goes out escaped for where it stands, as
 * a stream, so that memory does not grow with the report. The first failure sticks and nothing is
 * written after it. Not here: what a report says (report_*.c). */
#pragma once

#include "agent/base/buf.h"

#include <stdio.h>

#define RV_EMIT_DEPTH_MAX 31 /* nested JSON containers */

struct rv_emit {
	FILE *out;
	rv_status status;      /* the first failure */
	struct rv_buf scratch; /* one piece of a path, escaped; at most 16 KiB */
	uint32_t filled;       /* bit n: the JSON container at depth n has an item */
	unsigned depth;	       /* open JSON containers */
	unsigned spread;       /* items of containers down to this depth have a line each */
};

void rv_emit_init(struct rv_emit *emit, FILE *out);
void rv_emit_done(struct rv_emit *emit);
/* Flushes the stream; the first failure, with errno's class, or OK. */
RV_NODISCARD rv_status rv_emit_end(struct rv_emit *emit, struct rv_diag *diag);

/* Where text stands. Control characters become spaces, and those that reorder or hide a line
 * U+FFFD; JSON keeps both, as \uXXXX. Bytes that are not UTF-8 become U+FFFD everywhere. */
enum rv_emit_as {
	RV_AS_PLAIN,	/* a terminal, a log */
	RV_AS_JSON,	/* between the quotes of a string */
	RV_AS_XML,	/* XML and HTML, content and quoted attributes */
	RV_AS_CSV,	/* between the quotes of a cell (rv_emit_cell_open) */
	RV_AS_COMMAND,	/* GitHub workflow command: the message */
	RV_AS_PROPERTY, /* GitHub workflow command: a property's value */
};

void rv_emit_raw(struct rv_emit *emit, const char *markup); /* as it is: our own literals */
/* Our own format with numbers; no text from outside. At most 255 bytes. */
void rv_emit_fmt(struct rv_emit *emit, const char *fmt, ...) RV_PRINTF(2, 3);
void rv_emit_text(struct rv_emit *emit, enum rv_emit_as as, const char *text); /* NULL: nothing */
void rv_emit_bytes(struct rv_emit *emit, enum rv_emit_as as, struct rv_str text);
/* Through rv_path_escape, then as that place wants it. */
void rv_emit_path(struct rv_emit *emit, enum rv_emit_as as, struct rv_str path);
/* Every byte but unreserved ones and '/' as %XX (RFC 3986). */
void rv_emit_uri(struct rv_emit *emit, struct rv_str path);

/* A quoted cell of RFC 4180. `first` is the first byte of what follows (0: empty): a spreadsheet
 * would take = + - @ and tabs for a formula, so an apostrophe goes before them. */
void rv_emit_cell_open(struct rv_emit *emit, uint8_t first);
void rv_emit_cell_close(struct rv_emit *emit);

/* JSON. key NULL: in an array. Members are written as they come; an absent text (NULL), time (0) or
 * path (NULL data) writes nothing. */
void rv_emit_open(struct rv_emit *emit, const char *key, char bracket);
void rv_emit_close(struct rv_emit *emit, char bracket);
void rv_emit_str(struct rv_emit *emit, const char *key, const char *text);
void rv_emit_str_path(struct rv_emit *emit, const char *key, struct rv_str path);
void rv_emit_time(struct rv_emit *emit, const char *key, int64_t utc_us);
void rv_emit_int(struct rv_emit *emit, const char *key, int64_t n);
void rv_emit_uint(struct rv_emit *emit, const char *key, uint64_t n);
void rv_emit_bool(struct rv_emit *emit, const char *key, bool is_so);
/* A string in pieces: open, then rv_emit_text(.., RV_AS_JSON, ..) and others, then close. */
void rv_emit_str_open(struct rv_emit *emit, const char *key);
void rv_emit_str_close(struct rv_emit *emit);
