/* act: the old file to the broker, the new content to a staged name beside the old. Not here:
 * making it live (deploy_swap.c). */
#include "agent/act/deploy.h"

#include "agent/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

static rv_status capture(struct rv_deploy *d, const struct rv_rec_capture *ask,
			 struct rv_held *held)
{
	char name[RV_PLACE_NAME];
	int dir = rv_deploy_dir(d, ask->dir);

	if (dir < 0)
		return rv_fail(RV_CLASS_MALFORMED, &d->diag, "no such directory in this role");
	RV_TRY(rv_place_name(ask->name, name, &d->diag));
	return rv_held_read(dir, name, RV_STR_LIT("capture"), held, &d->diag);
}

void rv_deploy_capture(struct rv_deploy *d, const struct rv_rec_capture *ask,
		       struct rv_rec_captured *out, struct rv_secret **out_content)
{
	RV_CLEANUP(rv_held_done) struct rv_held held = {.fd = -1};

	d->diag = (struct rv_diag){0};
	rv_buf_reset(&d->out);
	rv_status r = capture(d, ask, &held);
	if (rv_is_ok(r))
		r = rv_buf_put(&d->out, held.keyed.bytes, RV_SHA256_LEN);
	*out = (struct rv_rec_captured){.outcome = r.class_id, .text = rv_str_of(d->diag.text)};
	if (out->text.len > RV_DEPLOY_TEXT)
		out->text.len = RV_DEPLOY_TEXT;
	if (!rv_is_ok(r))
		return;
	out->keyed = rv_buf_view(&d->out);
	*out_content = RV_TAKE(held.content);
}

/* Those that say something about the content, not about who may use it. */
static bool is_about_content(const char *name)
{
	return strcmp(name, "security.ima") == 0 || strcmp(name, "security.evm") == 0;
}

static rv_status keep_attribute(int from, int to, const char *name, struct rv_diag *diag)
{
	uint8_t had[2048], has[2048];
	ssize_t n = fgetxattr(from, name, had, sizeof(had));

	if (n < 0 && errno == ENODATA)
		return RV_OK;
	if (n < 0)
		return rv_fail_errno(diag, "cannot read the attribute %s", name);
	/* The label that the directory gives by itself need not be set again (that takes rights).
	 */
	ssize_t m = fgetxattr(to, name, has, sizeof(has));
	if (m == n && memcmp(had, has, (size_t)n) == 0)
		return RV_OK;
	if (fsetxattr(to, name, had, (size_t)n, 0) != 0)
		return rv_fail_errno(diag, "cannot keep the attribute %s", name);
	return RV_OK;
}

/* ACLs and labels are extended attributes too. */
static rv_status keep_attributes(int from, int to, struct rv_diag *diag)
{
	char names[2048];
	ssize_t len = flistxattr(from, names, sizeof(names));

	if (len < 0 && (errno == ENOTSUP || errno == ENOSYS))
		return RV_OK;
	if (len < 0)
		return rv_fail_errno(diag, "cannot list the attributes");
	for (const char *name = names; name < names + len; name += strlen(name) + 1)
		if (!is_about_content(name))
			RV_TRY(keep_attribute(from, to, name, diag));
	return RV_OK;
}

static rv_status keep_rights(const struct rv_held *old, int to, struct rv_diag *diag)
{
	struct stat st;

	if (fstat(to, &st) != 0)
		return rv_fail_errno(diag, "cannot look at the staged file");
	if ((st.st_uid != old->st.st_uid || st.st_gid != old->st.st_gid) &&
	    fchown(to, old->st.st_uid, old->st.st_gid) != 0)
		return rv_fail_errno(diag, "cannot keep the owner %u:%u", old->st.st_uid,
				     old->st.st_gid);
	if (fchmod(to, old->st.st_mode & 07777) != 0)
		return rv_fail_errno(diag, "cannot keep the mode");
	return keep_attributes(old->fd, to, diag);
}

static const struct rv_secret *secret_of(const struct rv_deploy *d, uint64_t ref)
{
	for (size_t i = 0; i < d->secret_count; i++)
		if (d->secrets[i].ref == ref)
			return d->secrets[i].bytes;
	return NULL;
}

static rv_status write_parts(struct rv_deploy *d, struct rv_str parts, int fd)
{
	struct rv_rec_stage_part part;
	bool ok = true;

	while (rv_list_next(&parts, &rv_desc_stage_part, &part, &ok)) {
		rv_fault_point("place.write");
		if (!part.ref) {
			RV_TRY(rv_fd_write_all(fd, part.bytes.data, part.bytes.len, &d->diag));
			continue;
		}
		const struct rv_secret *secret = secret_of(d, part.ref);
		if (!secret)
			return rv_fail(RV_CLASS_NOT_FOUND, &d->diag,
				       "the broker has not handed over part %llu",
				       (unsigned long long)part.ref);
		RV_TRY(rv_fd_write_all(fd, rv_secret_reveal(secret), rv_secret_len(secret),
				       &d->diag));
	}
	if (!ok)
		return rv_fail(RV_CLASS_MALFORMED, &d->diag, "no whole list of parts");
	return RV_OK;
}

