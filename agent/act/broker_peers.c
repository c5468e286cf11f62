/* act: secrets between the broker and its peers. Not here: what the engine asks (broker_serve.c).
 */
#include "agent/act/broker_peers.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"

static int left_ms(int64_t until_us)
{
	int64_t left = (until_us - rv_boot_us()) / 1000;
	return left > 0 ? (int)left : 0;
}

static int64_t until_after(int timeout_ms)
{
	return rv_boot_us() + (int64_t)timeout_ms * 1000;
}

static size_t find_peer(const struct rv_broker *broker, uint64_t job)
{
	size_t i = 0;
	while (i < RV_BROKER_PEERS && !(broker->peers[i].channel && broker->peers[i].job == job))
		i++;
	return i;
}

static void drop_peer(struct rv_broker *broker, size_t index)
{
	rv_channel_freep(&broker->peers[index].channel);
	broker->peers[index].job = 0;
}

rv_status rv_broker_add_peer(struct rv_broker *broker, uint64_t job, int fd)
{
	RV_CLEANUP(rv_fd_closep) int owned = fd;
	if (find_peer(broker, job) < RV_BROKER_PEERS)
		return rv_fail(RV_CLASS_CONFLICT, NULL, "this peer is known already");
	for (size_t i = 0; i < RV_BROKER_PEERS; i++) {
		if (broker->peers[i].channel)
			continue;
		RV_TRY(rv_channel_new(RV_TAKE_FD(owned), RV_ROLE_BROKER, RV_ROLE_PEER,
				      &broker->peers[i].channel));
		broker->peers[i].job = job;
		return RV_OK;
	}
	return rv_fail(RV_CLASS_EXHAUSTED, NULL, "the broker has %d peers already",
		       RV_BROKER_PEERS);
}

rv_status rv_broker_hear_sup(struct rv_broker *broker, int timeout_ms, struct rv_diag *diag)
{
	struct rv_frame frame = {0};
	RV_TRY(rv_channel_receive(broker->sup, timeout_ms, &frame, diag));
	struct rv_rec_peer peer;
	rv_status st = rv_frame_body(&frame, RV_MSG_peer, &peer, diag);
	if (rv_is_ok(st) && frame.fd_count != 1)
		st = rv_fail(RV_CLASS_MALFORMED, diag, "a peer frame without its channel");
	if (rv_is_ok(st))
		st = rv_broker_add_peer(broker, peer.job, RV_TAKE_FD(frame.fds[0]));
	rv_frame_done(&frame);
	return st;
}

rv_status rv_broker_peer_of(struct rv_broker *broker, uint64_t job, int timeout_ms,
			    struct rv_channel **out, struct rv_diag *diag)
{
	int64_t until = until_after(timeout_ms);
	size_t at = find_peer(broker, job);
	while (at == RV_BROKER_PEERS && broker->sup && left_ms(until) > 0) {
		rv_status st = rv_broker_hear_sup(broker, left_ms(until), diag);
		if (!rv_is_ok(st))
			return rv_class_of(st) == RV_CLASS_RETRY
				       ? rv_fail(RV_CLASS_NOT_FOUND, diag, "no such peer came")
				       : st;
		at = find_peer(broker, job);
	}
	if (at == RV_BROKER_PEERS)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no such peer");
	*out = broker->peers[at].channel;
	return RV_OK;
}

/* Reads one secret_back; the secret is ours before the peer may forget it. */
static rv_status read_back(struct rv_channel *channel, int timeout_ms, uint64_t *out_ref,
			   struct rv_secret **out, struct rv_diag *diag)
{
	struct rv_frame frame = {0};
	struct rv_secret *secret = NULL;
	RV_TRY(rv_channel_receive(channel, timeout_ms, &frame, diag));
	struct rv_rec_secret_back back;
	rv_status st = rv_frame_body(&frame, RV_MSG_secret_back, &back, diag);
	if (rv_is_ok(st))
		st = rv_secret_new(back.bytes.data, back.bytes.len, &secret);
	if (rv_is_ok(st)) {
		struct rv_rec_secret_back_ack ack = {.ref = back.ref};
		st = rv_channel_send(channel, RV_MSG_secret_back_ack, frame.header.req,
				     frame.header.job, &ack);
	}
	if (rv_is_ok(st)) {
		*out_ref = back.ref;
		*out = RV_TAKE(secret);
	}
	rv_secret_free(secret);
	rv_frame_done(&frame);
	rv_channel_wipe(channel);
	return st;
}

