/* scan: compiles the anchors of a set into one Vectorscan database. Not here: scanning (scan.c),
 * regexes (scan_code.c). */
#include "agent/scan/scan_db.h"

#include "agent/scan/assign.h"

#include <stdlib.h>

#define AHEAD_DEFAULT 256 /* of a rule that says nothing (match.c) */

struct literal {
	const char *text;
	size_t len;
	uint32_t row;
	bool folds;
};

static int by_literal(const void *a, const void *b)
{
	const struct literal *x = a;
	const struct literal *y = b;
	size_t shorter = x->len < y->len ? x->len : y->len;
	int order = memcmp(x->text, y->text, shorter);

	if (order != 0)
		return order;
	if (x->len != y->len)
		return x->len < y->len ? -1 : 1;
	if (x->folds != y->folds)
		return x->folds ? 1 : -1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* What speaks of an encoding of what is around it (marks.h). */
static const struct literal marks[] = {
#define MARK(text, row, folds)                     \
	{                                          \
		text, sizeof(text) - 1, row, folds \
	}
	MARK("uoted-printable", RV_ROW_QUOTED, false),
	MARK(":\\/\\/", RV_ROW_SLASH, false),
	MARK(":\\\\/\\\\/", RV_ROW_SLASH, false),
	MARK(":\\\\\\/\\\\\\/", RV_ROW_SLASH, false),
	MARK("\\u002f\\u002f", RV_ROW_SLASH, true),
	MARK("\\u002f\\\\u002f", RV_ROW_SLASH, true),
	MARK("\\x2f\\x2f", RV_ROW_SLASH, true),
	MARK("&#x2f;&#x2f;", RV_ROW_SLASH, true),
	MARK("&#47;&#47;", RV_ROW_SLASH, false),
	/* Two bytes would slow all of them down by half. */
	MARK("\x1b[0", RV_ROW_COLOUR, false),
	MARK("\x1b[1", RV_ROW_COLOUR, false),
	MARK("\x1b[3", RV_ROW_COLOUR, false),
	MARK("\x1b[4", RV_ROW_COLOUR, false),
	MARK("\x1b[9", RV_ROW_COLOUR, false),
	MARK("\x1b[m", RV_ROW_COLOUR, false),
	MARK("\x1b[K", RV_ROW_COLOUR, false),
	MARK("\\e[", RV_ROW_COLOUR, false),
	MARK("\\033[", RV_ROW_COLOUR, false),
	MARK("\\x1b[", RV_ROW_COLOUR, true),
	MARK("\\u001b[", RV_ROW_COLOUR, true),
	/* One of the letters from a to o; every list of a text has them. */
	MARK(", 0x6", RV_ROW_LIST, false),
	MARK(",0x6", RV_ROW_LIST, false),
	MARK("=hex:", RV_ROW_LIST, false),
	MARK("=hex(", RV_ROW_LIST, false),
#undef MARK
};

static bool is_of(const struct rv_rule *rule, bool of_words)
{
	return ((rule->flags & RV_RULE_WORD) != 0) == of_words;
}

static size_t count_literals(const struct rv_scanner *s, bool of_words)
{
	size_t n = of_words ? 0 : RV_LEN(marks);

	for (size_t r = 0; r < s->count; r++) {
		const char *const *a = s->rows[r].rule->anchors;

		for (; is_of(s->rows[r].rule, of_words) && a && *a; a++)
			n++;
	}
	return n;
}

static bool is_same_literal(const struct literal *a, const struct literal *b)
{
	return a->len == b->len && a->folds == b->folds && memcmp(a->text, b->text, a->len) == 0;
}

static size_t list_literals(const struct rv_scanner *s, bool of_words, struct literal *all)
{
	size_t at = 0;

	for (; !of_words && at < RV_LEN(marks); at++)
		all[at] = marks[at];
	for (size_t r = 0; r < s->count; r++) {
		const struct rv_rule *rule = s->rows[r].rule;
		const char *const *a = rule->anchors;

		for (; is_of(rule, of_words) && a && *a; a++)
			all[at++] = (struct literal){*a, strlen(*a), (uint32_t)r,
						     rule->flags & RV_RULE_ANCHOR_FOLDS};
	}
	return at;
}

static int8_t assign_of(const char *text, size_t len)
{
	for (size_t i = 0; i < rv_assign_anchor_count && i < INT8_MAX; i++) {
		if (rv_assign_anchors[i].len == len &&
		    memcmp(rv_assign_anchors[i].text, text, len) == 0)
			return (int8_t)i;
	}
	return -1;
}

static const char *owner_of(const struct rv_scanner *s, uint32_t row)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): arm() gives each row its rule */
	return row >= RV_ROW_FIRST ? "of an encoding" : s->rows[row].rule->id;
}

