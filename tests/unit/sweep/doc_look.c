/* tests: see doc_look.h. */
#include "tests/unit/sweep/doc_look.h"

#include "agent/scan/rules_load.h"
#include "tests/support/sample.h"

#include <stdlib.h>

static const char rules[] =
	"version: 2\nrules:\n"
	"  - id: acme-key\n    name: Acme key\n    provider: acme\n    kind: api_key\n"
	"    anchors: ['acme_']\n    regex: 'acme_[0-9A-Za-z]{30}'\n    ahead: 64\n"
	"    fingerprint: fleet\n    confidence: 95\n    since: 2026-11-27\n"
	"  - id: slow-key\n    name: Slow key\n    provider: acme\n    kind: api_key\n"
	"    anchors: ['slow_']\n    regex: 'slow_(?:a|a)+(?:a|a)+z'\n    ahead: 4096\n"
	"    fingerprint: fleet\n    confidence: 95\n    since: 2026-11-27\n"
	"  - id: weak-key\n    name: Weak key\n    provider: acme\n    kind: api_key\n"
	"    anchors: ['weak_']\n    regex: 'weak_[0-9A-Za-z]{30}'\n    ahead: 64\n"
	"    fingerprint: fleet\n    confidence: 30\n    since: 2026-11-27\n"
	"  - id: pem-key\n    name: Private key\n    provider: generic\n    kind: private_key\n"
	"    matcher: pem\n    anchors: ['-----BEGIN ']\n    boundary: none\n"
	"    fingerprint: fleet\n    confidence: 97\n    since: 2026-11-27\n"
	"  - id: guess\n    name: A guess\n    provider: generic\n    kind: password\n"
	"    anchors: ['guess=']\n    regex: 'guess=(?<secret>[0-9A-Za-z+/=%_]{12,})'\n"
	"    ahead: 512\n    boundary: none\n"
	"    fingerprint: host\n    confidence: 60\n    since: 2026-11-27\n"
	"  - id: sure-box\n    name: A box\n    provider: acme\n    kind: token\n"
	"    anchors: ['box_']\n    regex: 'box_\\.[0-9A-Za-z+/=]{12,}'\n    ahead: 512\n"
	"    boundary: none\n"
	"    fingerprint: fleet\n    confidence: 95\n    since: 2026-11-27\n";

/* The first that is wrong fails the test. */
static rv_status prepare(struct desk *d, struct rv_diag *diag)
{
	const struct rv_rules_words words = {0};
	size_t count = 0;

	RV_TRY(rv_rules_new(&words, &d->rules));
	RV_TRY(rv_rules_add(d->rules, rv_str_of(rules), "rules", diag));
	RV_TRY(rv_rules_seal(d->rules, diag));
	RV_TRY(rv_ruleset_new(false, &d->set));
	const struct rv_rule *rows = rv_rules_rows(d->rules, &count);
	for (size_t i = 0; i < count; i++)
		RV_TRY(rv_ruleset_add(d->set, &rows[i], diag));
	RV_TRY(rv_scanner_new(d->set, &d->scanner, diag));
	d->shared = (struct rv_sweep_shared){
		.scanner = d->scanner, .decode_depth = 3, .min_confidence = 50};
	return rv_sweeper_init(&d->w, &d->shared);
}

void desk_make(const char *template_text, uint64_t seed, char out[64])
{
	char made[2048];

	assert_true(sample_render(template_text, seed, made, sizeof(made)));
	assert_int_equal(strlen(made), VALUE_LEN);
	memcpy(out, made, VALUE_LEN + 1);
}

int desk_set_up(void **state)
{
	struct desk *d = calloc(1, sizeof(*d));
	struct rv_diag diag = {0};

	assert_non_null(d);
	if (!rv_is_ok(prepare(d, &diag)))
		fail_msg("%s", diag.text);
	desk_make("acme_{alnum:30}", 1, d->value);
	desk_make("acme_{alnum:30}", 2, d->other);
	*state = d;
	return 0;
}

int desk_tear_down(void **state)
{
	struct desk *d = *state;

	rv_sweeper_done(&d->w);
	rv_scanner_free(d->scanner);
	rv_ruleset_free(d->set);
	rv_rules_free(d->rules);
	free(d);
	return 0;
}

void desk_put(struct desk *d, const char *text)
{
	assert_true(d->len + strlen(text) < sizeof(d->text));
	memcpy(d->text + d->len, text, strlen(text) + 1);
	d->len += strlen(text);
}

void desk_fill(struct desk *d, char c, size_t count)
{
	assert_true(d->len + count < sizeof(d->text));
	memset(d->text + d->len, c, count);
	d->len += count;
}

struct rv_doc desk_doc(const struct desk *d)
{
	return (struct rv_doc){.path = RV_STR_LIT("a/file"),
			       .bytes = {(const uint8_t *)d->text, d->len}};
}

void desk_scan_as(struct desk *d, const struct rv_doc *like)
{
	struct rv_doc doc = *like;
	uint8_t *copy = malloc(d->len + 1);

	assert_non_null(copy);
	memcpy(copy, d->text, d->len);
	doc.bytes = (struct rv_str){copy, d->len};
	rv_leaks_done(&d->w.leaks);
	d->w.leaks = (struct rv_leaks){0};
	assert_ok(rv_sweeper_doc(&d->w, &doc));
	free(copy);
	d->len = 0;
}

void desk_scan(struct desk *d)
{
	const struct rv_doc doc = desk_doc(d);

	desk_scan_as(d, &doc);
}

const struct rv_leak *desk_only(const struct desk *d)
{
	assert_int_equal(d->w.leaks.count, 1);
	return &d->w.leaks.items[0];
}

void assert_place(const struct rv_leak *leak, uint32_t line, size_t column, uint32_t end_line,
		  size_t end_column)
{
	assert_int_equal(leak->line, line);
	assert_int_equal(leak->column, column);
	assert_int_equal(leak->end_line, end_line);
	assert_int_equal(leak->end_column, end_column);
}
