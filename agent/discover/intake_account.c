/* discover: accounts, units and packages as findings. Not here: parsing lines (account.h, unit.h).
 */
#include "agent/base/path.h"
#include "agent/discover/intake_parts.h"

#include <stdlib.h>

#define FILES_MAX 16384 /* of found_unit.files */

static bool has_nul(struct rv_str s)
{
	return s.len > 0 && memchr(s.data, 0, s.len) != NULL;
}

rv_status rv_intake_passwd(struct rv_intake *in, struct rv_str bytes)
{
	struct rv_passwd entry;
	size_t bad = 0;

	rv_intake_forget_accounts(in);
	while (rv_passwd_next(&bytes, &entry, &bad)) {
		if (has_nul(entry.name) || has_nul(entry.home))
			continue; /* no account of this system */
		if (in->account_count == RV_ACCOUNTS_MAX)
			return rv_fail(RV_CLASS_EXHAUSTED, NULL, "too many accounts");
		if (in->account_count % 256 == 0) {
			void *more = realloc(in->accounts,
					     (in->account_count + 256) * sizeof(*in->accounts));

			if (!more)
				return rv_fail_nomem(NULL);
			in->accounts = more;
		}
		struct rv_intake_account a = {
			.name = rv_str_dup(entry.name),
			.home = rv_str_dup(entry.home),
			.uid = entry.uid,
			.gid = entry.gid,
			.password = entry.password,
			.can_login = entry.can_login,
		};
		if (!a.name || !a.home) {
			free(a.name);
			free(a.home);
			return rv_fail_nomem(NULL);
		}
		in->accounts[in->account_count++] = a;
	}
	return RV_OK;
}

void rv_intake_shadow(struct rv_intake *in, struct rv_str bytes)
{
	struct rv_shadow entry;
	size_t bad = 0;
	size_t guess = 0; /* both files mostly have the same order */

	while (rv_shadow_next(&bytes, &entry, &bad)) {
		for (size_t i = 0; i < in->account_count; i++) {
			size_t at = (guess + i) % in->account_count;
			struct rv_intake_account *a = &in->accounts[at];

			if (!rv_str_is(entry.name, a->name))
				continue;
			a->has_shadow = true;
			a->shadow = entry;
			a->shadow.name = RV_STR_NONE;
			guess = at + 1;
			break;
		}
	}
}

static uint64_t password_of(const struct rv_intake_account *a)
{
	if (a->password != 0)
		return a->password;
	return a->has_shadow ? a->shadow.password : 4;
}

rv_status rv_intake_accounts(struct rv_intake *in)
{
	for (size_t i = 0; i < in->account_count; i++) {
		const struct rv_intake_account *a = &in->accounts[i];
		struct rv_rec_found_account rec = {
			.uid = a->uid,
			.gid = a->gid,
			.can_login = a->can_login,
			.password = password_of(a),
			.changed_day = a->has_shadow ? a->shadow.changed_day : -1,
			.max_days = a->has_shadow ? a->shadow.max_days : -1,
			.expire_day = a->has_shadow ? a->shadow.expire_day : -1,
			.human = a->uid >= in->login_defs.uid_min &&
				 a->uid <= in->login_defs.uid_max,
		};

		rv_buf_reset(&in->text);
		RV_TRY(rv_intake_masked(in, rv_str_of(a->name), RV_NAME_MAX, &rec.name,
					&rec.masked));
		RV_TRY(rv_intake_masked(in, rv_str_of(a->home), RV_PATH_MAX, &rec.home,
					&rec.masked));
		RV_TRY(rv_intake_tell(in, RV_MSG_found_account, &rec));
	}
	return RV_OK;
}

void rv_intake_forget_accounts(struct rv_intake *in)
{
	for (size_t i = 0; i < in->account_count; i++) {
		free(in->accounts[i].name);
		free(in->accounts[i].home);
	}
	free(in->accounts);
	in->accounts = NULL;
	in->account_count = 0;
}

rv_status rv_intake_unit(struct rv_intake *in, struct rv_intake_file *f, struct rv_str bytes)
{
	const struct rv_rec_file_item *p = &f->place;
	struct rv_str name = rv_unit_name(f->real_path);
	struct rv_rec_found_unit rec = {
		.path = p->path,
		.masked = p->masked,
		.dev = p->dev,
		.ino = p->ino,
		.uid = p->uid,
		.gid = p->gid,
		.mode = p->mode,
		.mtime_us = p->mtime_us,
	};

	if (name.len == 0)
		return RV_OK;
	memset(in->unit, 0, sizeof(*in->unit));
	rv_unit_parse(bytes, in->unit);
	rv_buf_reset(&in->text);
	rec.dynamic_user = in->unit->is_dynamic_user;
	(void)rv_paths_add(&in->paths, f->real_path); /* full: its package stays unknown */
	if (in->unit->exec[0] == '/')
		(void)rv_paths_add(&in->paths, rv_str_of(in->unit->exec)); /* as above */
	RV_TRY(rv_intake_masked(in, name, RV_NAME_MAX, &rec.unit, &rec.masked));
	RV_TRY(rv_intake_masked(in, rv_str_of(in->unit->user), RV_NAME_MAX, &rec.user,
				&rec.masked));
	RV_TRY(rv_intake_masked(in, rv_str_of(in->unit->exec), RV_PATH_MAX, &rec.exec,
				&rec.masked));
	RV_TRY(rv_intake_masked(in, rv_str_of(in->unit->working_dir), RV_PATH_MAX, &rec.working_dir,
				&rec.masked));
	const struct rv_intake_texts files = {in->unit->files, in->unit->file_at,
					      in->unit->file_count, RV_PATH_MAX, FILES_MAX};
	RV_TRY(rv_intake_masked_list(in, &files, &rec.files, &rec.masked));
	rv_status told = rv_intake_tell(in, RV_MSG_found_unit, &rec);
	memset(in->unit, 0, sizeof(*in->unit)); /* a command line may have held a secret */
	return told;
}

/* "nginx-common" of ".../info/nginx-common.list", "libc6" of "libc6:amd64.list". */
static struct rv_str package_of(struct rv_str list_path)
{
	struct rv_str name = rv_path_base(list_path);

	if (!rv_str_ends_with(name, ".list"))
		return RV_STR_NONE;
	name.len -= strlen(".list");
	const uint8_t *colon = memchr(name.data, ':', name.len);
	if (colon)
		name.len = (size_t)(colon - name.data);
	return name;
}

rv_status rv_intake_package(struct rv_intake *in, struct rv_str list_path, struct rv_str bytes)
{
	struct rv_str package = package_of(list_path);
	struct rv_str line;

	if (package.len == 0 || package.len > RV_NAME_MAX)
		return RV_OK;
	while (rv_line_next(&bytes, &line)) {
		const char *asked = rv_paths_find(&in->paths, line);
		struct rv_rec_found_package rec = {.package = package,
						   .manager = rv_str_of("dpkg")};
		uint64_t masked = 0;

		if (!asked)
			continue;
		rv_buf_reset(&in->text);
		RV_TRY(rv_intake_masked(in, rv_str_of(asked), RV_PATH_MAX, &rec.path, &masked));
		RV_TRY(rv_intake_tell(in, RV_MSG_found_package, &rec));
	}
	return RV_OK;
}
