/* git: reads a stack of reftables, the newest first. */
#include "agent/git/refs_table.h"

#include "agent/base/digest.h"
#include "agent/git/file.h"

#include <limits.h>

#define LIST_MAX ((size_t)1 << 20)
#define LIMIT	 ((rv_status){RV_CLASS_EXHAUSTED, 0})

struct reading {
	const struct rv_git_table_stack *stack;
	struct rv_git_oidmap seen; /* digests of names that a newer table has */
	bool is_over;		   /* a limit was reached, and told */
};

static void tell(const struct rv_git_table_stack *stack, enum rv_git_trouble_kind kind,
		 const char *where)
{
	const struct rv_git_trouble trouble = {.kind = kind, .where = where};

	if (stack->on_trouble)
		stack->on_trouble(stack->trouble_user, &trouble);
}

static rv_status on_ref(void *user, const struct rv_git_table_ref *ref)
{
	struct reading *r = user;
	struct rv_digest digest = rv_sha256(ref->name.data, ref->name.len);
	struct rv_git_oid key = rv_git_oid_of(digest.bytes, sizeof(key.bytes));
	uint32_t number;
	bool is_new = false;

	if (r->seen.count == RV_GIT_TABLES_REFS)
		return LIMIT;
	RV_TRY(rv_git_oidmap_put(&r->seen, &key, &number, &is_new));
	return is_new && !ref->is_deleted ? r->stack->each(r->stack->user, ref) : RV_OK;
}

static rv_status read_table(struct reading *r, struct rv_str name)
{
	const struct rv_git_table_stack *stack = r->stack;
	const uint8_t *data = NULL;
	char path[PATH_MAX];
	size_t len = 0;

	if (name.len == 0)
		return RV_OK;
	if (memchr(name.data, '/', name.len) || memchr(name.data, 0, name.len) ||
	    !rv_git_path(path, sizeof(path), "%s/reftable/%.*s", stack->git_dir, (int)name.len,
			 (const char *)name.data)) {
		tell(stack, RV_GIT_TROUBLE_REF, stack->git_dir);
		return RV_OK;
	}
	rv_status status = rv_git_map(path, &data, &len);
	if (!rv_is_ok(status)) {
		tell(stack, RV_GIT_TROUBLE_UNREADABLE, path);
		return RV_OK;
	}
	const struct rv_git_table_sink sink = {on_ref, r, stack->logged, stack->left};
	status = rv_git_reftable_parse((struct rv_str){data, len}, stack->oid_len, &sink);
	rv_git_unmap(data, len);
	r->is_over = rv_class_of(status) == RV_CLASS_EXHAUSTED && !status.errno_was;
	if (rv_is_ok(status) || (!r->is_over && rv_class_of(status) != RV_CLASS_MALFORMED))
		return status;
	tell(stack, r->is_over ? RV_GIT_TROUBLE_LIMIT : RV_GIT_TROUBLE_REF, path);
	return RV_OK;
}

/* From the last line to the first. */
static rv_status read_list(struct reading *r, struct rv_str list)
{
	size_t end = list.len, count = 0;

	while (end > 0 && !r->is_over && count++ < RV_GIT_TABLES_MAX) {
		size_t at = end;

		while (at > 0 && list.data[at - 1] != '\n')
			at--;
		if (end - at < PATH_MAX)
			RV_TRY(read_table(r, (struct rv_str){list.data + at, end - at}));
		else
			tell(r->stack, RV_GIT_TROUBLE_REF, r->stack->git_dir);
		end = at > 0 ? at - 1 : 0;
	}
	if (end > 0 && !r->is_over)
		tell(r->stack, RV_GIT_TROUBLE_LIMIT, r->stack->git_dir);
	return RV_OK;
}

rv_status rv_git_table_stack_read(const struct rv_git_table_stack *stack)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf list = {.max = LIST_MAX};
	struct reading r = {.stack = stack};
	char path[PATH_MAX];

	if (!rv_git_path(path, sizeof(path), "%s/reftable/tables.list", stack->git_dir))
		return RV_OK;
	if (!rv_is_ok(rv_git_slurp(path, &list))) {
		tell(stack, RV_GIT_TROUBLE_UNREADABLE, path);
		return RV_OK;
	}
	rv_git_oidmap_init(&r.seen);
	rv_status status = read_list(&r, rv_buf_view(&list));
	rv_git_oidmap_done(&r.seen);
	return status;
}
