/* sandbox: the filter of each jail (libseccomp). Deny by default; calls with arguments that matter
 * are allowed only with those. Lists in calls.c. */
#include "agent/sandbox/walls.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOFT(e) SCMP_ACT_ERRNO(e)

struct filter {
	scmp_filter_ctx ctx;
	int failed; /* first -errno */
};

/* One rule on at most one argument; an action equal to the filter's default says nothing new. */
static void rule(struct filter *f, uint32_t action, const char *name, unsigned count,
		 struct scmp_arg_cmp cmp)
{
	int nr = seccomp_syscall_resolve_name(name);

	if (nr == __NR_SCMP_ERROR || action == rv_seccomp_default_action())
		return;
	int r = seccomp_rule_add_array(f->ctx, action, nr, count, count > 0 ? &cmp : NULL);

	if (r != 0 && r != -EDOM && f->failed == 0)
		f->failed = r;
}

static void allow(struct filter *f, const char *name)
{
	rule(f, SCMP_ACT_ALLOW, name, 0, (struct scmp_arg_cmp){0});
}

static void soften(struct filter *f, const char *name, int error)
{
	rule(f, SOFT((uint32_t)error), name, 0, (struct scmp_arg_cmp){0});
}

static void allow_list(struct filter *f, const char *const *names)
{
	for (; *names; names++)
		allow(f, *names);
}

static void allow_if(struct filter *f, const char *name, struct scmp_arg_cmp cmp)
{
	rule(f, SCMP_ACT_ALLOW, name, 1, cmp);
}

