/* tests: the real reeve-open and reeve-discover over a planted estate: everything found in its
 * place, everything left out said with its reason, and no secret in any byte that comes out. */
#include "tests/support/looking.h"

#include "agent/model/kinds.h"
#include "agent/sandbox/confine.h"
#include "tests/support/dir.h"
#include "tests/support/pems.h"
#include "tests/support/run.h"
#include "tests/support/sample.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
/* cmocka wants setjmp.h and stdarg.h first */
#include <cmocka.h>

static const char *bin_dir;

#define SECRETS 8

struct estate {
	struct rvt_dir dir;
	struct looking looking;
	struct looked looked;
	char secrets[SECRETS][512]; /* never to be seen in what comes out */
	size_t secret_count;
	unsigned char spki[32];
};

static const char *secret(struct estate *e, const char *form, uint64_t seed)
{
	char *out = e->secrets[e->secret_count++];
	char whole[1024];

	assert_true(e->secret_count <= SECRETS);
	assert_true(sample_render(form, seed, whole, sizeof(whole)));
	assert_true(strlen(whole) < sizeof(e->secrets[0]));
	memcpy(out, whole, strlen(whole) + 1);
	return out;
}

static void write_text(struct estate *e, const char *name, const char *before, const char *value)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "%s%s\n", before, value); /* short texts of this file */
	rvt_dir_write_text(&e->dir, name, text);
}

