/* sweep: see ledger.h. Not here: the file (ledger_file.c). */
#include "agent/sweep/ledger_private.h"

#include "agent/base/digest.h"

#include <stdlib.h>

const char *rv_ledger_reason(const char *reason)
{
	static const char *const lasting[] = {"archive-limit", "damaged",   "encrypted",
					      "rule-limit",    "too-large", "unsupported"};

	for (size_t i = 0; i < RV_LEN(lasting); i++) {
		if (strcmp(reason, lasting[i]) == 0)
			return lasting[i];
	}
	return NULL;
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012). */
struct sip {
	uint64_t v[4];
};

static uint64_t turned(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_rounds(struct sip *s, unsigned count)
{
	uint64_t a = s->v[0], b = s->v[1], c = s->v[2], d = s->v[3];

	while (count-- > 0) {
		a += b;
		b = turned(b, 13) ^ a;
		a = turned(a, 32);
		c += d;
		d = turned(d, 16) ^ c;
		a += d;
		d = turned(d, 21) ^ a;
		c += b;
		b = turned(b, 17) ^ c;
		c = turned(c, 32);
	}
	*s = (struct sip){{a, b, c, d}};
}

static void sip_word(struct sip *s, uint64_t word)
{
	s->v[3] ^= word;
	sip_rounds(s, 2);
	s->v[0] ^= word;
}

static struct sip sip_start(const uint64_t key[2])
{
	return (struct sip){
		{key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
		 key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)}};
}

static uint64_t sip_end(struct sip *s, struct rv_str rest, size_t total)
{
	uint8_t last[8] = {0};

	for (; rest.len >= 8; rest.data += 8, rest.len -= 8)
		sip_word(s, rv_get_u64(rest.data));
	if (rest.len > 0)
		memcpy(last, rest.data, rest.len);
	last[7] = (uint8_t)total;
	sip_word(s, rv_get_u64(last));
	s->v[2] ^= 0xff;
	sip_rounds(s, 4);
	return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

static uint64_t digest(const struct rv_ledger *ledger, const struct rv_walk_stat *s)
{
	struct sip sip = sip_start(ledger->sip);

	sip_word(&sip, s->dev);
	sip_word(&sip, s->ino);
	sip_word(&sip, s->size);
	sip_word(&sip, (uint64_t)s->mtime_ns);
	sip_word(&sip, (uint64_t)s->ctime_ns);
	return sip_end(&sip, s->path, 40 + s->path.len);
}

/* Where items of the same upper bits begin: about two of them each. */
static rv_status make_index(struct rv_ledger *l)
{
	unsigned bits = 1;

	while (bits < 24 && (size_t)1 << (bits + 1) < l->count)
		bits++;
	l->shift = 64 - bits;
	l->first = calloc(((size_t)1 << bits) + 1, sizeof(*l->first));
	l->seen = calloc(l->count + 1, sizeof(*l->seen));
	if (!l->first || !l->seen)
		return rv_fail_nomem(NULL);
	size_t at = 0;
	for (size_t bucket = 0; bucket <= (size_t)1 << bits; bucket++) {
		while (at < l->count && l->items[at] >> l->shift < bucket)
			at++;
		l->first[bucket] = (uint32_t)at;
	}
	return RV_OK;
}

static void make_key(struct rv_ledger *l)
{
	uint8_t both[RV_LEDGER_SALT + 8];

	memcpy(both, l->salt, RV_LEDGER_SALT);
	memcpy(both + RV_LEDGER_SALT, &l->key, 8);
	struct rv_digest d = rv_sha256(both, sizeof(both));
	l->sip[0] = rv_get_u64(d.bytes);
	l->sip[1] = rv_get_u64(d.bytes + 8);
}

rv_status rv_ledger_open(const char *path, uint64_t key, struct rv_ledger **out,
			 struct rv_diag *diag)
{
	struct rv_ledger *ledger = calloc(1, sizeof(*ledger));

	if (!ledger)
		return rv_fail_nomem(diag);
	ledger->key = key;
	rv_random(ledger->salt, sizeof(ledger->salt));
	ledger->path = strdup(path);
	rv_status status = ledger->path ? rv_ledger_load(ledger, diag) : rv_fail_nomem(diag);
	if (rv_is_ok(status))
		status = make_index(ledger);
	if (!rv_is_ok(status)) {
		rv_ledger_free(ledger);
		return status;
	}
	make_key(ledger);
	*out = ledger;
	return RV_OK;
}

void rv_ledger_free(struct rv_ledger *ledger)
{
	if (!ledger)
		return;
	free(ledger->path);
	free(ledger->items);
	free(ledger->seen);
	free(ledger->first);
	free(ledger->notes);
	rv_buf_done(&ledger->text);
	free(ledger);
}

size_t rv_ledger_find(const struct rv_ledger *ledger, uint64_t wanted)
{
	size_t bucket = (size_t)(wanted >> ledger->shift);

	for (size_t i = ledger->first[bucket]; i < ledger->first[bucket + 1]; i++) {
		if (ledger->items[i] == wanted)
			return i;
	}
	return SIZE_MAX;
}

static size_t first_note(const struct rv_ledger *ledger, uint64_t wanted)
{
	size_t low = 0;
	size_t high = ledger->note_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ledger->notes[middle].digest < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool rv_ledger_has(struct rv_ledger *ledger, const struct rv_walk_stat *stat,
		   const struct rv_ledger_note **out_notes, size_t *out_count)
{
	uint64_t wanted = digest(ledger, stat);
	size_t found = rv_ledger_find(ledger, wanted);

	if (found == SIZE_MAX)
		return false;
	atomic_store_explicit(&ledger->seen[found], 1, memory_order_relaxed);
	size_t first = first_note(ledger, wanted);
	size_t end = first;
	while (end < ledger->note_count && ledger->notes[end].digest == wanted)
		end++;
	*out_notes = ledger->notes + first;
	*out_count = end - first;
	return true;
}

static bool put_notes(struct rv_ledger_list *list, uint64_t of, const struct rv_ledger_note *notes,
		      size_t count)
{
	size_t before = list->notes.len;

	if (list->notes.max == 0)
		rv_buf_init(&list->notes, (size_t)RV_LEDGER_NOTES_MAX * RV_LEDGER_TEXT_MAX);
	for (size_t i = 0; i < count; i++) {
		struct rv_ledger_note note = notes[i];

		note.digest = of;
		if (list->note_count + i >= RV_LEDGER_NOTES_MAX ||
		    !rv_ledger_put_note(&note, &list->notes)) {
			list->notes.len = before;
			return false;
		}
	}
	list->note_count += count;
	return true;
}

void rv_ledger_add(const struct rv_ledger *ledger, struct rv_ledger_list *list,
		   const struct rv_walk_stat *stat, const struct rv_ledger_note *notes,
		   size_t count)
{
	uint64_t of = digest(ledger, stat);

	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 1024;
		uint64_t *more = room <= RV_LEDGER_ENTRIES_MAX
					 ? realloc(list->items, room * sizeof(*more))
					 : NULL;

		if (!more)
			return;
		list->items = more;
		list->room = room;
	}
	if (count == 0 || put_notes(list, of, notes, count))
		list->items[list->count++] = of;
}

void rv_ledger_list_done(struct rv_ledger_list *list)
{
	free(list->items);
	rv_buf_done(&list->notes);
	*list = (struct rv_ledger_list){0};
}
