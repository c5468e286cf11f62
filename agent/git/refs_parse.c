/* git: parses packed-refs and reflogs. Not here: finding the files (refs.c). */
#include "agent/git/refs.h"

static struct rv_str take_line(struct rv_str *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->len);
	struct rv_str line = {text->data, end ? (size_t)(end - text->data) : text->len};
	size_t used = end ? line.len + 1 : line.len;

	text->data += used;
	text->len -= used;
	return line;
}

rv_status rv_git_packed_refs_parse(struct rv_str text, size_t oid_len, rv_git_packed_ref_fn *each,
				   void *user, size_t *out_bad)
{
	const size_t hex = 2 * oid_len;
	size_t bad = 0;

	while (text.len > 0) {
		struct rv_str line = take_line(&text), name;
		struct rv_git_oid oid;

		if (line.len == 0 || line.data[0] == '#' || line.data[0] == '^')
			continue;
		if (line.len < hex + 2 || line.data[hex] != ' ' ||
		    !rv_git_oid_parse((struct rv_str){line.data, hex}, oid_len, &oid)) {
			bad++;
			continue;
		}
		name = (struct rv_str){line.data + hex + 1, line.len - hex - 1};
		if (memchr(name.data, 0, name.len))
			bad++;
		else
			RV_TRY(each(user, &oid, name));
	}
	*out_bad = bad;
	return RV_OK;
}

rv_status rv_git_reflog_parse(struct rv_str text, size_t oid_len, struct rv_git_oidmap *ids,
			      size_t *out_bad)
{
	const size_t hex = 2 * oid_len;
	size_t bad = 0;

	while (text.len > 0) {
		struct rv_str line = take_line(&text);
		struct rv_git_oid oid;
		uint32_t number;

		if (line.len == 0)
			continue;
		if (line.len < 2 * hex + 2 || line.data[hex] != ' ' ||
		    line.data[2 * hex + 1] != ' ') {
			bad++;
			continue;
		}
		for (size_t i = 0; i < 2; i++) {
			struct rv_str part = {line.data + i * (hex + 1), hex};

			if (!rv_git_oid_parse(part, oid_len, &oid))
				bad++;
			else if (!rv_git_oid_is_zero(&oid))
				RV_TRY(rv_git_oidmap_put(ids, &oid, &number, NULL));
		}
	}
	*out_bad = bad;
	return RV_OK;
}
