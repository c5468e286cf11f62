/* tests: facts for reports. */
#include "tests/unit/sweep/sample.h"

#include "agent/base/clock.h"
#include "agent/model/kinds.h"
#include "agent/scan/rule.h"
#include "tests/support/dir.h"

#define NAME 64			       /* bytes of a made-up path */
#define AT   INT64_C(1764230400000000) /* 2025-11-27T08:00:00Z */

static const char *const acme_aliases[] = {"acme-api-token", NULL};

static const struct rv_rule acme = {
	.id = "acme-api-key",
	.name = "Acme API key",
	.provider = "acme",
	.aliases = acme_aliases,
	.docs = "https://acme.example/docs/keys",
	.roll = "https://acme.example/settings/keys",
	.kind = RV_KIND_API_KEY,
	.confidence = 97,
};
static const struct rv_rule hyper = {
	.id = "hyper-token",
	.name = "Hyper deploy token",
	.provider = "hyper",
	.docs = "https://hyper.example/tokens?kind=deploy&v=2",
	.kind = RV_KIND_TOKEN,
	.confidence = 90,
};
static const struct rv_rule generic = {
	.id = "generic-password",
	.name = "Password in an assignment",
	.provider = "generic",
	.kind = RV_KIND_PASSWORD,
	.confidence = 65,
};
/* A loaded rule file is outside data, too. */
static const struct rv_rule evil = {
	.id = "=evil\"]]>",
	.name = "</script><script>alert(1)</script>",
	.provider = "::error::%0A",
	.docs = "https://evil.example/\"onmouseover=x",
	.roll = "javascript:alert(1)",
	.kind = RV_KIND_TOKEN,
	.confidence = 88,
};

#define COMMON(asked)                                                                        \
	.fingerprint = "rv1:000102030405060708090a0b0c0d0e0f", .alive = (asked), .line = 12, \
	.column = 18, .end_line = 12, .end_column = 58, .offset = 311

#define FIRST                                                                             \
	{                                                                                 \
		.id = "3fa9c1d2e4b5968778695a4b3c2d1e0f00112233", .author = "Jo Doe",     \
		.email = "jo@example.org", .message = "add the settings", .at_utc_us = AT \
	}
#define LAST                                                                                   \
	{                                                                                      \
		.id = "9e8d7c6b5a49382716051423324150617283940a", .author = "Ann Other",       \
		.email = "ann@example.org", .message = "tidy", .at_utc_us = AT + RV_US_PER_DAY \
	}

static const struct rv_leak all_leaks[] = {
	{.rule = &acme,
	 .path = {(const uint8_t *)"config/settings.env", 19},
	 COMMON(-2),
	 .masked = "acme_..9f",
	 .context = "  API_KEY=acme_..9f # the live one",
	 .public_id = "acct-4711",
	 .facts = "expires 2027-01-01",
	 .is_identified = true,
	 .confidence = 99,
	 .reach = RV_REACH_HEAD,
	 .first = FIRST,
	 .last = LAST,
	 .commit_count = 3,
	 .places = 4,
	 .state = RV_LEAK_OPEN},
	{.rule = &generic,
	 .path = {(const uint8_t *)"config/settings.env", 19},
	 COMMON(-2),
	 .masked = "hu..r2",
	 .context = "db_password: \"hu..r2\"",
	 .confidence = 65,
	 .owner_hint = "root",
	 .state = RV_LEAK_OPEN},
	{.rule = &hyper,
	 .path = {(const uint8_t *)"config/settings.env", 19},
	 COMMON(-2),
	 .masked = "hyp_..00",
	 .context = "token = 'hyp_..00'",
	 .note = "rule of 2026-11-27, younger than the base's",
	 .confidence = 90,
	 .state = RV_LEAK_NEW_RULE},
	{.rule = &acme,
	 .path = {(const uint8_t *)"dist/app image.tar", 18},
	 COMMON(1),
	 .inside = "layer.tar!srv/app/.env",
	 .masked = "acme_..7a",
	 .context = "KEY=acme_..7a",
	 .layers = "percent>base64",
	 .confidence = 99,
	 .state = RV_LEAK_OPEN},
	{.rule = &hyper,
	 .path = {(const uint8_t *)"old/deploy.sh", 13},
	 COMMON(0),
	 .masked = "hyp_..1c",
	 .context = "curl -H 'Authorization: hyp_..1c' ...",
	 .confidence = 90,
	 .reach = RV_REACH_UNREACHABLE,
	 .first = FIRST,
	 .commit_count = 1,
	 .note = "baseline: rolled in March, until 2027-01-01",
	 .state = RV_LEAK_BASELINE},
	{.rule = &acme,
	 .path = {(const uint8_t *)"tests/keys.c", 12},
	 COMMON(-2),
	 .masked = "acme_..00",
	 .context = "key = \"acme_..00\"; // reeve:allow reason=\"opens nothing\"",
	 .note = "opens nothing (marker)",
	 .is_marked = true,
	 .confidence = 97,
	 .state = RV_LEAK_ALLOWED},
	{.rule = &generic,
	 .path = {(const uint8_t *)"tools/blob.bin", 14},
	 .fingerprint = "",
	 .alive = -1,
	 .offset = 65536,
	 .masked = "ab..yz",
	 .context = "",
	 .confidence = 30,
	 .state = RV_LEAK_WEAK},
};

