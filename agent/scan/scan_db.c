/* scan: compiles the anchors of a set into one Vectorscan database. Not here: scanning (scan.c),
 * regexes (scan_code.c). */
#include "agent/scan/scan_db.h"

#include <stdlib.h>

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

static size_t count_literals(const struct rv_scanner *s)
{
	size_t n = 0;

	for (size_t r = 0; r < s->count; r++) {
		for (const char *const *a = s->rows[r].rule->anchors; a && *a; a++)
			n++;
	}
	return n;
}

static bool is_same_literal(const struct literal *a, const struct literal *b)
{
	return a->len == b->len && a->folds == b->folds && memcmp(a->text, b->text, a->len) == 0;
}

/* One anchor per distinct literal, its rows in order. */
static rv_status gather(struct rv_scanner *s, struct rv_diag *diag)
{
	size_t n = count_literals(s);
	RV_CLEANUP(rv_freep) struct literal *all = calloc(n + 1, sizeof(*all));
	size_t at = 0;

	s->anchors = calloc(n + 1, sizeof(*s->anchors));
	s->waiting = calloc(n + 1, sizeof(*s->waiting));
	if (!all || !s->anchors || !s->waiting)
		return rv_fail_nomem(diag);
	for (size_t r = 0; r < s->count; r++) {
		const struct rv_rule *rule = s->rows[r].rule;

		for (const char *const *a = rule->anchors; a && *a; a++)
			all[at++] = (struct literal){*a, strlen(*a), (uint32_t)r,
						     rule->flags & RV_RULE_ANCHOR_FOLDS};
	}
	qsort(all, n, sizeof(*all), by_literal);
	for (size_t i = 0; i < n; i++) {
		if (all[i].len == 0 || all[i].len > RV_RULE_ANCHOR_MAX)
			return rv_fail(RV_CLASS_MALFORMED, diag, "rule %s: an anchor of %zu bytes",
				       s->rows[all[i].row].rule->id, all[i].len);
		if (i == 0 || !is_same_literal(&all[i], &all[i - 1]))
			s->anchors[s->anchor_count++] =
				(struct rv_anchor){.text = all[i].text,
						   .len = (uint8_t)all[i].len,
						   .folds = all[i].folds,
						   .first = (uint32_t)i};
		s->anchors[s->anchor_count - 1].count++;
		s->waiting[i] = all[i].row;
	}
	return RV_OK;
}

static rv_status compile(struct rv_scanner *s, const hs_platform_info_t *platform,
			 struct rv_diag *diag)
{
	size_t n = s->anchor_count;
	RV_CLEANUP(rv_freep) const char **texts = calloc(n, sizeof(*texts));
	RV_CLEANUP(rv_freep) unsigned *flags = calloc(n, sizeof(*flags));
	RV_CLEANUP(rv_freep) unsigned *ids = calloc(n, sizeof(*ids));
	RV_CLEANUP(rv_freep) size_t *lens = calloc(n, sizeof(*lens));

	if (!texts || !flags || !ids || !lens)
		return rv_fail_nomem(diag);
	for (size_t i = 0; i < n; i++) {
		texts[i] = s->anchors[i].text;
		lens[i] = s->anchors[i].len;
		flags[i] = s->anchors[i].folds ? HS_FLAG_CASELESS : 0;
		ids[i] = (unsigned)i;
	}
	hs_compile_error_t *error = NULL;
	hs_error_t r = hs_compile_lit_multi(texts, flags, ids, lens, (unsigned)n, HS_MODE_BLOCK,
					    platform, &s->anchors_db, &error);
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
	return gather(s, diag);
}

rv_status rv_scanner_new_for(const struct rv_ruleset *set, const hs_platform_info_t *platform,
			     struct rv_scanner **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_scanner_freep) struct rv_scanner *s = calloc(1, sizeof(*s));

	if (!s)
		return rv_fail_nomem(diag);
	RV_TRY(arm(set, s, diag));
	if (s->anchor_count > 0)
		RV_TRY(compile(s, platform, diag));
	*out = RV_TAKE(s);
	return RV_OK;
}

rv_status rv_scanner_new(const struct rv_ruleset *set, struct rv_scanner **out,
			 struct rv_diag *diag)
{
	return rv_scanner_new_for(set, NULL, out, diag);
}

rv_status rv_scanner_new_packed(const struct rv_ruleset *set, struct rv_str packed,
				struct rv_scanner **out, struct rv_diag *diag)
{
	RV_CLEANUP(rv_scanner_freep) struct rv_scanner *s = calloc(1, sizeof(*s));

	if (!s)
		return rv_fail_nomem(diag);
	RV_TRY(arm(set, s, diag));
	hs_error_t r =
		hs_deserialize_database((const char *)packed.data, packed.len, &s->anchors_db);
	if (r == HS_NOMEM)
		return rv_fail_nomem(diag);
	if (r != HS_SUCCESS)
		return rv_fail(RV_CLASS_CONFLICT, diag,
			       "the stored anchors are of another version or processor");
	*out = RV_TAKE(s);
	return RV_OK;
}

rv_status rv_scanner_pack(const struct rv_scanner *s, char **out, size_t *out_len)
{
	if (!s->anchors_db)
		return rv_fail(RV_CLASS_NOT_FOUND, NULL, "no anchors");
	if (hs_serialize_database(s->anchors_db, out, out_len) != HS_SUCCESS)
		return rv_fail_nomem(NULL);
	return RV_OK;
}

void rv_scanner_free(struct rv_scanner *s)
{
	if (!s)
		return;
	(void)hs_free_database(s->anchors_db); /* frees NULL too */
	for (size_t r = 0; s->rows && r < s->count; r++)
		pcre2_code_free(atomic_load(&s->rows[r].code));
	pcre2_match_context_free(s->limits);
	free(s->rows);
	free(s->anchors);
	free(s->waiting);
	free(s);
}

void rv_scanner_freep(struct rv_scanner **s)
{
	rv_scanner_free(*s);
	*s = NULL;
}
