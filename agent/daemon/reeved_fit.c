/* daemon: what each role is given, and what of it must be granted. */
#include "agent/daemon/reeved.h"

#include "agent/base/digest.h"
#include "agent/base/fd.h"
#include "agent/base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PLUGIN_MAX (32U << 20)

static void as_user(struct sup *sup, struct sup_launch *l, struct sup_user user)
{
	if (!sup->is_root)
		return;
	sup_launch_arg(l, "--uid", "%u", user.uid);
	sup_launch_arg(l, "--gid", "%u", user.gid);
}

static rv_status fit_keys(struct sup *sup, struct sup_launch *l, const enum sup_key *keys,
			  size_t count, struct rv_diag *diag)
{
	for (size_t i = 0; i < count; i++) {
		int fd = -1;

		RV_TRY(sup_key_open(sup, keys[i], &fd, diag));
		sup_launch_named(l, sup_key_name(keys[i]), fd);
	}
	return RV_OK;
}

static void add_gid(struct sup_launch *l, const char *key, uint32_t gid)
{
	if (gid != UINT32_MAX)
		sup_launch_arg(l, "--set", "%s=%u", key, gid);
}

static rv_status fit_engine(struct sup *sup, struct sup_launch *l)
{
	sup_launch_arg(l, "--set", "config=%s", sup->opt.config);
	sup_launch_arg(l, "--set", "share=%s", sup->opt.share);
	add_gid(l, "gid_reeve", sup->gid_reeve);
	add_gid(l, "gid_operators", sup->gid_operators);
	if (sup->opt.once_fd >= 0) {
		sup_launch_arg(l, "--set", "session=1");
		sup_launch_arg(l, "--set", "db=:memory:");
		sup_launch_named(l, "control", fcntl(sup->opt.once_fd, F_DUPFD_CLOEXEC, 3));
	} else {
		sup_launch_arg(l, "--set", "state=%s/engine", sup->opt.state);
		sup_launch_arg(l, "--set", "db=%s/engine/reeve.db", sup->opt.state);
		sup_launch_named(l, "listen", fcntl(sup->listen_fd, F_DUPFD_CLOEXEC, 3));
	}
	return RV_OK;
}

/* --- place: every directory granted, and one owner for all of them --- */

static rv_status open_granted(struct sup *sup, struct rv_str dir, int *out_fd, struct rv_diag *diag)
{
	struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
			       .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
	struct rv_buf path;

	if (!rv_path_is_clean(dir) || !rv_grants_write(&sup->grants, dir)) {
		rv_diag_next(diag, "root may add: write %.*s", (int)dir.len,
			     (const char *)dir.data);
		return rv_fail(RV_CLASS_DENIED, diag, "no grant to write in %.*s", (int)dir.len,
			       (const char *)dir.data);
	}
	rv_buf_init(&path, 8192);
	rv_status s = rv_path_join(rv_str_of(sup->opt.root), dir, &path);
	const char *name = rv_is_ok(s) ? rv_buf_cstr(&path) : NULL;

	if (name) {
		*out_fd = (int)syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof(how));
		s = *out_fd < 0 ? rv_fail_errno(diag, "opening %s without following links", name)
				: RV_OK;
	}
	rv_buf_done(&path);
	return s;
}

/* Place runs as the directories' owner: no other uid may write there without more capabilities. */
static rv_status one_owner(const struct stat *st, size_t index, struct sup_user *owner,
			   struct rv_diag *diag)
{
	if (index == 0 && owner->uid == UINT32_MAX)
		*owner = (struct sup_user){st->st_uid, st->st_gid};
	if (st->st_uid == owner->uid)
		return RV_OK;
	rv_diag_next(diag, "start one place for each owner of directories");
	return rv_fail(RV_CLASS_DENIED, diag, "a directory belongs to uid %u, not %u", st->st_uid,
		       owner->uid);
}

static rv_status check_group(const struct sup_user *owner, const struct stat *last,
			     struct rv_diag *diag)
{
	const struct passwd *pw = owner->uid == 0 ? NULL : getpwuid(owner->uid);

	if ((owner->uid == 0 && owner->gid == 0) || owner->gid == last->st_gid ||
	    (pw && pw->pw_gid == owner->gid))
		return RV_OK;
	return rv_fail(RV_CLASS_DENIED, diag, "uid %u may not be given group %u", owner->uid,
		       owner->gid);
}

static rv_status fit_place(struct sup *sup, struct sup_launch *l, const struct rv_rec_spawn *ask,
			   struct rv_diag *diag)
{
	struct sup_user owner = {(uint32_t)ask->uid, (uint32_t)ask->gid};
	struct rv_str rest = ask->dirs;
	struct rv_rec_text_item item;
	struct stat st = {0};
	bool ok = true;
	size_t n = 0;

