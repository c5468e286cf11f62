/* sweep: what a merge may leave of a baseline, told to who has to mend it. */
#include "agent/sweep/baseline_private.h"

#include <string.h>

#define MARK 7 /* bytes of a conflict marker */

/* What stands at the beginning of lines; numbers of lines, 0: nowhere. */
struct left {
	size_t marker;	    /* the first */
	bool has_base;	    /* the part both sides come from stands there too */
	struct rv_str salt; /* the line */
	size_t other_salt;  /* that says otherwise */
	struct rv_str day;  /* the line */
	size_t other_day;
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

static struct left look(struct rv_str text)
{
	struct left left = {0};

	for (size_t number = 1; text.len > 0; number++) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		struct rv_str line = {text.data, len};

		len += end != NULL;
		text = (struct rv_str){text.data + len, text.len - len};
		if (left.marker == 0 && (is_marker(line, '<') || is_marker(line, '>')))
			left.marker = number;
		left.has_base |= is_marker(line, '|');
		take_key(line, "  \"salt\": ", number, &left.salt, &left.other_salt);
		take_key(line, "  \"rules_day\": ", number, &left.day, &left.other_day);
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
			     "delete only the lines <<<<<<<, ======= and >>>>>>>%s%s; for the "
			     "next merge: %.60s merge=union in .gitattributes",
			     left.has_base ? " (and ||||||| up to =======)" : "",
			     left.other_day ? " and the earlier rules_day" : "", name);
	} else if (left.other_day) {
		rv_diag_set(diag, "%s:%zu: a second rules_day, as a merge leaves it", name,
			    left.other_day);
		rv_diag_next(diag, "delete the earlier of the two lines");
	}
	return left.other_salt || left.marker || left.other_day;
}
