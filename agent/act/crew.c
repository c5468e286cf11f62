/* act: starting and asking the roles of one run. Not here: the order (rotation_*.c). */
#include "agent/act/crew.h"

#include <stdio.h>

void rv_act_provider_done(struct rv_act_provider *p)
{
	rv_buf_done(&p->settings);
	rv_buf_done(&p->sealed);
	rv_buf_done(&p->ledger);
}

static void stop(struct rv_crew *crew, struct rv_act_peer **peer)
{
	if (*peer)
		crew->ports->stop(crew->ports->ctx, *peer);
	*peer = NULL;
}

void rv_crew_done(struct rv_crew *crew)
{
	stop(crew, &crew->probe);
	stop(crew, &crew->provider);
	stop(crew, &crew->place);
	stop(crew, &crew->broker);
	for (size_t i = 0; i < crew->dir_count; i++)
		free(crew->dir_memory[i]);
	crew->dir_count = 0;
	crew->key = 0;
}

rv_status rv_crew_outcome(uint64_t outcome, struct rv_str text, struct rv_diag *diag)
{
	if (outcome == RV_CLASS_OK)
		return RV_OK;
	if (outcome >= RV_CLASS__COUNT)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a role answered with no known outcome");
	return rv_fail((enum rv_class)outcome, diag, "%.*s", (int)text.len,
		       text.len ? (const char *)text.data : "");
}

/* A role that ended is no answer: look at what it did, start another. */
rv_status rv_crew_gone(rv_status s)
{
	if (rv_class_of(s) == RV_CLASS_NOT_FOUND)
		s.class_id = RV_CLASS_UNSURE;
	return s;
}

/* A role that did not come up, or whose partner died meanwhile, says nothing about the step either:
 * a fresh crew tries again, a few times. Only a plain refusal is one. */
rv_status rv_crew_did_not_start(rv_status s)
{
	if (!rv_is_ok(s) && rv_class_of(s) != RV_CLASS_DENIED &&
	    rv_class_of(s) != RV_CLASS_EXHAUSTED)
		s.class_id = RV_CLASS_UNSURE;
	return s;
}

static rv_status spawn(struct rv_crew *crew, const struct rv_act_spawn *ask,
		       struct rv_act_peer **out, uint64_t *out_job, struct rv_diag *diag)
{
	return rv_crew_did_not_start(crew->ports->spawn(crew->ports->ctx, ask, out, out_job, diag));
}

rv_status rv_crew_call(struct rv_crew *crew, struct rv_act_peer *peer, enum rv_msg type,
		       const void *body, enum rv_msg answer, void *out_body, struct rv_frame *frame,
		       struct rv_diag *diag)
{
	RV_TRY(rv_crew_gone(crew->ports->call(crew->ports->ctx, peer, type, body, -1, answer,
					      RV_CREW_WAIT_MS, frame, diag)));
	rv_status r = rv_frame_body(frame, answer, out_body, diag);
	if (!rv_is_ok(r))
		rv_frame_done(frame);
	return r;
}

rv_status rv_crew_broker(struct rv_crew *crew, struct rv_diag *diag)
{
	struct rv_act_spawn ask = {.role = RV_ROLE_BROKER, .uid = UINT32_MAX, .gid = UINT32_MAX};

	if (crew->broker)
		return RV_OK;
	return spawn(crew, &ask, &crew->broker, &crew->broker_job, diag);
}

size_t rv_crew_dir(const struct rv_crew *crew, struct rv_str dir)
{
	size_t i = 0;

	while (i < crew->dir_count && !rv_str_is(dir, crew->dirs[i]))
		i++;
	return i;
}

rv_status rv_crew_place(struct rv_crew *crew, struct rv_diag *diag)
{
	/* Who owns the directories owns what happens in them: reeved looks who that is. */
	struct rv_act_spawn ask = {.role = RV_ROLE_PLACE, .uid = UINT32_MAX, .gid = UINT32_MAX};

	if (crew->place)
		return RV_OK;
	if (!crew->run->item_count)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no file of this credential is known");
	RV_TRY(rv_crew_broker(crew, diag));
	for (size_t i = 0; i < crew->run->item_count; i++) {
		struct rv_str dir = crew->run->items[i].dir;
		if (rv_crew_dir(crew, dir) < crew->dir_count)
			continue;
		char *copy = rv_str_dup(dir);
		if (!copy)
			return rv_fail_nomem(diag);
		crew->dir_memory[crew->dir_count] = copy;
		crew->dirs[crew->dir_count++] = copy;
	}
	ask.broker_job = crew->broker_job;
	ask.dirs = crew->dirs;
	ask.dir_count = crew->dir_count;
	return spawn(crew, &ask, &crew->place, &crew->place_job, diag);
}

