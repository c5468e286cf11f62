/* sweep: the ledger's file: "rvledg2\n", key, salt, how many digests and notes, the digests
 * ascending, the notes: digest, number of the reason, lengths of member and detail (0: none, else
 * one more for a NUL), both texts with their NUL. Integers are little-endian. */
#include "agent/base/fd.h"
#include "agent/sweep/ledger_private.h"
#include "agent/sweep/mask.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define HEADER	  48
#define NOTE_HEAD 28 /* digest, reason as 16 bytes, two lengths of 16 bits */
#define REASON	  16

static const char magic[8] = "rvledg2\n";
#define ANY_VERSION 6 /* bytes of it that every version has */

static rv_status put_text(const char *text, struct rv_buf *out)
{
	return text ? rv_buf_put(out, text, strlen(text) + 1) : RV_OK;
}

static size_t room_of(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

static rv_status print_note(const struct rv_ledger_note *note, struct rv_buf *out)
{
	char reason[REASON] = {0};

	memcpy(reason, note->reason, strnlen(note->reason, REASON - 1));
	RV_TRY(rv_buf_put_u64(out, note->digest));
	RV_TRY(rv_buf_put(out, reason, REASON));
	RV_TRY(rv_buf_put_u16(out, (uint16_t)room_of(note->inside)));
	RV_TRY(rv_buf_put_u16(out, (uint16_t)room_of(note->detail)));
	RV_TRY(put_text(note->inside, out));
	return put_text(note->detail, out);
}

bool rv_ledger_put_note(const struct rv_ledger_note *note, struct rv_buf *out)
{
	return room_of(note->inside) <= RV_LEDGER_TEXT_MAX &&
	       room_of(note->detail) <= RV_LEDGER_TEXT_MAX && rv_is_ok(print_note(note, out));
}

/* A text of that room at *at, moved behind it; false: it does not end where it should. */
static bool take_text(struct rv_str text, size_t *at, size_t room, const char **out)
{
	*out = NULL;
	if (room == 0)
		return true;
	if (room > RV_LEDGER_TEXT_MAX || room > text.len - *at ||
	    strnlen((const char *)text.data + *at, room) != room - 1)
		return false;
	*out = (const char *)text.data + *at;
	*at += room;
	return true;
}

static bool take_note(struct rv_str text, size_t *at, struct rv_ledger_note *out)
{
	if (text.len - *at < NOTE_HEAD)
		return false;
	const uint8_t *head = text.data + *at;
	if (head[8 + REASON - 1] != 0)
		return false;
	out->digest = rv_get_u64(head);
	out->reason = rv_ledger_reason((const char *)head + 8);
	*at += NOTE_HEAD;
	return out->reason && take_text(text, at, rv_get_u16(head + 24), &out->inside) &&
	       take_text(text, at, rv_get_u16(head + 26), &out->detail);
}

static int by_digest(const void *a, const void *b)
{
	uint64_t x = ((const struct rv_ledger_note *)a)->digest;
	uint64_t y = ((const struct rv_ledger_note *)b)->digest;

	return x < y ? -1 : x > y;
}

/* Anything that is not as we write it, and none of it counts. */
static rv_status take(struct rv_ledger *l, struct rv_str text, bool *out_is_good)
{
	*out_is_good = false;
	if (text.len < HEADER || memcmp(text.data, magic, sizeof(magic)) != 0 ||
	    rv_get_u64(text.data + 8) != l->key)
		return RV_OK;
	uint64_t count = rv_get_u64(text.data + 32);
	uint64_t note_count = rv_get_u64(text.data + 40);
	if (count > RV_LEDGER_ENTRIES_MAX || count > (text.len - HEADER) / 8 ||
	    note_count > RV_LEDGER_NOTES_MAX)
		return RV_OK;
	l->items = calloc(count + 1, sizeof(*l->items));
	l->notes = calloc(note_count + 1, sizeof(*l->notes));
	if (!l->items || !l->notes)
		return rv_fail_nomem(NULL);
	for (size_t i = 0; i < count; i++) {
		l->items[i] = rv_get_u64(text.data + HEADER + 8 * i);
		if (i > 0 && l->items[i] <= l->items[i - 1])
			return RV_OK;
	}
	size_t at = HEADER + 8 * (size_t)count;
	for (size_t i = 0; i < note_count; i++) {
		if (!take_note(text, &at, &l->notes[i]))
			return RV_OK;
	}
	if (at != text.len)
		return RV_OK;
	qsort(l->notes, note_count, sizeof(*l->notes), by_digest);
	memcpy(l->salt, text.data + 16, sizeof(l->salt));
	l->count = count;
	l->note_count = note_count;
	*out_is_good = true;
	return RV_OK;
}

/* A ledger is written over, whatever of it holds; a file of anything else is somebody's. */
static rv_status check_ours(const char *path, struct rv_str text, struct rv_diag *diag)
{
	size_t len = text.len < ANY_VERSION ? text.len : ANY_VERSION;

	if (len == 0 || memcmp(text.data, magic, len) == 0)
		return RV_OK;
	rv_diag_next(diag, "name a file for the ledger alone, which may lack");
	return rv_fail(RV_CLASS_CONFLICT, diag,
		       "%s is no ledger of reeve scan: it is not written over", path);
}

rv_status rv_ledger_load(struct rv_ledger *ledger, struct rv_diag *diag)
{
	bool is_good = false;
	struct stat st = {0};

	rv_buf_init(&ledger->text, HEADER + 8 * (size_t)RV_LEDGER_ENTRIES_MAX +
					   (size_t)RV_LEDGER_NOTES_MAX * RV_LEDGER_TEXT_MAX);
	if (lstat(ledger->path, &st) != 0 && errno == ENOENT)
		return RV_OK;
	if (S_ISLNK(st.st_mode)) {
		rv_diag_next(diag, "name the file that it leads to");
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "the ledger %s is a symbolic link, which would be replaced",
			       ledger->path);
	}
	RV_TRY(rv_file_read(ledger->path, ledger->text.max, &ledger->text, diag));
	RV_TRY(check_ours(ledger->path, rv_buf_view(&ledger->text), diag));
	return take(ledger, rv_buf_view(&ledger->text), &is_good);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool is_seen(const struct rv_ledger *l, size_t i)
{
	return atomic_load_explicit(&l->seen[i], memory_order_relaxed) != 0;
}

/* All digests that stay, each once; returns how many. */
static size_t join(const struct rv_ledger *l, const struct rv_ledger_list *lists, size_t count,
		   uint64_t *out)
{
	size_t at = 0;
	size_t end = 0;

	for (size_t i = 0; i < l->count; i++) {
		if (is_seen(l, i))
			out[at++] = l->items[i];
	}
	for (size_t i = 0; i < count; i++) {
		if (lists[i].count > 0)
			memcpy(out + at, lists[i].items, lists[i].count * sizeof(*out));
		at += lists[i].count;
	}
	qsort(out, at, sizeof(*out), by_value);
	for (size_t i = 0; i < at; i++) {
		if (end == 0 || out[i] != out[end - 1])
			out[end++] = out[i];
	}
	return end;
}

static rv_status mask(const struct rv_values *known, const char **text, struct rv_buf *room)
{
	if (!*text)
		return RV_OK;
	rv_buf_reset(room);
	RV_TRY(rv_mask_known(known, rv_str_of(*text), 0, room));
	*text = rv_buf_cstr(room);
	return *text ? RV_OK : rv_fail_nomem(NULL);
}

/* A name in an archive may be a value, which its rules did not know. */
static rv_status put_masked(const struct rv_values *known, const struct rv_ledger_note *note,
			    struct rv_buf *out)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf inside = {0}, detail = {0};
	struct rv_ledger_note shown = *note;

	rv_buf_init(&inside, 2 * (size_t)RV_LEDGER_TEXT_MAX);
	rv_buf_init(&detail, 2 * (size_t)RV_LEDGER_TEXT_MAX);
	RV_TRY(mask(known, &shown.inside, &inside));
	RV_TRY(mask(known, &shown.detail, &detail));
	return print_note(&shown, out);
}

