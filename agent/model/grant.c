/* model: parser of the grants file, one line one grant. Not here: files, owners, modes. */
#include "agent/model/grant.h"

#include "agent/base/path.h"

static rv_status bad(struct rv_diag *diag, const char *name, unsigned line, const char *what)
{
	rv_diag_next(diag, "correct %s line %u; until then no grant is in force", name, line);
	return rv_fail(RV_CLASS_MALFORMED, diag, "%s:%u: %s", name, line, what);
}

static bool is_unit(const char *s)
{
	return *s != '\0' && *s != '-' && strlen(s) <= 255 &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
			 ":_.@\\-") == strlen(s);
}

static bool is_plugin_name(const char *s)
{
	return *s != '\0' && *s != '-' && strlen(s) <= 32 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(s);
}

static bool is_path(const char *s)
{
	return rv_path_is_clean(rv_str_of(s));
}

static bool is_profile(const char *s)
{
	static const char *const known[] = {"none", "loopback", "net", "user-bus"};

	for (size_t i = 0; i < RV_LEN(known); i++) {
		if (strcmp(s, known[i]) == 0)
			return true;
	}
	return false;
}

static bool is_uid(const char *s, uint32_t *out)
{
	uint64_t n = 0;

	if (*s == '\0' || strlen(s) > 10)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = n * 10 + (uint64_t)(*s - '0');
	}
	if (n >= UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

/* What is wrong with the words of a line, or NULL. */
static const char *check_write(struct rv_grant *g)
{
	if (g->word_count != 2)
		return "write DIR takes one directory";
	return is_path(g->words[1]) ? NULL : "write: the directory must be absolute and plain";
}

static const char *check_hook(struct rv_grant *g)
{
	if (g->word_count < 3)
		return "hook UID /abs/path [arg ..]";
	if (!is_uid(g->words[1], &g->uid))
		return "hook: the first word is a numeric user id";
	return is_path(g->words[2]) ? NULL : "hook: the program must be an absolute, plain path";
}

static const char *check_reload(struct rv_grant *g)
{
	if (g->word_count < 2 || !is_unit(g->words[1]))
		return "reload UNIT takes a unit's name";
	if (g->word_count == 2)
		return NULL;
	if (g->word_count != 8 || strcmp(g->words[2], "signal") != 0 ||
	    strcmp(g->words[3], "HUP") != 0 || strcmp(g->words[4], "pidfile") != 0 ||
	    strcmp(g->words[6], "exe") != 0)
		return "reload UNIT signal HUP pidfile FILE exe /abs/path";
	return is_path(g->words[5]) && is_path(g->words[7])
		       ? NULL
		       : "reload: pidfile and exe must be absolute, plain paths";
}

static const char *check_plugin(struct rv_grant *g)
{
	if (g->word_count != 4)
		return "plugin NAME PROFILE SHA256";
	if (!is_plugin_name(g->words[1]))
		return "plugin: a name is of a-z, 0-9 and '-', at most 32";
	if (!is_profile(g->words[2]))
		return "plugin: the profile is none, loopback, net or user-bus";
	if (strlen(g->words[3]) != 64 || strspn(g->words[3], "0123456789abcdef") != 64)
		return "plugin: the digest is 64 lower-case hex digits (sha256sum NAME.so)";
	return NULL;
}

static const struct {
	const char *word;
	enum rv_grant_kind kind;
	const char *(*check)(struct rv_grant *g);
} kinds[] = {
	{"write", RV_GRANT_WRITE, check_write},
	{"hook", RV_GRANT_HOOK, check_hook},
	{"reload", RV_GRANT_RELOAD, check_reload},
	{"plugin", RV_GRANT_PLUGIN, check_plugin},
};

static const char *check_line(struct rv_grant *g)
{
	for (size_t i = 0; i < RV_LEN(kinds); i++) {
		if (strcmp(g->words[0], kinds[i].word) == 0) {
			g->kind = kinds[i].kind;
			return kinds[i].check(g);
		}
	}
	return "a grant begins with write, hook, reload or plugin";
}

/* Splits a line in place. False: too many words. */
static bool split(char *line, struct rv_grant *g)
{
	char *save = NULL;

	for (char *w = strtok_r(line, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		if (g->word_count == RV_GRANT_WORDS)
			return false;
		g->words[g->word_count++] = w;
	}
	return true;
}

static bool is_printable(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 && *s != '\t')
			return false;
	}
	return true;
}

static rv_status parse_line(struct rv_grants *grants, char *line, unsigned number, const char *name,
			    struct rv_diag *diag)
{
	struct rv_grant g = {.line = number};
	char *hash = strchr(line, '#');

