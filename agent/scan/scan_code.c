/* scan: a rule's regex as PCRE2 code, made when it is first needed. Not here: matching (match.c).
 */
#include "agent/scan/scan_db.h"

/* The value's group: the one the rule names by number, else "secret", else the first, else all. */
static uint32_t group_of(const pcre2_code *code, const struct rv_rule *rule)
{
	uint32_t groups = 0;

	(void)pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups); /* code is not NULL */
	if (rule->group > 0)
		return rule->group <= groups ? rule->group : 0;
	int named = pcre2_substring_number_from_name(code, (PCRE2_SPTR) "secret");
	if (named > 0)
		return (uint32_t)named;
	return groups > 0 ? 1 : 0;
}

/* Look-behinds may stand in one another, each going back from where the outer one went: there are
 * no more of them than brackets. */
static uint32_t back_of(const pcre2_code *code, const char *regex)
{
	uint32_t most = 0;
	uint64_t all = 1;

	(void)pcre2_pattern_info(code, PCRE2_INFO_MAXLOOKBEHIND, &most); /* code is not NULL */
	for (; *regex; regex++)
		all += *regex == '(';
	all *= most;
	return all < RV_REACH_ALL ? (uint32_t)all : RV_REACH_ALL;
}

static pcre2_code *make(const struct rv_rule *rule, bool with_jit)
{
	int error = 0;
	PCRE2_SIZE at = 0;
	pcre2_code *code = pcre2_compile(
		(PCRE2_SPTR)rule->regex, PCRE2_ZERO_TERMINATED,
		PCRE2_NEVER_UCP | PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &at, NULL);

	if (code && with_jit)
		(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* else it is interpreted */
	return code;
}

const pcre2_code *rv_armed_code(struct rv_scanner *scanner, struct rv_armed *row)
{
	pcre2_code *code = atomic_load_explicit(&row->code, memory_order_acquire);

	if (code)
		return code;
	pcre2_code *made = make(row->rule, scanner->has_jit);
	if (!made)
		return NULL;
	atomic_store_explicit(&row->group, group_of(made, row->rule), memory_order_relaxed);
	atomic_store_explicit(&row->back, back_of(made, row->rule->regex), memory_order_relaxed);
	pcre2_code *before = NULL;
	if (atomic_compare_exchange_strong_explicit(&row->code, &before, made, memory_order_acq_rel,
						    memory_order_acquire))
		return made;
	pcre2_code_free(made); /* another thread was first; both made the same */
	return before;
}

/* gitleaks' rules that name no group mean the first that holds something. */
uint32_t rv_armed_group(struct rv_armed *row, const PCRE2_SIZE *at, int pairs)
{
	const struct rv_rule *rule = row->rule;

	if (!(rule->flags & RV_RULE_WHOLE) || rule->group > 0)
		return atomic_load_explicit(&row->group, memory_order_relaxed);
	for (int i = 1; i < pairs; i++) {
		if (at[2 * i] != PCRE2_UNSET && at[2 * i + 1] > at[2 * i])
			return (uint32_t)i;
	}
	return 0;
}

rv_status rv_scanner_prepare(struct rv_scanner *scanner, bool with_jit, struct rv_diag *diag)
{
	scanner->has_jit = with_jit;
	for (size_t r = 0; r < scanner->count; r++) {
		struct rv_armed *row = &scanner->rows[r];

		if (row->rule->regex && !rv_armed_code(scanner, row))
			return rv_fail(RV_CLASS_MALFORMED, diag,
				       "rule %s: its regex does not compile", row->rule->id);
	}
	return RV_OK;
}
