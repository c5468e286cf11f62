/* cli: see policy_source.h. */
#include "agent/cli/policy_source.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/base/yaml.h"
#include "agent/cli/policy_file.h"
#include "agent/cli/scan_given.h"
#include "agent/sweep/linked.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void rv_policy_source_took(struct rv_digest *read, struct rv_str bytes)
{
	*read = rv_hmac_sha256(read->bytes, sizeof(read->bytes), bytes.data, bytes.len);
}

static rv_status read_path(const char *path, struct rv_buf *out, struct rv_diag *diag)
{
	return rv_file_read(path, RV_BASELINE_FILE_MAX, out, diag);
}

static const char *ref_of(const struct rv_scan_ask *ask)
{
	return ask->policy_ref ? ask->policy_ref : ask->sweep.base;
}

/* A change is judged by the rules of what it changes. Opened when it is first needed: the rules may
 * all come from elsewhere. */
rv_status rv_policy_source_find(struct rv_policy_source *s, struct rv_diag *diag)
{
	const struct rv_scan_ask *ask = s->ask;
	bool is_git = ask->sweep.source == RV_SWEEP_GIT || ask->sweep.source == RV_SWEEP_STAGED ||
		      ask->sweep.source == RV_SWEEP_DIFF;
	const char *ref = ref_of(ask);
	struct rv_scan_where where;

	if (s->is_found)
		return RV_OK;
	RV_TRY(rv_scan_where_find(ask, &where, diag));
	(void)snprintf(s->dir, sizeof(s->dir), "%s", where.dir); /* fits */
	s->is_found = !is_git && !ask->policy_ref;
	s->is_top = s->is_found && where.below[0];
	if (s->is_found)
		return RV_OK;
	s->watch->reading(s->watch->user, NULL);
	RV_TRY(rv_repo_view_open(s->opened, ask->sweep.repo, s->gaps, diag));
	const char *top = s->opened->git->work_tree;
	if (top && strlen(top) < sizeof(s->dir))
		(void)snprintf(s->dir, sizeof(s->dir), "%s", top); /* fits */
	rv_status status = ref ? rv_repo_tree_of(s->opened, ref, &s->tree, diag) : RV_OK;
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND)
		rv_repo_say_fetch(ref, diag);
	RV_TRY(status);
	s->view = ref ? s->opened : NULL;
	s->is_found = true;
	return RV_OK;
}

/* Links are followed as in a directory, but not out of the tree: what lies there is not the ref's.
 */
static rv_status read_in_ref(struct rv_policy_source *s, const char *path, struct rv_buf *out)
{
	const struct rv_linked_place place = {.view = s->view, .tree = &s->tree, .work_tree = -1};
	RV_CLEANUP(rv_buf_done) struct rv_buf note = {0};
	rv_status status = rv_linked_read(&place, path, s->given, RV_BASELINE_FILE_MAX, out);

	if (rv_class_of(status) != RV_CLASS_CONFLICT)
		return status;
	rv_buf_init(&note, 2 * RV_SCAN_GIVEN_MAX);
	RV_TRY(rv_buf_printf(&note,
			     "%s is a link that leads out of the repository: here it counts "
			     "as if it were not there",
			     path));
	if (!rv_buf_cstr(&note))
		return rv_fail_nomem(NULL);
	rv_scan_config_note(s->config, rv_buf_cstr(&note));
	return rv_fail(RV_CLASS_NOT_FOUND, NULL, "a link out of the tree");
}

/* A file by its name in the source. NOT_FOUND when there is none. */
rv_status rv_policy_source_read(struct rv_policy_source *s, const char *name, struct rv_buf *out,
				struct rv_diag *diag)
{
	char path[8192];

	RV_BUG_ON(!s->is_found);
	if (s->view)
		return read_in_ref(s, name, out);
	int n = snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return rv_fail(RV_CLASS_MISCONFIGURED, diag, "a path too long: %s",
			       rv_yaml_path_quoted(name));
	if (access(path, F_OK) != 0)
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "no %s", name);
	s->watch->reading(s->watch->user, NULL);
	return s->is_trusted ? read_path(path, out, diag)
			     : rv_policy_file_read(s->dir, name, RV_BASELINE_FILE_MAX, out, diag);
}

/* What a file that the caller named is to the ref. */
static rv_status place_given(struct rv_policy_source *s, const char *path,
			     char inside[RV_SCAN_GIVEN_MAX], enum rv_scan_given *out,
			     struct rv_diag *diag)
{
	*out = RV_SCAN_GIVEN_OWN;
	if (!ref_of(s->ask) || !rv_scan_given_may(s->ask->sweep.repo, path))
		return RV_OK;
	RV_TRY(rv_policy_source_find(s, diag));
	RV_TRY(rv_scan_given_find(s->view, &s->tree, path, inside, out, diag));
	return *out == RV_SCAN_GIVEN_OWN ? RV_OK : rv_named_add(s->given, inside);
}

