/* act: the broker's answers to the engine. Not here: channels to peers (broker_peers.c), keys
 * (broker_mint.c). */
#include "agent/act/broker_serve.h"

#include "agent/act/broker_mint.h"
#include "agent/act/broker_peers.h"

#include <errno.h>
#include <poll.h>

#define SEALED_MAX 60000

/* As much of the sentence as an answer has room for. */
static struct rv_str text_of(const struct rv_diag *diag)
{
	return (struct rv_str){(const uint8_t *)diag->text, strnlen(diag->text, 512)};
}

static int wait_ms(const struct rv_frame *frame)
{
	uint32_t asked = frame->header.deadline_ms;
	return asked > 0 && asked < RV_BROKER_WAIT_MS ? (int)asked : RV_BROKER_WAIT_MS;
}

static rv_status answer(struct rv_broker *broker, const struct rv_frame *to, enum rv_msg type,
			const void *body)
{
	return rv_channel_send(broker->engine, type, to->header.req, to->header.job, body);
}

/* Sealed with its purpose bound in, and kept under a handle. Takes the secret. */
static rv_status seal_and_hold(struct rv_broker *broker, struct rv_str purpose,
			       struct rv_secret *secret, struct rv_buf *sealed,
			       uint64_t *out_handle)
{
	rv_status st = rv_seal(broker->sealing, purpose, secret, sealed);
	if (!rv_is_ok(st)) {
		rv_secret_free(secret);
		return st;
	}
	return rv_vault_put(&broker->vault, secret, out_handle);
}

static rv_status on_mint(struct rv_broker *broker, const struct rv_frame *frame,
			 struct rv_diag *diag)
{
	struct rv_rec_mint ask;
	RV_TRY(rv_frame_body(frame, RV_MSG_mint, &ask, diag));
	struct rv_diag why = {0};
	struct rv_broker_key key;
	struct rv_buf sealed;
	uint64_t handle = 0;
	rv_broker_key_init(&key);
	rv_buf_init(&sealed, 16384);
	rv_status st = rv_broker_mint((unsigned)ask.alg, ask.template_der, &key, &why);
	if (rv_is_ok(st))
		st = seal_and_hold(broker, ask.purpose, RV_TAKE(key.pkcs8), &sealed, &handle);
	struct rv_rec_minted minted = {.outcome = st.class_id, .text = text_of(&why)};
	if (rv_is_ok(st)) {
		minted.handle = handle;
		minted.sealed = rv_buf_view(&sealed);
		minted.csr_der = rv_buf_view(&key.public_der);
		minted.spki_sha256 = (struct rv_str){key.spki_sha256, 32};
	}
	st = answer(broker, frame, RV_MSG_minted, &minted);
	rv_broker_key_done(&key);
	rv_buf_done(&sealed);
	return st;
}

static rv_status on_mint_root(struct rv_broker *broker, const struct rv_frame *frame,
			      struct rv_diag *diag)
{
	struct rv_rec_mint_root ask;
	RV_TRY(rv_frame_body(frame, RV_MSG_mint_root, &ask, diag));
	struct rv_diag why = {0};
	struct rv_broker_key key;
	struct rv_buf sealed;
	rv_broker_key_init(&key);
	rv_buf_init(&sealed, 16384);
	const int64_t validity_us[2] = {ask.not_before_us, ask.not_after_us};
	rv_status st = rv_broker_mint_root(0, ask.common_name, validity_us, &key, &why);
	if (rv_is_ok(st))
		st = rv_seal(broker->sealing, ask.purpose, key.pkcs8, &sealed);
	struct rv_rec_minted_root minted = {.outcome = st.class_id, .text = text_of(&why)};
	if (rv_is_ok(st)) {
		minted.sealed = rv_buf_view(&sealed);
		minted.cert_der = rv_buf_view(&key.public_der);
	}
	st = answer(broker, frame, RV_MSG_minted_root, &minted);
	rv_broker_key_done(&key);
	rv_buf_done(&sealed);
	return st;
}