static const struct rv_gap all_gaps[] = {
	{.path = {(const uint8_t *)"big.iso", 7},
	 .reason = "too-large",
	 .detail = "12 GB, the limit is 1 GB"},
	{.path = {(const uint8_t *)"vault.zip", 9}, .inside = "a/b.txt", .reason = "encrypted"},
	{.path = {NULL, 0},
	 .inside = "0f1e2d3c4b5a69788796a5b4c3d2e1f001122334",
	 .reason = "missing-object",
	 .detail = "a partial clone"},
};

static const struct rv_suppression all_suppressions[] = {
	{.path = {(const uint8_t *)".reeveignore", 12}, .line = 3, .what = "config/**"},
	{.path = {(const uint8_t *)"config/settings.env", 19}, .line = 12, .what = "reeve:allow"},
};

#define EVIL_NAME                                                                                  \
	"a\n::error::b\"'<img src=x>&\x1b[31m\xff\xc0\xaf]]>,:%0A\xe2\x80\xae\xe2\x80\xac\xc2\x9b" \
	"\\x/\xc3\xa9 \xe4\xb8\xad\xef\xbf\xbe"
#define EVIL_TEXT                                                                                  \
	"=cmd|' /C calc'!A0 \"q\" </script><b>&amp; ]]> \xff\xfe \x01\x1b[2J\r\n::set-env::x %0A " \
	"\xe2\x80\xae\xe2\x80\xac \xef\xbf\xbf \xf0\x9f\x94\x91 {0} [x](javascript:1)"

static const struct rv_leak hostile_leaks[] = {
	{.rule = &evil,
	 .path = {(const uint8_t *)"-@=+.csv", 8},
	 COMMON(-2),
	 .masked = "=1..+1",
	 .context = "+1=1..+1",
	 .confidence = 88,
	 .note = "@SUM(A1)",
	 .state = RV_LEAK_ALLOWED},
	{.rule = &evil,
	 .path = {(const uint8_t *)EVIL_NAME, sizeof(EVIL_NAME) - 1},
	 COMMON(-2),
	 .inside = EVIL_NAME,
	 .masked = "\"<..\xff",
	 .context = EVIL_TEXT "\"<..\xff" EVIL_TEXT,
	 .layers = EVIL_TEXT,
	 .public_id = EVIL_TEXT,
	 .facts = EVIL_TEXT,
	 .note = EVIL_TEXT,
	 .owner_hint = EVIL_TEXT,
	 .first = {.id = EVIL_TEXT,
		   .author = EVIL_TEXT,
		   .email = EVIL_TEXT,
		   .message = EVIL_TEXT,
		   .at_utc_us = INT64_MAX},
	 .last = {.id = "", .at_utc_us = INT64_MIN},
	 .commit_count = UINT32_MAX,
	 .places = UINT32_MAX,
	 .reach = RV_REACH_REFLOG,
	 .confidence = 88,
	 .state = RV_LEAK_OPEN},
	{.rule = &evil,
	 .path = {(const uint8_t *)"c:/odd name?#", 13},
	 COMMON(-2),
	 .masked = "",
	 .context =
		 "\x01\xe3\x80\x80::set-output name=x::y ##[add-mask]z ##vso[task.x] ###[b] ## c",
	 .confidence = 88,
	 .state = RV_LEAK_OPEN},
	{.rule = &evil,
	 .path = {(const uint8_t *)"::error::", 9},
	 COMMON(-2),
	 .masked = "::",
	 .context = "::stop-commands::x",
	 .confidence = 88,
	 .state = RV_LEAK_OPEN},
};

static const struct rv_gap hostile_gaps[] = {
	{.path = {(const uint8_t *)EVIL_NAME, sizeof(EVIL_NAME) - 1},
	 .inside = EVIL_NAME,
	 .reason = "damaged",
	 .detail = EVIL_TEXT},
};

static const struct rv_suppression hostile_suppressions[] = {
	{.path = {(const uint8_t *)EVIL_NAME, sizeof(EVIL_NAME) - 1},
	 .line = UINT32_MAX,
	 .what = EVIL_TEXT},
};

static const char *const hostile_notes[] = {EVIL_TEXT, ""};

