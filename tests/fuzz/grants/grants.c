/* tests: fuzz target: the grants file. What is taken is said back in canonical lines that are taken
 * again, with the same subjects. */
#include "agent/model/grant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void again(const struct rv_grant *g)
{
	struct rv_grants second;
	struct rv_buf line;

	rv_buf_init(&line, RV_GRANTS_BYTES);
	if (!rv_is_ok(rv_grant_line(g, &line)) ||
	    !rv_is_ok(rv_grants_parse(rv_buf_view(&line), "again", &second, NULL)) ||
	    second.count != 1 || second.list[0].kind != g->kind ||
	    strcmp(rv_grant_subject(&second.list[0]), rv_grant_subject(g)) != 0)
		abort();
	rv_grants_done(&second);
	rv_buf_done(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_grants grants;

	if (!rv_is_ok(rv_grants_parse((struct rv_str){data, size}, "grants", &grants, NULL)))
		return 0;
	for (size_t i = 0; i < grants.count && i < 8; i++)
		again(&grants.list[i]);
	(void)rv_grants_hook(&grants, (struct rv_str){data, size}); /* any bytes as a command */
	rv_grants_done(&grants);
	return 0;
}
