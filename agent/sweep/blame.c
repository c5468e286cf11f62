/* sweep: see blame.h. Lines are followed as rv_git_lines_added pairs them: one that is not added
 * against a parent stands in the parent, behind as many lines as were kept before it. */
#include "agent/sweep/blame.h"

#include "agent/git/lines.h"
#include "agent/git/renames.h"

#include <stdlib.h>

enum state { NOT_LOOKED, LACKS, HAS };

/* Where the value stands in one version. */
struct place {
	struct rv_buf path;
	struct rv_buf text;
	struct rv_git_oid oid;
	uint32_t line, count; /* 0: of no lines */
};

static void place_done(struct place *p)
{
	rv_buf_done(&p->path);
	rv_buf_done(&p->text);
}

rv_status rv_blame_open(struct rv_blame *b, struct rv_repo_view *view, uint32_t fork, uint32_t head)
{
	RV_CLEANUP(rv_freep) uint32_t *list = NULL;
	struct rv_git_graph *graph = &view->graph;
	rv_git_trouble_fn *on_trouble = graph->on_trouble;
	uint32_t count = 0;

	*b = (struct rv_blame){.view = view, .head = head};
	rv_buf_init(&b->memo.path, RV_GIT_OBJECT_MAX);
	graph->on_trouble = NULL; /* the scan itself does not need them */
	rv_status status = rv_git_graph_range(graph, &head, 1, &fork, 1, 0, &list, &count);
	graph->on_trouble = on_trouble;
	RV_TRY(status);
	b->node_count = graph->ids.count;
	b->is_in = calloc(b->node_count + 1, 1);
	b->memo.oids = calloc(b->node_count + 1, sizeof(*b->memo.oids));
	b->memo.states = calloc(b->node_count + 1, 1);
	if (!b->is_in || !b->memo.oids || !b->memo.states)
		return rv_fail_nomem(NULL);
	for (uint32_t i = 0; i < count; i++)
		b->is_in[list[i]] = 1;
	return rv_git_reader_new(&view->git->odb, &b->reader);
}

void rv_blame_done(struct rv_blame *b)
{
	rv_git_reader_free(b->reader);
	free(b->is_in);
	free(b->memo.oids);
	free(b->memo.states);
	rv_buf_done(&b->memo.path);
	*b = (struct rv_blame){0};
}

static bool is_memory(rv_status s)
{
	return rv_class_of(s) == RV_CLASS_EXHAUSTED && s.errno_was != 0;
}

/* The file in a commit. *out_has false: it is not there, or cannot be read. */
static rv_status look_up(struct rv_blame *b, uint32_t commit, struct rv_str path,
			 struct rv_git_oid *out, bool *out_has)
{
	const struct rv_git_node *node = &b->view->graph.nodes[commit];
	uint32_t mode = 0;

	*out_has = false;
	if (commit >= b->node_count || node->state != RV_GIT_NODE_READ)
		return RV_OK;
	if (!rv_str_equal(rv_buf_view(&b->memo.path), path)) {
		rv_buf_reset(&b->memo.path);
		memset(b->memo.states, NOT_LOOKED, b->node_count);
		RV_TRY(rv_buf_put(&b->memo.path, path.data, path.len));
	}
	if (b->memo.states[commit] == NOT_LOOKED) {
		b->lookups++;
		rv_status s = rv_repo_entry(b->reader, b->view->git->oid_len, &node->tree, path,
					    &b->memo.oids[commit], &mode);
		if (is_memory(s))
			return s;
		b->memo.states[commit] = rv_is_ok(s) && rv_git_mode_is_blob(mode) ? HAS : LACKS;
	}
	*out_has = b->memo.states[commit] == HAS;
	*out = b->memo.oids[commit];
	return RV_OK;
}

/* The bytes of `count` lines from `line` on, from 1; empty: there are not as many. */
static struct rv_str lines_of(struct rv_str text, uint32_t line, uint32_t count)
{
	size_t start = 0, at = 0;
	uint32_t now = 1;

	while (at < text.len && now < line + count) {
		const uint8_t *end = memchr(text.data + at, '\n', text.len - at);

		start = now == line ? at : start;
		at = end ? (size_t)(end - text.data) + 1 : text.len;
		now++;
	}
	return now < line + count ? RV_STR_NONE : (struct rv_str){text.data + start, at - start};
}

static bool has_bytes(struct rv_str text, struct rv_str part)
{
	return part.len > 0 && memmem(text.data, text.len, part.data, part.len) != NULL;
}

