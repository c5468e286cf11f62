/* inventory: three TLS listeners over libmicrohttpd, bounds, the peer's identity, and the way from
 * a request to its handler. Not here: what a page says (agents.c, api.c, web.c). */
#pragma once

#include "agent/inventory/host.h"
#include "agent/inventory/items.h"
#include "agent/inventory/problem.h"
#include "agent/inventory/writer.h"

#include <microhttpd.h>
#include <stdatomic.h>

enum rv_door { RV_DOOR_AGENTS, RV_DOOR_ENROL, RV_DOOR_PEOPLE, RV_DOOR__COUNT };
const char *rv_door_name(enum rv_door door); /* "agents", "enrol", "people" */

#define RV_ANSWER_HEADERS  8
#define RV_BODY_REPORT_MAX ((size_t)8 * 1024 * 1024)
#define RV_BODIES_BUDGET   ((size_t)64 * 1024 * 1024) /* of all requests under way */
#define RV_ANSWER_MAX	   ((size_t)16 * 1024 * 1024)

struct rv_server;
struct rv_request;

struct rv_listener {
	struct rv_server *server;
	enum rv_door door;
	struct MHD_Daemon *mhd;
	struct rv_invdb *reader; /* of this listener's one thread */
	char address[64];
	uint16_t port;
};

struct rv_server {
	struct rv_ca *ca;
	struct rv_writer *writer;
	struct rv_listener listeners[RV_DOOR__COUNT];
	struct rv_items_pace pace;
	const char *name; /* the first of --name: what hosts are told to call */
	atomic_size_t bodies;
};

struct rv_answer {
	unsigned status;
	const char *type; /* a literal */
	struct rv_buf body;
	struct {
		const char *name; /* a literal */
		char value[224];
	} headers[RV_ANSWER_HEADERS];
	size_t header_count;
};

typedef void rv_handler(struct rv_request *req);
/* In the writer's transaction; fills req->answer. *out_keep as in writer.h. */
typedef rv_status rv_write_fn(struct rv_invdb *db, struct rv_request *req, bool *out_keep);

/* On the people's door; the agents' door is behind rv_auth_peer as a whole. */
enum rv_access { RV_ACCESS_NONE, RV_ACCESS_BEARER, RV_ACCESS_SESSION };

struct rv_route {
	enum rv_door door;
	const char *method;
	const char *path; /* a trailing "*" takes the rest, which is req->rest */
	size_t body_max;
	enum rv_access access;
	rv_handler *handler;
};
const struct rv_route *rv_routes(size_t *out_count);

enum rv_request_state { RV_REQUEST_READING, RV_REQUEST_WAITING, RV_REQUEST_ANSWERED };

struct rv_request {
	struct rv_job job; /* first member */
	struct rv_server *server;
	struct rv_listener *listener;
	struct MHD_Connection *connection;
	const struct rv_route *route;
	const char *path, *rest;
	struct rv_buf body;
	size_t reserved; /* of the bodies' budget */
	bool is_too_large;
	bool is_unsound; /* where the body ends is not certain */
	int64_t now_us;
	struct rv_ca_client peer; /* on the agents' door */
	enum rv_request_state state;
	rv_write_fn *write;
	void *document; /* of the handler, freed by document_done */
	void (*document_done)(void *document);
	struct rv_answer answer;
};

/* Answers. Each ends the handling. */
void rv_answer_problem(struct rv_request *req, enum rv_problem problem, const char *detail);
void rv_answer_need_full(struct rv_request *req, int64_t seq);
void rv_answer_json(struct rv_request *req, unsigned status, const json_t *doc);
void rv_answer_empty(struct rv_request *req, unsigned status);
void rv_answer_header(struct rv_request *req, const char *name, const char *fmt, ...)
	RV_PRINTF(3, 4);
/* Queues `write`; the answer leaves after the commit. busy when the queue is full. */
void rv_request_write(struct rv_request *req, rv_write_fn *write);
/* The value of a query parameter, header or cookie; NULL when absent. Borrowed. */
const char *rv_request_query(const struct rv_request *req, const char *name);
const char *rv_request_header(const struct rv_request *req, const char *name);
const char *rv_request_cookie(const struct rv_request *req, const char *name);

/* Who calls on the agents' door, for every request before anything else is looked at: the
 * certificate (judged once a connection, its dates each time), that its key and host id are
 * enrolled, and that the host is not denied. Answers the refusal and returns false. */
bool rv_auth_peer(struct rv_request *req);

/* Whether the route's access is given: a Bearer reader token, or a session's cookie. Answers the
 * refusal (401, or the way to the login page) and returns false. */
bool rv_auth_reader(struct rv_request *req);

/* Opens `address` ("127.0.0.1:0", "[::1]:9443") and serves. */
RV_NODISCARD rv_status rv_listener_start(struct rv_server *server, enum rv_door door,
					 const char *address, const char *dir,
					 struct rv_diag *diag);
/* The second half of rv_listener_start: takes fd on success. */
RV_NODISCARD rv_status rv_listener_serve(struct rv_listener *listener, int fd,
					 struct rv_diag *diag);
void rv_listener_close(struct rv_listener *listener); /* no new connections */
void rv_listener_stop(struct rv_listener *listener);  /* after the writer has stopped */
