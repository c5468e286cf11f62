/* tests: fuzz target: a host's report. What is taken is canonical, sorted, and passes the check of
 * an item again. */
#include "agent/inventory/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_items(const struct rv_doc_report *doc)
{
	for (size_t i = 0; i < doc->item_count; i++) {
		RV_CLEANUP(rv_jsonp) json_t *again = NULL;
		struct rv_item_facts facts;
		if (!rv_is_ok(rv_json_parse(rv_doc_item_text(doc, i), &again, NULL)) ||
		    !rv_is_ok(rv_item_check(again, &facts, NULL)))
			abort();
		if (i > 0 && strcmp(doc->items[i - 1].facts.id, doc->items[i].facts.id) >= 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_doc_report doc;
	enum rv_problem problem;
	struct rv_diag diag = {0};

	if (rv_is_ok(rv_doc_report_parse((struct rv_str){data, size}, &doc, &problem, &diag)))
		check_items(&doc);
	else if (diag.text[0] == '\0')
		abort(); /* a refusal says why */
	rv_doc_report_done(&doc);
	return 0;
}
