/* tests: ipc and the grants with each allocation failing in turn. */
#include "support/alloc_fail.h"

#include "agent/ipc/channel.h"
#include "agent/model/grant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static rv_status exchange(struct rv_channel *us, struct rv_channel *them)
{
	const struct rv_rec_sign_head want = {.seq = 1, .head = RV_STR_LIT("head")};
	struct rv_rec_sign_head got;
	struct rv_frame frame = {0};

	RV_TRY(rv_channel_send(us, RV_MSG_sign_head, 1, 2, &want));
	RV_TRY(rv_channel_receive(them, 1000, &frame, NULL));
	return rv_frame_body(&frame, RV_MSG_sign_head, &got, NULL);
}

static rv_status talk(void *user)
{
	RV_CLEANUP(rv_channel_freep) struct rv_channel *us = NULL;
	RV_CLEANUP(rv_channel_freep) struct rv_channel *them = NULL;
	int pair[2];

	(void)user;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	rv_status s = rv_channel_new(pair[0], RV_ROLE_ENGINE, RV_ROLE_BROKER, &us);

	if (!rv_is_ok(s)) {
		(void)close(pair[1]); /* pair[0] was taken */
		return s;
	}
	RV_TRY(rv_channel_new(pair[1], RV_ROLE_BROKER, RV_ROLE_ENGINE, &them));
	return exchange(us, them);
}

static void channels_survive_failing_allocations(void **state)
{
	(void)state;
	assert_true(rvt_alloc_loop("channel", talk, NULL) >= 3);
}

static rv_status parse_grants(void *user)
{
	struct rv_grants grants = {0};
	struct rv_str text = RV_STR_LIT("write /etc/tls\nhook 0 /usr/sbin/nginx -t\n");
	rv_status s = rv_grants_parse(text, "grants", &grants, NULL);

	(void)user;
	rv_grants_done(&grants);
	return s;
}

static void grants_survive_failing_allocations(void **state)
{
	(void)state;
	assert_true(rvt_alloc_loop("grants", parse_grants, NULL) >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(channels_survive_failing_allocations),
		cmocka_unit_test(grants_survive_failing_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
