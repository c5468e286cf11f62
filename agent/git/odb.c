/* git: finds objects by id, packed and loose. Not here: inflating them (reader.c). */
#include "agent/git/odb.h"

#include "agent/git/file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <unistd.h>

bool rv_git_odb_find_packed(const struct rv_git_odb *odb, const struct rv_git_oid *oid,
			    uint32_t *out_pack, uint32_t *out_number)
{
	for (uint32_t i = 0; i < odb->pack_count; i++) {
		uint32_t n = rv_git_pack_find(&odb->packs[i], oid);

		if (n != RV_GIT_NONE) {
			*out_pack = i;
			*out_number = n;
			return true;
		}
	}
	return false;
}

bool rv_git_odb_loose_path(const struct rv_git_odb *odb, size_t dir, const struct rv_git_oid *oid,
			   char *out, size_t size)
{
	char hex[RV_GIT_HEX_MAX];

	rv_git_oid_hex(oid, odb->oid_len, hex);
	return rv_git_path(out, size, "%s/%.2s/%s", odb->dirs[dir], hex, hex + 2);
}

bool rv_git_odb_has(const struct rv_git_odb *odb, const struct rv_git_oid *oid)
{
	char path[PATH_MAX];
	uint32_t pack, n;

	if (rv_git_odb_find_packed(odb, oid, &pack, &n))
		return true;
	for (size_t i = 0; i < odb->dir_count; i++) {
		if (rv_git_odb_loose_path(odb, i, oid, path, sizeof(path)) &&
		    (access(path, F_OK) == 0 || errno == EACCES))
			return true;
	}
	return false;
}

rv_status rv_git_odb_each_loose(const struct rv_git_odb *odb, size_t dir, unsigned folder,
				rv_git_loose_fn *each, void *user)
{
	RV_CLEANUP(rv_git_dir_closep) DIR *list = NULL;
	char path[PATH_MAX], hex[RV_GIT_HEX_MAX];
	struct dirent *entry;

	if (!rv_git_path(path, sizeof(path), "%s/%02x", odb->dirs[dir], folder & 0xff))
		return RV_OK;
	list = opendir(path);
	if (!list)
		return errno == ENOENT || errno == ENOTDIR ? RV_OK
							   : rv_fail_errno(NULL, "%s", path);
	while ((entry = readdir(list))) {
		struct rv_git_oid oid;

		if (strlen(entry->d_name) != 2 * odb->oid_len - 2)
			continue;
		if (rv_git_path(hex, sizeof(hex), "%02x%s", folder & 0xff, entry->d_name) &&
		    rv_git_oid_parse(rv_str_of(hex), odb->oid_len, &oid))
			RV_TRY(each(user, &oid));
	}
	return RV_OK;
}

struct expanding {
	struct rv_git_oid low, high;
	struct rv_git_oid found;
	bool has_found, is_many;
};

static rv_status expand_one(void *user, const struct rv_git_oid *oid)
{
	struct expanding *e = user;

	if (rv_git_oid_compare(oid, &e->low) < 0 || rv_git_oid_compare(oid, &e->high) > 0)
		return RV_OK;
	if (e->has_found && !rv_git_oid_equal(&e->found, oid))
		e->is_many = true;
	e->found = *oid;
	e->has_found = true;
	return RV_OK;
}

/* The lowest and the highest id that begin so. */
static bool bounds(struct rv_str hex, size_t oid_len, struct expanding *e)
{
	char text[2 * RV_GIT_OID_MAX];

	if (hex.len < 4 || hex.len > 2 * oid_len)
		return false;
	memset(text, '0', sizeof(text));
	memcpy(text, hex.data, hex.len);
	if (!rv_git_oid_parse((struct rv_str){(uint8_t *)text, 2 * oid_len}, oid_len, &e->low))
		return false;
	memset(text + hex.len, 'f', sizeof(text) - hex.len);
	return rv_git_oid_parse((struct rv_str){(uint8_t *)text, 2 * oid_len}, oid_len, &e->high);
}

rv_status rv_git_odb_expand(const struct rv_git_odb *odb, struct rv_str hex, struct rv_git_oid *out,
			    struct rv_diag *diag)
{
	struct expanding e = {.has_found = false};

	if (!bounds(hex, odb->oid_len, &e))
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "not an object id: '%.*s'",
			       (int)(hex.len < 80 ? hex.len : 80), (const char *)hex.data);
	for (uint32_t i = 0; i < odb->pack_count; i++) {
		const struct rv_git_pack *pack = &odb->packs[i];
		uint32_t first = 0, count = rv_git_pack_find_prefix(pack, &e.low, &e.high, &first);

		for (uint32_t n = first; n < first + count; n++) {
			struct rv_git_oid oid =
				rv_git_oid_of(rv_git_pack_oid(pack, n), odb->oid_len);

			RV_TRY(expand_one(&e, &oid));
		}
	}
	for (size_t i = 0; i < odb->dir_count; i++)
		RV_TRY(rv_git_odb_each_loose(odb, i, e.low.bytes[0], expand_one, &e));
	if (e.is_many)
		return rv_fail(RV_CLASS_CONFLICT, diag, "several objects begin with %.*s",
			       (int)hex.len, (const char *)hex.data);
	if (!e.has_found)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "no object begins with %.*s", (int)hex.len,
			       (const char *)hex.data);
	*out = e.found;
	return RV_OK;
}
