/* sweep: pairs of keys on this host: which files are looked at, and what is said. Not here: what is
 * in a file (facts_place.c). */
#include "agent/sweep/facts_pair.h"

#include "agent/base/clock.h"
#include "agent/base/fd.h"
#include "agent/scan/rule.h"
#include "agent/sweep/fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SHOWN 200
#define PHRASE_MAX 512

/* Where else the other half of any key may be; one '*' stands for each name there. */
static const struct {
	const char *path;
	bool is_home; /* under the running user's */
} places[] = {
	{"/.ssh/authorized_keys", true},
	{"/.ssh/*.pub", true},
	{"/etc/ssh/*.pub", false},
	{"/etc/letsencrypt/live/*/cert.pem", false},
};

struct key {
	struct rv_leak *leak;
	struct rv_str dir; /* of leak->path */
	unsigned told;
	bool is_unvouched; /* a certificate of it is nobody's .. */
	bool is_vouched;   /* .. and another one is, or the key opens something here */
};

struct pairing {
	struct rv_leaks *list;
	struct rv_pair_host host;
	struct key *keys; /* in order of path */
	struct key **by_id;
	size_t count;
	uint64_t files, bytes;
	/* The file that is looked at. */
	const char *path;
	struct rv_str only; /* keys of this directory alone; none: of all */
	bool is_same_dir;
	struct rv_buf content;
};

static struct rv_str dir_of(struct rv_str path)
{
	for (size_t i = path.len; i > 0; i--) {
		if (path.data[i - 1] == '/')
			return (struct rv_str){path.data, i};
	}
	return RV_STR_LIT("./");
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool is_key(const struct rv_leak *leak)
{
	return leak->rule->matcher == RV_MATCHER_PEM && leak->public_id &&
	       (strncmp(leak->public_id, "spki:", 5) == 0 ||
		strncmp(leak->public_id, "SHA256:", 7) == 0);
}

static int by_path(const void *a, const void *b)
{
	const struct key *x = a;
	const struct key *y = b;
	int order = rv_leaks_compare(x->dir, y->dir);

	return order != 0 ? order : rv_leaks_compare(x->leak->path, y->leak->path);
}

static int compare_id(const struct key *key, const char *id, struct rv_str dir)
{
	int order = strcmp(key->leak->public_id, id);

	return order != 0 ? order : rv_leaks_compare(key->dir, dir);
}

static int by_id(const void *a, const void *b)
{
	const struct key *x = *(struct key *const *)a;
	const struct key *y = *(struct key *const *)b;

	return compare_id(x, y->leak->public_id, y->dir);
}

/* The first of by_id that is not before this id and directory. */
static size_t first_of(const struct pairing *p, const char *id, struct rv_str dir)
{
	size_t low = 0, high = p->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_id(p->by_id[middle], id, dir) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void phrase_of(const struct pairing *p, const struct key *key, const struct rv_public *found,
		      char out[PHRASE_MAX])
{
	size_t len = strlen(p->path);
	bool is_own = !key->leak->inside && rv_str_is(key->leak->path, p->path);
	const char *path = is_own ? "same file" : len > PATH_SHOWN ? base_of(p->path) : p->path;
	char when[RV_TIME_TEXT];

	if (found->kind == RV_PUBLIC_CERTIFICATE) {
		rv_time_text(found->end_utc_us, when);
		(void)snprintf(out, PHRASE_MAX,
			       "opens certificate %s%s%s %.10s (%.255s)", /* fits */
			       found->name, found->name[0] ? ", " : "",
			       found->end_utc_us <= p->host.now_utc_us ? "expired" : "valid until",
			       when, path);
	} else if (found->kind == RV_PUBLIC_SSH &&
		   strncmp(base_of(p->path), "authorized_keys", 15) == 0) {
		(void)snprintf(out, PHRASE_MAX, "authorized in %.255s line %zu", path, /* fits */
			       found->line);
	} else if (is_own) {
		memcpy(out, "public half in the same file", sizeof("public half in the same file"));
	} else if (p->is_same_dir) {
		(void)snprintf(out, PHRASE_MAX, "public half %.255s beside it", /* fits */
			       base_of(path));
	} else {
		(void)snprintf(out, PHRASE_MAX, "public half %.255s", path); /* fits */
	}
	rv_text_tame(out);
}

static void note_trust(const struct pairing *p, struct key *key, const struct rv_public *found)
{
	bool is_vouched = found->kind == RV_PUBLIC_CERTIFICATE
				  ? rv_public_is_vouched(found, p->host.now_utc_us)
				  : p->only.len == 0;

	key->is_vouched |= is_vouched;
	key->is_unvouched |= found->kind == RV_PUBLIC_CERTIFICATE && !is_vouched;
}

static rv_status add_phrase(struct pairing *p, struct key *key, const struct rv_public *found)
{
	struct rv_leak *leak = key->leak;
	char phrase[PHRASE_MAX];
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};

	note_trust(p, key, found);
	if (key->told >= RV_PAIR_TOLD_MAX)
		return RV_OK;
	phrase_of(p, key, found, phrase);
	if (leak->facts && strstr(leak->facts, phrase))
		return RV_OK;
	rv_buf_init(&text, 4096);
	RV_TRY(rv_buf_printf(&text, "%s%s%s", leak->facts ? leak->facts : "",
			     leak->facts ? ", " : "", phrase));
	const char *facts = rv_leaks_text(p->list, rv_buf_view(&text));
	if (!facts)
		return rv_fail_nomem(NULL);
	leak->facts = facts;
	key->told++;
	return RV_OK;
}

static rv_status add_all(struct pairing *p, const char *id, const struct rv_public *found)
{
	for (size_t i = first_of(p, id, p->only); id[0] && i < p->count; i++) {
		struct key *key = p->by_id[i];

		if (strcmp(key->leak->public_id, id) != 0 ||
		    (p->only.len > 0 && !rv_str_equal(key->dir, p->only)))
			break;
		if (p->only.len == 0 || !key->leak->inside)
			RV_TRY(add_phrase(p, key, found));
	}
	return RV_OK;
}

static rv_status on_public(void *user, const struct rv_public *found)
{
	struct pairing *p = user;

	RV_TRY(add_all(p, found->spki, found));
	return add_all(p, found->ssh, found);
}

/* False: not a file that is looked at, or not readable. */
static bool read_whole(struct pairing *p, const char *path)
{
	struct stat st;
	RV_CLEANUP(rv_fd_closep)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    (uint64_t)st.st_size > RV_PAIR_FILE_MAX)
		return false;
	rv_buf_reset(&p->content);
	return rv_is_ok(rv_fd_read_all(fd, &p->content, NULL));
}

