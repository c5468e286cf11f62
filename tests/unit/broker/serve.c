/* The broker over its real channels: the test plays engine, reeved and peer; the broker is a
 * process of its own, as in life. */
#include "agent/act/broker_mint.h"
#include "agent/act/broker_serve.h"
#include "agent/base/clock.h"
#include "agent/base/fd.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PEER_JOB 77
#define WAIT_MS	 10000

struct world {
	pid_t broker;
	struct rv_channel *sup;
	struct rv_channel *engine;
	struct rv_channel *peer;
};

static void pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
}

static void be_broker(int sup_fd, int engine_fd)
{
	static const uint8_t key_bytes[32] = {1};
	static const uint8_t seed_bytes[32] = {2};
	static struct rv_broker broker;
	struct rv_secret *sealing = NULL;
	struct rv_secret *evidence = NULL;
	if (!rv_is_ok(rv_secret_new(key_bytes, 32, &sealing)) ||
	    !rv_is_ok(rv_secret_new(seed_bytes, 32, &evidence)) ||
	    !rv_is_ok(rv_channel_new(sup_fd, RV_ROLE_BROKER, RV_ROLE_REEVED, &broker.sup)) ||
	    !rv_is_ok(rv_channel_new(engine_fd, RV_ROLE_BROKER, RV_ROLE_ENGINE, &broker.engine)))
		_exit(9);
	broker.sealing = sealing;
	broker.evidence = evidence;
	rv_status st = rv_broker_serve(&broker, NULL);
	rv_broker_done(&broker);
	_exit(rv_is_ok(st) ? 0 : 3);
}

static int start(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	int sup[2];
	int engine[2];
	pair(sup);
	pair(engine);
	w->broker = fork();
	if (w->broker == 0) {
		close(sup[0]);
		close(engine[0]);
		be_broker(sup[1], engine[1]);
	}
	close(sup[1]);
	close(engine[1]);
	assert_true(rv_is_ok(rv_channel_new(sup[0], RV_ROLE_REEVED, RV_ROLE_BROKER, &w->sup)));
	assert_true(
		rv_is_ok(rv_channel_new(engine[0], RV_ROLE_ENGINE, RV_ROLE_BROKER, &w->engine)));
	*state = w;
	return 0;
}

/* The broker ends when the engine does, with the status given. */
static int stop(struct world *w)
{
	int status = -1;
	rv_channel_freep(&w->engine);
	rv_channel_freep(&w->peer);
	assert_int_equal(waitpid(w->broker, &status, 0), w->broker);
	rv_channel_freep(&w->sup);
	free(w);
	return status;
}

static int stop_clean(void **state)
{
	return WEXITSTATUS(stop(*state));
}

static void give_peer(struct world *w)
{
	int fds[2];
	pair(fds);
	struct rv_rec_peer peer = {.job = PEER_JOB, .role = RV_ROLE_PLACE};
	assert_true(rv_is_ok(rv_channel_send_fds(w->sup, RV_MSG_peer, 1, 0, &peer, &fds[1], 1)));
	close(fds[1]);
	assert_true(rv_is_ok(rv_channel_new(fds[0], RV_ROLE_PLACE, RV_ROLE_BROKER, &w->peer)));
}

/* A call whose answer's body is copied into `rec`; its strings borrow until the next call. */
static void call(struct world *w, enum rv_msg type, const void *ask, enum rv_msg answer, void *rec)
{
	struct rv_frame frame = {0};
	struct rv_diag diag = {0};
	rv_status st = rv_channel_call(w->engine, type, 1, ask, answer, WAIT_MS, &frame, &diag);
	if (!rv_is_ok(st))
		fail_msg("%s: %s", rv_msg_desc((uint16_t)type)->name, diag.text);
	assert_true(rv_is_ok(rv_frame_body(&frame, answer, rec, &diag)));
}

static struct rv_buf copy_of(struct rv_str s)
{
	struct rv_buf out;
	rv_buf_init(&out, 65536);
	assert_true(rv_is_ok(rv_buf_put(&out, s.data, s.len)));
	return out;
}

static struct rv_buf template_der(void)
{
	struct rv_broker_key root;
	rv_broker_key_init(&root);
	assert_true(
		rv_is_ok(rv_broker_mint_root(RV_ALG_EC_P256, RV_STR_LIT("web.example.org"),
					     (const int64_t[2]){0, RV_US_PER_DAY}, &root, NULL)));
	struct rv_buf out = copy_of(rv_buf_view(&root.public_der));
	rv_broker_key_done(&root);
	return out;
}

