/* tests: how fast every blob of a repository is rebuilt, and nothing else. Usage: rv_git_bench REPO
 * prints one line for 1 thread and one for 2: blobs, bytes, bytes that deltas insert, wall and CPU
 * seconds, the largest resident size so far. */
#include "agent/git/visit.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

struct sums {
	uint64_t objects, bytes, inserted, troubles;
};

static rv_status count(void *user, const struct rv_git_told *told, void **out_state)
{
	struct sums *sums = user;

	(void)out_state; /* nothing to carry */
	sums->objects++;
	sums->bytes += told->bytes.len;
	if (!told->segments)
		sums->inserted += told->bytes.len;
	for (size_t i = 0; i < told->segment_count; i++) {
		if (told->segments[i].base_at == RV_GIT_INSERTED)
			sums->inserted += told->segments[i].len;
	}
	return RV_OK;
}

static void trouble(void *user, const struct rv_git_trouble *told)
{
	struct sums *sums = user;

	if (sums->troubles++ < 10)
		(void)fprintf(stderr, "%s: %s at %llu\n", rv_git_trouble_name(told->kind),
			      told->where ? told->where : "", (unsigned long long)told->offset);
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) != 0)
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int measure(const struct rv_git_odb *odb, unsigned types, unsigned threads)
{
	const struct rv_git_visitor visitor = {.object = count, .trouble = trouble};
	struct sums sums[RV_GIT_THREADS_MAX] = {0};
	void *users[RV_GIT_THREADS_MAX];
	const struct rv_git_visit visit = {.types = types, .threads = threads, .users = users};
	double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	struct rusage usage;
	rv_status status;

	for (unsigned i = 0; i < threads; i++)
		users[i] = &sums[i];
	status = rv_git_visit(odb, &visit, &visitor, NULL);
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	if (!rv_is_ok(status))
		return 1;
	for (unsigned i = 1; i < threads; i++) {
		sums[0].objects += sums[i].objects;
		sums[0].bytes += sums[i].bytes;
		sums[0].inserted += sums[i].inserted;
		sums[0].troubles += sums[i].troubles;
	}
	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 1;
	printf("%u thread%s: %llu objects, %.1f MB, inserted %.1f MB, troubles %llu, wall %.3f s, "
	       "cpu %.3f s, peak %ld MB\n",
	       threads, threads == 1 ? "" : "s", (unsigned long long)sums[0].objects,
	       (double)sums[0].bytes / 1e6, (double)sums[0].inserted / 1e6,
	       (unsigned long long)sums[0].troubles, wall, cpu, usage.ru_maxrss / 1024);
	return 0;
}

int main(int argc, char **argv)
{
	struct rv_git_odb odb = {0};
	struct rv_diag diag = {0};
	char path[4096];
	int failed;

	if (argc < 2 || snprintf(path, sizeof(path), "%s/objects", argv[1]) >= (int)sizeof(path))
		return 2;
	if (!rv_is_ok(rv_git_odb_open(path, RV_GIT_SHA1_LEN, NULL, NULL, &odb, &diag))) {
		(void)fprintf(stderr, "%s\n", diag.text);
		return 1;
	}
	failed = measure(&odb, 1u << RV_GIT_BLOB, 1) || measure(&odb, 1u << RV_GIT_BLOB, 2);
	if (!failed && argc > 2) /* anything more: trees and commits as well */
		failed = measure(&odb, 1u << RV_GIT_TREE, 1) ||
			 measure(&odb, 1u << RV_GIT_COMMIT, 1);
	rv_git_odb_done(&odb);
	return failed;
}
