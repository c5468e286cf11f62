/* An evidence bundle from a stranger: checked with no key and with a wrong one; never more than a
 * refusal, and what it says it found adds up. */
#include "agent/verify/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(const json_t *event, void *user)
{
	uint64_t *events = user;
	RV_BUG_ON(!json_is_object(event));
	(*events)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct rv_digest nobody = {{0}};
	struct rv_bundle_report report;
	struct rv_diag diag = {0};
	uint64_t events = 0;
	rv_status st =
		rv_bundle_check((struct rv_str){data, size}, NULL, count, &events, &report, &diag);
	RV_BUG_ON(events != report.events);
	RV_BUG_ON(rv_is_ok(st) && (report.signed_to != report.last || report.heads == 0));
	RV_BUG_ON(!rv_is_ok(st) && !diag.text[0]);
	/* No key hashes to zeros. */
	RV_BUG_ON(rv_is_ok(
		rv_bundle_check((struct rv_str){data, size}, &nobody, NULL, NULL, &report, NULL)));
	return 0;
}
