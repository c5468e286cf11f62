/* git: gathers the branches of all trees while they are rebuilt. Parsing: tree_parse.c. */
#include "agent/git/tree_list.h"

#include <pthread.h>

#define FILTER_WORDS 1024 /* 65536 bits */
#define NAMES_MAX    ((size_t)1 << 31)

struct gathering {
	struct rv_git_tree_list *list;
	pthread_mutex_t *lock; /* of the list */
	struct rv_git_tree_parse parse;
};

void rv_git_tree_list_done(struct rv_git_tree_list *list)
{
	if (!list)
		return;
	free(list->filter);
	rv_git_oidmap_done(&list->trees);
	rv_git_oidmap_done(&list->not_packed);
	free(list->records);
	free(list->branches);
	rv_buf_done(&list->bytes);
	free(list->name_at);
	free(list->slots);
	*list = (struct rv_git_tree_list){0};
}

static uint32_t hash_of(const struct rv_git_tree_list *list, struct rv_str name)
{
	uint64_t h = list->trees.seed[0];

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ name.data[i]) * 0x100000001b3U;
	h ^= h >> 29;
	return (uint32_t)(h * 0x9e3779b97f4a7c15U >> 32);
}

static rv_status grow_names(struct rv_git_tree_list *list)
{
	uint32_t cap = list->name_cap ? list->name_cap * 2 : 256;
	uint32_t *name_at, *slots;

	if (list->name_count + 1 < list->name_cap)
		return RV_OK;
	if (cap > RV_GIT_BRANCHES_MAX)
		return (rv_status){RV_CLASS_EXHAUSTED, 0};
	name_at = reallocarray(list->name_at, cap, sizeof(*name_at));
	if (!name_at)
		return rv_fail_nomem(NULL);
	list->name_at = name_at;
	slots = calloc((size_t)cap * 2, sizeof(*slots));
	if (!slots)
		return rv_fail_nomem(NULL);
	free(list->slots);
	list->slots = slots;
	list->name_cap = cap;
	list->mask = cap * 2 - 1;
	list->name_at[list->name_count] = (uint32_t)list->bytes.len;
	for (uint32_t n = 0; n < list->name_count; n++) {
		uint32_t s = hash_of(list, rv_git_tree_list_name(list, n)) & list->mask;

		while (slots[s])
			s = (s + 1) & list->mask;
		slots[s] = n + 1;
	}
	return RV_OK;
}

static rv_status name_of(struct rv_git_tree_list *list, struct rv_str name, uint32_t *out)
{
	uint32_t s;

	RV_TRY(grow_names(list));
	for (s = hash_of(list, name) & list->mask; list->slots[s]; s = (s + 1) & list->mask) {
		if (rv_str_equal(rv_git_tree_list_name(list, list->slots[s] - 1), name)) {
			*out = list->slots[s] - 1;
			return RV_OK;
		}
	}
	RV_TRY(rv_buf_put(&list->bytes, name.data, name.len));
	*out = list->name_count++;
	list->name_at[list->name_count] = (uint32_t)list->bytes.len;
	list->slots[s] = list->name_count;
	return RV_OK;
}

static rv_status number_of(struct rv_git_tree_list *list, const struct rv_git_oid *oid,
			   uint32_t *out)
{
	bool is_new = false;

	if (list->trees.count == list->record_cap) {
		uint32_t cap = list->record_cap ? list->record_cap * 2 : 1024;
		struct rv_git_tree_record *records =
			reallocarray(list->records, cap, sizeof(*records));

		if (!records)
			return rv_fail_nomem(NULL);
		list->records = records;
		list->record_cap = cap;
	}
	RV_TRY(rv_git_oidmap_put(&list->trees, oid, out, &is_new));
	if (is_new)
		list->records[*out] = (struct rv_git_tree_record){0, RV_GIT_NONE};
	return RV_OK;
}

/* Names and numbers for what was parsed from bytes. */
static rv_status resolve(struct rv_git_tree_list *list, struct rv_git_tree_parse *parse,
			 struct rv_str bytes)
{
	for (uint32_t i = 0; i < parse->fresh_count; i++) {
		struct rv_git_notable *notable = &parse->notables[parse->fresh[i]];
		struct rv_git_tree tree = rv_git_tree_begin(bytes, list->oid_len);
		struct rv_git_tree_entry entry = {0};
		struct rv_git_oid oid;

		tree.at += notable->at;
		(void)rv_git_tree_next(&tree, &entry); /* it parsed before */
		oid = rv_git_oid_of(entry.oid, list->oid_len);
		RV_TRY(name_of(list, entry.name, &notable->name));
		if (rv_git_mode_is(entry.mode, RV_GIT_MODE_DIR)) {
			RV_TRY(number_of(list, &oid, &notable->value));
			notable->value |= RV_GIT_BRANCH_DIR;
		} else {
			notable->value = rv_git_oidmap_get(list->wanted, &oid);
		}
	}
	return RV_OK;
}

static rv_status note_not_packed(struct rv_git_tree_list *list,
				 const struct rv_git_tree_parse *parse, struct rv_str bytes)
{
	for (uint32_t i = 0; i < parse->not_packed_count; i++) {
		struct rv_git_tree tree = rv_git_tree_begin(bytes, list->oid_len);
		struct rv_git_tree_entry entry = {0};
		struct rv_git_oid oid;
		uint32_t number;

		tree.at += parse->not_packed[i];
		(void)rv_git_tree_next(&tree, &entry); /* it parsed before */
		oid = rv_git_oid_of(entry.oid, list->oid_len);
		RV_TRY(rv_git_oidmap_put(&list->not_packed, &oid, &number, NULL));
	}
	return RV_OK;
}

