/* sandbox: the jails of a command that a person or a CI job starts. One looks at files: it stays
 * the caller's user, reads what the caller may read, writes only where it was told, talks to
 * nobody. The other talks, and reads nothing. */
#include "agent/sandbox/walls.h"

#include <errno.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* What the C library, the resolver and libcurl read, as in role/start.c. */
static const struct rv_confine_path asking_paths[] = {
	{.path = "/usr/lib", .is_executable = true},
	{.path = "/lib", .is_executable = true},
	{.path = "/lib64", .is_executable = true},
	{.path = "/usr/lib64", .is_executable = true},
	{.path = "/usr/local/lib", .is_executable = true},
	{.path = "/etc/ld.so.cache"},
	{.path = "/etc/resolv.conf"},
	{.path = "/etc/hosts"},
	{.path = "/etc/host.conf"},
	{.path = "/etc/nsswitch.conf"},
	{.path = "/etc/gai.conf"},
	{.path = "/etc/services"},
	{.path = "/etc/ssl/certs"},
	{.path = "/etc/ssl/openssl.cnf"},
	{.path = "/etc/pki/tls/certs"},
	{.path = "/etc/pki/ca-trust/extracted"},
	{.path = "/usr/share/ca-certificates"},
};

/* Root keeps the one capability that reading takes. */
static bool keep_reading(void)
{
	cap_value_t reading = CAP_DAC_READ_SEARCH;
	cap_t set = cap_init();
	bool is_kept = false;

	if (!set)
		return false;
	is_kept = geteuid() != 0 || (cap_set_flag(set, CAP_PERMITTED, 1, &reading, CAP_SET) == 0 &&
				     cap_set_flag(set, CAP_EFFECTIVE, 1, &reading, CAP_SET) == 0);
	is_kept = is_kept && cap_set_proc(set) == 0;
	if (!is_kept && cap_clear(set) == 0)
		is_kept = cap_set_proc(set) == 0; /* a container's root without that one */
	(void)cap_free(set);			  /* cannot fail on a set of cap_init */
	return is_kept;
}

static bool keep_nothing(void)
{
	cap_t set = cap_init();
	bool is_done = set && cap_set_proc(set) == 0;

	if (set)
		(void)cap_free(set); /* cannot fail on a set of cap_init */
	return is_done;
}

/* As far as the kernel goes; the first wall that is missing is the failure. */
static rv_status raise_all(const struct rv_confine_spec *spec, uint64_t *out_walls,
			   struct rv_diag *diag)
{
	struct rlimit none = {0, 0};
	uint64_t walls = 0;

	if (spec->jail == RV_JAIL_SCAN ? keep_reading() : keep_nothing())
		walls |= RV_WALL_CAPS;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		walls |= RV_WALL_NO_NEW_PRIVS;
	if (setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
		walls |= RV_WALL_NODUMP;
	rv_status landlock = rv_landlock_raise(spec, &walls, diag);
	rv_status seccomp = rv_seccomp_raise(spec, &walls, diag);
	*out_walls = walls;
	return rv_is_ok(landlock) ? seccomp : landlock;
}

rv_status rv_confine_scan(const struct rv_confine_path *paths, size_t count, uint64_t *out_walls,
			  struct rv_diag *diag)
{
	const struct rv_confine_spec spec = {.jail = RV_JAIL_SCAN,
					     .uid = UINT32_MAX,
					     .gid = UINT32_MAX,
					     .paths = paths,
					     .path_count = count};

	return raise_all(&spec, out_walls, diag);
}

rv_status rv_confine_ask(uint64_t *out_walls, struct rv_diag *diag)
{
	const struct rv_confine_spec spec = {.jail = RV_JAIL_ASK,
					     .uid = UINT32_MAX,
					     .gid = UINT32_MAX,
					     .paths = asking_paths,
					     .path_count = RV_LEN(asking_paths)};

	return raise_all(&spec, out_walls, diag);
}
