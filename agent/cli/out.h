/* cli: what goes to the person: colour, tables, escapes, progress. Not here: what to say
 * (render_*.c). Data goes to stdout, everything else to stderr. */
#pragma once

#include "agent/base/json.h"

enum rv_ink { RV_INK_PLAIN, RV_INK_BOLD, RV_INK_DIM, RV_INK_RED, RV_INK_YELLOW, RV_INK_GREEN };

struct rv_out {
	bool is_json;		 /* --json: the document as it came */
	bool is_jsonl;		 /* --jsonl: its items, one a line */
	bool is_quiet;		 /* no progress, no hints */
	bool out_is_tty;	 /* tables and colour only then */
	bool err_is_tty;	 /* moving progress only then */
	bool use_color;		 /* NO_COLOR, --no-color, TERM=dumb respected */
	int width;		 /* of the terminal, 80 when unknown */
	char last_progress[512]; /* what was said last: nothing is said twice in a row */
	size_t progress_len;	 /* length of the progress line that is up on stderr */
};

void rv_out_init(struct rv_out *out, bool want_color);
/* Escape sequence for that ink on stdout, or "". Always pair with RV_INK_PLAIN. */
const char *rv_out_ink(const struct rv_out *out, enum rv_ink ink);
/* printf to stdout with control bytes in %s values left to the caller (use rv_out_safe). */
void rv_out_line(const struct rv_out *out, const char *fmt, ...) RV_PRINTF(2, 3);
/* A hint such as "next: reeve plan X" on stderr; nothing when quiet. */
void rv_out_hint(const struct rv_out *out, const char *fmt, ...) RV_PRINTF(2, 3);
/* One moving line on a terminal, one line per call elsewhere, which is none beside JSON. */
void rv_out_progress(struct rv_out *out, const char *text);
void rv_out_progress_end(struct rv_out *out);
/* `text` with every control byte (and so every terminal escape) as \xHH, in a ring of static
 * buffers: valid for the next seven calls. NULL gives "-". Text from the agent is already escaped;
 * this is the second lock, since names come from other people's files. */
const char *rv_out_safe(const char *text);

/* A table: at most 8 columns. On a terminal aligned with a header, the `flex` column cut with "…"
 * to fit; elsewhere tab-separated without header. */
struct rv_table_column {
	const char *title;
	bool is_right;
	bool is_flex;
};
struct rv_table;
RV_NODISCARD rv_status rv_table_new(const struct rv_table_column *columns, size_t count,
				    struct rv_table **out);
void rv_table_freep(struct rv_table **table);
/* Copies; cells[i] NULL is "-"; ink colours the row's first cell. */
RV_NODISCARD rv_status rv_table_row(struct rv_table *table, enum rv_ink ink,
				    const char *const *cells);
void rv_table_print(const struct rv_table *table, const struct rv_out *out);