static rv_status unseal(struct rv_crew *crew, const char *purpose, struct rv_str sealed,
			uint64_t *out_handle, struct rv_diag *diag)
{
	struct rv_rec_unseal ask = {.purpose = rv_str_of(purpose), .sealed = sealed};
	struct rv_rec_unsealed got;
	struct rv_frame frame;

	RV_TRY(rv_crew_call(crew, crew->broker, RV_MSG_unseal, &ask, RV_MSG_unsealed, &got, &frame,
			    diag));
	rv_status r = rv_crew_outcome(got.outcome, got.text, diag);
	if (rv_is_ok(r))
		*out_handle = got.handle;
	rv_frame_done(&frame);
	return r;
}

rv_status rv_crew_unseal(struct rv_crew *crew, const char *purpose, uint64_t *out_handle,
			 struct rv_diag *diag)
{
	struct rv_buf sealed;

	RV_TRY(rv_crew_broker(crew, diag));
	rv_buf_init(&sealed, 65536);
	rv_status r = crew->ports->sealed(crew->ports->ctx, purpose, &sealed, diag);
	if (rv_is_ok(r))
		r = unseal(crew, purpose, rv_buf_view(&sealed), out_handle, diag);
	rv_buf_done(&sealed);
	return r;
}

rv_status rv_crew_give(struct rv_crew *crew, uint64_t handle, uint64_t job, uint64_t form,
		       uint64_t *out_ref, struct rv_diag *diag)
{
	struct rv_rec_give ask = {
		.handle = handle, .peer_job = job, .ref = ++crew->next_ref, .form = form};
	struct rv_rec_given got;
	struct rv_frame frame;

	RV_TRY(rv_crew_call(crew, crew->broker, RV_MSG_give, &ask, RV_MSG_given, &got, &frame,
			    diag));
	rv_status r = rv_crew_gone(rv_crew_outcome(got.outcome, got.text, diag));
	rv_frame_done(&frame);
	if (rv_is_ok(r))
		*out_ref = ask.ref;
	return r;
}

static rv_status open_plugin(struct rv_crew *crew, struct rv_act_peer *peer,
			     const struct rv_rec_plug_open *ask, struct rv_diag *diag)
{
	struct rv_rec_plug_ready ready;
	struct rv_frame frame;

	RV_TRY(rv_crew_call(crew, peer, RV_MSG_plug_open, ask, RV_MSG_plug_ready, &ready, &frame,
			    diag));
	rv_status r = rv_crew_outcome(ready.outcome, ready.text, diag);
	rv_frame_done(&frame);
	return r;
}

static rv_status start_provider(struct rv_crew *crew, const struct rv_act_provider *p,
				struct rv_diag *diag)
{
	struct rv_act_spawn ask = {.role = RV_ROLE_PLUGHOST,
				   .broker_job = crew->broker_job,
				   .plugin = p->plugin,
				   .uid = UINT32_MAX,
				   .gid = UINT32_MAX};
	struct rv_rec_plug_open open = {.settings = rv_buf_view(&p->settings)};
	uint64_t job = 0, handle = 0;

	RV_TRY(spawn(crew, &ask, &crew->provider, &job, diag));
	if (p->secret_name[0]) {
		RV_TRY(unseal(crew, p->purpose, rv_buf_view(&p->sealed), &handle, diag));
		RV_TRY(rv_crew_give(crew, handle, job, 1, &open.secret_ref, diag));
		open.secret_name = rv_str_of(p->secret_name);
	}
	return open_plugin(crew, crew->provider, &open, diag);
}

rv_status rv_crew_provider(struct rv_crew *crew, struct rv_diag *diag)
{
	struct rv_act_provider p = {0};
	char instance[65];

	if (crew->provider)
		return RV_OK;
	RV_TRY(rv_crew_broker(crew, diag));
	rv_run_text(crew->run->r.instance, instance, sizeof(instance));
	rv_status r = crew->ports->provider(crew->ports->ctx, instance, &p, diag);
	if (rv_is_ok(r))
		r = start_provider(crew, &p, diag);
	if (!rv_is_ok(r))
		stop(crew, &crew->provider);
	rv_act_provider_done(&p);
	return r;
}

rv_status rv_crew_probe(struct rv_crew *crew, struct rv_diag *diag)
{
	struct rv_act_spawn ask = {
		.role = RV_ROLE_PLUGHOST, .plugin = "probe", .uid = UINT32_MAX, .gid = UINT32_MAX};
	struct rv_rec_plug_open open = {0};
	uint64_t job = 0;

	if (crew->probe)
		return RV_OK;
	RV_TRY(spawn(crew, &ask, &crew->probe, &job, diag));
	rv_status r = open_plugin(crew, crew->probe, &open, diag);
	if (!rv_is_ok(r))
		stop(crew, &crew->probe);
	return r;
}
