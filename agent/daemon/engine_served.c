/* daemon: what each local TLS listener really serves: a socket connected by reeved, the probe
 * plugin in a plughost without network of its own, and discover as the one parser of certificates.
 */
#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/log.h"
#include "agent/base/path.h"
#include "agent/daemon/engine_discover.h"
#include "agent/store/listeners.h"

#include <arpa/inet.h>
#include <reeve/plugin.h>
#include <stdio.h>

#define TARGETS_MAX	256
#define CONNECT_MS	2000
#define PROBE_MS	4000
#define PARSE_MS	10000
#define PLUGHOST_DEATHS 3

struct target {
	uint8_t addr[16];
	size_t addr_len;
	unsigned port;
};

struct targets {
	struct target list[TARGETS_MAX];
	size_t count;
};

/* Servers that speak first and never TLS at once: a hello would only fill their logs. */
static bool is_worth_asking(const struct rv_listener *l)
{
	static const char *const never[] = {"sshd", "reeve-inventory", NULL};
	struct rv_str base = rv_path_base(rv_str_of(l->exe));

	for (const char *const *n = never; *n; n++)
		if (rv_str_is(base, *n))
			return false;
	return l->port != 22 && l->port != 25 && l->port != 53;
}

/* The loopback address to ask: of a wildcard its own family's; of any other address none. */
static bool loopback_of(struct rv_str addr, struct target *t)
{
	static const uint8_t zero[16];
	static const uint8_t one6[16] = {[15] = 1};
	static const uint8_t one4[4] = {127, 0, 0, 1};

	t->addr_len = addr.len;
	memcpy(t->addr, addr.data, addr.len);
	if (memcmp(addr.data, zero, addr.len) == 0)
		memcpy(t->addr, addr.len == 4 ? one4 : one6, addr.len);
	return addr.len == 4 ? t->addr[0] == 127 : memcmp(t->addr, one6, sizeof(one6)) == 0;
}

static rv_status add_target(const struct rv_listener *l, void *user)
{
	struct targets *all = user;
	struct target t = {.port = l->port};

	if (!is_worth_asking(l) || !loopback_of(l->addr, &t) || all->count >= TARGETS_MAX)
		return RV_OK;
	for (size_t n = 0; n < all->count; n++)
		if (all->list[n].port == t.port && all->list[n].addr_len == t.addr_len &&
		    memcmp(all->list[n].addr, t.addr, t.addr_len) == 0)
			return RV_OK;
	all->list[all->count++] = t;
	return RV_OK;
}

static rv_status start_probe(struct rv_pass *p, struct rv_peer **out, struct rv_diag *diag)
{
	struct rv_rec_plug_ready ready;
	const struct rv_rec_plug_open open = {0};
	const struct rv_spawn_opts opts = {
		.role = RV_ROLE_PLUGHOST, .plugin = "probe", .uid = UINT32_MAX, .gid = UINT32_MAX};
	struct rv_peer *peer = NULL;
	RV_CLEANUP(rv_frame_done) struct rv_frame frame = {0};

	RV_TRY(rv_engine_spawn(p->e, &opts, &peer, diag));
	rv_status s = rv_engine_call(p->e, peer, RV_MSG_plug_open, &open, RV_MSG_plug_ready,
				     PROBE_MS, &frame, diag);
	if (rv_is_ok(s))
		s = rv_frame_body(&frame, RV_MSG_plug_ready, &ready, diag);
	if (rv_is_ok(s))
		s = rv_engine_outcome(ready.outcome, ready.text, diag);
	if (!rv_is_ok(s)) {
		rv_engine_stop_job(p->e, peer);
		return s;
	}
	*out = peer;
	return RV_OK;
}

static rv_status connect_to(struct rv_pass *p, const struct target *t, int *out_fd)
{
	struct rv_rec_connected answer;
	const struct rv_rec_connect ask = {
		.addr = {t->addr, t->addr_len}, .port = t->port, .timeout_ms = CONNECT_MS};
	RV_CLEANUP(rv_frame_done) struct rv_frame frame = {0};

	RV_TRY(rv_engine_sup_call(p->e, RV_MSG_connect, 0, &ask, RV_MSG_connected,
				  CONNECT_MS + 1000, &frame, NULL));
	RV_TRY(rv_frame_body(&frame, RV_MSG_connected, &answer, NULL));
	RV_TRY(rv_engine_outcome(answer.outcome, answer.text, NULL));
	if (frame.fd_count != 1)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "no socket came");
	*out_fd = RV_TAKE_FD(frame.fds[0]);
	return RV_OK;
}

