/* sweep: what a merge may leave of a baseline: told to who has to mend it, or taken as it is meant.
 */
#include "agent/sweep/baseline_private.h"
#include "agent/sweep/fields.h"

#include <string.h>

#define MARK	7 /* bytes of a conflict marker */
#define DAY	"  \"rules_day\": \""
#define ENTRIES "  \"entries\": ["

/* What stands at the beginning of lines; numbers of lines, 0: nowhere. */
struct left {
	size_t marker;	    /* the first */
	bool has_base;	    /* the part both sides come from stands there too */
	struct rv_str salt; /* the line */
	size_t other_salt;  /* that says otherwise */
	struct rv_str day;  /* the line of the latest */
	size_t days;	    /* lines that say one */
};

static bool is_marker(struct rv_str line, char byte)
{
	for (size_t i = 0; i < MARK; i++) {
		if (i >= line.len || line.data[i] != (uint8_t)byte)
			return false;
	}
	return line.len == MARK || line.data[MARK] == ' ' || line.data[MARK] == '\r';
}

static void take_key(struct rv_str line, const char *key, size_t number, struct rv_str *first,
		     size_t *other)
{
	if (!rv_str_starts_with(line, key))
		return;
	if (first->len == 0)
		*first = line;
	else if (*other == 0 &&
		 (line.len != first->len || memcmp(line.data, first->data, line.len) != 0))
		*other = number;
}

/* Takes the first line off, without its end. */
static struct rv_str next_line(struct rv_str *text)
{
	const uint8_t *end = memchr(text->data, '\n', text->len);
	size_t len = end ? (size_t)(end - text->data) : text->len;
	struct rv_str line = {text->data, len};

	len += end != NULL;
	*text = (struct rv_str){text->data + len, text->len - len};
	return line;
}

/* As we write it: a day, and nothing else in its line. */
static bool is_day(struct rv_str line)
{
	const size_t at = sizeof(DAY) - 1, end = at + sizeof("2027-01-01") - 1;

	return line.len >= end + 2 && rv_str_starts_with(line, DAY) &&
	       rv_fields_day_number((struct rv_str){line.data + at, end - at}) != 0 &&
	       memcmp(line.data + end, "\",", 2) == 0 &&
	       (line.len == end + 2 || line.data[end + 2] == '\r');
}

static bool is_list(struct rv_str line)
{
	const size_t len = sizeof(ENTRIES) - 1;

	return rv_str_starts_with(line, ENTRIES) && (line.len == len || line.data[len] == '\r');
}

static struct left look(struct rv_str text)
{
	struct left left = {0};

	for (size_t number = 1; text.len > 0; number++) {
		struct rv_str line = next_line(&text);

		if (left.marker == 0 && (is_marker(line, '<') || is_marker(line, '>')))
			left.marker = number;
		left.has_base |= is_marker(line, '|');
		take_key(line, "  \"salt\": ", number, &left.salt, &left.other_salt);
		if (!is_day(line))
			continue;
		left.days++;
		if (left.day.len == 0 || memcmp(line.data, left.day.data, sizeof(DAY) + 9) > 0)
			left.day = line;
	}
	return left;
}

bool rv_baseline_is_half_merged(struct rv_str text, const char *name, struct rv_diag *diag)
{
	const struct left left = look(text);

	if (left.other_salt) {
		rv_diag_set(diag,
			    "%s:%zu: a second salt: two branches each made a first baseline, and "
			    "an entry counts only under the salt of its own",
			    name, left.other_salt);
		rv_diag_next(diag,
			     "take one branch's file whole: git checkout BRANCH -- %.80s; then "
			     "add what the other knew: reeve baseline create --reason ...",
			     name);
	} else if (left.marker) {
		rv_diag_set(diag,
			    "%s:%zu: a conflict marker of a merge; the entries of both sides "
			    "are right",
			    name, left.marker);
		rv_diag_next(diag,
			     "delete only the lines <<<<<<<, ======= and >>>>>>>%s; for the "
			     "next merge: %.60s merge=union in .gitattributes",
			     left.has_base ? " (and ||||||| up to =======)" : "", name);
	}
	return left.other_salt || left.marker;
}

/* Appends the text with one rules_day, the later, and one line that begins the entries: both are
 * there twice where new entries stand near. Line by line, so that messages count right. */
static rv_status unite(struct rv_str text, const struct left *left, struct rv_buf *out)
{
	bool has_day = false, has_list = false;

	while (text.len > 0) {
		struct rv_str line = next_line(&text);
		bool is_one_day = is_day(line), is_one_list = is_list(line);

		if (is_one_day)
			line = left->day;
		if ((is_one_day && has_day) || (is_one_list && has_list))
			line.len = 0;
		has_day |= is_one_day;
		has_list |= is_one_list;
		RV_TRY(rv_buf_put(out, line.data, line.len));
		RV_TRY(rv_buf_put_byte(out, '\n'));
	}
	return RV_OK;
}

rv_status rv_baseline_parse_merged(struct rv_str text, json_t **out, bool *out_had_two_days,
				   struct rv_diag *diag)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf united = {0};
	struct rv_diag why = {0};

	*out_had_two_days = false;
	rv_status status = rv_json_parse(text, out, &why);
	const struct left left =
		rv_class_of(status) == RV_CLASS_MALFORMED ? look(text) : (struct left){0};
	if (left.days < 2) {
		*diag = why;
		return status;
	}
	rv_buf_init(&united, RV_BASELINE_FILE_MAX + 1);
	RV_TRY(unite(text, &left, &united));
	*out_had_two_days = true;
	return rv_json_parse(rv_buf_view(&united), out, diag);
}
