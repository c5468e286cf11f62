/* identify: names of certificates. The JSON is written by hand: identify/ needs no JSON library,
 * and escaped text (base/path.h) has only '"' and '\\' left to escape. */
#include "agent/identify/names.h"

#include "agent/base/path.h"

static rv_status put_quoted(struct rv_str text, struct rv_buf *out)
{
	RV_TRY(rv_buf_put_byte(out, '"'));
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"' || text.data[i] == '\\')
			RV_TRY(rv_buf_put_byte(out, '\\'));
		RV_TRY(rv_buf_put_byte(out, text.data[i]));
	}
	return rv_buf_put_byte(out, '"');
}

rv_status rv_names_json(struct rv_str list, struct rv_buf *out, struct rv_diag *diag)
{
	bool ok = true;
	bool first = true;
	struct rv_rec_text_item item;
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	rv_buf_init(&text, 4 * RV_SANS_MAX);
	RV_TRY(rv_buf_put_byte(out, '['));
	for (; rv_list_next(&list, &rv_desc_text_item, &item, &ok); first = false) {
		rv_buf_reset(&text);
		RV_TRY(rv_path_escape(item.text, &text));
		if (!first)
			RV_TRY(rv_buf_put_byte(out, ','));
		RV_TRY(put_quoted(rv_buf_view(&text), out));
	}
	if (!ok)
		return rv_fail(RV_CLASS_MALFORMED, diag, "found_certificate: names do not decode");
	return rv_buf_put_byte(out, ']');
}

/* Finds "CN=value" or "CN = value" in a one-line subject; ends at ',' or '/' before another type.
 */
static struct rv_str common_name(struct rv_str subject)
{
	for (size_t i = 0; i + 2 < subject.len; i++) {
		bool starts = i == 0 || memchr("/, +", subject.data[i - 1], 4) != NULL;
		if (!starts || subject.data[i] != 'C' || subject.data[i + 1] != 'N')
			continue;
		size_t at = i + 2;
		while (at < subject.len && subject.data[at] == ' ')
			at++;
		if (at >= subject.len || subject.data[at] != '=')
			continue;
		at++;
		while (at < subject.len && subject.data[at] == ' ')
			at++;
		size_t end = at;
		while (end < subject.len && subject.data[end] != ',' && subject.data[end] != '/' &&
		       subject.data[end] != '+')
			end++;
		return (struct rv_str){subject.data + at, end - at};
	}
	return RV_STR_NONE;
}

rv_status rv_names_title(struct rv_str subject, struct rv_str list, struct rv_buf *out)
{
	bool ok = true;
	struct rv_rec_text_item item;
	struct rv_str name = common_name(subject);

	if (name.len == 0 && rv_list_next(&list, &rv_desc_text_item, &item, &ok))
		name = item.text;
	return rv_path_escape(name.len ? name : subject, out);
}

/* The next "..." of an array; false at the end. */
static bool next_name(const char **cursor, struct rv_str *out)
{
	const char *from = strchr(*cursor, '"');

	if (!from)
		return false;
	const char *to = ++from;
	while (*to && *to != '"')
		to += *to == '\\' && to[1] ? 2 : 1;
	*out = (struct rv_str){(const uint8_t *)from, (size_t)(to - from)};
	*cursor = *to ? to + 1 : to;
	return true;
}

bool rv_names_overlap(const char *a, const char *b)
{
	struct rv_str one;
	struct rv_str other;

	while (next_name(&a, &one))
		for (const char *rest = b; next_name(&rest, &other);)
			if (rv_str_equal(one, other))
				return true;
	return false;
}
