/* tests: repositories by the git program, and the checks that every visit must pass. */
#include "tests/unit/git/repo.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#define DEADLINE_MS 60000

void rvt_git_setup(void)
{
	const char *const argv[] = {"git", "--version", NULL};
	struct rvt_result result;

	if (setenv("HOME", "/nonexistent", 1) != 0 || setenv("GIT_CONFIG_NOSYSTEM", "1", 1) != 0 ||
	    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1) != 0 ||
	    setenv("GIT_AUTHOR_NAME", "A U Thor", 1) != 0 ||
	    setenv("GIT_AUTHOR_EMAIL", "author@example.com", 1) != 0 ||
	    setenv("GIT_COMMITTER_NAME", "C O Mitter", 1) != 0 ||
	    setenv("GIT_COMMITTER_EMAIL", "committer@example.com", 1) != 0 ||
	    setenv("LC_ALL", "C", 1) != 0)
		rvt_die("setenv");
	if (unsetenv("GIT_DIR") != 0 || unsetenv("GIT_WORK_TREE") != 0 ||
	    unsetenv("GIT_INDEX_FILE") != 0)
		rvt_die("unsetenv");
	result = rvt_run(argv, RV_STR_NONE, DEADLINE_MS);
	if (result.code != 0)
		rvt_skip("there is no git program");
	rvt_result_done(&result);
}

static char *shell(const struct rvt_dir *dir, const char *script)
{
	const char *const argv[] = {"sh", "-ec", script, dir->path, NULL};
	struct rvt_result result = rvt_run(argv, RV_STR_NONE, DEADLINE_MS);
	char *text;

	if (result.code != 0)
		rvt_die("exit %d of: %s\n%s", result.code, script, rvt_text(&result.err));
	while (result.out.len > 0 && result.out.data[result.out.len - 1] == '\n')
		result.out.len--;
	text = strdup(rvt_text(&result.out));
	if (!text)
		rvt_die("strdup");
	rvt_result_done(&result);
	return text;
}

static RV_PRINTF(2, 0) char *run(const struct rvt_dir *dir, const char *fmt, va_list args)
{
	struct rv_buf script = {.max = 65536};
	char *text, *body = NULL;

	if (vasprintf(&body, fmt, args) < 0)
		rvt_die("vasprintf");
	if (!rv_is_ok(rv_buf_printf(&script, "cd \"$0\"\n%s", body)))
		rvt_die("script too long");
	text = shell(dir, rv_buf_cstr(&script));
	free(body);
	rv_buf_done(&script);
	return text;
}

char *rvt_git_sh(const struct rvt_dir *dir, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = run(dir, fmt, args);
	va_end(args);
	return text;
}

void rvt_git_do(const struct rvt_dir *dir, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	free(run(dir, fmt, args));
	va_end(args);
}

void rvt_git_init(const struct rvt_dir *dir, const char *name, const char *format)
{
	rvt_git_do(dir, "git init -q -b main --object-format=%s './%s'", format, name);
}

struct rv_git_oid rvt_git_oid(const char *hex)
{
	struct rv_git_oid oid = {{0}};

	if (!rv_git_oid_parse(rv_str_of(hex), strlen(hex) / 2, &oid))
		rvt_die("not an id: %s", hex);
	return oid;
}

void rvt_git_history(const struct rvt_dir *dir, const char *name, int commits)
{
	/* awk makes the same text each time, so that ids repeat from run to run. */
	rvt_git_do(
		dir,
		"cd './%s'; mkdir -p src/deep doc\n"
		"i=0; while [ $i -lt %d ]; do i=$((i+1))\n"
		"awk -v n=$i 'BEGIN{for(k=0;k<400;k++) print \"line\", k, "
		"(k*n)%%(k%%17==n%%17?97:3)}' >src/long.c\n"
		"echo \"doc $i\" >>doc/notes.txt\n"
		"echo $((i %% 5)) >src/deep/small.txt\n"
		"git add -A\n"
		"GIT_AUTHOR_DATE=\"$((1700000000+i*1000)) +0000\" "
		"GIT_COMMITTER_DATE=\"$((1700000000+i*1000)) +0000\" git commit -qm \"change $i\"\n"
		"done",
		name, commits);
}

/* The id that these bytes have. */
static struct rv_git_oid id_of(enum rv_git_type type, struct rv_str bytes, size_t oid_len)
{
	static const char *const names[] = {"", "commit", "tree", "blob", "tag"};
	struct rv_git_oid oid = {{0}};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	char head[64];
	int len = snprintf(head, sizeof(head), "%s %zu", names[type], bytes.len);

