/* decide: what is well formed but wrong: ties, policies that can never speak or act, names that
 * lead nowhere. Where two globs may or may not meet, the tie is said as a possibility and decided
 * at run time, per credential. Not here: refusals (policy_file.c). */
#include "agent/decide/policy_lint_private.h"

#include <stdarg.h>
#include <stdio.h>

#define FINDINGS_MAX 1000

const char *rv_lint_level_name(enum rv_lint_level level)
{
	switch (level) {
	case RV_LINT_NOTE:
		return "note";
	case RV_LINT_WARNING:
		return "warning";
	case RV_LINT_ERROR:
		return "error";
	}
	return "invalid";
}

rv_status rv_lint_say(struct rv_lint_writer *w, enum rv_lint_level level, const char *code,
		      struct rv_src src, const char *fmt, ...)
{
	struct rv_lint *out = w->out;
	if (out->count == FINDINGS_MAX) {
		out->dropped++;
		return RV_OK;
	}
	if (out->count % 32 == 0) {
		struct rv_lint_finding *grown =
			reallocarray(out->items, out->count + 32, sizeof(*grown));
		if (grown == NULL)
			return rv_fail_nomem(NULL);
		out->items = grown;
	}
	struct rv_lint_finding *f = &out->items[out->count++];
	f->level = level;
	f->code = code;
	f->src = src;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
	return RV_OK;
}

void rv_lint_done(struct rv_lint *lint)
{
	free(lint->items);
	*lint = (struct rv_lint){0};
}

/* --- one policy alone
 * ------------------------------------------------------------------------------------ */

static bool lists_share(const struct rv_policy_value *a, const struct rv_policy_value *b,
			size_t *out_shared)
{
	*out_shared = 0;
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			*out_shared += strcmp(a->items[i], b->items[j]) == 0;
	return *out_shared > 0;
}

/* A key whose every choice is taken away by its `not` twin. */
static rv_status lint_emptied(struct rv_lint_writer *w, const struct rv_policy *p)
{
	for (unsigned i = 0; i < RV_LINT_MATCH_KEYS; i++) {
		const struct rv_policy_value *match = &p->values[RV_PK_MATCH_KIND + i];
		const struct rv_policy_value *twin = &p->values[RV_PK_NOT_KIND + i];
		size_t shared = 0;
		if (match->is_set && twin->is_set && lists_share(match, twin, &shared) &&
		    shared >= match->count)
			RV_TRY(rv_lint_say(w, RV_LINT_ERROR, "unreachable", twin->src,
					   "policy %s matches nothing: %s takes away all of %s",
					   rv_policy_name(p),
					   rv_policy_keys()[RV_PK_NOT_KIND + i].path,
					   rv_policy_keys()[RV_PK_MATCH_KIND + i].path));
	}
	return RV_OK;
}

/* An issuer is a certificate's, a provider an issued secret's. */
static rv_status lint_impossible(struct rv_lint_writer *w, const struct rv_policy *p)
{
	const struct rv_policy_value *kinds = &p->values[RV_PK_MATCH_KIND];
	const struct rv_policy_value *issuer = &p->values[RV_PK_MATCH_ISSUER];
	bool has_certificate = !kinds->is_set;
	for (size_t i = 0; i < kinds->count; i++)
		has_certificate |= kinds->numbers[i] == RV_KIND_CERTIFICATE;
	if (issuer->is_set && !has_certificate)
		return rv_lint_say(w, RV_LINT_ERROR, "unreachable", issuer->src,
				   "policy %s matches nothing: only certificates have an issuer",
				   rv_policy_name(p));
	return RV_OK;
}

static rv_status lint_acting(struct rv_lint_writer *w, const struct rv_policy *p)
{
	const struct rv_policy_value *v = p->values;
	bool deploys = v[RV_PK_DEPLOY_TEST].is_set || v[RV_PK_DEPLOY_RELOAD].is_set ||
		       v[RV_PK_DEPLOY_PROVE].is_set;
	if (v[RV_PK_MODE].is_set && v[RV_PK_MODE].number == RV_MODE_ENFORCE && !rv_policy_acts(p))
		RV_TRY(rv_lint_say(
			w, RV_LINT_WARNING, "enforces-nothing", v[RV_PK_MODE].src,
			"policy %s enforces nothing: it has neither rotate.with nor retire",
			rv_policy_name(p)));
	if (deploys && !v[RV_PK_ROTATE_WITH].is_set)
		RV_TRY(rv_lint_say(w, RV_LINT_WARNING, "deploys-nothing", p->src,
				   "policy %s deploys, but rotate.with names no instance",
				   rv_policy_name(p)));
	if (v[RV_PK_ROTATE_WITH].is_set && !v[RV_PK_DEPLOY_PROVE].is_set)
		RV_TRY(rv_lint_say(
			w, RV_LINT_NOTE, "proves-little", v[RV_PK_ROTATE_WITH].src,
			"policy %s names no deploy.prove: only listeners that were found "
			"are asked",
			rv_policy_name(p)));
	bool infers = v[RV_PK_OWNER_INFER].is_set && v[RV_PK_OWNER_INFER].number != 0;
	if (infers && v[RV_PK_OWNER_AT_LEAST].is_set && v[RV_PK_OWNER_AT_LEAST].number < 50)
		RV_TRY(rv_lint_say(w, RV_LINT_WARNING, "weak-owner", v[RV_PK_OWNER_AT_LEAST].src,
				   "policy %s lets an owner authorise changes that is a guess",
				   rv_policy_name(p)));
	return RV_OK;
}

