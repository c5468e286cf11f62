/* tests: what goes through a channel, and what kills it. One end is ours by channel.h, the other a
 * bare socket that says what no honest peer would. */
#include "agent/ipc/channel.h"

#include "agent/base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct ends {
	struct rv_channel *us;	 /* the engine */
	struct rv_channel *them; /* the broker, or NULL and: */
	int bare;
};

static int open_both(void **state)
{
	static struct ends e;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	e = (struct ends){.bare = -1};
	assert_true(rv_is_ok(rv_channel_new(pair[0], RV_ROLE_ENGINE, RV_ROLE_BROKER, &e.us)));
	assert_true(rv_is_ok(rv_channel_new(pair[1], RV_ROLE_BROKER, RV_ROLE_ENGINE, &e.them)));
	*state = &e;
	return 0;
}

static int open_bare(void **state)
{
	static struct ends e;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	e = (struct ends){.bare = pair[1]};
	assert_true(rv_is_ok(rv_channel_new(pair[0], RV_ROLE_ENGINE, RV_ROLE_REPORT, &e.us)));
	*state = &e;
	return 0;
}

static int close_all(void **state)
{
	struct ends *e = *state;

	rv_channel_freep(&e->us);
	rv_channel_freep(&e->them);
	rv_fd_closep(&e->bare);
	return 0;
}

static size_t open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(d))
		n++;
	(void)closedir(d);
	return n;
}

/* A raw datagram with `fds` copies of stdin. */
static void say(int fd, const void *bytes, size_t len, size_t fds)
{
	static _Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int) * 100)];
	struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fds > 0) {
		msg.msg_control = room;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * fds);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fds);
		memset(CMSG_DATA(c), 0, sizeof(int) * fds);
	}
	assert_int_equal(sendmsg(fd, &msg, 0), len);
}

static size_t frame_of(uint8_t *out, enum rv_msg type, const void *body)
{
	struct rv_buf buf;
	struct rv_header h = {.type = (uint16_t)type, .req = 1};

	rv_buf_init(&buf, RV_FRAME_MAX);
	assert_true(rv_is_ok(rv_record_encode(rv_msg_desc((uint16_t)type)->body, body, &buf)));
	h.len = (uint32_t)buf.len;
	rv_header_encode(&h, out);
	memcpy(out + RV_FRAME_HEADER, buf.data, buf.len);
	size_t len = RV_FRAME_HEADER + buf.len;

	rv_buf_done(&buf);
	return len;
}

static void expect_death(struct ends *e)
{
	struct rv_frame frame = {0};
	struct rv_diag diag = {0};
	rv_status s = rv_channel_receive(e->us, 1000, &frame, &diag);

	assert_int_equal(rv_class_of(s), RV_CLASS_MALFORMED);
	assert_true(strstr(diag.text, "report") != NULL);
	assert_int_equal(rv_class_of(rv_channel_receive(e->us, 0, &frame, NULL)),
			 RV_CLASS_NOT_FOUND);
	const struct rv_rec_post post = {0};

	assert_int_equal(rv_class_of(rv_channel_send(e->us, RV_MSG_post, 1, 0, &post)),
			 RV_CLASS_NOT_FOUND);
}

static void a_message_arrives_whole_with_req_job_and_body(void **state)
{
	struct ends *e = *state;
	struct rv_rec_sign_head want = {.seq = 7, .head = RV_STR_LIT("0123456789abcdef")};
	struct rv_rec_sign_head got;
	struct rv_frame frame = {0};

	assert_true(rv_is_ok(rv_channel_send(e->us, RV_MSG_sign_head, 11, 12, &want)));
	assert_true(rv_is_ok(rv_channel_receive(e->them, 1000, &frame, NULL)));
	assert_true(frame.header.req == 11 && frame.header.job == 12);
	assert_true(rv_is_ok(rv_frame_body(&frame, RV_MSG_sign_head, &got, NULL)));
	assert_true(got.seq == 7 && rv_str_equal(got.head, want.head));
	assert_int_equal(rv_class_of(rv_frame_body(&frame, RV_MSG_mint, &got, NULL)),
			 RV_CLASS_MALFORMED);
}

