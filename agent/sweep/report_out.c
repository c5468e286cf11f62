/* sweep: the writer under every report. Not here: JSON's containers (report_out_json.c), what a
 * report says. */
#include "agent/sweep/report_out.h"

#include "agent/base/path.h"

#include <errno.h>
#include <stdarg.h>

#define PIECE	    4096 /* bytes of a path escaped at once */
#define FMT_MAX	    256
#define REPLACEMENT "\xef\xbf\xbd"

void rv_emit_init(struct rv_emit *emit, FILE *out)
{
	*emit = (struct rv_emit){.out = out};
	rv_buf_init(&emit->scratch, (size_t)4 * PIECE);
}

void rv_emit_done(struct rv_emit *emit)
{
	rv_buf_done(&emit->scratch);
}

static void fail(struct rv_emit *emit)
{
	if (rv_is_ok(emit->status))
		emit->status = rv_fail_errno(NULL, "write");
}

rv_status rv_emit_end(struct rv_emit *emit, struct rv_diag *diag)
{
	if (rv_is_ok(emit->status) && (fflush(emit->out) != 0 || ferror(emit->out)))
		fail(emit);
	if (rv_is_ok(emit->status))
		return RV_OK;
	if (emit->status.errno_was == ENOMEM || emit->status.errno_was == 0)
		return rv_fail_nomem(diag);
	errno = emit->status.errno_was;
	return rv_fail_errno(diag, "cannot write the report");
}

static void put(struct rv_emit *emit, const void *bytes, size_t len)
{
	if (len == 0 || !rv_is_ok(emit->status))
		return;
	if (fwrite_unlocked(bytes, 1, len, emit->out) != len)
		fail(emit);
}

void rv_emit_raw(struct rv_emit *emit, const char *markup)
{
	put(emit, markup, strlen(markup));
}

static RV_PRINTF(2, 0) void put_args(struct rv_emit *emit, const char *fmt, va_list args)
{
	char text[FMT_MAX];
	int len = vsnprintf(text, sizeof(text), fmt, args);

	RV_BUG_ON(len < 0 || (size_t)len >= sizeof(text));
	put(emit, text, (size_t)len);
}

void rv_emit_fmt(struct rv_emit *emit, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_args(emit, fmt, args);
	va_end(args);
}

/* Control characters, and those that reorder or break a line on a terminal or in a browser. */
static bool is_hidden(uint32_t point)
{
	return (point >= 0x7f && point <= 0x9f) || (point >= 0x2028 && point <= 0x202e) ||
	       (point >= 0x2066 && point <= 0x2069) || (point >= 0x200e && point <= 0x200f) ||
	       point == 0xfeff || (point & 0xfffe) == 0xfffe;
}

static const char *json_escape(uint32_t point, char room[12])
{
	switch (point) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\t':
		return "\\t";
	default:
		break;
	}
	if (point > 0xffff || (point >= 0x20 && !is_hidden(point)))
		return NULL;
	(void)snprintf(room, 12, "\\u%04x", (unsigned)point & 0xffffU); /* always fits */
	return room;
}

