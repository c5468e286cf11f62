/* tests: fuzz target: any bytes as a file of kept anchors. A scanner comes of it whatever it holds,
 * and the next run finds a whole one. The first byte: 0, the rest is the file; else three bytes
 * each change one of a file that was written here (place, value), with the digest put right after
 * an odd one, so that Vectorscan reads them. Nothing is searched with it: who can write such a
 * digest is believed (anchor_cache.h). */
#include "agent/scan/scan_db.h"
#include "agent/sweep/anchor_cache.h"
#include "tests/support/dir.h"

#include <stdio.h>

#define HEADER	  88
#define DIGEST_AT 40

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rvt_dir dir;
static char where[RVT_PATH];
static struct rv_buf made;
static struct rv_ruleset *set;

/* As one run does. */
static struct rv_anchor_cache_counts run(void)
{
	const struct rv_anchor_cache_where place = {.dir = where, .version = "1"};
	struct rv_anchor_cache *cache = NULL;
	struct rv_scanner *scanner = NULL;
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_anchor_cache_open(&place, &cache, &diag)))
		abort();
	const struct rv_anchor_store store = rv_anchor_cache_store(cache);
	if (!rv_is_ok(rv_scanner_new_stored(set, &store, &scanner, &diag)))
		abort();
	struct rv_anchor_cache_counts counts = rv_anchor_cache_counts(cache);
	rv_scanner_free(scanner);
	rv_anchor_cache_free(cache);
	return counts;
}

static void clean_up(void)
{
	rv_buf_done(&made);
	rv_ruleset_free(set);
	rvt_dir_done(&dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const anchors[] = {"acme_", NULL};
	static const struct rv_rule rule = {.id = "acme",
					    .name = "Acme",
					    .provider = "acme",
					    .regex = "acme_[0-9]{9}",
					    .anchors = anchors,
					    .ahead = 64,
					    .confidence = 90};
	char first[RVT_PATH];
	struct rv_diag diag = {0};

	(void)argc;
	(void)argv;
	rvt_dir_init(&dir);
	rvt_dir_path(&dir, "cache", where);
	rvt_dir_path(&dir, "cache/anchors-0", first);
	if (!rv_is_ok(rv_ruleset_new(false, &set)) ||
	    !rv_is_ok(rv_ruleset_add(set, &rule, &diag)) || run().kept != 1)
		abort();
	made = rvt_file_read(first);
	return atexit(clean_up);
}

/* The changed file, in `out`. */
static void change(const uint8_t *data, size_t size, struct rv_buf *out)
{
	if (!rv_is_ok(rv_buf_put(out, made.data, made.len)))
		abort();
	for (; size >= 3; data += 3, size -= 3)
		out->data[rv_get_u16(data) % out->len] = data[2];
}

static void mend_digest(struct rv_buf *file)
{
	struct rv_digest digest = rv_sha256(file->data + HEADER, file->len - HEADER);

	memcpy(file->data + DIGEST_AT, digest.bytes, sizeof(digest.bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rv_anchor_cache_counts counts;
	struct rv_buf file;

	if (size < 1)
		return 0;
	rv_buf_init(&file, made.len + size);
	if (data[0] == 0) {
		if (!rv_is_ok(rv_buf_put(&file, data + 1, size - 1)))
			abort();
	} else {
		change(data + 1, size - 1, &file);
		if (data[0] & 1)
			mend_digest(&file);
	}
	rvt_dir_write(&dir, "cache/anchors-0", file.data, file.len, 0600);
	rv_buf_done(&file);
	(void)run();
	counts = run();
	if (counts.loaded != 1 || counts.kept != 0)
		abort();
	return 0;
}