/* The leaf: the first CERT_DER field. Copied, for the frame's body is the channel's. */
static rv_status leaf_of(const struct rv_frame *frame, struct rv_buf *out)
{
	bool ok = true;
	struct rv_rec_plug_field field;
	struct rv_rec_plug_result result;

	RV_TRY(rv_frame_body(frame, RV_MSG_plug_result, &result, NULL));
	if (result.outcome != REEVE_DONE)
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "no TLS here");
	while (rv_list_next(&result.fields, &rv_desc_plug_field, &field, &ok))
		if (field.tag == REEVE_F_CERT_DER)
			return rv_buf_put(out, field.bytes.data, field.bytes.len);
	return rv_fail(RV_CLASS_NOT_FOUND, NULL, "no certificate came");
}

static rv_status ask(struct rv_pass *p, struct rv_peer *probe, const struct target *t,
		     struct rv_buf *der)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	RV_CLEANUP(rv_frame_done) struct rv_frame frame = {0};
	const struct rv_rec_plug_call call = {
		.verb = REEVE_VERB_PROBE,
		.deadline_us = rv_now_utc_us() + PROBE_MS * INT64_C(1000),
	};

	RV_TRY(connect_to(p, t, &fd));
	RV_TRY(rv_engine_call_fds(p->e, probe, RV_MSG_plug_call, &call, &fd, 1, RV_MSG_plug_result,
				  PROBE_MS + 2000, &frame, NULL));
	return leaf_of(&frame, der);
}

/* discover answers with the finding, then `parsed`. */
static rv_status parse(struct rv_pass *p, const struct target *t, const struct rv_buf *der,
		       struct rv_diag *diag)
{
	char addr[INET6_ADDRSTRLEN];
	char place[128];
	bool is_v6 = t->addr_len == 16;

	if (!inet_ntop(is_v6 ? AF_INET6 : AF_INET, t->addr, addr, sizeof(addr)))
		return rv_fail_errno(diag, "address");
	(void)snprintf(place, sizeof(place), "tls://%s%s%s:%u", is_v6 ? "[" : "", addr,
		       is_v6 ? "]" : "", t->port);
	const struct rv_rec_parse_served body = {.place = rv_str_of(place),
						 .der = rv_buf_view(der)};
	RV_TRY(rv_channel_send(p->discover->channel, RV_MSG_parse_served,
			       rv_channel_next_req(p->discover->channel), p->discover->job, &body));
	for (;;) {
		RV_CLEANUP(rv_frame_done) struct rv_frame frame = {0};
		RV_TRY(rv_engine_receive(p->e, p->discover, PARSE_MS, &frame, diag));
		if (frame.header.type == RV_MSG_parsed)
			return RV_OK;
		RV_TRY(rv_ingest_frame(&p->ingest, &frame, diag));
	}
}

static rv_status ask_all(struct rv_pass *p, const struct targets *all, struct rv_diag *diag)
{
	unsigned deaths = 0;
	struct rv_peer *probe = NULL;
	RV_CLEANUP(rv_buf_done) struct rv_buf der = {0};
	rv_status s = RV_OK;

	rv_buf_init(&der, 32768);
	for (size_t n = 0; rv_is_ok(s) && n < all->count; n++) {
		struct rv_diag why = {0};
		if (!probe && !rv_is_ok(start_probe(p, &probe, &why))) {
			(void)snprintf(p->served_note, sizeof(p->served_note), "%.500s", why.text);
			return RV_OK;
		}
		rv_buf_reset(&der);
		if (rv_is_ok(ask(p, probe, &all->list[n], &der)))
			s = parse(p, &all->list[n], &der, diag);
		if (probe->is_dead) {
			/* A plugin that a server kills is asked again a few times, no more. */
			rv_engine_stop_job(p->e, probe);
			probe = NULL;
			if (++deaths >= PLUGHOST_DEATHS)
				break;
		}
	}
	rv_engine_stop_job(p->e, probe);
	return s;
}

rv_status rv_pass_served(struct rv_pass *p, struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep) struct targets *all = calloc(1, sizeof(*all));

	if (!all)
		return rv_fail_nomem(diag);
	RV_TRY(rv_listeners_each(p->e->db, 0, add_target, all, diag));
	if (all->count == 0)
		return RV_OK;
	return ask_all(p, all, diag);
}