static void minted_key_travels_to_the_peer_only(void **state)
{
	struct world *w = *state;
	struct rv_buf der = template_der();
	struct rv_rec_mint ask = {.purpose = RV_STR_LIT("r1:key"),
				  .template_der = rv_buf_view(&der)};
	struct rv_rec_minted minted;
	call(w, RV_MSG_mint, &ask, RV_MSG_minted, &minted);
	assert_int_equal(minted.outcome, 0);
	assert_true(minted.sealed.len > 100 && minted.csr_der.len > 100);
	assert_int_equal(minted.spki_sha256.len, 32);
	uint64_t handle = minted.handle;
	struct rv_buf csr = copy_of(minted.csr_der);

	/* give in PEM form: the request waits for reeved's peer frame, which comes after it. */
	struct rv_rec_give give = {.handle = handle, .peer_job = PEER_JOB, .ref = 5, .form = 2};
	assert_true(rv_is_ok(rv_channel_send(w->engine, RV_MSG_give, 900, 1, &give)));
	give_peer(w);
	struct rv_frame frame = {0};
	assert_true(rv_is_ok(rv_channel_receive(w->peer, WAIT_MS, &frame, NULL)));
	struct rv_rec_secret secret;
	assert_true(rv_is_ok(rv_frame_body(&frame, RV_MSG_secret, &secret, NULL)));
	assert_int_equal(secret.ref, 5);
	BIO *bio = BIO_new_mem_buf(secret.bytes.data, (int)secret.bytes.len);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	const unsigned char *p = csr.data;
	X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)csr.len);
	assert_int_equal(EVP_PKEY_eq(key, X509_REQ_get0_pubkey(req)), 1);
	struct rv_rec_secret_ack ack = {.ref = 5};
	assert_true(
		rv_is_ok(rv_channel_send(w->peer, RV_MSG_secret_ack, frame.header.req, 1, &ack)));
	assert_true(rv_is_ok(rv_channel_receive(w->engine, WAIT_MS, &frame, NULL)));
	struct rv_rec_given given;
	assert_true(rv_is_ok(rv_frame_body(&frame, RV_MSG_given, &given, NULL)));
	assert_int_equal(given.outcome, 0);

	struct rv_rec_wipe wipe = {.handle = handle};
	struct rv_rec_wiped wiped;
	call(w, RV_MSG_wipe, &wipe, RV_MSG_wiped, &wiped);
	assert_int_equal(wiped.outcome, 0);
	call(w, RV_MSG_wipe, &wipe, RV_MSG_wiped, &wiped);
	assert_int_equal(wiped.outcome, RV_CLASS_NOT_FOUND);
	call(w, RV_MSG_give, &give, RV_MSG_given, &given);
	assert_int_equal(given.outcome, RV_CLASS_NOT_FOUND);
	EVP_PKEY_free(key);
	X509_REQ_free(req);
	BIO_free(bio);
	rv_buf_done(&csr);
	rv_buf_done(&der);
}

static void a_seal_opens_for_its_purpose_only(void **state)
{
	struct world *w = *state;
	struct rv_buf der = template_der();
	struct rv_rec_mint ask = {.purpose = RV_STR_LIT("r1:key"),
				  .template_der = rv_buf_view(&der)};
	struct rv_rec_minted minted;
	call(w, RV_MSG_mint, &ask, RV_MSG_minted, &minted);
	struct rv_buf sealed = copy_of(minted.sealed);
	struct rv_rec_unseal unseal = {.purpose = RV_STR_LIT("r1:key"),
				       .sealed = rv_buf_view(&sealed)};
	struct rv_rec_unsealed out;
	call(w, RV_MSG_unseal, &unseal, RV_MSG_unsealed, &out);
	assert_int_equal(out.outcome, 0);
	assert_true(out.handle != 0 && out.handle != minted.handle);
	unseal.purpose = RV_STR_LIT("r2:key");
	call(w, RV_MSG_unseal, &unseal, RV_MSG_unsealed, &out);
	assert_int_not_equal(out.outcome, 0);
	unseal.purpose = RV_STR_LIT("r1:key");
	for (size_t i = 0; i < sealed.len; i += 7) {
		sealed.data[i] ^= 1;
		call(w, RV_MSG_unseal, &unseal, RV_MSG_unsealed, &out);
		assert_int_not_equal(out.outcome, 0);
		sealed.data[i] ^= 1;
	}
	rv_buf_done(&sealed);
	rv_buf_done(&der);
}

