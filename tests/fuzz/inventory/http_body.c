/* tests: fuzz target: the other bodies: check-in, enrolment, renewal; and a request for a
 * certificate, and a client certificate. The first byte chooses. */
#include "agent/inventory/ca.h"
#include "agent/inventory/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_doc_checkin checkin;
	struct rv_doc_enrol enrol;
	enum rv_problem problem;
	struct rv_digest key_fp;
	char pin[RV_PIN_TEXT];

	if (size == 0)
		return 0;
	const struct rv_str body = {data + 1, size - 1};
	switch (data[0] % 5) {
	case 0:
		(void)!rv_is_ok(
			rv_doc_checkin_parse(body, &checkin, &problem, NULL)); /* no crash */
		rv_doc_checkin_done(&checkin);
		break;
	case 1:
		(void)!rv_is_ok(rv_doc_enrol_parse(body, &enrol, &problem, NULL)); /* no crash */
		rv_doc_enrol_done(&enrol);
		break;
	case 2:
		(void)!rv_is_ok(rv_doc_renew_parse(body, &enrol, &problem, NULL)); /* no crash */
		rv_doc_enrol_done(&enrol);
		break;
	case 3:
		(void)!rv_is_ok(rv_ca_read_csr(body, &key_fp, NULL)); /* no crash */
		break;
	default:
		(void)!rv_is_ok(rv_ca_pin_of_pem(body, pin)); /* no crash */
		break;
	}
	return 0;
}
