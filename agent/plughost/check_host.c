/* plughost: driving a real plughost for the conformance suite. Not here: the cases. */
#include "agent/plughost/check_host.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/ipc/role.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECRET_REF 1
#define JOB	   1

static const char *const no_environment[] = {NULL};

static rv_status make_pair(int fds[2], struct rv_diag *diag)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		return rv_fail_errno(diag, "socketpair");
	return RV_OK;
}

/* In the child, between fork and exec: only calls that are safe there. */
static void become_plughost(const struct check_subject *subject, const int fds[4])
{
	char name[64];
	char profile[32];
	snprintf(name, sizeof(name), "plugin=%s", subject->name);
	snprintf(profile, sizeof(profile), "profile=%s", subject->profile);
	/* First out of the way, then into place: source and target numbers overlap. */
	int high[4];
	for (int i = 0; i < 4; i++)
		high[i] = fcntl(fds[i], F_DUPFD, 20);
	for (int i = 0; i < 4; i++)
		if (high[i] < 0 || dup2(high[i], 3 + i) < 0)
			_exit(127);
	close_range(7, ~0U, 0);
	/* Root must become somebody: nobody. Anyone else stays who they are. */
	const char *argv[] = {"reeve-plughost",
			      "--sup",
			      "3",
			      "--engine",
			      "4",
			      "--fd",
			      "broker=5",
			      "--fd",
			      "plugin=6",
			      "--set",
			      name,
			      "--set",
			      profile,
			      geteuid() == 0 ? "--uid" : NULL,
			      "65534",
			      "--gid",
			      "65534",
			      NULL};
	/* execve() promises not to write to them. */
	execve(subject->plughost, (char **)(uintptr_t)argv, (char **)(uintptr_t)no_environment);
	_exit(127);
}

static rv_status wait_hello(struct check_session *s, struct rv_diag *diag)
{
	struct rv_frame frame = {0};
	struct rv_rec_hello hello;
	RV_TRY(rv_channel_receive(s->sup, CHECK_WAIT_MS, &frame, diag));
	RV_TRY(rv_frame_body(&frame, RV_MSG_hello, &hello, diag));
	if (!rv_str_is(hello.build, rv_build_id()))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "reeve-plughost is of another build");
	s->walls = hello.walls;
	return RV_OK;
}

static rv_status start_with(struct check_session *s, int ends[3][2], struct rv_diag *diag)
{
	s->pid = fork();
	if (s->pid < 0)
		return rv_fail_errno(diag, "fork");
	if (s->pid == 0)
		become_plughost(s->subject, (const int[4]){ends[0][1], ends[1][1], ends[2][1],
							   s->subject->memfd});
	for (int i = 0; i < 3; i++)
		rv_fd_closep(&ends[i][1]);
	RV_TRY(rv_channel_new(RV_TAKE_FD(ends[0][0]), RV_ROLE_REEVED, RV_ROLE_PLUGHOST, &s->sup));
	RV_TRY(rv_channel_new(RV_TAKE_FD(ends[1][0]), RV_ROLE_ENGINE, RV_ROLE_PLUGHOST,
			      &s->engine));
	RV_TRY(rv_channel_new(RV_TAKE_FD(ends[2][0]), RV_ROLE_BROKER, RV_ROLE_PEER, &s->broker));
	return wait_hello(s, diag);
}