/* Does it count? One that only the change has does not, as one beside what is scanned. */
rv_status rv_policy_source_counts(struct rv_policy_source *s, struct rv_scan_config *config,
				  const char *path, bool *out, struct rv_diag *diag)
{
	char inside[RV_SCAN_GIVEN_MAX];
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	enum rv_scan_given given;

	RV_TRY(place_given(s, path, inside, &given, diag));
	*out = given != RV_SCAN_GIVEN_NEW;
	if (*out)
		return RV_OK;
	rv_buf_init(&text, 2 * RV_SCAN_GIVEN_MAX);
	RV_TRY(rv_buf_printf(&text, "%s is not in %.400s: it does not count before it is", inside,
			     ref_of(s->ask)));
	const char *note = rv_buf_cstr(&text);
	if (!note)
		return rv_fail_nomem(diag);
	rv_scan_config_note(config, note);
	return RV_OK;
}

/* A file by its path, which is the caller's word. */
rv_status rv_policy_source_given(struct rv_policy_source *s, const char *path, struct rv_buf *out,
				 struct rv_diag *diag)
{
	char inside[RV_SCAN_GIVEN_MAX];
	enum rv_scan_given given;

	RV_TRY(place_given(s, path, inside, &given, diag));
	if (given != RV_SCAN_GIVEN_OWN)
		return read_in_ref(s, inside, out);
	s->watch->reading(s->watch->user, path);
	return read_path(path, out, diag);
}

bool rv_policy_source_stays_below(const char *path)
{
	if (path[0] == '/')
		return false;
	for (const char *p = path; *p; p += strcspn(p, "/"), p += *p == '/') {
		if (strncmp(p, "..", 2) == 0 && (p[2] == '/' || p[2] == '\0'))
			return false;
	}
	return true;
}

/* Files that a configuration names: relative to where it is scanned. */
rv_status rv_policy_source_for_config(void *context, const char *path, struct rv_buf *out,
				      struct rv_diag *diag)
{
	struct rv_policy_source *s = context;
	rv_status status;

	/* The configuration of a tree may not name what lies outside of it: it is a stranger's. */
	if (!s->is_trusted && !rv_policy_source_stays_below(path))
		return rv_fail(RV_CLASS_DENIED, diag,
			       "the configuration names a file outside of the tree: %s",
			       rv_yaml_path_quoted(path));
	if (path[0] != '/')
		RV_TRY(rv_policy_source_find(s, diag));
	if (path[0] != '/' && s->view)
		RV_TRY(rv_named_add(s->given, path));
	status = path[0] == '/' ? rv_policy_source_given(s, path, out, diag)
				: rv_policy_source_read(s, path, out, diag);
	if (rv_class_of(status) == RV_CLASS_NOT_FOUND)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "there is no file %s",
			       rv_yaml_path_quoted(path));
	if (rv_is_ok(status))
		rv_policy_source_took(s->read, rv_buf_view(out));
	return status;
}

/* Is it the base's file still? */
static bool is_as_in_ref(struct rv_policy_source *s, const struct rv_git_oid *head,
			 const char *name)
{
	size_t oid_len = s->view->git->oid_len;
	struct rv_str path = rv_str_of(name);
	struct rv_git_oid old, new;
	uint32_t mode = 0;

	return rv_is_ok(rv_repo_entry(s->view->reader, oid_len, &s->tree, path, &old, &mode)) &&
	       rv_git_mode_is(mode, RV_GIT_MODE_FILE) &&
	       rv_is_ok(rv_repo_entry(s->view->reader, oid_len, head, path, &new, &mode)) &&
	       rv_git_oid_equal(&old, &new);
}

/* The change's file; false: it has none, or the base's. */
static bool read_next(struct rv_policy_source *s, const char *name, struct rv_buf *out)
{
	RV_CLEANUP(rv_fd_closep) int dir = -1;
	struct rv_linked_place place = {.work_tree = -1};
	struct rv_git_oid head;

	if (s->ask->sweep.with_worktree) {
		dir = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		place.work_tree = dir;
	} else {
		place.view = s->view;
		place.tree = &head;
		if (!rv_is_ok(rv_repo_tree_of(s->view, "HEAD", &head, NULL)) ||
		    is_as_in_ref(s, &head, name))
			return false;
	}
	return (place.view || dir >= 0) &&
	       rv_is_ok(rv_linked_read(&place, name, NULL, RV_BASELINE_FILE_MAX, out));
}

rv_status rv_policy_source_look_ahead(struct rv_policy_source *s, const char *name)
{
	RV_CLEANUP(rv_baseline_freep) struct rv_baseline *next = NULL;
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	RV_CLEANUP(rv_buf_done) struct rv_buf note = {0};
	struct rv_diag why = {0};

	rv_buf_init(&text, RV_BASELINE_FILE_MAX);
	if (s->ask->sweep.source != RV_SWEEP_DIFF || !s->view || !read_next(s, name, &text))
		return RV_OK;
	rv_status status =
		rv_baseline_parse(rv_buf_view(&text), name, rv_now_utc_us(), &next, &why);
	if (rv_class_of(status) != RV_CLASS_MALFORMED)
		return status;
	rv_buf_init(&note, 2 * RV_SCAN_GIVEN_MAX);
	RV_TRY(rv_buf_printf(&note,
			     "with this change the baseline cannot be read, and scans will "
			     "end with that: %s",
			     why.text));
	if (!rv_buf_cstr(&note))
		return rv_fail_nomem(NULL);
	rv_scan_config_note(s->config, rv_buf_cstr(&note));
	return RV_OK;
}
