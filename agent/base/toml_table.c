/* base: TOML's tables: which may be opened again, and how. Not here: text (toml.c). */
#include "agent/base/toml_private.h"

/* How a table came to be. One that is not here was made on the way by a header ([a] in [a.b]). */
enum kind {
	KIND_NONE,
	KIND_HEADER, /* by [a] or an element of [[a]] */
	KIND_DOTTED, /* by a.b = 1 */
	KIND_CLOSED, /* a value: {..} or [..] */
	KIND_LIST,   /* by [[a]] */
};

struct slot {
	const json_t *node;
	enum kind kind;
};

struct rv_toml_kinds {
	struct slot *slots; /* open addressing; the size is a power of two */
	size_t size;
	size_t count;
};

rv_status rv_toml_kinds_new(struct rv_toml_kinds **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? RV_OK : rv_fail_nomem(NULL);
}

void rv_toml_kinds_free(struct rv_toml_kinds *kinds)
{
	if (kinds)
		free(kinds->slots);
	free(kinds);
}

/* The node's slot, or the empty one where it would be. */
static struct slot *slot_of(const struct rv_toml_kinds *kinds, const json_t *node)
{
	uint64_t spread = (uint64_t)(uintptr_t)node * UINT64_C(0x9e3779b97f4a7c15);
	size_t at = (size_t)(spread >> 20) & (kinds->size - 1);

	while (kinds->slots[at].node && kinds->slots[at].node != node)
		at = (at + 1) & (kinds->size - 1);
	return &kinds->slots[at];
}

static enum kind kind_of(const struct rv_toml *t, const json_t *node)
{
	return t->kinds->size ? slot_of(t->kinds, node)->kind : KIND_NONE;
}

static rv_status grow(struct rv_toml_kinds *kinds)
{
	struct rv_toml_kinds more = {.size = kinds->size ? kinds->size * 2 : 64};

	more.slots = calloc(more.size, sizeof(*more.slots));
	if (!more.slots)
		return rv_fail_nomem(NULL);
	for (size_t i = 0; i < kinds->size; i++) {
		if (kinds->slots[i].node)
			*slot_of(&more, kinds->slots[i].node) = kinds->slots[i];
	}
	free(kinds->slots);
	kinds->slots = more.slots;
	kinds->size = more.size;
	return RV_OK;
}

static rv_status set_kind(struct rv_toml *t, const json_t *node, enum kind kind)
{
	if (t->kinds->count * 2 >= t->kinds->size && !rv_is_ok(grow(t->kinds)))
		return rv_fail_nomem(t->diag);
	struct slot *slot = slot_of(t->kinds, node);
	t->kinds->count += slot->node == NULL;
	*slot = (struct slot){node, kind};
	return RV_OK;
}

rv_status rv_toml_close(struct rv_toml *t, const json_t *node)
{
	return set_kind(t, node, KIND_CLOSED);
}

static rv_status count_node(struct rv_toml *t, struct rv_toml_mark mark)
{
	if (t->nodes++ >= RV_TOML_NODES_MAX)
		return rv_toml_fail(t, mark, "too many values");
	return RV_OK;
}

rv_status rv_toml_put(struct rv_toml *t, json_t *table, const char *key,
		      struct rv_toml_mark key_mark, json_t *value, struct rv_toml_mark mark)
{
	RV_CLEANUP(rv_jsonp) json_t *held = value;

	RV_TRY(count_node(t, mark));
	if (json_object_get(table, key))
		return rv_toml_fail(t, key_mark, "this key is there twice");
	if (json_object_set_new_nocheck(table, key, RV_TAKE(held)) != 0)
		return rv_fail_nomem(t->diag);
	if (!rv_is_ok(
		    rv_yaml_marks_add(&t->y->marks, table, key, key_mark.line, key_mark.column)) ||
	    !rv_is_ok(rv_yaml_marks_add(&t->y->marks, value, NULL, mark.line, mark.column)))
		return rv_fail_nomem(t->diag);
	return RV_OK;
}

