/* model: reeve-states prints docs/states.md; a test compares (tests/lint). Never installed. */
#include "agent/model/state.h"

#include <stdio.h>

int main(void)
{
	struct rv_buf out;
	rv_buf_init(&out, 1 << 20);
	if (!rv_is_ok(rv_state_document(&out)) || fwrite(out.data, 1, out.len, stdout) != out.len ||
	    fflush(stdout) != 0) {
		fputs("reeve-states: cannot write the page\n", stderr);
		return 2;
	}
	rv_buf_done(&out);
	return 0;
}
