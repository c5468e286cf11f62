/* tests: which processes of a real nginx are told to take connections: its workers, not its master.
 */
#include "tests/support/looking.h"

#include "agent/base/path.h"
#include "tests/support/dir.h"
#include "tests/support/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants setjmp.h and stdarg.h first */
#include <cmocka.h>

#define NGINX "/usr/sbin/nginx"

static const char *bin_dir;

struct serving {
	struct rvt_dir dir;
	struct looking looking;
	uint16_t port;
	pid_t nginx;
};

static int set_up(void **state)
{
	struct serving *s = calloc(1, sizeof(*s));
	char conf[2048];
	char path[RVT_PATH];

	assert_non_null(s);
	rvt_dir_init(&s->dir);
	assert_int_equal(chmod(s->dir.path, 0755), 0);
	s->port = rvt_free_port();
	(void)snprintf(conf, sizeof(conf),
		       "daemon off; worker_processes 2; pid %s/pid; error_log %s/log;\n%s"
		       "events { worker_connections 64; }\n"
		       "http { access_log off; client_body_temp_path %s/b; proxy_temp_path %s/p;\n"
		       "fastcgi_temp_path %s/f; uwsgi_temp_path %s/u; scgi_temp_path %s/s;\n"
		       "server { listen 127.0.0.1:%u; return 200; } }\n",
		       s->dir.path, s->dir.path, geteuid() == 0 ? "user www-data;\n" : "",
		       s->dir.path, s->dir.path, s->dir.path, s->dir.path, s->dir.path, s->port);
	rvt_dir_write_text(&s->dir, "nginx.conf", conf);
	rvt_dir_path(&s->dir, "nginx.conf", path);
	const char *argv[] = {NGINX, "-c", path, "-e", "stderr", NULL};
	s->nginx = rvt_start(argv, -1);
	assert_true(rvt_eventually(rvt_port_accepts, &s->port, 10000));
	looking_start(&s->looking, bin_dir, s->dir.path);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct serving *s = *state;
	bool is_well = looking_stop(&s->looking);

	(void)rvt_stop(s->nginx, 5000); /* SIGTERM ends it with 0 */
	rvt_dir_done(&s->dir);
	free(s);
	return is_well ? 0 : -1;
}

struct counted {
	struct serving *s;
	unsigned masters, workers, others;
};

static bool count(void *user)
{
	struct counted *c = user;
	struct looked seen;
	struct rv_rec_found_listener rec;

	c->masters = c->workers = c->others = 0;
	assert_true(looking_listeners(&c->s->looking, c->s->port, &seen));
	for (size_t i = 0; looked_get(&seen, RV_MSG_found_listener, i, &rec); i++) {
		assert_int_equal(rec.port, c->s->port);
		if (rec.pid == (uint64_t)c->s->nginx && rec.accepts == 0)
			c->masters++;
		else if (rec.ppid == (uint64_t)c->s->nginx && rec.accepts == 1 &&
			 rv_str_is(rv_path_base(rec.exe), "nginx"))
			c->workers++;
		else
			c->others++;
	}
	looked_done(&seen);
	return c->masters == 1 && c->workers == 2 && c->others == 0;
}

static void workers_accept_and_the_master_does_not(void **state)
{
	struct counted c = {.s = *state};

	/* A master may still be starting its workers. */
	if (!rvt_eventually(count, &c, 10000))
		fail_msg("%u masters, %u workers, %u others", c.masters, c.workers, c.others);
}

static void a_port_nobody_listens_on_tells_nothing(void **state)
{
	struct serving *s = *state;
	struct looked seen;

	assert_true(looking_listeners(&s->looking, rvt_free_port(), &seen));
	assert_int_equal(looked_count(&seen, RV_MSG_found_listener), 0);
	looked_done(&seen);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_accept_and_the_master_does_not),
		cmocka_unit_test(a_port_nobody_listens_on_tells_nothing),
	};

	if (argc != 2)
		return 2;
	bin_dir = argv[1];
	if (access(NGINX, X_OK) != 0)
		rvt_skip("%s is not installed", NGINX);
	return cmocka_run_group_tests_name("listeners", tests, set_up, tear_down);
}
