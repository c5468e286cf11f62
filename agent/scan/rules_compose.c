/* scan: keyword + assignment + format -> one PCRE2 regex. Not here: rule files (rules_load.c). */
#include "agent/scan/rules_compose.h"

#include <ctype.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* KEYWORD and what follows it, in order. Each is bounded: a rule's `ahead` covers them all. */
#define NAME_REST  "[\\w.\\-\\[\\]>]{0,32}"   /* _API_KEY, [0], ->key */
#define CLOSING	   "[\\\\\"'\\x60\\])}]{0,3}" /* of a quoted name; \" in nested text */
#define SPACE	   "[ \\t]{0,16}"
#define ASSIGNMENT "(?:=>|->|:=|={1,3}|[:,(>])"
#define OPENING	   "[\\\\\"'\\x60\\[({]{0,3}(?:Bearer )?"

rv_status rv_rules_compose(const char *const *keywords, const char *format, struct rv_buf *out)
{
	RV_TRY(rv_buf_put_str(out, "(?i:"));
	for (size_t i = 0; keywords[i]; i++) {
		if (i > 0)
			RV_TRY(rv_buf_put_byte(out, '|'));
		for (const char *p = keywords[i]; *p; p++) {
			if (!isalnum((unsigned char)*p) && *p != '_' && (unsigned char)*p < 0x80)
				RV_TRY(rv_buf_put_byte(out, '\\'));
			RV_TRY(rv_buf_put_byte(out, (uint8_t)*p));
		}
	}
	RV_TRY(rv_buf_put_str(out,
			      ")" NAME_REST CLOSING SPACE ASSIGNMENT SPACE OPENING "(?<secret>"));
	RV_TRY(rv_buf_put_str(out, format));
	return rv_buf_put_byte(out, ')');
}

static pcre2_code *compile(const char *regex, int *out_error, size_t *out_offset)
{
	PCRE2_SIZE offset = 0;
	pcre2_code *code =
		pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED,
			      PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C,
			      out_error, &offset, NULL);

	*out_offset = offset;
	return code;
}

rv_status rv_rules_regex_lint(const char *regex, struct rv_diag *diag)
{
	PCRE2_UCHAR why[160];
	size_t offset = 0;
	int error = 0;
	pcre2_code *code = compile(regex, &error, &offset);

	if (code) {
		pcre2_code_free(code);
		return RV_OK;
	}
	if (pcre2_get_error_message(error, why, sizeof(why)) < 0)
		why[0] = '\0';
	return rv_fail(RV_CLASS_MALFORMED, diag, "this regex does not compile: %s, at byte %zu",
		       (const char *)why, offset);
}

bool rv_rules_regex_facts(const char *regex, bool *out_has_secret, bool *out_matches_empty,
			  uint32_t *out_groups)
{
	size_t offset = 0;
	int error = 0;
	uint32_t empty = 0, groups = 0;
	pcre2_code *code = compile(regex, &error, &offset);

	if (!code)
		return false;
	*out_has_secret = pcre2_substring_number_from_name(code, (PCRE2_SPTR) "secret") >= 0;
	bool is_told = pcre2_pattern_info(code, PCRE2_INFO_MATCHEMPTY, &empty) == 0 &&
		       pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups) == 0;
	*out_matches_empty = empty != 0;
	*out_groups = groups;
	pcre2_code_free(code);
	return is_told;
}
