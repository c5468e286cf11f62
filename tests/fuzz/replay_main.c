/* tests: runs a fuzz target over its seed corpus without libFuzzer: each file, and the file cut
 * short at up to 512 places, each in a block of exactly its size so that AddressSanitizer sees a
 * read past the end. Usage: replay FILE-OR-DIRECTORY.. ; no file at all is a failure. */
#include "agent/base/fd.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>

#define CUTS_MAX 512
#define FILE_MAX ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* A target with something to set up defines this, as for libFuzzer. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

static int replay_cut(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		return -1;
	if (len)
		memcpy(copy, data, len);
	(void)LLVMFuzzerTestOneInput(copy, len); /* always 0; a finding aborts */
	free(copy);
	return 0;
}

static int replay_file(const char *path)
{
	struct rv_buf buf = {0};
	struct rv_diag diag = {0};
	int failed = 0;
	size_t step;

	if (!rv_is_ok(rv_file_read(path, FILE_MAX, &buf, &diag))) {
		(void)fprintf(stderr, "%s\n", diag.text); /* the exit code tells the rest */
		return -1;
	}
	step = buf.len / CUTS_MAX + 1;
	for (size_t len = 0; len < buf.len && !failed; len += step)
		failed = replay_cut(buf.data, len);
	if (!failed)
		failed = replay_cut(buf.data, buf.len);
	rv_buf_done(&buf);
	return failed;
}

static int replay_all(char **paths, size_t *out_count)
{
	FTS *fts = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, NULL);
	int failed = 0;
	FTSENT *entry;

	if (!fts)
		return -1;
	while (!failed && (entry = fts_read(fts))) {
		if (entry->fts_info == FTS_F) {
			failed = replay_file(entry->fts_path);
			*out_count += 1;
		} else if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR ||
			   entry->fts_info == FTS_NS) {
			errno = entry->fts_errno;
			perror(entry->fts_path);
			failed = -1;
		}
	}
	(void)fts_close(fts); /* only reading */
	return failed;
}

int main(int argc, char **argv)
{
	size_t count = 0;

	if (LLVMFuzzerInitialize && LLVMFuzzerInitialize(&argc, &argv) != 0)
		return 2;
	if (argc < 2) {
		(void)fprintf(stderr, "usage: %s FILE-OR-DIRECTORY..\n", argv[0]);
		return 2;
	}
	if (replay_all(argv + 1, &count) != 0)
		return 1;
	printf("replayed %zu files\n", count);
	return count ? 0 : 1;
}
