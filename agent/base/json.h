/* base: small helpers over jansson. The trees are jansson's json_t. No secret passes here. */
#pragma once

#include "agent/base/buf.h"

#include <jansson.h>

void rv_jsonp(json_t **j); /* json_decref for RV_CLEANUP */
/* Parses at most `max_depth` (<= 64) levels, rejects duplicate keys and trailing bytes; diag gets
 * line:column. *gives* in out. */
RV_NODISCARD rv_status rv_json_parse(struct rv_str text, json_t **out, struct rv_diag *diag);
/* Canonical form used for every hash: sorted keys, no spaces, UTF-8, integers only for numbers. */
RV_NODISCARD rv_status rv_json_canonical(const json_t *j, struct rv_buf *out);
/* For people and pipes: indent 2, sorted keys; ends without newline. */
RV_NODISCARD rv_status rv_json_pretty(const json_t *j, struct rv_buf *out);
/* Sets key to a path's escaped text. */
RV_NODISCARD rv_status rv_json_set_path(json_t *obj, const char *key, struct rv_str path);
/* Lookups that never fail: the member's string or `fallback`; the integer or `fallback`. */
const char *rv_json_text(const json_t *obj, const char *key, const char *fallback);
int64_t rv_json_int(const json_t *obj, const char *key, int64_t fallback);
bool rv_json_bool(const json_t *obj, const char *key, bool fallback);
