/* plughost: reeve-plughost: one plugin in a process that has nothing else. The plugin is loaded
 * after confinement, from the sealed memfd whose hash reeved compared with the grant. Its secrets
 * come from a broker over a channel of their own; its public fields from the engine. */
#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/base/secret.h"
#include "agent/plughost/plugin_run.h"
#include "agent/role/start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define SECRET_WAIT_MS 10000
#define SEALS	       (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

struct plughost {
	struct rv_channel *sup;
	struct rv_channel *engine;
	struct rv_channel *broker; /* NULL: started without one */
	struct rv_plugin plugin;
	rv_status loaded; /* why not, in load_diag: said when the engine wants to open it */
	struct rv_diag load_diag;
	struct rv_plugin_run run;
	bool is_open;
	/* A secret that came before it was asked for. */
	struct rv_secret *secret;
	uint64_t secret_ref;
};

/* --- the broker's side ------------------------------------------------------------------------ */
static rv_status hear_broker(struct plughost *host, int timeout_ms, struct rv_diag *diag)
{
	struct rv_frame frame = {0};
	RV_TRY(rv_channel_receive(host->broker, timeout_ms, &frame, diag));
	struct rv_rec_secret secret;
	RV_TRY(rv_frame_body(&frame, RV_MSG_secret, &secret, diag));
	rv_secret_freep(&host->secret);
	RV_TRY(rv_secret_new(secret.bytes.data, secret.bytes.len, &host->secret));
	host->secret_ref = secret.ref;
	struct rv_rec_secret_ack ack = {.ref = secret.ref};
	RV_TRY(rv_channel_send(host->broker, RV_MSG_secret_ack, frame.header.req, frame.header.job,
			       &ack));
	rv_channel_wipe(host->broker);
	return RV_OK;
}

/* Hands the secret over to the plugin and wipes ours. */
static rv_status give_secret(struct plughost *host, const struct rv_rec_plug_open *ask,
			     struct rv_diag *diag)
{
	if (ask->secret_name.len == 0)
		return RV_OK;
	if (!host->broker)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "no broker to take a secret from");
	if (!host->secret) {
		rv_status st = hear_broker(host, SECRET_WAIT_MS, diag);
		if (!rv_is_ok(st))
			return rv_class_of(st) == RV_CLASS_RETRY
				       ? rv_fail(RV_CLASS_UNSURE, diag, "the secret did not come")
				       : st;
	}
	if (host->secret_ref != ask->secret_ref)
		return rv_fail(RV_CLASS_CONFLICT, diag, "another secret came than was announced");
	struct rv_str bytes = {rv_secret_reveal(host->secret), rv_secret_len(host->secret)};
	rv_status st = rv_plugin_give(&host->run, ask->secret_name, bytes, diag);
	rv_secret_freep(&host->secret);
	return st;
}

/* --- the engine's side ------------------------------------------------------------------------ */
static rv_status configure(struct plughost *host, const struct rv_rec_plug_open *ask,
			   struct rv_diag *diag)
{
	struct rv_str cursor = ask->settings;
	struct rv_rec_plug_setting setting;
	bool ok = true;
	while (rv_list_next(&cursor, &rv_desc_plug_setting, &setting, &ok))
		RV_TRY(rv_plugin_set(&host->run, setting.key, setting.value, diag));
	if (!ok)
		return rv_fail(RV_CLASS_MALFORMED, diag, "the settings are malformed");
	RV_TRY(give_secret(host, ask, diag));
	return rv_plugin_complete(&host->run, diag);
}

static rv_status open_plugin(struct plughost *host, const struct rv_rec_plug_open *ask,
			     struct rv_diag *diag)
{
	if (!rv_is_ok(host->loaded)) {
		*diag = host->load_diag;
		return host->loaded;
	}
	if (host->is_open)
		return rv_fail(RV_CLASS_CONFLICT, diag, "the plugin is open already");
	RV_TRY(rv_plugin_open(&host->run, &host->plugin, diag));
	rv_status st = configure(host, ask, diag);
	if (!rv_is_ok(st)) {
		rv_plugin_close(&host->run);
		return st;
	}
	host->is_open = true;
	return RV_OK;
}

static rv_status on_open(struct plughost *host, const struct rv_frame *frame, struct rv_diag *diag)
{
	struct rv_rec_plug_open ask;
	RV_TRY(rv_frame_body(frame, RV_MSG_plug_open, &ask, diag));
	struct rv_diag why = {0};
	rv_status st = open_plugin(host, &ask, &why);
	const struct reeve_plugin *table = &host->plugin.table;
	struct rv_rec_plug_ready ready = {
		.outcome = st.class_id,
		.name = rv_str_of(table->name),
		.version = rv_str_of(table->version),
		.abi = table->abi,
		.verbs = table->verbs,
		.kind = table->kind,
		.text = {(const uint8_t *)why.text, strnlen(why.text, 512)},
	};
	return rv_channel_send(host->engine, RV_MSG_plug_ready, frame->header.req,
			       frame->header.job, &ready);
}

/* The descriptor of a call is a connected socket, or a sealed memfd with the ledger. */
struct attachment {
	int socket;
	void *map;
	size_t map_len;
};

static void attachment_done(struct attachment *a)
{
	if (a->map)
		munmap(a->map, a->map_len);
}

