/* cli: see out.h. Not here: any verb. */
#include "agent/cli/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define RV_TABLE_COLUMNS 8
#define RV_TABLE_ROWS	 200000
#define RV_SAFE_RING	 8
#define RV_SAFE_LEN	 1024

static int terminal_width(void)
{
	struct winsize size = {0};
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
		return size.ws_col;
	return 80;
}

void rv_out_init(struct rv_out *out, bool want_color)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");
	out->out_is_tty = isatty(STDOUT_FILENO) == 1;
	out->err_is_tty = isatty(STDERR_FILENO) == 1;
	out->use_color = want_color && out->out_is_tty && (!no_color || !*no_color) && term &&
			 strcmp(term, "dumb") != 0;
	out->width = terminal_width();
}

const char *rv_out_ink(const struct rv_out *out, enum rv_ink ink)
{
	if (!out->use_color)
		return "";
	switch (ink) {
	case RV_INK_PLAIN:
		return "\033[0m";
	case RV_INK_BOLD:
		return "\033[1m";
	case RV_INK_DIM:
		return "\033[2m";
	case RV_INK_RED:
		return "\033[31m";
	case RV_INK_YELLOW:
		return "\033[33m";
	case RV_INK_GREEN:
		return "\033[32m";
	}
	return "";
}

