/* bench: how fast rv_unpack_walk() hands over the members of the given files, and what
 * rv_unpack_kind() costs a file that is no container. Usage: bench_unpack FILE.. ; asserts nothing.
 */
#include "agent/unpack/unpack.h"
#include "agent/base/fd.h"

#include <stdio.h>
#include <time.h>

#define ROUNDS	    3
#define KIND_ROUNDS 2000000

struct walked {
	uint64_t bytes;
	uint64_t members;
	uint64_t troubles;
};

static bool on_member(const struct rv_unpack_member *member, void *user)
{
	struct walked *walked = user;

	walked->bytes += member->bytes.len;
	walked->members++;
	return true;
}

static void on_trouble(struct rv_str path, enum rv_unpack_reason reason, const char *detail,
		       void *user)
{
	struct walked *walked = user;

	(void)path;
	if (!walked->troubles++)
		printf("  first trouble: %s: %s\n", rv_unpack_reason_name(reason), detail);
}

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); /* cannot fail */
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void tell_walk(const char *name, struct rv_str bytes)
{
	struct rv_unpack_source source = {.bytes = bytes, .fd = -1, .name = rv_str_of(name)};
	struct rv_unpack_limits limits = RV_UNPACK_LIMITS_DEFAULT;
	struct walked walked;
	double best = 1e9;

	for (int round = 0; round < ROUNDS; round++) {
		struct rv_unpack_events events = {on_member, on_trouble, NULL, &walked};
		double start = seconds();

		walked = (struct walked){0};
		if (!rv_is_ok(rv_unpack_walk(&source, &limits, &events, NULL)))
			printf("  not walked\n");
		best = seconds() - start < best ? seconds() - start : best;
	}
	printf("%s (%s): %.1f MB packed, %llu members of %.1f MB, %llu troubles, %.0f MB of "
	       "members a "
	       "CPU-second\n",
	       name, rv_unpack_kind_name(rv_unpack_kind(bytes)), (double)bytes.len / 1e6,
	       (unsigned long long)walked.members, (double)walked.bytes / 1e6,
	       (unsigned long long)walked.troubles, (double)walked.bytes / 1e6 / best);
}

static void tell_kind(void)
{
	static const char *const starts[] = {"#include <stdio.h>\n", "package main\n",
					     "{\"key\": 1}\n", "\177ELF\2\1\1"};
	uint8_t text[4][RV_UNPACK_HEAD];
	double start;
	unsigned found = 0;

	for (size_t i = 0; i < 4; i++) {
		memset(text[i], 'x', sizeof(text[i]));
		memcpy(text[i], starts[i], strlen(starts[i]));
	}
	start = seconds();
	for (unsigned i = 0; i < KIND_ROUNDS; i++) {
		text[i % 4][300] = (uint8_t)i;
		found += rv_unpack_kind((struct rv_str){text[i % 4], RV_UNPACK_HEAD}) !=
			 RV_UNPACK_NONE;
	}
	printf("kind of a file that is none: %.1f ns (%u found)\n",
	       (seconds() - start) / KIND_ROUNDS * 1e9, found);
}

int main(int argc, char **argv)
{
	tell_kind();
	for (int i = 1; i < argc; i++) {
		struct rv_buf buf = {0};
		struct rv_diag diag = {0};

		if (!rv_is_ok(rv_file_read(argv[i], (size_t)1 << 30, &buf, &diag))) {
			printf("%s\n", diag.text);
			return 1;
		}
		tell_walk(argv[i], rv_buf_view(&buf));
		rv_buf_done(&buf);
	}
	return 0;
}