/* What a peer sent back, whether before or after the engine asked to keep it. */
static void what_came_back_is_kept_either_way(void **state)
{
	struct world *w = *state;
	give_peer(w);
	for (uint64_t ref = 1; ref <= 2; ref++) {
		bool ask_first = ref == 1;
		struct rv_rec_keep keep = {
			.purpose = RV_STR_LIT("old"), .peer_job = PEER_JOB, .ref = ref};
		struct rv_rec_secret_back back = {.ref = ref, .bytes = RV_STR_LIT("old file")};
		struct rv_frame frame = {0};
		if (ask_first)
			assert_true(
				rv_is_ok(rv_channel_send(w->engine, RV_MSG_keep, 50, 1, &keep)));
		assert_true(
			rv_is_ok(rv_channel_call(w->peer, RV_MSG_secret_back, 1, &back,
						 RV_MSG_secret_back_ack, WAIT_MS, &frame, NULL)));
		if (!ask_first)
			assert_true(
				rv_is_ok(rv_channel_send(w->engine, RV_MSG_keep, 51, 1, &keep)));
		assert_true(rv_is_ok(rv_channel_receive(w->engine, WAIT_MS, &frame, NULL)));
		struct rv_rec_kept kept;
		assert_true(rv_is_ok(rv_frame_body(&frame, RV_MSG_kept, &kept, NULL)));
		assert_int_equal(kept.outcome, 0);
		assert_true(kept.handle != 0 && kept.sealed.len > 8);
	}
}

static void heads_are_signed_with_one_key(void **state)
{
	struct world *w = *state;
	uint8_t head[32] = {3};
	uint8_t first_key[32];
	uint8_t first[64];
	struct rv_rec_sign_head ask = {.seq = 4, .head = {head, 32}};
	struct rv_rec_signed_head out;
	call(w, RV_MSG_sign_head, &ask, RV_MSG_signed_head, &out);
	assert_int_equal(out.outcome, 0);
	memcpy(first, out.signature.data, 64);
	memcpy(first_key, out.public_key.data, 32);
	ask.seq = 5;
	call(w, RV_MSG_sign_head, &ask, RV_MSG_signed_head, &out);
	assert_memory_equal(first_key, out.public_key.data, 32);
	assert_memory_not_equal(first, out.signature.data, 64);
}

static void a_bad_template_is_an_answer_not_a_death(void **state)
{
	struct world *w = *state;
	struct rv_rec_mint ask = {.purpose = RV_STR_LIT("p"), .template_der = RV_STR_LIT("junk")};
	struct rv_rec_minted minted;
	call(w, RV_MSG_mint, &ask, RV_MSG_minted, &minted);
	assert_int_equal(minted.outcome, RV_CLASS_MALFORMED);
	assert_int_equal(minted.handle, 0);
	assert_int_equal(minted.sealed.len, 0);
	struct rv_rec_give give = {.handle = 12345, .peer_job = 9, .form = 1};
	struct rv_rec_given given;
	call(w, RV_MSG_give, &give, RV_MSG_given, &given);
	assert_int_equal(given.outcome, RV_CLASS_NOT_FOUND);
}

static void an_unruly_peer_is_dropped_and_the_broker_lives(void **state)
{
	struct world *w = *state;
	int fds[2];
	pair(fds);
	struct rv_rec_peer peer = {.job = 5, .role = RV_ROLE_PLACE};
	assert_true(rv_is_ok(rv_channel_send_fds(w->sup, RV_MSG_peer, 1, 0, &peer, &fds[1], 1)));
	close(fds[1]);
	assert_int_equal(send(fds[0], "garbage", 7, MSG_NOSIGNAL), 7);
	char byte = 0;
	assert_int_equal(recv(fds[0], &byte, 1, 0), 0); /* it closed on us */
	close(fds[0]);
	heads_are_signed_with_one_key(state);
}

static void a_malformed_engine_ends_the_broker(void **state)
{
	struct world *w = *state;
	assert_int_equal(send(rv_channel_fd(w->engine), "garbage", 7, MSG_NOSIGNAL), 7);
	int status = stop(w);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
}

static int setup(void **state)
{
	(void)state; /* unused */
	return rv_is_ok(rv_secret_heap_init(NULL)) && rv_is_ok(rv_broker_warm_up(NULL)) ? 0 : -1;
}

int main(void)
{
#define WITH_BROKER(f) cmocka_unit_test_setup_teardown(f, start, stop_clean)
	const struct CMUnitTest tests[] = {
		WITH_BROKER(minted_key_travels_to_the_peer_only),
		WITH_BROKER(a_seal_opens_for_its_purpose_only),
		WITH_BROKER(what_came_back_is_kept_either_way),
		WITH_BROKER(heads_are_signed_with_one_key),
		WITH_BROKER(a_bad_template_is_an_answer_not_a_death),
		WITH_BROKER(an_unruly_peer_is_dropped_and_the_broker_lives),
		cmocka_unit_test_setup(a_malformed_engine_ends_the_broker, start),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
