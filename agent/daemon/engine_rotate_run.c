/* daemon: from a sealed plan to a run that act/ can carry out: its files, its deploy part, and the
 * loopback addresses where it is served now. Not here: making plans (engine_rotate_plan.c). */
#include "agent/base/path.h"
#include "agent/daemon/engine_rotate.h"
#include "agent/store/journal.h"

#include <arpa/inet.h>
#include <stdio.h>

/* --- listeners ---------------------------------------------------------------------------------
 */
static rv_status take_listeners(struct rv_engine *e, struct rv_peer *discover,
				struct rv_rotate_listener *out, size_t max, size_t *out_count,
				struct rv_diag *diag)
{
	size_t count = 0;

	for (;;) {
		struct rv_rec_found_listener found;
		struct rv_frame frame;
		RV_TRY(rv_engine_receive(e, discover, 20000, &frame, diag));
		uint16_t type = frame.header.type;
		rv_status s = type == RV_MSG_found_listener
				      ? rv_frame_body(&frame, RV_MSG_found_listener, &found, diag)
				      : RV_OK;
		if (rv_is_ok(s) && type == RV_MSG_found_listener && count < max &&
		    found.addr.len <= 16) {
			struct rv_rotate_listener *one = &out[count++];
			memcpy(one->addr, found.addr.data, found.addr.len);
			one->addr_len = found.addr.len;
			one->holder = (struct rv_holder){.port = (uint16_t)found.port,
							 .pid = (uint32_t)found.pid,
							 .started_us = found.started_us,
							 .accepts = found.accepts != 0};
		}
		rv_frame_done(&frame);
		RV_TRY(s);
		if (type == RV_MSG_discovered)
			break;
	}
	*out_count = count;
	return RV_OK;
}

rv_status rv_rotate_look(struct rv_engine *e, uint16_t port, struct rv_rotate_listener *out,
			 size_t max, size_t *out_count, struct rv_diag *diag)
{
	struct rv_spawn_opts opts = {
		.role = RV_ROLE_DISCOVER, .uid = UINT32_MAX, .gid = UINT32_MAX};
	struct rv_peer *discover = NULL, *open = NULL;
	struct rv_rec_look_listeners ask = {.port = port};
	struct rv_frame frame = {0};

	RV_TRY(rv_engine_spawn(e, &opts, &discover, diag));
	opts.role = RV_ROLE_OPEN;
	opts.peer_job = discover->job;
	rv_status s = rv_engine_spawn(e, &opts, &open, diag);
	if (rv_is_ok(s))
		s = rv_engine_call(e, open, RV_MSG_look_listeners, &ask, RV_MSG_walked, 20000,
				   &frame, diag);
	rv_frame_done(&frame);
	if (rv_is_ok(s))
		s = take_listeners(e, discover, out, max, out_count, diag);
	rv_engine_stop_job(e, open);
	rv_engine_stop_job(e, discover);
	return s;
}

/* --- targets ------------------------------------------------------------------------------------
 */
static bool is_any(const uint8_t *addr, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (addr[i])
			return false;
	return true;
}

static bool is_loopback(const uint8_t *addr, size_t len)
{
	static const uint8_t six[16] = {[15] = 1};

	return len == 4 ? addr[0] == 127 : memcmp(addr, six, 16) == 0;
}

static rv_status add_target(struct rv_run *run, const uint8_t *addr, size_t len, uint16_t port,
			    const char *name, struct rv_diag *diag)
{
	struct rv_rec_run_target one = {.addr = {addr, len}, .port = port, .name = rv_str_of(name)};

	for (size_t i = 0; i < run->target_count; i++)
		if (run->targets[i].port == port && rv_str_equal(run->targets[i].addr, one.addr) &&
		    rv_str_equal(run->targets[i].name, one.name))
			return RV_OK;
	if (run->target_count == RV_RUN_TARGETS)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "more than %d listeners to prove",
			       RV_RUN_TARGETS);
	struct rv_rec_run_target *slot = &run->targets[run->target_count];
	RV_TRY(rv_run_keep(run, &slot->addr, one.addr));
	RV_TRY(rv_run_keep(run, &slot->name, one.name));
	slot->port = port;
	run->target_count++;
	return RV_OK;
}

/* A name: every loopback address on which somebody listens at that port. */
static rv_status add_named(struct rv_run *run, const char *name, uint16_t port,
			   const struct rv_rotate_listener *seen, size_t count,
			   struct rv_diag *diag)
{
	static const uint8_t four[4] = {127, 0, 0, 1};
	static const uint8_t six[16] = {[15] = 1};

