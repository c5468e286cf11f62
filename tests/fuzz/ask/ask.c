/* fuzz: a frame between reeve scan and reeve-ask; a rule in it is then filled in. */
#include "agent/cli/ask_request.h"
#include "agent/cli/ask_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill_in(const struct rv_ask_frame *frame)
{
	const struct rv_ask_values values = {RV_STR_LIT("id"), RV_STR_LIT("value\"\\&"), false};
	struct rv_ask_request request = {0};
	struct rv_ask_rule rule = {0};

	if (rv_is_ok(rv_ask_rule_of(frame, &rule)) &&
	    rv_is_ok(rv_ask_request_make(&rule.request, "reeve/0", &values, &request)))
		RV_BUG_ON(!request.url || request.host.len == 0);
	rv_ask_request_done(&request);
	rv_ask_rule_done(&rule);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_ask_frame frame;
	struct rv_ask_start start;
	struct rv_ask_question question;
	struct rv_ask_answer answer;

	if (!rv_is_ok(rv_ask_frame_of((struct rv_str){data, size}, &frame)))
		return 0;
	if (rv_is_ok(rv_ask_start_of(&frame, &start)) ||
	    rv_is_ok(rv_ask_question_of(&frame, &question)) ||
	    rv_is_ok(rv_ask_answer_of(&frame, &answer)))
		return 0;
	fill_in(&frame);
	return 0;
}