	for (; rv_list_next(&rest, &rv_desc_text_item, &item, &ok); n++) {
		int fd = -1;

		if (n == 32)
			return rv_fail(RV_CLASS_EXHAUSTED, diag, "more than 32 directories");
		RV_TRY(open_granted(sup, item.text, &fd, diag));
		int number = sup_launch_fd(l, fd);

		if (number < 0 || fstat(fd, &st) != 0)
			return rv_fail_nomem(diag);
		RV_TRY(one_owner(&st, n, &owner, diag));
		sup_launch_arg(l, "--dir", "%d:%.*s", number, (int)item.text.len,
			       (const char *)item.text.data);
	}
	if (!ok || n == 0)
		return rv_fail(RV_CLASS_MALFORMED, diag, "a place without directories");
	if (owner.gid == UINT32_MAX)
		owner.gid = owner.uid == 0 ? 0 : st.st_gid;
	RV_TRY(check_group(&owner, &st, diag));
	if (!sup->is_root && owner.uid != geteuid())
		return rv_fail(RV_CLASS_DENIED, diag, "without root only your own files: uid %u",
			       owner.uid);
	as_user(sup, l, owner);
	return RV_OK;
}

/* --- plughost: a granted plugin whose file has the granted digest --- */

static rv_status check_digest(const struct rv_buf *image, const struct rv_grant *grant,
			      struct rv_diag *diag)
{
	struct rv_digest is = rv_sha256(image->data, image->len);
	char hex[2 * RV_SHA256_LEN + 1];

	rv_hex(is.bytes, sizeof(is.bytes), hex);
	if (strcmp(hex, rv_grant_sha256(grant)) == 0)
		return RV_OK;
	rv_diag_next(diag, "if the new file is meant: plugin %s %s %s", rv_grant_subject(grant),
		     rv_grant_profile(grant), hex);
	return rv_fail(RV_CLASS_DENIED, diag, "%s.so is not the file that was granted",
		       rv_grant_subject(grant));
}

static rv_status load_plugin(struct sup *sup, const struct rv_grant *grant, int *out_fd,
			     struct rv_diag *diag)
{
	struct rv_buf path, image;

	rv_buf_init(&path, 4096);
	rv_buf_init(&image, PLUGIN_MAX);
	rv_status s = rv_buf_printf(&path, "%s/%s.so", sup->opt.plugins, rv_grant_subject(grant));

	if (rv_is_ok(s))
		s = rv_file_read(rv_buf_cstr(&path), PLUGIN_MAX, &image, diag);
	if (rv_is_ok(s))
		s = check_digest(&image, grant, diag);
	if (rv_is_ok(s)) /* these very bytes: the file cannot change between check and use */
		s = rv_memfd_sealed(rv_grant_subject(grant), image.data, image.len, out_fd);
	rv_buf_done(&image);
	rv_buf_done(&path);
	return s;
}

static rv_status fit_plughost(struct sup *sup, struct sup_launch *l, const struct rv_rec_spawn *ask,
			      struct rv_diag *diag)
{
	const struct rv_grant *grant = rv_grants_plugin(&sup->grants, ask->plugin);
	int fd = -1;

	if (!grant) {
		rv_diag_next(diag, "root may add: plugin NAME PROFILE SHA256");
		return rv_fail(RV_CLASS_DENIED, diag, "no grant for plugin %.*s",
			       (int)ask->plugin.len, (const char *)ask->plugin.data);
	}
	if (strcmp(rv_grant_profile(grant), "user-bus") == 0)
		return rv_fail(RV_CLASS_MISCONFIGURED, diag,
			       "this version has no profile user-bus");
	RV_TRY(load_plugin(sup, grant, &fd, diag));
	sup_launch_named(l, "plugin", fd);
	sup_launch_arg(l, "--set", "profile=%s", rv_grant_profile(grant));
	sup_launch_arg(l, "--set", "plugin=%s", rv_grant_subject(grant));
	return RV_OK;
}

rv_status sup_role_fit(struct sup *sup, struct sup_launch *l, const struct rv_rec_spawn *ask,
		       struct rv_diag *diag)
{
	static const enum sup_key all[] = {SUP_KEY_SEALING, SUP_KEY_EVIDENCE, SUP_KEY_FLEET,
					   SUP_KEY_HOST};

	if (l->role != RV_ROLE_PLACE)
		as_user(sup, l, sup->users[l->role]);
	switch (l->role) {
	case RV_ROLE_ENGINE:
		return fit_engine(sup, l);
	case RV_ROLE_OPEN: /* opened here: the role sits in an empty network namespace */
		sup_launch_named(l, "diag",
				 socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
		return RV_OK;
	case RV_ROLE_DISCOVER:
		return fit_keys(sup, l, all + 2, 2, diag);
	case RV_ROLE_BROKER:
		return fit_keys(sup, l, all, RV_LEN(all), diag);
	case RV_ROLE_PLUGHOST:
		return fit_plughost(sup, l, ask, diag);
	case RV_ROLE_PLACE:
		return fit_place(sup, l, ask, diag);
	case RV_ROLE_REPORT:
		if (sup->opt.once_fd < 0)
			sup_launch_arg(l, "--set", "identity=%s/report", sup->opt.state);
		return RV_OK;
	case RV_ROLE_ANY:
	case RV_ROLE_REEVED:
	case RV_ROLE_CLI:
	case RV_ROLE_PEER:
	case RV_ROLE__COUNT:
		break;
	}
	return rv_fail(RV_CLASS_BUG, diag, "not a role");
}
