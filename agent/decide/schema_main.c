/* decide: reeve-schema prints policies/policy.schema.json; a test compares. Never installed. */
#include "agent/decide/policy.h"

#include <stdio.h>

int main(void)
{
	RV_CLEANUP(rv_jsonp) json_t *schema = NULL;
	struct rv_buf out;
	rv_buf_init(&out, 1 << 20);
	if (!rv_is_ok(rv_policy_schema(&schema)) || !rv_is_ok(rv_json_pretty(schema, &out)) ||
	    !rv_is_ok(rv_buf_put_byte(&out, '\n')) ||
	    fwrite(out.data, 1, out.len, stdout) != out.len || fflush(stdout) != 0) {
		fputs("reeve-schema: cannot write the schema\n", stderr);
		return 2;
	}
	rv_buf_done(&out);
	return 0;
}