rv_status rv_toml_append(struct rv_toml *t, json_t *list, json_t *value, struct rv_toml_mark mark)
{
	RV_CLEANUP(rv_jsonp) json_t *held = value;

	RV_TRY(count_node(t, mark));
	if (json_array_append_new(list, RV_TAKE(held)) != 0)
		return rv_fail_nomem(t->diag);
	if (!rv_is_ok(rv_yaml_marks_add(&t->y->marks, value, NULL, mark.line, mark.column)))
		return rv_fail_nomem(t->diag);
	return RV_OK;
}

/* A new table under the key, of this kind. */
static rv_status add_table(struct rv_toml *t, json_t *table, const char *key,
			   struct rv_toml_mark mark, enum kind kind, json_t **out)
{
	json_t *made = json_object();

	if (!made)
		return rv_fail_nomem(t->diag);
	RV_TRY(rv_toml_put(t, table, key, mark, made, mark));
	*out = made;
	return kind == KIND_NONE ? RV_OK : set_kind(t, made, kind);
}

static rv_status add_element(struct rv_toml *t, json_t *list, struct rv_toml_mark mark,
			     json_t **out)
{
	json_t *made = json_object();

	if (!made)
		return rv_fail_nomem(t->diag);
	RV_TRY(rv_toml_append(t, list, made, mark));
	*out = made;
	return set_kind(t, made, KIND_HEADER);
}

/* One part of a header before the last: a table, or the last element of a list of tables. */
static rv_status pass(struct rv_toml *t, json_t **table, const char *key, struct rv_toml_mark mark)
{
	json_t *next = json_object_get(*table, key);

	if (!next)
		return add_table(t, *table, key, mark, KIND_NONE, table);
	if (kind_of(t, next) == KIND_LIST)
		next = json_array_get(next, json_array_size(next) - 1);
	else if (kind_of(t, next) == KIND_CLOSED)
		return rv_toml_fail(t, mark, "this table or array was given whole: it is closed");
	if (!json_is_object(next))
		return rv_toml_fail(t, mark, "this key has a value that is no table");
	*table = next;
	return RV_OK;
}

static rv_status open_list(struct rv_toml *t, json_t *table, const char *key,
			   struct rv_toml_mark mark, json_t **out)
{
	json_t *list = json_object_get(table, key);

	if (list && kind_of(t, list) != KIND_LIST)
		return rv_toml_fail(t, mark, "this key is there already and is no [[list]]");
	if (!list) {
		list = json_array();
		if (!list)
			return rv_fail_nomem(t->diag);
		RV_TRY(rv_toml_put(t, table, key, mark, list, mark));
		RV_TRY(set_kind(t, list, KIND_LIST));
	}
	return add_element(t, list, mark, out);
}

rv_status rv_toml_open_header(struct rv_toml *t, const struct rv_toml_path *path, bool is_list,
			      json_t **out)
{
	json_t *table = t->y->root;
	size_t last = path->count - 1;

	for (size_t i = 0; i < last; i++)
		RV_TRY(pass(t, &table, path->keys[i], path->marks[i]));
	if (is_list)
		return open_list(t, table, path->keys[last], path->marks[last], out);
	json_t *found = json_object_get(table, path->keys[last]);
	if (!found)
		return add_table(t, table, path->keys[last], path->marks[last], KIND_HEADER, out);
	if (!json_is_object(found) || kind_of(t, found) != KIND_NONE)
		return rv_toml_fail(t, path->marks[last], "this table is there twice");
	*out = found;
	return set_kind(t, found, KIND_HEADER);
}

rv_status rv_toml_open_dotted(struct rv_toml *t, json_t *table, const struct rv_toml_path *path,
			      json_t **out)
{
	for (size_t i = 0; i + 1 < path->count; i++) {
		json_t *next = json_object_get(table, path->keys[i]);

		if (!next) {
			RV_TRY(add_table(t, table, path->keys[i], path->marks[i], KIND_DOTTED,
					 &table));
			continue;
		}
		if (!json_is_object(next))
			return rv_toml_fail(t, path->marks[i],
					    "this key has a value that is no table");
		if (kind_of(t, next) == KIND_HEADER || kind_of(t, next) == KIND_CLOSED)
			return rv_toml_fail(
				t, path->marks[i],
				"this table was defined elsewhere: dotted keys cannot add to it");
		RV_TRY(set_kind(t, next, KIND_DOTTED));
		table = next;
	}
	*out = table;
	return RV_OK;
}
