/* store: copying a row's texts. */
#include "agent/store/row_text.h"

rv_status rv_row_texts(struct rv_stmt *st, const struct rv_row_text *texts, size_t count,
		       char **out_memory, struct rv_diag *diag)
{
	size_t total = 1;

	for (size_t i = 0; i < count; i++)
		total += strlen(rv_stmt_text(st, texts[i].column)) + 1;
	char *memory = malloc(total);
	if (!memory)
		return rv_fail_nomem(diag);
	char *p = memory;
	for (size_t i = 0; i < count; i++) {
		const char *z = rv_stmt_text(st, texts[i].column);
		size_t len = strlen(z) + 1;
		memcpy(p, z, len);
		*texts[i].slot = p;
		p += len;
	}
	*out_memory = memory;
	return RV_OK;
}
