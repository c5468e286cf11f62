/* base: one structured line on stderr, without allocation. Not here: audit events. */
#include "agent/base/log.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 512

static enum rv_level level_at_most = RV_INFO;
static const char *role_name = "reeve";
static int log_fd = STDERR_FILENO;

struct line {
	char text[LINE_MAX_BYTES];
	size_t len;
};

void rv_log_level(enum rv_level at_most)
{
	level_at_most = at_most;
}

void rv_log_name(const char *role)
{
	role_name = role;
}

void rv_log_to(int fd)
{
	log_fd = fd;
}

/* One byte is kept for the newline; what does not fit is cut. */
static void put(struct line *line, const char *text, size_t len)
{
	if (len > sizeof(line->text) - 1 - line->len)
		len = sizeof(line->text) - 1 - line->len;
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static void put_text(struct line *line, const char *text)
{
	put(line, text, strlen(text));
}

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '"' && c != '\\' && c != '=';
}

static void put_escaped(struct line *line, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	const char hex[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
	const char plain[2] = {'\\', (char)c};

	if (c == '"' || c == '\\')
		put(line, plain, sizeof(plain));
	else if (c < ' ' || c >= 0x7f)
		put(line, hex, sizeof(hex));
	else
		put(line, &plain[1], 1);
}

static void put_value(struct line *line, const char *value)
{
	const char *at = value;

	while (*at && is_plain((unsigned char)*at))
		at++;
	if (*value && !*at) {
		put_text(line, value);
		return;
	}
	put_text(line, "\"");
	for (at = value; *at; at++)
		put_escaped(line, (unsigned char)*at);
	put_text(line, "\"");
}

void rv_log_(enum rv_level level, const char *message, ...)
{
	static const char *const names[RV_LEVEL__COUNT] = {"error", "warning", "info", "debug"};
	struct line line;
	const char *key;
	va_list args;

	if (level > level_at_most || level >= RV_LEVEL__COUNT)
		return;
	line.len = 0;
	put_text(&line, role_name);
	put_text(&line, ": ");
	put_text(&line, names[level]);
	put_text(&line, ": ");
	put_text(&line, message);
	va_start(args, message);
	while ((key = va_arg(args, const char *)) != NULL) {
		const char *value = va_arg(args, const char *);

		put_text(&line, " ");
		put_text(&line, key);
		put_text(&line, "=");
		if (!value) /* also the end of the list: nothing may be read past it */
			break;
		put_value(&line, value);
	}
	va_end(args);
	line.text[line.len++] = '\n';
	/* One write, so that lines of several roles do not mix. A log that cannot be written has
	 * nowhere to complain to. */
	if (write(log_fd, line.text, line.len) < 0)
		return;
}