static void plant_keys(struct estate *e)
{
	EVP_PKEY *key = pems_key("EC");
	X509 *cert = pems_cert(key, "shop.example.org", "DNS:shop.example.org,DNS:www.example.org");
	char *cert_text = pems_cert_text(cert);
	char *key_text = pems_key_text(key, NULL);
	char *locked = pems_key_text(key, "correct horse");
	unsigned char *der = NULL;
	int der_len = i2d_X509(cert, &der);
	struct rv_buf both;

	pems_spki(key, e->spki);
	rv_buf_init(&both, 65536);
	assert_true(rv_is_ok(rv_buf_put_str(&both, "# combined\n")) &&
		    rv_is_ok(rv_buf_put_str(&both, cert_text)) &&
		    rv_is_ok(rv_buf_put_str(&both, "some words between\n")) &&
		    rv_is_ok(rv_buf_put_str(&both, key_text)));
	rvt_dir_write(&e->dir, "etc/ssl/shop.pem", both.data, both.len, 0640);
	rvt_dir_write(&e->dir, "etc/ssl/locked.key", locked, strlen(locked), 0600);
	rvt_dir_write(&e->dir, "etc/ssl/shop.der", der, (size_t)der_len, 0644);
	rvt_dir_write(&e->dir, "etc/ssl/cut.pem", cert_text, strlen(cert_text) / 2, 0644);
	rv_buf_done(&both);
	OPENSSL_free(der);
	free(cert_text);
	free(key_text);
	free(locked);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void plant_secrets(struct estate *e)
{
	char name[1024];
	char subject[600];
	const char *token = secret(e, "ghp_{start}{alnum:30}{check}", 1);

	write_text(e, "srv/app/.env", "# settings\nGITHUB_TOKEN=", token);
	write_text(e, "opt/tool/config.yaml",
		   "url: postgres://app:", secret(e, "{pass:14}@db/app", 2));
	e->secrets[e->secret_count - 1][14] = '\0'; /* the password alone */
	/* In a file's name, and in the name of a folder of things that are not looked at. */
	(void)snprintf(name, sizeof(name), "home/ann/%s.txt", secret(e, "glpat-{alnum:20}", 3));
	write_text(e, name, "nothing", " here");
	(void)snprintf(name, sizeof(name), "srv/%s", secret(e, "npm_{start}{alnum:30}{check}", 4));
	rvt_dir_make(&e->dir, name, 0755);
	char path[RVT_PATH];
	rvt_dir_path(&e->dir, name, path);
	memcpy(path + strlen(path), "/pipe", sizeof("/pipe"));
	assert_int_equal(mkfifo(path, 0600), 0);
	/* In the subject of a certificate. */
	EVP_PKEY *key = pems_key("EC");
	(void)snprintf(subject, sizeof(subject), "%s",
		       secret(e, "xoxb-{digit:12}-{digit:12}-{alnum:24}", 5));
	X509 *cert = pems_cert(key, subject, NULL);
	char *text = pems_cert_text(cert);
	rvt_dir_write_text(&e->dir, "etc/ssl/leaky.pem", text);
	free(text);
	X509_free(cert);
	EVP_PKEY_free(key);
	/* In a unit: a URL on the command line, and the name of a file it reads. */
	const char *pass = secret(e, "{pass:16}", 6);
	const char *stripe = secret(e, "sk_live_{alnum:24}", 7);
	(void)snprintf(name, sizeof(name),
		       "[Service]\nUser=app\nExecStart=/opt/app/run --db mysql://app:%s@db/x\n"
		       "EnvironmentFile=/etc/default/%s.env\nWorkingDirectory=/srv/app\n",
		       pass, stripe);
	rvt_dir_write_text(&e->dir, "etc/systemd/system/app.service", name);
}

static void plant_obstacles(struct estate *e)
{
	char path[RVT_PATH];
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	rvt_dir_path(&e->dir, "srv/fifo.pem", path);
	assert_int_equal(mkfifo(path, 0666), 0);
	rvt_dir_path(&e->dir, "etc/ssl/huge.pem", path);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)2 << 30), 0);
	assert_int_equal(close(fd), 0);
	rvt_dir_path(&e->dir, "srv/loop-a", path);
	assert_int_equal(symlink("loop-b", path), 0);
	rvt_dir_path(&e->dir, "srv/loop-b", path);
	assert_int_equal(symlink("loop-a", path), 0);
	rvt_dir_path(&e->dir, "srv/up", path);
	assert_int_equal(symlink("..", path), 0);
	rvt_dir_path(&e->dir, "opt/same.env", path);
	char other[RVT_PATH];
	rvt_dir_path(&e->dir, "srv/app/.env", other);
	assert_int_equal(link(other, path), 0);
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	rvt_dir_path(&e->dir, "srv/s", path);
	assert_true(sock >= 0 && strlen(path) < sizeof(un.sun_path));
	memcpy(un.sun_path, path, strlen(path) + 1);
	assert_int_equal(bind(sock, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_int_equal(close(sock), 0);
	rvt_dir_path(&e->dir, "srv/tty", path);
	if (geteuid() == 0)
		assert_int_equal(mknod(path, S_IFCHR | 0600, makedev(5, 0)), 0);
	rvt_dir_write_text(&e->dir, "srv/cache/x", "left out");
}

static void plant_accounts(struct estate *e)
{
	rvt_dir_write_text(&e->dir, "etc/passwd",
			   "root:x:0:0:root:/root:/bin/bash\n"
			   "app:x:990:990::/srv/app:/usr/sbin/nologin\n"
			   "ann:x:1000:1000:Ann:/home/ann:/bin/bash\n");
	rvt_dir_write(&e->dir, "etc/shadow",
		      "root:*:19000:0:99999:7:::\napp:!:19100::::::\n"
		      "ann:$y$j9T$abc$def:19500:0:90:7:::\n",
		      strlen("root:*:19000:0:99999:7:::\napp:!:19100::::::\n"
			     "ann:$y$j9T$abc$def:19500:0:90:7:::\n"),
		      0640);
	rvt_dir_write_text(&e->dir, "etc/login.defs", "UID_MIN 1000\nUID_MAX 60000\n");
	rvt_dir_write_text(&e->dir, "var/lib/dpkg/info/shop:amd64.list",
			   "/.\n/etc\n/etc/ssl\n/etc/ssl/shop.pem\n/etc/ssl/other.pem\n");
}

static int set_up(void **state)
{
	static const char *const excludes[] = {"/srv/cache/**", NULL};
	struct estate *e = calloc(1, sizeof(*e));

	assert_non_null(e);
	rvt_dir_init(&e->dir);
	assert_int_equal(chmod(e->dir.path, 0755), 0);
	plant_keys(e);
	plant_secrets(e);
	plant_obstacles(e);
	plant_accounts(e);
	looking_start(&e->looking, bin_dir, e->dir.path);
	assert_true(looking_walk(&e->looking, NULL, excludes, 0, 1, 1, &e->looked));
	*state = e;
	return 0;
}

static int tear_down(void **state)
{
	struct estate *e = *state;
	bool is_well = looking_stop(&e->looking);

	looked_done(&e->looked);
	rvt_dir_done(&e->dir);
	free(e);
	return is_well ? 0 : -1;
}

static void certificates_and_keys_are_found_in_their_places(void **state)
{
	const struct estate *e = *state;
	struct rv_rec_found_certificate cert;
	struct rv_rec_found_key key;
	size_t shops = 0;
	bool has_key = false;
	bool has_locked = false;

	for (size_t i = 0; looked_get(&e->looked, RV_MSG_found_certificate, i, &cert); i++) {
		if (!rv_str_is(cert.subject, "CN=shop.example.org"))
			continue;
		shops++;
		assert_true(rv_str_is(cert.path, "/etc/ssl/shop.pem") ||
			    rv_str_is(cert.path, "/etc/ssl/shop.der"));
		assert_memory_equal(cert.spki_sha256.data, e->spki, 32);
		assert_int_equal(cert.in_bundle, 1);
		assert_int_equal(cert.masked, 0);
		assert_true(cert.ino != 0 && cert.mtime_us > 0);
	}
	assert_int_equal(shops, 2);
	for (size_t i = 0; looked_get(&e->looked, RV_MSG_found_key, i, &key); i++) {
		if (rv_str_is(key.path, "/etc/ssl/shop.pem")) {
			has_key = true;
			assert_memory_equal(key.spki_sha256.data, e->spki, 32);
			assert_int_equal(key.mode, 0640);
			assert_int_equal(key.encrypted, 0);
		}
		if (rv_str_is(key.path, "/etc/ssl/locked.key")) {
			has_locked = true;
			assert_int_equal(key.encrypted, 1);
			assert_int_equal(key.spki_sha256.len, 0);
		}
	}
	assert_true(has_key && has_locked);
}

static void secrets_are_found_once_with_line_and_fingerprint(void **state)
{
	const struct estate *e = *state;
	struct rv_rec_found_secret rec;
	size_t tokens = 0;
	bool has_url = false;

	for (size_t i = 0; looked_get(&e->looked, RV_MSG_found_secret, i, &rec); i++) {
		assert_true(rv_str_starts_with(rec.fingerprint, "hk1:"));
		if (rv_str_is(rec.rule, "github-token")) {
			tokens++; /* the hard link is the same file */
			assert_int_equal(rec.line, 2);
			assert_int_equal(rec.column, strlen("GITHUB_TOKEN=") + 1);
			assert_int_equal(rec.identified, 1);
			assert_true(rv_str_is(rec.provider, "github"));
		}
		has_url |= rv_str_is(rec.rule, "postgres-url-password") &&
			   rv_str_is(rec.path, "/opt/tool/config.yaml");
	}
	assert_int_equal(tokens, 1);
	assert_true(has_url);
}

static void accounts_are_joined_with_shadow(void **state)
{
	const struct estate *e = *state;
	struct rv_rec_found_account a;

	assert_int_equal(looked_count(&e->looked, RV_MSG_found_account), 3);
	for (size_t i = 0; looked_get(&e->looked, RV_MSG_found_account, i, &a); i++) {
		bool can_read = geteuid() == 0 || getuid() == geteuid();

		assert_true(can_read);
		if (rv_str_is(a.name, "ann")) {
			assert_int_equal(a.human, 1);
			assert_int_equal(a.password, 3);
			assert_int_equal(a.changed_day, 19500);
			assert_int_equal(a.max_days, 90);
		}
		if (rv_str_is(a.name, "app")) {
			assert_int_equal(a.human, 0);
			assert_int_equal(a.password, 1);
			assert_int_equal(a.can_login, 0);
			assert_int_equal(a.max_days, -1);
		}
	}
}

static void unit_and_package_are_told(void **state)
{
	const struct estate *e = *state;
	struct rv_rec_found_unit unit;
	struct rv_rec_found_package package;

	assert_true(looked_get(&e->looked, RV_MSG_found_unit, 0, &unit));
	assert_true(rv_str_is(unit.unit, "app.service"));
	assert_true(rv_str_is(unit.user, "app"));
	assert_true(rv_str_is(unit.exec, "/opt/app/run"));
	assert_true(rv_str_is(unit.working_dir, "/srv/app"));
	assert_int_equal(unit.masked, 1); /* a key in the name of its environment file */
	assert_int_equal(looked_count(&e->looked, RV_MSG_found_package), 1);
	assert_true(looked_get(&e->looked, RV_MSG_found_package, 0, &package));
	assert_true(rv_str_is(package.package, "shop"));
	assert_true(rv_str_is(package.path, "/etc/ssl/shop.pem"));
}

static void what_is_left_out_is_said_with_its_reason(void **state)
{
	const struct estate *e = *state;

	assert_true(looked_skipped(&e->looked, "/srv/fifo.pem", RV_SKIP_FIFO));
	assert_true(looked_skipped(&e->looked, "/etc/ssl/huge.pem", RV_SKIP_TOO_LARGE));
	assert_true(looked_skipped(&e->looked, "/etc/ssl/cut.pem", RV_SKIP_TRUNCATED));
	assert_true(looked_skipped(&e->looked, "/srv/loop-a", RV_SKIP_LOOP));
	assert_true(looked_skipped(&e->looked, "/srv/loop-b", RV_SKIP_LOOP));
	assert_true(looked_skipped(&e->looked, "/srv/s", RV_SKIP_SOCKET));
	assert_true(looked_skipped(&e->looked, "/srv/cache", RV_SKIP_EXCLUDED));
	assert_true(looked_skipped(&e->looked, "/var/lib/dpkg", RV_SKIP_EXCLUDED));
	if (geteuid() == 0)
		assert_true(looked_skipped(&e->looked, "/srv/tty", RV_SKIP_DEVICE));
}

static void no_secret_is_in_any_byte_that_comes_out(void **state)
{
	const struct estate *e = *state;
	struct rv_rec_found_certificate cert;
	bool has_leaky = false;

	assert_int_equal(e->secret_count, 7);
	for (size_t i = 0; i < e->secret_count; i++) {
		const char *value = e->secrets[i];

		/* Nor the better half of one. */
		if (looked_has_bytes(&e->looked, value + 4, strlen(value) / 2))
			fail_msg("secret %zu came out", i);
	}
	for (size_t i = 0; looked_get(&e->looked, RV_MSG_found_certificate, i, &cert); i++) {
		if (!rv_str_is(cert.path, "/etc/ssl/leaky.pem"))
			continue;
		has_leaky = true;
		assert_int_equal(cert.masked, 1);
		assert_true(rv_str_starts_with(cert.subject, "CN={hk1:"));
	}
	assert_true(has_leaky);
}

static void atime_does_not_move(void **state)
{
	struct estate *e = *state;
	struct looked again;
	struct stat before;
	struct stat after;
	char path[RVT_PATH];
	/* Long ago: relatime would move it at the first read. */
	struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_nsec = UTIME_OMIT}};

	rvt_dir_path(&e->dir, "srv/app/.env", path);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(stat(path, &before), 0);
	assert_true(looking_walk(&e->looking, NULL, NULL, 0, 1, 0, &again));
	looked_done(&again);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_atim.tv_sec, after.st_atim.tv_sec);
}

