/* act: window records. Not here: who decides to open one (deploy_swap.c). */
#include "agent/act/swap_window.h"

#include "agent/base/fd.h"
#include "agent/base/path.h"
#include "agent/ipc/role.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define HEADER	 "reeve-window 1\n"
#define TEXT_MAX 32768

rv_status rv_swap_window_name(const char *prefix, const char *tag, char out[RV_PLACE_NAME],
			      struct rv_diag *diag)
{
	char text[RV_PLACE_NAME];
	int n = snprintf(text, sizeof(text), "%s%s", prefix, tag);

	if (n < 0 || (size_t)n >= sizeof(text) || strchr(tag, '/'))
		return rv_fail(RV_CLASS_MALFORMED, diag, "not a tag");
	memcpy(out, text, (size_t)n + 1);
	return RV_OK;
}

static rv_status put_text(const struct rv_swap_window *window, struct rv_buf *out)
{
	char hex[2][2 * RV_SHA256_LEN + 1];

	rv_hex(window->salt, window->salt_len, hex[0]);
	RV_TRY(rv_buf_printf(out, HEADER "tag %s\nsalt %s\n", window->tag, hex[0]));
	for (size_t i = 0; i < window->count; i++) {
		const struct rv_swap_window_item *item = &window->items[i];
		rv_hex(item->old_keyed, RV_SHA256_LEN, hex[0]);
		rv_hex(item->new_keyed, RV_SHA256_LEN, hex[1]);
		RV_TRY(rv_buf_printf(out, "item %s %s ", hex[0], hex[1]));
		RV_TRY(rv_path_escape(rv_str_of(item->name), out));
		RV_TRY(rv_buf_put_byte(out, '\n'));
	}
	return rv_buf_put_str(out, "end\n");
}

static bool is_there(int dir, const char *name, const struct rv_swap_window *window)
{
	struct rv_swap_window there;

	if (!rv_is_ok(rv_swap_window_read(dir, name, &there, NULL)) || there.count != window->count)
		return false;
	for (size_t i = 0; i < there.count; i++)
		if (memcmp(&there.items[i], &window->items[i], sizeof(there.items[i])) != 0)
			return false;
	return there.salt_len == window->salt_len &&
	       memcmp(there.salt, window->salt, there.salt_len) == 0;
}

static rv_status write_new(int dir, const char *name, struct rv_str text, struct rv_diag *diag)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;

	RV_TRY(rv_place_open(dir, name, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, diag));
	RV_TRY(rv_fd_write_all(fd, text.data, text.len, diag));
	if (fsync(fd) != 0)
		return rv_fail_errno(diag, "cannot make the window record durable");
	return RV_OK;
}

rv_status rv_swap_window_write(int dir, const char *prefix, const struct rv_swap_window *window,
			       struct rv_diag *diag)
{
	char name[RV_PLACE_NAME], partial[RV_PLACE_NAME];
	struct rv_buf text;

	RV_TRY(rv_swap_window_name(prefix, window->tag, name, diag));
	RV_TRY(rv_place_staged(rv_str_of(window->tag), '~', "window", partial, diag));
	if (is_there(dir, name, window))
		return rv_place_sync_dir(dir, diag);
	rv_buf_init(&text, TEXT_MAX);
	rv_status r = put_text(window, &text);
	if (rv_is_ok(r) && unlinkat(dir, partial, 0) != 0 && errno != ENOENT)
		r = rv_fail_errno(diag, "cannot remove %s", partial);
	rv_fault_point("window.write");
	if (rv_is_ok(r))
		r = write_new(dir, partial, rv_buf_view(&text), diag);
	rv_buf_done(&text);
	rv_fault_point("window.rename");
	if (rv_is_ok(r) && renameat(dir, partial, dir, name) != 0)
		r = rv_fail_errno(diag, "cannot put the window record");
	if (rv_is_ok(r))
		r = rv_place_sync_dir(dir, diag);
	if (!rv_is_ok(r)) {
		(void)unlinkat(dir, partial, 0); /* the failure is what is reported */
		(void)unlinkat(dir, name, 0);	 /* nothing was exchanged yet */
	}
	return r;
}

/* The next line of *cursor without its newline; false at the end or without a newline. */
static bool next_line(struct rv_str *cursor, struct rv_str *out)
{
	const uint8_t *end = cursor->len ? memchr(cursor->data, '\n', cursor->len) : NULL;

	if (!end)
		return false;
	*out = (struct rv_str){cursor->data, (size_t)(end - cursor->data)};
	cursor->len -= out->len + 1;
	cursor->data = end + 1;
	return true;
}

static bool take_word(struct rv_str *line, const char *word)
{
	size_t len = strlen(word);

	if (!rv_str_starts_with(*line, word))
		return false;
	line->data += len;
	line->len -= len;
	return true;
}

static rv_status parse_item(struct rv_str line, struct rv_swap_window *window)
{
	struct rv_swap_window_item *item = &window->items[window->count];
	size_t hex = (size_t)2 * RV_SHA256_LEN;
	struct rv_buf name;

	if (line.len < 2 * hex + 3 || line.data[hex] != ' ' || line.data[2 * hex + 1] != ' ')
		return (rv_status){RV_CLASS_MALFORMED, 0};
	RV_TRY(rv_unhex((struct rv_str){line.data, hex}, item->old_keyed, RV_SHA256_LEN));
	RV_TRY(rv_unhex((struct rv_str){line.data + hex + 1, hex}, item->new_keyed, RV_SHA256_LEN));
	rv_buf_init(&name, RV_PLACE_NAME);
	struct rv_str text = {line.data + 2 * hex + 2, line.len - 2 * hex - 2};
	rv_status r = rv_path_unescape(text, &name);
	if (rv_is_ok(r))
		r = rv_place_name(rv_buf_view(&name), item->name, NULL);
	rv_buf_done(&name);
	window->count += rv_is_ok(r) ? 1 : 0;
	return r;
}

