/* daemon: users, directories, keys, lock and control socket. Nothing here reads what others wrote,
 * but for the keys' sizes. */
#include "agent/daemon/reeved.h"

#include "agent/base/digest.h"
#include "agent/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define KEY_BYTES 32
/* In no range that systemd or Debian give to anybody. */
#define SESSION_UIDS 60600

static const char *const key_names[SUP_KEY__COUNT] = {"host", "fleet", "sealing", "evidence"};

const char *sup_key_name(enum sup_key key)
{
	return key_names[key];
}

/* --- users --- */

static const char *const user_names[RV_ROLE__COUNT] = {
	[RV_ROLE_ENGINE] = "reeve",
	[RV_ROLE_OPEN] = "_reeve-open",
	[RV_ROLE_DISCOVER] = "_reeve-discover",
	[RV_ROLE_BROKER] = "_reeve-broker",
	[RV_ROLE_PLUGHOST] = "_reeve-plughost",
	[RV_ROLE_REPORT] = "_reeve-report",
};

static uint32_t group_of(const char *name)
{
	const struct group *g = getgrnam(name);

	return g ? g->gr_gid : UINT32_MAX;
}

static rv_status find_users(struct sup *sup, struct rv_diag *diag)
{
	uint32_t base = sup->opt.uid_base;

	sup->gid_reeve = group_of("reeve");
	sup->gid_operators = group_of("reeve-operators");
	for (unsigned role = 0; role < RV_ROLE__COUNT; role++) {
		sup->users[role] = (struct sup_user){UINT32_MAX, UINT32_MAX};
		if (!sup->is_root || !user_names[role])
			continue;
		const struct passwd *pw = base == 0 ? getpwnam(user_names[role]) : NULL;

		if (pw) {
			sup->users[role] = (struct sup_user){pw->pw_uid, pw->pw_gid};
			continue;
		}
		if (base == 0 && sup->opt.once_fd < 0) {
			rv_diag_next(diag, "run systemd-sysusers, or for a trial add --uids %d",
				     SESSION_UIDS);
			return rv_fail(RV_CLASS_MISCONFIGURED, diag, "there is no user %s",
				       user_names[role]);
		}
		uint32_t id = (base == 0 ? SESSION_UIDS : base) + role - RV_ROLE_ENGINE;

		sup->users[role] = (struct sup_user){id, id};
	}
	return RV_OK;
}

/* --- directories --- */

static rv_status make_dir(const struct sup *sup, const char *path, mode_t mode,
			  const struct sup_user *owner, struct rv_diag *diag)
{
	struct stat st;

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return rv_fail_errno(diag, "making %s", path);
	RV_CLEANUP(rv_fd_closep)
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) != 0)
		return rv_fail_errno(diag, "%s", path);
	if (sup->is_root && owner && owner->uid != UINT32_MAX &&
	    fchown(fd, owner->uid, owner->gid) != 0)
		return rv_fail_errno(diag, "giving %s to its role", path);
	/* A directory that is to be ours and is another's was put there before us: whoever owns it
	 * could exchange the keys below it. */
	if ((!sup->is_root || !owner) && st.st_uid != geteuid()) {
		rv_diag_next(diag, "chown it, or choose another --state or --run");
		return rv_fail(RV_CLASS_DENIED, diag, "%s belongs to uid %u", path, st.st_uid);
	}
	if (fchmod(fd, mode) != 0)
		return rv_fail_errno(diag, "%s", path);
	return RV_OK;
}

static rv_status make_sub(const struct sup *sup, const char *name, const struct sup_user *owner,
			  struct rv_diag *diag)
{
	char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", sup->opt.state, name) >= sizeof(path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "--state is too long");
	return make_dir(sup, path, 0700, owner, diag);
}

static rv_status make_dirs(struct sup *sup, struct rv_diag *diag)
{
	/* As root the roles are users of their own and must pass through, not list. */
	RV_TRY(make_dir(sup, sup->opt.state, sup->is_root ? 0711 : 0700, NULL, diag));
	RV_TRY(make_sub(sup, "keys", NULL, diag));
	RV_TRY(make_sub(sup, "engine", &sup->users[RV_ROLE_ENGINE], diag));
	RV_TRY(make_sub(sup, "report", &sup->users[RV_ROLE_REPORT], diag));
	RV_TRY(make_dir(sup, sup->opt.run, sup->is_root ? 0755 : 0700, NULL, diag));
	sup->state_fd = open(sup->opt.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (sup->state_fd < 0)
		return rv_fail_errno(diag, "%s", sup->opt.state);
	sup->lock_fd = openat(sup->state_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (sup->lock_fd < 0)
		return rv_fail_errno(diag, "%s/lock", sup->opt.state);
	if (flock(sup->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		rv_diag_next(diag, "systemctl stop reeved, or choose another --state");
		return rv_fail(RV_CLASS_CONFLICT, diag, "another reeved uses %s", sup->opt.state);
	}
	return RV_OK;
}

/* --- keys --- */

/* Complete or not there: written aside, then linked into place. */
static rv_status make_key(int keys_fd, const char *file, struct rv_diag *diag)
{
	static const char aside[] = "new";
	uint8_t bytes[KEY_BYTES];

	if (unlinkat(keys_fd, aside, 0) != 0 && errno != ENOENT)
		return rv_fail_errno(diag, "keys");
	RV_CLEANUP(rv_fd_closep)
	int fd = openat(keys_fd, aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);

	if (fd < 0)
		return rv_fail_errno(diag, "making %s", file);
	rv_random(bytes, sizeof(bytes));
	rv_status s = rv_fd_write_all(fd, bytes, sizeof(bytes), diag);

	explicit_bzero(bytes, sizeof(bytes));
	RV_TRY(s);
	if (fsync(fd) != 0 || linkat(keys_fd, aside, keys_fd, file, 0) != 0 ||
	    unlinkat(keys_fd, aside, 0) != 0 || fsync(keys_fd) != 0)
		return rv_fail_errno(diag, "making %s", file);
	return RV_OK;
}

static rv_status check_key(int fd, const char *file, struct rv_diag *diag)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return rv_fail_errno(diag, "%s", file);
	if (!S_ISREG(st.st_mode) || st.st_size != KEY_BYTES)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "%s does not hold %d bytes", file,
			       KEY_BYTES);
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0) {
		rv_diag_next(diag, "chmod 0400 it, owned by the user reeved runs as");
		return rv_fail(RV_CLASS_DENIED, diag, "%s is open to others", file);
	}
	return RV_OK;
}

