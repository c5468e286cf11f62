/* inventory: /api/v1, read only, JSON, cursors. */
#include "agent/inventory/pages.h"

#include "agent/base/clock.h"
#include "agent/inventory/ask.h"

static void answer_list(struct rv_request *req, rv_status status, json_t *list,
			const struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *owned = list;

	if (rv_is_ok(status))
		rv_answer_json(req, 200, owned);
	else if (rv_class_of(status) == RV_CLASS_MALFORMED)
		rv_answer_problem(req, RV_PROBLEM_MALFORMED, diag->text);
	else
		rv_answer_problem(req, RV_PROBLEM_INTERNAL, NULL);
}

void rv_api_hosts(struct rv_request *req)
{
	struct rv_query q;
	struct rv_diag diag = {0};
	json_t *list = NULL;
	rv_status status = rv_ask(req, 100, &q, &diag);

	if (rv_is_ok(status))
		status = rv_query_hosts(req->listener->reader, &q, &list, &diag);
	answer_list(req, status, list, &diag);
}

static void items(struct rv_request *req, enum rv_list which)
{
	struct rv_query q;
	struct rv_diag diag = {0};
	json_t *list = NULL;
	rv_status status = rv_ask(req, 100, &q, &diag);

	if (rv_is_ok(status))
		status = rv_query_items(req->listener->reader, which, &q, &list, &diag);
	answer_list(req, status, list, &diag);
}

void rv_api_credentials(struct rv_request *req)
{
	items(req, RV_LIST_CREDENTIALS);
}

void rv_api_orphans(struct rv_request *req)
{
	items(req, RV_LIST_ORPHANS);
}

void rv_api_expiring(struct rv_request *req)
{
	items(req, RV_LIST_EXPIRING);
}