static rv_status parse(struct rv_str text, struct rv_swap_window *out)
{
	static const rv_status malformed = {RV_CLASS_MALFORMED, 0};
	struct rv_str line;

	if (!next_line(&text, &line) || !rv_str_is(line, "reeve-window 1"))
		return malformed;
	if (!next_line(&text, &line) || !take_word(&line, "tag ") || !line.len ||
	    line.len >= sizeof(out->tag) || memchr(line.data, '/', line.len))
		return malformed;
	memcpy(out->tag, line.data, line.len);
	if (!next_line(&text, &line) || !take_word(&line, "salt ") ||
	    line.len > 2 * sizeof(out->salt) || line.len % 2)
		return malformed;
	out->salt_len = line.len / 2;
	RV_TRY(rv_unhex(line, out->salt, out->salt_len));
	while (next_line(&text, &line)) {
		if (rv_str_is(line, "end"))
			return text.len == 0 && out->count ? RV_OK : malformed;
		if (out->count == RV_SWAP_WINDOW_ITEMS || !take_word(&line, "item "))
			return malformed;
		RV_TRY(parse_item(line, out));
	}
	return malformed;
}

rv_status rv_swap_window_read(int dir, const char *file, struct rv_swap_window *out,
			      struct rv_diag *diag)
{
	RV_CLEANUP(rv_fd_closep) int fd = -1;
	struct rv_swap_window window = {0};
	struct stat st;
	struct rv_buf text;

	RV_TRY(rv_place_open(dir, file, O_RDONLY | O_NONBLOCK, 0, &fd, diag));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > TEXT_MAX)
		return rv_fail(RV_CLASS_MALFORMED, diag, "%s is not a window record", file);
	rv_buf_init(&text, TEXT_MAX);
	rv_status r = rv_fd_read_all(fd, &text, diag);
	if (rv_is_ok(r) && !rv_is_ok(parse(rv_buf_view(&text), &window)))
		r = rv_fail(RV_CLASS_MALFORMED, diag, "%s is not a whole window record", file);
	rv_buf_done(&text);
	if (rv_is_ok(r))
		*out = window;
	return r;
}

rv_status rv_swap_window_remove(int dir, const char *prefix, const char *tag, struct rv_diag *diag)
{
	char name[RV_PLACE_NAME];

	RV_TRY(rv_swap_window_name(prefix, tag, name, diag));
	rv_fault_point("window.remove");
	if (unlinkat(dir, name, 0) != 0) {
		if (errno == ENOENT)
			return RV_OK;
		return rv_fail_errno(diag, "cannot remove %s", name);
	}
	return rv_place_sync_dir(dir, diag);
}

bool rv_swap_window_exists(int dir, const char *prefix, const char *tag)
{
	char name[RV_PLACE_NAME];
	struct stat st;

	return rv_is_ok(rv_swap_window_name(prefix, tag, name, NULL)) &&
	       fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static rv_status look(int dir, const struct rv_swap_window *window,
		      const struct rv_swap_window_item *item, bool *out_swapped,
		      struct rv_diag *diag)
{
	struct rv_str salt = {window->salt, window->salt_len};
	struct rv_str old_keyed = {item->old_keyed, RV_SHA256_LEN};
	struct rv_str new_keyed = {item->new_keyed, RV_SHA256_LEN};
	char staged[RV_PLACE_NAME];
	enum rv_place_state live, beside;

	RV_TRY(rv_place_staged(rv_str_of(window->tag), '-', item->name, staged, diag));
	RV_TRY(rv_place_classify(dir, item->name, salt, old_keyed, new_keyed, &live, diag));
	RV_TRY(rv_place_classify(dir, staged, salt, old_keyed, new_keyed, &beside, diag));
	*out_swapped = live == RV_PLACE_NEW && beside == RV_PLACE_OLD;
	if (live == RV_PLACE_OLD || *out_swapped)
		return RV_OK;
	return rv_fail(RV_CLASS_CONFLICT, diag, "%s is %s and its staged twin %s", item->name,
		       rv_place_state_name(live), rv_place_state_name(beside));
}

rv_status rv_swap_window_check(int dir, const struct rv_swap_window *window, struct rv_diag *diag)
{
	bool swapped;

	for (size_t i = 0; i < window->count; i++)
		RV_TRY(look(dir, window, &window->items[i], &swapped, diag));
	return RV_OK;
}

rv_status rv_swap_window_heal(int dir, const struct rv_swap_window *window, size_t *out_changed,
			      struct rv_diag *diag)
{
	bool swapped[RV_SWAP_WINDOW_ITEMS] = {false};
	char staged[RV_PLACE_NAME];
	size_t changed = 0;

	for (size_t i = 0; i < window->count; i++)
		RV_TRY(look(dir, window, &window->items[i], &swapped[i], diag));
	for (size_t i = 0; i < window->count; i++) {
		if (!swapped[i])
			continue;
		const char *name = window->items[i].name;
		RV_TRY(rv_place_staged(rv_str_of(window->tag), '-', name, staged, diag));
		RV_TRY(rv_place_exchange(dir, staged, name, diag));
		changed++;
	}
	if (changed)
		RV_TRY(rv_place_sync_dir(dir, diag));
	*out_changed = changed;
	return RV_OK;
}