static rv_status attach(const struct rv_frame *frame, struct attachment *out, struct rv_diag *diag)
{
	struct stat st;
	*out = (struct attachment){.socket = -1};
	if (frame->fd_count == 0)
		return RV_OK;
	int fd = frame->fds[0];
	if (fstat(fd, &st) != 0)
		return rv_fail_errno(diag, "the call's descriptor");
	if (S_ISSOCK(st.st_mode)) {
		/* A plugin bounds its waits by poll(); a blocking read would outlast them. */
		int flags = fcntl(fd, F_GETFL);
		if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
			return rv_fail_errno(diag, "the call's socket");
		out->socket = fd;
		return RV_OK;
	}
	if (fcntl(fd, F_GET_SEALS) < 0 || (fcntl(fd, F_GET_SEALS) & SEALS) != SEALS ||
	    st.st_size <= 0 || st.st_size > (off_t)RV_LEDGER_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag,
			       "the call's descriptor is neither a socket nor a sealed ledger");
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return rv_fail_errno(diag, "mapping the ledger");
	out->map = map;
	out->map_len = (size_t)st.st_size;
	return RV_OK;
}

static rv_status on_call(struct plughost *host, const struct rv_frame *frame, struct rv_diag *diag)
{
	static struct rv_plugin_answer answer; /* large, and one call at a time */
	struct rv_rec_plug_call ask;
	struct attachment with;
	RV_TRY(rv_frame_body(frame, RV_MSG_plug_call, &ask, diag));
	if (!host->is_open)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a call before the plugin was opened");
	RV_TRY(attach(frame, &with, diag));
	rv_status st = rv_plugin_call(&host->run, &ask, with.socket,
				      (struct rv_str){with.map, with.map_len}, &answer, diag);
	if (rv_is_ok(st))
		st = rv_channel_send(host->engine, RV_MSG_plug_result, frame->header.req,
				     frame->header.job, &answer.record);
	attachment_done(&with);
	return st;
}

static rv_status hear_engine(struct plughost *host, struct rv_diag *diag)
{
	struct rv_frame frame = {0};
	RV_TRY(rv_channel_receive(host->engine, 0, &frame, diag));
	rv_status st;
	if (frame.header.type == RV_MSG_plug_open)
		st = on_open(host, &frame, diag);
	else
		st = on_call(host, &frame, diag);
	rv_frame_done(&frame);
	return st;
}

/* Until the engine or reeved closes. */
static rv_status serve(struct plughost *host, struct rv_diag *diag)
{
	rv_status st = RV_OK;
	while (rv_is_ok(st) || rv_class_of(st) == RV_CLASS_RETRY) {
		struct pollfd fds[] = {
			{.fd = rv_channel_fd(host->engine), .events = POLLIN},
			{.fd = host->broker ? rv_channel_fd(host->broker) : -1, .events = POLLIN},
			{.fd = rv_channel_fd(host->sup), .events = POLLIN},
		};
		if (poll(fds, RV_LEN(fds), -1) < 0) {
			st = errno == EINTR ? RV_OK : rv_fail_errno(diag, "poll");
			continue;
		}
		st = RV_OK;
		if (fds[1].revents && !rv_is_ok(hear_broker(host, 0, NULL)))
			rv_channel_freep(&host->broker); /* gone, or unruly: no more secrets */
		if (fds[0].revents)
			st = hear_engine(host, diag);
		else if (fds[2].revents)
			st = rv_fail(RV_CLASS_NOT_FOUND, NULL, "reeved is gone");
	}
	return rv_class_of(st) == RV_CLASS_NOT_FOUND ? RV_OK : st;
}

static rv_status load(struct plughost *host, const struct rv_role_args *args, struct rv_diag *diag)
{
	int plugin_fd = rv_role_fd(args, "plugin");
	if (plugin_fd < 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "no plugin was passed");
	RV_TRY(rv_plugin_load_fd(plugin_fd, &host->plugin, diag));
	const char *granted = rv_role_set(args, "plugin", "");
	if (strcmp(granted, host->plugin.table.name) == 0)
		return RV_OK;
	rv_fail(RV_CLASS_MISCONFIGURED, diag, "the file granted as %s calls itself %s", granted,
		host->plugin.table.name);
	host->plugin = (struct rv_plugin){0};
	return (rv_status){RV_CLASS_MISCONFIGURED, 0};
}

static rv_status take_broker(struct plughost *host, const struct rv_role_args *args)
{
	int fd = rv_role_fd(args, "broker");
	return fd < 0 ? RV_OK : rv_channel_new(fd, RV_ROLE_PLUGHOST, RV_ROLE_BROKER, &host->broker);
}

int main(int argc, char **argv)
{
	static struct plughost host;
	struct rv_role_args args;
	struct rv_diag diag = {0};

	rv_status st = rv_secret_heap_init(&diag);
	if (rv_is_ok(st))
		st = rv_role_start(argc, argv, RV_ROLE_PLUGHOST, &args, &host.sup, &host.engine,
				   &diag);
	if (rv_is_ok(st))
		st = take_broker(&host, &args);
	if (!rv_is_ok(st))
		return rv_role_failed(st, &diag);
	host.loaded = load(&host, &args, &host.load_diag);
	st = serve(&host, &diag);
	rv_plugin_close(&host.run);
	rv_secret_freep(&host.secret);
	rv_channel_freep(&host.broker);
	rv_channel_freep(&host.engine);
	rv_channel_freep(&host.sup);
	return rv_is_ok(st) ? 0 : rv_role_failed(st, &diag);
}