static rv_status look_at_file(struct pairing *p, const char *path)
{
	if (p->files >= RV_PAIR_FILES_MAX || p->bytes >= RV_PAIR_BYTES_MAX)
		return RV_OK;
	p->files++;
	if (!read_whole(p, path))
		return RV_OK;
	p->bytes += p->content.len;
	p->path = path;
	return rv_publics_in(rv_buf_view(&p->content), RV_PAIR_BLOCKS_MAX, on_public, p);
}

/* Names that public halves go by. */
static bool is_public_name(const char *name)
{
	static const char *const ends[] = {".pub", ".crt", ".cer",  ".cert",
					   ".pem", ".der", ".chain"};
	struct rv_str text = rv_str_of(name);

	if (rv_str_is(text, "cert") || rv_str_is(text, "crt"))
		return true;
	for (size_t i = 0; i < RV_LEN(ends); i++) {
		if (rv_str_ends_with(text, ends[i]))
			return true;
	}
	return rv_str_starts_with(text, "authorized_keys");
}

/* Each file with such a name in `dir`; suffix: "" for those names, else "dir/NAME/suffix" or, when
 * it begins with '.', names that end so. */
static rv_status look_in(struct pairing *p, const char *dir, const char *suffix)
{
	DIR *d = opendir(dir);
	char path[PATH_MAX];
	rv_status status = RV_OK;

	if (!d)
		return RV_OK;
	for (size_t n = 0; n < RV_PAIR_DIR_MAX && rv_is_ok(status); n++) {
		const struct dirent *entry = readdir(d);

		if (!entry)
			break;
		const char *name = entry->d_name;
		bool is_wanted = !suffix[0]	    ? is_public_name(name)
				 : suffix[0] == '/' ? name[0] != '.'
						    : rv_str_ends_with(rv_str_of(name), suffix);
		int len = is_wanted ? snprintf(path, sizeof(path), "%s%s%s", dir, name,
					       suffix[0] == '/' ? suffix : "")
				    : 0;
		if (len > 0 && (size_t)len < sizeof(path))
			status = look_at_file(p, path);
	}
	(void)closedir(d); /* read only */
	return status;
}

