/* base: TOML 1.0 into the JSON tree with source marks of yaml.h (rv_yaml_root, _mark, _fail, _free
 * serve both). Strict: what the specification calls invalid is refused with file:line:column.
 * Tables and inline tables are objects, arrays of tables are arrays of objects. JSON has no dates
 * and no infinity: dates and times, inf and nan come as strings, as they were written. Columns
 * count bytes. A NUL in a string or key ("\u0000") is refused. Not here: schemas. */
#pragma once

#include "agent/base/yaml.h"

#define RV_TOML_TEXT_MAX  ((size_t)4 << 20) /* bytes */
#define RV_TOML_DEPTH_MAX 32		    /* keys in a path, and values in values */
#define RV_TOML_NODES_MAX 100000

/* `file` is kept for messages. MALFORMED: not TOML, or past a limit. *gives* in out. */
RV_NODISCARD rv_status rv_toml_parse(struct rv_str text, const char *file, struct rv_yaml **out,
				     struct rv_diag *diag);