void rv_out_line(const struct rv_out *out, const char *fmt, ...)
{
	(void)out; /* kept in the signature: every line goes through the same door */
	va_list args;
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

void rv_out_hint(const struct rv_out *out, const char *fmt, ...)
{
	if (out->is_quiet)
		return;
	fflush(stdout);
	va_list args;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

void rv_out_progress(struct rv_out *out, const char *text)
{
	if (out->is_quiet)
		return;
	if (!out->err_is_tty) {
		if (!out->is_json && !out->is_jsonl)
			fprintf(stderr, "%s\n", text);
		return;
	}
	int room = out->width - 1;
	fprintf(stderr, "\r\033[K%.*s", room, text);
	fflush(stderr);
	out->progress_len = strlen(text);
}

void rv_out_progress_end(struct rv_out *out)
{
	if (out->progress_len > 0 && out->err_is_tty)
		fputs("\r\033[K", stderr);
	out->progress_len = 0;
}

const char *rv_out_safe(const char *text)
{
	static char ring[RV_SAFE_RING][RV_SAFE_LEN];
	static unsigned next;
	if (!text)
		return "-";
	char *out = ring[next++ % RV_SAFE_RING];
	size_t at = 0;
	for (const unsigned char *p = (const unsigned char *)text; *p && at + 5 < RV_SAFE_LEN;
	     p++) {
		/* C0, DEL; C1 controls arrive in UTF-8 as c2 80..9f. */
		if (*p < 0x20 || *p == 0x7f) {
			at += (size_t)snprintf(out + at, RV_SAFE_LEN - at, "\\x%02x", p[0]);
			continue;
		}
		if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) {
			p++;
			at += (size_t)snprintf(out + at, RV_SAFE_LEN - at, "\\x%02x", p[0]);
			continue;
		}
		out[at++] = (char)*p;
	}
	out[at] = '\0';
	return out;
}

struct rv_table_line {
	enum rv_ink ink;
	char *cells[RV_TABLE_COLUMNS];
};

struct rv_table {
	struct rv_table_column columns[RV_TABLE_COLUMNS];
	size_t column_count;
	struct rv_table_line *rows;
	size_t row_count;
	size_t row_cap;
};

rv_status rv_table_new(const struct rv_table_column *columns, size_t count, struct rv_table **out)
{
	RV_BUG_ON(count == 0 || count > RV_TABLE_COLUMNS);
	struct rv_table *table = calloc(1, sizeof(*table));
	if (!table)
		return rv_fail_nomem(NULL);
	memcpy(table->columns, columns, count * sizeof(*columns));
	table->column_count = count;
	*out = table;
	return RV_OK;
}

void rv_table_freep(struct rv_table **table)
{
	if (!*table)
		return;
	for (size_t r = 0; r < (*table)->row_count; r++)
		for (size_t c = 0; c < (*table)->column_count; c++)
			free((*table)->rows[r].cells[c]);
	free((*table)->rows);
	free(*table);
	*table = NULL;
}

static rv_status make_room(struct rv_table *table)
{
	if (table->row_count < table->row_cap)
		return RV_OK;
	size_t cap = table->row_cap ? table->row_cap * 2 : 64;
	if (cap > RV_TABLE_ROWS)
		return rv_fail(RV_CLASS_EXHAUSTED, NULL, "a table of more than %d rows",
			       RV_TABLE_ROWS);
	struct rv_table_line *rows = realloc(table->rows, cap * sizeof(*rows));
	if (!rows)
		return rv_fail_nomem(NULL);
	table->rows = rows;
	table->row_cap = cap;
	return RV_OK;
}

rv_status rv_table_row(struct rv_table *table, enum rv_ink ink, const char *const *cells)
{
	RV_TRY(make_room(table));
	struct rv_table_line line = {.ink = ink};
	for (size_t c = 0; c < table->column_count; c++) {
		line.cells[c] = strdup(rv_out_safe(cells[c]));
		if (line.cells[c])
			continue;
		while (c > 0)
			free(line.cells[--c]);
		return rv_fail_nomem(NULL);
	}
	table->rows[table->row_count++] = line;
	return RV_OK;
}

/* Columns a terminal uses for UTF-8 text: code points; wide scripts are not our case. */
static int display_width(const char *text)
{
	int width = 0;
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* How many bytes of `text` fill at most `columns` columns. */
static int bytes_for_width(const char *text, int columns)
{
	int at = 0;
	while (text[at] && columns >= 0) {
		if (((unsigned char)text[at] & 0xc0) != 0x80 && columns-- == 0)
			break;
		at++;
	}
	return at;
}

static void print_plain(const struct rv_table *table)
{
	for (size_t r = 0; r < table->row_count; r++)
		for (size_t c = 0; c < table->column_count; c++)
			printf("%s%c", table->rows[r].cells[c],
			       c + 1 == table->column_count ? '\n' : '\t');
}

static void measure(const struct rv_table *table, int room, int widths[RV_TABLE_COLUMNS])
{
	int total = 0;
	size_t flex = table->column_count;
	for (size_t c = 0; c < table->column_count; c++) {
		widths[c] = display_width(table->columns[c].title);
		for (size_t r = 0; r < table->row_count; r++) {
			int width = display_width(table->rows[r].cells[c]);
			widths[c] = width > widths[c] ? width : widths[c];
		}
		total += widths[c] + 2;
		if (table->columns[c].is_flex)
			flex = c;
	}
	if (total <= room || flex == table->column_count)
		return;
	int left = widths[flex] - (total - room);
	widths[flex] = left < 16 ? 16 : left;
}

static void print_cell(const char *text, int width, bool is_right, bool is_last)
{
	int have = display_width(text);
	if (have > width) {
		printf("%.*s…%s", bytes_for_width(text, width - 1), text, is_last ? "" : "  ");
		return;
	}
	int pad = width - have;
	if (is_right)
		printf("%*s%s%s", pad, "", text, is_last ? "" : "  ");
	else
		printf("%s%*s", text, is_last ? 0 : pad + 2, "");
}

static void print_row(const struct rv_table *table, const struct rv_out *out,
		      const char *const *cells, enum rv_ink ink, const int *widths)
{
	for (size_t c = 0; c < table->column_count; c++) {
		bool is_last = c + 1 == table->column_count;
		if (c == 0)
			fputs(rv_out_ink(out, ink), stdout);
		print_cell(cells[c], widths[c], table->columns[c].is_right, is_last);
		if (c == 0 || ink == RV_INK_DIM)
			fputs(rv_out_ink(out, RV_INK_PLAIN), stdout);
	}
	putchar('\n');
}

void rv_table_print(const struct rv_table *table, const struct rv_out *out)
{
	if (!out->out_is_tty) {
		print_plain(table);
		return;
	}
	int widths[RV_TABLE_COLUMNS] = {0};
	measure(table, out->width, widths);
	const char *titles[RV_TABLE_COLUMNS] = {0};
	for (size_t c = 0; c < table->column_count; c++)
		titles[c] = table->columns[c].title;
	print_row(table, out, titles, RV_INK_BOLD, widths);
	for (size_t r = 0; r < table->row_count; r++)
		print_row(table, out, (const char *const *)table->rows[r].cells, table->rows[r].ink,
			  widths);
}
