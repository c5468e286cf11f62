/* inventory: one request's way: head, body, handler, writer, answer. */
#include "agent/inventory/http.h"

#include "agent/base/clock.h"
#include "agent/base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define HEADERS_MAX 64
#define DRAIN_MAX   (2 * RV_BODY_REPORT_MAX) /* of a refused body that is on its way already */

static void request_free(struct rv_request *req)
{
	if (req->document_done && req->document)
		req->document_done(req->document);
	atomic_fetch_sub(&req->server->bodies, req->reserved);
	rv_buf_done(&req->body);
	rv_buf_done(&req->answer.body);
	free(req);
}

void rv_answer_header(struct rv_request *req, const char *name, const char *fmt, ...)
{
	struct rv_answer *a = &req->answer;
	va_list ap;

	RV_BUG_ON(a->header_count == RV_ANSWER_HEADERS);
	a->headers[a->header_count].name = name;
	va_start(ap, fmt);
	vsnprintf(a->headers[a->header_count].value, sizeof(a->headers[0].value), fmt, ap);
	va_end(ap);
	a->header_count++;
}

static void answer_reset(struct rv_request *req, unsigned status, const char *type)
{
	rv_buf_reset(&req->answer.body);
	req->answer.header_count = 0;
	req->answer.status = status;
	req->answer.type = type;
	req->state = RV_REQUEST_ANSWERED;
}

void rv_answer_empty(struct rv_request *req, unsigned status)
{
	answer_reset(req, status, NULL);
}

static unsigned spread(unsigned of_s)
{
	uint32_t n;

	rv_random(&n, sizeof(n));
	return n % (of_s + 1);
}

static void answer_problem(struct rv_request *req, enum rv_problem problem, const char *detail,
			   int64_t seq)
{
	const unsigned status = rv_problem_status(problem);

	answer_reset(req, status, "application/problem+json");
	if (!rv_is_ok(rv_problem_json(problem, detail && *detail ? detail : NULL, seq,
				      &req->answer.body)))
		rv_buf_reset(&req->answer.body);
	if (status == 503 || status == 429) {
		const unsigned wait_s = rv_writer_wait_s(req->server->writer);
		rv_answer_header(req, "Retry-After", "%u", wait_s + spread(wait_s + 4));
	}
	if (status == 401 && req->listener->door == RV_DOOR_PEOPLE)
		rv_answer_header(req, "WWW-Authenticate", "Bearer");
}

void rv_answer_problem(struct rv_request *req, enum rv_problem problem, const char *detail)
{
	answer_problem(req, problem, detail, -1);
}

void rv_answer_need_full(struct rv_request *req, int64_t seq)
{
	answer_problem(req, RV_PROBLEM_NEED_FULL, NULL, seq);
}

void rv_answer_json(struct rv_request *req, unsigned status, const json_t *doc)
{
	answer_reset(req, status, "application/json");
	if (!doc || !rv_is_ok(rv_json_canonical(doc, &req->answer.body)))
		rv_answer_problem(req, RV_PROBLEM_INTERNAL, NULL);
}