static void what_was_received_is_wiped_before_the_next(void **state)
{
	struct ends *e = *state;
	struct rv_rec_wipe want = {.handle = 0x4142434445464748};
	struct rv_frame frame = {0};

	assert_true(rv_is_ok(rv_channel_send(e->us, RV_MSG_wipe, 1, 0, &want)));
	assert_true(rv_is_ok(rv_channel_receive(e->them, 1000, &frame, NULL)));
	assert_memory_equal(frame.body.data + 8, "HGFEDCBA", 8);
	rv_channel_wipe(e->them);
	assert_memory_equal(frame.body.data + 8, "\0\0\0\0\0\0\0\0", 8);
}

static void the_table_decides_who_may_send_what(void **state)
{
	struct ends *e = *state;
	const struct rv_rec_signed_head answer = {.outcome = 1};
	const struct rv_rec_hello hello = {0};
	const int fds[1] = {0};
	const struct rv_rec_wipe wipe = {0};

	/* The broker's answer, from the engine; HELLO, not to reeved; more fds than told. */
	assert_int_equal(rv_class_of(rv_channel_send(e->us, RV_MSG_signed_head, 1, 0, &answer)),
			 RV_CLASS_BUG);
	assert_int_equal(rv_class_of(rv_channel_send(e->us, RV_MSG_hello, 1, 0, &hello)),
			 RV_CLASS_BUG);
	assert_int_equal(rv_class_of(rv_channel_send_fds(e->us, RV_MSG_wipe, 1, 0, &wipe, fds, 1)),
			 RV_CLASS_BUG);
}

static void nothing_there_is_retry_and_a_closed_peer_is_not_found(void **state)
{
	struct ends *e = *state;
	struct rv_frame frame = {0};
	const struct rv_rec_wipe wipe = {0};

	assert_int_equal(rv_class_of(rv_channel_receive(e->us, 0, &frame, NULL)), RV_CLASS_RETRY);
	assert_int_equal(rv_class_of(rv_channel_receive(e->us, 5, &frame, NULL)), RV_CLASS_RETRY);
	rv_channel_freep(&e->them);
	assert_int_equal(rv_class_of(rv_channel_receive(e->us, -1, &frame, NULL)),
			 RV_CLASS_NOT_FOUND);
	assert_int_equal(rv_class_of(rv_channel_send(e->us, RV_MSG_wipe, 1, 0, &wipe)),
			 RV_CLASS_NOT_FOUND);
}

static void a_call_without_answer_is_unsure(void **state)
{
	struct ends *e = *state;
	struct rv_frame frame = {0};
	const struct rv_rec_wipe wipe = {0};
	struct rv_diag diag = {0};

	assert_int_equal(rv_class_of(rv_channel_call(e->us, RV_MSG_wipe, 0, &wipe, RV_MSG_wiped, 10,
						     &frame, &diag)),
			 RV_CLASS_UNSURE);
	assert_non_null(strstr(diag.text, "wipe"));
}

static void a_call_answered_by_something_else_is_malformed(void **state)
{
	struct ends *e = *state;
	struct rv_frame frame = {0};
	const struct rv_rec_wipe wipe = {0};
	const struct rv_rec_given given = {.outcome = 1};
	const struct rv_rec_wiped wiped = {.outcome = 1};

	assert_true(rv_is_ok(rv_channel_send(e->them, RV_MSG_given, 1, 0, &given)));
	assert_int_equal(rv_class_of(rv_channel_call(e->us, RV_MSG_wipe, 0, &wipe, RV_MSG_wiped,
						     1000, &frame, NULL)),
			 RV_CLASS_MALFORMED);
	rv_channel_freep(&e->us);
	rv_channel_freep(&e->them);
	/* And by the right message to another request. */
	(void)open_both(state);
	assert_true(rv_is_ok(rv_channel_send(e->them, RV_MSG_wiped, 99, 0, &wiped)));
	assert_int_equal(rv_class_of(rv_channel_call(e->us, RV_MSG_wipe, 0, &wipe, RV_MSG_wiped,
						     1000, &frame, NULL)),
			 RV_CLASS_MALFORMED);
}

