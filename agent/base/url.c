/* base: see url.h. */
#include "agent/base/url.h"

#define HOST_MAX 253

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_name_byte(uint8_t c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
	       c == '.';
}

static bool is_plain(struct rv_str url)
{
	for (size_t i = 0; i < url.len; i++) {
		if (url.data[i] <= ' ' || url.data[i] >= 0x7f || strchr("\"'#\\<>", url.data[i]))
			return false;
	}
	return true;
}

/* ":" and 1 to 5 digits that make no more than 65535. */
static bool is_port(struct rv_str text)
{
	uint32_t port = 0;

	if (text.len < 2 || text.len > 6 || text.data[0] != ':')
		return false;
	for (size_t i = 1; i < text.len; i++) {
		if (!is_digit(text.data[i]))
			return false;
		port = port * 10 + (uint32_t)(text.data[i] - '0');
	}
	return port > 0 && port <= 65535;
}

bool rv_url_host(struct rv_str url, struct rv_str *out_host)
{
	const size_t start = sizeof("https://") - 1;
	size_t name = start;
	size_t end = start;

	if (!rv_str_starts_with(url, "https://") || !is_plain(url))
		return false;
	while (name < url.len && is_name_byte(url.data[name]))
		name++;
	for (end = name; end < url.len && url.data[end] != '/' && url.data[end] != '?';)
		end++;
	if (name == start || name - start > HOST_MAX || url.data[start] == '.' ||
	    url.data[start] == '-')
		return false;
	if (end > name && !is_port((struct rv_str){url.data + name, end - name}))
		return false;
	if (out_host)
		*out_host = (struct rv_str){url.data + start, end - start};
	return true;
}
