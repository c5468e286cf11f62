/* git: finds where blobs came from, by trees cut back to them (twig.h). Commits are gone through
 * newest first. */
#include "agent/git/origin.h"

#include "agent/git/lost.h"
#include "agent/git/twig.h"

#define BY_REF 0x01
#define BY_LOG 0x02
#define ANY    0x04
#define TIP    0x08 /* the newest of its line: nothing newer takes a blob away from it */

#define BYTES_MAX ((size_t)1 << 30)

enum grade { GRADE_REF, GRADE_LOG, GRADE_NONE, GRADE__NOWHERE };

struct candidate {
	uint8_t first_grade, last_grade; /* enum grade */
	bool is_counted;		 /* the first is a commit that is not let pass */
	uint32_t last_place;
};

struct finding {
	struct rv_git_graph *graph;
	const struct rv_git_refs *refs;
	const struct rv_git_oidmap *blobs;
	const struct rv_git_wanted *wanted; /* or NULL */
	struct rv_git_tree_list list;
	struct rv_git_twigs twigs;
	struct rv_git_origins *out;
	struct candidate *candidates;
	uint32_t *order, order_count;
	uint32_t *twig_of;	   /* by commit */
	struct rv_git_oidmap told; /* tips that are gone */
	uint32_t head;		   /* its number, or RV_GIT_NONE */
	uint32_t commit, place;	   /* while one is looked at */
};

void rv_git_origins_done(struct rv_git_origins *origins)
{
	if (!origins)
		return;
	for (uint32_t i = 0; origins->items && i < origins->count; i++)
		free(origins->items[i].paths);
	free(origins->items);
	rv_buf_done(&origins->bytes);
	free(origins->places);
	*origins = (struct rv_git_origins){0};
}

static void finding_done(struct finding *f)
{
	rv_git_twigs_done(&f->twigs);
	rv_git_tree_list_done(&f->list);
	rv_git_oidmap_done(&f->told);
	free(f->candidates);
	free(f->order);
	free(f->twig_of);
}

static uint8_t grade_of(const struct finding *f, uint32_t n)
{
	uint8_t marks = f->graph->nodes[n].marks;

	return marks & BY_REF ? GRADE_REF : marks & BY_LOG ? GRADE_LOG : GRADE_NONE;
}

/* A tag of a blob keeps it, although no commit has it. */
static void note_named_blob(struct finding *f, const struct rv_git_oid *oid, uint8_t mark)
{
	uint32_t blob = rv_git_oidmap_get(f->blobs, oid);
	uint8_t grade = mark == BY_REF ? GRADE_REF : GRADE_LOG;

	if (blob != RV_GIT_NONE && grade < f->candidates[blob].first_grade)
		f->candidates[blob].first_grade = grade;
}

/* Once, though a branch, its reflog and a commit may all name it; n: its number, or RV_GIT_NONE. */
static rv_status tell_tip(struct finding *f, const struct rv_git_oid *oid, uint32_t n,
			  const char *name, rv_status status)
{
	uint32_t number;
	bool is_new = false;
	enum rv_git_trouble_kind kind = rv_git_trouble_of(status);
	const struct rv_git_trouble trouble = {
		.kind = kind == RV_GIT_TROUBLE_MISSING ? RV_GIT_TROUBLE_MISSING_TIP : kind,
		.where = name,
		.oid = oid};

	bool is_told = n != RV_GIT_NONE && f->graph->nodes[n].state == RV_GIT_NODE_GONE;
	if (!name || !f->graph->on_trouble || is_told)
		return RV_OK;
	if (n != RV_GIT_NONE)
		f->graph->nodes[n].state = RV_GIT_NODE_GONE;
	RV_TRY(rv_git_oidmap_put(&f->told, oid, &number, &is_new));
	if (is_new)
		f->graph->on_trouble(f->graph->user, &trouble);
	return RV_OK;
}

/* Marks what a ref or a reflog's id reaches; tags are followed. What is gone is told under `name`;
 * NULL: it may be. */
