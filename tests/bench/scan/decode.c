/* bench: how fast rv_decode_find() passes over the given files. Usage: bench_scan_decode FILE.. ;
 * prints GB/s of each way over the blocks, and what was found. Asserts nothing. */
#include "agent/base/fd.h"
#include "agent/scan/decode_private.h"

#include <stdio.h>
#include <time.h>

#define ROUNDS 5

struct found {
	size_t runs[RV_DECODE__COUNT];
	size_t bytes[RV_DECODE__COUNT];
};

static bool count_run(const struct rv_decode_run *run, void *user)
{
	struct found *found = user;

	found->runs[run->kind]++;
	found->bytes[run->kind] += run->len;
	return true;
}

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* cannot fail */
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* In pieces, as a scanner of files would; the best of some rounds. */
static double find_all(struct rv_str bytes, size_t piece, struct found *found)
{
	double best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double start = seconds();

		*found = (struct found){0};
		for (size_t at = 0; at < bytes.len; at += piece) {
			size_t len = bytes.len - at < piece ? bytes.len - at : piece;

			(void)rv_decode_find((struct rv_str){bytes.data + at, len}, count_run,
					     found); /* false: too many, as good for a bench */
		}
		best = seconds() - start < best ? seconds() - start : best;
	}
	return best;
}

static double skip_all(struct rv_str bytes, rv_skip_fn *skip, size_t out_blocks[4])
{
	double best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double start = seconds();
		unsigned carry = 0;
		struct rv_block_signs signs;

		memset(out_blocks, 0, 4 * sizeof(*out_blocks));
		for (size_t at = 0; at + RV_BLOCK <= bytes.len; at += RV_BLOCK) {
			at = skip(bytes, at, &carry, &signs);
			for (unsigned i = 0; i < 4; i++)
				out_blocks[i] += signs.kinds >> i & 1;
		}
		best = seconds() - start < best ? seconds() - start : best;
	}
	return best;
}

/* What merely reading costs here and now: memchr() for a byte that is rare. */
static double read_all(struct rv_str bytes)
{
	double best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		double start = seconds();
		const uint8_t *at = bytes.data;
		const uint8_t *end = bytes.data + bytes.len;

		while (at && at < end) {
			at = memchr(at, 0xfe, (size_t)(end - at));
			at = at ? at + 1 : NULL;
		}
		best = seconds() - start < best ? seconds() - start : best;
	}
	return best;
}

static void tell(struct rv_str bytes, const char *name)
{
	struct found found;
	size_t blocks[4];
	double gb = (double)bytes.len / 1e9;
	double whole = find_all(bytes, (size_t)1 << 20, &found);

	printf("%s: %.1f MB\n  find %.2f GB/s\n", name, gb * 1e3, gb / whole);
	for (int kind = 0; kind < RV_DECODE__COUNT; kind++) {
		if (found.runs[kind])
			printf("  %s: %zu runs, %zu bytes\n",
			       rv_decode_kind_name((enum rv_decode_kind)kind), found.runs[kind],
			       found.bytes[kind]);
	}
	printf("  memchr %.2f GB/s\n", gb / read_all(bytes));
	printf("  blocks alone, best %.2f GB/s", gb / skip_all(bytes, rv_skip_pick(), blocks));
	printf(", portable %.2f GB/s", gb / skip_all(bytes, rv_skip_portable, blocks));
	printf("; of %zu with a sign: base64 %zu, percent %zu, escape %zu, entity %zu\n",
	       bytes.len / RV_BLOCK, blocks[0], blocks[1], blocks[2], blocks[3]);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct rv_buf buf = {0};
		struct rv_diag diag = {0};

		if (!rv_is_ok(rv_file_read(argv[i], (size_t)1 << 30, &buf, &diag))) {
			printf("%s\n", diag.text);
			return 1;
		}
		tell(rv_buf_view(&buf), argv[i]);
		rv_buf_done(&buf);
	}
	return 0;
}