static const struct rv_report_facts clean = {
	.version = "0.1.0",
	.command = "dir",
	.target = ".",
	.started_utc_us = AT,
	.took_us = 214000,
	.files = 1204,
	.bytes = 38200000,
	.rules = 412,
};
static const struct rv_report_facts partial = {
	.version = "0.1.0",
	.command = "dir",
	.target = "it's here",
	.again = "reeve scan 'it'\\''s here'",
	.started_utc_us = AT,
	.took_us = INT64_C(312000000),
	.files = 1,
	.bytes = 999,
	.rules = 412,
	.gaps = all_gaps,
	.gap_count = RV_LEN(all_gaps),
	.gap_total = 1700,
	.exit_code = 3,
};
static const struct rv_report_facts all = {
	.version = "0.1.0",
	.command = "git",
	.target = "/srv/shop",
	.again = "reeve scan --git /srv/shop",
	.repository = "https://git.example/shop.git",
	.revision = "9e8d7c6b5a49382716051423324150617283940a",
	.started_utc_us = AT,
	.took_us = 1734000,
	.blobs = 81234,
	.commits = 5120,
	.bytes = UINT64_C(1740000000),
	.rules = 412,
	.leaks = all_leaks,
	.leak_count = RV_LEN(all_leaks),
	.gaps = all_gaps,
	.gap_count = RV_LEN(all_gaps),
	.suppressions = all_suppressions,
	.suppression_count = RV_LEN(all_suppressions),
	.weak = 1,
	.allowed = 1,
	.known = 1,
	.exit_code = 1,
};
static const struct rv_report_facts hostile = {
	.version = EVIL_TEXT,
	.command = "dir",
	.target = EVIL_TEXT,
	.again = EVIL_TEXT,
	.repository = EVIL_TEXT,
	.revision = EVIL_TEXT,
	.started_utc_us = INT64_MIN,
	.took_us = -1,
	.files = UINT64_MAX,
	.bytes = UINT64_MAX,
	.blobs = UINT64_MAX,
	.commits = UINT64_MAX,
	.rules = UINT64_MAX,
	.leaks = hostile_leaks,
	.leak_count = RV_LEN(hostile_leaks),
	.gaps = hostile_gaps,
	.gap_count = RV_LEN(hostile_gaps),
	.gap_total = UINT64_MAX,
	.suppressions = hostile_suppressions,
	.suppression_count = RV_LEN(hostile_suppressions),
	.notes = hostile_notes,
	.note_count = RV_LEN(hostile_notes),
	.allowed = UINT64_MAX,
	.exit_code = 1,
};

const char *const sample_names[] = {"clean", "partial", "all", "hostile", NULL};

const struct rv_report_facts *sample_facts(const char *name)
{
	static const struct rv_report_facts *const facts[] = {&clean, &partial, &all, &hostile};

	for (size_t i = 0; sample_names[i]; i++) {
		if (strcmp(name, sample_names[i]) == 0)
			return facts[i];
	}
	return NULL;
}

struct rv_report_facts sample_many(size_t count)
{
	static const struct rv_rule *const rules[] = {&acme, &hyper, &generic};
	struct rv_report_facts facts = all;
	struct rv_leak *leaks = calloc(count ? count : 1, sizeof(*leaks));
	char *names = calloc(count / 7 + 1, NAME);

	if (!leaks || !names)
		rvt_die("no memory for %zu findings", count);
	for (size_t i = 0; i < count; i++) {
		char *name = names + i / 7 * NAME;

		leaks[i] = all_leaks[i % 3];
		leaks[i].rule = rules[i % 3];
		leaks[i].line = (uint32_t)(i % 7 * 11 + 1);
		leaks[i].end_line = leaks[i].line;
		leaks[i].state = i % 9 == 8 ? RV_LEAK_NEW_RULE : RV_LEAK_OPEN;
		(void)snprintf(name, NAME, "src/module-%05zu/settings.env", i / 7); /* fits */
		leaks[i].path = rv_str_of(name);
	}
	facts.leaks = leaks;
	facts.leak_count = count;
	if (count == 0)
		free(names);
	return facts;
}

void sample_many_done(struct rv_report_facts *facts)
{
	struct rv_leak *leaks;
	uint8_t *names;

	memcpy(&leaks, &facts->leaks, sizeof(leaks)); /* without its const */
	if (facts->leak_count) {
		memcpy(&names, &leaks[0].path.data, sizeof(names));
		free(names);
	}
	free(leaks);
	*facts = (struct rv_report_facts){0};
}

void sample_write(const struct rv_report_facts *facts, enum rv_report_format format, FILE *out)
{
	const struct rv_report_look look = {.shows_all = true, .width = 80};
	struct rv_diag diag = {0};

	if (!rv_is_ok(rv_report_write(format, facts, &look, out, &diag)))
		rvt_die("%s", diag.text);
}
