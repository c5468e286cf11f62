/* tests: what a clean Debian with a few servers shows: its own keys and accounts, and no noise. */
#include "tests/support/looking.h"

#include "agent/model/kinds.h"
#include "tests/support/dir.h"
#include "tests/support/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
/* cmocka wants setjmp.h and stdarg.h first */
#include <cmocka.h>

static const char *bin_dir;
static const char *script;

struct debian {
	struct rvt_dir dir;
	struct looking looking;
	struct looked looked;
};

static int set_up(void **state)
{
	struct debian *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	rvt_dir_init(&d->dir);
	assert_int_equal(chmod(d->dir.path, 0755), 0);
	const char *argv[] = {script, d->dir.path, NULL};
	struct rvt_result made = rvt_run(argv, RV_STR_NONE, 1100000);
	if (made.code == RVT_SKIP) {
		(void)printf("%s\n", rvt_text(&made.out)); /* the reason */
		rvt_result_done(&made);
		rvt_dir_done(&d->dir);
		exit(RVT_SKIP);
	}
	if (made.code != 0)
		fail_msg("%s", rvt_text(&made.err));
	rvt_result_done(&made);
	looking_start(&d->looking, bin_dir, d->dir.path);
	assert_true(looking_walk(&d->looking, NULL, NULL, 0, 1, 0, &d->looked));
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct debian *d = *state;
	bool is_well = looking_stop(&d->looking);

	looked_done(&d->looked);
	rvt_dir_done(&d->dir);
	free(d);
	return is_well ? 0 : -1;
}

static void keys_are_the_servers_own(void **state)
{
	const struct debian *d = *state;
	struct rv_rec_found_key key;
	struct rv_rec_found_certificate cert;
	size_t keys = looked_count(&d->looked, RV_MSG_found_key);

	assert_true(keys >= 4);
	for (size_t i = 0; looked_get(&d->looked, RV_MSG_found_key, i, &key); i++) {
		if (!rv_str_starts_with(key.path, "/etc/ssh/ssh_host_") &&
		    !rv_str_is(key.path, "/etc/ssl/private/ssl-cert-snakeoil.key"))
			fail_msg("%.*s", (int)key.path.len, (const char *)key.path.data);
		assert_int_equal(key.spki_sha256.len, 32);
		assert_int_equal(key.mode & 07, 0);
	}
	assert_true(looked_get(&d->looked, RV_MSG_found_certificate, 0, &cert));
	assert_true(rv_str_is(cert.path, "/etc/ssl/certs/ssl-cert-snakeoil.pem"));
	assert_int_equal(cert.self_issued, 1);
}

static void nothing_is_taken_for_a_secret(void **state)
{
	const struct debian *d = *state;
	struct rv_rec_found_secret rec;

	if (looked_get(&d->looked, RV_MSG_found_secret, 0, &rec))
		fail_msg("%.*s: %.*s", (int)rec.path.len, (const char *)rec.path.data,
			 (int)rec.rule.len, (const char *)rec.rule.data);
}

static void accounts_and_units_are_there(void **state)
{
	const struct debian *d = *state;
	struct rv_rec_found_account account;
	struct rv_rec_found_unit unit;
	struct rv_rec_found_package package;
	unsigned known = 0;
	bool has_nginx = false;
	bool has_package = false;

	for (size_t i = 0; looked_get(&d->looked, RV_MSG_found_account, i, &account); i++) {
		assert_int_equal(account.human, 0);
		assert_int_equal(account.password, 1); /* none is set on a fresh system */
		known += rv_str_is(account.name, "www-data") || rv_str_is(account.name, "sshd") ||
			 rv_str_is(account.name, "postgres");
	}
	assert_int_equal(known, 3);
	for (size_t i = 0; looked_get(&d->looked, RV_MSG_found_unit, i, &unit); i++)
		has_nginx |= rv_str_is(unit.unit, "nginx.service") &&
			     rv_str_is(unit.exec, "/usr/sbin/nginx");
	assert_true(has_nginx);
	/* /lib/systemd of the package's list is /usr/lib/systemd or the other way round. */
	for (size_t i = 0; looked_get(&d->looked, RV_MSG_found_package, i, &package); i++)
		has_package |= rv_str_starts_with(package.package, "nginx") &&
			       rv_str_ends_with(package.path, "/nginx.service");
	assert_true(has_package);
}

static void only_default_excludes_are_not_looked_at(void **state)
{
	const struct debian *d = *state;
	struct rv_rec_not_looked rec;

	for (size_t i = 0; looked_get(&d->looked, RV_MSG_not_looked, i, &rec); i++) {
		if (rec.reason != RV_SKIP_EXCLUDED)
			fail_msg("%.*s: %s", (int)rec.path.len, (const char *)rec.path.data,
				 rv_skip_name((unsigned)rec.reason));
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_the_servers_own),
		cmocka_unit_test(nothing_is_taken_for_a_secret),
		cmocka_unit_test(accounts_and_units_are_there),
		cmocka_unit_test(only_default_excludes_are_not_looked_at),
	};

	if (argc != 3)
		return 2;
	bin_dir = argv[1];
	script = argv[2];
	if (geteuid() != 0)
		rvt_skip("the folder of a whole system belongs to root");
	return cmocka_run_group_tests_name("debian", tests, set_up, tear_down);
}
