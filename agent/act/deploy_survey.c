/* act: what lies there now, and who else looks after it. Reads only. Not here: whether that is
 * good enough to go on (rotation_checks.c). */
#include "agent/act/deploy.h"

#include "agent/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CERTS_MAX 32768

/* File systems known to exchange two names. Any other is refused before anything is minted. */
static const struct {
	long magic;
	const char *name;
} exchanging[] = {
	{0xEF53, "ext"},       {0x58465342, "xfs"},	 {0x9123683E, "btrfs"},
	{0x01021994, "tmpfs"}, {0xF2F52010, "f2fs"},	 {0x794C7630, "overlay"},
	{0x2FC12FC1, "zfs"},   {0xCA451A4E, "bcachefs"},
};

static bool can_exchange(const struct statfs *fs)
{
	for (size_t i = 0; i < RV_LEN(exchanging); i++)
		if (fs->f_type == exchanging[i].magic)
			return true;
	return false;
}

static bool has(const struct rv_secret *content, const char *what)
{
	return content && memmem(rv_secret_reveal(content), rv_secret_len(content), what,
				 strlen(what)) != NULL;
}

static bool exists(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* certbot's live/NAME/{cert,privkey,chain,fullchain}.pem -> ../../archive/NAME/..N.pem, renewed by
 * ../../renewal/NAME.conf (a stat by name only: nothing outside the directory is opened). */
static bool is_certbot(const char *path, const char *last, int dir_fd, const char *name)
{
	char conf[2 * RV_PLACE_NAME];
	char target[1024];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof(target) - 1);

	if (n > 0) {
		target[n] = '\0';
		if (strncmp(target, "../../archive/", 14) == 0)
			return true;
	}
	(void)snprintf(conf, sizeof(conf), "../../renewal/%.255s.conf", last); /* cut: none such */
	return strstr(path, "/letsencrypt/live") || strstr(path, "/letsencrypt/archive") ||
	       exists(dir_fd, conf);
}

static const struct {
	const char *marker;
	const char *who;
} markers[] = {
	{"anaged by Puppet", "Puppet"}, {"anaged by puppet", "Puppet"},
	{"nsible managed", "Ansible"},	{"anaged by Ansible", "Ansible"},
	{"anaged by Chef", "Chef"},	{"anaged by Salt", "Salt"},
	{"anaged by salt", "Salt"},
};

bool rv_deploy_manager(const char *dir_path, int dir_fd, const char *name,
		       const struct rv_secret *content, char *out, size_t size)
{
	const char *who = NULL;
	char conf[2 * RV_PLACE_NAME], path[2048];

	if (snprintf(path, sizeof(path), "%s/", dir_path) >= (int)sizeof(path))
		return false;
	char *slash = strrchr(path, '/');
	*slash = '\0';
	const char *last = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	(void)snprintf(conf, sizeof(conf), "%.255s.conf", last); /* cut: no such file exists */
	if (strlen(last) > 4 && strcmp(last + strlen(last) - 4, "_ecc") == 0)
		(void)snprintf(conf, sizeof(conf), "%.*s.conf", (int)(strnlen(last, 255) - 4),
			       last); /* the same */
	bool certbot = is_certbot(path, last, dir_fd, name);
	*slash = '/';
	if (certbot)
		who = "certbot";
	else if (exists(dir_fd, "..data"))
		who = "Kubernetes (..data)";
	else if (strstr(path, "/.acme.sh/") || (exists(dir_fd, conf) && exists(dir_fd, "ca.cer")))
		who = "acme.sh";
	else if (strstr(path, "/certmonger/") || strstr(path, "/ipa/certs/"))
		who = "certmonger";
	for (size_t i = 0; !who && i < RV_LEN(markers); i++)
		if (has(content, markers[i].marker))
			who = markers[i].who;
	return who && snprintf(out, size, "%s", who) > 0;
}

/* Copies the CERTIFICATE blocks, and nothing else, behind what is in out. */
static rv_status put_certs(const struct rv_secret *content, struct rv_buf *out, size_t *out_len)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----";
	static const char end[] = "-----END CERTIFICATE-----";
	const uint8_t *at = rv_secret_reveal(content);
	size_t left = rv_secret_len(content), put = 0;

	for (;;) {
		const uint8_t *from = left ? memmem(at, left, begin, sizeof(begin) - 1) : NULL;
		if (!from)
			break;
		left -= (size_t)(from - at);
		const uint8_t *to = memmem(from, left, end, sizeof(end) - 1);
		if (!to)
			break;
		size_t len = (size_t)(to - from) + sizeof(end) - 1;
		if (put + len + 1 > CERTS_MAX)
			return rv_fail(RV_CLASS_EXHAUSTED, NULL, "too many certificates");
		RV_TRY(rv_buf_put(out, from, len));
		RV_TRY(rv_buf_put_byte(out, '\n'));
		put += len + 1;
		at = from + len;
		left -= len;
	}
	*out_len = put;
	return RV_OK;
}

struct look {
	struct rv_rec_survey_item item;
	char link_target[4096];
	struct rv_digest keyed;
	struct rv_buf certs;
	struct rv_diag diag;
	char manager[256];
};

