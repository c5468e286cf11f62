/* inventory: the calls of hosts: /v1/ca and /v1/enroll on their own door, /v1/renew, /v1/checkin
 * and /v1/report behind rv_auth_peer. */
#include "agent/inventory/pages.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"

#include <stdio.h>

struct enrolment {
	struct rv_doc_enrol doc;
};

static void enrolment_done(void *p)
{
	struct enrolment *e = p;

	rv_doc_enrol_done(&e->doc);
	free(e);
}

struct checkin {
	struct rv_doc_checkin doc;
};

static void checkin_done(void *p)
{
	struct checkin *c = p;

	rv_doc_checkin_done(&c->doc);
	free(c);
}

struct report {
	struct rv_doc_report doc;
};

static void report_done(void *p)
{
	struct report *r = p;

	rv_doc_report_done(&r->doc);
	free(r);
}

/* A zeroed document that dies with the request; NULL when the answer is already "busy". */
static void *attach(struct rv_request *req, size_t size, void (*done)(void *))
{
	req->document = calloc(1, size);
	req->document_done = done;
	if (!req->document)
		rv_answer_problem(req, RV_PROBLEM_BUSY, NULL);
	return req->document;
}

static void report_url(const struct rv_request *req, char *out, size_t size)
{
	const char *name = req->server->name;

	snprintf(out, size, strchr(name, ':') ? "https://[%s]:%u" : "https://%s:%u", name,
		 req->server->listeners[RV_DOOR_AGENTS].port);
}

static void answer_grant(struct rv_request *req, const struct rv_host_grant *grant)
{
	char until[RV_TIME_TEXT];
	char now[RV_TIME_TEXT];
	char url[320];

	rv_time_text(grant->not_after_us, until);
	rv_time_text(req->now_us, now);
	report_url(req, url, sizeof(url));
	RV_CLEANUP(rv_jsonp)
	json_t *doc = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "host_id", grant->id, "cert_pem",
				grant->cert_pem, "ca_pem", rv_ca_pem(req->server->ca), "not_after",
				until, "report_url", url, "server_time", now);
	rv_answer_json(req, 200, doc);
}

/* Refusals are answers; only the database's own failures go up. */
static rv_status settle_grant(struct rv_request *req, rv_status status, struct rv_host_grant *grant,
			      enum rv_problem problem, const struct rv_diag *diag, bool *out_keep)
{
	if (rv_is_ok(status))
		answer_grant(req, grant);
	rv_host_grant_done(grant);
	if (rv_is_ok(status) || problem == RV_PROBLEM_INTERNAL)
		return status;
	*out_keep = false;
	rv_answer_problem(req, problem, diag->text);
	return RV_OK;
}

static rv_status enrol_write(struct rv_invdb *db, struct rv_request *req, bool *out_keep)
{
	const struct enrolment *e = req->document;
	enum rv_problem problem = RV_PROBLEM_INTERNAL;
	struct rv_host_grant grant = {0};
	struct rv_diag diag = {0};

	rv_status status =
		rv_host_enrol(db, req->server->ca, &e->doc, req->now_us, &grant, &problem, &diag);
	rv_log(RV_INFO, rv_is_ok(status) ? "host enrolled" : "enrolment refused", "host",
	       rv_is_ok(status) ? grant.id : "", "code",
	       rv_is_ok(status) ? "" : rv_problem_code(problem), NULL);
	return settle_grant(req, status, &grant, problem, &diag, out_keep);
}

static rv_status renew_write(struct rv_invdb *db, struct rv_request *req, bool *out_keep)
{
	const struct enrolment *e = req->document;
	enum rv_problem problem = RV_PROBLEM_INTERNAL;
	struct rv_host_grant grant = {0};
	struct rv_diag diag = {0};

	rv_status status = rv_host_renew(db, req->server->ca, req->peer.host_id, &req->peer.key_fp,
					 e->doc.csr_pem, req->now_us, &grant, &problem, &diag);
	return settle_grant(req, status, &grant, problem, &diag, out_keep);
}

typedef rv_status enrol_parser(struct rv_str, struct rv_doc_enrol *, enum rv_problem *,
			       struct rv_diag *);