/* Keeps it for a later `keep`; a second one under the same ref replaces the first. */
static bool stash_put(struct rv_broker *broker, uint64_t job, uint64_t ref,
		      struct rv_secret *secret)
{
	size_t free_slot = RV_BROKER_STASH;
	for (size_t i = 0; i < RV_BROKER_STASH; i++) {
		if (!broker->stash[i].secret)
			free_slot = i;
		else if (broker->stash[i].job == job && broker->stash[i].ref == ref) {
			rv_secret_freep(&broker->stash[i].secret);
			free_slot = i;
			break;
		}
	}
	if (free_slot == RV_BROKER_STASH) {
		rv_secret_free(secret);
		return false;
	}
	broker->stash[free_slot].job = job;
	broker->stash[free_slot].ref = ref;
	broker->stash[free_slot].secret = secret;
	return true;
}

static struct rv_secret *stash_take(struct rv_broker *broker, uint64_t job, uint64_t ref)
{
	for (size_t i = 0; i < RV_BROKER_STASH; i++)
		if (broker->stash[i].secret && broker->stash[i].job == job &&
		    broker->stash[i].ref == ref)
			return RV_TAKE(broker->stash[i].secret);
	return NULL;
}

void rv_broker_hear_peer(struct rv_broker *broker, size_t index)
{
	uint64_t ref = 0;
	struct rv_secret *secret = NULL;
	rv_status st = read_back(broker->peers[index].channel, 0, &ref, &secret, NULL);
	if (rv_class_of(st) == RV_CLASS_RETRY)
		return;
	if (!rv_is_ok(st) || !stash_put(broker, broker->peers[index].job, ref, secret))
		drop_peer(broker, index);
}

rv_status rv_broker_send_secret(struct rv_broker *broker, uint64_t job, uint64_t ref,
				const struct rv_secret *secret, int timeout_ms,
				struct rv_diag *diag)
{
	struct rv_channel *channel = NULL;
	RV_TRY(rv_broker_peer_of(broker, job, timeout_ms, &channel, diag));
	struct rv_rec_secret body = {
		.ref = ref,
		.bytes = {rv_secret_reveal(secret), rv_secret_len(secret)},
	};
	struct rv_frame frame = {0};
	struct rv_rec_secret_ack ack;
	RV_TRY(rv_channel_call(channel, RV_MSG_secret, job, &body, RV_MSG_secret_ack, timeout_ms,
			       &frame, diag));
	rv_status st = rv_frame_body(&frame, RV_MSG_secret_ack, &ack, diag);
	if (rv_is_ok(st) && ack.ref != ref)
		st = rv_fail(RV_CLASS_MALFORMED, diag, "the peer acknowledged another secret");
	rv_frame_done(&frame);
	return st;
}

rv_status rv_broker_take_back(struct rv_broker *broker, uint64_t job, uint64_t ref, int timeout_ms,
			      struct rv_secret **out, struct rv_diag *diag)
{
	int64_t until = until_after(timeout_ms);
	struct rv_secret *secret = stash_take(broker, job, ref);
	struct rv_channel *channel = NULL;
	if (!secret)
		RV_TRY(rv_broker_peer_of(broker, job, timeout_ms, &channel, diag));
	while (!secret) {
		uint64_t came = 0;
		struct rv_secret *got = NULL;
		rv_status st = read_back(channel, left_ms(until), &came, &got, diag);
		if (rv_class_of(st) == RV_CLASS_RETRY)
			return rv_fail(RV_CLASS_UNSURE, diag, "the peer sent nothing back in time");
		RV_TRY(st);
		if (came == ref)
			secret = got;
		else if (!stash_put(broker, job, came, got))
			return rv_fail(RV_CLASS_EXHAUSTED, diag, "too many secrets sent back");
	}
	*out = secret;
	return RV_OK;
}

void rv_broker_done(struct rv_broker *broker)
{
	rv_vault_done(&broker->vault);
	for (size_t i = 0; i < RV_BROKER_PEERS; i++)
		drop_peer(broker, i);
	for (size_t i = 0; i < RV_BROKER_STASH; i++)
		rv_secret_freep(&broker->stash[i].secret);
}