static void listener_is_told_with_its_holder(void **state)
{
	struct estate *e = *state;
	struct looked seen;
	struct rv_rec_found_listener rec;
	uint16_t port = 0;
	int fd = rvt_listen(&port);
	bool has_it = false;

	assert_true(looking_listeners(&e->looking, port, &seen));
	for (size_t i = 0; looked_get(&seen, RV_MSG_found_listener, i, &rec); i++) {
		assert_int_equal(rec.port, port);
		if (rec.pid != (uint64_t)getpid())
			continue;
		has_it = true;
		assert_int_equal(rec.ppid, getppid());
		assert_int_equal(rec.addr.len, 4);
		assert_true(rec.started_us > 0);
		assert_true(rec.exe.len > 0);
	}
	assert_true(has_it);
	looked_done(&seen);
	assert_int_equal(close(fd), 0);
}

static void explicit_root_may_be_a_link_or_excluded_by_default(void **state)
{
	struct estate *e = *state;
	static const char *const roots[] = {"/srv/up/etc/ssl", "/var/lib/dpkg", "/not/there", NULL};
	struct looked seen;
	struct rv_rec_found_key key;

	assert_true(looking_walk(&e->looking, roots, NULL, 0, 0, 0, &seen));
	assert_true(looked_get(&seen, RV_MSG_found_key, 0, &key));
	assert_true(rv_str_starts_with(key.path, "/etc/ssl/"));
	assert_false(looked_skipped(&seen, "/var/lib/dpkg", RV_SKIP_EXCLUDED));
	assert_true(looked_skipped(&seen, "/not/there", RV_SKIP_VANISHED));
	looked_done(&seen);
}

static void walls_are_up(void **state)
{
	const struct estate *e = *state;
	uint64_t both = RV_WALL_NO_NEW_PRIVS | RV_WALL_SECCOMP;

	assert_int_equal(e->looking.open_walls & both, both);
	assert_int_equal(e->looking.discover_walls & both, both);
	assert_true(e->looking.discover_walls & RV_WALL_LANDLOCK);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_and_keys_are_found_in_their_places),
		cmocka_unit_test(secrets_are_found_once_with_line_and_fingerprint),
		cmocka_unit_test(accounts_are_joined_with_shadow),
		cmocka_unit_test(unit_and_package_are_told),
		cmocka_unit_test(what_is_left_out_is_said_with_its_reason),
		cmocka_unit_test(no_secret_is_in_any_byte_that_comes_out),
		cmocka_unit_test(atime_does_not_move),
		cmocka_unit_test(listener_is_told_with_its_holder),
		cmocka_unit_test(explicit_root_may_be_a_link_or_excluded_by_default),
		cmocka_unit_test(walls_are_up),
	};

	if (argc != 2)
		return 2;
	bin_dir = argv[1];
	return cmocka_run_group_tests_name("looking", tests, set_up, tear_down);
}
