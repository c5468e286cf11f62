/* inventory: listening sockets, and who is on the other end of the agents' one. */
#include "agent/inventory/http.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

const char *rv_door_name(enum rv_door door)
{
	static const char *const names[] = {"agents", "enrol", "people"};

	return names[door];
}

/* What rv_auth_peer remembers for a connection. */
struct peer_memory {
	bool is_foreign;
	struct rv_ca_client client;
};

static const gnutls_datum_t *peer_leaf(struct rv_request *req)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	unsigned count = 0;

	return info ? gnutls_certificate_get_peers((gnutls_session_t)info->tls_session, &count)
		    : NULL;
}

static struct peer_memory *remember(struct rv_request *req, const gnutls_datum_t *leaf)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(req->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	void **slot = info ? (void **)(uintptr_t)&info->socket_context : NULL;

	if (!slot)
		return NULL;
	struct peer_memory *memory = *slot;
	if (memory)
		return memory;
	memory = calloc(1, sizeof(*memory));
	if (!memory)
		return NULL;
	memory->is_foreign = rv_ca_judge(req->server->ca, (struct rv_str){leaf->data, leaf->size},
					 req->now_us, &memory->client) == RV_CA_FOREIGN;
	*slot = memory;
	return memory;
}

/* An expired certificate of ours is good for one thing: asking for the next. */
static bool refuse_dates(struct rv_request *req, enum rv_ca_verdict verdict)
{
	switch (verdict) {
	case RV_CA_GOOD:
		return false;
	case RV_CA_EXPIRED:
		if (strcmp(req->path, "/v1/renew") == 0)
			return false;
		rv_answer_problem(req, RV_PROBLEM_CERT_EXPIRED, "renew it at /v1/renew");
		return true;
	case RV_CA_EARLY:
		rv_answer_problem(req, RV_PROBLEM_CLOCK_SKEW, NULL);
		return true;
	case RV_CA_LAPSED:
	case RV_CA_FOREIGN:
		break;
	}
	rv_answer_problem(req, RV_PROBLEM_CERT_EXPIRED, "too long ago to renew: enrol again");
	return true;
}

bool rv_auth_peer(struct rv_request *req)
{
	const gnutls_datum_t *leaf = peer_leaf(req);
	struct rv_host host;

	if (!leaf) {
		rv_answer_problem(req, RV_PROBLEM_CERT_REQUIRED, NULL);
		return false;
	}
	const struct peer_memory *memory = remember(req, leaf);
	if (!memory || memory->is_foreign) {
		rv_answer_problem(req, memory ? RV_PROBLEM_CERT_FOREIGN : RV_PROBLEM_BUSY, NULL);
		return false;
	}
	req->peer = memory->client;
	rv_status found = rv_host_by_key(req->listener->reader, &req->peer.key_fp, &host);
	if (rv_class_of(found) == RV_CLASS_NOT_FOUND ||
	    (rv_is_ok(found) && strcmp(host.id, req->peer.host_id) != 0)) {
		rv_answer_problem(req, RV_PROBLEM_UNKNOWN_HOST, "enrol again with a new token");
		return false;
	}
	if (!rv_is_ok(found)) {
		rv_answer_problem(req, RV_PROBLEM_BUSY, NULL);
		return false;
	}
	if (host.is_denied) {
		rv_answer_problem(req, RV_PROBLEM_HOST_DENIED, NULL);
		return false;
	}
	return !refuse_dates(req, rv_ca_judge_dates(&req->peer, req->now_us));
}

static rv_status split_address(const char *text, char *host, size_t host_size, const char **port,
			       struct rv_diag *diag)
{
	const char *colon = strrchr(text, ':');
	const bool is_bracketed = colon && text[0] == '[' && colon > text + 1 && colon[-1] == ']';
	const char *from = is_bracketed ? text + 1 : text;
	const size_t len = colon ? (size_t)(colon - from) - (is_bracketed ? 1 : 0) : 0;

	if (!colon || len >= host_size || !colon[1]) {
		rv_diag_next(diag, "write it as 0.0.0.0:9443 or [::]:9443");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: not ADDRESS:PORT", text);
	}
	memcpy(host, from, len);
	host[len] = '\0';
	*port = colon + 1;
	return RV_OK;
}

static rv_status open_socket(const char *address, int *out_fd, uint16_t *out_port,
			     struct rv_diag *diag)
{
	const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
				       .ai_socktype = SOCK_STREAM};
	struct sockaddr_storage bound = {0};
	socklen_t bound_len = sizeof(bound);
	struct addrinfo *found = NULL;
	char host[64];
	const char *port;
	const int on = 1;

	RV_TRY(split_address(address, host, sizeof(host), &port, diag));
	if (getaddrinfo(host[0] ? host : NULL, port, &hints, &found) != 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s: not a numeric address and port",
			       address);
	RV_CLEANUP(rv_fd_closep)
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const bool is_open =
		fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
		bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 1024) == 0 &&
		getsockname(fd, (struct sockaddr *)&bound, &bound_len) == 0;
	freeaddrinfo(found);
	if (!is_open)
		return rv_fail_errno(diag, "%s", address);
	/* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): getsockname has filled it */
	*out_port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
						      : ((struct sockaddr_in *)&bound)->sin_port);
	*out_fd = RV_TAKE_FD(fd);
	return RV_OK;
}

rv_status rv_listener_start(struct rv_server *server, enum rv_door door, const char *address,
			    const char *dir, struct rv_diag *diag)
{
	struct rv_listener *listener = &server->listeners[door];
	RV_CLEANUP(rv_fd_closep) int fd = -1;

	listener->server = server;
	listener->door = door;
	snprintf(listener->address, sizeof(listener->address), "%s", address);
	RV_TRY(open_socket(address, &fd, &listener->port, diag));
	RV_TRY(rv_db_open_reader(dir, &listener->reader, diag));
	RV_TRY(rv_listener_serve(listener, fd, diag));
	(void)RV_TAKE_FD(fd); /* libmicrohttpd owns it now */
	return RV_OK;
}

void rv_listener_close(struct rv_listener *listener)
{
	if (!listener->mhd)
		return;
	const int fd = MHD_quiesce_daemon(listener->mhd);
	if (fd >= 0)
		close(fd);
}

void rv_listener_stop(struct rv_listener *listener)
{
	if (listener->mhd)
		MHD_stop_daemon(listener->mhd);
	rv_invdb_free(listener->reader);
	listener->mhd = NULL;
	listener->reader = NULL;
}