static void take_enrolment(struct rv_request *req, enrol_parser *parse, rv_write_fn *write)
{
	struct enrolment *e = attach(req, sizeof(*e), enrolment_done);
	enum rv_problem problem;
	struct rv_diag diag = {0};

	if (!e)
		return;
	if (!rv_is_ok(parse(rv_buf_view(&req->body), &e->doc, &problem, &diag)))
		rv_answer_problem(req, problem, diag.text);
	else
		rv_request_write(req, write);
}

void rv_agents_enroll(struct rv_request *req)
{
	take_enrolment(req, rv_doc_enrol_parse, enrol_write);
}

void rv_agents_renew(struct rv_request *req)
{
	take_enrolment(req, rv_doc_renew_parse, renew_write);
}

void rv_agents_ca(struct rv_request *req)
{
	RV_CLEANUP(rv_jsonp) json_t *doc = json_pack("{s:s}", "ca_pem", rv_ca_pem(req->server->ca));

	rv_answer_json(req, 200, doc);
}

/* The certificate says who reports; a document that says otherwise is not taken. */
static bool speaks_for_itself(struct rv_request *req, const char *host)
{
	if (strcmp(host, req->peer.host_id) == 0)
		return true;
	rv_answer_problem(req, RV_PROBLEM_UNPROCESSABLE, "host: not the certificate's");
	return false;
}

static void answer_items(struct rv_request *req, struct rv_items_answer *answer)
{
	if (answer->is_refused && answer->problem == RV_PROBLEM_NEED_FULL) {
		rv_answer_need_full(req, answer->seq);
	} else if (answer->is_refused) {
		rv_answer_problem(req, answer->problem, "digest: not that of the items");
	} else if (answer->body.len == 0) {
		rv_answer_empty(req, 204);
		rv_answer_header(req, "Reeve-Next-Checkin", "%lld",
				 (long long)req->server->pace.next_checkin_s);
		rv_answer_header(req, "Reeve-Spread", "%lld",
				 (long long)req->server->pace.spread_s);
	} else {
		rv_answer_empty(req, 200);
		req->answer.type = "application/json";
		if (!rv_is_ok(rv_buf_put(&req->answer.body, answer->body.data, answer->body.len)))
			rv_answer_problem(req, RV_PROBLEM_BUSY, NULL);
	}
}

static rv_status checkin_write(struct rv_invdb *db, struct rv_request *req, bool *out_keep)
{
	const struct checkin *c = req->document;
	struct rv_items_answer answer = {0};

	RV_TRY(rv_items_checkin(db, &c->doc, req->now_us, &answer));
	*out_keep = !answer.is_refused;
	answer_items(req, &answer);
	return RV_OK;
}

static rv_status report_write(struct rv_invdb *db, struct rv_request *req, bool *out_keep)
{
	const struct report *r = req->document;
	struct rv_items_answer answer = {0};

	rv_buf_init(&answer.body, RV_ANSWER_MAX);
	rv_status status = rv_items_report(db, &r->doc, req->now_us, &req->server->pace, &answer);
	*out_keep = !answer.is_refused;
	if (rv_is_ok(status))
		answer_items(req, &answer);
	rv_buf_done(&answer.body);
	return status;
}

void rv_agents_checkin(struct rv_request *req)
{
	struct checkin *c = attach(req, sizeof(*c), checkin_done);
	enum rv_problem problem;
	struct rv_diag diag = {0};

	if (!c)
		return;
	if (!rv_is_ok(rv_doc_checkin_parse(rv_buf_view(&req->body), &c->doc, &problem, &diag)))
		rv_answer_problem(req, problem, diag.text);
	else if (speaks_for_itself(req, c->doc.host))
		rv_request_write(req, checkin_write);
}

void rv_agents_report(struct rv_request *req)
{
	struct report *r = attach(req, sizeof(*r), report_done);
	enum rv_problem problem = RV_PROBLEM_BUSY;
	struct rv_diag diag = {0};

	if (!r)
		return;
	if (!rv_is_ok(rv_doc_report_parse(rv_buf_view(&req->body), &r->doc, &problem, &diag)))
		rv_answer_problem(req, problem, diag.text);
	else if (speaks_for_itself(req, r->doc.host))
		rv_request_write(req, report_write);
}
