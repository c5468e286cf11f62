/* base: the parts of the TOML reader. toml.c walks the text, toml_value.c reads one scalar,
 * toml_table.c knows which table may be opened again. Included by those alone. */
#pragma once

#include "agent/base/toml.h"
#include "agent/base/yaml_tree.h"

struct rv_toml {
	struct rv_yaml *y;
	const uint8_t *at;
	const uint8_t *end;
	const uint8_t *line_start;
	size_t line;
	size_t nodes;
	struct rv_toml_kinds *kinds;
	struct rv_diag *diag;
};

/* Where something stands. */
struct rv_toml_mark {
	size_t line;
	size_t column;
};

/* One key path: a.b."c d". */
struct rv_toml_path {
	char *keys[RV_TOML_DEPTH_MAX];
	struct rv_toml_mark marks[RV_TOML_DEPTH_MAX];
	size_t count;
};

/* The byte at `ahead`, or -1 past the end. */
static inline int rv_toml_peek(const struct rv_toml *t, size_t ahead)
{
	return (size_t)(t->end - t->at) > ahead ? t->at[ahead] : -1;
}

struct rv_toml_mark rv_toml_here(const struct rv_toml *t);
rv_status rv_toml_fail(const struct rv_toml *t, struct rv_toml_mark mark, const char *what);
/* Steps over the line end that stands here. */
void rv_toml_next_line(struct rv_toml *t);

/* toml_value.c */
/* A string, number, date or boolean. *gives* in out. */
RV_NODISCARD rv_status rv_toml_read_scalar(struct rv_toml *t, json_t **out);
/* A string of one line, as keys may be. *gives* a NUL-terminated text without NUL in it. */
RV_NODISCARD rv_status rv_toml_read_quoted_key(struct rv_toml *t, char **out);

/* toml_table.c */
RV_NODISCARD rv_status rv_toml_kinds_new(struct rv_toml_kinds **out);
void rv_toml_kinds_free(struct rv_toml_kinds *kinds);
/* A new inline table or array written as a value: closed to headers and dotted keys. */
RV_NODISCARD rv_status rv_toml_close(struct rv_toml *t, const json_t *node);
/* `[path]` or, is_list, `[[path]]`: the table that what follows goes into. */
RV_NODISCARD rv_status rv_toml_open_header(struct rv_toml *t, const struct rv_toml_path *path,
					   bool is_list, json_t **out_table);
/* The table a dotted key's last part goes into. */
RV_NODISCARD rv_status rv_toml_open_dotted(struct rv_toml *t, json_t *table,
					   const struct rv_toml_path *path, json_t **out_table);
/* Puts a value under a key that must not be there yet; *takes* value also on failure. */
RV_NODISCARD rv_status rv_toml_put(struct rv_toml *t, json_t *table, const char *key,
				   struct rv_toml_mark key_mark, json_t *value,
				   struct rv_toml_mark mark);
/* Appends to an array; *takes* value also on failure. */
RV_NODISCARD rv_status rv_toml_append(struct rv_toml *t, json_t *list, json_t *value,
				      struct rv_toml_mark mark);