const char *rv_request_query(const struct rv_request *req, const char *name)
{
	return MHD_lookup_connection_value(req->connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *rv_request_header(const struct rv_request *req, const char *name)
{
	return MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND, name);
}

const char *rv_request_cookie(const struct rv_request *req, const char *name)
{
	return MHD_lookup_connection_value(req->connection, MHD_COOKIE_KIND, name);
}

static rv_status job_apply(struct rv_invdb *db, struct rv_job *job, bool *out_keep)
{
	struct rv_request *req = (struct rv_request *)job;

	return req->write(db, req, out_keep);
}

static void job_done(struct rv_job *job, rv_status status)
{
	struct rv_request *req = (struct rv_request *)job;

	if (!rv_is_ok(status)) {
		const bool is_passing = rv_class_of(status) == RV_CLASS_RETRY ||
					rv_class_of(status) == RV_CLASS_EXHAUSTED;
		rv_answer_problem(req, is_passing ? RV_PROBLEM_BUSY : RV_PROBLEM_INTERNAL, NULL);
	}
	req->state = RV_REQUEST_ANSWERED;
	MHD_resume_connection(req->connection);
}

void rv_request_write(struct rv_request *req, rv_write_fn *write)
{
	req->write = write;
	req->job = (struct rv_job){.apply = job_apply, .done = job_done};
	req->state = RV_REQUEST_WAITING;
	/* Before the push: the writer may resume at once. */
	MHD_suspend_connection(req->connection);
	if (!rv_writer_push(req->server->writer, &req->job)) {
		rv_answer_problem(req, RV_PROBLEM_BUSY, NULL);
		MHD_resume_connection(req->connection);
	}
}

static void add_page_headers(struct MHD_Response *response)
{
	MHD_add_response_header(response, "Content-Security-Policy",
				"default-src 'none'; style-src 'self'; img-src 'self'; "
				"form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "X-Frame-Options", "DENY");
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

static enum MHD_Result send_answer(struct rv_request *req)
{
	struct rv_answer *a = &req->answer;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(a->body.len, a->body.data, MHD_RESPMEM_MUST_COPY);

	if (!response)
		return MHD_NO;
	if (a->type)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, a->type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	bool has_cache = false;
	for (size_t i = 0; i < a->header_count; i++) {
		has_cache = has_cache || strcmp(a->headers[i].name, "Cache-Control") == 0;
		MHD_add_response_header(response, a->headers[i].name, a->headers[i].value);
	}
	if (!has_cache)
		MHD_add_response_header(response, "Cache-Control", "no-store");
	if (req->listener->door == RV_DOOR_PEOPLE)
		add_page_headers(response);
	enum MHD_Result result = MHD_queue_response(req->connection, a->status, response);
	MHD_destroy_response(response);
	return result;
}

struct head {
	unsigned headers, lengths;
	bool has_transfer_encoding;
};

static enum MHD_Result count_header(void *user, enum MHD_ValueKind kind, const char *key,
				    const char *value)
{
	struct head *head = user;

	(void)kind;
	(void)value;
	head->headers++;
	if (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0)
		head->lengths++;
	if (strcasecmp(key, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0)
		head->has_transfer_encoding = true;
	return MHD_YES;
}

/* One way to say how long a body is; anything else may be read differently by a proxy. */
static bool head_is_sound(struct rv_request *req)
{
	struct head head = {0};

	MHD_get_connection_values(req->connection, MHD_HEADER_KIND, count_header, &head);
	if (head.headers > HEADERS_MAX || head.lengths > 1 || head.has_transfer_encoding) {
		req->is_unsound = true;
		rv_answer_problem(req, RV_PROBLEM_MALFORMED,
				  "one Content-Length, no Transfer-Encoding, at most 64 headers");
		return false;
	}
	return true;
}

static bool path_fits(const struct rv_route *route, struct rv_request *req)
{
	const size_t len = strlen(route->path);

	if (route->path[len - 1] != '*')
		return strcmp(route->path, req->path) == 0;
	if (strncmp(route->path, req->path, len - 1) != 0 || !req->path[len - 1])
		return false;
	req->rest = req->path + len - 1;
	return true;
}

static bool find_route(struct rv_request *req, const char *method)
{
	bool is_known_path = false;
	size_t count;
	const struct rv_route *routes = rv_routes(&count);

	for (size_t i = 0; i < count; i++) {
		if (routes[i].door != req->listener->door || !path_fits(&routes[i], req))
			continue;
		is_known_path = true;
		if (strcmp(routes[i].method, method) != 0)
			continue;
		req->route = &routes[i];
		return true;
	}
	rv_answer_problem(req, is_known_path ? RV_PROBLEM_METHOD : RV_PROBLEM_NOT_FOUND, NULL);
	return false;
}

/* A refusal at the head: answered now when the client waits for leave to send (Expect), has nothing
 * to send, or means too much; else after its body, which is thrown away. Closing on a client that
 * is still sending would reset the connection, and it would never read why. */
static bool must_drain(const struct rv_request *req)
{
	const char *text = rv_request_header(req, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return !req->is_unsound && !rv_request_header(req, MHD_HTTP_HEADER_EXPECT) && text &&
	       strspn(text, "0123456789") == strlen(text) && strlen(text) < 10 &&
	       strtoul(text, NULL, 10) <= DRAIN_MAX;
}

/* Reserves what the head announces before a byte of it is read. */
static bool admit_body(struct rv_request *req)
{
	const char *text = rv_request_header(req, MHD_HTTP_HEADER_CONTENT_LENGTH);
	char *end = NULL;
	const unsigned long long len = text ? strtoull(text, &end, 10) : 0;

	if (text && (*text < '0' || *text > '9' || *end)) {
		rv_answer_problem(req, RV_PROBLEM_MALFORMED, "Content-Length");
		return false;
	}
	if (len > req->route->body_max) {
		rv_answer_problem(req, RV_PROBLEM_TOO_LARGE, NULL);
		return false;
	}
	if (atomic_fetch_add(&req->server->bodies, (size_t)len) + len > RV_BODIES_BUDGET) {
		atomic_fetch_sub(&req->server->bodies, (size_t)len);
		rv_answer_problem(req, RV_PROBLEM_BUSY, NULL);
		return false;
	}
	req->reserved = (size_t)len;
	rv_buf_init(&req->body, req->route->body_max);
	return true;
}

static struct rv_request *begin(struct rv_listener *listener, struct MHD_Connection *connection,
				const char *path, const char *method)
{
	struct rv_request *req = calloc(1, sizeof(*req));

	if (!req)
		return NULL;
	req->server = listener->server;
	req->listener = listener;
	req->connection = connection;
	req->path = path;
	req->now_us = rv_now_utc_us();
	rv_buf_init(&req->answer.body, RV_ANSWER_MAX);
	if (!head_is_sound(req))
		return req;
	/* Before routing, so that no page can forget it. */
	if (listener->door == RV_DOOR_AGENTS && !rv_auth_peer(req))
		return req;
	if (find_route(req, method) && rv_auth_reader(req))
		(void)admit_body(req); /* a refusal is already the answer */
	return req;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **slot)
{
	struct rv_request *req = *slot;

	(void)version;
	if (!req) {
		*slot = req = begin(user, connection, url, method);
		if (!req)
			return MHD_NO;
		return req->state == RV_REQUEST_ANSWERED && !must_drain(req) ? send_answer(req)
									     : MHD_YES;
	}
	if (*upload_size > 0) {
		if (!req->is_too_large && req->state == RV_REQUEST_READING)
			req->is_too_large = !rv_is_ok(rv_buf_put(&req->body, upload, *upload_size));
		*upload_size = 0;
		return MHD_YES;
	}
	if (req->state == RV_REQUEST_READING) {
		req->path = url;
		if (req->is_too_large)
			rv_answer_problem(req, RV_PROBLEM_TOO_LARGE, NULL);
		else
			req->route->handler(req);
	}
	return req->state == RV_REQUEST_ANSWERED ? send_answer(req) : MHD_YES;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **slot,
			 enum MHD_RequestTerminationCode why)
{
	(void)user;
	(void)connection;
	(void)why;
	if (*slot)
		request_free(*slot);
	*slot = NULL;
}

/* The per-connection memory of rv_auth_peer. */
static void on_connection(void *user, struct MHD_Connection *connection, void **socket_context,
			  enum MHD_ConnectionNotificationCode what)
{
	(void)user;
	(void)connection;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		free(*socket_context);
		*socket_context = NULL;
	}
}

rv_status rv_listener_serve(struct rv_listener *listener, int fd, struct rv_diag *diag)
{
	const struct rv_ca *ca = listener->server->ca;
	const bool is_agents = listener->door == RV_DOOR_AGENTS;
	struct MHD_OptionItem options[] = {
		{MHD_OPTION_LISTEN_SOCKET, fd, NULL},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)rv_ca_server_key_pem(ca)},
		{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)rv_ca_server_pem(ca)},
		{MHD_OPTION_HTTPS_PRIORITIES, 0,
		 (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
		{MHD_OPTION_CONNECTION_TIMEOUT, 30, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, is_agents ? 4096 : 512, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, 24576, NULL},
		{MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL},
		{MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, NULL},
		{MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, NULL},
		/* Only makes libmicrohttpd *ask* for a certificate: rv_auth_peer judges. */
		{is_agents ? MHD_OPTION_HTTPS_MEM_TRUST : MHD_OPTION_END, 0,
		 (void *)(uintptr_t)rv_ca_pem(ca)},
		{MHD_OPTION_END, 0, NULL},
	};

	listener->mhd = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
		NULL, on_request, listener, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
	if (!listener->mhd)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: cannot serve",
			       rv_door_name(listener->door));
	return RV_OK;
}
