/* base: paths are bytes. Escaping for people, anchored globs, joining under a root. No I/O. */
#pragma once

#include "agent/base/buf.h"

/* Appends the path for people and JSON: printable ASCII and valid UTF-8 stay, backslash, control
 * bytes and invalid UTF-8 become \\ or \xHH. Reversible with rv_path_unescape. */
RV_NODISCARD rv_status rv_path_escape(struct rv_str path, struct rv_buf *out);
RV_NODISCARD rv_status rv_path_unescape(struct rv_str text, struct rv_buf *out);
/* The code point of the valid UTF-8 sequence at s (not empty) and its length; length 0 when not
 * valid. */
size_t rv_utf8_at(struct rv_str s, uint32_t *out_point);
/* The character as UTF-8 into up to 4 bytes; how many. What is none (a surrogate, past U+10FFFF) is
 * U+FFFD. */
uint8_t rv_utf8_put(uint32_t code, uint8_t *out);
/* Anchored glob over the whole path: `*` and `?` stop at '/', `**` crosses it (a "**" + "/" also
 * matches nothing), [abc] [a-z] [!x], backslash escapes. Bounded: O(pattern * path), no recursion.
 */
bool rv_glob_match(struct rv_str pattern, struct rv_str path);
/* False with a diag when the pattern is not well formed (open bracket, trailing backslash). */
bool rv_glob_is_valid(struct rv_str pattern, struct rv_diag *diag);
/* root + path with exactly one '/' between; root "" or "/" means the path itself. */
RV_NODISCARD rv_status rv_path_join(struct rv_str root, struct rv_str path, struct rv_buf *out);
/* True when `path` is `dir` or lies below it, by whole components; both absolute, no "..". */
bool rv_path_is_under(struct rv_str path, struct rv_str dir);
/* True for an absolute path without empty, "." or ".." components. */
bool rv_path_is_clean(struct rv_str path);
/* The part after the last '/'. */
struct rv_str rv_path_base(struct rv_str path);
/* The part before the last '/' ("/" for a name directly under the root). */
struct rv_str rv_path_dir(struct rv_str path);