	for (size_t i = 0; i < count; i++) {
		const struct rv_rotate_listener *one = &seen[i];
		if (one->holder.port != port)
			continue;
		if (is_loopback(one->addr, one->addr_len))
			RV_TRY(add_target(run, one->addr, one->addr_len, port, name, diag));
		else if (is_any(one->addr, one->addr_len))
			RV_TRY(add_target(run, one->addr_len == 4 ? four : six, one->addr_len, port,
					  name, diag));
	}
	return RV_OK;
}

/* "tls://HOST:PORT", HOST an address (IPv6 in brackets) or a name. */
static bool split(const char *text, char host[256], uint16_t *port)
{
	const char *from = strncmp(text, "tls://", 6) == 0 ? text + 6 : NULL;
	const char *colon = from ? strrchr(from, ':') : NULL;
	char *end = NULL;
	unsigned long n = colon ? strtoul(colon + 1, &end, 10) : 0;

	if (!colon || !end || *end || !n || n > 65535 || colon == from || colon - from > 254)
		return false;
	size_t len = (size_t)(colon - from);
	if (from[0] == '[' && from[len - 1] == ']') {
		from++;
		len -= 2;
	}
	memcpy(host, from, len);
	host[len] = '\0';
	*port = (uint16_t)n;
	return true;
}

static rv_status add_text(struct rv_run *run, const char *text,
			  const struct rv_rotate_listener *seen, size_t count, struct rv_diag *diag)
{
	uint8_t addr[16];
	char host[256];
	uint16_t port = 0;

	if (!split(text, host, &port))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s is no tls://host:port", text);
	size_t len = inet_pton(AF_INET, host, addr) == 1    ? 4
		     : inet_pton(AF_INET6, host, addr) == 1 ? 16
							    : 0;
	if (len && is_loopback(addr, len))
		return add_target(run, addr, len, port, "", diag);
	if (len && is_any(addr, len))
		return add_named(run, "", port, seen, count, diag);
	if (len) {
		rv_diag_next(diag, "name a loopback address or a host name in deploy.prove");
		return rv_fail(RV_CLASS_DENIED, diag, "%s is not on this host's loopback", text);
	}
	return add_named(run, host, port, seen, count, diag);
}

/* The one port that all name, or 0. */
static uint16_t port_of(const json_t *texts)
{
	uint16_t port = 0, one = 0;
	char host[256];
	const json_t *text;
	size_t i;

	json_array_foreach (texts, i, text) {
		if (!split(json_string_value(text), host, &one) || (port && port != one))
			return 0;
		port = one;
	}
	return port;
}

rv_status rv_rotate_targets(struct rv_engine *e, struct rv_run *run, const json_t *texts,
			    struct rv_diag *diag)
{
	RV_CLEANUP(rv_freep)
	struct rv_rotate_listener *seen = calloc(1024, sizeof(*seen));
	size_t count = 0, i;
	const json_t *text;

	if (!seen)
		return rv_fail_nomem(diag);
	if (!json_array_size(texts))
		return RV_OK;
	RV_TRY(rv_rotate_look(e, port_of(texts), seen, 1024, &count, diag));
	json_array_foreach (texts, i, text) {
		size_t before = run->target_count;
		RV_TRY(add_text(run, json_string_value(text), seen, count, diag));
		if (run->target_count == before && !before) {
			rv_diag_next(diag, "start the service, or correct deploy.prove");
			return rv_fail(RV_CLASS_CONFLICT, diag, "nobody listens at %s",
				       json_string_value(text));
		}
	}
	return RV_OK;
}

/* --- from the plan ------------------------------------------------------------------------------
 */
static const json_t *step_of(const json_t *plan, const char *id, const char *what)
{
	const json_t *step;
	size_t i;

	json_array_foreach (json_object_get(plan, "steps"), i, step)
		if (strcmp(rv_json_text(step, "cred", ""), id) == 0 &&
		    strcmp(rv_json_text(step, "step", ""), what) == 0)
			return step;
	return NULL;
}

static rv_status keep_path(struct rv_run *run, struct rv_str *slot, const char *text)
{
	struct rv_buf bytes;

	rv_buf_init(&bytes, 8192);
	rv_status s = rv_path_unescape(rv_str_of(text), &bytes);
	if (rv_is_ok(s))
		s = rv_run_keep(run, slot, rv_buf_view(&bytes));
	rv_buf_done(&bytes);
	return s;
}

static rv_status add_item(struct rv_run *run, const json_t *path, struct rv_diag *diag)
{
	const char *as = rv_json_text(path, "as", "");
	struct rv_rec_run_item *item = &run->items[run->item_count];

	if (run->item_count == RV_RUN_ITEMS)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "more than %d files", RV_RUN_ITEMS);
	*item = (struct rv_rec_run_item){
		.part = strcmp(as, "combined") == 0 ? RV_PART_COMBINED
			: strcmp(as, "key") == 0    ? RV_PART_KEY
						    : RV_PART_CERTIFICATE,
		.dev = (uint64_t)rv_json_int(path, "dev", 0),
		.ino = (uint64_t)rv_json_int(path, "ino", 0),
		.uid = (uint64_t)rv_json_int(path, "uid", 0),
		.gid = (uint64_t)rv_json_int(path, "gid", 0),
	};
	RV_TRY(keep_path(run, &item->dir, rv_json_text(path, "dir", "")));
	RV_TRY(keep_path(run, &item->name, rv_json_text(path, "name", "")));
	run->item_count++;
	return RV_OK;
}