rv_status check_start(const struct check_subject *subject, struct check_session *out,
		      struct rv_diag *diag)
{
	int ends[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
	*out = (struct check_session){.subject = subject, .pid = -1};
	rv_buf_init(&out->ready_text, RV_FRAME_MAX);
	rv_buf_init(&out->ledger, RV_FRAME_MAX * 16);
	rv_status st = RV_OK;
	for (int i = 0; i < 3 && rv_is_ok(st); i++)
		st = make_pair(ends[i], diag);
	if (rv_is_ok(st))
		st = start_with(out, ends, diag);
	for (int i = 0; i < 3; i++) {
		rv_fd_closep(&ends[i][0]);
		rv_fd_closep(&ends[i][1]);
	}
	return st;
}

static rv_status hand_secret(struct check_session *s, struct rv_diag *diag)
{
	struct rv_rec_secret secret = {
		.ref = SECRET_REF,
		.bytes = {rv_secret_reveal(s->subject->secret), rv_secret_len(s->subject->secret)},
	};
	struct rv_frame frame = {0};
	return rv_channel_call(s->broker, RV_MSG_secret, JOB, &secret, RV_MSG_secret_ack,
			       CHECK_WAIT_MS, &frame, diag);
}

static rv_status add_setting(struct rv_buf *list, const struct check_setting *setting)
{
	struct rv_rec_plug_setting item = {.key = rv_str_of(setting->key), .value = setting->value};
	return rv_list_add(list, &rv_desc_plug_setting, &item);
}

rv_status check_open(struct check_session *s, struct check_setting extra, bool with_secret,
		     struct rv_diag *diag)
{
	struct rv_buf list;
	rv_buf_init(&list, 32768);
	rv_status st = RV_OK;
	for (size_t i = 0; rv_is_ok(st) && i < s->subject->setting_count; i++)
		st = add_setting(&list, &s->subject->settings[i]);
	if (rv_is_ok(st) && extra.key)
		st = add_setting(&list, &extra);
	struct rv_rec_plug_open ask = {.settings = rv_buf_view(&list)};
	if (with_secret && s->subject->secret_name) {
		ask.secret_name = rv_str_of(s->subject->secret_name);
		ask.secret_ref = SECRET_REF;
		if (rv_is_ok(st))
			st = hand_secret(s, diag);
	}
	struct rv_frame frame = {0};
	if (rv_is_ok(st))
		st = rv_channel_call(s->engine, RV_MSG_plug_open, JOB, &ask, RV_MSG_plug_ready,
				     CHECK_WAIT_MS, &frame, diag);
	rv_buf_done(&list);
	RV_TRY(st);
	rv_buf_reset(&s->ready_text);
	RV_TRY(rv_buf_put(&s->ready_text, frame.body.data, frame.body.len));
	return rv_record_decode(frame.desc->body, rv_buf_view(&s->ready_text), &s->ready, diag);
}

/* A plughost ends by itself once its channels are closed, unless its plugin hangs. */
static int reap(pid_t pid)
{
	int status = 0;
	int64_t until_us = rv_boot_us() + RV_US_PER_S;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (rv_boot_us() > until_us)
			kill(pid, SIGKILL);
		poll(NULL, 0, 2);
	}
	return WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL ? WTERMSIG(status) : 0;
}

void check_stop(struct check_session *s, int *out_signal)
{
	*out_signal = 0;
	rv_channel_freep(&s->engine);
	rv_channel_freep(&s->broker);
	rv_channel_freep(&s->sup);
	if (s->pid > 0)
		*out_signal = reap(s->pid);
	rv_buf_done(&s->ready_text);
	rv_buf_done(&s->ledger);
	s->pid = -1;
}

/* --- calls ------------------------------------------------------------------------------------ */
static rv_status build_fields(const struct check_ask *ask, struct rv_buf *list)
{
	for (size_t i = 0; i < ask->field_count; i++) {
		struct rv_rec_plug_field field = {.tag = ask->fields[i].tag,
						  .bytes = ask->fields[i].bytes};
		RV_TRY(rv_list_add(list, &rv_desc_plug_field, &field));
	}
	return RV_OK;
}

static rv_status copy_text(struct rv_str from, char *to, size_t size)
{
	if (from.len >= size)
		return rv_fail(RV_CLASS_MALFORMED, NULL, "text too long");
	memcpy(to, from.data, from.len);
	to[from.len] = '\0';
	return RV_OK;
}

/* The answer outlives the frame; what it adds to the ledger is committed with it, as the engine
 * does in one transaction. */