static rv_status mark_from(struct finding *f, struct rv_git_oid oid, uint8_t mark, const char *name,
			   uint32_t *out_n)
{
	struct rv_git_graph *graph = f->graph;
	enum rv_git_type type = RV_GIT_COMMIT;
	uint32_t n = rv_git_oidmap_get(&graph->ids, &oid);

	*out_n = RV_GIT_NONE;
	if (n == RV_GIT_NONE || graph->nodes[n].state != RV_GIT_NODE_READ) {
		rv_status status = rv_git_peel(graph->reader, graph->git->oid_len, &oid, &type);
		if (!rv_is_ok(status))
			return tell_tip(f, &oid, n, name, status);
		if (type == RV_GIT_BLOB)
			note_named_blob(f, &oid, mark);
		if (type != RV_GIT_COMMIT)
			return RV_OK;
		RV_TRY(rv_git_graph_add(graph, &oid, &n));
	}
	RV_TRY(rv_git_graph_mark(graph, &n, 1, mark));
	graph->nodes[n].marks |= TIP;
	*out_n = n;
	return RV_OK;
}

/* Under what name a ref is told; NULL: not, since another is, or git lets it name what is gone. */
static const char *name_of(const struct rv_git_ref *ref)
{
	bool is_kept =
		ref->kind != RV_GIT_REF_PSEUDO || rv_str_ends_with(rv_str_of(ref->name), "/HEAD");

	return is_kept && !ref->target ? ref->name : NULL;
}

static rv_status mark_all(struct finding *f)
{
	struct rv_git_graph *graph = f->graph;
	uint32_t n;

	for (n = 0; n < graph->ids.count; n++)
		graph->nodes[n].marks = ANY | TIP;
	for (n = 0; n < graph->ids.count; n++) {
		for (uint32_t i = 0; i < graph->nodes[n].parent_count; i++)
			graph->nodes[rv_git_graph_parent(graph, n, i)].marks &= (uint8_t)~TIP;
	}
	for (uint32_t i = 0; i < f->refs->count; i++) {
		const struct rv_git_ref *ref = &f->refs->items[i];
		bool is_ref = ref->kind == RV_GIT_REF_HEAD || ref->kind == RV_GIT_REF_NAMED ||
			      rv_str_ends_with(rv_str_of(ref->name), "/HEAD");

		RV_TRY(mark_from(f, ref->oid, is_ref ? BY_REF : BY_LOG, name_of(ref), &n));
		if (ref->kind == RV_GIT_REF_HEAD)
			f->head = n;
	}
	for (uint32_t i = 0; i < f->refs->logged.count; i++)
		RV_TRY(mark_from(f, f->refs->logged.oids[i], BY_LOG, "reflog", &n));
	return RV_OK;
}

/* Where the bytes of a path are, while they may still move: its `data` counts from their start. */
static const uint8_t *bytes_of(const struct finding *f, const struct rv_str *path)
{
	return f->out->bytes.data + (uintptr_t)path->data;
}

/* Room for one path more: twice as much at each power of two. */
static bool make_room(struct rv_git_origin *origin)
{
	size_t count = origin->path_count;

	if (count & (count - 1))
		return true;
	struct rv_str *more =
		reallocarray(origin->paths, count ? 2 * count : 1, sizeof(*origin->paths));
	if (!more)
		return false;
	origin->paths = more;
	return true;
}

/* Kinds of the path that none of those kept has. Asked of a full blob alone. */
static unsigned new_kinds(const struct finding *f, struct rv_git_origin *origin, struct rv_str path)
{
	if (!f->wanted || !f->wanted->kinds)
		return 0;
	for (size_t i = 0; i < origin->path_count && !origin->has_more_paths; i++) {
		const struct rv_str *kept = &origin->paths[i];

		origin->kinds |= f->wanted->kinds((struct rv_str){bytes_of(f, kept), kept->len});
	}
	return f->wanted->kinds(path) & ~(unsigned)origin->kinds;
}