/* One anchor per distinct literal, its rows in order. */
static rv_status gather(const struct rv_scanner *s, bool of_words, struct rv_anchors *out,
			struct rv_diag *diag)
{
	size_t n = count_literals(s, of_words);
	RV_CLEANUP(rv_freep) struct literal *all = calloc(n + 1, sizeof(*all));

	out->items = calloc(n + 1, sizeof(*out->items));
	out->waiting = calloc(n + 1, sizeof(*out->waiting));
	if (!all || !out->items || !out->waiting)
		return rv_fail_nomem(diag);
	n = list_literals(s, of_words, all);
	qsort(all, n, sizeof(*all), by_literal);
	for (size_t i = 0; i < n; i++) {
		if (all[i].len == 0 || all[i].len > RV_RULE_ANCHOR_MAX)
			return rv_fail(RV_CLASS_MALFORMED, diag, "rule %s: an anchor of %zu bytes",
				       owner_of(s, all[i].row), all[i].len);
		if (i == 0 || !is_same_literal(&all[i], &all[i - 1]))
			out->items[out->count++] =
				(struct rv_anchor){.text = all[i].text,
						   .len = (uint8_t)all[i].len,
						   .folds = all[i].folds,
						   .assign = assign_of(all[i].text, all[i].len),
						   .first = (uint32_t)i};
		out->items[out->count - 1].count++;
		out->waiting[i] = all[i].row;
	}
	return RV_OK;
}

static rv_status compile(struct rv_anchors *a, const hs_platform_info_t *platform,
			 struct rv_diag *diag)
{
	size_t n = a->count;
	RV_CLEANUP(rv_freep) const char **texts = calloc(n + 1, sizeof(*texts));
	RV_CLEANUP(rv_freep) unsigned *flags = calloc(n + 1, sizeof(*flags));
	RV_CLEANUP(rv_freep) unsigned *ids = calloc(n + 1, sizeof(*ids));
	RV_CLEANUP(rv_freep) size_t *lens = calloc(n + 1, sizeof(*lens));

	if (n == 0)
		return RV_OK;
	if (!texts || !flags || !ids || !lens)
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < n; i++) {
		texts[i] = a->items[i].text;
		lens[i] = a->items[i].len;
		flags[i] = a->items[i].folds ? HS_FLAG_CASELESS : 0;
		ids[i] = (unsigned)i;
	}
	hs_compile_error_t *error = NULL;
	hs_error_t r = hs_compile_lit_multi(texts, flags, ids, lens, (unsigned)n, HS_MODE_BLOCK,
					    platform, &a->db, &error);
	if (r == HS_SUCCESS)
		return RV_OK;
	rv_status status = rv_fail(RV_CLASS_MALFORMED, diag, "Vectorscan refuses the anchors: %s",
				   error ? error->message : "no reason given");
	(void)hs_free_compile_error(error); /* frees NULL too; cannot fail otherwise */
	return status;
}

static int32_t row_of(const struct rv_scanner *s, const char *id)
{
	for (size_t r = 0; r < s->count; r++) {
		if (strcmp(s->rows[r].rule->id, id) == 0)
			return (int32_t)r;
	}
	return -1;
}

/* A companion that is not in force names nothing. */
static void join_companions(struct rv_scanner *s)
{
	for (size_t r = 0; r < s->count; r++) {
		struct rv_armed *row = &s->rows[r];
		size_t n = 0;

		for (const char *const *id = row->rule->near; id && *id; id++) {
			int32_t other = row_of(s, *id);

			if (other >= 0 && n < RV_RULE_NEAR_MAX)
				row->near[n++] = other;
		}
		while (n < RV_RULE_NEAR_MAX)
			row->near[n++] = -1;
	}
}

/* How far a rule may look from its anchor. Of what is around a name that is but the least: how far
 * it is depends on the text (rv_assign_stays_within). */
static void widen(struct rv_anchor *anchor, const struct rv_rule *rule)
{
	bool is_regex = rule->matcher == RV_MATCHER_REGEX;
	uint16_t behind = is_regex ? rule->behind : RV_ASSIGN_REACH;
	uint16_t ahead = is_regex && rule->ahead ? rule->ahead : AHEAD_DEFAULT;

	if (rule->matcher == RV_MATCHER_PEM || (rule->flags & RV_RULE_WHOLE))
		ahead = RV_REACH_ALL;
	anchor->behind = behind > anchor->behind ? behind : anchor->behind;
	anchor->ahead = ahead > anchor->ahead ? ahead : anchor->ahead;
}