static rv_status on_unseal(struct rv_broker *broker, const struct rv_frame *frame,
			   struct rv_diag *diag)
{
	struct rv_rec_unseal ask;
	RV_TRY(rv_frame_body(frame, RV_MSG_unseal, &ask, diag));
	struct rv_diag why = {0};
	struct rv_secret *secret = NULL;
	uint64_t handle = 0;
	rv_status st = rv_unseal(broker->sealing, ask.purpose, ask.sealed, &secret, &why);
	if (rv_is_ok(st))
		st = rv_vault_put(&broker->vault, secret, &handle);
	struct rv_rec_unsealed unsealed = {
		.outcome = st.class_id, .handle = handle, .text = text_of(&why)};
	return answer(broker, frame, RV_MSG_unsealed, &unsealed);
}

static rv_status give(struct rv_broker *broker, const struct rv_rec_give *ask, int timeout_ms,
		      struct rv_diag *why)
{
	const struct rv_secret *held = rv_vault_get(&broker->vault, ask->handle);
	if (!held)
		return rv_fail(RV_CLASS_NOT_FOUND, why, "no secret under this handle");
	if (ask->form != 1 && ask->form != 2)
		return rv_fail(RV_CLASS_MISCONFIGURED, why, "no such form of a secret");
	RV_CLEANUP(rv_secret_freep) struct rv_secret *pem = NULL;
	if (ask->form == 2)
		RV_TRY(rv_broker_key_pem(held, &pem));
	return rv_broker_send_secret(broker, ask->peer_job, ask->ref, pem ? pem : held, timeout_ms,
				     why);
}

static rv_status on_give(struct rv_broker *broker, const struct rv_frame *frame,
			 struct rv_diag *diag)
{
	struct rv_rec_give ask;
	RV_TRY(rv_frame_body(frame, RV_MSG_give, &ask, diag));
	struct rv_diag why = {0};
	rv_status st = give(broker, &ask, wait_ms(frame), &why);
	struct rv_rec_given given = {.outcome = st.class_id, .text = text_of(&why)};
	return answer(broker, frame, RV_MSG_given, &given);
}

static rv_status on_keep(struct rv_broker *broker, const struct rv_frame *frame,
			 struct rv_diag *diag)
{
	struct rv_rec_keep ask;
	RV_TRY(rv_frame_body(frame, RV_MSG_keep, &ask, diag));
	struct rv_diag why = {0};
	struct rv_secret *secret = NULL;
	struct rv_buf sealed;
	uint64_t handle = 0;
	rv_buf_init(&sealed, SEALED_MAX);
	rv_status st =
		rv_broker_take_back(broker, ask.peer_job, ask.ref, wait_ms(frame), &secret, &why);
	if (rv_is_ok(st))
		st = seal_and_hold(broker, ask.purpose, secret, &sealed, &handle);
	struct rv_rec_kept kept = {.outcome = st.class_id, .text = text_of(&why)};
	if (rv_is_ok(st)) {
		kept.handle = handle;
		kept.sealed = rv_buf_view(&sealed);
	}
	st = answer(broker, frame, RV_MSG_kept, &kept);
	rv_buf_done(&sealed);
	return st;
}

static rv_status on_wipe(struct rv_broker *broker, const struct rv_frame *frame,
			 struct rv_diag *diag)
{
	struct rv_rec_wipe ask;
	RV_TRY(rv_frame_body(frame, RV_MSG_wipe, &ask, diag));
	bool was_there = rv_vault_wipe(&broker->vault, ask.handle);
	struct rv_rec_wiped wiped = {.outcome = was_there ? RV_CLASS_OK : RV_CLASS_NOT_FOUND};
	return answer(broker, frame, RV_MSG_wiped, &wiped);
}