/* The keys from `first` to `end` lie in one directory. */
static rv_status look_beside(struct pairing *p, size_t first, size_t end)
{
	struct rv_str dir = p->keys[first].dir;
	char path[PATH_MAX];

	if (dir.len + 16 > sizeof(path))
		return RV_OK;
	p->only = dir;
	p->is_same_dir = true;
	for (size_t i = first; i < end; i++) {
		const struct rv_leak *leak = p->keys[i].leak;

		if (leak->inside || leak->path.len >= sizeof(path) ||
		    (i > first && rv_str_equal(leak->path, p->keys[i - 1].leak->path)))
			continue;
		memcpy(path, leak->path.data, leak->path.len);
		path[leak->path.len] = '\0';
		if (!is_public_name(base_of(path)))
			RV_TRY(look_at_file(p, path));
	}
	memcpy(path, dir.data, dir.len);
	path[dir.len] = '\0';
	RV_TRY(look_in(p, path, ""));
	if (!rv_str_ends_with(dir, "/private/"))
		return RV_OK;
	p->is_same_dir = false;
	memcpy(path + dir.len - strlen("private/"), "certs/", sizeof("certs/"));
	return look_in(p, path, "");
}

static rv_status look_in_places(struct pairing *p)
{
	char path[PATH_MAX];

	p->only = RV_STR_NONE;
	p->is_same_dir = false;
	for (size_t i = 0; i < RV_LEN(places); i++) {
		const char *above = places[i].is_home ? p->host.home : p->host.root;

		int len = above ? snprintf(path, sizeof(path), "%s%s", above, places[i].path) : 0;
		if (len <= 0 || (size_t)len >= sizeof(path))
			continue;
		char *star = strrchr(path, '*');
		if (!star) {
			RV_TRY(look_at_file(p, path));
			continue;
		}
		const char *suffix = places[i].path + strlen(places[i].path) - strlen(star + 1);
		*star = '\0';
		RV_TRY(look_in(p, path, suffix));
	}
	return RV_OK;
}

static rv_status pair(struct pairing *p)
{
	for (size_t first = 0, end = 0; first < p->count; first = end) {
		for (end = first + 1; end < p->count; end++) {
			if (!rv_str_equal(p->keys[end].dir, p->keys[first].dir))
				break;
		}
		RV_TRY(look_beside(p, first, end));
	}
	return look_in_places(p);
}

/* Of a test, and its certificate beside it trusted by nobody. */
static void weaken_fixture(const struct key *key)
{
	struct rv_leak *leak = key->leak;

	if (leak->is_in_tests && key->is_unvouched && !key->is_vouched &&
	    leak->confidence > RV_FIXTURE_CONFIDENCE)
		leak->confidence = RV_FIXTURE_CONFIDENCE;
}

rv_status rv_facts_pair(struct rv_leaks *list, const struct rv_pair_host *host)
{
	struct pairing p = {.list = list};
	RV_CLEANUP(rv_freep) struct key *keys = NULL;
	RV_CLEANUP(rv_freep) struct key **sorted = NULL;

	p.host = host ? *host
		      : (struct rv_pair_host){
				.root = "", .home = getenv("HOME"), .now_utc_us = rv_now_utc_us()};
	for (size_t i = 0; i < list->count; i++)
		p.count += is_key(&list->items[i]);
	if (p.count == 0)
		return RV_OK;
	keys = calloc(p.count, sizeof(*keys));
	sorted = calloc(p.count, sizeof(*sorted));
	if (!keys || !sorted)
		return rv_fail_nomem(NULL);
	for (size_t i = 0, n = 0; i < list->count; i++) {
		struct rv_leak *leak = &list->items[i];

		if (is_key(leak))
			keys[n++] = (struct key){.leak = leak, .dir = dir_of(leak->path)};
	}
	qsort(keys, p.count, sizeof(*keys), by_path);
	for (size_t i = 0; i < p.count; i++)
		sorted[i] = &keys[i];
	qsort(sorted, p.count, sizeof(struct key *), by_id);
	p.keys = keys;
	p.by_id = sorted;
	rv_buf_init(&p.content, RV_PAIR_FILE_MAX);
	rv_status status =
		rv_buf_reserve(&p.content, RV_PAIR_FILE_MAX) ? pair(&p) : rv_fail_nomem(NULL);
	rv_buf_done(&p.content);
	for (size_t i = 0; i < p.count; i++)
		weaken_fixture(&keys[i]);
	return status;
}
