/* sandbox: Landlock by system call. Written for ABI 2; what newer kernels can deny is denied too,
 * up to spec->abi_cap. */
#include "agent/sandbox/walls.h"

#include "agent/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights younger than ABI 2, which the headers of our floor do not know. */
#define FS_TRUNCATE    (UINT64_C(1) << 14) /* ABI 3 */
#define FS_IOCTL_DEV   (UINT64_C(1) << 15) /* ABI 5 */
#define NET_BIND       (UINT64_C(1) << 0)  /* ABI 4 */
#define NET_CONNECT    (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT (UINT64_C(1) << 0) /* ABI 6: abstract AF_UNIX of others */
#define SCOPE_SIGNAL   (UINT64_C(1) << 1)

#define FS_ABI_1 ((UINT64_C(1) << 13) - 1)
#define FS_READ	 (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                          \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | \
	 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_DIR |    \
	 LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM | FS_TRUNCATE)
#define FS_OF_A_FILE                                                  \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | \
	 LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE)

struct ruleset {
	uint64_t fs, net, scoped;
};

static struct ruleset what_to_deny(long abi, bool is_networked, size_t *out_size)
{
	struct ruleset r = {.fs = FS_ABI_1};

	*out_size = sizeof(r.fs);
	if (abi >= 2)
		r.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		r.fs |= FS_TRUNCATE;
	if (abi >= 4) {
		r.net = is_networked ? NET_BIND : NET_BIND | NET_CONNECT;
		*out_size = 2 * sizeof(r.fs);
	}
	if (abi >= 5)
		r.fs |= FS_IOCTL_DEV;
	if (abi >= 6) {
		r.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
		*out_size = sizeof(r);
	}
	return r;
}

static rv_status allow(int ruleset, int fd, uint64_t rights, struct rv_diag *diag)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return rv_fail_errno(diag, "Landlock rule");
	struct landlock_path_beneath_attr rule = {
		.allowed_access = S_ISDIR(st.st_mode) ? rights : rights & FS_OF_A_FILE,
		.parent_fd = fd,
	};

	if (rule.allowed_access == 0)
		return RV_OK; /* nothing of it is denied */
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
		return rv_fail_errno(diag, "Landlock rule");
	return RV_OK;
}

static rv_status allow_path(int ruleset, const struct rv_confine_path *p, uint64_t denied,
			    struct rv_diag *diag)
{
	RV_CLEANUP(rv_fd_closep) int fd = open(p->path, O_PATH | O_CLOEXEC);
	uint64_t rights = FS_READ;

	if (fd < 0)
		return RV_OK; /* what is not there, or closed to us, needs no rule */
	if (p->is_writable)
		rights |= FS_WRITE;
	if (p->is_executable)
		rights |= LANDLOCK_ACCESS_FS_EXECUTE;
	return allow(ruleset, fd, rights & denied, diag);
}

static rv_status fill(int ruleset, const struct rv_confine_spec *spec, uint64_t denied,
		      struct rv_diag *diag)
{
	for (size_t i = 0; i < spec->path_count; i++)
		RV_TRY(allow_path(ruleset, &spec->paths[i], denied, diag));
	for (size_t i = 0; i < spec->dir_count; i++)
		RV_TRY(allow(ruleset, spec->dir_fds[i], (FS_READ | FS_WRITE) & denied, diag));
	return RV_OK;
}

rv_status rv_landlock_raise(const struct rv_confine_spec *spec, uint64_t *walls,
			    struct rv_diag *diag)
{
	bool is_networked = spec->jail == RV_JAIL_REPORT || spec->jail == RV_JAIL_ASK ||
			    spec->profile == RV_PROFILE_NET;
	size_t size;

	if (spec->jail == RV_JAIL_OPEN)
		return RV_OK; /* a Landlocked process cannot look into /proc of others */
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 1) {
		rv_diag_next(diag, "boot with Landlock: Linux 5.13 or later, lsm=landlock,...");
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "this kernel has no Landlock");
	}
	if (spec->abi_cap != 0 && abi > (long)spec->abi_cap)
		abi = (long)spec->abi_cap;
	struct ruleset denied = what_to_deny(abi, is_networked, &size);

	/* It may read everything, and seccomp refuses an open for reading that truncates. An open
	 * asks for these rights each time, up to the root: a tenth of a walk's time. */
	if (spec->jail == RV_JAIL_SCAN)
		denied.fs &= ~(FS_READ | FS_TRUNCATE | FS_IOCTL_DEV);
	RV_CLEANUP(rv_fd_closep)
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &denied, size, 0);

	if (ruleset < 0)
		return rv_fail_errno(diag, "Landlock");
	RV_TRY(fill(ruleset, spec, denied.fs, diag));
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return rv_fail_errno(diag, "Landlock");
	*walls |= RV_WALL_LANDLOCK;
	return RV_OK;
}
