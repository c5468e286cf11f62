/* tests: fuzz target: a datagram from a hostile peer. Whatever header and body decode must encode
 * again to the same bytes. */
#include "agent/ipc/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Larger than the struct of any message. */
union any {
	uint64_t align;
	uint8_t room[1024];
};

static void try_list(struct rv_str bytes)
{
	struct rv_rec_text_item item;
	bool ok = true;

	while (rv_list_next(&bytes, &rv_desc_text_item, &item, &ok))
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_header h;
	uint8_t again[RV_FRAME_HEADER];
	union any rec;
	struct rv_buf buf;

	if (!rv_is_ok(rv_header_decode((struct rv_str){data, size}, &h, NULL)))
		return 0;
	rv_header_encode(&h, again);
	if (memcmp(again, data, sizeof(again)) != 0)
		abort();
	const struct rv_msg_desc *desc = rv_msg_desc(h.type);
	struct rv_str body = {data + RV_FRAME_HEADER, h.len};

	if (desc->body->size > sizeof(rec))
		abort();
	try_list(body);
	if (!rv_is_ok(rv_record_decode(desc->body, body, &rec, NULL)))
		return 0;
	rv_buf_init(&buf, RV_FRAME_MAX);
	if (!rv_is_ok(rv_record_encode(desc->body, &rec, &buf)) ||
	    !rv_str_equal(body, rv_buf_view(&buf)))
		abort();
	rv_buf_done(&buf);
	return 0;
}