static void a_peer_that_does_not_read_makes_the_sender_unsure(void **state)
{
	struct ends *e = *state;
	const struct rv_rec_wipe wipe = {0};
	rv_status s = RV_OK;

	rv_channel_set_timeout(e->us, 20);
	for (int i = 0; rv_is_ok(s) && i < 100000; i++)
		s = rv_channel_send(e->us, RV_MSG_wipe, 1, 0, &wipe);
	assert_int_equal(rv_class_of(s), RV_CLASS_UNSURE);
}

static void a_value_over_its_maximum_is_not_sent(void **state)
{
	struct ends *e = *state;
	static const uint8_t long_head[33];
	const struct rv_rec_sign_head bad = {.head = {long_head, sizeof(long_head)}};
	struct rv_frame frame = {0};

	assert_int_equal(rv_class_of(rv_channel_send(e->us, RV_MSG_sign_head, 1, 0, &bad)),
			 RV_CLASS_BUG);
	assert_int_equal(rv_class_of(rv_channel_receive(e->them, 0, &frame, NULL)), RV_CLASS_RETRY);
}

/* --- dishonest peers: the other end is a bare socket that should be the report --- */

static void truncated_datagrams_kill_the_channel(void **state)
{
	struct ends *e = *state;
	static uint8_t bytes[RV_FRAME_MAX];
	const struct rv_rec_posted posted = {.outcome = 1};
	size_t len = frame_of(bytes, RV_MSG_posted, &posted);

	say(e->bare, bytes, len - 1, 0);
	expect_death(e);
}

static void oversized_datagrams_kill_the_channel(void **state)
{
	struct ends *e = *state;
	static uint8_t bytes[RV_FRAME_MAX + 100];
	struct rv_header h = {.type = RV_MSG_posted, .len = RV_FRAME_MAX - RV_FRAME_HEADER};

	rv_header_encode(&h, bytes); /* its first 64 KiB would look right */
	say(e->bare, bytes, sizeof(bytes), 0);
	expect_death(e);
}

static void messages_of_another_role_kill_the_channel(void **state)
{
	struct ends *e = *state;
	static uint8_t bytes[RV_FRAME_MAX];
	const struct rv_rec_minted minted = {.outcome = 1};

	say(e->bare, bytes, frame_of(bytes, RV_MSG_minted, &minted), 0);
	expect_death(e);
}

static void messages_that_go_the_other_way_kill_the_channel(void **state)
{
	struct ends *e = *state;
	static uint8_t bytes[RV_FRAME_MAX];
	const struct rv_rec_post post = {0};

	say(e->bare, bytes, frame_of(bytes, RV_MSG_post, &post), 0);
	expect_death(e);
}

static void surplus_descriptors_kill_the_channel_and_are_closed(void **state)
{
	static const size_t counts[] = {1, 64, 65, 100};
	struct ends *e = *state;
	static uint8_t bytes[RV_FRAME_MAX];
	const struct rv_rec_posted posted = {.outcome = 1};
	size_t len = frame_of(bytes, RV_MSG_posted, &posted);

	for (size_t i = 0; i < RV_LEN(counts); i++) {
		size_t before = open_fds();

		say(e->bare, bytes, len, counts[i]);
		expect_death(e);
		assert_int_equal(open_fds(), before);
		(void)close_all(state);
		(void)open_bare(state);
	}
}