/* Keeps a path of a blob unless it is known or may not be looked at. */
static rv_status keep_path(struct finding *f, uint32_t blob, struct rv_str path)
{
	struct rv_git_origin *origin = &f->out->items[blob];
	struct rv_buf *bytes = &f->out->bytes;

	for (size_t i = 0; i < origin->path_count; i++) {
		if (origin->paths[i].len == path.len &&
		    memcmp(bytes_of(f, &origin->paths[i]), path.data, path.len) == 0)
			return RV_OK;
	}
	if (f->wanted && f->wanted->wants && !f->wanted->wants(f->wanted->user, path, false)) {
		origin->has_unwanted = true;
		return RV_OK;
	}
	/* The first path of each has its room beside the further ones of others. */
	size_t max = origin->path_count > 0 ? BYTES_MAX / 2 : BYTES_MAX;
	bool is_out_of_room = bytes->len + path.len > max;

	if (origin->path_count >= RV_GIT_ORIGIN_PATHS || is_out_of_room) {
		unsigned kinds = new_kinds(f, origin, path);

		origin->has_more_paths = true;
		origin->has_more_kinds |= kinds && is_out_of_room;
		if (!kinds || is_out_of_room)
			return RV_OK;
		origin->kinds |= (uint16_t)kinds;
	}
	if (!make_room(origin))
		return rv_fail_nomem(NULL);
	origin->paths[origin->path_count++] =
		(struct rv_str){(const uint8_t *)(uintptr_t)bytes->len, path.len};
	return rv_buf_put(bytes, path.data, path.len);
}

/* f->commit holds the blob there and nothing newer of its line does. */
static rv_status see_last(void *user, struct rv_str path, uint32_t blob)
{
	struct finding *f = user;
	struct candidate *candidate = &f->candidates[blob];
	uint8_t grade = grade_of(f, f->commit);

	if (grade < candidate->last_grade ||
	    (grade == candidate->last_grade && f->place < candidate->last_place)) {
		candidate->last_grade = grade;
		candidate->last_place = f->place;
		f->out->items[blob].last = f->commit;
	}
	return keep_path(f, blob, path);
}

static bool is_let_pass(const struct finding *f, uint32_t commit)
{
	char hex[RV_GIT_HEX_MAX];

	if (!f->wanted || !f->wanted->passes)
		return false;
	rv_git_oid_hex(&f->graph->ids.oids[commit], f->graph->git->oid_len, hex);
	return f->wanted->passes(f->wanted->user, hex);
}

/* Newest first: what comes later is older. */
static void take_first(struct finding *f, uint32_t blob)
{
	struct candidate *candidate = &f->candidates[blob];
	uint8_t grade = grade_of(f, f->commit);

	if (grade > candidate->first_grade)
		return;
	if (grade < candidate->first_grade)
		candidate->is_counted = false;
	candidate->first_grade = grade;
	bool counts = !is_let_pass(f, f->commit);
	if (counts || !candidate->is_counted)
		f->out->items[blob].first = f->commit;
	candidate->is_counted |= counts;
}

/* f->commit has the blob there and its first parent has not. */
static rv_status see_first(void *user, struct rv_str path, uint32_t blob)
{
	struct finding *f = user;

	for (uint32_t i = 1; i < f->graph->nodes[f->commit].parent_count; i++) {
		uint32_t parent = rv_git_graph_parent(f->graph, f->commit, i);

		if (rv_git_twigs_has(&f->twigs, f->twig_of[parent], path, blob))
			return RV_OK;
	}
	take_first(f, blob);
	return keep_path(f, blob, path);
}

static rv_status see_head(void *user, struct rv_str path, uint32_t blob)
{
	struct finding *f = user;

	(void)path; /* seen before */
	f->out->items[blob].reach = RV_GIT_REACH_HEAD;
	return RV_OK;
}

static rv_status do_commit(struct finding *f, uint32_t n)
{
	const struct rv_git_node *node = &f->graph->nodes[n];
	uint32_t first_parent = 0; /* its twig; the empty one when there is none */

	f->commit = n;
	f->place = f->out->places[n];
	if (node->marks & TIP)
		RV_TRY(rv_git_twigs_new(&f->twigs, 0, f->twig_of[n], see_last, f));
	for (uint32_t i = 0; i < node->parent_count; i++) {
		uint32_t parent = rv_git_graph_parent(f->graph, n, i);

		if (i == 0)
			first_parent = f->twig_of[parent];
		f->commit = parent;
		f->place = f->out->places[parent];
		RV_TRY(rv_git_twigs_new(&f->twigs, f->twig_of[n], f->twig_of[parent], see_last, f));
	}
	f->commit = n;
	return rv_git_twigs_new(&f->twigs, first_parent, f->twig_of[n], see_first, f);
}