static void find_reach(const struct rv_scanner *s, const struct rv_anchors *anchors)
{
	for (size_t i = 0; i < anchors->count; i++) {
		struct rv_anchor *anchor = &anchors->items[i];

		for (uint32_t k = 0; k < anchor->count; k++) {
			uint32_t number = anchors->waiting[anchor->first + k];

			if (number < s->count)
				widen(anchor, s->rows[number].rule);
			else
				anchor->ahead = RV_REACH_ALL; /* a mark of an encoding */
		}
	}
}

static rv_status arm(const struct rv_ruleset *set, struct rv_scanner *s, struct rv_diag *diag)
{
	const struct rv_rule *const *rows = rv_ruleset_rows(set, &s->count);

	s->rows = calloc(s->count + 1, sizeof(*s->rows));
	s->limits = pcre2_match_context_create(NULL);
	if (!s->rows || !s->limits)
		return rv_fail_nomem(diag);
	/* A value's regex needs some hundred steps; one that explodes stops here and is told. */
	(void)pcre2_set_match_limit(s->limits, RV_SCAN_STEPS_MAX); /* always 0 */
	(void)pcre2_set_depth_limit(s->limits, 1000);		   /* always 0 */
	(void)pcre2_set_heap_limit(s->limits, 4096);		   /* always 0; KiB */
	for (size_t r = 0; r < s->count; r++) {
		s->rows[r].rule = rows[r];
		s->has_free_whole |= (rows[r]->flags & RV_RULE_WHOLE) && rows[r]->regex &&
				     (!rows[r]->anchors || !rows[r]->anchors[0]);
		if (!rows[r]->check)
			continue;
		s->rows[r].check = rv_check_find(rows[r]->check);
		if (!s->rows[r].check)
			return rv_fail(RV_CLASS_MISCONFIGURED, diag, "rule %s: no check %s",
				       rows[r]->id, rows[r]->check);
	}
	join_companions(s);
	RV_TRY(gather(s, false, &s->all, diag));
	RV_TRY(gather(s, true, &s->words, diag));
	find_reach(s, &s->all);
	find_reach(s, &s->words);
	return RV_OK;
}

rv_status rv_scanner_new_for(const struct rv_ruleset *set, const hs_platform_info_t *platform,
			     struct rv_scanner **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_scanner_freep) struct rv_scanner *s = calloc(1, sizeof(*s));

	if (!s)
		return rv_fail_nomem(diag);
	RV_TRY(arm(set, s, diag));
	RV_TRY(compile(&s->all, platform, diag));
	RV_TRY(compile(&s->words, platform, diag));
	*out = RV_TAKE(s);
	return RV_OK;
}

rv_status rv_scanner_new(const struct rv_ruleset *set, struct rv_scanner **out,
			 struct rv_diag *diag)
{
	return rv_scanner_new_for(set, NULL, out, diag);
}

/* Packed: the length of the first as u64, the first, the second to the end. */
static rv_status unpack(struct rv_str bytes, hs_database_t **out, struct rv_diag *diag)
{
	hs_error_t r = bytes.len > 0
			       ? hs_deserialize_database((const char *)bytes.data, bytes.len, out)
			       : HS_SUCCESS;

	if (r == HS_NOMEM)
		return rv_fail_nomem(diag);
	if (r != HS_SUCCESS)
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "the stored anchors are of another version or processor");
	return RV_OK;
}

/* On failure the scanner may hold one of the two. */
static rv_status take_packed(struct rv_scanner *s, struct rv_str packed, struct rv_diag *diag)
{
	uint64_t first = packed.len >= 8 ? rv_get_u64(packed.data) : UINT64_MAX;

	if (packed.len < 8 || first > packed.len - 8)
		return rv_fail(RV_CLASS_MALFORMED, diag, "stored anchors that are cut short");
	struct rv_str all = {packed.data + 8, (size_t)first};
	struct rv_str words = {packed.data + 8 + first, packed.len - 8 - (size_t)first};
	RV_TRY(unpack(all, &s->all.db, diag));
	return unpack(words, &s->words.db, diag);
}

rv_status rv_scanner_new_packed(const struct rv_ruleset *set, struct rv_str packed,
				struct rv_scanner **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_scanner_freep) struct rv_scanner *s = calloc(1, sizeof(*s));

	if (!s)
		return rv_fail_nomem(diag);
	RV_TRY(arm(set, s, diag));
	RV_TRY(take_packed(s, packed, diag));
	*out = RV_TAKE(s);
	return RV_OK;
}

