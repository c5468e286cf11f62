/* tests: fuzz target of the assignment detector and of private keys: every anchor at every place it
 * stands, in every form of file; what is told lies in the buffer. The first byte picks the form. */
#include "agent/scan/assign.h"
#include "agent/scan/pem_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool stands_at(struct rv_str b, size_t at, const struct rv_assign_anchor *a)
{
	if (b.len - at < a->len)
		return false;
	for (size_t i = 0; i < a->len; i++) {
		uint8_t c = b.data[at + i];

		if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (uint8_t)a->text[i])
			return false;
	}
	return true;
}

static void look(struct rv_str b, size_t at, struct rv_context *context)
{
	for (unsigned a = 0; a < rv_assign_anchor_count; a++) {
		struct rv_assign hit;

		if (!stands_at(b, at, &rv_assign_anchors[a]) ||
		    !rv_assign_at(b, context, a, at + rv_assign_anchors[a].len, &hit))
			continue;
		RV_BUG_ON(hit.len == 0 || hit.len > RV_ASSIGN_VALUE_MAX || hit.confidence > 100);
		RV_BUG_ON(hit.start > b.len || hit.len > b.len - hit.start);
		RV_BUG_ON(hit.name_start > b.len || hit.name_len > b.len - hit.name_start);
	}
}

static void look_for_keys(struct rv_str b, size_t at)
{
	struct rv_pem_key key;

	if (rv_pem_private_at(b, at, &key) || rv_jwk_private_at(b, at, &key) ||
	    rv_ppk_private_at(b, at, &key))
		RV_BUG_ON(key.len == 0 || key.start > b.len || key.len > b.len - key.start ||
			  key.end > b.len);
}

static void look_at_lines(enum rv_listed listed, struct rv_str b)
{
	struct rv_assign hit;

	for (size_t at = 0; rv_assign_next_line(listed, b, &at, &hit);)
		RV_BUG_ON(at > b.len || hit.start > b.len || hit.len > b.len - hit.start);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct rv_context context = {
		.form = data[0] % (RV_FORM_DOC + 1), .is_whole = true, .is_test = data[0] & 0x10};
	struct rv_str b = {data + 1, size - 1};

	for (size_t at = 0; at < b.len; at++) {
		look(b, at, &context);
		if (b.data[at] == '-' || b.data[at] == 'k' || b.data[at] == 'P')
			look_for_keys(b, at);
	}
	look_at_lines(RV_LISTED_PGPASS, b);
	look_at_lines(RV_LISTED_ACCOUNTS, b);
	(void)rv_context_of(b); /* any bytes may be a path */
	return 0;
}