/* --- the world outside
 * ------------------------------------------------------------------------------------ */

static rv_status lint_instance(struct rv_lint_writer *w, const struct rv_policy *p)
{
	const struct rv_policy_value *with = &p->values[RV_PK_ROTATE_WITH];
	if (!with->is_set || w->world->instances == NULL)
		return RV_OK;
	for (size_t i = 0; w->world->instances[i] != NULL; i++)
		if (strcmp(w->world->instances[i], with->items[0]) == 0)
			return RV_OK;
	const char *near = rv_suggest(with->items[0], w->world->instances);
	return rv_lint_say(
		w, RV_LINT_ERROR, "unknown-instance", with->src,
		"policy %s: rotate.with names \"%s\", which is no instance of plugins.d%s%s%s",
		rv_policy_name(p), with->items[0], near ? "; did you mean " : "", near ? near : "",
		near ? "?" : "");
}

static rv_status lint_granted(struct rv_lint_writer *w, const struct rv_policy *p)
{
	const struct rv_policy_value *test = &p->values[RV_PK_DEPLOY_TEST];
	const struct rv_policy_value *reload = &p->values[RV_PK_DEPLOY_RELOAD];
	if (w->world->grants == NULL)
		return RV_OK;
	if (test->is_set && !rv_lint_hook_is_granted(w->world->grants, test->items[0]))
		RV_TRY(rv_lint_say(w, RV_LINT_ERROR, "not-granted", test->src,
				   "policy %s: the hook \"%s\" is not granted; add to the grants: "
				   "hook UID /path/of/it ..",
				   rv_policy_name(p), test->items[0]));
	for (size_t i = 0; reload->is_set && i < reload->count; i++)
		if (!rv_lint_reload_is_granted(w->world->grants, reload->items[i]))
			RV_TRY(rv_lint_say(w, RV_LINT_ERROR, "not-granted", reload->src,
					   "policy %s: reloading %s is not granted; add to the "
					   "grants: reload %s",
					   rv_policy_name(p), reload->items[i], reload->items[i]));
	return RV_OK;
}

/* --- two policies
 * ----------------------------------------------------------------------------------------- */

static rv_status lint_pair(struct rv_lint_writer *w, const struct rv_policy *a,
			   const struct rv_policy *b)
{
	if (!rv_policy_acts(a) || !rv_policy_acts(b))
		return RV_OK;
	enum rv_overlap overlap = rv_lint_overlap(a, b);
	int64_t pa = a->values[RV_PK_PRIORITY].number;
	int64_t pb = b->values[RV_PK_PRIORITY].number;
	if (overlap == RV_OVERLAP_NONE)
		return RV_OK;
	if (pa == pb)
		return rv_lint_say(w, overlap == RV_OVERLAP_SURE ? RV_LINT_ERROR : RV_LINT_WARNING,
				   "tie", b->src,
				   "policies %s (%s:%u) and %s %s act on one credential with equal "
				   "priority %lld; give one a higher priority",
				   rv_policy_name(a), a->src.file, a->src.line, rv_policy_name(b),
				   overlap == RV_OVERLAP_SURE ? "both" : "may both", (long long)pa);
	const struct rv_policy *low = pa < pb ? a : b;
	const struct rv_policy *high = pa < pb ? b : a;
	if (rv_lint_covers(high, low))
		return rv_lint_say(w, RV_LINT_WARNING, "never-acts", low->src,
				   "policy %s never acts: %s (%s:%u) has a higher priority and "
				   "matches all that it does",
				   rv_policy_name(low), rv_policy_name(high), high->src.file,
				   high->src.line);
	return RV_OK;
}

static int by_place(const void *a, const void *b)
{
	const struct rv_lint_finding *x = a;
	const struct rv_lint_finding *y = b;
	int files = strcmp(x->src.file, y->src.file);
	if (files != 0)
		return files;
	if (x->src.line != y->src.line)
		return x->src.line < y->src.line ? -1 : 1;
	int texts = strcmp(x->code, y->code);
	return texts != 0 ? texts : strcmp(x->text, y->text);
}

static rv_status lint_all(struct rv_lint_writer *w, const struct rv_policy_set *set)
{
	for (size_t i = 0; i < rv_policy_count(set); i++) {
		const struct rv_policy *p = rv_policy_at(set, i);
		RV_TRY(lint_emptied(w, p));
		RV_TRY(lint_impossible(w, p));
		RV_TRY(lint_acting(w, p));
		RV_TRY(lint_instance(w, p));
		RV_TRY(lint_granted(w, p));
		for (size_t j = i + 1; j < rv_policy_count(set); j++)
			RV_TRY(lint_pair(w, p, rv_policy_at(set, j)));
	}
	return RV_OK;
}

rv_status rv_policy_lint(const struct rv_policy_set *set, const struct rv_lint_world *world,
			 struct rv_lint *out)
{
	struct rv_lint found = {0};
	struct rv_lint_writer w = {world, &found};
	rv_status s = lint_all(&w, set);
	if (!rv_is_ok(s)) {
		rv_lint_done(&found);
		return s;
	}
	if (found.count > 1)
		qsort(found.items, found.count, sizeof(*found.items), by_place);
	*out = found;
	return RV_OK;
}
