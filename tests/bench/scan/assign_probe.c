/* bench: drives the assignment detector over files by a plain search for its keywords and prints
 * what it sees as JSON lines; the tool it is tuned with (README.md beside it). Not here: the
 * engine. assign_probe [--min N] [--reasons] [--count] [--time] FILE..   ('-': names on stdin, one
 * a line)
 */
#include "agent/scan/assign.h"
#include "agent/scan/pem_key.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILE_MAX (64U << 20)

static struct {
	unsigned min;
	bool with_reasons;
	bool only_count;
	uint64_t seen;
	uint64_t taken;
	uint64_t seen_ns;
	uint64_t bytes;
	unsigned passes;
	uint64_t refused;
	uint64_t refused_ns;
	uint64_t valued;
	uint64_t valued_ns;
} probe = {.min = RV_ASSIGN_DEFAULT};

static uint8_t fold[256];
/* Anchors by their first two bytes folded: at most 8 of each. */
static uint8_t starts[65536][8];

static void prepare(void)
{
	for (unsigned c = 0; c < 256; c++)
		fold[c] = (uint8_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	for (unsigned i = 0; i < rv_assign_anchor_count; i++) {
		const uint8_t *text = (const uint8_t *)rv_assign_anchors[i].text;
		uint8_t *list = starts[text[0] << 8 | text[1]];

		while (*list)
			list++;
		*list = (uint8_t)(i + 1);
	}
}

static void print_path(const char *path)
{
	for (; *path; path++) {
		if (*path == '"' || *path == '\\')
			putchar('\\');
		putchar((unsigned char)*path < ' ' ? '?' : *path);
	}
}

static void report(const char *path, size_t line, const struct rv_assign *hit)
{
	if (probe.only_count)
		return;
	printf("{\"path\":\"");
	print_path(path);
	printf("\",\"line\":%zu,\"rule\":\"generic-%s\",\"confidence\":%u,\"start\":%zu,\"len\":%"
	       "zu",
	       line, rv_kind_name(hit->kind), hit->confidence, hit->start, hit->len);
	if (probe.with_reasons) {
		printf(",\"reasons\":[");
		const char *comma = "";

		for (unsigned f = 0; f < RV_FEATURE__COUNT; f++) {
			if (!(hit->reasons >> f & 1))
				continue;
			printf("%s\"%s\"", comma, rv_feature_name(f));
			comma = ",";
		}
		printf("]");
	}
	printf("}\n");
}

static bool stands_at(struct rv_str bytes, size_t at, const struct rv_assign_anchor *anchor)
{
	if (at + anchor->len > bytes.len)
		return false;
	for (size_t i = 0; i < anchor->len; i++) {
		if (fold[bytes.data[at + i]] != (uint8_t)anchor->text[i])
			return false;
	}
	return true;
}

struct occurrence {
	uint32_t end;
	uint8_t anchor;
};

/* Private keys, found apart: their anchors are no words of assignments. */
static void scan_keys(const char *path, struct rv_str bytes)
{
	static const struct {
		const char *anchor;
		bool (*at)(struct rv_str bytes, size_t at, struct rv_pem_key *out);
	} kinds[] = {{RV_PEM_ANCHOR, rv_pem_private_at},
		     {RV_JWK_ANCHOR, rv_jwk_private_at},
		     {RV_PPK_ANCHOR, rv_ppk_private_at}};

	for (size_t k = 0; k < RV_LEN(kinds); k++) {
		const uint8_t *from = bytes.data;
		const uint8_t *end = bytes.data + bytes.len;
		size_t len = strlen(kinds[k].anchor);

		while ((from = memmem(from, (size_t)(end - from), kinds[k].anchor, len)) != NULL) {
			struct rv_pem_key key;
			size_t at = (size_t)(from - bytes.data);
			size_t line = 1;

			from += len;
			if (!kinds[k].at(bytes, at, &key) || key.confidence < probe.min)
				continue;
			for (size_t i = 0; i < (k ? key.start : at) && !probe.only_count; i++)
				line += bytes.data[i] == '\n';
			probe.taken++;
			report(path, line,
			       &(struct rv_assign){.start = key.start,
						   .len = key.len,
						   .kind = RV_KIND_PRIVATE_KEY,
						   .confidence = key.confidence});
		}
	}
}

static void scan_lines(const char *path, struct rv_str bytes)
{
	enum rv_listed listed = rv_assign_listed(rv_str_of(path));
	struct rv_assign hit;
	size_t line = 0;

	for (size_t at = 0; listed && rv_assign_next_line(listed, bytes, &at, &hit);) {
		line++;
		if (!hit.len || hit.confidence < probe.min)
			continue;
		probe.taken++;
		report(path, line, &hit);
	}
}

static size_t find_all(struct rv_str bytes, struct occurrence **list, size_t *room)
{
	size_t count = 0;

	for (size_t at = 0; at + 1 < bytes.len; at++) {
		const uint8_t *ids = starts[fold[bytes.data[at]] << 8 | fold[bytes.data[at + 1]]];

		for (; *ids; ids++) {
			const struct rv_assign_anchor *anchor = &rv_assign_anchors[*ids - 1];

			if (!stands_at(bytes, at, anchor))
				continue;
			if (count == *room) {
				*room = *room ? *room * 2 : 4096;
				*list = realloc(*list, *room * sizeof(**list));
				if (!*list)
					abort();
			}
			(*list)[count++] = (struct occurrence){(uint32_t)(at + anchor->len),
							       (uint8_t)(*ids - 1)};
		}
	}
	return count;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Those refused and those with a value apart: passes over each list. */
static void time_list(struct rv_str bytes, struct rv_context *context, struct occurrence *list,
		      size_t count)
{
	size_t refused = 0;
	struct rv_assign hit;

	for (size_t i = 0; i < count; i++) {
		struct occurrence o = list[i];

		if (rv_assign_at(bytes, context, o.anchor, o.end, &hit))
			continue;
		list[i] = list[refused];
		list[refused++] = o;
	}
	uint64_t start = now_ns();

	for (unsigned pass = 0; pass < probe.passes; pass++) {
		for (size_t i = 0; i < refused; i++)
			(void)rv_assign_at(bytes, context, list[i].anchor, list[i].end,
					   &hit); /* timed */
	}
	uint64_t middle = now_ns();

	for (unsigned pass = 0; pass < probe.passes; pass++) {
		for (size_t i = refused; i < count; i++)
			(void)rv_assign_at(bytes, context, list[i].anchor, list[i].end,
					   &hit); /* timed */
	}
	probe.refused += refused * probe.passes;
	probe.valued += (count - refused) * probe.passes;
	probe.refused_ns += middle - start;
	probe.valued_ns += now_ns() - middle;
}

static void scan(const char *path, struct rv_str bytes)
{
	static struct occurrence *list;
	static size_t room;
	struct rv_context context = rv_context_of(rv_str_of(path));
	size_t count = find_all(bytes, &list, &room);
	size_t line = 1;
	size_t counted = 0;
	size_t last = SIZE_MAX;
	uint64_t start_ns = now_ns();

	probe.seen += count;
	probe.bytes += bytes.len;
	for (size_t i = 0; i < count; i++) {
		struct rv_assign hit;

		if (!rv_assign_at(bytes, &context, list[i].anchor, list[i].end, &hit))
			continue;
		if (hit.confidence < probe.min || hit.start == last)
			continue;
		probe.taken++;
		last = hit.start;
		if (hit.start < counted) {
			line = 1;
			counted = 0;
		}
		for (; counted < hit.start && !probe.only_count; counted++)
			line += bytes.data[counted] == '\n';
		report(path, line, &hit);
	}
	probe.seen_ns += now_ns() - start_ns;
	if (probe.passes)
		time_list(bytes, &context, list, count);
	scan_keys(path, bytes);
	scan_lines(path, bytes);
}

static void scan_file(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size < (off_t)FILE_MAX) {
		void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE,
				 fd, 0);

		if (map != MAP_FAILED) {
			size_t head = (size_t)st.st_size < 4096 ? (size_t)st.st_size : 4096;

			if (!memchr(map, 0, head))
				scan(path, (struct rv_str){map, (size_t)st.st_size});
			munmap(map, (size_t)st.st_size);
		}
	}
	close(fd);
}

