/* tests: how fast a repository is read, and nothing else. Usage: rv_git_bench REPO [THREADS [blobs]
 * | all]. With THREADS: rebuilds every object once, or every blob alone: a floor of its history, to
 * be measured from outside. Else: every blob with 1 and with 2 threads, and a line for each:
 * objects, bytes, bytes that deltas insert, wall and CPU seconds, the largest resident size so far.
 * With `all` also trees, commits, and where 1 and 100 of the blobs came from. */
#include "agent/git/origin.h"
#include "agent/git/visit.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#define BLOBS	     (1u << RV_GIT_BLOB)
#define EVERY_OBJECT (BLOBS | 1u << RV_GIT_TREE | 1u << RV_GIT_COMMIT | 1u << RV_GIT_TAG)

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

/* Every n-th blob of the largest pack's index. */
static int choose(const struct rv_git *git, unsigned wanted, struct rv_git_oidmap *out)
{
	struct rv_git_reader *reader = NULL;
	const struct rv_git_pack *pack = git->odb.packs;
	uint32_t number;

	rv_git_oidmap_init(out);
	if (git->odb.pack_count == 0 || !rv_is_ok(rv_git_reader_new(&git->odb, &reader)))
		return 1;
	for (uint32_t n = 0; n < pack->count && out->count < wanted;
	     n += pack->count / (wanted * 4) + 1) {
		struct rv_git_oid oid = rv_git_oid_of(rv_git_pack_oid(pack, n), git->oid_len);
		enum rv_git_type type = RV_GIT_TYPE_NONE;
		struct rv_str bytes = RV_STR_NONE;

		if (rv_is_ok(rv_git_read(reader, &oid, &type, &bytes)) && type == RV_GIT_BLOB &&
		    !rv_is_ok(rv_git_oidmap_put(out, &oid, &number, NULL)))
			break;
	}
	rv_git_reader_free(reader);
	return 0;
}

static int measure_origins(const struct rv_git *git, unsigned wanted)
{
	struct rv_git_origins origins = {0};
	struct rv_git_refs refs = {0};
	struct rv_git_graph graph = {0};
	struct rv_git_oidmap blobs;
	double wall, cpu;
	uint32_t found = 0;
	struct rusage usage;

	if (choose(git, wanted, &blobs))
		return 1;
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	if (!rv_is_ok(rv_git_refs_load(git, NULL, NULL, &refs)) ||
	    !rv_is_ok(rv_git_graph_init(&graph, git, NULL, NULL)) ||
	    !rv_is_ok(rv_git_origins_find(&graph, &refs, &blobs, NULL, 1, &origins, NULL)))
		return 1;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	for (uint32_t i = 0; i < origins.count; i++)
		found += origins.items[i].first != RV_GIT_NONE;
	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 1;
	printf("origins of %u blobs: %u found, wall %.3f s, cpu %.3f s, peak %ld MB\n", blobs.count,
	       found, wall, cpu, usage.ru_maxrss / 1024);
	rv_git_origins_done(&origins);
	rv_git_graph_done(&graph);
	rv_git_refs_done(&refs);
	rv_git_oidmap_done(&blobs);
	return 0;
}

int main(int argc, char **argv)
{
	struct rv_git *git = NULL;
	struct rv_diag diag = {0};
	unsigned long threads;
	int failed;

	if (argc < 2) {
		(void)fprintf(stderr, "usage: %s REPO [THREADS [blobs] | all]\n", argv[0]);
		return 2;
	}
	threads = argc > 2 && strcmp(argv[2], "all") != 0 ? strtoul(argv[2], NULL, 10) : 0;
	if (argc > 2 && threads == 0 && strcmp(argv[2], "all") != 0) {
		(void)fprintf(stderr, "%s: not a number of threads, nor `all`\n", argv[2]);
		return 2;
	}
	if (!rv_is_ok(rv_git_open(argv[1], NULL, NULL, &git, &diag))) {
		(void)fprintf(stderr, "%s\n", diag.text);
		return 1;
	}
	threads = threads < RV_GIT_THREADS_MAX ? threads : RV_GIT_THREADS_MAX;
	if (threads > 0)
		failed = measure(&git->odb, argc > 3 ? BLOBS : EVERY_OBJECT, (unsigned)threads);
	else
		failed = measure(&git->odb, BLOBS, 1) || measure(&git->odb, BLOBS, 2);
	if (!failed && argc > 2 && threads == 0)
		failed = measure(&git->odb, 1u << RV_GIT_TREE, 1) ||
			 measure(&git->odb, 1u << RV_GIT_COMMIT, 1) || measure_origins(git, 1) ||
			 measure_origins(git, 100);
	rv_git_close(git);
	return failed;
}