/* Lines of the newer text before `line` that the older has; *out_is_added: one of its own is new.
 */
static uint32_t kept_before(const struct rv_git_lines *added, const struct place *p,
			    bool *out_is_added)
{
	uint32_t kept = p->line - 1;

	*out_is_added = false;
	for (size_t i = 0; i < added->count; i++) {
		const struct rv_git_added *piece = &added->items[i];

		if (piece->line >= (size_t)p->line + p->count)
			break;
		*out_is_added |= piece->line + piece->count > p->line;
		kept -= *out_is_added ? 0 : (uint32_t)piece->count;
	}
	return kept;
}

/* The first line after `skipped` ones where `part` stands; 0: nowhere. */
static uint32_t find_lines(struct rv_str text, struct rv_str part, uint32_t skipped)
{
	size_t at = 0;

	for (uint32_t line = 1; at < text.len; line++) {
		const uint8_t *end = memchr(text.data + at, '\n', text.len - at);

		if (line > skipped && part.len <= text.len - at &&
		    memcmp(text.data + at, part.data, part.len) == 0)
			return line;
		at = end ? (size_t)(end - text.data) + 1 : text.len;
	}
	return 0;
}

/* Where the value stands in an older version; 0: it does not. */
static rv_status find_older(struct rv_blame *b, const struct place *p, struct rv_str older,
			    uint32_t *out_line)
{
	RV_CLEANUP(rv_git_lines_done) struct rv_git_lines added = {0};
	struct rv_str text = rv_buf_view(&p->text);
	struct rv_str own = lines_of(text, p->line, p->count);
	bool is_added = true;

	*out_line = 0;
	if (!has_bytes(older, own))
		return RV_OK;
	b->bytes += older.len + text.len;
	RV_TRY(rv_git_lines_added(older, text, &added));
	uint32_t kept = kept_before(&added, p, &is_added);
	if (!is_added)
		*out_line = find_lines(older, own, kept);
	return RV_OK;
}

/* Goes to the version that a parent has under `path`, when the value is in it. */
static rv_status step_to(struct rv_blame *b, struct place *p, struct rv_str path,
			 const struct rv_git_oid *oid, bool *out_is_there)
{
	bool is_same = rv_git_oid_equal(oid, &p->oid);
	enum rv_git_type type;
	struct rv_str older = RV_STR_NONE;
	uint32_t line = 0;

	*out_is_there = false;
	if (!is_same && p->line == 0)
		return RV_OK;
	if (!is_same) {
		rv_status s = rv_git_read(b->reader, oid, &type, &older);

		b->read_bytes += older.len;
		if (!rv_is_ok(s) || older.len > RV_BLAME_FILE_MAX)
			return is_memory(s) ? s : RV_OK;
		RV_TRY(find_older(b, p, older, &line));
		if (line == 0)
			return RV_OK;
		rv_buf_reset(&p->text);
		RV_TRY(rv_buf_put(&p->text, older.data, older.len));
		p->line = line;
		p->oid = *oid;
	}
	if (!rv_str_equal(rv_buf_view(&p->path), path)) {
		rv_buf_reset(&p->path);
		RV_TRY(rv_buf_put(&p->path, path.data, path.len));
	}
	*out_is_there = true;
	return RV_OK;
}

static rv_status read_blob(void *user, const struct rv_git_change *c, bool is_old,
			   struct rv_str *out)
{
	struct rv_blame *b = user;
	enum rv_git_type type;

	return rv_git_read(b->reader, is_old ? &c->old_oid : &c->new_oid, &type, out);
}

/* What the file was in a parent that has none of its name. */
static rv_status step_over_rename(struct rv_blame *b, struct place *p, uint32_t commit,
				  uint32_t parent, bool *out_is_there)
{
	struct rv_git_differ differ = {.reader = b->reader, .oid_len = b->view->git->oid_len};
	const struct rv_git_node *nodes = b->view->graph.nodes;
	struct rv_git_changes changes;

	*out_is_there = false;
	if (b->renames++ >= RV_BLAME_RENAMES_MAX)
		return RV_OK;
	rv_git_changes_init(&changes);
	rv_status s = rv_git_tree_diff(&differ, &nodes[parent].tree, 1, &nodes[commit].tree,
				       rv_git_changes_put, &changes);
	if (rv_is_ok(s))
		s = rv_git_changes_settle(&changes);
	if (rv_is_ok(s))
		s = rv_git_renames_find(&changes, read_blob, b);
	for (size_t i = 0; rv_is_ok(s) && i < changes.count; i++) {
		const struct rv_git_change *c = &changes.items[i];

		if (c->old_path.len == 0 || !rv_str_equal(c->path, rv_buf_view(&p->path)))
			continue;
		s = step_to(b, p, c->old_path, &c->old_oid, out_is_there);
		break;
	}
	rv_git_changes_done(&changes);
	return is_memory(s) || rv_is_ok(s) ? s : RV_OK;
}

