/* git: parses a config file as far as the repository's format goes. Not here: opening (repo.c). */
#include "agent/git/config.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#define WORD_MAX 64

struct scan {
	const uint8_t *p, *end;
};

/* A word cut to WORD_MAX - 1 bytes: the keys and values we look for are shorter. */
struct word {
	char text[WORD_MAX];
	size_t len;
};

static void put(struct word *word, uint8_t byte)
{
	if (word->len < WORD_MAX - 1)
		word->text[word->len++] = (char)byte;
	word->text[word->len] = '\0';
}

static void skip_line(struct scan *s)
{
	while (s->p < s->end && *s->p != '\n')
		s->p++;
}

/* [name] or [name "sub"]; a section with a sub-name is none of ours. */
static bool read_section(struct scan *s, struct word *out)
{
	bool is_quoted = false;

	*out = (struct word){.len = 0};
	for (s->p++; s->p < s->end && *s->p != '\n'; s->p++) {
		if (*s->p == '"') {
			is_quoted = !is_quoted;
			put(out, '"');
		} else if (*s->p == '\\' && is_quoted && s->p + 1 < s->end) {
			s->p++;
		} else if (*s->p == ']' && !is_quoted) {
			s->p++;
			return true;
		} else {
			put(out, *s->p);
		}
	}
	return false;
}

static bool read_escape(struct scan *s, struct word *out)
{
	if (s->p >= s->end)
		return false;
	switch (*s->p) {
	case '\n': /* goes on in the next line */
		return true;
	case 'n':
		put(out, '\n');
		return true;
	case 't':
		put(out, '\t');
		return true;
	case 'b':
	case '\\':
	case '"':
		put(out, *s->p);
		return true;
	default:
		return false;
	}
}

static bool read_value(struct scan *s, struct word *out)
{
	bool is_quoted = false;
	size_t kept = 0; /* without the blanks at the end */

	*out = (struct word){.len = 0};
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
		s->p++;
	for (; s->p < s->end && *s->p != '\n'; s->p++) {
		if (*s->p == '"') {
			is_quoted = !is_quoted;
			continue;
		}
		if (!is_quoted && (*s->p == '#' || *s->p == ';')) {
			skip_line(s);
			break;
		}
		if (*s->p == '\\') {
			s->p++;
			if (!read_escape(s, out))
				return false;
		} else {
			put(out, *s->p);
		}
		if (is_quoted || !isspace(*s->p))
			kept = out->len;
	}
	out->len = kept;
	out->text[kept] = '\0';
	return !is_quoted;
}

static bool is_true(const struct word *value)
{
	return strcasecmp(value->text, "true") == 0 || strcasecmp(value->text, "yes") == 0 ||
	       strcasecmp(value->text, "on") == 0 || strtol(value->text, NULL, 10) != 0;
}

static void take_core(struct rv_git_config *out, const char *key, const struct word *value)
{
	if (strcasecmp(key, "bare") == 0) {
		out->has_bare = true;
		out->is_bare = is_true(value);
	} else if (strcasecmp(key, "repositoryformatversion") == 0) {
		out->format_version = strtol(value->text, NULL, 10);
	}
}

static void take_extension(struct rv_git_config *out, const char *key, const struct word *value)
{
	/* They change what may be written, or where settings stand; not how to read. */
	static const char *const harmless[] = {
		"noop",		  "noop-v1",	       "preciousobjects",
		"worktreeconfig", "relativeworktrees", "compatobjectformat"};

	if (strcasecmp(key, "objectformat") == 0) {
		out->oid_len = strcmp(value->text, "sha1") == 0	    ? RV_GIT_SHA1_LEN
			       : strcmp(value->text, "sha256") == 0 ? RV_GIT_SHA256_LEN
								    : 0;
		return;
	}
	if (strcasecmp(key, "partialclone") == 0) {
		out->is_partial = true;
		return;
	}
	if (strcasecmp(key, "refstorage") == 0) {
		out->has_reftable = strcmp(value->text, "reftable") == 0;
		out->has_unknown_refs = !out->has_reftable && strcmp(value->text, "files") != 0;
		return;
	}
	for (size_t i = 0; i < RV_LEN(harmless); i++) {
		if (strcasecmp(key, harmless[i]) == 0)
			return;
	}
	if (!out->unknown[0])
		(void)snprintf(out->unknown, sizeof(out->unknown), "%s", key); /* as long */
}

static bool read_pair(struct scan *s, const struct word *section, struct rv_git_config *out)
{
	struct word key = {.len = 0}, value = {.len = 0};

	while (s->p < s->end && (isalnum(*s->p) || *s->p == '-'))
		put(&key, *s->p++);
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t'))
		s->p++;
	if (key.len == 0)
		return false;
	if (s->p < s->end && *s->p == '=') {
		s->p++;
		if (!read_value(s, &value))
			return false;
	} else if (s->p < s->end && *s->p != '\n' && *s->p != '\r' && *s->p != '#' &&
		   *s->p != ';') {
		return false;
	} else {
		skip_line(s);
		(void)memcpy(value.text, "true", sizeof("true")); /* fits */
	}
	if (strcasecmp(section->text, "core") == 0)
		take_core(out, key.text, &value);
	else if (strcasecmp(section->text, "extensions") == 0)
		take_extension(out, key.text, &value);
	return true;
}

rv_status rv_git_config_parse(struct rv_str text, struct rv_git_config *out)
{
	struct word section = {.len = 0};

	*out = (struct rv_git_config){.oid_len = RV_GIT_SHA1_LEN};
	if (text.len == 0)
		return RV_OK; /* there may be no bytes at all */
	struct scan s = {text.data, text.data + text.len};
	if (text.len >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
		s.p += 3;
	while (s.p < s.end) {
		bool is_fine = true;

		if (isspace(*s.p))
			s.p++;
		else if (*s.p == '#' || *s.p == ';')
			skip_line(&s);
		else if (*s.p == '[')
			is_fine = read_section(&s, &section);
		else
			is_fine = read_pair(&s, &section, out);
		if (!is_fine)
			return (rv_status){RV_CLASS_MALFORMED, 0};
	}
	return RV_OK;
}
