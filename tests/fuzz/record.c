/* tests: fuzz target: what the codec accepts it gives back byte for byte. */
#include "agent/model/finding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

union any {
	struct rv_rec_found_certificate certificate;
	struct rv_rec_found_key key;
	struct rv_rec_found_secret secret;
	struct rv_rec_found_account account;
	struct rv_rec_found_package package;
	struct rv_rec_found_listener listener;
	struct rv_rec_found_unit unit;
	struct rv_rec_not_looked not_looked;
	struct rv_rec_text_item text;
};

static const struct rv_record_desc *const descs[] = {
	&rv_desc_found_certificate, &rv_desc_found_key,	 &rv_desc_found_secret,
	&rv_desc_found_account,	    &rv_desc_found_unit, &rv_desc_found_package,
	&rv_desc_found_listener,    &rv_desc_not_looked, &rv_desc_text_item};

static void try_record(const struct rv_record_desc *desc, struct rv_str bytes)
{
	union any rec;
	struct rv_buf again;

	if (!rv_is_ok(rv_record_decode(desc, bytes, &rec, NULL)))
		return;
	rv_buf_init(&again, bytes.len);
	if (!rv_is_ok(rv_record_encode(desc, &rec, &again)) ||
	    !rv_str_equal(bytes, rv_buf_view(&again)))
		abort();
	rv_buf_done(&again);
}

static void try_list(struct rv_str bytes)
{
	struct rv_rec_text_item item;
	bool ok = true;

	while (rv_list_next(&bytes, &rv_desc_text_item, &item, &ok)) {
		if (!ok)
			abort();
	}
	if (ok && bytes.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	try_record(descs[data[0] % RV_LEN(descs)], (struct rv_str){data + 1, size - 1});
	try_list((struct rv_str){data + 1, size - 1});
	return 0;
}