/* The parent that had it already, or RV_GIT_NONE. One with the very same file goes first. */
static rv_status step_back(struct rv_blame *b, struct place *p, uint32_t commit, uint32_t *out)
{
	enum { SAME, EDITED, RENAMED, WAYS };
	const struct rv_git_graph *graph = &b->view->graph;
	bool is_there = false;

	for (int way = SAME; way < WAYS; way++) {
		for (uint32_t i = 0; i < graph->nodes[commit].parent_count; i++) {
			uint32_t parent = rv_git_graph_parent(graph, commit, i);
			struct rv_git_oid oid;
			bool has = false;

			if (parent >= b->node_count || !b->is_in[parent])
				continue;
			RV_TRY(look_up(b, parent, rv_buf_view(&p->path), &oid, &has));
			if (has &&
			    (way == EDITED || (way == SAME && rv_git_oid_equal(&oid, &p->oid))))
				RV_TRY(step_to(b, p, rv_buf_view(&p->path), &oid, &is_there));
			else if (!has && way == RENAMED)
				RV_TRY(step_over_rename(b, p, commit, parent, &is_there));
			if (is_there) {
				*out = parent;
				return RV_OK;
			}
		}
	}
	*out = RV_GIT_NONE;
	return RV_OK;
}

/* Is it in HEAD already? */
static rv_status step_from_work_tree(struct rv_blame *b, struct place *p, struct rv_str old_path,
				     bool *out_is_there)
{
	const struct rv_str paths[] = {rv_buf_view(&p->path), old_path};

	*out_is_there = false;
	for (size_t i = 0; i < RV_LEN(paths) && !*out_is_there; i++) {
		struct rv_git_oid oid;
		bool has = false;

		if (paths[i].len > 0)
			RV_TRY(look_up(b, b->head, paths[i], &oid, &has));
		if (has)
			RV_TRY(step_to(b, p, paths[i], &oid, out_is_there));
	}
	return RV_OK;
}

static bool is_spent(const struct rv_blame *b)
{
	return b->lookups >= RV_BLAME_LOOKUPS_MAX || b->bytes >= RV_BLAME_BYTES_MAX ||
	       b->read_bytes >= RV_BLAME_READ_MAX || b->steps >= RV_BLAME_STEPS_MAX;
}

static rv_status walk(struct rv_blame *b, struct place *p, const struct rv_blame_question *q,
		      struct rv_blame_answer *out)
{
	uint32_t commit = b->head;
	uint32_t parent = commit;

	if (q->is_of_work_tree) {
		bool is_there = false;

		RV_TRY(step_from_work_tree(b, p, q->old_path, &is_there));
		out->is_not_committed = !is_there;
		if (!is_there)
			return RV_OK;
	}
	while (parent != RV_GIT_NONE && b->is_in[commit]) {
		if (is_spent(b))
			return RV_OK;
		commit = parent;
		b->steps += 1 + (size_t)b->view->graph.nodes[commit].parent_count;
		RV_TRY(step_back(b, p, commit, &parent));
	}
	out->commit = b->is_in[commit] ? commit : RV_GIT_NONE;
	return RV_OK;
}

rv_status rv_blame_ask(struct rv_blame *b, const struct rv_blame_question *q,
		       struct rv_blame_answer *out)
{
	RV_CLEANUP(place_done)
	struct place p = {
		.oid = *q->oid, .line = q->line, .count = q->line ? q->end_line - q->line + 1 : 0};

	*out = (struct rv_blame_answer){.commit = RV_GIT_NONE};
	if (b->head >= b->node_count || is_spent(b) || q->text.len > RV_BLAME_FILE_MAX)
		return RV_OK;
	b->read_bytes += q->text.len;
	rv_buf_init(&p.path, RV_GIT_OBJECT_MAX);
	rv_buf_init(&p.text, RV_BLAME_FILE_MAX);
	RV_TRY(rv_buf_put(&p.path, q->path.data, q->path.len));
	RV_TRY(rv_buf_put(&p.text, q->text.data, q->text.len));
	return walk(b, &p, q, out);
}