static void descriptors_are_closed_on_exec_and_by_frame_done(void **state)
{
	int pair[2], null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rv_channel *open_role, *discover;
	struct rv_rec_files files = {0};
	struct rv_frame frame = {0};
	int fds[RV_FRAME_FDS];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	assert_true(rv_is_ok(rv_channel_new(pair[0], RV_ROLE_OPEN, RV_ROLE_DISCOVER, &open_role)));
	assert_true(rv_is_ok(rv_channel_new(pair[1], RV_ROLE_DISCOVER, RV_ROLE_OPEN, &discover)));
	for (size_t i = 0; i < RV_LEN(fds); i++)
		fds[i] = null;
	size_t before = open_fds();

	assert_true(rv_is_ok(rv_channel_send_fds(open_role, RV_MSG_files, 1, 0, &files, fds, 64)));
	assert_true(rv_is_ok(rv_channel_receive(discover, 1000, &frame, NULL)));
	assert_int_equal(frame.fd_count, 64);
	assert_int_equal(open_fds(), before + 64);
	assert_int_equal(fcntl(frame.fds[5], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	int kept = RV_TAKE_FD(frame.fds[5]);

	rv_frame_done(&frame);
	assert_int_equal(open_fds(), before + 1);
	(void)close(kept);
	(void)close(null);
	rv_channel_free(open_role);
	rv_channel_free(discover);
}

static void an_empty_datagram_counts_as_the_end(void **state)
{
	struct ends *e = *state;
	struct rv_frame frame = {0};

	say(e->bare, "", 0, 0);
	assert_int_equal(rv_class_of(rv_channel_receive(e->us, 1000, &frame, NULL)),
			 RV_CLASS_NOT_FOUND);
}

/* Every single byte of a good frame changed in turn: either it still decodes or it is refused. */
static void changed_bytes_never_do_more_than_kill_the_channel(void **state)
{
	struct ends *e = *state;
	static uint8_t bytes[RV_FRAME_MAX];
	const struct rv_rec_posted posted = {
		.outcome = 1, .code = RV_STR_LIT("busy"), .text = RV_STR_LIT("later")};
	size_t len = frame_of(bytes, RV_MSG_posted, &posted);

	for (size_t i = 0; i < 8 * len; i++) {
		struct rv_frame frame = {0};
		struct rv_rec_posted got;

		bytes[i / 8] ^= (uint8_t)(1U << (i % 8));
		say(e->bare, bytes, len, 0);
		bytes[i / 8] ^= (uint8_t)(1U << (i % 8));
		rv_status s = rv_channel_receive(e->us, 1000, &frame, NULL);

		if (rv_is_ok(s) && frame.header.type == RV_MSG_posted)
			s = rv_frame_body(&frame, RV_MSG_posted, &got, NULL);
		assert_true(rv_is_ok(s) || rv_class_of(s) == RV_CLASS_MALFORMED);
		(void)close_all(state);
		(void)open_bare(state);
	}
}

#define BOTH(name) cmocka_unit_test_setup_teardown(name, open_both, close_all)
#define BARE(name) cmocka_unit_test_setup_teardown(name, open_bare, close_all)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(a_message_arrives_whole_with_req_job_and_body),
		BOTH(what_was_received_is_wiped_before_the_next),
		BOTH(the_table_decides_who_may_send_what),
		BOTH(nothing_there_is_retry_and_a_closed_peer_is_not_found),
		BOTH(a_call_without_answer_is_unsure),
		BOTH(a_call_answered_by_something_else_is_malformed),
		BOTH(a_peer_that_does_not_read_makes_the_sender_unsure),
		BOTH(a_value_over_its_maximum_is_not_sent),
		BARE(truncated_datagrams_kill_the_channel),
		BARE(oversized_datagrams_kill_the_channel),
		BARE(messages_of_another_role_kill_the_channel),
		BARE(messages_that_go_the_other_way_kill_the_channel),
		BARE(surplus_descriptors_kill_the_channel_and_are_closed),
		cmocka_unit_test(descriptors_are_closed_on_exec_and_by_frame_done),
		BARE(an_empty_datagram_counts_as_the_end),
		BARE(changed_bytes_never_do_more_than_kill_the_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