static void scan_named(void)
{
	char path[4096];

	while (fgets(path, sizeof(path), stdin)) {
		path[strcspn(path, "\n")] = '\0';
		scan_file(path);
	}
}

int main(int argc, char **argv)
{
	prepare();
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--min") == 0 && i + 1 < argc)
			probe.min = (unsigned)strtoul(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--reasons") == 0)
			probe.with_reasons = true;
		else if (strcmp(argv[i], "--count") == 0)
			probe.only_count = true;
		else if (strcmp(argv[i], "--time") == 0)
			probe.passes = 40;
		else if (strcmp(argv[i], "-") == 0)
			scan_named();
		else
			scan_file(argv[i]);
	}
	fprintf(stderr, "%llu bytes, %llu keywords, %llu values, %.1f ns a keyword\n",
		(unsigned long long)probe.bytes, (unsigned long long)probe.seen,
		(unsigned long long)probe.taken,
		probe.seen ? (double)probe.seen_ns / (double)probe.seen : 0.0);
	if (probe.refused)
		fprintf(stderr, "refused: %.1f ns each\n",
			(double)probe.refused_ns / (double)probe.refused);
	if (probe.valued)
		fprintf(stderr, "with a value: %llu, %.0f ns each\n",
			(unsigned long long)probe.valued,
			(double)probe.valued_ns / (double)probe.valued);
	return 0;
}