static rv_status look_file(int dir, const char *name, struct rv_str salt, const char *path,
			   struct look *look)
{
	RV_CLEANUP(rv_held_done) struct rv_held held = {.fd = -1};
	size_t len = 0;

	RV_TRY(rv_held_read(dir, name, salt, &held, &look->diag));
	if (held.st.st_ino != look->item.ino || held.st.st_dev != look->item.dev)
		return rv_fail(RV_CLASS_CONFLICT, &look->diag, "%s was replaced meanwhile", name);
	look->keyed = held.keyed;
	look->item.keyed = (struct rv_str){look->keyed.bytes, RV_SHA256_LEN};
	look->item.has_key = has(held.content, "PRIVATE KEY-----");
	RV_TRY(put_certs(held.content, &look->certs, &len));
	look->item.certs = (struct rv_str){look->certs.data, len};
	if (!look->manager[0])
		(void)rv_deploy_manager(path, dir, name, held.content, look->manager,
					sizeof(look->manager)); /* false leaves it empty */
	return RV_OK;
}

static rv_status look_at(int dir, const char *name, struct rv_str salt, const char *path,
			 struct look *look)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	struct stat st;

	look->item.type = 4;
	rv_status r = rv_place_open(dir, name, O_PATH, 0, &fd, &look->diag);
	if (rv_class_of(r) == RV_CLASS_NOT_FOUND)
		return RV_OK;
	RV_TRY(r);
	if (fstat(fd, &st) != 0)
		return rv_fail_errno(&look->diag, "cannot look at %s", name);
	look->item = (struct rv_rec_survey_item){
		.type = S_ISREG(st.st_mode)   ? 1
			: S_ISLNK(st.st_mode) ? 2
					      : 3,
		.dev = st.st_dev,
		.ino = st.st_ino,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.mode = st.st_mode & 07777,
		.links = st.st_nlink > UINT32_MAX ? UINT32_MAX : st.st_nlink,
		.size_bytes = (uint64_t)st.st_size,
		.is_mount = rv_place_is_mount(fd),
	};
	if (look->item.type == 2) {
		ssize_t n = readlinkat(fd, "", look->link_target, sizeof(look->link_target));
		if (n < 0)
			return rv_fail_errno(&look->diag, "cannot read the link %s", name);
		look->item.link_target =
			(struct rv_str){(const uint8_t *)look->link_target, (size_t)n};
	}
	return look->item.type == 1 ? look_file(dir, name, salt, path, look) : RV_OK;
}

static rv_status add_one(struct rv_deploy *d, const struct rv_rec_place_item *ask,
			 struct rv_str salt, struct rv_buf *list, struct rv_rec_surveyed *out,
			 char manager[256])
{
	struct statfs fs;
	char name[RV_PLACE_NAME];
	int dir = rv_deploy_dir(d, ask->dir);

	if (dir < 0)
		return rv_fail(RV_CLASS_MALFORMED, &d->diag, "no such directory in this role");
	RV_TRY(rv_place_name(ask->name, name, &d->diag));
	if (fstatfs(dir, &fs) != 0)
		return rv_fail_errno(&d->diag, "cannot look at the file system of %s", name);
	uint64_t room = (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize;
	out->free_bytes = room < out->free_bytes ? room : out->free_bytes;
	out->can_exchange &= can_exchange(&fs);

	struct look look = {0};
	const char *path = d->args->dirs[ask->dir].path;
	rv_buf_init(&look.certs, CERTS_MAX);
	(void)rv_deploy_manager(path, dir, name, NULL, look.manager,
				sizeof(look.manager)); /* false leaves it empty */
	rv_status r = look_at(dir, name, salt, path, &look);
	look.item.outcome = r.class_id;
	look.item.text = rv_str_of(look.diag.text);
	if (look.item.text.len > RV_DEPLOY_TEXT)
		look.item.text.len = RV_DEPLOY_TEXT;
	if (look.manager[0] && !manager[0])
		memcpy(manager, look.manager, sizeof(look.manager));
	r = rv_list_add(list, &rv_desc_survey_item, &look.item);
	rv_buf_done(&look.certs);
	return r;
}

void rv_deploy_survey(struct rv_deploy *d, const struct rv_rec_survey *ask,
		      struct rv_rec_surveyed *out)
{
	static char manager[256];
	struct rv_str list = ask->items;
	struct rv_rec_place_item item;
	rv_status r = RV_OK;
	bool ok = true;

	d->diag = (struct rv_diag){0};
	rv_buf_reset(&d->out);
	manager[0] = '\0';
	*out = (struct rv_rec_surveyed){.free_bytes = UINT64_MAX, .can_exchange = 1};
	while (rv_is_ok(r) && rv_list_next(&list, &rv_desc_place_item, &item, &ok))
		r = add_one(d, &item, ask->salt, &d->out, out, manager);
	if (rv_is_ok(r) && !ok)
		r = rv_fail(RV_CLASS_MALFORMED, &d->diag, "no whole list of files");
	out->outcome = r.class_id;
	out->items = rv_is_ok(r) ? rv_buf_view(&d->out) : RV_STR_NONE;
	out->manager = rv_str_of(manager);
	out->text = rv_str_of(d->diag.text);
	if (out->text.len > RV_DEPLOY_TEXT)
		out->text.len = RV_DEPLOY_TEXT;
}
