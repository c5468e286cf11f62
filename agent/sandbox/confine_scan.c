/* sandbox: the jail of a command that a person or a CI job starts to look at files: it stays the
 * caller's user, reads what the caller may read, writes only where it was told, talks to nobody. */
#include "agent/sandbox/walls.h"

#include <errno.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

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

rv_status rv_confine_scan(const struct rv_confine_path *paths, size_t count, bool is_networked,
			  uint64_t *out_walls, struct rv_diag *diag)
{
	struct rv_confine_spec spec = {.jail = RV_JAIL_SCAN,
				       .profile = is_networked ? RV_PROFILE_NET : RV_PROFILE_NONE,
				       .uid = UINT32_MAX,
				       .gid = UINT32_MAX,
				       .paths = paths,
				       .path_count = count};
	struct rlimit none = {0, 0};
	uint64_t walls = 0;

	if (keep_reading())
		walls |= RV_WALL_CAPS;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		walls |= RV_WALL_NO_NEW_PRIVS;
	if (setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
		walls |= RV_WALL_NODUMP;
	rv_status landlock = rv_landlock_raise(&spec, &walls, diag);
	rv_status seccomp = rv_seccomp_raise(&spec, &walls, diag);
	*out_walls = walls;
	return rv_is_ok(landlock) ? seccomp : landlock;
}
