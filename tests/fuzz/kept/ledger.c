/* tests: fuzz target: any bytes as the file of a ledger, its magic and key put right. It is read or
 * holds nothing; what it holds stands the same after it was written and read again. */
#include "agent/sweep/ledger_private.h"
#include "tests/support/dir.h"

#include <unistd.h>

#define HEADER 48

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rv_values nothing; /* is known */
static struct rvt_dir dir;
static char path[RVT_PATH];

static void clean_up(void)
{
	rvt_dir_done(&dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	rvt_dir_init(&dir);
	rvt_dir_path(&dir, "ledger", path);
	return atexit(clean_up);
}

/* NULL: it is no ledger. */
static struct rv_ledger *open_ledger(uint64_t key)
{
	struct rv_ledger *ledger = NULL;
	struct rv_diag diag = {0};
	rv_status status = rv_ledger_open(path, key, &ledger, &diag);

	if (!rv_is_ok(status) && rv_class_of(status) != RV_CLASS_CONFLICT)
		abort();
	return ledger;
}

static void check(const struct rv_ledger *ledger, size_t size)
{
	if (ledger->count > size / 8 || ledger->note_count > size / 8)
		abort();
	for (size_t i = 0; i < ledger->count; i++) {
		if (rv_ledger_find(ledger, ledger->items[i]) != i)
			abort();
		ledger->seen[i] = 1; /* as if each file were there again */
	}
	for (size_t i = 0; i < ledger->note_count; i++) {
		const struct rv_ledger_note *note = &ledger->notes[i];

		if (!rv_ledger_reason(note->reason) ||
		    (note->inside && strlen(note->inside) >= RV_LEDGER_TEXT_MAX) ||
		    (note->detail && strlen(note->detail) >= RV_LEDGER_TEXT_MAX))
			abort();
	}
}

static size_t notes_of_known(const struct rv_ledger *ledger)
{
	size_t count = 0;

	for (size_t i = 0; i < ledger->note_count; i++)
		count += rv_ledger_find(ledger, ledger->notes[i].digest) != SIZE_MAX;
	return count;
}

/* With one file more, so that it is written. */
static void write_again(struct rv_ledger *ledger)
{
	static const struct rv_walk_stat stat = {.path = RV_STR_LIT("a/b"), .ino = 5, .size = 7};
	static const struct rv_ledger_note note = {
		.reason = "encrypted", .inside = "m", .detail = "d"};
	struct rv_ledger_list list = {0};
	struct rv_diag diag = {0};
	const struct rv_ledger_note *notes;
	size_t count = 0;

	bool was_known = rv_ledger_has(ledger, &stat, &notes, &count);
	if (!was_known)
		rv_ledger_add(ledger, &list, &stat, &note, 1);
	if (!rv_is_ok(rv_ledger_save(ledger, &list, 1, &nothing, &diag)))
		abort();
	rv_ledger_list_done(&list);
	struct rv_ledger *again = open_ledger(ledger->key);
	if (!again || again->count != ledger->count + !was_known ||
	    !rv_ledger_has(again, &stat, &notes, &count) ||
	    again->note_count != notes_of_known(ledger) + !was_known)
		abort();
	check(again, SIZE_MAX);
	rv_ledger_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_buf file;

	rv_buf_init(&file, size + HEADER);
	if (!rv_is_ok(rv_buf_put(&file, data, size)))
		abort();
	/* An ordinary header, unless the first byte says that it is as it stands. */
	if (size >= HEADER && data[0] != 0) {
		memcpy(file.data, "rvledg2\n", 8);
		memset(file.data + 8, 0x11, 8);
	}
	(void)unlink(path); /* the first time there is none */
	rvt_dir_write(&dir, "ledger", file.data, file.len, 0600);
	rv_buf_done(&file);
	struct rv_ledger *ledger = open_ledger(UINT64_C(0x1111111111111111));
	if (!ledger)
		return 0;
	check(ledger, size);
	write_again(ledger);
	rv_ledger_free(ledger);
	return 0;
}
