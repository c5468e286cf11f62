/* inventory: the server's life: open, listen, say ready, wait for a signal, finish what is queued.
 */
#include "agent/inventory/serve.h"

#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/inventory/fault.h"
#include "agent/inventory/http.h"
#include "agent/inventory/setting.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static rv_status write_ports(const struct rv_server *server, const char *dir, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	char path[1024];
	RV_CLEANUP(rv_jsonp)
	json_t *doc = json_pack("{s:i, s:i, s:i, s:i}", "agents",
				(int)server->listeners[RV_DOOR_AGENTS].port, "enrol",
				(int)server->listeners[RV_DOOR_ENROL].port, "people",
				(int)server->listeners[RV_DOOR_PEOPLE].port, "pid", (int)getpid());

	rv_buf_init(&text, 4096);
	if (!doc)
		return rv_fail_nomem(diag);
	RV_TRY(rv_json_canonical(doc, &text));
	snprintf(path, sizeof(path), "%s/ports.json", dir);
	return rv_file_replace(path, text.data, text.len, 0644, diag);
}

/* systemd's readiness in its whole: one datagram. Without NOTIFY_SOCKET nothing is sent. */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	const size_t len = path ? strlen(path) : 0;

	if (len == 0 || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	if (to.sun_path[0] == '@')
		to.sun_path[0] = '\0';
	RV_CLEANUP(rv_fd_closep) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

/* The CA's key is in this process: no core file, no ptrace by the same user. */
static void harden(void)
{
	const struct rlimit none = {0, 0};

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* a refusal leaves us as we were */
	(void)setrlimit(RLIMIT_CORE, &none);	  /* likewise */
}

static rv_status start_all(struct rv_server *server, const struct rv_serve_options *o,
			   struct rv_diag *diag)
{
	struct rv_invdb *db = NULL;

	RV_TRY(rv_invdb_open(o->dir, &db, diag));
	RV_TRY(rv_writer_start(db, &server->writer, diag));
	RV_TRY(rv_listener_start(server, RV_DOOR_AGENTS, o->agents, o->dir, diag));
	RV_TRY(rv_listener_start(server, RV_DOOR_ENROL, o->enrol, o->dir, diag));
	RV_TRY(rv_listener_start(server, RV_DOOR_PEOPLE, o->people, o->dir, diag));
	return write_ports(server, o->dir, diag);
}

static void stop_all(struct rv_server *server)
{
	for (int i = 0; i < RV_DOOR__COUNT; i++)
		rv_listener_close(&server->listeners[i]);
	/* Answers what is queued and lets every waiting connection go on: then they may end. */
	rv_writer_stop(server->writer);
	for (int i = 0; i < RV_DOOR__COUNT; i++)
		rv_listener_stop(&server->listeners[i]);
	rv_ca_free(server->ca);
}

static int wait_for_end(const sigset_t *set)
{
	int signal_number = 0;

	while (sigwait(set, &signal_number) != 0 || signal_number == SIGHUP)
		;
	return signal_number;
}

rv_status rv_serve(const struct rv_serve_options *o, struct rv_diag *diag)
{
	struct rv_server server = {.pace = {o->next_checkin_s, o->spread_s}};
	RV_CLEANUP(rv_freep) char *names = NULL;
	RV_CLEANUP(rv_freep) char *name = NULL;
	char number[16];
	sigset_t set;

	harden();
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL); /* before any thread is made */
	if (o->fault && !rv_fault_name(o->fault))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "--fault: not in this build");
	RV_TRY(rv_setting_names(o->dir, &names, diag));
	RV_TRY(rv_ca_open(o->dir, names, &server.ca, diag));
	name = strndup(names, strcspn(names, ","));
	server.name = name ? name : "localhost";
	rv_status status = start_all(&server, o, diag);
	if (rv_is_ok(status)) {
		notify("READY=1");
		snprintf(number, sizeof(number), "%u", server.listeners[RV_DOOR_PEOPLE].port);
		rv_log(RV_INFO, "serving", "name", server.name, "people_port", number, NULL);
		wait_for_end(&set);
		notify("STOPPING=1");
	}
	stop_all(&server);
	return status;
}
