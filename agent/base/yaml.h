/* base: YAML (libyaml) into one JSON tree with source marks. Strict: one document, no anchors,
 * aliases, tags, merge keys or duplicate keys; plain scalars are true/false, null, integers or
 * strings and nothing else (no yes/no, no octal, no floats, no dates). Not here: schemas. */
#pragma once

#include "agent/base/json.h"

struct rv_yaml; /* the tree and, for every node, file:line:column */

/* `file` is kept for messages. Depth <= 32, nodes <= 100000, text <= 4 MiB. *gives* in out. */
RV_NODISCARD rv_status rv_yaml_parse(struct rv_str text, const char *file, struct rv_yaml **out,
				     struct rv_diag *diag);
void rv_yaml_free(struct rv_yaml *y);
void rv_yaml_freep(struct rv_yaml **y);
const char *rv_yaml_file(const struct rv_yaml *y);
json_t *rv_yaml_root(const struct rv_yaml *y); /* borrows: lives as long as y */
/* Where a value (node pointer from the tree) or, with key != NULL, that key of an object stands.
 * Lines and columns count from 1; both 0 when unknown. */
void rv_yaml_mark(const struct rv_yaml *y, const json_t *node, const char *key, unsigned *out_line,
		  unsigned *out_column);
/* MALFORMED with "file:line:column: " before the sentence. */
rv_status rv_yaml_fail(const struct rv_yaml *y, const json_t *node, const char *key,
		       struct rv_diag *diag, const char *fmt, ...) RV_PRINTF(5, 6);
#ifdef __clang_analyzer__
#define rv_yaml_fail(y, node, key, diag, ...) \
	(rv_analyzer_reads(diag, __VA_ARGS__), (rv_status){RV_CLASS_MALFORMED, 0})
#endif
/* A key or value of a file as a message may quote it: itself when it is a plain name, of at most
 * RV_YAML_QUOTED_MAX of [A-Za-z0-9_.-], else "(not shown)": a file may hold anything, and be none
 * of ours. The place is told in any case. */
#define RV_YAML_QUOTED_MAX 40
const char *rv_yaml_quoted(const char *got);
/* The same of a path: plain names of up to 64 bytes with '/' between, RV_YAML_PATH_QUOTED_MAX at
 * most. */
#define RV_YAML_PATH_QUOTED_MAX 200
const char *rv_yaml_path_quoted(const char *got);
/* The nearest of `words` (NULL-ended) to `got` by edit distance <= 2, or NULL: "did you mean". */
const char *rv_suggest(const char *got, const char *const *words);