	if (!ctx || EVP_DigestInit_ex(ctx, oid_len == 20 ? EVP_sha1() : EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(ctx, head, (size_t)len + 1) != 1 ||
	    EVP_DigestUpdate(ctx, bytes.data, bytes.len) != 1 ||
	    EVP_DigestFinal_ex(ctx, oid.bytes, NULL) != 1)
		rvt_die("digest");
	EVP_MD_CTX_free(ctx);
	return oid;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct state {
	struct rv_git_oid oid;
	size_t len;
};

static bool segments_fit(const struct rv_git_told *told)
{
	size_t at = 0;

	for (size_t i = 0; i < told->segment_count; i++) {
		const struct rv_git_segment *s = &told->segments[i];

		if (s->at != at || s->len == 0 || s->len > told->bytes.len - at)
			return false;
		if (s->base_at != RV_GIT_INSERTED &&
		    (s->base_at > told->base.len || s->len > told->base.len - s->base_at ||
		     memcmp(told->base.data + s->base_at, told->bytes.data + at, s->len) != 0))
			return false;
		at += s->len;
	}
	return at == told->bytes.len;
}

static rv_status see(void *user, const struct rv_git_told *told, void **out_state)
{
	struct rvt_seen *seen = user;
	struct rv_git_oid oid = id_of(told->type, told->bytes, seen->oid_len);
	struct state *state = calloc(1, sizeof(*state));
	uint32_t number;
	bool is_new = false;
	rv_status status;

	if (!state)
		rvt_die("calloc");
	(void)pthread_mutex_lock(&lock); /* ours */
	status = rv_git_oidmap_put(&seen->told, told->oid, &number, &is_new);
	seen->wrong += !is_new || !rv_git_oid_equal(&oid, told->oid);
	seen->objects++;
	seen->bytes += told->bytes.len;
	if (told->segments) {
		const struct state *base = told->base_state;

		seen->deltas++;
		oid = id_of(told->type, told->base, seen->oid_len);
		seen->wrong += !segments_fit(told) || !base ||
			       !rv_git_oid_equal(&base->oid, &oid) || base->len != told->base.len;
	}
	seen->states++;
	(void)pthread_mutex_unlock(&lock); /* ours */
	state->oid = *told->oid;
	state->len = told->bytes.len;
	*out_state = state;
	return status;
}

static void forget(void *user, void *state)
{
	struct rvt_seen *seen = user;

	(void)pthread_mutex_lock(&lock); /* ours */
	seen->states--;
	(void)pthread_mutex_unlock(&lock); /* ours */
	free(state);
}

static void count_ahead(void *user, uint64_t count)
{
	struct rvt_seen *seen = user;

	if (seen->objects > 0 || seen->planned > 0)
		rvt_die("counted too late, or twice");
	seen->planned = count;
}

static void hear(void *user, const struct rv_git_trouble *trouble)
{
	struct rvt_seen *seen = user;

	(void)pthread_mutex_lock(&lock); /* ours */
	seen->troubles[trouble->kind]++;
	(void)pthread_mutex_unlock(&lock); /* ours */
}

void rvt_seen_done(struct rvt_seen *seen)
{
	rv_git_oidmap_done(&seen->told);
}

static void visit_once(const struct rv_git_odb *odb, unsigned types,
		       const struct rv_git_oidmap *only, unsigned threads, struct rvt_seen *seen)
{
	const struct rv_git_visitor visitor = {
		.object = see, .planned = count_ahead, .drop = forget, .trouble = hear};
	void *const users[] = {seen, seen, seen};
	const struct rv_git_visit visit = {
		.types = types, .only = only, .threads = threads, .users = users};
	struct rv_diag diag = {0};

	*seen = (struct rvt_seen){.oid_len = odb->oid_len};
	rv_git_oidmap_init(&seen->told);
	if (!rv_is_ok(rv_git_visit(odb, &visit, &visitor, &diag)))
		rvt_die("visit: %s", diag.text);
	if (seen->wrong || seen->states)
		rvt_die("%zu wrong, %zu states left", seen->wrong, seen->states);
	if (seen->planned > seen->objects)
		rvt_die("%zu told of %zu", seen->objects, seen->planned);
}

void rvt_git_visit(const struct rv_git_odb *odb, unsigned types, const struct rv_git_oidmap *only,
		   struct rvt_seen *seen)
{
	struct rvt_seen one;

	visit_once(odb, types, only, 1, &one);
	visit_once(odb, types, only, 3, seen);
	if (one.objects != seen->objects || one.bytes != seen->bytes || one.deltas != seen->deltas)
		rvt_die("1 thread sees %zu objects, 3 threads %zu", one.objects, seen->objects);
	rvt_seen_done(&one);
}

size_t rvt_git_count(const struct rvt_dir *dir, const char *name, const char *types)
{
	char *text = rvt_git_sh(
		dir,
		"git -C './%s' cat-file --batch-all-objects --batch-check='%%(objecttype)' | "
		"grep -cE '^(%s)$' || true",
		name, types);
	size_t count = (size_t)strtoul(text, NULL, 10);

	free(text);
	return count;
}

size_t rvt_git_compare(const struct rvt_dir *dir, const char *name, const struct rv_git_odb *odb)
{
	char *text =
		rvt_git_sh(dir, "git -C './%s' cat-file --batch-all-objects --batch-check", name);
	struct rv_git_reader *reader = NULL;
	size_t count = 0;

	if (!rv_is_ok(rv_git_reader_new(odb, &reader)))
		rvt_die("reader");
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		enum rv_git_type type = RV_GIT_TYPE_NONE;
		struct rv_str bytes = RV_STR_NONE, left = rv_str_of(line);
		struct rv_git_oid oid, again;
		size_t hex = 2 * odb->oid_len;
		const char *size;

		if (left.len < hex ||
		    !rv_git_oid_parse((struct rv_str){left.data, hex}, odb->oid_len, &oid))
			rvt_die("git says: %s", line);
		if (!rv_is_ok(rv_git_read(reader, &oid, &type, &bytes)))
			rvt_die("cannot read %s", line);
		again = id_of(type, bytes, odb->oid_len);
		size = strrchr(line, ' ');
		if (!rv_git_oid_equal(&again, &oid) || !size ||
		    strtoul(size, NULL, 10) != bytes.len)
			rvt_die("other bytes than git: %s", line);
		count++;
	}
	rv_git_reader_free(reader);
	free(text);
	return count;
}
