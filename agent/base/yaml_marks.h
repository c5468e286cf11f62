/* base: where each value of a YAML tree stands. Inside of yaml.c; not here: messages. */
#pragma once

#include "agent/base/json.h"

struct rv_yaml_mark {
	const json_t *node;
	char *key; /* NULL: the value itself */
	unsigned line;
	unsigned column;
};

struct rv_yaml_marks {
	struct rv_yaml_mark *items;
	size_t count;
	size_t room;
};

/* Copies key. true, false and null are one shared node each and get no mark of their own: they
 * are found by the key they stand under. */
RV_NODISCARD rv_status rv_yaml_marks_add(struct rv_yaml_marks *marks, const json_t *node,
					 const char *key, size_t line, size_t column);
/* After the last add, before the first find. */
void rv_yaml_marks_sort(struct rv_yaml_marks *marks);
/* Both 0 when unknown. */
void rv_yaml_marks_find(const struct rv_yaml_marks *marks, const json_t *node, const char *key,
			unsigned *out_line, unsigned *out_column);
void rv_yaml_marks_done(struct rv_yaml_marks *marks);
