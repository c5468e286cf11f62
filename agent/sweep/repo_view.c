/* sweep: see repo_view.h. */
#include "agent/sweep/repo_view.h"

#include "agent/base/clock.h"
#include "agent/sweep/mask.h"

#include <stdio.h>

#define NAMED_MAX 200 /* bytes of a name that a sentence for people repeats */

/* Another could be read by the shell as more than a word. */
static const char plain_bytes[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";

static const char *reason_of(enum rv_git_trouble_kind kind)
{
	switch (kind) {
	case RV_GIT_TROUBLE_UNREADABLE:
		return "unreadable";
	case RV_GIT_TROUBLE_TOO_LARGE:
		return "too-large";
	case RV_GIT_TROUBLE_MISSING:
	case RV_GIT_TROUBLE_MISSING_BASE:
	case RV_GIT_TROUBLE_MISSING_TIP:
	case RV_GIT_TROUBLE_MISSING_COMMIT:
	case RV_GIT_TROUBLE_MISSING_TREE:
	case RV_GIT_TROUBLE_MISSING_BLOB:
	case RV_GIT_TROUBLE_PARTIAL:
	case RV_GIT_TROUBLE_SHALLOW:
		return "missing-object";
	case RV_GIT_TROUBLE_MEMORY:
		return "memory";
	case RV_GIT_TROUBLE_EXTENSION:
	case RV_GIT_TROUBLE_UNSUPPORTED:
		return "unsupported";
	case RV_GIT_TROUBLE_CONFIG:
	case RV_GIT_TROUBLE_PACK:
	case RV_GIT_TROUBLE_NO_INDEX:
	case RV_GIT_TROUBLE_INDEX:
	case RV_GIT_TROUBLE_BROKEN:
	case RV_GIT_TROUBLE_ALTERNATE:
	case RV_GIT_TROUBLE_REF:
	case RV_GIT_TROUBLE_STAGE:
	case RV_GIT_TROUBLE_LIMIT:
	case RV_GIT_TROUBLE__COUNT:
		break;
	}
	return "damaged";
}

void rv_repo_trouble(void *leaks, const struct rv_git_trouble *t)
{
	char hex[RV_GIT_HEX_MAX] = "";

	if (t->oid)
		rv_git_oid_hex(t->oid, RV_GIT_SHA1_LEN, hex);
	rv_leaks_gap(leaks, rv_str_of(t->where ? t->where : "repository"), t->oid ? hex : NULL,
		     reason_of(t->kind), rv_git_trouble_text(t->kind));
}

rv_status rv_repo_view_open(struct rv_repo_view *view, const char *path, struct rv_leaks *gaps,
			    struct rv_diag *diag)
{
	*view = (struct rv_repo_view){.gaps = gaps};
	RV_TRY(rv_git_open_above(path, rv_repo_trouble, gaps, &view->git, diag));
	RV_TRY(rv_git_refs_load(view->git, rv_repo_trouble, gaps, &view->refs));
	view->has_refs = true;
	RV_TRY(rv_git_graph_init(&view->graph, view->git, rv_repo_trouble, gaps));
	view->has_graph = true;
	RV_TRY(rv_git_reader_new(&view->git->odb, &view->reader));
	view->names = (struct rv_git_names){view->git, &view->refs, &view->graph};
	return RV_OK;
}

void rv_repo_view_done(struct rv_repo_view *view)
{
	rv_git_reader_free(view->reader);
	if (view->has_graph)
		rv_git_graph_done(&view->graph);
	if (view->has_refs)
		rv_git_refs_done(&view->refs);
	rv_git_close(view->git);
	*view = (struct rv_repo_view){0};
}

static struct rv_str first_line(struct rv_str text)
{
	const uint8_t *end = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;

	if (end)
		text.len = (size_t)(end - text.data);
	return text;
}

/* Names and messages are anybody's bytes, and may hold a value. Masked before they are cut: half of
 * a value is none to a rule. */
static const char *tame(struct rv_sweeper *w, struct rv_str bytes, bool *out_is_cut)
{
	rv_buf_reset(&w->text);
	if (!rv_is_ok(rv_mask_words(w, bytes, &w->text)))
		return NULL;
	*out_is_cut = w->cut != 0;
	return rv_leaks_text(&w->leaks, rv_buf_view(&w->text));
}

/* A commit that was read once, and is not found again by its id (the pack's index is damaged), is
 * known by that alone; the rest of it is a gap. */
static rv_status read_commit(struct rv_repo_view *view, uint32_t n, struct rv_git_commit *out)
{
	const struct rv_git_oid *oid = &view->graph.ids.oids[n];
	rv_status status = rv_git_graph_commit(&view->graph, n, out);

	if (rv_is_ok(status) || (rv_class_of(status) == RV_CLASS_EXHAUSTED && status.errno_was))
		return status;
	enum rv_git_trouble_kind kind = rv_git_trouble_of(status);
	const struct rv_git_trouble trouble = {
		.kind = kind == RV_GIT_TROUBLE_MISSING ? RV_GIT_TROUBLE_MISSING_COMMIT : kind,
		.oid = oid};
	rv_repo_trouble(view->gaps, &trouble);
	*out = (struct rv_git_commit){.parent_count = 0};
	return RV_OK;
}

rv_status rv_repo_commit(struct rv_repo_view *view, uint32_t n, struct rv_sweeper *w,
			 struct rv_leak_commit *out)
{
	struct rv_git_commit commit;
	char hex[RV_GIT_HEX_MAX];

	rv_git_oid_hex(&view->graph.ids.oids[n], view->git->oid_len, hex);
	RV_TRY(read_commit(view, n, &commit));
	*out = (struct rv_leak_commit){
		.id = rv_leaks_text(&w->leaks, rv_str_of(hex)),
		.at_utc_us = commit.author.at_utc * RV_US_PER_S,
	};
	out->author = tame(w, commit.author.name, &out->is_author_cut);
	out->email = tame(w, commit.author.email, &out->is_email_cut);
	out->message = tame(w, first_line(commit.message), &out->is_message_cut);
	return out->id && out->author && out->email && out->message ? RV_OK : rv_fail_nomem(NULL);
}

rv_status rv_repo_tree_of(struct rv_repo_view *view, const char *rev, struct rv_git_oid *out_tree,
			  struct rv_diag *diag)
{
	uint32_t n = 0;

	RV_TRY(rv_git_rev_commit(&view->names, rv_str_of(rev), &n, diag));
	RV_TRY(rv_git_graph_read(&view->graph, n));
	if (view->graph.nodes[n].state != RV_GIT_NODE_READ)
		return rv_fail(RV_CLASS_NOT_FOUND, diag, "the commit %s cannot be read", rev);
	*out_tree = view->graph.nodes[n].tree;
	return RV_OK;
}

void rv_repo_say_fetch(const char *rev, struct rv_diag *diag)
{
	const char *name = strncmp(rev, "origin/", 7) == 0 ? rev + 7 : rev;
	size_t len = strcspn(name, "~^");

	if (strstr(rev, "..")) {
		rv_diag_next(diag,
			     "give one ref, such as main: what HEAD adds to it is looked at; a "
			     "range goes to --range");
		return;
	}
	/* Nor may it be read as an option. */
	if (len == 0 || len > NAMED_MAX || strspn(name, plain_bytes) < len || name[0] == '-')
		len = 0;
	rv_diag_next(diag, "git fetch origin%s%.*s, or fetch-depth: 0 in CI", len ? " " : "",
		     (int)len, name);
}

void rv_repo_tell_store(struct rv_leaks *leaks, const char *path)
{
	size_t len = strlen(path);
	bool is_plain = len <= NAMED_MAX && path[0] != '-' && strspn(path, plain_bytes) == len;
	char detail[NAMED_MAX + 128];

	(void)snprintf(detail, sizeof(detail), /* has room */
		       "a git store: its objects are compressed; reeve scan --git%s%s looks into "
		       "them",
		       is_plain ? " " : "", is_plain ? path : "");
	rv_leaks_gap(leaks, rv_str_of(path), NULL, "unsupported", detail);
}

/* The entry of this name in a tree; false: none. */
static bool find_entry(struct rv_str bytes, size_t oid_len, struct rv_str name,
		       struct rv_git_oid *out, uint32_t *out_mode)
{
	struct rv_git_tree tree = rv_git_tree_begin(bytes, oid_len);
	struct rv_git_tree_entry entry;

	while (rv_git_tree_next(&tree, &entry) == RV_GIT_TREE_ENTRY) {
		if (!rv_str_equal(entry.name, name))
			continue;
		*out = rv_git_oid_of(entry.oid, oid_len);
		*out_mode = entry.mode;
		return true;
	}
	return false;
}

rv_status rv_repo_entry(struct rv_git_reader *reader, size_t oid_len, const struct rv_git_oid *tree,
			struct rv_str path, struct rv_git_oid *out, uint32_t *out_mode)
{
	struct rv_git_oid oid = *tree;
	uint32_t mode = RV_GIT_MODE_DIR;

	for (size_t at = 0; at < path.len;) {
		const uint8_t *slash = memchr(path.data + at, '/', path.len - at);
		size_t end = slash ? (size_t)(slash - path.data) : path.len;
		struct rv_str name = {path.data + at, end - at};
		enum rv_git_type type;
		struct rv_str bytes;

		at = end + 1;
		if (name.len == 0 || (name.len == 1 && name.data[0] == '.'))
			continue;
		if (!rv_git_mode_is(mode, RV_GIT_MODE_DIR))
			return rv_fail(RV_CLASS_NOT_FOUND, NULL, "not a directory");
		RV_TRY(rv_git_read(reader, &oid, &type, &bytes));
		if (type != RV_GIT_TREE || !find_entry(bytes, oid_len, name, &oid, &mode))
			return rv_fail(RV_CLASS_NOT_FOUND, NULL, "no such file");
	}
	*out = oid;
	*out_mode = mode;
	return RV_OK;
}

rv_status rv_repo_file(struct rv_repo_view *view, const struct rv_git_oid *tree, struct rv_str path,
		       size_t max, struct rv_buf *out)
{
	struct rv_git_oid oid;
	uint32_t mode = 0;
	enum rv_git_type type;
	struct rv_str bytes;

	RV_TRY(rv_repo_entry(view->reader, view->git->oid_len, tree, path, &oid, &mode));
	if (!rv_git_mode_is(mode, RV_GIT_MODE_FILE))
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "not a file");
	RV_TRY(rv_git_read(view->reader, &oid, &type, &bytes));
	if (bytes.len > max)
		return rv_fail(RV_CLASS_EXHAUSTED, NULL, "larger than %zu bytes", max);
	return rv_buf_put(out, bytes.data, bytes.len);
}