/* Code is mapped before confinement; only who loads a library later may map more. */
static void memory_rules(struct filter *f, bool loads_code)
{
	if (loads_code) {
		allow(f, "mmap");
		allow(f, "mprotect");
		return;
	}
	allow_if(f, "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	allow_if(f, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

/* Signals to oneself only: abort(), and the crash points of test builds. */
static void self_rules(struct filter *f)
{
	uint64_t me = (uint64_t)getpid();

	allow_if(f, "kill", SCMP_A0(SCMP_CMP_EQ, me));
	allow_if(f, "tgkill", SCMP_A0(SCMP_CMP_EQ, me));
	soften(f, "prctl", EINVAL);
	soften(f, "ioctl", ENOTTY); /* isatty() of stdio */
	/* fstat() of the C library; a path given with this flag can only be stat'ed. */
	allow_if(f, "newfstatat", SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH));
	allow_if(f, "statx", SCMP_A2(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
}

static void read_only_open(struct filter *f)
{
	uint64_t writing = O_ACCMODE | O_CREAT | O_TRUNC;

	allow_if(f, "openat", SCMP_A2(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
	allow_if(f, "open", SCMP_A1(SCMP_CMP_MASKED_EQ, writing, O_RDONLY));
	soften(f, "openat2", ENOSYS); /* its flags cannot be looked at from here */
}

/* All of rv_calls_files, but a file that is not opened for writing is not emptied either: Landlock
 * asks about that only from ABI 3 on, and of the scan not at all (landlock.c). */
static void file_rules(struct filter *f)
{
	uint64_t emptying = O_ACCMODE | O_TRUNC;

	for (const char *const *name = rv_calls_files; *name; name++) {
		if (strncmp(*name, "open", 4) != 0)
			allow(f, *name);
	}
	allow_if(f, "openat", SCMP_A2(SCMP_CMP_MASKED_EQ, O_TRUNC, 0));
	allow_if(f, "openat", SCMP_A2(SCMP_CMP_MASKED_EQ, emptying, O_WRONLY | O_TRUNC));
	allow_if(f, "openat", SCMP_A2(SCMP_CMP_MASKED_EQ, emptying, O_RDWR | O_TRUNC));
	allow_if(f, "open", SCMP_A1(SCMP_CMP_MASKED_EQ, O_TRUNC, 0));
	allow_if(f, "open", SCMP_A1(SCMP_CMP_MASKED_EQ, emptying, O_WRONLY | O_TRUNC));
	allow_if(f, "open", SCMP_A1(SCMP_CMP_MASKED_EQ, emptying, O_RDWR | O_TRUNC));
	soften(f, "openat2", ENOSYS); /* its flags cannot be looked at from here */
}

static void thread_rules(struct filter *f)
{
	uint64_t thread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;

	allow_if(f, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));
	soften(f, "clone3", ENOSYS);
}

static void inet_rules(struct filter *f)
{
	allow_if(f, "socket", SCMP_A0(SCMP_CMP_EQ, AF_INET));
	allow_if(f, "socket", SCMP_A0(SCMP_CMP_EQ, AF_INET6));
	/* nscd, netlink: the resolver goes on without. */
	rule(f, SOFT(EAFNOSUPPORT), "socket", 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	rule(f, SOFT(EAFNOSUPPORT), "socket", 1, SCMP_A0(SCMP_CMP_EQ, AF_NETLINK));
	allow_if(f, "socketpair", SCMP_A0(SCMP_CMP_EQ, AF_UNIX)); /* curl wakes its own thread */
	thread_rules(f);
	allow_list(f, rv_calls_networking);
	allow_list(f, rv_calls_connected);
}

static void jail_rules(struct filter *f, const struct rv_confine_spec *spec)
{
	switch (spec->jail) {
	case RV_JAIL_ENGINE:
		file_rules(f);
		allow(f, "fchmod");
		allow(f, "accept4");
		allow(f, "getsockname");
		/* Name services may try; they get no for an answer. */
		soften(f, "socket", EAFNOSUPPORT);
		soften(f, "fchown", EPERM); /* SQLite asks when it is root */
		return;
	case RV_JAIL_OPEN:
		allow_list(f, rv_calls_looking);
		read_only_open(f);
		return;
	case RV_JAIL_DISCOVER:
	case RV_JAIL_BROKER:
		return;
	case RV_JAIL_PLUGHOST:
		allow_list(f, rv_calls_looking);
		read_only_open(f);
		if (spec->profile == RV_PROFILE_NET)
			inet_rules(f);
		if (spec->profile == RV_PROFILE_LOOPBACK)
			allow_list(f, rv_calls_connected);
		return;
	case RV_JAIL_PLACE:
		file_rules(f);
		allow(f, "fchmod");
		allow_list(f, rv_calls_attributes);
		allow_if(f, "utimensat", SCMP_A1(SCMP_CMP_EQ, 0)); /* futimens(): by descriptor */
		return;
	case RV_JAIL_REPORT:
		file_rules(f); /* its identity directory; Landlock has the rest */
		allow(f, "fchmod");
		inet_rules(f);
		return;
	case RV_JAIL_SCAN:
		/* The C library may want a converter of character sets for a name in an archive:
		 * it goes on without. */
		rule(f, SOFT(EACCES), "mmap", 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
		file_rules(f); /* Landlock says where */
		/* What it reads it may not open to others. rv_file_replace() asks for the mode that
		 * its file was created with: that is done. */
		soften(f, "fchmod", 0);
		thread_rules(f);
		soften(f, "prlimit64", EPERM); /* a thread asks for the size of its stack */
		return;
	case RV_JAIL_ASK:
		allow_list(f, rv_calls_looking);
		read_only_open(f);
		inet_rules(f);
		soften(f, "prlimit64", EPERM); /* as above: the resolver's */
		return;
	case RV_JAIL__COUNT:
		return;
	}
}

rv_status rv_seccomp_raise(const struct rv_confine_spec *spec, uint64_t *walls,
			   struct rv_diag *diag)
{
	struct filter f = {.ctx = seccomp_init(rv_seccomp_default_action())};

	if (!f.ctx)
		return rv_fail_nomem(diag);
	allow_list(&f, rv_calls_common);
	memory_rules(&f, spec->jail == RV_JAIL_PLUGHOST || spec->jail == RV_JAIL_REPORT ||
				 spec->jail == RV_JAIL_ASK); /* name services are libraries */
	self_rules(&f);
	jail_rules(&f, spec);
	/* A binary tree instead of a chain: the list is long and each call pays for it. */
	(void)seccomp_attr_set(f.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* speed only */
	int r = f.failed != 0 ? f.failed : seccomp_load(f.ctx);

	seccomp_release(f.ctx);
	if (r != 0) {
		errno = -r;
		return rv_fail_errno(diag, "seccomp filter");
	}
	*walls |= RV_WALL_SECCOMP;
	return RV_OK;
}