static rv_status take_answer(struct check_session *s, const struct check_ask *ask,
			     const struct rv_frame *frame, struct check_answer *out,
			     struct rv_diag *diag)
{
	struct rv_rec_plug_result r;
	RV_TRY(rv_frame_body(frame, RV_MSG_plug_result, &r, diag));
	out->outcome = (unsigned)r.outcome;
	out->not_before_us = r.not_before_us;
	out->expires_at_us = r.expires_at_us;
	rv_buf_init(&out->fields, RV_FRAME_MAX);
	RV_TRY(copy_text(r.version, out->version, sizeof(out->version)));
	RV_TRY(copy_text(r.text, out->text, sizeof(out->text)));
	RV_TRY(rv_buf_put(&out->fields, r.fields.data, r.fields.len));
	struct rv_str cursor = rv_buf_view(&out->fields);
	struct rv_rec_plug_field field;
	bool ok = true;
	while (rv_list_next(&cursor, &rv_desc_plug_field, &field, &ok))
		if (field.tag == REEVE_F_LEDGER_ADD && !ask->keep_nothing)
			RV_TRY(rv_buf_put(&s->ledger, field.bytes.data, field.bytes.len));
	return RV_OK;
}

static rv_status send_call(struct check_session *s, const struct check_ask *ask, uint64_t req,
			   struct rv_diag *diag)
{
	struct rv_buf list;
	int fd = ask->socket > 0 ? ask->socket : -1;
	RV_CLEANUP(rv_fd_closep) int ledger = -1;
	rv_buf_init(&list, 60000);
	if (fd < 0 && !ask->without_ledger && s->ledger.len > 0) {
		RV_TRY(rv_memfd_sealed("ledger", s->ledger.data, s->ledger.len, &ledger));
		fd = ledger;
	}
	struct rv_rec_plug_call call = {
		.verb = ask->verb,
		.rotation_id = RV_STR_LIT("00000000-0000-7000-8000-000000000000"),
		.idempotency_key = rv_str_of(ask->key),
		.expected_version = rv_str_of(ask->expected_version),
		.deadline_us =
			ask->deadline_us ? ask->deadline_us : rv_now_utc_us() + 5 * RV_US_PER_S,
		.dry_run = ask->dry_run,
	};
	rv_status st = build_fields(ask, &list);
	call.fields = rv_buf_view(&list);
	if (rv_is_ok(st))
		st = rv_channel_send_fds(s->engine, RV_MSG_plug_call, req, JOB, &call, &fd,
					 fd >= 0 ? 1 : 0);
	rv_buf_done(&list);
	if (!rv_is_ok(st))
		return rv_fail(RV_CLASS_UNSURE, diag, "the plughost is gone");
	return RV_OK;
}

rv_status check_call(struct check_session *s, const struct check_ask *ask, struct check_answer *out,
		     struct rv_diag *diag)
{
	struct rv_frame frame = {0};
	uint64_t req = rv_channel_next_req(s->engine);
	int64_t began_us = rv_boot_us();
	*out = (struct check_answer){0};
	RV_TRY(send_call(s, ask, req, diag));
	rv_status st = rv_channel_receive(s->engine, CHECK_WAIT_MS, &frame, NULL);
	if (!rv_is_ok(st))
		return rv_fail(RV_CLASS_UNSURE, diag,
			       rv_class_of(st) == RV_CLASS_RETRY
				       ? "no answer within %d ms: it hangs; outcome unknown"
				       : "it died within %d ms: outcome unknown",
			       CHECK_WAIT_MS);
	if (frame.header.req != req)
		return rv_fail(RV_CLASS_MALFORMED, diag, "an answer to nothing asked");
	out->took_us = rv_boot_us() - began_us;
	return take_answer(s, ask, &frame, out, diag);
}

void check_answer_done(struct check_answer *a)
{
	rv_buf_done(&a->fields);
}

static size_t count_fields(const struct check_answer *a, uint32_t tag, struct rv_str *out_first)
{
	struct rv_str cursor = rv_buf_view(&a->fields);
	struct rv_rec_plug_field field;
	bool ok = true;
	size_t count = 0;
	while (rv_list_next(&cursor, &rv_desc_plug_field, &field, &ok))
		if (field.tag == tag && count++ == 0)
			*out_first = field.bytes;
	return count;
}

struct rv_str check_field_of(const struct check_answer *a, uint32_t tag)
{
	struct rv_str first = RV_STR_NONE;
	count_fields(a, tag, &first);
	return first;
}

size_t check_field_count(const struct check_answer *a, uint32_t tag)
{
	struct rv_str first;
	return count_fields(a, tag, &first);
}