	if (hash)
		*hash = '\0';
	if (!is_printable(line))
		return bad(diag, name, number, "control character");
	if (!split(line, &g))
		return bad(diag, name, number, "more than 16 words");
	if (g.word_count == 0)
		return RV_OK;
	const char *what = check_line(&g);

	if (what)
		return bad(diag, name, number, what);
	if (grants->count == RV_GRANTS_MAX)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "%s:%u: more than %d grants", name, number,
			       RV_GRANTS_MAX);
	grants->list[grants->count++] = g;
	return RV_OK;
}

static void grants_donep(struct rv_grants *grants)
{
	rv_grants_done(grants);
}

rv_status rv_grants_parse(struct rv_str text, const char *name, struct rv_grants *out,
			  struct rv_diag *diag)
{
	RV_CLEANUP(grants_donep) struct rv_grants grants = {0};
	unsigned number = 0;

	if (text.len > RV_GRANTS_BYTES)
		return rv_fail(RV_CLASS_EXHAUSTED, diag, "%s is larger than %d bytes", name,
			       RV_GRANTS_BYTES);
	if (text.len > 0 && memchr(text.data, '\0', text.len))
		return bad(diag, name, 1, "a zero byte");
	grants.text = calloc(1, text.len + 1);
	grants.list = calloc(RV_GRANTS_MAX, sizeof(*grants.list));
	if (!grants.text || !grants.list)
		return rv_fail_nomem(diag);
	if (text.len > 0)
		memcpy(grants.text, text.data, text.len);
	for (char *line = grants.text; line;) {
		char *next = strchr(line, '\n');

		if (next)
			*next++ = '\0';
		RV_TRY(parse_line(&grants, line, ++number, name, diag));
		line = next;
	}
	*out = grants;
	grants = (struct rv_grants){0};
	return RV_OK;
}

void rv_grants_done(struct rv_grants *grants)
{
	free(grants->list);
	free(grants->text);
	*grants = (struct rv_grants){0};
}

static const struct rv_grant *find(const struct rv_grants *grants, enum rv_grant_kind kind,
				   struct rv_str subject)
{
	for (size_t i = 0; i < grants->count; i++) {
		const struct rv_grant *g = &grants->list[i];

		if (g->kind == kind && rv_str_is(subject, rv_grant_subject(g)))
			return g;
	}
	return NULL;
}

const struct rv_grant *rv_grants_write(const struct rv_grants *grants, struct rv_str dir)
{
	return find(grants, RV_GRANT_WRITE, dir);
}

const struct rv_grant *rv_grants_reload(const struct rv_grants *grants, struct rv_str unit)
{
	return find(grants, RV_GRANT_RELOAD, unit);
}

const struct rv_grant *rv_grants_plugin(const struct rv_grants *grants, struct rv_str name)
{
	return find(grants, RV_GRANT_PLUGIN, name);
}

/* Takes the next word by spaces off *rest; empty at the end. */
static struct rv_str next_word(struct rv_str *rest)
{
	while (rest->len > 0 && rest->data[0] == ' ') {
		rest->data++;
		rest->len--;
	}
	struct rv_str word = {rest->data, 0};

	while (rest->len > 0 && rest->data[0] != ' ') {
		rest->data++;
		rest->len--;
		word.len++;
	}
	return word;
}

static bool hook_fits(const struct rv_grant *g, struct rv_str command)
{
	const char *const *argv = rv_grant_argv(g);
	struct rv_str program = next_word(&command);

	if (!rv_str_is(program, argv[0]) &&
	    !rv_str_equal(program, rv_path_base(rv_str_of(argv[0]))))
		return false;
	for (argv++; *argv; argv++) {
		if (!rv_str_is(next_word(&command), *argv))
			return false;
	}
	return next_word(&command).len == 0;
}

const struct rv_grant *rv_grants_hook(const struct rv_grants *grants, struct rv_str command)
{
	for (size_t i = 0; i < grants->count; i++) {
		if (grants->list[i].kind == RV_GRANT_HOOK && hook_fits(&grants->list[i], command))
			return &grants->list[i];
	}
	return NULL;
}

const char *rv_grant_pidfile(const struct rv_grant *g)
{
	return g->word_count == 8 ? g->words[5] : NULL;
}

const char *rv_grant_exe(const struct rv_grant *g)
{
	return g->word_count == 8 ? g->words[7] : NULL;
}

rv_status rv_grant_line(const struct rv_grant *grant, struct rv_buf *out)
{
	for (size_t i = 0; i < grant->word_count; i++) {
		if (i > 0)
			RV_TRY(rv_buf_put_byte(out, ' '));
		RV_TRY(rv_buf_put_str(out, grant->words[i]));
	}
	return RV_OK;
}
