/* sandbox: namespaces, identity, capabilities, dumps. */
#include "agent/sandbox/walls.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/mount.h and sys/mount.h of older libraries disagree; the kernel's numbers do not. */
struct mount_change {
	uint64_t set, clear, propagation, userns_fd;
};
#define CHANGE_RDONLY	   0x1U
#define CHANGE_NOATIME	   0x10U
#define CHANGE_ATIME_MASK  0x70U
#define CHANGE_PRIVATE	   (1U << 18)
#define CHANGE_RECURSIVELY 0x8000U

static bool is_networked(const struct rv_confine_spec *spec)
{
	return spec->jail == RV_JAIL_REPORT ||
	       (spec->jail == RV_JAIL_PLUGHOST && spec->profile == RV_PROFILE_NET);
}

static bool see_read_only(void)
{
	struct mount_change alone = {.propagation = CHANGE_PRIVATE};
	struct mount_change still = {.set = CHANGE_RDONLY | CHANGE_NOATIME,
				     .clear = CHANGE_ATIME_MASK};

	return unshare(CLONE_NEWNS) == 0 &&
	       syscall(SYS_mount_setattr, AT_FDCWD, "/", CHANGE_RECURSIVELY, &alone,
		       sizeof(alone)) == 0 &&
	       syscall(SYS_mount_setattr, AT_FDCWD, "/", CHANGE_RECURSIVELY, &still,
		       sizeof(still)) == 0;
}

void rv_namespaces_raise(const struct rv_confine_spec *spec, uint64_t *walls)
{
	if (spec->jail == RV_JAIL_OPEN && see_read_only())
		*walls |= RV_WALL_MOUNTNS;
	if (!is_networked(spec) && unshare(CLONE_NEWNET) == 0)
		*walls |= RV_WALL_NETNS;
}

/* The capabilities a jail keeps. */
static size_t kept_caps(const struct rv_confine_spec *spec, cap_value_t out[2])
{
	if (spec->jail == RV_JAIL_OPEN) {
		out[0] = CAP_DAC_READ_SEARCH;
		out[1] = CAP_SYS_PTRACE;
		return 2;
	}
	if (spec->jail == RV_JAIL_PLACE && spec->uid == 0) {
		out[0] = CAP_CHOWN;
		out[1] = CAP_FOWNER;
		return 2;
	}
	return 0;
}

static rv_status keep_only(const cap_value_t *caps, size_t count, struct rv_diag *diag)
{
	cap_t set = cap_init();

	if (!set)
		return rv_fail_nomem(diag);
	int bad = 0;

	if (count > 0) {
		bad |= cap_set_flag(set, CAP_PERMITTED, (int)count, caps, CAP_SET);
		bad |= cap_set_flag(set, CAP_EFFECTIVE, (int)count, caps, CAP_SET);
	}
	bad |= cap_set_proc(set);
	int saved = errno;

	(void)cap_free(set); /* cannot fail on a set of cap_init */
	errno = saved;
	if (bad)
		return rv_fail_errno(diag, "giving up capabilities");
	return RV_OK;
}

static rv_status become(const struct rv_confine_spec *spec, struct rv_diag *diag)
{
	uid_t r, e, s;

	for (cap_value_t c = 0; c <= CAP_LAST_CAP; c++) {
		if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) != 0 && errno != EINVAL)
			return rv_fail_errno(diag, "giving up capability %d for good", c);
	}
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* empty anyway */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setgroups(0, NULL) != 0 ||
	    setresgid(spec->gid, spec->gid, spec->gid) != 0 ||
	    setresuid(spec->uid, spec->uid, spec->uid) != 0)
		return rv_fail_errno(diag, "becoming uid %u gid %u", spec->uid, spec->gid);
	if (getresuid(&r, &e, &s) != 0 || r != spec->uid || e != spec->uid || s != spec->uid)
		return rv_fail(RV_CLASS_BUG, diag, "setresuid did not take");
	return RV_OK;
}

static rv_status drop_identity(const struct rv_confine_spec *spec, uint64_t *walls,
			       struct rv_diag *diag)
{
	cap_value_t caps[2];
	size_t count = 0;

	if (geteuid() == 0) {
		bool may_be_root = spec->jail == RV_JAIL_PLACE;

		if (spec->uid == UINT32_MAX || spec->gid == UINT32_MAX ||
		    (spec->uid == 0 && !may_be_root))
			return rv_fail(RV_CLASS_MISCONFIGURED, diag,
				       "started by root without a user to become");
		RV_TRY(become(spec, diag));
		count = kept_caps(spec, caps);
		if (spec->uid != 0)
			*walls |= RV_WALL_UID;
	} else if (spec->uid != UINT32_MAX && spec->uid != geteuid()) {
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "cannot become uid %u without root",
			       spec->uid);
	}
	RV_TRY(keep_only(caps, count, diag));
	*walls |= RV_WALL_CAPS;
	return RV_OK;
}

rv_status rv_drop_raise(const struct rv_confine_spec *spec, uint64_t *walls, struct rv_diag *diag)
{
	struct rlimit none = {0, 0};

	RV_TRY(drop_identity(spec, walls, diag));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return rv_fail_errno(diag, "no_new_privs");
	*walls |= RV_WALL_NO_NEW_PRIVS;
	/* After the change of user: that resets both of these. */
	if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return rv_fail_errno(diag, "forbidding dumps");
	*walls |= RV_WALL_NODUMP;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
		return rv_fail_errno(diag, "tying this process to reeved");
	return RV_OK;
}