static void key_path(enum sup_key key, char out[32])
{
	(void)snprintf(out, 32, "keys/%s.key", key_names[key]); /* always fits */
}

static rv_status open_stored(const struct sup *sup, enum sup_key key, int *out_fd,
			     struct rv_diag *diag)
{
	char path[32];

	key_path(key, path);
	RV_CLEANUP(rv_fd_closep)
	int fd = openat(sup->state_fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return rv_fail_errno(diag, "%s", path);
	RV_TRY(check_key(fd, path, diag));
	*out_fd = RV_TAKE_FD(fd);
	return RV_OK;
}

rv_status sup_key_open(const struct sup *sup, enum sup_key key, int *out_fd, struct rv_diag *diag)
{
	char path[32];

	if (sup->opt.once_fd < 0)
		return open_stored(sup, key, out_fd, diag);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", sup->session_keys[key]);
	*out_fd = open(path, O_RDONLY | O_CLOEXEC);
	return *out_fd < 0 ? rv_fail_errno(diag, "a session key") : RV_OK;
}

static rv_status session_key(int *out_fd)
{
	uint8_t bytes[KEY_BYTES];

	rv_random(bytes, sizeof(bytes));
	rv_status s = rv_memfd_sealed("key", bytes, sizeof(bytes), out_fd);

	explicit_bzero(bytes, sizeof(bytes));
	return s;
}

rv_status sup_keys_make(struct sup *sup, struct rv_diag *diag)
{
	if (sup->opt.once_fd >= 0) {
		for (unsigned k = 0; k < SUP_KEY__COUNT; k++)
			RV_TRY(session_key(&sup->session_keys[k]));
		return RV_OK;
	}
	RV_CLEANUP(rv_fd_closep)
	int keys = openat(sup->state_fd, "keys", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (keys < 0)
		return rv_fail_errno(diag, "%s/keys", sup->opt.state);
	for (unsigned k = 0; k < SUP_KEY__COUNT; k++) {
		RV_CLEANUP(rv_fd_closep) int fd = -1;
		char path[32];

		key_path(k, path);
		if (faccessat(sup->state_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
			RV_TRY(make_key(keys, path + strlen("keys/"), diag));
		RV_TRY(open_stored(sup, k, &fd, diag)); /* a bad one stops us now, not later */
	}
	return RV_OK;
}

/* --- control socket --- */

static rv_status bind_control(struct sup *sup, struct rv_diag *diag)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	bool for_group = sup->is_root && sup->gid_reeve != UINT32_MAX;

	if ((size_t)snprintf(to.sun_path, sizeof(to.sun_path), "%s/control.sock", sup->opt.run) >=
	    sizeof(to.sun_path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "--run is too long for a socket");
	if (unlink(to.sun_path) != 0 && errno != ENOENT) /* ours of before: we hold the lock */
		return rv_fail_errno(diag, "%s", to.sun_path);
	sup->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* umask is 077: between bind and chmod it is ours alone. */
	if (sup->listen_fd < 0 ||
	    bind(sup->listen_fd, (const struct sockaddr *)&to, sizeof(to)) != 0 ||
	    (for_group && chown(to.sun_path, 0, sup->gid_reeve) != 0) ||
	    chmod(to.sun_path, for_group ? 0660 : 0600) != 0 || listen(sup->listen_fd, 64) != 0)
		return rv_fail_errno(diag, "%s", to.sun_path);
	return RV_OK;
}

rv_status sup_prepare(struct sup *sup, struct rv_diag *diag)
{
	RV_TRY(find_users(sup, diag));
	if (sup->opt.once_fd < 0)
		RV_TRY(make_dirs(sup, diag));
	RV_TRY(sup_keys_make(sup, diag));
	if (sup->opt.once_fd < 0)
		RV_TRY(bind_control(sup, diag));
	return RV_OK;
}
