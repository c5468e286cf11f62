/* base: the sorted table of marks of one YAML tree. Not here: parsing (yaml.c). */
#include "agent/base/yaml_marks.h"

static rv_status make_room(struct rv_yaml_marks *marks)
{
	size_t room = marks->room ? marks->room * 2 : 64;
	struct rv_yaml_mark *items;

	if (marks->count < marks->room)
		return RV_OK;
	items = reallocarray(marks->items, room, sizeof(*items));
	if (!items)
		return rv_fail_nomem(NULL);
	marks->items = items;
	marks->room = room;
	return RV_OK;
}

rv_status rv_yaml_marks_add(struct rv_yaml_marks *marks, const json_t *node, const char *key,
			    size_t line, size_t column)
{
	char *copy = NULL;

	if (!key && (json_is_boolean(node) || json_is_null(node)))
		return RV_OK;
	RV_TRY(make_room(marks));
	if (key) {
		copy = rv_str_dup(rv_str_of(key));
		if (!copy)
			return rv_fail_nomem(NULL);
	}
	marks->items[marks->count++] =
		(struct rv_yaml_mark){node, copy, (unsigned)line, (unsigned)column};
	return RV_OK;
}

static int compare(const void *left, const void *right)
{
	const struct rv_yaml_mark *a = left, *b = right;

	if (a->node != b->node)
		return (uintptr_t)a->node < (uintptr_t)b->node ? -1 : 1;
	if (!a->key || !b->key)
		return (a->key ? 1 : 0) - (b->key ? 1 : 0);
	return strcmp(a->key, b->key);
}

void rv_yaml_marks_sort(struct rv_yaml_marks *marks)
{
	if (marks->count)
		qsort(marks->items, marks->count, sizeof(*marks->items), compare);
}

void rv_yaml_marks_find(const struct rv_yaml_marks *marks, const json_t *node, const char *key,
			unsigned *out_line, unsigned *out_column)
{
	size_t low = 0, high = marks->count;

	*out_line = 0;
	*out_column = 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct rv_yaml_mark *mark = &marks->items[middle];
		int order;

		if (mark->node != node)
			order = (uintptr_t)node < (uintptr_t)mark->node ? -1 : 1;
		else if (!key || !mark->key)
			order = (key ? 1 : 0) - (mark->key ? 1 : 0);
		else
			order = strcmp(key, mark->key);
		if (order == 0) {
			*out_line = mark->line;
			*out_column = mark->column;
			return;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
}

void rv_yaml_marks_done(struct rv_yaml_marks *marks)
{
	for (size_t i = 0; i < marks->count; i++)
		free(marks->items[i].key);
	free(marks->items);
	*marks = (struct rv_yaml_marks){0};
}
