/* base: paths as bytes: joining, comparing, taking apart. Not here: escaping and globs, I/O. */
#include "agent/base/path.h"

rv_status rv_path_join(struct rv_str root, struct rv_str path, struct rv_buf *out)
{
	size_t before = out->len;
	rv_status status = RV_OK;

	while (root.len && root.data[root.len - 1] == '/')
		root.len--;
	if (root.len) {
		while (path.len && path.data[0] == '/') {
			path.data++;
			path.len--;
		}
		status = rv_buf_put(out, root.data, root.len);
		if (rv_is_ok(status))
			status = rv_buf_put_byte(out, '/');
	}
	if (rv_is_ok(status))
		status = rv_buf_put(out, path.data, path.len);
	if (!rv_is_ok(status))
		out->len = before;
	return status;
}

bool rv_path_is_under(struct rv_str path, struct rv_str dir)
{
	while (dir.len > 1 && dir.data[dir.len - 1] == '/')
		dir.len--;
	if (!rv_path_is_clean(path) || !rv_path_is_clean(dir))
		return false;
	if (dir.len == 1)
		return true;
	if (path.len < dir.len || memcmp(path.data, dir.data, dir.len) != 0)
		return false;
	return path.len == dir.len || path.data[dir.len] == '/';
}

static bool is_clean_component(struct rv_str name)
{
	return name.len && !rv_str_is(name, ".") && !rv_str_is(name, "..") &&
	       !memchr(name.data, 0, name.len);
}

bool rv_path_is_clean(struct rv_str path)
{
	size_t start = 1;

	if (path.len == 0 || path.data[0] != '/')
		return false;
	if (path.len == 1)
		return true;
	for (size_t i = 1; i <= path.len; i++) {
		if (i < path.len && path.data[i] != '/')
			continue;
		if (!is_clean_component((struct rv_str){path.data + start, i - start}))
			return false;
		start = i + 1;
	}
	return true;
}

/* The length up to and with the last '/', 0 when there is none. */
static size_t slash_end(struct rv_str path)
{
	size_t i = path.len;

	while (i && path.data[i - 1] != '/')
		i--;
	return i;
}

struct rv_str rv_path_base(struct rv_str path)
{
	size_t end = slash_end(path);

	return end ? (struct rv_str){path.data + end, path.len - end} : path;
}

struct rv_str rv_path_dir(struct rv_str path)
{
	size_t end = slash_end(path);

	if (end == 0)
		return RV_STR_NONE;
	return (struct rv_str){path.data, end > 1 ? end - 1 : 1};
}