static rv_status take_world(struct rv_run *run, const json_t *world, struct rv_diag *diag)
{
	const char *sha256 = rv_json_text(world, "version_sha256", "");
	uint8_t bytes[RV_SHA256_LEN];
	const json_t *path;
	size_t i;

	/* Certificates first: the window is declared in the first item's directory. */
	for (int keys = 0; keys < 2; keys++)
		json_array_foreach (json_object_get(world, "paths"), i, path)
			if ((strcmp(rv_json_text(path, "as", ""), "key") == 0) == (keys == 1))
				RV_TRY(add_item(run, path, diag));
	if (sha256[0]) {
		RV_TRY(rv_unhex(rv_str_of(sha256), bytes, sizeof(bytes)));
		struct rv_str view = {bytes, sizeof(bytes)};
		RV_TRY(rv_run_keep(run, &run->r.old_sha256, view));
	}
	RV_TRY(rv_run_keep(run, &run->r.policy,
			   rv_str_of(rv_json_text(json_object_get(world, "policy"), "name", ""))));
	return rv_run_keep(
		run, &run->r.instance,
		rv_str_of(rv_json_text(json_object_get(world, "provider"), "instance", "")));
}

static rv_status take_units(struct rv_run *run, const json_t *units, struct rv_diag *diag)
{
	const json_t *unit;
	size_t i;

	json_array_foreach (units, i, unit) {
		if (run->unit_count == RV_RUN_ITEMS)
			return rv_fail(RV_CLASS_EXHAUSTED, diag, "more than %d units",
				       RV_RUN_ITEMS);
		RV_TRY(rv_run_keep(run, &run->units[run->unit_count],
				   rv_str_of(json_string_value(unit))));
		run->unit_count++;
	}
	return RV_OK;
}

/* deploy.prove, and wherever the last pass saw it served. */
static rv_status take_targets(struct rv_engine *e, struct rv_run *run, const json_t *prove,
			      const json_t *world, struct rv_diag *diag)
{
	RV_CLEANUP(rv_jsonp) json_t *texts = json_array();
	const json_t *one;
	size_t i;

	json_array_foreach (json_object_get(prove, "targets"), i, one)
		if (json_array_append_new(texts, json_string(json_string_value(one))) != 0)
			return rv_fail_nomem(diag);
	json_array_foreach (json_object_get(world, "consumers"), i, one) {
		const char *where = rv_json_text(one, "where", "");
		if (strncmp(where, "tls://", 6) == 0 &&
		    json_array_append_new(texts, json_string(where)) != 0)
			return rv_fail_nomem(diag);
	}
	return rv_rotate_targets(e, run, texts, diag);
}

rv_status rv_rotate_run_of(struct rv_engine *e, const json_t *plan, const char *id,
			   struct rv_run **out, struct rv_diag *diag)
{
	const json_t *world = json_object_get(json_object_get(plan, "world"), id);
	bool is_revocation = strcmp(rv_json_text(plan, "verb", ""), "revoke") == 0;
	RV_CLEANUP(rv_run_freep) struct rv_run *run = NULL;
	int64_t count = 0;

	if (!world)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "the plan is not about %s", id);
	RV_TRY(rv_run_new(is_revocation ? RV_RUN_VERB_REVOKE : RV_RUN_VERB_ROTATE, id, &run));
	RV_TRY(take_world(run, world, diag));
	RV_TRY(rv_run_count(e->db, id, &count, diag));
	run->r.attempt = (uint64_t)(count % 255) + 1;
	if (!is_revocation) {
		const json_t *test = step_of(plan, id, "test");
		run->r.grace_us = rv_json_int(step_of(plan, id, "grace"), "for_s", 0) * 1000000;
		run->r.max_lifetime_us =
			(uint64_t)rv_json_int(step_of(plan, id, "create"), "max_lifetime_s", 0) *
			1000000;
		RV_TRY(rv_run_keep(run, &run->r.test, rv_str_of(rv_json_text(test, "hook", ""))));
		RV_TRY(take_units(run, json_object_get(step_of(plan, id, "reload"), "units"),
				  diag));
		RV_TRY(take_targets(e, run, step_of(plan, id, "prove"), world, diag));
	}
	*out = RV_TAKE(run);
	return RV_OK;
}
