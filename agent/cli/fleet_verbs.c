/* cli: see fleet_verbs.h. Not here: HTTP (fleet.c), tables (render_agent.c). */
#include "agent/cli/fleet_verbs.h"

#include "agent/cli/fleet.h"
#include "agent/cli/local_verbs.h"
#include "agent/cli/render.h"

static int failed(rv_status status, const struct rv_diag *diag)
{
	(void)rv_show_failure(status, diag); /* fleet has exit codes of its own */
	return rv_fleet_exit(status);
}

typedef void renderer(struct rv_out *out, const json_t *data, const struct rv_verb_args *args);

/* The inventory's document in the shape of an agent's reply, so that one door prints both. */
static int show(struct rv_out *out, json_t *data, renderer *render, const struct rv_verb_args *args)
{
	RV_CLEANUP(rv_reply_done) struct rv_reply reply = RV_REPLY_NONE;
	reply.document = json_pack("{s:i, s:O}", "v", 1, "data", data);
	return reply.document ? rv_show_reply(out, &reply, render, args) : 2;
}

static void render_login(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* the reply says it all */
	rv_out_line(out, "logged in to %s", rv_render_text(data, "url"));
	rv_out_hint(out, "next: reeve fleet orphans");
}

static void render_logout(struct rv_out *out, const json_t *data, const struct rv_verb_args *args)
{
	(void)args; /* none */
	rv_out_line(out, "%s",
		    rv_json_bool(data, "was_logged_in", false) ? "logged out; the token was removed"
							       : "there was no login");
}

int rv_run_login(struct rv_out *out, const struct rv_verb_args *args)
{
	struct rv_diag diag = {0};
	const char *pin = rv_json_text(args->json, "ca_pin", NULL);
	if (args->fd < 0 || !pin) {
		rv_diag_next(&diag, "reeve login URL --token-file F --ca-pin sha256:..");
		return failed(rv_fail(RV_CLASS_MISCONFIGURED, &diag,
				      "reeve login: needs --token-file and --ca-pin"),
			      &diag);
	}
	RV_CLEANUP(rv_jsonp) json_t *data = NULL;
	rv_status status =
		rv_fleet_login(rv_json_text(args->json, "url", ""), pin, args->fd, &data, &diag);
	return rv_is_ok(status) ? show(out, data, render_login, args) : failed(status, &diag);
}

int rv_run_logout(struct rv_out *out, const struct rv_verb_args *args)
{
	struct rv_diag diag = {0};
	RV_CLEANUP(rv_jsonp) json_t *data = NULL;
	rv_status status = rv_fleet_logout(&data, &diag);
	return rv_is_ok(status) ? show(out, data, render_logout, args) : failed(status, &diag);
}

static int run_list(struct rv_out *out, const struct rv_verb_args *args, enum rv_fleet_list list)
{
	struct rv_diag diag = {0};
	struct rv_fleet_ask ask = {.list = list,
				   .within = rv_json_text(args->json, "within", NULL),
				   .host = rv_json_text(args->json, "host", NULL)};
	RV_CLEANUP(rv_jsonp) json_t *data = NULL;
	rv_status status = rv_fleet_get(&ask, &data, &diag);
	if (!rv_is_ok(status))
		return failed(status, &diag);
	renderer *render = list == RV_FLEET_HOSTS ? rv_render_fleet_hosts : rv_render_fleet_items;
	return show(out, data, render, args);
}

int rv_run_fleet_hosts(struct rv_out *out, const struct rv_verb_args *args)
{
	return run_list(out, args, RV_FLEET_HOSTS);
}

int rv_run_fleet_list(struct rv_out *out, const struct rv_verb_args *args)
{
	return run_list(out, args, RV_FLEET_LIST);
}

int rv_run_fleet_orphans(struct rv_out *out, const struct rv_verb_args *args)
{
	return run_list(out, args, RV_FLEET_ORPHANS);
}

int rv_run_fleet_expiring(struct rv_out *out, const struct rv_verb_args *args)
{
	return run_list(out, args, RV_FLEET_EXPIRING);
}
