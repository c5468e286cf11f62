/* cli: what the settings say of a path and of a finding. See scan_policy.h; not here: reading them
 * (scan_policy.c). */
#include "agent/cli/scan_policy.h"

#include "agent/base/path.h"

#include <string.h>

#define PATH_ROOM 65536 /* bytes of a path from the top */

/* Is it the path, or below it? */
static bool is_under(const json_t *item, struct rv_str path)
{
	struct rv_str top = rv_str_of(json_string_value(item));

	return top.len == 0 ||
	       (path.len >= top.len && (path.len == top.len || path.data[top.len] == '/') &&
		memcmp(path.data, top.data, top.len) == 0);
}

/* Is it one of the paths, or below one? */
static bool lies_under(const json_t *paths, struct rv_str path)
{
	size_t index;
	const json_t *item;

	json_array_foreach (paths, index, item) {
		if (is_under(item, path))
			return true;
	}
	return false;
}

bool rv_scan_policy_brings(void *user, struct rv_str path)
{
	struct rv_scan_policy *p = user;
	size_t count = json_array_size(p->under);
	bool is_all = true;

	for (size_t i = 0; i < count && i < RV_SCAN_UNDER_SEEN; i++) {
		const uint64_t bit = UINT64_C(1) << i;

		if (!(p->under_seen & bit) && is_under(json_array_get(p->under, i), path))
			p->under_seen |= bit;
		is_all &= (p->under_seen & bit) != 0;
	}
	return is_all;
}

static struct rv_str without_dot(struct rv_str path)
{
	if (path.len > 2 && path.data[0] == '.' && path.data[1] == '/')
		return (struct rv_str){path.data + 2, path.len - 2};
	return path;
}

/* The path below the root: its name alone when the root is a file. False: it is not of this root.
 */
static bool cut_root(const char *root, bool is_file_cut, struct rv_str *path)
{
	size_t len = strlen(root);

	while (len > 0 && root[len - 1] == '/')
		len--;
	if (len == 1 && root[0] == '.') { /* is not written before a path */
		*path = without_dot(*path);
		return path->len > 0 && path->data[0] != '/' && !rv_str_starts_with(*path, "../");
	}
	if (path->len < len || memcmp(path->data, root, len) != 0)
		return false;
	if (path->len == len && is_file_cut)
		*path = rv_path_base(*path);
	else if (path->len > len + 1 && path->data[len] == '/')
		*path = (struct rv_str){path->data + len + 1, path->len - len - 1};
	else
		return false;
	return true;
}

/* Patterns count from where the settings lie, not from where a path's name begins. Uses the room
 * when that is above what is scanned; a path that does not fit has none, as nothing is to be passed
 * over for another's sake. */
static struct rv_str relative(const struct rv_scan_policy *p, struct rv_str path,
			      struct rv_buf *room)
{
	size_t i = 0;

	while (p->roots && p->roots[i] && !cut_root(p->roots[i], p->below != NULL, &path))
		i++;
	path = without_dot(path);
	if (!p->below || !p->below[i])
		return path;
	rv_buf_init(room, PATH_ROOM);
	if (!rv_is_ok(rv_buf_put_str(room, p->below[i])) ||
	    !rv_is_ok(rv_buf_put(room, path.data, path.len)))
		return RV_STR_NONE;
	return rv_buf_view(room);
}

bool rv_scan_policy_holds(const struct rv_scan_policy *p, const struct rv_rule *rule,
			  struct rv_str path, const char *inside)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf room = {0};
	struct rv_str below = p->has_no_paths ? RV_STR_NONE : relative(p, path, &room);

	return rv_filter_holds(p->config, rule, below, inside) ||
	       (below.len != path.len && !p->has_no_paths &&
		rv_filter_holds(p->config, rule, path, inside));
}

/* Called by its verbs gitleaks' own means the path as it is shown, too: not else, where the name of
 * a folder above could pass over all that is scanned. */
static bool skips(const struct rv_scan_policy *p, struct rv_str path)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf room = {0};
	struct rv_str below = relative(p, path, &room);

	return rv_filter_skips_path(p->config, below, NULL) ||
	       (p->filter.is_gitleaks && below.len != path.len &&
		rv_filter_skips_shown(p->config, path, NULL));
}

bool rv_scan_policy_wants(void *user, struct rv_str path, bool is_dir)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf room = {0};
	struct rv_scan_policy *p = user;

	if (p->under && !is_dir && !lies_under(p->under, relative(p, path, &room)))
		return false;
	if (is_dir || !skips(p, path))
		return true;
	atomic_fetch_add_explicit(&p->excluded, 1, memory_order_relaxed);
	return false;
}

bool rv_scan_policy_passes(void *user, const char *commit)
{
	const struct rv_scan_policy *p = user;

	return rv_filter_names_commit(p->config, commit);
}

bool rv_scan_policy_expects(void *user, struct rv_str path, bool is_dir)
{
	const struct rv_scan_policy *p = user;

	return is_dir || !skips(p, path);
}

/* What a job of GitHub or GitLab was lent to fetch with: their checkouts leave it in git's
 * settings, and it ends with the job, which would else fail by it wherever it scans. */
static bool is_of_job(const struct rv_leak *leak, const struct rv_judging *about)
{
	static const char user[] = "//gitlab-ci-token:"; /* before GitLab marked its tokens */

	return rv_str_ends_with(leak->path, ".git/config") &&
	       (rv_str_starts_with(about->value, "ghs_") ||
		rv_str_starts_with(about->value, "glcbt-") ||
		memmem(about->line.data, about->line.len, user, sizeof(user) - 1));
}

rv_status rv_scan_policy_judge(void *user, struct rv_leaks *leaks, struct rv_leak *leak,
			       const struct rv_judging *about)
{
	struct rv_scan_policy *p = user;
	struct rv_filter_answer answer;
	RV_CLEANUP(rv_buf_done) struct rv_buf room = {0};
	struct rv_str path = relative(p, leak->path, &room);

	if (is_of_job(leak, about)) {
		leak->state = RV_LEAK_ALLOWED;
		leak->note = rv_leaks_cstr(leaks, "lent to a job, with which it ends");
		leak->fingerprint = rv_leaks_cstr(leaks, "");
		return leak->note && leak->fingerprint ? RV_OK : rv_fail_nomem(NULL);
	}
	struct rv_filter_question question = {.rule = leak->rule,
					      .path = path,
					      .shown = p->has_no_paths ? RV_STR_NONE : leak->path,
					      .inside = leak->inside,
					      .value = about->value,
					      .match = about->match,
					      .lines = about->line,
					      .value_end = about->value_end,
					      .before = about->before,
					      .spots = about->spots,
					      .spot_count = about->spot_count,
					      .line = leak->line,
					      .match_line = leak->match_line,
					      .commit = leak->first.id,
					      .confidence = leak->confidence};

	RV_TRY(rv_filter_judge(&p->filter, &question, &answer));
	leak->state = answer.state;
	leak->is_marked = answer.is_marked;
	leak->is_passing = answer.fingerprint[0] && !answer.is_stable;
	leak->fingerprint = rv_leaks_text(leaks, rv_str_of(answer.fingerprint));
	const char *note = answer.note[0] ? answer.note : answer.problem;
	leak->note = *note ? rv_leaks_text(leaks, rv_str_of(note)) : NULL;
	return leak->fingerprint && (!*note || leak->note) ? RV_OK : rv_fail_nomem(NULL);
}