rv_status rv_scanner_pack(const struct rv_scanner *s, struct rv_buf *out)
{
	const hs_database_t *dbs[] = {s->all.db, s->words.db};

	for (size_t i = 0; i < RV_LEN(dbs); i++) {
		char *bytes = NULL;
		size_t len = 0;

		if (dbs[i] && hs_serialize_database(dbs[i], &bytes, &len) != HS_SUCCESS)
			return rv_fail_nomem(NULL);
		rv_status status = i == 0 ? rv_buf_put_u64(out, len) : RV_OK;
		if (rv_is_ok(status) && len > 0)
			status = rv_buf_put(out, bytes, len);
		free(bytes);
		RV_TRY(status);
	}
	return RV_OK;
}

/* A database of one sort of processor is foreign to the other. */
#if defined(__x86_64__)
#define MACHINE "x86-64"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#else
#define MACHINE "other"
#endif

static rv_status put_anchors(const struct rv_anchors *a, struct rv_buf *out)
{
	RV_TRY(rv_buf_put_u64(out, a->count));
	for (size_t i = 0; i < a->count; i++) {
		RV_TRY(rv_buf_put_byte(out, a->items[i].len));
		RV_TRY(rv_buf_put_byte(out, a->items[i].folds));
		RV_TRY(rv_buf_put(out, a->items[i].text, a->items[i].len));
	}
	return RV_OK;
}

static rv_status key_of(const struct rv_scanner *s, struct rv_digest *out)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf text = {0};
	hs_platform_info_t here = {0};

	if (hs_populate_platform(&here) != HS_SUCCESS)
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "an unknown processor");
	rv_buf_init(&text, RV_ANCHORS_PACKED_MAX);
	RV_TRY(rv_buf_printf(&text, "anchors 1\n%s\n" MACHINE " %u %llu %d\n", hs_version(),
			     here.tune, here.cpu_features, HS_MODE_BLOCK));
	RV_TRY(put_anchors(&s->all, &text));
	RV_TRY(put_anchors(&s->words, &text));
	*out = rv_sha256(text.data, text.len);
	return RV_OK;
}

static rv_status load_stored(struct rv_scanner *s, const struct rv_anchor_store *store,
			     const struct rv_digest *key)
{
	RV_CLEANUP(rv_buf_done) struct rv_buf packed = {0};

	rv_buf_init(&packed, RV_ANCHORS_PACKED_MAX);
	RV_TRY(store->load(store->user, key, &packed));
	rv_status status = take_packed(s, rv_buf_view(&packed), NULL);
	if (rv_is_ok(status) &&
	    (!s->all.db != (s->all.count == 0) || !s->words.db != (s->words.count == 0)))
		status = rv_fail(RV_CLASS_MALFORMED, NULL, "stored anchors of another set");
	if (rv_is_ok(status))
		return RV_OK;
	(void)hs_free_database(s->all.db);   /* frees NULL too */
	(void)hs_free_database(s->words.db); /* likewise */
	s->all.db = s->words.db = NULL;
	return status;
}

rv_status rv_scanner_new_stored(const struct rv_ruleset *set, const struct rv_anchor_store *store,
				struct rv_scanner **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_scanner_freep) struct rv_scanner *s = calloc(1, sizeof(*s));
	RV_CLEANUP(rv_buf_done) struct rv_buf packed = {0};
	struct rv_digest key;

	if (!s)
		return rv_fail_nomem(diag);
	RV_TRY(arm(set, s, diag));
	bool has_key = rv_is_ok(key_of(s, &key));
	if (!has_key || !rv_is_ok(load_stored(s, store, &key))) {
		RV_TRY(compile(&s->all, NULL, diag));
		RV_TRY(compile(&s->words, NULL, diag));
		rv_buf_init(&packed, RV_ANCHORS_PACKED_MAX);
		if (has_key && rv_is_ok(rv_scanner_pack(s, &packed)))
			store->keep(store->user, &key, rv_buf_view(&packed));
	}
	*out = RV_TAKE(s);
	return RV_OK;
}

static void free_anchors(struct rv_anchors *a)
{
	(void)hs_free_database(a->db); /* frees NULL too */
	free(a->items);
	free(a->waiting);
}

void rv_scanner_free(struct rv_scanner *s)
{
	if (!s)
		return;
	free_anchors(&s->all);
	free_anchors(&s->words);
	for (size_t r = 0; s->rows && r < s->count; r++)
		pcre2_code_free(atomic_load(&s->rows[r].code));
	pcre2_match_context_free(s->limits);
	free(s->rows);
	free(s);
}

void rv_scanner_freep(struct rv_scanner **s)
{
	rv_scanner_free(*s);
	*s = NULL;
}