static const char *xml_escape(uint32_t point)
{
	switch (point) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static const char *command_escape(uint32_t point, bool is_property)
{
	if (point == '%')
		return "%25";
	if (is_property && point == ':')
		return "%3A";
	if (is_property && point == ',')
		return "%2C";
	return NULL;
}

/* What stands for a code point there; NULL: itself. */
static const char *escape_of(enum rv_emit_as as, uint32_t point, char room[12])
{
	if (as == RV_AS_JSON)
		return json_escape(point, room);
	if (point < 0x20)
		return " ";
	if (is_hidden(point))
		return REPLACEMENT;
	if (as == RV_AS_XML)
		return xml_escape(point);
	if (as == RV_AS_CSV)
		return point == '"' ? "\"\"" : NULL;
	if (as == RV_AS_COMMAND || as == RV_AS_PROPERTY)
		return command_escape(point, as == RV_AS_PROPERTY);
	return NULL;
}

/* Build services take a line of a log that begins with "::", or has "##[" or "##word[" anywhere,
 * for a command: text from outside must not give any. Breaks the two at `rest`, or NULL. */
static const char *break_command(enum rv_emit_as as, struct rv_str rest, bool is_first,
				 bool is_after_hash)
{
	uint8_t next = rest.len > 1 ? rest.data[1] : 0;

	if (as != RV_AS_PLAIN && as != RV_AS_JSON)
		return NULL;
	if (as == RV_AS_PLAIN && is_first && rest.data[0] == ':' && next == ':')
		return ": ";
	if (is_after_hash && rest.data[0] == '#' &&
	    (next == '[' || (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z')))
		return as == RV_AS_JSON ? "\\u0023" : " #";
	return NULL;
}

/* Letters, digits and marks that stand for themselves everywhere: most of what is written. */
static size_t plain_run(struct rv_str text)
{
	size_t len = 0;

	while (len < text.len) {
		uint8_t c = text.data[len];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '-' && c <= '9') ||
		      c == '_'))
			break;
		len++;
	}
	return len;
}

void rv_emit_bytes(struct rv_emit *emit, enum rv_emit_as as, struct rv_str text)
{
	const uint8_t *plain = text.data; /* not written yet */
	bool is_first = true;		  /* nothing but blanks before */
	bool is_after_hash = false;
	char room[12];

	while (text.len) {
		uint32_t point = 0;
		size_t len = plain_run(text);
		const char *escape = NULL;

		if (len) {
			text.data += len;
			text.len -= len;
			is_first = is_after_hash = false;
			continue;
		}
		len = rv_utf8_at(text, &point);
		escape = break_command(as, text, is_first, is_after_hash);
		if (!escape)
			escape = len ? escape_of(as, point, room) : REPLACEMENT;
		len = len ? len : 1;
		is_first = is_first && (text.data[0] <= ' ' || text.data[0] >= 0x7f);
		is_after_hash = text.data[0] == '#';
		if (escape) {
			put(emit, plain, (size_t)(text.data - plain));
			rv_emit_raw(emit, escape);
			plain = text.data + len;
		}
		text.data += len;
		text.len -= len;
	}
	put(emit, plain, (size_t)(text.data - plain));
}

void rv_emit_text(struct rv_emit *emit, enum rv_emit_as as, const char *text)
{
	if (text)
		rv_emit_bytes(emit, as, rv_str_of(text));
}

/* A piece that does not end within a character. */
static size_t piece_len(struct rv_str path)
{
	size_t len = PIECE;

	if (path.len <= PIECE)
		return path.len;
	while (len > PIECE - 4 && (path.data[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void rv_emit_path(struct rv_emit *emit, enum rv_emit_as as, struct rv_str path)
{
	/* With the ":12:3" after it, it could begin a build service's command. */
	if (as == RV_AS_PLAIN && path.len && path.data[0] == ':') {
		rv_emit_raw(emit, "\\x3a");
		path.data++;
		path.len--;
	}
	while (path.len && rv_is_ok(emit->status)) {
		size_t len = piece_len(path);
		rv_status status;

		rv_buf_reset(&emit->scratch);
		status = rv_path_escape((struct rv_str){path.data, len}, &emit->scratch);
		if (!rv_is_ok(status)) {
			emit->status = status;
			return;
		}
		rv_emit_bytes(emit, as, rv_buf_view(&emit->scratch));
		path.data += len;
		path.len -= len;
	}
}

void rv_emit_uri(struct rv_emit *emit, struct rv_str path)
{
	for (size_t i = 0; i < path.len; i++) {
		uint8_t c = path.data[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    (c != 0 && strchr("-._~/", c)))
			put(emit, &c, 1);
		else
			rv_emit_fmt(emit, "%%%02X", c);
	}
}

void rv_emit_cell_open(struct rv_emit *emit, uint8_t first)
{
	rv_emit_raw(emit, "\"");
	if (first != 0 && strchr("=+-@\t\r\n", first))
		rv_emit_raw(emit, "'");
}

void rv_emit_cell_close(struct rv_emit *emit)
{
	rv_emit_raw(emit, "\"");
}