static rv_status put_list(const struct rv_values *known, const struct rv_ledger_list *list,
			  struct rv_buf *out)
{
	struct rv_str text = rv_buf_view(&list->notes);
	size_t at = 0;

	for (size_t i = 0; i < list->note_count; i++) {
		struct rv_ledger_note note;

		RV_BUG_ON(!take_note(text, &at, &note)); /* as rv_ledger_put_note left it */
		RV_TRY(put_masked(known, &note, out));
	}
	return RV_OK;
}

static rv_status put_notes(const struct rv_ledger *l, const struct rv_ledger_list *lists,
			   size_t count, const struct rv_values *known, struct rv_buf *out,
			   size_t *out_count)
{
	*out_count = 0;
	for (size_t i = 0; i < l->note_count; i++) {
		size_t item = rv_ledger_find(l, l->notes[i].digest);

		if (item == SIZE_MAX || !is_seen(l, item))
			continue;
		RV_TRY(put_masked(known, &l->notes[i], out));
		(*out_count)++;
	}
	for (size_t i = 0; i < count; i++) {
		RV_TRY(put_list(known, &lists[i], out));
		*out_count += lists[i].note_count;
	}
	return RV_OK;
}

static bool is_unchanged(const struct rv_ledger *l, size_t fresh)
{
	for (size_t i = 0; i < l->count && fresh == 0; i++)
		fresh += !is_seen(l, i);
	return fresh == 0 && l->count > 0;
}

rv_status rv_ledger_save(const struct rv_ledger *ledger, const struct rv_ledger_list *lists,
			 size_t count, const struct rv_values *known, struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0}, notes = {0};
	size_t total = 0;
	size_t note_count = 0;

	for (size_t i = 0; i < count; i++)
		total += lists[i].count;
	if (is_unchanged(ledger, total))
		return RV_OK;
	total += ledger->count;
	RV_CLEANUP(rv_freep) uint64_t *all = calloc(total + 1, sizeof(*all));
	if (!all)
		return rv_fail_nomem(diag);
	total = join(ledger, lists, count, all);
	rv_buf_init(&text, ledger->text.max);
	rv_buf_init(&notes, ledger->text.max);
	RV_TRY(put_notes(ledger, lists, count, known, &notes, &note_count));
	if (total > RV_LEDGER_ENTRIES_MAX || note_count > RV_LEDGER_NOTES_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "more files than a ledger holds");
	RV_TRY(rv_buf_put(&text, magic, sizeof(magic)));
	RV_TRY(rv_buf_put_u64(&text, ledger->key));
	RV_TRY(rv_buf_put(&text, ledger->salt, sizeof(ledger->salt)));
	RV_TRY(rv_buf_put_u64(&text, total));
	RV_TRY(rv_buf_put_u64(&text, note_count));
	for (size_t i = 0; i < total; i++)
		RV_TRY(rv_buf_put_u64(&text, all[i]));
	if (notes.len > 0)
		RV_TRY(rv_buf_put(&text, notes.data, notes.len));
	return rv_file_replace(ledger->path, text.data, text.len, 0600, diag);
}
