/* git: parses commits and tags. Every byte of them is somebody else's. */
#include "agent/git/commit.h"

#define MALFORMED ((rv_status){RV_CLASS_MALFORMED, 0})
#define TAGS_MAX  32

/* "KEY HEX\n" at the front: its id, and the rest. */
static bool take_id(struct rv_str *text, const char *key, size_t oid_len, struct rv_git_oid *out)
{
	size_t skip = strlen(key), hex = 2 * oid_len;

	if (text->len < skip + hex + 1 || memcmp(text->data, key, skip) != 0 ||
	    text->data[skip + hex] != '\n' ||
	    !rv_git_oid_parse((struct rv_str){text->data + skip, hex}, oid_len, out))
		return false;
	text->data += skip + hex + 1;
	text->len -= skip + hex + 1;
	return true;
}

static struct rv_str take_line(struct rv_str *text)
{
	const uint8_t *end = text->len ? memchr(text->data, '\n', text->len) : NULL;
	struct rv_str line = {text->data, end ? (size_t)(end - text->data) : text->len};
	size_t used = end ? line.len + 1 : line.len;

	text->data += used;
	text->len -= used;
	return line;
}

static bool take_number(struct rv_str *text, int64_t *out)
{
	int64_t value = 0;
	size_t i = 0;

	for (; i < text->len && i < 18 && text->data[i] >= '0' && text->data[i] <= '9'; i++)
		value = value * 10 + (text->data[i] - '0');
	if (i == 0)
		return false;
	text->data += i;
	text->len -= i;
	*out = value;
	return true;
}

static void trim(struct rv_str *text)
{
	while (text->len > 0 && text->data[0] == ' ') {
		text->data++;
		text->len--;
	}
	while (text->len > 0 && text->data[text->len - 1] == ' ')
		text->len--;
}

/* "NAME <EMAIL> SECONDS +HHMM", any part of which may be missing. */
static struct rv_git_person person_of(struct rv_str line)
{
	struct rv_git_person person = {.at_utc = 0};
	const uint8_t *open = line.len ? memchr(line.data, '<', line.len) : NULL;
	const uint8_t *close = line.len ? memrchr(line.data, '>', line.len) : NULL;
	struct rv_str rest;
	int64_t zone = 0;

	if (!open || !close || close < open) {
		person.name = line;
		return person;
	}
	person.name = (struct rv_str){line.data, (size_t)(open - line.data)};
	person.email = (struct rv_str){open + 1, (size_t)(close - open) - 1};
	trim(&person.name);
	rest = (struct rv_str){close + 1, line.len - (size_t)(close - line.data) - 1};
	trim(&rest);
	if (!take_number(&rest, &person.at_utc))
		return person;
	trim(&rest);
	if (rest.len == 5 && (rest.data[0] == '+' || rest.data[0] == '-')) {
		bool is_west = rest.data[0] == '-';

		rest.data++;
		rest.len--;
		if (take_number(&rest, &zone) && rest.len == 0)
			person.zone_minutes =
				(int32_t)(zone / 100 * 60 + zone % 100) * (is_west ? -1 : 1);
	}
	return person;
}

rv_status rv_git_commit_parse(struct rv_str bytes, size_t oid_len, struct rv_git_commit *out)
{
	struct rv_git_commit commit = {.parent_count = 0};
	struct rv_git_oid parent;

	if (!take_id(&bytes, "tree ", oid_len, &commit.tree))
		return MALFORMED;
	commit.parents.data = bytes.data;
	while (take_id(&bytes, "parent ", oid_len, &parent))
		commit.parent_count++;
	commit.parents.len = (size_t)(bytes.data - commit.parents.data);
	while (bytes.len > 0 && bytes.data[0] != '\n') {
		struct rv_str line = take_line(&bytes);

		if (rv_str_starts_with(line, "author "))
			commit.author = person_of((struct rv_str){line.data + 7, line.len - 7});
		else if (rv_str_starts_with(line, "committer "))
			commit.committer =
				person_of((struct rv_str){line.data + 10, line.len - 10});
	}
	(void)take_line(&bytes); /* the empty one */
	commit.message = bytes;
	*out = commit;
	return RV_OK;
}

struct rv_git_oid rv_git_commit_parent(const struct rv_git_commit *commit, size_t oid_len, size_t n)
{
	struct rv_git_oid oid = {{0}};
	size_t line = strlen("parent ") + 2 * oid_len + 1;

	RV_BUG_ON(n >= commit->parent_count);
	/* It parsed before. */
	(void)rv_git_oid_parse((struct rv_str){commit->parents.data + n * line + 7, 2 * oid_len},
			       oid_len, &oid);
	return oid;
}

rv_status rv_git_tag_parse(struct rv_str bytes, size_t oid_len, struct rv_git_oid *out_oid,
			   enum rv_git_type *out_type)
{
	struct rv_git_oid oid;
	enum rv_git_type type;
	struct rv_str line;

	if (!take_id(&bytes, "object ", oid_len, &oid))
		return MALFORMED;
	line = take_line(&bytes);
	if (!rv_str_starts_with(line, "type "))
		return MALFORMED;
	switch (line.len) {
	case 8:
		type = memcmp(line.data + 5, "tag", 3) == 0 ? RV_GIT_TAG : RV_GIT_TYPE_NONE;
		break;
	case 9:
		type = memcmp(line.data + 5, "tree", 4) == 0   ? RV_GIT_TREE
		       : memcmp(line.data + 5, "blob", 4) == 0 ? RV_GIT_BLOB
							       : RV_GIT_TYPE_NONE;
		break;
	case 11:
		type = memcmp(line.data + 5, "commit", 6) == 0 ? RV_GIT_COMMIT : RV_GIT_TYPE_NONE;
		break;
	default:
		return MALFORMED;
	}
	if (type == RV_GIT_TYPE_NONE)
		return MALFORMED;
	*out_oid = oid;
	*out_type = type;
	return RV_OK;
}

rv_status rv_git_peel(struct rv_git_reader *reader, size_t oid_len, struct rv_git_oid *oid,
		      enum rv_git_type *out_type)
{
	struct rv_git_oid at = *oid;

	for (unsigned i = 0; i < TAGS_MAX; i++) {
		enum rv_git_type type = RV_GIT_TYPE_NONE;
		struct rv_str bytes = RV_STR_NONE;

		RV_TRY(rv_git_read(reader, &at, &type, &bytes));
		if (type != RV_GIT_TAG) {
			*oid = at;
			*out_type = type;
			return RV_OK;
		}
		RV_TRY(rv_git_tag_parse(bytes, oid_len, &at, &type));
	}
	return MALFORMED;
}