static rv_status on_sign_head(struct rv_broker *broker, const struct rv_frame *frame,
			      struct rv_diag *diag)
{
	struct rv_rec_sign_head ask;
	RV_TRY(rv_frame_body(frame, RV_MSG_sign_head, &ask, diag));
	if (ask.head.len != 32)
		return rv_fail(RV_CLASS_MALFORMED, diag, "an audit head has 32 bytes");
	uint8_t signature[64];
	uint8_t public_key[32];
	struct rv_digest head;
	memcpy(head.bytes, ask.head.data, sizeof(head.bytes));
	rv_status st = rv_broker_sign_head(broker->evidence, ask.seq, &head, signature, public_key);
	struct rv_rec_signed_head done = {.outcome = st.class_id};
	if (rv_is_ok(st)) {
		done.signature = (struct rv_str){signature, sizeof(signature)};
		done.public_key = (struct rv_str){public_key, sizeof(public_key)};
	}
	return answer(broker, frame, RV_MSG_signed_head, &done);
}

static const struct {
	enum rv_msg type;
	rv_status (*fn)(struct rv_broker *broker, const struct rv_frame *frame,
			struct rv_diag *diag);
} handlers[] = {
	{RV_MSG_mint, on_mint},		  {RV_MSG_mint_root, on_mint_root},
	{RV_MSG_unseal, on_unseal},	  {RV_MSG_give, on_give},
	{RV_MSG_keep, on_keep},		  {RV_MSG_wipe, on_wipe},
	{RV_MSG_sign_head, on_sign_head},
};

static rv_status hear_engine(struct rv_broker *broker, struct rv_diag *diag)
{
	struct rv_frame frame = {0};
	RV_TRY(rv_channel_receive(broker->engine, 0, &frame, diag));
	rv_status st = rv_fail(RV_CLASS_MALFORMED, NULL, "no such request");
	for (size_t i = 0; i < RV_LEN(handlers); i++)
		if (handlers[i].type == (enum rv_msg)frame.header.type)
			st = handlers[i].fn(broker, &frame, diag);
	rv_frame_done(&frame);
	return st;
}

/* Whom the kernel says to hear: 0 reeved, 1 the engine, then the peers by slot. */
static rv_status wait_for_any(struct rv_broker *broker, struct pollfd fds[RV_BROKER_PEERS + 2],
			      struct rv_diag *diag)
{
	fds[0].fd = broker->sup ? rv_channel_fd(broker->sup) : -1;
	fds[1].fd = rv_channel_fd(broker->engine);
	for (size_t i = 0; i < RV_BROKER_PEERS; i++)
		fds[i + 2].fd =
			broker->peers[i].channel ? rv_channel_fd(broker->peers[i].channel) : -1;
	for (size_t i = 0; i < RV_BROKER_PEERS + 2; i++) {
		fds[i].events = POLLIN;
		fds[i].revents = 0;
	}
	while (poll(fds, RV_BROKER_PEERS + 2, -1) < 0)
		if (errno != EINTR)
			return rv_fail_errno(diag, "poll");
	return RV_OK;
}

/* RETRY: nothing was there after all. */
static bool is_serious(rv_status st)
{
	return !rv_is_ok(st) && rv_class_of(st) != RV_CLASS_RETRY;
}

rv_status rv_broker_serve(struct rv_broker *broker, struct rv_diag *diag)
{
	rv_status st = RV_OK;
	while (!is_serious(st)) {
		struct pollfd fds[RV_BROKER_PEERS + 2];
		RV_TRY(wait_for_any(broker, fds, diag));
		st = RV_OK;
		if (fds[0].revents)
			st = rv_broker_hear_sup(broker, 0, diag);
		for (size_t i = 0; i < RV_BROKER_PEERS; i++)
			if (fds[i + 2].revents && broker->peers[i].channel)
				rv_broker_hear_peer(broker, i);
		if (!is_serious(st) && fds[1].revents)
			st = hear_engine(broker, diag);
	}
	return rv_class_of(st) == RV_CLASS_NOT_FOUND ? RV_OK : st;
}