struct staging {
	int dir;
	char name[RV_PLACE_NAME], staged[RV_PLACE_NAME], partial[RV_PLACE_NAME];
	struct rv_held old;
};

static void staging_done(struct staging *s)
{
	rv_held_done(&s->old);
}

/* Looks at the old file: it must be what the plan saw, and replaceable. */
static rv_status begin(struct rv_deploy *d, const struct rv_rec_stage *ask, struct staging *s)
{
	s->dir = rv_deploy_dir(d, ask->dir);
	if (s->dir < 0)
		return rv_fail(RV_CLASS_MALFORMED, &d->diag, "no such directory in this role");
	RV_TRY(rv_place_name(ask->name, s->name, &d->diag));
	RV_TRY(rv_place_staged(ask->tag, '-', s->name, s->staged, &d->diag));
	RV_TRY(rv_place_staged(ask->tag, '~', s->name, s->partial, &d->diag));
	RV_TRY(rv_held_read(s->dir, s->name, ask->salt, &s->old, &d->diag));
	if (s->old.st.st_nlink > 1)
		return rv_fail(RV_CLASS_CONFLICT, &d->diag, "%s has %lu hard links", s->name,
			       (unsigned long)s->old.st.st_nlink);
	if (rv_place_is_mount(s->old.fd))
		return rv_fail(RV_CLASS_CONFLICT, &d->diag,
			       "%s is a mount point (bind mount) and cannot be renamed", s->name);
	if (ask->old_keyed.len != RV_SHA256_LEN ||
	    memcmp(s->old.keyed.bytes, ask->old_keyed.data, RV_SHA256_LEN) != 0)
		return rv_fail(RV_CLASS_CONFLICT, &d->diag,
			       "%s is not the file that was looked at (foreign content)", s->name);
	return RV_OK;
}

static rv_status write_partial(struct rv_deploy *d, const struct rv_rec_stage *ask,
			       const struct staging *s)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;

	rv_fault_point("place.create");
	RV_TRY(rv_place_open(s->dir, s->partial, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, &d->diag));
	RV_TRY(write_parts(d, ask->parts, fd));
	RV_TRY(keep_rights(&s->old, fd, &d->diag));
	rv_fault_point("place.fsync");
	if (fsync(fd) != 0)
		return rv_fail_errno(&d->diag, "cannot make %s durable", s->staged);
	return RV_OK;
}

static rv_status put_staged(struct rv_deploy *d, const struct staging *s)
{
	rv_fault_point("place.rename");
	if (renameat2(s->dir, s->partial, s->dir, s->staged, RENAME_NOREPLACE) != 0)
		return rv_fail_errno(&d->diag, "cannot put %s", s->staged);
	return rv_place_sync_dir(s->dir, &d->diag);
}

static rv_status stage(struct rv_deploy *d, const struct rv_rec_stage *ask,
		       struct rv_digest *out_keyed)
{
	RV_CLEANUP(staging_done) struct staging s = {.old.fd = -1};
	RV_CLEANUP(rv_held_done) struct rv_held made = {.fd = -1};

	RV_TRY(begin(d, ask, &s));
	/* Leftovers of an interrupted staging under our own tag: never live, never linked. */
	RV_TRY(rv_place_shred(s.dir, s.partial, s.partial, &d->diag));
	RV_TRY(rv_place_shred(s.dir, s.staged, s.partial, &d->diag));
	rv_status r = write_partial(d, ask, &s);
	if (rv_is_ok(r))
		r = put_staged(d, &s);
	if (!rv_is_ok(r)) {
		/* Nothing half-written stays; the failure is what is reported. */
		(void)rv_is_ok(rv_place_shred(s.dir, s.partial, s.partial, NULL));
		(void)rv_is_ok(rv_place_shred(s.dir, s.staged, s.partial, NULL));
		return r;
	}
	RV_TRY(rv_held_read(s.dir, s.staged, ask->salt, &made, &d->diag));
	*out_keyed = made.keyed;
	return RV_OK;
}

void rv_deploy_stage(struct rv_deploy *d, const struct rv_rec_stage *ask, struct rv_rec_staged *out)
{
	struct rv_digest keyed = {{0}};

	d->diag = (struct rv_diag){0};
	rv_buf_reset(&d->out);
	rv_status r = stage(d, ask, &keyed);
	if (rv_is_ok(r))
		r = rv_buf_put(&d->out, keyed.bytes, RV_SHA256_LEN);
	*out = (struct rv_rec_staged){.outcome = r.class_id, .text = rv_str_of(d->diag.text)};
	if (out->text.len > RV_DEPLOY_TEXT)
		out->text.len = RV_DEPLOY_TEXT;
	if (rv_is_ok(r))
		out->new_keyed = rv_buf_view(&d->out);
}