static rv_status record(struct rv_git_tree_list *list, const struct rv_git_told *told,
			const struct rv_git_tree_parse *parse)
{
	uint32_t number = 0;

	RV_TRY(number_of(list, told->oid, &number));
	while (list->branch_cap - list->branch_count < parse->notable_count) {
		uint32_t cap = list->branch_cap ? list->branch_cap * 2 : 4096;
		struct rv_git_branch *branches =
			reallocarray(list->branches, cap, sizeof(*branches));

		if (!branches || cap > RV_GIT_BRANCHES_MAX) {
			list->branches = branches ? branches : list->branches;
			return rv_fail_nomem(NULL);
		}
		list->branches = branches;
		list->branch_cap = cap;
	}
	list->records[number].at = list->branch_count;
	list->records[number].count = parse->notable_count;
	for (uint32_t i = 0; i < parse->notable_count; i++)
		list->branches[list->branch_count++] =
			(struct rv_git_branch){parse->notables[i].name, parse->notables[i].value};
	return RV_OK;
}

/* One block of memory. */
static rv_status keep(const struct rv_git_tree_parse *parse, void **out_state)
{
	size_t notables = parse->notable_count * sizeof(struct rv_git_notable);
	size_t starts = ((size_t)parse->start_count + 1) * sizeof(uint32_t);
	struct rv_git_tree_state *state = malloc(sizeof(*state) + notables + starts);

	if (!state)
		return rv_fail_nomem(NULL);
	state->starts = (uint32_t *)(state + 1);
	state->start_count = parse->start_count;
	memcpy(state->starts, parse->starts, starts);
	state->notables = (struct rv_git_notable *)(state->starts + parse->start_count + 1);
	state->notable_count = parse->notable_count;
	if (notables)
		memcpy(state->notables, parse->notables, notables);
	*out_state = state;
	return RV_OK;
}

static rv_status see(void *user, const struct rv_git_told *told, void **out_state)
{
	const struct rv_git_trouble trouble = {.kind = RV_GIT_TROUBLE_BROKEN, .oid = told->oid};
	struct gathering *g = user;
	rv_status status;

	if (told->segments && told->base_state)
		RV_TRY(rv_git_tree_parse_delta(&g->parse, told->bytes, told->base_state,
					       told->segments, told->segment_count));
	else
		RV_TRY(rv_git_tree_parse_all(&g->parse, told->bytes));
	(void)pthread_mutex_lock(g->lock); /* ours */
	status = resolve(g->list, &g->parse, told->bytes);
	if (rv_is_ok(status))
		status = note_not_packed(g->list, &g->parse, told->bytes);
	if (rv_is_ok(status))
		status = record(g->list, told, &g->parse);
	if (g->parse.is_broken && g->list->on_trouble)
		g->list->on_trouble(g->list->user, &trouble);
	(void)pthread_mutex_unlock(g->lock); /* ours */
	RV_TRY(status);
	return told->is_base ? keep(&g->parse, out_state) : RV_OK;
}

static void drop(void *user, void *state)
{
	(void)user;
	free(state);
}

static rv_status begin(struct rv_git_tree_list *list, const struct rv_git_oidmap *wanted,
		       size_t oid_len)
{
	list->wanted = wanted;
	list->oid_len = oid_len;
	rv_git_oidmap_init(&list->trees);
	rv_git_oidmap_init(&list->not_packed);
	rv_buf_init(&list->bytes, NAMES_MAX);
	list->filter = calloc(FILTER_WORDS, sizeof(*list->filter));
	if (!list->filter)
		return rv_fail_nomem(NULL);
	for (uint32_t i = 0; i < wanted->count; i++) {
		size_t bit = (size_t)wanted->oids[i].bytes[0] << 8 | wanted->oids[i].bytes[1];

		list->filter[bit / 64] |= UINT64_C(1) << (bit % 64);
	}
	return RV_OK;
}

rv_status rv_git_tree_list_make(const struct rv_git_odb *odb, bool looks_up,
				const struct rv_git_oidmap *wanted, unsigned threads,
				rv_git_trouble_fn *on_trouble, void *user,
				struct rv_git_tree_list *out, struct rv_diag *diag)
{
	/* What cannot be rebuilt is told when something names it: as missing. */
	const struct rv_git_visitor visitor = {.object = see, .drop = drop};
	const unsigned count = threads == 0		      ? 1
			       : threads > RV_GIT_THREADS_MAX ? RV_GIT_THREADS_MAX
							      : threads;
	pthread_mutex_t lock = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
	RV_CLEANUP(rv_git_tree_list_done)
	struct rv_git_tree_list list = {
		.odb = looks_up ? odb : NULL, .on_trouble = on_trouble, .user = user};
	RV_CLEANUP(rv_freep) struct gathering *all = calloc(count, sizeof(*all));
	RV_CLEANUP(rv_freep) void **users = calloc(count, sizeof(*users));
	const struct rv_git_visit visit = {
		.types = 1u << RV_GIT_TREE, .threads = count, .users = users};
	rv_status status;

	if (!all || !users)
		return rv_fail_nomem(diag);
	RV_TRY(begin(&list, wanted, odb->oid_len));
	for (unsigned i = 0; i < count; i++) {
		all[i] = (struct gathering){.list = &list, .lock = &lock, .parse = {.list = &list}};
		users[i] = &all[i];
	}
	status = rv_git_visit(odb, &visit, &visitor, diag);
	for (unsigned i = 0; i < count; i++)
		rv_git_tree_parse_done(&all[i].parse);
	RV_TRY(status);
	*out = list;
	list = (struct rv_git_tree_list){0};
	return RV_OK;
}