/* What nothing names may have lost trees: those that are named come first, and are told. */
static rv_status build_twigs(struct finding *f, bool are_named)
{
	f->twigs.is_quiet = !are_named || f->graph->git->is_partial;
	for (uint32_t i = 0; i < f->order_count; i++) {
		uint32_t n = f->order[i];

		if ((grade_of(f, n) < GRADE_NONE) == are_named)
			RV_TRY(rv_git_twigs_of(&f->twigs, &f->graph->nodes[n].tree,
					       &f->twig_of[n]));
	}
	return RV_OK;
}

static rv_status walk(struct finding *f)
{
	const size_t all = (size_t)f->graph->ids.count + 1;

	RV_TRY(rv_git_graph_order(f->graph, ANY | BY_REF | BY_LOG, &f->order, &f->order_count));
	f->out->places = calloc(all, sizeof(*f->out->places));
	f->twig_of = calloc(all, sizeof(*f->twig_of));
	if (!f->out->places || !f->twig_of)
		return rv_fail_nomem(NULL);
	for (uint32_t i = 0; i < f->order_count; i++)
		f->out->places[f->order[i]] = i;
	RV_TRY(build_twigs(f, true));
	RV_TRY(build_twigs(f, false));
	for (uint32_t i = 0; i < f->order_count; i++)
		RV_TRY(do_commit(f, f->order[i]));
	return RV_OK;
}

static rv_status finish(struct finding *f)
{
	static const enum rv_git_reach reaches[] = {[GRADE_REF] = RV_GIT_REACH_REF,
						    [GRADE_LOG] = RV_GIT_REACH_REFLOG,
						    [GRADE_NONE] = RV_GIT_REACH_NONE,
						    [GRADE__NOWHERE] = RV_GIT_REACH_NONE};

	for (uint32_t i = 0; i < f->out->count; i++) {
		struct rv_git_origin *origin = &f->out->items[i];

		origin->reach = reaches[f->candidates[i].first_grade];
		for (size_t j = 0; j < origin->path_count; j++)
			origin->paths[j].data = bytes_of(f, &origin->paths[j]);
	}
	if (f->head == RV_GIT_NONE)
		return RV_OK;
	return rv_git_twigs_new(&f->twigs, 0, f->twig_of[f->head], see_head, f);
}

static rv_status prepare(struct finding *f, const struct rv_git_oidmap *blobs)
{
	f->candidates = calloc((size_t)blobs->count + 1, sizeof(*f->candidates));
	f->out->items = calloc((size_t)blobs->count + 1, sizeof(*f->out->items));
	if (!f->candidates || !f->out->items)
		return rv_fail_nomem(NULL);
	f->out->count = blobs->count;
	rv_buf_init(&f->out->bytes, BYTES_MAX);
	for (uint32_t i = 0; i < blobs->count; i++) {
		f->candidates[i] = (struct candidate){.first_grade = GRADE__NOWHERE,
						      .last_grade = GRADE__NOWHERE};
		f->out->items[i].first = f->out->items[i].last = RV_GIT_NONE;
	}
	return RV_OK;
}

rv_status rv_git_origins_find(struct rv_git_graph *graph, const struct rv_git_refs *refs,
			      const struct rv_git_oidmap *blobs, const struct rv_git_wanted *wanted,
			      unsigned threads, struct rv_git_origins *out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_git_origins_done) struct rv_git_origins origins = {0};
	RV_CLEANUP(finding_done)
	struct finding f = {.graph = graph,
			    .refs = refs,
			    .blobs = blobs,
			    .wanted = wanted,
			    .out = &origins,
			    .head = RV_GIT_NONE};

	RV_TRY(prepare(&f, blobs));
	RV_TRY(rv_git_graph_read_all(graph, threads, diag));
	/* Of a partial clone nobody knows what was lost. */
	RV_TRY(rv_git_tree_list_make(&graph->git->odb, graph->on_trouble && !graph->git->is_partial,
				     blobs, threads, graph->on_trouble, graph->user, &f.list,
				     diag));
	RV_TRY(rv_git_twigs_init(&f.twigs, &f.list));
	RV_TRY(mark_all(&f));
	RV_TRY(walk(&f));
	RV_TRY(finish(&f));
	RV_TRY(rv_git_lost_tell(graph, refs, &f.list.not_packed, threads, diag));
	*out = origins;
	origins = (struct rv_git_origins){0};
	return RV_OK;
}
